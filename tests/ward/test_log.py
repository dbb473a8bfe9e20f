"""The log: what is kept, what is a repeat, what is refused; and the tables themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import delete, func, select, text, update
from ward_fake import FakeFollowing, standing
from ward_messages import NOON, SetClock, arrived, message, value

from cartwheel.errors import Refused
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import verify
from cartwheel.store.database import Store
from cartwheel.store.tables import metadata
from cartwheel.store.ward_json import (
    after_of,
    alert_of,
    event_text,
    known_of,
    known_text,
    moment_of,
    moment_text,
)
from cartwheel.store.ward_log import Line, events_of, lines_of
from cartwheel.store.ward_messages import message_of
from cartwheel.store.ward_parked import count_parked
from cartwheel.store.ward_people import count_patients
from cartwheel.store.ward_persons import persons_of
from cartwheel.store.ward_tables import entries, episodes, events, messages
from cartwheel.watch.intake import Acknowledged, Arrived, Parked, Person
from cartwheel.watch.observation import Acknowledgement, Observation, Tick
from cartwheel.watch.standing import AlertEvent, Changed, InputAt

FOLLOWINGS = {one.sha256: one for one in (FakeFollowing(),)}


def whole_log(store: Store) -> list[Line]:
    with store.reading() as connection:
        named = connection.execute(select(episodes.c.patient)).scalars().all()
        return [line for patient in named for line in lines_of(connection, patient)]


def count(store: Store, table: object) -> int:
    with store.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def test_the_migration_makes_the_tables_that_the_code_names(store: Store) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


@pytest.mark.parametrize("table", [messages, entries, events], ids=lambda table: table.name)
def test_the_log_is_only_added_to(store: Store, keeper: Keeper, table: object) -> None:
    keeper.keep([message("1", arrived("7", "crp", "250"), arrived("7", "infusion", None))])
    before = count(store, table)
    assert before
    for deed in (delete(table), update(table).values(number=99)):  # type: ignore[arg-type]
        with pytest.raises(Refused), store.writing() as connection:
            connection.execute(deed)
    assert count(store, table) == before


def test_a_message_is_kept_with_all_that_follows(store: Store, keeper: Keeper) -> None:
    (receipt,) = keeper.keep([message("1", arrived("7", "crp", "12.50"))])
    assert (receipt.outcome, receipt.reply, receipt.parked) == ("stored", "ok", 0)
    # which ward file, then the value; what follows from it is one change
    assert (receipt.entries, receipt.events) == (2, 1)
    lines = whole_log(store)
    assert [line.kind for line in lines] == ["ward_file", "observation"]
    known = lines[1].known
    assert isinstance(known, Observation)
    assert str(known.value) == "12.50"
    assert known.patient == receipt.patients[0]
    with store.reading() as connection:
        kept = message_of(connection, receipt.message or 0)
        (event,) = events_of(connection, receipt.patients[0])
        row = connection.execute(select(episodes)).one()
    assert (kept.interface, kept.key, kept.content) == ("hl7", "1", b"1")
    assert (event.kind, event.entry, event.ordinal) == ("changed", lines[1].number, 0)
    assert (row.last_entry, row.state) == (lines[1].number, "unassigned")
    assert row.due_at == moment_text(NOON + timedelta(hours=8))
    assert row.summary == '{"said": {"crp": 12.5}, "alerts": []}'


def test_a_repeat_gets_the_first_answer_and_changes_nothing(store: Store, keeper: Keeper) -> None:
    first = message("1", arrived("7", "crp", "12.5"), reply="AA 1")
    (stored,) = keeper.keep([first])
    (again,) = keeper.keep([replace(first, reply="AA 2")])
    assert (again.outcome, again.message, again.reply) == ("repeat", stored.message, "AA 1")
    assert (again.entries, again.events, again.patients) == (0, 0, ())
    assert len(whole_log(store)) == 2
    # twice in one group too
    other = message("2", arrived("7", "crp", "13", 1))
    assert [one.outcome for one in keeper.keep([other, other])] == ["stored", "repeat"]
    # the same key on another way in is another message
    (elsewhere,) = keeper.keep([replace(first, interface="fhir")])
    assert elsewhere.outcome == "stored"


def test_the_same_id_with_other_content_is_refused(store: Store, keeper: Keeper) -> None:
    keeper.keep([message("1", arrived("7", "crp", "12"), content=b"a")])
    (other,) = keeper.keep([message("1", arrived("7", "crp", "99", 1), content=b"b")])
    assert other.outcome == "refused"
    assert other.problem is not None
    assert other.problem.code == "message_differs"
    assert not other.passes
    assert len(whole_log(store)) == 2


def test_one_that_cannot_be_kept_takes_no_other_with_it(store: Store, clock: SetClock) -> None:
    keeper = Keeper(store, FakeFollowing(fails_on="bad"), clock=clock)
    group = [
        message("1", arrived("7", "crp", "1")),
        message("2", arrived("7", "crp", "2", 1, source="bad")),
        message("3", arrived("8", "crp", "3")),
    ]
    receipts = keeper.keep(group)
    assert [one.outcome for one in receipts] == ["stored", "refused", "stored"]
    problem = receipts[1].problem
    assert problem is not None
    assert problem.code == "message_unusable"
    assert "ZeroDivisionError" in problem.what
    assert count(store, messages) == 2
    assert verify(store, {keeper.following.sha256: keeper.following}).same


def test_whose_a_value_is_is_never_guessed(store: Store, keeper: Keeper) -> None:
    ada, ben = (("hospital", "7"),), (("hospital", "8"),)
    both = (*ada, *ben)
    receipts = keeper.keep(
        [
            message("1", Arrived(ada, value("crp", "1"))),
            message("2", Arrived(ben, value("crp", "2"))),
            message("3", Arrived(both, value("crp", "3"))),
            message("4", Arrived((), value("crp", "4"))),
            message("5", Arrived((("ward", "nobody"),), value("crp", "5"))),
            message("6", Arrived((("hospital", "x" * 256),), value("crp", "6"))),
            message("7", Arrived((("hospital", ""),), value("crp", "7"))),
        ]
    )
    assert [one.outcome for one in receipts] == ["stored"] * 7
    assert [one.parked for one in receipts] == [0, 0, 1, 1, 1, 1, 1]
    with store.reading() as connection:
        counted = {one.reason: one.many for one in count_parked(connection)}
        assert all(one.name == "crp" for one in count_parked(connection))
    assert counted == {
        "identifiers_disagree": 1,
        "patient_missing": 1,
        "patient_unknown": 1,
        "identifier_unusable": 2,
    }


def test_a_second_identifier_of_a_known_person_is_learnt(store: Store, keeper: Keeper) -> None:
    keeper.keep([message("1", arrived("7", "crp", "1"))])
    both = (("hospital", "7"), ("state", "900"))
    (second,) = keeper.keep([message("2", Arrived(both, value("crp", "2", 1)))])
    (third,) = keeper.keep([message("3", Arrived((("state", "900"),), value("crp", "3", 2)))])
    own = (("ward", third.patients[0]),)
    (fourth,) = keeper.keep([message("4", Arrived(own, value("crp", "4", 3)))])
    assert second.patients == third.patients == fourth.patients
    with store.reading() as connection:
        assert count_patients(connection) == {"unassigned": 1}


def test_names_stand_in_one_table_alone(store: Store, keeper: Keeper) -> None:
    one = Arrived((("hospital", "7"),), value("crp", "1"), name_shown="Ada Lovelace")
    moved = Person((("hospital", "7"),), ward="4B", bed="12\0", place="here")
    (first, _) = keeper.keep([message("1", one), message("2", moved)])
    with store.reading() as connection:
        person = persons_of(connection, first.patients)[first.patients[0]]
        assert (person.name_shown, person.ward, person.bed) == ("Ada Lovelace", "4B", "12")
        for table in metadata.sorted_tables:
            if table.name.startswith("ward_") and table.name != "ward_person":
                assert "Lovelace" not in str(connection.execute(select(table)).all()), table.name


@pytest.mark.parametrize(
    "known",
    [
        Observation("p", "crp", NOON, Decimal("38.20"), "mg/L", "<", "corrected", "a|b", NOON),
        Observation("p", "oxygen_device", NOON, "room air", source="'; DROP TABLE ward_entry; --"),
        Observation("p", "fever", NOON + timedelta(microseconds=1), True),
        Observation("p", "signs", NOON, ("a", "b"), ends_at=NOON),
        Observation("p", "infusion", NOON, None, status="withdrawn"),
        Tick("p", NOON),
        Acknowledgement("p", "alert", "ada", "<b>seen</b> \0", NOON),
    ],
)
def test_what_is_known_is_read_as_it_was_written(known: object) -> None:
    kind, body = known_text(known)  # type: ignore[arg-type]
    assert known_of(kind, body, "p") == known
    assert known_text(known_of(kind, body, "p")) == (kind, body)


def test_events_are_read_as_they_were_written() -> None:
    used = (InputAt("crp", "<0.5", "mg/L", NOON, 1.5), InputAt("age", "60", "", None, None))
    after = replace(standing("easix", NOON, 0.1), inputs=used, bands=("low", "high"), risk=0.25)
    kind, at, body = event_text(Changed(NOON, standing("easix", NOON, None), after, True))
    assert (kind, at) == ("changed", "2026-03-01T12:00:00.000Z")
    assert after_of(body) == after
    alert = AlertEvent("id", "rule", "acknowledged", NOON, "critical", "CRP", True, "ada", "seen")
    kind, _, body = event_text(alert)
    assert kind == "alert"
    assert alert_of(body) == alert


def test_moments_of_the_store_sort_as_text() -> None:
    early = datetime(2026, 3, 1, 1, 2, 3, 4999, tzinfo=UTC)
    assert moment_text(early) == "2026-03-01T01:02:03.004Z"
    assert moment_of(moment_text(early)) == early.replace(microsecond=4000)
    assert moment_text(early) < moment_text(early + timedelta(milliseconds=1))


def test_what_cannot_be_used_is_counted_and_sent_through_again(
    store: Store, keeper: Keeper
) -> None:
    item = Parked("code_unmapped", "this code is in no table", "LAB", "CRPX", "mg/L")
    here = arrived("7", "crp", "1")
    (kept,) = keeper.keep([message("1", here, item, item)])
    assert (kept.outcome, kept.parked) == ("stored", 2)
    with store.reading() as connection:
        (counted,) = count_parked(connection)
    assert (counted.reason, counted.code, counted.unit, counted.many) == (
        "code_unmapped", "CRPX", "mg/L", 2,
    )  # fmt: skip
    # the table was mended: one of the two is read now, the one that was kept stays as it is
    assert kept.message is not None
    again = keeper.again(kept.message, (here, arrived("7", "ferritin", "900"), item))
    assert (again.outcome, again.entries, again.parked) == ("stored", 1, 1)
    once_more = keeper.again(kept.message, (here, arrived("7", "ferritin", "900"), item))
    assert (once_more.entries, once_more.parked) == (0, 1)
    with store.reading() as connection:
        assert [one.many for one in count_parked(connection)] == [1]
    assert verify(store, FOLLOWINGS).same


def test_nothing_from_the_future_and_nothing_of_an_unknown_name(
    store: Store, keeper: Keeper, clock: SetClock
) -> None:
    ahead = clock.now + timedelta(minutes=11)
    soon = clock.now + timedelta(minutes=9)
    (kept,) = keeper.keep(
        [
            message(
                "1",
                arrived("7", "crp", "1", taken_at=ahead) if False else Arrived(
                    (("hospital", "7"),), replace(value("crp", "1"), taken_at=ahead)
                ),
                Arrived((("hospital", "7"),), replace(value("crp", "2", 1), taken_at=soon)),
                arrived("7", "shoe_size", "44"),
            )
        ]
    )  # fmt: skip
    assert (kept.parked, kept.events) == (2, 1)
    with store.reading() as connection:
        assert {one.reason for one in count_parked(connection)} == {"time_ahead", "name_unknown"}


def test_who_is_unassigned_is_followed_without_alerts(store: Store, keeper: Keeper) -> None:
    (first,) = keeper.keep([message("1", arrived("7", "crp", "400"))])
    patient = first.patients[0]

    def alerts() -> list[str]:
        with store.reading() as connection:
            return [alert_of(one.body).step for one in events_of(connection, patient,
                                                                 kinds=("alert",))]  # fmt: skip

    assert alerts() == []
    keeper.keep([message("2", Person((("hospital", "7"),), place="here"))])
    keeper.keep([message("3", arrived("7", "crp", "410", 1))])
    assert alerts() == ["raised"]
    with store.reading() as connection:
        raised = alert_of(next(iter(events_of(connection, patient, kinds=("alert",)))).body)
    seen = Acknowledged(patient, raised.alert, "ada", "on my way", NOON)
    keeper.keep([message("4", seen)])
    keeper.keep([message("5", Person((("hospital", "7"),), place="left"))])
    keeper.keep([message("6", arrived("7", "crp", "3", 2))])
    assert alerts() == ["raised", "acknowledged"]
    assert verify(store, FOLLOWINGS).same


def test_an_infusion_assigns(store: Store, keeper: Keeper) -> None:
    keeper.keep([message("1", arrived("7", "infusion", None), arrived("7", "crp", "400", 1))])
    with store.reading() as connection:
        assert count_patients(connection) == {"assigned": 1}
        kinds = connection.execute(text("SELECT kind FROM ward_event ORDER BY number")).scalars()
        assert list(kinds) == ["changed", "changed", "alert"]
