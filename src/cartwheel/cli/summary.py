"""What a development found, on one screen: corrected beside apparent, cautions not hidden."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping

from cartwheel.cli.referee_text import referee_lines
from cartwheel.development.result import Development, DevelopmentFile, Performance
from cartwheel.estimate import Estimate

WIDTH = 88
LABEL = 24


def print_summary(document: DevelopmentFile, outputs: Mapping[str, str | None]) -> None:
    """Print the summary to stdout, or to stderr where stdout carries a file.

    Parameters
    ----------
    document : DevelopmentFile
        What was found, and what the referee says of it.
    outputs : mapping of str to str or None
        The files that were written.
    """
    stream = sys.stderr if "-" in outputs.values() else sys.stdout
    said = [] if document.referee is None else ["", *referee_lines(document.referee)]
    lines = [*summary_lines(document.result), *said, *_files(outputs)]
    print("\n".join(lines), file=stream)


def summary_lines(result: Development) -> Iterator[str]:
    """Write the summary, line by line."""
    if result.simulated:
        yield "SIMULATED DATA: not real patients"
        yield ""
    yield result.title
    yield from _wrapped(result.question)
    outcome = result.outcome
    at = f", risk at {outcome.horizon:.4g} {outcome.time_unit}" if outcome.horizon else ""
    yield f"{outcome.patients} patients analysed, {outcome.events} with the event{at}"
    filled = result.imputation
    if filled is not None and filled.imputations:
        yield f"missing predictors of {filled.patients} imputed {filled.imputations} times"
    yield ""
    rows = [
        (f"{title}{measure.label}", measure)
        for title, found in _compared(result)
        for measure in (found.measures[:1] if title else found.measures)
    ]
    width = max(LABEL, *(len(label) + 1 for label, _ in rows))
    yield f"{'':{width}}{'apparent':>24}{'corrected':>26}"
    for label, row in rows:
        yield f"{label:{width}}{_text(row.apparent):>24}{_text(row.corrected):>26}"
    yield ""
    yield from _cuts(result)
    yield from _instability(result)
    for note in result.notes:
        if note.severity == "caution":
            yield from _wrapped(f"! {note.text}", indent="  ")


def _compared(result: Development) -> Iterator[tuple[str, Performance]]:
    """The score, and what is held against it."""
    yield "", result.performance
    yield "uncut: ", result.uncut
    beside = None if result.imputation is None else result.imputation.complete_cases
    if beside is not None and beside.performance is not None:
        yield f"complete ({beside.patients}): ", beside.performance


def _text(estimate: Estimate) -> str:
    if estimate.value is None:
        return "not estimated"
    text = f"{estimate.value:.3f}"
    if estimate.low is not None and estimate.high is not None:
        text += f" ({estimate.low:.3f}, {estimate.high:.3f})"
    return text


def _cuts(result: Development) -> Iterator[str]:
    if not result.cutoffs:
        return
    for cutoff in result.cutoffs:
        line = f"{cutoff.label} {cutoff.rule} {cutoff.cut:.4g}"
        if cutoff.wander is not None and cutoff.wander.low is not None:
            line += f"   wanders from {cutoff.wander.low:.4g} to {cutoff.wander.high:.4g}"
        if cutoff.p_adjusted is not None and cutoff.p_naive is not None:
            line += f"   p {cutoff.p_naive:.3g}, after the search {cutoff.p_adjusted:.3g}"
        yield from _wrapped(line, indent="  ")
    yield ""


def _instability(result: Development) -> Iterator[str]:
    found = result.instability
    if found is None or found.mean_absolute_difference.value is None:
        return
    line = (
        "over resamples a risk moves by "
        f"{100 * found.mean_absolute_difference.value:.1f} percentage points on average"
    )
    if found.regrouped is not None and found.regrouped.value is not None:
        line += f"; {100 * found.regrouped.value:.0f} % change group"
    yield from _wrapped(line, indent="  ")
    yield ""


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent) or [""]


def _files(outputs: Mapping[str, str | None]) -> Iterator[str]:
    written = {
        "report": "report",
        "json": "result",
        "score": "score file",
        "r_script": "R script",
        "save_plan": "plan",
    }
    named = [(word, outputs.get(key)) for key, word in written.items()]
    named = [(word, name) for word, name in named if name and name != "-"]
    if not named:
        yield ""
        yield "Nothing was saved. Add --report report.html --json result.json --score score.toml"
        return
    yield ""
    for word, name in named:
        yield f"{word}: {name}"
