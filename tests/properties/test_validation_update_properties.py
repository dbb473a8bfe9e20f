"""Updating treats a multiplicity of k as k equal rows, and its tests are what they should be."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.optimize import minimize
from scipy.special import expit

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

from update_cases import Floats, copied, simulated_case

from cartwheel.errors import NotEstimable
from cartwheel.stats.firth import penalised_likelihood_ratio_test
from cartwheel.stats.hazard_restriction import baseline_ratio_test
from cartwheel.stats.survival import survival_times
from cartwheel.validation.analysed import Target
from cartwheel.validation.updating.binary import BinaryLadder
from cartwheel.validation.updating.file import Updatable
from cartwheel.validation.updating.frame import frame_of
from cartwheel.validation.updating.ladder import ladder_of
from cartwheel.validation.updating.models import Ladder, RungFit

KINDS = ("binary", "survival", "competing")
# Newton's last step squares what is left; sums are in another order
CLOSE = 1e-7


def _ladder(target: Target, about: Updatable) -> Ladder:
    return ladder_of(target, frame_of(target, about.predicted, about.terms, about.extension))


def _same(one: RungFit, other: RungFit, rows: np.ndarray) -> None:
    assert one.parameters == other.parameters
    for name in ("intercept", "slope", "factors", "added", "log_likelihood"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), CLOSE, CLOSE)
    np.testing.assert_allclose(one.predictor[rows], other.predictor, CLOSE, CLOSE)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**16), n=st.integers(60, 90))
def test_a_multiplicity_is_so_many_rows(kind: str, seed: int, n: int) -> None:
    target, about = simulated_case(kind, n, seed)
    counts = np.random.default_rng(seed).integers(0, 4, n)
    rows = np.repeat(np.arange(n), counts)
    multiplicity = counts.astype(np.float64)
    ladder = _ladder(target, about)
    written = _ladder(target.subset(rows), copied(about, rows))
    if isinstance(ladder, BinaryLadder):  # the penalty is chosen once, on all patients
        written = BinaryLadder(written.frame, target.event[rows], ladder.penalised)
    everyone = np.ones(len(rows))
    fits: list[tuple[RungFit, RungFit]] = []
    for rung in ladder.frame.rungs:
        try:
            fits.append((ladder.fit(rung, multiplicity), written.fit(rung, everyone)))
        except NotEstimable:
            with pytest.raises(NotEstimable):
                written.fit(rung, everyone)
            return
        _same(*fits[-1], rows)
    found = ladder.against(fits[-1][0], multiplicity)
    wanted = written.against(fits[-1][1], everyone)
    for one, other in fits[:-1]:
        assert found(one) == pytest.approx(wanted(other), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**16))
def test_the_order_of_the_rows_is_nothing(kind: str, seed: int) -> None:
    target, about = simulated_case(kind, 80, seed)
    rows = np.random.default_rng(seed).permutation(80)
    ladder, moved = _ladder(target, about), _ladder(target.subset(rows), copied(about, rows))
    for rung in ladder.frame.rungs:
        try:
            found = ladder.fit(rung, np.ones(80))
        except NotEstimable:
            continue
        _same(found, moved.fit(rung, np.ones(80)), rows)


def _firth(seed: int) -> tuple[BinaryLadder, dict[str, RungFit], Floats, Floats]:
    target, about = simulated_case("binary", 45, seed)
    frame = frame_of(target, about.predicted, about.terms, about.extension)
    ladder = BinaryLadder(frame, target.event, frozenset({"slope", "re-estimated", "extended"}))
    fits = {rung: ladder.fit(rung, np.ones(45)) for rung in frame.rungs}
    return ladder, fits, np.column_stack((frame.terms, frame.added)), target.event


@given(seed=st.integers(0, 2**16))
def test_penalised_ratio_is_that_of_logistf(seed: int) -> None:
    ladder, fits, x, event = _firth(seed)
    found = ladder.against(fits["extended"], np.ones(45))(fits["re-estimated"])
    wanted = penalised_likelihood_ratio_test(x, event, [x.shape[1] - 1])
    assert found == pytest.approx(wanted.statistic, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_penalised_ratios_by_a_search_for_the_maximum(seed: int) -> None:
    ladder, fits, x, event = _firth(seed)
    whole = np.column_stack((np.ones(45), x))
    frame = ladder.frame
    assert frame.start is not None

    def likelihood(line: Floats) -> float:
        risk = expit(line)
        information = whole.T @ ((risk * (1 - risk))[:, None] * whole)
        plain = float(event @ line - np.logaddexp(0, line).sum())
        return plain + 0.5 * float(np.linalg.slogdet(information)[1])

    def highest(columns: Floats, offset: Floats | float) -> float:
        start = np.zeros(columns.shape[1])
        found = minimize(lambda b: -likelihood(offset + columns @ b), start, tol=1e-12)
        return -float(found.fun)

    one = np.ones((45, 1))
    top = highest(whole, 0.0)
    wanted = {
        "as is": likelihood(frame.start),
        "intercept": highest(one, frame.start),
        "slope": highest(np.column_stack((one, frame.line)), 0.0),
        "re-estimated": highest(whole[:, :-1], 0.0),
    }
    compared = ladder.against(fits["extended"], np.ones(45))
    for rung, reached in wanted.items():
        # the search stops where the likelihood is flat to about 1e-8
        assert compared(fits[rung]) == pytest.approx(2 * (top - reached), abs=1e-6)


@given(seed=st.integers(0, 2**16))
def test_corrected_intercepts_make_the_average_risk_right(seed: int) -> None:
    _, fits, _, event = _firth(seed)
    for rung in ("intercept", "slope", "re-estimated", "extended"):
        assert float(expit(fits[rung].predictor).mean()) == pytest.approx(event.mean(), rel=1e-7)


@given(
    seed=st.integers(0, 2**16),
    n=st.integers(2, 40),
    shift=st.floats(-6.0, 6.0),
)
def test_a_held_hazard_never_gains_and_costs_nothing_where_it_is_right(
    seed: int, n: int, shift: float
) -> None:
    draw = np.random.default_rng(seed)
    times = survival_times(draw.integers(1, 9, n), draw.random(n) < 0.7)
    predictor = draw.normal(size=n)
    try:
        found = baseline_ratio_test(times, predictor + shift, 5.0)
    except NotEstimable:
        assert not (times.event[times.time <= 5.0]).any()
        return
    assert np.isfinite(found)
    assert found >= -1e-9
    from cartwheel.stats.cox import baseline_hazard_at  # noqa: PLC0415

    hazard = baseline_hazard_at(times, predictor, 5.0)
    assert baseline_ratio_test(times, predictor + np.log(hazard), 5.0) == pytest.approx(
        0.0, abs=1e-9
    )


@pytest.mark.parametrize("kind", KINDS)
def test_in_every_sample_where_the_ladder_stops_is_a_rung_of_it(kind: str) -> None:
    target, about = simulated_case(kind, 60, 3)
    ladder = _ladder(target, about)
    for seed in range(30):
        counts = np.bincount(np.random.default_rng(seed).integers(0, 60, 60), minlength=60)
        try:
            fits = [ladder.fit(rung, counts.astype(float)) for rung in ladder.frame.rungs]
        except NotEstimable:
            continue
        likelihoods = [fit.log_likelihood for fit in fits]
        assert all(np.isfinite(fit.predictor).all() for fit in fits)
        if kind == "survival":  # nested, and without a penalty
            assert np.diff(likelihoods).min() > -1e-9
