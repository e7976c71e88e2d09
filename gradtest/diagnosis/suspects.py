"""What kind of mistake it looks like: plain functions, each of which recognises one or says nothing."""

from __future__ import annotations

import logging

from . import factors, paths, places, regions, slopes, terms
from .suspicion import UNKNOWN, Cases, Suspect, Suspicion

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
    places.transposed,
    paths.wrong_side,
    paths.mask_ignored,
    terms.direct_path,
    paths.passed_on,
    paths.ignores_upstream,
    factors.input_factor,
    slopes.elementwise_slope,
    slopes.slope_elsewhere,
    factors.value_factor,
    places.reversed_or_shifted,
    places.another_input,
    paths.one_output,
    paths.clipped,
    paths.one_slice,
    paths.diagonal_only,
    paths.not_accumulated,
    places.jacobian_untransposed,
    places.transposed_input,
    paths.upstream_misused,
    slopes.output_slope,
    slopes.hidden_slope,
    terms.upstream_term,
    terms.multiple_of,
    terms.matrix_term,
    terms.statistics_held_fixed,
    paths.symmetric_only,
    regions.only_with_flags,
    places.in_another_order,
    regions.only_in_entries,
    places.only_at_a_place,
    factors.ignores_an_input,
    regions.only_in_cases,
    places.right_in_sum,
)


def recognise(cases: Cases) -> Suspicion:
    """Return the first suspicion that holds in the failing cases, or `UNKNOWN`.

    A suspect that fails says nothing: it must never stand in the way of a finding.
    """
    for suspect in SUSPECTS if cases else ():
        try:
            suspicion = suspect(cases)
        except Exception:
            _LOG.debug("the suspect %s failed", suspect.__name__, exc_info=True)
            continue
        if suspicion is not None:
            return suspicion
    return UNKNOWN
