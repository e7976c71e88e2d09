"""What kind of mistake it looks like: plain functions, each of which recognises one or says nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from . import factors, misplaced, paths, regions, slopes, terms, weights
from .suspicion import UNKNOWN, Cases, Suspect, Suspicion, where_wrong

__all__ = ["SUSPECTS", "UNKNOWN", "Suspicion", "recognise"]

_LOG = logging.getLogger(__name__)

#: In order: the first that recognises its mistake is believed.  Those that leave nothing open
#: come first, those that name only a place or a region last.
SUSPECTS: tuple[Suspect, ...] = (
    regions.not_finite,
    paths.cut,
    factors.sign,
    factors.constant_factor,
    factors.size_factor,
    misplaced.transposed,
    paths.wrong_side,
    paths.mask_ignored,
    terms.direct_path,
    paths.passed_on,
    paths.ignores_upstream,
    factors.input_factor,
    slopes.elementwise_slope,
    slopes.slope_elsewhere,
    factors.value_factor,
    weights.output_weight,
    misplaced.reversed_or_shifted,
    misplaced.another_input,
    slopes.arguments_swapped,
    slopes.gate_slope,
    paths.one_output,
    paths.clipped,
    paths.one_slice,
    paths.diagonal_only,
    paths.not_accumulated,
    misplaced.jacobian_untransposed,
    misplaced.transposed_input,
    paths.upstream_misused,
    slopes.output_slope,
    slopes.hidden_slope,
    terms.upstream_term,
    terms.multiple_of,
    terms.matrix_term,
    terms.statistics_held_fixed,
    terms.off_by_the_labels,
    paths.symmetric_only,
    regions.only_with_flags,
    misplaced.along_the_other_axis,
    misplaced.in_another_order,
    regions.only_in_entries,
    misplaced.only_at_a_place,
    factors.ignores_an_input,
    regions.only_beyond,
    regions.only_in_cases,
    misplaced.only_in_a_part,
    paths.cut_in_places,
    misplaced.right_at_a_place,
    weights.wrong_outputs,
    factors.varying_factor,
    weights.factor_of_slices,
    misplaced.right_in_sum,
    weights.from_place_to_place,
    paths.not_linear,
    regions.right_where_plain,
)


#: What can be told from slopes along a domain whose entries do not move alone: a simplex, symmetric matrices.
ALONG: tuple[Suspect, ...] = (
    regions.not_finite,
    paths.cut,
    factors.sign,
    factors.constant_factor,
    factors.size_factor,
    paths.one_output,
    paths.upstream_misused,
)

#: What says only where; a cause is then looked for there.
WHERE = ("GT123", "GT124")

#: Mistakes that can be told from some entries as well as from all.
CAUSES: tuple[Suspect, ...] = (
    factors.sign,
    factors.constant_factor,
    paths.cut,
    factors.size_factor,
    factors.input_factor,
    factors.value_factor,
)


def recognise(cases: Cases) -> Suspicion:
    """Return the first suspicion that holds in the failing cases, or `UNKNOWN`.

    Where it says only where the gradient is wrong, what is wrong there is added if that is known.
    """
    suspicion = _first(SUSPECTS if all(m.alone for m in cases) else ALONG, cases)
    if suspicion is None:
        return UNKNOWN
    cause = _first(CAUSES, where_wrong(cases)) if suspicion.code in WHERE else None
    if cause is None:
        return suspicion
    return suspicion._replace(
        what=f"{suspicion.what}; there {cause.what}", why=f"{suspicion.why}; there {cause.why}"
    )


def _first(suspects: Sequence[Suspect], cases: Cases) -> Suspicion | None:
    """Return what the first of the suspects says that says anything.

    A suspect that fails says nothing: it must never stand in the way of a finding.
    """
    for suspect in suspects if cases else ():
        try:
            suspicion = suspect(cases)
        except Exception:
            _LOG.debug("the suspect %s failed", suspect.__name__, exc_info=True)
            continue
        if suspicion is not None:
            return suspicion
    return None
