"""Contributions as bars: what each term added, with its limits where an input is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cartwheel.clinic.scoring import Assessment

# of the drawing, in its own units
WIDTH, NAMES, ROW = 480.0, 175.0, 26.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One term, ready to be drawn.

    Parameters
    ----------
    label, rule, told : str
        Its name, the rule that applied, and the amount in words.
    y, x, width : float
        Of its bar.
    least, most : float
        Ends of what it could be, where an input is missing; equal to each other elsewhere.
    adds : bool
        Whether it raises the score.
    """

    label: str
    rule: str
    told: str
    y: float
    x: float
    width: float
    least: float
    most: float
    adds: bool


@dataclass(frozen=True, slots=True)
class Bars:
    """The whole drawing.

    Parameters
    ----------
    bars : tuple of Bar
        One a term.
    zero, height : float
        Where nothing is added; how tall it is.
    """

    bars: tuple[Bar, ...]
    zero: float
    height: float


def contribution_bars(found: Assessment) -> Bars | None:
    """Draw what every term added.

    Parameters
    ----------
    found : Assessment
        Of one patient.

    Returns
    -------
    Bars or None
        None where there is one term alone: then the value says it.
    """
    terms = found.contributions
    if len(terms) < 2:
        return None
    least = min(0.0, *(term.effect_low for term in terms))
    most = max(0.0, *(term.effect_high for term in terms))
    scale = (WIDTH - NAMES - 80.0) / ((most - least) or 1.0)

    def across(amount: float) -> float:
        return round(NAMES + 10.0 + (amount - least) * scale, 2)

    zero = across(0.0)
    bars = []
    for place, term in enumerate(terms):
        low, high = across(term.effect_low), across(term.effect_high)
        end = low if term.effect is not None else zero
        bars.append(
            Bar(
                term.term,
                term.rule,
                amount(term.effect, term.effect_low, term.effect_high),
                round(place * ROW, 2),
                min(zero, end),
                abs(end - zero),
                low,
                high,
                (term.effect or 0.0) >= 0.0,
            )
        )
    return Bars(tuple(bars), zero, ROW * len(terms))


def amount(value: float | None, low: float, high: float) -> str:
    """Say an amount, or between which two it lies.

    Parameters
    ----------
    value : float or None
        None where an input is missing.
    low, high : float
        Its limits.

    Returns
    -------
    str
        Four digits at most; the JSON has them all.
    """
    if value is None:
        return f"{_digits(low)} to {_digits(high)}"
    return _digits(value)


def percent_range(numbers: Sequence[float | None]) -> str:
    """Say a risk in per cent, or between which two it lies.

    Parameters
    ----------
    numbers : sequence of float or None
        Risk, its lower and its upper limit, 0 to 1.

    Returns
    -------
    str
        Empty where the score has no risk.
    """
    risk, low, high = numbers
    if risk is not None:
        return f"{100 * risk:.3g} %"
    if low is None or high is None:
        return ""
    return f"{100 * low:.3g} to {100 * high:.3g} %"


def _digits(number: float) -> str:
    return f"{number:.4g}".replace("-", "−")
