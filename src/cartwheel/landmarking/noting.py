"""What the reader of a landmark prediction must see: cautions, assumptions, what was counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cartwheel.clinic.outcome import MOST_SHOWN
from cartwheel.landmarking.accounts import FEW_EVENTS
from cartwheel.landmarking.result import LandmarkPerformance
from cartwheel.landmarking.tables import EVENTS_PER_PARAMETER
from cartwheel.landmarking.telling import MODELS, Told
from cartwheel.note import Note

FEW_RESAMPLES = 0.9


def notes(told: Told) -> tuple[Note, ...]:
    """List what the reader must see.

    Parameters
    ----------
    told : Told
        What was found.

    Returns
    -------
    tuple of Note
        Cautions first, then assumptions and information.
    """
    return (
        *_event_cautions(told),
        *_competing_cautions(told),
        *_marker_cautions(told),
        *_assumptions(told),
        *_onsets(told),
        *_counts(told),
    )


def _event_cautions(told: Told) -> Iterator[Note]:
    for row in told.landmarks:
        if row.state == "not_estimable":
            text = f"day {row.day:g}: not estimable: {row.reason}"
            yield Note("landmark_not_estimable", "caution", text)
        elif row.state == "few_events":
            text = (
                f"day {row.day:g}: {row.events} events. Fewer than {FEW_EVENTS} carry no model; "
                "its numbers are shown so that nobody takes them for more"
            )
            yield Note("landmark_few_events", "caution", text)
    thin = [
        table
        for table in (*told.models, told.super_model)
        if table.coefficients and table.events_per_parameter < EVENTS_PER_PARAMETER
    ]
    if thin:
        words = ", ".join(f"{table.label} {table.events_per_parameter:.1f}" for table in thin)
        text = f"fewer than {EVENTS_PER_PARAMETER:g} events a parameter: {words}"
        yield Note("events_per_parameter", "caution", text)
    if told.super_model.reason:
        text = f"the model over all landmarks is not estimated: {told.super_model.reason}"
        yield Note("super_model_missing", "caution", text)
    for found in told.performance:
        lost = _lost(found, told.plan.resampling.bootstrap)
        if lost:
            yield Note("resamples_lost", "caution", lost)


def _competing_cautions(told: Told) -> Iterator[Note]:
    if told.cohort.survival:
        text = (
            "every patient without the event is taken as censored. Where some had another event, "
            "after which this one cannot come (another death, for one), the risks are too high; "
            "--competing-value says what then to do"
        )
        words = told.cohort.read_as_no
        if len(words) > 1:
            text = f"values read as censored: {_words(words)}. {text[0].upper()}{text[1:]}"
        yield Note("competing_censored", "caution", text)
    elif told.cohort.competing_declared:
        count = int(told.cohort.competing.sum())
        text = (
            f"{_patients(count)} had a competing event: they leave on its day and count as without "
            "the event, so a risk is that of the event where the other may come first"
        )
        yield Note("competing_events", "assumption", text)
    elif len(told.cohort.read_as_no) > 1:
        text = (
            "more than one value is read as no event; where one of them is another event, after "
            "which this one cannot come, declare it: --competing-value"
        )
        yield Note("competing_undeclared", "caution", text)


def _lost(found: LandmarkPerformance, drawn: int) -> str:
    if not found.measures or not drawn:
        return ""
    usable = min(measure.resamples for measure in found.measures)
    if usable >= FEW_RESAMPLES * drawn:
        return ""
    return (
        f"day {found.day:g}, {MODELS[found.model]}: {drawn - usable} of {drawn} resamples could "
        "not be fitted or judged, and are not in the correction"
    )


def _marker_cautions(told: Told) -> Iterator[Note]:
    for row in told.landmarks:
        soon = [
            f"{marker.analyte} in {_patients(marker.within_a_day)}"
            for marker in row.markers
            if marker.within_a_day
        ]
        if soon:
            text = (
                f"day {row.day:g}: taken within the next 24 hours, too late for this landmark: "
                f"{', '.join(soon)}. A later landmark would use them"
            )
            yield Note("taken_just_after", "caution", text)
        if row.eligible and row.missing * 2 > row.eligible:
            lacking = ", ".join(
                f"{marker.analyte} in {marker.missing} (too old in {marker.too_old})"
                for marker in row.markers
                if marker.missing
            )
            text = (
                f"day {row.day:g}: {row.missing} of {row.eligible} patients lack a recent value: "
                f"{lacking}. Those analysed need not be like them"
            )
            yield Note("mostly_missing", "caution", text)


def _words(words: Sequence[str]) -> str:
    """List values of the event column; one of many values may name patients."""
    if len(words) > MOST_SHOWN:
        return f"{len(words)} different values"
    return ", ".join(f"'{word[:20]}'" for word in words)


def _patients(count: int) -> str:
    return f"{count} patient" + "s" * (count != 1)


def _assumptions(told: Told) -> Iterator[Note]:
    plan = told.plan
    if plan.missing == "complete":
        ages = sorted({plan.max_age_of(marker) for marker in plan.markers})
        words = " or ".join(f"{age:g}" for age in ages)
        text = f"a value stands for at most {words} days after it was taken"
        yield Note("max_age", "assumption", text)
        text = "patients without a recent value of every marker are left out of that landmark"
        yield Note("complete_case", "assumption", text)
    else:
        text = "the last value of a marker stands however old it is"
        yield Note("last_value_forward", "assumption", text)
    if not told.cohort.survival:
        text = "patients without the event are taken to have been followed to the end of the window"
        yield Note("followed", "assumption", text)
    else:
        text = "last contact does not depend on the markers"
        yield Note("censoring", "assumption", text)
    text = "treatment given after a landmark is part of what is predicted"
    yield Note("treatment", "assumption", text)
    if told.between is not None and told.between.coefficients:
        text = (
            "between landmarks the saved model answers with one baseline hazard and the landmark "
            "day as a term; the performance of that model is not measured"
        )
        yield Note("between_landmarks", "assumption", text)


def _onsets(told: Told) -> Iterator[Note]:
    if told.cohort.everybody_leaves and told.cohort.onsets_without_event:
        text = (
            f"{told.cohort.onsets_without_event} patients without the event have an onset day too, "
            "and leave on it: on that day nobody knows whose course will become the event"
        )
        yield Note("onset_without_event", "assumption", text)
    elif told.cohort.onsets_without_event:
        text = (
            f"{told.cohort.onsets_without_event} patients without the event have an onset day and "
            "are kept after it, while those with the event leave at theirs: the landmark knows the "
            "future of the patients it keeps"
        )
        yield Note("onset_events_only", "caution", text)


def _counts(told: Told) -> Iterator[Note]:
    if told.labs.rows_of_strangers:
        text = f"{told.labs.rows_of_strangers} results are of patients not in the cohort"
        most = 2 * told.labs.rows_of_strangers > told.labs.rows_of_markers
        yield Note("strangers", "caution" if most else "information", text)
    for marker in told.labs.markers:
        parts = [
            (marker.repeated, "at a moment with another value"),
            (marker.empty, "rows without a value"),
        ]
        said = [f"{count} {words}" for count, words in parts if count]
        if said:
            yield Note("marker_values", "information", f"{marker.label}: {', '.join(said)}")
        if marker.rule:
            yield Note("marker_rule", "information", f"{marker.label}: {marker.rule}")
    if told.cohort.read_as_no:
        text = f"read as no event: {_words(told.cohort.read_as_no)}"
        yield Note("read_as_no", "information", text)
