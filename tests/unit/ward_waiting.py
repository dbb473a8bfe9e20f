"""Waiting for what another thread does, for tests of the ward."""

from __future__ import annotations

import time
from collections.abc import Callable

# the longest that a test waits, in seconds: many run at once
PATIENCE = 30.0


def until(true: Callable[[], bool]) -> None:
    """Wait until something is true, and fail where it never is."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"it did not come about within {PATIENCE} s")
        time.sleep(0.01)
