"""Cut-offs: searched on the data that judge them, wandering, and what dichotomising costs."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi
from typing import Any

from scipy.special import ndtr, ndtri

from cartwheel.referee.developed import (
    cutoff_way,
    discrimination,
    label_of,
    predictors,
    searched_columns,
)
from cartwheel.referee.facts import (
    Document,
    at,
    count,
    listed,
    notes_named,
    number,
    numbers,
    p_text,
    rows,
    text,
    texts,
)
from cartwheel.referee.rule import CRITICAL, MAJOR, MINOR, Answer, Fine, Remark, Rule, Unseen
from cartwheel.referee.sources import (
    ALTMAN_1994,
    ALTMAN_2006,
    LAUSEN_1992,
    ROYSTON_2006,
    WYNANTS_2019,
)
from cartwheel.stats.maximally_selected import lausen_schumacher_p

ALPHA = 0.05
COSTLY = 0.02
WIDE = 0.3


def cutoff_searched(document: Document) -> Answer:
    """Look for cut-offs chosen on the data that then judge them.

    Parameters
    ----------
    document : mapping
        Result of a development or appraisal, or a plan.

    Returns
    -------
    Answer

    References
    ----------
    Altman DG et al 1994, doi:10.1093/jnci/86.11.829.
    """
    said = count(document, "result", "words", "cutoffs_searched")
    if said is not None:
        return _searched_in_a_paper(document, said)
    found = [
        one
        for one in rows(document, "result", "cutoffs")
        if text(one, "method") not in ("", "fixed")
    ]
    if found:
        return _searched_here(document, found)
    planned = searched_columns(document)
    if planned and not rows(document, "result", "cutoffs"):
        return Remark(
            MINOR,
            "The plan searches cut-offs on the patients that will judge them.",
            f"searched: {listed(planned)}",
            "Keep the markers uncut, or fix published cut-offs beforehand; where a search stays, "
            "report p after the search and the corrected performance only.",
            f"{ALTMAN_1994}; {LAUSEN_1992}",
        )
    if predictors(document):
        return Fine("no cut-off is searched")
    return Unseen("whether cut-offs were searched is not said")


def _searched_here(document: Document, found: list[Mapping[str, Any]]) -> Remark:
    lines = []
    lost = unpaid = False
    for one in found:
        naive, adjusted = number(one, "p_naive"), number(one, "p_adjusted")
        lost = lost or (naive is not None and adjusted is not None and naive < ALPHA <= adjusted)
        unpaid = unpaid or adjusted is None
        name = text(one, "label") or text(one, "column")
        line = f"{name} {text(one, 'rule')} {number(one, 'cut') or 0.0:.4g}"
        if adjusted is not None:
            line += f" ({p_text(naive)} as if fixed, {p_text(adjusted)} after the search)"
        lines.append(line)
    corrected = number(discrimination(document), "corrected", "value") is not None
    if not corrected:
        severity, mend = (
            CRITICAL,
            "Repeat the search in resamples (--bootstrap 1000), and give p after the search.",
        )
    else:
        severity = MAJOR if lost or unpaid else MINOR
        mend = (
            "Report p after the search and the corrected performance only; keep the cut-offs as "
            "they are, and test them in other patients."
        )
    what = "Cut-offs were searched on the same patients that judge them."
    if lost:
        what += " At least one is no evidence once the search is paid for."
    return Remark(severity, what, "; ".join(lines) + ".", mend, f"{ALTMAN_1994}; {LAUSEN_1992}")


def _searched_in_a_paper(document: Document, searched: int) -> Answer:
    if searched == 0:
        return Fine("no cut-off was searched, as said")
    real = lausen_schumacher_p(float(ndtri(1.0 - ALPHA / 2.0)), 0.1, 0.9)
    needed = _p_that_is_five_percent()
    evidence = (
        f"{searched} cut-off{'s' if searched > 1 else ''} searched: a p of 0.05 at a cut searched "
        f"over the inner 80 % of a marker is really about {real:.2f}, and it takes p below "
        f"{needed:.4f} to mean 0.05"
    )
    parameters = count(document, "result", "words", "parameters")
    if parameters:
        evidence += (
            f"; each search counts as a parameter, so {parameters} may be {parameters + searched}"
        )
    return Remark(
        CRITICAL if searched > 1 else MAJOR,
        "Cut-offs were searched and tested on the same patients: separation, p-values and "
        "performance are too good.",
        evidence + ".",
        "Ask for the markers uncut, for p after the search, for the spread of the cut-offs over "
        "resamples, and for other patients.",
        f"{ALTMAN_1994}; {LAUSEN_1992}",
    )


def _p_that_is_five_percent() -> float:
    low, high = 1.96, 6.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (
            (middle, high) if lausen_schumacher_p(middle, 0.1, 0.9) > ALPHA else (low, middle)
        )
    return 2.0 * float(ndtr(-high))


def cutoff_wanders(document: Document) -> Answer:
    """Look how much of a marker's distribution its searched cut-off covers over the resamples.

    Parameters
    ----------
    document : mapping
        Result of a development.

    Returns
    -------
    Answer
        A remark where the interval of a cut-off holds more than 30 % of the patients.
    """
    lines, wide = [], []
    for one in rows(document, "result", "cutoffs"):
        low, high = number(one, "wander", "low"), number(one, "wander", "high")
        deciles = numbers(one, "values")
        if low is None or high is None or len(deciles) < 2:
            continue
        share = _below(high, deciles) - _below(low, deciles)
        line = (
            f"{text(one, 'label')}: {low:.4g} to {high:.4g} over the resamples, between which lie "
            f"{100 * share:.0f} % of the patients"
        )
        lines.append(line)
        if share > WIDE:
            wide.append(line)
    if not lines:
        return Unseen("no searched cut-off with a spread over resamples")
    if not wide:
        return Fine("; ".join(lines))
    return Remark(
        MAJOR if len(wide) > 1 else MINOR,
        "A searched cut-off is not stable: other patients of the same kind would give another.",
        "; ".join(wide) + ".",
        "Do not present it as a threshold; use the marker uncut or a published cut-off.",
        f"{ALTMAN_1994}; {ALTMAN_2006}",
    )


def _below(value: float, deciles: tuple[float, ...]) -> float:
    """Share of patients below a value, between deciles on a straight line."""
    steps = len(deciles) - 1
    if value <= deciles[0]:
        return 0.0
    for place in range(steps):
        low, high = deciles[place], deciles[place + 1]
        if low <= value < high:
            return (place + (value - low) / (high - low)) / steps
    return 1.0


def dichotomised(document: Document) -> Answer:
    """Say what cutting continuous predictors costs.

    Parameters
    ----------
    document : mapping
        Result of a development or appraisal, or a plan.

    Returns
    -------
    Answer
        With the loss in corrected discrimination against the same predictors uncut.

    References
    ----------
    Royston P et al 2006, doi:10.1002/sim.2331. Altman DG, Royston P 2006,
    doi:10.1136/bmj.332.7549.1080.
    """
    said = count(document, "result", "words", "dichotomised")
    if said is not None:
        return _dichotomised_in_a_paper(document, said)
    cut = _cut_predictors(document)
    if cut is None:
        return Unseen("whether continuous predictors were cut is not said")
    if not cut:
        return Fine("no continuous predictor is cut in two")
    ours, uncut = discrimination(document), discrimination(document, "uncut")
    here, there = number(ours, "corrected", "value"), number(uncut, "corrected", "value")
    which = "corrected"
    if here is None or there is None:
        here, there = number(ours, "apparent", "value"), number(uncut, "apparent", "value")
        which = "apparent"
    evidence = f"cut in two: {listed(cut)}"
    severity = MINOR
    if here is not None and there is not None:
        evidence += (
            f"; {which} {text(ours, 'label') or 'discrimination'} {here:.3f} cut, {there:.3f} "
            f"uncut: {there - here:+.3f} without the cuts"
        )
        severity = MAJOR if there - here > COSTLY else MINOR
    return Remark(
        severity,
        "Continuous predictors are dichotomised: patients near a cut-off are told apart who hardly "
        "differ, and those far from it are told alike who do.",
        evidence + ".",
        "Report the uncut model beside it; where it is better, publish that one.",
        f"{ROYSTON_2006}; {ALTMAN_2006}",
    )


def _cut_predictors(document: Document) -> tuple[str, ...] | None:
    """Labels of continuous predictors that are cut; None where it is not said."""
    items = predictors(document)
    if not items:
        found = rows(document, "result", "cutoffs")
        return tuple(text(one, "label") for one in found) if found else None
    kinds = {text(one, "column"): text(one, "kind") for one in rows(document, "result", "columns")}
    return tuple(
        label_of(document, text(item, "column"))
        for item in items
        if cutoff_way(document, item) is not None and kinds.get(text(item, "column")) != "category"
    )


def _dichotomised_in_a_paper(document: Document, cut: int) -> Answer:
    if cut == 0:
        return Fine("no predictor was dichotomised, as said")
    lost = 1.0 - 2.0 / pi
    evidence = (
        f"{cut} dichotomised: a normal marker cut at its median loses {100 * lost:.0f} % of its "
        "information, at any other cut more"
    )
    n = count(document, "result", "words", "n")
    if n:
        evidence += f"; for one marker that is as if {n * lost:.0f} of {n} patients were left out"
    auc = number(document, "result", "words", "auc")
    if auc is not None and 0.5 < auc < 1.0:
        halves = float(ndtr(float(ndtri(auc)) / 2.0**0.5))
        evidence += f"; one normal marker with an AUC of {auc:.3f} has {halves:.3f} at its best cut"
    return Remark(
        MAJOR,
        "Continuous predictors were dichotomised.",
        evidence + ".",
        "Ask for the model with the predictors uncut, and its performance beside the other's.",
        f"{ROYSTON_2006}; {ALTMAN_2006}",
    )


def bands_after_looking(document: Document) -> Answer:
    """Look whether risk groups were fixed before looking.

    Parameters
    ----------
    document : mapping
        Result of a development, or a plan.

    Returns
    -------
    Answer

    References
    ----------
    Wynants L et al 2019, doi:10.1186/s12916-019-1425-3.
    """
    method = text(document, "plan", "method") or text(document, "result", "method")
    groups = rows(document, "plan", "index", "groups")
    if method == "points":
        names = texts(document, "plan", "points", "bands")
        evidence = f"bands {', '.join(names)}: " if len(names) > 1 else ""
        if len(names) == 1:
            return Fine("one band only")
        evidence += "cut at quantiles of the total in these patients"
    elif method == "index" and groups:
        return Fine("groups were declared in the plan")
    elif notes_named(document, "groups") or (method == "index" and at(document, "plan", "index")):
        evidence = "no groups were declared; low is no point, high every point"
    else:
        return Unseen("how the risk groups were chosen is not said")
    sizes = [
        f"{text(one, 'name')} {count(one, 'n')} patients, {count(one, 'events')} events"
        for one in rows(document, "result", "groups")
    ]
    return Remark(
        MINOR,
        "Risk groups were not fixed by what would be done in them.",
        evidence + (f" ({'; '.join(sizes)})." if sizes else "."),
        "Choose bands by risks at which care differs, declare them in the plan, and give the "
        "predicted risk as well.",
        WYNANTS_2019,
    )


DEVELOPED = (
    Rule("cutoff_searched", cutoff_searched),
    Rule("cutoff_wanders", cutoff_wanders),
    Rule("dichotomised", dichotomised),
    Rule("bands_after_looking", bands_after_looking),
)
PLANNED = (
    Rule("cutoff_searched", cutoff_searched),
    Rule("dichotomised", dichotomised),
    Rule("bands_after_looking", bands_after_looking),
)
APPRAISED = (
    Rule("cutoff_searched", cutoff_searched),
    Rule("dichotomised", dichotomised),
)
