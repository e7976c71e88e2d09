"""What one run promises the next: a file of the user's that says what every gradient was."""
