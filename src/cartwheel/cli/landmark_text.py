"""What a landmark prediction found, on one screen: corrected beside apparent, cautions in full."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping

from cartwheel.estimate import Estimate
from cartwheel.landmarking.result import (
    LandmarkAccount,
    LandmarkChange,
    LandmarkPerformance,
    LandmarkResult,
    ModelTable,
)
from cartwheel.landmarking.telling import MODELS
from cartwheel.provenance import SIMULATED

WIDTH = 80
SHOWN = ("auc", "c_index", "brier", "scaled_brier")


def print_landmarks(result: LandmarkResult, outputs: Mapping[str, str | None]) -> None:
    """Print the summary to stdout, or to stderr where stdout carries a file.

    Parameters
    ----------
    result : LandmarkResult
        What was found.
    outputs : mapping of str to str or None
        The files that were written.
    """
    stream = sys.stderr if "-" in outputs.values() else sys.stdout
    print("\n".join([*landmark_lines(result), *_files(outputs)]), file=stream)


def landmark_lines(result: LandmarkResult) -> Iterator[str]:
    """Write the summary, line by line, none wider than 80 columns.

    Parameters
    ----------
    result : LandmarkResult
        What was found.

    Yields
    ------
    str
        Without line ends.
    """
    if result.simulated:
        yield from (SIMULATED, "")
    yield from _wrapped(result.title)
    outcome = result.outcome
    window = "whenever it comes"
    if outcome.window_days is not None:
        window = f"within {outcome.window_days:g} days of the landmark"
    yield from _wrapped(
        f"{outcome.patients} patients, {outcome.events} with the event; predicted {window}"
    )
    if outcome.competing_events is not None:
        yield from _wrapped(
            f"{outcome.competing_events} patients with a competing event leave on its day"
        )
    yield ""
    yield f"{'landmark':>8}{'free of it':>13}{'events left':>13}{'no value':>10}{'analysed':>10}"
    for row in result.landmarks:
        yield from _landmark(row)
    for model in dict.fromkeys(row.model for row in result.performance):
        yield ""
        yield from _performances(model, result)
    if result.changes:
        yield ""
        yield f"{'change of the AUC':30}{'apparent':>25}{'corrected':>25}"
        for change in result.changes:
            yield _change(change)
    for table in (result.super_model,):
        yield from _table(table)
    yield ""
    yield from _wrapped(result.verdict, "")
    yield ""
    for note in result.notes:
        sign = "!" if note.severity == "caution" else "-"
        yield from _wrapped(f"{sign} {note.text}", "  ")


def _landmark(row: LandmarkAccount) -> Iterator[str]:
    yield (
        f"{f'day {row.day:g}':>8}{row.eligible:>13}{row.events_left:>13}{row.missing:>10}"
        f"{f'{row.analysed} ({row.events})':>10}"
    )
    if row.reason:
        yield from _wrapped(f"         not estimable: {row.reason}", " " * 11)


def _performances(model: str, result: LandmarkResult) -> Iterator[str]:
    rows = [row for row in result.performance if row.model == model]
    heading = MODELS[model]
    yield f"{heading:30}{'apparent':>25}{'corrected':>25}"
    for row in rows:
        yield from _performance(row)


def _performance(row: LandmarkPerformance) -> Iterator[str]:
    counts = f"day {row.day:g} ({row.patients}, {row.events} events)"
    if not row.measures:
        yield f"{counts}: {row.reason}"
        return
    yield counts
    for measure in row.measures:
        yield f"  {measure.label:28}{_text(measure.apparent):>25}{_text(measure.corrected):>25}"
    if row.null_brier is not None:
        yield f"  {'Brier, same risk for all':28}{f'{row.null_brier:.3f}':>25}"


def _change(change: LandmarkChange) -> str:
    days = f"day {change.from_day:g} to {change.to_day:g}, {change.model}"
    if change.same_patients:
        days += f", same {change.patients}"
    measure = change.change
    return f"{days[:30]:30}{_text(measure.apparent):>25}{_text(measure.corrected):>25}"


def _table(table: ModelTable) -> Iterator[str]:
    if not table.coefficients:
        return
    yield ""
    counts = f"{table.patients} patients, {table.rows} rows, {table.events} events"
    yield from _wrapped(f"Model over {table.label} ({counts}): {table.method}")
    yield f"  {'':52}{table.measure:>22}"
    for row in table.coefficients:
        name = f"{row.term}, {row.unit}"
        lines = textwrap.wrap(name, 50)
        yield f"  {lines[0]:52}{_text(row.ratio, 2):>22}"
        yield from (f"    {line}" for line in lines[1:])


def _text(estimate: Estimate, digits: int = 3) -> str:
    if estimate.value is None:
        return "not estimated"
    text = f"{estimate.value:.{digits}f}"
    if estimate.low is not None and estimate.high is not None:
        text += f" ({estimate.low:.{digits}f}, {estimate.high:.{digits}f})"
    return text


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent) or [""]


def _files(outputs: Mapping[str, str | None]) -> Iterator[str]:
    words = {"json": "result", "save_model": "model", "figure": "figure", "report": "report"}
    named = [(word, outputs.get(key)) for key, word in words.items()]
    written = [(word, name) for word, name in named if name and name != "-"]
    yield ""
    if not written and "-" not in outputs.values():
        yield "Nothing was saved. Add --json result.json --save-model model.json"
    for word, name in written:
        yield f"{word}: {name}"
    yield "Research and education; not a medical device."
