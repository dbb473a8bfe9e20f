"""What tests of the server may use: stores on both databases, a real PostgreSQL, a queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serve_postgresql import Cluster, own_cluster

pytest.importorskip("sqlalchemy", reason="cartwheel[serve] is not installed")

from cartwheel.serve.jobs.queue import Queue
from cartwheel.store.database import Store, open_store


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL of our own; skipped only where none is installed."""
    with own_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgresql_url(postgresql: Cluster) -> str:
    """Address of an empty database."""
    return postgresql.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store, on both databases."""
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else None
    opened = open_store(tmp_path / "data", url)
    yield opened
    opened.close()


@pytest.fixture
def postgresql_store(postgresql_url: str) -> Iterator[Store]:
    """An empty store in PostgreSQL."""
    opened = open_store(None, postgresql_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in a file."""
    opened = open_store(tmp_path / "data")
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
