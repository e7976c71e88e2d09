"""Pictures with matplotlib: its object interface alone, so that no window and no global state is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtest.errors import Misuse

from .pictures import Coefficients, Entries, HeatMap, Picture, Remainder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figure"]


def figure(pictures: Sequence[Picture], title: str) -> Figure:
    """Return a figure with a panel for each picture.

    Parameters
    ----------
    pictures : sequence of Picture
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        To be saved with ``savefig``; it belongs to no window.

    Raises
    ------
    Misuse
        If matplotlib is not installed, or there is nothing to draw.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise Misuse(
            "plot() needs matplotlib, which is not installed: pip install gradtest[report]"
        ) from None
    if not pictures:
        raise Misuse(f"there is nothing to draw of {title}: nothing was measured")
    made = Figure(figsize=(4.5 * len(pictures), 4), layout="constrained")
    made.suptitle(f"{title}: {pictures[0].parameter}")
    for axes, picture in zip(np.ravel(made.subplots(1, len(pictures))), pictures, strict=True):
        axes.set_title(picture.title)
        _DRAWN[type(picture)](axes, picture)
    return made


def _coefficients(axes: Any, picture: Coefficients) -> None:
    k = np.arange(len(picture.sizes))
    axes.semilogy(k, np.where(picture.sizes > 0, picture.sizes, np.nan), "o-", markersize=3)
    axes.axhline(picture.plateau, linestyle="--", color="grey", label="plateau: the noise")
    axes.set(xlabel="k", ylabel="|c_k|")
    axes.legend()


def _remainder(axes: Any, picture: Remainder) -> None:
    axes.loglog(picture.steps, np.where(picture.sizes > 0, picture.sizes, np.nan), "o", markersize=3)
    largest = float(np.nanmax(picture.sizes))
    for order in (1, 2):
        axes.loglog(
            picture.steps, largest * (picture.steps / picture.steps[0]) ** order, "--", label=f"t^{order}"
        )
    axes.set(xlabel="t", ylabel=f"|phi(t) - phi(0) - t analytic|, order {picture.order:.2f}")
    axes.legend()


def _entries(axes: Any, picture: Entries) -> None:
    ends = [
        min(picture.numeric.min(), picture.analytic.min()),
        max(picture.numeric.max(), picture.analytic.max()),
    ]
    axes.plot(ends, ends, color="grey", linewidth=1)
    for chosen, style in ((~picture.wrong, "o"), (picture.wrong, "x")):
        axes.errorbar(
            picture.numeric[chosen],
            picture.analytic[chosen],
            xerr=picture.error[chosen],
            fmt=style,
            label=style,
        )
    axes.set(xlabel="numeric", ylabel="analytic")


def _heat_map(axes: Any, picture: HeatMap) -> None:
    image = axes.imshow(picture.off, aspect="auto")
    axes.figure.colorbar(image, ax=axes, label="|analytic - numeric| / largest |numeric|")
    axes.set(xlabel="column", ylabel="row")


_DRAWN: dict[type[Picture], Any] = {
    Coefficients: _coefficients,
    Remainder: _remainder,
    Entries: _entries,
    HeatMap: _heat_map,
}
