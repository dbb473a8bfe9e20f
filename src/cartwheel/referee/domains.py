"""PROBAST and QUIPS: answered where the run decides, blank where a person must.

The questions are in our words. An item is tied to rules of the referee: a grave finding answers
no, a minor one probably no, rules that passed yes or probably yes. Where no rule could see, where
its question does not arise, or where passing it would prove nothing, the item stays blank.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cartwheel.finding import Domain
from cartwheel.referee.facts import Document, rows, text
from cartwheel.referee.rule import INFORMATION, MINOR, Judged

PROBAST, PROBAST_AI, QUIPS = "PROBAST", "PROBAST+AI", "QUIPS"
YES, PROBABLY_YES, NO, PROBABLY_NO = "yes", "probably yes", "no", "probably no"
DEVELOPMENT, EVALUATION = "development", "evaluation"


@dataclass(frozen=True, slots=True)
class Item:
    """One question of an instrument, and the rules that can answer it.

    Parameters
    ----------
    number : str
        As the instrument counts: ``4.5`` or ``3c``.
    domain, question : str
        In our words.
    rules : tuple of str
        Codes; empty where only a person can answer.
    only : str
        ``development`` where the instrument asks it of development alone; else empty.
    passing : str
        What the answer is where all rules passed: ``yes``, ``probably yes``, or empty where that
        proves nothing.
    done : bool
        True where the rule answers by having been put at all, whatever it found.
    """

    number: str
    domain: str
    question: str
    rules: tuple[str, ...] = ()
    only: str = ""
    passing: str = YES
    done: bool = False


_PARTICIPANTS, _PREDICTORS, _OUTCOME, _ANALYSIS = (
    "participants",
    "predictors",
    "outcome",
    "analysis",
)
PROBAST_ITEMS = (
    Item("1.1", _PARTICIPANTS, "Does the source of data suit the question (cohort, trial)?"),
    Item(
        "1.2",
        _PARTICIPANTS,
        "Were the right patients included and excluded?",
        ("selection_of_patients",),
        passing="",
    ),
    Item("2.1", _PREDICTORS, "Were predictors defined and measured alike in all patients?"),
    Item(
        "2.2",
        _PREDICTORS,
        "Were predictors assessed without knowing the outcome?",
        ("predictor_after_event",),
        passing=PROBABLY_YES,
    ),
    Item(
        "2.3",
        _PREDICTORS,
        "Are all predictors known at the time the model is meant for?",
        ("predictor_after_event", "immortal_time"),
    ),
    Item("3.1", _OUTCOME, "Was the outcome determined in a fitting way?"),
    Item(
        "3.2",
        _OUTCOME,
        "Was a standard outcome, or one defined beforehand, used?",
        ("outcome_differs",),
        passing="",
    ),
    Item("3.3", _OUTCOME, "Are predictors no part of the definition of the outcome?"),
    Item("3.4", _OUTCOME, "Was the outcome defined and determined alike in all patients?"),
    Item("3.5", _OUTCOME, "Was the outcome determined without knowing the predictors?"),
    Item(
        "3.6",
        _OUTCOME,
        "Is the time between predictors and outcome right?",
        ("follow_up_short", "immortal_time"),
        passing="",
    ),
    Item(
        "4.1",
        _ANALYSIS,
        "Are there enough patients with the outcome?",
        ("events_per_parameter", "riley_criteria", "few_events"),
    ),
    Item(
        "4.2",
        _ANALYSIS,
        "Were continuous and categorical predictors treated well?",
        ("dichotomised", "cutoff_searched"),
    ),
    Item(
        "4.3",
        _ANALYSIS,
        "Were all enrolled patients analysed?",
        ("selection_of_patients", "complete_cases"),
        passing=PROBABLY_YES,
    ),
    Item(
        "4.4",
        _ANALYSIS,
        "Were missing values treated well?",
        ("complete_cases",),
        passing=PROBABLY_YES,
    ),
    Item(
        "4.5",
        _ANALYSIS,
        "Was selection of predictors by univariable tests avoided?",
        ("univariable_screening",),
        only=DEVELOPMENT,
    ),
    Item(
        "4.6",
        _ANALYSIS,
        "Were censoring, competing risks and sampling accounted for?",
        ("censoring_ignored", "competing_risks", "immortal_time"),
        passing=PROBABLY_YES,
    ),
    Item(
        "4.7",
        _ANALYSIS,
        "Were the measures of performance the right ones (calibration and discrimination)?",
        ("calibration_absent", "auc_without_interval"),
    ),
    Item(
        "4.8",
        _ANALYSIS,
        "Were overfitting and optimism accounted for?",
        ("optimism_not_corrected", "updated_uncorrected"),
        only=DEVELOPMENT,
    ),
    Item(
        "4.9",
        _ANALYSIS,
        "Do the weights of the final model come from the reported analysis?",
        only=DEVELOPMENT,
    ),
)
_TAKING_PART, _ATTRITION, _FACTOR, _CONFOUNDING, _STATISTICS = (
    "study participation",
    "study attrition",
    "prognostic factor measurement",
    "study confounding",
    "statistical analysis and reporting",
)
_MEASURED = "outcome measurement"
QUIPS_ITEMS = (
    Item(
        "1a",
        _TAKING_PART,
        "Did enough of the eligible patients take part?",
        ("selection_of_patients",),
        passing="",
    ),
    Item("1b", _TAKING_PART, "Is the population of interest described?"),
    Item("1c", _TAKING_PART, "Are the patients at baseline described?"),
    Item("1d", _TAKING_PART, "Is it described how patients were found and recruited?"),
    Item("1e", _TAKING_PART, "Are period and place of recruitment described?"),
    Item("1f", _TAKING_PART, "Are inclusion and exclusion criteria described?"),
    Item("2a", _ATTRITION, "Were enough patients followed?", ("follow_up_short",), passing=""),
    Item("2b", _ATTRITION, "Was information sought on those who were lost?"),
    Item("2c", _ATTRITION, "Are reasons for the loss given?"),
    Item("2d", _ATTRITION, "Are those who were lost described?"),
    Item("2e", _ATTRITION, "Are those who were lost like those who stayed?"),
    Item("3a", _FACTOR, "Is the factor clearly defined, with its unit?", ("unit_unknown",)),
    Item("3b", _FACTOR, "Is its measurement valid and reliable?"),
    Item(
        "3c",
        _FACTOR,
        "Is it continuous, or cut at values not taken from these data?",
        ("cutoff_searched",),
    ),
    Item("3d", _FACTOR, "Was it measured alike in all patients?"),
    Item("3e", _FACTOR, "Is it known in enough of the patients?", ("complete_cases",)),
    Item(
        "3f",
        _FACTOR,
        "Were missing values imputed in a fitting way?",
        ("complete_cases",),
        passing="",
    ),
    Item("4a", _MEASURED, "Is the outcome clearly defined?"),
    Item("4b", _MEASURED, "Is its measurement valid and reliable?"),
    Item("4c", _MEASURED, "Was it measured alike in all patients?"),
    Item("5a", _CONFOUNDING, "Were all important confounders measured?"),
    Item("5b", _CONFOUNDING, "Are the confounders defined?"),
    Item("5c", _CONFOUNDING, "Is their measurement valid and reliable?"),
    Item("5d", _CONFOUNDING, "Were they measured alike in all patients?"),
    Item("5e", _CONFOUNDING, "Were their missing values treated in a fitting way?"),
    Item("5f", _CONFOUNDING, "Does the design account for confounders?"),
    Item(
        "5g",
        _CONFOUNDING,
        "Does the analysis account for confounders?",
        ("adjusted_effect",),
        passing=PROBABLY_YES,
        done=True,
    ),
    Item(
        "6a",
        _STATISTICS,
        "Is enough shown to judge the analysis?",
        ("auc_without_interval",),
        passing="",
    ),
    Item(
        "6b",
        _STATISTICS,
        "Was the model built in a fitting way?",
        ("univariable_screening", "optimism_not_corrected"),
    ),
    Item(
        "6c",
        _STATISTICS,
        "Does the model fit the design of the study?",
        ("censoring_ignored", "competing_risks", "proportional_hazards", "immortal_time"),
    ),
    Item("6d", _STATISTICS, "Is nothing reported selectively?", ("multiplicity",), passing=""),
)


def domains_of(kind: str, document: Document, judged: Judged) -> tuple[Domain, ...]:
    """Fill the instruments that apply as far as the run decides them.

    Parameters
    ----------
    kind : str
        Of the document.
    document : mapping
        The result.
    judged : Judged
        What the rules answered.

    Returns
    -------
    tuple of Domain
        PROBAST (Wolff 2019), question by question, and from it the four domains of PROBAST+AI
        (Moons 2025), for a development, a validation and a published model; QUIPS (Hayden 2013)
        for a development as well; for a pool what the table judged. Empty where none applies.

    References
    ----------
    Wolff RF et al 2019, doi:10.7326/M18-1376. Moons KGM et al 2025, doi:10.1136/bmj-2024-082505.
    Hayden JA et al 2013, doi:10.7326/0003-4819-158-4-201302190-00009.
    """
    if kind == "pool":
        return tuple(_judged_studies(document))
    published = kind == "appraise" and not rows(document, "result", "pooled")
    if kind not in ("develop", "validate") and not published:
        return ()
    part = EVALUATION if kind == "validate" else DEVELOPMENT
    asked = [item for item in PROBAST_ITEMS if item.only in ("", part)]
    answers = _Answers(judged)
    filled = [_filled(PROBAST, item, answers) for item in asked]
    if kind == "develop":
        filled = [_weights(document, one) for one in filled]
    filled += _of_domains(filled, part)
    if kind == "develop":
        filled += [_filled(QUIPS, item, answers) for item in QUIPS_ITEMS]
    return tuple(filled)


def _of_domains(filled: Sequence[Domain], part: str) -> list[Domain]:
    """Judge the four domains of PROBAST+AI from what the questions of each found.

    One question answered no makes a domain high; low needs all of them answered yes or probably
    yes, by the run alone. Everything between is a person's to judge.
    """
    about = "quality of the development" if part == DEVELOPMENT else "risk of bias, evaluation"
    names = {_PARTICIPANTS: "participants and data sources"}
    found = []
    for domain in (_PARTICIPANTS, _PREDICTORS, _OUTCOME, _ANALYSIS):
        own = [one for one in filled if one.domain == domain]
        against = [one for one in own if one.answer == NO]
        settled = all(one.answer in (YES, PROBABLY_YES) for one in own)
        answer, because = "", ""
        if against:
            answer = "high"
            because = "answered no: " + ", ".join(one.question.split()[0] for one in against)
        elif settled:
            answer, because = (
                "low",
                "the run answers every question of the domain yes or probably yes",
            )
        found.append(Domain(PROBAST_AI, names.get(domain, domain), about, answer, because))
    return found


class _Answers:
    """What each rule answered, by its code."""

    def __init__(self, judged: Judged) -> None:
        # the gravest of each rule comes first
        self.found = {one.code: one for one in reversed(judged.findings)}
        self.passed = {one.code: one for one in judged.passed if one.code not in judged.void}


def _filled(instrument: str, item: Item, answers: _Answers) -> Domain:
    answer, because = _answered(item, answers)
    return Domain(instrument, item.domain, f"{item.number} {item.question}", answer, because)


def _answered(item: Item, answers: _Answers) -> tuple[str, str]:
    # what is told for information only speaks neither for nor against
    found = [
        answers.found[code]
        for code in item.rules
        if code in answers.found and answers.found[code].severity != INFORMATION
    ]
    put = [answers.passed[code] for code in item.rules if code in answers.passed]
    clear = [one for one in put if one.answered]
    if item.done:
        return (
            (PROBABLY_YES, found[0].evidence if found else clear[0].text)
            if found or clear
            else ("", "")
        )
    if found:
        grave = [one for one in found if one.severity != MINOR]
        worst = (grave or found)[0]
        return (NO if grave else PROBABLY_NO), worst.evidence
    if not clear or not item.passing:
        return "", ""
    sure = item.passing == YES and len(clear) == len(put)
    return (YES if sure else PROBABLY_YES), "; ".join(one.text for one in clear)


def _weights(document: Document, one: Domain) -> Domain:
    """Item 4.9: the score file was written by the run itself."""
    made = text(document, "result", "score_sha256")
    if not one.question.startswith("4.9") or not made:
        return one
    because = f"the score file was written by this run ({made[:19]}...)"
    return Domain(one.instrument, one.domain, one.question, YES, because)


def _judged_studies(document: Document) -> Iterator[Domain]:
    """What the table of a pool judged, domain by domain; QUIPS blank where it did not."""
    tools = {text(tool, "tool"): tool for tool in rows(document, "result", "quality")}
    if not any(name in tools for name in (QUIPS, PROBAST)):
        for domain in dict.fromkeys(item.domain for item in QUIPS_ITEMS):
            yield Domain(QUIPS, domain, _over_studies(domain), "", "")
        return
    for name in (QUIPS, PROBAST):
        tool = tools.get(name)
        if tool is not None:
            yield from _judged(name, tool)


def _judged(name: str, tool: Mapping[str, Any]) -> Iterator[Domain]:
    labels = tool.get("domains")
    for pair in labels if isinstance(labels, list | tuple) else ():
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            continue
        code, label = str(pair[0]), str(pair[1])
        levels = [
            text(judgement, "level")
            for study in rows(tool, "studies")
            for judgement in rows(study, "judgements")
            if text(judgement, "domain") == code
        ]
        known = [level for level in levels if level]
        if not known:
            yield Domain(name, label.lower(), _over_studies(label.lower()), "", "")
            continue
        high, low = known.count("high"), known.count("low")
        answer = YES if low == len(known) else NO if 2 * high >= len(known) else PROBABLY_NO
        told = ", ".join(f"{known.count(level)} {level}" for level in dict.fromkeys(known))
        yield Domain(name, label.lower(), _over_studies(label.lower()), answer, f"judged: {told}")


def _over_studies(domain: str) -> str:
    return f"Are the pooled studies at low risk of bias in {domain}?"
