"""A meta-analysis, its effects: few studies, one that decides, spread, what a new centre sees."""

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
    p_text,
    rows,
    side,
    text,
)
from cartwheel.referee.rule import (
    INFORMATION,
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
    HIGGINS_2002,
    INTHOUT_2014,
    INTHOUT_2016,
    STERNE_2011,
    VIECHTBAUER_2010,
    WANG_2007,
)

FEW, VERY_FEW = 10, 5
HALF, MUCH = 50.0, 40.0
SUBSTANTIAL, CONSIDERABLE = 50.0, 75.0
ALPHA, ASYMMETRY = 0.05, 0.10

Analysis = Mapping[str, Any]


def _each(
    document: Document, look: Callable[[Analysis], Remark | str | None], nothing: str
) -> Answer:
    """Put one question to every pool of at least two studies; one remark tells of all alike."""
    remarks: list[Remark] = []
    fine: list[str] = []
    for one in rows(document, "result", "analyses"):
        if (count(one, "k") or 0) < 2:
            continue
        answer = look(one)
        if isinstance(answer, Remark):
            remarks.append(answer)
        elif answer is not None:
            fine.append(f"{text(one, 'name')}: {answer}")
    if remarks:
        return told_once(remarks)
    if fine:
        return Fine("; ".join(fine[:4]))
    return Unseen(nothing)


def _main(one: Analysis) -> tuple[float | None, float | None]:
    return number(one, "main", "pooled", "low"), number(one, "main", "pooled", "high")


def few_studies(document: Document) -> Answer:
    """Look at the number of studies of each pool.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer
    """

    def look(one: Analysis) -> Remark | str:
        k = count(one, "k") or 0
        name = text(one, "name")
        if k >= FEW:
            return f"{k} studies"
        return Remark(
            MAJOR if k < VERY_FEW else MINOR,
            "So few studies that their spread can hardly be estimated."
            if k < VERY_FEW
            else "Too few studies to ask about small-study effects or to divide them.",
            f"{name}: {k} studies, {interval(at(one, 'main', 'pooled'), 2)}",
            "Give the interval by Knapp and Hartung and the prediction interval, and say that more "
            "studies may change the result.",
            INTHOUT_2014,
        )

    return _each(document, look, "no pool of two or more studies")


def prediction_crosses(document: Document) -> Answer:
    """Hold the prediction interval against no effect.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer

    References
    ----------
    IntHout J et al 2016, doi:10.1136/bmjopen-2015-010247.
    """

    def look(one: Analysis) -> Remark | str | None:
        null = number(one, "null_value")
        low, high = (number(one, "main", f"prediction_{end}") for end in ("low", "high"))
        outer, inner = side(low, high, null), side(*_main(one), null)
        if outer is None or inner is None:
            return None
        told = f"prediction interval {low:.2f} to {high:.2f}"
        if inner == "across" or outer != "across":
            return told
        return Remark(
            MAJOR,
            "The pooled effect excludes no effect, but what a new centre may see does not.",
            f"{text(one, 'name')}: {interval(at(one, 'main', 'pooled'), 2)}, {told}",
            "Show the prediction interval as large as the pooled one, and claim no more than it.",
            INTHOUT_2016,
        )

    return _each(document, look, "no prediction interval, or no value of no effect")


def one_study_dominates(document: Document) -> Answer:
    """Look for one study that carries most of the weight.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer
    """

    def look(one: Analysis) -> Remark | str | None:
        weights = [
            (weight, text(study, "study"))
            for study in rows(one, "studies")
            if (weight := number(study, "weight_percent")) is not None
        ]
        if len(weights) < 3:
            return None
        most, study = max(weights)
        told = f"largest weight {most:.0f} % ({study})"
        if most <= MUCH:
            return told
        return Remark(
            MAJOR if most > HALF else MINOR,
            "One study carries most of the weight.",
            f"{text(one, 'name')}: {told} among {len(weights)} studies",
            "Show the result without it.",
            VIECHTBAUER_2010,
        )

    return _each(document, look, "no weights of three or more studies")


def one_study_decides(document: Document) -> Answer:
    """Look whether leaving out one study changes the conclusion.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer
    """

    def look(one: Analysis) -> Remark | str | None:
        null = number(one, "null_value")
        whole = side(*_main(one), null)
        left_out = rows(one, "leave_one_out")
        if whole is None or len(left_out) < 3:
            return None
        changed = [
            f"without {text(refit, 'study')} {interval(at(refit, 'estimate'), 2)}"
            for refit in left_out
            if side(number(refit, "estimate", "low"), number(refit, "estimate", "high"), null)
            not in (whole, None)
        ]
        if not changed:
            return f"leaving out any of {len(left_out)} studies changes nothing"
        return Remark(
            MAJOR,
            "The conclusion hangs on single studies.",
            f"{text(one, 'name')}: {interval(at(one, 'main', 'pooled'), 2)} with all; "
            f"{listed(tuple(changed), 3)}",
            "Say so beside the pooled result.",
            VIECHTBAUER_2010,
        )

    return _each(document, look, "no leave-one-out of three or more studies")


def heterogeneity(document: Document) -> Answer:
    """Look how much the studies differ.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer

    References
    ----------
    Higgins JPT, Thompson SG 2002, doi:10.1002/sim.1186.
    """

    def look(one: Analysis) -> Remark | str | None:
        i2 = at(one, "heterogeneity", "i2")
        value, high = number(i2, "value"), number(i2, "high")
        if value is None:
            return None
        told = f"I2 {value:.0f} %"
        if number(i2, "low") is not None and high is not None:
            told += f" ({number(i2, 'low'):.0f} to {high:.0f} %)"
        if value < SUBSTANTIAL and (high is None or high < CONSIDERABLE):
            return told
        sure = value >= SUBSTANTIAL
        return Remark(
            (MAJOR if value >= CONSIDERABLE else MINOR) if sure else INFORMATION,
            "The studies differ by more than chance: one pooled number says little of any of them."
            if sure
            else "These studies cannot rule out heterogeneity that matters.",
            f"{text(one, 'name')}: {told}",
            "Ask why they differ before pooling; give the prediction interval.",
            HIGGINS_2002,
        )

    return _each(document, look, "no heterogeneity")


def normal_interval(document: Document) -> Answer:
    """Look for a normal interval around a random effect of few studies.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer

    References
    ----------
    IntHout J et al 2014, doi:10.1186/1471-2288-14-25.
    """

    def look(one: Analysis) -> Remark | str | None:
        way, k = text(one, "main", "interval"), count(one, "k") or 0
        if not way:
            return None
        code = text(one, "main", "code")
        if way != "normal" or k >= FEW:
            return f"{way.replace('_', ' ')}, {k} studies"
        others = [
            row for row in rows(one, "models") if text(row, "interval").startswith("knapp_hartung")
        ]
        told = f"{text(one, 'name')}: {k} studies, {interval(at(one, 'main', 'pooled'), 2)} normal"
        if others:
            told += f", {interval(others[0].get('pooled'), 2)} by Knapp and Hartung"
        return Remark(
            MINOR,
            "A common effect is assumed for few studies."
            if code == "common"
            else "A normal interval around a random effect of few studies is too narrow.",
            told,
            "Use Knapp and Hartung's interval.",
            INTHOUT_2014,
        )

    return _each(document, look, "the kind of interval is not said")


def small_studies(document: Document) -> Answer:
    """Look at tests of small-study effects.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer

    References
    ----------
    Sterne JAC et al 2011, doi:10.1136/bmj.d4002.
    """

    def look(one: Analysis) -> Remark | str | None:
        asked = at(one, "small_studies", "asked")
        k, name = count(one, "k") or 0, text(one, "name")
        if asked is None:
            return None
        if asked is not True:
            return Remark(
                INFORMATION,
                "Whether small studies with other results are missing cannot be asked.",
                f"{name}: {k} studies, ten are needed",
                "Search registries and abstracts, and say that publication bias stays open.",
                STERNE_2011,
            )
        if k < FEW:
            return Remark(
                MINOR,
                "Small-study tests were made on fewer than ten studies.",
                f"{name}: {k} studies",
                "Do not rest anything on them.",
                STERNE_2011,
            )
        odd = [
            f"{text(test, 'name')} {p_text(p)}"
            for test in rows(one, "small_studies", "tests")
            if (p := number(test, "p_value")) is not None and p < ASYMMETRY
        ]
        if not odd:
            return f"no sign of small-study effects in {k} studies"
        return Remark(
            MAJOR,
            "Small studies show larger effects: studies with other results may be missing.",
            f"{name}: {listed(tuple(odd))}",
            "Show the selection model and trim and fill beside the pooled effect; say which is "
            "believed.",
            STERNE_2011,
        )

    return _each(document, look, "small-study effects were not looked at")


def subgroups(document: Document) -> Answer:
    """Look for subgroup findings that nobody had announced.

    Parameters
    ----------
    document : mapping
        Result of a meta-analysis.

    Returns
    -------
    Answer

    References
    ----------
    Wang R et al 2007, doi:10.1056/NEJMsr077003.
    """

    def look(one: Analysis) -> Remark | str | None:
        found = rows(one, "subgroups")
        if not found:
            return None
        tested = [(text(group, "column"), number(group, "p_value")) for group in found]
        told = ", ".join(f"{column} {p_text(p)}" for column, p in tested)
        planned = all(group.get("planned") is True for group in found)
        if planned or not any(p is not None and p < ALPHA for _, p in tested):
            return f"{len(found)} subgroup analyses: {told}"
        return Remark(
            MINOR,
            "A difference between subgroups of studies was not announced before looking.",
            f"{text(one, 'name')}: {len(found)} looked at, {told}",
            "Call it exploratory.",
            WANG_2007,
        )

    return _each(document, look, "no subgroups")


EFFECTS = (
    Rule("few_studies", few_studies),
    Rule("prediction_crosses", prediction_crosses),
    Rule("one_study_dominates", one_study_dominates),
    Rule("one_study_decides", one_study_decides),
    Rule("heterogeneity", heterogeneity),
    Rule("normal_interval", normal_interval),
    Rule("small_studies", small_studies),
    Rule("subgroups_not_planned", subgroups),
)
