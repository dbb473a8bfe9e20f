"""The machine of the real server fails it: its disk is full, its clock is stepped."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="cartwheel[serve] is not installed")

from sqlalchemy import select
from ward_senders import Course, Senders
from ward_served import Served
from ward_stepped import SteppedClock
from ward_waiting import until
from ward_whole import whole

from cartwheel.serve.ward.health import LEAST_FREE
from cartwheel.store.database import Store
from cartwheel.store.ward_json import moment_of
from cartwheel.store.ward_tables import entries

if sys.platform != "linux":
    pytest.skip("it needs tmpfs, prlimit and LD_PRELOAD", allow_module_level=True)

import resource

Room = Callable[[], None]


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a disk there that has what readiness asks for; only root may."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={LEAST_FREE + 30_000_000}", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("no disk may be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Room:
    """Leave no room on the disk of a folder; what is given back makes some."""
    ballast = folder / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        for block in (1_000_000, 4096, 1):
            with suppress(OSError):
                while file.write(b"\0" * block) == block:
                    pass
    return ballast.unlink


def limit(server: Served) -> Room:
    """Let no file of the server grow; what is given back lets them again."""
    whole_limit = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    largest = max(one.stat().st_size for one in (server.folder / "data").iterdir())
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (largest, whole_limit[1]))

    def room() -> None:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, whole_limit)

    return room


def fills_up(server: Served, full: Callable[[], Room], while_full: int) -> None:
    server.prepare()
    server.start()
    server.ready()
    course = Course()
    senders = Senders(course, lambda _: server.mllp)
    senders.start()
    try:
        senders.wait_for(100)
        room = full()
        # every sender is told so, and sends it again
        refused = senders.answers.get("AE", 0)
        until(lambda: senders.answers.get("AE", 0) >= refused + 40)
        at_once = senders.acknowledged
        time.sleep(0.3)
        assert senders.acknowledged == at_once
        assert server.ask("GET", "/health/ready")[0] == while_full
        room()
        senders.wait_for(100)
    except BaseException:
        server.kill()
        raise
    senders.finish()
    assert "gone" not in senders.answers
    assert server.ask("GET", "/health/ready")[0] == 200
    server.stop()
    store = server.store()
    whole(store, course, senders.known)
    store.close()


def test_a_disk_that_is_full_for_a_while(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk"):
        server = Served(tmp_path / "disk")
        fills_up(server, lambda: fill(server.folder), 503)


def test_files_that_may_not_grow_for_a_while(tmp_path: Path) -> None:
    server = Served(tmp_path)
    fills_up(server, lambda: limit(server), 200)


def test_the_clock_of_the_system_is_stepped_back_and_forth(tmp_path: Path) -> None:
    clock = SteppedClock(tmp_path)
    server = Served(tmp_path, **clock.environment)
    server.prepare()
    server.start()
    server.ready()
    course = Course()
    senders = Senders(course, lambda _: server.mllp)
    senders.start()
    try:
        # an hour back, as where the daylight saving time of a badly set system ends; then more
        for seconds in (-3600, 3600, -3 * 3600, 0):
            senders.wait_for(60)
            clock.step(seconds)
        senders.wait_for(60)
    except BaseException:
        server.kill()
        raise
    senders.finish()
    assert server.ask("GET", "/health/ready")[0] == 200
    server.stop()
    store = server.store()
    whole(store, course, senders.known)
    stands, jumps = _moments(store)
    # when it is set back, the ward does not say that it knew something before it did
    assert stands > 0
    assert jumps > 0
    store.close()


def _moments(store: Store) -> tuple[int, int]:
    """Count for each patient how often a moment stands, and how often it jumps an hour on."""
    stands = jumps = 0
    last: dict[str, str] = {}
    with store.reading() as connection:
        wanted = select(entries.c.patient, entries.c.known_at).order_by(entries.c.number)
        for patient, known_at in connection.execute(wanted):
            before = last.setdefault(patient, known_at)
            gone = (moment_of(known_at) - moment_of(before)).total_seconds()
            assert gone >= 0
            stands += gone == 0
            jumps += gone > 1800
            last[patient] = known_at
    return stands, jumps


def test_the_stepped_clock_steps(tmp_path: Path) -> None:
    clock = SteppedClock(tmp_path)
    clock.step(-7200)
    asked = [sys.executable, "-c", "import datetime as d; print(d.datetime.now().timestamp())"]
    done = subprocess.run(
        asked, env={**os.environ, **clock.environment}, capture_output=True, text=True, check=True
    )
    # seconds: a process starts within a minute
    assert 7140 < time.time() - float(done.stdout) < 7260
