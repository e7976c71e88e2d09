"""What must hold of a derivative, and on which inputs: laws, strategies, the search."""
