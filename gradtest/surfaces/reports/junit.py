"""JUnit XML: a test case for each target, for whatever reads the reports of test runners.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

from gradtest.diagnosis.visible import one_line, visible

from ..table import number_text
from .document import Checked, Document, Kept
from .problems import Problem, problems, problems_of, problems_of_run
from .summary import conclusion, counted, figures

__all__ = ["junit"]

#: What a test case may end with, by the verdict of its target; what a derivative does wrong is a failure,
#: what kept gradtest from saying so an error.
_FAILURES = ("disagrees", "misfit", "baseline")
_UNTOUCHED = ("known", "skipped", "stopped", "waiting")


def junit(document: Document) -> str:
    """Return the text of a JUnit file: no times of day, no names of machines."""
    suites = [_targets(document)]
    if isinstance(document.baseline, Kept):
        suites.append(_baseline(document))
    root = ET.Element("testsuites", name="gradtest")
    counts: Counter[str] = Counter()
    for suite in suites:
        root.append(suite)
        counts.update(_counted(suite))
    _state(root, counts, document.seconds)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _targets(document: Document) -> ET.Element:
    suite = ET.Element("testsuite", name=one_line(document.checked))
    facts = ET.SubElement(suite, "properties")
    for name, value in (
        ("gradtest", document.gradtest),
        ("seed", str(document.seed)),
        ("cases", str(document.max_examples)),
        ("method", document.method),
    ):
        if value not in ("", "None"):
            ET.SubElement(facts, "property", name=name, value=one_line(value))
    for checked in document.targets:
        suite.append(_case(checked, document))
    for problem in problems_of_run(document):
        case = ET.SubElement(suite, "testcase", classname="gradtest", name=problem.code, time="0.000")
        _say(case, "error", problem.code, problem.message, problem.message)
    out = [conclusion(document), *(f"{label:<12} {text}" for label, text in figures(document))]
    ET.SubElement(suite, "system-out").text = visible("\n".join(out))
    _state(suite, _counted(suite), document.seconds)
    return suite


def _case(checked: Checked, document: Document) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=one_line(checked.place.replace("::", ":").rpartition(":")[0] or "gradtest"),
        name=one_line(checked.name),
        time=f"{checked.seconds:.3f}",
    )
    if checked.file is not None:
        case.set("file", one_line(checked.file))
        case.set("line", str(checked.line))
    found = list(problems_of(checked, document))
    if found:
        _tell(case, found, checked.verdict)
    elif checked.verdict in _UNTOUCHED:
        said = next(iter(checked.notes), "") or f"{checked.name} was not carried to its end"
        ET.SubElement(case, "skipped", message=one_line(said))
    figures = f"{counted(checked.cases, 'case')}, {number_text(checked.undecided)} undecided"
    again = [f"again: {checked.again}"] if checked.again else []
    ET.SubElement(case, "system-out").text = visible("\n".join([figures, *checked.notes, *again]))
    return case


def _tell(case: ET.Element, found: list[Problem], verdict: str) -> None:
    """One element, since most readers show the first alone; it names how many more there are."""
    first, *more = found
    headline = first.headline + (f" (and {len(more)} more)" if more else "")
    text = "\n\n".join(problem.message for problem in found)
    kind = "failure" if verdict in _FAILURES else "error"
    _say(case, kind if first.fails else "skipped", first.code, headline, text)


def _say(case: ET.Element, tag: str, kind: str, headline: str, text: str) -> None:
    ET.SubElement(case, tag, message=one_line(headline), type=one_line(kind)).text = visible(text)


def _baseline(document: Document) -> ET.Element:
    """What is worse than it was fails by itself: the derivative may agree."""
    suite = ET.Element("testsuite", name="baseline")
    for problem in problems(document):
        if problem.code == "baseline":
            case = ET.SubElement(
                suite, "testcase", classname="baseline", name=one_line(problem.key), time="0.000"
            )
            _tell(case, [problem], "baseline")
    _state(suite, _counted(suite), 0.0)
    return suite


def _counted(suite: ET.Element) -> Counter[str]:
    cases = suite.findall("testcase")
    tags = ("failure", "error", "skipped")
    return Counter(
        {"testcase": len(cases)} | {tag: sum(c.find(tag) is not None for c in cases) for tag in tags}
    )


def _state(element: ET.Element, counts: Counter[str], seconds: float) -> None:
    element.set("tests", str(counts["testcase"]))
    element.set("failures", str(counts["failure"]))
    element.set("errors", str(counts["error"]))
    element.set("skipped", str(counts["skipped"]))
    element.set("time", f"{seconds:.3f}")
