"""Convolution and pooling: flipped kernels, strides, overlaps, windows."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from gradtest import inputs

from .specimen import Specimen


def places(length, width, stride, dilation):
    """Return for each output the inputs under its window."""
    span = (width - 1) * dilation + 1
    return [i * stride + dilation * np.arange(width) for i in range((length - span) // stride + 1)]


def correlate(x, w, stride, dilation):
    return np.array([x[window] @ w for window in places(len(x), len(w), stride, dilation)])


def correlate_with(
    used=lambda stride, dilation: (stride, dilation), kernel=lambda w: w, dkernel=lambda dw: dw
):
    """Return the backward pass of `correlate` that uses other strides or kernels."""

    def backward(g, x, w, stride, dilation):
        dx, dw = np.zeros_like(x), np.zeros_like(w)
        stride, dilation = used(stride, dilation)
        for i, slope in enumerate(g):
            window = np.minimum(i * stride + dilation * np.arange(len(w)), len(x) - 1)
            np.add.at(dx, window, slope * kernel(w))
            dw += slope * x[window]
        return dx, dkernel(dw)

    return backward


def correlate_overwrites(g, x, w, stride, dilation):
    dx, dw = correlate_with()(g, x, w, stride, dilation)
    dx = np.zeros_like(x)
    for slope, window in zip(g, places(len(x), len(w), stride, dilation), strict=True):
        dx[window] = slope * w
    return dx, dw


def convolve(x, w):
    return np.convolve(x, w, mode="valid")


def convolve_dw_unflipped(g, x, w):
    return np.convolve(g, w[::-1], mode="full"), np.convolve(x, g[::-1], mode="valid")


def convolve_right(g, x, w):
    return np.convolve(g, w[::-1], mode="full"), np.convolve(x, g[::-1], mode="valid")[::-1]


def convolve_dw_right(g, x, w):
    windows = np.lib.stride_tricks.sliding_window_view(x, len(w))
    return np.convolve(g, w[::-1], mode="full"), (g @ windows)[::-1]


def convolve_dw_wrong(g, x, w):
    windows = np.lib.stride_tricks.sliding_window_view(x, len(w))
    return np.convolve(g, w[::-1], mode="full"), g @ windows


def channels(x, w):
    """Correlate (in, length) with (out, in, width)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2], axis=1)
    return np.einsum("ilk,oik->ol", windows, w)


def channels_with(order="oik", kernel="oik"):
    def backward(g, x, w):
        windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2], axis=1)
        dx = np.zeros_like(x)
        spread = np.einsum(f"ol,{kernel}->ilk", g, w)
        for k in range(w.shape[2]):
            dx[:, k : k + g.shape[1]] += spread[:, :, k]
        return dx, np.einsum(f"ol,ilk->{order}", g, windows)

    return backward


def images(x, w):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape)
    return np.einsum("ijkl,kl->ij", windows, w)


def images_with(order):
    def backward(g, x, w):
        windows = np.lib.stride_tricks.sliding_window_view(x, w.shape)
        dx = np.zeros_like(x)
        for i, j in np.ndindex(g.shape):
            dx[i : i + w.shape[0], j : j + w.shape[1]] += g[i, j] * w
        return dx, np.einsum(f"ij,ijkl->{order}", g, windows)

    return backward


def average_pool(x, k):
    return x[: len(x) // k * k].reshape(-1, k).mean(1)


def average_pool_over(count):
    def backward(g, x, k):
        dx = np.zeros_like(x)
        dx[: len(g) * k] = np.repeat(g, k) / count(k)
        return dx

    return backward


def max_pool(x):
    return x.reshape(-1, 2).max(1)


def max_pool_to_all(g, x):
    return np.repeat(g, 2)


def max_pool_to_the_smallest(g, x):
    pairs = x.reshape(-1, 2)
    return (g[:, None] * (pairs == pairs.min(1, keepdims=True))).reshape(-1)


def max_pool_right(g, x):
    pairs = x.reshape(-1, 2)
    return (g[:, None] * (pairs == pairs.max(1, keepdims=True))).reshape(-1)


def with_bias(x, b):
    return np.cumsum(x, 1) + b[:, None]


def with_bias_reduced(reduce):
    return lambda g, x, b: (np.cumsum(g[:, ::-1], 1)[:, ::-1], reduce(g))


def upsample(x):
    return x.repeat(2, 0).repeat(2, 1)


def global_pool(x):
    return x.mean((1, 2))


def padded(x, w):
    return np.convolve(x, w, mode="same")


def padded_shifted(g, x, w):
    dx, dw = padded_right(g, x, w)
    return np.roll(dx, 1), dw


def padded_right(g, x, w):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    start = (min(len(x), len(w)) - 1) // 2
    for i, slope in enumerate(g):
        for j in range(len(w)):
            k = i + start - j
            if 0 <= k < len(x):
                dx[k] += slope * w[j]
                dw[j] += slope * x[k]
    return dx, dw


STEPS = inputs(x="9", w="k", stride=st.integers(1, 3), dilation=st.integers(1, 3), sizes={"k": (2, 3)})
LINE = inputs(x="n", w="k", sizes={"n": (4, 7), "k": (2, 3)})

SPECIMENS = [
    Specimen(
        "stride_and_dilation_swapped",
        "candle#2337",
        correlate,
        correlate_with(lambda s, d: (d, s)),
        correlate_with(),
        STEPS,
        "x",
        "GT123",
        "stride|dilation",
    ),
    Specimen(
        "stride_at_most_two",
        "Theano#602",
        correlate,
        correlate_with(lambda s, d: (min(s, 2), d)),
        correlate_with(),
        STEPS,
        "x",
        "GT123",
        "stride",
    ),
    Specimen(
        "dilation_ignored",
        "",
        correlate,
        correlate_with(lambda s, d: (s, 1)),
        correlate_with(),
        STEPS,
        "x",
        "GT123 GT117",
        "dilation",
    ),
    Specimen(
        "overlapping_windows_overwrite",
        "",
        correlate,
        correlate_overwrites,
        correlate_with(),
        STEPS,
        "x",
        "GT112",
        "accumulated",
    ),
    Specimen(
        "kernel_used_flipped",
        "",
        correlate,
        correlate_with(kernel=lambda w: w[::-1]),
        correlate_with(),
        STEPS,
        "x",
        "GT122 GT104",
        "w were reversed",
    ),
    Specimen(
        "kernel_gradient_not_flipped",
        "",
        convolve,
        convolve_dw_wrong,
        convolve_dw_right,
        LINE,
        "w",
        "GT122",
        "reversed|order",
    ),
    Specimen(
        "channels_of_the_kernel_swapped",
        "",
        channels,
        channels_with(order="iok"),
        channels_with(),
        inputs(x="c n", w="c c k", sizes={"c": (2, 3), "n": (3, 4), "k": (1, 2)}),
        "w",
        "GT104",
        "axes",
    ),
    Specimen(
        "channels_passed_back_swapped",
        "",
        channels,
        channels_with(kernel="iok"),
        channels_with(),
        inputs(x="c n", w="c c k", sizes={"c": (2, 3), "n": (3, 4), "k": (1, 2)}),
        "x",
        "GT104",
        "w",
    ),
    Specimen(
        "image_kernel_transposed",
        "",
        images,
        images_with("lk"),
        images_with("kl"),
        inputs(x="n m", w="k k", sizes={"n": (3, 4), "m": (3, 4), "k": (2, 3)}),
        "w",
        "GT104",
        "transposed",
    ),
    Specimen(
        "average_pool_not_divided",
        "",
        average_pool,
        average_pool_over(lambda k: 1),
        average_pool_over(lambda k: k),
        inputs(x="6", k=st.integers(1, 4)),
        "x",
        "GT103 GT116",
        "k",
    ),
    Specimen(
        "max_pool_to_all",
        "",
        max_pool,
        max_pool_to_all,
        max_pool_right,
        inputs(x="6"),
        "x",
        "GT108",
        "does not move",
    ),
    Specimen(
        "max_pool_to_the_smallest",
        "",
        max_pool,
        max_pool_to_the_smallest,
        max_pool_right,
        inputs(x="6"),
        "x",
        "GT108",
        "wrong side",
    ),
    Specimen(
        "bias_averaged_over_positions",
        "",
        with_bias,
        with_bias_reduced(lambda g: g.mean(1)),
        with_bias_reduced(lambda g: g.sum(1)),
        inputs(x="c n", b="c"),
        "b",
        "GT103",
        "x.shape[1]",
    ),
    Specimen(
        "upsample_takes_one_copy",
        "",
        upsample,
        lambda g, x: g[::2, ::2].copy(),
        lambda g, x: g[::2, ::2] + g[1::2, ::2] + g[::2, 1::2] + g[1::2, 1::2],
        inputs(x="n m"),
        "x",
        "GT112",
        "accumulated",
    ),
    Specimen(
        "global_pool_not_divided",
        "",
        global_pool,
        lambda g, x: np.broadcast_to(g[:, None, None], x.shape).copy(),
        lambda g, x: np.broadcast_to(g[:, None, None] / x[0].size, x.shape).copy(),
        inputs(x="c h w"),
        "x",
        "GT103",
        "x.shape[1]",
    ),
    Specimen(
        "padding_shifts_the_gradient",
        "",
        padded,
        padded_shifted,
        padded_right,
        inputs(x="n", w="3", sizes={"n": (3, 6)}),
        "x",
        "GT122",
        "shifted|sum is right|order",
    ),
]
