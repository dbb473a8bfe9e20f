"""What a validation found, on one screen: every score with its doubts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from cartwheel.estimate import Estimate
from cartwheel.validation.account.said import verdict
from cartwheel.validation.result import Comparison, Decision, ImputedValidation, Validation
from cartwheel.validation.result_groups import Centres, GroupRow, Subgroup
from cartwheel.validation.result_score import BandRow, Measure, ScoreResult
from cartwheel.validation.result_update import Update

WIDTH = 80
_LABEL = 34
_SHOWN = {
    "auc", "harrell_c", "auc_at_horizon", "observed_expected", "calibration_slope", "ici",
    "brier", "scaled_brier", "calibration_in_the_large", "uno_c",
}  # fmt: skip


def validation_lines(result: Validation) -> Iterator[str]:
    """Write the summary, line by line, at 80 columns.

    Parameters
    ----------
    result : Validation
        What was found.

    Yields
    ------
    str
    """
    if result.simulated:
        yield "SIMULATED DATA: not real patients"
        yield ""
    yield from _wrapped(result.title)
    yield from _wrapped(result.question)
    yield from _wrapped(_patients(result))
    yield from _notes(note.text for note in result.notes if note.severity == "caution")
    for score in result.scores:
        yield ""
        yield from _score(score, result)
    yield from _comparisons(result.comparisons)
    yield from _decision(result.decision)
    for subgroup in result.subgroups:
        yield from _subgroup(subgroup)
    if result.centres is not None:
        yield from _centres(result.centres)
    if result.imputation is not None:
        yield from _imputation(result.imputation)
    for update in result.updates:
        yield from _update(update)
    for size in result.sizes:
        yield ""
        yield from _wrapped(f"{size.score}: {size.verdict}")


def _patients(result: Validation) -> str:
    outcome = result.outcome
    at = "" if outcome.horizon is None else f"; risk at {outcome.horizon:.4g} {outcome.time_unit}"
    others = (
        ""
        if result.competing_events is None
        else f", {result.competing_events} with a competing event"
    )
    lost = sum(step.excluded for step in result.flow)
    left = f" ({lost} of {result.flow[0].patients} left out)" if lost else ""
    return (
        f"{outcome.patients} patients analysed{left}, {outcome.events} with the event{others}{at}"
    )


def _score(score: ScoreResult, result: Validation) -> Iterator[str]:
    yield from _wrapped(f"{score.name} ({score.id} {score.version})")
    yield from _wrapped(verdict(score, result.outcome), "  ")
    yield from _wrapped(score.outcome_said, "  ")
    for measure in (*score.discrimination, *score.calibration, *score.overall):
        if measure.name in _SHOWN:
            yield from _measure(measure)
    for figure in score.published:
        yield from _row(f"published {figure.measure}, {figure.name}", figure.published)
    if score.bands:
        yield from _bands(score.bands)
    yield from _notes(note.text for note in score.notes if note.severity == "caution")


def _measure(measure: Measure) -> Iterator[str]:
    if measure.estimate.value is None:
        said = f"{measure.label}: not estimated ({measure.estimate.method})"
        yield from _wrapped(said, "    ", "  ")
        return
    yield from _row(measure.label, measure.estimate)


def _row(label: str, estimate: Estimate) -> Iterator[str]:
    if len(label) < _LABEL:
        yield f"  {label:{_LABEL}}{_text(estimate):>24}"
        return
    *before, last = textwrap.wrap(label, WIDTH - 28) or [""]
    yield from (f"  {line}" for line in before)
    if len(last) < _LABEL:
        yield f"    {last:{_LABEL - 2}}{_text(estimate):>24}"
    else:
        yield f"  {last}"
        yield f"  {'':{_LABEL}}{_text(estimate):>24}"


def _text(estimate: Estimate | None) -> str:
    if estimate is None or estimate.value is None:
        return "not estimated"
    text = f"{estimate.value:.3f}"
    if estimate.low is not None and estimate.high is not None:
        text += f" ({estimate.low:.3f}, {estimate.high:.3f})"
    return text


def _bands(rows: Sequence[BandRow]) -> Iterator[str]:
    yield f"  {'band':20}{'patients':>9}{'events':>8}{'observed risk':>22}{'published':>11}"
    for row in rows:
        published = row.predicted if row.published is None else row.published.value
        said = "" if published is None else f"{published:.3f}"
        yield (
            f"  {row.band[:19]:20}{row.patients:>9}{row.events:>8}{_text(row.observed):>22}"
            f"{said:>11}"
        )


def _comparisons(rows: Sequence[Comparison]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield "The scores on the same patients (first minus second)"
    for row in rows:
        p = "" if row.p_value is None else f"  p {_p(row.p_value)}"
        label = f"{row.first} - {row.second}, {row.label}"
        yield from _wrapped(f"{label}: {_text(row.difference)}{p}", "    ", "  ")


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _decision(decision: Decision | None) -> Iterator[str]:
    if decision is None:
        return
    yield ""
    yield from _wrapped(f"Net benefit at thresholds from {decision.low:.2f} to {decision.high:.2f}")
    places = sorted({0, len(decision.thresholds) // 2, len(decision.thresholds) - 1})
    head = "".join(f"{f'at {decision.thresholds[place]:.2f}':>13}" for place in places)
    yield f"  {'':{_LABEL}}{head}"
    for curve in decision.curves:
        cells = [curve.net_benefit[place] for place in places]
        told = "".join(f"{'-' if cell is None else f'{cell:.3f}':>13}" for cell in cells)
        yield f"  {curve.name[: _LABEL - 1]:{_LABEL}}{told}"
    if decision.left_out:
        yield from _wrapped("without a risk: " + ", ".join(decision.left_out), "  ", "  ")


def _group(row: GroupRow) -> Iterator[str]:
    yield from _wrapped(f"{row.group}: {row.patients} patients, {row.events} events", "    ", "  ")
    if row.withheld:
        yield from _wrapped(row.withheld, "    ", "    ")
    for score in row.scores:
        told = "; ".join(f"{measure.label} {_text(measure.estimate)}" for measure in score.measures)
        yield from _wrapped(f"{score.score}: {told}", "      ", "    ")


def _subgroup(subgroup: Subgroup) -> Iterator[str]:
    yield ""
    yield from _wrapped(f"By {subgroup.label}")
    for row in subgroup.rows:
        yield from _group(row)
    for test in subgroup.interactions:
        yield from _wrapped(f"{test.score}, {test.test}: p {_p(test.p_value)}", "    ", "  ")


def _centres(centres: Centres) -> Iterator[str]:
    yield ""
    yield from _wrapped(f"By centre ({centres.column})")
    for row in centres.rows:
        yield from _group(row)
    for each in centres.heterogeneity:
        between = (
            "no prediction interval"
            if each.prediction_low is None or each.prediction_high is None
            else f"next centre {each.prediction_low:.3f} to {each.prediction_high:.3f}"
        )
        yield from _wrapped(
            f"{each.score}, {each.label}, {each.k} centres: {_text(each.pooled)}; {between}; I2 "
            f"{each.i2:.0f} %",
            "    ",
            "  ",
        )


def _imputation(filled: ImputedValidation) -> Iterator[str]:
    yield ""
    yield from _wrapped(filled.text)
    yield f"  {'':{_LABEL - 8}}{'complete':>24}{'imputed':>26}"
    for row in filled.measures:
        chance = f"Monte-Carlo error {row.monte_carlo_error:.2g}"
        yield from _wrapped(f"{row.score}, {row.label} ({chance})", "    ", "  ")
        yield f"  {'':{_LABEL - 8}}{_text(row.complete):>24}{_text(row.imputed):>26}"


def _update(update: Update) -> Iterator[str]:
    yield ""
    yield from _wrapped(f"Updating {update.score}")
    yield from _wrapped(update.text, "  ", "  ")
    yield f"  {'':{_LABEL - 8}}{'apparent':>24}{'corrected':>26}"
    for rung in update.rungs:
        mark = " (chosen)" if rung.name == update.chosen else ""
        yield f"  {rung.name}{mark}"
        if not rung.measures:
            yield from _wrapped(rung.text, "    ", "    ")
        for measure in rung.measures[:1]:
            label = measure.label[: _LABEL - 12]
            yield (
                f"    {label:{_LABEL - 10}}{_text(measure.apparent):>24}"
                f"{_text(measure.corrected):>26}"
            )


def _notes(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from _wrapped(f"! {text}", "  ")


def _wrapped(text: str, after: str = "", before: str = "") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=before, subsequent_indent=after, break_on_hyphens=False
    ) or [""]
