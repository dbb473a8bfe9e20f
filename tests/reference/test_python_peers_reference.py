"""Cox fits, concordance, AUC and Brier score over time against scikit-survival and lifelines.

Where the peers take another convention, theirs is written out here and reached to rounding; our
own, which is R's, is then compared within what the convention is worth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from prediction_cases import survival, survival_frame
from reference_data import golden, reference_table

from cartwheel.stats.brier import brier_score
from cartwheel.stats.concordance import harrell_concordance
from cartwheel.stats.cox import baseline_hazard, cox_fit
from cartwheel.stats.log_rank import log_rank
from cartwheel.stats.roc import weighted_auc
from cartwheel.stats.survival import kaplan_meier, survival_at
from cartwheel.stats.time_dependent import auc_at
from cartwheel.stats.times import SurvivalTimes, survival_times
from cartwheel.stats.uno import uno_c

CASES = golden("python_peers")
MODELS = [name for name in CASES if name.startswith("td.")]
CURVES = [name for name in CASES if name.startswith("km.")]
Floats = NDArray[np.float64]
# the peers and we do the same sums in another order
SAME = 1e-10
# they weigh an event by 1 / G(T), we (as R) by 1 / G(T-): another curve where somebody is censored
# at the time of an event, which is worth 2e-4 of an AUC at most here and 4e-4 of Uno's C
OTHER_G, OTHER_G_PAIRS = 2e-4, 4e-4
# and they take the baseline hazard with Breslow's ties whatever the model was fitted with
OTHER_BASELINE = 1e-4


class Sample:
    """The model of a case, and the peers' censoring weights."""

    def __init__(self, name: str) -> None:
        self.case: dict[str, Any] = dict(CASES[name])
        self.case["note"] = " on " + ",".join(self.case["covariates"])
        self.frame = survival_frame(self.case)
        self.times: SurvivalTimes = survival(self.frame)
        x = self.frame[self.case["covariates"]].to_numpy(float)
        self.fit = cox_fit(self.times, x)
        self.linear = x @ self.fit.coefficients
        self.event, self.time = self.times.event == 1, self.times.time
        ended = [self.time == t for t in self.times.block_time]
        events = np.array([(at & self.event).sum() for at in ended])
        left = np.array([(at & ~self.event).sum() for at in ended])
        followed = np.array([(self.time >= t).sum() for t in self.times.block_time])
        self.tied_with_censoring = int((events * left).sum())
        # those with the event leave before those censored at the same time
        self.curve = np.cumprod(1.0 - left / np.maximum(followed - events, 1))
        self.own = self.curve[np.searchsorted(self.times.block_time, self.time)]

    def censoring_at(self, t: float) -> float:
        return float(self.curve[np.searchsorted(self.times.block_time, t, side="right") - 1])

    def cases_at(self, t: float) -> Floats:
        """1 / G(T) of the events by t."""
        case = self.event & (self.time <= t)
        return np.where(case, 1.0 / np.where(case, self.own, 1.0), 0.0)

    def auc(self, score: Floats, t: float) -> float:
        return weighted_auc(score, self.cases_at(t), self.time > t)

    def risk(self, t: float, ties: str) -> Floats:
        time, hazard = baseline_hazard(self.times, self.linear, ties=ties)
        row = int(np.searchsorted(time, t, side="right")) - 1
        return -np.expm1(-(hazard[row] if row >= 0 else 0.0) * np.exp(self.linear))

    def brier(self, t: float) -> float:
        risk = self.risk(t, "breslow")
        later = (self.time > t) / self.censoring_at(t)
        return float(np.mean(self.cases_at(t) * (1.0 - risk) ** 2 + later * risk**2))


@pytest.fixture(scope="module", params=MODELS)
def sample(request: pytest.FixtureRequest) -> Sample:
    return Sample(request.param)


def test_there_are_cases() -> None:
    assert MODELS == ["td.pbc", "td.gbsg", "td.lung"]
    assert len(CURVES) == 4


def test_cox_of_scikit_survival(sample: Sample) -> None:
    assert len(sample.frame) == sample.case["n"]
    theirs = np.array(sample.case["sksurv_cox_coef"])
    # it stops at a relative 1e-9 of the log likelihood
    off = (sample.fit.coefficients - theirs) / sample.fit.std_error
    np.testing.assert_allclose(off, 0.0, atol=1e-8)


def test_cox_of_lifelines(sample: Sample) -> None:
    # lifelines stops early: up to 1.2e-5 of a standard error on lung
    off = (sample.fit.coefficients - sample.case["lifelines_cox_coef"]) / sample.fit.std_error
    np.testing.assert_allclose(off, 0.0, atol=2e-5)
    np.testing.assert_allclose(sample.fit.std_error, sample.case["lifelines_cox_se"], rtol=1e-6)
    # near the top a likelihood moves by half the square of that
    assert sample.fit.log_likelihood == pytest.approx(sample.case["lifelines_loglik"], rel=1e-11)


def test_harrell(sample: Sample) -> None:
    stored, found = sample.case["harrell_sksurv"], harrell_concordance(sample.times, sample.linear)
    assert found.c == pytest.approx(stored["c"], rel=SAME)
    assert found.c == pytest.approx(sample.case["lifelines_concordance"], rel=SAME)
    ours = (found.concordant, found.discordant, found.tied_score)
    assert ours == (stored["concordant"], stored["discordant"], stored["tied_risk"])
    # scikit-survival counts pairs of an event and a censoring at one time, which it compares; R and
    # we count pairs of events, which nobody compares
    assert sample.tied_with_censoring == stored["tied_time"]


def test_uno(sample: Sample) -> None:
    stored = sample.case["uno_c"]
    assert len(stored) == 2
    for part in stored:
        ours = uno_c(sample.times, sample.linear, part["tau"])
        assert ours == pytest.approx(part["c"], abs=OTHER_G_PAIRS)


def test_cumulative_dynamic_auc(sample: Sample) -> None:
    stored = sample.case["cumulative_dynamic_auc"]
    horizons = stored["times"]
    theirs = [sample.auc(sample.linear, t) for t in horizons]
    np.testing.assert_allclose(theirs, stored["auc"], rtol=SAME)
    ours = [auc_at(sample.times, sample.linear, t) for t in horizons]
    np.testing.assert_allclose(ours, stored["auc"], atol=OTHER_G)
    # its mean weighs each area by how far survival falls since the time before
    fall = -np.diff([1.0, *(survival_at(sample.times, t) for t in horizons)])
    assert np.average(theirs, weights=fall) == pytest.approx(stored["mean"], rel=SAME)


def test_markers(sample: Sample) -> None:
    stored = sample.case["markers"]
    assert set(stored) == set(sample.case["covariates"])
    horizons = sample.case["cumulative_dynamic_auc"]["times"]
    tau = sample.case["uno_c"][-1]["tau"]
    for marker, part in stored.items():
        score = part["sign"] * sample.frame[marker].to_numpy(float)
        theirs = [sample.auc(score, t) for t in horizons]
        np.testing.assert_allclose(theirs, part["auc"], rtol=SAME)
        ours = [auc_at(sample.times, score, t) for t in horizons]
        np.testing.assert_allclose(ours, part["auc"], atol=OTHER_G)
        found = uno_c(sample.times, score, tau)
        assert found == pytest.approx(part["uno_c_tau_last"], abs=OTHER_G_PAIRS)


def test_brier(sample: Sample) -> None:
    stored = sample.case["brier"]
    theirs = [sample.brier(t) for t in stored["times"]]
    np.testing.assert_allclose(theirs, stored["score"], rtol=SAME)
    ours = [brier_score(sample.times, sample.risk(t, "efron"), t) for t in stored["times"]]
    np.testing.assert_allclose(ours, stored["score"], atol=OTHER_BASELINE)


def test_integrated_brier_by_trapezoids(sample: Sample) -> None:
    stored = sample.case["ibs_grid101"]
    grid = np.linspace(stored["from"], stored["to"], 101)
    theirs = np.array([sample.brier(t) for t in grid])
    ours = np.array([brier_score(sample.times, sample.risk(t, "efron"), t) for t in grid])
    span = grid[-1] - grid[0]
    mean = [float(((v[1:] + v[:-1]) / 2.0 @ np.diff(grid)) / span) for v in (theirs, ours)]
    assert mean[0] == pytest.approx(stored["value"], rel=SAME)
    assert mean[1] == pytest.approx(stored["value"], abs=OTHER_BASELINE)


@pytest.mark.parametrize("name", CURVES)
def test_log_rank_and_median(name: str) -> None:
    case = CASES[name]
    table = reference_table(case["data"])
    column, code = case["event"].split("==")
    table = table.dropna(subset=[case["time"], column, case["group"]])
    times = survival_times(table[case["time"]], table[column] == int(code))
    assert times.n == case["n"]
    test = log_rank(times, table[case["group"]])
    assert test.statistic == pytest.approx(case["sksurv_logrank"]["chisq"], rel=SAME)
    assert test.p_value == pytest.approx(case["sksurv_logrank"]["p"], rel=1e-8)
    # lifelines reads limits off the log-log curves; R by default off those on the log scale
    median = kaplan_meier(times, interval="log-log").median
    stored = case["km_median_lifelines_loglog"]
    assert [median.value, median.low, median.high] == [stored["median"], *stored["ci"]]
