"""What printed numbers imply: a model by what its paper reports, a pooled result without rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cartwheel.referee.facts import (
    Document,
    at,
    count,
    interval,
    listed,
    number,
    rows,
    side,
    text,
    texts,
)
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
from cartwheel.referee.rules_pool import FEW, VERY_FEW
from cartwheel.referee.sources import (
    HIGGINS_2002,
    HOUWELINGEN_1990,
    INTHOUT_2014,
    INTHOUT_2016,
    RILEY_2019_REVIEWS,
    RILEY_2021,
    STERNE_2011,
)

NOTABLE = 0.02
UNKNOWN = 50.0
NULLS = {"HR": 1.0, "OR": 1.0, "RR": 1.0, "IRR": 1.0, "RD": 0.0, "MD": 0.0, "SMD": 0.0}


def auc_optimistic(document: Document) -> Answer:
    """Hold the printed AUC against the one to be expected in new patients.

    Parameters
    ----------
    document : mapping
        Result of an appraisal.

    Returns
    -------
    Answer

    References
    ----------
    Van Houwelingen JC, le Cessie S 1990, doi:10.1002/sim.4780091109.
    """
    printed = number(document, "result", "model", "auc_apparent", "value")
    expected = number(document, "result", "model", "auc_corrected")
    if printed is None or expected is None:
        return Unseen("it takes patients, events, candidate parameters and the AUC")
    evidence = f"{printed:.3f} printed, {expected:.3f} expected in new patients"
    if printed - expected < NOTABLE:
        return Fine(evidence)
    return Remark(
        MAJOR,
        "The printed AUC is what the patients it was made from give; new patients will show less.",
        evidence + f": {printed - expected:.3f} less.",
        "Read the expected AUC; ask for the corrected one.",
        HOUWELINGEN_1990,
    )


def external_validation(document: Document) -> Answer:
    """Say what an external validation would show.

    Parameters
    ----------
    document : mapping
        Result of an appraisal.

    Returns
    -------
    Answer
        A remark where a size was given; else what usual widths take.

    References
    ----------
    Riley RD et al 2021, doi:10.1002/sim.9025.
    """
    found = rows(document, "result", "external", "rows")
    if not found:
        return Unseen("it takes a yes/no outcome with patients, events, parameters and the AUC")
    n = count(document, "result", "external", "n")
    events = number(document, "result", "external", "events")
    needed = max((count(row, "patients_needed") or 0 for row in found), default=0)
    if n is None:
        told = tuple(
            f"{text(row, 'label')} {count(row, 'patients_needed')}"
            for row in found
            if count(row, "patients_needed") is not None
        )
        return Remark(
            INFORMATION,
            "What an external validation takes for intervals of usual width.",
            f"patients needed: {listed(told)}.",
            "Plan it for the largest, or say what a smaller one cannot show.",
            RILEY_2021,
        )
    told = tuple(
        f"{text(row, 'label')}: {number(row, 'low'):.2f} to {number(row, 'high'):.2f}"
        for row in found
        if number(row, "low") is not None and number(row, "high") is not None
    )
    small = needed > n
    return Remark(
        MAJOR if small and (events or 0.0) < 100.0 else MINOR if small else INFORMATION,
        "An external validation of this size leaves open whether the model works."
        if small
        else "An external validation of this size can answer.",
        f"{n} patients, {events or 0.0:.0f} events; expected intervals: {listed(told, 5)}"
        + (f"; {needed} patients for usual widths." if small else "."),
        "Collect more events, or pool several centres.",
        RILEY_2021,
    )


def _pools(document: Document) -> tuple[Mapping[str, Any], ...]:
    return rows(document, "result", "pooled")


def _name(one: Mapping[str, Any]) -> str:
    return text(one, "outcome") or text(one, "label") or "pooled result"


def _look(
    document: Document, look: Callable[[Mapping[str, Any]], Answer | None], nothing: str
) -> Answer:
    """Put one question to every pooled result."""
    remarks: list[Remark] = []
    fine: list[str] = []
    for one in _pools(document):
        answer = look(one)
        if isinstance(answer, Remark):
            remarks.append(answer)
        elif isinstance(answer, Fine):
            fine.append(answer.text)
    if remarks:
        return tuple(remarks)
    return Fine("; ".join(fine)) if fine else Unseen(nothing)


def printed_disagree(document: Document) -> Answer:
    """Look whether the printed numbers contradict each other.

    Parameters
    ----------
    document : mapping
        Result of an appraisal.

    Returns
    -------
    Answer
    """

    def look(one: Mapping[str, Any]) -> Answer | None:
        checks = rows(one, "checks")
        wrong = tuple(text(check, "text") for check in checks if check.get("agrees") is False)
        if wrong:
            return Remark(
                CRITICAL,
                "Printed numbers contradict each other.",
                f"{_name(one)}: {listed(wrong)}.",
                "Ask the authors; do not use the result until it is settled.",
                RILEY_2019_REVIEWS,
            )
        asked = sum(1 for check in checks if check.get("agrees") is True)
        return Fine(f"{_name(one)}: {asked} checks agree") if asked else None

    return _look(document, look, "no check could be made")


def few_studies(document: Document) -> Answer:
    """Look at the number of studies pooled.

    Parameters
    ----------
    document : mapping
        Result of an appraisal.

    Returns
    -------
    Answer
    """

    def look(one: Mapping[str, Any]) -> Answer | None:
        k = count(one, "k")
        if k is None:
            return None
        if k >= FEW:
            return Fine(f"{_name(one)}: {k} studies")
        return Remark(
            MAJOR if k < VERY_FEW else MINOR,
            "Too few studies to ask whether others are missing, or to divide them.",
            f"{_name(one)}: {k} studies; tests for small-study effects need ten.",
            "Read subgroup findings and 'no publication bias' as not shown.",
            STERNE_2011,
        )

    return _look(document, look, "the number of studies is not said")


def prediction(document: Document) -> Answer:
    """Say what the next centre may see.

    Parameters
    ----------
    document : mapping
        Result of an appraisal.

    Returns
    -------
    Answer

    References
    ----------
    IntHout J et al 2016, doi:10.1136/bmjopen-2015-010247.
    """

    def look(one: Mapping[str, Any]) -> Answer | None:
        null = NULLS.get(text(one, "measure"))
        likely, wide = one.get("prediction"), one.get("prediction_wide")
        inner = side(number(one, "estimate", "low"), number(one, "estimate", "high"), null)
        outer = side(number(likely, "low"), number(likely, "high"), null)
        widest = side(number(wide, "low"), number(wide, "high"), null)
        if inner is None or outer is None:
            return None
        evidence = f"{_name(one)}: {text(one, 'reported')}; prediction interval {_limits(likely)}"
        if widest is not None:
            evidence += f", at the upper limit of I2 {_limits(wide)}"
        if inner == "across" or (outer != "across" and widest != "across"):
            return Fine(evidence)
        return Remark(
            MAJOR if outer == "across" else MINOR,
            "The pooled effect excludes no effect; what a new centre may see does not."
            if outer == "across"
            else "If the studies differ as much as the data allow, a new centre may see no effect.",
            evidence + " (studies taken as equally precise).",
            "Ask for the prediction interval.",
            INTHOUT_2016,
        )

    return _look(document, look, "it takes the number of studies and I2")


def _limits(estimate: Any) -> str:
    low, high = number(estimate, "low"), number(estimate, "high")
    return "unknown" if low is None or high is None else f"{low:.2f} to {high:.2f}"


def low_i2(document: Document) -> Answer:
    """Say how little a printed I2 says.

    Parameters
    ----------
    document : mapping
        Result of an appraisal.

    Returns
    -------
    Answer

    References
    ----------
    Higgins JPT, Thompson SG 2002, doi:10.1002/sim.1186.
    """

    def look(one: Mapping[str, Any]) -> Answer | None:
        i2 = at(one, "heterogeneity", "i2")
        value, low, high = (number(i2, key) for key in ("value", "low", "high"))
        if value is None or low is None or high is None:
            return None
        evidence = f"{_name(one)}: I2 {value:g} % ({low:.0f} to {high:.0f} %)"
        if value < UNKNOWN <= high:
            return Remark(
                MINOR,
                "A small I2 of few studies is no sign that they agree.",
                evidence + f" with {count(one, 'k')} studies.",
                "Read 'no heterogeneity' as not shown; ask for the interval of I2 and for tau2.",
                HIGGINS_2002,
            )
        if value >= UNKNOWN:
            return Remark(
                MAJOR,
                "The studies differ by more than chance: one pooled number says little of any.",
                evidence + ".",
                "Ask why they differ.",
                HIGGINS_2002,
            )
        return Fine(evidence)

    return _look(document, look, "it takes the number of studies and I2")


def knapp_hartung(document: Document) -> Answer:
    """Hold the printed interval against Knapp and Hartung's.

    Parameters
    ----------
    document : mapping
        Result of an appraisal.

    Returns
    -------
    Answer

    References
    ----------
    IntHout J et al 2014, doi:10.1186/1471-2288-14-25.
    """

    def look(one: Mapping[str, Any]) -> Answer | None:
        null = NULLS.get(text(one, "measure"))
        other = one.get("knapp_hartung")
        printed = side(number(one, "estimate", "low"), number(one, "estimate", "high"), null)
        wider = side(number(other, "low"), number(other, "high"), null)
        if printed is None or wider is None:
            return None
        evidence = (
            f"{_name(one)}: {interval(one.get('estimate'), 2)} printed, {_limits(other)} by Knapp "
            "and Hartung"
        )
        if printed == wider:
            return Fine(evidence)
        return Remark(
            MAJOR,
            "With an interval for few studies the pooled effect no longer excludes no effect.",
            evidence + ".",
            "Read the wider interval.",
            INTHOUT_2014,
        )

    return _look(document, look, "it takes the number of studies and I2")


def rows_unknown(document: Document) -> Answer:
    """Say what cannot be judged without the study rows.

    Parameters
    ----------
    document : mapping
        Result of an appraisal.

    Returns
    -------
    Answer
    """
    found = dict.fromkeys(entry for one in _pools(document) for entry in texts(one, "unknown"))
    if not found:
        return Unseen("nothing is said of what is unknown")
    return Remark(
        INFORMATION,
        "What a reviewer must still ask for: the study rows.",
        f"{len(found)} questions stay open: {'; '.join(tuple(found)[:3])}"
        + (f"; and {len(found) - 3} more." if len(found) > 3 else "."),
        "Ask for effects, limits, cut-offs, adjustment and centres of every study; then: "
        "cartwheel pool.",
        RILEY_2019_REVIEWS,
    )


MODEL = (
    Rule("auc_optimistic", auc_optimistic),
    Rule("external_validation", external_validation),
)
POOLED = (
    Rule("printed_disagree", printed_disagree),
    Rule("few_studies", few_studies),
    Rule("prediction_crosses", prediction),
    Rule("heterogeneity", low_i2),
    Rule("normal_interval", knapp_hartung),
    Rule("rows_unknown", rows_unknown),
)
