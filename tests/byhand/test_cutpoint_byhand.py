"""Searches small enough to work out, and their permutation p-values by enumeration."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.cutpoint import (
    best_cut,
    best_cut_fast,
    best_log_rank_cut,
    best_log_rank_cut_fast,
    candidate_cuts,
    lausen_schumacher_improved_p,
    lausen_schumacher_p,
    permutation_p,
    sorted_marker,
)

MASK = (1 << 64) - 1


def test_sorted_marker():
    marker = sorted_marker([3.0, 1.0, 3.0, 2.0])
    assert marker.values.tolist() == [1.0, 2.0, 3.0, 3.0]
    assert marker.order.tolist() == [1, 3, 0, 2]
    assert marker.run_start.tolist() == [0, 1, 2, 4]
    with pytest.raises(NotEstimable, match="missing or infinite"):
        sorted_marker([1.0, np.nan])


def test_youden_and_corner_can_differ():
    # at 1.5: sens 1, spec 1/2; at 2.5: 3/4, 1/2; at 3.5: 3/4, 3/4; at 4.5: 2/4, 3/4; 5.5: 2/4, 1
    x = np.array([1, 1, 2, 3, 4, 5, 6, 6])
    event = np.array([0, 0, 1, 0, 1, 0, 1, 1])
    found = best_cut(sorted_marker(x), event, 1 - event, criterion="youden")
    assert (found.cut, found.below, found.above) == (1.5, 1.0, 2.0)  # 1/2 thrice: the lowest
    assert (found.statistic, found.candidates, found.patients_above) == (0.5, 5, 6)
    corner = best_cut(sorted_marker(x), event, 1 - event, criterion="closest_corner")
    assert (corner.cut, corner.statistic, corner.patients_above) == (3.5, 2 * 0.25**2, 4)


def test_rank_statistic():
    # mean 0, sum of squares 4; two below: V = 2 * 2 / (4 * 3) * 4 = 4/3, sum above 2
    found = best_log_rank_cut(sorted_marker([1, 2, 3, 4]), [-1, -1, 1, 1], min_fraction=0.0)
    assert found.cut == 2.5
    assert found.statistic == pytest.approx(math.sqrt(3.0), rel=1e-15)
    assert found.criterion == "max_log_rank"
    turned = best_log_rank_cut(sorted_marker([4, 3, 2, 1]), [-1, -1, 1, 1], min_fraction=0.0)
    assert turned.statistic == pytest.approx(-math.sqrt(3.0), rel=1e-15)


def test_the_search_does_not_turn_the_marker():
    event = np.array([1, 1, 0, 0])
    found = best_cut(sorted_marker([1, 2, 3, 4]), event, 1 - event, criterion="youden")
    assert found.statistic < 0.0


def test_absent_patients_are_no_neighbours():
    event = np.array([0, 0, 1, 1])
    times = np.array([1, 0, 0, 1])
    marker = sorted_marker([1.0, 2.0, 3.0, 8.0])
    found = best_cut(
        marker, times * event, times * (1 - event), criterion="youden", multiplicity=times
    )
    assert (found.below, found.above, found.cut, found.candidates) == (1.0, 8.0, 4.5, 1)
    ranks = best_log_rank_cut(marker, [0, 0, 1, 1], multiplicity=times, min_fraction=0.0)
    assert (ranks.cut, ranks.patients_above) == (4.5, 1)


def test_censored_patients_are_neighbours():
    # weight 0 but present: the cut lies next to their value
    marker = sorted_marker([1.0, 2.0, 8.0])
    found = best_cut(marker, [0, 0, 1], [1, 0, 0], criterion="youden")
    assert found.cut == 1.5
    assert found.candidates == 2


def test_min_fraction_bounds_both_groups():
    marker = sorted_marker(np.arange(10.0))
    assert candidate_cuts(marker, min_fraction=0.2).group_sizes.tolist() == [2, 3, 4, 5, 6, 7, 8]
    assert candidate_cuts(marker, min_fraction=0.0).group_sizes.tolist() == list(range(1, 10))
    event = np.array([0] + [1] * 9)
    free = best_cut(marker, event, 1 - event, criterion="youden")
    held = best_cut(marker, event, 1 - event, criterion="youden", min_fraction=0.3)
    assert (free.cut, held.cut, held.candidates) == (0.5, 2.5, 5)


def test_neighbouring_doubles_are_separated():
    upper = np.nextafter(1.0, 2.0)
    found = best_cut(sorted_marker([1.0, upper]), [0, 1], [1, 0], criterion="youden")
    assert found.below <= found.cut < found.above
    large = best_cut(sorted_marker([1.6e308, 1.7e308]), [0, 1], [1, 0], criterion="youden")
    assert large.below <= large.cut < large.above


@pytest.mark.parametrize(
    ("x", "case", "control"),
    [([1, 1], [0, 1], [1, 0]), ([1, 2], [0, 0], [1, 1]), ([1], [1], [0])],
)
def test_no_cut(x, case, control):
    marker = sorted_marker(x)
    assert math.isnan(best_cut_fast(marker, case, control))
    with pytest.raises(NotEstimable) as refused:
        best_cut(marker, case, control, criterion="youden")
    assert refused.value.problems[0].code == "no_cut"


def test_strided_columns_are_understood():
    table = np.array([[1.0, 0, 1], [2, 0, 1], [3, 1, 0], [4, 1, 0]])
    x, case, control = table.T
    marker = sorted_marker(x)
    assert best_cut_fast(marker, case, control, "youden", control + case) == 2.5
    assert best_cut(marker, case, control, criterion="youden").cut == 2.5
    assert best_log_rank_cut_fast(marker, case, None, 0.0) == 2.5


def test_equal_scores_give_no_cut():
    marker = sorted_marker(np.arange(7.0))
    scores = np.full(7, 0.1)
    assert math.isnan(best_log_rank_cut_fast(marker, scores))
    for call in (
        lambda: best_log_rank_cut(marker, scores),
        lambda: permutation_p(
            marker, scores=scores, criterion="max_log_rank", min_fraction=0.1, seed=1
        ),
    ):
        with pytest.raises(NotEstimable) as refused:
            call()
        assert refused.value.problems[0].code == "no_cut"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"criterion": "accuracy"}, "criterion"),
        ({"min_fraction": 0.5}, "fraction"),
        ({"multiplicity": [1, 1, -1]}, "multiplicity"),
        ({"multiplicity": [1, 1, 0.5]}, "multiplicity"),
        ({"multiplicity": [1, 1]}, "length_mismatch"),
    ],
)
def test_what_a_search_refuses(changed, code):
    options = {"criterion": "youden"} | changed
    with pytest.raises(NotEstimable) as refused:
        best_cut(sorted_marker([1, 2, 3]), [0, 0, 1], [1, 1, 0], **options)
    assert refused.value.problems[0].code == code


def test_negative_weights_are_refused():
    with pytest.raises(NotEstimable, match="negative"):
        best_cut(sorted_marker([1, 2]), [0, -1], [1, 0], criterion="youden")


def enumerated_p(x, first, second, criterion, min_fraction):
    """Exact p-value: the search in every order of the outcome."""
    marker = sorted_marker(x)

    def merit(order):
        if criterion == "max_log_rank":
            found = best_log_rank_cut(marker, first[order], min_fraction=min_fraction)
            return abs(found.statistic)
        found = best_cut(
            marker, first[order], second[order], criterion=criterion, min_fraction=min_fraction
        )
        return found.statistic if criterion == "youden" else -found.statistic

    everyone = np.arange(x.size)
    observed = merit(everyone)
    merits = [merit(np.array(order)) for order in itertools.permutations(everyone)]
    return np.mean([value >= observed - 1e-12 for value in merits])


@pytest.mark.parametrize("min_fraction", [0.0, 0.3])
@pytest.mark.parametrize("criterion", ["max_log_rank", "youden", "closest_corner"])
def test_permutation_p_against_enumeration(criterion, min_fraction):
    x = np.array([1.0, 2.0, 2.0, 3.0, 4.0, 5.0, 5.0])
    case = np.array([0.0, 0.0, 1.0, 0.0, 1.3, 0.0, 1.0])
    control = np.array([1.0, 1.2, 0.0, 0.0, 0.0, 1.0, 0.0])
    scores = np.array([-0.9, -0.3, 0.4, -0.3, 0.8, 0.1, 0.2])
    first = scores if criterion == "max_log_rank" else case
    outcome = (
        {"scores": scores}
        if criterion == "max_log_rank"
        else {"case_weight": case, "control_weight": control}
    )
    exact = enumerated_p(x, first, control, criterion, min_fraction)
    found = permutation_p(
        sorted_marker(x),
        criterion=criterion,
        min_fraction=min_fraction,
        permutations=100_000,
        seed=3,
        **outcome,
    )
    error = math.sqrt(exact * (1.0 - exact) / 100_000)
    # 4 standard errors, and the one added to numerator and denominator
    assert abs(found.p_value - exact) < 4.0 * error + 1e-5
    assert found.std_error == pytest.approx(error, rel=0.2)


def xoshiro(state):
    """The published xoshiro256++ in unbounded integers."""
    while True:
        s0, s1, s2, s3 = state
        total = (s0 + s3) & MASK
        result = ((((total << 23) | (total >> 41)) & MASK) + s0) & MASK
        t = (s1 << 17) & MASK
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = ((s3 << 45) | (s3 >> 19)) & MASK
        state = (s0, s1, s2, s3)
        yield result


def test_permutations_are_the_published_generator_on_every_machine():
    x, scores = np.arange(9.0), np.array([3.0, -1, 2, -2, 1, 0, -3, 4, -4])
    stream = xoshiro(tuple(int(s) for s in np.random.SeedSequence(11).generate_state(4, np.uint64)))
    marker = sorted_marker(x)
    observed = abs(best_log_rank_cut(marker, scores, min_fraction=0.0).statistic)
    shuffled, exceed = scores.copy(), 0
    for _ in range(200):
        for i in range(8, 0, -1):
            bound = i + 1
            # redraw where the low half says that a value would come up once too often
            while (product := (next(stream) >> 32) * bound) & 0xFFFFFFFF < (1 << 32) % bound:
                continue
            j = product >> 32
            shuffled[[i, j]] = shuffled[[j, i]]
        best = abs(best_log_rank_cut(marker, shuffled, min_fraction=0.0).statistic)
        exceed += best >= observed - 1e-12
    found = permutation_p(
        marker, scores=scores, criterion="max_log_rank", min_fraction=0.0, permutations=200, seed=11
    )
    assert found.exceed == exceed
    assert found.p_value == (1 + exceed) / 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"criterion": "max_log_rank"},
        {"criterion": "youden", "scores": [0, 1]},
        {"criterion": "youden", "case_weight": [0, 1]},
        {"criterion": "accuracy", "scores": [0, 1]},
        {"criterion": "youden", "case_weight": [0, 0], "control_weight": [1, 1]},
        {"criterion": "max_log_rank", "scores": [0, 1], "permutations": 0},
        {"criterion": "max_log_rank", "scores": [0, 1], "min_fraction": -0.1},
    ],
)
def test_what_the_permutation_test_refuses(wrong):
    options = {"min_fraction": 0.0, "seed": 1} | wrong
    with pytest.raises(NotEstimable):
        permutation_p(sorted_marker([1, 2]), **options)


def test_lausen_schumacher_by_hand():
    # b = 2, cuts from 0.1 to 0.9: phi(2) (2 - 1/2) log 81 + 4 phi(2) / 2
    density = math.exp(-2.0) / math.sqrt(2.0 * math.pi)
    expected = density * (1.5 * math.log(81.0) + 2.0)
    assert lausen_schumacher_p(2.0) == pytest.approx(expected, rel=1e-14)
    assert lausen_schumacher_p(-2.0) == lausen_schumacher_p(2.0)
    assert lausen_schumacher_p(0.5) == 1.0
    # one cut was looked at: the plain normal p-value
    assert lausen_schumacher_improved_p(1.959963984540054, [5], 10) == pytest.approx(
        0.05, rel=1e-13
    )
    with pytest.raises(NotEstimable, match="group sizes"):
        lausen_schumacher_improved_p(2.0, [3, 2], 10)
    with pytest.raises(NotEstimable, match="fractions"):
        lausen_schumacher_p(2.0, 0.9, 0.1)
