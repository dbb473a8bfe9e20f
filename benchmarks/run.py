"""Run the benchmarks, print the table, and keep it: ``python benchmarks/run.py [WORD ...]``.

With words, only the cases whose name holds one of them run: ``run.py cox start``.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import sys
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cox
import development
import large
import start
from timing import Comparison, duration, table

RESULTS = Path(__file__).resolve().parent / "results"
CASES = (*start.CASES, *cox.CASES, *large.CASES, *development.CASES)
PACKAGES = (
    "cartwheel",
    "numpy",
    "scipy",
    "pandas",
    "lifelines",
    "scikit-survival",
    "statsmodels",
    "firthmodels",
)


def _versions() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} absent")
    return ", ".join(found)


def _page(lines: list[Comparison], day: str) -> str:
    return "\n".join(
        (
            f"# Benchmarks, {day}",
            "",
            f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
            f"{os.cpu_count()} cores. {_versions()}.",
            "",
            "Medians of five runs (three for the largest), after one that is not counted. "
            "Ratio: how many times longer the peer takes. Resampling: cartwheel on two threads, "
            "peers as they are.",
            "",
            table(lines),
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
    page = _page(lines, day)
    print(page)
    if not words:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{day}.md").write_text(page, encoding="utf-8")
        print(f"written: benchmarks/results/{day}.md")


if __name__ == "__main__":
    main()
