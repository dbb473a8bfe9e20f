"""Risk of bias read from a study table: words, rules, contradictions, what is missing."""

from __future__ import annotations

import pandas as pd
import pytest

from cartwheel.errors import FileRefused, PlanRefused
from cartwheel.estimate import Estimate
from cartwheel.pooling.appraisal.quality import read_quality
from cartwheel.pooling.appraisal.tools import QUIPS, TOOLS, probast_overall, quips_overall
from cartwheel.pooling.result_appraisal import Quality
from cartwheel.pooling.result_studies import Study

CODES = [domain.code for domain in QUIPS.domains]


def study(row: int, label: str, file: str = "studies.csv") -> Study:
    """Make a study of which only row, file and label matter."""
    return Study(
        row=row,
        file=file,
        study=label,
        year=None,
        group="",
        outcome="PFS",
        factor="",
        comparison="",
        measure="HR",
        n=None,
        reported="",
        route="interval",
        conversion="",
        assumptions=(),
        inverted=False,
        scale="log",
        effect=0.5,
        std_error=0.2,
        estimate=Estimate(1.6),
        counts=None,
        cutoff=None,
        cutoff_text="",
        cluster=label,
        moderators=(),
        source="",
        overlap="",
        used=True,
        reason="",
    )


def read(columns: dict[str, list[object]], labels: list[str] | None = None) -> tuple[Quality, ...]:
    """Read quality columns of a table whose first row is row 2."""
    frame = pd.DataFrame(columns)
    names = labels or [f"study {place}" for place in range(len(frame))]
    return read_quality(frame, 2, [study(2 + place, name) for place, name in enumerate(names)])


def quips(*levels: object) -> dict[str, list[object]]:
    return {f"quips_{code}": [level] for code, level in zip(CODES, levels, strict=True)}


def levels(quality: Quality, place: int = 0) -> list[str]:
    return [judgement.level for judgement in quality.studies[place].judgements]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("low", "low"),
        ("L", "low"),
        ("+", "low"),
        (" Low risk of bias ", "low"),
        ("Moderate", "moderate"),
        ("M", "moderate"),
        ("!", "moderate"),
        ("HIGH RoB", "high"),
        ("h", "high"),
        ("\N{MULTIPLICATION SIGN}", "high"),
    ],
)
def test_every_way_to_write_a_level_is_understood(written: str, meant: str) -> None:
    (found,) = read(quips(*[written] * 6))
    assert levels(found) == [meant] * 6


@pytest.mark.parametrize(
    "headers",
    [
        [f"quips_{place}" for place in range(1, 7)],
        [f"QUIPS D{place}" for place in range(1, 7)],
        ["QUIPS: " + domain.label for domain in QUIPS.domains],
    ],
)
def test_headers_name_a_domain_by_code_number_or_title(headers: list[str]) -> None:
    cells = ["low", "low", "high", "low", "moderate", "low"]
    (found,) = read({name: [cell] for name, cell in zip(headers, cells, strict=True)})
    assert levels(found) == cells
    assert [one.domain for one in found.studies[0].judgements] == CODES


def test_a_minus_is_high_in_probast_and_refused_in_quips() -> None:
    names = ("participants", "predictors", "outcome", "analysis")
    (found,) = read({f"probast_{name}": ["\N{MINUS SIGN}"] for name in names})
    assert levels(found) == ["high"] * 4
    with pytest.raises(FileRefused) as refused:
        read(quips("low", "-", "low", "low", "low", "low"))
    (problem,) = refused.value.problems
    assert (problem.code, problem.where) == ("quality_word", "row 2, quips_attrition")
    assert "moderate" in problem.what


def test_all_faults_are_named_at_once_by_row() -> None:
    table = {
        "quips_participation": ["low", "fine", "low"],
        "quips_atrition": ["low", "low", "low"],
        "probast_analysis": ["high", "moderate", "low"],
    }
    with pytest.raises(FileRefused) as refused:
        read(table)
    found = {(one.code, one.where) for one in refused.value.problems}
    assert found == {
        ("quality_word", "row 3, quips_participation"),
        ("quality_column", "column 'quips_atrition'"),
        ("quality_word", "row 3, probast_analysis"),
    }
    mends = [one.mend for one in refused.value.problems if one.code == "quality_column"]
    assert mends == ["did you mean quips_attrition?"]


@pytest.mark.parametrize(
    ("said", "overall"),
    [
        (["low", "low", "low", "low"], "low"),
        (["low", "low", "unclear", "low"], "unclear"),
        (["low", "unclear", "high", "low"], "high"),
        (["low", "", "", "high"], "high"),
        (["low", "", "low", "low"], ""),
        ([], ""),
    ],
)
def test_probast_follows_its_published_rule(said: list[str], overall: str) -> None:
    assert probast_overall(said) == overall


def test_probast_overall_by_rule_is_marked_and_a_contradiction_refused() -> None:
    names = ("participants", "predictors", "outcome", "analysis")
    table: dict[str, list[object]] = {f"probast_{name}": ["low", "low"] for name in names}
    table["probast_analysis"] = ["high", "low"]
    table["probast_overall"] = ["", "high"]
    (found,) = read(table)
    assert [(one.overall, one.overall_by_rule) for one in found.studies] == [
        ("high", True),
        ("high", False),  # stricter than the rule: a model without external validation
    ]
    assert "Wolff" in found.rule
    with pytest.raises(FileRefused) as refused:
        read({**table, "probast_overall": ["unclear", "unclear"]})
    assert [one.where for one in refused.value.problems] == ["row 2", "row 3"]
    assert {one.code for one in refused.value.problems} == {"quality_overall"}


def test_probast_applicability_stands_apart() -> None:
    table: dict[str, list[object]] = {
        f"probast_{name}": ["low"] for name in ("participants", "predictors", "outcome", "analysis")
    }
    for name in ("participants", "predictors", "outcome"):
        table[f"probast_applicability_{name}"] = ["unclear" if name == "outcome" else "low"]
    (found,) = read(table)
    assert (found.studies[0].overall, found.studies[0].applicability) == ("low", "unclear")


def test_quips_overall_is_left_open_unless_a_proposal_is_named() -> None:
    frame = pd.DataFrame(quips("low", "moderate", "moderate", "low", "low", "low"))
    rows = [study(2, "A")]
    (left,) = read_quality(frame, 2, rows)
    assert (left.studies[0].overall, left.rule) == ("", "")
    (named,) = read_quality(frame, 2, rows, quips_overall="grooten_2019")
    assert (named.studies[0].overall, named.studies[0].overall_by_rule) == ("moderate", True)
    assert "10.1186/s41512-019-0050-0" in named.rule
    with pytest.raises(PlanRefused):
        read_quality(frame, 2, rows, quips_overall="majority")
    with pytest.raises(PlanRefused):
        quips_overall(["low"] * 6, "majority")


@pytest.mark.parametrize(
    ("moderate", "high", "overall"),
    [(0, 0, "low"), (1, 0, "low"), (2, 0, "moderate"), (3, 0, "high"), (0, 1, "high")],
)
def test_the_named_quips_proposal(moderate: int, high: int, overall: str) -> None:
    said = ["moderate"] * moderate + ["high"] * high
    assert quips_overall(said + ["low"] * (6 - len(said)), "grooten_2019") == overall


def test_what_was_not_judged_is_listed() -> None:
    table = quips("low", "", "NA", "low", "low", "low")
    for cells in table.values():
        cells.append("")
    (found,) = read(table, ["Liu", "Sidana"])
    assert found.missing == (
        "Liu (row 2): attrition, prognostic_factor",
        "Sidana (row 3): every domain",
    )


def test_rows_of_one_study_are_told_once_unless_they_differ() -> None:
    table = {name: [*cells, "low", ""] for name, cells in quips(*["low"] * 6).items()}
    (found,) = read(table, ["Liu", "Liu", "Liu"])
    assert [(one.study, one.row) for one in found.studies] == [("Liu", 2)]
    table["quips_attrition"][1] = "high"
    (found,) = read(table, ["Liu", "Liu", "Liu"])
    assert [(one.study, one.row) for one in found.studies] == [("Liu", 2), ("Liu", 3)]


def test_stars_as_signs_numbers_and_items() -> None:
    table: dict[str, list[object]] = {
        "nos_selection": ["\N{BLACK STAR}\N{BLACK STAR}\N{BLACK STAR}\N{WHITE STAR}", 4.0, "0"],
        "NOS Comparability": ["**", "1/2", ""],
        "nos_outcome": ["3", 2, "1"],
        "nos_total": ["8", "", ""],
    }
    (found,) = read(table)
    assert found.tool == "Newcastle-Ottawa"
    assert [one.stars for one in found.studies] == [8, 7, None]
    assert levels(found) == ["3", "2", "3"]
    assert found.missing == ("study 2 (row 4): comparability",)
    items: dict[str, list[object]] = {f"nos_{item}": ["1"] for item in range(1, 9)}
    items["nos_5"] = ["2"]
    (found,) = read(items)
    assert (levels(found), found.studies[0].stars) == (["4", "2", "3"], 9)


def test_stars_beyond_the_most_or_not_adding_up_are_refused() -> None:
    table: dict[str, list[object]] = {
        "nos_selection": ["5", "4", "4"],
        "nos_comparability": ["2", "2", "three"],
        "nos_outcome": ["3", "3", "3"],
        "nos_stars": ["", "8", ""],
    }
    with pytest.raises(FileRefused) as refused:
        read(table)
    assert [(one.code, one.where.split(",")[0]) for one in refused.value.problems] == [
        ("quality_stars", "row 2"),
        ("quality_sum", "row 3"),
        ("quality_stars", "row 4"),
    ]


def test_a_total_alone_is_enough_for_stars() -> None:
    (found,) = read({"Newcastle-Ottawa": ["7"]})
    assert (found.studies[0].stars, found.studies[0].judgements, found.missing) == (7, (), ())


def test_no_columns_or_only_empty_ones_say_nothing() -> None:
    assert read({"study": ["A"], "notes": ["x"], "nostalgia": ["high"]}) == ()
    assert read(quips(*[""] * 6)) == ()


def test_only_studies_of_the_file_and_the_tool_asked_for() -> None:
    frame = pd.DataFrame({**quips(*["low"] * 6), "nos": ["9"]})
    rows = [study(2, "A", "a.csv"), study(2, "B", "b.csv")]
    found = read_quality(frame, 2, rows, file="b.csv")
    assert [one.tool for one in found] == ["QUIPS", "Newcastle-Ottawa"]
    assert {one.study for tool in found for one in tool.studies} == {"B"}
    assert [one.tool for one in read_quality(frame, 2, rows[:1], tool="QUIPS")] == ["QUIPS"]
    assert read_quality(frame, 2, rows[:1], tool="none") == ()
    with pytest.raises(PlanRefused):
        read_quality(frame, 2, rows, tool="PROBAST")


def test_two_columns_for_one_domain_are_refused() -> None:
    with pytest.raises(FileRefused) as refused:
        read({**quips(*["low"] * 6), "QUIPS 1": ["low"]})
    assert refused.value.problems[0].code == "quality_column"


def test_every_tool_is_cited_and_its_domains_have_their_own_codes() -> None:
    for tool in TOOLS:
        codes = [domain.code for domain in tool.domains]
        assert tool.citation
        assert len(set(codes)) == len(codes)
