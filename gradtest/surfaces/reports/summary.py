"""What a run came to, in a sentence and some figures: the same words in every report.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..table import mutants_text, number_text, seconds_text
from .document import Checked, Counts, Document

__all__ = ["VERDICTS", "conclusion", "counted", "figures", "verdicts_of"]

#: So many mutants that were not caught are named; `--mutants` names all.
MOST_BLIND = 2

#: Every verdict, and how one target and how several are said to have it.
VERDICTS = {
    "agrees": ("agrees", "agree"),
    "disagrees": ("disagrees", "disagree"),
    "known": ("is known to disagree", "are known to disagree"),
    "skipped": ("is skipped", "are skipped"),
    "misfit": ("does not fit its inputs", "do not fit their inputs"),
    "misused": ("cannot be checked", "cannot be checked"),
    "crashed": ("made gradtest fail", "made gradtest fail"),
    "undecided": ("is undecided", "are undecided"),
    "stopped": ("was stopped", "were stopped"),
    "waiting": ("was not reached", "were not reached"),
}


def verdicts_of(document: Document) -> Counter[str]:
    """Return how many targets have each verdict."""
    return Counter(one.verdict for one in document.targets)


def conclusion(document: Document) -> str:
    """Return the sentence that counts verdicts."""
    if isinstance(document.misuse, str):
        return f"Nothing was checked: {document.misuse}"
    verdicts, total = verdicts_of(document), len(document.targets)
    parts = [f"{verdicts[word]} {VERDICTS[word][verdicts[word] != 1]}" for word in VERDICTS if verdicts[word]]
    if len(parts) == 1 and total > 1:
        many = parts[0].split(" ", 1)[1]
        text = f"All {total} derivatives {many}."
    else:
        many = f"{counted(total, 'derivative')}: {', '.join(parts)}."
        text = many if total > 1 else f"The derivative {parts[0][2:]}." if parts else "Nothing was checked."
    return f"Interrupted. {text}" if document.interrupted else text


def counted(number: int, noun: str) -> str:
    """Return a number of things.

    >>> counted(1, "case"), counted(1200, "case")
    ('1 case', '1,200 cases')
    """
    return f"{number_text(number)} {noun}" + ("" if number == 1 else "s")


def figures(document: Document) -> Iterator[tuple[str, str]]:
    """Yield what was counted, measured and spent, each with its label."""
    targets = document.targets
    if sum(one.cases for one in targets):
        yield "cases", _cases(targets)
    sharp = sorted(float(resolution) for one in targets for resolution in one.resolutions)
    if sharp:
        half, worst = sharp[(len(sharp) - 1) // 2], sharp[-1]
        meaning = "a gradient off by that share would be seen"
        yield "resolution", f"{half:.0e} in half of the cases, {worst:.0e} at worst: {meaning}"
    mutants = ((one.name, one.mutants) for one in targets)
    text, blind = mutants_text((name, m.caught, m.total, m.blind) for name, m in mutants)
    if text:
        more = f"; and {len(blind) - MOST_BLIND} more" if len(blind) > MOST_BLIND else ""
        not_caught = f"; not caught: {'; '.join(blind[:MOST_BLIND])}{more}" if blind else ""
        yield "mutants", f"caught {text} wrong versions of these gradients{not_caught}"
    asked = [method for method in document.opinions if any(method in one.opinions for one in targets)]
    if asked:
        yield "opinions", "; ".join(_opinion(targets, method) for method in asked)
    evaluations = counted(sum(one.evaluations for one in targets), "evaluation")
    yield "cost", f"{evaluations}, {seconds_text(document.seconds)}"


def _cases(targets: Sequence[Checked]) -> str:
    undecided, nearby = sum(one.undecided for one in targets), sum(one.nearby for one in targets)
    cases = number_text(sum(one.cases for one in targets))
    text = f"{cases}, {number_text(undecided) if undecided else 'none'} undecided"
    return text + (f"; {nearby} at a kink or the like, judged at a generic point nearby" if nearby else "")


def _opinion(targets: Sequence[Checked], method: str) -> str:
    said: list[Counts] = [one.opinions[method] for one in targets if method in one.opinions]
    cases, agrees = sum(counts.cases for counts in said), sum(counts.agrees for counts in said)
    disagrees = sum(counts.disagrees for counts in said)
    return f"{method} agrees in {number_text(agrees)} of {number_text(cases)} and disagrees in {disagrees}"
