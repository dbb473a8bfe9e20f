"""How much memory a statistic takes beside its input, by the number of patients.

``python benchmarks/memory.py NAME N`` measures one in a process of its own (Linux only): the
highest resident memory during the call less what was resident before it.
"""

# ruff: noqa: PLC0415 - each process loads what it measures and no more

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cohorts import competing_data, survival_data

SIZES = (100_000, 1_000_000)
Work = Callable[[], object]


def _kaplan_meier(n: int) -> Work:
    from cartwheel.stats.survival import kaplan_meier, survival_times

    data = survival_data(n, 1, tied=False)
    return lambda: kaplan_meier(survival_times(data.time, data.event))


def _cox(n: int) -> Work:
    from cartwheel.stats.cox import cox_fit
    from cartwheel.stats.survival import survival_times

    data = survival_data(n, 10, tied=False)
    return lambda: cox_fit(survival_times(data.time, data.event), data.x)


def _auc(n: int) -> Work:
    from cartwheel.stats.delong import auc_delong

    data = survival_data(n, 1)
    return lambda: auc_delong(data.x[:, 0], data.event)


def _concordance(n: int) -> Work:
    from cartwheel.stats.concordance import harrell_concordance
    from cartwheel.stats.survival import survival_times

    data = survival_data(n, 1, tied=False)
    return lambda: harrell_concordance(survival_times(data.time, data.event), data.x[:, 0])


def _time_dependent(n: int) -> Work:
    from cartwheel.stats.survival import survival_times
    from cartwheel.stats.time_dependent import time_dependent_auc

    data = survival_data(n, 1, tied=False)
    horizons = [180.0, 365.0, 540.0]
    return lambda: time_dependent_auc(survival_times(data.time, data.event), data.x[:, 0], horizons)


def _fine_gray(n: int) -> Work:
    from cartwheel.stats.competing_times import competing_times
    from cartwheel.stats.fine_gray import fine_gray

    data = competing_data(n, 5)
    return lambda: fine_gray(competing_times(data.time, data.cause), data.x)


STATISTICS: dict[str, Callable[[int], Work]] = {
    "Kaplan-Meier with interval, continuous": _kaplan_meier,
    "Cox fit, Efron, p=10, continuous": _cox,
    "AUC with DeLong interval": _auc,
    "C-index with standard error, continuous": _concordance,
    "time-dependent AUC with intervals, 3 horizons, continuous": _time_dependent,
    "Fine-Gray, p=5, tied": _fine_gray,
}


def _resident(what: str) -> int:
    """Bytes now (``VmRSS``) or at most since the last reset (``VmHWM``)."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    raise LookupError(f"no {what} here")


def measured(name: str, n: int) -> int:
    """Bytes that one call takes beyond what was there, in this process."""
    prepare = STATISTICS[name]
    prepare(500)()  # loads everything and takes what is taken once
    work = prepare(n)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets VmHWM
    before = _resident("VmRSS")
    result = work()
    after = _resident("VmHWM")
    del result
    return after - before


def _bytes_per_row(name: str, n: int) -> float | None:
    # every array comes from the system and goes back to it: nothing freed is counted as resident
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(
        [sys.executable, __file__, name, str(n)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    return None if done.returncode else int(done.stdout) / n


def memory_table() -> str:
    """Bytes a row at each size, as a table in Markdown."""
    head = "| statistic | " + " | ".join(f"bytes a row, n={n:,}" for n in SIZES) + " |"
    lines = [head, "|---" * (1 + len(SIZES)) + "|"]
    for name in STATISTICS:
        found = [_bytes_per_row(name, n) for n in SIZES]
        cells = ["not available" if value is None else f"{value:.0f}" for value in found]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(measured(sys.argv[1], int(sys.argv[2])))
