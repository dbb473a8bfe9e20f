"""The clock: lets time pass in the log where time alone changes something."""

from __future__ import annotations

import threading

from cartwheel.serve.ward.ingest import Ingest

BEAT = 1.0


class Clock:
    """Looks every second whether a moment has come.

    Parameters
    ----------
    ingest : Ingest
        Keeps what follows, in the same way as messages: in the log.
    beat : float
        Seconds between two looks.
    """

    def __init__(self, ingest: Ingest, beat: float = BEAT) -> None:
        self._ingest, self._beat = ingest, beat
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, name="cartwheel-ward-clock", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; before the intake is stopped."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(60.0)
            self._thread = None

    def _run(self) -> None:
        while not self._ending.wait(self._beat):
            # so many at a time that messages get their turn between
            while self._ingest.tick().patients and not self._ending.is_set():
                pass
