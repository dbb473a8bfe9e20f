"""Keeps messages: each with everything that follows from it in one transaction, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from sqlalchemy import Connection

from cartwheel.errors import Problem, Refused
from cartwheel.serve.ward.belonging import Belonging
from cartwheel.serve.ward.chart import Chart, chart_text
from cartwheel.serve.ward.following import Following
from cartwheel.serve.ward.merging import item_text
from cartwheel.serve.ward.taking import Intake, sourced
from cartwheel.serve.ward.turn import Grown, Turn
from cartwheel.store.database import Store
from cartwheel.store.ward_json import moment_text
from cartwheel.store.ward_log import add_ward_file, lines_of_message
from cartwheel.store.ward_messages import (
    add_messages,
    content_sha256,
    message_kept,
    message_of,
)
from cartwheel.store.ward_outbox import Subscription
from cartwheel.store.ward_parked import end_parked
from cartwheel.store.ward_parts import add_file_parts
from cartwheel.store.ward_past import keep_past
from cartwheel.store.ward_people import due_patients, keep_snapshot
from cartwheel.store.ward_persons import PersonRow
from cartwheel.watch.intake import (
    Arrived,
    Item,
    Merge,
    Message,
    Parked,
    Person,
    Receipt,
    Unmerge,
)
from cartwheel.watch.observation import Observation, Tick

_log = logging.getLogger("cartwheel.ward")

# lines since the last snapshot, after which another one is worth making
SNAPSHOT_AFTER = 200
IN_MEMORY = 2000
# all charts in memory together may hold so many lines, at somewhat over a kilobyte each
LINES_IN_MEMORY = 250_000
# a changed ward file follows each of them anew, and messages wait meanwhile
_MOST_TICKS = 5
_OF_PEOPLE = frozenset(
    {"identifiers_disagree", "identifier_unusable", "patient_missing", "not_merged"}
)
# after which a patient is tried again on whom the clock failed
_STUCK = timedelta(seconds=60)
# so long another server is held to be there that follows another ward file
DISPUTED = timedelta(seconds=60)


def utc_now() -> datetime:
    """Tell the time.

    Returns
    -------
    datetime
        UTC.
    """
    return datetime.now(UTC)


class Keeper:
    """Keeps messages. One thread at a time may call it; other processes may keep others meanwhile.

    Parameters
    ----------
    store : Store
        Where.
    following : Following
        Of the ward file in force.
    subscriptions : sequence of Subscription
        Who is told of which events.
    clock : callable
        Tells the time; another one in tests.
    in_memory : int
        How many charts are kept in memory, those used last; the others are read again.
    lines_in_memory : int
        How many lines all of them together may hold.
    """

    def __init__(
        self,
        store: Store,
        following: Following,
        subscriptions: Sequence[Subscription] = (),
        clock: Callable[[], datetime] = utc_now,
        *,
        in_memory: int = IN_MEMORY,
        lines_in_memory: int = LINES_IN_MEMORY,
    ) -> None:
        self.store, self.following = store, following
        self._subscriptions, self._clock = tuple(subscriptions), clock
        self._charts: dict[str, Chart] = {}
        self._owners: dict[tuple[str, str], str] = {}
        self._persons: dict[str, PersonRow] = {}
        self._snapshots: dict[str, int] = {}
        self._stuck: dict[str, datetime] = {}
        self._file_kept = False
        self._in_memory, self._lines_in_memory = in_memory, lines_in_memory
        self._weights: dict[str, int] = {}
        self._weight = 0
        self._disputed_until: datetime | None = None

    @property
    def held(self) -> tuple[int, int]:
        """How many charts are in memory, and how many lines they hold together."""
        return len(self._charts), self._weight

    @property
    def other_file(self) -> bool:
        """Whether another server on this database follows otherwise, as far as is known."""
        until = self._disputed_until
        return until is not None and self._clock() < until

    def keep(self, group: Sequence[Message]) -> list[Receipt]:
        """Keep messages that came together.

        Parameters
        ----------
        group : sequence of Message
            In the order in which they came.

        Returns
        -------
        list of Receipt
            In the same order. One that cannot be kept takes no other with it.
        """
        try:
            return self._together(group)
        except Refused as refused:
            if len(group) == 1:
                return [Receipt("refused", None, problem=refused.problems[0])]
        except Exception as error:
            if len(group) == 1:
                return [_unusable(error)]
        return self._one_by_one(group)

    def _one_by_one(self, group: Sequence[Message]) -> list[Receipt]:
        receipts: list[Receipt] = []
        for message in group:
            last = receipts[-1].problem if receipts else None
            if last is not None and last.code == "store_unavailable" and len(receipts) == 1:
                # the database is away: the others need not wait to hear it
                return receipts * len(group)
            receipts += self.keep([message])
        return receipts

    def _together(self, group: Sequence[Message]) -> list[Receipt]:
        first: dict[tuple[str, str], Message] = {}
        for message in group:
            first.setdefault((message.interface, message.key), message)
        with self.store.writing() as connection:
            known_at, now = self._moment(connection)
            new = add_messages(connection, tuple(first.values()), known_at)
            wanted = [one for key, one in first.items() if key in new]
            grown, turn, belonging, persons = self._take(connection, now, wanted, new)
            told: set[tuple[str, str]] = set()
            receipts = []
            for one in group:
                key = (one.interface, one.key)
                number = None if key in told else new.get(key)
                told.add(key)
                receipts.append(
                    self._receipt(connection, one)
                    if number is None
                    else _stored(one, number, grown[number])
                )
        self._keep_in_mind(turn, belonging, persons)
        return receipts

    def _take(
        self, connection: Connection, now: datetime, wanted: Sequence[Message],
        numbers: dict[tuple[str, str], int],
    ) -> tuple[dict[int, Grown], Turn, Belonging, dict[str, PersonRow]]:  # fmt: skip
        turn = Turn(connection, self.following, self._charts, now, self._subscriptions)
        belonging = Belonging(connection, self._owners, moment_text(now))
        intake = Intake(turn, belonging, self._persons)
        numbered = [(numbers[one.interface, one.key], one, one.items) for one in wanted]
        grown = intake.take(numbered)
        turn.finish()
        return grown, turn, belonging, intake.persons

    def _receipt(self, connection: Connection, message: Message) -> Receipt:
        kept = message_kept(connection, message.interface, message.key)
        assert kept is not None
        if kept.sha256 != content_sha256(message.content):
            return Receipt("refused", None, problem=_DIFFERS)
        return Receipt("repeat", kept.number, kept.reply)

    def again(self, number: int, items: Sequence[Item]) -> Receipt:
        """Send a message through again, after the centre's codes were changed.

        Parameters
        ----------
        number : int
            Of the message in the log.
        items : sequence of Item
            As it is read now: what was kept of it already is not kept again.

        Returns
        -------
        Receipt
            ``stored``; what was parked of it before is so no more.
        """
        try:
            return self._again(number, items)
        except Refused as refused:
            return Receipt("refused", None, problem=refused.problems[0])
        except Exception as error:
            return _unusable(error)

    def _again(self, number: int, items: Sequence[Item]) -> Receipt:
        with self.store.writing() as connection:
            known_at, now = self._moment(connection)
            message = message_of(connection, number)
            waited = end_parked(connection, number, known_at)
            # of who somebody is, and of merges, no name of the dictionary was parked
            people = any(not name and reason in _OF_PEOPLE for reason, name in waited)
            kept = {
                item_text(line.known)
                for line in lines_of_message(connection, number)
                if isinstance(line.known, Observation)
            }
            new = [
                one
                for one in (sourced(item, message, place) for place, item in enumerate(items))
                if isinstance(one, Parked)
                or (people and isinstance(one, Person | Merge | Unmerge))
                or (isinstance(one, Arrived) and item_text(one.observation) not in kept)
            ]
            turn = Turn(connection, self.following, self._charts, now, self._subscriptions)
            belonging = Belonging(connection, self._owners, known_at)
            intake = Intake(turn, belonging, self._persons)
            by = intake.take([(number, message, tuple(new))])[number]
            turn.finish()
        self._keep_in_mind(turn, belonging, intake.persons)
        return Receipt("stored", number, "", tuple(by.patients), by.entries, by.parked, by.events)

    def tick(self) -> tuple[str, ...]:
        """Let time pass for those whom the clock has to look at.

        Returns
        -------
        tuple of str
            The ward's own ids of those looked at, some at a time: empty where nothing is due.

        Raises
        ------
        FileRefused
            ``store_unavailable``.
        """
        now = self._clock()
        stuck = [one for one, until in self._stuck.items() if until > now]
        with self.store.reading() as connection:
            # a server that idles does not write
            due = due_patients(
                connection, moment_text(now), self.following.sha256, _MOST_TICKS, but=stuck,
                # two servers would put their own in force for ever, one after the other
                of_this_file=self.other_file,
            )  # fmt: skip
        try:
            return self._tick(due)
        except Refused:
            raise
        except Exception:
            # one of them cannot be worked on: the others are
            return tuple(one for patient in due for one in self._tick_alone(patient))

    def _tick(self, among: Sequence[str]) -> tuple[str, ...]:
        if not among:
            return ()
        with self.store.writing() as connection:
            known_at, moment = self._moment(connection)
            due = due_patients(connection, known_at, self.following.sha256, len(among), among=among)
            turn = Turn(connection, self.following, self._charts, moment, self._subscriptions)
            turn.lock(due, len(due))
            grown = Grown()
            for patient in due:
                chart = turn.ready(patient, grown)
                at = moment if chart.known_at is None else max(moment, chart.known_at)
                turn.append(patient, Tick(patient, at), grown)
            turn.finish()
        self._keep_in_mind(turn)
        return due

    def _tick_alone(self, patient: str) -> tuple[str, ...]:
        try:
            return self._tick([patient])
        except Refused:
            raise
        except Exception as error:
            self._stuck[patient] = self._clock() + _STUCK
            _log.error("the clock stands for a patient (%s)", type(error).__name__)
            return ()

    def snapshots(self, most: int = 4, after: int = SNAPSHOT_AFTER) -> int:
        """Write snapshots of the charts whose logs have grown most since the last one.

        Parameters
        ----------
        most : int
            How many at once.
        after : int
            Lines since the last one.

        Returns
        -------
        int
            How many were written.

        Raises
        ------
        FileRefused
            ``store_unavailable``.
        """
        # whose chart is not in memory waits until it is again
        grown = [name for name, lines in self._snapshots.items() if lines and name in self._charts
                 and (lines >= after or self._has_left(name))]  # fmt: skip
        grown.sort(key=lambda name: -self._snapshots[name])
        written = 0
        for patient in grown[:most]:
            self._snapshots[patient] = 0
            chart = self._charts.get(patient)
            if chart is None or chart.ward_sha256 != self.following.sha256:
                continue
            text = chart_text(chart, self.following)
            with self.store.writing() as connection:
                kept = keep_snapshot(connection, patient, text, chart.last_entry)
                if kept:
                    keep_past(connection, patient, chart.last_entry, chart.ward_sha256, text)
                written += kept
            if self._has_left(patient):
                # hardly anything comes of him any more, and then the snapshot is read
                self._forget(patient)
        return written

    def _has_left(self, patient: str) -> bool:
        chart = self._charts.get(patient)
        return chart is not None and (chart.merged or chart.state == "closed")

    def _keep_in_mind(
        self,
        turn: Turn,
        belonging: Belonging | None = None,
        persons: Mapping[str, PersonRow] = MappingProxyType({}),
    ) -> None:
        self._file_kept = True
        if turn.other_file:
            self._dispute(turn.other_file)
        added = turn.lines_added()
        for patient, lines in added.items():
            self._snapshots[patient] = self._snapshots.get(patient, 0) + lines
        for patient, chart in turn.charts.items():
            self._remember(chart, added.get(patient, 0))
        while self._charts and (
            len(self._charts) > self._in_memory or self._weight > self._lines_in_memory
        ):
            self._forget(next(iter(self._charts)))
        if len(self._persons) > 5 * self._in_memory:
            self._persons.clear()
        self._persons.update(persons)
        if belonging is not None:
            belonging.remember()

    def _dispute(self, sha256: str) -> None:
        if not self.other_file:
            _log.error(
                "another server on this database follows another ward file (%s) than this one (%s),"
                " or is another version: stop one of them", sha256[:12], self.following.sha256[:12],
            )  # fmt: skip
        self._disputed_until = self._clock() + DISPUTED

    def _remember(self, chart: Chart, added: int) -> None:
        # the one used last stands last
        self._charts.pop(chart.patient, None)
        self._charts[chart.patient] = chart
        before = self._weights.get(chart.patient)
        if before is not None:
            weight = before + added
        else:
            weight = 1 if chart.episode is None else len(self.following.versions(chart.episode))
        self._weights[chart.patient] = weight
        self._weight += weight - (before or 0)

    def _forget(self, patient: str) -> None:
        del self._charts[patient]
        self._weight -= self._weights.pop(patient)
        self._persons.pop(patient, None)
        # lines without a snapshot go on to count, or who is often let go would never have one
        if not self._snapshots.get(patient):
            self._snapshots.pop(patient, None)

    def _moment(self, connection: Connection) -> tuple[str, datetime]:
        now = self._clock()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        known_at = moment_text(now)
        if not self._file_kept:
            add_ward_file(connection, self.following.sha256, self.following.content, known_at)
            add_file_parts(connection, self.following.sha256, self.following.parts)
        return known_at, now


def _stored(message: Message, number: int, by: Grown) -> Receipt:
    return Receipt("stored", number, message.reply, tuple(by.patients), by.entries, by.parked,
                   by.events)  # fmt: skip


def _unusable(error: Exception) -> Receipt:
    # the text of the error may hold what is in the message: only its kind is told
    _log.error("a message could not be kept (%s)", type(error).__name__)
    problem = Problem(
        "message_unusable",
        f"the message could not be worked on ({type(error).__name__}); nothing of it was kept",
        where="the message",
        mend="please report it, without patients' data",
    )
    return Receipt("refused", None, problem=problem)


_DIFFERS = Problem(
    "message_differs",
    "a message with this id was sent before, with other content",
    where="the id of the message",
    mend="give every message an id of its own; a correction is a new message",
)
