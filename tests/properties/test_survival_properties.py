"""What must hold for any sample: copies are multiplicities, patient order is irrelevant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import assume, given, strategies as st

from cartwheel.stats.brier import brier_binary, brier_score
from cartwheel.stats.concordance import concordance, harrell_concordance
from cartwheel.stats.cox import (
    baseline_hazard_at,
    cox_coefficients,
    cox_log_likelihood,
)
from cartwheel.stats.log_rank import log_rank, log_rank_scores
from cartwheel.stats.survival import (
    SurvivalTimes,
    horizon_weights,
    kaplan_meier,
    numbers_at_risk,
    survival_at,
    survival_times,
)

# the same sums in another order
RTOL = 1e-11


@dataclass(frozen=True)
class Sample:
    time: np.ndarray
    event: np.ndarray
    x: np.ndarray
    counts: np.ndarray
    horizon: float

    @property
    def times(self) -> SurvivalTimes:
        return survival_times(self.time, self.event)

    @property
    def copied(self) -> SurvivalTimes:
        return survival_times(self.copies(self.time), self.copies(self.event))

    def copies(self, values: np.ndarray) -> np.ndarray:
        return np.repeat(values, self.counts, axis=0)


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    """Few distinct times and scores, so that every kind of tie happens."""
    n = draw(st.integers(2, 25))

    def whole(low: int, high: int) -> np.ndarray:
        return np.array(draw(st.lists(st.integers(low, high), min_size=n, max_size=n)))

    time, event, counts = whole(0, 8).astype(float), whole(0, 1), whole(0, 3)
    x = np.column_stack((whole(-2, 2), whole(0, 3))).astype(float)
    assume(counts.sum() > 0)
    return Sample(time, event, x, counts, draw(st.integers(0, 9)) + 0.0)


@given(samples())
def test_survival_of_copies(sample: Sample) -> None:
    mine = kaplan_meier(sample.times, multiplicity=sample.counts)
    copied = kaplan_meier(sample.copied)
    for field in ("time", "n_risk", "n_event", "n_censor", "survival", "std_error", "low", "high"):
        np.testing.assert_array_equal(getattr(mine, field), getattr(copied, field))
    assert (mine.n, mine.events) == (copied.n, copied.events)
    assert survival_at(sample.times, sample.horizon, sample.counts) == survival_at(
        sample.copied, sample.horizon
    )


@given(samples())
def test_weights_of_copies(sample: Sample) -> None:
    mine = horizon_weights(sample.times, sample.horizon, sample.counts)
    copied = horizon_weights(sample.copied, sample.horizon)
    present = np.repeat(np.arange(sample.time.size), sample.counts)
    for weights, each in zip(mine, copied, strict=True):
        summed = np.bincount(present, each, sample.time.size)
        np.testing.assert_allclose(weights, summed, rtol=RTOL)
    risk = 1.0 / (1.0 + np.exp(-sample.x[:, 0]))
    np.testing.assert_allclose(
        brier_score(sample.times, risk, sample.horizon, sample.counts),
        brier_score(sample.copied, sample.copies(risk), sample.horizon),
        rtol=RTOL,
    )
    np.testing.assert_allclose(
        brier_binary(risk, sample.event, sample.counts),
        brier_binary(sample.copies(risk), sample.copies(sample.event)),
        rtol=RTOL,
    )


@given(samples())
def test_weights_stand_for_everybody(sample: Sample) -> None:
    case, control = horizon_weights(sample.times, sample.horizon, sample.counts)
    present = sample.copied
    # some patient is known to be beyond the horizon, so censoring never empties the risk set
    if present.time.max() > sample.horizon:
        np.testing.assert_allclose(case.sum() + control.sum(), present.n, rtol=RTOL)


@given(samples())
def test_log_rank_scores_of_copies(sample: Sample) -> None:
    mine = log_rank_scores(sample.times, sample.counts)
    # whole numbers of patients in the denominators: the very same sums
    np.testing.assert_array_equal(sample.copies(mine), log_rank_scores(sample.copied))


@given(samples())
def test_scores_sum_to_the_log_rank_difference_without_ties(sample: Sample) -> None:
    n = sample.time.size
    group = sample.x[:, 0] > 0
    assume(0 < group.sum() < n)
    assume(sample.event.any())
    # distinct times, the same order
    time = np.empty(n)
    time[np.argsort(sample.time, kind="stable")] = np.arange(n) + 1.0
    times = survival_times(time, sample.event)
    at_risk_together = (time[group].min() <= time[sample.event == 1].max()) and (
        time[~group].min() <= time[sample.event == 1].max()
    )
    last = min(time[group].max(), time[~group].max())
    assume(at_risk_together and (time[sample.event == 1] <= last).any())
    found = log_rank(times, group)
    np.testing.assert_allclose(
        log_rank_scores(times)[group].sum(),
        found.observed[1] - found.expected[1],
        rtol=RTOL,
        atol=1e-12,
    )


@given(samples())
def test_concordance_of_copies(sample: Sample) -> None:
    score = sample.x[:, 0]
    mine = concordance(sample.times, score, sample.counts)
    copied = concordance(sample.copied, sample.copies(score))
    np.testing.assert_array_equal(mine, copied)  # counts are whole; nan equals nan here


@given(samples())
def test_concordance_pair_by_pair(sample: Sample) -> None:
    time, event, score = sample.time, sample.event, sample.x[:, 0]
    earlier = (event[:, None] == 1) & (
        (time[:, None] < time) | ((time[:, None] == time) & (event == 0))
    )
    right = (earlier & (score[:, None] > score)).sum()
    equal = (earlier & (score[:, None] == score)).sum()
    assume(earlier.any())
    found = harrell_concordance(sample.times, score)
    assert (found.concordant, found.tied_score) == (right, equal)
    assert found.discordant == earlier.sum() - right - equal
    assert concordance(sample.times, score) == found.c
    np.testing.assert_allclose(concordance(sample.times, -score), 1.0 - found.c, rtol=1e-14)


@given(samples())
def test_cox_of_copies(sample: Sample) -> None:
    lp = sample.x @ [0.3, -0.2]
    np.testing.assert_allclose(
        baseline_hazard_at(sample.times, lp, sample.horizon, sample.counts),
        baseline_hazard_at(sample.copied, sample.copies(lp), sample.horizon),
        rtol=RTOL,
    )
    np.testing.assert_allclose(
        cox_log_likelihood(sample.times, lp, multiplicity=sample.counts),
        cox_log_likelihood(sample.copied, sample.copies(lp)),
        rtol=RTOL,
        atol=1e-12,
    )
    mine, converged = cox_coefficients(sample.times, sample.x, sample.counts)
    copied, also = cox_coefficients(sample.copied, sample.copies(sample.x))
    assert converged == also
    if converged:
        # the fast path stops within 1e-10 standard errors, which reach about 10 here
        np.testing.assert_allclose(mine, copied, rtol=1e-8, atol=1e-8)


def test_a_column_that_varies_among_nobody_at_risk_is_no_estimate() -> None:
    # found by the property above: rounding left 1e-17 of information, in copies but not in counts
    time = np.array([0.0] * 7 + [1.0, 0.0, 0.0])
    x = np.zeros((10, 2))
    x[6, 1] = x[8, 0] = x[9, 0] = 1.0
    counts = np.array([0, 0, 0, 0, 0, 2, 2, 2, 3, 3])
    rows = np.repeat(np.arange(10), counts)
    times = survival_times(time, time)
    copied = survival_times(time[rows], time[rows])
    assert not cox_coefficients(times, x, counts)[1]
    assert not cox_coefficients(copied, x[rows])[1]


@given(samples(), st.randoms(use_true_random=False))
def test_order_of_patients_is_irrelevant(sample: Sample, random: object) -> None:
    shuffled = list(range(sample.time.size))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = survival_times(sample.time[shuffled], sample.event[shuffled])
    np.testing.assert_array_equal(kaplan_meier(sample.times).survival, kaplan_meier(other).survival)
    np.testing.assert_array_equal(log_rank_scores(sample.times)[shuffled], log_rank_scores(other))
    lp = sample.x[:, 0]
    np.testing.assert_array_equal(concordance(sample.times, lp), concordance(other, lp[shuffled]))


@given(samples())
def test_numbers_at_risk_by_counting(sample: Sample) -> None:
    found = numbers_at_risk(sample.times, np.arange(10))
    assert found.tolist() == [int((sample.time >= t).sum()) for t in range(10)]
