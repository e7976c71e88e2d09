"""Where a gradient is wrong, what kind of mistake it looks like, and how to say it."""
