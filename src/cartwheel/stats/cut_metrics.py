"""Search a marker for a cut-off by what it should achieve: costs, a fixed rate, or agreement.

The same cuts are looked at as in ``best_cut``, and every caution there holds here: what the search
found is too good in the patients it was found in. Costs, and rates that must be reached, belong to
the plan, written before looking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.sorted_marker import (
    SortedMarker,
    case_and_control_weights,
    check_min_fraction,
    checked_presence,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# equal means within this, as in the compiled searches: sums in another order differ so much
TIE = 1e-12


@dataclass(frozen=True, slots=True)
class MetricCut:
    """A cut-off searched by a metric.

    Parameters
    ----------
    cut : float
        Midpoint of ``below`` and ``above``; a value above it is positive.
    below, above : float
        The neighbouring values present in the sample.
    metric : str
        What was searched for.
    value : float
        Of the metric, at the cut.
    sensitivity, specificity : float
        At the cut; too good where the cut was searched in the same patients.
    equally_good : float array (t,)
        Every cut with the same value, rising; ``cut`` is the first.
    candidates : int
        Cuts that were looked at and have a value.
    patients_above : int
        Positive patients.
    """

    cut: float
    below: float
    above: float
    metric: str
    value: float
    sensitivity: float
    specificity: float
    equally_good: Floats
    candidates: int
    patients_above: int


@dataclass(frozen=True, slots=True)
class _Tables:
    """The 2 x 2 table at every cut: weights, and who lies around it."""

    tp: Floats
    fp: Floats
    fn: Floats
    tn: Floats
    below: Floats
    above: Floats
    patients_above: Floats

    @property
    def sensitivity(self) -> Floats:
        share: Floats = self.tp / (self.tp[0] + self.fn[0])
        return share

    @property
    def specificity(self) -> Floats:
        share: Floats = self.tn / (self.tn[0] + self.fp[0])
        return share


def _kappa(t: _Tables) -> Floats:
    n = t.tp + t.fp + t.fn + t.tn
    chance = ((t.tp + t.fn) * (t.tp + t.fp) + (t.fp + t.tn) * (t.fn + t.tn)) / n**2
    agreed = (t.tp + t.tn) / n
    kappa: Floats = (agreed - chance) / (1.0 - chance)
    return kappa


def _odds_ratio(t: _Tables) -> Floats:
    off = t.fp * t.fn
    # an infinite odds ratio is an empty cell, not a good cut
    ratio: Floats = np.divide(t.tp * t.tn, off, out=np.full(off.shape, np.nan), where=off > 0.0)
    return ratio


def _chi_square(t: _Tables) -> Floats:
    n = t.tp + t.fp + t.fn + t.tn
    margins = (t.tp + t.fn) * (t.fp + t.tn) * (t.tp + t.fp) * (t.fn + t.tn)
    square = (t.tp * t.tn - t.fp * t.fn) ** 2 * n
    found: Floats = np.divide(
        square, margins, out=np.full(margins.shape, np.nan), where=margins > 0.0
    )
    return found


def _predictive_gap(t: _Tables) -> Floats:
    positive, negative = t.tp + t.fp, t.fn + t.tn
    both = (positive > 0.0) & (negative > 0.0)
    ppv = np.divide(t.tp, positive, out=np.full(both.shape, np.nan), where=both)
    npv = np.divide(t.tn, negative, out=np.full(both.shape, np.nan), where=both)
    gap: Floats = np.abs(ppv - npv)
    return gap


# the metric, and whether the largest or the smallest is best
METRICS: dict[str, tuple[Callable[[_Tables], Floats], float]] = {
    "youden": (lambda t: t.sensitivity + t.specificity - 1.0, 1.0),
    "sensitivity_times_specificity": (lambda t: t.sensitivity * t.specificity, 1.0),
    "accuracy": (lambda t: (t.tp + t.tn) / (t.tp + t.fp + t.fn + t.tn), 1.0),
    "f1": (lambda t: 2.0 * t.tp / (2.0 * t.tp + t.fp + t.fn), 1.0),
    "kappa": (_kappa, 1.0),
    "odds_ratio": (_odds_ratio, 1.0),
    "chi_square": (_chi_square, 1.0),
    "corner_distance": (lambda t: np.hypot(1.0 - t.sensitivity, 1.0 - t.specificity), -1.0),
    "sensitivity_specificity_gap": (lambda t: np.abs(t.sensitivity - t.specificity), -1.0),
    "predictive_value_gap": (_predictive_gap, -1.0),
}


def best_cut_by_metric(
    marker: SortedMarker,
    case_weight: ArrayLike,
    control_weight: ArrayLike,
    *,
    metric: str,
    multiplicity: ArrayLike | None = None,
    min_fraction: float = 0.0,
) -> MetricCut:
    """Find the cut with the best value of a metric of the 2 x 2 table.

    Accuracy, F1 and kappa depend on the prevalence in the sample, so they suit a cohort only; the
    odds ratio and chi-square reward extreme and unstable cuts. Youden's index or costs
    (``cost_weighted_cut``) say more.

    Parameters
    ----------
    marker : SortedMarker
        High values adverse.
    case_weight, control_weight : array_like (n,)
        >= 0, patient order, as in ``best_cut``.
    metric : str
        ``youden``, ``sensitivity_times_specificity``, ``accuracy``, ``f1``, ``kappa``,
        ``odds_ratio``, ``chi_square`` (largest); ``corner_distance``,
        ``sensitivity_specificity_gap``, ``predictive_value_gap`` (smallest).
    multiplicity : array_like (n,), optional
        How often each patient is present; once by default.
    min_fraction : float
        As in ``best_cut``.

    Returns
    -------
    MetricCut
        The lowest of equally good cuts, and all of them.

    Raises
    ------
    NotEstimable
        ``no_cut`` where no cut divides the patients or the metric has no value at any; an unknown
        metric; columns as in ``best_cut``.

    Notes
    -----
    A cut where the metric does not exist (an odds ratio with an empty cell) is passed over.
    chi_square is Pearson's without continuity correction. Agrees with R ``cutpointr`` (values, and
    the observed value ``above``) to 1e-8 relative.

    References
    ----------
    Thiele C, Hirschfeld G 2021, doi 10.18637/jss.v098.i11.
    """
    if metric not in METRICS:
        raise refuse(
            NotEstimable,
            "criterion",
            f"unknown metric {metric!r}",
            mend="one of: " + ", ".join(METRICS),
        )
    tables = _tables(marker, case_weight, control_weight, multiplicity, min_fraction)
    value, sign = METRICS[metric]
    return _best(tables, metric, value(tables), sign)


def cost_weighted_cut(
    marker: SortedMarker,
    case_weight: ArrayLike,
    control_weight: ArrayLike,
    *,
    cost: float,
    prevalence: float | None = None,
    multiplicity: ArrayLike | None = None,
) -> MetricCut:
    """Find the cut with the lowest expected cost of wrong decisions.

    Parameters
    ----------
    marker : SortedMarker
        High values adverse.
    case_weight, control_weight : array_like (n,)
        >= 0, patient order, as in ``best_cut``.
    cost : float
        Cost of a missed case relative to that of a false alarm, > 0: 2 says that missing a case is
        twice as bad.
    prevalence : float, optional
        Share with the event where the test will be used, in (0, 1); this sample's by default, which
        is wrong for a case-control study.
    multiplicity : array_like (n,), optional
        How often each patient is present; once by default.

    Returns
    -------
    MetricCut
        ``value`` is sensitivity + r specificity; the lowest of equally good cuts, and all of them.

    Raises
    ------
    NotEstimable
        A cost or prevalence outside its range; otherwise as ``best_cut_by_metric``.

    Notes
    -----
    r = (1 - prevalence) / (cost * prevalence). Agrees with R
    ``pROC::coords("best", best.weights = c(cost, prevalence))`` to 1e-8 relative.

    References
    ----------
    Perkins NJ, Schisterman EF 2006, doi 10.1093/aje/kwj063.
    """
    tables = _tables(marker, case_weight, control_weight, multiplicity, 0.0)
    if prevalence is None:
        cases, controls = tables.tp[0] + tables.fn[0], tables.fp[0] + tables.tn[0]
        prevalence = float(cases / (cases + controls))
    if not (0.0 < prevalence < 1.0 and 0.0 < cost < np.inf):
        raise refuse(
            NotEstimable,
            "cost",
            f"cost {cost:g} and prevalence {prevalence:g} cannot be weighed",
            mend="a cost above 0 and a prevalence between 0 and 1",
        )
    ratio = (1.0 - prevalence) / (cost * prevalence)
    merit = tables.sensitivity + ratio * tables.specificity
    return _best(tables, "cost_weighted", merit, 1.0)


def cut_at_sensitivity(
    marker: SortedMarker,
    case_weight: ArrayLike,
    control_weight: ArrayLike,
    *,
    sensitivity: float,
    multiplicity: ArrayLike | None = None,
) -> MetricCut:
    """Find the cut with the best specificity among those with at least a given sensitivity.

    Parameters
    ----------
    marker : SortedMarker
        High values adverse.
    case_weight, control_weight : array_like (n,)
        >= 0, patient order, as in ``best_cut``.
    sensitivity : float
        To be reached, in (0, 1].
    multiplicity : array_like (n,), optional
        How often each patient is present; once by default.

    Returns
    -------
    MetricCut
        ``value`` is the specificity. Of equally good cuts the lowest, which is the more sensitive.

    Raises
    ------
    NotEstimable
        ``no_cut`` where even the lowest cut misses more cases than that; otherwise as
        ``best_cut_by_metric``.
    """
    tables = _tables(marker, case_weight, control_weight, multiplicity, 0.0)
    reached = tables.sensitivity >= _rate(sensitivity, "sensitivity") - TIE
    merit = np.where(reached, tables.specificity, np.nan)
    return _best(tables, "specificity_at_sensitivity", merit, 1.0)


def cut_at_specificity(
    marker: SortedMarker,
    case_weight: ArrayLike,
    control_weight: ArrayLike,
    *,
    specificity: float,
    multiplicity: ArrayLike | None = None,
) -> MetricCut:
    """Find the cut with the best sensitivity among those with at least a given specificity.

    Parameters
    ----------
    marker : SortedMarker
        High values adverse.
    case_weight, control_weight : array_like (n,)
        >= 0, patient order, as in ``best_cut``.
    specificity : float
        To be reached, in (0, 1].
    multiplicity : array_like (n,), optional
        How often each patient is present; once by default.

    Returns
    -------
    MetricCut
        ``value`` is the sensitivity. Of equally good cuts the lowest.

    Raises
    ------
    NotEstimable
        ``no_cut`` where even the highest cut raises more false alarms than that; otherwise as
        ``best_cut_by_metric``.
    """
    tables = _tables(marker, case_weight, control_weight, multiplicity, 0.0)
    reached = tables.specificity >= _rate(specificity, "specificity") - TIE
    merit = np.where(reached, tables.sensitivity, np.nan)
    return _best(tables, "sensitivity_at_specificity", merit, 1.0)


def chi_square_p(value: float) -> float:
    """Give the p-value of a chi-square with one degree of freedom that was not searched for.

    For the value of a searched cut it is far too small: use a p-value of maximally selected
    statistics (``permutation_p``, ``gaussian_p``).

    Parameters
    ----------
    value : float
        >= 0.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    NotEstimable
        ``range`` for a value below 0 or missing.
    """
    if not value >= 0.0:
        raise refuse(NotEstimable, "range", f"a chi-square of {value:g} is none")
    return float(chdtrc(1, value))


def _rate(value: float, name: str) -> float:
    if not 0.0 < value <= 1.0:
        raise refuse(NotEstimable, "range", f"{name} {value:g} is not in (0, 1]", where=name)
    return value


def _tables(
    marker: SortedMarker,
    case_weight: ArrayLike,
    control_weight: ArrayLike,
    multiplicity: ArrayLike | None,
    min_fraction: float,
) -> _Tables:
    """Count the 2 x 2 table at every cut between two neighbouring values that are present."""
    cases, controls = case_and_control_weights(marker, case_weight, control_weight)
    times = checked_presence(marker, multiplicity)
    check_min_fraction(min_fraction)
    present = np.ones(cases.size) if times is None else times
    starts = marker.run_start[:-1]
    sums = [np.add.reduceat(part[marker.order], starts) for part in (present, cases, controls)]
    values = marker.values[starts]
    held = sums[0] > 0.0
    count, case, control = (np.cumsum(part[held]) for part in sums)
    values = values[held]
    if not values.size or min(case[-1], control[-1]) <= 0.0:
        raise refuse(NotEstimable, "no_cut", "no case or no control has weight")
    n = count[-1]
    low, high = np.floor(n * min_fraction), np.floor(n * (1.0 - min_fraction))
    cut = np.flatnonzero((count[:-1] >= low) & (count[:-1] <= high))
    if not cut.size:
        raise refuse(NotEstimable, "no_cut", "no cut-off divides the patients as asked")
    return _Tables(
        tp=case[-1] - case[cut],
        fp=control[-1] - control[cut],
        fn=case[cut],
        tn=control[cut],
        below=values[cut],
        above=values[cut + 1],
        patients_above=n - count[cut],
    )


def _best(tables: _Tables, metric: str, merit: Floats, sign: float) -> MetricCut:
    """Take the best of the cuts that have a value, the lowest of equals."""
    known = np.flatnonzero(np.isfinite(merit))
    if not known.size:
        raise refuse(
            NotEstimable,
            "no_cut",
            "no cut-off divides the patients as asked",
            mend="the marker or the outcome does not vary, or too much is asked",
        )
    top = float((sign * merit[known]).max())
    equal = known[sign * merit[known] >= top - TIE * max(1.0, abs(top))]
    below, above = tables.below[equal], tables.above[equal]
    middle = below / 2.0 + above / 2.0
    cuts = np.where((below <= middle) & (middle < above), middle, below)
    cuts.setflags(write=False)
    first = equal[0]
    return MetricCut(
        cut=float(cuts[0]),
        below=float(below[0]),
        above=float(above[0]),
        metric=metric,
        value=float(merit[first]),
        sensitivity=float(tables.sensitivity[first]),
        specificity=float(tables.specificity[first]),
        equally_good=cuts,
        candidates=int(known.size),
        patients_above=round(float(tables.patients_above[first])),
    )
