"""Chained equations where the answer, or its distribution, can be written down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.special import expit

from cartwheel.errors import NotEstimable
from cartwheel.stats.imputation_data import imputation_data
from cartwheel.stats.impute import (
    chained_imputations,
    convergence,
    imputation_streams,
    impute_fast,
    with_auxiliary,
)

N = np.nan


def holed(n: int = 60, seed: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    x[:, 1] += x[:, 0]
    for column, share in ((0, 0.1), (1, 0.3), (2, 0.2)):
        x[rng.random(n) < share, column] = N
    return x


def test_nothing_missing() -> None:
    x = np.arange(20.0).reshape(10, 2)
    found = chained_imputations(imputation_data(x), imputations=2, seed=1)
    assert found.imputed.shape == (2, 0)
    np.testing.assert_array_equal(found.completed(1), x)


def test_one_donor_of_an_exact_line() -> None:
    """Without residual the draw is the estimate: the nearest donor is known."""
    x = np.column_stack([np.r_[np.arange(12.0), 3.2, 7.9], np.r_[2.0 * np.arange(12.0), N, N]])
    found = chained_imputations(imputation_data(x), imputations=3, donors=1, seed=2)
    np.testing.assert_array_equal(found.imputed, [[6.0, 16.0]] * 3)


def test_five_donors_are_the_nearest_five_equally_often() -> None:
    x = np.column_stack([np.r_[np.arange(21.0), 10.1], np.r_[2.0 * np.arange(21.0), N]])
    m = 4000
    found = chained_imputations(imputation_data(x), imputations=m, iterations=1, seed=3)
    values, counts = np.unique(found.imputed, return_counts=True)
    np.testing.assert_array_equal(values, 2.0 * np.arange(8.0, 13.0))
    # multinomial: 5 standard deviations of a count
    assert np.abs(counts - m / 5).max() < 5.0 * np.sqrt(m * 0.2 * 0.8)


def test_a_donor_of_multiplicity_3_takes_three_places() -> None:
    x = np.column_stack([np.r_[np.arange(21.0), 10.1], np.r_[2.0 * np.arange(21.0), N]])
    multiplicity = np.ones(22)
    multiplicity[[10, 11]] = 3.0, 0.0
    m = 4000
    found = chained_imputations(
        imputation_data(x), imputations=m, iterations=1, seed=3, multiplicity=multiplicity
    )
    values, counts = np.unique(found.imputed, return_counts=True)
    # distances .1 (three copies), 1.1 and 1.9: the five nearest copies
    np.testing.assert_array_equal(values, [18.0, 20.0, 24.0])
    wanted = m * np.array([0.2, 0.6, 0.2])
    assert np.abs(counts - wanted).max() < 5.0 * np.sqrt(m * 0.6 * 0.4)


def test_posterior_draw_of_a_mean() -> None:
    """A column that nothing predicts: the imputation model is its mean alone."""
    y = np.r_[np.arange(1.0, 41.0), N]
    data = imputation_data(
        np.column_stack([y, np.zeros(41)]), predictors=np.zeros((2, 2), dtype=bool)
    )
    found = chained_imputations(data, imputations=3000, iterations=1, seed=5)
    # all donors are equally near, so any observed value is as likely as any other
    error = y[:-1].std() / np.sqrt(3000)
    assert found.imputed.mean() == pytest.approx(20.5, abs=5.0 * error)
    assert np.unique(found.imputed).size == 40


def test_binary_follows_its_model() -> None:
    """With many patients the drawn share follows the logistic risk."""
    rng = np.random.default_rng(0)
    n = 20_000
    z = np.repeat([-1.0, 0.0, 1.0], n)
    y = (rng.random(3 * n) < expit(-1.0 + 1.5 * z)).astype(float)
    y[::10] = N
    found = chained_imputations(
        imputation_data(np.column_stack([y, z]), kinds=["binary", "number"]),
        imputations=4,
        iterations=1,
        seed=1,
    )
    where = z[::10]
    for level in (-1.0, 0.0, 1.0):
        p = expit(-1.0 + 1.5 * level)
        share = found.imputed[:, where == level].mean()
        # 8000 draws, and coefficients known to about as much
        assert share == pytest.approx(p, abs=6.0 * np.sqrt(p * (1 - p) / 8000))


def test_category_follows_its_model_and_keeps_its_codes() -> None:
    rng = np.random.default_rng(1)
    n = 30_000
    z = rng.integers(0, 2, n).astype(float)
    risks = np.where(z[:, None] > 0, [0.2, 0.3, 0.5], [0.6, 0.3, 0.1])
    codes = np.array([2.0, 5.0, 11.0])[(rng.random(n)[:, None] > risks.cumsum(axis=1)).sum(axis=1)]
    codes[::5] = N
    found = chained_imputations(
        imputation_data(np.column_stack([codes, z]), kinds=["category", "binary"]),
        imputations=5,
        iterations=1,
        seed=1,
    )
    done = np.concatenate([found.completed(k)[::5, 0] for k in range(5)])
    group = np.tile(z[::5], 5)
    for level, wanted in ((0.0, [0.6, 0.3, 0.1]), (1.0, [0.2, 0.3, 0.5])):
        shares = [(done[group == level] == code).mean() for code in (2.0, 5.0, 11.0)]
        # 15,000 draws of a share, and the model's own error of about the same size
        assert np.abs(np.array(shares) - wanted).max() < 6.0 * np.sqrt(0.25 / 15_000)


def test_perfect_prediction_is_survived() -> None:
    z = np.arange(40.0)
    y = (z >= 20).astype(float)
    y[[3, 19, 20, 36]] = N
    found = chained_imputations(
        imputation_data(np.column_stack([y, z]), kinds=["binary", "number"]),
        imputations=50,
        seed=1,
    )
    far = found.imputed[:, [0, 3]].mean(axis=0)
    assert far[0] < 0.1
    assert far[1] > 0.9


def test_threads_do_not_matter_nor_does_m() -> None:
    data = imputation_data(holed())
    one = chained_imputations(data, imputations=7, seed=9)
    for threads in (2, 3, 16):
        other = chained_imputations(data, imputations=7, seed=9, threads=threads)
        assert other.imputed.tobytes() == one.imputed.tobytes()
        assert other.chain_mean.tobytes() == one.chain_mean.tobytes()
    few = chained_imputations(data, imputations=3, seed=9)
    assert few.imputed.tobytes() == one.imputed[:3].tobytes()
    streams = imputation_streams(9, 7)
    kept = streams.copy()
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda _: impute_fast(data, None, streams, iterations=10)[0], range(8))
        )
    assert {part.tobytes() for part in found} == {one.imputed.tobytes()}
    np.testing.assert_array_equal(streams, kept)


def test_absent_patients_teach_nothing() -> None:
    x = holed()
    multiplicity = np.ones(60)
    multiplicity[40:] = 0.0
    changed = x.copy()
    # observed values of absent patients may be anything, as long as they are finite
    changed[40:] = np.where(np.isnan(x[40:]), N, 50.0 + x[40:])
    a = chained_imputations(imputation_data(x), imputations=5, seed=1, multiplicity=multiplicity)
    b = chained_imputations(
        imputation_data(changed), imputations=5, seed=1, multiplicity=multiplicity
    )
    for column in a.data.order:
        span = slice(a.data.begin[column], a.data.begin[column + 1])
        present = a.data.missing[span] < 40
        seen = x[:40, column][~np.isnan(x[:40, column])]
        # absent patients are completed, from donors that are present
        assert np.isin(a.imputed[:, span], seen).all()
        assert np.isin(b.imputed[:, span][:, present], seen).all()


def test_order_is_from_few_to_many_and_means_are_recorded() -> None:
    found = chained_imputations(imputation_data(holed()), imputations=4, iterations=6, seed=2)
    counts = np.diff(found.data.begin)
    assert found.data.order.tolist() == sorted(range(3), key=lambda j: counts[j])
    for column in found.data.order:
        span = slice(found.data.begin[column], found.data.begin[column + 1])
        last = found.imputed[:, span]
        np.testing.assert_allclose(found.chain_mean[:, -1, column], last.mean(axis=1))
        np.testing.assert_allclose(found.chain_variance[:, -1, column], last.var(axis=1, ddof=1))
    report = convergence(found)
    assert report.columns == tuple(found.data.order)
    assert (report.scale_reduction > 0.5).all()


def test_resample_as_rows() -> None:
    data = imputation_data(holed())
    rows = np.random.default_rng(0).integers(0, 60, 60)
    taken = data.take(rows)
    found = chained_imputations(taken, imputations=2, seed=1)
    done, x = found.completed(0), holed()[rows]
    np.testing.assert_array_equal(done[~np.isnan(x)], x[~np.isnan(x)])
    assert not np.isnan(done).any()


def test_auxiliary_columns_are_used_and_can_be_replaced() -> None:
    rng = np.random.default_rng(2)
    event = np.repeat([0.0, 1.0], 40)
    y = event * 10.0 + rng.normal(size=80)
    y[::4] = N
    data = imputation_data(y[:, None], auxiliary=event)
    found = chained_imputations(data, imputations=5, seed=1)
    assert (found.imputed[:, :10] < 5.0).all()
    assert (found.imputed[:, 10:] > 5.0).all()
    flat = with_auxiliary(data, rng.normal(size=(80, 1)))
    other = chained_imputations(flat, imputations=5, seed=1)
    assert not (other.imputed[:, 10:] > 5.0).all()
    with pytest.raises(NotEstimable):
        with_auxiliary(data, np.zeros((80, 2)))


def test_collinear_columns_are_survived() -> None:
    x = holed()
    done = chained_imputations(
        imputation_data(np.column_stack([x, x[:, 3], 2.0 * x[:, 3] + 1.0])), imputations=2, seed=1
    ).completed(0)
    assert np.isfinite(done).all()


def test_refusals() -> None:
    x = holed()
    for call, code in (
        (lambda: imputation_data(np.zeros(3)), "imputation_shape"),
        (lambda: imputation_data(x, kinds=["number"]), "imputation_kind"),
        (lambda: imputation_data(x, kinds=["number"] * 3 + ["odd"]), "imputation_kind"),
        (lambda: imputation_data(np.where(x > 2, np.inf, x)), "not_finite"),
        (lambda: imputation_data(x, kinds=["binary"] * 4), "coding"),
        (lambda: imputation_data(x, kinds=["category"] * 4), "coding"),
        (lambda: imputation_data(np.full((5, 2), N)), "nobody_observed"),
        (lambda: imputation_data([[1.0, 2.0], [1.0, 3.0], [N, 4.0]]), "constant_column"),
        (lambda: imputation_data([[1.0, 2.0], [2.0, 3.0], [N, 4.0]]), "too_few_observed"),
        (lambda: imputation_data(x, auxiliary=np.full(60, N)), "auxiliary"),
        (lambda: imputation_data(x, auxiliary=np.zeros(59)), "auxiliary"),
        (lambda: imputation_data(x, predictors=np.ones((4, 5))), "imputation_shape"),
        (lambda: chained_imputations(imputation_data(x), imputations=0, seed=1), "imputations"),
        (
            lambda: chained_imputations(imputation_data(x), seed=1, multiplicity=np.zeros(60)),
            "multiplicity",
        ),
        (
            lambda: chained_imputations(imputation_data(x), seed=1, multiplicity=np.full(60, 0.5)),
            "multiplicity",
        ),
        (
            lambda: chained_imputations(imputation_data(x), seed=1, multiplicity=np.ones(61)),
            "multiplicity",
        ),
        (
            lambda: chained_imputations(
                imputation_data(x), seed=1, multiplicity=np.r_[1.0, 1.0, np.zeros(58)]
            ),
            "too_few_observed",
        ),
        (
            lambda: chained_imputations(
                imputation_data(x), seed=1, multiplicity=np.isnan(x[:, 1]).astype(float)
            ),
            "nobody_observed",
        ),
        (
            lambda: convergence(
                chained_imputations(imputation_data(x), imputations=1, iterations=3, seed=1)
            ),
            "too_short",
        ),
    ):
        with pytest.raises(NotEstimable) as refusal:
            call()
        assert refusal.value.problems[0].code == code
