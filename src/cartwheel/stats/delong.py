"""Uncertainty of the area under the ROC curve by DeLong's method, and comparisons of two areas."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtr, stdtr

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.descriptive import coded_column, finite_column, normal_quantile, same_length
from cartwheel.stats.kernels import _placements as _placements_kernel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DeLong:
    """An area under the ROC curve with DeLong's variance.

    Parameters
    ----------
    auc : float
        Probability that a case scores higher than a control, ties counted half.
    variance : float or None
        Of the area; 0 where cases and controls are perfectly separated, None where there is only
        one case or one control.
    n_cases, n_controls : int
        Patients with and without the event.
    """

    auc: float
    variance: float | None
    n_cases: int
    n_controls: int

    def estimate(self, level: float = 0.95, scale: str = "area") -> Estimate:
        """Area with a normal interval, on its own scale or on that of log odds.

        Parameters
        ----------
        level : float
            Coverage, in (0, 1).
        scale : {"area", "logit"}
            ``area``: symmetric, cut off at 0 and 1. ``logit``: inside (0, 1) by itself, and with
            better coverage for areas near 1 in small samples.

        Returns
        -------
        Estimate
            No limits where the variance is 0 or None: an interval from 1 to 1 would say that
            perfect separation is certain.

        Raises
        ------
        NotEstimable
            An unknown scale.
        """
        if scale not in ("area", "logit"):
            raise refuse(NotEstimable, "scale", f"unknown scale {scale!r}", mend="area or logit")
        n = self.n_cases + self.n_controls
        half = normal_quantile(level) * sqrt(self.variance or 0.0)
        if half == 0.0:
            why = "only one case or control" if self.variance is None else "perfect separation"
            method = f"AUC; DeLong interval not estimable: {why}"
            return Estimate(self.auc, method=method, n=n, events=self.n_cases)
        if scale == "logit":
            centre, spread = float(logit(self.auc)), half / (self.auc * (1.0 - self.auc))
            low, high = float(expit(centre - spread)), float(expit(centre + spread))
            method = "AUC, DeLong interval on the scale of log odds"
        else:
            low, high = max(0.0, self.auc - half), min(1.0, self.auc + half)
            method = "AUC, DeLong interval cut off at 0 and 1"
        return Estimate(self.auc, low, high, level, method, n, self.n_cases)


@dataclass(frozen=True, slots=True)
class AucComparison:
    """Two areas under the ROC curve and their difference.

    Parameters
    ----------
    auc_a, auc_b : float
        The two areas.
    difference : Estimate
        ``auc_a - auc_b`` with its interval.
    z : float
        Difference divided by its standard error.
    p_value : float
        Two-sided.
    df : float or None
        Degrees of freedom of t where the patients differ; None (normal) where they are the same.
    """

    auc_a: float
    auc_b: float
    difference: Estimate
    z: float
    p_value: float
    df: float | None = None


def _cases_and_controls(score: ArrayLike, event: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """Check score and event; give the score and who is a case."""
    values, happened = finite_column(score, "score"), coded_column(event, "event")
    same_length(score=values, event=happened)
    case = happened == 1.0
    if not 0 < np.count_nonzero(case) < case.size:
        raise refuse(
            NotEstimable, "one_class", "all patients or none have the event", where="event"
        )
    return values, case


def _placements(score: Floats, case: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Share of controls below each case, and of cases above each control; ties half."""
    doubled = np.empty(score.size, dtype=np.int64)
    # whole numbers come out, so the order among equal scores does not matter
    _placements_kernel.doubled_placements(score, np.argsort(score), case.view(np.uint8), doubled)
    of_cases, of_controls = doubled[case], doubled[~case]
    return of_cases / (2.0 * of_controls.size), 1.0 - of_controls / (2.0 * of_cases.size)


def _variance(of_cases: Floats, of_controls: Floats) -> float | None:
    """DeLong's variance of a mean of placements, or of a difference of them."""
    if min(of_cases.size, of_controls.size) < 2:
        return None
    cases = float(of_cases.var(ddof=1)) / of_cases.size
    return cases + float(of_controls.var(ddof=1)) / of_controls.size


def delong(score: ArrayLike, event: ArrayLike) -> DeLong:
    """Estimate the area under the ROC curve and DeLong's variance of it.

    Parameters
    ----------
    score : array_like (n,)
        Higher means the event is likelier.
    event : array_like (n,), bool or 0/1
        1 event.

    Returns
    -------
    DeLong
        Area, variance and counts.

    Raises
    ------
    NotEstimable
        No case or no control, a score not finite, an event not 0/1.

    Notes
    -----
    var = var(placements of cases) / n_cases + var(placements of controls) / n_controls, found by
    sorting, n log n. Agrees with R ``pROC::var(method = "delong")`` to 1e-8 relative.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL 1988, doi 10.2307/2531595. Sun X, Xu W 2014,
    doi 10.1109/LSP.2014.2337313.
    """
    values, case = _cases_and_controls(score, event)
    of_cases, of_controls = _placements(values, case)
    return DeLong(
        auc=float(of_cases.mean()),
        variance=_variance(of_cases, of_controls),
        n_cases=of_cases.size,
        n_controls=of_controls.size,
    )


def auc_delong(
    score: ArrayLike, event: ArrayLike, *, level: float = 0.95, scale: str = "area"
) -> Estimate:
    """Estimate the area under the ROC curve with DeLong's interval.

    Parameters
    ----------
    score : array_like (n,)
        Higher means the event is likelier.
    event : array_like (n,), bool or 0/1
        1 event.
    level : float
        Coverage, in (0, 1).
    scale : {"area", "logit"}
        Scale on which the interval is normal.

    Returns
    -------
    Estimate
        Without limits at perfect separation, where the variance is 0, and with one case or control.

    Raises
    ------
    NotEstimable
        No case or no control, a score not finite, an event not 0/1, an unknown scale.

    Notes
    -----
    ``area``: AUC +- z sqrt(variance), cut off at 0 and 1: the convention of R ``pROC::ci.auc``,
    agreed with to 1e-8 relative. ``logit``: logit AUC +- z sqrt(variance) / (AUC (1 - AUC)),
    turned back.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL 1988, doi 10.2307/2531595. Pepe MS 2003, The
    Statistical Evaluation of Medical Tests for Classification and Prediction, Oxford, p. 107.
    """
    return delong(score, event).estimate(level, scale)


def delong_compare(
    score_a: ArrayLike, score_b: ArrayLike, event: ArrayLike, *, level: float = 0.95
) -> AucComparison:
    """Compare the areas of two scores measured in the same patients.

    Parameters
    ----------
    score_a, score_b : array_like (n,)
        Higher means the event is likelier, in both: directions are never chosen from the data.
    event : array_like (n,), bool or 0/1
        1 event.
    level : float
        Coverage of the interval of the difference, in (0, 1).

    Returns
    -------
    AucComparison
        Both areas, difference with interval, z and two-sided p.

    Raises
    ------
    NotEstimable
        As ``delong``; ``no_variance`` where the two scores order cases and controls alike.

    Notes
    -----
    Variance of the difference from the differences of placements, which holds the covariance of
    the two areas. Agrees with R ``pROC::roc.test(paired = TRUE, method = "delong")`` to 1e-8
    relative. Not valid for nested models fitted to the same patients (Demler 2012).

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL 1988, doi 10.2307/2531595. Demler OV, Pencina MJ,
    D'Agostino RB 2012, doi 10.1002/sim.5328.
    """
    first, case = _cases_and_controls(score_a, event)
    second, _ = _cases_and_controls(score_b, event)
    cases_a, controls_a = _placements(first, case)
    cases_b, controls_b = _placements(second, case)
    variance = _variance(cases_a - cases_b, controls_a - controls_b)
    auc_a, auc_b = float(cases_a.mean()), float(cases_b.mean())
    z, difference = _difference(auc_a, auc_b, variance, normal_quantile(level))
    return AucComparison(
        auc_a=auc_a,
        auc_b=auc_b,
        difference=Estimate(
            *difference,
            level=level,
            method="difference of AUCs in the same patients, DeLong interval",
            n=first.size,
            events=int(np.count_nonzero(case)),
        ),
        z=z,
        p_value=2.0 * float(ndtr(-abs(z))),
    )


def delong_compare_groups(a: DeLong, b: DeLong, *, level: float = 0.95) -> AucComparison:
    """Compare areas found in two groups of different patients.

    Parameters
    ----------
    a, b : DeLong
        From ``delong`` in each group.
    level : float
        Coverage of the interval of the difference, in (0, 1).

    Returns
    -------
    AucComparison
        Both areas, difference with a normal interval, D as ``z``, df and two-sided p from t.

    Raises
    ------
    NotEstimable
        ``no_variance`` where both areas have variance 0, or one has none.

    Notes
    -----
    D = (A - B) / sqrt(v_A + v_B) against t with Welch's degrees of freedom,
    (v_A + v_B)^2 / (v_A^2/(n_A - 1) + v_B^2/(n_B - 1)), n all patients of a group. Agrees with R
    ``pROC::roc.test(paired = FALSE)`` to 1e-8 relative.

    References
    ----------
    Robin X et al. 2011, doi 10.1186/1471-2105-12-77.
    """
    patients_a, patients_b = a.n_cases + a.n_controls, b.n_cases + b.n_controls
    known = a.variance is not None and b.variance is not None
    of_a, of_b = a.variance or 0.0, b.variance or 0.0
    variance = of_a + of_b
    z, difference = _difference(a.auc, b.auc, variance if known else None, normal_quantile(level))
    df = variance**2 / (of_a**2 / (patients_a - 1) + of_b**2 / (patients_b - 1))
    return AucComparison(
        auc_a=a.auc,
        auc_b=b.auc,
        difference=Estimate(
            *difference,
            level=level,
            method="difference of AUCs in different patients, DeLong variances, normal interval",
            n=patients_a + patients_b,
            events=a.n_cases + b.n_cases,
        ),
        z=z,
        p_value=2.0 * float(stdtr(df, -abs(z))),
        df=df,
    )


def _difference(
    auc_a: float, auc_b: float, variance: float | None, quantile: float
) -> tuple[float, tuple[float, float, float]]:
    """Give z and the difference with its limits."""
    if variance is None or not variance > 0.0:
        raise refuse(NotEstimable, "no_variance", "the difference of the two areas has no variance")
    error = sqrt(variance)
    gap = auc_a - auc_b
    return gap / error, (gap, gap - quantile * error, gap + quantile * error)
