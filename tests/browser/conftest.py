"""A browser and a server for a module, a reader for a test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser_run import browser as browser_path

from cartwheel.demonstration import cohort_path

from .serving import Server, serving
from .wire import Wire

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .reading import Reader

# what Chromium does for itself, and would ask other hosts for; and a GPU that it would imitate
_QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync",
          "--disable-quic", "--no-first-run", "--disable-gpu"]  # fmt: skip
# what Playwright takes from it, and people have: pages that are restored by the back button
_MISSED = ["--disable-back-forward-cache"]

_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remember a failure, so that its page is kept."""
    report = yield
    if call.when == "call":
        item.stash[_FAILED] = report.failed
    return report


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser without a screen.

    For a module, not a session: its driver keeps an event loop running in the thread of the
    tests, and with that the tests of other folders cannot start one.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - optional

    path = browser_path()
    if path is None:
        pytest.skip("no Chromium on this machine")
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as driver:
        opened = driver.chromium.launch(
            executable_path=path, args=[*root, *_QUIET], ignore_default_args=_MISSED
        )
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for all: its workers have begun, and what one test left another may find."""
    with serving(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="module")
def server(one_server: Server) -> Iterator[Server]:
    """The server that all share; it has had no fault in this module."""
    before = one_server.said
    yield one_server
    assert one_server.said == before


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may be stopped, killed and starved; a test leaves it running."""
    with serving(tmp_path_factory.mktemp("mortal")) as started:
        yield started


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Folder for pictures of pages."""
    named = os.environ.get("CARTWHEEL_SCREENSHOTS")
    folder = Path(named) if named else tmp_path / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def reading(
    chromium: Browser, pictures: Path, request: pytest.FixtureRequest
) -> Callable[..., Any]:
    """Open a browser at a server; whatever must never happen is known when it closes."""
    from .reading import Reader  # noqa: PLC0415 - needs playwright

    @contextmanager
    def opened(server: Server | Wire, **more: Any) -> Iterator[Reader]:
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, **more)
        context.set_default_timeout(30_000)
        one = Reader(context.new_page(), server, pictures)
        try:
            yield one
        finally:
            if request.node.stash.get(_FAILED, False):
                one.page.screenshot(path=pictures / f"failed-{request.node.name}.png")
            context.close()
        assert not one.heard, "\n".join(one.heard)

    return opened


@pytest.fixture
def reader(reading: Callable[..., Any], server: Server) -> Iterator[Reader]:
    """Somebody who has opened the address that the server printed."""
    with reading(server) as one:
        one.enter()
        yield one


@pytest.fixture
def sheet(request: pytest.FixtureRequest) -> Path:
    """The real cohort beside the repository."""
    return Path(request.getfixturevalue("car22"))


@pytest.fixture
def simulated(tmp_path: Path) -> Path:
    """The simulated cohort, under a name of its own."""
    return Path(shutil.copy(cohort_path(), tmp_path / "simulated_myeloma.csv"))
