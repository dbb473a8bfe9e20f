"""Timing what is not ours: R packages, and Python packages that may not come back."""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from timing import paced

Vector = NDArray[np.float64]
LIMIT = 45  # seconds for all calls of one peer together
MEMORY = 8 << 30  # bytes


def r_seconds(case: str, columns: dict[str, Vector], resamples: int = 0) -> float:
    """Seconds of one call of a case in ``peers.R``, on these columns."""
    command = shutil.which("Rscript")
    if command is None:
        raise LookupError("Rscript is not installed")
    with TemporaryDirectory() as folder:
        table = Path(folder, "data")
        with table.open("wb") as file:
            for column in columns.values():
                file.write(np.ascontiguousarray(column, dtype=np.float64).tobytes())
        script = Path(__file__).with_suffix(".R")
        arguments = [case, str(table), ",".join(columns), str(resamples)]
        limited = [prlimit, f"--as={MEMORY}"] if (prlimit := shutil.which("prlimit")) else []
        try:
            done = subprocess.run(
                [*limited, command, "--vanilla", str(script), *arguments],
                capture_output=True,
                text=True,
                check=False,
                timeout=LIMIT,
            )
        except subprocess.TimeoutExpired:
            raise LookupError(f"stopped after {LIMIT} s") from None
    if done.returncode:
        raise LookupError(_reason(done.stderr))
    return float(done.stdout.split()[-1])


def _reason(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    wanted = [line for line in lines if "there is no package" in line or "cannot allocate" in line]
    noise = ("Timing stopped", "Calls:", "Execution halted")
    return (wanted or [line for line in lines if not line.startswith(noise)] or ["it failed"])[-1]


def peer_seconds(work: Callable[[], Callable[[], object]]) -> float:
    """Seconds of one call of a Python peer, in a process that may be stopped.

    ``work`` imports and prepares, and gives back what is to be timed.
    """
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_report, args=(work, there), daemon=True)
    process.start()
    there.close()
    found: object = f"stopped after {LIMIT} s"
    try:
        # None says that it is prepared, and has compiled what it compiles
        if here.poll(2 * LIMIT) and (said := here.recv()) is not None:
            found = said
        elif here.poll(LIMIT):
            found = here.recv()
    except EOFError:
        found = "its process died"
    process.kill()
    process.join()
    if isinstance(found, float):
        return found
    raise LookupError(str(found))


def _report(work: Callable[[], Callable[[], object]], there: Connection) -> None:
    import resource  # noqa: PLC0415 - not on Windows, where peers that need it are not available

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))
    try:
        timed = work()
        there.send(None)
        there.send(paced(timed))
    except Exception as error:  # whatever a peer raises is its line in the table
        there.send(f"{type(error).__name__}: {error}".splitlines()[0])
    there.close()
