"""Markers by name, folds over a limit of normal, and logarithms with a stated zero."""

from __future__ import annotations

import numpy as np
import pytest

from cartwheel.clinic.biomarkers import derived_marker, fold_over_limit
from cartwheel.clinic.logarithms import logarithm
from cartwheel.errors import CohortRefused

COUNTS = {
    "neutrophils": np.array([3.3, 1.2, np.nan, 2.0]),
    "lymphocytes": np.array([1.1, 0.4, 1.0, 0.0]),
    "monocytes": np.array([0.3, 0.1, 0.2, 0.2]),
    "platelets": np.array([100.0, 75.0, 90.0, 10.0]),
}


def test_markers_by_name() -> None:
    assert derived_marker("nlr", COUNTS, zero="missing").values[:2].tolist() == [3, 3]
    sii = derived_marker("sii", COUNTS, zero="missing")
    # 100 * 3.3 / 1.1 and 75 * 1.2 / 0.4, exact as written
    assert sii.values[:2].tolist() == [300, 225]
    assert np.isnan(sii.values[2:]).all()
    assert derived_marker("siri", COUNTS, zero=0.5).values[3] == 0.8


def test_a_zero_denominator_is_refused_with_its_row() -> None:
    (problem,) = derived_marker("plr", COUNTS, first_row=2).problems
    assert (problem.code, problem.where) == ("zero_denominator", "row 5")


def test_two_negative_parts_do_not_hide_each_other() -> None:
    bad = COUNTS | {
        "neutrophils": np.array([-1.0, 1, 1, 1]),
        "platelets": np.array([-1.0, 1, 1, 1]),
    }
    made = derived_marker("sii", bad, zero="missing", first_row=2)
    assert [(p.code, p.where) for p in made.problems] == [("negative_count", "row 2")] * 2
    assert np.isnan(made.values).all()


@pytest.mark.parametrize(
    ("name", "code"), [("nrl", "marker_unknown"), ("crp_albumin", "column_missing")]
)
def test_markers_refused(name: str, code: str) -> None:
    with pytest.raises(CohortRefused) as refused:
        derived_marker(name, COUNTS)
    assert refused.value.problems[0].code == code


def test_fold_over_one_limit_or_each_laboratorys_own() -> None:
    ldh = np.array([500.0, 375.0, np.nan])
    assert fold_over_limit(ldh, 250.0).values[:2].tolist() == [2, 1.5]
    assert fold_over_limit(ldh, np.array([250.0, 150.0, 1.0])).values[:2].tolist() == [2, 2.5]
    (problem,) = fold_over_limit(ldh, np.array([250.0, 0.0, 1.0]), first_row=2).problems
    assert (problem.code, problem.where) == ("limit_not_positive", "row 3")
    (problem,) = fold_over_limit(ldh, 250.0, units=("U/L", "ukat/L")).problems
    assert problem.code == "ratio_units"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("log2", [3.0, 0.0]),
        ("log10", [0.9030899869919435, 0.0]),
        ("log", [2.0794415416798357, 0.0]),
    ],
)
def test_logarithms(base: str, expected: list[float]) -> None:
    made = logarithm(np.array([8.0, 1.0, np.nan]), base)
    # log10 8 = 3 log10 2 and ln 8 = 3 ln 2, to the last double
    assert made.values[:2].tolist() == pytest.approx(expected, rel=1e-15)
    assert (made.zeros, made.floored, made.problems, made.rule) == (0, 0, (), "")
    assert np.isnan(made.values[2])
    assert not made.values.flags.writeable


def test_zero_in_a_logarithm() -> None:
    values = np.array([0.0, 0.25, 4.0])
    (problem,) = logarithm(values, "log2", first_row=2).problems
    assert (problem.code, problem.where) == ("zero_in_log", "row 2")
    missing = logarithm(values, "log2", zero="missing")
    assert np.isnan(missing.values[0])
    assert missing.values[1:].tolist() == [-2, 2]
    assert missing.rule == "1 value of zero set to missing"
    floored = logarithm(values, "log2", zero=0.5)
    assert floored.values.tolist() == [-1, -1, 2]
    assert (floored.zeros, floored.floored, floored.rule) == (
        1,
        2,
        "2 values below 0.5 raised to 0.5",
    )


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"zero": "guess"}, "ratio_policy"),
        ({"zero": -1.0}, "ratio_policy"),
        ({"zero": True}, "ratio_policy"),
    ],
)
def test_other_policies_are_problems(options: dict[str, object], code: str) -> None:
    made = logarithm(np.array([1.0]), "log2", **options)  # type: ignore[arg-type]
    assert [problem.code for problem in made.problems] == [code]


def test_negative_values_and_unknown_bases_are_problems() -> None:
    made = logarithm(np.array([-1.0, 1.0]), "log3", first_row=2)
    assert [problem.code for problem in made.problems] == ["log_base", "negative_count"]
    assert np.isnan(made.values).all()
