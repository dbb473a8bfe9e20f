"""Time: censoring, competing events, proportional hazards, horizon and follow-up."""

from __future__ import annotations

import re

from cartwheel.referee.developed import kind_of_outcome, words_of
from cartwheel.referee.facts import (
    Document,
    at,
    count,
    interval,
    listed,
    notes_named,
    number,
    numbers,
    p_text,
    rows,
    share_text,
    text,
)
from cartwheel.referee.rule import MAJOR, MINOR, Answer, Fine, Remark, Rule, Unseen
from cartwheel.referee.sources import (
    ANDERSON_1983,
    GRAMBSCH_1994,
    HEAGERTY_2000,
    RILEY_2020,
    SCHEMPER_1996,
    WOLBERS_2009,
)

ALPHA = 0.05
TIMED = re.compile(
    r"\b(?:pfs|os|efs|dfs|rfs|surviv\w*|progress\w*|relaps\w*|death|died|dead|mortality)\b"
)
WHOLE = re.compile(r"\b(?:death|died|dead|pfs|efs|dfs|rfs|mortality|surviv\w*)\b|\bos\b")
PARTIAL = re.compile(
    r"\b(?:relaps\w*|progress\w*|infection\w*|neutropeni\w*|recover\w*|engraft\w*|crs|icans|"
    r"toxicit\w*|response|remission|non relapse|nrm)\b"
)


def censoring_ignored(document: Document) -> Answer:
    """Look for a yes/no analysis of something that takes follow-up to happen.

    Parameters
    ----------
    document : mapping
        Result of a development or appraisal, or a plan.

    Returns
    -------
    Answer

    References
    ----------
    Heagerty PJ et al 2000, doi:10.1111/j.0006-341X.2000.00337.x.
    """
    said = text(document, "result", "words", "censoring")
    if said == "ignored":
        return _ignored("as said of the paper")
    if said:
        return Fine(f"censoring {said}, as said")
    kind = kind_of_outcome(document)
    if document.get("kind") == "appraise":
        return Unseen("whether the event takes follow-up, and whether that was used, is not said")
    if kind in ("survival", "competing"):
        return Fine("survival time with censoring")
    if kind != "binary" or not words_of(document):
        return Unseen("what kind of outcome it is, is not said")
    outcome = (
        " ".join(text(document, "plan", "outcome", key) for key in ("event", "label"))
        + " "
        + text(document, "result", "outcome", "label")
    )
    found = TIMED.search(outcome.lower().replace("_", " "))
    if found is None:
        return Fine("the outcome is yes or no, and its name does not speak of follow-up", False)
    return _ignored(f"outcome kind binary, named '{found[0]}' in '{outcome.strip()[:60]}'")


def _ignored(evidence: str) -> Remark:
    return Remark(
        MAJOR,
        "A yes/no analysis (such as a plain ROC curve) of an event that takes follow-up: patients "
        "seen for a short time count as free of it.",
        evidence + ".",
        "Analyse time to event (kind = survival) and read the AUC at a horizon.",
        HEAGERTY_2000,
    )


def competing_risks(document: Document) -> Answer:
    """Look whether another event can make the one asked for impossible.

    Parameters
    ----------
    document : mapping
        Result of a development, validation or appraisal, or a plan.

    Returns
    -------
    Answer

    References
    ----------
    Wolbers M et al 2009, doi:10.1097/EDE.0b013e3181a39056.
    """
    said = text(document, "result", "words", "competing_risks")
    if said == "ignored":
        return _competing("as said of the paper")
    if said:
        return Fine(f"competing risks {said}, as said")
    kind = kind_of_outcome(document)
    known = {
        "competing": "competing events are analysed as such",
        "binary": "the outcome is yes or no, without time",
    }
    if document.get("kind") == "appraise" or kind not in ("survival", *known):
        return Unseen("whether another event can come first is not said")
    if kind in known:
        return Fine(known[kind], kind == "competing")
    outcome = (
        " ".join(
            text(document, *path)
            for path in (
                ("plan", "outcome", "event"),
                ("plan", "outcome", "label"),
                ("plan", "outcome", "time"),
                ("result", "outcome", "label"),
            )
        )
        .lower()
        .replace("_", " ")
    )
    if WHOLE.search(outcome):
        return Fine("death is part of the outcome, so nothing competes with it")
    found = PARTIAL.search(outcome)
    if found is None:
        return Unseen("whether death is part of the outcome cannot be told from its name")
    return _competing(
        f"outcome '{outcome.strip()[:60]}': '{found[0]}', and death is not part of it"
    )


def _competing(evidence: str) -> Remark:
    return Remark(
        MAJOR,
        "Competing events are counted as censored: the risk is then overstated.",
        evidence + ".",
        "Treat death without the event as a competing event (cumulative incidence), or make it "
        "part of the outcome.",
        WOLBERS_2009,
    )


def proportional_hazards(document: Document) -> Answer:
    """Look at a test of proportional hazards.

    Parameters
    ----------
    document : mapping
        Result of a development.

    Returns
    -------
    Answer

    References
    ----------
    Grambsch PM, Therneau TM 1994, doi:10.1093/biomet/81.3.515.
    """
    if kind_of_outcome(document) == "binary":
        return Fine("the outcome is yes or no, without hazards", False)
    p = number(document, "result", "proportional_hazards", "global_p_value")
    terms = rows(document, "result", "proportional_hazards", "terms")
    if p is None and not terms:
        return Unseen("the result holds no test of proportional hazards")
    low = tuple(
        f"{text(one, 'label')} ({p_text(value)})"
        for one in terms
        if (value := number(one, "p_value")) is not None and value < ALPHA
    )
    overall = f"all together {p_text(p)}"
    if not low and (p is None or p >= ALPHA):
        return Fine(f"no sign against proportional hazards: {overall}")
    return Remark(
        MAJOR if p is not None and p < ALPHA else MINOR,
        "Hazards are not proportional: one hazard ratio does not hold over all of follow-up.",
        f"{listed(low)}; {overall}." if low else f"{overall}.",
        "Show the effect over time or by period, or give risks at the horizon instead of a hazard "
        "ratio.",
        GRAMBSCH_1994,
    )


def horizon(document: Document) -> Answer:
    """Hold the horizon against follow-up.

    Parameters
    ----------
    document : mapping
        Result of a development or validation.

    Returns
    -------
    Answer

    References
    ----------
    Schemper M, Smith TL 1996, doi:10.1016/0197-2456(96)00075-X.
    """
    if kind_of_outcome(document) == "binary":
        return Fine("the outcome is yes or no, without a horizon", False)
    when = number(document, "result", "outcome", "horizon")
    median = number(document, "result", "outcome", "follow_up", "value")
    if when is None or median is None:
        return Unseen("horizon or median follow-up is not said")
    unit = text(document, "result", "outcome", "time_unit")
    shown = interval(at(document, "result", "outcome", "follow_up"), 1)
    evidence = f"horizon {when:g} {unit}, median follow-up {shown} {unit}"
    left = _at_risk(document, when)
    if left is not None:
        evidence += f"; {left[0]} of {left[1]} patients still at risk at {left[2]:g} {unit}"
    if median < when:
        return Remark(
            MAJOR,
            "Follow-up of most patients ends before the time at which risk is read.",
            evidence + ".",
            "Read risk at a shorter horizon, or wait.",
            SCHEMPER_1996,
        )
    return Fine(evidence)


def _at_risk(document: Document, when: float) -> tuple[int, int, float] | None:
    """At risk at the last printed time up to the horizon, over all groups."""
    total = start = 0
    time = 0.0
    curves = rows(document, "result", "survival")
    for curve in curves:
        times, risk = numbers(curve, "risk_times"), numbers(curve, "at_risk")
        places = [i for i, one in enumerate(times) if one <= when]
        if not places or len(risk) != len(times):
            return None
        total += int(risk[places[-1]])
        start += int(risk[0])
        time = times[places[-1]]
    return (total, start, time) if curves else None


def horizon_not_declared(document: Document) -> Answer:
    """Look whether the horizon was named before looking.

    Parameters
    ----------
    document : mapping
        Result of a development, or a plan.

    Returns
    -------
    Answer
    """
    if kind_of_outcome(document) == "binary":
        return Fine("the outcome is yes or no, without a horizon", False)
    if kind_of_outcome(document) != "survival":
        return Unseen("what kind of outcome it is, is not said")
    declared = number(document, "plan", "outcome", "horizon")
    if declared is not None:
        return Fine(f"horizon {declared:g} declared in the plan")
    used = number(document, "result", "outcome", "horizon")
    if used is None and not notes_named(document, "horizon") and document.get("kind") != "plan":
        return Unseen("the horizon is not said")
    return Remark(
        MINOR,
        "The time at which risk is read was not declared.",
        f"taken from the data: {used:g}, the median of the event times."
        if used
        else "no horizon in the plan; it would be taken from the event times.",
        "Declare a horizon that matters to patients (horizon = in the plan).",
        RILEY_2020,
    )


def landmark_cost(document: Document) -> Answer:
    """Say who is lost to a landmark.

    Parameters
    ----------
    document : mapping
        Result of a development or validation.

    Returns
    -------
    Answer
    """
    day = number(document, "result", "guard", "landmark_day")
    if day is None:
        return Fine("no landmark", False)
    lost, events = (
        count(document, "result", "guard", key) for key in ("cost_patients", "cost_events")
    )
    left = count(document, "result", "outcome", "events")
    if events is None or lost is None:
        return Unseen("what the landmark cost is not said")
    evidence = f"day {day:g}: {lost} patients and {events} events before it are left out"
    if left is not None:
        evidence += f", {share_text(events, events + left)} of all events"
    if left is None or events <= left:
        return Fine(evidence)
    return Remark(
        MINOR,
        "More events lie before the landmark than after it: the score says nothing about most of "
        "them.",
        evidence + ".",
        "Say for whom the score is; add an earlier landmark.",
        RILEY_2020,
    )


def onset_without_event(document: Document) -> Answer:
    """Look for patients whose milder course began before the landmark, and who stayed.

    Parameters
    ----------
    document : mapping
        Result of a development or validation.

    Returns
    -------
    Answer

    References
    ----------
    Anderson JR et al 1983, doi:10.1200/JCO.1983.1.11.710.
    """
    if number(document, "result", "guard", "landmark_day") is None:
        return Fine("no landmark", False)
    if kind_of_outcome(document) in ("survival", "competing"):
        return Fine("whoever had the event, or was lost, by the landmark is left out")
    found = notes_named(document, "onset_without_event")
    if not found:
        return Fine("of nobody without the event an onset by the landmark is reported")
    return Remark(
        MAJOR,
        "Who is analysed at the landmark depends on what came later: of patients with an early "
        "onset those with the event are left out, the others stay.",
        " ".join(found),
        "Leave out everybody with an onset by the landmark; compare with cartwheel landmark.",
        ANDERSON_1983,
    )


DEVELOPED = (
    Rule("censoring_ignored", censoring_ignored),
    Rule("competing_risks", competing_risks),
    Rule("proportional_hazards", proportional_hazards),
    Rule("follow_up_short", horizon),
    Rule("horizon_not_declared", horizon_not_declared),
    Rule("landmark_cost", landmark_cost),
    Rule("onset_without_event", onset_without_event),
)
PLANNED = (
    Rule("censoring_ignored", censoring_ignored),
    Rule("competing_risks", competing_risks),
    Rule("horizon_not_declared", horizon_not_declared),
)
VALIDATED = (
    Rule("competing_risks", competing_risks),
    Rule("follow_up_short", horizon),
    Rule("landmark_cost", landmark_cost),
    Rule("onset_without_event", onset_without_event),
)
APPRAISED = (
    Rule("censoring_ignored", censoring_ignored),
    Rule("competing_risks", competing_risks),
)
