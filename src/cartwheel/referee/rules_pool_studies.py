"""A meta-analysis, its studies: what was mixed, who was counted twice, what was left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cartwheel.referee.facts import (
    Document,
    listed,
    number,
    rows,
    text,
)
from cartwheel.referee.rule import (
    MAJOR,
    MINOR,
    Answer,
    Fine,
    Remark,
    Rule,
    Unseen,
    told_once,
)
from cartwheel.referee.sources import (
    ALTMAN_2001,
    HAYDEN_2013,
    RILEY_2019_REVIEWS,
)

CUT_RANGE = 3.0
BUILT = re.compile(r"\b(?:training|derivation|development|discovery)\b")
CHECKED = re.compile(r"\b(?:validation|external|test)\b")
ADJUSTMENT = re.compile(r"adjust")
BUILDING = re.compile(r"build|training|derivation")
SHARED = re.compile(r"same patients|share|overlap|recur|same cent|twice|window", re.IGNORECASE)


def overlap(document: Document) -> Answer:
    """Look for patients that may be counted twice.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer

    References
    ----------
    Riley RD et al 2019, doi:10.1136/bmj.k4597.
    """
    notes = [
        *rows(document, "result", "notes"),
        *(note for one in rows(document, "result", "analyses") for note in rows(one, "notes")),
    ]
    found = [
        text(note, "text")
        for note in notes
        if text(note, "code").startswith("overlap")
        and text(note, "severity") == "caution"
        and not (BUILDING.search(text(note, "text")) and not SHARED.search(text(note, "text")))
    ]
    noted = [
        f"{text(study, 'study')}: {text(study, 'overlap')}"
        for study in rows(document, "result", "studies")
        if study.get("used") is True and SHARED.search(text(study, "overlap"))
    ]
    if found:
        # what was pooled again without one of them says more than the suspicion alone
        again = [one for one in found if "pooled" in one] or found
        return Remark(
            MAJOR,
            "Some patients may be counted twice.",
            " ".join(dict.fromkeys(again[:2])),
            "Keep one of the rows (--overlap keep_first), and show both results.",
            RILEY_2019_REVIEWS,
        )
    if noted:
        return Remark(
            MINOR,
            "The table notes a possible overlap of patients in rows that were pooled.",
            listed(tuple(noted), 2) + ".",
            "Settle it, or show the result without them.",
            RILEY_2019_REVIEWS,
        )
    if not rows(document, "result", "studies"):
        return Unseen("the studies are not said")
    return Fine("no suspicion of shared patients; what the table does not say cannot be seen")


def mixed_adjustment(document: Document) -> Answer:
    """Look for adjusted and unadjusted effects in one pool.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer

    References
    ----------
    Riley RD et al 2019, doi:10.1136/bmj.k4597.
    """
    said: dict[tuple[str, str, str], list[str]] = {}
    for study in rows(document, "result", "studies"):
        if study.get("used") is not True:
            continue
        key = (text(study, "group"), text(study, "outcome"), text(study, "measure"))
        for moderator in rows(study, "moderators"):
            if ADJUSTMENT.search(text(moderator, "name").lower()):
                said.setdefault(key, []).append(
                    text(moderator, "text").strip().lower() or "unclear"
                )
    if not said:
        return Unseen("no column says which effects were adjusted")
    mixed = []
    for (group, outcome, measure), words in said.items():
        if len(set(words)) < 2:
            continue
        name = ", ".join(part for part in (group, outcome) if part)
        counts = "; ".join(f"{words.count(word)} {word}" for word in sorted(set(words)))
        mixed.append(f"{name} ({measure}): {counts}")
    if not mixed:
        return Fine("within each pool all effects are adjusted alike, as the table says")
    return Remark(
        MAJOR,
        "Adjusted and unadjusted effects, or effects of which it is not known, are pooled "
        "together: they answer different questions.",
        listed(tuple(mixed)) + ".",
        "Pool them apart (--subgroup), and name the set of adjustment factors asked for.",
        RILEY_2019_REVIEWS,
    )


def cutoffs_differ(document: Document) -> Answer:
    """Look whether the pooled studies cut the marker at one value.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer

    References
    ----------
    Altman DG 2001, doi:10.1136/bmj.323.7306.224.
    """
    cuts: dict[tuple[str, str, str], list[float]] = {}
    for study in rows(document, "result", "studies"):
        cut = number(study, "cutoff")
        if study.get("used") is True and cut is not None:
            name = ", ".join(
                part for part in (text(study, "group"), text(study, "outcome")) if part
            )
            key = (name, text(study, "factor"), text(study, "measure"))
            cuts.setdefault(key, []).append(cut)
    apart = {key: found for key, found in cuts.items() if len(set(found)) > 1}
    if not cuts:
        return Unseen("no study says its cut-off as a number")
    if not apart:
        return Fine("all studies that say their cut-off cut at the same value")
    told, widest = [], 1.0
    for (name, factor, measure), found in apart.items():
        told.append(
            f"{name}, {factor or 'marker'} ({measure}): {len(set(found))} cut-offs from "
            f"{min(found):g} to {max(found):g}"
        )
        if min(found) > 0.0:
            widest = max(widest, max(found) / min(found))
    return Remark(
        MAJOR if widest >= CUT_RANGE else MINOR,
        "The studies cut the marker at different values: what is pooled is not one comparison, and "
        "cut-offs chosen on the data flatter each study.",
        listed(tuple(told)) + ".",
        "Pool effects per unit or per doubling; show the trend over the cut-offs.",
        ALTMAN_2001,
    )


def risk_of_bias(document: Document) -> Answer:
    """Look at the judged risk of bias of the studies.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer

    References
    ----------
    Hayden JA et al 2013, doi:10.7326/0003-4819-158-4-201302190-00009.
    """
    tools = rows(document, "result", "quality")
    k = len({text(one, "study") for one in rows(document, "result", "studies")})
    if not tools:
        return Remark(
            MAJOR,
            "The risk of bias of the studies was not judged.",
            f"no judgement of {k} studies." if k else "no judgement.",
            "Judge every study by QUIPS (prognostic factors) or PROBAST (models), and add the "
            "columns to the table.",
            HAYDEN_2013,
        )
    remarks, fine = [], []
    for tool in tools:
        judged = rows(tool, "studies")
        high = [one for one in judged if text(one, "overall") in ("high", "poor")]
        missing = len(_texts_of(tool))
        told = f"{text(tool, 'tool')}: {len(high)} of {len(judged)} studies at high risk"
        told += f", {missing} not judged" if missing else ""
        if high or missing:
            remarks.append(
                Remark(
                    MAJOR if 2 * len(high) >= len(judged) else MINOR,
                    "Studies at high risk of bias, or not judged, are in the pool.",
                    told,
                    "Show the result without them.",
                    HAYDEN_2013,
                )
            )
        else:
            fine.append(told)
    return told_once(remarks) if remarks else Fine("; ".join(fine))


def _texts_of(tool: Mapping[str, Any]) -> tuple[str, ...]:
    found = tool.get("missing")
    return tuple(found) if isinstance(found, list | tuple) else ()


def development_mixed(document: Document) -> Answer:
    """Look for cohorts that made a score among those that test it.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer

    References
    ----------
    Riley RD et al 2019, doi:10.1136/bmj.k4597.
    """
    groups: dict[tuple[str, str, str], tuple[list[str], list[str]]] = {}
    kinds = {text(one, "name"): text(one, "kind") for one in rows(document, "result", "sources")}
    studies = rows(document, "result", "studies")
    for study in studies:
        if study.get("used") is not True:
            continue
        key = (text(study, "group"), text(study, "outcome"), text(study, "measure"))
        built, others = groups.setdefault(key, ([], []))
        own = kinds.get(text(study, "file")) == "develop"
        words = f"{text(study, 'study')} {text(study, 'overlap')}".lower()
        made = own or (BUILT.search(words) and not CHECKED.search(text(study, "study").lower()))
        (built if made else others).append(text(study, "study"))
    mixed = [
        f"{', '.join(part for part in key[:2] if part)} ({key[2]}): {listed(tuple(built))}, beside "
        f"{len(others)} others"
        for key, (built, others) in groups.items()
        if built and others
    ]
    if mixed:
        return Remark(
            MAJOR,
            "Cohorts in which a score was made are pooled with those that test it: even corrected, "
            "they are not independent evidence.",
            listed(tuple(mixed)) + ".",
            "Leave the development cohorts out, or show both pools.",
            RILEY_2019_REVIEWS,
        )
    if not studies:
        return Unseen("the studies are not said")
    return Fine("no study says that the score was made in it")


def mixed_questions(document: Document) -> Answer:
    """Look for different factors or measures in one pool.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer
    """
    codes = ("mixed_factors", "mixed_measures", "mirrored", "cutoff_units")
    notes = [
        *rows(document, "result", "notes"),
        *(note for one in rows(document, "result", "analyses") for note in rows(one, "notes")),
    ]
    found = tuple(
        dict.fromkeys(text(note, "text") for note in notes if text(note, "code") in codes)
    )
    if not found:
        return Fine("no caution about different factors or measures in one pool")
    return Remark(
        MAJOR,
        "Different questions are pooled, or the same one by different measures.",
        " ".join(found[:3]) + (f" And {len(found) - 3} more." if len(found) > 3 else ""),
        "Divide the pools (column set), or say why they belong together.",
        RILEY_2019_REVIEWS,
    )


def impossible_rows(document: Document) -> Answer:
    """Look for rows left out because their numbers contradict each other.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer
    """
    found = tuple(
        f"{text(one, 'study')}: {text(one, 'reason')}"
        for one in rows(document, "result", "left_out")
    )
    if not found:
        return Fine("no row was left out")
    used = sum(1 for one in rows(document, "result", "studies") if one.get("used") is True)
    return Remark(
        MAJOR if len(found) > used else MINOR,
        "Rows of the table could not be pooled.",
        f"{len(found)} left out, {used} used: {listed(found, 3)}.",
        "Say which and why; ask the authors for the numbers.",
        RILEY_2019_REVIEWS,
    )


STUDIES = (
    Rule("overlap", overlap),
    Rule("mixed_adjustment", mixed_adjustment),
    Rule("cutoffs_differ", cutoffs_differ),
    Rule("mixed_questions", mixed_questions),
    Rule("risk_of_bias", risk_of_bias),
    Rule("development_mixed", development_mixed),
    Rule("rows_left_out", impossible_rows),
)
