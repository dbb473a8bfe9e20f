"""How a case is timed and how a comparison is written down."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

REPEATS = 5
LONG = 10.0  # seconds; not repeated


@dataclass(frozen=True, slots=True)
class Comparison:
    """One line of the table: seconds, None where there is no such figure; ``note`` says why."""

    case: str
    peer: str
    ours: float | None
    theirs: float | None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times longer the peer takes."""
        if self.ours is None or self.theirs is None:
            return None
        return self.theirs / self.ours


def seconds(work: Callable[[], object], *, repeats: int = REPEATS, inner: int = 1) -> float:
    """Median wall time of one call, after one call that is not counted.

    ``inner`` calls are timed together where one alone is too short for the clock.
    """
    work()
    runs = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(inner):
            work()
        runs.append((time.perf_counter() - start) / inner)
    return statistics.median(runs)


def paced(work: Callable[[], object]) -> float:
    """Median wall time of one call, with as many calls as its length allows.

    Five runs, three from a second on, after one that is not counted; from ten seconds on that one
    is the only one. Calls too short for the clock are timed together.
    """
    start = time.perf_counter()
    work()
    first = time.perf_counter() - start
    if first >= LONG:
        return first
    start = time.perf_counter()
    work()
    second = time.perf_counter() - start  # the first may have compiled or imported something
    inner = max(1, math.ceil(0.02 / max(second, 1e-6)))
    return seconds(work, repeats=REPEATS if second < 1.0 else 3, inner=inner)


def attempt(name: str, measure: Callable[[], float]) -> tuple[float | None, str]:
    """Measure, or say in a few words why it cannot be measured here."""
    try:
        return measure(), ""
    except Exception as error:  # whatever a peer raises is its line in the table, not our end
        reason = str(error).strip().splitlines() or [type(error).__name__]
        return None, f"{name} not available: {reason[0][:90]}"


def against(
    case: str,
    ours: Callable[[], float],
    peers: Mapping[str, Callable[[], float]],
    note: str = "",
) -> list[Comparison]:
    """Time ours once and each peer beside it."""
    own, trouble = attempt("cartwheel", ours)
    lines = []
    for peer, measure in peers.items():
        theirs, why = attempt(peer, measure)
        lines.append(
            Comparison(case, peer, own, theirs, "; ".join(filter(None, (note, trouble, why))))
        )
    return lines or [Comparison(case, "-", own, None, "; ".join(filter(None, (note, trouble))))]


def duration(value: float | None) -> str:
    """Write seconds in the unit that reads best."""
    if value is None:
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-6:.3g} us"


def table(lines: list[Comparison]) -> str:
    """Write the comparisons as a table in Markdown, aligned for reading as it is."""
    head = ("case", "peer", "cartwheel", "peer takes", "ratio", "note")
    rows = [
        (
            line.case,
            line.peer,
            duration(line.ours),
            duration(line.theirs),
            "-" if line.ratio is None else f"{line.ratio:.3g}",
            line.note,
        )
        for line in lines
    ]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head) - 1)] + [4]
    written = [head, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"
        for row in written
    )
