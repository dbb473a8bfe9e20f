"""The scale on which each measure is pooled, and the way there and back."""

from __future__ import annotations

import math

from scipy.special import expit, ndtri

from cartwheel.estimate import Estimate
from cartwheel.stats.pooling.effect_sizes import back_transform

_OF_MEASURE = {
    "HR": "log",
    "OR": "log",
    "RR": "log",
    "IRR": "log",
    "OE": "log",
    "RD": "identity",
    "MD": "identity",
    "SMD": "identity",
    "slope": "identity",
    "C": "logit",
}
_NULL = {"RD": 0.0, "MD": 0.0, "SMD": 0.0, "C": 0.5, "slope": 1.0, "proportion": None}
# of a number whose exponential can still be written
_LARGEST = 709.0
# lowest and highest value that a measure can have on its own scale, itself not included
_INSIDE = {"C": (0.0, 1.0), "proportion": (0.0, 1.0), "RD": (-1.0, 1.0)}


def scale_of(measure: str, proportion_scale: str = "logit") -> str:
    """Scale on which a measure is pooled.

    Parameters
    ----------
    measure : str
        One of the measures of a ``Study``.
    proportion_scale : str
        The plan's choice for proportions.
    """
    return proportion_scale if measure == "proportion" else _OF_MEASURE[measure]


def null_value(measure: str) -> float | None:
    """Value that means no effect; None for a proportion.

    Parameters
    ----------
    measure : str
        One of the measures of a ``Study``. A C-statistic says nothing at 0.5, a calibration slope
        is right at 1.
    """
    return _NULL.get(measure, 1.0)


def onto_scale(value: float, scale: str) -> float:
    """Bring a value to the scale of analysis.

    Parameters
    ----------
    value : float
        On the scale of the measure, inside its limits.
    scale : str
        ``log``, ``logit``, ``identity`` or ``arcsine``.
    """
    if scale == "log":
        return math.log(value)
    if scale == "logit":
        return math.log(value / (1.0 - value))
    if scale == "arcsine":
        return math.asin(math.sqrt(value))
    return value


def off_scale(effect: float, scale: str, n: float | None = None) -> float:
    """Bring a value back from the scale of analysis.

    Parameters
    ----------
    effect : float
        On that scale.
    scale : str
        As of a ``Study``.
    n : float, optional
        Patients; needed for ``double_arcsine``.

    Notes
    -----
    Freeman-Tukey by Miller's inversion; arcsines are held inside 0 to pi/2 first.

    References
    ----------
    Miller 1978, doi 10.1080/00031305.1978.10479283.
    """
    if scale == "log":
        return math.exp(effect) if effect < _LARGEST else math.inf
    if scale == "logit":
        return float(expit(effect))
    if scale == "arcsine":
        return math.sin(min(max(effect, 0.0), math.pi / 2.0)) ** 2
    if scale == "double_arcsine" and n is not None:
        return float(back_transform([effect], "PFT", [n])[0])
    return effect


def normal_estimate(
    effect: float,
    std_error: float,
    scale: str,
    *,
    level: float,
    n: float | None = None,
    events: float | None = None,
) -> Estimate:
    """Estimate of one study with its normal interval, on the scale of the measure.

    Parameters
    ----------
    effect, std_error : float
        On the scale of analysis.
    scale : str
        As of a ``Study``.
    level : float
        Coverage, in (0, 1).
    n, events : float, optional
        Patients and events; fractions are not reported.
    """
    reach = float(ndtri(0.5 + level / 2.0)) * std_error
    name = "its own" if scale == "identity" else f"the {scale.replace('_', ' ')}"
    return Estimate(
        value=off_scale(effect, scale, n),
        low=off_scale(effect - reach, scale, n),
        high=off_scale(effect + reach, scale, n),
        level=level,
        method=f"normal interval on {name} scale",
        n=_whole(n),
        events=_whole(events),
    )


def outside(measure: str, value: float) -> bool:
    """Whether a measure cannot have this value at all.

    Parameters
    ----------
    measure : str
        One of the measures of a ``Study``.
    value : float
        On its own scale.
    """
    if scale_of(measure) == "log":
        return value <= 0.0
    low, high = _INSIDE.get(measure, (-math.inf, math.inf))
    return not low <= value <= high


def _whole(count: float | None) -> int | None:
    return int(count) if count is not None and float(count).is_integer() else None
