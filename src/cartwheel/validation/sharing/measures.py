"""Measures that may leave a centre: no finer than what they are worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from scipy.special import expit, logit, ndtri

from cartwheel.estimate import Estimate
from cartwheel.validation.result import Comparison, Validation
from cartwheel.validation.result_score import Measure, ScoreResult
from cartwheel.validation.result_share import SharedDifference, SharedMeasure
from cartwheel.validation.sharing.cells import in_figures, in_steps, not_below, rounded, step_of

# what a pool takes; all that is told of a score whose counts could be solved for
_RANKING = ("auc", "harrell_c", "auc_at_horizon")
_POOLED = (*_RANKING, "observed_expected", "calibration_slope")
_DIGITS = 4
_Map = Callable[[float], float]
_SCALES: dict[str, tuple[_Map, _Map]] = {
    "logit": (lambda value: float(logit(value)), lambda value: float(expit(value))),
    "log": (lambda value: float(np.log(value)), lambda value: float(np.exp(value))),
    "identity": (float, float),
}


def shared_measures(measures: Iterable[Measure], *, coarse: bool) -> tuple[SharedMeasure, ...]:
    """Round measures to what may leave the centre.

    Parameters
    ----------
    measures : iterable of Measure
        As found.
    coarse : bool
        Only discrimination, observed/expected and slope, in steps of about a whole standard
        error, which is itself rounded up.

    Returns
    -------
    tuple of SharedMeasure
        Those that have a value. Where there is a standard error the value is rounded on its scale
        and the limits follow from what is told of both: they say nothing more.
    """
    return tuple(
        _measure(each, each.estimate, each.std_error, coarse)
        for each in _chosen(measures, coarse)
        if each.estimate.value is not None
    )


def shared_imputed(
    result: Validation, found: ScoreResult, *, coarse: bool
) -> tuple[SharedMeasure, ...]:
    """Round the measures of one score in all eligible patients, missing inputs imputed.

    Parameters
    ----------
    result : Validation
        The validation.
    found : ScoreResult
        The score.
    coarse : bool
        As for the others.

    Returns
    -------
    tuple of SharedMeasure
        Empty where nothing was imputed.
    """
    if result.imputation is None:
        return ()
    measures = _chosen((*found.discrimination, *found.calibration, *found.overall), coarse)
    named = {each.name: each for each in measures}
    return tuple(
        _measure(named[each.name], each.imputed, None, coarse)
        for each in result.imputation.measures
        if each.score == found.name and each.name in named and each.imputed.value is not None
    )


def shared_differences(result: Validation, coarse: set[str]) -> tuple[SharedDifference, ...]:
    """Round the differences of scores.

    Parameters
    ----------
    result : Validation
        The validation.
    coarse : set of str
        Names of the scores told in coarse steps.

    Returns
    -------
    tuple of SharedDifference
        Of a score told coarsely those of pooled measures only.
    """
    ids = {found.name: found.id for found in result.scores}

    def told(each: Comparison) -> SharedDifference:
        rough = bool({each.first, each.second} & coarse)
        step = step_of(_error(each.difference), coarse=rough)
        value = in_steps(each.difference.value, step)
        assert value is not None
        return SharedDifference(
            each.measure,
            ids[each.first],
            ids[each.second],
            value,
            in_steps(each.difference.low, step),
            in_steps(each.difference.high, step),
        )

    return tuple(
        told(each)
        for each in result.comparisons
        if each.difference.value is not None
        and {each.first, each.second} <= set(ids)
        and (each.measure in _POOLED or not {each.first, each.second} & coarse)
    )


def _chosen(measures: Iterable[Measure], coarse: bool) -> Sequence[Measure]:
    listed = list(measures)
    if not coarse:
        return listed
    there = [each for each in listed if each.name in _POOLED and each.estimate.value is not None]
    # of discrimination the first only: each measure is one more equation
    first = [each for each in there if each.name in _RANKING][:1]
    return [*first, *(each for each in there if each.name not in _RANKING)]


def _measure(
    named: Measure, estimate: Estimate, error: float | None, coarse: bool
) -> SharedMeasure:
    assert estimate.value is not None
    told = not_below(error) if coarse else in_figures(error, 2)
    there, back = _SCALES[named.scale]
    if told is None or told == 0.0 or estimate.level is None:
        step = step_of(_error(estimate), coarse=coarse)
        value, low, high = (
            in_steps(each, step) for each in (estimate.value, estimate.low, estimate.high)
        )
    else:
        middle = in_steps(there(estimate.value), step_of(told, coarse=coarse))
        assert middle is not None
        reach = told * float(ndtri(0.5 + estimate.level / 2.0))
        value, low, high = (
            rounded(back(each), _DIGITS) for each in (middle, middle - reach, middle + reach)
        )
    assert value is not None
    return SharedMeasure(
        named.name, named.label, value, low, high, estimate.level, told, named.scale
    )


def _error(estimate: Estimate) -> float | None:
    """Standard error as the width of the interval has it."""
    if estimate.low is None or estimate.high is None or estimate.level is None:
        return None
    return (estimate.high - estimate.low) / (2.0 * float(ndtri(0.5 + estimate.level / 2.0)))
