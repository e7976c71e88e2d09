"""Settings: a frozen value, each wrong one with its sentence."""

import dataclasses

import numpy as np
import pytest

from gradtest.errors import Misuse
from gradtest.settings import DEFAULT, Settings


def test_the_defaults_are_those_of_no_arguments():
    assert Settings() == DEFAULT
    assert (DEFAULT.kinks, DEFAULT.method, DEFAULT.seed, DEFAULT.resolution) == ("skip", "spectral", 0, None)


def test_settings_are_frozen_and_can_be_compared():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULT.seed = 1
    assert hash(Settings(seed=3)) == hash(Settings(seed=3))
    assert Settings(seed=3) != DEFAULT


def test_but_changes_a_copy():
    changed = DEFAULT.but(seed=7, kinks="strict")
    assert (changed.seed, changed.kinks, DEFAULT.seed) == (7, "strict", 0)
    assert DEFAULT.but() == DEFAULT


MISUSE = [
    (dict(kinks="ignore"), r"kinks='ignore' is not known; .*skip"),
    (dict(kinks="Skip"), r"kinks='Skip' is not known; did you mean 'skip'\?"),
    (dict(kinks=None), "kinks=None is not known; known: skip, strict, subgradient"),
    (dict(method="spectrl"), r"method='spectrl' is not known; did you mean 'spectral'\?"),
    (dict(method="complex"), "method='complex' is not known"),
    (
        dict(resolution=0),
        "resolution=0 is not a relative error; give a number between 0 and 1, or leave it out",
    ),
    (dict(resolution=1.0), r"resolution=1\.0 is not a relative error"),
    (dict(resolution=-1e-6), "resolution=-1e-06 is not a relative error"),
    (dict(resolution=float("nan")), "resolution=nan is not a relative error"),
    (dict(resolution="1e-6"), "resolution='1e-6' is not a number; give a relative error between 0 and 1"),
    (dict(budget=7), "budget=7 is too small to see anything; one look takes 8 evaluations"),
    (dict(budget="many"), "budget='many' is not a whole number"),
    (dict(budget=100.5), r"budget=100\.5 is not a whole number"),
    (dict(seed=-1), "seed=-1 is not a whole number from 0 upwards"),
    (dict(seed=1.5), r"seed=1\.5 is not a whole number from 0 upwards"),
    (dict(seed=None), "seed=None is not a whole number from 0 upwards"),
]


@pytest.mark.parametrize(("given", "sentence"), MISUSE, ids=[sentence[:24] for _, sentence in MISUSE])
def test_a_wrong_setting_gets_a_sentence(given, sentence):
    with pytest.raises(Misuse, match=sentence):
        Settings(**given)
    with pytest.raises(Misuse, match=sentence):
        DEFAULT.but(**given)


def test_an_unknown_setting_names_the_nearest():
    with pytest.raises(
        Misuse, match="'tolerance' is not a setting; known: budget, kinks, laws, method, resolution, seed"
    ):
        DEFAULT.but(tolerance=1e-3)
    with pytest.raises(Misuse, match=r"'kink' is not a setting; did you mean 'kinks'\?"):
        DEFAULT.but(kink="skip")


@pytest.mark.parametrize(
    "given",
    [dict(resolution=1e-9), dict(resolution=0.5), dict(budget=8), dict(seed=2**70), dict(seed=np.int64(3))],
)
def test_what_is_allowed(given):
    assert Settings(**given) == DEFAULT.but(**given)
