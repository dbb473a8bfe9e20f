"""The simulated cohort is the one its script makes, and is what its page says."""

from __future__ import annotations

import csv
import runpy
from pathlib import Path

import pytest
from sources import REPOSITORY

from cartwheel.demonstration import cohort_path, plan_path, second_cohort_path, second_plan_path
from cartwheel.development.planning.plan import read_plan
from cartwheel.validation.plan import read_plan as read_validation_plan

SCRIPT = runpy.run_path(str(REPOSITORY / "examples" / "make_simulated_myeloma.py"))


def _rows(path: Path | None = None) -> list[dict[str, str]]:
    with (path or cohort_path()).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("place", "patients", "seed"), [(cohort_path(), 197, 1), (second_cohort_path(), 140, 2)]
)
def test_the_file_is_the_one_the_script_writes(
    place: Path, patients: int, seed: int, tmp_path: Path
) -> None:
    fresh = SCRIPT["write_csv"](SCRIPT["simulate"](patients, seed), tmp_path / "fresh.csv")
    again = _rows(fresh)
    assert len(again) == len(_rows(place)) == patients
    for made, kept in zip(again, _rows(place), strict=True):
        for column, digits in SCRIPT["DIGITS"].items():
            if digits is None or not kept[column]:
                assert made[column] == kept[column]
            else:
                # the last bit of exp() differs between C libraries and may turn one rounding
                unit = 10.0**-digits
                assert float(made[column]) == pytest.approx(float(kept[column]), abs=1.01 * unit)


def test_the_group_medians_are_the_published_ones() -> None:
    rows = _rows()
    for level, published in enumerate((18.9, 13.8, 5.1)):
        members = [row for row in rows if _group(row) == level]
        # one step of the curve: a group of 36 to 107 patients cannot be set more finely
        assert _median(members) == pytest.approx(published, abs=0.2)


def _ratio(row: dict[str, str], cells: str) -> float:
    return float(row[f"{cells}_10_9_l_day0"]) / float(row["lymphocytes_10_9_l_day0"])


def _group(row: dict[str, str]) -> int:
    cuts = {"neutrophils": 2.55, "monocytes": 0.35, "platelets": 145.0}
    return (sum(_ratio(row, cells) >= cut for cells, cut in cuts.items()) + 1) // 2


def _median(rows: list[dict[str, str]]) -> float:
    """Kaplan-Meier median, written again here so that the script does not judge itself."""
    data = sorted((float(r["pfs_months"]), int(r["progression_or_death"])) for r in rows)
    survival = 1.0
    for moment in sorted({time for time, event in data if event}):
        at_risk = sum(time >= moment for time, _ in data)
        survival *= 1 - sum(time == moment and event for time, event in data) / at_risk
        if survival <= 0.5:
            return moment
    raise AssertionError("the median is not reached")


def test_response_is_the_published_one() -> None:
    for high, published in ((False, 0.938), (True, 0.812)):
        got = [
            int(row["objective_response"])
            for row in _rows()
            if (_ratio(row, "neutrophils") >= 2.55) is high
        ]
        # whole patients: half a patient in the group
        assert sum(got) / len(got) == pytest.approx(published, abs=0.5 / len(got) + 1e-9)


def test_the_plan_names_columns_that_exist_and_says_simulated() -> None:
    plan = read_plan(plan_path())
    columns = set(_rows()[0])
    derived = {ratio.name for ratio in plan.derived}
    used = {plan.cohort.id, plan.outcome.event, plan.outcome.time, *plan.columns, *plan.adjust}
    used |= {name for ratio in plan.derived for name in (ratio.numerator, ratio.denominator)}
    used |= set(plan.associations.columns) | {p.column for p in plan.predictors} - derived
    assert used <= columns
    assert plan.simulated
    assert "simulated" in cohort_path().name


def test_no_label_looks_like_a_real_one() -> None:
    assert [row["patient"] for row in _rows()] == [f"SIM-{n:03d}" for n in range(1, 198)]


def test_the_second_plan_names_columns_that_exist_and_says_simulated() -> None:
    plan = read_validation_plan(second_plan_path())
    columns = set(_rows(second_cohort_path())[0])
    used = {plan.cohort.id, plan.outcome.event, plan.outcome.time}
    used |= {column for score in plan.scores for column in score.columns.values()}
    used |= {subgroup.column for subgroup in plan.subgroups}
    assert used <= columns
    assert plan.simulated
    assert "simulated" in second_cohort_path().name
