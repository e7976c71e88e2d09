"""Complex inputs and outputs: right gradients agree in either convention, wrong ones are found."""

import warnings

import numpy as np
import pytest
from numpy import conj
from numpy.fft import fft, ifft
from numpy.linalg import norm, solve

import gradtest
from gradtest import Settings, target
from gradtest.case import Case
from gradtest.errors import MisusedType
from gradtest.probe import Probe
from gradtest.properties.search import search
from gradtest.properties.strategies import inputs
from gradtest.verdict import Word, compare

DTYPES = ["complex128", "complex64"]


def numbers(*shape, dtype="complex128", seed=0):
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    return drawn.astype(dtype)


Z, A, B = numbers(3), numbers(3, 3, seed=1), numbers(3, 2, seed=2)
X = Z.real.copy()


def energy(z):
    return np.sum((z * conj(z)).real)


def solve_backward(g, a, b):
    adjoint = solve(conj(a).T, g)
    return -adjoint @ conj(solve(a, b)).T, adjoint


# name: forward, the derivative as `target` takes it, the point.  Each pullback is that of torch.
RIGHT = {
    "exp": (np.exp, dict(vjp=lambda g, z: g * conj(np.exp(z))), Z),
    "exp, holomorphic": (np.exp, dict(grad=np.exp), Z),
    "exp, jvp": (np.exp, dict(jvp=lambda x, dx: np.exp(x) * dx), Z),
    "square of a number": (lambda z: z**2, dict(grad=lambda z: 2 * z), 1.5 - 0.5j),
    "square of a 0-d array": (lambda z: z**2, dict(grad=lambda z: 2 * z), np.array(1.5 - 0.5j)),
    "conj": (conj, dict(vjp=lambda g, z: conj(g)), Z),
    "abs": (np.abs, dict(vjp=lambda g, z: g * z / np.abs(z)), Z),
    "abs, elementwise": (np.abs, dict(grad=lambda z: z / np.abs(z)), Z),
    "angle": (np.angle, dict(vjp=lambda g, z: g * 1j * z / np.abs(z) ** 2), Z),
    "norm": (norm, dict(grad=lambda z: z / norm(z)), Z),
    "energy": (energy, dict(grad=lambda z: 2 * z), Z),
    "sum of squares": (lambda z: np.sum(z**2), dict(grad=lambda z: 2 * z), Z),
    "matmul": (lambda a, b: a @ b, dict(vjp=lambda g, a, b: (g @ conj(b).T, conj(a).T @ g)), A, B),
    "matmul, real by complex": (
        lambda a, b: a @ b, dict(vjp=lambda g, a, b: ((g @ conj(b).T).real, conj(a).T @ g)), A.real.copy(), B,
    ),
    "linear, jacobian": (lambda z: A @ z, dict(grad=lambda z: A), Z),
    "einsum": (
        lambda a, b: np.einsum("ij,jk->ki", a, b),
        dict(vjp=lambda g, a, b: (np.einsum("ki,jk->ij", g, conj(b)), np.einsum("ki,ij->jk", g, conj(a)))),
        A, B,
    ),
    "solve": (solve, dict(vjp=solve_backward), A, B),
    "fft": (fft, dict(vjp=lambda g, z: len(z) * ifft(g)), Z),
    "fft of real": (fft, dict(vjp=lambda g, x: len(x) * ifft(g).real), X),
    "fft of real, jacobian": (fft, dict(grad=lambda x: fft(np.eye(len(x)))), X),
    "phase": (lambda x: np.exp(1j * x), dict(grad=lambda x: 1j * np.exp(1j * x)), X),
    "phase, vjp": (lambda x: np.exp(1j * x), dict(vjp=lambda g, x: (g * conj(1j * np.exp(1j * x))).real), X),
    "phase of a number": (lambda x: np.exp(1j * x), dict(grad=lambda x: 1j * np.exp(1j * x)), 0.75),
    "power spectrum": (
        lambda x: np.abs(fft(x)) ** 2, dict(vjp=lambda g, x: 2 * len(x) * ifft(g * fft(x)).real), X,
    ),
    "real part": (np.real, dict(vjp=lambda g, z: g + 0j), Z),
    "real part, a real claim": (np.real, dict(vjp=lambda g, z: g), Z),
    "real part, a claim of one kind": (np.real, dict(vjp=lambda g, z: g.tolist()), Z),
    "parts in a dict": (
        lambda z: {"re": z.real, "im": z.imag}, dict(vjp=lambda g, z: g["re"] + 1j * g["im"]), Z,
    ),
    "abs where an entry is zero": (
        np.abs, dict(vjp=lambda g, z: g * np.exp(1j * np.angle(z)) * (z != 0)), Z * [0, 1, 1],
    ),
    "a real number and large ones": (energy, dict(grad=lambda z: 2 * z), np.array([1e8 + 1j, 2.0, 1e-6j])),
}  # fmt: skip

# name: forward, the wrong derivative, the point; what was forgotten.
WRONG = {
    "exp, conj": (np.exp, dict(vjp=lambda g, z: g * np.exp(z)), Z),
    "exp, conj of the derivative": (np.exp, dict(grad=lambda z: conj(np.exp(z))), Z),
    "exp, conj of the tangent": (np.exp, dict(jvp=lambda x, dx: np.exp(x) * conj(dx)), Z),
    "conj, itself": (conj, dict(vjp=lambda g, z: g), Z),
    "conj is not holomorphic": (conj, dict(grad=np.ones_like), Z),
    "conj of a number is not holomorphic": (conj, dict(grad=np.ones_like), np.array([1 + 2j])),
    "abs, conj": (np.abs, dict(vjp=lambda g, z: g * conj(z) / np.abs(z)), Z),
    "abs, the imaginary part": (np.abs, dict(vjp=lambda g, z: g * z.real / np.abs(z)), Z),
    "angle, sign": (np.angle, dict(vjp=lambda g, z: -g * 1j * z / np.abs(z) ** 2), Z),
    "energy, factor 2": (energy, dict(grad=lambda z: z), Z),
    "energy, conj": (energy, dict(grad=lambda z: 2 * conj(z)), Z),
    "energy, sign of one imaginary part": (
        energy, dict(grad=lambda z: 2 * np.where(np.arange(3) == 1, conj(z), z)), Z,
    ),
    "matmul, conj": (lambda a, b: a @ b, dict(vjp=lambda g, a, b: (g @ b.T, a.T @ g)), A, B),
    "linear, conj of the jacobian": (lambda z: A @ z, dict(grad=lambda z: conj(A)), Z),
    "solve, conj": (solve, dict(vjp=lambda g, a, b: solve_backward(g, conj(a), b)), A, B),
    "fft, normalisation": (fft, dict(vjp=lambda g, z: ifft(g)), Z),
    "fft, forward for backward": (fft, dict(vjp=lambda g, z: fft(g)), Z),
    "fft of real, real part of the cotangent": (fft, dict(vjp=lambda g, x: len(x) * ifft(g.real).real), X),
    "phase, sign": (lambda x: np.exp(1j * x), dict(grad=lambda x: -1j * np.exp(1j * x)), X),
    "phase, the real part only": (lambda x: np.exp(1j * x), dict(grad=lambda x: -np.sin(x)), X),
    "phase, conj": (lambda x: np.exp(1j * x), dict(vjp=lambda g, x: (g * 1j * np.exp(1j * x)).real), X),
}  # fmt: skip


def in_dtype(values, dtype):
    """Return inputs in complex64 or float32, where they are arrays and that is asked for."""
    single = {"c": "complex64", "f": "float32"}
    wanted = dtype == "complex64"
    return [v.astype(single[v.dtype.kind]) if wanted and isinstance(v, np.ndarray) else v for v in values]


def conjugated(derivative):
    """Return the same claim in the convention of JAX: cotangents and gradients conjugated."""
    ((form, claim),) = derivative.items()

    def other(value):
        return tuple(map(conj, value)) if isinstance(value, tuple) else conj(value)

    if form == "grad":
        return dict(grad=lambda *inputs: other(claim(*inputs)))
    return dict(vjp=lambda g, *inputs: other(claim(other(g), *inputs)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", RIGHT)
def test_right_gradients_agree(name, dtype):
    forward, derivative, *point = RIGHT[name]
    for seed in range(3):
        report = gradtest.check(
            target(forward, **derivative), *in_dtype(point, dtype), settings=Settings(seed=seed)
        )
        assert report.verdict == "agrees", report
    assert report.resolution <= (1e-9 if dtype == "complex128" else 1e-2)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", WRONG)
def test_wrong_gradients_disagree(name, dtype):
    forward, derivative, *point = WRONG[name]
    for seed in range(3):
        report = gradtest.check(
            target(forward, **derivative), *in_dtype(point, dtype), settings=Settings(seed=seed)
        )
        assert report.verdict == "disagrees", report
        assert report.findings


@pytest.mark.parametrize(
    "name", ["exp", "abs", "angle", "energy", "matmul", "solve", "fft", "phase, vjp", "norm"]
)
def test_the_other_convention_is_asked_for_by_name(name):
    forward, derivative, *point = RIGHT[name]
    agreed = target(forward, **conjugated(derivative), conjugate=True)
    assert gradtest.check(agreed, *point).ok
    forgotten = target(forward, **conjugated(derivative))
    assert gradtest.check(forgotten, *point).verdict == "disagrees"


def test_a_derivative_of_a_complex_output_is_the_same_in_both_conventions():
    for name in ("exp, holomorphic", "exp, jvp", "phase", "linear, jacobian", "fft of real, jacobian"):
        forward, derivative, *point = RIGHT[name]
        assert gradtest.check(target(forward, **derivative, conjugate=True), *point).ok


def test_a_claim_of_the_other_convention_is_right_when_read_so():
    jax = target(np.exp, vjp=lambda g, z: g * np.exp(z))
    probe = Probe(Case(jax, (Z,)), np.random.default_rng(0))
    other = probe.otherwise()
    v = probe.towards(0, np.random.default_rng(1))
    line = probe.line(v)
    assert compare(line, probe.claim(v)).word is Word.DISAGREES
    assert compare(line, other.claim(v)).word is Word.AGREES
    assert other.otherwise().claim(v) == probe.claim(v)
    real = Probe(Case(target(np.sin, vjp=lambda g, x: g * np.cos(x)), (X,)), np.random.default_rng(0))
    assert real.otherwise() is None


@pytest.mark.parametrize("name", ["exp, conj", "abs, conj", "energy, conj", "matmul, conj", "phase, conj"])
def test_a_claim_of_the_other_convention_is_told_to_be_one(name):
    forward, derivative, *point = WRONG[name]
    findings = gradtest.check(target(forward, **derivative), *point).findings
    assert {finding.code for finding in findings} == {"GT120"}
    assert "right with conjugate=True" in findings[0].headline
    jax = target(forward, **derivative, conjugate=True)
    assert gradtest.check(jax, *point).ok


@pytest.mark.parametrize("name", ["energy, factor 2", "angle, sign", "fft, normalisation", "conj, itself"])
def test_what_is_wrong_in_both_conventions_is_no_matter_of_convention(name):
    forward, derivative, *point = WRONG[name]
    findings = gradtest.check(target(forward, **derivative), *point).findings
    assert "GT120" not in {finding.code for finding in findings}


# -- what a claim for real numbers may be ---------------------------------------------------------


def test_a_gradient_for_real_numbers_has_no_imaginary_part():
    report = gradtest.check(target(fft, vjp=lambda g, x: len(x) * ifft(g)), X)
    (finding,) = report.findings
    assert finding.code == "GT302"
    assert "is complex (imaginary part up to" in finding.detail
    assert "return its real part" in finding.detail


def test_rounding_in_the_imaginary_part_is_none():
    there_and_back = np.exp(0.3j * np.arange(3)) * np.exp(-0.3j * np.arange(3))
    assert 0 < np.abs(there_and_back.imag).max() < 1e-15
    assert gradtest.check(target(np.sin, vjp=lambda g, x: g * np.cos(x) * there_and_back), X).ok


def test_a_tangent_of_real_numbers_has_no_imaginary_part():
    report = gradtest.check(target(np.abs, jvp=lambda x, dx: conj(x) * dx / np.abs(x)), Z)
    (finding,) = report.findings
    assert "returned a tangent that is complex" in finding.detail
    right = target(np.abs, jvp=lambda x, dx: (conj(x) * dx).real / np.abs(x))
    assert gradtest.check(right, Z).ok


@pytest.mark.parametrize("piece", [np.array([None] * 3), np.array(["a"] * 3)])
@pytest.mark.parametrize("forward", [np.exp, np.sum])
def test_a_gradient_that_is_no_number_is_a_broken_contract(forward, piece):
    for point in (X, Z):
        (finding,) = gradtest.check(target(forward, grad=lambda z: piece), point).findings
        assert finding.code == "GT302"
        assert "expected real numbers" in finding.detail


def test_an_output_that_turns_complex_has_no_value_there():
    root = target(np.emath.sqrt, grad=lambda x: 0.5 / np.sqrt(x))  # complex for negative numbers only
    probe = Probe(Case(root, (np.array([1.0, 2.0]),)), np.random.default_rng(0))
    line = probe.line({0: np.array([1.0, 1.0])})
    assert np.isfinite(line(-0.5))
    assert np.isnan(line(-1.5))
    assert gradtest.check(root, np.array([1e-3, 2.0])).ok


def test_a_point_nearby_differs_in_both_parts():
    def edged(z):
        return np.sum(np.sqrt(z.real) + np.sqrt(z.imag))  # nothing but one corner is inside

    corner = Case(
        target(edged, grad=lambda z: 0.5 / np.sqrt(z.real) + 0.5j / np.sqrt(z.imag)), (np.zeros(8) + 0j,)
    )
    with np.errstate(all="ignore"):
        beside = Probe(corner, np.random.default_rng(0)).nearby(np.random.default_rng(0), 0.01)
    assert np.all(beside.leaves[0].view(float) > 0)


def test_a_real_gradient_does_not_warn_of_complex_numbers():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gradtest.check(target(fft, grad=lambda x: fft(np.eye(len(x)))), X)


# -- over generated inputs ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("name", "shapes", "wrong"),
    [
        ("abs", {"x": "batch n : complex"}, "abs, conj"),
        ("energy", {"z": "n : complex"}, "energy, sign of one imaginary part"),
        ("matmul", {"a": "n k : complex", "b": "k m : complex"}, "matmul, conj"),
        ("fft", {"a": "n : complex"}, "fft, normalisation"),
        ("fft of real", {"a": "n"}, "fft of real, real part of the cotangent"),
        ("power spectrum", {"x": "n"}, None),
        ("real part", {"z": "n : complex"}, None),
    ],
)
def test_complex_inputs_are_searched(name, shapes, wrong, dtype):
    forward, derivative, *_ = RIGHT[name]
    if name == "abs":
        derivative = dict(vjp=lambda g, x: g * np.exp(1j * np.angle(x)))
    strategy = inputs(shapes, sizes={"n": 3}, dtype=dtype)
    outcome = search(target(forward, **derivative), strategy, max_examples=60)
    assert not outcome.findings, outcome.findings
    assert outcome.tally.agrees >= 0.9 * outcome.tally.cases
    if wrong is not None:
        forward, derivative, *_ = WRONG[wrong]
        assert search(target(forward, **derivative), strategy, max_examples=60).findings


# -- words ----------------------------------------------------------------------------------------


def test_an_entry_is_named_by_its_part():
    report = gradtest.check(target(energy, grad=lambda z: 2 * z.real), Z)
    (finding,) = report.findings
    assert (finding.size, finding.wrong) == (6, 3)
    lines = str(report).splitlines()
    assert lines[1].split()[0].endswith("].imag")
    assert "3 of 6 real and imaginary parts; the other 3 agree" in str(report)


def test_one_wrong_part_among_many_is_named():
    z = numbers(2000)

    def gradient(z):
        g = 2 * z
        g[1234] = conj(g[1234])
        return g

    (finding,) = gradtest.check(target(energy, grad=gradient), z).findings
    assert finding.entry.place == "[1234].imag"
    assert finding.wrong == 1


def test_wrong_imaginary_parts_among_many_are_a_slice():
    z = numbers(8, 8)

    def gradient(z):
        g = 2 * z
        g[3].imag *= -1
        return g

    (finding,) = gradtest.check(target(energy, grad=gradient), z).findings
    assert finding.slice == "the imaginary parts" or finding.entry.place.startswith("[3, ")
    assert finding.entry.place.endswith(".imag")


def test_what_is_empty_gets_a_sentence():
    with pytest.raises(gradtest.Misuse, match="z is empty"):
        gradtest.check(target(energy, grad=lambda z: 2 * z), np.zeros(0, complex))
    with pytest.raises(MisusedType, match="integers"):
        gradtest.check(target(energy, grad=lambda z: 2 * z), np.zeros(2, int))
