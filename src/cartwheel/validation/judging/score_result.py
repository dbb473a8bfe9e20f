"""Everything a validation says of one score, put together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cartwheel.estimate import Estimate
from cartwheel.validation.account.said import once
from cartwheel.validation.account.score_notes import score_notes
from cartwheel.validation.analysed import Floats, Predicted, Target
from cartwheel.validation.cohort.assembly import Assembled
from cartwheel.validation.judging.bands import band_rows, band_tests
from cartwheel.validation.judging.curves import incidence_by_band, roc_points, survival_by_band
from cartwheel.validation.judging.edges import band_edges
from cartwheel.validation.judging.flexible import calibration_indices, calibration_plot
from cartwheel.validation.judging.measures import calibration, discrimination, overall
from cartwheel.validation.judging.points import linear_predictor
from cartwheel.validation.judging.published import found_here, published_figures
from cartwheel.validation.judging.resampled import Resampled, ScoreResamples, bootstrap_estimate
from cartwheel.validation.plan import ValidationPlan
from cartwheel.validation.result_score import Measure, ScoreResult


def score_result(
    who: Assembled, place: int, resampled: Resampled, plan: ValidationPlan
) -> ScoreResult:
    """Judge one score on the patients analysed.

    Parameters
    ----------
    who : Assembled
        The cohort.
    place : int
        Of the score in the plan.
    resampled : Resampled
        For intervals without a closed form.
    plan : ValidationPlan
        Its level, and the groups of the calibration plot.

    Returns
    -------
    ScoreResult
    """
    level, target = plan.level, who.target
    predicted, scoreable = who.predicted[place], who.scoreables[place]
    ranked = discrimination(target, predicted, level)
    calibrated = (
        *calibration(target, predicted, level),
        *calibration_indices(target, predicted, resampled, level),
    )
    error = _resampled_limits(overall(target, predicted, level), resampled.of(predicted), level)
    edges = band_edges(target, predicted, level)
    here = found_here((*ranked, *calibrated, *error), edges)
    area = next((each for each in ranked if each.name in ("auc", "auc_at_horizon")), None)
    found = ScoreResult(
        id=scoreable.spec.id,
        version=scoreable.spec.version,
        title=scoreable.spec.title,
        name=scoreable.name,
        sha256=scoreable.spec.identity,
        development_data_sha256=scoreable.spec.population.data_sha256,
        status=scoreable.spec.status,
        choices=scoreable.choices,
        predicts=predicted.risk_source,
        adverse=scoreable.adverse,
        adverse_source=scoreable.adverse_source,
        outcome_said=who.outcome_said[place],
        columns=who.score_columns[place],
        refusals=who.refusals[place],
        scored=who.scored[place],
        value=_quartiles(predicted.value),
        linear_predictor_sd=_spread(target, predicted),
        discrimination=ranked,
        calibration=calibrated,
        overall=error,
        published=published_figures(predicted.spec, here),
        roc=None if area is None else roc_points(target, predicted, area.estimate),
        plot=calibration_plot(target, predicted, resampled, plan.groups, level),
        bands=band_rows(target, predicted, level),
        band_tests=band_tests(target, predicted),
        edges=edges,
        survival=survival_by_band(target, predicted, level),
        incidence=incidence_by_band(target, predicted, level),
        notes=(),
    )
    return replace(found, notes=once(who.score_notes[place], score_notes(found, who.outcome)))


def _resampled_limits(
    measures: tuple[Measure, ...], draws: ScoreResamples | None, level: float
) -> tuple[Measure, ...]:
    """Give percentile limits to measures that have none in closed form."""

    def told(each: Measure) -> Measure:
        found = each.estimate
        if found.value is None or found.low is not None or draws is None:
            return each
        sample = (found.n or 0, found.events or 0)
        limits = bootstrap_estimate(
            found.value, draws.draws(each.name), level, found.method, sample
        )
        return replace(each, estimate=limits)

    return tuple(told(each) for each in measures)


def _quartiles(value: Floats) -> Estimate:
    low, middle, high = (float(each) for each in np.quantile(value, [0.25, 0.5, 0.75]))
    return Estimate(middle, low, high, 0.5, "median and quartiles (R's type 7)", len(value))


def _spread(target: Target, predicted: Predicted) -> float | None:
    if predicted.risk is None:
        return None
    line = linear_predictor(target.kind, predicted.risk)
    return None if line is None or len(line) < 2 else float(np.std(line, ddof=1))
