"""Mantel-Haenszel and Peto against metafor 3.8, zero cells included."""

from __future__ import annotations

import pytest
from pooling_r import POOLING_R, numbers
from reference_data import REFERENCE, golden

from cartwheel.stats.pooling.two_by_two import mantel_haenszel, mantel_haenszel_rates, peto

META = golden("meta") if (REFERENCE / "golden" / "meta.json").is_file() else {}
TABLES = [case for case in META if case.startswith("mh_")]
CLOSE = {"rel": 1e-8, "abs": 1e-12}
# R keeps p-values of 1e-88 from chi-squares that differ in the last digit
TAIL = {"rel": 1e-7, "abs": 1e-300}


def counts(parts):
    a, b, c, d = (numbers(parts[key]) for key in ("ai", "bi", "ci", "di"))
    return a, a + b, c, c + d


def same_or_none(ours, expected, **tolerance):
    if expected in ("NA", None):
        assert ours is None
    else:
        assert ours == pytest.approx(expected, **tolerance)


def compare_golden(ours, expected):
    assert ours.k == expected["k"]
    assert [ours.estimate] == pytest.approx(expected["beta"], **CLOSE)
    assert ours.std_error == pytest.approx(expected["se"], **CLOSE)
    assert ours.statistic == pytest.approx(expected["zval"], **CLOSE)
    assert ours.p_value == pytest.approx(expected["pval"], **TAIL)
    assert [ours.low, ours.high] == pytest.approx(expected["ci"], **CLOSE)
    assert ours.q == pytest.approx(expected["QE"], **CLOSE)
    assert ours.q_p_value == pytest.approx(expected["QEp"], **TAIL)
    assert ours.i2 == pytest.approx(expected["I2"], **CLOSE)
    same_or_none(ours.cmh, expected["CMH"], **CLOSE)
    same_or_none(ours.cmh_p_value, expected["CMHp"], **TAIL)
    same_or_none(ours.breslow_day, expected["BD"], **CLOSE)
    same_or_none(ours.breslow_day_p_value, expected["BDp"], **TAIL)
    same_or_none(ours.tarone, expected["TA"], **CLOSE)
    same_or_none(ours.tarone_p_value, expected["TAp"], **TAIL)


@pytest.mark.parametrize("case", TABLES)
def test_golden_tables(case):
    table = counts(META[case])
    for key, options in {
        "mh_or": {},
        "mh_rr": {"measure": "RR"},
        "mh_rd": {"measure": "RD"},
        "mh_or_correct_all": {"correct": False},
    }.items():
        compare_golden(mantel_haenszel(*table, **options), META[case][key])
    compare_golden(peto(*table), META[case]["peto"])


def compare(ours, expected):
    for name, key in {
        "estimate": "estimate",
        "std_error": "std_error",
        "statistic": "z",
        "low": "low",
        "high": "high",
        "q": "q",
        "i2": "i2",
        "h2": "h2",
    }.items():
        assert getattr(ours, name) == pytest.approx(expected[key], **CLOSE), name
    assert ours.p_value == pytest.approx(expected["p"], **TAIL)
    assert ours.q_p_value == pytest.approx(expected["q_p"], **TAIL)
    assert ours.weights_percent == pytest.approx(numbers(expected["weights"]), **CLOSE)
    for name, key in {"cmh": "cmh", "cmh_p_value": "cmh_p"}.items():
        same_or_none(getattr(ours, name), expected[key], **CLOSE)
    if expected["bd"] != "NA" and expected["df"] > 0:
        assert ours.homogeneity_df == expected["df"]
        for name, key in {
            "breslow_day": "bd",
            "tarone": "ta",
            "breslow_day_p_value": "bd_p",
            "tarone_p_value": "ta_p",
        }.items():
            assert getattr(ours, name) == pytest.approx(expected[key], **CLOSE), name


@pytest.mark.parametrize("table", POOLING_R["tables"], ids=lambda table: table["set"])
def test_car_hematotox_tables_with_zero_cells(table):
    cells = [table[key] for key in ("a", "n1", "c", "n0")]
    for expected in table["results"]:
        compare(mantel_haenszel(*cells, measure=expected["measure"]), expected)
    compare(peto(*cells), table["peto"])


def test_the_tables_hold_zero_cells():
    assert sum(0 in table["c"] for table in POOLING_R["tables"]) == 2


@pytest.mark.parametrize(
    "expected", POOLING_R["rates"]["results"], ids=lambda one: f"{one['measure']}-{one['correct']}"
)
def test_rates(expected):
    cells = [POOLING_R["rates"][key] for key in ("x1", "t1", "x0", "t0")]
    ours = mantel_haenszel_rates(*cells, measure=expected["measure"], correct=expected["correct"])
    compare(ours, expected)
