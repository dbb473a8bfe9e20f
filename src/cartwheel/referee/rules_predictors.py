"""Predictors: chosen by p-values, measured too late, many looked at, of unknown unit."""

from __future__ import annotations

from cartwheel.referee.developed import (
    day_of,
    kind_of_outcome,
    label_of,
    landmark,
    predictors,
)
from cartwheel.referee.facts import (
    Document,
    count,
    interval,
    listed,
    number,
    present,
    rows,
    text,
    texts,
)
from cartwheel.referee.rule import CRITICAL, MAJOR, MINOR, Answer, Fine, Remark, Rule, Unseen
from cartwheel.referee.sources import (
    ANDERSON_1983,
    HEINZE_2018,
    IOANNIDIS_2005,
    MCSHANE_2005,
    MOONS_2019,
    SUISSA_2008,
    SUN_1996,
)

ALPHA = 0.05
UNSTABLE = 0.5
MANY_LOOKS = 10


def univariable_screening(document: Document) -> Answer:
    """Look how predictors were chosen.

    Parameters
    ----------
    document : mapping
        Result of a development or appraisal, or a plan.

    Returns
    -------
    Answer

    References
    ----------
    Sun GW et al 1996, doi:10.1016/0895-4356(96)00025-X. Heinze G et al 2018,
    doi:10.1002/bimj.201700067.
    """
    said = text(document, "result", "words", "screened")
    way = said or text(document, "plan", "points", "selection")
    if text(document, "plan", "method") == "index" and not said:
        return Fine("an index takes every marker of the plan")
    if not way:
        return Unseen("how predictors were chosen is not said")
    if way == "none":
        return Fine("predictors were fixed beforehand")
    kept = [
        text(one, "label")
        for one in rows(document, "result", "selection")
        if one.get("selected") is True
    ]
    tried = len(rows(document, "result", "selection")) or len(predictors(document))
    alpha = number(document, "plan", "points", "alpha")
    evidence = f"{way} selection"
    if alpha is not None and not said:
        evidence += f" at p < {alpha:g}"
    if kept:
        evidence += f"; {len(kept)} of {tried} kept: {listed(tuple(kept))}"
    elif tried:
        evidence += f" among {tried} candidates"
    parameters = count(document, "result", "words", "parameters")
    if said and parameters:
        evidence += (
            f"; {parameters} parameters are counted, but every marker that was screened is one"
        )
    if way == "univariable":
        return Remark(
            MAJOR,
            "Predictors were screened one by one: a predictor that matters only beside others is "
            "lost, and one that looks good by chance is kept.",
            evidence + ".",
            "Choose candidates by what is known, and keep them all; if a choice must be made, "
            "penalise or eliminate backwards inside the resampling.",
            f"{SUN_1996}; {HEINZE_2018}",
        )
    return Remark(
        MINOR,
        "Predictors were chosen by their p-values in these data.",
        evidence + ".",
        "Show how often each is chosen over the resamples, and the full model beside it.",
        HEINZE_2018,
    )


def selection_unstable(document: Document) -> Answer:
    """Look how often the chosen predictors are chosen again.

    Parameters
    ----------
    document : mapping
        Result of a development.

    Returns
    -------
    Answer
        A remark where one that was chosen is chosen in fewer than half of the resamples, or one
        left out in more than half.
    """
    found = rows(document, "result", "selection")
    if not found:
        return Unseen("no selection with frequencies over resamples")
    odd = []
    for one in found:
        share = number(one, "frequency")
        if share is None:
            continue
        selected = one.get("selected") is True
        if (selected and share < UNSTABLE) or (not selected and share > UNSTABLE):
            word = "chosen" if selected else "left out"
            odd.append(
                f"{text(one, 'label')} {word} here, chosen in {100 * share:.0f} % of the resamples"
            )
    if not odd:
        return Fine(f"selection agrees with the resamples for all {len(found)} candidates")
    return Remark(
        MAJOR,
        "The choice of predictors is not stable: other patients of the same kind would give "
        "another score.",
        "; ".join(odd) + ".",
        "Keep all candidates, penalised, or those that others have shown to matter.",
        HEINZE_2018,
    )


def predictor_after_event(document: Document) -> Answer:
    """Look whether predictors were known before the event.

    Parameters
    ----------
    document : mapping
        Result of a development, validation or appraisal, or a plan.

    Returns
    -------
    Answer

    References
    ----------
    Moons KGM et al 2019, doi:10.7326/M18-1377. Anderson JR et al 1983,
    doi:10.1200/JCO.1983.1.11.710.
    """
    said, event = (
        number(document, "result", "words", key) for key in ("predictor_day", "event_day")
    )
    if said is not None:
        return _late_in_a_paper(said, event)
    if not present(document, "result", "guard", "unchecked"):
        return _days_of_plan(document)
    checked, unchecked = _guarded(document)
    if not unchecked:
        return Fine(f"{len(checked)} predictors have a day and lie before every event")
    return Remark(
        MAJOR,
        "It was not checked that predictors were known before the event.",
        f"checked {len(checked)}, not checked {len(unchecked)}: {listed(unchecked)}.",
        "Give the day of measurement (in the column's name, or day = in the plan) and the day of "
        "onset (--onset); where values come later, use a landmark.",
        f"{MOONS_2019}; {ANDERSON_1983}",
    )


def _guarded(
    document: Document, adjustment: bool = False
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels that were checked and that were not: of predictors, or of adjustment columns."""
    ours = {text(item, "column") for item in predictors(document)}
    found = []
    for key in ("checked", "unchecked"):
        names = texts(document, "result", "guard", key)
        # the plan of a validation names no predictors: all are inputs of a score
        kept = [one for one in names if bool(ours) and ((one in ours) != adjustment)]
        if not ours and not adjustment:
            kept = list(names)
        found.append(tuple(label_of(document, one) for one in kept))
    return found[0], found[1]


def adjustment_without_day(document: Document) -> Answer:
    """Look for adjustment columns of which the day of measurement is not known.

    Parameters
    ----------
    document : mapping
        Result of a development.

    Returns
    -------
    Answer
    """
    checked, unchecked = _guarded(document, adjustment=True)
    if not unchecked:
        return Fine(f"{len(checked)} adjustment columns, all with a day", bool(checked))
    return Remark(
        MINOR,
        "Adjustment columns have no day of measurement.",
        f"not checked {len(unchecked)}: {listed(unchecked)}.",
        "Give their day (day = in the plan): a column measured after the event adjusts the effect "
        "away.",
        MOONS_2019,
    )


def _late_in_a_paper(day: float, event: float | None) -> Answer:
    if event is None:
        return Remark(
            MAJOR,
            "Predictors are measured after infusion, and the day of the event is not said.",
            f"predictors up to day {day:g}.",
            "Ask for the day of onset of every event; only patients still event-free on that day "
            "can be predicted for.",
            f"{MOONS_2019}; {ANDERSON_1983}",
        )
    if event > day:
        return Fine(f"predictors up to day {day:g}, events from day {event:g} on")
    return Remark(
        CRITICAL,
        "Predictors are measured on or after the event: they describe it, and do not predict it.",
        f"predictors up to day {day:g}, events from day {event:g} on.",
        f"Ask for a landmark analysis: patients event-free after day {day:g} only, with their "
        "number and events.",
        f"{MOONS_2019}; {ANDERSON_1983}",
    )


def _days_of_plan(document: Document) -> Answer:
    items = predictors(document)
    if not items:
        return Unseen("days of predictors and event are not said")
    late = [
        label_of(document, text(item, "column"))
        for item in items
        if (day_of(document, text(item, "column")) or 0.0) > 0.0
    ]
    timed = text(document, "plan", "outcome", "onset") or kind_of_outcome(document) == "survival"
    if landmark(document) is not None or not late or timed:
        return Unseen("held against the events when the cohort is there")
    return Remark(
        MAJOR,
        "Predictors measured after infusion meet an outcome without a day of onset.",
        f"after day 0: {listed(tuple(late))}; no onset column.",
        "Name the column of the onset day in the plan, and use a landmark.",
        f"{MOONS_2019}; {ANDERSON_1983}",
    )


def immortal_time(document: Document) -> Answer:
    """Look for survival time that runs before its predictor is measured.

    Parameters
    ----------
    document : mapping
        Result of a development or appraisal, or a plan.

    Returns
    -------
    Answer

    References
    ----------
    Suissa S 2008, doi:10.1093/aje/kwm324. Anderson JR et al 1983, doi:10.1200/JCO.1983.1.11.710.
    """
    if kind_of_outcome(document) == "binary":
        return Fine("the outcome is yes or no, without survival time", False)
    days = {
        label_of(document, text(item, "column")): day_of(document, text(item, "column"))
        for item in predictors(document)
    }
    said = number(document, "result", "words", "predictor_day")
    if said is not None and kind_of_outcome(document) == "survival":
        days["the predictors"] = said
    known = {name: day for name, day in days.items() if day is not None}
    if not known:
        return Unseen("no predictor has a day of measurement")
    start = landmark(document) or 0.0
    late = {name: day for name, day in known.items() if day > start}
    if not late:
        return Fine(f"time runs from day {start:g}, and no predictor is measured later")
    named = tuple(f"{name} (day {day:g})" for name, day in late.items())
    last = max(late.values())
    return Remark(
        CRITICAL,
        "Time runs before a predictor is measured: until then every patient had to live to be "
        "measured (immortal time).",
        f"time from day {start:g}; {listed(named)}.",
        f"Let time begin at day {last:g}: landmark_day = {last:g} in the plan.",
        f"{SUISSA_2008}; {ANDERSON_1983}",
    )


def multiplicity(document: Document) -> Answer:
    """Count how much was looked at.

    Parameters
    ----------
    document : mapping
        Result of a development.

    Returns
    -------
    Answer

    References
    ----------
    Ioannidis JPA 2005, doi:10.1371/journal.pmed.0020124.
    """
    tests = rows(document, "result", "associations")
    tried = rows(document, "result", "univariable", "rows")
    cuts = [one for one in rows(document, "result", "cutoffs") if text(one, "method") != "fixed"]
    looks = len(tests) + len(tried) + len(cuts)
    if not looks:
        return Unseen("no tests were reported")
    values = [(number(one, "p_value"), number(one, "p_adjusted")) for one in tests]
    before = sum(1 for p, _ in values if p is not None and p < ALPHA)
    after = sum(1 for _, p in values if p is not None and p < ALPHA)
    evidence = (
        f"{looks} looks at the data: {len(tried)} predictors alone, {len(cuts)} searches, "
        f"{len(tests)} further associations"
    )
    if tests:
        evidence += f", of which {before} have p < 0.05 alone and {after} after adjustment for all"
    if looks < MANY_LOOKS and before == after:
        return Fine(evidence)
    return Remark(
        MAJOR if before > after else MINOR,
        "Several things were looked at, and some would be found by chance."
        if before == after
        else "Associations that seem found are not, once all that were looked at are counted.",
        evidence + f"; by chance about {ALPHA * looks:.1f} of {looks} would have p < 0.05.",
        "Name the one question that was planned; report adjusted p-values and call the rest "
        "exploratory.",
        IOANNIDIS_2005,
    )


def unit_unknown(document: Document) -> Answer:
    """Look for predictors whose unit and range nobody checked.

    Parameters
    ----------
    document : mapping
        Result of a development.

    Returns
    -------
    Answer
    """
    columns = {text(one, "column"): one for one in rows(document, "result", "columns")}
    ours = [text(item, "column") for item in predictors(document)]
    seen = [columns[name] for name in ours if name in columns]
    if not seen:
        return Unseen("the columns of the predictors are not said")
    unknown = tuple(
        text(one, "label")
        for one in seen
        if not text(one, "variable") and text(one, "kind") == "number"
    )
    if not unknown:
        return Fine("every predictor that is a number has a variable, a unit and a range")
    return Remark(
        MINOR,
        "Predictors are taken as written, with no check of unit or range.",
        f"{len(unknown)} of {len(seen)}: {listed(unknown)}.",
        "Name variable and unit in the plan (columns.NAME), so that a wrong unit is refused.",
        MOONS_2019,
    )


def adjusted_effect(document: Document) -> Answer:
    """Look whether the score adds to what is known already.

    Parameters
    ----------
    document : mapping
        Result of a development.

    Returns
    -------
    Answer
    """
    table = rows(document, "result", "adjusted_model", "rows")
    if not table:
        return Unseen("no adjustment for known predictors was asked for")
    effect = table[0].get("effect")
    p = number(table[0], "p_value")
    name = text(table[0], "label") or "the score"
    evidence = f"{name}, adjusted for {len(table) - 1} columns: {interval(effect, 2)}"
    if p is None or p < ALPHA:
        return Fine(evidence)
    return Remark(
        MAJOR,
        "Beside what is already known the score shows no effect.",
        evidence + f", p = {p:.3f}.",
        "Say so; compare the performance of the known predictors with and without the score.",
        MCSHANE_2005,
    )


_SHARED = (
    Rule("predictor_after_event", predictor_after_event),
    Rule("immortal_time", immortal_time),
    Rule("univariable_screening", univariable_screening),
)
DEVELOPED = (
    *_SHARED,
    Rule("adjustment_without_day", adjustment_without_day),
    Rule("selection_unstable", selection_unstable),
    Rule("multiplicity", multiplicity),
    Rule("unit_unknown", unit_unknown),
    Rule("adjusted_effect", adjusted_effect),
)
PLANNED = _SHARED
APPRAISED = _SHARED
