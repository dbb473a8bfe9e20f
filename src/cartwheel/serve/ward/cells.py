"""What one row of the ward's board says: a cell for each target, alerts, the age of the news."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from cartwheel.figures import numbers
from cartwheel.serve.ward.saying import age_shown, label_of
from cartwheel.store.ward_json import moment_of
from cartwheel.store.ward_persons import PersonRow
from cartwheel.watch.alert_rules import SEVERITIES

# without a value for so long a row says so
QUIET = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Column:
    """One target.

    Parameters
    ----------
    target, kind, title, short : str
        Of it; `short` stands over its column.
    """

    target: str
    kind: str
    title: str
    short: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What one target says of one patient.

    Parameters
    ----------
    column : Column
        Which.
    told : str
        Value, or the range that is left open; ``–`` where there is no answer.
    beside : str
        Band and risk.
    missing : tuple of str
        What would close it, in words.
    level : str
        ``0`` to ``5`` of a grade that is certain, ``open``, ``none``; empty of a score.
    moved : {"", "up", "down", "other"}
        Since the window began.
    moved_told : str
        From what, how long ago.
    oldest : str
        Age of the oldest value that it rests on, where that is long ago.
    text : str
        One sentence.
    simulated : bool
        Made from simulated patients.
    """

    column: Column
    told: str
    beside: str
    missing: tuple[str, ...]
    level: str
    moved: str
    moved_told: str
    oldest: str
    text: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class ShownAlert:
    """An open alert.

    Parameters
    ----------
    patient, alert, rule, severity, text : str
        Of it.
    at : datetime
        UTC.
    seen, late : bool
        Acknowledged; raised by news about the past.
    reason_required : bool
        An acknowledgement needs a reason.
    """

    patient: str
    alert: str
    rule: str
    severity: str
    text: str
    at: datetime
    seen: bool
    late: bool
    reason_required: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One patient.

    Parameters
    ----------
    patient, state : str
        The ward's own id; ``assigned``, ``unassigned``, ``closed`` or ``merged``.
    person : PersonRow
        How he is called, and where he is.
    entry : int
        Last line of his log.
    day : int or None
        Whole days since the infusion.
    day_told : str
        Of it.
    cells : tuple of Cell
        In the order of the columns.
    alerts : tuple of ShownAlert
        The gravest first.
    taken : datetime or None
        UTC. When the last value was taken.
    age : str
        How long ago that is.
    quiet : bool
        Too long ago.
    rank : tuple
        For the order by risk.
    change : tuple
        For the order by change.
    """

    patient: str
    state: str
    person: PersonRow
    entry: int
    day: int | None
    day_told: str
    cells: tuple[Cell, ...]
    alerts: tuple[ShownAlert, ...]
    taken: datetime | None
    age: str
    quiet: bool
    rank: tuple[float, ...]
    change: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Making:
    """Makes rows of summaries.

    Parameters
    ----------
    columns : tuple of Column
        Targets of the ward.
    labels : mapping of str to str
        Names of inputs that the dictionary does not have.
    reasons : frozenset of str
        Alert rules whose acknowledgement needs a reason.
    window : timedelta
        What counts as moved.
    now : datetime
        UTC.
    """

    columns: tuple[Column, ...]
    labels: Mapping[str, str]
    reasons: frozenset[str]
    window: timedelta
    now: datetime

    def row(
        self, known: tuple[str, str, int], person: PersonRow, summary: Mapping[str, Any]
    ) -> Row:
        """Make a row.

        Parameters
        ----------
        known : tuple of str, str, int
            Id, state, last line.
        person : PersonRow
            How he is called.
        summary : mapping
            See `cartwheel.serve.ward.followed`.

        Returns
        -------
        Row
        """
        patient, state, entry = known
        standings = summary.get("standings", {})
        cells = tuple(self._cell(one, standings.get(one.target)) for one in self.columns)
        alerts = tuple(sorted(
            (self._alert(patient, one) for one in summary.get("alerts", ())),
            key=lambda one: (one.seen, -SEVERITIES.index(cast(Any, one.severity)), one.at),
        ))  # fmt: skip
        infusion, taken = _moment(summary.get("infusion")), _moment(summary.get("taken"))
        day = None if infusion is None else (self.now - infusion) // timedelta(days=1)
        age = None if taken is None else self.now - taken
        return Row(
            patient=patient,
            state=state,
            person=person,
            entry=entry,
            day=day,
            day_told="" if day is None else f"{day:+d}" if day < 0 else str(day),
            cells=cells,
            alerts=alerts,
            taken=taken,
            age="" if age is None else age_shown(age),
            quiet=age is None or age > QUIET,
            rank=_rank(alerts, standings, self.columns),
            change=_change(cells, self.columns, standings, self.now),
        )

    def _alert(self, patient: str, one: Mapping[str, Any]) -> ShownAlert:
        return ShownAlert(
            patient, one["alert"], one["rule"], one["severity"], one["text"],
            moment_of(one["at"]), one["step"] == "acknowledged", one["late"],
            one["rule"] in self.reasons,
        )  # fmt: skip

    def _cell(self, column: Column, one: Mapping[str, Any] | None) -> Cell:
        if one is None:
            return Cell(column, "–", "", (), "none", "", "", "", "nothing is known yet", False)
        moved, told = self._moved(column, one)
        oldest = _moment(one.get("oldest"))
        age = None if oldest is None else self.now - oldest
        return Cell(
            column=column,
            told=_told(column.kind, one),
            beside=_beside(one),
            missing=tuple(self.labels.get(name) or label_of(name) for name in one["missing"]),
            level=_level(column.kind, one),
            moved=moved,
            moved_told=told,
            oldest=age_shown(age) if age is not None and age > QUIET else "",
            text=one["text"],
            simulated=bool(one.get("simulated")),
        )

    def _moved(self, column: Column, one: Mapping[str, Any]) -> tuple[str, str]:
        since, before = _moment(one["since"]), one["before"]
        if since is None or before is None or self.now - since > self.window:
            return "", ""
        by = "risk" if column.kind == "landmark" else "value"
        old, new = before[by], one[by]
        ago = f"{age_shown(self.now - since)} ago"
        if old is None or new is None:
            return "other", ago
        if old == new:
            return "", ""
        was = risk_told(old, old, old) if by == "risk" else range_told(column.kind, old, old, old)
        return ("up" if new > old else "down"), f"from {was}, {ago}"


def range_told(kind: str, value: float | None, low: float | None, high: float | None) -> str:
    """Write a value, or the range that is left open.

    Parameters
    ----------
    kind : str
        ``grade``, ``score`` or ``landmark``.
    value, low, high : float or None
        Of a standing.

    Returns
    -------
    str
        ``–`` where there is no answer.
    """
    if value is not None:
        return _number(kind, value)
    if low is None or high is None:
        return "–"
    return f"{_number(kind, low)}–{_number(kind, high)}"


def _number(kind: str, value: float) -> str:
    if kind == "grade" or value == int(value):
        return str(int(value))
    return numbers.significant(value)


def risk_told(risk: float | None, low: float | None, high: float | None) -> str:
    """Write a risk, or its range.

    Parameters
    ----------
    risk, low, high : float or None
        0 to 1.

    Returns
    -------
    str
        Empty without one.
    """
    if risk is not None:
        return numbers.percent(risk)
    if low is None or high is None:
        return ""
    return f"{numbers.percent(low)}–{numbers.percent(high)}"


def _beside(one: Mapping[str, Any]) -> str:
    band = one["band"] or " or ".join(one["bands"])
    risk = risk_told(one["risk"], one["risk_low"], one["risk_high"])
    return ", ".join(part for part in (band, risk) if part)


def _told(kind: str, one: Mapping[str, Any]) -> str:
    if kind == "landmark" and one["risk_low"] is not None:
        return ""  # a model has no value: its risk stands beside
    return range_told(kind, one["value"], one["low"], one["high"])


def _level(kind: str, one: Mapping[str, Any]) -> str:
    if one["low"] is None and one["value"] is None and one["risk_low"] is None:
        return "none"
    if kind != "grade":
        return ""
    return "open" if one["value"] is None else str(int(one["value"]))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else moment_of(text)


def _rank(
    alerts: Iterable[ShownAlert], standings: Mapping[str, Any], columns: Sequence[Column]
) -> tuple[float, ...]:
    severity = max(
        (SEVERITIES.index(cast(Any, one.severity)) + 1 for one in alerts if not one.seen), default=0
    )
    known = [(one.kind, standings[one.target]) for one in columns if one.target in standings]
    grades = [one for kind, one in known if kind == "grade"]
    certain = max((_or_zero(one["value"], one["low"]) for one in grades), default=0.0)
    possible = max((_or_zero(one["value"], one["high"]) for one in grades), default=0.0)
    risk = max((_or_zero(one["risk"], one["risk_low"]) for _, one in known), default=0.0)
    return severity, certain, risk, possible


def _or_zero(value: float | None, other: float | None) -> float:
    return value if value is not None else other if other is not None else 0.0


def _change(
    cells: Sequence[Cell], columns: Sequence[Column], standings: Mapping[str, Any], now: datetime
) -> tuple[float, ...]:
    worse = sum(one.moved == "up" for one in cells)
    moved = sum(one.moved != "" for one in cells)
    since = [
        (now - moment_of(standings[one.target]["since"])).total_seconds()
        for one in columns
        if one.target in standings and standings[one.target]["since"]
    ]
    return worse, moved, -min(since, default=1e12)
