"""A question on a kept result, answered at once by a process of its own, as jobs are."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import Request

from cartwheel.errors import FileRefused, Problem, refuse
from cartwheel.serve.api.bodies import MIB
from cartwheel.serve.jobs.process import WorkerProcess
from cartwheel.serve.jobs.readings import ANSWER
from cartwheel.serve.jobs.worker import INPUTS, OUTPUTS
from cartwheel.serve.services import services
from cartwheel.store.kept_files import KeptFile, content_of

LARGEST_RESULT = 64 * MIB
# processes at the same time; seconds that one may take
_AT_ONCE, _LONGEST = 2, 60.0
_TURN = threading.BoundedSemaphore(_AT_ONCE)


def read_kept(request: Request, kept: KeptFile, what: str, **words: str | bool) -> bytes:
    """Let a process read a result.

    Parameters
    ----------
    request : Request
        Of the call.
    kept : KeptFile
        Of the person who asks.
    what : str
        ``places``, ``trace`` or ``referee``.
    **words
        As of `cartwheel.serve.jobs.readings.run_read`.

    Returns
    -------
    bytes
        JSON.

    Raises
    ------
    FileRefused
        ``upload_too_large``, ``reading_ended``, and whatever reading refuses.
    """
    if kept.size > LARGEST_RESULT:
        raise refuse(
            FileRefused,
            "upload_too_large",
            f"a result of more than {LARGEST_RESULT / MIB:g} MB is not read here",
            where=kept.name,
            mend="use the command line",
        )
    known = services(request)
    asked = {"file": kept.id, "names": {kept.id: kept.name}, "what": what, **words}
    with TemporaryDirectory(dir=known.queue.work.path) as folder:
        (Path(folder) / INPUTS).mkdir()
        with (Path(folder) / INPUTS / kept.name).open("wb") as stream:
            for piece in content_of(known.store, kept.id):
                stream.write(piece)
        told = told_at_once("read", Path(folder), asked, known.settings.worker_memory)
        if "refused" in told:
            raise FileRefused(tuple(Problem(**one) for one in told["refused"]))
        if "done" not in told:
            raise _ended(kept)
        return (Path(folder) / OUTPUTS / ANSWER).read_bytes()


def told_at_once(
    kind: str, folder: Path, asked: Mapping[str, object], memory: int
) -> dict[str, list[dict[str, str]]]:
    """Let a process do something, and wait for it; few at the same time, none for long.

    Parameters
    ----------
    kind : str
        Of a job.
    folder : Path
        Its files stand in ``in``; what it makes will stand in ``out``.
    asked : mapping
        Its request, with the names of the files.
    memory : int
        Bytes that it may take; 0 is no limit.

    Returns
    -------
    dict
        As of `WorkerProcess.do`, the last word; empty where it ended without one.
    """
    with _TURN:
        worker = WorkerProcess(memory)
        late = threading.Timer(_LONGEST, worker.kill)
        late.start()
        try:
            told = (told for told in worker.do(kind, folder, asked) if "stage" not in told)
            return next(told, {})
        finally:
            late.cancel()
            worker.close()


def _ended(kept: KeptFile) -> FileRefused:
    # why it failed stands on stderr, without a word of the file
    return FileRefused(
        Problem(
            "reading_ended",
            "the process that read this file ended before it had an answer",
            kept.name,
            "use the command line, or give the server more memory",
        )
    )
