"""Waiting for jobs of the server, for its tests."""

from __future__ import annotations

import time
from collections.abc import Callable

from cartwheel.store.database import Store
from cartwheel.store.kept_jobs import Job, job_of

# the longest that a test waits for a job, in seconds: many run at once
PATIENCE = 120.0


def ended(store: Store, job: Job) -> Job:
    """Wait until a job is over."""
    return until(store, job, lambda seen: seen.is_over)


def until(store: Store, job: Job, seen: Callable[[Job], bool]) -> Job:
    """Wait until a job is seen in a state."""
    until_then = time.monotonic() + PATIENCE
    while time.monotonic() < until_then:
        now = job_of(store, job.id, None)
        if seen(now):
            return now
        time.sleep(0.02)
    raise AssertionError(f"not within {PATIENCE} s: {now.state} {now.stage} {now.problems}")
