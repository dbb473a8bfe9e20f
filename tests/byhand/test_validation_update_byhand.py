"""The updating ladder on a handful of patients, worked out by hand."""

from __future__ import annotations

import sys
from decimal import Decimal
from math import log
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

from update_cases import (
    SURVIVAL,
    binary,
    competing,
    ladder_plan,
    linear_score,
    plain,
    scored,
    survival,
)

from cartwheel.stats.hazard_restriction import baseline_ratio_test, efron_denominators
from cartwheel.stats.subdistribution import subdistribution_risk_sets
from cartwheel.stats.survival import survival_times
from cartwheel.validation.result_update import Update
from cartwheel.validation.updating.file import Updatable
from cartwheel.validation.updating.ladder import climb

EXACT = 1e-9
ZERO = {"risk": {"kind": "logistic", "intercept": 0}}


def _logit(p: float) -> float:
    return log(p / (1 - p))


def _binary(x: list[float], event: list[int]) -> Update:
    predicted, terms = scored(linear_score({"x": "1"}, **ZERO), plain(x=x))
    return climb(binary(event), Updatable(predicted, terms), ladder_plan("binary", alpha=0.9999))[0]


def test_intercept_of_one_risk_for_all() -> None:
    # 100 patients, all predicted 0.5; 20 have the event
    update = _binary([0.0] * 100, [1] * 20 + [0] * 80)
    intercept = update.rungs[1]
    assert intercept.terms[0].coefficient == pytest.approx(_logit(0.2), rel=EXACT)
    # 1 / sqrt(n p (1 - p))
    assert intercept.terms[0].std_error == pytest.approx(0.25, rel=EXACT)
    gain = 20 * log(0.2 / 0.5) + 80 * log(0.8 / 0.5)
    assert update.tests[0].statistic == pytest.approx(2 * gain, rel=EXACT)
    assert (update.tests[0].against, update.tests[0].df) == ("as is", 1)
    assert update.rungs[0].aic == pytest.approx(-2 * 100 * log(0.5), rel=EXACT)


def test_slope_between_two_risks() -> None:
    # linear predictor -1 with 10 of 50 events, 1 with 30 of 60: two groups, two parameters
    update = _binary([-1.0] * 50 + [1.0] * 60, [1] * 10 + [0] * 40 + [1] * 30 + [0] * 30)
    low, high = _logit(0.2), _logit(0.5)
    found = [term.coefficient for term in update.rungs[2].terms]
    assert found == pytest.approx([(low + high) / 2, (high - low) / 2], rel=EXACT)
    error = np.sqrt(1 / (50 * 0.2 * 0.8) + 1 / (60 * 0.25)) / 2
    assert update.rungs[2].terms[1].std_error == pytest.approx(error, rel=EXACT)
    # the fullest rung is the slope: one term cannot be estimated anew beside it
    assert [test.against for test in update.tests] == ["as is", "intercept"]


def test_one_event_and_the_hazard_it_should_have_had() -> None:
    # two at risk, so the hazard jumps by 1/2; held to 1 it is log 1 - 2 against log(1/2) - 1
    times = survival_times([1.0, 2.0], [1, 0])
    wanted = 2 * ((log(0.5) - 1) - (0 - 2))
    assert baseline_ratio_test(times, np.zeros(2), 1.5) == pytest.approx(wanted, rel=EXACT)


def test_two_events_at_the_hazard_they_have() -> None:
    # at risk 3 and 2 with relative hazards 6/5: 1/3.6 + 1/2.4 + ... held to its own sum costs 0
    times = survival_times([1.0, 2.0, 3.0], [1, 1, 0])
    predictor = np.full(3, log(1 / 3 + 1 / 2))
    assert baseline_ratio_test(times, predictor, 2.5) == pytest.approx(0.0, abs=1e-12)


def test_tied_events_as_efron_counts_them() -> None:
    # relative hazards 1, 2, 3; the first two die together: 6, and 6 less half of 3
    times = survival_times([1.0, 1.0, 5.0], [1, 1, 0])
    found = efron_denominators(times, np.log([1.0, 2.0, 3.0]), 2.0)
    np.testing.assert_allclose(found, [6.0, 4.5], rtol=EXACT)


def test_baseline_of_a_score_that_is_the_same_for_all() -> None:
    # S0 = exp(-1): the linear predictor is 0, and Nelson-Aalen by month 12 is 1/5 + 1/3
    spec = linear_score(
        {"x": "1"},
        outcome=SURVIVAL,
        risk={"kind": "cox", "baseline_survival": Decimal(repr(float(np.exp(-1.0))))},
    )
    predicted, terms = scored(spec, plain(x=np.zeros(5)))
    target = survival([2.0, 3.0, 4.0, 20.0, 21.0], [1, 0, 1, 1, 0], 12.0)
    update, new = climb(target, Updatable(predicted, terms), ladder_plan("survival", alpha=0.9999))
    hazard = 1 / 5 + 1 / 3
    assert update.rungs[1].terms[0].coefficient == pytest.approx(log(hazard), rel=EXACT)
    error = np.sqrt(1 / 25 + 1 / 9) / hazard
    assert update.rungs[1].terms[0].std_error == pytest.approx(error, rel=EXACT)
    assert new is not None
    assert float(new.risk.baseline_survival) == pytest.approx(np.exp(-hazard), rel=EXACT)


def test_who_had_another_event_stays_at_risk_until_censored() -> None:
    # five patients: event, other event, censored, event, event
    target = competing([1.0, 2.0, 3.0, 4.0, 5.0], [1, 2, 0, 1, 1], 12.0)
    assert target.competing is not None
    sums = subdistribution_risk_sets(target.competing, np.zeros(5), 1)
    # after the censoring of one of three, the one with another event counts 2/3
    np.testing.assert_allclose(sums.at_risk, [5.0, 2 + 2 / 3, 1 + 2 / 3], rtol=EXACT)
    assert sums.events.tolist() == [1, 1, 1]
    wanted = -log(5) - log(8 / 3) - log(5 / 3)
    assert sums.log_likelihood == pytest.approx(wanted, rel=EXACT)
