"""Properties are real Hypothesis tests: they shrink to the truth, replay, and fail when they say nothing."""

import contextlib
import inspect
import subprocess
import sys
import textwrap
import time

import hypothesis
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from hypothesis.internal.detection import is_hypothesis_test

import gradtest
from gradtest.errors import GradientError, Misuse, MisusedType
from gradtest.properties.search import Vacuous, search
from gradtest.properties.strategies import inputs
from gradtest.run import property_of
from gradtest.settings import Settings


def leaky(x):
    return np.where(x > 0, x, 0.1 * x)


def leaky_vjp(slope=0.2):
    def leaky_backward(dout, x):
        return dout * np.where(x > 0, 1.0, slope)

    return leaky_backward


def affine(x, w, b):
    return x @ w + b


def affine_vjp(dout, x, w, b):
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


SHAPES = dict(x="batch in", w="in out", b="out")
LEAKY = gradtest.target(leaky, vjp=leaky_vjp())
AFFINE = gradtest.target(affine, vjp=affine_vjp)


def failure_of(test):
    """Run a property and return the error that it ends with, the gross one if there are two."""
    try:
        test()
    except GradientError as error:
        return error
    except BaseExceptionGroup as group:
        wrong = [error for error in group.exceptions if isinstance(error, GradientError)]
        return next((error for error in wrong if type(error).__name__ == "GradientError"), wrong[0])
    pytest.fail("the property passed")


# -- shrinking that tells the truth ----------------------------------------------------------------


def test_a_leaky_slope_is_shown_as_it_is():
    """The example every checker gets wrong: not `x = [0.]`, not 0.55, but 0.2 for 0.1."""
    outcome = search(LEAKY, inputs(x="n"))
    finding = outcome.findings[0]
    (x,) = finding.inputs.values()
    assert x.size == 1
    assert -2 <= x[0] < 0
    assert x[0] * 8 == round(x[0] * 8)  # short
    assert finding.place == "at the point"
    assert finding.entry.analytic / finding.entry.numeric == pytest.approx(2)
    assert finding.gross


def test_the_numbers_shown_are_those_that_people_know():
    finding = search(LEAKY, inputs(x="n")).findings[0]
    assert (finding.entry.analytic, finding.entry.numeric) == pytest.approx((0.2, 0.1))


@pytest.mark.parametrize(
    "values", [st.integers(-3, 3).map(float), st.floats(-4, 4), st.sampled_from([0.0, -1.0])]
)
def test_plain_strategies_end_beside_the_kink_and_not_on_it(values):
    outcome = search(LEAKY, st.fixed_dictionaries({"x": arrays(float, st.integers(1, 3), elements=values)}))
    finding = outcome.findings[0]
    assert finding.inputs["x"][finding.entry.index] < 0
    assert finding.entry.analytic / finding.entry.numeric == pytest.approx(2)


def test_shrinking_follows_what_disagrees_only():
    """Undecided on the way down is not taken for smaller: every failing case is wrong, and is said to be."""
    seen = []
    outcome = search(LEAKY, inputs(x="n"), observe=lambda point, report: seen.append(report))
    assert len({report.verdict for report in seen}) > 1
    failed = [report for report in seen if report.verdict == "disagrees"]
    assert outcome.findings[0].inputs["x"].size == min(report.blocks[0].shape[0] for report in failed)


def test_small_shapes_and_plain_numbers_are_what_is_left():
    def wrong(dout, x, w, b):
        return dout @ w.T, x.T @ dout, dout.mean(axis=0)

    finding = search(gradtest.target(affine, vjp=wrong), inputs(**SHAPES)).findings[0]
    assert (finding.parameter, finding.inputs["x"].shape, finding.inputs["w"].shape) == ("b", (2, 1), (1, 1))
    assert "1/x.shape[0] times" in finding.what
    for value in finding.inputs.values():
        assert np.all((value != 0) & (value * 2 == np.round(value * 2)))


def test_a_trigger_is_kept():
    """Wrong only where two entries are equal."""

    def wrong(dout, x):
        same = x == np.roll(x, 1)
        return dout * np.cos(x) * np.where(same, 2.0, 1.0) if x.size > 1 else dout * np.cos(x)

    finding = search(gradtest.target(np.sin, vjp=wrong), inputs(x="n")).findings[0]
    x = finding.inputs["x"]
    assert x.size == 2
    assert x[0] == x[1] != 0


# -- gross and marginal ----------------------------------------------------------------------------


def test_gross_and_marginal_errors_are_shrunk_apart():
    """An error that may be large must not be shown as one that is hardly above the tolerance."""

    def wrong(dout, x):
        # Off by 1e-13 for x near 1, by more and more beyond.
        return dout * np.cos(x) * (1 + 1e-13 * np.exp(np.minimum(20 * np.abs(x), 30.0)))

    outcome = search(gradtest.target(np.sin, vjp=wrong), inputs(x="n"), max_examples=300)
    assert outcome.findings[0].gross
    assert outcome.findings[0].excess > 100


def test_the_classes_of_two_errors_differ_by_input():
    def wrong(dout, x, w, b):
        return -dout @ w.T, x.T @ dout, 2 * dout.sum(axis=0)

    outcome = search(gradtest.target(affine, vjp=wrong), inputs(**SHAPES))
    assert {finding.parameter for finding in outcome.findings} == {"x", "b"}
    assert {finding.what for finding in outcome.findings} >= {"the sign is flipped"}


# -- searches replay -------------------------------------------------------------------------------


def cases_of(subject, seed, **asked):
    seen = []
    search(
        subject,
        inputs(**SHAPES),
        seed=seed,
        observe=lambda point, report: seen.append((repr(point), report.verdict, report.evaluations)),
        **asked,
    )
    return seen


def test_the_same_seed_gives_the_same_cases():
    assert cases_of(AFFINE, 3, max_examples=40) == cases_of(AFFINE, 3, max_examples=40)
    assert cases_of(AFFINE, 3, max_examples=40) != cases_of(AFFINE, 4, max_examples=40)


def test_the_same_seed_gives_the_same_finding():
    one, same = (search(LEAKY, inputs(x="n"), seed=5) for _ in range(2))
    assert repr(one.findings) == repr(same.findings)
    assert one.tally == same.tally


def test_the_tally_is_that_of_the_generated_cases():
    outcome = search(AFFINE, inputs(**SHAPES), max_examples=50)
    assert outcome.findings == ()
    assert outcome.tally.cases == outcome.tally.agrees == 50
    failed = search(LEAKY, inputs(x="n"), max_examples=50)
    assert failed.tally.disagrees == 1
    assert failed.tally.cases <= 50


def test_a_search_leaves_no_trace(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    search(LEAKY, inputs(x="n"), max_examples=30)
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_misuse_ends_a_search():
    with pytest.raises(Misuse, match="which have no derivative"):
        search(LEAKY, st.fixed_dictionaries({"x": st.just(np.array([1, 2]))}))


# -- properties are Hypothesis tests -----------------------------------------------------------------


def test_a_property_is_a_hypothesis_test():
    test = property_of(AFFINE, **SHAPES)
    assert is_hypothesis_test(test)
    assert inspect.signature(test).parameters == {}
    assert test.__doc__ == "Gradients of affine agree with what is measured."
    assert test() is None
    assert test() is None  # and again


@contextlib.contextmanager
def profile(**chosen):
    before = hypothesis.settings.get_current_profile_name()
    hypothesis.settings.register_profile("for this test", database=None, **chosen)
    hypothesis.settings.load_profile("for this test")
    try:
        yield
    finally:
        hypothesis.settings.load_profile(before)


def test_inputs_whose_names_are_taken_are_given_in_a_mapping():
    def scaled(x, depth, sizes):
        return x * depth + sizes

    def backward(g, x, depth, sizes):
        return g * depth, np.sum(g * x), g

    described = {"depth": "", "sizes": "n"}
    property_of(scaled, backward, described, x="n", sizes={"n": 3}, depth=2)()
    target = gradtest.target(scaled, vjp=backward)
    property_of(target, None, {**described, "x": "n"}, dtype=("float64", "float32"), layout="any")()
    with pytest.raises(MisusedType, match="property_of got 'x: n' for inputs by name; give a mapping"):
        property_of(scaled, backward, "x: n")


def test_a_property_inherits_the_settings_of_the_profile():
    with profile(max_examples=9):
        test = property_of(AFFINE, **SHAPES)
    chosen = test._hypothesis_internal_use_settings
    assert chosen.max_examples == 9
    assert chosen.deadline is None
    assert Phase.explain not in chosen.phases
    assert HealthCheck.too_slow in chosen.suppress_health_check


def points_of(decorate):
    """Return the points at which a decorated property looks first in each case."""
    seen = []

    def forward(x):
        seen.append(x.tolist())
        return np.sin(x)

    decorate(property_of(forward, lambda g, x: g * np.cos(x), x="n"))()
    return seen


def test_a_seed_on_top_is_kept():
    with profile(derandomize=False):
        assert points_of(hypothesis.seed(3)) == points_of(hypothesis.seed(3)) != points_of(hypothesis.seed(4))


def test_an_example_on_top_is_run():
    assert [123.0, 4.0] in points_of(hypothesis.example(point={"x": np.array([123.0, 4.0])}))


def test_settings_on_top_are_kept_and_have_no_deadline():
    few = hypothesis.settings(max_examples=3)
    assert len(points_of(few)) < 100 < len(points_of(lambda test: test))

    def slow(x):
        time.sleep(0.25)  # Hypothesis's own deadline is 0.2 s
        return x

    few(property_of(slow, lambda g, x: g, x="n"))()


def test_forward_and_backward_can_be_given_apart():
    property_of(affine, affine_vjp, **SHAPES)()
    error = failure_of(property_of(affine, lambda g, x, w, b: (g @ w.T, x.T @ g, -g.sum(axis=0)), **SHAPES))
    assert error.report.findings[0].parameter == "b"
    assert str(error).startswith("gradtest GT")


def test_a_property_says_how_to_see_it_again():
    error = failure_of(property_of(leaky, leaky_vjp(), x="n"))
    text = str(error)
    assert "analytic" in text
    assert "numeric" in text
    assert "x = [" in text


def test_settings_reach_the_judge():
    def subgradient(dout, x):
        return dout * np.where(x > 0, 1.0, np.where(x < 0, 0.1, 5.0))  # no subgradient at 0

    zeros = st.just(np.zeros(1)) | st.just(np.ones(1))
    property_of(leaky, subgradient, x=zeros)()
    error = failure_of(property_of(leaky, subgradient, x=zeros, settings=Settings(kinks="subgradient")))
    assert error.report.findings[0].inputs["x"].tolist() == [0.0]


def test_keyword_only_inputs_are_passed_by_name():
    def scaled(x, *, scale):
        return x * scale

    property_of(scaled, lambda g, x, scale: (g * scale, np.sum(g * x)), x="n", scale="")()


# -- a property that says nothing fails ----------------------------------------------------------------


def test_all_undecided_is_a_failure():
    test = property_of(lambda x: np.nan * x, lambda g, x: g, x="n")
    with pytest.raises(Vacuous, match=r"nothing was decided: all .* cases are undecided .*not finite"):
        test()


def test_mostly_undecided_is_a_failure():
    def sometimes(x):
        return x if x[0] > 0 else np.nan * x

    points = st.integers(0, 10**6).map(lambda k: np.array([1.0 if k % 5 == 1 else -1.0, k]))
    with profile(phases=[Phase.generate]):  # targeting would climb to the cases that can be decided
        test = property_of(sometimes, lambda g, x: g, x=points)
    with pytest.raises(Vacuous, match=r"cases are undecided .*; draw the inputs from where"):
        test()


def test_all_gradients_zero_is_a_failure():
    test = property_of(
        lambda x: np.floor(x) + 0.5, lambda g, x: 0 * g, x=arrays(float, 2, elements=st.floats(0.1, 0.9))
    )
    with pytest.raises(
        Vacuous, match=r"the gradient was zero in all .* only a wrong zero would have been seen"
    ):
        test()


def test_nothing_compared_is_a_failure():
    with pytest.raises(Vacuous, match=r"nothing was decided: all .*no gradient came back"):
        property_of(np.sin, lambda g, x: (None,), x="n")()


def test_a_vacuous_property_is_an_assertion_but_no_wrong_gradient():
    assert issubclass(Vacuous, AssertionError)
    assert not issubclass(Vacuous, GradientError)


# -- misuse ------------------------------------------------------------------------------------------

MISUSE = [
    (
        lambda: property_of(AFFINE),
        Misuse,
        'no inputs are described for affine; say how they look, e.g. x="batch in"',
    ),
    (
        lambda: property_of(AFFINE, z="n", **SHAPES),
        Misuse,
        "'z' is not an input of affine; its inputs are x, w, b",
    ),
    (
        lambda: property_of(affine, **SHAPES),
        MisusedType,
        "affine is not recognised .*gradtest.target",
    ),
    (lambda: property_of(AFFINE, affine_vjp, **SHAPES), MisusedType, "the target has one already"),
    (lambda: property_of(affine, "backward", **SHAPES), MisusedType, "vjp='backward' is not callable"),
]


@pytest.mark.parametrize(
    ("call", "kind", "sentence"), MISUSE, ids=[sentence[:30] for _, _, sentence in MISUSE]
)
def test_misuse_gets_a_sentence_before_anything_is_run(call, kind, sentence):
    with pytest.raises(kind, match=sentence):
        call()


# -- under pytest ------------------------------------------------------------------------------------

MODULE = """
    import numpy as np
    import gradtest
    from hypothesis import given, seed, settings

    def leaky(x):
        return np.where(x > 0, x, 0.1 * x)

    def wrong(dout, x):
        return dout * np.where(x > 0, 1.0, 0.2)

    def right(dout, x):
        return dout * np.where(x > 0, 1.0, 0.1)

    test_right = gradtest.property_of(leaky, right, x="batch in")
    test_wrong = gradtest.property_of(leaky, wrong, x="batch in")
    test_nothing = gradtest.property_of(lambda x: np.nan * x, right, x="n")

    class TestLayer:
        test_right = staticmethod(gradtest.property_of(leaky, right, x="batch in"))

    @settings(max_examples=20)
    @given(gradtest.inputs(x="n"))
    def test_inside(point):
        gradtest.assert_gradients(leaky, right, **point)
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Run a module of properties in a pytest of its own."""
    folder = tmp_path_factory.mktemp("session")
    (folder / "test_layers.py").write_text(textwrap.dedent(MODULE))

    def run(*options):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "test_layers.py"]
        root = str(inspect.getfile(gradtest)).rsplit("/gradtest/", 1)[0]
        environment = {"PYTHONPATH": root, "PATH": ""}
        found = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, env=environment, check=False
        )
        return found.stdout + found.stderr

    return run


@pytest.mark.slow
def test_properties_run_under_pytest(session):
    out = session()
    assert "2 failed, 3 passed" in out, out
    assert "FAILED test_layers.py::test_wrong - " in out
    assert "wrong gradient for x" in out
    assert "FAILED test_layers.py::test_nothing - " in out
    assert "nothing was decided" in out


@pytest.mark.slow
def test_pytest_selects_them_as_hypothesis_tests(session):
    out = session("-m", "hypothesis", "--collect-only")
    assert "test_layers.py::test_right" in out
    assert "5 tests collected" in out


@pytest.mark.slow
def test_hypothesis_shows_its_statistics(session):
    out = session("--hypothesis-show-statistics", "-k", "test_right")
    assert "gradtest: agrees" in out
    assert "settings.max_examples=100" in out


@pytest.mark.slow
def test_seeds_of_hypothesis_replay(session):
    def shown(*options):
        text = session(*options, "-k", "test_wrong", "-p", "no:randomly")
        return [line for line in text.splitlines() if "analytic" in line or "x = [" in line]

    assert shown("--hypothesis-seed=11") == shown("--hypothesis-seed=11") != []


def test_composes_with_given():
    seen = []

    @hypothesis.settings(max_examples=15, deadline=None, database=None)
    @given(inputs(**SHAPES))
    def check(point):
        seen.append(point["x"].shape)
        gradtest.assert_gradients(affine, affine_vjp, **point)

    check()
    assert len(set(seen)) > 3
