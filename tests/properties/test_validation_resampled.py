"""The bootstrap of a validation: threads, seeds, copies of patients, and agreement of its parts."""

from __future__ import annotations

import numpy as np
import pytest
from decision_samples import KINDS, sample
from hypothesis import given, settings, strategies as st

from cartwheel.errors import NotEstimable
from cartwheel.stats.calibration_curves import (
    CalibrationCurve,
    calibration_curve,
    calibration_curve_over_time,
)
from cartwheel.stats.decision import decision_curve, decision_curve_over_time
from cartwheel.stats.net_benefit import net_benefit_of
from cartwheel.stats.resample import resample_multiplicities
from cartwheel.validation.analysed import Target
from cartwheel.validation.judging.decision import decide, thresholds_of
from cartwheel.validation.judging.resampled import Resampled, outcome_of, resample, smoother
from cartwheel.validation.plan import DecisionPlan

PLAN = DecisionPlan(low=0.1, high=0.6, step=0.05)
THRESHOLDS = thresholds_of(PLAN)


def same(one: Resampled, other: Resampled) -> bool:
    pairs = [(one.prevalence, other.prevalence)]
    for first, second in zip(one.scores, other.scores, strict=True):
        for name in ("points", "distances", "curve", "net_benefit"):
            pairs.append((getattr(first, name), getattr(second, name)))
    # to the bit
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


@pytest.mark.parametrize("kind", KINDS)
def test_threads_change_nothing(kind: str) -> None:
    target, scores = sample(kind)
    runs = [
        resample(target, scores, THRESHOLDS, resamples=60, seed=3, threads=threads)
        for threads in (1, 2, 5)
    ]
    assert same(runs[0], runs[1])
    assert same(runs[0], runs[2])
    other = resample(target, scores, THRESHOLDS, resamples=60, seed=4)
    assert not same(runs[0], other)


@pytest.mark.parametrize("kind", KINDS)
def test_a_score_meets_the_same_draws_whoever_stands_beside_it(kind: str) -> None:
    target, scores = sample(kind)
    together = resample(target, scores, THRESHOLDS, resamples=20, seed=3)
    alone = resample(target, scores[1:2], THRESHOLDS, resamples=20, seed=3)
    assert [one.name for one in together.scores] == ["fine", "coarse"]
    np.testing.assert_array_equal(together.scores[1].net_benefit, alone.scores[0].net_benefit)
    np.testing.assert_array_equal(together.scores[1].distances, alone.scores[0].distances)


def test_no_resamples_and_no_risks() -> None:
    target, scores = sample("survival")
    none = resample(target, scores, THRESHOLDS, resamples=0, seed=3)
    assert none.of(scores[0]) is None
    assert none.scores[0].net_benefit.shape == (0, THRESHOLDS.size)
    with_none = decide(target, scores, PLAN, none, 0.95)
    assert with_none == decide(target, scores, PLAN, None, 0.95)
    no_risk = resample(target, scores[2:], THRESHOLDS, resamples=10, seed=3)
    assert no_risk.scores == ()
    assert no_risk.of(scores[2]) is None


def test_progress_is_told() -> None:
    target, scores = sample("binary")
    told: list[tuple[int, int]] = []
    resample(
        target,
        scores,
        THRESHOLDS,
        resamples=60,
        seed=3,
        say=lambda done, drawn: told.append((done, drawn)),
    )
    assert told[-1] == (60, 60)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def repeated(target: Target, counts: np.ndarray) -> Target:
    return target.subset(np.repeat(np.arange(target.n), counts.astype(int)))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_a_multiplicity_is_as_many_copies(kind: str, seed: int) -> None:
    target, scores = sample(kind, n=70, seed=seed)
    counts = resample_multiplicities(target.n, seed, 1)(0)
    copies, rows = repeated(target, counts), np.repeat(np.arange(target.n), counts.astype(int))
    for score in scores[:2]:
        whole, apart = smoother(target, score), smoother(copies, score.subset(rows))
        # sums in another order; a regression that hardly converges multiplies the rounding
        np.testing.assert_allclose(
            whole.measure(counts)[:3], apart.measure()[:3], rtol=1e-6, atol=1e-9
        )
        assert score.risk is not None
        benefit = net_benefit_of(score.risk, outcome_of(target), THRESHOLDS, target.horizon)
        copied = net_benefit_of(score.risk[rows], outcome_of(copies), THRESHOLDS, target.horizon)
        np.testing.assert_allclose(benefit.measure(counts), copied.measure(), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_the_fast_forms_are_the_full_ones(kind: str, seed: int) -> None:
    target, scores = sample(kind, n=60, seed=seed)
    risk = scores[0].risk
    assert risk is not None
    fast = net_benefit_of(risk, outcome_of(target), THRESHOLDS, target.horizon).measure()
    smooth = smoother(target, scores[0]).measure()
    outcome = outcome_of(target)
    if isinstance(outcome, np.ndarray):
        full = decision_curve(risk, outcome, THRESHOLDS)
    else:
        assert target.horizon is not None
        full = decision_curve_over_time(outcome, risk, target.horizon, THRESHOLDS)
    np.testing.assert_allclose(fast[1:], full.net_benefit, rtol=1e-12, atol=1e-14)
    assert fast[0] == pytest.approx(full.prevalence, rel=1e-12)
    if np.isnan(smooth[0]):
        with pytest.raises(NotEstimable):
            full_curve(target, risk)
        return
    curve = full_curve(target, risk)
    # both stop within 1e-10 standard errors
    np.testing.assert_allclose(smooth[:3], [curve.ici, curve.e50, curve.e90], rtol=1e-7, atol=1e-10)


def full_curve(target: Target, risk: np.ndarray) -> CalibrationCurve:
    outcome = outcome_of(target)
    if isinstance(outcome, np.ndarray):
        return calibration_curve(risk, outcome)
    assert target.horizon is not None
    return calibration_curve_over_time(outcome, risk, target.horizon)


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_seed_moves_limits_little(kind: str) -> None:
    target, scores = sample(kind, n=120)
    limits = []
    for seed in (1, 2):
        drawn = resample(target, scores[:1], THRESHOLDS, resamples=400, seed=seed)
        decision = decide(target, scores[:1], PLAN, drawn, 0.95)
        assert decision is not None
        own = decision.curves[0]
        limits.append([own.low, own.high])
    first, second = (np.array(pair, dtype=float) for pair in limits)
    # Monte-Carlo error of a 2.5 % point of 400: about 0.13 standard deviations, twice for two runs
    assert np.nanmax(np.abs(first - second)) < 0.05
