"""What there is to check, and where it was found."""
