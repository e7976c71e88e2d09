"""Mistakes as strangers make them: two sets, each written with what must be said before it was run."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from gradtest import inputs

from .saturation import sigmoid
from .specimen import imagined


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def dense(x, w, b):
    return np.tanh(x @ w + b)


def dense_b(inp, slope=lambda y: 1 - y * y):

    def back(g, x, w, b):
        y = dense(x, w, b)
        d = g * slope(y)
        return (d @ w.T, inp(x, y).T @ d, d.sum(0))

    return back


def lasso(w, x, y, lam):
    r = x @ w - y
    return 0.5 * r @ r + lam * np.abs(w).sum()


def smooth_ce(z, y):
    k = z.shape[1]
    q = 0.9 * np.eye(k)[y] + 0.1 / k
    s = z - z.max(1, keepdims=True)
    return -(q * (s - np.log(np.exp(s).sum(1, keepdims=True)))).sum()


def dropout(x, mask, keep):
    return x * mask / keep


def mlp_drop(x, w1, w2, mask, keep):
    return np.tanh(x @ w1) * mask / keep @ w2


def mlp_drop_b(m):

    def back(g, x, w1, w2, mask, keep):
        h = np.tanh(x @ w1)
        d = g @ w2.T * m(mask, keep) * (1 - h * h)
        a = (h * mask / keep).T @ g
        return (d @ w1.T, x.T @ d, a, None, -(g @ w2.T * h * mask).sum() / keep**2)

    return back


D = inputs(x="b n", w1="n h", w2="h o", mask="h : mask", keep=": (0.25, 0.9)")


def conv2(x, w, sh, sw):
    a, b = w.shape
    H = (x.shape[0] - a) // sh + 1
    W = (x.shape[1] - b) // sw + 1
    return np.array(
        [[(x[i * sh : i * sh + a, j * sw : j * sw + b] * w).sum() for j in range(W)] for i in range(H)]
    )


def conv2_b(swap):

    def back(g, x, w, sh, sw):
        p, q = (sw, sh) if swap else (sh, sw)
        dx = np.zeros_like(x)
        dw = np.zeros_like(w)
        a, b = w.shape
        for i in range(g.shape[0]):
            for j in range(g.shape[1]):
                u = x[i * sh : i * sh + a, j * sw : j * sw + b]
                dw += g[i, j] * u
                s = dx[i * p : i * p + a, j * q : j * q + b]
                s += g[i, j] * w[: s.shape[0], : s.shape[1]]
        return (dx, dw)

    return back


def depthwise(x, w):
    return np.stack([np.convolve(a, k, "valid") for a, k in zip(x, w, strict=True)])


def depthwise_b(pick):

    def back(g, x, w):
        return (
            np.stack([np.convolve(gi, w[pick(c)][::-1]) for c, gi in enumerate(g)]),
            np.stack([np.convolve(a[::-1], gi, "valid") for a, gi in zip(x, g, strict=True)]),
        )

    return back


def maxpool(x):
    return np.array([x[i : i + 3].max() for i in range(len(x) - 2)])


def maxpool_b(put):

    def back(g, x):
        d = np.zeros_like(x)
        for i in range(len(g)):
            put(d, i + x[i : i + 3].argmax(), g[i])
        return d

    return back


def put(d, i, v):
    d[i] = v


def add(d, i, v):
    d[i] += v


def avgpool(x):
    return np.array([x[max(0, i - 1) : i + 2].mean() for i in range(len(x))])


def avgpool_b(full):

    def back(g, x):
        d = np.zeros_like(x)
        for i in range(len(x)):
            s = slice(max(0, i - 1), i + 2)
            d[s] += g[i] / (3 if full else len(x[s]))
        return d

    return back


def group(x, n):
    return x.reshape(x.shape[0], n, -1)


def gn(x, gamma):
    u = group(x, 2)
    c = u - u.mean(2, keepdims=True)
    return (c / np.sqrt((c * c).mean(2, keepdims=True) + 0.01)).reshape(x.shape) * gamma


def gn_b(axis=(2,), gam=None):

    def back(g, x, gamma):
        u = group(x, 2)
        c = u - u.mean(2, keepdims=True)
        s = np.sqrt((c * c).mean(2, keepdims=True) + 0.01)
        n = c / s
        d = group(g * gamma, 2)
        dx = (d - d.mean(axis, keepdims=True) - n * (d * n).mean(axis, keepdims=True)) / s
        return (dx.reshape(x.shape), (g * (n if gam is None else gam(c, n)).reshape(x.shape)).sum(0))

    return back


G6 = inputs(x="b 6", gamma="6")


def bn(x, training):
    m, v = (x.mean(0), x.var(0)) if training else (0.5, 2.0)
    return (x - m) / np.sqrt(v + 0.1)


def bn_b(flag):

    def back(g, x, training):
        if flag(training):
            c = x - x.mean(0)
            s = np.sqrt(x.var(0) + 0.1)
            n = c / s
            return (g - g.mean(0) - n * (g * n).mean(0)) / s
        return g / np.sqrt(2.1)

    return back


def causal(q, k, v):
    s = q @ k.T / np.sqrt(q.shape[1])
    n = len(s)
    s = np.where(np.tril(np.ones((n, n))) > 0, s, -1000000000.0)
    return softmax(s) @ v


def causal_b(masked=True, kscale=True):

    def back(g, q, k, v):
        s = q @ k.T / np.sqrt(q.shape[1])
        n = len(s)
        if masked:
            s = np.where(np.tril(np.ones((n, n))) > 0, s, -1000000000.0)
        p = softmax(s)
        dp = g @ v.T
        ds = p * (dp - (dp * p).sum(1, keepdims=True))
        r = np.sqrt(q.shape[1])
        return (ds @ k / r, ds.T @ q / (r if kscale else 1), p.T @ g)

    return back


A = inputs(q="n d", k="n d", v="n e")


def resatt(x, w):
    return x + softmax(x @ w @ x.T) @ x


def resatt_b(res=1, val=1):

    def back(g, x, w):
        p = softmax(x @ w @ x.T)
        dp = g @ x.T
        ds = p * (dp - (dp * p).sum(1, keepdims=True))
        return (res * g + val * p.T @ g + ds @ x @ w.T + ds.T @ x @ w, x.T @ ds @ x)

    return back


RA = inputs(x="n d", w="d d", sizes={"n": (1, 3), "d": (1, 3)})


def rnn(x, u, h):
    for row in x:
        h = np.tanh(row + h @ u)
    return h


def rnn_b(through):

    def back(g, x, u, h):
        hs = [h]
        for row in x:
            hs.append(np.tanh(row + hs[-1] @ u))
        dx, du = (np.zeros_like(x), np.zeros_like(u))
        for t in range(len(x) - 1, -1, -1):
            d = g * (1 - hs[t + 1] ** 2)
            dx[t] = d
            du += np.outer(hs[t], d)
            g = through(d, u, t, len(x), hs)
        return (dx, du, g)

    return back


R = inputs(x="t n", u="n n", h="n", sizes={"t": (1, 4), "n": (1, 3)})


rnn_right = rnn_b(lambda d, u, t, T, hs: d @ u.T)


def lstm(x, h, c, w):
    z = np.concatenate([x, h]) @ w
    i, f, o, a = np.split(z, 4)
    c2 = sigmoid(f) * c + sigmoid(i) * np.tanh(a)
    return (sigmoid(o) * np.tanh(c2), c2)


def lstm_b(cf=lambda f: f, df=lambda f: f * (1 - f), oc=1, da=lambda a: 1 - a * a):

    def back(gs, x, h, c, w):
        gh, gc = gs
        z = np.concatenate([x, h]) @ w
        i, f, o, a = np.split(z, 4)
        i, f, o, a = (sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(a))
        c2 = f * c + i * a
        t = np.tanh(c2)
        dc = gc + gh * o * (1 - t * t) * oc
        dz = np.concatenate([dc * a * i * (1 - i), dc * c * df(f), gh * t * o * (1 - o), dc * i * da(a)])
        d = w @ dz
        return (d[: len(x)], d[len(x) :], dc * cf(f), np.outer(np.concatenate([x, h]), dz))

    return back


@st.composite
def LS(draw):
    n, k = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
    return draw(inputs(x=f"{k}", h=f"{n}", c=f"{n}", w=f"{k + n} {4 * n}"))


def gru(x, h, wz, wr, wn, uz, ur, un):
    z, r = (sigmoid(x @ wz + h @ uz), sigmoid(x @ wr + h @ ur))
    n = np.tanh(x @ wn + r * h @ un)
    return (1 - z) * n + z * h


def gru_b(carry=lambda z: z, reset=1, mix=lambda n, h: h - n):

    def back(g, x, h, wz, wr, wn, uz, ur, un):
        z, r = (sigmoid(x @ wz + h @ uz), sigmoid(x @ wr + h @ ur))
        n = np.tanh(x @ wn + r * h @ un)
        dn = g * (1 - z) * (1 - n * n)
        dz = g * mix(n, h) * z * (1 - z)
        drh = dn @ un.T
        dr = drh * h * r * (1 - r)
        dh = g * carry(z) + reset * drh * r + dz @ uz.T + dr @ ur.T
        dx = dn @ wn.T + dz @ wz.T + dr @ wr.T
        return (
            dx,
            dh,
            np.outer(x, dz),
            np.outer(x, dr),
            np.outer(x, dn),
            np.outer(h, dz),
            np.outer(h, dr),
            np.outer(r * h, dn),
        )

    return back


GR = inputs(
    x="k", h="n", wz="k n", wr="k n", wn="k n", uz="n n", ur="n n", un="n n", sizes={"k": (1, 2), "n": (1, 3)}
)


def huber(r, delta):
    return np.where(np.abs(r) <= delta, 0.5 * r * r, delta * (np.abs(r) - 0.5 * delta)).sum()


def huber_d(r, delta):
    return np.where(np.abs(r) <= delta, 0, np.abs(r) - delta).sum()


def smooth_l1(p, y, beta):
    r = p - y
    a = np.abs(r)
    return np.where(a < beta, 0.5 * r * r / beta, a - 0.5 * beta).mean()


def bce(z, y, pos):
    return (pos * y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)).mean()


def wce(z, y, w):
    s = z - z.max(1, keepdims=True)
    loss = np.log(np.exp(s).sum(1)) - s[np.arange(len(y)), y]
    return (w[y] * loss).sum() / w[y].sum()


def wce_b(norm):

    def back(z, y, w):
        d = softmax(z) - np.eye(z.shape[1])[y]
        return w[y][:, None] * d / norm(w[y])

    return back


def lsm(z):
    s = z - z.max(1, keepdims=True)
    return s - np.log(np.exp(s).sum(1, keepdims=True))


def elu(x):
    return np.where(x > 0, x, 0.5 * np.expm1(np.minimum(x, 0)))


def hswish(x):
    return x * np.clip(x + 3, 0, 6) / 6


def swiglu(a, b):
    return a * sigmoid(a) * b


def pdist(x):
    return ((x[:, None] - x) ** 2).sum(-1)


def masked_mean(x, mask):
    return (x * mask).sum() / max(1, mask.sum())


def topk(x):
    return np.sort(x)[::-1][:2]


def _top(g, x):
    d = np.zeros_like(x)
    d[np.argsort(x)[::-1][:2]] = g
    return d


def median(x):
    return np.median(x)


def med(x, half):
    d = np.zeros_like(x)
    o = np.argsort(x)
    n = len(x)
    if n % 2:
        d[o[n // 2]] = 1
    else:
        d[o[n // 2]] = d[o[n // 2 - 1]] = half
    return d


def scatter_mean(x, ids):
    s, c = (np.zeros(3), np.zeros(3))
    np.add.at(s, ids, x)
    np.add.at(c, ids, 1)
    return s / np.maximum(c, 1)


def _edge(g, x):
    d = g[2:-2].copy()
    d[0] += g[:2].sum()
    d[-1] += g[-2:].sum()
    return d


def tweedie(f, y):
    return (
        (-y * np.exp(-0.5 * f) / -0.5 * -1 + np.exp(0.5 * f) / 0.5).sum()
        if False
        else (2 * y * np.exp(-0.5 * f) + 2 * np.exp(0.5 * f)).sum()
    )


def _rot(x, t):
    c, s = (np.cos(t), np.sin(t))
    return np.stack([x[:, 0] * c - x[:, 1] * s, x[:, 0] * s + x[:, 1] * c], 1)


def lerp(grid, u):
    i = np.floor(u).astype(int)
    f = u - i
    return grid[i] * (1 - f) + grid[i + 1] * f


def lerp_b(swap):

    def back(g, grid, u):
        i = np.floor(u).astype(int)
        f = u - i
        d = np.zeros_like(grid)
        p, q = (f, 1 - f) if swap else (1 - f, f)
        np.add.at(d, i, g * p)
        np.add.at(d, i + 1, g * q)
        return (d, g * (grid[i + 1] - grid[i]))

    return back


def convt(x, w, stride):
    y = np.zeros((len(x) - 1) * stride + len(w))
    for i, v in enumerate(x):
        y[i * stride : i * stride + len(w)] += v * w
    return y


def convt_b(s):

    def back(g, x, w, stride):
        t = s(stride)
        dx = np.array([(g[i * t : i * t + len(w)] * w).sum() for i in range(len(x))])
        dw = sum((v * g[i * stride : i * stride + len(w)] for i, v in enumerate(x)))
        return (dx, dw)

    return back


def ln(x, eps):
    c = x - x.mean(1, keepdims=True)
    return c / np.sqrt((c * c).mean(1, keepdims=True) + eps)


def ln_b(e):

    def back(g, x, eps):
        c = x - x.mean(1, keepdims=True)
        v = (c * c).mean(1, keepdims=True)
        s = np.sqrt(v + e(eps))
        n = c / s
        dx = (g - g.mean(1, keepdims=True) - n * (g * n).mean(1, keepdims=True)) / s
        return (dx, -0.5 * (g * c / (v + eps) ** 1.5).sum())

    return back


def dice(p, t):
    return 1 - 2 * (p * t).sum() / (p.sum() + t.sum())


def tv(p, t, a, b):
    i = (p * t).sum()
    return i / (i + a * (p * (1 - t)).sum() + b * ((1 - p) * t).sum())


def tv_b(swap):

    def grad(p, t, a, b):
        A, B = (b, a) if swap else (a, b)
        i = (p * t).sum()
        d = i + a * (p * (1 - t)).sum() + b * ((1 - p) * t).sum()
        return t / d - i * (t + A * (1 - t) - B * t) / d**2

    return grad


def nce(q, k):
    s = q @ k.T
    return -(np.diag(s) - np.log(np.exp(s - s.max()).sum(1)) - s.max()).sum()


def rnnb(x, u, b):
    h = np.zeros(len(b))
    for r in x:
        h = np.tanh(r + h @ u + b)
    return h


def rnnb_b(last=False, slope=True):

    def back(g, x, u, b):
        hs = [np.zeros(len(b))]
        for r in x:
            hs.append(np.tanh(r + hs[-1] @ u + b))
        dx, du, db = (np.zeros_like(x), np.zeros_like(u), np.zeros_like(b))
        for t in range(len(x) - 1, -1, -1):
            d = g * (1 - hs[t + 1] ** 2) if slope or t == len(x) - 1 else g
            dx[t] = d
            du += np.outer(hs[t], d)
            db = d + (0 if last else db)
            g = d @ u.T
        return (dx, du, db)

    return back


RB = inputs(x="t n", u="n n", b="n", sizes={"t": (1, 4), "n": (1, 3)})


def bidir(x):
    return np.tanh(np.cumsum(x, 0)) + np.tanh(np.cumsum(x[::-1], 0))[::-1]


def bidir_b(rev):

    def back(g, x):
        a = 1 - np.tanh(np.cumsum(x, 0)) ** 2
        b = 1 - np.tanh(np.cumsum(x[::-1], 0)) ** 2
        f = np.cumsum((g * a)[::-1], 0)[::-1]
        r = np.cumsum((g[::-1] * b)[::-1], 0)[::-1]
        return f + (r[::-1] if rev else r)

    return back


def lrn(x):
    return x / (1 + (x * x).sum(-1, keepdims=True)) ** 0.75


def segsm(x, ids):
    e = np.exp(x - x.max())
    s = np.zeros(3)
    np.add.at(s, ids, e)
    return e / s[ids]


def segsm_b(glob):

    def back(g, x, ids):
        p = segsm(x, ids)
        s = np.zeros(3)
        np.add.at(s, ids, g * p)
        return p * (g - ((g * p).sum() if glob else s[ids]))

    return back


def _in(g, v, u, s):
    d = np.zeros(len(v) + 1)
    i = np.floor(u).astype(int)
    f = u - i
    np.add.at(d, i + s, g * (1 - f))
    np.add.at(d, i + 1 + s, g * f)
    return d[: len(v)]


def cox(eta):
    return sum(eta[i] - np.log(np.exp(eta[i:]).sum()) for i in range(len(eta)))


def cox_b(eta, own=False):
    d = np.ones(len(eta))
    for i in range(len(eta)):
        w = np.exp(eta[i:])
        p = w / w.sum()
        if own:
            d[i] -= p[0]
        else:
            d[i:] -= p
    return d


def ws(x):
    return x * x.sum()


SPECIMENS = [
    imagined(
        "dense_weight_by_the_output",
        dense,
        dense_b(lambda x, y: y),
        dense_b(lambda x, y: x),
        inputs(x="b n", w="n n", b="n"),
        "w",
        "GT113",
        "output",
    ),
    imagined(
        "l1_penalty_without_sign",
        lasso,
        lambda w, x, y, lam: x.T @ (x @ w - y) + lam,
        lambda w, x, y, lam: x.T @ (x @ w - y) + lam * np.sign(w),
        inputs(w="d", x="n d", y="n", lam=": (0.1, 1)"),
        "w",
        "GT123",
        "w is negative",
        "grad",
    ),
    imagined(
        "label_smoothing_forgotten",
        smooth_ce,
        lambda z, y: softmax(z) - np.eye(z.shape[1])[y],
        lambda z, y: softmax(z) - 0.9 * np.eye(z.shape[1])[y] - 0.1 / z.shape[1],
        inputs(z="n k", y="n : labels k", sizes={"k": (2, 4)}),
        "z",
        "GT113 GT115",
        "term|constant|off by",
        "grad",
    ),
    imagined(
        "dropout_applied_twice",
        dropout,
        lambda g, x, mask, keep: (g * mask / keep**2, None, -(g * x * mask).sum() / keep**2),
        lambda g, x, mask, keep: (g * mask / keep, None, -(g * x * mask).sum() / keep**2),
        inputs(x="n", mask="n : mask", keep=": (0.25, 0.9)"),
        "x",
        "GT116",
        "keep",
    ),
    imagined(
        "hidden_dropout_mask_forgotten",
        mlp_drop,
        mlp_drop_b(lambda m, k: 1 / k),
        mlp_drop_b(lambda m, k: m / k),
        D,
        "w1",
        "GT108 GT117",
        "mask|does not move",
    ),
    imagined(
        "hidden_dropout_scale_forgotten",
        mlp_drop,
        mlp_drop_b(lambda m, k: m),
        mlp_drop_b(lambda m, k: m / k),
        D,
        "w1",
        "GT116",
        "keep",
    ),
    imagined(
        "conv2d_strides_swapped",
        conv2,
        conv2_b(True),
        conv2_b(False),
        inputs(x="5 5", w="k k", sh=st.integers(1, 2), sw=st.integers(1, 2), sizes={"k": (1, 3)}),
        "x",
        "GT123",
        "sh is not sw",
    ),
    imagined(
        "depthwise_kernel_of_the_first_channel",
        depthwise,
        depthwise_b(lambda c: 0),
        depthwise_b(lambda c: c),
        inputs(x="c n", w="c 2", sizes={"c": (1, 3), "n": (3, 5)}),
        "x",
        "GT123 GT124",
        "x.shape[0] > 1|slice along axis 0",
    ),
    imagined(
        "max_pool_overlap_overwrites",
        maxpool,
        maxpool_b(put),
        maxpool_b(add),
        inputs(x="n", sizes={"n": (3, 7)}),
        "x",
        "GT112",
        "accumulated",
    ),
    imagined(
        "average_pool_counts_the_padding",
        avgpool,
        avgpool_b(True),
        avgpool_b(False),
        inputs(x="n", sizes={"n": (2, 8)}),
        "x",
        "GT123 GT124 GT116",
        "x.shape|entry|ends",
    ),
    imagined("group_norm_means_over_all_groups", gn, gn_b((1, 2)), gn_b(), G6, "x", "GT115", "axis 1"),
    imagined(
        "batch_norm_trains_in_evaluation",
        bn,
        bn_b(lambda t: True),
        bn_b(lambda t: t),
        inputs(x="n k", training=st.booleans(), sizes={"n": (2, 5)}),
        "x",
        "GT123",
        "training is false",
    ),
    imagined(
        "causal_mask_forgotten_in_backward",
        causal,
        causal_b(False),
        causal_b(),
        A,
        "q",
        "GT123 GT108 GT124",
        "q.shape[0] > 1|mask|slice",
    ),
    imagined(
        "residual_of_attention_forgotten",
        resatt,
        resatt_b(0),
        resatt_b(),
        RA,
        "x",
        "GT113",
        "upstream gradient",
    ),
    imagined(
        "self_attention_value_path_forgotten",
        resatt,
        resatt_b(1, 0),
        resatt_b(),
        RA,
        "x",
        "GT113 GT124",
        "to itself|term",
    ),
    imagined(
        "rnn_truncated_after_two_steps",
        rnn,
        rnn_b(lambda d, u, t, T, hs: d @ u.T * (t > T - 2)),
        rnn_right,
        R,
        "u",
        "GT123 GT124 GT105",
        "x.shape[0]",
    ),
    imagined(
        "lstm_cell_not_forgotten",
        lstm,
        lstm_b(cf=lambda f: 1),
        lstm_b(),
        LS(),
        "c",
        "GT116 GT111",
        "factor|slope",
    ),
    imagined(
        "lstm_forget_gate_without_slope",
        lstm,
        lstm_b(df=lambda f: 1),
        lstm_b(),
        LS(),
        "w",
        "GT124",
        "the second of 4",
    ),
    imagined(
        "gru_carry_inverted",
        gru,
        gru_b(carry=lambda z: 1 - z),
        gru_b(),
        GR,
        "h",
        "GT113 GT124",
        "to itself|term",
    ),
    imagined("gru_reset_path_forgotten", gru, gru_b(reset=0), gru_b(), GR, "h", "GT113", "term|path"),
    imagined(
        "huber_delta_forgotten",
        huber,
        lambda r, delta: (np.where(np.abs(r) <= delta, r, np.sign(r)), huber_d(r, delta)),
        lambda r, delta: (np.clip(r, -delta, delta), huber_d(r, delta)),
        inputs(r="n", delta=": (0.2, 3)"),
        "r",
        "GT123 GT116 GT119",
        "delta|large|abs(r)",
        "grad",
    ),
    imagined(
        "smooth_l1_beta_forgotten",
        lambda p, y: smooth_l1(p, y, 0.5),
        lambda p, y: np.where(np.abs(p - y) < 0.5, p - y, np.sign(p - y)) / p.size,
        lambda p, y: np.clip((p - y) / 0.5, -1, 1) / p.size,
        inputs(p="n : (-1, 1)", y="n : (-1, 1)"),
        "p",
        "GT123 GT102",
        "1/2|only where",
        "value_and_grad" if False else "grad",
    ),
    imagined(
        "positive_weight_forgotten",
        lambda z, y, pos: bce(z, y, pos),
        lambda z, y, pos: (sigmoid(z) - y) / z.size,
        lambda z, y, pos: ((1 - y) * sigmoid(z) - pos * y * sigmoid(-z)) / z.size,
        inputs(z="n", y="n : {0, 1}", pos=st.sampled_from([0.5, 1.0, 2.0, 3.0])),
        "z",
        "GT117 GT123",
        "pos|y",
        "grad",
    ),
    imagined(
        "class_weights_divided_by_the_batch",
        lambda z, y: wce(z, y, np.array([0.5, 1.0, 2.0])),
        lambda z, y: wce_b(len)(z, y, np.array([0.5, 1.0, 2.0])),
        lambda z, y: wce_b(np.sum)(z, y, np.array([0.5, 1.0, 2.0])),
        inputs(z="n 3", y="n : labels 3"),
        "z",
        "GT116",
        "another in each case",
        "grad",
    ),
    imagined(
        "log_softmax_sums_over_the_wrong_axis",
        lsm,
        lambda g, z: g - softmax(z) * g.sum(0, keepdims=True),
        lambda g, z: g - softmax(z) * g.sum(1, keepdims=True),
        inputs(z="n n"),
        "z",
        "GT107 GT115",
        "axis|exp(output)",
    ),
    imagined(
        "elu_slope_is_the_output",
        elu,
        lambda g, x: g * np.where(x > 0, 1, elu(x)),
        lambda g, x: g * np.where(x > 0, 1, elu(x) + 0.5),
        inputs(x="n"),
        "x",
        "GT123 GT111 GT113",
        "negative|output",
    ),
    imagined(
        "hard_swish_not_clipped_above",
        hswish,
        lambda g, x: g * np.where(x < -3, 0, (2 * x + 3) / 6),
        lambda g, x: g * np.where(x < -3, 0, np.where(x > 3, 1, (2 * x + 3) / 6)),
        inputs(x="n"),
        "x",
        "GT123",
        "larger|large",
    ),
    imagined(
        "swiglu_gate_slope_of_sigmoid",
        swiglu,
        lambda g, a, b: (g * b * sigmoid(a) * (1 - sigmoid(a)), g * a * sigmoid(a)),
        lambda g, a, b: (g * b * (sigmoid(a) + a * sigmoid(a) * (1 - sigmoid(a))), g * a * sigmoid(a)),
        inputs(a="n", b="n"),
        "a",
        "GT111 GT113",
        "slope|term",
    ),
    imagined(
        "batched_product_first_of_the_batch",
        lambda a, b: a @ b,
        lambda g, a, b: ((g @ b.swapaxes(1, 2))[0], a.T @ g),
        lambda g, a, b: ((g @ b.swapaxes(1, 2)).sum(0), a.T @ g),
        inputs(a="n k", b="b k m"),
        "a",
        "GT107 GT112",
        "first",
    ),
    imagined(
        "pairwise_distances_rows_only",
        pdist,
        lambda g, x: 2 * (g[..., None] * (x[:, None] - x)).sum(1),
        lambda g, x: 2 * ((g + g.T)[..., None] * (x[:, None] - x)).sum(1),
        inputs(x="n d"),
        "x",
        "GT112 GT113 GT107",
        "use|term|path",
    ),
    imagined(
        "logsumexp_over_the_wrong_axis",
        lambda z: np.log(np.exp(z - z.max()).sum(1)) + z.max(),
        lambda g, z: g[:, None] * softmax(z, 0),
        lambda g, z: g[:, None] * softmax(z, 1),
        inputs(z="n n"),
        "z",
        "GT107 GT100",
        "axis",
    ),
    imagined(
        "masked_mean_divided_by_all",
        masked_mean,
        lambda x, mask: mask / x.size,
        lambda x, mask: mask / max(1, mask.sum()),
        inputs(x="n", mask="n : mask"),
        "x",
        "GT103",
        "mask",
        "grad",
    ),
    imagined(
        "sample_variance_divided_by_n",
        lambda x: x.var(ddof=1),
        lambda x: 2 * (x - x.mean()) / x.size,
        lambda x: 2 * (x - x.mean()) / (x.size - 1),
        inputs(x="n", sizes={"n": (2, 6)}),
        "x",
        "GT103",
        "x.shape[0]",
        "grad",
    ),
    imagined(
        "row_maximum_of_the_whole",
        lambda x: x.max(1),
        lambda g, x: g[:, None] * (x == x.max()),
        lambda g, x: g[:, None] * (np.arange(x.shape[1]) == x.argmax(1)[:, None]),
        inputs(x="n m"),
        "x",
        "GT105",
        "zero in places",
    ),
    imagined(
        "cumsum_along_the_wrong_axis",
        lambda x: np.cumsum(x, 1),
        lambda g, x: np.flip(np.cumsum(np.flip(g, 0), 0), 0),
        lambda g, x: np.flip(np.cumsum(np.flip(g, 1), 1), 1),
        inputs(x="n m"),
        "x",
        "GT107 GT104",
        "axis",
    ),
    imagined(
        "top_two_to_the_first_places",
        topk,
        lambda g, x: np.concatenate([g, np.zeros(len(x) - 2)]),
        lambda g, x: _top(g, x),
        inputs(x="n", sizes={"n": (2, 6)}),
        "x",
        "GT122 GT108",
        "order|places|entries are",
    ),
    imagined(
        "median_of_an_even_number_not_halved",
        median,
        lambda x: med(x, 1.0),
        lambda x: med(x, 0.5),
        inputs(x="n", sizes={"n": (2, 6)}),
        "x",
        "GT102 GT123",
        "2 times|even",
        "grad",
    ),
    imagined(
        "scatter_mean_not_divided",
        scatter_mean,
        lambda g, x, ids: g[ids],
        lambda g, x, ids: (g / np.maximum(np.bincount(ids, minlength=3), 1))[ids],
        inputs(x="n", ids="n : labels 3"),
        "x",
        "GT123",
        "repeats",
    ),
    imagined(
        "concatenation_split_in_the_middle",
        lambda a, b: np.tanh(np.concatenate([a, b])),
        lambda g, a, b: (
            (g * (1 - np.tanh(np.concatenate([a, b])) ** 2))[-len(a) :],
            (g * (1 - np.tanh(np.concatenate([a, b])) ** 2))[-len(b) :],
        ),
        lambda g, a, b: (g[: len(a)] * (1 - np.tanh(a) ** 2), g[len(a) :] * (1 - np.tanh(b) ** 2)),
        inputs(a="n", b="m"),
        "a",
        "GT122",
        "outputs that it does not reach",
    ),
    imagined(
        "edge_padding_dropped",
        lambda x: np.pad(x, 2, "edge"),
        lambda g, x: g[2:-2],
        lambda g, x: _edge(g, x),
        inputs(x="n"),
        "x",
        "GT112 GT124",
        "use|entry|first|last",
    ),
    imagined(
        "tweedie_exponents_swapped",
        tweedie,
        lambda f, y: -y * np.exp(0.5 * f) + np.exp(-0.5 * f),
        lambda f, y: -y * np.exp(-0.5 * f) + np.exp(0.5 * f),
        inputs(f="n", y="n : positive"),
        "f",
        "GT122",
        "as if f were negated",
        "grad",
    ),
    imagined(
        "rotary_rotated_the_same_way",
        lambda x, t: _rot(x, t),
        lambda g, x, t: (_rot(g, t), (g * _rot(x, t + np.pi / 2)).sum(1)),
        lambda g, x, t: (_rot(g, -t), (g * _rot(x, t + np.pi / 2)).sum(1)),
        inputs(x="n 2", t="n"),
        "x",
        "GT104",
        "untransposed|transposed",
    ),
    imagined(
        "interpolation_weights_swapped",
        lerp,
        lerp_b(True),
        lerp_b(False),
        inputs(grid="5", u="n : (0.1, 3.9)"),
        "grid",
        "GT111 GT122 GT100",
        "swapped|sum is right",
    ),
    imagined(
        "transposed_convolution_stride_ignored",
        convt,
        convt_b(lambda s: 1),
        convt_b(lambda s: s),
        inputs(x="n", w="k", stride=st.integers(1, 3), sizes={"n": (1, 4), "k": (1, 3)}),
        "x",
        "GT123",
        "stride",
    ),
    imagined(
        "layer_norm_epsilon_forgotten",
        ln,
        ln_b(lambda e: 1e-12),
        ln_b(lambda e: e),
        inputs(x="b n", eps=": (0.1, 1)", sizes={"n": (2, 4)}),
        "x",
        "GT117",
        "eps",
    ),
    imagined(
        "dice_denominator_held_fixed",
        dice,
        lambda p, t: -2 * t / (p.sum() + t.sum()),
        lambda p, t: -2 * t / (p.sum() + t.sum()) + 2 * (p * t).sum() / (p.sum() + t.sum()) ** 2,
        inputs(p="n : (0.1, 0.9)", t="n : {0, 1}"),
        "p",
        "GT115 GT113",
        "constant",
        "grad",
    ),
    imagined(
        "tversky_weights_swapped",
        lambda p, t: tv(p, t, 0.3, 0.7),
        lambda p, t: tv_b(True)(p, t, 0.3, 0.7),
        lambda p, t: tv_b(False)(p, t, 0.3, 0.7),
        inputs(p="n : (0.1, 0.9)", t="n : {0, 1}"),
        "p",
        "GT113",
        "constant",
        "grad",
    ),
    imagined(
        "contrastive_negatives_forgotten",
        nce,
        lambda q, k: (-k, -q),
        lambda q, k: ((softmax(q @ k.T) - np.eye(len(q))) @ k, (softmax(q @ k.T) - np.eye(len(q))).T @ q),
        inputs(q="n d", k="n d"),
        "q",
        "GT117 GT113",
        "depend|term",
        "grad",
    ),
    imagined(
        "recurrent_bias_of_the_first_step",
        rnnb,
        rnnb_b(True),
        rnnb_b(),
        RB,
        "b",
        "GT112 GT123",
        "accumulated|x.shape[0] > 1",
    ),
    imagined(
        "recurrent_slope_only_at_the_last_step",
        rnnb,
        rnnb_b(False, False),
        rnnb_b(),
        RB,
        "x",
        "GT124 GT123",
        "last slice|x.shape[0] > 1|only",
    ),
    imagined(
        "backward_direction_not_turned_back",
        bidir,
        bidir_b(False),
        bidir_b(True),
        inputs(x="t n"),
        "x",
        "GT123",
        "x.shape[0] > 1",
    ),
    imagined(
        "response_norm_cross_term_forgotten",
        lrn,
        lambda g, x: g / (1 + (x * x).sum(-1, keepdims=True)) ** 0.75,
        lambda g, x: (
            g / (1 + (x * x).sum(-1, keepdims=True)) ** 0.75
            - 1.5 * x * (g * x).sum(-1, keepdims=True) / (1 + (x * x).sum(-1, keepdims=True)) ** 1.75
        ),
        inputs(x="b n"),
        "x",
        "GT115",
        "multiple of",
    ),
    imagined(
        "channel_slope_summed_over_channels",
        lambda x, a: np.where(x > 0, x, a * x),
        lambda g, x, a: (g * np.where(x > 0, 1, a), (g * np.minimum(x, 0)).sum(1)),
        lambda g, x, a: (g * np.where(x > 0, 1, a), (g * np.minimum(x, 0)).sum(0)),
        inputs(x="n n", a="n", sizes={"n": (2, 4)}),
        "a",
        "GT107",
        "axis",
    ),
    imagined(
        "clip_open_above",
        lambda x, lo, hi: np.clip(x, lo, hi),
        lambda g, x, lo, hi: (g * (x > lo), (g * (x < lo)).sum(), (g * (x > hi)).sum()),
        lambda g, x, lo, hi: (g * (x > lo) * (x < hi), (g * (x < lo)).sum(), (g * (x > hi)).sum()),
        inputs(x="n", lo=": (-2, -0.5)", hi=": (0.5, 2)"),
        "x",
        "GT108 GT123",
        "does not move|hi",
    ),
    imagined(
        "segment_softmax_sums_over_all",
        segsm,
        segsm_b(True),
        segsm_b(False),
        inputs(x="n", ids="n : labels 3"),
        "x",
        "GT124",
        "to others",
    ),
    imagined(
        "atan2_denominator_not_squared",
        lambda y, x: np.arctan2(y, x),
        lambda g, y, x: (g * x / np.hypot(x, y), -g * y / np.hypot(x, y)),
        lambda g, y, x: (g * x / (x * x + y * y), -g * y / (x * x + y * y)),
        inputs(y="n : positive", x="n : positive"),
        "y",
        "GT116",
        "factor",
    ),
    imagined(
        "spline_values_shifted_by_one",
        lambda v, u: np.interp(u, np.arange(len(v)), v),
        lambda g, v, u: (_in(g, v, u, 1), None),
        lambda g, v, u: (_in(g, v, u, 0), None),
        inputs(v="6", u="n : (0.1, 3.9)"),
        "v",
        "GT122",
        "shifted|sum is right",
    ),
    imagined(
        "risk_set_of_one",
        cox,
        lambda eta: cox_b(eta, True),
        cox_b,
        inputs(eta="n : (-2, 2)"),
        "eta",
        "GT124 GT123 GT113",
        "first entry|eta.shape[0]|term",
        "grad",
    ),
    imagined(
        "complex_energy_halved",
        lambda z: (z * np.conj(z)).real.sum(),
        lambda z: z,
        lambda z: 2 * z,
        inputs(z="n : complex"),
        "z",
        "GT102",
        "1/2",
        "grad",
    ),
    imagined(
        "complex_phase_sign",
        lambda z, w: (np.conj(w) * z).real.sum(),
        lambda z, w: (-w, z),
        lambda z, w: (w, z),
        inputs(z="n : complex", w="n : complex"),
        "z",
        "GT101",
        "sign",
        "grad",
    ),
    imagined(
        "sum_path_overwrites_the_direct_one",
        ws,
        lambda g, x: np.full_like(x, (g * x).sum()),
        lambda g, x: g * x.sum() + (g * x).sum(),
        inputs(x="n"),
        "x",
        "GT113 GT124 GT112",
        "term|itself|use",
    ),
    imagined(
        "direct_path_overwrites_the_sum",
        ws,
        lambda g, x: g * x.sum(),
        lambda g, x: g * x.sum() + (g * x).sum(),
        inputs(x="n"),
        "x",
        "GT115 GT113 GT114 GT112",
        "constant|diagonal|use",
    ),
]
