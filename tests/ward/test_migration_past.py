"""A store of the version before, with what is in it, becomes one of this version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import create_engine, text
from ward_fake import FakeFollowing
from ward_messages import SetClock, arrived, message

from cartwheel.errors import FileRefused
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import verify
from cartwheel.serve.ward.retention import Retention
from cartwheel.store.database import FILE, Store, open_store
from cartwheel.store.migrate import config

ROWS = (
    "INSERT INTO ward_message (number, interface, key, sha256, content, known_at, reply)"
    " VALUES (1, 'hl7', 'k', 'abc', :content, '2026-01-01T00:00:00.000Z', 'AA')",
    "INSERT INTO ward_episode (patient, state, made_at) VALUES ('p', 'assigned', 'then')",
    "INSERT INTO ward_entry (number, message_number, patient, known_at, kind, body)"
    " VALUES (1, 1, 'p', 'then', 'assigned', '{}')",
    "INSERT INTO ward_event (number, entry_number, ordinal, patient, at, known_at, kind, body)"
    " VALUES (1, 1, 0, 'p', 'then', 'then', 'alert', '{}')",
    "INSERT INTO ward_code (number, content, lines, who, made_at)"
    " VALUES (1, 'c', 0, 'somebody', 'then')",
    "INSERT INTO ward_snapshot (patient, entry, text) VALUES ('p', 1, '{}')",
    "INSERT INTO ward_file (sha256, content, known_at) VALUES ('f', :content, 'then')",
)
TABLES = ("ward_message", "ward_entry", "ward_event", "ward_code", "ward_episode", "ward_snapshot",
          "ward_file")  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """A store of the version before, with a row in each table: gives how it is opened now."""
    where: dict[str, Any] = {"folder": tmp_path / "data"}
    url = f"sqlite:///{tmp_path / 'data' / FILE}"
    (tmp_path / "data").mkdir()
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").new_database()
        where = {"url": url}
    engine = create_engine(url)
    with engine.begin() as connection:
        command.upgrade(config(connection), "0002")
        for one in ROWS:
            said = {"content": b"named"} if ":content" in one else {}
            connection.execute(text(one), said)
    engine.dispose()
    return lambda: open_store(**where)


def rows(store: Store) -> dict[str, list[Any]]:
    with store.reading() as connection:
        found = {
            one: connection.execute(text(f"SELECT * FROM {one} ORDER BY 1")).all() for one in TABLES
        }
        return {one: [tuple(row) for row in found[one]] for one in TABLES}


def test_what_is_there_stays_and_is_only_added_to(before: Callable[[], Store]) -> None:
    store = before()
    kept = rows(store)
    assert all(len(several) == 1 for several in kept.values())
    assert bytes(kept["ward_message"][0][4]) == b"named"
    for change in (
        "UPDATE ward_message SET reply = 'other'", "UPDATE ward_message SET content = :content",
        "UPDATE ward_message SET content = :nothing, sha256 = 'other'", "DELETE FROM ward_message",
        "UPDATE ward_entry SET body = 'other'", "DELETE FROM ward_entry",
        "UPDATE ward_event SET body = 'other'", "DELETE FROM ward_event",
        "UPDATE ward_code SET content = 'other'", "DELETE FROM ward_code",
    ):  # fmt: skip
        every = {"content": b"other", "nothing": b""}
        said = {name: one for name, one in every.items() if f":{name}" in change}
        with pytest.raises(FileRefused), store.writing() as connection:
            connection.execute(text(change), said)
    assert rows(store) == kept
    store.close()
    # the second start finds nothing to do
    again = before()
    assert rows(again) == kept
    again.close()


def test_it_works_on_and_old_content_can_be_emptied(
    before: Callable[[], Store], clock: SetClock
) -> None:
    store, following = before(), FakeFollowing()
    keeper = Keeper(store, following, clock=clock)
    if store.engine.dialect.name == "postgresql":
        # the row was written with its number
        with store.writing() as connection:
            for one in ("ward_message", "ward_entry", "ward_event"):
                connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{one}', 'number'), 1)")
                )
    (kept,) = keeper.keep([message("1", arrived("7", "crp", "10", 1))])
    assert kept.outcome == "stored"
    assert keeper.snapshots(after=1) == 1
    assert verify(store, {following.sha256: following}, kept.patients).same
    assert Retention(store, 30, clock).run_once() == 1
    assert bytes(rows(store)["ward_message"][0][4]) == b""
    store.close()
