"""Two families of errors that never meet."""

import pytest

from gradtest.diagnosis.report import BlockReport, Report, error_class
from gradtest.errors import GradientError, Misuse, MisusedType, nearest


def test_misuse_is_no_wrong_gradient():
    assert not issubclass(Misuse, AssertionError)
    assert issubclass(Misuse, ValueError)
    assert issubclass(MisusedType, TypeError)
    assert issubclass(MisusedType, Misuse)
    assert issubclass(GradientError, AssertionError)
    assert not issubclass(GradientError, (ValueError, TypeError))


def test_a_gradient_error_holds_its_report():
    assert GradientError(3).report == 3
    assert str(GradientError("wrong")) == "wrong"
    with pytest.raises(AssertionError, match="wrong"):
        raise GradientError("wrong")


def test_the_words_of_an_error_are_made_when_they_are_read():
    class Report:
        def __str__(self):
            raise KeyError("read")

    error = GradientError(Report())
    with pytest.raises(KeyError, match="read"):
        str(error)


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


def report(*wrong):
    """Return a report in which some leaves of some inputs are wrong, by so many tolerances."""
    blocks = [
        BlockReport(name, name.partition("[")[0], (2,), "disagrees", "", 1e-9, excess, "at the point")
        for name, excess in wrong
    ]
    return Report("f", "disagrees", "", tuple(blocks), 1)


def test_each_kind_of_failure_has_an_error_class_of_its_own():
    """Hypothesis tells bugs apart, and shrinks them, by the class of the exception."""
    kinds = [report(("w", 1e6)), report(("b", 1e6)), report(("w", 5.0)), report(("b", 5.0)), report()]
    classes = list(map(error_class, kinds))
    assert len(set(classes)) == len(classes)
    assert classes == list(map(error_class, kinds))
    assert all(issubclass(c, GradientError) and c.__module__ == "gradtest" for c in classes)


def test_all_layers_of_one_input_fail_in_one_way():
    assert error_class(report(("w[0]", 1e6))) is error_class(report(("w[5]", 1e9), ("w[2]", 1e6)))


def test_gross_and_marginal_errors_are_told_apart_by_name():
    assert error_class(report(("w", 1e6))).__name__ == "GradientError"
    assert error_class(report(("w", 5.0))).__name__ == "MarginalGradientError"
    assert error_class(report(("w", 5.0), ("b", 1e6))) is error_class(report(("b", 1e6)))
    assert error_class(report()).__name__ == "GradientError"  # a broken contract
