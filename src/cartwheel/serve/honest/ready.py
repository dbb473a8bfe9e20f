"""Runs whose sliders are ready, in memory: a few, arrays only, gone with the file."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cartwheel.canonical import canonical_json, sha256
from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.serve.services import Services
from cartwheel.store.kept_files import KeptFile, content_of, file_of, files_of
from cartwheel.store.kept_jobs import Job, jobs_of

if TYPE_CHECKING:
    from cartwheel.serve.honest.prepared import Prepared

MOST_RUNS, MOST_BYTES = 8, 256 << 20
# seconds: between two looks whether the files are still there; after which an unused run goes
_LOOK, _UNUSED = 3.0, 1800.0


@dataclass(slots=True)
class Ready:
    """A run whose sliders are ready.

    Parameters
    ----------
    prepared : Prepared
        Arrays of its patients.
    result : mapping
        ``result`` of the full run's JSON.
    files : set of str
        Ids of the files that it was made from: with the last of them it goes.
    used_at : float
        When it was asked last, by the monotonic clock.
    """

    prepared: Prepared
    result: Mapping[str, Any]
    files: set[str]
    used_at: float = field(default_factory=time.monotonic)


class ReadyRuns:
    """Keeps the runs that are asked most lately.

    Parameters
    ----------
    known : Services
        Store and queue of the server.
    look : float
        Seconds between two looks whether the files are still there.
    """

    def __init__(self, known: Services, look: float = _LOOK) -> None:
        self._known, self._look = known, look
        self._runs: OrderedDict[str, Ready] = OrderedDict()
        self._lock = threading.Lock()
        self._looking = False

    def __len__(self) -> int:
        return len(self._runs)

    def ready(self, job: Job) -> Ready:
        """Find a run, or read it from what its jobs made.

        Parameters
        ----------
        job : Job
            A development; whose it is was looked at before.

        Returns
        -------
        Ready

        Raises
        ------
        FileRefused
            ``no_such_file`` where its sheet was deleted; ``not_ready`` where its jobs are not done.
        """
        kept = file_of(self._known.store, str(job.request.get("file")), None)
        key = key_of(job, kept)
        with self._lock:
            found = self._runs.get(key)
            if found is not None:
                self._runs.move_to_end(key)
                found.files.add(kept.id)
                found.used_at = time.monotonic()
                return found
        made = self._read(job, kept)
        with self._lock:
            self._runs[key] = made
            self._runs.move_to_end(key)
            while len(self._runs) > MOST_RUNS or self._bytes() > MOST_BYTES:
                if len(self._runs) == 1:
                    break
                self._runs.popitem(last=False)
        self._look_later()
        return made

    def sweep(self) -> None:
        """Let go of unused runs, and of those whose files were deleted, here or elsewhere."""
        with self._lock:
            seen = [(key, tuple(run.files), run.used_at) for key, run in self._runs.items()]
        for key, ids, used_at in seen:
            gone = {one for one in ids if not self._is_there(one)}
            with self._lock:
                run = self._runs.get(key)
                if run is None:
                    continue
                run.files -= gone
                if not run.files or time.monotonic() - used_at > _UNUSED:
                    del self._runs[key]

    def _bytes(self) -> int:
        return sum(run.prepared.size for run in self._runs.values())

    def _read(self, job: Job, kept: KeptFile) -> Ready:
        from cartwheel.serve.honest.prepared import (  # noqa: PLC0415 - numpy, when first asked
            FILE,
            read_prepared,
        )

        beside = prepare_job(self._known, job)
        result = output_of(self._known, job, "result.json")
        prepared = None if beside is None else output_of(self._known, beside, FILE)
        if result is None or prepared is None:
            raise refuse(
                FileRefused,
                "not_ready",
                "the sliders of this run are not ready",
                where="job",
                mend="wait until its jobs are done, or make them ready on its page",
            )
        return Ready(read_prepared(prepared), json.loads(result)["result"], {kept.id})

    def _is_there(self, file_id: str) -> bool:
        try:
            file_of(self._known.store, file_id, None)
        except Refused as refused:
            # a database that is away says nothing about the file
            return refused.problems[0].code != "no_such_file"
        return True

    def _look_later(self) -> None:
        with self._lock:
            if self._looking:
                return
            self._looking = True
        threading.Thread(target=self._keep_looking, name="cartwheel-ready", daemon=True).start()

    def _keep_looking(self) -> None:
        while True:
            time.sleep(self._look)
            if self._known.queue.stopping:
                with self._lock:
                    self._runs.clear()
            else:
                self.sweep()
            with self._lock:
                if not self._runs:
                    self._looking = False
                    return


def key_of(job: Job, kept: KeptFile) -> str:
    """Name a run by what it was made from: the content of its file, and its plan.

    Parameters
    ----------
    job : Job
        The development.
    kept : KeptFile
        Its sheet.

    Returns
    -------
    str
    """
    plan = {name: value for name, value in job.request.items() if name != "file"}
    return sha256(kept.sha256 + canonical_json(plan))


def prepare_job(known: Services, job: Job) -> Job | None:
    """Find the job that makes the sliders of a development ready.

    Parameters
    ----------
    known : Services
        Of the server.
    job : Job
        The development.

    Returns
    -------
    Job or None
        The newest that did not fail; else the newest; None where none was asked for.
    """
    same = [
        one
        for one in jobs_of(known.store, job.owner, kinds=("prepare",), most=500)
        if one.request == job.request
    ]
    good = [one for one in same if one.state in ("waiting", "running", "done")]
    return next(iter([*good, *same]), None)


def output_of(known: Services, job: Job, name: str) -> bytes | None:
    """Read a file that a job made.

    Parameters
    ----------
    known : Services
        Of the server.
    job : Job
        Which made it.
    name : str
        Of the file.

    Returns
    -------
    bytes or None
        None where there is none.
    """
    for one in files_of(known.store, None, "output", job.id):
        if one.name == name:
            return b"".join(content_of(known.store, one.id))
    return None
