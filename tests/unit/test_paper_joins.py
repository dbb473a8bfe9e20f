"""Sentences are joined, and stable words said, as the language of the paper has it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from checklist_documents import NAMES, documents
from paper_parts import text_of
from pool_example import documents as pools

from cartwheel.canonical import plain
from cartwheel.pooling.appraisal.model import ModelClaim
from cartwheel.pooling.appraisal.words import CHOICES, PaperWords, ValidationAsked
from cartwheel.report.checklists import checklist, checklists_for
from cartwheel.report.document.blocks import Run
from cartwheel.report.paper import paper
from cartwheel.report.paper.validate_shown import joined
from cartwheel.report.words import gap, words
from cartwheel.workflows.appraise import appraise

LANGUAGES = ("en", "de", "zh")
# a space behind a stop of full width
DOUBLE = re.compile(r"[\u3002\uff01\uff1f\uff1b\uff1a\uff0c] ")
GRADED = {
    name: found for name, found in pools().items() if (found.get("result") or {}).get("grades")
}


def said(document: dict[str, Any], language: str) -> Iterator[str]:
    for name in checklists_for(document):
        for item in checklist(name, document, language).items:
            yield item.answer


@pytest.mark.parametrize(
    ("before", "between"),
    [("Done.", " "), ("完成。", ""), ("方法：", ""), ("", " "), ("ends in 95%", " ")],
)
def test_a_wide_stop_brings_its_own_space(before: str, between: str) -> None:
    assert gap(before) == between


def test_a_paragraph_of_both_scripts_is_joined_as_each_has_it() -> None:
    parts = [(Run("患者共 20 名。"),), (Run("Two were left out."),), (), (Run("随访一年。"),)]
    text = "".join(run.text for run in joined(*parts).runs)
    assert text == "患者共 20 名。Two were left out. 随访一年。"
    assert words("zh").together(["一。", "", "Two.", "三。"]) == "一。Two. 三。"
    assert words("en").together(["One.", "Two."]) == "One. Two."


@pytest.mark.parametrize("name", NAMES)
def test_no_answer_of_a_chinese_checklist_has_a_space_behind_its_stop(name: str) -> None:
    answers = list(said(documents()[name], "zh"))
    assert any("。" in answer for answer in answers)
    assert [answer for answer in answers if DOUBLE.search(answer)] == []


@pytest.mark.parametrize("name", ["develop run", "validate survival", "pool few"])
def test_no_chinese_paper_has_a_space_behind_its_stops(name: str) -> None:
    told = text_of(paper(documents()[name], language="zh"))
    assert "。" in told
    assert DOUBLE.findall(told) == []


def test_a_paper_says_its_unit_of_time_in_its_language() -> None:
    document = deepcopy(documents()["validate survival"])
    unit = document["result"]["outcome"]["time_unit"]
    for language in ("de", "zh"):
        say = words(language)
        named = say(f"develop.time_unit.{unit}")
        horizon = f"{document['result']['outcome']['horizon']:g}"
        told = text_of(paper(document, language=language))
        assert say("validate.until", horizon=horizon, unit=named) in told


def test_units_of_time_are_said_in_the_language_of_a_checklist() -> None:
    timed = [
        found
        for found in documents().values()
        if (found.get("result") or {}).get("outcome", {}).get("time_unit")
    ]
    assert timed
    for found in timed:
        unit = found["result"]["outcome"]["time_unit"]
        named = words("de")(f"develop.time_unit.{unit}")
        horizons = [one for one in said(found, "de") if "Risiken" in one or "Beobachtung" in one]
        assert any(named in one for one in horizons)
        assert not any(re.search(rf"\d {unit}\b", one) for one in horizons)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_start_of_grade_is_a_word_of_the_catalogue(language: str) -> None:
    assert GRADED
    say = words(language)
    for found in GRADED.values():
        document = deepcopy(found)
        for grade in document["result"]["grades"]:
            grade["start"] = grade["certainty"] = "very_low"
        answers = " ".join(said(document, language))
        assert say("pool.certainty.very_low") in answers
        assert "very_low" not in answers


def model() -> dict[str, Any]:
    claim = ModelClaim(120, 40, 22, auc=0.82, validation=ValidationAsked(n=100, threshold=0.2))
    told = PaperWords(screened="univariable", split="random", censoring="ignored")
    found = json.loads(json.dumps(plain(appraise(model=claim, words=told))))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_appraisal_names_measures_and_answers_in_its_language(language: str) -> None:
    say, text = words(language), text_of(paper(model(), language=language))
    for name in ("observed_expected", "calibration_slope"):
        assert say(f"appraise.measure.{name}") in text
    assert say("appraise.measure.net_benefit", threshold="0.2") in text
    for name in ("univariable", "random", "ignored"):
        assert say(f"appraise.said.{name}") in text


def test_every_answer_that_can_be_given_has_its_word() -> None:
    say = words()
    given = {value for choices in CHOICES.values() for value in choices}
    assert {key for key in given if f"appraise.said.{key}" not in say} == set()
    above = "appraise.said."
    known = {key.removeprefix(above) for key in say.catalogue if key.startswith(above)}
    assert known == given
