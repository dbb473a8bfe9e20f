"""The real server, killed by its own hand at a chosen moment: run as a program by tests of faults.

``python ward_aimed.py WHEN COUNT monitor run ...``: it is killed (SIGKILL) at the COUNTth
``statement`` of the thread that keeps messages, or ``before`` or ``after`` its COUNTth commit:
then a message is durable, and nobody has been told.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

MOMENTS = ("statement", "before", "after")


class Aim:
    """Counts down to the moment."""

    def __init__(self, count: int) -> None:
        self._left = count

    def __call__(self, *_: Any) -> None:
        if threading.current_thread().name != "cartwheel-ward":
            return
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


def take_aim(when: str, count: int) -> None:
    """Let this process be killed."""
    fall = Aim(count)
    commit = DefaultDialect.do_commit

    def do_commit(self: DefaultDialect, connection: Any) -> None:
        if when == "before":
            fall()
        commit(self, connection)
        if when == "after":
            fall()

    if when == "statement":
        event.listen(Engine, "before_cursor_execute", fall)
    else:
        DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]


if __name__ == "__main__":
    assert sys.argv[1] in MOMENTS
    take_aim(sys.argv[1], int(sys.argv[2]))
    del sys.argv[1:3]
    from cartwheel.cli import main

    main()
