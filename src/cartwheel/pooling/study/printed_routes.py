"""Routes for an effect that is printed itself: with an interval, a standard error or a p-value."""

from __future__ import annotations

import math

from scipy.special import ndtri

from cartwheel.pooling.study.effect import Asked, Effect
from cartwheel.pooling.study.interval_checks import (
    check_limits,
    check_p_value,
    check_symmetry,
    fits_p_value,
)
from cartwheel.pooling.study.scales import onto_scale, outside
from cartwheel.stats.pooling.effect_sizes import (
    difference_from_interval,
    difference_from_p_value,
    ratio_from_interval,
    ratio_from_p_value,
    ratio_from_std_error,
)

_FUNCTION = {"log": "log", "logit": "logit", "arcsine": "arcsine-root", "identity": ""}


def printed_effect(asked: Asked) -> Effect | None:
    """Convert an effect that the row prints, by the best of what stands beside it.

    Parameters
    ----------
    asked : Asked
        The row. Faults that make a printed effect useless are put into its findings.

    Returns
    -------
    Effect or None
        None where no effect is printed, or nothing that gives its error.

    Notes
    -----
    In this order: an interval, effect and error on the scale of analysis, a standard error.
    """
    reported = asked.reported
    estimate = reported.estimate
    if estimate is not None and reported.low is None and outside(asked.measure, estimate.value):
        asked.row.findings.fault(
            "outside_range",
            f"a {asked.measure} cannot be {estimate.text}",
            "a log ratio belongs in a column 'log HR'"
            if asked.scale == "log" and asked.measure != "proportion"
            else "divide percentages by 100, or put a per cent sign behind them",
        )
        return None
    found = _from_interval(asked) or _on_scale(asked) or _from_std_error(asked)
    if found is not None:
        by = "interval" if found.route == "interval" else "standard error"
        check_p_value(found.effect, found.std_error, reported.p, asked.row.findings, by)
    return found


def printed_scale(scale: str) -> str:
    """Scale on which a printed interval is taken to be symmetric.

    Parameters
    ----------
    scale : str
        Of analysis; the double arcsine needs patients, so the single one stands in.
    """
    return "arcsine" if scale == "double_arcsine" else scale


def _from_interval(asked: Asked) -> Effect | None:
    reported, findings = asked.reported, asked.row.findings
    estimate, low, high = reported.estimate, reported.low, reported.high
    if low is None or high is None:
        return None
    scale = printed_scale(asked.scale)
    if not check_limits(reported, scale, findings) or estimate is None:
        return None
    check_symmetry(reported, scale, findings)
    if scale != asked.scale:
        _needs_n(asked)
        return None
    name = _FUNCTION[scale]
    # within rounding the estimate may stand just outside; only the width is needed here
    held = min(max(estimate.value, low.value), high.value)
    if scale == "log":
        _, error = ratio_from_interval(held, low.value, high.value, level=reported.level)
    else:
        on_scale = (onto_scale(value, scale) for value in (held, low.value, high.value))
        _, error = difference_from_interval(*on_scale, level=reported.level)
    effect = onto_scale(estimate.value, scale)
    reach = float(ndtri(0.5 + reported.level / 2.0))
    sentence = (
        f"{name} of the estimate; standard error = ({name} upper - {name} lower) / "
        f"(2 x {reach:.4f})"
        if name
        else f"the estimate; standard error = (upper - lower) / (2 x {reach:.4f})"
    )
    assumptions = [f"the interval is a normal one on the {name or 'printed'} scale"]
    if not reported.level_said:
        assumptions.append("the interval is a 95 % interval")
    return Effect(
        effect,
        error,
        asked.scale,
        "interval",
        sentence,
        reported.text(asked.measure),
        tuple(assumptions),
    )


def _needs_n(asked: Asked) -> None:
    asked.row.findings.fault(
        "needs_counts",
        "the double arcsine scale needs events and patients",
        "give them, or choose another scale of the proportions",
    )


def _on_scale(asked: Asked) -> Effect | None:
    """Read effect and error as printed on the scale of analysis: metafor's yi with vi or sei."""
    reported = asked.reported
    effect, error = reported.on_scale, reported.on_scale_error
    variance = reported.on_scale_variance
    if effect is None and reported.estimate is not None and (error or variance) is not None:
        if outside(asked.measure, reported.estimate.value):
            return None
        value = onto_scale(reported.estimate.value, printed_scale(asked.scale))
        first = f"{_FUNCTION[printed_scale(asked.scale)]} of the estimate".strip()
    elif effect is not None:
        value, first = effect.value, "effect as printed"
    else:
        return None
    if error is not None:
        size, second = error.value, "standard error as printed"
    elif variance is not None:
        size, second = math.sqrt(variance.value), "standard error = square root of the variance"
    elif reported.std_error is not None:
        size, second = reported.std_error.value, "standard error as printed"
    else:
        return None
    assumptions: tuple[str, ...] = ()
    if effect is not None:
        assumptions = (f"effect and error are on the {asked.scale.replace('_', ' ')} scale",)
    return Effect(
        value,
        size,
        asked.scale,
        "std_error",
        f"{first}; {second}",
        reported.text(asked.measure),
        assumptions,
    )


def _from_std_error(asked: Asked) -> Effect | None:
    reported = asked.reported
    estimate, error = reported.estimate, reported.std_error
    if estimate is None or error is None or outside(asked.measure, estimate.value):
        return None
    text = reported.text(asked.measure)
    if asked.scale == "log" and asked.measure != "proportion":
        effect, size = ratio_from_std_error(estimate.value, error.value)
        if _is_of_the_ratio(asked, effect, size):
            return None
        asked.row.findings.flag("std_error_scale", f"SE {error.text}", "assumption")
        return Effect(
            effect,
            size,
            asked.scale,
            "std_error",
            "log of the estimate; standard error as printed",
            text,
            ("the standard error is that of the log ratio",),
        )
    if asked.scale == "identity":
        return Effect(
            estimate.value,
            error.value,
            asked.scale,
            "std_error",
            "estimate and standard error as printed",
            text,
        )
    value = estimate.value
    if asked.scale == "double_arcsine":
        _needs_n(asked)
        return None
    if not 0.0 < value < 1.0:
        return None
    slope = {
        "logit": 1.0 / (value * (1.0 - value)),
        "arcsine": 0.5 / math.sqrt(value * (1.0 - value)),
        "log": 1.0 / value,
    }[asked.scale]
    formula = {
        "logit": "SE / (x (1 - x))",
        "arcsine": "SE / (2 root(x (1 - x)))",
        "log": "SE / x",
    }[asked.scale]
    return Effect(
        onto_scale(value, asked.scale),
        error.value * slope,
        asked.scale,
        "std_error",
        f"{_FUNCTION[asked.scale]} of the estimate x; standard error = {formula} (delta method)",
        text,
        ("the standard error is that of the estimate itself",),
    )


def _is_of_the_ratio(asked: Asked, effect: float, size: float) -> bool:
    """Refuse an error that its header, or the printed p-value, says to be the ratio's own."""
    reported = asked.reported
    estimate, error = reported.estimate, reported.std_error
    if estimate is None or error is None:
        return False
    mend = (
        f"the standard error of the log {asked.measure} is that of the {asked.measure} divided by "
        f"the {asked.measure}: put it into a column 'SE(log {asked.measure})', or give the interval"
    )
    if asked.error_of_ratio:
        asked.row.findings.fault(
            "std_error_of_ratio",
            f"the column says that {error.text} is the standard error of the {asked.measure} "
            f"itself, or does not say that it is that of its log",
            mend,
        )
        return True
    if fits_p_value(effect, size, reported.p) or not fits_p_value(
        effect, size / estimate.value, reported.p
    ):
        return False
    asked.row.findings.fault(
        "std_error_of_ratio",
        f"with p {(reported.p.text if reported.p else '').lstrip('pP =')} the standard error "
        f"{error.text} can only be that of the {asked.measure} itself, not of its log",
        mend,
    )
    return True


def effect_from_p_value(asked: Asked) -> Effect | None:
    """Convert a printed effect with an exact p-value.

    Parameters
    ----------
    asked : Asked
        The row. A bound (``<0.001``) gives nothing.

    Returns
    -------
    Effect or None
    """
    reported, findings = asked.reported, asked.row.findings
    p, estimate = reported.p, reported.estimate
    if p is None or asked.measure in ("proportion", "C", "slope"):
        return None
    if estimate is None and reported.on_scale is None:
        return None
    if p.bound or (estimate is not None and outside(asked.measure, estimate.value)):
        return None
    effect = (
        reported.on_scale.value
        if reported.on_scale is not None
        else onto_scale(estimate.value, asked.scale)  # type: ignore[union-attr]
    )
    if effect == 0.0 or p.value >= 1.0:
        findings.fault(
            "p_without_error",
            "no effect with a p-value of 1: no standard error follows from it",
            "give an interval or a standard error",
        )
        return None
    if reported.on_scale is None and asked.scale == "log":
        effect, error = ratio_from_p_value(estimate.value, p.value)  # type: ignore[union-attr]
    else:
        effect, error = difference_from_p_value(effect, p.value)
    name = "log of the estimate" if asked.scale == "log" else "the estimate"
    return Effect(
        effect,
        error,
        asked.scale,
        "p_value",
        f"{name}; standard error = |effect| / z, z the normal quantile of p / 2",
        reported.text(asked.measure),
        ("the p-value is two-sided and from a Wald test",),
    )
