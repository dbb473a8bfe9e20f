"""The tables of published facts, taken as they are; results of ours as rows."""

from __future__ import annotations

import copy
import csv
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from reference_data import BESIDE
from study_rows import Z, codes, said

from cartwheel.errors import FileRefused, PlanRefused
from cartwheel.pooling.plan import PoolPlan, pool_plan_from_dict, read_pool_plan
from cartwheel.pooling.study.result import StudyTable
from cartwheel.pooling.study.table import read_studies

FACTS = BESIDE / "facts"
needs_facts = pytest.mark.skipif(
    not FACTS.is_dir(), reason="the tables of facts are not beside the repository"
)


def facts(name: str, **plan: Any) -> StudyTable:
    return read_studies([FACTS / name], plan=pool_plan_from_dict(plan))


@needs_facts
def test_every_printed_ratio_is_read() -> None:
    table = facts("cart_effects.csv")
    assert len(table.studies) == 57
    assert table.left_out == ()
    assert [study.row for study in table.studies if not study.used] == [57]
    with (FACTS / "cart_effects.csv").open(encoding="utf-8", newline="") as stream:
        printed_rows = list(csv.DictReader(stream))
    assert [study.measure for study in table.studies] == [row["measure"] for row in printed_rows]
    for study in table.studies:
        assert study.route == "interval"
        # the normal interval of the study is the printed one, but for its asymmetry
        if study.used and not study.inverted:
            printed = study.reported.split("(")[1].split(")")[0].split("-")
            width = math.log(float(printed[1]) / float(printed[0]))
            assert study.std_error == pytest.approx(width / (2 * Z), rel=1e-12)


@needs_facts
def test_what_the_table_warns_of_is_found() -> None:
    table = facts("cart_effects.csv")
    inverted = [study for study in table.studies if study.inverted]
    assert [study.row for study in inverted] == [31, 32, 33, 34, 49, 50]
    assert {study.comparison for study in inverted} == {"high vs low", "tisa-cel vs axi-cel"}
    assert all(study.effect > 0 for study in inverted)
    assert "row 57 (Mayo Clinic Arizona)" in said(table, "impossible_interval")
    assert "row 38" in said(table, "direction_doubtful")
    for row in (35, 36, 37):
        assert f"row {row} " in said(table, "imprecise_interval")
    assert "ht_severe_infection" in said(table, "mixed_measures")
    noted = {overlap.rows for overlap in table.overlaps if overlap.kind == "noted"}
    assert {(2, 3), (8, 9), (13, 16), (12, 14, 15)} == noted
    twice = {overlap.rows for overlap in table.overlaps if overlap.kind == "same_label"}
    assert {(45, 46), (51, 53), (55, 56)} <= twice
    # two cohorts of one paper, said to be independent
    assert not any(31 in overlap.rows for overlap in table.overlaps)
    assert [note.severity for note in table.notes] == sorted(
        (note.severity for note in table.notes), key=["caution", "assumption", "information"].index
    )


@needs_facts
def test_the_impossible_row_refuses_where_it_is_asked_for() -> None:
    for plan in ({"group": ["printed_impossible"]}, {"strict": True}):
        with pytest.raises(FileRefused) as caught:
            facts("cart_effects.csv", **plan)
        (problem,) = caught.value.problems
        assert (problem.code, problem.where) == (
            "impossible_interval",
            "row 57 (Mayo Clinic Arizona)",
        )


@needs_facts
def test_proportions_and_tables_as_they_are() -> None:
    proportions = facts("cart_proportions.csv")
    assert Counter(study.group for study in proportions.studies) == {
        "nrm": 52,
        "crs_grade3plus": 11,
    }
    nrm = [study.counts for study in proportions.studies if study.group == "nrm"]
    assert sum(counts.events for counts in nrm if counts) == 574
    assert sum(counts.n for counts in nrm if counts) == 7604
    assert proportions.overlaps == ()
    tables = facts("cart_2x2.csv")
    assert len(tables.studies) == 20
    assert {study.measure for study in tables.studies} == {"OR"}
    zero = [study.row for study in tables.studies if "0.5 added" in " ".join(study.assumptions)]
    assert zero == [4, 8, 21]
    assert {overlap.kind for overlap in tables.overlaps} == {"same_source"}


@needs_facts
def test_the_ferritin_table_holds_nothing_to_pool() -> None:
    with pytest.raises(FileRefused) as caught:
        facts("ferritin_studies.csv")
    kinds = Counter(problem.code for problem in caught.value.problems)
    assert kinds == {"no_studies": 1, "pooled_result": 2, "no_numbers": 6}
    assert "cartwheel appraise" in str(caught.value)


@needs_facts
def test_one_pool_from_two_files() -> None:
    table = read_studies(
        [FACTS / "cart_effects.csv", FACTS / "cart_2x2.csv"],
        plan=pool_plan_from_dict(
            {
                "group": ["ht_severe_infection"],
                "measure": "OR",
                "same_outcome": {"severe (grade >=3) infection, day 0-90": "severe infection"},
            }
        ),
    )
    used = [(study.file, study.row) for study in table.studies if study.used]
    assert used == [("cart_effects.csv", 20), ("cart_effects.csv", 27), ("cart_2x2.csv", 20)]


RESULT: dict[str, Any] = {
    "kind": "develop",
    "schema": "cartwheel/develop/1",
    "result": {
        "title": "CIPI",
        "simulated": False,
        "score_id": "cipi",
        "outcome": {"label": "PFS", "patients": 197, "events": 138},
        "performance": {
            "measures": [
                {
                    "name": "c_index",
                    "label": "C-index",
                    "apparent": {"value": 0.631, "low": 0.59, "high": 0.68, "level": 0.95},
                    "corrected": {"value": 0.615, "low": 0.58, "high": 0.66, "level": 0.95},
                },
                {
                    "name": "calibration_slope",
                    "label": "slope",
                    "apparent": {"value": 1.0, "low": 0.7, "high": 1.3, "level": 0.95},
                    "corrected": {"value": 0.91, "low": 0.64, "high": 1.28, "level": 0.95},
                },
                {"name": "brier", "label": "Brier", "apparent": {}, "corrected": None},
            ]
        },
    },
}


def _result(folder: Path, change: Any = None) -> Path:
    document = copy.deepcopy(RESULT)
    if change is not None:
        change(document)
    path = folder / "mycentre.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _logit(p: float) -> float:
    return math.log(p / (1 - p))


def test_a_development_result_is_a_row_and_says_what_it_is_not(tmp_path: Path) -> None:
    published = tmp_path / "published.csv"
    published.write_text("study,outcome,AUC,95% CI\nA,PFS,0.70,0.64-0.76\nB,PFS,0.66,0.60-0.72\n")
    table = read_studies([published, _result(tmp_path)], plan=PoolPlan())
    c, slope = table.studies[2:]
    assert (c.row, c.file, c.study, c.measure, c.route) == (
        0,
        "mycentre.json",
        "CIPI",
        "C",
        "result_file",
    )
    # the corrected number, never the apparent one
    assert c.effect == pytest.approx(_logit(0.615), rel=1e-12)
    assert c.std_error == pytest.approx((_logit(0.66) - _logit(0.58)) / (2 * Z), rel=1e-12)
    assert (slope.measure, slope.effect) == ("slope", 0.91)
    assert slope.std_error == pytest.approx(0.64 / (2 * Z), rel=1e-12)
    assert "not an external validation" in c.conversion
    note = next(note for note in table.notes if note.code == "own_result")
    assert note.severity == "caution"
    assert (c.n, c.estimate.events, table.simulated) == (197.0, 138, False)
    assert [source.kind for source in table.sources] == ["table", "develop"]
    assert "result_alone" not in codes(table)


def test_a_result_under_another_name_says_how_to_join(tmp_path: Path) -> None:
    published = tmp_path / "published.csv"
    published.write_text("set,study,outcome,AUC,SE\ns,A,PFS,0.70,0.03\ns,B,PFS,0.66,0.03\n")

    def rename(document: Any) -> None:
        document["result"]["outcome"]["label"] = "Progression"

    path = _result(tmp_path, rename)
    alone = read_studies([published, path], plan=PoolPlan())
    assert '"Progression" = "PFS"' in said(alone, "result_alone")
    plan = {"same_outcome": {"Progression": "PFS"}, "same_group": {"": "s"}}
    joined = read_studies([published, path], plan=pool_plan_from_dict(plan))
    assert {(s.group, s.outcome) for s in joined.studies} == {("s", "PFS")}
    assert "result_alone" not in codes(joined)


def test_a_simulated_result_marks_the_whole(tmp_path: Path) -> None:
    def simulate(document: Any) -> None:
        document["result"]["simulated"] = True

    assert read_studies([_result(tmp_path, simulate)], plan=PoolPlan()).simulated


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d.update(kind="pool"), "result_kind"),
        (lambda d: d.update(schema="cartwheel/develop/9"), "newer_version"),
        (lambda d: d.update(schema="cartwheel/validate/1"), "result_kind"),
        (lambda d: d["result"].pop("outcome"), "result_broken"),
        (
            lambda d: [m.update(corrected=None) for m in d["result"]["performance"]["measures"]],
            "no_corrected",
        ),
    ],
)
def test_other_results_are_refused(tmp_path: Path, change: Any, code: str) -> None:
    with pytest.raises(FileRefused) as caught:
        read_studies([_result(tmp_path, change)], plan=PoolPlan())
    assert [problem.code for problem in caught.value.problems] == [code]


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for content in ("study,HR\n", "[1]", '"develop"'):
        path.write_text(content)
        with pytest.raises(FileRefused):
            read_studies([path], plan=PoolPlan())
    with pytest.raises(FileRefused, match="no such file"):
        read_studies([tmp_path / "none.json"], plan=PoolPlan())


def test_the_plan_is_strict_and_has_every_default(tmp_path: Path) -> None:
    plan = pool_plan_from_dict({})
    assert plan == PoolPlan()
    assert (plan.method, plan.interval, plan.level) == ("REML", "knapp_hartung", 0.95)
    assert pool_plan_from_dict(plan.as_dict()) == plan
    assert plan.identity == PoolPlan().identity != pool_plan_from_dict({"method": "DL"}).identity
    path = tmp_path / "plan.toml"
    path.write_text('method = "DL"\nsubgroups = ["disease"]\n[grade]\nstart = "high"\n')
    read = read_pool_plan(path)
    assert (read.method, read.subgroups, read.grade.start) == ("DL", ("disease",), "high")
    for text, code in (
        ('methd = "DL"\n', "unknown_key"),
        ('method = "XX"\nlevel = 2.0\n', "bad_value"),
        ("level = nan\n", "not_finite"),
        ("method = \n", "not_toml"),
    ):
        path.write_text(text)
        with pytest.raises(PlanRefused) as caught:
            read_pool_plan(path)
        assert caught.value.problems[0].code == code
    with pytest.raises(FileRefused, match="no such plan file"):
        read_pool_plan(tmp_path / "none.toml")
