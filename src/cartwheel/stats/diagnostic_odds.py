"""The diagnostic odds ratio: one number for a test against an event."""

from __future__ import annotations

from math import exp, log, sqrt

from cartwheel.estimate import Estimate
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.roc import TwoByTwo


def diagnostic_odds_ratio(
    table: TwoByTwo, level: float = 0.95, *, corrected: bool = False
) -> Estimate:
    """Estimate the odds of a positive test with the event over those without.

    Very different pairs of sensitivity and specificity share one odds ratio: show them beside it.

    Parameters
    ----------
    table : TwoByTwo
        From ``two_by_two``.
    level : float
        Coverage, in (0, 1).
    corrected : bool
        Add 1/2 to every cell (Haldane, Anscombe), so that it exists where a cell is empty.

    Returns
    -------
    Estimate
        No value where false results are 0, no interval where any cell is 0.

    Raises
    ------
    NotEstimable
        Level outside (0, 1).

    Notes
    -----
    tp tn / (fp fn); interval on the log scale, variance the sum of 1 / cell.

    References
    ----------
    Glas AS et al. 2003, doi:10.1016/S0895-4356(03)00177-X.
    """
    z = normal_quantile(level)
    extra = 0.5 if corrected else 0.0
    counts = (
        table.true_positive,
        table.true_negative,
        table.false_positive,
        table.false_negative,
    )
    tp, tn, fp, fn = (count + extra for count in counts)
    n, events = sum(counts), table.true_positive + table.false_negative
    label = "diagnostic odds ratio" + (", 1/2 added to every cell" if corrected else "")
    if fp * fn == 0.0:
        return Estimate(None, method=f"{label}: no false result of one kind", n=n, events=events)
    ratio = tp * tn / (fp * fn)
    if ratio == 0.0:
        return Estimate(0.0, method=f"{label}; no interval at 0", n=n, events=events)
    half = z * sqrt(1.0 / tp + 1.0 / tn + 1.0 / fp + 1.0 / fn)
    low, high = exp(log(ratio) - half), exp(log(ratio) + half)
    return Estimate(ratio, low, high, level, f"{label}, log interval", n, events)
