"""One model out of several completed copies: averages of coefficients, medians of places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.model.predictor import Predictor, design_knots
from cartwheel.development.model.target import Fit, Target

Floats = NDArray[np.float64]


def middle(places: Floats) -> Floats:
    """Median over copies of places on the predictors' axes: cut-offs, knots, edges.

    Parameters
    ----------
    places : float array (m, k)
        A row for each copy; nan in a column throughout, or not at all.

    Returns
    -------
    float array (k,)
        Exactly the place itself where all copies agree.
    """
    rising = np.sort(places, axis=0)
    m = len(places)
    low, high = rising[(m - 1) // 2], rising[m // 2]
    median: Floats = np.where(low == high, low, low / 2.0 + high / 2.0)
    return median


def pooled_knots(
    items: Sequence[Predictor], transform: str, multiplicity: Floats | None = None
) -> Floats | None:
    """Median over copies of each knot of a spline.

    Parameters
    ----------
    items : sequence of Predictor
        One predictor in each copy.
    transform : str
        none, log2, sqrt, rcs3, rcs4, rcs5.
    multiplicity : float array (n,), optional
        The sample; every patient once by default.

    Returns
    -------
    float array (k,) or None
        None for what is no spline, and where a copy has too few distinct values for three knots.
    """
    placed = [design_knots(item.values, transform, multiplicity) for item in items]
    found = [knots for knots in placed if knots is not None]
    if not found or len(found) < len(placed) or len({len(knots) for knots in found}) > 1:
        return None
    return middle(np.stack(found))


def pooled_fit(target: Target, designs: Sequence[Floats], multiplicity: Floats) -> Fit:
    """Fit every copy, average coefficients and intercept, and evaluate every copy by them.

    Parameters
    ----------
    target : Target
        The outcome.
    designs : sequence of float array (n, p)
        Design columns of each of the m copies.
    multiplicity : float array (n,)
        How often each patient counts.

    Returns
    -------
    Fit
        Arrays (m, n).

    Raises
    ------
    NotEstimable
        When a copy's model does not converge.

    References
    ----------
    Rubin DB 1987, doi:10.1002/9780470316696.
    """
    fits = [target.fit(design, multiplicity) for design in designs]
    return evaluated(target, *average(fits), np.stack(designs))


def average(fits: Sequence[Fit]) -> tuple[Floats, float]:
    """Average coefficients and intercepts.

    Parameters
    ----------
    fits : sequence of Fit
        With equally many coefficients.

    Returns
    -------
    tuple of (float array (p,), float)
    """
    coefficients = np.sum([fit.coefficients for fit in fits], axis=0) / len(fits)
    return coefficients, float(sum(fit.intercept for fit in fits) / len(fits))


def evaluated(target: Target, coefficients: Floats, intercept: float, designs: Floats) -> Fit:
    """Evaluate pooled coefficients in every copy.

    Parameters
    ----------
    target : Target
        The outcome.
    coefficients : float array (p,)
        Without intercept.
    intercept : float
        As in ``Fit``.
    designs : float array (m, n, p)
        Design columns.

    Returns
    -------
    Fit
        Arrays (m, n); the linear predictor is the score.
    """
    effect = designs @ coefficients
    fit = target.evaluate(coefficients, intercept, effect, effect)
    return Fit(coefficients, intercept, fit.linear_predictor, fit.linear_predictor, fit.risk)


def pooled_total_fit(target: Target, totals: Floats, multiplicity: Floats) -> Fit:
    """Fit the model of the total in every copy, and average it.

    Parameters
    ----------
    target : Target
        The outcome.
    totals : float array (m, n)
        Points of every patient in every copy.
    multiplicity : float array (n,)
        How often each patient counts.

    Returns
    -------
    Fit
        Arrays (m, n), ordered by the total. A copy in which the sample has one total has slope 0;
        where all copies are so, the model orders nobody.

    Raises
    ------
    NotEstimable
        When a copy's model does not converge.
    """
    present = multiplicity > 0
    flat = [bool(np.ptp(row[present]) == 0) for row in totals]
    if all(flat):
        one = target.fit_constant(multiplicity)
        shape = (len(totals), 1)
        return Fit(
            one.coefficients,
            one.intercept,
            np.tile(one.score, shape),
            np.tile(one.linear_predictor, shape),
            np.tile(one.risk, shape),
        )
    slopes = np.zeros(len(totals))
    intercepts = np.empty(len(totals))
    for place, (row, still) in enumerate(zip(totals, flat, strict=True)):
        fit = target.fit_constant(multiplicity) if still else target.fit(row, multiplicity)
        intercepts[place] = fit.intercept
        if not still:
            slopes[place] = fit.coefficients[0]
    coefficients = np.array([slopes.sum() / len(totals)])
    return evaluated_total(target, coefficients, float(intercepts.sum() / len(totals)), totals)


def evaluated_total(target: Target, coefficients: Floats, intercept: float, totals: Floats) -> Fit:
    """Evaluate the model of the total in every copy.

    Parameters
    ----------
    target : Target
        The outcome.
    coefficients : float array (1,) or (0,)
        Slope; empty where nothing orders the patients.
    intercept : float
        As in ``Fit``.
    totals : float array (m, n)
        Points.

    Returns
    -------
    Fit
        Arrays (m, n).
    """
    if not len(coefficients):
        flat = np.zeros(totals.shape)
        return target.evaluate(coefficients, intercept, flat, flat)
    return target.evaluate(coefficients, intercept, totals * coefficients[0], totals)


def average_measure(target: Target, fit: Fit, multiplicity: Floats) -> Floats:
    """Average over copies of the performance of one model.

    Parameters
    ----------
    target : Target
        The outcome.
    fit : Fit
        Arrays (m, n).
    multiplicity : float array (n,)
        How often each patient counts.

    Returns
    -------
    float array (k,)
        In the order of ``target.measures``; nan where a copy has no such value.
    """
    copies = fit.copies
    total = target.measure(copies[0], multiplicity)
    for one in copies[1:]:
        total = total + target.measure(one, multiplicity)
    return total / len(copies)
