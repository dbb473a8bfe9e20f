"""How each measure of effect is named, written and laid on an axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import log10
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from cartwheel.figures.numbers import FORMATS, level
from cartwheel.figures.pooling.drawing import size_of, text_width
from cartwheel.figures.wording import say
from cartwheel.pooling.study.scales import onto_scale

_BEYOND = 3.0
_LARGEST, _SMALLEST = 100_000, 0.00001
_BETWEEN = 0.2
# the most wanted first: a tick stands only where none before it is near
RATIOS = (1.0, 10.0, 0.1, 100.0, 0.01, 1000.0, 0.001, 2.0, 0.5, 5.0, 0.2, 20.0, 0.05, 50.0, 0.02,
          3.0, 0.3, 1.5, 0.7, 1.25, 0.8, 1.1, 0.9, 4.0, 2.5)  # fmt: skip
_CHANCES = (0.1, 0.5, 0.01, 0.9, 0.99, 0.05, 0.2, 0.8, 0.02, 0.3, 0.7, 0.95, 0.001, 0.005, 0.6,
            0.4, 0.98, 0.15, 0.65, 0.75, 0.85)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """What a reader needs to be told about a measure.

    Parameters
    ----------
    name, short : str
        In full, and as a column head.
    kind : str
        Rule of writing, a key of ``cartwheel.figures.numbers.FORMATS``.
    ratio : bool
        Drawn on a log axis.
    below, above : str
        What lies on either side of no effect; empty where there is no such value.
    floor, ceiling : float or None
        Limits of what it can be, where an axis could run past them.
    """

    name: str
    short: str
    kind: str
    ratio: bool
    below: str = ""
    above: str = ""
    floor: float | None = None
    ceiling: float | None = None


def measures() -> dict[str, Measure]:
    """Describe every measure in the language that is set.

    Returns
    -------
    dict of str to Measure
        By the code that the JSON has.
    """
    risk = (say("lower risk"), say("higher risk"))
    value = (say("lower value"), say("higher value"))
    return {
        "HR": Measure(say("Hazard ratio"), "HR", "ratio", True, say("lower hazard"),
                      say("higher hazard")),
        "OR": Measure(say("Odds ratio"), "OR", "ratio", True, say("lower odds"),
                      say("higher odds")),
        "RR": Measure(say("Risk ratio"), "RR", "ratio", True, *risk),
        "IRR": Measure(say("Rate ratio"), "IRR", "ratio", True, say("lower rate"),
                       say("higher rate")),
        "OE": Measure(say("Observed : expected"), say("O:E"), "ratio", True, say("fewer events"),
                      say("more events")),
        "RD": Measure(say("Risk difference"), "RD", "three", False, *risk, -1.0, 1.0),
        "MD": Measure(say("Mean difference"), "MD", "significant", False, *value),
        "SMD": Measure(say("Standardised mean difference"), "SMD", "two", False, *value),
        "slope": Measure(say("Calibration slope"), say("Slope"), "two", False,
                         say("too extreme"), say("too moderate")),
        "C": Measure(say("C-statistic"), "C", "three", False, floor=0.0, ceiling=1.0),
        "proportion": Measure(say("Proportion"), "%", "percent", False, floor=0.0, ceiling=1.0),
    }  # fmt: skip


# in English
MEASURES: Mapping[str, Measure] = measures()


def measure_of(analysis: Mapping[str, Any]) -> Measure:
    """Measure of an analysis.

    Parameters
    ----------
    analysis : mapping
        An ``Analysis`` as JSON; one that nobody has heard of is written with two decimals.

    Returns
    -------
    Measure
    """
    code = str(analysis["measure"])
    return measures().get(code, Measure(code, code, "two", False))


def name_inside(analysis: Mapping[str, Any]) -> str:
    """Name the measure of an analysis as it stands inside a line.

    Parameters
    ----------
    analysis : mapping
        An ``Analysis`` as JSON.

    Returns
    -------
    str
        In English with a small letter; other languages have capitals of their own.
    """
    name, code = measure_of(analysis).name, str(analysis["measure"])
    return name if code in MEASURES and name != MEASURES[code].name else name.lower()


def on_scale(measure: Measure, scale: str) -> str:
    """Name a measure with the scale on which it is drawn.

    Parameters
    ----------
    measure : Measure
        Of the axis.
    scale : str
        ``log``, ``logit``, ``arcsine``, ``double_arcsine`` or ``identity``.

    Returns
    -------
    str
        Such as ``Hazard ratio (log scale)``.
    """
    name = measure.name
    known = {
        "identity": name,
        "log": say("{measure} (log scale)", measure=name),
        "logit": say("{measure} (logit scale)", measure=name),
        "arcsine": say("{measure} (arcsine scale)", measure=name),
        "double_arcsine": say("{measure} (double arcsine scale)", measure=name),
    }
    return known.get(scale, f"{name} ({scale})")


def written(estimate: Mapping[str, Any], measure: Measure) -> str:
    """Write an estimate with its interval; the head of the column says per cent once for all.

    Parameters
    ----------
    estimate : mapping
        An ``Estimate`` as JSON.
    measure : Measure
        Its rule of writing.

    Returns
    -------
    str
        Such as ``2.15 (1.74 to 2.66)``; what does not exist is said not to be estimable.
    """
    words = [
        say("not estimable") if estimate[key] is None else written_value(estimate[key], measure)
        for key in ("value", "low", "high")
    ]
    if estimate["low"] is None and estimate["high"] is None:
        return words[0]
    return say("{value} ({low} to {high})", value=words[0], low=words[1], high=words[2])


def written_limits(estimate: Mapping[str, Any], measure: Measure) -> str:
    """Write an interval that has no value of its own, such as that of a prediction.

    Parameters
    ----------
    estimate : mapping
        With ``low`` and ``high``.
    measure : Measure
        Its rule of writing.

    Returns
    -------
    str
        Such as ``0.62 to 7.46``.
    """
    low, high = (written_value(estimate[end], measure) for end in ("low", "high"))
    return say("{low} to {high}", low=low, high=high)


def written_value(value: float, measure: Measure) -> str:
    """Write one number of a measure, without a sign of per cent.

    A limit of two studies can have fifty digits: a ratio beyond five is written as beyond.

    Parameters
    ----------
    value : float
        On the scale of the measure.
    measure : Measure
        Its rule of writing.

    Returns
    -------
    str
    """
    if measure.ratio and value > _LARGEST:
        return f">{FORMATS['count'](_LARGEST)}"
    if measure.ratio and 0 < value < _SMALLEST:
        return f"<{_SMALLEST:.5f}"
    return FORMATS[measure.kind](value).replace("%", "")


def head(measure: Measure, estimates: Iterable[Mapping[str, Any]]) -> str:
    """Name a column of estimates with the coverage of their intervals.

    Parameters
    ----------
    measure : Measure
        Of all of them.
    estimates : iterable of mapping
        The first with an interval tells its level.

    Returns
    -------
    str
        Such as ``HR (95% CI)``.
    """
    for estimate in estimates:
        if estimate["level"] is not None:
            return say("{measure} ({level}% CI)", measure=measure.short,
                       level=level(estimate["level"]))  # fmt: skip
    return measure.short


def reach(
    measure: Measure, null: float | None, points: Iterable[float | None],
    limits: Iterable[float | None],
) -> tuple[float, float]:  # fmt: skip
    """Choose the ends of an axis: all points, and intervals unless they run far beyond them.

    Parameters
    ----------
    measure : Measure
        Of the axis.
    null : float or None
        No effect; always on the axis.
    points, limits : iterable of (float or None)
        Estimates, and the limits of their intervals.

    Returns
    -------
    (float, float)
        What lies beyond is to be drawn as an arrow.
    """
    kept = [x for x in points if x is not None and (x > 0 or not measure.ratio)]
    ends = [x for x in limits if x is not None and (x > 0 or not measure.ratio)]
    if null is not None:
        kept.append(null)
    kept = kept or [1.0 if measure.ratio else 0.0]
    if measure.ratio:
        low = max(min([*ends, *kept, 0.8]), min(kept) / _BEYOND)
        high = min(max([*ends, *kept, 1.25]), max(kept) * _BEYOND)
        return low / 1.08, high * 1.08
    span = max(kept) - min(kept) or max(abs(max(kept)), 0.1)
    low = max(min([*ends, *kept]), min(kept) - 0.8 * span)
    high = min(max([*ends, *kept]), max(kept) + 0.8 * span)
    room = 0.04 * ((high - low) or 1.0)
    low, high = low - room, high + room
    if measure.floor is not None:
        low = max(low, measure.floor)
    if measure.kind == "percent":
        low = 0.0
    return low, high if measure.ceiling is None else min(high, measure.ceiling)


def effect_axis(
    axes: Axes, measure: Measure, ends: tuple[float, float], *, narrow: bool = False
) -> None:
    """Make the x axis one of this measure.

    Parameters
    ----------
    axes : Axes
        Its x axis is set.
    measure : Measure
        A ratio has a log axis.
    ends : (float, float)
        From `reach`.
    narrow : bool
        Ticks are as few as the axis has room for.
    """
    if measure.ratio:
        axes.set_xscale("log")
    axes.set_xlim(*ends)
    if measure.ratio:
        _ticks_at(axes, {x: x for x in RATIOS}, log10)
        return
    room = 6 if size_of(axes)[0] > 5 else 5
    if narrow:
        room = max(1, min(room, int(size_of(axes)[0] / 0.75)))
    axes.xaxis.set_major_locator(MaxNLocator(room, steps=[1, 2, 5, 10]))
    if measure.kind == "percent":
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{round(100 * x, 6):g}%"))


def analysis_scale_ticks(axes: Axes, measure: Measure, scale: str) -> str:
    """Label an x axis of the analysis scale with values of the measure.

    Parameters
    ----------
    axes : Axes
        Linear on the analysis scale, its limits final.
    measure : Measure
        What the labels say.
    scale : str
        ``log``, ``logit``, ``arcsine``; another keeps the numbers of the analysis scale.

    Returns
    -------
    str
        Label for the axis.
    """
    if scale not in ("log", "logit", "arcsine"):
        axes.xaxis.set_major_locator(MaxNLocator(6))
        return on_scale(measure, scale)
    shown = RATIOS if scale == "log" else _CHANCES
    percent = measure.kind == "percent"
    _ticks_at(axes, {onto_scale(x, scale): x for x in shown}, float, percent=percent)
    return on_scale(measure, scale)


def _ticks_at(
    axes: Axes, places: Mapping[float, float], along: Callable[[float], float], *,
    percent: bool = False,
) -> None:  # fmt: skip
    """Put ticks, the most wanted first, at places that are far enough apart to be read."""
    low, high = (along(end) for end in axes.get_xlim())
    per_unit = size_of(axes)[0] / (high - low)
    kept: dict[float, str] = {}
    for place, value in places.items():
        word = f"{round(100 * value, 6):g}%" if percent else f"{value:g}"
        gaps = [
            abs(along(place) - along(other)) * per_unit
            - (text_width(word, 7.5) + text_width(near, 7.5)) / 2
            for other, near in kept.items()
        ]
        if low <= along(place) <= high and min(gaps, default=1.0) >= _BETWEEN:
            kept[place] = word
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(sorted(kept), [kept[place] for place in sorted(kept)])
