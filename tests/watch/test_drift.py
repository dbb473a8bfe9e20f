"""Drift of inputs, refusals and calibration: by hand, and whether chance alone is kept quiet."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cartwheel.errors import NotEstimable, PlanRefused
from cartwheel.stats.descriptive import normal_quantile, wilson_interval
from cartwheel.stats.multiplicity_adjustment import holm
from cartwheel.watch.drift import Answered, Asked, DriftPlan, Predicted, drift
from cartwheel.watch.drift_findings import drift_findings

PLAN = DriftPlan(("2026-01", "2026-03"), {"score": 28.0}, permutations=199)
EXACT = 1e-12  # arithmetic of a few terms


def asked(period: str, values: Any, *, name: str = "crp", first: int = 0, **more: Any) -> list[Any]:
    """One value each of patients numbered from the first."""
    return [
        Asked("A", period, f"{period[:4]}-{first + n}", name, value, **more)
        for n, value in enumerate(values)
    ]


def test_what_comes_in_is_described_with_one_value_a_patient() -> None:
    several = asked("2026-01", range(1, 12))
    # one patient is measured often: his median, 1, counts once
    several += [Asked("A", "2026-01", "2026-0", "crp", value) for value in (1, 1, 900)]
    several += asked("2026-01", [None, None]) + asked("2026-01", [None], parked=True)
    found = drift(PLAN, several).inputs
    assert len(found) == 1
    row = found[0]
    assert (row.centre, row.period, row.name, row.is_reference) == ("A", "2026-01", "crp", True)
    assert (row.patients, row.withheld) == (11, False)
    assert (row.low_quartile, row.median, row.high_quartile) == (3.5, 6.0, 8.5)
    assert row.missing is not None
    assert row.parked is not None
    assert (row.missing.events, row.missing.n) == (2, 17)
    assert (row.parked.events, row.parked.n) == (1, 17)
    assert (row.missing.low, row.missing.high) == wilson_interval(2, 17)
    assert row.distance is None


def test_few_patients_are_withheld_and_that_is_said() -> None:
    found = drift(
        PLAN,
        asked("2026-01", [1.0] * 9) * 3,
        [Answered("A", "2026-01", str(n), "score") for n in range(9)],
        [Predicted("A", "2026-01", str(n), "score", 0.1, 30, 0) for n in range(9)],
    )
    rows: list[Any] = [*found.inputs, *found.refusals, *found.calibration]
    assert [row.withheld for row in rows] == [True] * 3
    for row in rows:
        assert row.patients is None
    assert found.inputs[0].median is None
    assert found.inputs[0].missing is None
    assert found.refusals[0].refused is None
    assert found.calibration[0].ratio is None
    told = drift_findings(found)
    assert [(one.code, one.severity) for one in told] == [("drift_withheld", "information")]
    assert told[0].evidence == "3 of 3 rows"


def test_enough_patients_with_too_few_values_show_no_quartiles() -> None:
    row = drift(PLAN, asked("2026-01", [1.0] * 9 + [None] * 9)).inputs[0]
    assert (row.patients, row.median, row.withheld) == (18, None, False)


def test_distance_to_the_reference_by_hand() -> None:
    before, later = asked("2026-01", range(10)), asked("2026-04", range(4, 14), first=50)
    row = drift(PLAN, before + later).inputs[1]
    # at 3 four of ten against none
    assert row.distance == pytest.approx(0.4, abs=EXACT)
    same = drift(PLAN, before + asked("2026-04", range(10), first=50)).inputs[1]
    assert (same.distance, same.p) == (0.0, 1.0)
    apart = drift(PLAN, before + asked("2026-04", range(20, 30), first=50)).inputs[1]
    assert apart.distance == pytest.approx(1.0, abs=EXACT)
    # nothing as far in 199 permutations: 2 of 184756 splits are
    assert apart.p == 1 / 200


def test_a_p_of_few_values_is_that_of_all_splits() -> None:
    plan = replace(PLAN, least=1, permutations=20000)
    before, later = asked("2026-01", [1, 2, 3]), asked("2026-04", [4, 5, 6], first=9)
    row = drift(plan, before + later).inputs[1]
    # 2 of the 20 splits of six values are as far apart; 4 standard errors of 20000 draws
    assert row.p == pytest.approx(0.1, abs=4 * math.sqrt(0.1 * 0.9 / 20000))


def test_a_patient_of_the_reference_does_not_count_again() -> None:
    plan = replace(PLAN, least=5)
    before = asked("2026-01", range(10))
    later = asked("2026-04", [50] * 10) + asked("2026-04", range(10), first=50)
    row = drift(plan, before + later).inputs[1]
    assert row.distance == 0.0
    assert row.patients == 20


def test_p_are_adjusted_over_the_inputs_of_a_centre_and_period() -> None:
    several: list[Asked] = []
    for shift, name in ((0, "crp"), (3, "ferritin"), (9, "ldh")):
        several += asked("2026-02", range(12), name=name)
        several += asked("2026-05", range(shift, shift + 12), name=name, first=50)
    several += [replace(one, centre="B") for one in several if one.name == "crp"]
    found = [row for row in drift(PLAN, several).inputs if row.p is not None]
    ours = [row for row in found if row.centre == "A"]
    raw = [row.p for row in ours if row.p is not None]
    assert [row.adjusted_p for row in ours] == holm(raw).tolist()
    other = next(row for row in found if row.centre == "B")
    assert other.adjusted_p == other.p


def test_the_order_of_rows_and_other_centres_change_nothing() -> None:
    rng = np.random.default_rng(3)
    several = asked("2026-01", rng.normal(size=30)) + asked(
        "2026-06", rng.normal(size=30), first=99
    )
    found = drift(PLAN, several)
    others = [replace(one, centre="B", value=1.0) for one in several]
    mixed = [*reversed(several), *others]
    again = drift(PLAN, mixed)
    assert tuple(row for row in again.inputs if row.centre == "A") == found.inputs


def test_chance_alone_is_seldom_called_a_shift() -> None:
    rng = np.random.default_rng(11)
    several: list[Asked] = []
    for centre in range(20):
        for period, first in (("2026-01", 0), ("2026-07", 50)):
            for name in ("crp", "ferritin", "ldh", "platelets"):
                values = rng.lognormal(size=20)
                several += [
                    replace(one, centre=f"{centre:02d}")
                    for one in asked(period, values, name=name, first=first)
                ]
    told = [one for one in drift_findings(drift(PLAN, several)) if one.code == "drift_input"]
    # 20 families at 5 %: one is expected, more than five happens once in 3000
    assert len(told) <= 5


def test_a_change_of_unit_is_found() -> None:
    rng = np.random.default_rng(5)
    before, later = rng.lognormal(size=40), 10 * rng.lognormal(size=40)
    found = drift(PLAN, asked("2026-02", before) + asked("2026-05", later, first=60))
    told = drift_findings(found)
    assert [(one.code, one.severity) for one in told] == [("drift_input", "major")]
    assert told[0].what == (
        "The distribution of crp at A in 2026-05 is not that of 2026-01 to 2026-03."
    )
    assert "40 patients" in told[0].evidence


def test_more_missing_parked_and_refused_are_found() -> None:
    def several(period: str, share: float, first: int) -> list[Any]:
        kinds: list[Any] = []
        for n in range(100):
            there = n >= 100 * share
            one = Asked("A", period, str(first + n), "crp", 5.0 if there else None)
            kinds += [one, replace(one, name="ldh", parked=not there)]
        return kinds

    answers = [
        Answered("A", period, str(first + n), "score", () if n >= count else ("no crp",))
        for period, first, count in (("2026-01", 0, 5), ("2026-08", 500, 40))
        for n in range(100)
    ]
    found = drift(PLAN, several("2026-01", 0.05, 0) + several("2026-08", 0.4, 500), answers)
    codes = [one.code for one in drift_findings(found)]
    assert codes == ["drift_input_missing", "drift_input_parked", "drift_refusals"]
    calm = drift(PLAN, several("2026-01", 0.05, 0) + several("2026-08", 0.08, 500))
    assert drift_findings(calm) == ()


def test_a_rise_that_chance_can_make_is_not_remarked() -> None:
    # 2 of 20 and 5 of 20: 15 points more, and the intervals meet
    before = asked("2026-01", [None] * 2 + [5.0] * 18)
    assert drift_findings(drift(PLAN, before + asked("2026-08", [None] * 5 + [5.0] * 15))) == ()


def test_reasons_are_counted_and_rare_ones_withheld() -> None:
    answers = [Answered("A", "2026-01", str(n), "score", ("no crp",)) for n in range(12)]
    answers += [Answered("A", "2026-01", str(n), "score", ("no ldh", "no ldh")) for n in range(9)]
    answers += [Answered("A", "2026-01", str(n), "score") for n in range(19)]
    row = drift(PLAN, answered=answers).refusals[0]
    assert row.reasons == (("no crp", 12), ("other reasons", None))
    assert row.refused is not None
    assert (row.refused.events, row.refused.n, row.patients) == (21, 40, 19)


def predicted(times: Any, causes: Any, risk: float = 0.2, period: str = "2026-05") -> list[Any]:
    return [
        Predicted("A", period, str(n), "score", risk, time, cause)
        for n, (time, cause) in enumerate(zip(times, causes, strict=True))
    ]


def test_calibration_without_censoring_is_a_proportion() -> None:
    several = predicted([10.0] * 6 + [28.0] * 14, [1] * 6 + [0] * 14)
    row = drift(PLAN, predicted=several).calibration[0]
    assert (row.patients, row.ripe, row.horizon) == (20, 1.0, 28.0)
    assert row.expected == pytest.approx(0.2, abs=EXACT)
    assert row.observed is not None
    assert row.ratio is not None
    assert row.observed.value == pytest.approx(0.3, abs=EXACT)
    assert row.ratio.value == pytest.approx(1.5, abs=EXACT)
    # binomial error on the log scale
    reach = math.exp(normal_quantile(0.95) * math.sqrt(0.3 * 0.7 / 20) / 0.3)
    assert row.ratio.low == pytest.approx(1.5 / reach, rel=EXACT)
    assert row.ratio.high == pytest.approx(1.5 * reach, rel=EXACT)
    assert (row.ratio.n, row.ratio.events) == (20, 6)


def test_whose_horizon_has_not_come_counts_as_censored() -> None:
    # 5 of 20 leave unknown at 5, then 3 of 15 have it: 0.2, and not 3 of 20
    several = predicted([5.0] * 5 + [10.0] * 3 + [30.0] * 12, [0] * 5 + [1] * 3 + [0] * 12)
    found = drift(PLAN, predicted=several)
    row = found.calibration[0]
    assert row.ripe == 0.75
    assert row.observed is not None
    assert row.observed.value == pytest.approx(0.2, abs=EXACT)
    assert [one.code for one in drift_findings(found)] == ["drift_unripe"]


def test_death_before_is_no_censoring() -> None:
    # 5 of 20 die at 5, then 3 have it: 3 of 20
    several = predicted([5.0] * 5 + [10.0] * 3 + [30.0] * 12, [2] * 5 + [1] * 3 + [0] * 12)
    row = drift(PLAN, predicted=several).calibration[0]
    assert row.ripe == 1.0
    assert row.observed is not None
    assert row.observed.value == pytest.approx(3 / 20, abs=EXACT)


def test_nobody_or_everybody() -> None:
    def observed(several: Any) -> Any:
        row = drift(PLAN, predicted=several).calibration[0]
        assert row.observed is not None
        assert row.ratio is not None
        return row.observed.value, row.ratio.value, row.ratio.low

    assert observed(predicted([30.0] * 12, [0] * 12)) == (0.0, 0.0, None)
    assert observed(predicted([30.0] * 12, [2] + [0] * 11)) == (0.0, 0.0, None)
    assert observed(predicted([9.0] * 12, [0] * 12)) == (None, None, None)
    assert observed(predicted([9.0] * 12, [2] + [0] * 11)) == (None, None, None)
    assert observed(predicted([9.0] * 12, [1] * 12, risk=0.25)) == (1.0, 4.0, None)
    assert observed(predicted([30.0] * 12, [0] * 12, risk=0.0)) == (0.0, None, None)


def test_risks_that_are_too_low_are_found() -> None:
    several = predicted([10.0] * 30 + [28.0] * 30, [1] * 30 + [0] * 30)
    told = drift_findings(drift(PLAN, predicted=several))
    assert [(one.code, one.severity) for one in told] == [("drift_calibration", "major")]
    assert told[0].what == "The risks of score at A in 2026-05 are lower than what followed."
    assert told[0].evidence.startswith("observed over expected 2.50 (")
    fitting = predicted([10.0] * 12 + [28.0] * 48, [1] * 12 + [0] * 48)
    assert drift_findings(drift(PLAN, predicted=fitting)) == ()


@pytest.mark.parametrize(
    ("code", "plan", "given"),
    [
        ("reference_backwards", {"reference": ("2026-03", "2026-01")}, {}),
        ("least", {"least": 0}, {}),
        ("permutations", {"permutations": 0}, {}),
        ("level", {"level": 0.0}, {}),
        ("not_finite", {}, {"asked": asked("2026-01", [math.nan])}),
        ("horizon_missing", {"horizons": {}}, {"predicted": predicted([9.0], [1])}),
        ("predicted_twice", {}, {"predicted": predicted([9.0], [1]) * 2}),
        ("risk_range", {}, {"predicted": predicted([9.0], [1], risk=1.2)}),
        ("risk_range", {}, {"predicted": predicted([9.0], [1], risk=math.nan)}),
    ],
)
def test_refusals(code: str, plan: Any, given: Any) -> None:
    with pytest.raises((PlanRefused, NotEstimable)) as caught:
        drift(replace(PLAN, **plan), **given)
    assert caught.value.problems[0].code == code
    assert caught.value.problems[0].mend or code == "level"


def test_what_another_thread_forgets_is_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(dict[bytes, tuple[float, float]]):
        def __setitem__(self, key: bytes, found: tuple[float, float]) -> None:
            """Another thread has emptied it already."""

    several = asked("2026-01", range(10)) + asked("2026-04", range(4, 14), first=50)
    known = drift(PLAN, several)
    monkeypatch.setattr("cartwheel.watch.drift_inputs._KNOWN", Forgetful())
    assert drift(PLAN, several) == known
