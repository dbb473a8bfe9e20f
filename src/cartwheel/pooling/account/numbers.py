"""Numbers inside sentences, by the same rules as in figures and on the page.

``figures.numbers`` is a floor above; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence

from cartwheel.estimate import Estimate

THIN = "\u202f"
NOT_ESTIMABLE = "not estimable"
_LARGEST, _SMALLEST = 100_000.0, 0.00001
_RATIOS = frozenset(("HR", "OR", "RR", "IRR", "OE"))


def decimals(value: float, places: int) -> str:
    """Write with a fixed number of decimals and a true minus sign.

    Parameters
    ----------
    value : float
        Finite.
    places : int
        Digits after the point.

    Returns
    -------
    str
        From 10 000 on a thin space parts the thousands.
    """
    text = f"{abs(value):.{places}f}"
    sign = "−" if value < 0 and float(text) != 0 else ""
    whole, point, rest = text.partition(".")
    if len(whole) > 4:
        whole = f"{int(whole):,}".replace(",", THIN)
    return sign + whole + point + rest


def significant(value: float, digits: int = 3) -> str:
    """Write with so many significant digits, never dropping one before the point.

    Parameters
    ----------
    value : float
        Finite.
    digits : int
        At least 1.

    Returns
    -------
    str
    """
    if value == 0:
        return "0"
    exponent = int(f"{abs(value):.{digits - 1}e}".split("e")[1])
    return decimals(value, max(0, digits - 1 - exponent))


def ratio(value: float) -> str:
    """Write a ratio: two decimals, more where two would show nothing, fewer for large ones.

    Parameters
    ----------
    value : float
        The ratio itself.

    Returns
    -------
    str
    """
    size = abs(value)
    if size >= 1000:
        return decimals(value, 0)
    if size >= 100:
        return decimals(value, 1)
    return decimals(value, 2) if size >= 0.1 or size == 0 else significant(value, 2)


def p_value(value: float | None) -> str:
    """Write a p-value with its letter: ``p = 0.043``, ``p < 0.001``.

    Parameters
    ----------
    value : float or None
        0-1.

    Returns
    -------
    str
    """
    if value is None:
        return f"p {NOT_ESTIMABLE}"
    if value < 0.001:
        return "p < 0.001"
    if value > 0.99:
        return "p > 0.99"
    return f"p = {decimals(value, 3 if value < 0.0995 else 2)}"


def level_text(level: float | None) -> str:
    """Write the coverage of an interval: ``95%``.

    Parameters
    ----------
    level : float or None
        In (0, 1).

    Returns
    -------
    str
        Empty where there is none.
    """
    return "" if level is None else f"{round(100 * level, 8):g}%"


def of_measure(value: float | None, measure: str) -> str:
    """Write a value of a measure.

    Parameters
    ----------
    value : float or None
        On the scale of the measure; a proportion is written in per cent.
    measure : str
        As of a ``Study``.

    Returns
    -------
    str
        Beyond 100 000, or below 0.00001, a ratio is only said to be beyond.
    """
    if value is None:
        return NOT_ESTIMABLE
    if measure in _RATIOS:
        if value > _LARGEST:
            return f">{decimals(_LARGEST, 0)}"
        return f"<{_SMALLEST:.5f}" if 0 < value < _SMALLEST else ratio(value)
    if measure == "proportion":
        return decimals(100 * value, 1) + "%"
    if measure in ("C", "RD"):
        return decimals(value, 3)
    return significant(value, 3) if measure == "MD" else decimals(value, 2)


def interval(estimate: Estimate, measure: str) -> str:
    """Write an estimate with its interval: ``2.15 (95% CI 1.74 to 2.66)``.

    Parameters
    ----------
    estimate : Estimate
        On the scale of the measure.
    measure : str
        As of a ``Study``.

    Returns
    -------
    str
        The value alone where it has no interval.
    """
    value = of_measure(estimate.value, measure)
    if estimate.low is None and estimate.high is None:
        return value
    low, high = (of_measure(x, measure) for x in (estimate.low, estimate.high))
    return f"{value} ({level_text(estimate.level)} CI {low} to {high})"


def plain_interval(estimate: Estimate, digits: int = 3, unit: str = "") -> str:
    """Write an estimate that is of no measure, such as tau2, with its interval.

    Parameters
    ----------
    estimate : Estimate
        Any scale.
    digits : int
        Significant digits; one decimal for a percentage.
    unit : str
        ``%``, or nothing.

    Returns
    -------
    str
    """

    def text(value: float | None) -> str:
        if value is None:
            return NOT_ESTIMABLE
        return decimals(value, 1) + unit if unit else significant(value, digits)

    if estimate.low is None and estimate.high is None:
        return text(estimate.value)
    ends = f"{text(estimate.low)} to {text(estimate.high)}"
    return f"{text(estimate.value)} ({level_text(estimate.level)} CI {ends})"


def counted(number: int, one: str, many: str) -> str:
    """Write a number with its noun: ``1 study``, ``8 studies``.

    Parameters
    ----------
    number : int
        0 or more.
    one, many : str
        The noun.

    Returns
    -------
    str
    """
    return f"{decimals(number, 0)} {one if number == 1 else many}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """Join words as a sentence does.

    Parameters
    ----------
    words : sequence of str
        Any number.
    last : str
        Before the last one.

    Returns
    -------
    str
        ``a, b and c``.
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def ended(text: str) -> str:
    """End with a full stop; a name at the beginning stays as it is.

    Parameters
    ----------
    text : str
        Any text; the empty one stays empty.

    Returns
    -------
    str
    """
    return text if not text or text[-1] in ".!?" else text + "."


def sentence(text: str) -> str:
    """Begin with a capital letter and end with a full stop.

    Parameters
    ----------
    text : str
        Any text; the empty one stays empty.

    Returns
    -------
    str
    """
    return ended(text[:1].upper() + text[1:])
