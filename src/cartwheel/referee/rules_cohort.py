"""Who was analysed: patients picked, patients lost to missing values, invented patients."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cartwheel.referee.facts import (
    Document,
    at,
    count,
    interval,
    rows,
    share_text,
    text,
)
from cartwheel.referee.rule import INFORMATION, MAJOR, MINOR, Answer, Fine, Remark, Rule, Unseen
from cartwheel.referee.sources import MOONS_2019, STERNE_2009

LOSS, HEAVY_LOSS = 0.05, 0.15
PICKED, HEAVILY_PICKED = 0.2, 0.5
MISSING_STEP = re.compile(
    r"predictors measured|inputs? (?:known|measured|complete)|scored|computed|missing"
)
LANDMARK_STEP = re.compile(r"event-free")
# what is left when inputs were imputed says so; nobody is lost there
IMPUTED_STEP = re.compile(r"imputed")


def _lost(step: Mapping[str, Any]) -> tuple[int, int]:
    return count(step, "excluded") or 0, count(step, "excluded_events") or 0


def complete_cases(document: Document) -> Answer:
    """Count who is lost because a value is missing.

    Parameters
    ----------
    document : mapping
        Result of a development, validation or appraisal, or a plan.

    Returns
    -------
    Answer

    References
    ----------
    Sterne JAC et al 2009, doi:10.1136/bmj.b2393.
    """
    way = text(document, "result", "words", "missing") or text(document, "plan", "missing")
    if way in ("impute", "imputed"):
        return Fine("missing values are imputed")
    flow = rows(document, "result", "flow")
    steps = [
        step
        for step in flow
        if MISSING_STEP.search(text(step, "label")) and not IMPUTED_STEP.search(text(step, "label"))
    ]
    if not steps:
        return _complete_cases_said(document, way)
    patients = sum(_lost(step)[0] for step in steps)
    events = sum(_lost(step)[1] for step in steps)
    left, left_events = (count(steps[-1], key) or 0 for key in ("patients", "events"))
    before, before_events = left + patients, left_events + events
    evidence = (
        f"{patients} of {before} patients ({share_text(patients, before)}) and {events} of "
        f"{before_events} events ({share_text(events, before_events)}) left out for a missing value"
    )
    share = max(
        patients / before if before else 0.0, events / before_events if before_events else 0.0
    )
    if share <= LOSS:
        return Fine(evidence)
    return Remark(
        MAJOR if share > HEAVY_LOSS else MINOR,
        "Patients with a missing value are left out: those who remain may differ.",
        evidence + ".",
        'Impute inside the resampling (missing = "impute"), and show both.',
        f"{STERNE_2009}; {MOONS_2019}",
    )


def _complete_cases_said(document: Document, way: str) -> Answer:
    if way != "complete":
        return Unseen("what was done about missing values is not said")
    if document.get("kind") == "plan":
        return Fine("complete cases; how many are lost is seen when the cohort is there")
    if not at(document, "result", "words"):
        return Unseen("the flow of patients is not said")
    n, whole = (count(document, "result", "words", key) for key in ("n", "selected_from"))
    evidence = "complete cases only, as said"
    if n and whole:
        evidence += f"; {whole - n} of {whole} patients are not among the {n} analysed"
    return Remark(
        MAJOR,
        "Only patients with complete data were analysed: completeness itself can go with outcome.",
        evidence + ".",
        "Ask how many were lost for a missing value, with their events, and for imputation.",
        f"{STERNE_2009}; {MOONS_2019}",
    )


def selection(document: Document) -> Answer:
    """Count how many of the patients that there were have been analysed.

    Parameters
    ----------
    document : mapping
        Result of a development, validation or appraisal.

    Returns
    -------
    Answer

    References
    ----------
    Moons KGM et al 2019, doi:10.7326/M18-1377.
    """
    if count(document, "result", "words", "selected_from"):
        return _selected_in_a_paper(document)
    flow = rows(document, "result", "flow")
    first = count(flow[0], "patients") if flow else None
    if not first or len(flow) < 2:
        return Unseen("the flow of patients is not said")
    # a landmark is told by its own rule
    lost = [
        (text(step, "label"), *_lost(step))
        for step in flow[1:]
        if not LANDMARK_STEP.search(text(step, "label"))
    ]
    gone = sum(one[1] for one in lost)
    reasons = "; ".join(f"{label}: {n} ({events} events)" for label, n, events in lost if n)
    evidence = f"{gone} of {first} patients left out ({share_text(gone, first)})"
    evidence += f": {reasons}" if reasons else ""
    if gone <= PICKED * first:
        return Fine(evidence)
    return Remark(
        MAJOR if gone > HEAVILY_PICKED * first else MINOR,
        "Many patients were left out: the result holds for those who were picked.",
        evidence + ".",
        "Compare those left out with those kept, and say for whom the score is.",
        MOONS_2019,
    )


def _selected_in_a_paper(document: Document) -> Answer:
    words = ("result", "words")
    n, whole, events = (count(document, *words, key) for key in ("n", "selected_from", "events"))
    if n is None or whole is None:
        return Unseen("how many were analysed is not said")
    gone = whole - n
    evidence = f"{n} of {whole} patients analysed: {share_text(gone, whole)} left out"
    if events:
        evidence += (
            f"; with {events} events among the {n} ({share_text(events, n)}) the share among all "
            f"{whole} lies anywhere from {share_text(events, whole)} to "
            f"{share_text(events + gone, whole)}"
        )
    if gone <= PICKED * whole:
        return Fine(evidence)
    return Remark(
        MAJOR if gone > HEAVILY_PICKED * whole else MINOR,
        "The patients were picked from many more: the result holds for those who were picked.",
        evidence + ".",
        "Ask for a comparison of those left out with those kept, and for imputation where missing "
        "values were the reason.",
        f"{MOONS_2019}; {STERNE_2009}",
    )


def imputed_beside_complete(document: Document) -> Answer:
    """Hold the result with imputation against that of complete cases.

    Parameters
    ----------
    document : mapping
        Result of a development.

    Returns
    -------
    Answer
        A remark where half of the patients needed imputation, or corrected discrimination differs
        by more than 0.03.
    """
    percent = at(document, "result", "imputation", "percent")
    if not isinstance(percent, int | float):
        return Fine("nothing was imputed", False)
    beside = rows(document, "result", "imputation", "complete_cases", "performance", "measures")
    ours = rows(document, "result", "performance", "measures")
    evidence = f"imputed in {percent:.0f} % of the patients"
    apart = 0.0
    if beside and ours:
        evidence += (
            f"; corrected {text(ours[0], 'label')} {interval(ours[0].get('corrected'))} with "
            f"imputation, {interval(beside[0].get('corrected'))} in complete cases"
        )
        with_it = at(ours[0], "corrected", "value")
        without = at(beside[0], "corrected", "value")
        if isinstance(with_it, int | float) and isinstance(without, int | float):
            apart = abs(with_it - without)
    if percent <= 50.0 and apart <= 0.03:
        return Fine(evidence)
    return Remark(
        MINOR,
        "Much rests on imputed values.",
        evidence + ".",
        "Show both, and say what could make the missing values differ from the others.",
        STERNE_2009,
    )


def simulated(document: Document) -> Answer:
    """Say that no real patient stands behind a result.

    Parameters
    ----------
    document : mapping
        Result, or a plan.

    Returns
    -------
    Answer
    """
    said = at(document, "result", "simulated")
    if said is None:
        said = at(document, "plan", "simulated")
    if said is None:
        return Unseen("whether the patients are real is not said")
    if said is not True:
        return Fine("not said to be simulated")
    return Remark(
        INFORMATION,
        "These are simulated data: nothing here is evidence about patients.",
        "simulated = true.",
        "Do not cite the numbers.",
    )


DEVELOPED = (
    Rule("selection_of_patients", selection),
    Rule("complete_cases", complete_cases),
    Rule("imputation", imputed_beside_complete),
    Rule("simulated", simulated),
)
PLANNED = (Rule("complete_cases", complete_cases), Rule("simulated", simulated))
VALIDATED = (
    Rule("selection_of_patients", selection),
    Rule("complete_cases", complete_cases),
    Rule("simulated", simulated),
)
APPRAISED = (
    Rule("selection_of_patients", selection),
    Rule("complete_cases", complete_cases),
)
