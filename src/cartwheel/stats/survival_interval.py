"""Pointwise limits of a survival curve on the scale where they are symmetric."""

from __future__ import annotations

import numpy as np

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.times import Floats

INTERVALS = ("log", "log-log", "plain", "logit", "arcsin")


def survival_limits(
    survival: Floats, std_log: Floats, level: float, interval: str
) -> tuple[Floats, Floats]:
    """Limits of survival from the standard error of its logarithm.

    Parameters
    ----------
    survival : float array (k,), 0-1
        S(t).
    std_log : float array (k,)
        Standard error of log S; nan where S is 0.
    level : float in (0, 1)
        Coverage.
    interval : {"log", "log-log", "plain", "logit", "arcsin"}
        Scale on which the limits are symmetric.

    Returns
    -------
    low, high : float arrays (k,)
        Within [0, 1]; nan where S is 0, and, except on the plain and log scales, where S is 1.

    Raises
    ------
    NotEstimable
        Level outside (0, 1), or an unknown scale.

    Notes
    -----
    Standard errors by the delta method; formulas and capping as R survival ``survfit_confint``.
    """
    if interval not in INTERVALS:
        raise refuse(
            NotEstimable,
            "interval_unknown",
            f"interval {interval!r} is unknown",
            mend="use one of " + ", ".join(INTERVALS),
        )
    if not 0.0 < level < 1.0:
        raise refuse(NotEstimable, "level_range", f"level {level} is not between 0 and 1")
    z = normal_quantile(level)
    if interval == "plain":
        half = z * survival * std_log
        return np.maximum(survival - half, 0.0), np.minimum(survival + half, 1.0)
    if interval == "log":
        factor = np.exp(z * std_log)
        return survival / factor, np.minimum(survival * factor, 1.0)
    inside = (survival > 0.0) & (survival < 1.0)
    shown = np.where(inside, 1.0, np.nan)
    s = np.where(inside, survival, 0.5)
    if interval == "log-log":
        log_survival = np.log(s)
        half = z * std_log / log_survival
        return shown * np.exp(log_survival * np.exp(-half)), shown * np.exp(
            log_survival * np.exp(half)
        )
    if interval == "logit":
        centre, half = np.log(s / (1.0 - s)), z * std_log / (1.0 - s)
        return shown / (1.0 + np.exp(half - centre)), shown / (1.0 + np.exp(-half - centre))
    centre, half = np.arcsin(np.sqrt(s)), 0.5 * z * std_log * np.sqrt(s / (1.0 - s))
    low, high = np.maximum(centre - half, 0.0), np.minimum(centre + half, np.pi / 2.0)
    return shown * np.sin(low) ** 2, shown * np.sin(high) ** 2
