"""Tests of association by hand, and against examples printed in R's own help pages."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import kendalltau

from cartwheel.errors import NotEstimable
from cartwheel.stats.association import (
    association,
    chi_square_test,
    fisher_test,
    jonckheere_terpstra_test,
    kruskal_wallis_test,
    rank_sum_test,
    spearman_test,
    trend_test,
)
from cartwheel.stats.multiplicity_adjustment import benjamini_hochberg, bonferroni, holm


def test_trend_as_printed_by_r():
    # example(prop.test): smokers in four groups of lung cancer patients (Fleiss 1981, p. 139);
    # prop.trend.test prints X-squared = 8.2249, df = 1, p-value = 0.004132
    smokers, patients = [83, 90, 129, 70], [86, 93, 136, 82]
    binary = np.concatenate(
        [np.repeat([1, 0], [s, n - s]) for s, n in zip(smokers, patients, strict=True)]
    )
    found = trend_test(binary, np.repeat([1, 2, 3, 4], patients))
    assert round(found.statistic, 4) == 8.2249
    assert round(found.p_value, 6) == 0.004132
    assert (found.df, found.n) == (1.0, 397)


def test_kruskal_wallis_as_printed_by_r():
    # example(kruskal.test): mucociliary efficiency (Hollander and Wolfe 1973, p. 116);
    # prints chi-squared = 0.77143, df = 2, p-value = 0.68
    values = [2.9, 3.0, 2.5, 2.6, 3.2, 3.8, 2.7, 4.0, 2.4, 2.8, 3.4, 3.7, 2.2, 2.0]
    groups = ["normal"] * 5 + ["airway"] * 4 + ["asbestos"] * 5
    found = kruskal_wallis_test(values, groups)
    assert round(found.statistic, 5) == 0.77143
    assert round(found.p_value, 2) == 0.68
    assert found.df == 2.0


def test_fisher_tea_tasting():
    # 70 ways to choose 4 of 8 cups; 1 + 16 of them have at least three right, and as many wrong
    assert fisher_test([[3, 1], [1, 3]]).p_value == pytest.approx(34 / 70, rel=1e-12)
    assert fisher_test([[3, 1], [1, 3]]).statistic is None


def test_chi_square():
    # n (|ad - bc| - n/2)^2 / product of margins
    found = chi_square_test([[10, 20], [30, 40]])
    expected = 100 * (abs(10 * 40 - 20 * 30) - 50) ** 2 / (30 * 70 * 40 * 60)
    assert found.statistic == pytest.approx(expected, rel=1e-13)
    # without correction in larger tables: every cell of [10 20 30; 30 20 10] expects 20
    larger = chi_square_test([[10, 20, 30], [30, 20, 10]])
    assert larger.statistic == pytest.approx(4 * 100 / 20, rel=1e-13)
    assert (larger.df, larger.n) == (2.0, 120)


def test_spearman():
    found = spearman_test([1, 2, 3, 4], [1, 3, 2, 4])
    assert found.statistic == pytest.approx(1 - 6 * 2 / (4 * 15), rel=1e-15)
    # t = 0.8 sqrt(2 / 0.36) with 2 df: p = 1 - t / sqrt(2 + t^2) = 1 - 0.8
    assert found.p_value == pytest.approx(0.2, rel=1e-12)
    perfect = spearman_test([1, 2, 3], [1, 2, 9])
    assert (perfect.statistic, perfect.p_value) == (
        pytest.approx(1.0),
        pytest.approx(0.0, abs=1e-7),
    )


def test_rank_sum():
    # the two larger values are in the one group: 1 of 6 assignments, two-sided 2/6
    found = rank_sum_test([1, 2, 3, 4], ["a", "a", "b", "b"])
    assert (found.statistic, found.p_value) == (4.0, pytest.approx(1 / 3, rel=1e-14))


def test_jonckheere_by_hand():
    # all four pairs in order; expected 2, variance (16 * 11 - 2 * 4 * 7) / 72 = 5/3
    found = jonckheere_terpstra_test([1, 2, 3, 4], [0, 0, 1, 1])
    assert found.statistic == pytest.approx(2.0 / math.sqrt(5.0 / 3.0), rel=1e-14)
    turned = jonckheere_terpstra_test([4, 3, 2, 1], [0, 0, 1, 1])
    assert turned.statistic == -found.statistic


def test_jonckheere_is_kendalls_z():
    rng = np.random.default_rng(5)
    for _ in range(20):
        values, groups = rng.integers(0, 6, 40), rng.integers(0, 3, 40)
        found = jonckheere_terpstra_test(values, groups)
        theirs = kendalltau(values, groups, method="asymptotic")
        # an independent derivation of the same z, in another order of operations
        assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-10)
        assert np.sign(found.statistic) == np.sign(theirs.statistic)
        swapped = jonckheere_terpstra_test(groups, values)
        assert swapped.statistic == pytest.approx(found.statistic, rel=1e-12)


@pytest.mark.parametrize(
    ("kind", "column", "name"),
    [
        ("binary", [0, 0, 1, 0, 1, 1], "Cochran-Armitage trend"),
        ("ordinal", [0, 1, 0, 2, 3, 2], "Jonckheere-Terpstra"),
        ("number", [0.1, 0.4, 0.3, 2.0, 3.0, 9.0], "Spearman rank correlation"),
        ("numeric", [0.1, 0.4, 0.3, 2.0, 3.0, 9.0], "Spearman rank correlation"),
        ("category", ["a", "b", "a", "c", "b", "c"], "Kruskal-Wallis"),
    ],
)
def test_the_kind_chooses_the_test(kind, column, name):
    found = association([0, 0, 1, 1, 2, 2], column, kind)
    assert found.name == name
    assert found.statistic is not None
    assert 0.0 < found.p_value <= 1.0
    assert found.n == 6


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: association([1, 2], [1, 2], "ratio"), "kind"),
        (lambda: trend_test([1, 1, 1], [0, 1, 2]), "constant"),
        (lambda: trend_test([0, 2, 1], [0, 1, 2]), "coding"),
        (lambda: trend_test([0, np.nan, 1], [0, 1, 2]), "not_finite"),
        (lambda: spearman_test([1, 2], [1, 2]), "too_few"),
        (lambda: spearman_test([1, 2, 3], [1, 1, 1]), "constant"),
        (lambda: jonckheere_terpstra_test([1, 2, 3], [1, 1, 1]), "constant"),
        (lambda: jonckheere_terpstra_test([1, 2], [1, 2]), "too_few"),
        (lambda: kruskal_wallis_test([1, 2], ["a", "a"]), "one_group"),
        (lambda: kruskal_wallis_test([1, 1], ["a", "b"]), "constant"),
        (lambda: kruskal_wallis_test([1, 2], np.array(["a", None])), "not_finite"),
        (lambda: kruskal_wallis_test([1, 2], [1.0, np.nan]), "not_finite"),
        (lambda: rank_sum_test([1, 2, 3], ["a", "b", "c"]), "two_groups"),
        (lambda: fisher_test([[1, 2, 3], [4, 5, 6]]), "table"),
        (lambda: fisher_test([[0, 0], [4, 5]]), "empty_margin"),
        (lambda: chi_square_test([[1.5, 2], [4, 5]]), "table"),
        (lambda: holm([0.1, 1.1]), "p_value"),
    ],
)
def test_what_is_refused(call, code):
    with pytest.raises(NotEstimable) as refused:
        call()
    assert refused.value.problems[0].code == code


def test_adjusted_p_values():
    p = [0.04, 0.01, 0.03, 0.02]
    # each is one product of two decimals
    assert holm(p) == pytest.approx([0.06, 0.04, 0.06, 0.06], rel=1e-14)
    assert benjamini_hochberg(p) == pytest.approx([0.04] * 4, rel=1e-14)
    assert bonferroni(p) == pytest.approx([0.16, 0.04, 0.12, 0.08], rel=1e-14)
    assert bonferroni([0.5, 0.9]).tolist() == [1.0, 1.0]
    for adjust in (holm, benjamini_hochberg, bonferroni):
        assert adjust([]).size == 0
