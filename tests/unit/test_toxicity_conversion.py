from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from cartwheel.canonical import canonical_json
from cartwheel.clinic.toxicity.assessment import Grade, grade_from
from cartwheel.clinic.toxicity.conversion import agreement_of, grades_by_rule
from cartwheel.clinic.toxicity.rules import CRS_RULES
from cartwheel.errors import CohortRefused

PATIENTS = Path(__file__).resolve().parents[2].parent / "shared/data/cart/car22_patients.csv"


def _grades(rule: str, grades: list[int | None]) -> list[Grade]:
    return [
        grade_from((rule, "1"), (0, 1, 2, 3, 4) if grade is None else (grade,), ())
        for grade in grades
    ]


def test_agreement_by_hand() -> None:
    first = _grades("a", [0, 0, 1, 1, 2, 2, None, 1])
    second = _grades("b", [0, 1, 1, 1, 2, 0, 1, None])
    found = agreement_of(first, second)
    assert (found.first, found.second, found.n, found.unsettled) == ("a", "b", 6, 2)
    assert (found.same, found.first_higher, found.second_higher) == (4, 1, 1)
    assert found.table == ((0, 0, 1), (0, 1, 1), (1, 1, 2), (2, 0, 1), (2, 2, 1))
    # rows 2, 2, 2 and columns 2, 3, 1 of 6: chance (4 + 6 + 2) / 36
    assert found.kappa.value == pytest.approx((4 / 6 - 12 / 36) / (1 - 12 / 36), rel=1e-12)
    # linear weights 1, 1/2, 0: seen (4 + 1/2) / 6; chance (12 + (6 + 4 + 2 + 6) / 2) / 36
    seen, chance = 4.5 / 6, 21 / 36
    assert found.weighted_kappa.value == pytest.approx((seen - chance) / (1 - chance), rel=1e-12)
    # Wilson with z = 1.959964: centre and half width by hand to six digits
    assert found.agreement.low == pytest.approx(0.299993, abs=5e-6)
    assert found.agreement.high == pytest.approx(0.903228, abs=5e-6)


def test_one_grade_throughout_has_no_kappa() -> None:
    found = agreement_of(_grades("a", [1, 1]), _grades("b", [1, 1]))
    assert found.agreement.value == 1
    assert found.kappa.value is None
    assert found.weighted_kappa.value is None


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(CohortRefused, match="2 and 1 grades"):
        agreement_of(_grades("a", [1, 1]), _grades("b", [1]))
    with pytest.raises(CohortRefused, match="several rules"):
        agreement_of([*_grades("a", [1]), *_grades("c", [1])], _grades("b", [1, 1]))
    with pytest.raises(CohortRefused, match="no chart is settled"):
        agreement_of(_grades("a", [None]), _grades("b", [1]))
    with pytest.raises(CohortRefused, match="no coverage"):
        agreement_of(_grades("a", [1]), _grades("b", [1]), level=95)


def test_one_chart_by_five_scales() -> None:
    chart = {
        "temperature": "39.0 Cel", "constitutional_symptoms": "yes", "hypotension": "yes",
        "vasopressors": "norepinephrine", "vasopressor_dose": "low", "vasopressor_hours": "6 h",
        "refractory_hypotension": "no", "life_threatening_hypotension": "no",
        "oxygen_device": "nasal cannula", "oxygen_flow": "4 L/min", "fio2": "36 %",
        "creatinine_ctcae": 1, "transaminase_ctcae": 4, "organ_ctcae": 0,
        "coagulopathy_products": "no", "admitted_for_crs": "yes",
    }  # fmt: skip
    found = grades_by_rule(chart, at="day 4")
    assert {name: grade.grade for name, grade in found.items()} == {
        "astct-crs": 3, "lee-2014": 3, "penn": 3, "mskcc": 2, "cartox": 3,
    }  # fmt: skip
    assert tuple(found) == CRS_RULES
    assert all(grade.at == "day 4" for grade in found.values())
    assert canonical_json(found) == canonical_json(grades_by_rule(chart, at="day 4"))


def test_the_same_patients_by_lee_and_astct() -> None:
    if not PATIENTS.is_file():
        pytest.skip("the patients beside the repository are not here")
    with PATIENTS.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    astct, lee = (
        _grades(name, [int(float(row[column])) if row[column] else None for row in rows])
        for name, column in (("astct", "crs_grade_astct"), ("lee", "crs_grade_lee"))
    )
    found = agreement_of(astct, lee)
    assert found.n == 59
    severe = [(one >= 3, other >= 3, count) for one, other, count in found.table]
    assert sum(count for one, _, count in severe if one) == 12
    assert sum(count for _, other, count in severe if other) == 5


def test_grading_starts_without_a_numerical_library() -> None:
    code = (
        "import sys\n"
        "from cartwheel.clinic.toxicity import conversion, course, episode, rules\n"
        "rules.RULES['astct-crs'].function({'temperature': '39 Cel'})\n"
        "heavy = {'numpy', 'scipy', 'pandas', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
