"""One job from its files in the store to what it made, or why it did not."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from cartwheel.errors import Problem, Refused
from cartwheel.serve.jobs.folders import WorkFolder
from cartwheel.serve.jobs.process import WorkerProcess
from cartwheel.serve.jobs.worker import INPUTS, OUTPUTS
from cartwheel.store.database import Store
from cartwheel.store.job_runs import end_job, finish_job, tell_progress
from cartwheel.store.kept_files import PIECE, KeptFile, content_of
from cartwheel.store.kept_jobs import Job, inputs_of

MIB = 1 << 20
# seconds between two words of progress in the store
_PAUSE = 0.3
# a store that does not answer is asked again, at most so many seconds apart
_LONGEST_WAIT = 3.0
# after so many seconds a result that the store has no room for is given up
_PATIENCE = 120.0

Found = TypeVar("Found")


class JobRun:
    """Runs jobs with the means of one server.

    Parameters
    ----------
    store : Store
        Where files and jobs are kept.
    server : str
        Under which name the run stands in the store: another's word counts no more.
    work : WorkFolder
        For files in work.
    stopping : threading.Event
        Set when the server stops.
    memory : int
        Bytes that a job may take, for what is said of one that took more.
    """

    def __init__(
        self,
        store: Store,
        server: str,
        work: WorkFolder,
        stopping: threading.Event,
        memory: int,
    ) -> None:
        self.store, self.server, self.work = store, server, work
        self.stopping, self.memory = stopping, memory

    def run(self, job: Job, worker: WorkerProcess) -> bool:
        """Run a job to its end.

        Parameters
        ----------
        job : Job
            Claimed by this server.
        worker : WorkerProcess
            Alive.

        Returns
        -------
        bool
            Whether the process can do another job.
        """
        folder: Path | None = None
        try:
            folder = self.work.folder(self.server)
            names = self._laid_out(job, folder / INPUTS)
            told = self._heard(job, worker, folder, {**job.request, "names": names})
            self._settle(job, told, folder)
            return "died" not in told and not told.get("last", False)
        except Refused as refused:
            # a file that was deleted in the meantime took the job with it; a server that stops
            # while the store is away leaves the job as it is, to be taken up again
            if not self.stopping.is_set():
                self._end(job, "refused", refused.problems)
            return worker.alive
        except OSError as error:
            if not self.stopping.is_set():
                self._end(job, "failed", (_no_room(error),))
            return False
        finally:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)

    def _laid_out(self, job: Job, folder: Path) -> dict[str, str]:
        """Write the job's files under their own names; two of one name are told apart."""
        folder.mkdir(mode=0o700)
        inputs = self._patiently(lambda: inputs_of(self.store, job.id))
        names = names_apart(inputs)
        for file_id, name in names.items():
            self._patiently(partial(self._written, file_id, folder / name))
        return names

    def _written(self, file_id: str, path: Path) -> None:
        with path.open("wb") as stream:
            for piece in content_of(self.store, file_id):
                stream.write(piece)

    def _heard(
        self, job: Job, worker: WorkerProcess, folder: Path, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Give the job to the process, and keep how far it is until it has ended."""
        kept_at = float("-inf")
        stage = ""
        for told in worker.do(job.kind, folder, request):
            if "stage" not in told:
                return told
            now = time.monotonic()
            if told["stage"] != stage or now - kept_at >= _PAUSE:
                stage, kept_at = told["stage"], now
                # progress that the store does not take is told again with the next step
                with suppress(Refused):
                    tell_progress(
                        self.store, job.id, self.server, stage, told["done"], told["total"]
                    )
        return {"died": worker.close()}

    def _settle(self, job: Job, told: Mapping[str, Any], folder: Path) -> None:
        if "done" in told:
            self._keep(job, told["done"], folder / OUTPUTS)
        elif "refused" in told:
            self._end(job, "refused", tuple(Problem(**one) for one in told["refused"]))
        elif "failed" in told:
            self._end(job, "failed", (Problem(**told["failed"]),))
        elif not self.stopping.is_set():
            self._end(job, "failed", (_died(told["died"], self.memory),))

    def _keep(self, job: Job, made: list[dict[str, str]], folder: Path) -> None:
        """Keep what was made; a store that is away is waited for, so that nothing is lost."""
        began = time.monotonic()

        def kept() -> bool:
            outputs = (
                (one["name"], one["media_type"], _pieces(folder / one["name"])) for one in made
            )
            try:
                return finish_job(self.store, job.id, self.server, outputs)
            except Refused as refused:
                if time.monotonic() - began > _PATIENCE:
                    # where even this cannot be written, both are tried again
                    return end_job(self.store, job.id, "failed", refused.problems, self.server)
                raise

        self._patiently(kept)

    def _end(self, job: Job, state: Any, problems: tuple[Problem, ...]) -> None:
        self._patiently(lambda: end_job(self.store, job.id, state, problems, self.server))

    def _patiently(self, deed: Callable[[], Found]) -> Found:
        """Do something with the store as soon as it answers.

        A server that stops waits no longer: its jobs are taken up again at the next start.
        """
        wait = 0.2
        while True:
            try:
                return deed()
            except Refused as refused:
                if refused.problems[0].code != "store_unavailable" or self.stopping.wait(wait):
                    raise
                wait = min(2 * wait, _LONGEST_WAIT)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            yield piece


def names_apart(kept: Iterable[KeptFile]) -> dict[str, str]:
    """Give each file of a job its own name, or the next that is free.

    Parameters
    ----------
    kept : iterable of KeptFile
        All that the job reads, in any order.

    Returns
    -------
    dict of str to str
        Id to name; the same for the same files.
    """
    names: dict[str, str] = {}
    for one in sorted(kept, key=lambda each: each.id):
        stem, suffix = Path(one.name).stem, Path(one.name).suffix
        taken = {name.casefold() for name in names.values()}
        name, number = one.name, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem} ({number}){suffix}"
        names[one.id] = name
    return names


def _died(code: int, memory: int) -> Problem:
    most = f" (it may take {memory // MIB} MB)" if memory else ""
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return Problem(
        "worker_died",
        f"the process that did this job ended before the job did ({how}); most often it ran out "
        f"of memory{most}",
        "job",
        "take a smaller file or fewer resamples, or give the server more memory",
    )


def _no_room(error: OSError) -> Problem:
    return Problem(
        "disk_full",
        f"the job's files could not be written ({error.strerror or type(error).__name__})",
        "job",
        "free space on the disk of the server",
    )
