"""Drift as it is drawn: every number is one of the result's JSON, only placed and rounded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cartwheel.clinic.dictionary import variables
from cartwheel.figures.numbers import p_value, percent, ratio, significant
from cartwheel.serve.ward.saying import label_of
from cartwheel.watch.drift_patient import ALL

LEFT, RIGHT, TOP, BASE = 44.0, 314.0, 8.0, 124.0
# drawn from a quarter to four times; what lies beyond ends in an arrow
_RATIOS = math.log(4.0)
_PLOT = 160.0
_SIGNIFICANT, _FAR = 0.05, 0.1
_MOST_LABELS = 6
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """One period of a drawing.

    Parameters
    ----------
    x : float
        Its middle.
    width : float
        Of the period.
    is_reference, off : bool
        It belongs to the reference time; a referee remarked on it.
    low, middle, high : float or None
        Heights; None where there is nothing to draw.
    told : str
        For whoever does not see it.
    """

    x: float
    width: float
    is_reference: bool
    off: bool
    low: float | None
    middle: float | None
    high: float | None
    told: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing over the periods.

    Parameters
    ----------
    marks : tuple of Mark
        One a period.
    across, up : tuple of (float, str)
        Ticks.
    label : str
        For whoever does not see it.
    """

    marks: tuple[Mark, ...]
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    label: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One input, or one target without answers, at one place.

    Parameters
    ----------
    name, label, unit : str
        Which.
    drawing : Drawing or None
        None where no period has enough patients.
    rows : tuple of tuple of str
        The table below it.
    reasons : tuple of (str, str)
        Period and why there was no answer, and of how many patients.
    off : bool
        A referee remarked on it.
    """

    name: str
    label: str
    unit: str
    drawing: Drawing | None
    rows: tuple[tuple[str, ...], ...]
    reasons: tuple[tuple[str, str], ...]
    off: bool


@dataclass(frozen=True, slots=True)
class RiskRow:
    """One period of a calibration.

    Parameters
    ----------
    period, patients, told, observed, ratio, known : str
        As written.
    low, middle, high : float or None
        Places of the ratio and its interval, 0 to 160; None where there is none.
    off : bool
        The interval does not hold 1.
    """

    period: str
    patients: str
    told: str
    observed: str
    ratio: str
    known: str
    low: float | None
    middle: float | None
    high: float | None
    off: bool


def input_panels(document: Mapping[str, Any], place: str) -> tuple[Panel, ...]:
    """Draw every input of a place: first those on which there is a remark.

    Parameters
    ----------
    document : mapping
        Result of the kind ``monitor-drift``.
    place : str
        Empty for the whole ward.

    Returns
    -------
    tuple of Panel
    """
    periods = tuple(document["counts"]["periods"])
    found = [
        _input_panel(name, rows, periods)
        for name, rows in _grouped(document["drift"]["inputs"], place, "name")
    ]
    return tuple(sorted(found, key=lambda one: (not one.off, one.drawing is None, one.label)))


def refusal_panels(document: Mapping[str, Any], place: str) -> tuple[Panel, ...]:
    """Draw how often each target had no answer.

    Parameters
    ----------
    document, place
        As of `input_panels`.

    Returns
    -------
    tuple of Panel
    """
    periods = tuple(document["counts"]["periods"])
    return tuple(
        _refusal_panel(name, rows, periods)
        for name, rows in _grouped(document["drift"]["refusals"], place, "target")
    )


def risk_rows(document: Mapping[str, Any], place: str) -> dict[str, tuple[RiskRow, ...]]:
    """Write how each risk agrees with what followed.

    Parameters
    ----------
    document, place
        As of `input_panels`.

    Returns
    -------
    dict of str to tuple of RiskRow
        By name of the risk; all periods together first.
    """
    return {
        name: tuple(_risk_row(row) for row in sorted(rows, key=lambda one: one["period"] != ALL))
        for name, rows in _grouped(document["drift"]["calibration"], place, "target")
    }


def _grouped(rows: Sequence[Row], place: str, key: str) -> list[tuple[str, list[Row]]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row["centre"] == place:
            found.setdefault(row[key], []).append(row)
    return list(found.items())


def _input_panel(name: str, rows: Sequence[Row], periods: Sequence[str]) -> Panel:
    known = variables().get(name)
    told = [row for row in rows if row["median"] is not None]
    label, unit = label_of(name), "" if known is None else known.unit
    drawing = None
    if told:
        ends = [row[key] for row in told for key in ("low_quartile", "high_quartile")]
        logs = known is not None and known.skewed and min(ends) > 0
        scale = _Scale(min(ends), max(ends), logs=logs)
        marks = [_mark(row, periods, scale, unit) for row in told]
        words = f"{label}: median and quartiles by period"
        drawing = Drawing(tuple(marks), _across(periods), scale.ticks(), words)
    return Panel(
        name, label, unit, drawing, tuple(_input_cells(row) for row in rows), (),
        any(_is_off(row) for row in rows),
    )  # fmt: skip


def _mark(row: Row, periods: Sequence[str], scale: _Scale, unit: str) -> Mark:
    low, middle, high = (scale.at(row[key]) for key in ("low_quartile", "median", "high_quartile"))
    said = f"{row['period']}: {_quartiles(row)} {unit}".strip()
    x, width = _column(periods, row["period"])
    return Mark(x, width, row["is_reference"], _is_off(row), low, middle, high, said)


def _is_off(row: Row) -> bool:
    p, distance = row["adjusted_p"], row["distance"]
    return p is not None and p < _SIGNIFICANT and distance >= _FAR


def _quartiles(row: Row) -> str:
    if row["median"] is None:
        return "–"
    ends = significant(row["low_quartile"]), significant(row["high_quartile"])
    return f"{significant(row['median'])} ({ends[0]} to {ends[1]})"


def _input_cells(row: Row) -> tuple[str, ...]:
    period = row["period"] + (" (reference)" if row["is_reference"] else "")
    if row["withheld"]:
        return (period, "few", "–", "–", "–", "–", "–")
    missing = row["missing"]
    limited = row["limited"]
    return (
        period, str(row["patients"]),
        "–" if missing is None else percent(missing["value"]),
        _quartiles(row), "–" if limited is None else percent(limited["value"]),
        "–" if row["distance"] is None else f"{row['distance']:.2f}",
        "–" if row["adjusted_p"] is None else p_value(row["adjusted_p"]),
    )  # fmt: skip


def _refusal_panel(name: str, rows: Sequence[Row], periods: Sequence[str]) -> Panel:
    told = [row for row in rows if row["refused"] is not None]
    scale = _Scale(0.0, 1.0)
    marks = [
        Mark(
            *_column(periods, row["period"]), row["is_reference"], False,
            scale.at(row["refused"]["low"]), scale.at(row["refused"]["value"]),
            scale.at(row["refused"]["high"]), f"{row['period']}: {_share(row['refused'])}",
        )
        for row in told
    ]  # fmt: skip
    up = tuple((scale.at(share), f"{100 * share:.0f} %") for share in (0.0, 0.5, 1.0))
    words = f"{name}: share of patients without an answer, by period"
    reasons = tuple(
        (f"{row['period']}: {reason}", "few" if count is None else str(count))
        for row in told
        for reason, count in row["reasons"]
    )
    return Panel(
        name, label_of(name), "", Drawing(tuple(marks), _across(periods), up, words) if told
        else None, tuple(_refusal_cells(row) for row in rows), reasons, False,
    )  # fmt: skip


def _refusal_cells(row: Row) -> tuple[str, ...]:
    period = row["period"] + (" (reference)" if row["is_reference"] else "")
    if row["withheld"]:
        return (period, "few", "–")
    return period, str(row["patients"]), _share(row["refused"])


def _share(one: Row) -> str:
    return f"{percent(one['value'])} ({percent(one['low'])} to {percent(one['high'])})"


def _risk_row(row: Row) -> RiskRow:
    period = row["period"]
    if row["withheld"]:
        return RiskRow(period, "few", "–", "–", "–", "–", None, None, None, False)
    observed, found = row["observed"], row["ratio"]
    said, low, middle, high, off = "–", None, None, None, False
    if found["value"] is not None:
        said = ratio(found["value"])
        middle = _place(found["value"])
        if found["low"] is not None:
            said += f" ({ratio(found['low'])} to {ratio(found['high'])})"
            low, high = _place(found["low"]), _place(found["high"])
            off = not found["low"] <= 1.0 <= found["high"]
    return RiskRow(
        period, str(row["patients"]), percent(row["expected"]), _observed(observed), said,
        percent(row["ripe"]), low, middle, high, off,
    )  # fmt: skip


def _observed(one: Row) -> str:
    if one["value"] is None:
        return "not known yet"
    if one["low"] is None:
        return percent(one["value"])
    return _share(one)


def _place(value: float) -> float:
    if value <= 0.0:
        return 0.0
    at = max(-_RATIOS, min(_RATIOS, math.log(value)))
    return round(_PLOT * (at + _RATIOS) / (2 * _RATIOS), 1)


def _column(periods: Sequence[str], period: str) -> tuple[float, float]:
    width = (RIGHT - LEFT) / max(len(periods), 1)
    return round(LEFT + width * (periods.index(period) + 0.5), 1), round(width, 1)


def _across(periods: Sequence[str]) -> tuple[tuple[float, str], ...]:
    step = -(-len(periods) // _MOST_LABELS)
    return tuple((_column(periods, one)[0], one) for one in periods[::step])


class _Scale:
    """Heights of values, on a log scale where values are skewed."""

    def __init__(self, low: float, high: float, *, logs: bool = False) -> None:
        self._logs = logs
        self._low, self._high = low, high
        if not low < high:
            room = abs(low) / 2 or 1.0
            self._low, self._high = low - (room if not logs else room / 2), high + room
        self._ends = self._on(self._low), self._on(self._high)

    def _on(self, value: float) -> float:
        return math.log(value) if self._logs else value

    def at(self, value: float) -> float:
        """Give the height of a value."""
        low, high = self._ends
        return round(BASE - (BASE - TOP) * (self._on(value) - low) / (high - low), 1)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Name the ends and what lies between them."""
        return tuple((self.at(value), significant(value, 2)) for value in self._between())

    def _between(self) -> Iterator[float]:
        low, high = self._ends
        for part in (0.0, 0.5, 1.0):
            at = low + part * (high - low)
            yield math.exp(at) if self._logs else at
