"""The queue: takes jobs, lets processes do them, and keeps in the store how far they are.

What is known of a job stands in the store alone. So a page that is loaded again, a second tab, a
second server on the same database, and the next start of this one all see the same.

Every run of a job has a name of its own, under which it stands in the store. So the word of a run
that was given up counts no more, even where the same server has begun the job again.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cartwheel.errors import Problem, Refused
from cartwheel.serve.jobs.folders import WorkFolder
from cartwheel.serve.jobs.kinds import check_kind
from cartwheel.serve.jobs.process import WorkerProcess
from cartwheel.serve.jobs.running import JobRun
from cartwheel.store.database import Store, moment
from cartwheel.store.job_runs import (
    beat,
    claim_job,
    end_job,
    recover_jobs,
    release_jobs,
    running_at,
)
from cartwheel.store.kept_files import forget_file
from cartwheel.store.kept_jobs import Job, add_job, forget_job, forget_old, job_of

# seconds
BEAT, STALE, LOOK, SWEEP, IDLE = 2.0, 10.0, 1.0, 3600.0, 300.0
# a worker that has done so many jobs is replaced
MOST_JOBS = 100
# how soon a change is seen: often in the beginning, for short jobs
_SOON, _LATER, _BEGINNING = 0.1, 0.4, 5.0


class Queue:
    """Takes jobs and runs them.

    Parameters
    ----------
    store : Store
        Where jobs and files are kept.
    workers : int
        Jobs at the same time.
    memory : int
        Bytes that a job may take; 0 is no limit.
    folder : Path, optional
        For files in work; by default a private one of the system's temporary folder.
    keep_days : int
        After which files and jobs are deleted; 0 is never.
    """

    def __init__(
        self,
        store: Store,
        *,
        workers: int = 2,
        memory: int = 0,
        folder: Path | None = None,
        keep_days: int = 0,
    ) -> None:
        self.server = secrets.token_hex(12)
        self.store, self.memory = store, memory
        self._base = folder or Path(tempfile.gettempdir()) / "cartwheel-work"
        self._keep_days = keep_days
        self._count = workers
        self._running: dict[str, tuple[str, WorkerProcess]] = {}  # by run: its job, its process
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._news = threading.Condition()
        self._asked = 0
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._work: WorkFolder | None = None

    @property
    def work(self) -> WorkFolder:
        """Folder for files in work: uploads that arrive, and the files of running jobs."""
        with self._lock:
            if self._work is None:
                self._work = WorkFolder(self._base)
            return self._work

    @property
    def stopping(self) -> bool:
        """Whether the server stops."""
        return self._stopping.is_set()

    def start(self) -> None:
        """Begin to take jobs. No process is started before the first one."""
        self._stopping.clear()
        self._threads = [
            threading.Thread(target=self._take, name=f"cartwheel-job-{place}", daemon=True)
            for place in range(self._count)
        ]
        self._threads.append(
            threading.Thread(target=self._keep, name="cartwheel-keeper", daemon=True)
        )
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the processes; their jobs wait for another server, or for the next start."""
        self._stopping.set()
        self._tell_news()
        with self._lock:
            workers = tuple(worker for _, worker in self._running.values())
        for worker in workers:
            worker.kill()
        for thread in self._threads:
            thread.join(10.0)
        self._threads = []
        for run in tuple(self._running):  # of a thread that has not come to its end
            self._release(run)
        if self._work is not None:
            self._work.close()
            self._work = None

    def ask(
        self,
        owner: str,
        kind: str,
        title: str,
        request: Mapping[str, Any],
        inputs: Sequence[str] = (),
    ) -> Job:
        """Ask for a job; a second click on the same gets the first one's.

        Parameters
        ----------
        owner, kind, title, request, inputs
            As of `cartwheel.store.kept_jobs.add_job`. Files are named in the request by id, and
            listed in ``inputs``; their owner must be the same.

        Returns
        -------
        Job
            Waiting.

        Raises
        ------
        PlanRefused
            ``unknown_kind``.
        FileRefused
            ``no_such_file``, ``store_unavailable``.
        """
        check_kind(kind)
        job = add_job(
            self.store, owner=owner, kind=kind, title=title, request=request, inputs=inputs
        )
        self._tell_news()
        return job

    def cancel(self, job_id: str, owner: str | None) -> Job:
        """Cancel a job, whichever server runs it.

        Parameters
        ----------
        job_id : str
            Of the job.
        owner : str or None
            Only this owner's; None is whoever's.

        Returns
        -------
        Job
            Cancelled, or as it ended before.

        Raises
        ------
        FileRefused
            ``no_such_job``.
        """
        job_of(self.store, job_id, owner)
        end_job(self.store, job_id, "cancelled")
        self._kill(job_id)
        return job_of(self.store, job_id, owner)

    def forget(self, job_id: str, owner: str | None) -> None:
        """Delete a job with everything it made; one that runs is cancelled first.

        Parameters
        ----------
        job_id, owner
            As of `cancel`.

        Raises
        ------
        FileRefused
            ``no_such_job``.
        """
        self.cancel(job_id, owner)
        forget_job(self.store, job_id, owner)

    def forget_file(self, file_id: str, owner: str | None) -> None:
        """Delete a file with everything made from it; jobs that read it are ended.

        Parameters
        ----------
        file_id : str
            Of the file.
        owner : str or None
            As of `cancel`.

        Raises
        ------
        FileRefused
            ``no_such_file``.
        """
        for job_id in forget_file(self.store, file_id, owner):
            self._kill(job_id)

    async def changes(self, job_id: str) -> AsyncIterator[Job]:
        """Tell of a job: at once, then at each change, until it is over or deleted.

        Parameters
        ----------
        job_id : str
            Of the job; whose it is was looked at before.

        Yields
        ------
        Job
        """
        async for job in self.looks(job_id):
            if job is not None:
                yield job

    async def looks(self, job_id: str, quiet: float = 10.0) -> AsyncIterator[Job | None]:
        """Tell of a job as `changes` does, and of nothing where nothing has changed for a while.

        Parameters
        ----------
        job_id : str
            Of the job.
        quiet : float
            Seconds without a change after which None is told: a line that keeps a stream alive.

        Yields
        ------
        Job or None
        """
        last: Job | None = None
        began = told = time.monotonic()
        while not self._stopping.is_set():
            job = last
            try:
                job = await asyncio.to_thread(job_of, self.store, job_id, None)
            except Refused as refused:
                if refused.problems[0].code == "no_such_job":
                    return
                # the database is away: the stream waits for it
            now = time.monotonic()
            if job != last:
                last, told = job, now
                yield job
                if job is not None and job.is_over:
                    return
            elif now - told >= quiet:
                told = now
                yield None
            await asyncio.sleep(_SOON if now - began < _BEGINNING else _LATER)

    def processes(self) -> tuple[int, ...]:
        """Name the processes that run a job now.

        Returns
        -------
        tuple of int
        """
        with self._lock:
            return tuple(worker.pid for _, worker in self._running.values())

    def _tell_news(self) -> None:
        with self._news:
            self._asked += 1
            self._news.notify_all()

    def _kill(self, job_id: str) -> None:
        # under the lock: a process whose job has just ended must not take another and die under it
        with self._lock:
            for run_of, worker in self._running.values():
                if run_of == job_id:
                    worker.kill()

    def _take(self) -> None:
        """Take one job after the other, with one process as long as it lives."""
        worker: WorkerProcess | None = None
        idle = time.monotonic()
        while not self._stopping.is_set():
            with self._news:
                asked = self._asked
            run = f"{self.server}-{next(self._numbers):x}"
            job = self._claimed(run)
            if job is None:
                if worker is not None and time.monotonic() - idle > IDLE:
                    worker.close()
                    worker = None
                with self._news:
                    if self._asked == asked:
                        self._news.wait(LOOK)
                continue
            if worker is not None and (not worker.alive or worker.jobs >= MOST_JOBS):
                worker.close()
                worker = None
            try:
                worker = worker or WorkerProcess(self.memory)
            except OSError as error:  # no memory, no further process, no further file
                self._end_failed(job, run, _no_process(error))
                continue
            if not self._run(job, run, worker):
                worker.close()
                worker = None
            idle = time.monotonic()
        if worker is not None:
            worker.close()

    def _claimed(self, run: str) -> Job | None:
        try:
            return claim_job(self.store, run)
        except Refused:
            # the store does not answer: it is asked again. Did it hear the claim, it hears of the
            # run no more, and lets the job wait again
            return None
        except Exception as error:
            _tell_fault(error)
            return None

    def _run(self, job: Job, run: str, worker: WorkerProcess) -> bool:
        """Run a job; tell whether the process can do another."""
        try:
            with self._lock:
                # whoever stops ends the processes that are named here, and no later one
                if self.stopping:
                    return worker.alive
                self._running[run] = (job.id, worker)
            is_sound = JobRun(self.store, run, self.work, self._stopping, self.memory).run(
                job, worker
            )
            return is_sound and worker.alive
        except Exception as error:  # a fault of ours ends the job, not the queue
            name = type(error).__name__
            fault = Problem("fault", f"a fault of ours ({name})", "job", "please report it")
            self._end_failed(job, run, fault)
            return False
        finally:
            with self._lock:
                self._running.pop(run, None)
            if self.stopping:
                self._release(run)

    def _end_failed(self, job: Job, run: str, problem: Problem) -> None:
        """Say that a job failed; a server that stops leaves it to the next."""
        if self.stopping:
            self._release(run)
            return
        with suppress(Refused):
            end_job(self.store, job.id, "failed", (problem,), run)

    def _release(self, run: str) -> None:
        with suppress(Refused):
            release_jobs(self.store, run)

    def _keep(self) -> None:
        """Say that the server lives, take up what others left, end what is not wanted any more."""
        last_beat = last_sweep = float("-inf")
        while not self._stopping.wait(LOOK if self._running else BEAT):
            now = time.monotonic()
            try:
                self._end_unwanted()
                if now - last_beat >= BEAT:
                    self._beat()
                    last_beat = now
                if self._keep_days and now - last_sweep >= SWEEP:
                    last_sweep = now
                    forget_old(self.store, moment(86_400.0 * self._keep_days))
            except Refused:
                pass  # the store does not answer
            except Exception as error:  # whatever it is, the next heartbeat comes
                _tell_fault(error)

    def _beat(self) -> None:
        """Say of every run that it goes on, and of no other; then take up those that are silent."""
        with self._lock:
            here = tuple(self._running)
        for run in here:
            beat(self.store, run)
        again, _ = recover_jobs(self.store, moment(STALE))
        if again:
            self._tell_news()

    def _end_unwanted(self) -> None:
        """Kill what was cancelled or deleted elsewhere, or taken up by another run."""
        with self._lock:
            here = tuple(self._running.items())
        for run, (job_id, worker) in here:
            if job_id not in running_at(self.store, run):
                with self._lock:
                    if run in self._running:
                        worker.kill()


def _tell_fault(error: Exception) -> None:
    # its text may hold data
    print(f"cartwheel: fault in the queue: {type(error).__name__}", file=sys.stderr, flush=True)


def _no_process(error: OSError) -> Problem:
    return Problem(
        "no_process",
        f"no process could be started for this job ({error.strerror or type(error).__name__})",
        "job",
        "end other programs of this machine, and ask for it again",
    )
