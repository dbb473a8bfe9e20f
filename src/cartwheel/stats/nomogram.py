"""The numbers of a nomogram: points of each predictor value, total points, risk. No drawing.

A nomogram is the model itself, rounded by eye. Points say how much a value weighs over the range
drawn, not how important a predictor is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array
from cartwheel.stats.times import Floats


@dataclass(frozen=True, slots=True, eq=False)
class NomogramAxis:
    """One predictor.

    Parameters
    ----------
    name : str
        As printed.
    values : float array (k,)
        Where the axis has a mark, rising; codes, for a category.
    contribution : float array (k,)
        To the linear predictor there.
    points : float array (k,)
        0 where the predictor contributes least among the marks.
    """

    name: str
    values: Floats
    contribution: Floats
    points: Floats


@dataclass(frozen=True, slots=True, eq=False)
class NomogramScale:
    """A scale under the total points: where each of its values lies.

    Parameters
    ----------
    values : float array (k,)
        Linear predictor, risk or survival.
    total_points : float array (k,)
        Points that give it; may lie below 0 or beyond what the predictors can reach.
    """

    values: Floats
    total_points: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Nomogram:
    """A linear predictor as points.

    Parameters
    ----------
    axes : tuple of NomogramAxis
        In the order given.
    points_per_unit : float
        Points of one unit of linear predictor.
    origin : float
        Linear predictor of 0 points.
    largest_total : float
        Points of all predictors at their worst marks.
    maximum : float
        Points of the widest axis.
    """

    axes: tuple[NomogramAxis, ...]
    points_per_unit: float
    origin: float
    largest_total: float
    maximum: float

    def linear_predictor(self, total_points: ArrayLike) -> Floats:
        """Linear predictor of total points, any shape."""
        points = float_array(total_points, "total_points")
        return np.asarray(self.origin + points / self.points_per_unit, dtype=np.float64)

    def total_points(self, linear_predictor: ArrayLike) -> Floats:
        """Total points of linear predictors, any shape."""
        predictor = float_array(linear_predictor, "linear_predictor")
        return np.asarray((predictor - self.origin) * self.points_per_unit, dtype=np.float64)

    def scale(self, linear_predictor: ArrayLike) -> NomogramScale:
        """Scale of the linear predictor at these values."""
        return _scale(_numbers(linear_predictor, "linear_predictor"), self.total_points)

    def risk_scale(self, risk: ArrayLike) -> NomogramScale:
        """Scale of the risk of a logistic regression at these risks, inside (0, 1)."""
        values = _probabilities(risk)
        return _scale(values, lambda p: self.total_points(logit(p)))

    def survival_scale(self, survival: ArrayLike, cumulative_hazard: float) -> NomogramScale:
        """Scale of survival to a horizon, of a Cox model.

        Parameters
        ----------
        survival : array (k,), inside (0, 1)
            Probabilities to mark.
        cumulative_hazard : float, > 0
            Baseline cumulative hazard at the horizon, where the linear predictor is 0.

        Returns
        -------
        NomogramScale

        Raises
        ------
        NotEstimable
            Probabilities not inside (0, 1), or a hazard that is not above 0.
        """
        if not (np.isfinite(cumulative_hazard) and cumulative_hazard > 0.0):
            raise refuse(
                NotEstimable,
                "cumulative_hazard",
                "the baseline cumulative hazard at the horizon must be above 0",
                where="cumulative_hazard",
            )
        values = _probabilities(survival)
        return _scale(
            values, lambda s: self.total_points(np.log(-np.log(s)) - np.log(cumulative_hazard))
        )


def nomogram(
    terms: Sequence[tuple[str, ArrayLike, ArrayLike]],
    *,
    intercept: float = 0.0,
    maximum: float = 100.0,
) -> Nomogram:
    """Turn a linear predictor into points.

    Parameters
    ----------
    terms : sequence of (str, array (k,), array (k,))
        Of each predictor its name, the values to mark, rising, and what it contributes to the
        linear predictor there: coefficient times value, or a spline's or category's sum.
    intercept : float
        Of the linear predictor; for a Cox model minus what was taken off to centre it, else 0.
    maximum : float, > 0
        Points of the axis that spans the widest contribution.

    Returns
    -------
    Nomogram

    Raises
    ------
    NotEstimable
        No term; marks that are not rising, or fewer than two; numbers not finite; a name twice; no
        term that contributes.

    Notes
    -----
    Points are (contribution - least contribution of the axis) maximum / widest span, so they depend
    on the marks: mark the range that occurs, no more. With the marks of R rms 6.5 ``nomogram``
    agrees with it to a relative 1e-8; its scale of a function is interpolated on 1000 points, ours
    is exact.

    References
    ----------
    Banks J 1985, Nomograms, in Kotz S, Johnson NL (eds), Encyclopedia of Statistical Sciences 6.
    Harrell FE 2015, doi:10.1007/978-3-319-19425-7.
    """
    checked = [_checked_term(*term) for term in terms]
    names = [name for name, _, _ in checked]
    if not checked or len(set(names)) < len(names):
        raise refuse(NotEstimable, "terms", "a nomogram needs terms of different names")
    spans = [float(np.ptp(contribution)) for _, _, contribution in checked]
    if not (np.isfinite([intercept, maximum]).all() and maximum > 0.0 and max(spans) > 0.0):
        raise refuse(
            NotEstimable,
            "no_span",
            "no predictor contributes, or intercept or maximum are no usable numbers",
        )
    each = maximum / max(spans)
    axes = []
    for name, values, contribution in checked:
        points = (contribution - contribution.min()) * each
        points.setflags(write=False)
        axes.append(NomogramAxis(name, values, contribution, points))
    origin = intercept + sum(float(axis.contribution.min()) for axis in axes)
    return Nomogram(tuple(axes), each, origin, each * sum(spans), float(maximum))


def axis_marks(low: float, high: float, intervals: int = 10) -> Floats:
    """Round numbers that cover a range, about so many intervals apart.

    Parameters
    ----------
    low, high : float, low < high
        The range.
    intervals : int, >= 1
        Wanted; the nearest round step is taken.

    Returns
    -------
    float array (k,)
        Multiples of 1, 2 or 5 times a power of ten, the first not above ``low``, the last not below
        ``high``.

    Raises
    ------
    NotEstimable
        A range that is empty or not finite, no interval.

    Notes
    -----
    The rule of R ``pretty`` (high bias 1.5), without its corrections for ranges near the limits of
    double precision.
    """
    if not (np.isfinite([low, high]).all() and low < high and intervals >= 1):
        raise refuse(NotEstimable, "range", "marks need a range from low to high")
    cell = (high - low) / intervals
    unit = 10.0 ** np.floor(np.log10(cell))
    # the next larger round step is taken once the cell has come far enough towards it
    step = unit
    for times, bias in ((2.0, 1.5), (5.0, 2.75), (10.0, 1.5)):
        if times * unit - cell < bias * (cell - step):
            step = times * unit
    first, last = np.floor(low / step + 1e-10), np.ceil(high / step - 1e-10)
    marks = np.arange(first, last + 0.5) * step
    marks.setflags(write=False)
    return np.asarray(marks, dtype=np.float64)


def _checked_term(
    name: str, values: ArrayLike, contribution: ArrayLike
) -> tuple[str, Floats, Floats]:
    marks = float_array(values, name).copy()
    effect = float_array(contribution, name).copy()
    if (
        marks.ndim != 1
        or marks.size < 2
        or effect.shape != marks.shape
        or not np.isfinite([marks, effect]).all()
        or not (np.diff(marks) > 0.0).all()
    ):
        raise refuse(
            NotEstimable,
            "marks",
            "an axis needs two marks or more, rising, and a contribution at each",
            where=name,
        )
    marks.setflags(write=False)
    effect.setflags(write=False)
    return name, marks, effect


def _probabilities(values: ArrayLike) -> Floats:
    given = _numbers(values, "probability")
    if not ((given > 0.0) & (given < 1.0)).all():
        raise refuse(NotEstimable, "probability", "probabilities lie inside 0 and 1")
    return given


def _numbers(values: ArrayLike, where: str) -> Floats:
    """Finite numbers, in an array of their own."""
    given = np.atleast_1d(float_array(values, where)).copy()
    if not np.isfinite(given).all():
        raise refuse(NotEstimable, "not_finite", "a value is missing or infinite", where=where)
    return given


def _scale(values: Floats, points_of: Callable[[Floats], Floats]) -> NomogramScale:
    points = points_of(values)
    values.setflags(write=False)
    points.setflags(write=False)
    return NomogramScale(values, points)
