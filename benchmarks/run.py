"""Run the benchmarks, print the table, and keep it: ``python benchmarks/run.py [WORD ...]``.

With words, only the cases whose name holds one of them run: ``run.py cox start memory``.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import shutil
import subprocess
import sys
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cox
import cut_offs
import development
import large
import models
import optimism
import pooling
import start
import validating
import validation
from memory import memory_table
from peers import LIMIT, MEMORY
from timing import Comparison, duration, table

RESULTS = Path(__file__).resolve().parent / "results"
ROOMS = (
    start,
    cox,
    large,
    models,
    cut_offs,
    optimism,
    development,
    pooling,
    validation,
    validating,
)
CASES = tuple(case for room in ROOMS for case in room.CASES)
PACKAGES = (
    "cartwheel",
    "numpy",
    "scipy",
    "pandas",
    "lifelines",
    "scikit-survival",
    "statsmodels",
    "scikit-learn",
    "greenwood",
    "comprisk",
    "firthmodels",
    "numba",
)
R_PACKAGES = (
    "survival",
    "rms",
    "cmprsk",
    "pROC",
    "maxstat",
    "cutpointr",
    "riskRegression",
    "timeROC",
    "logistf",
    "metafor",
)
R_VERSIONS = """
cat(paste(R.version$major, R.version$minor, sep = "."))
for (name in commandArgs(trailingOnly = TRUE)) {
  found <- tryCatch(as.character(packageVersion(name)), error = function(e) "absent")
  cat(",", name, found)
}
"""


def _versions() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} absent")
    return ", ".join(found)


def _load() -> str:
    """How busy the machine was with anything: a figure above its cores slows all alike."""
    if not hasattr(os, "getloadavg"):  # Windows
        return "Load not known"
    return "Load at the end, over 1, 5, 15 minutes: " + ", ".join(
        f"{value:.1f}" for value in os.getloadavg()
    )


def _r_versions() -> str:
    command = shutil.which("Rscript")
    if command is None:
        return "R absent"
    done = subprocess.run(
        [command, "--vanilla", "-e", R_VERSIONS, *R_PACKAGES],
        capture_output=True,
        text=True,
        check=False,
    )
    return "R " + done.stdout.strip().replace(" ,", ",")


def _page(lines: list[Comparison], memory: str, day: str) -> str:
    return "\n".join(
        (
            f"# Benchmarks, {day}",
            "",
            f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
            f"{os.cpu_count()} cores. {_versions()}. {_r_versions()}. {_load()}.",
            "",
            "Medians of five runs (three where a call takes a second or more), after one that is "
            "not counted; a call of ten seconds or more is timed once. A peer is stopped after "
            f"{LIMIT} seconds in all, or where it asks for more than {MEMORY >> 30} GB. "
            "Ratio: how many times longer the peer takes. cartwheel sorts and checks its input "
            "anew in every call. Whole developments (`points`, `index` without imputation) run on "
            "two threads, the other resampling on one; peers as they are.",
            "",
            table(lines),
            "",
            "## Memory",
            "",
            "Highest resident memory during one call less what was resident before it, divided by "
            "patients: results and working space, without the input.",
            "",
            memory,
            "",
        )
    )


def main() -> None:
    """Run what was asked for, or everything."""
    words = sys.argv[1:]
    # peers warn about separation and convergence in resamples; that is not what is measured
    warnings.simplefilter("ignore")
    lines: list[Comparison] = []
    for case in CASES:
        name = f"{case.__module__}.{case.__name__}"
        if words and not any(word in name for word in words):
            continue
        print(f"{name} ...", file=sys.stderr, flush=True)
        for line in case():
            lines.append(line)
            print(
                f"  {line.case} | {line.peer}: {duration(line.ours)} / {duration(line.theirs)}",
                file=sys.stderr,
                flush=True,
            )
    day = dt.datetime.now(tz=dt.UTC).date().isoformat()
    memory = memory_table() if not words or "memory" in words else "not measured"
    page = _page(lines, memory, day)
    print(page)
    if not words:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{day}.md").write_text(page, encoding="utf-8")
        print(f"written: benchmarks/results/{day}.md")


if __name__ == "__main__":
    main()
