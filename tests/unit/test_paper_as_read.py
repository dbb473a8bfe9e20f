"""What a reader of a paper stumbled over: words left in English, sentences, captions."""

from __future__ import annotations

import pytest

from cartwheel.cli.trace import _OF_STUDIES
from cartwheel.figures.terms import term
from cartwheel.figures.wording import drawn_in
from cartwheel.report.paper.closing import limitations
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.reviewed import referee
from cartwheel.report.paper.tables import flow_table, performance_table
from cartwheel.report.words import phrases, words

DOCUMENT = {
    "result": {
        "flow": [{"label": "missing predictors imputed (25 patients)", "patients": 59}],
        "performance": {
            "model": "Points score",
            "measures": [
                {
                    "name": "calibration_slope",
                    "label": "Calibration slope",
                    "apparent": {"value": 1.1, "low": None, "high": None, "method": "Wald"},
                    "optimism": {"value": 0.6, "low": None, "high": None, "method": "mean"},
                    "corrected": {"value": 0.5, "low": None, "high": None, "method": "bootstrap"},
                }
            ],
        },
        "notes": [],
    },
    "referee": {
        "summary": "1 finding.",
        "findings": [
            {
                "code": "expected_shrinkage",
                "severity": "critical",
                "what": "The model is overfitted.",
                "evidence": "expected shrinkage 0.5",
                "mend": "Report it.",
                "source": "",
            }
        ],
        "passed": [],
        "domains": [
            {"instrument": "PROBAST", "domain": "analysis", "question": "4.1 Enough?",
             "answer": "probably no", "because": "12 events"},
            {"instrument": "PROBAST", "domain": "analysis", "question": "4.2 Well?",
             "answer": None, "because": ""},
        ],
    },
}  # fmt: skip


def numbers(language: str) -> Numbers:
    return Numbers(DOCUMENT, words(language))


@pytest.mark.parametrize(
    ("language", "model", "measure", "step"),
    [
        ("en", "Points score", "Calibration slope", "missing predictors imputed (25 patients)"),
        ("de", "Punktescore", "Kalibrierungssteigung",
         "fehlende Prädiktoren imputiert (25 Patienten)"),
        ("zh", "计分评分", "校准斜率", "插补缺失的预测因子（25 例患者）"),
    ],
)  # fmt: skip
def test_tables_say_measures_models_and_steps_as_drawings_do(
    language: str, model: str, measure: str, step: str
) -> None:
    table = performance_table(numbers(language), ["result.performance"], caption="")
    flow = flow_table(numbers(language))
    assert table is not None
    assert flow is not None
    said = [row.cells[0].text for row in (*table.rows, *flow.rows)]
    assert said == [model, measure, step]
    with drawn_in(phrases(language)):
        assert [term(row) for row in ("Points score", "Calibration slope")] == said[:2]
    # a place stays where the number came from, whatever the language
    assert table.rows[1].cells[0].id == "result.performance.measures[0].label"


def test_names_that_somebody_chose_are_not_translated() -> None:
    with drawn_in(phrases("de")):
        assert term("missing predictors imputed (all patients)").startswith("missing")


@pytest.mark.parametrize(
    ("language", "answers"),
    [
        ("en", ["probably no", "for a person to answer"]),
        ("de", ["wahrscheinlich nein", "von einem Menschen zu beantworten"]),
        ("zh", ["可能否", "由人来回答"]),
    ],
)
def test_answers_of_an_instrument_are_in_the_language(language: str, answers: list[str]) -> None:
    tables = [part for part in referee(numbers(language)) if hasattr(part, "rows")]
    (probast,) = [table for table in tables if table.id == "table-probast"]
    assert [row.cells[1].text for row in probast.rows if len(row.cells) > 1] == answers


def test_evidence_is_not_a_sentence_that_begins_small() -> None:
    (told,) = [part for part in limitations(numbers("en")) if hasattr(part, "severity")]
    text = "".join(run.text for run in told.runs)
    assert text == "The model is overfitted. Here: expected shrinkage 0.5 (expected_shrinkage)"


@pytest.mark.parametrize(
    ("place", "whom"),
    [
        ("result.analyses[0].main.pooled", "studies"),
        ("result.analyses[0].accuracy.studies[1].sensitivity", "patients"),
        ("result.analyses[0].studies[1].estimate", "patients"),
        ("result.performance.measures[0].corrected", "patients"),
    ],
)
def test_a_pooled_effect_rests_on_studies(place: str, whom: str) -> None:
    assert ("studies" if _OF_STUDIES.match(place) else "patients") == whom
