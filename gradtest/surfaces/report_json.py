"""A campaign as data: strict JSON, whose numbers that are none are strings.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .exit_codes import exit_code

if TYPE_CHECKING:
    from gradtest.campaign import Campaign, Result
    from gradtest.properties.tally import Tally

__all__ = ["as_json", "misuse_as_json", "plain_data"]

#: Larger arrays are given by shape and dtype.
MOST_ENTRIES = 4096


def as_json(
    campaign: Campaign,
    place: str,
    version: str,
    code: int | None = None,
    baseline: Mapping[str, Any] | None = None,
) -> str:
    """Return the whole campaign as JSON.

    Counts are over the generated cases, `findings` those of the smallest failing case, `code` what the
    command ends with if that is not the campaign's own, `baseline` what came of one.  NaN and the
    infinities are the strings "nan", "inf" and "-inf".
    """
    plan = campaign.plan
    return _dumped(
        {
            "gradtest": version,
            "checked": place,
            "seed": plan.settings.seed,
            "max_examples": plan.max_examples,
            "method": plan.settings.method,
            "opinions": list(plan.opinions),
            "exit_code": int(exit_code(campaign) if code is None else code),
            "interrupted": campaign.interrupted,
            "seconds": campaign.seconds,
            **({} if baseline is None else {"baseline": baseline}),
            "targets": [_result(result) for result in campaign.results],
        }
    )


def misuse_as_json(sentence: str, place: str, version: str, code: int) -> str:
    """Return the JSON of a run that could not begin."""
    return _dumped(
        {"gradtest": version, "checked": place, "exit_code": code, "misuse": sentence, "targets": []}
    )


def _dumped(data: Mapping[str, Any]) -> str:
    return json.dumps(plain_data(data), allow_nan=False, ensure_ascii=False, indent=2)


def _result(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "place": result.subject.place,
        "verdict": result.verdict,
        "inputs": {name: str(shape) for name, shape in result.inputs.shapes.items()}
        if result.inputs
        else None,
        "inputs_from": result.inputs.origin if result.inputs else None,
        **_tally(result.tally),
        "resolutions": sorted(result.resolutions),
        "opinions": {method: _tally(tally) for method, tally in result.opinions.items()},
        "contradictions": {method: dataclasses.asdict(c) for method, c in result.contradictions.items()},
        "findings": [
            {"headline": f.headline, "gross": f.gross, **dataclasses.asdict(f)} for f in result.findings
        ],
        "others_say": result.said,
        "misuse": result.misuse or None,
        "crash": result.crash or None,
        "seconds": result.seconds,
    }


def _tally(tally: Tally) -> dict[str, Any]:
    mutants = {
        "caught": tally.mutants.caught,
        "total": tally.mutants.total,
        "survivors": [mutant._asdict() for mutant in tally.mutants.survivors],
    }
    return tally.as_data() | {"mutants": mutants, "vacuous": tally.vacuous() or None}


def plain_data(value: Any) -> Any:
    """Return a value as what JSON has: dicts, lists, strings, finite numbers, true, false and null.

    >>> plain_data({"x": np.array([1.0, np.nan]), "n": np.int64(3), (1, 2): None})
    {'x': [1.0, 'nan'], 'n': 3, '(1, 2)': None}
    """
    if value is None or isinstance(value, (bool, int)):
        return bool(value) if isinstance(value, bool) else None if value is None else int(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else repr(float(value))
    if isinstance(value, Mapping):
        return {str(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, np.generic):
        return plain_data(value.item())
    if isinstance(value, np.ndarray):
        if value.size > MOST_ENTRIES:
            return {"shape": list(value.shape), "dtype": str(value.dtype)}
        return plain_data(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_data(item) for item in value]
    return repr(value)
