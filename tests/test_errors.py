"""Two families of errors that never meet."""

import doctest

import pytest

import gradtest.errors as errors
from gradtest.diagnosis.evidence import Entry, Finding
from gradtest.diagnosis.report import error_class
from gradtest.errors import GradientError, Misuse, MisusedType, nearest


def test_misuse_is_no_wrong_gradient():
    assert not issubclass(Misuse, AssertionError)
    assert issubclass(Misuse, ValueError)
    assert issubclass(MisusedType, TypeError)
    assert issubclass(MisusedType, Misuse)
    assert issubclass(GradientError, AssertionError)
    assert not issubclass(GradientError, (ValueError, TypeError))


def test_a_gradient_error_holds_its_report():
    assert GradientError("wrong", 3).report == 3
    assert str(GradientError("wrong")) == "wrong"
    with pytest.raises(AssertionError, match="wrong"):
        raise GradientError("wrong")


@pytest.mark.parametrize(
    ("word", "known", "phrase"),
    [
        ("derivativ", ["derivative", "purity"], "did you mean 'derivative'?"),
        ("xyz", ["purity", "derivative"], "known: derivative, purity"),
        ("", ["a", "b"], "known: a, b"),
        ("Kinks", ("kinks",), "did you mean 'kinks'?"),
        ("kinks", {"kinks": 1, "method": 2}, "did you mean 'kinks'?"),
    ],
)
def test_the_nearest_word_is_named(word, known, phrase):
    assert nearest(word, known) == phrase


def finding(parameter="w", code="GT101", excess=1e6, entry=True):
    return Finding(
        code=code, target="f", parameter=parameter, what="", excess=excess,
        entry=Entry((0,), 1.0, 2.0, 0.1, True) if entry else None,
    )  # fmt: skip


def test_each_kind_of_finding_has_an_error_class_of_its_own():
    """Hypothesis tells bugs apart, and shrinks them, by the class of the exception."""
    kinds = [finding(), finding("b"), finding(code="GT102"), finding(excess=5.0), finding("b", excess=5.0)]
    classes = list(map(error_class, kinds))
    assert len(set(classes)) == len(classes)
    assert classes == list(map(error_class, kinds))
    assert all(issubclass(c, GradientError) and c.__module__ == "gradtest" for c in classes)


def test_gross_and_marginal_errors_are_told_apart_by_name():
    assert error_class(finding()).__name__ == "GradientError"
    assert error_class(finding(excess=5.0)).__name__ == "MarginalGradientError"
    assert error_class(finding(entry=False, excess=0.0)).__name__ == "GradientError"


def test_examples():
    assert doctest.testmod(errors).failed == 0
