"""The past is read from snapshots, replay is spread over processes; neither changes an answer."""

from __future__ import annotations

import random
import zlib
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from landmark_sample import binary_plan, binary_sample
from sqlalchemy import delete, insert, update
from ward_messages import NOON, SetClock
from ward_real import WARD, real_following

from cartwheel.canonical import canonical_json
from cartwheel.clinic.registry import shipped_text
from cartwheel.errors import Refused
from cartwheel.serve.settings import Settings
from cartwheel.serve.ward import known
from cartwheel.serve.ward.chart import Chart, chart_text, fold, new_chart
from cartwheel.serve.ward.followed import WardFollowing
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.kept_wards import kept_followings
from cartwheel.serve.ward.known import known_at, replay, verify
from cartwheel.serve.ward.opened import open_ward_services
from cartwheel.serve.ward.verifying import verify_in_processes
from cartwheel.store.database import Store
from cartwheel.store.ward_log import lines_of
from cartwheel.store.ward_past import PAST_AFTER, past_at, past_entries
from cartwheel.store.ward_tables import file_parts, past
from cartwheel.watch.intake import Arrived, Message, Person
from cartwheel.watch.observation import Observation
from cartwheel.workflows.landmark import landmark, landmark_model_file
from cartwheel.workflows.monitor_open import models_of

VALUES = (
    ("temperature", "Cel", 36, 40), ("systolic_pressure", "mm[Hg]", 70, 150),
    ("platelets", "10*9/L", 5, 200), ("crp", "mg/L", 2, 250), ("neutrophils", "10*9/L", 0, 3),
)  # fmt: skip


def of(number: int) -> tuple[tuple[str, str], ...]:
    return (("hospital", str(number)),)


def admitted(number: int) -> Message:
    infusion = Observation("", "infusion", NOON, None, source="i")
    items = (Person(of(number), place="here"), Arrived(of(number), infusion))
    return Message("hl7", f"admit-{number}", b"A", items)


def value(chance: random.Random, number: int, place: int, now: datetime) -> Message:
    name, unit, low, high = chance.choice(VALUES)
    number_given = Decimal(f"{chance.uniform(low, high):.1f}")
    late = timedelta(hours=chance.choice([0, 0, 0, 3, 30]))
    # now and then one that is known already is corrected
    source = f"{name}-{chance.randrange(place + 1) if place % 9 == 0 else place}"
    one = Observation("", name, now - late, number_given, unit, source=source, issued_at=now)
    return Message("hl7", f"{number}-{place}", b"V", (Arrived(of(number), one),))


def filled(store: Store, following: WardFollowing, patients: int, values: int) -> list[str]:
    """Keep so many values of each patient, with snapshots as an idle server writes them."""
    clock = SetClock(NOON + timedelta(hours=40))
    keeper = Keeper(store, following, clock=clock)
    chance = random.Random(11)
    named = [keeper.keep([admitted(one)])[0].patients[0] for one in range(patients)]
    for start in range(0, values, 25):
        clock.go(hours=7)
        many = range(start, min(start + 25, values))
        keeper.keep([value(chance, one, place, clock.now) for one in range(patients)
                     for place in many])  # fmt: skip
        keeper.tick()
        keeper.snapshots(after=1)
    return named


def text_of(chart: Chart, following: WardFollowing) -> str:
    return "" if chart.episode is None else chart_text(chart, following)


def folded_once(
    store: Store, following: WardFollowing, patient: str, moments: list[datetime]
) -> list[str]:
    """Fold from the first line on, and write down what was known at each moment."""
    chart, told = new_chart(patient), dict.fromkeys(moments, "")
    with store.reading() as connection:
        lines = list(lines_of(connection, patient))
    left = sorted(moments)
    for line in lines:
        while left and left[0] < line.known_at:
            told[left.pop(0)] = text_of(chart, following)
        chart, _ = fold(chart, line, {following.sha256: following}, tuple)
    for moment in left:
        told[moment] = text_of(chart, following)
    return [told[one] for one in moments]


def test_what_was_known_is_the_same_from_a_snapshot(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    following = real_following()
    followings = {following.sha256: following}
    (patient,) = filled(store, following, 1, 800)
    with store.reading() as connection:
        entries = past_entries(connection, patient)
    assert len(entries) == 800 // PAST_AFTER
    chance = random.Random(3)
    moments = [NOON + timedelta(hours=chance.uniform(0, 300)) for _ in range(30)]
    told = folded_once(store, following, patient, moments)
    for moment, text in zip(moments, told, strict=True):
        assert text_of(known_at(store, followings, patient, moment), following) == text
    # of the end of the log the first lines are not looked at
    monkeypatch.delattr(known, "replay")
    assert known_at(store, followings, patient, datetime.max).episode is not None
    assert verify(store, followings).same


def test_a_snapshot_that_cannot_be_read_is_passed_over(sqlite_store: Store) -> None:
    following = real_following()
    followings = {following.sha256: following}
    (patient,) = filled(sqlite_store, following, 1, 300)
    chart = replay(sqlite_store, followings, patient).chart
    other = chart_text(chart, following).replace("cartwheel/ward-chart/2", "cartwheel/ward-chart/0")
    assert other != chart_text(chart, following)
    row = {"patient": patient, "entry": chart.last_entry, "ward_sha256": following.sha256}
    with sqlite_store.writing() as connection:
        content = zlib.compress(other.encode())
        connection.execute(insert(past).values(**row, content=content))
    assert known_at(sqlite_store, followings, patient, datetime.max) == chart
    assert verify(sqlite_store, followings).same


@pytest.mark.parametrize("broken", [False, True])
def test_a_snapshot_that_says_otherwise_is_found(sqlite_store: Store, broken: bool) -> None:
    following = real_following()
    followings = {following.sha256: following}
    (patient,) = filled(sqlite_store, following, 1, 60)
    chart = replay(sqlite_store, followings, patient).chart
    other = chart_text(chart, following).replace('"state":"assigned"', '"state":"closed"')
    content = b"no snapshot" if broken else zlib.compress(other.encode())
    row = {"patient": patient, "entry": chart.last_entry, "ward_sha256": following.sha256}
    with sqlite_store.writing() as connection:
        connection.execute(insert(past).values(**row, content=content))
    found = verify(sqlite_store, followings).differences
    assert [one.what for one in found] == ["the snapshot is another one"]


def test_snapshots_along_the_log_are_only_added_to(store: Store) -> None:
    following = real_following()
    (patient,) = filled(store, following, 1, 300)
    with store.reading() as connection:
        (entry,) = past_entries(connection, patient)
        before = past_at(connection, patient, entry)
    assert before is not None
    assert before[0] == following.sha256
    for table in (past, file_parts):
        for deed in (delete(table), update(table).values(content=b"")):
            if table is file_parts and store.engine.dialect.name == "sqlite":
                continue  # SQLite asks its triggers row by row, and there is none
            with pytest.raises(Refused), store.writing() as connection:
                connection.execute(deed)
    with store.reading() as connection:
        assert past_at(connection, patient, entry) == before


def test_replay_is_the_same_in_any_number_of_processes(store: Store) -> None:
    following = real_following()
    filled(store, following, 5, 60)
    alone = verify(store, {following.sha256: following})
    assert (alone.patients, alone.same) == (5, True)
    assert verify_in_processes(store) == alone
    assert verify_in_processes(store, processes=2) == alone
    # what is wrong is told in the same order too
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE ward_episode SET summary = '{}'")
    wrong = verify_in_processes(store, processes=1)
    assert len(wrong.differences) == 5
    assert verify_in_processes(store, processes=2) == wrong


def test_a_refusal_in_another_process_reads_as_in_this_one(sqlite_store: Store) -> None:
    filled(sqlite_store, real_following(), 2, 5)
    with pytest.raises(Refused) as refused:
        verify_in_processes(sqlite_store, processes=2, again=nothing_at_hand)
    assert refused.value.problems[0].code == "no_ward_file"
    assert "is not at hand" in str(refused.value)


def nothing_at_hand(_: Store) -> dict[str, WardFollowing]:
    return {}


def test_what_a_ward_file_names_is_kept_with_it(sqlite_store: Store, tmp_path: Path) -> None:
    own = shipped_text("easix")
    model = landmark_model_file(landmark(*binary_sample(), binary_plan()))
    (tmp_path / "severe.json").write_text(canonical_json(model), encoding="utf-8")
    (tmp_path / "scores").mkdir()
    (tmp_path / "scores" / "own.toml").write_text(own, encoding="utf-8")
    path = tmp_path / "ward.toml"
    path.write_text(
        WARD.replace('"easix", ', '"scores/own.toml", ').replace(
            "landmark_models = []", 'landmark_models = ["severe.json"]'
        ),
        encoding="utf-8",
    )
    settings = Settings(folder=tmp_path / "data", ward=path)
    opened = open_ward_services(settings, sqlite_store, more_targets=models_of(path))
    filled(sqlite_store, opened.following, 1, 60)
    told = verify(sqlite_store, opened.followings())
    assert told.same
    assert told.events > 10
    # years later: the files say something else, or are gone
    (tmp_path / "severe.json").unlink()
    (tmp_path / "scores" / "own.toml").write_text(own.replace("EASIX", "EASIX 2"), encoding="utf-8")
    for folder in (None, tmp_path):
        kept = kept_followings(sqlite_store, folder)
        assert list(kept) == [opened.following.sha256]
        assert verify(sqlite_store, kept) == told
    assert {part.name for part in kept[opened.following.sha256].parts} == {
        "scores/own.toml", "m-easix", "severe.json",
    }  # fmt: skip
