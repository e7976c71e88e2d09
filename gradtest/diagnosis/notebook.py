"""A report as a notebook shows it: its words and its pictures, in the colours of the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from .pictures import Picture
from .svg import STYLE, caption, svg
from .visible import visible

__all__ = ["as_html"]

#: A notebook has a style of its own for `pre`, in which columns do not stand below each other.
_STYLE = """\
.gradtest { max-width: 60rem; }
div.gradtest pre { margin: 0; padding: 0; color: inherit; background: none;
  white-space: pre; overflow-x: auto;
  font: 13px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.gradtest .headline { margin: 0 0 .3em; font-weight: 600; overflow-wrap: anywhere; }
.gradtest .agrees { color: #1a9c5b; }
.gradtest .disagrees { color: #e0484f; }
.gradtest .undecided { color: #b57a00; }
.gradtest .pictures { display: flex; flex-wrap: wrap; gap: 1em 2em; margin-top: .8em; }
.gradtest figure { margin: 0; flex: 1 1 17rem; max-width: 22rem; }
.gradtest figcaption { font-size: 12px; opacity: .8; overflow-wrap: anywhere; }
"""


def as_html(words: str, verdict: str, pictures: Sequence[Picture]) -> str:
    """Return an element that a notebook shows: the words as they are, and the pictures below.

    Parameters
    ----------
    words : str
        Their first line is the headline.
    verdict : {"agrees", "disagrees", "undecided"}
    pictures : sequence of Picture

    Returns
    -------
    str
        It runs nothing and fetches nothing, and no name in it is markup.
    """
    headline, _, rest = visible(words).partition("\n")
    drawn = "".join(map(_figure, pictures))
    return (
        f'<div class="gradtest"><style>{_STYLE}{STYLE}</style>'
        f'<p class="headline {escape(verdict)}">{escape(headline)}</p>'
        f"<pre>{escape(rest)}</pre>"
        f'<div class="pictures">{drawn}</div></div>'
    )


def _figure(picture: Picture) -> str:
    said = f"{picture.parameter}: {picture.title}; {caption(picture)}"
    return f"<figure>{svg(picture)}<figcaption>{escape(visible(said))}</figcaption></figure>"
