"""What every test may use."""

from __future__ import annotations

import gc
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from command_line import done_apart, done_here
from hypothesis import settings
from reference_data import BESIDE, SHARED, not_carried
from serve_postgresql import Cluster, own_cluster

# no deadline: machines differ; in CI always the same examples, so that a red run can be repeated
settings.register_profile("cartwheel", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("cartwheel")

# folders whose files take longest: begun first, so that no worker is alone with one in the end
LONGEST = ("browser", "house", "journeys", "ward", "serve")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest folders first; each keeps its order."""

    def turn(item: pytest.Item) -> int:
        folder = item.path.parent.name
        return LONGEST.index(folder) if folder in LONGEST else len(LONGEST)

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """Leave what is collected alone: to look for garbage in it takes longer than most tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with data/reference: the one beside the repository, or the part carried here."""
    return SHARED


@pytest.fixture(scope="session")
def car22() -> Path:
    """Patients of the CD22 cohort, never carried."""
    path = BESIDE / "data" / "cart" / "car22_patients.csv"
    if not path.is_file():
        not_carried(path.name)
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL of our own; skipped only where none is installed."""
    with own_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgresql_url(postgresql: Cluster) -> str:
    """Address of an empty database."""
    return postgresql.new_database()


@pytest.fixture
def run_cartwheel(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``cartwheel ARGUMENTS`` in a folder of its own, without the start of a process."""
    return partial(done_here, folder=tmp_path)


@pytest.fixture
def start_cartwheel(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``cartwheel ARGUMENTS`` as a process of its own, in a folder of its own."""
    return partial(done_apart, folder=tmp_path)


@pytest.fixture(scope="module")
def light_passwords() -> Iterator[None]:
    """Hash with the least of Argon2: in earnest it takes a quarter of a second a log-in."""
    from light_passwords import LIGHT  # noqa: PLC0415 - optional

    from cartwheel.serve.access import passwords  # noqa: PLC0415 - optional

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", lambda: LIGHT)
        passwords._nobody.cache_clear()
        yield
    passwords._nobody.cache_clear()
