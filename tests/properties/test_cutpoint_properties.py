"""What must hold of searched cut-offs for any marker and outcome."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from cartwheel.errors import NotEstimable
from cartwheel.stats.cutpoint import (
    best_cut,
    best_cut_fast,
    best_log_rank_cut,
    best_log_rank_cut_fast,
    candidate_cuts,
    permutation_p,
    sorted_marker,
)

PATIENTS = st.lists(
    st.tuples(
        st.integers(-5, 5).map(float),
        st.integers(0, 3),
        st.floats(0.0, 5.0, allow_subnormal=False),
        st.floats(0.0, 5.0, allow_subnormal=False),
        st.floats(-3.0, 3.0, allow_subnormal=False),
        st.booleans(),
    ),
    min_size=2,
    max_size=25,
)
CRITERION = st.sampled_from(["youden", "closest_corner"])
FRACTION = st.sampled_from([0.0, 0.1, 0.25, 0.4])


def columns(patients):
    return [np.array(column) for column in zip(*patients, strict=True)]


def searched(search):
    """What was found, or the code of the refusal."""
    try:
        return search()
    except NotEstimable as refused:
        return refused.problems[0].code


def assert_same(a, b) -> None:
    if isinstance(a, str) or isinstance(b, str):
        assert a == b
        return
    assert (a.cut, a.below, a.above) == (b.cut, b.below, b.above)
    assert (a.candidates, a.patients_above) == (b.candidates, b.patients_above)
    # k times a weight against the weight added k times
    np.testing.assert_allclose(a.statistic, b.statistic, rtol=1e-9, atol=1e-12)


@settings(deadline=None)
@given(PATIENTS, CRITERION, FRACTION)
def test_multiplicity_is_repetition_on_the_curve(patients, criterion, fraction):
    x, times, _, _, _, event = columns(patients)
    if not times.any():
        times[:] = 1
    case, control = times * event, times * ~event
    ours = searched(
        lambda: best_cut(
            sorted_marker(x),
            case,
            control,
            criterion=criterion,
            multiplicity=times,
            min_fraction=fraction,
        )
    )
    rows = np.repeat(np.arange(x.size), times)
    repeated = searched(
        lambda: best_cut(
            sorted_marker(x[rows]),
            event[rows],
            ~event[rows],
            criterion=criterion,
            min_fraction=fraction,
        )
    )
    assert_same(ours, repeated)
    fast = best_cut_fast(sorted_marker(x), case, control, criterion, times, fraction)
    assert np.isnan(fast) if isinstance(ours, str) else fast == ours.cut
    if not isinstance(ours, str):
        assert ours.below <= ours.cut < ours.above
        assert ours.patients_above == times[x > ours.cut].sum()


@settings(deadline=None)
@given(PATIENTS, FRACTION)
def test_multiplicity_is_repetition_of_ranks(patients, fraction):
    x, times, _, _, scores, _ = columns(patients)
    if not times.any():
        times[:] = 1
    ours = searched(
        lambda: best_log_rank_cut(
            sorted_marker(x), np.round(scores, 2), multiplicity=times, min_fraction=fraction
        )
    )
    rows = np.repeat(np.arange(x.size), times)
    repeated = searched(
        lambda: best_log_rank_cut(
            sorted_marker(x[rows]), np.round(scores, 2)[rows], min_fraction=fraction
        )
    )
    assert_same(ours, repeated)
    fast = best_log_rank_cut_fast(sorted_marker(x), np.round(scores, 2), times, fraction)
    assert np.isnan(fast) if isinstance(ours, str) else fast == ours.cut


@settings(deadline=None)
@given(PATIENTS, CRITERION, FRACTION, st.randoms(use_true_random=False))
def test_order_of_patients_does_not_matter(patients, criterion, fraction, shuffler):
    x, _, case, control, scores, _ = columns(patients)
    case, control, scores = np.round(case, 1), np.round(control, 1), np.round(scores, 1)
    order = list(range(x.size))
    shuffler.shuffle(order)
    one, other = sorted_marker(x), sorted_marker(x[order])
    options = {"criterion": criterion, "min_fraction": fraction}
    assert_same(
        searched(lambda: best_cut(one, case, control, **options)),
        searched(lambda: best_cut(other, case[order], control[order], **options)),
    )
    assert_same(
        searched(lambda: best_log_rank_cut(one, scores, min_fraction=fraction)),
        searched(lambda: best_log_rank_cut(other, scores[order], min_fraction=fraction)),
    )


@settings(deadline=None)
@given(PATIENTS, FRACTION)
def test_nothing_better_was_overlooked(patients, fraction):
    x, _, case, control, scores, _ = columns(patients)
    marker = sorted_marker(x)
    cuts = candidate_cuts(marker, min_fraction=fraction).cuts
    found = searched(
        lambda: best_cut(marker, case, control, criterion="youden", min_fraction=fraction)
    )
    if not isinstance(found, str):
        merits = [
            case[x > cut].sum() / case.sum() + control[x <= cut].sum() / control.sum() - 1.0
            for cut in cuts
        ]
        assert found.candidates == len(cuts)
        # sums of at most 25 weights, in another order
        np.testing.assert_allclose(found.statistic, max(merits), rtol=1e-9, atol=1e-11)
    ranked = searched(lambda: best_log_rank_cut(marker, scores, min_fraction=fraction))
    if not isinstance(ranked, str) and np.ptp(scores) > 1e-3:
        n = x.size
        spread = scores.var(ddof=1)
        z = [
            (scores[x > cut] - scores.mean()).sum()
            / np.sqrt(spread * (x > cut).sum() * (x <= cut).sum() / n)
            for cut in cuts
        ]
        np.testing.assert_allclose(abs(ranked.statistic), max(np.abs(z)), rtol=1e-8, atol=1e-9)


def test_the_same_in_every_thread():
    rng = np.random.default_rng(2)
    marker, scores = sorted_marker(rng.normal(size=150)), rng.normal(size=150)
    times = [rng.integers(0, 3, 150).astype(float) for _ in range(200)]
    alone = [best_log_rank_cut_fast(marker, scores, m) for m in times]

    def test(seed: int):
        return permutation_p(
            marker,
            scores=scores,
            criterion="max_log_rank",
            min_fraction=0.1,
            permutations=500,
            seed=seed,
        )

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda m: best_log_rank_cut_fast(marker, scores, m), times))
        tests = list(pool.map(test, range(20)))
    assert together == alone
    assert tests == [test(seed) for seed in range(20)]
    assert len({found.exceed for found in tests}) > 1


@pytest.mark.slow
@pytest.mark.parametrize("criterion", ["max_log_rank", "youden", "closest_corner"])
def test_permutation_p_is_uniform_without_association(criterion):
    rng = np.random.default_rng(9)
    p = np.empty(2000)
    for i in range(p.size):
        x = rng.lognormal(size=60).round(1)
        event = rng.permutation(np.repeat([0.0, 1.0], [40, 20]))
        outcome = (
            {"scores": event}
            if criterion == "max_log_rank"
            else {"case_weight": event, "control_weight": 1.0 - event}
        )
        p[i] = permutation_p(
            sorted_marker(x),
            criterion=criterion,
            min_fraction=0.1,
            permutations=199,
            seed=i,
            **outcome,
        ).p_value
    for level in (0.05, 0.1, 0.2, 0.5):
        # never liberal beyond 4 standard errors; a little conservative, for the search has ties
        error = np.sqrt(level * (1 - level) / p.size)
        assert level - 0.05 - 4 * error < (p <= level).mean() < level + 4 * error
