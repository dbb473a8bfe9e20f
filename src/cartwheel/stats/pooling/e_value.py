"""How strong unmeasured confounding had to be to explain an effect away: the E-value."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, isfinite, sqrt

from cartwheel.errors import NotEstimable, refuse

MEASURES = ("RR", "HR", "OR", "SMD")


@dataclass(frozen=True, slots=True)
class EValue:
    """The E-value of an estimate and of its interval.

    Parameters
    ----------
    point : float
        For the estimate, >= 1, on the scale of a risk ratio.
    limit : float
        For the limit of the interval nearer to no effect; 1 where the interval contains it.
    method : str
        How the measure was turned into a risk ratio.
    """

    point: float
    limit: float
    method: str


def e_value(
    estimate: float, low: float, high: float, *, measure: str = "RR", rare: bool | None = None
) -> EValue:
    """Compute the E-value of a pooled ratio.

    The smallest strength of association, as a risk ratio, that an unmeasured confounder would need
    with both the marker and the outcome to explain the estimate away.

    Parameters
    ----------
    estimate, low, high : float
        Estimate and interval. Ratios > 0; a standardised mean difference (SMD) any.
    measure : str
        ``RR`` (also rate ratios), ``HR``, ``OR`` or ``SMD``.
    rare : bool, optional
        For HR and OR, whether fewer than about 15 per cent have the outcome at the end of follow
        up. It must be said: it changes the answer.

    Returns
    -------
    EValue

    Raises
    ------
    NotEstimable
        ``measure_unknown``, ``rare_not_said``, ``ratio_not_positive``, ``interval_not_ordered``.

    Notes
    -----
    RR + sqrt(RR (RR - 1)), of 1 / RR below 1. Common outcomes first: RR = sqrt(OR), and
    RR = (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1 / HR)). RR = exp(0.91 d) for an SMD. Agrees with the
    worked examples of the paper to their printed digits.

    References
    ----------
    VanderWeele and Ding 2017, doi 10.7326/M16-2607.
    VanderWeele 2017, doi 10.1097/EDE.0000000000000733 (common outcomes).
    """
    _refuse_wrong(estimate, low, high, measure, rare)
    point, below, above = (_risk_ratio(x, measure, rare) for x in (estimate, low, high))
    nearer = min(max(1.0, below), above)  # the point of the interval nearest to no effect
    return EValue(_confounding(point), _confounding(nearer), _method(measure, rare))


def _confounding(ratio: float) -> float:
    ratio = max(ratio, 1.0 / ratio)
    return ratio + sqrt(ratio * (ratio - 1.0))


def _risk_ratio(value: float, measure: str, rare: bool | None) -> float:
    if measure == "SMD":
        return exp(0.91 * value)
    if measure == "RR" or rare:
        return value
    if measure == "OR":
        return sqrt(value)
    return float((1.0 - 0.5 ** sqrt(value)) / (1.0 - 0.5 ** sqrt(1.0 / value)))


def _method(measure: str, rare: bool | None) -> str:
    if measure == "RR":
        return "risk ratio as it is"
    if measure == "SMD":
        return "risk ratio approximated by exp(0.91 d)"
    if rare:
        return f"{measure} taken as risk ratio (rare outcome)"
    if measure == "OR":
        return "risk ratio approximated by the square root of the odds ratio (common outcome)"
    return (
        "risk ratio approximated by (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)) from the hazard "
        "ratio (common outcome)"
    )


def _refuse_wrong(
    estimate: float, low: float, high: float, measure: str, rare: bool | None
) -> None:
    if measure not in MEASURES:
        raise refuse(
            NotEstimable,
            "measure_unknown",
            f"no E-value is defined for {measure}",
            where="measure",
            mend="one of " + ", ".join(MEASURES),
        )
    if measure in ("HR", "OR") and rare is None:
        raise refuse(
            NotEstimable,
            "rare_not_said",
            f"whether the outcome is rare decides how the {measure} is read as a risk ratio",
            where="rare",
            mend="rare if fewer than about 15 per cent have it at the end of follow-up",
        )
    if not all(map(isfinite, (estimate, low, high))):
        raise refuse(NotEstimable, "not_finite", "estimate or interval is missing or infinite")
    if measure != "SMD" and not min(estimate, low, high) > 0.0:
        raise refuse(
            NotEstimable, "ratio_not_positive", "a ratio and its limits lie above 0", where="low"
        )
    if not low <= estimate <= high:
        raise refuse(
            NotEstimable,
            "interval_not_ordered",
            "the interval does not contain the estimate",
            where="low, high",
            mend="check which limit is which",
        )
