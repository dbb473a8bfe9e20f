"""Progress on stderr: a line that moves in a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

WIDTH = 24


class Progress:
    """Shows how far the resampling is; stdout is left alone."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._open = False

    def __enter__(self) -> Self:
        return self

    def __call__(self, stage: str, done: int, drawn: int) -> None:
        """Draw the line again.

        Parameters
        ----------
        stage : str
            What is being repeated.
        done, drawn : int
            Resamples finished, and to do.
        """
        if not self._shown or drawn == 0:
            return
        filled = WIDTH * done // drawn
        bar = "#" * filled + "-" * (WIDTH - filled)
        print(f"\r{stage} [{bar}] {done}/{drawn}  ", end="", file=sys.stderr, flush=True)
        self._open = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._open:
            print("\r" + " " * 78 + "\r", end="", file=sys.stderr, flush=True)
