"""What the numbers mean, in plain sentences: limits, costs and assumptions, none softened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cartwheel.clinic.guard import began_text
from cartwheel.development.account.honesty import measure_named
from cartwheel.development.account.imputation import imputation_notes
from cartwheel.development.cohort.assembly import Assembled
from cartwheel.development.model.target import Target
from cartwheel.development.planning.plan import Plan
from cartwheel.development.result import (
    Cutoff,
    Imputation,
    Measure,
    Note,
    Performance,
    SampleSize,
)

FEW_EVENTS = 10
EVENTS_PER_PARAMETER = 10.0


@dataclass(frozen=True, slots=True)
class Findings:
    """What the notes are written from.

    Parameters
    ----------
    plan : Plan
        What was done.
    assembled : Assembled
        Who was analysed.
    target : Target
        The outcome.
    size : SampleSize
        What the events can carry.
    cutoffs : tuple of Cutoff
        Every cut-off.
    score, uncut : Performance
        Of the score, and of the same predictors neither cut nor rounded.
    horizon_assumed, groups_assumed : bool
        True where the plan did not declare them.
    not_tested : tuple of str
        Columns that could not be held against the score.
    not_fitted : tuple of str
        What could not be fitted for the regression tables.
    separating : tuple of str
        Labels of predictors that tell events from the others without a mistake.
    wrong_way : tuple of str
        Labels of predictors whose points fall towards the end that the plan calls adverse.
    imputation : Imputation or None
        What was imputed; None where patients with missing predictors were left out.
    """

    plan: Plan
    assembled: Assembled
    target: Target
    size: SampleSize
    cutoffs: tuple[Cutoff, ...]
    score: Performance
    uncut: Performance
    horizon_assumed: bool
    groups_assumed: bool
    not_tested: tuple[str, ...]
    not_fitted: tuple[str, ...]
    separating: tuple[str, ...]
    wrong_way: tuple[str, ...]
    imputation: Imputation | None = None


def sample_size(target: Target, parameters: int, shrinkage: float | None) -> SampleSize:
    """Say what this many events can carry.

    Parameters
    ----------
    target : Target
        The outcome.
    parameters : int
        Candidate parameters: every coefficient that was tried, and one more for each searched
        cut-off.
    shrinkage : float or None
        Expected shrinkage of the uncut model.

    Returns
    -------
    SampleSize
        The limiting number is the smaller of events and non-events (binary), or the events.
    """
    events = int(target.event.sum())
    limiting = events if "c_index" in target.measures else min(events, target.n - events)
    per = limiting / parameters
    counted = "events" if limiting == events else "patients without the event"
    return SampleSize(
        target.n,
        events,
        parameters,
        per,
        shrinkage,
        _size_verdict(limiting, parameters, per, counted),
    )


def _size_verdict(limiting: int, parameters: int, per: float, counted: str) -> str:
    carries = max(int(limiting // EVENTS_PER_PARAMETER), 1)
    ending = "s" if parameters > 1 else ""
    start = f"{limiting} {counted} for {parameters} candidate parameter{ending}: {per:.1f} each. "
    if limiting < FEW_EVENTS:
        return start + (
            f"With fewer than {FEW_EVENTS} {counted} nothing can be developed reliably: a cut-off, "
            "a coefficient or an AUC from these data says little about the next patients. Treat "
            "every number here as a description of these patients."
        )
    if per < EVENTS_PER_PARAMETER:
        return start + (
            "Ten or more for each are needed before coefficients settle. These data can carry "
            f"about {carries} parameter{'s' if carries > 1 else ''} decided before looking."
        )
    return (
        start + "That is enough for coefficients to settle, though not proof that they are right."
    )


def notes(found: Findings) -> tuple[Note, ...]:
    """Write every note that applies, cautions first.

    Parameters
    ----------
    found : Findings
        Everything that was found.

    Returns
    -------
    tuple of Note
        Cautions, then assumptions, then information.
    """
    written = [
        *_honesty(found),
        *_events(found),
        *_missing(found),
        *_cuts(found),
        *_dichotomising(found),
        *_resampling(found),
        *_time(found),
        *_assumptions(found),
        *_reading(found),
    ]
    rank = {"caution": 0, "assumption": 1, "information": 2}
    return tuple(sorted(written, key=lambda note: rank[note.severity]))


def _first(found: Performance) -> Measure:
    return found.measures[0]


def _honesty(found: Findings) -> Iterator[Note]:
    main = _first(found.score)
    if main.corrected.value is None:
        yield Note(
            "no_correction",
            "caution",
            f"The {main.label} of {_three(main.apparent.value)} is apparent: the score was "
            "judged on "
            "the patients it was made from, and nothing was resampled. Run it again with "
            "--bootstrap 1000 before showing it to anyone.",
        )
        return
    low = main.corrected.low
    if low is not None and low <= 0.5:
        yield Note(
            "chance",
            "caution",
            f"The corrected {main.label} is {_three(main.corrected.value)} with an interval from "
            f"{_three(low)} to {_three(main.corrected.high)}: chance alone (0.5) is inside it. "
            "These "
            "data do not show that the score tells patients apart.",
        )
    slope = measure_named(found.score, "calibration_slope")
    if slope.corrected.value is not None and slope.corrected.value < 0.8:
        yield Note(
            "overfitted",
            "caution",
            f"The corrected calibration slope is {slope.corrected.value:.2f}: in new patients high "
            "risks will be predicted too high and low risks too low. Predicted risks should be "
            "shrunk before use.",
        )


def _three(value: float | None) -> str:
    return "not estimable" if value is None else f"{value:.3f}"


def _events(found: Findings) -> Iterator[Note]:
    size = found.size
    if size.events < FEW_EVENTS or size.events_per_parameter < EVENTS_PER_PARAMETER:
        yield Note("few_events", "caution", size.verdict)
    if size.expected_shrinkage is not None and size.expected_shrinkage < 0.9:
        value = size.expected_shrinkage
        said = f"{value:.2f}" if value > 0 else "below zero"
        yield Note(
            "shrinkage",
            "caution",
            f"By the heuristic of van Houwelingen and le Cessie the expected shrinkage of the "
            "model "
            f"of all candidates is {said}; 0.9 or more is wanted.",
        )
    if found.separating:
        yield Note(
            "separation",
            "caution",
            "In these patients this tells events from the others without a mistake: "
            + "; ".join(found.separating)
            + ". Maximum likelihood then has no answer, and the coefficients shown are Firth's. So "
            "clean a cut is more often chance, or the outcome in disguise, than a discovery.",
        )
    if found.wrong_way:
        yield Note(
            "wrong_way",
            "caution",
            "The plan says which end is adverse, and the regression gives its points to the other: "
            + "; ".join(found.wrong_way)
            + ". That is what overfitting, or a predictor that stands in for another, looks like.",
        )
    if found.not_fitted:
        yield Note(
            "not_fitted",
            "caution",
            "Alone these could not be fitted and are left out of the "
            "univariable table: " + ", ".join(found.not_fitted) + ".",
        )


def _missing(found: Findings) -> Iterator[Note]:
    if found.imputation is not None:
        yield from imputation_notes(found.imputation, _first(found.score))
        return
    assembled = found.assembled
    eligible, analysed = int(assembled.eligible.sum()), int(assembled.analysed.sum())
    if eligible == analysed:
        return
    lost = eligible - analysed
    events = int(
        assembled.event[assembled.eligible].sum() - assembled.event[assembled.analysed].sum()
    )
    counts = []
    for item in found.plan.predictors:
        gone = int(np.isnan(assembled.columns[item.column].values[assembled.eligible]).sum())
        if gone:
            counts.append((gone, assembled.columns[item.column].label))
    listed = "; ".join(f"{label}: {gone}" for gone, label in sorted(counts, reverse=True))
    yield Note(
        "complete_case",
        "caution",
        f"Complete cases only: {lost} of {eligible} patients ({100 * lost / eligible:.0f} %), "
        f"{events} of them with the event, were left out because a predictor is missing "
        f"({listed}). "
        "If values are missing for a reason, every number here is biased.",
    )


def _cuts(found: Findings) -> Iterator[Note]:
    for cutoff in found.cutoffs:
        if cutoff.wander is not None and cutoff.wander.low is not None:
            yield Note(
                "wander",
                "information",
                f"{cutoff.label}: the cut-off {cutoff.cut:.4g} lies anywhere from "
                f"{cutoff.wander.low:.4g} to {cutoff.wander.high:.4g} when the search is repeated.",
            )
        naive, adjusted = cutoff.p_naive, cutoff.p_adjusted
        if naive is not None and adjusted is not None and naive < 0.05 <= adjusted:
            yield Note(
                "search_p",
                "caution",
                f"{cutoff.label}: p = {_p(naive)} as if the cut-off had been fixed beforehand, but "
                f"p = {_p(adjusted)} once the search is paid for. The cut-off is not evidence.",
            )


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def _dichotomising(found: Findings) -> Iterator[Note]:
    ours, theirs = _first(found.score), _first(found.uncut)
    if ours.corrected.value is None or theirs.corrected.value is None:
        return
    difference = theirs.corrected.value - ours.corrected.value
    index = found.plan.method == "index"
    what = "Cutting the markers" if index else "Ranges and rounding"
    verb = ("loses" if index else "lose") if difference > 0 else ("gains" if index else "gain")
    yield Note(
        "dichotomising",
        "caution" if difference > 0.02 else "information",
        f"{what} {verb} {abs(difference):.3f} of corrected {ours.label}: the score has "
        f"{_three(ours.corrected.value)}, the same predictors uncut "
        f"{_three(theirs.corrected.value)}.",
    )


def _resampling(found: Findings) -> Iterator[Note]:
    for run in (found.score, found.uncut):
        if run.failed:
            share = 100 * run.failed / run.resamples
            yield Note(
                "failed_resamples",
                "caution" if share >= 5 else "information",
                f"{run.model}: in {run.failed} of {run.resamples} resamples ({share:.1f} %) it "
                "could "
                "not be developed; they are left out of the corrected numbers, which are then too "
                "kind.",
            )


def _time(found: Findings) -> Iterator[Note]:
    report = found.assembled.guard
    if not report.checked and found.plan.outcome.kind == "binary":
        yield Note("not_guarded", "caution", report.text)
    elif report.unchecked:
        yield Note("unchecked_days", "caution", report.text)
    if report.landmark_day is not None:
        yield Note(
            "landmark",
            "caution",
            f"Only patients event-free after day {report.landmark_day:g} are analysed: "
            f"{report.cost_patients} patients, {report.cost_events} of them with the event, were "
            "left out, and the score says nothing about them.",
        )
        began = found.assembled.began_without_event
        if began:
            text = began_text(began, report.landmark_day)
            yield Note("onset_without_event", "caution", text)


def _assumptions(found: Findings) -> Iterator[Note]:
    plan = found.plan
    if found.horizon_assumed:
        yield Note(
            "horizon",
            "assumption",
            "No horizon was declared. Risk is read at the median of "
            "the event times; declare one (--horizon) for a score that is to be used.",
        )
    if found.groups_assumed:
        yield Note(
            "groups",
            "assumption",
            "No groups were declared. Low is no point, high is every "
            "point, intermediate what lies between; that is an assumption.",
        )
    words = found.assembled.read_as_no
    if words:
        yield Note(
            "read_as_no",
            "assumption",
            f"In '{plan.outcome.event}' the declared event value "
            "counts as the event; read as no event: " + ", ".join(words) + ".",
        )
    unsaid = [
        item.label
        for item in (found.assembled.columns[p.column] for p in plan.predictors)
        if item.variable is None
    ]
    if unsaid:
        yield Note(
            "not_in_dictionary",
            "assumption",
            "Not in the variable dictionary, so taken as "
            "written with no check of unit or range: " + ", ".join(unsaid) + ".",
        )


def _reading(found: Findings) -> Iterator[Note]:
    if found.plan.simulated:
        yield Note("simulated", "caution", "These are simulated data, not patients.")
    for item in found.plan.predictors:
        column = found.assembled.columns[item.column]
        if column.rule:
            yield Note("column_rule", "information", f"{column.label}: {column.rule}")
    if found.not_tested:
        yield Note(
            "not_tested",
            "information",
            "Could not be held against the score: " + ", ".join(found.not_tested) + ".",
        )


def question(plan: Plan, labels: Sequence[str]) -> str:
    """Say what was asked, in one sentence.

    Parameters
    ----------
    plan : Plan
        Names the outcome.
    labels : sequence of str
        Reader's names of the predictors, at least one.

    Returns
    -------
    str
        With a question mark.
    """
    outcome = plan.outcome.label or plan.outcome.event
    listed = ", ".join(labels[:-1]) + (" and " if len(labels) > 1 else "") + labels[-1]
    verb = "predict" if len(labels) > 1 else "predicts"
    return (
        f"Do {listed} {verb} {outcome}?" if len(labels) > 1 else f"Does {listed} predict {outcome}?"
    )
