"""The process that does a job: what people upload is read here, and nowhere else.

It hears of its jobs in lines of JSON on stdin and answers in lines of JSON on stdout. Nothing is
unpickled on either side: whatever a hostile file makes of this process, the server only reads
words from it. When stdin ends the server has gone, and so does the process, in the middle of a
job too.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from typing import Any

from cartwheel.errors import Problem, Refused
from cartwheel.serve.jobs.kinds import Output, run_of

INPUTS, OUTPUTS = "in", "out"
MIB = 1 << 20
# progress is told no more often than this, in seconds
_PAUSE = 0.1
_FULL = (ENOSPC, EDQUOT, EFBIG)

Tell = Callable[[Mapping[str, Any]], None]


def main(memory: int) -> None:
    """Do one job after the other, until stdin ends.

    Parameters
    ----------
    memory : int
        Bytes that this process may take; 0 is no limit.
    """
    tell = _mouth()
    limit(memory)
    warnings.simplefilter("ignore")
    home = Path.cwd()
    for order in iter(_orders().get, None):
        os.chdir(Path(order["folder"]) / INPUTS)
        try:
            told = _done(order, tell, memory)
        finally:
            os.chdir(home)
        tell(told)
        if told.get("last"):
            return
        gc.collect()


def limit(memory: int) -> None:
    """Limit the memory of this process, and let others go first.

    Parameters
    ----------
    memory : int
        Bytes; 0 is no limit. Kept where the system can (not on Windows, nor on macOS).
    """
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    with suppress(OSError):
        os.nice(5)
    # where memory runs out, this process goes, and neither the server nor the database
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _mouth() -> Tell:
    """Keep stdout for answers: what a library prints goes nowhere."""
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    stream = os.fdopen(kept, "w", encoding="utf-8", newline="\n")
    lock = threading.Lock()

    def tell(thing: Mapping[str, Any]) -> None:
        line = json.dumps(thing, ensure_ascii=True)
        with lock:
            stream.write(line + "\n")
            stream.flush()

    return tell


def _orders() -> queue.SimpleQueue[dict[str, Any] | None]:
    """Hear in a thread of its own, so that the end of the server is noticed in mid-job."""
    heard: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin.buffer:
            heard.put(json.loads(line))
        os._exit(1)

    threading.Thread(target=listen, daemon=True).start()
    return heard


def _done(order: Mapping[str, Any], tell: Tell, memory: int) -> dict[str, Any]:
    """Do a job, and tell how it ended."""
    try:
        outputs = run_of(order["kind"])(Path(), order["request"], _Progress(tell))
        return {"done": [_written(Path("..", OUTPUTS), output) for output in outputs]}
    except Refused as refused:
        return {"refused": [asdict(problem) for problem in refused.problems]}
    except MemoryError:
        # whatever is left of the job would stand in the way of the next
        return {"failed": asdict(out_of_memory(memory)), "last": True}
    except OSError as error:
        if error.errno in _FULL:
            return {"failed": asdict(_disk_full())}
        return {"failed": asdict(_fault(order["kind"], error))}
    except Exception as error:  # the job fails, the process goes on
        return {"failed": asdict(_fault(order["kind"], error))}


def _written(folder: Path, output: Output) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    (folder / output.name).write_bytes(output.content)
    return {"name": output.name, "media_type": output.media_type}


def out_of_memory(memory: int) -> Problem:
    """Say that a job needed more memory than it may take.

    Parameters
    ----------
    memory : int
        Bytes that it may take; 0 where there is no limit.

    Returns
    -------
    Problem
        ``out_of_memory``.
    """
    most = f"the {memory // MIB} MB that a job may take" if memory else "this machine has"
    return Problem(
        "out_of_memory",
        f"the job needed more memory than {most}",
        "job",
        "take a smaller file or fewer resamples, or start the server with a larger --worker-memory",
    )


def _disk_full() -> Problem:
    return Problem(
        "disk_full", "there is no room left on the disk of the server", "job", "free space"
    )


def _fault(kind: str, error: Exception) -> Problem:
    """Tell a fault of ours by its kind and place: its text may hold what a patient's row says."""
    frames = traceback.extract_tb(error.__traceback__)
    place = " < ".join(
        f"{Path(step.filename).name}:{step.lineno}" for step in reversed(frames[-6:])
    )
    name = type(error).__name__
    print(f"cartwheel: fault in a job ({kind}): {name} at {place}", file=sys.stderr, flush=True)
    last = frames[-1] if frames else None
    where = f"{Path(last.filename).name}:{last.lineno}" if last else kind
    return Problem(
        "fault",
        f"a fault of ours ({name} at {where})",
        "job",
        "please report it, without patients' data",
    )


class _Progress:
    """Tells how far a job is: at once what is new, and else not too often."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._stage = ""
        self._at = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        with self._lock:
            now = time.monotonic()
            if stage == self._stage and done < total and now - self._at < _PAUSE:
                return
            self._stage, self._at = stage, now
        self._tell({"stage": stage, "done": int(done), "total": int(total)})


if __name__ == "__main__":
    main(int(sys.argv[1]))
