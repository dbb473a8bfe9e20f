"""Drift of the ward, counted beside its work and kept: a page never waits for it.

Each patient's log is read once, and again where it has grown; months that are over change only with
it. Nothing is counted before somebody asks. What was counted last stands in a file too, which holds
numbers of many alone.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cartwheel import __version__
from cartwheel.canonical import canonical_json, write_whole
from cartwheel.errors import Problem, Refused
from cartwheel.store.ward_drift import LogEnd, drift_log, log_ends, parked_by
from cartwheel.watch.ward import Ward

if TYPE_CHECKING:
    from cartwheel.serve.ward.opened import WardServices
    from cartwheel.store.database import Store
    from cartwheel.watch.drift_patient import By, DriftReading, PatientRows

_log = logging.getLogger("cartwheel.ward")
# what was counted is shown for so long before it is counted anew; seconds
FRESH = 600.0
# a counting that came to nothing is begun again after so long; seconds
_AGAIN = 30.0
# of the time: messages go before
_SHARE = 0.25
_PERMUTATIONS = 999
_FAULT = Problem(
    "drift_failed", "a fault of ours ended the counting", "",
    "look again; where it stays so, tell whoever keeps this server",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counted:
    """Drift as it was counted.

    Parameters
    ----------
    text : str
        JSON, as the command writes it.
    document : dict
        The same, read.
    """

    text: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DriftState:
    """How far the counting is.

    Parameters
    ----------
    counted : Counted or None
        What was counted last; None before that.
    running : bool
        It is being counted.
    done, of : int
        Logs that were read, of so many.
    problem : Problem or None
        Why the last counting came to nothing.
    """

    counted: Counted | None
    running: bool
    done: int
    of: int
    problem: Problem | None


class Drifting:
    """Counts drift of a ward in a thread of its own, at most a quarter of the time.

    Parameters
    ----------
    store : Store
        Where the log is.
    ward : Ward
        What is followed.
    by : {"month", "quarter"}
        Length of a period.
    share : float in (0, 1]
        Of the time that reading may take.
    fresh : float
        Seconds for which what was counted is shown without counting anew.
    folder : Path, optional
        Where what was counted last is kept, so that a server that has just begun can show it. No
        patient is in it.
    """

    def __init__(
        self,
        store: Store,
        ward: Ward,
        by: By,
        *,
        share: float = _SHARE,
        fresh: float = FRESH,
        folder: Path | None = None,
    ) -> None:
        self._store, self._ward, self._by = store, ward, by
        self._share, self._fresh = share, fresh
        self._lock, self._ending = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None
        self._file = None if folder is None else folder / f"ward-drift-{by}.json"
        self._counted: Counted | None = self._kept()
        # what an earlier server counted is old
        self._next_at = -math.inf
        self._problem: Problem | None = None
        self._progress = (0, 0)
        self._rows: dict[str, tuple[LogEnd, PatientRows]] = {}

    def ask(self) -> DriftState:
        """Tell what is known, and begin to count where that is old.

        Returns
        -------
        DriftState
            At once.
        """
        with self._lock:
            old = time.monotonic() > self._next_at
            running = self._thread is not None and self._thread.is_alive()
            if not running and not self._ending.is_set() and old:
                self._thread = threading.Thread(
                    target=self._run, name="cartwheel-ward-drift", daemon=True
                )
                self._thread.start()
                running = True
            return DriftState(self._counted, running, *self._progress, self._problem)

    def wait(self, seconds: float = 60.0) -> DriftState:
        """Wait until what is being counted is counted.

        Parameters
        ----------
        seconds : float
            At most.

        Returns
        -------
        DriftState
        """
        self.ask()
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return self.ask()

    def stop(self) -> None:
        """End; what is being counted is left."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(10.0)

    def _run(self) -> None:
        try:
            counted = self._count()
        except Refused as refused:
            self._failed(refused.problems[0])
            return
        except Exception as error:
            # its text may hold what a patient's log says
            _log.error("drift was not counted (%s)", type(error).__name__)
            self._failed(_FAULT)
            return
        if counted is None:
            return
        self._keep(counted)
        with self._lock:
            self._counted, self._problem = counted, None
            self._next_at = time.monotonic() + self._fresh

    def _failed(self, problem: Problem) -> None:
        with self._lock:
            self._problem = problem
            self._next_at = time.monotonic() + min(self._fresh, _AGAIN)

    def _kept(self) -> Counted | None:
        """Read what an earlier server counted of the same ward file."""
        try:
            text = "" if self._file is None else self._file.read_text(encoding="utf-8")
            document = json.loads(text)
            same = document["source"]["ward_sha256"] == self._ward.identity
            same = same and document["source"]["cartwheel"] == __version__
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Counted(text, document) if same else None

    def _keep(self, counted: Counted) -> None:
        if self._file is not None:
            # a full disk is said elsewhere; what was counted is shown all the same
            with suppress(OSError):
                write_whole(self._file, counted.text)

    def _count(self) -> Counted | None:
        # numpy and what draws from it are loaded with the first counting alone
        from cartwheel.watch.drift_patient import DriftReading  # noqa: PLC0415
        from cartwheel.workflows.monitor_drift import (  # noqa: PLC0415
            DriftAsked,
            LogRead,
            drift_of_log,
        )

        begun = datetime.now(UTC)
        reading = DriftReading(self._ward, self._by, begun, self._ward.risks)
        with self._store.reading() as connection:
            ends = log_ends(connection)
            parked = parked_by(connection, reading.period)
        there = {end.patient for end in ends}
        for gone in self._rows.keys() - there:
            del self._rows[gone]
        wanted = [end for end in ends if self._is_new(end, begun)]
        for place, end in enumerate(wanted):
            self._progress = (place, len(wanted))
            if not self._read(end, reading):
                return None
        self._progress = (len(wanted), len(wanted))
        last = max((end.last_entry for end in ends), default=0)
        rows = [self._rows[end.patient][1] for end in ends]
        asked = DriftAsked(self._by, permutations=_PERMUTATIONS)
        found = drift_of_log(LogRead(rows, parked, last, begun), reading, asked)
        text = canonical_json(found)
        return Counted(text, json.loads(text))

    def _is_new(self, end: LogEnd, now: datetime) -> bool:
        known = self._rows.get(end.patient)
        if known is None or known[0] != end:
            return True
        return known[1].changes_at is not None and known[1].changes_at <= now

    def _read(self, end: LogEnd, reading: DriftReading) -> bool:
        """Read one patient's log, and rest; False where it is to end."""
        from cartwheel.watch.drift_patient import patient_rows  # noqa: PLC0415

        begun = time.monotonic()
        with self._store.reading() as connection:
            log = drift_log(connection, end)
        self._rows[end.patient] = end, patient_rows(log, reading)
        taken = time.monotonic() - begun
        return not self._ending.wait(taken * (1.0 / self._share - 1.0))


def drifting_of(opened: WardServices, by: By, folder: Path) -> Drifting:
    """Find who counts drift of an open ward; one for each length of a period.

    Parameters
    ----------
    opened : WardServices
        Open.
    by : {"month", "quarter"}
        Length of a period.
    folder : Path
        Of the server.

    Returns
    -------
    Drifting
        Ended with the ward.
    """
    name = f"drift by {by}"
    if name not in opened.kept:
        made = Drifting(opened.store, opened.ward, by, folder=folder)
        if opened.kept.setdefault(name, made) is made:
            opened.stoppers.append(made.stop)
    kept = opened.kept[name]
    assert isinstance(kept, Drifting)
    return kept
