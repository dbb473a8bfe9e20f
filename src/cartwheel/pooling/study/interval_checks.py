"""Whether a printed estimate, interval and p-value can belong together, given their rounding."""

from __future__ import annotations

import math

from scipy.special import ndtri

from cartwheel.pooling.study.findings import RowFindings
from cartwheel.pooling.study.printed import Printed
from cartwheel.pooling.study.reported import Reported
from cartwheel.pooling.study.scales import onto_scale

# off the middle by more than this part of the half width is a caution; below it, a remark
_NOTABLE = 0.1
# standard errors that the printed digits allow: largest to smallest
_IMPRECISE = 1.5
_TWOFOLD = 2.0


def check_limits(reported: Reported, scale: str, findings: RowFindings) -> bool:
    """Check that the limits are limits of this estimate.

    Parameters
    ----------
    reported : Reported
        With both limits, and perhaps an estimate.
    scale : str
        Scale of analysis.
    findings : RowFindings
        Takes faults: ``non_positive_bound``, ``swapped_bounds``, ``zero_width``,
        ``impossible_interval``.

    Returns
    -------
    bool
        Whether the interval can be used.
    """
    estimate, low, high = reported.estimate, reported.low, reported.high
    if low is None or high is None:
        return False
    if not _inside_range(reported, scale, findings):
        return False
    if low.value > high.value:
        findings.fault(
            "swapped_bounds",
            f"the lower limit {low.text} is above the upper limit {high.text}",
            "exchange the two, if that is what the paper prints",
        )
        return False
    if low.value == high.value:
        findings.fault(
            "zero_width",
            f"both limits are {low.text}: an interval without width gives an infinite weight",
            "give more digits, a standard error or a p-value",
        )
        return False
    if estimate is None:
        return True
    below = estimate.value + estimate.half < low.value - low.half
    above = estimate.value - estimate.half > high.value + high.half
    if below or above:
        findings.fault(
            "impossible_interval",
            f"the interval {low.text} to {high.text} does not contain its estimate {estimate.text}",
            "look it up in the paper (and its correction); as printed it is impossible",
        )
        return False
    return True


def _inside_range(reported: Reported, scale: str, findings: RowFindings) -> bool:
    """Ratios above 0, proportions and C-statistics inside 0 to 1."""
    fine = True
    for name, printed in (
        ("estimate", reported.estimate),
        ("lower limit", reported.low),
        ("upper limit", reported.high),
    ):
        if printed is None:
            continue
        if scale == "log" and printed.value <= 0.0:
            findings.fault(
                "non_positive_bound",
                f"the {name} of a ratio is {printed.text}, and must be above 0",
                "give more digits where it is rounded to 0; put a log ratio in a column 'log HR'",
            )
            fine = False
        elif scale in ("logit", "arcsine", "double_arcsine") and not 0.0 < printed.value < 1.0:
            findings.fault(
                "outside_range",
                f"the {name} is {printed.text}, and must lie between 0 and 1",
                "divide percentages by 100, or put a per cent sign behind them",
            )
            fine = False
    return fine


def check_symmetry(reported: Reported, scale: str, findings: RowFindings) -> None:
    """Flag an estimate off the middle of its interval, and an interval with too few digits.

    Parameters
    ----------
    reported : Reported
        With estimate and both limits, already found to belong together.
    scale : str
        Scale on which the interval should be symmetric.
    findings : RowFindings
        Takes the flags.

    Notes
    -----
    The middle of the limits and the estimate each lie in the range that rounding of their last
    digits allows; only where these ranges do not meet is the interval called asymmetric.
    """
    estimate, low, high = reported.estimate, reported.low, reported.high
    if estimate is None or low is None or high is None:
        return
    lows, highs = _rounded(low, scale), _rounded(high, scale)
    centre = (lows[0] + highs[0]) / 2.0, (lows[1] + highs[1]) / 2.0
    own = _rounded(estimate, scale)
    gap = max(centre[0] - own[1], own[0] - centre[1], 0.0)
    half_width = (onto_scale(high.value, scale) - onto_scale(low.value, scale)) / 2.0
    middle = (onto_scale(high.value, scale) + onto_scale(low.value, scale)) / 2.0
    if gap > 1e-9 * max(1.0, abs(middle)):
        shown = f"estimate {estimate.text}, middle {_back_text(middle, scale)}"
        if gap > _NOTABLE * half_width:
            if scale == "log" and _even(low, estimate, high):
                shown += ", but even on the scale as printed: a log ratio under a ratio's name?"
            findings.flag("asymmetric_interval", shown)
        else:
            findings.flag("slightly_asymmetric", shown, "information")
    width = highs[0] - lows[1], highs[1] - lows[0]
    if width[0] <= 0.0 or width[1] > _IMPRECISE * width[0]:
        reach = 2.0 * float(ndtri(0.5 + reported.level / 2.0))
        least, most = max(width[0], 0.0) / reach, width[1] / reach
        findings.flag("imprecise_interval", f"anything from {least:.3f} to {most:.3f} is possible")


def _even(low: Printed, estimate: Printed, high: Printed) -> bool:
    """Whether the estimate is the middle of its limits as they are printed, within rounding."""
    off = abs((low.value + high.value) / 2.0 - estimate.value)
    return off <= (low.half + high.half) / 2.0 + estimate.half + 1e-12


def check_p_value(
    effect: float, std_error: float, p: Printed | None, findings: RowFindings, by: str = "interval"
) -> None:
    """Flag a printed p-value that asks for a standard error more than twice or half as large.

    Parameters
    ----------
    effect, std_error : float
        On the scale of analysis, from another route.
    p : Printed or None
        Exact, or a bound.
    findings : RowFindings
        Takes the flag.
    by : str
        Which route that was.
    """
    if p is None or p.value >= 1.0 or effect == 0.0:
        return
    implied = abs(effect) / -float(ndtri(p.value / 2.0))
    if p.bound == "<":
        disagree = std_error > _TWOFOLD * implied
    elif p.bound == ">":
        disagree = std_error < implied / _TWOFOLD
    else:
        # p as printed stands for a range; the benefit of the doubt is the paper's
        top = min(p.value + p.half, 1.0 - 1e-12)
        most = abs(effect) / -float(ndtri(top / 2.0))
        bottom = p.value - p.half
        least = abs(effect) / -float(ndtri(bottom / 2.0)) if bottom > 0.0 else 0.0
        disagree = std_error > _TWOFOLD * most or std_error < least / _TWOFOLD
    if disagree:
        sign = {"<": "at most ", ">": "at least "}.get(p.bound, "")
        findings.flag(
            "p_disagrees",
            f"{std_error:.3g} by the {by}, {sign}{implied:.3g} by p {p.text.lstrip('pP =')}",
        )


def fits_p_value(effect: float, std_error: float, p: Printed | None) -> bool:
    """Tell whether an exact p-value follows from effect and error, within a tenth of the error.

    Parameters
    ----------
    effect, std_error : float
        On the scale of analysis.
    p : Printed or None
        A bound fits anything; so does nothing.

    Returns
    -------
    bool
    """
    if p is None or p.bound or p.value >= 1.0 or effect == 0.0:
        return True
    top = min(p.value + p.half, 1.0 - 1e-12)
    most = abs(effect) / -float(ndtri(top / 2.0))
    bottom = p.value - p.half
    least = abs(effect) / -float(ndtri(bottom / 2.0)) if bottom > 0.0 else 0.0
    return least * 0.9 <= std_error <= most * 1.1


def _rounded(printed: Printed, scale: str) -> tuple[float, float]:
    """Lowest and highest value, on the scale of analysis, that rounds to what is printed."""
    low, high = printed.value - printed.half, printed.value + printed.half
    if scale == "log":
        low = max(low, printed.value * 1e-3)
    elif scale != "identity":
        low, high = max(low, printed.value * 1e-3), min(high, 1.0 - (1.0 - printed.value) * 1e-3)
    return onto_scale(low, scale), onto_scale(high, scale)


def _back_text(middle: float, scale: str) -> str:
    if scale == "log":
        return f"{math.exp(middle):.3g}"
    if scale == "logit":
        return f"{1.0 / (1.0 + math.exp(-middle)):.3f}"
    if scale == "arcsine":
        return f"{math.sin(middle) ** 2:.3f}"
    return f"{middle:.3g}"
