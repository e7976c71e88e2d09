"""On which inputs a derivative is held to the laws: shapes, values, strategies, the search."""
