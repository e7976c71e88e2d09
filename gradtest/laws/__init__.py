"""What a derivative must obey: one law in each file, a plain function of a case."""
