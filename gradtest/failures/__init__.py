"""What is left of a failure: a folder with the case, its arrays, and a script that needs no gradtest."""
