"""The ward at a glance: one row a patient, from the summaries alone; the log is not read."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import Connection, func, select

from cartwheel.clinic.dictionary import variables
from cartwheel.serve.ward.cells import Column, Making, Row, ShownAlert
from cartwheel.serve.ward.opened import WardServices
from cartwheel.serve.ward.saying import short_title
from cartwheel.store.ward_people import count_patients
from cartwheel.store.ward_persons import PersonRow, persons_of
from cartwheel.store.ward_tables import entries, episodes, parked
from cartwheel.watch.alert_rules import SEVERITIES
from cartwheel.watch.targets import Target
from cartwheel.workflows.monitor_open import is_simulated_ward

Sort = Literal["risk", "change", "bed", "day"]
SORTS: Mapping[str, str] = {
    "risk": "by risk", "change": "by change", "bed": "by bed", "day": "by day",
}  # fmt: skip
_MOST_KEPT = 5_000
_NOBODY = PersonRow()
_DIGITS = re.compile(r"[0-9]{1,18}|[^0-9]+")


@dataclass(frozen=True, slots=True)
class Board:
    """The whole ward.

    Parameters
    ----------
    rows : tuple of Row
        Sorted.
    columns : tuple of Column
        Targets of the ward.
    at : datetime
        UTC. When it was read.
    newest : int
        Number of the last line that is in it.
    counts : mapping of str to int
        Patients by state.
    parked : int
        Items that could not be used.
    """

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    at: datetime
    newest: int
    counts: Mapping[str, int]
    parked: int

    @property
    def alerts(self) -> tuple[tuple[Row, ShownAlert], ...]:
        """Open alerts that nobody has seen, the gravest first."""
        found = [(row, one) for row in self.rows for one in row.alerts if not one.seen]
        found.sort(key=lambda pair: (-SEVERITIES.index(cast(Any, pair[1].severity)), pair[1].at))
        return tuple(found)

    @property
    def grave(self) -> tuple[tuple[Row, ShownAlert], ...]:
        """Those above ``info``."""
        return tuple(pair for pair in self.alerts if pair[1].severity != "info")

    @property
    def light(self) -> tuple[tuple[Row, ShownAlert], ...]:
        """Those of severity ``info``."""
        return tuple(pair for pair in self.alerts if pair[1].severity == "info")


class Summaries:
    """Summaries as they were last read: the same line is not read twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, dict[str, Any]]] = {}

    def read(self, patient: str, entry: int, text: str) -> dict[str, Any]:
        """Read a summary.

        Parameters
        ----------
        patient : str
            Whose.
        entry : int
            Of his last line.
        text : str
            JSON.

        Returns
        -------
        dict
            Not to be changed.
        """
        known = self._known.get(patient)
        if known is not None and known[0] == entry:
            return known[1]
        found = cast(dict[str, Any], json.loads(text))
        with self._lock:
            if len(self._known) > _MOST_KEPT:
                self._known.clear()
            self._known[patient] = (entry, found)
        return found


_SUMMARIES = Summaries()


def columns_of(opened: WardServices) -> tuple[Column, ...]:
    """List the targets of a ward.

    Parameters
    ----------
    opened : WardServices

    Returns
    -------
    tuple of Column
    """
    return tuple(_column(one) for one in opened.ward.targets)


def _column(one: Target) -> Column:
    return Column(one.id, one.kind, one.title, short_title(one.id, one.title))


def input_labels(opened: WardServices) -> Mapping[str, str]:
    """Name the inputs of scores, as their files do.

    Parameters
    ----------
    opened : WardServices

    Returns
    -------
    mapping of str to str
        Only of those that are no variable of the dictionary by the same name.
    """
    specs = (getattr(one, "spec", None) for one in opened.ward.targets)
    return {
        one.name: one.label
        for spec in specs
        if spec is not None
        for one in spec.inputs
        if one.name not in variables()
    }


def is_simulated(opened: WardServices) -> bool:
    """Tell whether a score or model of the ward was made from simulated patients, or it is one.

    Parameters
    ----------
    opened : WardServices

    Returns
    -------
    bool
    """
    return is_simulated_ward(opened.ward)


def read_board(opened: WardServices, sort: Sort, window: timedelta, now: datetime) -> Board:
    """Read the ward.

    Parameters
    ----------
    opened : WardServices
        Open.
    sort : {"risk", "change", "bed", "day"}
        Order of the rows.
    window : timedelta
        What counts as moved.
    now : datetime
        UTC.

    Returns
    -------
    Board
    """
    with opened.store.reading() as connection:
        newest = connection.execute(select(func.max(entries.c.number))).scalar() or 0
        rows = _rows(connection, opened, window, now, None)
        counts = count_patients(connection)
        waits = select(func.count()).select_from(parked).where(parked.c.done_at.is_(None))
        many = connection.execute(waits).scalar() or 0
    return Board(
        tuple(sorted(rows, key=_KEYS[sort])), columns_of(opened), now, int(newest), counts,
        int(many),
    )  # fmt: skip


def followed_until(opened: WardServices, entry: int) -> set[str]:
    """Name the patients who are on a board that was read at a line of the log.

    Parameters
    ----------
    opened : WardServices
        Open.
    entry : int
        Number of the last line.

    Returns
    -------
    set of str
        Without those whose logs have grown since.
    """
    wanted = select(episodes.c.patient).where(
        episodes.c.state == "assigned", episodes.c.last_entry <= entry
    )
    with opened.store.reading() as connection:
        return set(connection.execute(wanted).scalars())


def read_rows(
    opened: WardServices, patients: Sequence[str], window: timedelta, now: datetime
) -> tuple[Row, ...]:
    """Read the rows of some patients, also of those who have left.

    Parameters
    ----------
    opened : WardServices
        Open.
    patients : sequence of str
        The ward's own ids.
    window, now
        As of `read_board`.

    Returns
    -------
    tuple of Row
        In no order; without those who are not known.
    """
    with opened.store.reading() as connection:
        return tuple(_rows(connection, opened, window, now, patients))


def _rows(
    connection: Connection, opened: WardServices, window: timedelta, now: datetime,
    patients: Sequence[str] | None,
) -> list[Row]:  # fmt: skip
    wanted = select(episodes.c.patient, episodes.c.state, episodes.c.last_entry, episodes.c.summary)
    if patients is None:
        wanted = wanted.where(episodes.c.state == "assigned")
    else:
        wanted = wanted.where(episodes.c.patient.in_(tuple(patients[:500])))
    found = connection.execute(wanted).all()
    people = persons_of(connection, [row.patient for row in found])
    columns = columns_of(opened)
    reasons = frozenset(rule.id for rule in opened.ward.alerts if rule.reason_required)
    making = Making(columns, input_labels(opened), reasons, window, now)
    return [
        making.row(
            (row.patient, row.state, row.last_entry),
            people.get(row.patient, _NOBODY),
            _SUMMARIES.read(row.patient, row.last_entry, row.summary),
        )
        for row in found
    ]


def _by_bed(row: Row) -> tuple[object, ...]:
    person = row.person
    return (person.ward, not person.bed, _natural(person.bed), person.name_shown, row.patient)


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """Order bed 2 before bed 10."""
    parts = _DIGITS.findall(text)
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in parts)


_KEYS: Mapping[str, Any] = {
    "risk": lambda row: (tuple(-one for one in row.rank), *_by_bed(row)),
    "change": lambda row: (tuple(-one for one in row.change), *_by_bed(row)),
    "bed": _by_bed,
    "day": lambda row: (row.day is None, row.day or 0, *_by_bed(row)),
}
