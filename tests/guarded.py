"""A function with a domain, which says how often it was asked outside of it."""

import numpy as np

from gradtest.spaces.domains import read_domain


class Guarded:
    """A function that raises outside of a domain, and counts how often that was asked."""

    def __init__(self, domain, function):
        self.domain, self.function = read_domain(domain), function
        self.asked = self.outside = 0

    def __call__(self, x):
        self.asked += 1
        if not self.domain.contains(np.asarray(x)):
            self.outside += 1
            raise ValueError("outside")
        return self.function(x)
