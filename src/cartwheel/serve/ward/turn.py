"""One transaction of the ward: lines, the charts that follow from them, and all that is written."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection

from cartwheel.serve.ward.chart import Chart, chart_of, due_at, fold, new_chart
from cartwheel.serve.ward.following import Following
from cartwheel.store.ward_json import alert_of, event_text, known_text, moment_of, moment_text
from cartwheel.store.ward_log import (
    KeptEvent,
    Line,
    Numbers,
    add_events,
    add_lines,
    events_of,
    lines_of,
)
from cartwheel.store.ward_outbox import Subscription, add_outbox, outbox_rows
from cartwheel.store.ward_people import (
    EpisodeRow,
    Update,
    lock_patients,
    set_merged,
    snapshot_of,
    update_episodes,
)
from cartwheel.watch.observation import Known
from cartwheel.watch.standing import AlertEvent, Event


@dataclass(slots=True)
class Grown:
    """How the log grew by one message.

    Parameters
    ----------
    patients : dict of str to None
        Whose, in order.
    entries, events, parked : int
        By how many.
    """

    patients: dict[str, None] = field(default_factory=dict)
    entries: int = 0
    events: int = 0
    parked: int = 0


class Turn:
    """One transaction of the ward.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    following : Following
        Of the ward file in force.
    cached : mapping of str to Chart
        From earlier transactions of this process: used where the log has not grown since.
    now : datetime
        UTC, in whole milliseconds.
    subscriptions : tuple of Subscription
        Who is told of which events.

    Attributes
    ----------
    other_file : str
        Identity of a ward file that another server has put in force meanwhile, or follows as
        another version of cartwheel; empty as a rule.
    """

    def __init__(
        self,
        connection: Connection,
        following: Following,
        cached: Mapping[str, Chart],
        now: datetime,
        subscriptions: tuple[Subscription, ...] = (),
    ) -> None:
        self.connection, self.now = connection, now
        self._following, self._cached, self._subscriptions = following, cached, subscriptions
        self.rows: dict[str, EpisodeRow] = {}
        self.charts: dict[str, Chart] = {}
        self._pending: dict[str, list[Line]] = defaultdict(list)
        self._lines: list[Line] = []
        self._followed: list[tuple[Line, tuple[Event, ...]]] = []
        self._numbers: Numbers | None = None
        self._merged = False
        self.other_file = ""

    @property
    def following(self) -> Following:
        """Of the ward file in force."""
        return self._following

    def lock(self, patients: Iterable[str], lines: int) -> None:
        """Keep other servers from the logs of patients, and read how they stand.

        Parameters
        ----------
        patients : iterable of str
            Records; those into which they were folded are locked too.
        lines : int
            How many lines are expected.
        """
        self.rows.update(lock_patients(self.connection, patients))
        self._merged = any(row.merged_into is not None for row in self.rows.values())
        self._numbers = Numbers(self.connection, "ward_entry", lines + 16)

    def root(self, record: str) -> tuple[str, str]:
        """Find the record that a record was folded into.

        Parameters
        ----------
        record : str
            A locked one.

        Returns
        -------
        (str, str)
            The last record that stays, and what sources of this one begin with there.
        """
        mark = ""
        row = self.rows[record]
        while row.merged_into is not None:
            mark = row.merge_mark + mark
            row = self.rows[row.merged_into]
        return row.patient, mark

    def marks(self, root: str) -> tuple[str, ...]:
        """Tell what the sources of every record begin with that was folded into one.

        Parameters
        ----------
        root : str
            The record that stays.

        Returns
        -------
        tuple of str
            Empty where there is none.
        """
        if not self._merged:
            return ()
        gone = [name for name, row in self.rows.items() if row.merged_into is not None]
        found = (self.root(name) for name in gone)
        return tuple(sorted(mark for into, mark in found if into == root))

    def set_merged(self, patient: str, into: str | None, mark: str) -> None:
        """Say into which record one was folded; None where it stands for itself again.

        Parameters
        ----------
        patient : str
            The record that is gone.
        into : str or None
            The one that stays.
        mark : str
            What the sources of its values begin with there.
        """
        set_merged(self.connection, patient, into, mark)
        self.rows[patient] = replace(self.rows[patient], merged_into=into, merge_mark=mark)
        self._merged = True

    def chart(self, patient: str) -> Chart:
        """Give the chart of a locked patient as it stands now.

        Parameters
        ----------
        patient : str
            The ward's own id.

        Returns
        -------
        Chart
        """
        if patient not in self.charts:
            self.charts[patient] = self._loaded(self.rows[patient])
        return self.charts[patient]

    def append(
        self, patient: str, what: Known | tuple[str, Mapping[str, object]], grown: Grown,
        message: int | None = None,
    ) -> None:  # fmt: skip
        """Add a line to a patient's log.

        Parameters
        ----------
        patient : str
            A locked one.
        what : Observation, Tick, Acknowledgement, or (str, mapping)
            What became known, or kind and content of a mark.
        grown : Grown
            Counts.
        message : int, optional
            That brought it.
        """
        self.ready(patient, grown)
        self._add(patient, what, grown, message)

    def ready(self, patient: str, grown: Grown) -> Chart:
        """See to it that a patient is followed by the ward file in force, as this program does.

        Parameters
        ----------
        patient : str
            A locked one.
        grown : Grown
            Counts.

        Returns
        -------
        Chart
        """
        chart, mine = self.chart(patient), self._following
        as_now = (chart.ward_sha256, chart.by) == (mine.sha256, mine.by)
        if chart.episode is None or not as_now:
            self._add(patient, ("ward_file", {"sha256": mine.sha256, "by": mine.by}), grown, None)
        return self.charts[patient]

    def known_at(self, patient: str) -> datetime:
        """Tell when a line that is added now to a patient's log becomes known.

        Parameters
        ----------
        patient : str
            A locked one.

        Returns
        -------
        datetime
            UTC. Now; of a clock that was set back, no earlier than the last line.
        """
        return self._known_at(self.chart(patient))

    def finish(self) -> None:
        """Write everything to the database."""
        add_lines(self.connection, self._lines, [moment_text(one.known_at) for one in self._lines])
        many = sum(len(events) for _, events in self._followed)
        kept = list(self._kept(many))
        add_events(self.connection, [one for one, _ in kept])
        rows = [row for one, event in kept for row in outbox_rows(one, event, self._subscriptions)]
        add_outbox(self.connection, rows)
        update_episodes(self.connection, [self._update(name) for name in sorted(self._pending)])

    def lines_added(self) -> dict[str, int]:
        """Count the lines of this transaction.

        Returns
        -------
        dict of str to int
            By patient.
        """
        return {patient: len(lines) for patient, lines in self._pending.items() if lines}

    def _kept(self, many: int) -> Iterator[tuple[KeptEvent, Event]]:
        numbers = Numbers(self.connection, "ward_event", many)
        for line, events in self._followed:
            known_at = moment_text(line.known_at)
            for ordinal, event in enumerate(events):
                kind, at, body = event_text(event)
                yield (
                    KeptEvent(numbers.take(), line.number, ordinal, line.patient, at, known_at,
                              kind, body),
                    event,
                )  # fmt: skip

    def _update(self, patient: str) -> Update:
        chart = self.charts[patient]
        assert chart.known_at is not None
        due = due_at(chart, self._following)
        return Update(
            patient=patient,
            state=chart.shown,
            last_entry=chart.last_entry,
            known_at=moment_text(chart.known_at),
            due_at=None if due is None else moment_text(due),
            ward_sha256=chart.ward_sha256,
            summary=self._following.summary(
                chart.episode, chart.known_at, tuple(chart.alerts.values())
            ),
        )

    def _add(
        self, patient: str, what: Known | tuple[str, Mapping[str, object]], grown: Grown,
        message: int | None,
    ) -> None:  # fmt: skip
        assert self._numbers is not None
        chart = self.chart(patient)
        if isinstance(what, tuple):
            kind, body = what[0], json.dumps(what[1], separators=(",", ":"))
            known = None
        else:
            kind, body = known_text(what)
            known = what
        line = Line(
            self._numbers.take(), message, patient, self._known_at(chart), kind, body, known
        )
        followings = {self._following.sha256: self._following}
        after, events = fold(chart, line, followings, lambda: self._history(patient))
        self.charts[patient] = after
        self._pending[patient].append(line)
        self._lines.append(line)
        grown.patients[patient] = None
        grown.entries += 1
        if events:
            self._followed.append((line, events))
            grown.events += len(events)

    def _history(self, patient: str) -> Iterator[Line]:
        return chain(lines_of(self.connection, patient), self._pending[patient])

    def _known_at(self, chart: Chart) -> datetime:
        # a clock that was set back does not make the ward forget
        return self.now if chart.known_at is None else max(self.now, chart.known_at)

    def _loaded(self, row: EpisodeRow) -> Chart:
        cached = self._cached.get(row.patient)
        mine = self._following.sha256
        if cached is not None and cached.ward_sha256 == mine and row.ward_sha256 != mine:
            # this process had put its own in force: only another server can have changed that
            self.other_file = row.ward_sha256
        if (
            cached is not None
            and cached.last_entry == row.last_entry
            and cached.ward_sha256 == row.ward_sha256
        ):
            return cached
        if not row.last_entry:
            return new_chart(row.patient)
        if row.ward_sha256 != self._following.sha256:
            return self._of_other_file(row)
        chart = chart_kept(self.connection, row, self._following)
        if chart.by == self._following.by:
            return chart
        if cached is not None and cached.by == self._following.by:
            # as above: another version of cartwheel is at work
            self.other_file = row.ward_sha256
        # what another program told goes on from what it told, not from what would follow now
        return self._of_other_file(row)

    def _of_other_file(self, row: EpisodeRow) -> Chart:
        """Give what is needed to follow a patient anew: all else follows from the lines."""
        return replace(
            new_chart(row.patient),
            last_entry=row.last_entry,
            known_at=moment_of(row.known_at),
            ward_sha256=row.ward_sha256,
            alerts=open_alerts(self.connection, row.patient),
        )


def chart_kept(connection: Connection, row: EpisodeRow, following: Following) -> Chart:
    """Read a chart: its snapshot and the lines since, or all its lines.

    Parameters
    ----------
    connection : Connection
        Any.
    row : EpisodeRow
        Of a patient who is followed by this ward file.
    following : Following
        Of it.

    Returns
    -------
    Chart
    """
    kept = snapshot_of(connection, row.patient)
    chart = None if kept is None else chart_of(row.patient, kept[1], following)
    after = chart.last_entry if chart is not None else 0
    lines = list(lines_of(connection, row.patient, after=after))
    files = [place for place, line in enumerate(lines) if line.kind == "ward_file"]
    # what was followed by an earlier ward file is followed anew where the file changed
    first = files[-1] if files else 0
    chart = chart or new_chart(row.patient)
    followings = {following.sha256: following}

    def history() -> Iterator[Line]:
        return iter(lines) if not after else lines_of(connection, row.patient)

    for line in lines[first:]:
        chart, _ = fold(chart, line, followings, history)
    return chart


def open_alerts(
    connection: Connection, patient: str, before: int | None = None
) -> dict[str, AlertEvent]:
    """Read the open alerts of a patient from the events that are kept.

    Parameters
    ----------
    connection : Connection
        Any.
    patient : str
        The ward's own id.
    before : int, optional
        Only what followed from lines with smaller numbers.

    Returns
    -------
    dict of str to AlertEvent
        By id, each with its latest step.
    """
    found: dict[str, AlertEvent] = {}
    for kept in events_of(connection, patient, kinds=("alert",)):
        if before is not None and kept.entry >= before:
            break
        step = alert_of(kept.body)
        if step.step in ("cleared", "withdrawn"):
            found.pop(step.alert, None)
        else:
            found[step.alert] = step
    return found
