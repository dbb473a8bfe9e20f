"""What cannot be pooled is refused, with the study named."""

from __future__ import annotations

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.pooling import small_studies as small
from cartwheel.stats.pooling.binomial_normal import pool_proportions_glmm
from cartwheel.stats.pooling.bivariate import (
    HsrocCurve,
    bivariate_accuracy,
    hsroc_sensitivity,
    multivariate_effects,
)
from cartwheel.stats.pooling.e_value import e_value
from cartwheel.stats.pooling.multilevel import multilevel
from cartwheel.stats.pooling.selection_model import step_selection
from cartwheel.stats.pooling.two_by_two import mantel_haenszel, mantel_haenszel_rates, peto

Y = [0.1, 0.4, 0.2, 0.6, 0.3]
V = [0.1, 0.2, 0.05, 0.3, 0.1]
NAN = float("nan")


def table(**changed):
    parts = {"a": [3, 5], "n1": [10, 12], "c": [2, 1], "n0": [11, 9], **changed}
    return tuple(parts.values())


def rates(**changed):
    parts = {"x1": [3, 5], "t1": [10.0, 12.0], "x0": [2, 1], "t0": [11.0, 9.0], **changed}
    return tuple(parts.values())


CASES = {
    "count_negative": lambda: mantel_haenszel(*table(a=[3, -1])),
    "count_not_whole": lambda: peto(*table(c=[0.5, 1])),
    "no_patients": lambda: mantel_haenszel(*table(a=[3, 0], n1=[10, 0])),
    "events_exceed_patients": lambda: pool_proportions_glmm([3, 50], [10, 40]),
    "not_finite": lambda: mantel_haenszel(*table(n0=[11, NAN])),
    "length_mismatch": lambda: mantel_haenszel(*table(n0=[11])),
    "empty_column": lambda: pool_proportions_glmm([], []),
    "not_a_number": lambda: pool_proportions_glmm(["many", 2], [10, 10]),
    "measure_unknown": lambda: mantel_haenszel(*table(), measure="HR"),
    "ratio_infinite": lambda: mantel_haenszel(*table(c=[0, 0])),
    "no_events": lambda: pool_proportions_glmm([0, 0], [10, 12]),
    "only_events": lambda: pool_proportions_glmm([10, 12], [10, 12]),
    "time_not_positive": lambda: mantel_haenszel_rates(*rates(t1=[10.0, 0.0])),
    "level": lambda: pool_proportions_glmm([1, 2], [10, 12], level=95),
    "one_patient_each": lambda: pool_proportions_glmm([1, 0, 1], [1, 1, 1]),
    "variance_unbounded": lambda: pool_proportions_glmm([0, 30, 0, 25], [30, 30, 25, 25]),
    "interval_unknown": lambda: pool_proportions_glmm([1, 2], [10, 12], interval="exact"),
    "nodes": lambda: pool_proportions_glmm([1, 2], [10, 12], nodes=1),
    "variance_not_positive": lambda: small.egger_test(Y, [0.1, 0.0, 0.05, 0.3, 0.1]),
    "weight_infinite": lambda: small.begg_test(Y, [0.1, 1e-310, 0.05, 0.3, 0.1]),
    "model_unknown": lambda: small.egger_test(Y, V, model="glm"),
    "predictor_unknown": lambda: small.egger_test(Y, V, predictor="year"),
    "n_missing": lambda: small.egger_test(Y, V, predictor="inverse_n"),
    "predictor_constant": lambda: small.egger_test(Y, [0.1] * 5),
    "no_residual": lambda: small.egger_test([1.0, 2.0, 3.0], [1.0, 4.0, 9.0]),
    "too_few": lambda: small.trim_and_fill(Y[:2], V[:2]),
    "estimator_unknown": lambda: small.trim_and_fill(Y, V, estimator="S0"),
    "side_unknown": lambda: small.trim_and_fill(Y, V, side="up"),
    "no_spread": lambda: small.trim_and_fill([0.1] * 5, V),
    "rule_unknown": lambda: small.fail_safe_n(Y, V, rule="gleser"),
    "alpha": lambda: small.fail_safe_n(Y, V, alpha=0.7),
    "target_zero": lambda: small.fail_safe_n(Y, V, rule="orwin", target=0.0),
    "steps": lambda: step_selection(Y, V, steps=(0.5, 0.025)),
    "alternative_unknown": lambda: step_selection(Y, V, alternative="both"),
    "interval_empty": lambda: step_selection(Y, V, steps=(1e-9,)),
    "cluster_missing": lambda: multilevel(Y, V, ["a", None, "a", "b", "b"]),
    "one_cluster": lambda: multilevel(Y, V, ["a"] * 5),
    "one_effect_each": lambda: multilevel(Y, V, list("abcde")),
    "robust_unknown": lambda: multilevel(Y, V, list("aabbc"), robust="CR0"),
    "sampling_correlation": lambda: multilevel(Y, V, list("aabbc"), sampling_correlation=1.0),
    "constant_column": lambda: multilevel(Y, V, list("aabbc"), design=np.ones((5, 2))),
    "within_correlation": lambda: multivariate_effects(
        [Y[:2]] * 4, [V[:2]] * 4, within_correlation=1.0
    ),
    "method_unknown": lambda: multivariate_effects([Y[:2]] * 4, [V[:2]] * 4, method="DL"),
    "rate_outside": lambda: hsroc_sensitivity(HsrocCurve(1, 0, 0, 0, 0), [0.0]),
    "rare_not_said": lambda: e_value(2.0, 1.5, 3.0, measure="HR"),
    "ratio_not_positive": lambda: e_value(2.0, -1.0, 3.0),
    "interval_not_ordered": lambda: e_value(2.0, 3.0, 1.5),
}


@pytest.mark.parametrize("code", CASES)
def test_refusal(code):
    with pytest.raises(NotEstimable) as caught:
        CASES[code]()
    assert caught.value.problems[0].code == code


@pytest.mark.parametrize(
    ("compute", "where"),
    [
        (lambda: mantel_haenszel(*table(a=[3, -1])), "a, study 2"),
        (lambda: mantel_haenszel(*table(n0=[NAN, 9])), "n0, study 1"),
        (lambda: pool_proportions_glmm([3, 50, 60], [10, 40, 50]), "events, study 2, 3"),
        (lambda: small.egger_test(Y, [0.1, 0.2, -1.0, 0.3, 0.1]), "variances, study 3"),
        (lambda: small.begg_test([0.1, NAN, 0.3], V[:3]), "effects, study 2"),
        (lambda: multilevel(Y, V, ["a", "a", None, "b", "b"]), "cluster, effect 3"),
        (
            lambda: multivariate_effects([[0.1, NAN], [0.2, 0.3]], [[0.1, 0.1], [0.1, 0.1]]),
            "effects, study 1",
        ),
    ],
)
def test_the_study_is_named(compute, where):
    with pytest.raises(NotEstimable) as caught:
        compute()
    assert caught.value.problems[0].where == where


def test_two_studies_with_both_outcomes_are_too_few():
    effects = np.array([[0.1, 0.2], [0.3, NAN], [0.2, NAN], [NAN, 0.5]])
    with pytest.raises(NotEstimable, match="no correlation"):
        multivariate_effects(effects, np.where(np.isnan(effects), NAN, 0.1))


def test_a_group_without_patients_has_no_sensitivity():
    with pytest.raises(NotEstimable, match="without"):
        bivariate_accuracy([5, 4], [1, 2], [0, 3], [0, 9])


def test_results_are_read_only():
    found = mantel_haenszel(*table())
    with pytest.raises(ValueError, match="read-only"):
        found.weights_percent[0] = 1.0
