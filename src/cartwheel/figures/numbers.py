"""How numbers are written for readers: one rule a kind of number, the same in figures and reports.

Every function takes one finite number as it stands in the JSON and returns text. Nothing is
computed; a fraction is shown as a percentage, which only moves the point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cartwheel.figures.wording import say

Number = float | int

NOT_ESTIMABLE = "not estimable"
NOT_REACHED = "not reached"
THIN = "\u202f"


def decimals(value: Number, places: int) -> str:
    """Write with a fixed number of decimals, a true minus sign and no negative zero.

    Parameters
    ----------
    value : float
        The number.
    places : int
        Digits after the point.

    Returns
    -------
    str
        Such as ``1234.50`` or ``−0.12``; from 10 000 on a thin space parts the thousands.
    """
    text = f"{abs(value):.{places}f}"
    sign = "−" if value < 0 and float(text) != 0 else ""
    whole, point, rest = text.partition(".")
    # A comma would be a decimal point to half of the readers; four digits need no help.
    if len(whole) > 4:
        whole = f"{int(whole):,}".replace(",", THIN)
    return sign + whole + point + rest


def _read(text: str) -> float:
    return float(text.replace(THIN, "").replace("−", "-"))


def count(value: Number) -> str:
    """Write patients or events as a whole number.

    Parameters
    ----------
    value : int
        A count, 0 or more.

    Returns
    -------
    str
        Such as ``36`` or, with a thin space, ``12 345``.
    """
    return decimals(value, 0)


def ratio(value: Number) -> str:
    """Write an odds or hazard ratio: two decimals, more where two would show nothing.

    Parameters
    ----------
    value : float
        The ratio itself, not its logarithm.

    Returns
    -------
    str
        Such as ``2.15``; two significant digits below 0.1 (``0.046``), one decimal from 100 on,
        none from 1000 on.
    """
    size = abs(value)
    if size >= 1000:
        return decimals(value, 0)
    if size >= 100:
        return decimals(value, 1)
    return decimals(value, 2) if size >= 0.1 or size == 0 else significant(value, 2)


def p_value(value: Number) -> str:
    """Write a p value: ``<0.001``, three decimals below 0.1, else two; never 0 and never 1.00.

    Parameters
    ----------
    value : float
        0-1.

    Returns
    -------
    str
        Such as ``<0.001``, ``0.043``, ``0.62`` or ``>0.99``; from 0.0995 on two decimals.
    """
    if value < 0.001:
        return "<0.001"
    if value > 0.99:
        return ">0.99"
    return decimals(value, 3 if value < 0.0995 else 2)


def score(value: Number) -> str:
    """Write an AUC, a C index or a Brier score: three decimals.

    Parameters
    ----------
    value : float
        0-1.

    Returns
    -------
    str
        Such as ``0.700``.
    """
    return decimals(value, 3)


def two(value: Number) -> str:
    """Write a slope, an intercept or a standardised difference: two decimals.

    Parameters
    ----------
    value : float
        Any sign, no unit.

    Returns
    -------
    str
        Such as ``0.87`` or ``−0.12``; never a negative zero.
    """
    return decimals(value, 2)


def percent(value: Number) -> str:
    """Write a fraction (0-1) in per cent with one decimal and its sign.

    Parameters
    ----------
    value : float
        A fraction, 0-1.

    Returns
    -------
    str
        Such as ``12.3%``.
    """
    return decimals(100 * value, 1) + "%"


def percentage(value: Number) -> str:
    """Write a number that already is a percentage (0-100) with one decimal.

    Parameters
    ----------
    value : float
        0-100.

    Returns
    -------
    str
        Such as ``12.3``, without the per cent sign.
    """
    return decimals(value, 1)


def level(value: Number) -> str:
    """Write the coverage of an interval (0-1) in per cent, with its own digits.

    Parameters
    ----------
    value : float
        0-1.

    Returns
    -------
    str
        Such as ``95`` or ``99.9``, at most six digits, without the per cent sign.
    """
    return f"{round(100 * value, 8):g}"


def significant(value: Number, digits: int = 3) -> str:
    """Write with so many significant digits, but never drop a digit before the point.

    Parameters
    ----------
    value : float
        The number.
    digits : int
        Significant digits that must show.

    Returns
    -------
    str
        Such as ``0.350``, ``2.55``, ``145`` or ``1234``.
    """
    if value == 0:
        return "0"
    exponent = int(f"{abs(value):.{digits - 1}e}".split("e")[1])
    return decimals(value, max(0, digits - 1 - exponent))


def quantity(value: Number) -> str:
    """Write a laboratory value: whole numbers as they are, else three significant digits.

    Parameters
    ----------
    value : float or int
        In its own unit; whole only where it is stored as an int.

    Returns
    -------
    str
        Such as ``145`` for 145 and ``2.00`` for 2.0.
    """
    return count(value) if isinstance(value, int) else significant(value, 3)


def exact(value: Number) -> str:
    """Write with the digits it has (a horizon, a day, a seed), at most ten.

    Parameters
    ----------
    value : float or int
        The number.

    Returns
    -------
    str
        An int in all its digits, a float in at most ten; thousands are not parted.
    """
    if isinstance(value, int):
        return str(value)
    text = f"{value:.10g}"
    return "−" + text[1:] if text.startswith("-") else text


def fine(value: Number) -> str:
    """Write with at most six significant digits, and never fewer than stand before the point.

    Parameters
    ----------
    value : float
        The number.

    Returns
    -------
    str
        Such as ``3.1`` or ``0.000123457``; no zeros at the end of the decimals.
    """
    text = significant(value, 6)
    return text.rstrip("0").rstrip(".") if "." in text else text


def time(value: Number) -> str:
    """Write a time in the outcome's unit: one decimal, more for short times.

    Parameters
    ----------
    value : float
        In the unit of the outcome.

    Returns
    -------
    str
        Such as ``12.3``; two significant digits below 1 (``0.045``), without the unit.
    """
    return decimals(value, 1) if abs(value) >= 1 or value == 0 else significant(value, 2)


def cut(value: Number, gap_low: Number | None, gap_high: Number | None) -> str:
    """Write a cut-off so that it still makes the same groups.

    Parameters
    ----------
    value : float
        The cut-off.
    gap_low, gap_high : float or None
        Observed values between which any cut makes the same groups; None for a fixed cut, which
        is written in full.

    Returns
    -------
    str
        ``value`` in full where it is short, else its shortest rounding, of at least four
        digits, that lies strictly between the two.
    """
    full = exact(value)
    if gap_low is None or gap_high is None or len(full.strip("−0.").replace(".", "")) <= 5:
        return full
    for digits in range(4, 12):
        text = significant(value, digits)
        if gap_low < _read(text) < gap_high:
            return text
    return full


FORMATS: dict[str, Callable[[Any], str]] = {
    "count": count,
    "ratio": ratio,
    "p": p_value,
    "score": score,
    "two": two,
    "three": score,
    "percent": percent,
    "percentage": percentage,
    "level": level,
    "quantity": quantity,
    "significant": significant,
    "exact": exact,
    "fine": fine,
    "time": time,
}

MEASURE_FORMATS = {
    "auc": "score",
    "c_index": "score",
    "brier": "score",
    "calibration_slope": "two",
    "calibration_in_the_large": "two",
    "observed_expected": "ratio",
}


def measure_format(name: str) -> str:
    """Name the rule by which a performance measure is written; three decimals if it is unknown.

    Parameters
    ----------
    name : str
        Name of the measure, such as ``auc`` or ``calibration_slope``.

    Returns
    -------
    str
        Key of ``FORMATS``.
    """
    return MEASURE_FORMATS.get(name, "score")


def sentence(text: str) -> str:
    """Begin with a capital letter and leave the rest as it is.

    Parameters
    ----------
    text : str
        Any text, the empty one included.

    Returns
    -------
    str
        The text as a sentence begins.
    """
    return text[:1].upper() + text[1:]


def interval(estimate: Mapping[str, Any], kind: str, missing: str | None = None) -> str:
    """Write an estimate with its interval: ``2.15 (1.74 to 2.66)``.

    Parameters
    ----------
    estimate : mapping
        An ``Estimate`` as JSON.
    kind : str
        Key of ``FORMATS``.
    missing : str, optional
        Word for a value or limit that does not exist; by default ``not estimable``.

    Returns
    -------
    str
        The value alone where the estimate has no interval at all.
    """
    rule = FORMATS[kind]
    absent = say("not estimable") if missing is None else missing
    words = [
        absent if estimate[key] is None else rule(estimate[key]) for key in ("value", "low", "high")
    ]
    if estimate["low"] is None and estimate["high"] is None:
        return words[0]
    return say("{value} ({low} to {high})", value=words[0], low=words[1], high=words[2])
