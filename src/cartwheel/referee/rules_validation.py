"""A validation, its patients: too few events, the same ones again, subgroups, who is refused."""

from __future__ import annotations

from cartwheel.referee.facts import (
    Document,
    count,
    listed,
    number,
    rows,
    share_text,
    text,
)
from cartwheel.referee.rule import CRITICAL, MAJOR, MINOR, Answer, Fine, Remark, Rule, Unseen
from cartwheel.referee.rules_performance import nri_without_caveats
from cartwheel.referee.rules_predictors import predictor_after_event
from cartwheel.referee.rules_time import censoring_ignored as by_name
from cartwheel.referee.rules_validation_scores import scores_of
from cartwheel.referee.sources import (
    COLLINS_2016,
    HEAGERTY_2000,
    MOONS_2019,
    RILEY_2021,
    STEYERBERG_2016,
    VERGOUWE_2005,
    WANG_2007,
)

ENOUGH, VERY_FEW = 100, 20
REFUSED = 0.1
OUTCOME_NOTES = (
    "outcome_differs",
    "horizon_differs",
    "competing_ignored_by_score",
    "binary_score",
)
NOTED = {"caution": MAJOR, "assumption": MINOR}


def few_events(document: Document) -> Answer:
    """Hold the events of a validation against what it takes.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    Answer
        A remark below 100 events (binary: in either class); critical below 20.

    References
    ----------
    Collins GS et al 2016, doi:10.1002/sim.6787. Vergouwe Y et al 2005,
    doi:10.1016/j.jclinepi.2004.06.017. Riley RD et al 2021, doi:10.1002/sim.9025.
    """
    n, events = (count(document, "result", "outcome", key) for key in ("patients", "events"))
    if events is None or n is None:
        return Unseen("patients or events are not said")
    binary = text(document, "result", "outcome", "kind") == "binary"
    fewer = min(events, max(n - events, 0)) if binary else events
    evidence = f"{n} patients, {events} events"
    widths = [
        f"{text(row, 'label')} {here:.2f} wide ({number(row, 'width_wanted') or 0.0:g} wanted: "
        f"{count(row, 'patients_needed') or 'more'} patients)"
        for size in rows(document, "result", "sizes")[:1]
        for row in rows(size, "rows")
        if (here := number(row, "width_here")) is not None
    ]
    evidence += f"; expected intervals: {listed(tuple(widths))}" if widths else ""
    if fewer >= ENOUGH:
        return Fine(evidence)
    return Remark(
        CRITICAL if fewer < VERY_FEW else MAJOR,
        "Too few events for a validation: a good and a poor score cannot be told apart."
        if fewer < VERY_FEW
        else "Fewer events than a validation needs for a clear answer.",
        evidence + "; at least 100 events, and 100 without (binary), are asked for.",
        "Say that the validation is inconclusive where the intervals are wide; pool with other "
        "centres (--share).",
        f"{COLLINS_2016}; {VERGOUWE_2005}; {RILEY_2021}",
    )


def same_patients(document: Document) -> Answer:
    """Look whether the patients are those the score was made from.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    Answer

    References
    ----------
    Steyerberg EW, Harrell FE 2016, doi:10.1016/j.jclinepi.2015.04.005.
    """
    data = text(document, "provenance", "data_sha256")
    n, events = (count(document, "result", "outcome", key) for key in ("patients", "events"))
    same, alike, judged = [], [], 0
    for score in scores_of(document):
        made_on = text(score, "development_data_sha256") or text(score, "data_sha256")
        name = text(score, "name")
        judged += bool(made_on and data)
        noted = any(text(note, "code") == "same_patients" for note in rows(score, "notes"))
        if noted or (made_on and made_on == data):
            same.append(f"{name}: the hash of the data is that of its development")
            continue
        for figure in rows(score, "published"):
            there = (count(figure, "published", "n"), count(figure, "published", "events"))
            if None in there:
                continue
            judged += 1
            if there == (n, events):
                alike.append(f"{name}: {there[0]} patients and {there[1]} events there as here")
                break
    if same:
        return Remark(
            CRITICAL,
            "This is no validation: the score was made from these patients.",
            "; ".join(same) + ".",
            "Validate on other patients; for these, the corrected performance of the development "
            "counts.",
            STEYERBERG_2016,
        )
    if alike:
        return Remark(
            MAJOR,
            "The score may have been made from these patients: their numbers are identical.",
            "; ".join(alike) + ".",
            "Find out, and if so call it no validation.",
            STEYERBERG_2016,
        )
    if judged:
        return Fine("the patients are not those of the development, by hash or numbers")
    return Unseen("no score says from which data it was made")


def outcome_differs(document: Document) -> Answer:
    """Look whether the score was made for the outcome that is analysed.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    Answer

    References
    ----------
    Moons KGM et al 2019, doi:10.7326/M18-1377.
    """
    apart: dict[str, list[str]] = {MAJOR: [], MINOR: []}
    seen = False
    for score in scores_of(document):
        seen = seen or bool(text(score, "outcome_said"))
        for note in rows(score, "notes"):
            severity = NOTED.get(text(note, "severity"))
            if text(note, "code") in OUTCOME_NOTES and severity is not None:
                apart[severity].append(f"{text(score, 'name')}: {text(note, 'text')}")
    for severity, found in apart.items():
        if found:
            return Remark(
                severity,
                "The score was made for another outcome, or another horizon."
                if severity == MAJOR
                else "Whether the score was made for this outcome cannot be told from its name.",
                " ".join((*found, *(apart[MINOR] if severity == MAJOR else ()))),
                "Compare the definitions; read calibration as of another question where they "
                "differ.",
                MOONS_2019,
            )
    return Fine("no caution about the outcome of a score") if seen else Unseen("not said")


def censoring_ignored(document: Document) -> Answer:
    """Look for a score of times that is judged by a yes or no.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    Answer
    """
    found = tuple(
        f"{text(score, 'name')}: {text(note, 'text')}"
        for score in scores_of(document)
        for note in rows(score, "notes")
        if text(note, "code") == "censoring_ignored"
    )
    if not found:
        return by_name(document)
    return Remark(
        MAJOR,
        "A score of times to an event is judged by a yes or no.",
        " ".join(found),
        "Name the time (--time), and read the risk at the horizon.",
        HEAGERTY_2000,
    )


def subgroup_fishing(document: Document) -> Answer:
    """Count subgroups, and those with few events.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    Answer

    References
    ----------
    Wang R et al 2007, doi:10.1056/NEJMsr077003.
    """
    found = rows(document, "result", "subgroups")
    if not found:
        return Fine("no subgroups")
    groups = [row for one in found for row in rows(one, "rows")]
    small = [row for row in groups if (count(row, "events") or 0) < VERY_FEW]
    low = [
        text(one, "label")
        for one in found
        for test in rows(one, "interactions")
        if (p := number(test, "p_value")) is not None and p < 0.05
    ]
    evidence = (
        f"{len(found)} divisions into {len(groups)} groups, {len(small)} of them with fewer than "
        f"{VERY_FEW} events"
    )
    evidence += f"; interaction p < 0.05 for {listed(tuple(dict.fromkeys(low)))}" if low else ""
    if len(found) < 3 and not small and not low:
        return Fine(evidence)
    return Remark(
        MINOR,
        "Subgroups were looked at one by one: with so many, and so few events, some will differ by "
        "chance.",
        evidence + ".",
        "Rest nothing on one subgroup; test the interaction, and say which were planned.",
        WANG_2007,
    )


def not_scored(document: Document) -> Answer:
    """Count patients whom the score refuses.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    Answer

    References
    ----------
    Moons KGM et al 2019, doi:10.7326/M18-1377.
    """
    told, worst, seen = [], 0.0, False
    for score in scores_of(document):
        scored = count(score, "scored")
        reasons = rows(score, "refusals")
        most = max((count(one, "patients") or 0 for one in reasons), default=0)
        if scored is None:
            continue
        seen = True
        if most:
            # a patient may have several reasons, so that the largest is a lower bound
            share = most / (scored + most)
            worst = max(worst, share)
            told.append(
                f"{text(score, 'name')}: {scored} scored, at least {most} not "
                f"({share_text(most, scored + most)}; {text(reasons[0], 'what')})"
            )
    if not seen:
        return Unseen("how many were scored is not said")
    if worst <= REFUSED:
        return Fine("; ".join(told) or "every patient was scored")
    return Remark(
        MINOR,
        "The score cannot be computed for many patients.",
        "; ".join(told) + ".",
        "Say so: a score that cannot be had for many is of less use; impute, and show both.",
        MOONS_2019,
    )


def unverified_score(document: Document) -> Answer:
    """Look for scores whose constants nobody checked against the paper.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    Answer
    """
    scores = scores_of(document)
    if not scores:
        return Unseen("no scores")
    open_ones = tuple(text(one, "name") for one in scores if text(one, "status") == "unverified")
    days = tuple(
        f"{text(one, 'name')} ({text(column, 'label')})"
        for one in scores
        for column in rows(one, "columns")
        if number(column, "day") is None
    )
    if open_ones:
        return Remark(
            MAJOR,
            "A score with constants that were not checked against its paper was validated.",
            f"unverified: {listed(open_ones)}.",
            "Check the constants first.",
            MOONS_2019,
        )
    return Fine(
        f"{len(scores)} score{'s' if len(scores) > 1 else ''}, none unverified"
        + (f"; {len(days)} inputs without a day" if days else "")
    )


def resamples(document: Document) -> Answer:
    """Look whether intervals without a closed form were had by resampling.

    Parameters
    ----------
    document : mapping
        Result of a validation.

    Returns
    -------
    Answer
    """
    drawn = count(document, "plan", "resampling", "bootstrap")
    if drawn is None:
        return Unseen("the number of resamples is not said")
    if drawn:
        return Fine(f"{drawn} resamples")
    return Remark(
        MINOR,
        "Measures without a closed form stand without an interval.",
        "0 resamples.",
        "Resample: --bootstrap 1000.",
        RILEY_2021,
    )


VALIDATED = (
    Rule("few_events", few_events),
    Rule("same_patients", same_patients),
    Rule("outcome_differs", outcome_differs),
    Rule("censoring_ignored", censoring_ignored),
    Rule("subgroup_fishing", subgroup_fishing),
    Rule("not_scored", not_scored),
    Rule("unverified_score", unverified_score),
    Rule("resamples", resamples),
    Rule("predictor_after_event", predictor_after_event),
    Rule("nri_without_caveats", nri_without_caveats),
)
