"""The codes of findings, and what each of them means in one line."""

from __future__ import annotations

__all__ = ["CODES"]

#: GT1xx: the gradient is wrong.  GT2xx: it could not be judged.  GT3xx: it does not fit the inputs.
CODES: dict[str, str] = {
    "GT100": "the gradient is wrong; no suspicion was confirmed",
    "GT101": "the sign is flipped",
    "GT102": "it is off by a constant factor",
    "GT103": "it is off by the size of an axis or a count: a mean for a sum, or a sum for a mean",
    "GT104": "it is transposed, or something that enters it is",
    "GT105": "it is zero where the function moves: a path was cut",
    "GT106": "it is NaN or infinite where the function has a derivative",
    "GT107": "a sum over an axis is missing, or goes over the wrong one",
    "GT108": "a mask is missing, or on the wrong side",
    "GT109": "it is the gradient for another input",
    "GT110": "the upstream gradient is ignored, or something else is made of it",
    "GT111": "the slope of an activation is missing, of another function, or taken at the wrong place",
    "GT112": "it is not accumulated: of several uses or outputs one counts",
    "GT113": "a term is missing or too many",
    "GT114": "only the diagonal of the Jacobian is used",
    "GT115": "statistics are held fixed: the gradient through a mean or a deviation is missing",
    "GT116": "a factor that is the value of an input or of the output is missing or too many",
    "GT117": "it does not depend on an input on which the derivative depends",
    "GT118": "it is right along a constraint only (symmetric matrices)",
    "GT119": "it is clipped",
    "GT121": "it is right in kind but has lost digits that its precision could carry",
    "GT122": "the right numbers are in the wrong places: reversed, shifted, in another order",
    "GT123": "it is wrong only for some values or sizes of the inputs",
    "GT124": "it is wrong only at one place: the last entry, the diagonal, ...",
    "GT131": "it is not linear in the upstream gradient: something is clipped, added or dropped",
    "GT132": "the vjp and the jvp that are claimed contradict each other",
    "GT133": "the second derivative that is claimed is not symmetric",
    "GT134": "what is left beside the tangent falls as the step, not as its square",
    "GT135": "it is another one where the arrays lie otherwise in memory",
    "GT201": "not deterministic: the same inputs give different outputs or gradients",
    "GT301": "a gradient has the wrong shape, or there are too many or too few",
    "GT302": "a gradient is missing, or is not made of real numbers",
    "GT303": "a gradient comes in a lower precision than its input and the output have",
    "GT304": "an input is changed in place",
    "GT305": "the same call a second time gives another gradient",
    "GT306": "it is the gradient of another forward pass: a stale cache",
    "GT307": "it is another one where two inputs are the same array",
    "GT308": "a gradient is in memory that something else uses",
    "GT309": "a gradient is overwritten by the next call",
    "GT310": "the target raised an exception",
}
