"""Mistakes as trackers report them, each written with what must be said of it before it was run."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from gradtest import inputs

from .saturation import sigmoid, softmax, softplus
from .specimen import Specimen

# -- entry by entry -------------------------------------------------------------------------------


def elementwise(slope):
    return lambda g, x: g * slope(x)


def power_of(base, x):
    return base**x


def rpow_with(slope):
    return lambda g, base, x: (g * x * base ** (x - 1), g * slope(base, x))


def quotient_with(numerator, denominator):
    return lambda g, a, b: (g * numerator(a, b), g * denominator(a, b))


def ldexp(x, exponent):
    return x * 2.0**exponent


def ldexp_with(of_x):
    return lambda g, x, exponent: (of_x(g, exponent), g * x * np.log(2) * 2.0**exponent)


def i0_slope(x):
    step = 1e-20  # I0 is even and entire: its derivative is the imaginary part at x + i h, over h
    series = sum(((x + 1j * step) / 2) ** (2 * k) / np.prod(np.arange(1.0, k + 1)) ** 2 for k in range(60))
    return series.imag / step


def thresholded(x, beta):
    return np.where(x * beta > 1, x, softplus(beta * x) / beta)


def thresholded_with(above):
    def backward(g, x, beta):
        return g * np.where(above(x, thresholded(x, beta), beta), 1.0, sigmoid(beta * x)), None

    return backward


def leaky(x, slope):
    return np.where(x > 0, x, slope * x)


def leaky_with(slope_of_x, mask=lambda x, y: x > 0):
    def backward(g, x, slope):
        y = leaky(x, slope)
        return g * np.where(mask(x, y), 1.0, slope_of_x(slope)), (g * np.where(x > 0, 0.0, x)).sum()

    return backward


def leaky_weight_with(mask):
    def backward(g, x, slope):
        return g * np.where(x > 0, 1.0, slope), (g * np.where(mask(x, leaky(x, slope)), 0.0, x)).sum()

    return backward


def yeo_johnson(x, power):
    safe = np.where(x < 0, -x, 0.0)
    up = np.log1p(np.maximum(x, 0)) if power == 0 else ((np.maximum(x, 0) + 1) ** power - 1) / power
    down = -np.log1p(safe) if power == 2 else -((safe + 1) ** (2 - power) - 1) / (2 - power)
    return np.where(x < 0, down, up)


def yeo_johnson_with(sign_at_two):
    def backward(g, x, power):
        flip = sign_at_two if power == 2 else 1.0
        slope = np.where(
            x < 0, flip * (1 + np.maximum(-x, 0)) ** (1 - power), (np.maximum(x, 0) + 1) ** (power - 1.0)
        )
        return g * slope, None

    return backward


def logit(p):
    return np.log(p / (1 - p))


def density(z):
    return sigmoid(z) * sigmoid(-z)


def selu(x):
    return np.where(x > 0, 1.05 * x, 1.05 * 1.67 * np.expm1(x))


def selu_with(below):
    return lambda g, x: g * np.where(x > 0, 1.05, below(selu(x)))


def swish(x):
    return x * sigmoid(x)


def swish_slope(x):
    return sigmoid(x) + x * density(x)


def clipped_residual(x, delta):
    return np.clip(x, -delta, delta)


def residual_with(slope):
    return lambda g, x, delta: (g * slope(x, delta), (g * (np.sign(x) * (np.abs(x) > delta))).sum())


# -- layers ---------------------------------------------------------------------------------------


def two_layers(x, w1, w2):
    return sigmoid(np.tanh(x @ w1) @ w2)


def two_layers_with(hidden, last=lambda y: y * (1 - y)):
    def backward(g, x, w1, w2):
        h = np.tanh(x @ w1)
        e = g * last(sigmoid(h @ w2))
        d = (e @ w2.T) * hidden(h)
        return d @ w1.T, x.T @ d, h.T @ e

    return backward


def tanh_slope(h):
    return 1 - h * h


def cell(x, c, wf, wi, wg):
    return sigmoid(x @ wf) * c + sigmoid(x @ wi) * np.tanh(x @ wg)


def cell_with(forget_slope):
    def backward(g, x, c, wf, wi, wg):
        f, i, n = sigmoid(x @ wf), sigmoid(x @ wi), np.tanh(x @ wg)
        df, di, dn = g * c * forget_slope(f), g * n * i * (1 - i), g * i * (1 - n * n)
        return df @ wf.T + di @ wi.T + dn @ wg.T, g * f, x.T @ df, x.T @ di, x.T @ dn

    return backward


def both_ways(x, a, b):
    return np.tanh(x @ a) + np.tanh(x @ b)


def both_ways_with(second):
    def backward(g, x, a, b):
        da = g * (1 - np.tanh(x @ a) ** 2)
        dx = da @ a.T
        db = second(g, dx) * (1 - np.tanh(x @ b) ** 2)
        return dx + db @ b.T, x.T @ da, x.T @ db

    return backward


def rms_norm(x, weight):
    return x / np.sqrt((x * x).mean(1, keepdims=True) + 0.1) * weight


def rms_norm_with(first=lambda w: w, second=lambda w: 1.0, inner=lambda w: w):
    def backward(g, x, weight):
        r = 1 / np.sqrt((x * x).mean(1, keepdims=True) + 0.1)
        inside = (g * inner(weight) * x).mean(1, keepdims=True)
        return g * first(weight) * r - second(weight) * r**3 * x * inside, (g * x * r).sum(0)

    return backward


def batch_norm(x, scale, shift):
    c = x - x.mean(0)
    return scale * c / np.sqrt((c * c).mean(0) + 0.1) + shift


def batch_norm_with(through):
    def backward(g, x, scale, shift):
        c = x - x.mean(0)
        s = np.sqrt((c * c).mean(0) + 0.1)
        n, d = c / s, g * through(scale)
        return (d - d.mean(0) - n * (d * n).mean(0)) / s, (g * n).sum(0), g.sum(0)

    return backward


def masked(x, mask, p):
    return x * mask / (1 - p)


def masked_with(kept):
    return lambda g, x, mask, p: (g * kept(mask) / (1 - p), None, (g * x * mask).sum() / (1 - p) ** 2)


def attention(q, k, v):
    return softmax(q @ k.T / np.sqrt(q.shape[1])) @ v


def attention_with(width):
    def backward(g, q, k, v):
        scale = 1 / np.sqrt(width(q.shape[1]))
        p = softmax(q @ k.T * scale)
        d = g @ v.T
        s = p * (d - (d * p).sum(1, keepdims=True)) * scale
        return s @ k, s.T @ q, p.T @ g

    return backward


# -- along an axis --------------------------------------------------------------------------------


def windows(x, size):
    return [slice(at, min(at + size, len(x))) for at in range(0, len(x), size)]


def pooled_to_the_end(x, size):
    return np.array([x[window].mean() for window in windows(x, size)])


def pooled_to_the_end_with(divisor):
    def backward(g, x, size):
        dx = np.zeros_like(x)
        for slope, window in zip(g, windows(x, size), strict=True):
            dx[window] = slope / divisor(x[window], size)
        return dx, None

    return backward


def overlapping_max(x):
    return np.array([x[i : i + 2].max() for i in range(len(x) - 1)])


def overlapping_max_with(put):
    def backward(g, x):
        dx = np.zeros_like(x)
        for i, slope in enumerate(g):
            put(dx, i + x[i : i + 2].argmax(), slope)
        return dx

    return backward


def assign(into, at, value):
    into[at] = value


def add(into, at, value):
    into[at] += value


def patch_max(x):
    return x.reshape(-1, 2).max(1)


def patch_max_with(patches):
    def backward(g, x):
        dx = np.zeros_like(x)
        for i in patches(len(g)):
            dx[2 * i + x[2 * i : 2 * i + 2].argmax()] = g[i]
        return dx

    return backward


def log_cumulative(x):
    return np.logaddexp.accumulate(x)


def log_cumulative_with(summed):
    return lambda g, x: np.exp(x) * summed(g * np.exp(-log_cumulative(x)))


def from_behind(v):
    return np.cumsum(v[::-1])[::-1]


def cumprod_by_division(g, x):
    return from_behind(g * np.cumprod(x)) / x


def cumprod_right(g, x):
    before = np.concatenate([[1.0], np.cumprod(x)[:-1]])
    return np.array(
        [before[i] * (g[i:] * np.concatenate([[1.0], np.cumprod(x[i + 1 :])])).sum() for i in range(len(x))]
    )


def stretched(n, m):
    at = np.arange(m) * (n - 1) / (m - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(n)))


def stretch(x, m):
    return stretched(len(x), m) @ x


def stretch_with(window):
    def backward(g, x, m):
        n = len(x)
        centre = np.arange(n) * (m - 1) / (n - 1)
        seen = np.abs(np.arange(m)[:, None] - centre) <= window(n, m)
        return (stretched(n, m) * seen).T @ g, None

    return backward


def strided(x, step):
    return x[::step]


def strided_right(g, x, step):
    dx = np.zeros_like(x)
    dx[::step] = g
    return dx, None


def scores(centre, outside, index):
    return np.log(sigmoid(-outside[index] @ centre)).sum()


def scores_with(put):
    def backward(g, centre, outside, index):
        z = -g * sigmoid(outside[index] @ centre)
        d = np.zeros_like(outside)
        put(d, index, z[:, None] * centre)
        return z @ outside[index], d, None

    return backward


# -- losses and likelihoods -----------------------------------------------------------------------


def log_density(mean, y, precision):
    return -0.5 * (precision * (y - mean) ** 2).sum()


def log_density_with(sign):
    def backward(g, mean, y, precision):
        d = g * precision * (y - mean)
        return sign * d, -d, -0.5 * g * (y - mean) ** 2

    return backward


def log_partition(mean, var):
    return mean**2 / (2 * var) + 0.5 * np.log(var)


def log_partition_with(of_mean, half):
    return lambda g, mean, var: (g * of_mean(mean) / var, g * (-(mean**2) / (2 * var**2) + half / var))


def entropy_gap(z):
    p = softmax(z)
    return (p * (np.log(p) + np.log(z.shape[1]))).sum()


def entropy_gap_with(sign):
    def backward(g, z):
        p = softmax(z)
        d = sign * g * (np.log(p) + np.log(z.shape[1]) + 1)
        return p * (d - (d * p).sum(1, keepdims=True))

    return backward


def gaussian(x, mean, logvar):
    return -0.5 * (np.log(2 * np.pi) + logvar) - (x - mean) ** 2 / (2 * np.exp(logvar))


def gaussian_with(constant):
    def backward(g, x, mean, logvar):
        r = (x - mean) / np.exp(logvar)
        return -g * r, g * r, g * (constant + 0.5 * r * (x - mean))

    return backward


def penalised(theta, x, y):
    z = x @ theta
    return (np.logaddexp(0, z) - y * z).mean() + 0.05 * (theta**2).sum()


def penalised_with(data):
    def backward(g, theta, x, y):
        z = x @ theta
        return g * (data(sigmoid(z) - y, x) + 0.1 * theta), g * np.outer(sigmoid(z) - y, theta) / len(y), None

    return backward


X = inputs(x="n")
MATRICES = inputs(x="b n", w1="n h", w2="h o")
PRELU = inputs(x="n", slope=": (-1, 1)")

SPECIMENS = [
    Specimen(
        "subtrahend_not_negated",
        "KhawajaAbaid/micrograd_c#1",
        lambda a, b: a - b,
        quotient_with(lambda a, b: 1.0, lambda a, b: 1.0),
        quotient_with(lambda a, b: 1.0, lambda a, b: -1.0),
        inputs(a="n", b="n"),
        "b",
        "GT101",
        "sign",
    ),
    Specimen(
        "hidden_slope_at_the_activation",
        "benoitfragit/libBrain#78",
        two_layers,
        two_layers_with(lambda h: 1 - np.tanh(h) ** 2),
        two_layers_with(tanh_slope),
        MATRICES,
        "w1",
        "GT111",
        "slope",
    ),
    Specimen(
        "sigmoid_of_the_upstream",
        "yizt/numpy_neural_network#3",
        sigmoid,
        lambda g, x: sigmoid(1 - sigmoid(g)),
        elementwise(density),
        X,
        "x",
        "GT110 GT131",
        "upstream",
    ),
    Specimen(
        "likelihood_by_the_mean_negated",
        "GaussianProcesses.jl#26",
        log_density,
        log_density_with(-1),
        log_density_with(1),
        inputs(mean="n", y="n", precision="n : positive"),
        "mean",
        "GT101",
        "sign",
    ),
    Specimen(
        "even_bessel_not_flat_at_zero",
        "jax#40628",
        np.i0,
        elementwise(lambda x: i0_slope(x) + (x == 0)),
        elementwise(i0_slope),
        inputs(x="n : (-3, 3)"),
        "x",
        "GT123 GT108",
        "is 0|does not move",
    ),
    Specimen(
        "huber_hessian_always_one",
        "LightGBM#5567",
        clipped_residual,
        residual_with(lambda x, delta: 1.0),
        residual_with(lambda x, delta: np.abs(x) < delta),
        inputs(x="n", delta=": (0.5, 2)"),
        "x",
        "GT108 GT111",
        "does not move|passes the upstream",
    ),
    Specimen(
        "label_minus_prediction",
        "xgboost#3037",
        lambda pred, label: ((label - pred) ** 2).sum(),
        lambda g, pred, label: (2 * g * (label - pred), 2 * g * (label - pred)),
        lambda g, pred, label: (2 * g * (pred - label), 2 * g * (label - pred)),
        inputs(pred="n", label="n"),
        "pred",
        "GT101",
        "sign",
    ),
    Specimen(
        "power_with_base_and_exponent_swapped",
        "tt-metal#52144",
        power_of,
        rpow_with(lambda base, x: base * x ** (base - 1)),
        rpow_with(lambda base, x: base**x * np.log(base)),
        inputs(base="n : (0.5, 3)", x="n : (0.5, 3)"),
        "x",
        "GT109 GT111",
        "slope|of another|swapped",
    ),
    Specimen(
        "rms_norm_without_its_weight",
        "llm.c#763",
        rms_norm,
        rms_norm_with(first=np.ones_like, inner=np.ones_like),
        rms_norm_with(),
        inputs(x="b n", weight="n"),
        "x",
        "GT116 GT117",
        "weight",
    ),
    Specimen(
        "forget_gate_in_place_of_its_slope",
        "CaptainE/RNN-LSTM-in-numpy#2",
        cell,
        cell_with(lambda f: f),
        cell_with(lambda f: f * (1 - f)),
        inputs(x="b n", c="b h", wf="n h", wi="n h", wg="n h"),
        "wf",
        "GT111",
        "slope",
    ),
    Specimen(
        "log_partition_over_one_minus_p",
        "ExponentialFamily.jl#293",
        lambda p: -np.log(p),
        elementwise(lambda p: 1 / (p * p - p)),
        elementwise(lambda p: -1 / p),
        inputs(p="n : (0.05, 0.95)"),
        "p",
        "GT116 GT111",
        "(1 - p)|slope",
    ),
    Specimen(
        "half_forgotten_in_one_term",
        "ExponentialFamily.jl#315",
        log_partition,
        log_partition_with(lambda m: m, 1.0),
        log_partition_with(lambda m: m, 0.5),
        inputs(mean="n", var="n : positive"),
        "var",
        "GT113",
        "term|too many|too much|off by",
    ),
    Specimen(
        "absolute_mean",
        "ExponentialFamily.jl#317",
        log_partition,
        log_partition_with(np.abs, 0.5),
        log_partition_with(lambda m: m, 0.5),
        inputs(mean="n", var="n : positive"),
        "mean",
        "GT123 GT111 GT116",
        "negative|size of numeric|sign(",
    ),
    Specimen(
        "division_by_the_numerator",
        "apache/singa#484",
        lambda a, b: a / b,
        quotient_with(lambda a, b: 1 / a, lambda a, b: b),
        quotient_with(lambda a, b: 1 / b, lambda a, b: -a / b**2),
        inputs(a="n : (0.5, 3)", b="n : (0.5, 3)"),
        "a",
        "GT109 GT111 GT116",
        "factor|another input|of b|slope",
    ),
    Specimen(
        "scaling_ignores_the_upstream",
        "tt-metal#6542",
        ldexp,
        ldexp_with(lambda g, exponent: np.log(2) * np.exp(exponent)),
        ldexp_with(lambda g, exponent: g * 2.0**exponent),
        inputs(x="n", exponent="n : (-3, 3)"),
        "x",
        "GT110",
        "upstream",
    ),
    Specimen(
        "hard_sigmoid_never_flat",
        "pytorch#51408",
        lambda x: np.clip(x + 3, 0, 6) / 6,
        elementwise(lambda x: np.full_like(x, 1 / 6)),
        elementwise(lambda x: (np.abs(x) < 3) / 6),
        inputs(x="n : (-8, 8)"),
        "x",
        "GT108",
        "does not move",
    ),
    Specimen(
        "threshold_of_the_output",
        "pytorch#61568",
        thresholded,
        thresholded_with(lambda x, y, beta: y * beta > 1),
        thresholded_with(lambda x, y, beta: x * beta > 1),
        inputs(x="n : (-2, 2)", beta=st.sampled_from([1.0, 2.0, 3.0])),
        "x",
        "GT123 GT111",
        "wrong only|slope",
    ),
    Specimen(
        "last_window_divided_by_a_whole_one",
        "burn#5604",
        pooled_to_the_end,
        pooled_to_the_end_with(lambda window, size: size),
        pooled_to_the_end_with(lambda window, size: len(window)),
        inputs(x="n", size=st.integers(1, 4), sizes={"n": (1, 7)}),
        "x",
        "GT103 GT124",
        "times|last",
    ),
    Specimen(
        "slope_of_zero_leaks",
        "chainer#5898",
        leaky,
        leaky_with(lambda slope: slope, lambda x, y: y >= 0),
        leaky_with(lambda slope: slope),
        inputs(x="n", slope=st.sampled_from([0.0, 0.1, 0.2])),
        "x",
        "GT108 GT123",
        "does not move|slope is 0",
    ),
    Specimen(
        "slope_of_leaky_relu_fixed",
        "deeplearning4j#8178",
        leaky,
        leaky_with(lambda slope: 0.01),
        leaky_with(lambda slope: slope),
        inputs(x="n", slope=": (0.1, 0.9)"),
        "x",
        "GT117 GT123",
        "slope|negative",
    ),
    Specimen(
        "sign_read_off_the_output",
        "burn#1208",
        leaky,
        leaky_with(lambda slope: slope, lambda x, y: y > 0),
        leaky_with(lambda slope: slope),
        PRELU,
        "x",
        "GT111 GT123",
        "at the output|slope is negative",
    ),
    Specimen(
        "weight_of_prelu_not_summed",
        "tfjs#1072",
        leaky,
        lambda g, x, slope: (g * np.where(x > 0, 1.0, slope), g * np.where(x > 0, 0.0, x)),
        leaky_with(lambda slope: slope),
        PRELU,
        "slope",
        "GT301 GT107",
        "shape|sum",
    ),
    Specimen(
        "weight_of_prelu_by_the_output",
        "Paddle#12538",
        leaky,
        leaky_weight_with(lambda x, y: y > 0),
        leaky_weight_with(lambda x, y: x > 0),
        PRELU,
        "slope",
        "GT123 GT105",
        "slope is negative|zero",
    ),
    Specimen(
        "cumulative_sum_computed_and_dropped",
        "pytorch#32876",
        log_cumulative,
        log_cumulative_with(lambda v: v),
        log_cumulative_with(from_behind),
        inputs(x="n : (-3, 3)"),
        "x",
        "GT114",
        "diagonal",
    ),
    Specimen(
        "cumulative_product_divided_by_the_input",
        "burn#3864",
        lambda x: np.cumprod(x),
        cumprod_by_division,
        cumprod_right,
        X,
        "x",
        "GT106",
        "x is 0",
    ),
    Specimen(
        "entropy_gap_negated",
        "Kaixhin/Autoencoders#9",
        entropy_gap,
        entropy_gap_with(-1),
        entropy_gap_with(1),
        inputs(z="b k"),
        "z",
        "GT101",
        "sign",
    ),
    Specimen(
        "constant_of_a_likelihood_halved",
        "y0ast/VAE-Torch#5",
        gaussian,
        gaussian_with(-0.25),
        gaussian_with(-0.5),
        inputs(x="n", mean="n", logvar="n"),
        "logvar",
        "GT113",
        "term|off by|upstream",
    ),
    Specimen(
        "weight_twice_in_one_term",
        "Megatron-LM#6859",
        rms_norm,
        rms_norm_with(second=lambda w: w),
        rms_norm_with(),
        inputs(x="b n", weight="n"),
        "x",
        "GT113",
        "term|off by|too much",
    ),
    Specimen(
        "batch_norm_without_its_scale",
        "Knet.jl#288",
        batch_norm,
        batch_norm_with(np.ones_like),
        batch_norm_with(lambda scale: scale),
        inputs(x="b n", scale="n", shift="n"),
        "x",
        "GT116 GT117",
        "scale",
    ),
    Specimen(
        "arctangent_negated",
        "Enzyme-JAX#2066",
        np.arctan2,
        quotient_with(lambda y, x: -x / (x * x + y * y), lambda y, x: y / (x * x + y * y)),
        quotient_with(lambda y, x: x / (x * x + y * y), lambda y, x: -y / (x * x + y * y)),
        inputs(y="n : (0.25, 3)", x="n : (0.25, 3)"),
        "y",
        "GT101",
        "sign",
    ),
    Specimen(
        "yeo_johnson_negated_at_two",
        "rxode2#1160",
        yeo_johnson,
        yeo_johnson_with(-1.0),
        yeo_johnson_with(1.0),
        inputs(x="n", power=st.integers(0, 2)),
        "x",
        "GT123",
        "power > 1|negative",
    ),
    Specimen(
        "overlapping_windows_assigned",
        "NNlib.jl#205",
        overlapping_max,
        overlapping_max_with(assign),
        overlapping_max_with(add),
        inputs(x="n", sizes={"n": (3, 6)}),
        "x",
        "GT112",
        "not accumulated",
    ),
    Specimen(
        "returns_after_the_first_patch",
        "riccardoandreoni0/CNN-from-scratch#1",
        patch_max,
        patch_max_with(lambda n: range(1)),
        patch_max_with(range),
        inputs(x="n 2").map(lambda drawn: {"x": drawn["x"].reshape(-1)}),
        "x",
        "GT107 GT105",
        "first|zero in places",
    ),
    Specimen(
        "negative_samples_added_once",
        "ZacBi/CS224n-2019-solutions#5",
        scores,
        scores_with(lambda d, index, value: d.__setitem__(index, d[index] + value)),
        scores_with(np.add.at),
        inputs(centre="n", outside="m n", index="k : indices m"),
        "outside",
        "GT112 GT123",
        "not accumulated|index repeats",
    ),
    Specimen(
        "residuals_without_the_features",
        "fengdu78/Coursera-ML-AndrewNg-Notes#82",
        penalised,
        penalised_with(lambda r, x: np.full(x.shape[1], r.mean())),
        penalised_with(lambda r, x: x.T @ r / len(r)),
        inputs(theta="n", x="b n", y="b : {0, 1}"),
        "theta",
        "GT116 GT113",
        "factor x|term",
    ),
    Specimen(
        "dropout_wrapper_without_its_mask",
        "numpy-ml#94",
        masked,
        masked_with(np.ones_like),
        masked_with(lambda mask: mask),
        inputs(x="n", mask="n : mask", p=": (0.1, 0.7)"),
        "x",
        "GT108",
        "does not move|mask",
    ),
    Specimen(
        "window_of_the_other_alignment",
        "FlagGems#5218",
        stretch,
        stretch_with(lambda n, m: m / n),
        stretch_with(lambda n, m: m),
        inputs(x="n", m=st.integers(2, 12), sizes={"n": (2, 4)}),
        "x",
        "GT112 GT113",
        "use counts|term|missing",
    ),
    Specimen(
        "scale_of_the_padded_width",
        "tilelang-ascend#1669",
        attention,
        attention_with(lambda d: -(-d // 4) * 4),
        attention_with(lambda d: d),
        inputs(q="n d", k="m d", v="m e"),
        "q",
        "GT103",
        "times",
    ),
    Specimen(
        "density_not_at_the_quantile",
        "statsmodels#299",
        logit,
        elementwise(lambda p: 1 / density(p)),
        elementwise(lambda p: 1 / density(logit(p))),
        inputs(p="n : (0.05, 0.95)"),
        "p",
        "GT111",
        "slope",
    ),
    Specimen(
        "selu_without_its_scale_below",
        "mlpack#1540",
        selu,
        selu_with(lambda y: 1.05 * (y + 1.67)),
        selu_with(lambda y: y + 1.05 * 1.67),
        X,
        "x",
        "GT123 GT111",
        "negative|not positive|slope",
    ),
    Specimen(
        "swish_slope_of_the_output",
        "mlpack#3478",
        swish,
        elementwise(lambda x: swish_slope(swish(x))),
        elementwise(swish_slope),
        X,
        "x",
        "GT111",
        "at the output",
    ),
    Specimen(
        "stride_backward_strides_again",
        "tinygrad#377",
        strided,
        lambda g, x, step: (g[::step], None),
        strided_right,
        inputs(x="n", step=st.integers(1, 3)),
        "x",
        "GT301",
        "shape",
    ),
    Specimen(
        "slope_of_the_next_activation",
        "unda#1",
        two_layers,
        two_layers_with(lambda h: h * (1 - h)),
        two_layers_with(tanh_slope),
        MATRICES,
        "w1",
        "GT111",
        "slope",
    ),
    Specimen(
        "gradient_overwritten_between_directions",
        "mxnet#18203",
        both_ways,
        both_ways_with(lambda g, dx: dx),
        both_ways_with(lambda g, dx: g),
        inputs(x="b n", a="n n", b="n n"),
        "b",
        "GT110",
        "upstream",
    ),
]
