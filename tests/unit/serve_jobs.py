"""Jobs that tests of the queue ask for, and how they wait for them."""

from __future__ import annotations

import os
import time
from pathlib import Path

from serve_waiting import until

from cartwheel.demonstration import cohort_path
from cartwheel.serve.jobs.queue import Queue
from cartwheel.store.database import Store
from cartwheel.store.kept_files import keep_file
from cartwheel.store.kept_jobs import Job

SHEET = b"id,ferritin_ug_L,severe\n1,300,0\n2,900,1\n3,450,0\n"


def ask_check(store: Store, queue: Queue, content: bytes = SHEET, name: str = "a.csv") -> Job:
    kept = keep_file(store, [content], owner="ada", name=name)
    return queue.ask("ada", "check", name, {"file": kept.id}, [kept.id])


def ask_slow(store: Store, queue: Queue, resamples: int = 100_000) -> Job:
    """A development that takes minutes, begun."""
    kept = keep_file(store, [cohort_path().read_bytes()], owner="ada", name="simulated.csv")
    plan = {
        "method": "points",
        "simulated": True,
        "outcome": {
            "kind": "survival",
            "event": "progression_or_death",
            "time": "pfs_months",
            "time_unit": "months",
        },
        "predictors": [{"column": "ferritin_ug_l_day0"}, {"column": "crp_mg_l_day0"}],
        "resampling": {"bootstrap": resamples},
    }
    return queue.ask("ada", "develop", "slow", {"file": kept.id, "plan": plan}, [kept.id])


def begun(store: Store, job: Job) -> Job:
    return until(store, job, lambda seen: seen.is_over or seen.done > 0)


def wait_until_gone(pid: int) -> None:
    until_then = time.monotonic() + 20
    while time.monotonic() < until_then:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError("the process is still there")


def files_in_work(tmp_path: Path) -> list[str]:
    """Name the files of jobs that lie about; folders may go while they are listed."""
    walked = os.walk(tmp_path / "work")
    return [name for _, _, names in walked for name in names if name != "server.lock"]


def nothing_in_work(tmp_path: Path) -> None:
    until_then = time.monotonic() + 20
    while files_in_work(tmp_path) and time.monotonic() < until_then:
        time.sleep(0.05)
    assert files_in_work(tmp_path) == []
