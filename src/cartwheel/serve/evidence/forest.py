"""A forest plot as the geometry of a table's rows: places in per cent, boxes, diamonds, ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cartwheel.estimate import Estimate
from cartwheel.figures.numbers import decimals, ratio, two
from cartwheel.pooling.result_analysis import Analysis, ModelRow

RATIOS = frozenset(("HR", "OR", "RR", "IRR", "OE"))
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_FINER = (0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)
# beyond these a limit is cut, and an arrow says so
_LEAST, _MOST = 0.01, 100.0
# of the drawing on both sides, in per cent
_EDGE = 3.0
_SMALLEST, _LARGEST = 5.0, 15.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One row of the plot.

    Parameters
    ----------
    kind : {"study", "pooled", "prediction", "part"}
        How it is drawn.
    label, told, beside : str
        Its name, the number with its interval, and what stands beside (weight, heterogeneity).
    at, low, high : float
        In per cent of the width.
    size : float
        Of the box, in pixels.
    cut_low, cut_high : bool
        Whether the line goes on beyond the edge.
    """

    kind: str
    label: str
    told: str
    beside: str
    at: float
    low: float
    high: float
    size: float = 9.0
    cut_low: bool = False
    cut_high: bool = False

    @property
    def diamond(self) -> str:
        """Corners of the diamond, in per cent of its own width and height."""
        wide = self.high - self.low
        middle = round(100.0 * (self.at - self.low) / wide, 2) if wide > 0.0 else 50.0
        return f"0,50 {middle},0 100,50 {middle},100"


@dataclass(frozen=True, slots=True)
class Forest:
    """The plot.

    Parameters
    ----------
    marks : tuple of Mark
        From the top.
    ticks : tuple of (float, str)
        Place and number.
    null : float or None
        Where no effect is.
    heads : tuple of str
        Of the columns: what a row is, the number, what stands beside.
    axis : str
        What is drawn.
    """

    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    null: float | None
    heads: tuple[str, str, str]
    axis: str


@dataclass(frozen=True, slots=True)
class _Line:
    kind: str
    label: str
    estimate: Estimate
    beside: str
    size: float = 9.0


def forest_of(analysis: Analysis, view: str) -> Forest | None:
    """Draw an analysis.

    Parameters
    ----------
    analysis : Analysis
        As computed.
    view : str
        ``forest``, ``leave_one_out``, ``cumulative``, ``models``, or ``subgroups``.

    Returns
    -------
    Forest or None
        None where there is nothing of this kind.
    """
    lines, heads = _lines(analysis, view)
    if not lines:
        return None
    scale = _Scale(analysis, lines)
    return Forest(
        marks=tuple(scale.mark(line) for line in lines),
        ticks=scale.ticks,
        null=None if analysis.null_value is None else scale.place(analysis.null_value),
        heads=(heads[0], _head(analysis, lines), heads[1]),
        axis=analysis.measure + (", logarithmic scale" if scale.is_log else ""),
    )


def estimate_text(measure: str, estimate: Estimate) -> str:
    """Write an effect with its interval, as the reports do.

    Parameters
    ----------
    measure : str
        Of the effect.
    estimate : Estimate
        The number.

    Returns
    -------
    str
        Such as ``1.85 (1.20–2.85)``; what does not exist is ``–``.
    """
    limits = f"({number(measure, estimate.low)}{_dash(estimate)}{number(measure, estimate.high)})"
    return f"{number(measure, estimate.value)} {limits}"


def number(measure: str, value: float | None) -> str:
    """Write a number of a measure.

    Parameters
    ----------
    measure : str
        Ratios get more digits where they are small.
    value : float or None
        None is ``–``.

    Returns
    -------
    str
    """
    if value is None:
        return "–"
    if measure in RATIOS:
        return ratio(value)
    return decimals(value, 3) if measure in ("C", "proportion") else two(value)


def _dash(estimate: Estimate) -> str:
    negative = any(limit is not None and limit < 0.0 for limit in (estimate.low, estimate.high))
    return " to " if negative else "–"


def _head(analysis: Analysis, lines: Sequence[_Line]) -> str:
    level = next((one.estimate.level for one in lines if one.estimate.level), None)
    return f"{analysis.measure} ({100 * level:g}% interval)" if level else analysis.measure


def _lines(analysis: Analysis, view: str) -> tuple[list[_Line], tuple[str, str]]:
    if view in ("leave_one_out", "cumulative"):
        before = "without " if view == "leave_one_out" else "+ "
        refits = analysis.leave_one_out if view == "leave_one_out" else analysis.cumulative
        lines = [_Line("part", f"{before}{one.study}", one.estimate, _i2(one.i2)) for one in refits]
        heads = ("Pooled", "I²")
    elif view == "models":
        lines = [_model(one) for one in analysis.models]
        heads = ("Model", "I²")
    elif view == "subgroups":
        return _subgroups(analysis), ("Studies", "Weight or I²")
    else:
        lines, heads = _studies(analysis, range(len(analysis.studies))), ("Study", "Weight")
    return (lines + _pooled(analysis) if lines else []), heads


def _studies(analysis: Analysis, places: Iterable[int]) -> list[_Line]:
    largest = max((one.weight_percent for one in analysis.studies), default=1.0) or 1.0
    return [
        _Line(
            "study",
            one.study,
            one.estimate,
            f"{decimals(one.weight_percent, 1)}%",
            _SMALLEST + (_LARGEST - _SMALLEST) * math.sqrt(max(one.weight_percent, 0.0) / largest),
        )
        for one in (analysis.studies[place] for place in places)
    ]


def _subgroups(analysis: Analysis) -> list[_Line]:
    if not analysis.subgroups:
        return []
    lines: list[_Line] = []
    for row in analysis.subgroups[0].rows:
        lines += _studies(analysis, row.rows)
        label = f"{row.level or 'not said'} (k = {row.k})"
        lines.append(_Line("part", label, row.pooled, _i2(row.i2)))
    return lines + _pooled(analysis)


def _model(row: ModelRow) -> _Line:
    return _Line("part", row.name, row.pooled, _i2(row.i2))


def _pooled(analysis: Analysis) -> list[_Line]:
    main = analysis.main
    if analysis.k < 2:
        return []
    # it stands among weights: what it is must be said
    spread = f"I² {_i2(main.i2)}" if main.i2 is not None else ""
    lines = [_Line("pooled", f"Pooled (k = {analysis.k})", main.pooled, spread)]
    if main.prediction_low is not None and main.prediction_high is not None:
        expected = Estimate(None, main.prediction_low, main.prediction_high, main.pooled.level)
        lines.append(_Line("prediction", "A new study (prediction)", expected, ""))
    return lines


def _i2(value: float | None) -> str:
    return "" if value is None else f"{decimals(value, 0)}%"


class _Scale:
    """From a number to its place."""

    def __init__(self, analysis: Analysis, lines: Sequence[_Line]) -> None:
        self.measure = analysis.measure
        self.is_log = analysis.measure in RATIOS
        found = [
            value
            for line in lines
            for value in (line.estimate.low, line.estimate.value, line.estimate.high)
            if value is not None and math.isfinite(value)
        ]
        if analysis.null_value is not None:
            found.append(analysis.null_value)
        if self.is_log:
            found = [min(max(value, _LEAST), _MOST) for value in found if value >= 0.0]
        least, most = min(found), max(found)
        self.least, self.most = self._on(least), self._on(most)
        if self.most - self.least < 1e-9:
            self.least, self.most = self.least - 0.5, self.most + 0.5
        self.ticks = tuple(
            (self.place(value), f"{value:g}".replace("-", "−"))
            for value in self._ticks(least, most)
        )

    def _on(self, value: float) -> float:
        return math.log(max(value, _LEAST)) if self.is_log else value

    def place(self, value: float) -> float:
        share = (self._on(value) - self.least) / (self.most - self.least)
        return round(_EDGE + (100.0 - 2.0 * _EDGE) * min(max(share, 0.0), 1.0), 3)

    def mark(self, line: _Line) -> Mark:
        estimate = line.estimate
        middle = estimate.value
        low = estimate.low if estimate.low is not None else middle
        high = estimate.high if estimate.high is not None else middle
        ends = [0.0 if end is None else end for end in (low, high)]
        told = estimate_text(self.measure, estimate)
        if line.kind == "prediction":
            told = told.removeprefix("– ")
            middle = ends[0]
        return Mark(
            line.kind,
            line.label,
            told,
            line.beside,
            self.place(middle if middle is not None else ends[0]),
            self.place(ends[0]),
            self.place(ends[1]),
            round(line.size, 1),
            self.is_log and ends[0] < _LEAST,
            self.is_log and ends[1] > _MOST,
        )

    def _ticks(self, least: float, most: float) -> tuple[float, ...]:
        if self.is_log:
            found = tuple(tick for tick in _TICKS if least <= tick <= most)
            finer = tuple(tick for tick in _FINER if least <= tick <= most)
            return found if len(found) > 2 or len(finer) <= len(found) else finer
        step = 10.0 ** math.floor(math.log10(max(most - least, 1e-9)))
        step = next(s for s in (step / 5, step / 2, step, step * 2) if (most - least) / s <= 6)
        first = math.ceil(least / step)
        return tuple(round((first + i) * step, 10) for i in range(8) if (first + i) * step <= most)
