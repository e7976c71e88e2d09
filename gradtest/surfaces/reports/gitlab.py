"""GitLab's code-quality report: each problem at its line of a merge request.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter

from gradtest.diagnosis.visible import one_line

from .document import Document
from .problems import problems

__all__ = ["gitlab"]

_SEVERITY = {"undecided": "minor", "misused": "major", "crashed": "major", "partial": "major"}


def gitlab(document: Document) -> str:
    """Return the text of the report; the fingerprint of a problem is the same in the next run."""
    seen: Counter[str] = Counter()
    rows = []
    for problem in problems(document):
        seen[problem.key] += 1
        words = f"{problem.key} {seen[problem.key]}"
        rows.append(
            {
                "description": one_line(
                    problem.headline if problem.code.startswith("GT") else problem.message
                ),
                "check_name": one_line(problem.code),
                "fingerprint": hashlib.sha256(words.encode("utf-8", "backslashreplace")).hexdigest(),
                "severity": _SEVERITY.get(problem.code, "critical") if problem.fails else "info",
                "location": {"path": one_line(problem.path), "lines": {"begin": problem.line}},
            }
        )
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
