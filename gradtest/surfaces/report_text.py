"""What a campaign came to, in words: the same on a terminal, in a log, without colour.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gradtest.diagnosis.report import TEXT_AT, also_rows, message

from .lines import Line, Piece, cells, fill
from .table import mutants_text, number_text, seconds_text

if TYPE_CHECKING:
    from gradtest.campaign import Campaign, Plan, Result
    from gradtest.diagnosis.evidence import Finding
    from gradtest.properties.tally import Tally

__all__ = ["findings", "opening", "summary"]

#: So many mutants that were not caught are named; `--mutants` names all.
MOST_BLIND = 2


def opening(place: str, count: int, plan: Plan, version: str, width: int | None) -> list[Line]:
    """Return the first lines: what is about to be checked, and by what."""
    targets = _count(count, "derivative")
    cases = f"{_count(plan.max_examples, 'case')}{' each' if count > 1 else ''}"
    beside = f", second opinions: {' and '.join(plan.opinions)}" if plan.opinions else ""
    text = f"gradtest {version} checks {place}: {targets}, {cases}; method: {plan.settings.method}{beside}"
    return [(Piece(line, "strong" if not i else ""),) for i, line in enumerate(fill(text, width, "", "  "))]


def _count(number: int, noun: str) -> str:
    return f"{number_text(number)} {noun}" + ("" if number == 1 else "s")


# -- findings -------------------------------------------------------------------------------------


def findings(campaign: Campaign, options: list[str], width: int | None) -> Iterator[Line]:
    """Yield what was found, target after target; `options` belong to the command that finds it again."""
    for result in campaign.results:
        if result.findings and result.verdict != "known":  # the table says why that one is accepted
            yield ()
            yield from _finding(result.findings[0], width)
            yield from _extra(result, options, width)
        for method, contradiction in result.contradictions.items():
            yield ()
            yield from _lines(
                f"{result.name}: this is what {method} says, and it does not decide:", width, "doubtful"
            )
            yield from _finding(contradiction.finding, width, "")
        if result.crash:
            yield ()
            yield from _lines(f"gradtest itself failed on {result.name}; please report it:", width, "bad")
            yield from ((Piece("  " + line),) for line in result.crash.splitlines()[:6])
            yield from _rows([("again", _again(result, options))], width)
        elif not result.findings and (result.misuse or result.never_finite):
            yield ()
            yield from _lines(_misuse(result), width, "bad")


def _finding(finding: Finding, width: int | None, mood: str = "bad") -> Iterator[Line]:
    headline, *rows = message(finding).splitlines()
    yield from _lines(headline, width, mood)
    for row in rows:
        yield from ((Piece(line),) for line in _row(row, width))


def _row(row: str, width: int | None) -> list[str]:
    """Break a row of a finding under its own text, not under its label."""
    label, text = row[:TEXT_AT], row[TEXT_AT:]
    if width is None or cells(row) <= width or cells(label) > TEXT_AT:
        return [row]
    return fill(text, width, label, " " * TEXT_AT)


def _extra(result: Result, options: list[str], width: int | None) -> Iterator[Line]:
    """Yield what is known beside the smallest case: who agrees, what else is wrong, how to see it again."""
    finding, *others = result.findings
    rows = []
    if not any(result.name in text for text in (finding.headline, finding.parameter, finding.source)):
        rows.append(("derivative", result.name))
    if result.said:
        rows.append(("others say", "   ".join(f"{method} {word}" for method, word in result.said.items())))
    yield from _rows([*rows, *also_rows(finding, others), (_label(finding), _again(result, options))], width)


def _label(finding: Finding) -> str:
    return "search again" if finding.again else "again"


def _again(result: Result, options: list[str]) -> str:
    return shlex.join(["python", "-m", "gradtest", "check", result.subject.place, *options])


def _rows(rows: Sequence[tuple[str, str]], width: int | None) -> Iterator[Line]:
    for label, text in rows:
        yield from ((Piece(line),) for line in _row(f"  {label:<13} {text}", width))


def _misuse(result: Result) -> str:
    if result.misuse:
        return f"gradtest: {result.misuse}"
    names = list(result.inputs.shapes.items()) if result.inputs else [("x", "n")]
    name, shape = names[0]
    dims = str(shape).split(" : ")[0]
    return (
        f"gradtest: {result.name} was not finite at any of {_count(result.tally.cases, 'point')}; "
        f'restrict its inputs to where it is, for example --inputs "{name}: {dims} : positive"'
    )


def _lines(text: str, width: int | None, mood: str) -> Iterator[Line]:
    for line in fill(text, width, "", "  "):
        yield (Piece(line, mood),)


# -- summary --------------------------------------------------------------------------------------


def summary(campaign: Campaign, width: int | None) -> Iterator[Line]:
    """Yield the last lines: how many of what, what would have been seen, the cost, the seed."""
    yield ()
    verdicts = Counter(result.verdict for result in campaign.results)
    mood = "good" if set(verdicts) == {"agrees"} else "bad" if verdicts["disagrees"] else "doubtful"
    yield from _lines(_verdicts(verdicts, campaign), width, mood)
    for label, text in _figures(campaign):
        first = f"  {label:<12}"
        yield from ((Piece(line),) for line in fill(text, width, first, " " * len(first)))
    yield (Piece(f"Seed: {campaign.plan.settings.seed}"),)


_SAID = {
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


def _verdicts(verdicts: Counter[str], campaign: Campaign) -> str:
    total = len(campaign.results)
    parts = [f"{verdicts[word]} {_SAID[word][verdicts[word] != 1]}" for word in _SAID if verdicts[word]]
    if len(parts) == 1 and total > 1:
        many = parts[0].split(" ", 1)[1]
        text = f"All {total} derivatives {many}."
    else:
        many = f"{_count(total, 'derivative')}: {', '.join(parts)}."
        text = many if total > 1 else f"The derivative {parts[0][2:]}."
    return f"Interrupted. {text}" if campaign.interrupted else text


def _figures(campaign: Campaign) -> Iterator[tuple[str, str]]:
    tallies = [result.tally for result in campaign.results]
    if sum(t.cases for t in tallies):
        yield "cases", _cases(tallies)
    sharp = sorted(resolution for result in campaign.results for resolution in result.resolutions)
    if sharp:
        half, worst = sharp[(len(sharp) - 1) // 2], sharp[-1]
        meaning = "a gradient off by that share would be seen"
        yield "resolution", f"{half:.0e} in half of the cases, {worst:.0e} at worst: {meaning}"
    text, blind = mutants_text({result.name: result.tally.mutants for result in campaign.results})
    if text:
        more = f"; and {len(blind) - MOST_BLIND} more" if len(blind) > MOST_BLIND else ""
        not_caught = f"; not caught: {'; '.join(blind[:MOST_BLIND])}{more}" if blind else ""
        yield "mutants", f"caught {text} wrong versions of these gradients{not_caught}"
    asked = [name for name in campaign.plan.opinions if any(name in r.opinions for r in campaign.results)]
    if asked:
        yield "opinions", "; ".join(_opinion(campaign, name) for name in asked)
    yield (
        "cost",
        f"{_count(sum(t.evaluations for t in tallies), 'evaluation')}, {seconds_text(campaign.seconds)}",
    )


def _cases(tallies: Sequence[Tally]) -> str:
    undecided, nearby = sum(t.undecided for t in tallies), sum(t.nearby for t in tallies)
    cases = number_text(sum(t.cases for t in tallies))
    text = f"{cases}, {number_text(undecided) if undecided else 'none'} undecided"
    return text + (f"; {nearby} at a kink or the like, judged at a generic point nearby" if nearby else "")


def _opinion(campaign: Campaign, method: str) -> str:
    tallies = [result.opinions[method] for result in campaign.results if method in result.opinions]
    cases, agrees = sum(t.cases for t in tallies), sum(t.agrees for t in tallies)
    disagrees = sum(t.disagrees for t in tallies)
    return f"{method} agrees in {number_text(agrees)} of {number_text(cases)} and disagrees in {disagrees}"
