"""Groups and size of a validation by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit, ndtri
from validated_groups import binary, competing, grouped, plan, scored, simulated, survival

from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.stats.samplesize_validation import (
    normal_linear_predictor,
    validation_n_auc,
    validation_n_observed_expected,
    validation_n_slope,
)
from cartwheel.validation.analysed import Target
from cartwheel.validation.groups.centres import centres
from cartwheel.validation.groups.heterogeneity import heterogeneity
from cartwheel.validation.groups.recalibration import recalibration
from cartwheel.validation.groups.subgroups import interaction, subgroups
from cartwheel.validation.judging.anticipated import anticipated
from cartwheel.validation.judging.sizes import sizes
from cartwheel.validation.result_groups import GroupRow, GroupScore, Heterogeneity
from cartwheel.validation.result_score import Measure

# closed forms: only rounding
EXACT = 1e-12


def test_interaction_of_two_by_two_tables() -> None:
    # with a score of 0 and 1 the model with the product is saturated: its likelihood is that of
    # four proportions. Equal tables need no product: the statistic is 0.
    def tables(other: tuple[int, int]) -> float:
        cells = [(0, 0, 3), (0, 1, 6), (1, 0, other[0]), (1, 1, other[1])]
        group = [g for g, _, _ in cells for _ in range(10)]
        score = [x for _, x, _ in cells for _ in range(10)]
        event = [float(i < k) for _, _, k in cells for i in range(10)]
        rows = np.array(group)
        found = interaction(
            binary(event),
            scored(score, None),
            [np.flatnonzero(rows == 0), np.flatnonzero(rows == 1)],
        )
        assert found is not None
        return found.statistic

    assert tables((3, 6)) == pytest.approx(0.0, abs=1e-9)
    # turned round: with a common slope of 0 both groups keep 9 of 20; 4 cells against 2
    log_of = lambda k, n: k * math.log(k / n) + (n - k) * math.log(1 - k / n)  # noqa: E731
    wanted = 2.0 * (2 * log_of(3, 10) + 2 * log_of(6, 10) - 2 * log_of(9, 20))
    assert tables((6, 3)) == pytest.approx(wanted, rel=1e-9)


def test_groups_that_cannot_be_tested() -> None:
    event, score = [0.0, 1.0] * 6, [1.0, 2.0, 3.0] * 4
    groups = [np.arange(6), np.arange(6, 12)]
    same = scored([1.0] * 6 + score[:6], None)
    assert interaction(binary(event), same, groups) is None
    assert interaction(binary(event), scored(score, None), groups[:1]) is None
    # the score tells the events of one group from the others without fault
    separated = scored([0.0, 1.0] * 3 + score[:6], None)
    assert interaction(binary(event), separated, groups) is None


def test_recalibration_of_two_risks() -> None:
    # stated odds 1:3 and 1:1, seen 1:1 and 3:1: log odds of 0 and log 3 for -log 3 and 0
    risk = [0.25] * 4 + [0.5] * 4
    event = [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0]
    line = recalibration(binary(event), scored(risk, risk))
    assert (line.intercept, line.slope) == pytest.approx((math.log(3.0), 1.0), rel=1e-9)
    assert line.applied(scored(risk, risk)).risk == pytest.approx([0.5] * 4 + [0.75] * 4)


@pytest.mark.parametrize("kind", ["survival", "competing"])
def test_recalibration_needs_events_and_follow_up_to_the_horizon(kind: str) -> None:
    def outcome(time: list[float], cause: list[int], horizon: float) -> Target:
        return (
            survival(time, np.array(cause) == 1, horizon)
            if kind == "survival"
            else competing(time, cause, horizon)
        )

    score = scored([0.3, 0.5, 0.2, 0.4], [0.3, 0.5, 0.2, 0.4])
    late, short = outcome([5, 6, 7, 8], [1, 0, 1, 0], 4.0), outcome([1, 2, 3, 4], [1, 0, 1, 0], 9.0)
    with pytest.raises(NotEstimable, match="nobody has the event by the horizon"):
        recalibration(late, score)
    with pytest.raises(NotEstimable, match="nobody is followed to the horizon"):
        recalibration(short, score)


def test_size_of_two_risks() -> None:
    # a quarter has the event; the risks are right: half have 1 in 10, half have 4 in 10
    risk = np.repeat([0.1, 0.4], 50)
    event = np.concatenate([np.arange(50) < 5, np.arange(50) < 20]).astype(float)
    (found,) = sizes(
        binary(event), [scored(risk, risk)], plan(decision={"low": 0.1, "high": 0.3}), 0.95
    )
    ratio, slope, c, benefit = found.rows
    error = math.sqrt(0.75 / 25.0)
    assert ratio.width_here == pytest.approx(2.0 * math.sinh(1.96 * error), rel=EXACT)
    assert ratio.patients_needed == validation_n_observed_expected(0.25)
    # one weight for each half, log odds log(1/9) and log(2/3)
    low, high = 0.09, 0.24
    away = math.log(2.0 / 3.0) - math.log(1.0 / 9.0)
    information = 50.0 * low * high / (low + high) * away**2
    # 1e-6: found from the number of patients for a narrow interval, rounded up
    assert slope.width_here == pytest.approx(2.0 * 1.96 / math.sqrt(information), rel=1e-6)
    # cases are 1:4 low to high, the others 9:6: C = 4/5 9/15 + (1/5 9/15 + 4/5 6/15) / 2
    concordance = 0.48 + 0.5 * (0.12 + 0.32)
    assert c.patients_needed == validation_n_auc(concordance, 0.25)
    # at 20 % four of five cases are treated and nine of fifteen others are not
    odds = 3.0 * 0.2 / 0.8
    variance = 0.8 * 0.2 / 0.25 + odds**2 * (0.6 * 0.4 / 0.75 + 0.4**2 / (0.25 * 0.75))
    assert benefit.width_here == pytest.approx(2.0 * 1.96 * math.sqrt(variance / 100.0), rel=1e-6)
    assert [row.events_needed for row in found.rows] == [
        math.ceil((row.patients_needed or 0) / 4.0) for row in found.rows
    ]


def test_another_level_widens_all_alike() -> None:
    target, score = simulated("binary", 300, 4)
    wide, narrow = (sizes(target, [score], plan(), level)[0].rows for level in (0.99, 0.9))
    # normal quantiles of 99 and 90 %
    factor = 2.5758293035489004 / 1.6448536269514722
    for one, other in zip(wide[1:], narrow[1:], strict=True):
        assert one.width_here == pytest.approx((other.width_here or 0.0) * factor, rel=1e-6)
        # 1e-2: whole patients
        assert one.patients_needed == pytest.approx((other.patients_needed or 0) * factor**2, 1e-2)


def test_risks_are_shifted_to_the_share_of_events() -> None:
    stated = np.array([0.0, 0.1, 0.2, 0.5, 1.0])
    for kind in ("binary", "survival"):
        seen = anticipated(kind, stated, 0.5)
        assert seen is not None
        assert seen.risk.mean() == pytest.approx(0.5, rel=1e-9)
        assert (seen.risk[0], seen.risk[-1]) == (0.0, 1.0)
        # no shift brings one certain event of five to less than one fifth
        assert anticipated(kind, stated, 0.15) is None
    assert anticipated("binary", np.array([0.0, 1.0]), 0.5) is None


def test_size_of_a_normal_predictor_is_that_of_its_formula() -> None:
    n = 20_001
    predictor = -1.0 + 0.7 * ndtri((np.arange(n) + 0.5) / n)
    risk = expit(predictor)
    share = float(risk.mean())
    event = (np.arange(n) < round(share * n)).astype(float)
    (found,) = sizes(binary(event), [scored(risk, risk)], plan(), 0.95)
    wanted = validation_n_slope(normal_linear_predictor(-1.0, 0.7))
    # 2e-3: as many quantiles as patients stand for the normal distribution
    assert found.rows[1].patients_needed == pytest.approx(wanted, rel=2e-3)


def test_nothing_is_shown_where_nobody_or_everybody_has_the_event() -> None:
    risk = [0.1, 0.2, 0.3, 0.4]
    for event, said in (([0.0] * 4, "nobody has"), ([1.0] * 4, "everybody has")):
        (found,) = sizes(binary(event), [scored(risk, risk)], plan(), 0.95)
        assert said in found.verdict
        assert {(row.width_here, row.patients_needed) for row in found.rows} == {(None, None)}
    (none,) = sizes(competing([1, 2, 3, 9], [2, 2, 0, 0], 5.0), [scored(risk, risk)], plan(), 0.95)
    assert none.events == 0
    assert "0 events by 5 months" in none.verdict


def test_size_without_a_linear_predictor_or_without_a_spread() -> None:
    event = [0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0]
    certain = scored(range(8), [0.0, 0.3, 0.2, 0.1, 0.6, 0.1, 0.5, 0.2])
    flat = scored(range(8), [0.4] * 8)
    nowhere = scored(range(8), [0.01, 0.02] * 4)
    for score in (certain, flat):
        (found,) = sizes(binary(event), [score], plan(), 0.95)
        told = {row.criterion: row.width_here is not None for row in found.rows}
        assert told == {
            "observed_expected": True,
            "calibration_slope": False,
            "c_statistic": True,
            "net_benefit": True,
        }
        assert "Not computed: the calibration slope;" in found.verdict
    (found,) = sizes(binary(event), [nowhere], plan(), 0.95)
    assert found.rows[3].width_here is None
    assert sizes(binary(event), [scored(range(8), None)], plan(), 0.95) == ()


def test_a_verdict_says_what_eleven_events_cannot_show() -> None:
    target, score = simulated("binary", 40, 12)
    (found,) = sizes(target, [score], plan(), 0.95)
    slope = found.rows[1]
    assert found.verdict.startswith(f"With {found.events} events in 40 patients,")
    assert f"{slope.width_here:.2g} for the calibration slope" in found.verdict
    assert "These events cannot show" in found.verdict
    assert "the calibration slope (an interval wider than 1 does not tell" in found.verdict
    assert f"the calibration slope {slope.patients_needed} patients with" in found.verdict


def test_events_are_those_by_the_horizon() -> None:
    target = survival([1, 2, 3, 4, 5, 6, 7, 8], [1, 0, 1, 0, 1, 1, 1, 0], 5.0)
    score = scored(range(8), None)
    found = subgroups(target, [score], [grouped([0, 0, 0, 0, 1, 1, 1, 1])], plan(2, 2), 0.95)
    assert [(row.patients, row.events) for row in found[0].rows] == [(4, 2), (4, 1)]
    assert found[0].rows[1].withheld == "fewer than 2 events by 5 months"


def test_each_reason_to_withhold_is_said_without_the_number() -> None:
    event = [1.0] * 6 + [0.0] * 1 + [1.0] * 1 + [0.0] * 6 + [0.0, 1.0]
    code = [0] * 7 + [1] * 7 + [2] * 2
    target, score = binary(event), scored(range(16), None)
    levels = ("many", "few", "two", "empty")
    (found,) = subgroups(target, [score], [grouped(code, levels)], plan(3, 2), 0.95)
    assert [(row.group, row.patients, row.events, row.withheld) for row in found.rows] == [
        ("many", 7, 6, "fewer than 2 patients without the event"),
        ("few", 7, 1, "fewer than 2 events"),
        (
            "two",
            2,
            1,
            "fewer than 3 patients; fewer than 2 events; fewer than 2 patients without the event",
        ),
        ("empty", 0, 0, "no patients"),
    ]
    assert all(row.scores == () for row in found.rows)
    assert found.interactions == ()


def test_patients_without_a_value_come_last() -> None:
    target, score = simulated("binary", 200, 5)
    code = np.arange(200) % 4 - 1
    (found,) = subgroups(target, [score], [grouped(code)], plan(), 0.95)
    assert [row.group for row in found.rows] == ["0", "1", "2", "not known"]
    assert found.rows[-1].patients == 50
    assert found.rows[-1].scores != ()
    # they are no group of the column, so no group of the test
    assert found.interactions[0].df == 2.0
    (alike,) = subgroups(target, [score], [grouped(code, ("a", "not known", "b"))], plan(), 0.95)
    assert [row.group for row in alike.rows] == ["a", "not known", "b", "no value"]


def test_one_centre_has_no_others() -> None:
    target, score = simulated("survival", 80, 6)
    found = centres(target, [score], grouped([0] * 80), plan(), 0.95)
    assert found.rows[0].scores != ()
    assert [row.withheld for row in found.without + found.updated] == [
        "there is no other centre"
    ] * 2
    assert found.heterogeneity == ()


def test_a_centre_with_one_patient_is_counted_and_its_measures_do_not_follow() -> None:
    target, score = simulated("binary", 201, 7)
    code = np.append(np.arange(200) % 2, 2)
    found = centres(target, [score], grouped(code), plan(), 0.95)
    single = found.rows[2]
    assert (single.patients, single.scores) == (1, ())
    # all patients less these would be that patient
    assert (found.without[2].patients, found.without[2].scores) == (200, ())
    assert found.without[2].withheld == "the centre left out is withheld"
    assert found.updated[2].scores == ()
    assert {each.k for each in found.heterogeneity} == {2}
    assert {(each.prediction_low, each.prediction_high) for each in found.heterogeneity} == {
        (None, None)
    }


def test_all_centres_withheld_leave_counts_only() -> None:
    target, score = simulated("competing", 60, 8)
    found = centres(target, [score], grouped(np.arange(60) % 6), plan(), 0.95)
    everything = found.rows + found.without + found.updated
    assert all(row.withheld and row.scores == () for row in everything)
    assert found.heterogeneity == ()


def test_patients_of_no_known_centre_count_among_the_rest_but_estimate_nothing() -> None:
    target, score = simulated("binary", 300, 9)
    code = np.arange(300) % 3 - 1
    found = centres(target, [score], grouped(code), plan(), 0.95)
    assert [row.group for row in found.rows] == ["0", "1", "not known"]
    assert [row.patients for row in found.without] == [200, 200]
    other = np.flatnonzero(code == 1)
    line = recalibration(target.subset(other), score.subset(other))
    own = np.flatnonzero(code == 0)
    ratio = found.updated[0].scores[0].measures[1].estimate.value
    expected = line.applied(score.subset(own)).risk
    assert expected is not None
    assert ratio == pytest.approx(target.event[own].sum() / expected.sum(), rel=1e-9)
    assert {each.k for each in found.heterogeneity} == {2}


def test_a_score_that_cannot_be_recalibrated_says_why() -> None:
    target, score = simulated("binary", 100, 10)
    assert score.risk is not None
    risk = score.risk.copy()
    risk[0] = 0.0
    certain = scored(score.value, risk, "certain")
    value = scored(score.value, None, "value")
    grouping = grouped(np.arange(100) % 2)
    found = centres(target, [score, certain, value], grouping, plan(), 0.95)
    row = found.updated[1]
    assert [each.score for each in row.scores] == ["score", "certain"]
    for measure in row.scores[1].measures:
        assert measure.estimate.value is None
        assert measure.estimate.method.startswith("not recalibrated in the other centres: ")
    assert centres(target, [value], grouping, plan(), 0.95).updated == ()


def pooled(
    values: list[float | None], errors: list[float | None], scale: str
) -> list[Heterogeneity]:
    measures = [
        Measure("m", "M", Estimate(value), None, error, scale)
        for value, error in zip(values, errors, strict=True)
    ]
    rows = [GroupRow("c", 20, 5, "", (GroupScore("score", (each,)),)) for each in measures]
    return list(heterogeneity(rows, 0.95))


def test_centres_that_are_alike_have_an_interval_all_the_same() -> None:
    (found,) = pooled([0.5, 0.5], [0.1, 0.1], "identity")
    # t with one degree of freedom, and the error of a mean of two
    reach = 12.706204736432095 * 0.1 / math.sqrt(2.0)
    assert found.pooled.value == pytest.approx(0.5)
    assert found.pooled.high == pytest.approx(0.5 + reach, rel=1e-8)
    assert "the centres do not differ" in found.pooled.method
    (near,) = pooled([0.50, 0.51, 0.52], [0.1, 0.1, 0.1], "identity")
    assert "narrow because the centres differ less than chance" in near.pooled.method


def test_centres_without_a_number_or_an_error_are_not_pooled() -> None:
    assert pooled([0.8, 1.0], [0.3, 0.2], "logit") == []
    assert pooled([1.2, None], [0.3, 0.2], "log") == []
    assert pooled([1.2, 0.0], [0.3, 0.2], "log") == []
    assert pooled([1.2, 1.1], [0.3, None], "log") == []
    (found,) = pooled([1.2, None, 1.1], [0.3, 0.2, 0.3], "log")
    assert found.k == 2
    # with two centres the upper limit of a ratio may lie beyond any number
    (far,) = pooled([1e-40, 1e40], [1.0, 1.0], "log")
    assert far.pooled.high is None
    assert far.pooled.low == 0.0
