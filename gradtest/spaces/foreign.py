"""Arrays of other libraries, through the array API standard.

Those that lie in this machine's memory are handed to NumPy and back; on an accelerator the verbs
of `arrays` are carried out where the array lives, and nothing but scalars comes to the host.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "conjugated",
    "coordinate",
    "cotangent",
    "direction",
    "inner",
    "is_array",
    "is_floating",
    "is_remote",
    "largest",
    "like",
    "magnitude",
    "real_part",
    "sizes",
    "to_host",
]

_NATIVE = (np.ndarray, np.generic, float, int, complex, str, bytes, type(None))


def is_array(leaf: Any) -> bool:
    """Whether `leaf` is an array of a library other than NumPy."""
    if isinstance(leaf, _NATIVE) or not hasattr(leaf, "dtype") or not hasattr(leaf, "shape"):
        return False
    import array_api_compat

    return bool(array_api_compat.is_array_api_obj(leaf))


def is_remote(leaf: Any) -> bool:
    """Whether `leaf` is an array that NumPy cannot look into: on an accelerator."""
    return is_array(leaf) and not _on_host(leaf)


def _on_host(x: Any) -> bool:
    import array_api_compat

    device = array_api_compat.device(x)
    kind = getattr(device, "type", None) or getattr(device, "platform", None) or str(device)
    return kind == "cpu"


def like(model: Any, values: NDArray[Any]) -> Any:
    """Return NumPy `values` as an array of the library, dtype and device of `model`."""
    import array_api_compat

    xp = _namespace(model)
    return xp.asarray(values, dtype=model.dtype, device=array_api_compat.device(model))


def _namespace(x: Any) -> Any:
    import array_api_compat

    return array_api_compat.array_namespace(x)


def is_floating(x: Any) -> bool:
    """Whether `x` is real or complex and of floating point."""
    try:
        return bool(_namespace(x).isdtype(x.dtype, ("real floating", "complex floating")))
    except TypeError:
        return False  # a dtype of the library's own, such as that of JAX's random keys


def to_host(x: Any) -> NDArray[Any]:
    """Return the values as a NumPy array (bfloat16 widened, since NumPy has none of its own)."""
    if isinstance(x, (np.ndarray, np.generic)) or not is_array(x):
        return np.asarray(x)
    if hasattr(x, "detach"):
        x = x.detach().cpu()
        if hasattr(x, "resolve_conj"):
            x = x.resolve_conj().resolve_neg()  # torch conjugates by setting a bit
        if str(x.dtype).endswith("bfloat16"):
            x = x.float()
    return np.asarray(x)


def _detached(x: Any) -> Any:
    return x.detach() if hasattr(x, "detach") else x


def _real_parts(x: Any) -> Any:
    """Return a wide real view of `x`, with real and imaginary parts side by side if it is complex."""
    xp = _namespace(x)
    x = _detached(x)
    if _is_complex(x):
        x = xp.stack([xp.real(x), xp.imag(x)], axis=-1)
    return xp.astype(xp.reshape(x, (-1,)), xp.float64)


def conjugated(x: Any) -> Any:
    """Return the complex conjugate of `x`."""
    return _namespace(x).conj(x)


def real_part(x: Any) -> Any:
    """Return the real part of a complex `x`."""
    return _namespace(x).real(x)


def largest(x: Any) -> float:
    """Return max |x|, 0 for an empty array."""
    parts = _real_parts(x)
    return float(_namespace(x).max(abs(parts))) if math.prod(x.shape) else 0.0


def magnitude(w: Any, out: Any) -> float:
    """Return the Euclidean norm of the products w_i out_i."""
    terms = _real_parts(w) * _real_parts(out)
    return math.sqrt(float(_namespace(out).sum(terms * terms)))


def inner(a: Any, b: Any) -> float:
    """Return Re(conj(a) b), summed in the widest precision the library has."""
    left, right = _paired(a, b)
    return float(_namespace(left).sum(left * right))


def sizes(a: Any, b: Any) -> float:
    """Return sum |a_i| |b_i|."""
    left, right = _paired(a, b)
    return float(_namespace(left).sum(abs(left * right)))


def _paired(a: Any, b: Any) -> tuple[Any, Any]:
    """Bring a NumPy value beside an array to that array's library and device, a real one to complex."""
    model = a if is_array(a) else b
    a, b = (part if is_array(part) else like(model, np.asarray(part)) for part in (a, b))
    if _is_complex(a) != _is_complex(b):
        a, b = a + b * 0, b + a * 0
    return _real_parts(a), _real_parts(b)


def _random(x: Any, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Return lengths in [1/2, 3/2), signs, and a mask that is true for three in four.

    Made where `x` lives: an integer hash of the entry's number, keyed by two numbers from `rng`,
    in arithmetic modulo a prime that fits 32 bits.
    """
    xp = _namespace(x)
    import array_api_compat

    n, device = math.prod(x.shape), array_api_compat.device(x)
    prime = 46337  # the largest prime whose square fits 31 bits
    low = xp.arange(n, dtype=xp.int32, device=device)
    a, b, c = (int(k) for k in rng.integers(1, prime, size=3))
    h = (low % prime * a + b) % prime
    h = (h * h + (low // prime) % prime * c) % prime
    h = (h * h + a * (low % 4099)) % prime
    lengths = xp.reshape(xp.astype(h % 16, xp.float32) / 16 + 0.5, x.shape)
    signs = xp.reshape(xp.astype((h // 16) % 2, xp.float32) * 2 - 1, x.shape)
    mask = xp.reshape((h // 32) % 4 > 0, x.shape)
    return lengths, signs, mask


def _scale(x: Any) -> Any:
    """Return about |x_i| for each entry, the mean where it is zero, 1 where all are."""
    xp = _namespace(x)
    own = abs(_detached(x))
    mean = float(xp.sum(_real_parts(own))) / max(1, math.prod(x.shape))
    if not 0.0 < mean < math.inf:
        return own * 0 + 1
    # Powers of two keep the numbers short, see `chebyshev.nodes`.
    filled = xp.where(own < 2.0**-40 * mean, own * 0 + mean, own)
    return xp.exp2(xp.floor(xp.log2(filled)))


def _is_complex(x: Any) -> bool:
    return bool(_namespace(x).isdtype(x.dtype, "complex floating"))


def direction(x: Any, rng: np.random.Generator, along: Any = None) -> Any:
    """Return a random direction as `arrays.direction` does, made on the device of `x`."""
    xp = _namespace(x)
    g = _detached(along) if along is not None and is_array(along) else None
    if not _is_complex(x):
        return xp.astype(_step(x, rng, g), x.dtype)
    parts = (None, None)
    if g is not None:
        parts = (xp.real(g), xp.imag(g)) if _is_complex(g) else (g, g * 0)
    real, imaginary = (_step(x, rng, part) for part in parts)
    return xp.astype(real + 1j * imaginary, x.dtype)


def _step(x: Any, rng: np.random.Generator, g: Any) -> Any:
    """Return one real number for each entry, of about its size; mostly uphill by a gradient `g`."""
    xp = _namespace(x)
    lengths, signs, mask = _random(x, rng)
    v = lengths * _scale(x)
    if g is not None:
        g = xp.where(xp.isfinite(g), g, xp.zeros_like(g))
        uphill = xp.where(g == 0, signs, xp.astype(xp.sign(g), signs.dtype))
        mixed = xp.where(mask, uphill, signs)
        cancelled = abs(inner(g, v * mixed)) < 0.25 * sizes(g, v)
        signs = uphill if cancelled else mixed
    return v * signs


def coordinate(x: Any, index: tuple[int, ...]) -> tuple[Any, float]:
    """Return the direction that moves one coordinate by about the size of its entry, and that size.

    The last number of `index` says which part where `x` is complex, as in `arrays.coordinate`.
    """
    import array_api_compat

    xp, place, unit = _namespace(x), index, 1.0 + 0j
    if _is_complex(x):
        place, unit = index[:-1], (1.0 + 0j, 1j)[index[-1]]
    step = float(_scale(x)[place])
    flat = int(np.ravel_multi_index(place, tuple(x.shape))) if place else 0
    number = xp.arange(math.prod(x.shape), device=array_api_compat.device(x))
    v = xp.reshape(xp.astype(number == flat, x.dtype), x.shape)
    return v * (step * unit if _is_complex(x) else step), step


def cotangent(out: Any, rng: np.random.Generator) -> Any:
    """Return a random cotangent: entries +-[1/2, 3/2)."""
    xp = _namespace(out)
    lengths, signs, _ = _random(out, rng)
    w = lengths * signs
    if _is_complex(out):
        lengths, signs, _ = _random(out, rng)
        w = w + 1j * lengths * signs
    return xp.astype(w, out.dtype)
