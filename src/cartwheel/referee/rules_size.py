"""Is there enough: events per parameter, Riley's criteria, expected shrinkage."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.errors import NotEstimable
from cartwheel.referee.developed import (
    discrimination,
    kind_of_outcome,
    predictors,
    searched_columns,
)
from cartwheel.referee.facts import Document, count, number, text
from cartwheel.referee.rule import (
    CRITICAL,
    INFORMATION,
    MAJOR,
    MINOR,
    Answer,
    Fine,
    Remark,
    Rule,
    Unseen,
)
from cartwheel.referee.sources import (
    HOUWELINGEN_1990,
    MOONS_2019,
    RILEY_2019,
    RILEY_2020,
    SMEDEN_2019,
)
from cartwheel.stats.samplesize import (
    max_r2_cox_snell,
    r2_cox_snell_from_auc,
    riley_minimum_n_intercept,
    riley_minimum_n_optimism,
    riley_minimum_n_shrinkage,
)
from cartwheel.stats.samplesize_development import max_r2_cox_snell_survival

VERY_FEW, FEW, SOME = 5.0, 10.0, 20.0
GOOD_SLOPE, POOR_SLOPE = 0.9, 0.8
FIFTEEN = 0.15


@dataclass(frozen=True, slots=True)
class _Size:
    n: int
    events: int
    parameters: int
    survival: bool

    @property
    def limiting(self) -> int:
        return self.events if self.survival else min(self.events, self.n - self.events)


def _size(document: Document) -> _Size | None:
    for part in ("sample_size", "model", "words"):
        n, events = (count(document, "result", part, key) for key in ("n", "events"))
        parameters = count(document, "result", part, "candidate_parameters")
        if parameters is None:
            parameters = count(document, "result", part, "parameters")
        if n and events and parameters and events < n:
            return _Size(n, events, parameters, kind_of_outcome(document) == "survival")
    return None


def events_per_parameter(document: Document) -> Answer:
    """Hold events against candidate parameters.

    Parameters
    ----------
    document : mapping
        Result of a development or appraisal.

    Returns
    -------
    Answer
        A remark below 20 events for each; critical below 5.

    References
    ----------
    Moons KGM et al 2019, doi:10.7326/M18-1377. Van Smeden M et al 2019,
    doi:10.1177/0962280218784726.
    """
    size = _size(document)
    if size is None:
        return Unseen("patients, events and candidate parameters are not all said")
    per = size.limiting / size.parameters
    which = "events" if size.limiting == size.events else "patients without the event"
    evidence = f"{size.limiting} {which} for {size.parameters} candidate parameters: {per:.1f} each"
    if per >= SOME:
        return Fine(evidence)
    severity = CRITICAL if per < VERY_FEW else MAJOR if per < FEW else MINOR
    return Remark(
        severity,
        "Too few events for the parameters that were tried."
        if per < FEW
        else "Events for each parameter are in the range where overfitting is still to be shown "
        "absent.",
        f"{evidence}; PROBAST asks for 20, and below 10 expects overfitting. Ten is a rule of "
        "thumb: Riley's criteria say more.",
        "Try fewer predictors, decided before looking; penalise; or collect more events.",
        f"{SMEDEN_2019}; {MOONS_2019}",
    )


def riley_criteria(document: Document) -> Answer:
    """Hold the number of patients against Riley's minimum for development.

    Parameters
    ----------
    document : mapping
        Result of a development or appraisal.

    Returns
    -------
    Answer

    Notes
    -----
    A binary outcome with a corrected AUC of the uncut model: its Cox-Snell R2. Else 15 % of the
    largest R2 possible. For survival without the criterion of the overall risk.

    References
    ----------
    Riley RD et al 2019, doi:10.1002/sim.7992; 2020, doi:10.1136/bmj.m441.
    """
    size = _size(document)
    if size is None:
        return Unseen("patients, events and candidate parameters are not all said")
    try:
        needed, criterion, assumed = _needed(document, size)
    except NotEstimable:
        return Unseen("Riley's criteria have no answer for these numbers")
    evidence = f"{needed} patients needed (for the {criterion}; {assumed}), {size.n} there"
    if size.n >= needed:
        return Fine(evidence)
    return Remark(
        CRITICAL if needed > 3 * size.n else MAJOR,
        "Fewer patients than Riley's minimum for developing such a model.",
        f"{evidence}: {needed / size.n:.1f} times as many.",
        "Say so beside the result; fewer parameters or more patients; validate elsewhere before "
        "use.",
        f"{RILEY_2020}; {RILEY_2019}",
    )


def _needed(document: Document, size: _Size) -> tuple[int, str, str]:
    share = size.events / size.n
    most = max_r2_cox_snell_survival(share) if size.survival else max_r2_cox_snell(share)
    auc = _corrected_auc(document)
    if not size.survival and auc is not None:
        r2 = r2_cox_snell_from_auc(auc, share)
        assumed = f"for a corrected AUC of {auc:.3f}"
    else:
        r2, assumed = FIFTEEN * most, "if it explains 15 % of what can be explained"
    criteria = {
        "shrinkage": riley_minimum_n_shrinkage(r2, size.parameters),
        "optimism": riley_minimum_n_optimism(r2, size.parameters, most),
    }
    if not size.survival:
        criteria["overall risk"] = riley_minimum_n_intercept(share)
    criterion = max(criteria, key=lambda name: criteria[name])
    return criteria[criterion], criterion, assumed


def _corrected_auc(document: Document) -> float | None:
    found = discrimination(document, "uncut") or discrimination(document)
    value = number(found, "corrected", "value") if text(found, "name") == "auc" else None
    if value is None:
        value = number(document, "result", "model", "auc_corrected")
    return value if value is not None and 0.5 < value < 1.0 else None


def expected_shrinkage(document: Document) -> Answer:
    """Look at the calibration slope that such a model can be expected to have in new patients.

    Parameters
    ----------
    document : mapping
        Result of a development or appraisal.

    Returns
    -------
    Answer

    References
    ----------
    Van Houwelingen JC, le Cessie S 1990, doi:10.1002/sim.4780091109.
    """
    value = number(document, "result", "sample_size", "expected_shrinkage")
    if value is None:
        value = number(document, "result", "model", "shrinkage")
    if value is None:
        return Unseen("no expected shrinkage: it takes the likelihood ratio of the model")
    evidence = f"expected shrinkage {value:.2f}; 0.9 or more is wanted"
    if value >= GOOD_SLOPE:
        return Fine(evidence)
    severity = CRITICAL if value <= 0.0 else MAJOR if value < POOR_SLOPE else MINOR
    return Remark(
        severity,
        "The model is overfitted: in new patients high risks will be predicted too high, and low "
        "ones too low."
        if value > 0.0
        else "Chance alone gives so many parameters as much signal as there is.",
        evidence,
        "Shrink the coefficients, and show the corrected calibration slope."
        if value > 0.0
        else "Report that no signal was found; collect more events before trying again.",
        HOUWELINGEN_1990,
    )


def very_few_events(document: Document) -> Answer:
    """Look whether there are fewer than ten events at all.

    Parameters
    ----------
    document : mapping
        Result.

    Returns
    -------
    Answer
    """
    found = [
        (count(document, "result", part, n), count(document, "result", part, "events"))
        for part, n in (("outcome", "patients"), ("model", "n"), ("words", "n"))
    ]
    known = [(n, events) for n, events in found if events is not None]
    if not known:
        return Unseen("the number of events is not said")
    n, events = known[0]
    survival = kind_of_outcome(document) != "binary"
    fewer = events if survival or n is None else min(events, max(n - events, 0))
    which = "events" if fewer == events else "patients without the event"
    if fewer >= FEW:
        return Fine(f"{fewer} {which}")
    return Remark(
        CRITICAL,
        "With fewer than ten events nothing can be developed or judged reliably.",
        f"{fewer} {which}.",
        "Describe these patients, and pool with other centres before making a score.",
        RILEY_2020,
    )


def parameters_planned(document: Document) -> Answer:
    """Count what a plan will try, before any data.

    Parameters
    ----------
    document : mapping
        Plan.

    Returns
    -------
    Answer
        Information: the number, and the events that it asks for.
    """
    items = predictors(document)
    if not items:
        return Unseen("the plan names no predictors")
    widths = {"rcs3": 2, "rcs4": 3, "rcs5": 4}
    cut = text(document, "plan", "method") == "index"
    searched = len(searched_columns(document))
    total = searched + sum(1 if cut else widths.get(text(item, "transform"), 1) for item in items)
    return Remark(
        INFORMATION,
        "What this plan will try sets how many events it needs.",
        f"{len(items)} predictors, {searched} searched cut-offs: at least {total} candidate "
        f"parameters; {10 * total} events give ten for each, {20 * total} twenty.",
        "Hold this against the events you have before running it; more levels of a category count "
        "as more parameters.",
        f"{RILEY_2020}; {SMEDEN_2019}",
    )


DEVELOPED = (
    Rule("events_per_parameter", events_per_parameter),
    Rule("riley_criteria", riley_criteria),
    Rule("expected_shrinkage", expected_shrinkage),
    Rule("very_few_events", very_few_events),
)
PLANNED = (Rule("parameters_planned", parameters_planned),)
