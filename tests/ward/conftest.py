"""What tests of the ward may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="cartwheel[serve] is not installed")

from ready_stores import ready
from ward_fake import FakeFollowing
from ward_messages import SetClock

from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.store.database import Store, open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store, on both databases."""
    if request.param == "postgresql":
        opened = open_store(None, request.getfixturevalue("postgresql").ready_database())
    else:
        opened = open_store(ready(tmp_path / "data"))
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in a file."""
    opened = open_store(ready(tmp_path / "data"))
    yield opened
    opened.close()


@pytest.fixture
def clock() -> SetClock:
    """A clock that goes only when it is told to."""
    return SetClock()


@pytest.fixture
def keeper(store: Store, clock: SetClock) -> Keeper:
    """A keeper on both databases."""
    return Keeper(store, FakeFollowing(), clock=clock)


@pytest.fixture
def make_ingest() -> Iterator[Callable[..., Ingest]]:
    """Make intakes that run, and stop them in the end."""
    made: list[Ingest] = []

    def make(store: Store, **options: object) -> Ingest:
        ingest = Ingest(Keeper(store, FakeFollowing()), **options)  # type: ignore[arg-type]
        ingest.start()
        made.append(ingest)
        return ingest

    yield make
    for ingest in made:
        ingest.stop()
