"""What tests of the server may use: stores on both databases, a real PostgreSQL, a queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serve_postgresql import Cluster

pytest.importorskip("sqlalchemy", reason="cartwheel[serve] is not installed")

from ready_stores import ready

from cartwheel.serve.jobs.queue import Queue
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
def postgresql_store(postgresql: Cluster) -> Iterator[Store]:
    """An empty store in PostgreSQL."""
    opened = open_store(None, postgresql.ready_database())
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in a file."""
    opened = open_store(ready(tmp_path / "data"))
    yield opened
    opened.close()


@pytest.fixture
def make_queue(tmp_path: Path) -> Iterator[Callable[..., Queue]]:
    """Make queues that run, and stop them in the end."""
    made: list[Queue] = []

    def make(store: Store, *, workers: int = 1, memory: int = 0, keep_days: int = 0) -> Queue:
        queue = Queue(
            store, workers=workers, memory=memory, folder=tmp_path / "work", keep_days=keep_days
        )
        queue.start()
        made.append(queue)
        return queue

    yield make
    for queue in made:
        queue.stop()
