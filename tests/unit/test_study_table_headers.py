"""Headers in the field's words, and what the plan says about columns."""

from __future__ import annotations

import pytest
from study_rows import codes, only, read, refused

from cartwheel.pooling.study.headers import measure_named, read_headers
from cartwheel.pooling.study.words import MEASURE_WORDS, ROLE_WORDS

SYNONYMS = [(role, word) for role, words in ROLE_WORDS.items() for word in words]


@pytest.mark.parametrize(("role", "word"), SYNONYMS)
def test_every_synonym_is_understood(role: str, word: str) -> None:
    for name in (word, word.upper(), f" {word}. "):
        headers = read_headers([name], where="t", said={})
        assert list(headers.places) == [role], name
        assert headers.further == ()


@pytest.mark.parametrize(
    ("measure", "word"), [(m, w) for m, words in MEASURE_WORDS.items() for w in words]
)
def test_a_column_named_by_its_measure_fixes_it(measure: str, word: str) -> None:
    headers = read_headers([word], where="t", said={})
    assert (list(headers.places), headers.measure) == (["estimate"], measure)
    assert measure_named(word) == measure
    assert headers.percent == (word in ("percent", "percentage", "pct", "%"))


@pytest.mark.parametrize(
    ("name", "role", "measure", "level"),
    [
        ("Hazard ratio", "estimate", "HR", None),
        ("aHR", "estimate", "HR", None),
        ("Adjusted OR", "estimate", "OR", None),
        ("ci.lb", "low", "", None),
        ("95% CI lower", "low", "", 0.95),
        ("lower 95", "low", "", 0.95),
        ("Upper 90% CI", "high", "", 0.90),
        ("HR lower", "low", "HR", None),
        ("HR (95% CI)", "both", "HR", 0.95),
        ("Adjusted HR [95% CI]", "both", "HR", 0.95),
        ("95% CI", "interval", "", 0.95),
        ("Estimate (99% CI)", "both", "", 0.99),
        ("SE(log HR)", "analysis_std_error", "HR", None),
        ("SE (lnHR)", "analysis_std_error", "HR", None),
        ("log HR", "analysis_effect", "HR", None),
        ("ln(OR)", "analysis_effect", "OR", None),
        ("logit AUC", "analysis_effect", "C", None),
        ("P-value", "p", "", None),
        ("O:E", "estimate", "OE", None),
        ("O/E ratio", "estimate", "OE", None),
        ("O-E", "o_minus_e", "", None),
        ("o − e", "o_minus_e", "", None),
        ("Cut-off (ng/mL)", "cutoff", "", None),
        ("ferritin_cutoff_ng_ml", "cutoff", "", None),
    ],
)
def test_headers_as_papers_write_them(
    name: str, role: str, measure: str, level: float | None
) -> None:
    headers = read_headers([name], where="t", said={})
    assert list(headers.places) == [role]
    assert headers.level == (pytest.approx(level) if level else None)
    if role in ("estimate", "both", "analysis_effect", "low"):
        assert headers.measure == measure


def test_the_unit_of_a_cutoff_stands_in_its_header() -> None:
    assert read_headers(["Cut-off (ng/mL)"], where="t", said={}).cutoff_unit == "ng/mL"
    assert read_headers(["ferritin_cutoff_ng_ml"], where="t", said={}).cutoff_unit == "ng/ml"
    assert read_headers(["cutoff"], where="t", said={}).cutoff_unit == ""


def test_ci_is_a_cell_of_the_table_among_the_letters_of_metafor() -> None:
    letters = read_headers(["ai", "n1i", "ci", "n2i"], where="t", said={}).places
    assert letters == {"events_1": 0, "n_1": 1, "events_0": 2, "n_0": 3}
    cells = read_headers(["ai", "bi", "ci", "di"], where="t", said={}).places
    assert cells == {"events_1": 0, "no_events_1": 1, "events_0": 2, "no_events_0": 3}
    assert read_headers(["HR", "CI"], where="t", said={}).places["interval"] == 1


def test_unknown_columns_are_moderators_and_risk_of_bias_is_not() -> None:
    headers = read_headers(
        ["study", "HR", "country", "quips_1", "NOS selection", "nosology"], where="t", said={}
    )
    assert [headers.names[place] for place in headers.further] == ["country", "nosology"]


def test_two_columns_for_one_number_are_refused_and_for_one_word_are_not() -> None:
    assert "'OR' and 'HR'" in refused("study,OR,HR\nA,1,2\nB,1,2\n")["two_columns"]
    study = only("Study,Author,HR,lower,upper\nDean 2020,Dean,1.5,1.1,2.1\n")
    assert study.study == "Dean 2020"
    assert [(m.name, m.text) for m in study.moderators] == [("Author", "Dean")]


def test_the_plan_says_what_a_column_is() -> None:
    table = "study,Wert,von,bis\nA,1.5,1.1,2.1\n"
    study = only(table, columns={"Wert": "HR", "von": "low", "bis": "upper"})
    assert (study.measure, study.reported) == ("HR", "HR 1.5 (1.1-2.1)")
    assert "role_unknown" in refused(table, columns={"Wert": "lowest"})
    assert "did you mean Wert" in refused(table, columns={"Wer": "HR"})["column_unknown"]


def test_the_measure_of_a_row_comes_from_the_row_the_header_or_the_plan() -> None:
    assert only("study,measure,estimate,lower,upper\nA,odds ratio,2,1,4\n").measure == "OR"
    assert only("study,OR,lower,upper\nA,2,1,4\n").measure == "OR"
    assert only("study,estimate,lower,upper\nA,2,1,4\n", measure="RR").measure == "RR"
    assert "missing_measure" in refused("study,estimate,lower,upper\nA,2,1,4\n")
    assert "unknown_measure" in refused("study,measure,estimate,lower,upper\nA,foo,2,1,4\n")
    assert "measure_contradicts" in refused("study,measure,HR,lower,upper\nA,OR,2,1,4\n")


def test_a_subdistribution_hazard_ratio_is_said_to_be_one() -> None:
    table = read("study,measure,estimate,lower,upper\nA,sHR,2,1.1,3.6\n")
    assert table.studies[0].measure == "HR"
    assert "subdistribution" in codes(table)


def test_a_moderator_is_a_number_where_every_filled_cell_is_one() -> None:
    table = read(
        "study,HR,lower,upper,age,stage\nA,1.5,1.1,2.1,61,III\nB,1.4,1.1,1.8,,4\n"
        "C,1.4,1.1,1.8,58·5,4\n"
    )
    numbers = [[m.number for m in study.moderators] for study in table.studies]
    assert numbers == [[61.0, None], [None, None], [58.5, None]]
    assert [m.text for m in table.studies[0].moderators] == ["61", "III"]
