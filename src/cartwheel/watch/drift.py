"""Whether what comes in, what is answered and what follows still is as it was, by centre and time.

Every patient counts once in each period, so that a patient who is measured often does not outweigh
the others; numbers of few patients are withheld.
"""

from __future__ import annotations

from collections.abc import Iterable

from cartwheel.errors import PlanRefused, refuse
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.watch.drift_calibration import calibration_drift
from cartwheel.watch.drift_inputs import input_drift, refusal_drift
from cartwheel.watch.drift_rows import (
    Answered,
    Asked,
    CalibrationDrift,
    Drift,
    DriftPlan,
    InputDrift,
    Predicted,
    RefusalDrift,
)

__all__ = [
    "Answered",
    "Asked",
    "CalibrationDrift",
    "Drift",
    "DriftPlan",
    "InputDrift",
    "Predicted",
    "RefusalDrift",
    "drift",
]


def drift(
    plan: DriftPlan,
    asked: Iterable[Asked] = (),
    answered: Iterable[Answered] = (),
    predicted: Iterable[Predicted] = (),
) -> Drift:
    """Look for drift of inputs, of refusals and of calibration.

    Parameters
    ----------
    plan : DriftPlan
        How.
    asked : iterable of Asked
        Every time an input was asked for.
    answered : iterable of Answered
        Every time a target was asked.
    predicted : iterable of Predicted
        Risks told, one of a patient in each period.

    Returns
    -------
    Drift
        The same for the same data in any order.

    Raises
    ------
    PlanRefused
        ``reference_backwards``, ``least``, ``permutations``, ``horizon_missing``.
    NotEstimable
        ``not_finite``, ``predicted_twice``, ``risk_range``, ``level``.

    Notes
    -----
    Distance: two-sample Kolmogorov-Smirnov statistic of one value each patient, p by permutation,
    (b + 1) / (B + 1), from 1000 patients on by Kolmogorov's limit as Stephens corrected it;
    patients of the reference time are left out of the later sample. Shares:
    Wilson's interval over times asked. Observed risk: one minus Kaplan-Meier, which is the mean of
    events weighted by the inverse probability of not being censored (Aalen-Johansen with competing
    events); a patient whose horizon has not come counts as censored. Interval of the ratio on the
    log scale; risks are taken as known. Work grows as n log n, and with the permutations.

    References
    ----------
    Davis SE et al. 2017, doi 10.1093/jamia/ocx030. Phipson and Smyth 2010,
    doi 10.2202/1544-6115.1585. Holm S 1979, Scandinavian Journal of Statistics 6:65-70.
    """
    first, last = plan.reference
    if first > last:
        what = "the reference time ends before it begins"
        raise refuse(PlanRefused, "reference_backwards", what, mend="exchange its two ends")
    if plan.least < 1:
        what = "the least number of patients is 1"
        raise refuse(PlanRefused, "least", what, mend="withhold numbers of fewer than 5")
    if plan.permutations < 1:
        what = "at least one permutation is needed"
        raise refuse(PlanRefused, "permutations", what, mend="take some 2000")
    normal_quantile(plan.level)  # refuses a level outside (0, 1)
    return Drift(
        plan,
        input_drift(plan, asked),
        refusal_drift(plan, answered),
        calibration_drift(plan, predicted),
    )
