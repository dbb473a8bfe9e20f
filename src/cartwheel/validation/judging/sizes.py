"""What a validation of this size can and cannot show, and how many patients it would take."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from cartwheel.errors import NotEstimable
from cartwheel.stats.competing import cumulative_incidence_at
from cartwheel.stats.samplesize_validation import (
    auc_standard_error,
    observed_linear_predictor,
    validation_n_auc,
    validation_n_net_benefit,
    validation_n_observed_expected,
    validation_n_slope,
)
from cartwheel.stats.survival import survival_at
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.anticipated import Anticipated, anticipated
from cartwheel.validation.judging.observed import event_by_horizon
from cartwheel.validation.judging.sizes_said import verdict
from cartwheel.validation.plan import ValidationPlan
from cartwheel.validation.result import SizeRow, ValidationSize

# widths that are usually asked for (Riley et al. 2021)
WANTED = {
    "observed_expected": 0.2,
    "calibration_slope": 0.2,
    "c_statistic": 0.1,
    "net_benefit": 0.2,
}
# as the authors and pmvalsampsize print the quantile of 95 %
_PRINTED_95 = 1.96
# so narrow that rounding its number of patients up to a whole one does not matter
_NARROW = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """The patients as the formulas see them."""

    n: int
    events: int
    # all events of the follow-up, which the slope rests on
    events_in_all: int
    # share of events, by the horizon
    share: float
    # as many patients, all followed to the horizon, would have had as many events
    followed: float
    z: float

    @property
    def patients_each(self) -> float:
        """Patients who take the place of one who is followed to the horizon."""
        return self.n / self.followed


class _Precision(NamedTuple):
    width: float
    patients_needed: float


def sizes(
    target: Target, predicted: Sequence[Predicted], plan: ValidationPlan, level: float
) -> tuple[ValidationSize, ...]:
    """Say how wide intervals come out with this many patients, and how many it would take.

    Parameters
    ----------
    target : Target
        The outcome of n patients.
    predicted : sequence of Predicted
        The scores, of the same patients.
    plan : ValidationPlan
        The middle of its decision thresholds is that of the net benefit.
    level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    tuple of ValidationSize
        One for each score that gives a risk.

    Notes
    -----
    Expected widths, from the share of events and the distribution of the linear predictor seen
    here, for a score that is right: its risks are shifted until their mean is the observed share,
    and its slope is 1. Binary outcomes: the criteria of Riley et al. (``pmvalsampsize``), with the
    C statistic that these risks imply; the net benefit is divided by the share of events.

    Survival and competing outcomes are approximate. Observed/expected, C and net benefit are those
    of a binary outcome at the horizon, in as many patients as would give the same events with
    nobody censored before it. The slope has the information of the partial likelihood, by events
    of the whole follow-up.

    References
    ----------
    Riley RD et al 2021, doi:10.1002/sim.9025. Riley RD et al 2022, doi:10.1002/sim.9275. van
    Klaveren D et al 2016, doi:10.1002/sim.6997.
    """
    sample = _sample(target, level)
    threshold = 0.5 * (plan.decision.low + plan.decision.high)
    return tuple(
        _size(target, each, sample, threshold, level) for each in predicted if each.risk is not None
    )


def _sample(target: Target, level: float) -> _Sample:
    events = int(event_by_horizon(target).sum())
    if target.times is None or target.horizon is None:
        share = events / target.n
    elif target.competing is None:
        share = 1.0 - survival_at(target.times, target.horizon)
    else:
        # nobody may have the event; then the cause is not among those known
        share = cumulative_incidence_at(target.competing, 1, target.horizon) if events else 0.0
    return _Sample(
        n=target.n,
        events=events,
        events_in_all=int(np.count_nonzero(target.event)),
        share=share,
        followed=min(float(target.n), events / share) if share > 0.0 else 0.0,
        z=_PRINTED_95 if level == 0.95 else float(ndtri(0.5 + level / 2.0)),
    )


def _size(
    target: Target, predicted: Predicted, sample: _Sample, threshold: float, level: float
) -> ValidationSize:
    assert predicted.risk is not None
    seen = None
    if 0.0 < sample.share < 1.0:
        seen = anticipated(target.kind, predicted.risk, sample.share)
    rows = tuple(_rows(sample, seen, threshold))
    return ValidationSize(
        score=predicted.name,
        patients=sample.n,
        events=sample.events,
        rows=rows,
        verdict=verdict(target, predicted.name, sample.events, sample.share, rows, level),
    )


def _rows(sample: _Sample, seen: Anticipated | None, threshold: float) -> Iterator[SizeRow]:
    at = f"standardised net benefit at {100.0 * threshold:.3g} %"
    criteria: tuple[tuple[str, str, Callable[[Anticipated], _Precision | None]], ...] = (
        ("calibration_slope", "calibration slope", lambda seen: _slope(sample, seen)),
        ("c_statistic", "C statistic", lambda seen: _c_statistic(sample, seen)),
        ("net_benefit", at, lambda seen: _net_benefit(sample, seen, threshold)),
    )
    possible = 0.0 < sample.share < 1.0
    ratio = _observed_expected(sample) if possible else None
    yield _row(sample, "observed_expected", "observed/expected ratio", ratio)
    for name, label, computed in criteria:
        found = None
        if possible and seen is not None:
            try:
                found = computed(seen)
            except NotEstimable:
                found = None
        yield _row(sample, name, label, found)


def _row(sample: _Sample, name: str, label: str, found: _Precision | None) -> SizeRow:
    if found is None:
        return SizeRow(name, label, None, WANTED[name], None, None)
    # of a product of whole numbers 1e-9 is rounding
    patients = math.ceil(found.patients_needed * (1.0 - 1e-9))
    events = math.ceil(patients * sample.events / sample.n * (1.0 - 1e-9))
    return SizeRow(name, label, found.width, WANTED[name], patients, events)


def _observed_expected(sample: _Sample) -> _Precision:
    share, wanted = sample.share, WANTED["observed_expected"]
    error = math.sqrt((1.0 - share) / (share * sample.followed))
    if sample.z != _PRINTED_95:
        wanted = 2.0 * math.sinh(math.asinh(0.5 * wanted) * _PRINTED_95 / sample.z)
    needed = validation_n_observed_expected(share, width=wanted)
    return _Precision(2.0 * math.sinh(sample.z * error), needed * sample.patients_each)


def _linear(sample: _Sample, name: str, needed: Callable[[float], int]) -> _Precision:
    """Precision where the width falls with the root of the number of patients."""
    wider = sample.z / _PRINTED_95
    width = wider * _NARROW * math.sqrt(needed(_NARROW) / sample.followed)
    return _Precision(width, needed(WANTED[name] / wider) * sample.patients_each)


def _slope(sample: _Sample, seen: Anticipated) -> _Precision | None:
    if seen.kind == "binary":
        spread = observed_linear_predictor(seen.predictor)
        return _linear(
            sample, "calibration_slope", lambda width: validation_n_slope(spread, width=width)
        )
    information = seen.information_an_event()
    if not information > 0.0:
        return None
    error = 1.0 / math.sqrt(information * sample.events_in_all)
    wanted = 0.5 * WANTED["calibration_slope"] / sample.z
    return _Precision(2.0 * sample.z * error, sample.n * (error / wanted) ** 2)


def _c_statistic(sample: _Sample, seen: Anticipated) -> _Precision | None:
    if not sample.followed > 2.0:
        return None
    c, wider = seen.c_statistic, sample.z / _PRINTED_95
    error = auc_standard_error(c, sample.share, sample.followed)
    needed = validation_n_auc(c, sample.share, width=WANTED["c_statistic"] / wider)
    return _Precision(2.0 * sample.z * error, needed * sample.patients_each)


def _net_benefit(sample: _Sample, seen: Anticipated, threshold: float) -> _Precision | None:
    sensitivity, specificity = seen.positive(threshold)
    if not sensitivity > 0.0:
        # nobody would be treated, and the net benefit is 0 without any error
        return None

    def needed(width: float) -> int:
        return validation_n_net_benefit(
            sample.share, threshold, sensitivity=sensitivity, specificity=specificity, width=width
        )

    return _linear(sample, "net_benefit", needed)
