"""A year of a small library under a baseline: each change is told as what it is, and nothing else is said."""

import sys
from pathlib import Path

# The benchmarks are scripts and no package.
sys.path.insert(0, str(Path(__file__).resolve().parent / "benchmarks"))

import pytest
import year_of_a_library
from year_of_a_library import KINDS, YEAR, year

from gradtest.baseline.changes import Kind


@pytest.mark.slow
def test_each_month_is_told_rightly(tmp_path):
    told = list(year(tmp_path, count=len(KINDS), cases=10))
    wrongly = {one.month.what: (one.kinds, one.code) for one in told if not one.rightly}
    assert wrongly == {}
    assert len(told) == len(YEAR)


def test_the_year_knows_every_kind_of_change_that_is_worse():
    lived = {kind for month in YEAR for kind in month.kinds}
    known = {kind.name.lower().replace("_", " ") for kind in Kind}
    assert lived <= known
    assert known - lived == {"other inputs", "improved"}


def test_the_other_machine_rounds_otherwise():
    """Else the month of the other BLAS would say nothing."""
    import numpy as np

    here, there = {"np": np}, {"np": np}
    exec(year_of_a_library.ARITHMETIC, here)
    exec(year_of_a_library.ANOTHER_MACHINE, there)
    x = np.random.default_rng(0).normal(size=(5, 7))
    for one, other in (
        (here["total"](x), there["total"](x)),
        (here["product"](x, x.T), there["product"](x, x.T)),
        (here["exp"](x), there["exp"](x)),
    ):
        assert np.any(one != other)
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)
