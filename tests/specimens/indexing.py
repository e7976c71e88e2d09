"""Repeated indices, scatter and gather, orders and places."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from gradtest import inputs

from .specimen import Specimen

WIDE = {"n": (2, 5)}


def take(x, index):
    return x[index]


def take_overwrites(g, x, index):
    dx = np.zeros_like(x)
    dx[index] = g
    return dx


def take_accumulates(g, x, index):
    dx = np.zeros_like(x)
    np.add.at(dx, index, g)
    return dx


def take_gathers(g, x, index):
    return g[index]


def fill(x, value, index):
    y = x.copy()
    y[index] = value
    return y


def fill_counts_repeats(g, x, value, index):
    dx = g.copy()
    dx[index] = 0.0
    return dx, g[index].sum()


def fill_right(g, x, value, index):
    dx = g.copy()
    dx[index] = 0.0
    return dx, g[np.unique(index)].sum()


def put(x, values, index):
    y = x.copy()
    for k, i in enumerate(index):
        y[i] = values[k]
    return y


def put_for_every_writer(g, x, values, index):
    dx = g.copy()
    dx[index] = 0.0
    return dx, g[index]


def put_for_the_last_writer(g, x, values, index):
    dx, dvalues = g.copy(), np.zeros_like(values)
    dx[index] = 0.0
    for i in set(index.tolist()):
        k = max(k for k, other in enumerate(index) if other == i)
        dvalues[k] = g[i]
    return dx, dvalues


def scatter_add(base, source, index):
    y = base.copy()
    np.add.at(y, index, source[: len(index)])
    return y


def scatter_add_unpadded(g, base, source, index):
    return g, g[np.resize(index, len(source))]


def scatter_add_padded(g, base, source, index):
    dsource = np.zeros_like(source)
    dsource[: len(index)] = g[index]
    return g, dsource


def take_clipped(x, index):
    return x[np.clip(index, 0, len(x) - 1)]


def take_clipped_sends_to_wrapped(g, x, index):
    dx = np.zeros_like(x)
    np.add.at(dx, index % len(x), g)
    return dx


def take_clipped_right(g, x, index):
    dx = np.zeros_like(x)
    np.add.at(dx, np.clip(index, 0, len(x) - 1), g)
    return dx


def sort(x):
    return np.sort(x)


def sort_by_the_order(g, x):
    return g[np.argsort(x)]


def sort_by_the_inverse(g, x):
    dx = np.empty_like(x)
    dx[np.argsort(x)] = g
    return dx


def roll(x):
    return np.roll(x, 1)


def cumulate(x):
    return np.cumsum(x)


def cumulate_right(g, x):
    return np.cumsum(g[::-1])[::-1]


def segment_sum(x, ids):
    y = np.zeros(4)
    np.add.at(y, ids, x)
    return y


def segment_sum_shared(g, x, ids):
    return g[ids] / np.bincount(ids, minlength=4)[ids]


def repeat(x):
    return np.repeat(x, 3)


def reflect(x):
    return np.pad(x, 1, mode="reflect")


def reflect_right(g, x):
    dx = g[1:-1].copy()
    dx[1] += g[0]
    dx[-2] += g[-1]
    return dx


def every_second(x):
    return x[::2]


def every_second_packed(g, x):
    dx = np.zeros_like(x)
    dx[: len(g)] = g
    return dx


def every_second_right(g, x):
    dx = np.zeros_like(x)
    dx[::2] = g
    return dx


def pair(a, b):
    return np.concatenate([a, 2 * b])


def pair_offsets_swapped(g, a, b):
    return g[len(a) :].copy(), 2 * g[: len(a)]


def pair_right(g, a, b):
    return g[: len(a)].copy(), 2 * g[len(a) :]


def differences(x):
    return x[1:] - x[:-1]


def differences_forgets_the_end(g, x):
    dx = np.zeros_like(x)
    dx[:-1] -= g
    dx[1:-1] += g[:-1]
    return dx


def differences_right(g, x):
    dx = np.zeros_like(x)
    dx[:-1] -= g
    dx[1:] += g
    return dx


def pixel_shuffle(x):
    return x.reshape(2, 2, -1).transpose(2, 1, 0).reshape(-1)


def pixel_shuffle_reversed_axes(g, x):
    return g.reshape(-1, 2, 2).transpose(2, 0, 1).reshape(x.shape)


def pixel_shuffle_right(g, x):
    return g.reshape(-1, 2, 2).transpose(2, 1, 0).reshape(x.shape)


def stop_too_early(g, x):
    dx = np.zeros_like(x)
    for i in range(len(x) - 1):
        dx[i] = g[i] * np.cos(x[i])
    return dx


TAKEN = inputs(x="n", index="k : indices n", sizes=WIDE)

SPECIMENS = [
    Specimen(
        "take_overwrites",
        "pytorch#1631",
        take,
        take_overwrites,
        take_accumulates,
        TAKEN,
        "x",
        "GT112",
        "accumulated",
    ),
    Specimen(
        "take_gathers",
        "AiDotNet.Tensors#894",
        take,
        take_gathers,
        take_accumulates,
        inputs(x="n", index="n : indices n", sizes=WIDE),
        "x",
        "GT104 GT122",
        "transpose|sum is right",
    ),
    Specimen(
        "fill_counts_repeats",
        "pytorch#57006",
        fill,
        fill_counts_repeats,
        fill_right,
        inputs(x="n", value="", index="k : indices n", sizes=WIDE),
        "value",
        "GT123",
        "index repeats",
    ),
    Specimen(
        "put_for_every_writer",
        "pytorch#146299",
        put,
        put_for_every_writer,
        put_for_the_last_writer,
        inputs(x="n", values="k", index="k : indices n", sizes=WIDE),
        "values",
        "GT108",
        "does not move",
    ),
    Specimen(
        "scatter_add_unpadded",
        "pytorch#27614",
        scatter_add,
        scatter_add_unpadded,
        scatter_add_padded,
        inputs(base="n", source="5", index="k : indices n", sizes={"n": (1, 5), "k": (1, 5)}),
        "source",
        "GT108",
        "does not move",
    ),
    Specimen(
        "take_clipped_sends_to_wrapped",
        "mxnet#19817",
        take_clipped,
        take_clipped_sends_to_wrapped,
        take_clipped_right,
        inputs(x="n", index="k : ints -2 6", sizes=WIDE),
        "x",
        "GT122",
        "sum is right",
    ),
    Specimen(
        "sort_by_the_order",
        "",
        sort,
        sort_by_the_order,
        sort_by_the_inverse,
        inputs(x="n", sizes={"n": (2, 6)}),
        "x",
        "GT104 GT122",
        "transpose|sum is right|order",
    ),
    Specimen(
        "roll_the_same_way",
        "",
        roll,
        lambda g, x: np.roll(g, 1),
        lambda g, x: np.roll(g, -1),
        inputs(x="n", sizes={"n": (3, 6)}),
        "x",
        "GT104 GT122",
        "transpose|sum is right|order",
    ),
    Specimen(
        "cumulate_forwards",
        "",
        cumulate,
        lambda g, x: np.cumsum(g),
        cumulate_right,
        inputs(x="n", sizes=WIDE),
        "x",
        "GT104",
        "transpose",
    ),
    Specimen(
        "segment_sum_shared",
        "",
        segment_sum,
        segment_sum_shared,
        lambda g, x, ids: g[ids],
        inputs(x="n", ids="n : ints 0 3", sizes=WIDE),
        "x",
        "GT123",
        "ids repeats",
    ),
    Specimen(
        "repeat_takes_the_first",
        "",
        repeat,
        lambda g, x: g[::3].copy(),
        lambda g, x: g.reshape(-1, 3).sum(1),
        inputs(x="n"),
        "x",
        "GT112",
        "accumulated",
    ),
    Specimen(
        "repeat_takes_the_mean",
        "",
        repeat,
        lambda g, x: g.reshape(-1, 3).mean(1),
        lambda g, x: g.reshape(-1, 3).sum(1),
        inputs(x="n"),
        "x",
        "GT102",
        "1/3",
    ),
    Specimen(
        "reflect_crops",
        "",
        reflect,
        lambda g, x: g[1:-1].copy(),
        reflect_right,
        inputs(x="n", sizes={"n": (2, 6)}),
        "x",
        "GT112",
        "accumulated",
    ),
    Specimen(
        "every_second_packed",
        "",
        every_second,
        every_second_packed,
        every_second_right,
        inputs(x="n", sizes={"n": (3, 6)}),
        "x",
        "GT122",
        "sum is right|order",
    ),
    Specimen(
        "pair_offsets_swapped",
        "",
        pair,
        pair_offsets_swapped,
        pair_right,
        inputs(a="n", b="n"),
        "a",
        "GT109",
        "gradient for b",
    ),
    Specimen(
        "differences_forgets_the_end",
        "",
        differences,
        differences_forgets_the_end,
        differences_right,
        inputs(x="n", sizes={"n": (2, 6)}),
        "x",
        "GT124",
        "last",
    ),
    Specimen(
        "pixel_shuffle_reversed_axes",
        "",
        pixel_shuffle,
        pixel_shuffle_reversed_axes,
        pixel_shuffle_right,
        inputs(x="4 n", sizes={"n": (1, 3)}),
        "x",
        "GT122 GT104",
        "sum is right|order|transpose",
    ),
    Specimen(
        "loop_stops_one_early",
        "",
        np.sin,
        stop_too_early,
        lambda g, x: g * np.cos(x),
        inputs(x="n"),
        "x",
        "GT124",
        "last",
    ),
    Specimen(
        "triangle_not_masked",
        "",
        lambda x: np.triu(x),
        lambda g, x: g,
        lambda g, x: np.triu(g),
        inputs(x="n m", sizes={"n": (2, 4), "m": (2, 4)}),
        "x",
        "GT108",
        "does not move",
    ),
    Specimen(
        "triangle_of_the_other_side",
        "",
        lambda x: np.triu(x, 1),
        lambda g, x: np.tril(g),
        lambda g, x: np.triu(g, 1),
        inputs(x="n n", sizes={"n": (2, 4)}),
        "x",
        "GT108",
        "wrong side",
    ),
    Specimen(
        "window_starts_one_late",
        "",
        lambda x, k: x[k : k + 2] ** 2,
        lambda g, x, k: np.concatenate([np.zeros(k + 1), 2 * x[k : k + 2] * g, np.zeros(len(x))])[: len(x)],
        lambda g, x, k: np.concatenate([np.zeros(k), 2 * x[k : k + 2] * g, np.zeros(len(x))])[: len(x)],
        inputs(x="n", k=st.integers(0, 2), sizes={"n": (5, 6)}),
        "x",
        "GT122",
        "sum is right|order|shifted",
    ),
]
