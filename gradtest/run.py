"""One check of one target at one point: the front door's functions."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradtest.adapters.recognise import as_target
from gradtest.case import Case
from gradtest.diagnosis.report import Report
from gradtest.errors import MisusedType, UndecidedWarning
from gradtest.laws.examination import examine
from gradtest.settings import DEFAULT, Settings
from gradtest.signatures import of_the_first
from gradtest.targets import Target, target

__all__ = ["assert_gradients", "check", "check_grad", "property_of"]


#: How often what was called in this process: a test that is said to check something has to move it.
calls: Counter[str] = Counter()


def check(subject: Any, /, *inputs: Any, settings: Settings = DEFAULT, **named: Any) -> Report:
    """Check the derivative of a target at one point; never raises for a wrong gradient.

    Parameters
    ----------
    subject : Target, or anything that is recognised as one
        As made by `gradtest.target`; or a pair ``(fun, grad)``, a layer, a module, ...
    *inputs, **named
        What the forward function takes: arrays, numbers, nested containers of them, and
        anything else (which is passed on and not differentiated).
    settings : Settings, optional
        What to ask; the defaults are meant to be right.

    Returns
    -------
    Report
        Its ``verdict`` is *agrees*, *disagrees* (``findings`` say where and why) or *undecided*
        (``reason`` says why); ``resolution`` is the smallest relative error that would have been seen.
        Printed, it says all this.

    Raises
    ------
    Misuse
        If the call cannot be carried out: integers where real numbers are needed, inputs that
        do not fit the signature, ...

    Notes
    -----
    Costs 4 to 8 evaluations of the forward function for every array among the inputs if the
    gradient is right, and some dozens more for every one that is not; and about ten for the laws
    that compare calls with each other (`Settings.laws`).  At a kink the point
    itself cannot be judged, and a generic point nearby is (`Report.reason` says so).

    One point tells nothing of others: a mistake that shows at zeros, at ties or in another shape only
    is for `property_of` to find.  A function that is constant in its own precision cannot be told from
    a flat one.

    The function is sampled at Chebyshev points along one direction for each array, and its slope,
    its noise and its kinks are read off the coefficients (`gradtest.numerics`), after Aurentz and
    Trefethen, *Chopping a Chebyshev series* (2017).

    >>> import numpy as np, gradtest
    >>> cube = gradtest.target(lambda x: x**3, vjp=lambda dout, x: 3 * x**2 * dout)
    >>> gradtest.check(cube, np.array([1.0, -2.0])).verdict
    'agrees'
    """
    if not isinstance(settings, Settings):
        raise MisusedType(f"settings={settings!r} is not a gradtest.Settings")
    case = Case(as_target(subject, inputs, named), inputs, named)
    calls["check"] += 1
    return replace(examine(case, settings, sparingly=_one_of_many()), judged=(case, settings))


def assert_gradients(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    /,
    *inputs: Any,
    settings: Settings = DEFAULT,
    **named: Any,
) -> Report:
    """Assert that `backward` is the pullback of `forward` at one point.

    Inside a Hypothesis test only the given point is checked, and the search is told how large
    the disagreement is.

    Parameters
    ----------
    forward, backward : callable
        As `forward` and `vjp` of `gradtest.target`, which says what forms are understood.
    *inputs, **named
        The point.
    settings : Settings, optional
        What to ask, as in `check`.

    Returns
    -------
    Report
        That of `check`, when nothing disagrees.

    Warns
    -----
    UndecidedWarning
        If the point could not be judged (in a Hypothesis test it is counted instead).

    Raises
    ------
    GradientError
        An `AssertionError` with the evidence, if a gradient disagrees.
    Misuse
        If the call cannot be carried out.

    Notes
    -----
    What it costs, and what one point cannot tell, is said in `check`.

    >>> import numpy as np, gradtest
    >>> gradtest.assert_gradients(np.sin, lambda dout, x: dout * np.cos(x), np.array([0.5])).ok
    True
    """
    if isinstance(forward, Target):
        raise MisusedType(
            f"assert_gradients got the target {forward.name}, which has its derivative already; "
            "use gradtest.check(target, ...).raise_if_wrong()"
        )
    report = check(target(forward, vjp=backward), *inputs, settings=settings, **named)
    if not _tell_hypothesis(report) and report.verdict == "undecided":
        warnings.warn(str(report), UndecidedWarning, stacklevel=2)
    report.raise_if_wrong(searching=_searching())
    return report


def check_grad(
    func: Callable[..., Any],
    grad: Callable[..., Any],
    x0: Any,
    *args: Any,
    settings: Settings = DEFAULT,
) -> Report:
    """Check the gradient of a scalar function of a vector: scipy's signature, with a verdict.

    Parameters
    ----------
    func : callable
        ``func(x0, *args)``, a number.
    grad : callable
        ``grad(x0, *args)``, an array of the shape of `x0`.
    x0 : array_like of float
        The point, flat.
    *args
        Passed to both.
    settings : Settings, optional
        What to ask, as in `check`.

    Returns
    -------
    Report
        That of `check`, and not a number to be compared with a tolerance, as scipy's.

    Raises
    ------
    Misuse
        If `x0` is not an array of real numbers.

    Notes
    -----
    What it costs, and what one point cannot tell, is said in `check`.  For any `x0`, use `property_of`.

    >>> from scipy.optimize import rosen, rosen_der
    >>> import gradtest
    >>> gradtest.check_grad(rosen, rosen_der, [1.3, 0.7]).ok
    True
    """
    point = np.asarray(x0)
    if point.dtype.kind in "iub" and not isinstance(x0, np.ndarray):
        point = point.astype(np.float64)  # scipy's callers write [1, 2]
    return check(target(of_the_first(func, args), grad=of_the_first(grad, args)), point, settings=settings)


def property_of(
    subject: Any,
    backward: Callable[..., Any] | None = None,
    described: Mapping[str, Any] | None = None,
    /,
    *,
    settings: Settings = DEFAULT,
    laws: Collection[str] | str | None = None,
    sizes: Mapping[str, Any] | None = None,
    depth: int | tuple[int, int] = (1, 6),
    dtype: str | Sequence[str] = "float64",
    layout: str | Sequence[str] = "C",
    **shapes: Any,
) -> Callable[[], None]:
    """Return a test that holds a target to its laws over generated inputs.

    The test is a real Hypothesis test: profiles, seeds, the database, statistics and
    ``-m hypothesis`` work as for any other.  It fails with the smallest case that *disagrees*
    (never with one that is undecided), and also if most cases could not be decided.

    Parameters
    ----------
    subject : Target, or anything that is recognised as one
        As in `check`; or a forward function together with `backward`.
    backward : callable, optional
        The pullback, as `vjp` of `gradtest.target`.
    described : mapping, optional
        Inputs by name, as in `shapes`: for those called settings, laws, sizes, depth, dtype or layout.
    settings : Settings, optional
    laws : str or collection of str, optional
        What to hold it to, as in `Settings`; by default what every derivative obeys.
    sizes, depth, dtype, layout
        As in `gradtest.inputs`.
    **shapes
        For each input a named shape, a Hypothesis strategy, or a container of these.  What the
        target holds itself (the weights of a module) is drawn anew in every case, in its own shape,
        unless it is described here by its name.

    Returns
    -------
    callable
        To be assigned to a name that begins with ``test_``.  Called, it returns None, or raises a
        `GradientError` with the smallest case, or an `AssertionError` if too little was decided.

    Raises
    ------
    Misuse
        If the target or the shapes cannot be understood.

    Notes
    -----
    Judges as many cases as the Hypothesis profile says (100 by default), each at the cost of a
    `check`, with the laws beside the derivative in about one of eight.  From a failing case to the
    smallest it takes up to 30,000 evaluations more.

    A mistake in a region that no generated input enters is not found.  Where the function needs
    positive numbers, probabilities or the like, say so (``x="n : positive"``): what is not finite is
    undecided.

    >>> import numpy as np, gradtest
    >>> test_tanh = gradtest.property_of(np.tanh, lambda g, x: g * (1 - np.tanh(x) ** 2), x="batch in")
    >>> test_tanh()
    """
    if backward is None:
        chosen = as_target(subject)
    elif isinstance(subject, Target):
        raise MisusedType("property_of got a target and a backward; the target has one already")
    else:
        chosen = target(subject, vjp=backward)
    from gradtest.properties.search import as_test  # and with it Hypothesis, which `check` does without

    if described is not None and not isinstance(described, Mapping):
        raise MisusedType(
            f"property_of got {described!r} for inputs by name; give a mapping, {{'x': 'batch in'}}"
        )
    shapes = {**(described or {}), **shapes}
    settings = settings if laws is None else settings.but(laws=laws)
    return as_test(chosen, shapes, settings=settings, sizes=sizes, depth=depth, dtype=dtype, layout=layout)


def _one_of_many() -> bool:
    """Whether this is one case of a Hypothesis test."""
    hypothesis = sys.modules.get("hypothesis")
    return hypothesis is not None and bool(hypothesis.currently_in_test_context())


def _tell_hypothesis(report: Report) -> bool:
    """Feed the search with how large the disagreement is; False if no Hypothesis test is running."""
    if "hypothesis" not in sys.modules:
        return False
    from gradtest.properties.search import tell

    return tell(report)


def _searching() -> bool:
    """Whether a Hypothesis test calls that is still looking for its smallest case."""
    if "hypothesis" not in sys.modules:
        return False
    from gradtest.properties.search import searching

    return searching()
