"""What a correct derivative obeys: one law a file, listed in `catalogue`, asked by `examination`."""
