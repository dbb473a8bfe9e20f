"""A laboratory that sends another unit is told from patients who changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from cartwheel.watch.drift import Asked, DriftPlan, Predicted, drift
from cartwheel.watch.drift_findings import drift_findings, nothing_yet
from cartwheel.watch.drift_inputs import _kolmogorov
from cartwheel.watch.drift_units import unit_looked_like

PLAN = DriftPlan(("2026-01", "2026-03"), {"score": 28.0}, least=5, permutations=199)


def drawn(seed: int, middle: float, spread: float = 0.4, many: int = 40) -> list[float]:
    values = np.random.default_rng(seed).lognormal(np.log(middle), spread, many)
    return sorted(values.tolist())


@pytest.mark.parametrize(
    ("name", "before", "now", "said"),
    [
        ("ldh", 240.0, 4.0, "ukat/L taken as U/L"),
        ("ldh", 4.0, 240.0, "U/L taken as ukat/L"),
        ("creatinine", 80.0, 80 / 88.4, "mg/dL taken as umol/L"),
        ("crp", 50.0, 5.0, "mg/dL taken as mg/L"),
        # grams a litre are no unit of it, but a prefix may be lost
        ("platelets", 150.0, 1.5, "100 times as small: a decimal point or a prefix of the unit"),
        ("of no dictionary", 5.0, 5000.0,
         "1000 times as large: a decimal point or a prefix of the unit"),
        # ferritin in ng/mL is ferritin in ug/L; four times as much is illness
        ("ferritin", 500.0, 500.0, ""),
        ("ferritin", 500.0, 2000.0, ""),
        ("crp", 50.0, 90.0, ""),
    ],
)  # fmt: skip
def test_which_unit_values_look_like(name: str, before: float, now: float, said: str) -> None:
    assert unit_looked_like(name, drawn(1, before), drawn(2, now)) == said


def test_a_wide_change_that_no_factor_undoes_is_no_unit() -> None:
    # half the patients stayed as they were: the median moved tenfold, the distribution did not
    before = drawn(1, 10.0, 0.1)
    mixed = sorted([*drawn(2, 10.0, 0.1, 20), *drawn(3, 105.0, 2.5, 21)])
    assert unit_looked_like("crp", before, mixed) == ""


def test_values_at_nought_have_no_factor() -> None:
    assert unit_looked_like("crp", [0.0] * 9, drawn(1, 5.0)) == ""


def asked(period: str, values: Sequence[float], first: int = 0, **more: Any) -> list[Asked]:
    return [
        Asked("", period, f"{first + n}", "ldh", value, **more) for n, value in enumerate(values)
    ]


def test_another_unit_is_critical_and_says_what_to_do() -> None:
    rows = asked("2026-02", drawn(1, 240.0)) + asked("2026-05", drawn(2, 4.0), first=90)
    told = drift_findings(drift(PLAN, rows))
    assert [(one.code, one.severity) for one in told] == [("drift_unit", "critical")]
    assert told[0].what == (
        "The values of ldh in 2026-05 look like another unit: ukat/L taken as U/L."
    )
    assert "ask the laboratory" in told[0].mend


def test_values_at_a_limit_of_detection_are_counted_by_patient() -> None:
    rows = asked("2026-02", range(1, 7), limited=False)
    rows += asked("2026-02", range(1, 3), limited=True)
    row = drift(PLAN, rows).inputs[0]
    assert row.limited is not None
    assert (row.limited.events, row.limited.n) == (2, 6)
    # nobody looked: nothing is said
    assert drift(PLAN, asked("2026-02", range(1, 7))).inputs[0].limited is None


def test_where_patients_are_few_it_is_said_that_nothing_can_be_said() -> None:
    found = drift(
        PLAN,
        asked("2026-02", [1.0] * 7),
        predicted=[Predicted("", "all", str(n), "score", 0.2, 9, 0) for n in range(7)],
    )
    told = nothing_yet(found, "all")
    assert [one.code for one in told] == ["drift_nothing_yet", "drift_risk_nothing_yet"]
    assert told[0].evidence == "7 patients in the largest period"
    assert told[1].evidence == "7 patients, 0 events so far"
    assert {one.severity for one in told} == {"information"}


def test_few_patients_are_not_counted_out() -> None:
    few = [Predicted("", "all", str(n), "score", 0.2, 9, 0) for n in range(4)]
    told = nothing_yet(drift(PLAN, asked("2026-02", [1.0] * 4), predicted=few), "all")
    assert [one.evidence for one in told] == ["fewer than 5 patients"] * 2


def test_a_ratio_of_few_patients_is_no_finding() -> None:
    few = [Predicted("", "all", str(n), "score", 0.01, 20, int(n < 8)) for n in range(19)]
    found = drift(PLAN, predicted=few)
    assert found.calibration[0].ratio is not None
    assert all(one.code != "drift_calibration" for one in drift_findings(found))


def test_of_many_patients_the_limit_distribution_says_what_permutations_say() -> None:
    def p_of(many: int) -> float:
        rng = np.random.default_rng(4)
        rows = asked("2026-02", rng.normal(0.0, 1, many).tolist())
        rows += asked("2026-05", rng.normal(0.08, 1, many).tolist(), first=many)
        (row,) = [one for one in drift(PLAN, rows).inputs if one.p is not None]
        assert row.p is not None
        return row.p

    # scipy's kstwobign.sf of (sqrt(250) + 0.12 + 0.11 / sqrt(250)) * 0.1; a sum of a few terms
    assert _kolmogorov(0.1, 250.0) == pytest.approx(0.012432141728521395, abs=1e-12)
    assert _kolmogorov(0.0, 250.0) == 1.0
    few = p_of(499)
    # four standard errors of 199 permutations, and one patient more in each sample
    assert p_of(500) == pytest.approx(few, abs=0.02 + 4 * (few * (1 - few) / 199) ** 0.5)
