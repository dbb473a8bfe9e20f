"""Small drawings from numbers of the JSON: steps, bars and curves, ready for a template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

WIDTH, HEIGHT = 320.0, 150.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 34.0, 8.0, 8.0, 24.0
# share of a drawing that bars at its foot have
_FOOT = 0.3


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis.

    Parameters
    ----------
    at : float
        In the drawing.
    text : str
        Beside it.
    """

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Axes of a drawing.

    Parameters
    ----------
    x0, x1, y0, y1 : float
        Ends of the data.
    """

    x0: float
    x1: float
    y0: float
    y1: float

    def x(self, value: float) -> float:
        """Place a value across."""
        share = (value - self.x0) / ((self.x1 - self.x0) or 1.0)
        return round(_LEFT + min(1.0, max(0.0, share)) * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        """Place a value up."""
        share = (value - self.y0) / ((self.y1 - self.y0) or 1.0)
        return round(HEIGHT - _BOTTOM - min(1.0, max(0.0, share)) * self.tall, 1)

    @property
    def tall(self) -> float:
        """Height of the data's part."""
        return HEIGHT - _TOP - _BOTTOM

    @property
    def across(self) -> tuple[Tick, ...]:
        """Ticks of the axis below."""
        return tuple(Tick(self.x(value), _said(value)) for value in _round(self.x0, self.x1))

    @property
    def up(self) -> tuple[Tick, ...]:
        """Ticks of the axis on the left."""
        return tuple(Tick(self.y(value), _said(value)) for value in _round(self.y0, self.y1))


@dataclass(frozen=True, slots=True)
class Line:
    """A curve.

    Parameters
    ----------
    name : str
        What it is.
    path : str
        As SVG draws it.
    end : tuple of (float, float)
        Where its name may stand.
    """

    name: str
    path: str
    end: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A bar.

    Parameters
    ----------
    x, y, width, height : float
        In the drawing.
    """

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """One small drawing.

    Parameters
    ----------
    frame : Frame
        Its axes.
    lines : tuple of Line
        Its curves.
    boxes : tuple of Box
        Its bars.
    marks : tuple of float
        Where a line stands upright: the cut-off, or the statistic.
    band : str
        Path of the interval around a curve; empty where there is none.
    """

    frame: Frame
    lines: tuple[Line, ...] = ()
    boxes: tuple[Box, ...] = ()
    marks: tuple[float, ...] = ()
    band: str = ""


def survival_drawing(curves: Sequence[Mapping[str, Any]]) -> Drawing | None:
    """Draw survival by group.

    Parameters
    ----------
    curves : sequence of mapping
        `SurvivalCurve` as JSON.

    Returns
    -------
    Drawing or None
        None without curves.
    """
    if not curves:
        return None
    frame = Frame(0.0, max(curve["times"][-1] for curve in curves), 0.0, 1.0)
    lines = []
    for curve in curves:
        pairs = list(zip(curve["times"], curve["survival"], strict=True))
        steps = [f"M{frame.x(pairs[0][0])} {frame.y(pairs[0][1])}"]
        for time, alive in pairs[1:]:
            steps.append(f"H{frame.x(time)}V{frame.y(alive)}")
        end = frame.x(pairs[-1][0]), frame.y(pairs[-1][1])
        lines.append(Line(curve["group"], "".join(steps), end))
    return Drawing(frame, lines=tuple(lines))


def bar_drawing(
    bars: Sequence[Sequence[float]],
    marks: Sequence[float],
    reach: tuple[float, float] | None = None,
) -> Drawing | None:
    """Draw a histogram with upright lines.

    Parameters
    ----------
    bars : sequence of (from, to, count)
        As JSON.
    marks : sequence of float
        Where lines stand.
    reach : tuple of (float, float), optional
        Ends of the axis; by default of bars and lines.

    Returns
    -------
    Drawing or None
        None without bars.
    """
    if not bars:
        return None
    ends = [*(bar[0] for bar in bars), *(bar[1] for bar in bars), *marks]
    low, high = reach or (min(ends), max(ends))
    frame = Frame(low, high, 0.0, max(bar[2] for bar in bars))
    boxes = _boxes(frame, bars, 1.0)
    return Drawing(frame, boxes=boxes, marks=tuple(frame.x(mark) for mark in marks))


def grid_bars(pairs: Sequence[Sequence[float]]) -> list[tuple[float, float, float]]:
    """Give the bars of a result's ``wander_grid``, which has their middles, a width.

    Parameters
    ----------
    pairs : sequence of (cut, count)
        As JSON.

    Returns
    -------
    list of (from, to, count)
    """
    if not pairs:
        return []
    places = [pair[0] for pair in pairs]
    gaps = [after - before for before, after in pairwise(places)]
    wide = min((gap for gap in gaps if gap > 0.0), default=abs(places[0]) * 0.02 or 1.0)
    wide = max(wide, (places[-1] - places[0]) / 80.0)
    return [(place - wide / 2, place + wide / 2, count) for place, count in pairs]


def spline_drawing(curve: Mapping[str, Any], bars: Sequence[Sequence[float]] = ()) -> Drawing:
    """Draw the uncut relation of a marker with the outcome, the cut on it, and where it wanders.

    Parameters
    ----------
    curve : mapping
        `SplineCurve` as JSON.
    bars : sequence of (from, to, count)
        Where repeated searches put the cut; they stand at the bottom.

    Returns
    -------
    Drawing
        On the log scale.
    """
    across, effect = curve["x"], curve["log_effect"]
    lows, highs = curve["low"], curve["high"]
    most = max(1.0, *(abs(value) for value in effect)) * 1.6
    low, high = max(-most, min(lows)), min(most, max(highs))
    if bars:
        low -= _FOOT / (1.0 - _FOOT) * (high - low)
    ends = [across[0], across[-1], *(bar[0] for bar in bars), *(bar[1] for bar in bars)]
    frame = Frame(min(ends), max(ends), low, high)
    line = "M" + "L".join(f"{frame.x(a)} {frame.y(b)}" for a, b in zip(across, effect, strict=True))
    there = [f"{frame.x(a)} {frame.y(b)}" for a, b in zip(across, highs, strict=True)]
    back = [f"{frame.x(a)} {frame.y(b)}" for a, b in zip(across, lows, strict=True)]
    cut = curve["cut"]
    return Drawing(
        frame,
        lines=(Line(curve["label"], line, (frame.x(across[-1]), frame.y(effect[-1]))),),
        boxes=_boxes(frame, bars, _FOOT),
        marks=() if cut is None else (frame.x(cut),),
        band="M" + "L".join([*there, *reversed(back)]) + "Z",
    )


def roc_drawing(curve: Mapping[str, Any], edge: float | None) -> Drawing:
    """Draw a ROC curve, and the place of a cut-off on it.

    Parameters
    ----------
    curve : mapping
        `RocPoints` as JSON.
    edge : float or None
        The cut-off as its thresholds are written; None where it is not shown.

    Returns
    -------
    Drawing
        Its second line is the place of the cut-off, as a small ring.
    """
    frame = Frame(0.0, 1.0, 0.0, 1.0)
    places = [
        (frame.x(1.0 - specific), frame.y(sensitive))
        for sensitive, specific in zip(curve["sensitivity"], curve["specificity"], strict=True)
    ]
    path = "M" + "L".join(f"{x} {y}" for x, y in places)
    lines = [Line(curve["label"], path, places[-1])]
    if edge is not None:
        known = enumerate(curve["thresholds"])
        at = max((turn for turn, one in known if one is not None and one >= edge), default=0)
        x, y = places[at]
        ring = f"M{x - 4:.1f} {y}a4 4 0 1 0 8 0a4 4 0 1 0-8 0"
        lines.append(Line("cut-off", ring, places[at]))
    return Drawing(frame, lines=tuple(lines))


def _boxes(frame: Frame, bars: Sequence[Sequence[float]], share: float) -> tuple[Box, ...]:
    """Place bars on the axis below; the largest has this share of the height."""
    most = max((bar[2] for bar in bars), default=1.0)
    found = []
    for start, stop, count in bars:
        if count:
            tall = round(frame.tall * share * count / most, 1)
            wide = round(max(1.5, frame.x(stop) - frame.x(start) - 0.4), 1)
            found.append(Box(frame.x(start), round(HEIGHT - _BOTTOM - tall, 1), wide, tall))
    return tuple(found)


def _round(low: float, high: float) -> list[float]:
    """Choose two to five round numbers between two."""
    span = high - low
    if span <= 0.0:
        return [low]
    step = 10.0 ** int(f"{span:e}".split("e")[1])
    while span / step < 2.5:
        step /= 2.0 if f"{step:e}"[0] != "5" else 2.5
    while span / step > 5.5:
        step *= 2.0
    first = int(low // step)
    places = [step * turn for turn in range(first, first + 12)]
    return [place for place in places if low - 1e-9 * span <= place <= high + 1e-9 * span]


def _said(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")
