"""PROBAST, PROBAST+AI and QUIPS: answered where the run decides, blank where a person must."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cartwheel.finding import Domain
from cartwheel.referee.facts import Document, count, rows, text
from cartwheel.referee.instruments import (
    DEVELOPMENT,
    EVALUATION,
    NO,
    NOT_APPLICABLE,
    PROBABLY_NO,
    PROBABLY_YES,
    PROBAST,
    PROBAST_AI,
    PROBAST_AI_ITEMS,
    PROBAST_ITEMS,
    QUIPS,
    QUIPS_ITEMS,
    YES,
    Item,
)
from cartwheel.referee.rule import INFORMATION, MINOR, Judged

_PARTS = {
    DEVELOPMENT: "Concern about the quality of the development",
    EVALUATION: "Risk of bias of the evaluation",
}


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
        PROBAST (Wolff 2019) and PROBAST+AI (Moons 2025), question by question, for a development,
        a validation and a published model; QUIPS (Hayden 2013) for a development as well; for a
        pool what the table judged. Empty where none applies.

    Notes
    -----
    PROBAST+AI has a part for the development (16 questions) and one for the evaluation (18). A
    development is asked both, because it shows performance too; a validation the second alone.
    Each domain is judged after its questions: high where one of them is answered no, low where the
    run answers all of them, else left to a person.

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
    for each in (EVALUATION,) if kind == "validate" else (DEVELOPMENT, EVALUATION):
        filled += _probast_ai(kind, document, answers, each)
    if kind == "develop":
        filled += [_filled(QUIPS, item, answers) for item in QUIPS_ITEMS]
    return tuple(filled)


def _probast_ai(kind: str, document: Document, answers: _Answers, part: str) -> Iterator[Domain]:
    """Fill a part of PROBAST+AI, and judge each domain from what its own questions found."""
    asked = [item for item in PROBAST_AI_ITEMS if item.only == part]
    run = _by_the_run(kind, document)
    for domain in dict.fromkeys(item.domain for item in asked):
        own = [
            _decided(_filled(PROBAST_AI, item, answers), run.get(item.number))
            for item in asked
            if item.domain == domain
        ]
        yield from own
        yield _domain_judged(domain, part, own)


def _domain_judged(domain: str, part: str, own: Sequence[Domain]) -> Domain:
    against = [one.question.split()[0] for one in own if one.answer == NO]
    answer, because = "", ""
    if against:
        answer, because = "high", "answered no: " + ", ".join(against)
    elif all(one.answer in (YES, PROBABLY_YES, NOT_APPLICABLE) for one in own):
        answer, because = "low", "the run answers every question of the domain, none against it"
    return Domain(PROBAST_AI, domain, f"{_PARTS[part]}: {domain}", answer, because)


def _decided(one: Domain, by_run: tuple[str, str] | None) -> Domain:
    # what a rule found counts before what the program always does
    return (
        one if one.answer or by_run is None else replace(one, answer=by_run[0], because=by_run[1])
    )


def _by_the_run(kind: str, document: Document) -> dict[str, tuple[str, str]]:
    """Answer what the way in which the program works decides, and no rule asks."""
    if kind == "validate":
        plain = "the validation weighted, drew and left out nobody to even out the outcome"
        return {"E4.4": (PROBABLY_YES, plain)}
    resamples = count(document, "result", "performance", "resamples")
    if kind != "develop" or resamples is None:
        return {}
    plain = "the run weighted, drew and left out nobody to even out the outcome"
    found = {
        "D4.4": (NOT_APPLICABLE, plain),
        "E4.4": (NOT_APPLICABLE, plain),
        "E4.5": (NOT_APPLICABLE, "the run did not split the patients"),
    }
    failed = count(document, "result", "performance", "failed") or 0
    told = f"{resamples} resamples, {failed} failed"
    if resamples <= failed:
        found["E4.1"] = (NO, f"{told}: performance in the patients the score was made from")
        found["E4.6"] = (NOT_APPLICABLE, told)
        return found
    found["E4.1"] = (YES, f"performance corrected in {told}")
    found["E4.6"] = (YES, f"the whole development repeated in {told}")
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
