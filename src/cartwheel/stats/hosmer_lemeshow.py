"""Two overall tests of calibration, kept because reviewers ask for them.

Hosmer and Lemeshow's test is dated: its result depends on the number of groups and on how ties
fall, it is blind in small samples and rejects any model in large ones, and it says nothing of where
or how far the risks are wrong. A calibration curve and its slope say that (``calibration_curves``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.calibration import CalibrationGroups, calibration_groups
from cartwheel.stats.estimability import checked_arrays
from cartwheel.stats.integrated_brier import checked_risk


@dataclass(frozen=True, slots=True, eq=False)
class HosmerLemeshow:
    """Hosmer and Lemeshow's test.

    Parameters
    ----------
    statistic, p_value : float
        Chi-square statistic and its upper tail.
    df : int
        Groups minus two.
    groups : CalibrationGroups
        What it was computed from.
    """

    statistic: float
    p_value: float
    df: int
    groups: CalibrationGroups


@dataclass(frozen=True, slots=True)
class SumOfSquaresTest:
    """Unweighted sum of squared residuals against what the model itself expects.

    Parameters
    ----------
    sum_of_squares, expected, std_deviation : float
        Observed, and its mean and standard deviation if the model holds.
    z, p_value : float
        Standardised difference and its two-sided p-value.
    """

    sum_of_squares: float
    expected: float
    std_deviation: float
    z: float
    p_value: float


def hosmer_lemeshow(risk: ArrayLike, event: ArrayLike, n_groups: int = 10) -> HosmerLemeshow:
    """Test calibration in groups of predicted risk, as Hosmer and Lemeshow did. Dated.

    Parameters
    ----------
    risk : array (n,), 0-1
        Predicted probabilities, from the model fitted to these patients.
    event : array (n,), 0 or 1
        1 if it happened.
    n_groups : int
        Groups asked for, >= 3; the result depends on it.

    Returns
    -------
    HosmerLemeshow

    Raises
    ------
    NotEstimable
        What ``calibration_groups`` refuses; ``groups`` where ties leave fewer than 3;
        ``expected_zero`` where a group's expected count is 0.

    Notes
    -----
    Sum over groups and both outcomes of (observed - expected)^2 / expected, on groups - 2 degrees
    of freedom. Agrees with R ResourceSelection ``hoslem.test`` to 1e-8 relative. In new patients
    the degrees of freedom would be the number of groups.

    References
    ----------
    Hosmer and Lemeshow 1980, doi 10.1080/03610928008827941. Against it: Hosmer et al. 1997,
    doi 10.1002/(sici)1097-0258(19970515)16:9<965::aid-sim509>3.0.co;2-o.
    """
    groups = calibration_groups(risk, event, n_groups)
    k = len(groups.n)
    if k < 3:
        raise refuse(
            NotEstimable,
            "groups",
            f"{k} groups of predicted risk; the test needs 3",
            mend="ask for more groups, or draw a calibration curve",
        )
    cases = groups.mean_risk * groups.n
    others = groups.n - cases
    if min(cases.min(), others.min()) <= 0.0:
        raise refuse(NotEstimable, "expected_zero", "a group has no expected event, or only events")
    distance = (groups.events - cases) ** 2
    statistic = float((distance / cases + distance / others).sum())
    return HosmerLemeshow(statistic, float(chdtrc(k - 2, statistic)), k - 2, groups)


def sum_of_squares_test(x: ArrayLike, event: ArrayLike, risk: ArrayLike) -> SumOfSquaresTest:
    """Test a logistic model's fit by its unweighted sum of squared residuals.

    Parameters
    ----------
    x : array (n, p)
        Predictors of the model, without intercept.
    event : array (n,), 0 or 1
        1 if it happened.
    risk : array (n,), 0-1
        Probabilities that the model fitted to these patients.

    Returns
    -------
    SumOfSquaresTest

    Raises
    ------
    NotEstimable
        What ``checked_arrays`` refuses; risks that are no probabilities; ``no_variance`` where the
        sum cannot vary.

    Notes
    -----
    With v = p (1 - p), the sum of (y - p)^2 has mean sum v and, once the model is fitted, the
    variance of the residuals of 1 - 2p regressed on x with weights v. Agrees with R rms
    ``resid(fit, "gof")`` to 1e-8 relative.

    References
    ----------
    le Cessie and van Houwelingen 1991, doi 10.2307/2532385. Hosmer et al. 1997,
    doi 10.1002/(sici)1097-0258(19970515)16:9<965::aid-sim509>3.0.co;2-o.
    """
    columns, y, _, _ = checked_arrays(x, event)
    p = checked_risk(len(y), risk)
    v = p * (1.0 - p)
    root = np.sqrt(v)
    design = np.column_stack((np.ones(len(y)), columns)) * root[:, None]
    target = (1.0 - 2.0 * p) * root
    solution = np.linalg.lstsq(design, target, rcond=None)[0]
    residual = target - design @ solution
    spread = float(np.sqrt(residual @ residual))
    if not spread > 1e-12:
        raise refuse(NotEstimable, "no_variance", "the sum of squares cannot vary in this model")
    total, expected = float(((y - p) ** 2).sum()), float(v.sum())
    z = (total - expected) / spread
    return SumOfSquaresTest(total, expected, spread, z, 2.0 * float(ndtr(-abs(z))))
