"""Clinical utility: what acting on a score gains over treating everybody, or nobody."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import NotEstimable, PlanRefused, refuse
from cartwheel.stats.decision import DecisionCurve, decision_curve, decision_curve_over_time
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.observed import event_by_horizon
from cartwheel.validation.judging.resampled import (
    Resampled,
    bootstrap_estimate,
    outcome_of,
    percentile_limits,
)
from cartwheel.validation.plan import DecisionPlan
from cartwheel.validation.result import Comparison, Decision
from cartwheel.validation.result_score import NetBenefitCurve

Floats = NDArray[np.float64]

TREAT_ALL, TREAT_NONE = "treat all", "treat none"
_DUST = 1e-9
_DIGITS = 9


def thresholds_of(plan: DecisionPlan) -> Floats:
    """List the thresholds of a plan.

    Parameters
    ----------
    plan : DecisionPlan
        Lowest and highest threshold, and their distance.

    Returns
    -------
    float array (k,)
        From the lowest in steps, none above the highest; decimals as a person would write them.

    Raises
    ------
    PlanRefused
        ``decision_range`` where the lowest is not below the highest.
    """
    if not plan.low < plan.high:
        raise refuse(
            PlanRefused,
            "decision_range",
            f"thresholds from {plan.low:g} to {plan.high:g}",
            where="decision",
            mend="low has to be below high",
        )
    steps = int(np.floor((plan.high - plan.low) / plan.step + _DUST))
    found: Floats = np.round(plan.low + np.arange(steps + 1) * plan.step, _DIGITS)
    return found


def decide(
    target: Target,
    predicted: Sequence[Predicted],
    plan: DecisionPlan,
    resampled: Resampled | None,
    level: float,
) -> Decision | None:
    """Estimate the net benefit of every score that gives a risk, over a range of thresholds.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : sequence of Predicted
        The scores, on the same patients.
    plan : DecisionPlan
        Range of the thresholds.
    resampled : Resampled or None
        Made with the same thresholds; for the percentile limits.
    level : float in (0, 1)
        Coverage of the pointwise limits.

    Returns
    -------
    Decision or None
        None where no score gives a risk. Differences are those between scores, and of each score
        from treating all, at the lowest, the middle and the highest threshold.

    Raises
    ------
    PlanRefused
        A range that is none.

    Notes
    -----
    TP/n - FP/n * pt / (1 - pt), positive if risk >= pt; over time by Kaplan-Meier or
    Aalen-Johansen among the positive. Agrees with R dcurves 0.5.1 ``dca`` to 1e-8 relative.

    References
    ----------
    Vickers and Elkin 2006, doi 10.1177/0272989x06295361. Vickers et al. 2008,
    doi 10.1186/1472-6947-8-53. Vickers, van Calster and Steyerberg 2019,
    doi 10.1186/s41512-019-0064-7.
    """
    thresholds = thresholds_of(plan)
    scores = [one for one in predicted if one.risk is not None]
    if not scores:
        return None
    found, why = _net_benefits(target, scores, thresholds)
    drawn = _drawn(scores, resampled)
    curves = tuple(_curve(name, values, drawn.get(name), level) for name, values in found.items())
    return Decision(
        low=plan.low,
        high=plan.high,
        thresholds=tuple(thresholds.tolist()),
        curves=curves,
        differences=_differences(target, scores, thresholds, found, drawn, level),
        left_out=tuple(one.name for one in predicted if one.risk is None),
        text=_text(target, scores, plan, resampled, level, why),
    )


def _net_benefits(
    target: Target, scores: Sequence[Predicted], thresholds: Floats
) -> tuple[dict[str, Floats], str]:
    """Net benefit by name, in the order of the figure; nan, and why, where there is none."""
    found: dict[str, Floats] = {}
    everybody = np.full(thresholds.size, np.nan)
    why = ""
    for one in scores:
        try:
            curve = _decision_curve(target, one, thresholds)
        except NotEstimable as reason:
            found[one.name] = np.full(thresholds.size, np.nan)
            why = reason.problems[0].what
            continue
        found[one.name], everybody = curve.net_benefit, curve.treat_all
    return found | {TREAT_ALL: everybody, TREAT_NONE: np.zeros(thresholds.size)}, why


def _decision_curve(target: Target, score: Predicted, thresholds: Floats) -> DecisionCurve:
    assert score.risk is not None
    outcome = outcome_of(target)
    if isinstance(outcome, np.ndarray):
        return decision_curve(score.risk, outcome, thresholds)
    assert target.horizon is not None
    return decision_curve_over_time(outcome, score.risk, target.horizon, thresholds)


def _drawn(scores: Sequence[Predicted], resampled: Resampled | None) -> dict[str, Floats]:
    """Net benefit (B, k) in the resamples, by name."""
    if resampled is None or not resampled.resamples:
        return {}
    found = {one.name: resampled.of(one) for one in scores}
    drawn = {name: one.net_benefit for name, one in found.items() if one is not None}
    return drawn | {TREAT_ALL: resampled.treat_all}


def _curve(name: str, values: Floats, draws: Floats | None, level: float) -> NetBenefitCurve:
    shown = tuple(_known(value) for value in values.tolist())
    limits = [
        (None, None)
        if draws is None or value is None
        else percentile_limits(draws[:, place], level)
        for place, value in enumerate(shown)
    ]
    return NetBenefitCurve(
        name, shown, tuple(low for low, _ in limits), tuple(high for _, high in limits)
    )


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _differences(
    target: Target,
    scores: Sequence[Predicted],
    thresholds: Floats,
    found: dict[str, Floats],
    drawn: dict[str, Floats],
    level: float,
) -> tuple[Comparison, ...]:
    names = [one.name for one in scores]
    pairs = [*combinations(names, 2), *((name, TREAT_ALL) for name in names)]
    last = thresholds.size - 1
    sample = (target.n, int(event_by_horizon(target).sum()))
    rows = []
    for place in sorted({0, last // 2, last}):
        at = f"{thresholds[place]:g}"
        for first, second in pairs:
            value = _known(float(found[first][place] - found[second][place]))
            draws = None
            if first in drawn and second in drawn:
                draws = drawn[first][:, place] - drawn[second][:, place]
            method = f"difference in net benefit at threshold {at}, in true positives per patient"
            if value is None:
                method += ": not estimable"
            rows.append(
                Comparison(
                    measure=f"net_benefit_at_{at}",
                    label=f"Net benefit at a threshold of {_percent(thresholds[place])}",
                    first=first,
                    second=second,
                    difference=bootstrap_estimate(value, draws, level, method, sample),
                    p_value=None,
                )
            )
    return tuple(rows)


def _percent(risk: float) -> str:
    return f"{round(100.0 * risk, 7):g} %"


def _text(
    target: Target,
    scores: Sequence[Predicted],
    plan: DecisionPlan,
    resampled: Resampled | None,
    level: float,
    why: str,
) -> str:
    usual = DecisionPlan()
    asked = (plan.low, plan.high, plan.step) != (usual.low, usual.high, usual.step)
    whose = (
        "the range that the plan states."
        if asked
        else "the default range, which is an assumption: state under [decision] of the plan the "
        "risks at which somebody would act."
    )
    said = [
        f"Thresholds from {_percent(plan.low)} to {_percent(plan.high)} in steps of "
        f"{_percent(plan.step)}: {whose}",
        "Net benefit is in true positives per patient; a score is of use where it lies above both "
        "treating all and treating none.",
    ]
    if target.horizon is not None:
        way = "Aalen-Johansen" if target.competing is not None else "Kaplan-Meier"
        said.append(
            f"The risk among patients at or above a threshold is that by {target.horizon:g} "
            f"{target.time_unit} ({way}); there is none where nobody of them is followed so long."
        )
    banded = [one.name for one in scores if one.risk_source == "band risk"]
    if banded:
        said.append(
            "The published risk of the patient's band is taken as predicted risk, as the score "
            f"gives no risk of its own: {', '.join(banded)}."
        )
    if resampled is not None and resampled.resamples:
        said.append(
            f"Limits are pointwise {_percent(level)} percentiles of {resampled.resamples} "
            "bootstrap resamples, not adjusted for the number of thresholds."
        )
    else:
        said.append("Without resamples there are no limits.")
    if why:
        said.append(f"Not estimable: {why}.")
    return " ".join(said)
