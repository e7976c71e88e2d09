"""Mistakes that were written down after the suspects, to see what these are worth elsewhere."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from gradtest import inputs

from .saturation import sigmoid, softmax, softplus
from .specimen import imagined


def mean_of(x):
    return x.mean(-1, keepdims=True)


# -- attention ------------------------------------------------------------------------------------


def attend(q, k, v):
    return softmax(q @ k.T / np.sqrt(q.shape[1])) @ v


def attend_with(slope, scale=lambda q: np.sqrt(q.shape[1]), weights=lambda p: p.T):
    def backward(g, q, k, v):
        p = softmax(q @ k.T / np.sqrt(q.shape[1]))
        s = slope(g @ v.T, p) / scale(q)
        return s @ k, s.T @ q, weights(p) @ g

    return backward


def through_softmax(dp, p):
    return p * (dp - (dp * p).sum(1, keepdims=True))


def attend_right(g, q, k, v):
    return attend_with(through_softmax)(g, q, k, v)


QKV = inputs(q="n d", k="m d", v="m e")


# -- layers ---------------------------------------------------------------------------------------


def layer_norm(x, gain, shift):
    c = x - mean_of(x)
    return c / np.sqrt((c * c).mean(-1, keepdims=True) + 0.1) * gain + shift


def layer_norm_with(through):
    def backward(g, x, gain, shift):
        c = x - mean_of(x)
        s = np.sqrt((c * c).mean(-1, keepdims=True) + 0.1)
        n = c / s
        return through(g * gain, n, s), (g * n).sum(0), g.sum(0)

    return backward


def whole_norm(d, n, s):
    return (d - mean_of(d) - n * mean_of(d * n)) / s


def rms_norm(x, gain):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 0.1) * gain


def rms_norm_with(gain_slope, through):
    def backward(g, x, gain):
        r = np.sqrt((x * x).mean(-1, keepdims=True) + 0.1)
        return through(g * gain, x, r), gain_slope(g, x, r)

    return backward


def rms_whole(d, x, r):
    return d / r - x * mean_of(d * x) / r**3


def rms_gain(g, x, r):
    return (g * x / r).sum(0)


def gated(x, w, v):
    return (x @ w) * sigmoid(x @ v)


def gated_with(gate_slope):
    def backward(g, x, w, v):
        s = sigmoid(x @ v)
        a, b = g * s, g * (x @ w) * gate_slope(s)
        return a @ w.T + b @ v.T, x.T @ a, x.T @ b

    return backward


def highway(x, w, b):
    t = sigmoid(x @ w + b)
    return t * np.tanh(x) + (1 - t) * x


def highway_with(rest, carry=lambda t: 1 - t):
    def backward(g, x, w, b):
        t, h = sigmoid(x @ w + b), np.tanh(x)
        dt = g * (h - rest(x)) * t * (1 - t)
        return dt @ w.T + g * (t * (1 - h * h) + carry(t)), x.T @ dt, dt.sum(0)

    return backward


def filtered(x, k):
    return np.array([x[i : i + len(k)] @ k for i in range(len(x) - len(k) + 1)])


def filtered_with(kernel, window=lambda w: w):
    def backward(g, x, k):
        dx, dk = np.zeros_like(x), np.zeros_like(k)
        for i, slope in enumerate(g):
            dx[i : i + len(k)] += slope * kernel(k)
            dk += slope * window(x[i : i + len(k)])
        return dx, dk

    return backward


SIGNAL = inputs(x="n", k="m", sizes={"n": (4, 6), "m": (2, 3)})


def downsampled(x, stride):
    return np.sin(x)[::stride]


def downsampled_with(scale):
    def backward(g, x, stride):
        dx = np.zeros_like(x)
        dx[::stride] = g * np.cos(x)[::stride] * scale(stride)
        return dx

    return backward


def recurrent(x, u, h):
    for row in x:
        h = np.tanh(row + h @ u)
    return h


def recurrent_with(state, deliver=lambda d, u: d @ u.T):
    def backward(g, x, u, h):
        hs = [h]
        for row in x:
            hs.append(np.tanh(row + hs[-1] @ u))
        dx, du = np.zeros_like(x), np.zeros_like(u)
        for t in range(len(x) - 1, -1, -1):
            d = g * (1 - hs[t + 1] ** 2)
            dx[t] = d
            du = state(du, np.outer(hs[t], d))
            g = deliver(d, u)
        return dx, du, g

    return backward


SEQUENCE = inputs(x="t n", u="n n", h="n", sizes={"t": (1, 4), "n": (1, 3)})


def embedded(table, ids):
    return table[ids].sum(0)


def embedded_with(scatter):
    def backward(g, table, ids):
        d = np.zeros_like(table)
        scatter(d, ids, g)
        return d

    return backward


def put(d, ids, g):
    d[ids] = g


def add(d, ids, g):
    np.add.at(d, ids, g)


# -- losses ---------------------------------------------------------------------------------------


def mse(p, y):
    return ((p - y) ** 2).mean()


def cross_entropy(z, y):
    s = z - z.max(1, keepdims=True)
    return np.mean(np.log(np.exp(s).sum(1)) - s[np.arange(len(y)), y])


def cross_entropy_with(probabilities, count):
    def gradient(z, y):
        d = probabilities(z)
        d[np.arange(len(y)), y] -= 1
        return d / count(z)

    return gradient


def hinge(s, y):
    return np.maximum(0, 1 - y * s).sum()


def log_cosh(p, y):
    return np.log(np.cosh(p - y)).sum()


def focal(z):
    p = sigmoid(z)
    return -((1 - p) ** 2) * np.log(p)


def focal_right(g, z):
    p = sigmoid(z)
    return g * (2 * (1 - p) ** 2 * p * np.log(p) - (1 - p) ** 3)


def focal_without_its_first_term(g, z):
    return -g * (1 - sigmoid(z)) ** 3


def cosine(a, b):
    return a @ b / np.sqrt((a @ a) * (b @ b))


def cosine_with(projected):
    def gradient(a, b):
        na, nb = np.sqrt(a @ a), np.sqrt(b @ b)
        c = a @ b / (na * nb)
        return b / (na * nb) - projected * c * a / na**2, a / (na * nb) - projected * c * b / nb**2

    return gradient


def ridge(w, x, y):
    r = x @ w - y
    return 0.5 * (r @ r) + 0.05 * (w @ w)


def ridge_with(decay):
    return lambda w, x, y: x.T @ (x @ w - y) + decay * w


# -- likelihoods and kernels ------------------------------------------------------------------------


def gaussian(mu, log_s, y):
    return np.sum(-log_s - 0.5 * ((y - mu) / np.exp(log_s)) ** 2)


def gaussian_with(sign, scale):
    def gradient(mu, log_s, y):
        r = (y - mu) / np.exp(log_s)
        return sign * r / np.exp(log_s), scale(r, log_s), -r / np.exp(log_s)

    return gradient


GAUSSIAN = inputs(mu="n", log_s="n", y="n")


def poisson(eta, y):
    return np.sum(y * eta - np.exp(eta))


def gamma_rate(rate, y):
    return np.sum(np.log(rate) - rate * y)


def weibull(t, shape):
    return np.sum(np.log(shape) + (shape - 1) * np.log(t) - t**shape)


def squared_exponential(a, b, length):
    return np.exp(-((a[:, None] - b) ** 2) / (2 * length**2))


def squared_exponential_with(power, both=1.0):
    def backward(g, a, b, length):
        d = a[:, None] - b
        k = np.exp(-(d**2) / (2 * length**2)) * g
        da = -(k * d).sum(1) / length**2
        db = (k * d).sum(0) / length**2
        return both * da, db, (k * d**2).sum() / length**power

    return backward


KERNEL = inputs(a="n", b="m", length=": (0.3, 2)")


def log_det(m):
    return np.linalg.slogdet(m @ m.T + np.eye(len(m)))[1]


def log_det_with(factor, side):
    return lambda m: factor * side(np.linalg.inv(m @ m.T + np.eye(len(m))), m)


def quadratic(x, a):
    return x @ a @ x


def mixture(w, x):
    p = softmax(w[None])[0]
    return np.log(p @ np.exp(-0.5 * x * x))


def mixture_right(w, x):
    p, e = softmax(w[None])[0], np.exp(-0.5 * x * x)
    r = p * e / (p @ e)
    return r - p, -r * x


def mixture_weights_free(w, x):
    r, dx = mixture_right(w, x)
    return r + softmax(w[None])[0], dx


BATCH = inputs(x="batch in", w="in out", v="in out")
NORM = inputs(x="batch in", gain="in", shift="in", sizes={"in": (2, 4)})
LOGITS = inputs(z="batch k", y="batch : labels k", sizes={"k": (2, 4)})

SPECIMENS = [
    imagined(
        "attention_softmax_diagonal",
        attend,
        attend_with(lambda dp, p: dp * p * (1 - p)),
        attend_right,
        QKV,
        "q",
        "GT100 GT114 GT115 GT113",
        "unknown|diagonal|term",
    ),
    imagined(
        "attention_scaled_twice",
        attend,
        attend_with(through_softmax, lambda q: q.shape[1]),
        attend_right,
        QKV,
        "q",
        "GT103",
        "sqrt(q.shape[1])",
    ),
    imagined(
        "attention_weights_untransposed",
        attend,
        attend_with(through_softmax, weights=lambda p: p if p.shape[0] == p.shape[1] else p.T),
        attend_right,
        inputs(q="n d", k="n d", v="n e"),
        "v",
        "GT104 GT123",
        "transpose|shape",
    ),
    imagined(
        "attention_value_path_cut",
        attend,
        lambda g, q, k, v: (*attend_right(g, q, k, v)[:2], 0 * v),
        attend_right,
        QKV,
        "v",
        "GT105",
        "zero",
    ),
    imagined(
        "attention_keys_for_queries",
        attend,
        lambda g, q, k, v: (*attend_right(g, q, k, v)[1::-1], attend_right(g, q, k, v)[2]),
        attend_right,
        inputs(q="n d", k="n d", v="n e"),
        "q",
        "GT109",
        "gradient for k",
    ),
    imagined(
        "layer_norm_as_if_fixed",
        layer_norm,
        layer_norm_with(lambda d, n, s: d / s),
        layer_norm_with(whole_norm),
        NORM,
        "x",
        "GT115",
        "axis 1",
    ),
    imagined(
        "layer_norm_without_mean",
        layer_norm,
        layer_norm_with(lambda d, n, s: (d - n * mean_of(d * n)) / s),
        layer_norm_with(whole_norm),
        NORM,
        "x",
        "GT115 GT113",
        "constant",
    ),
    imagined(
        "layer_norm_gain_forgotten",
        layer_norm,
        lambda g, x, gain, shift: (
            layer_norm_with(whole_norm)(g, x, np.ones_like(gain), shift)[0],
            *layer_norm_with(whole_norm)(g, x, gain, shift)[1:],
        ),
        layer_norm_with(whole_norm),
        NORM,
        "x",
        "GT116 GT117",
        "gain",
    ),
    imagined(
        "layer_norm_shift_averaged",
        layer_norm,
        lambda g, x, gain, shift: (*layer_norm_with(whole_norm)(g, x, gain, shift)[:2], g.mean(0)),
        layer_norm_with(whole_norm),
        NORM,
        "shift",
        "GT103",
        "1/x.shape[0]",
    ),
    imagined(
        "rms_norm_gain_by_the_input",
        rms_norm,
        rms_norm_with(lambda g, x, r: (g * x).sum(0), rms_whole),
        rms_norm_with(rms_gain, rms_whole),
        inputs(x="batch in", gain="in"),
        "gain",
        "GT100 GT116",
        "unknown|factor",
    ),
    imagined(
        "rms_norm_denominator_fixed",
        rms_norm,
        rms_norm_with(rms_gain, lambda d, x, r: d / r),
        rms_norm_with(rms_gain, rms_whole),
        inputs(x="batch in", gain="in"),
        "x",
        "GT115 GT113",
        "multiple of x|multiple of x",
    ),
    imagined(
        "gate_slope_forgotten",
        gated,
        gated_with(lambda s: 1.0),
        gated_with(lambda s: s * (1 - s)),
        BATCH,
        "v",
        "GT111 GT100",
        "slope|unknown",
    ),
    imagined(
        "gate_slope_of_tanh",
        gated,
        gated_with(lambda s: 1 - s * s),
        gated_with(lambda s: s * (1 - s)),
        BATCH,
        "v",
        "GT111 GT100",
        "slope|unknown",
    ),
    imagined(
        "gate_sign",
        gated,
        gated_with(lambda s: -s * (1 - s)),
        gated_with(lambda s: s * (1 - s)),
        BATCH,
        "v",
        "GT101",
        "sign",
    ),
    imagined(
        "highway_carry_forgotten",
        highway,
        highway_with(lambda x: x, lambda t: 0),
        highway_with(lambda x: x),
        inputs(x="batch n", w="n n", b="n"),
        "x",
        "GT113 GT100 GT115",
        "term|unknown",
    ),
    imagined(
        "highway_gate_without_carry",
        highway,
        highway_with(lambda x: 0),
        highway_with(lambda x: x),
        inputs(x="batch n", w="n n", b="n"),
        "w",
        "GT100 GT113",
        "unknown|term",
    ),
    imagined(
        "filter_flipped_in_backward",
        filtered,
        filtered_with(lambda k: k[::-1]),
        filtered_with(lambda k: k),
        SIGNAL,
        "x",
        "GT122",
        "k were reversed|sum is right",
    ),
    imagined(
        "filter_gradient_reversed",
        filtered,
        filtered_with(lambda k: k, lambda w: w[::-1]),
        filtered_with(lambda k: k),
        SIGNAL,
        "k",
        "GT122",
        "reversed",
    ),
    imagined(
        "filter_sign",
        filtered,
        filtered_with(lambda k: -k),
        filtered_with(lambda k: k),
        SIGNAL,
        "x",
        "GT101",
        "sign",
    ),
    imagined(
        "stride_scales_the_gradient",
        downsampled,
        downsampled_with(lambda s: s),
        downsampled_with(lambda s: 1),
        inputs(x="n", stride=st.integers(1, 3)),
        "x",
        "GT103 GT116",
        "stride",
    ),
    imagined(
        "recurrent_weight_of_the_first_step",
        recurrent,
        recurrent_with(lambda du, one: one),
        recurrent_with(lambda du, one: du + one),
        SEQUENCE,
        "u",
        "GT112 GT123 GT100",
        "not accumulated|x.shape[0]|unknown",
    ),
    imagined(
        "recurrent_state_untransposed",
        recurrent,
        recurrent_with(lambda du, one: du + one, lambda d, u: d @ u),
        recurrent_with(lambda du, one: du + one),
        SEQUENCE,
        "h",
        "GT104 GT123",
        "transposed|shape",
    ),
    imagined(
        "recurrent_slope_forgotten_in_time",
        recurrent,
        lambda g, x, u, h: (
            recurrent_with(lambda du, one: du + one)(g, x, u, h)[0],
            recurrent_with(lambda du, one: du + one)(g, x, u, h)[1],
            2 * recurrent_with(lambda du, one: du + one)(g, x, u, h)[2],
        ),
        recurrent_with(lambda du, one: du + one),
        SEQUENCE,
        "h",
        "GT102",
        "2 times",
    ),
    imagined(
        "embedding_written_not_added",
        embedded,
        embedded_with(put),
        embedded_with(add),
        inputs(table="v d", ids="n : labels v"),
        "table",
        "GT112 GT123 GT102",
        "accumulated|repeats",
    ),
    imagined(
        "mse_not_averaged",
        mse,
        lambda p, y: (2 * (p - y), 2 * (y - p)),
        lambda p, y: (2 * (p - y) / p.size, 2 * (y - p) / p.size),
        inputs(p="n", y="n"),
        "p",
        "GT103",
        "times",
        "grad",
    ),
    imagined(
        "mse_without_two",
        mse,
        lambda p, y: ((p - y) / p.size, (y - p) / p.size),
        lambda p, y: (2 * (p - y) / p.size, 2 * (y - p) / p.size),
        inputs(p="n", y="n"),
        "p",
        "GT102",
        "1/2 times",
        "grad",
    ),
    imagined(
        "cross_entropy_averaged_over_classes",
        cross_entropy,
        cross_entropy_with(softmax, lambda z: z.size),
        cross_entropy_with(softmax, len),
        LOGITS,
        "z",
        "GT103",
        "1/z.shape[1]",
        "grad",
    ),
    imagined(
        "cross_entropy_without_probabilities",
        cross_entropy,
        cross_entropy_with(lambda z: 0 * z, len),
        cross_entropy_with(softmax, len),
        LOGITS,
        "z",
        "GT117 GT113 GT115 GT100",
        "unknown|term|depend",
        "grad",
    ),
    imagined(
        "cross_entropy_with_sigmoids",
        cross_entropy,
        cross_entropy_with(sigmoid, len),
        cross_entropy_with(softmax, len),
        LOGITS,
        "z",
        "GT100",
        "unknown",
        "grad",
    ),
    imagined(
        "hinge_sign",
        hinge,
        lambda s, y: y * (y * s < 1),
        lambda s, y: -y * (y * s < 1),
        inputs(s="n", y="n : {-1, 1}"),
        "s",
        "GT101",
        "sign",
        "grad",
    ),
    imagined(
        "hinge_mask_forgotten",
        hinge,
        lambda s, y: -y.astype(float),
        lambda s, y: -y * (y * s < 1),
        inputs(s="n", y="n : {-1, 1}"),
        "s",
        "GT108",
        "does not move",
        "grad",
    ),
    imagined(
        "log_cosh_as_square",
        log_cosh,
        lambda p, y: (p - y, y - p),
        lambda p, y: (np.tanh(p - y), np.tanh(y - p)),
        inputs(p="n", y="n"),
        "p",
        "GT100",
        "unknown",
        "grad",
    ),
    imagined(
        "focal_without_its_first_term",
        focal,
        focal_without_its_first_term,
        focal_right,
        inputs(z="n : (-4, 4)"),
        "z",
        "GT100 GT113",
        "unknown|term",
    ),
    imagined(
        "cosine_without_projection",
        cosine,
        cosine_with(0),
        cosine_with(1),
        inputs(a="n", b="n", sizes={"n": (2, 5)}),
        "a",
        "GT113 GT115",
        "multiple of a|multiple of x",
        "grad",
    ),
    imagined(
        "ridge_decay_doubled",
        ridge,
        ridge_with(0.2),
        ridge_with(0.1),
        inputs(w="d", x="n d", y="n"),
        "w",
        "GT113",
        "w",
        "grad",
    ),
    imagined(
        "ridge_decay_sign",
        ridge,
        ridge_with(-0.1),
        ridge_with(0.1),
        inputs(w="d", x="n d", y="n"),
        "w",
        "GT113",
        "w",
        "grad",
    ),
    imagined(
        "gaussian_mean_sign",
        gaussian,
        gaussian_with(-1, lambda r, s: r * r - 1),
        gaussian_with(1, lambda r, s: r * r - 1),
        GAUSSIAN,
        "mu",
        "GT101",
        "sign",
        "grad",
    ),
    imagined(
        "gaussian_log_scale_not_chained",
        gaussian,
        gaussian_with(1, lambda r, s: (r * r - 1) / np.exp(s)),
        gaussian_with(1, lambda r, s: r * r - 1),
        GAUSSIAN,
        "log_s",
        "GT116",
        "exp(log_s)",
        "grad",
    ),
    imagined(
        "gaussian_log_term_dropped",
        gaussian,
        gaussian_with(1, lambda r, s: r * r),
        gaussian_with(1, lambda r, s: r * r - 1),
        GAUSSIAN,
        "log_s",
        "GT113",
        "constant",
        "grad",
    ),
    imagined(
        "poisson_without_mean",
        poisson,
        lambda eta, y: (y, eta),
        lambda eta, y: (y - np.exp(eta), eta),
        inputs(eta="n", y="n : positive"),
        "eta",
        "GT113 GT117",
        "exp(eta)|depend",
        "grad",
    ),
    imagined(
        "gamma_rate_log_dropped",
        gamma_rate,
        lambda rate, y: (-y, -rate),
        lambda rate, y: (1 / rate - y, -rate),
        inputs(rate="n : positive", y="n : positive"),
        "rate",
        "GT113",
        "1 / rate",
        "grad",
    ),
    imagined(
        "weibull_power_off_by_one",
        weibull,
        lambda t, shape: (shape - 1) / t - shape * t**shape,
        lambda t, shape: (shape - 1) / t - shape * t ** (shape - 1),
        inputs(t="n : (0.2, 2)", shape=": (0.5, 3)"),
        "t",
        "GT100 GT113",
        "unknown|term",
        "grad",
    ),
    imagined(
        "kernel_length_squared_not_cubed",
        squared_exponential,
        squared_exponential_with(2),
        squared_exponential_with(3),
        KERNEL,
        "length",
        "GT116",
        "length",
    ),
    imagined(
        "kernel_first_argument_sign",
        squared_exponential,
        squared_exponential_with(3, -1),
        squared_exponential_with(3),
        KERNEL,
        "a",
        "GT101",
        "sign",
    ),
    imagined(
        "log_det_without_two",
        log_det,
        log_det_with(1, lambda s, m: s @ m),
        log_det_with(2, lambda s, m: s @ m),
        inputs(m="n n"),
        "m",
        "GT102",
        "1/2 times",
        "grad",
    ),
    imagined(
        "log_det_transposed",
        log_det,
        log_det_with(2, lambda s, m: (s @ m).T),
        log_det_with(2, lambda s, m: s @ m),
        inputs(m="n n"),
        "m",
        "GT104",
        "transposed",
        "grad",
    ),
    imagined(
        "quadratic_form_one_side",
        quadratic,
        lambda x, a: (a @ x, np.outer(x, x)),
        lambda x, a: ((a + a.T) @ x, np.outer(x, x)),
        inputs(x="n", a="n n"),
        "x",
        "GT113 GT100",
        "term|unknown",
        "grad",
    ),
    imagined(
        "mixture_weights_sign",
        mixture,
        mixture_weights_free,
        mixture_right,
        inputs(w="n", x="n", sizes={"n": (2, 5)}),
        "w",
        "GT113 GT115 GT100",
        "term|unknown",
        "grad",
    ),
    imagined(
        "softplus_as_relu",
        lambda x: softplus(x),
        lambda g, x: g * (x > 0),
        lambda g, x: g * sigmoid(x),
        inputs(x="n"),
        "x",
        "GT111 GT100",
        "unknown|slope",
    ),
]
