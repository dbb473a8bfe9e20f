"""What replay says of a patient beside what is kept of him: his row, and every snapshot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from cartwheel.serve.ward.chart import SCHEMA, Chart, chart_text, due_at
from cartwheel.serve.ward.following import Following
from cartwheel.store.ward_json import moment_text
from cartwheel.store.ward_past import past_at, past_entries
from cartwheel.store.ward_people import snapshot_of


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that replay says otherwise.

    Parameters
    ----------
    patient : str
        The ward's own id.
    what : str
        In words, without a value.
    entry : int
        Line concerned.
    """

    patient: str
    what: str
    entry: int


class Snapshots:
    """Snapshots of a patient, each compared with the chart after its line.

    Parameters
    ----------
    connection : Connection
        Any.
    followings : mapping of str to Following
        By the identity of their ward file.
    patient : str
        The ward's own id.
    """

    def __init__(
        self, connection: Connection, followings: Mapping[str, Following], patient: str
    ) -> None:
        self._connection, self._followings, self._patient = connection, followings, patient
        newest = snapshot_of(connection, patient)
        self._newest = (0, "") if newest is None else newest
        self._past = frozenset(past_entries(connection, patient))
        self._left = {*self._past, self._newest[0]} - {0}

    def differences(self, chart: Chart) -> Iterator[Difference]:
        """Compare those that end with the last line of a chart.

        Parameters
        ----------
        chart : Chart
            Replayed up to a line.

        Yields
        ------
        Difference
        """
        if chart.last_entry not in self._left:
            return
        self._left.discard(chart.last_entry)
        kept = []
        if chart.last_entry == self._newest[0]:
            kept.append(self._newest[1])
        if chart.last_entry in self._past:
            past = past_at(self._connection, self._patient, chart.last_entry)
            kept.append("" if past is None else past[1])
        following = self._followings[chart.ward_sha256]
        told = chart_text(chart, following)
        for text in kept:
            if text != told and not _is_of_another_program(text, following):
                yield Difference(self._patient, "the snapshot is another one", chart.last_entry)

    def of_no_line(self, first: int) -> Iterator[Difference]:
        """Name those that end with no line of the patient's log; after all lines.

        Parameters
        ----------
        first : int
            First line that was replayed.

        Yields
        ------
        Difference
        """
        for entry in sorted(one for one in self._left if one >= first):
            yield Difference(self._patient, "a snapshot is kept, and no line", entry)


def other_chart(
    followings: Mapping[str, Following], row: Row[Any], chart: Chart
) -> Iterator[Difference]:
    """Compare a patient's row with his chart.

    Parameters
    ----------
    followings : mapping of str to Following
        By the identity of their ward file.
    row : Row
        Of the table of patients.
    chart : Chart
        After the last line.

    Yields
    ------
    Difference
    """
    if chart.known_at is None:
        if row.last_entry:
            yield Difference(row.patient, "a chart is kept, and no line", row.last_entry)
        return
    following = followings[chart.ward_sha256]
    due = due_at(chart, following)
    shown = (
        chart.shown,
        chart.last_entry,
        moment_text(chart.known_at),
        None if due is None else moment_text(due),
        chart.ward_sha256,
    )
    if shown != (row.state, row.last_entry, row.known_at, row.due_at, row.ward_sha256):
        yield Difference(row.patient, "the row of the patient is another one", row.last_entry)
    alerts = tuple(chart.alerts.values())
    if row.summary != following.summary(chart.episode, chart.known_at, alerts):
        yield Difference(row.patient, "the summary is another one", row.last_entry)


def _is_of_another_program(text: str, following: Following) -> bool:
    """What another program wrote in its own way it alone can compare; nobody reads it here."""
    try:
        read = json.loads(text)
    except ValueError:
        return False
    if not isinstance(read, dict):
        return False
    return (read.get("schema"), read.get("by")) != (SCHEMA, following.by)
