"""General Cox models against their definition, and against each other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from cartwheel.errors import NotEstimable
from cartwheel.stats.concordance_general import general_concordance
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.cox_design import design_matrix, sorted_design
from cartwheel.stats.cox_exact import cox_exact
from cartwheel.stats.cox_firth import cox_firth
from cartwheel.stats.cox_general import Ridge, cox_regression
from cartwheel.stats.cox_likelihood import likelihood_of
from cartwheel.stats.cox_prediction import cox_baseline, cox_curves
from cartwheel.stats.cox_residuals import cox_residuals
from cartwheel.stats.elastic_net import cox_elastic_net
from cartwheel.stats.proportional_hazards import proportional_hazards_test
from cartwheel.stats.risk_sets import RiskSets, risk_sets
from cartwheel.stats.start_stop import split_at_change, survival_split
from cartwheel.stats.times import survival_times

# estimates stop within about 1e-10 standard errors; sums of a hundred terms follow
RTOL = 1e-8
seeds = st.integers(0, 10**6)


def sample(
    seed: int, *, n: int = 60, late: bool = True, ties: bool = True
) -> dict[str, np.ndarray]:
    """Rows with every complication; times tied where asked for."""
    random = np.random.default_rng(seed)
    x = np.column_stack(
        [random.normal(size=n), random.integers(0, 2, n), random.exponential(size=n)]
    )
    start = random.integers(0, 6, n) * (random.random(n) < 0.4) * 1.0 * late
    time = start + random.exponential(8.0, n) * np.exp(-0.4 * x[:, 0]) + 0.3
    if ties:
        time = start + np.ceil(time - start)
    return {
        "x": x,
        "start": start,
        "time": time,
        "event": (random.random(n) < 0.7).astype(int),
        "strata": random.integers(0, 2, n),
        "weights": random.uniform(0.3, 3.0, n),
        "offset": random.normal(scale=0.3, size=n),
    }


def sets_of(rows: dict[str, np.ndarray]) -> RiskSets:
    return risk_sets(
        rows["time"],
        rows["event"],
        start=rows["start"],
        strata=rows["strata"],
        case_weights=rows["weights"],
    )


def log_likelihood(rows: dict[str, np.ndarray], beta: np.ndarray, ties: str) -> float:
    """The definition, event time by event time."""
    eta = rows["x"] @ beta + rows["offset"]
    w, total = rows["weights"], 0.0
    for stratum in np.unique(rows["strata"]):
        inside = rows["strata"] == stratum
        for t in np.unique(rows["time"][inside & (rows["event"] == 1)]):
            at_risk = inside & (rows["start"] < t) & (rows["time"] >= t)
            died = inside & (rows["event"] == 1) & (rows["time"] == t)
            s0 = (w * np.exp(eta))[at_risk].sum()
            e0 = (w * np.exp(eta))[died].sum()
            d = int(died.sum())
            total += (w * eta)[died].sum()
            for k in range(d):
                share = k / d if ties == "efron" else 0.0
                total -= w[died].mean() * np.log(s0 - share * e0)
    return float(total)


@given(seeds, st.sampled_from(["efron", "breslow"]))
@settings(max_examples=25)
def test_likelihood_score_and_information_are_the_definition(seed: int, ties: str) -> None:
    rows = sample(seed)
    sets = sets_of(rows)
    fit = cox_regression(sets, rows["x"], offset=rows["offset"], ties=ties)
    beta = fit.coefficients
    assert fit.log_likelihood == pytest.approx(log_likelihood(rows, beta, ties), rel=1e-12)
    null = log_likelihood(rows, np.zeros(3), ties)
    # R, too, keeps the offset in the model without covariates
    assert fit.log_likelihood_null == pytest.approx(null, rel=1e-12)
    step = 1e-4
    moves = np.eye(3) * step
    score = [
        (log_likelihood(rows, beta + m, ties) - log_likelihood(rows, beta - m, ties)) / (2 * step)
        for m in moves
    ]
    # second-order differences of a likelihood of about 200, at steps of 1e-4
    np.testing.assert_allclose(score, 0.0, atol=1e-5)
    hessian = [
        [
            (
                log_likelihood(rows, beta + a + b, ties)
                - log_likelihood(rows, beta + a - b, ties)
                - log_likelihood(rows, beta - a + b, ties)
                + log_likelihood(rows, beta - a - b, ties)
            )
            / (4 * step**2)
            for b in moves
        ]
        for a in moves
    ]
    np.testing.assert_allclose(fit.information, -np.array(hessian), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(fit.model_covariance @ fit.information, np.eye(3), atol=1e-9)


@given(seeds, st.sampled_from(["efron", "breslow"]))
@settings(max_examples=25)
def test_plain_samples_give_the_plain_fit(seed: int, ties: str) -> None:
    rows = sample(seed, late=False)
    plain = cox_fit(survival_times(rows["time"], rows["event"]), rows["x"], ties=ties)
    found = cox_regression(risk_sets(rows["time"], rows["event"]), rows["x"], ties=ties)
    np.testing.assert_allclose(found.coefficients, plain.coefficients, rtol=RTOL, atol=1e-12)
    np.testing.assert_allclose(found.model_covariance, plain.covariance, rtol=RTOL, atol=1e-14)
    assert found.score_statistic == pytest.approx(plain.score_statistic, rel=1e-10)
    assert found.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)


@given(seeds)
@settings(max_examples=25)
def test_cutting_follow_up_changes_nothing(seed: int) -> None:
    rows = sample(seed)
    cut = survival_split(rows["time"], rows["event"], [2.0, 3.5, 7.0], start=rows["start"])
    whole, parts = (
        risk_sets(r["time"], r["event"], start=r["start"], strata=r["strata"])
        for r in (
            rows,
            {
                "time": cut.stop,
                "event": cut.event,
                "start": cut.start,
                "strata": rows["strata"][cut.patient],
            },
        )
    )
    x = rows["x"]
    one = cox_regression(whole, x, cluster=np.arange(len(x)))
    other = cox_regression(parts, x[cut.patient], cluster=cut.patient)
    np.testing.assert_allclose(other.coefficients, one.coefficients, rtol=RTOL, atol=1e-10)
    np.testing.assert_allclose(other.covariance, one.covariance, rtol=1e-7, atol=1e-12)
    assert other.robust_score_statistic == pytest.approx(one.robust_score_statistic, rel=1e-8)
    a = proportional_hazards_test(whole, x, one, transform="identity")
    b = proportional_hazards_test(parts, x[cut.patient], other, transform="identity")
    np.testing.assert_allclose(b.statistic, a.statistic, rtol=1e-6, atol=1e-9)
    lengths = np.bincount(cut.patient, cut.stop - cut.start)
    np.testing.assert_allclose(lengths, rows["time"] - rows["start"])
    np.testing.assert_array_equal(np.bincount(cut.patient, cut.event), rows["event"])


@given(seeds)
@settings(max_examples=15)
def test_breslow_weights_are_copies(seed: int) -> None:
    rows = sample(seed)
    counts = np.random.default_rng(seed).integers(1, 4, len(rows["time"]))
    again = np.repeat(np.arange(counts.size), counts)
    weighted = risk_sets(rows["time"], rows["event"], start=rows["start"], case_weights=counts)
    copied = risk_sets(rows["time"][again], rows["event"][again], start=rows["start"][again])
    a = cox_regression(weighted, rows["x"], ties="breslow", cluster=np.arange(counts.size))
    b = cox_regression(copied, rows["x"][again], ties="breslow", cluster=again)
    np.testing.assert_allclose(a.coefficients, b.coefficients, rtol=RTOL, atol=1e-10)
    np.testing.assert_allclose(a.model_covariance, b.model_covariance, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(a.covariance, b.covariance, rtol=1e-7, atol=1e-12)
    hazards = [
        cox_baseline(sets, x, fit)[1]
        for sets, x, fit in ((weighted, rows["x"], a), (copied, rows["x"][again], b))
    ]
    np.testing.assert_allclose(hazards[0], hazards[1], rtol=1e-7)


@given(seeds)
@settings(max_examples=15)
def test_what_is_known_about_residuals(seed: int) -> None:
    rows = sample(seed)
    sets = sets_of(rows)
    fit = cox_regression(sets, rows["x"], offset=rows["offset"], cluster=np.arange(sets.n))
    found = cox_residuals(sets, rows["x"], fit)
    # observed and expected events agree, and the score is nought at the estimate
    assert float(sets.weight @ found.martingale) == pytest.approx(0.0, abs=1e-8)
    np.testing.assert_allclose(sets.weight @ found.score, 0.0, atol=1e-7)
    np.testing.assert_allclose(sets.weight[found.event_row] @ found.schoenfeld, 0.0, atol=1e-7)
    np.testing.assert_allclose(found.dfbeta.T @ found.dfbeta, fit.covariance, rtol=1e-8)
    assert (found.martingale <= 1.0).all()
    np.testing.assert_array_equal(np.sign(found.deviance), np.sign(found.martingale))


@given(seeds)
@settings(max_examples=15)
def test_order_shift_and_scale_of_rows_do_not_matter(seed: int) -> None:
    rows = sample(seed)
    fit = cox_regression(sets_of(rows), rows["x"], offset=rows["offset"])
    shuffled = np.random.default_rng(seed).permutation(len(rows["time"]))
    turned = {key: value[shuffled] for key, value in rows.items()}
    other = cox_regression(sets_of(turned), turned["x"] * 1e3 + 1e4, offset=turned["offset"] + 9.0)
    np.testing.assert_allclose(other.coefficients * 1e3, fit.coefficients, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(other.std_error * 1e3, fit.std_error, rtol=1e-7)


@given(seeds)
@settings(max_examples=15)
def test_changes_of_coefficients_are_those_of_cut_follow_up(seed: int) -> None:
    """The test of cox.zph is a score test in rows cut at every event, with x g(t) added."""
    rows = sample(seed, n=40)
    sets = risk_sets(rows["time"], rows["event"], start=rows["start"])
    fit = cox_regression(sets, rows["x"])
    found = proportional_hazards_test(sets, rows["x"], fit, transform="log")
    cuts = np.unique(rows["time"][rows["event"] == 1])
    cut = survival_split(rows["time"], rows["event"], cuts, start=rows["start"])
    parts = risk_sets(cut.stop, cut.event, start=cut.start)
    x = rows["x"][cut.patient]
    wide = np.column_stack([x, x * np.log(cut.stop)[:, None]])
    design = sorted_design(parts, design_matrix(wide, parts.n), None)
    beta = np.concatenate((fit.coefficients, np.zeros(3))) * design.scale
    _, score, information = likelihood_of(parts, design, "efron")(beta)
    whole = float(score @ np.linalg.solve(information, score))
    assert found.global_statistic == pytest.approx(whole, rel=1e-6, abs=1e-9)
    for j in range(3):
        kept = [0, 1, 2, 3 + j]
        part = float(score[kept] @ np.linalg.solve(information[np.ix_(kept, kept)], score[kept]))
        assert found.statistic[j] == pytest.approx(part, rel=1e-6, abs=1e-9)


@given(seeds, st.floats(0.01, 100.0), st.booleans())
@settings(max_examples=15)
def test_a_ridge_balances_score_and_penalty(seed: int, theta: float, scaled: bool) -> None:
    rows = sample(seed)
    sets = sets_of(rows)
    fit = cox_regression(sets, rows["x"], ridge=Ridge(theta, scaled))
    weight = theta * (rows["x"].var(axis=0, ddof=1) if scaled else 1.0)
    score = sets.weight @ cox_residuals(sets, rows["x"], fit).score
    np.testing.assert_allclose(score, weight * fit.coefficients, rtol=1e-6, atol=1e-8)
    assert 0.0 < fit.df < 3.0
    penalty = 0.5 * float((weight * fit.coefficients**2).sum())
    assert fit.penalty == pytest.approx(penalty, rel=1e-10)


@given(seeds, st.sampled_from([1.0, 0.5, 0.1]))
@settings(max_examples=15)
def test_an_elastic_net_is_at_its_optimum(seed: int, alpha: float) -> None:
    rows = sample(seed)
    sets = sets_of(rows)
    path = cox_elastic_net(sets, rows["x"], alpha=alpha)
    share = sets.weight / sets.weight.sum()
    spread = np.sqrt(share @ (rows["x"] - share @ rows["x"]) ** 2)
    assert path.nonzero[0] == 0
    design = sorted_design(sets, rows["x"], None)
    likelihood = likelihood_of(sets, design, "breslow")
    for index in (0, 20, 50, 99):
        beta, strength = path.coefficients[index], path.penalty[index]
        # slope of the likelihood along each standardised coefficient
        slope = likelihood(beta * design.scale)[1] * design.scale / spread
        pull = slope / sets.weight.sum() - strength * (1.0 - alpha) * beta * spread
        inside = beta != 0.0
        # the stopping rule is 1e-11 of a standardised coefficient
        np.testing.assert_allclose(
            pull[inside], strength * alpha * np.sign(beta[inside]), rtol=1e-6, atol=1e-9
        )
        assert (np.abs(pull[~inside]) <= strength * alpha * (1.0 + 1e-9)).all()


@given(seeds)
@settings(max_examples=10)
def test_firth_is_at_the_maximum_of_its_likelihood(seed: int) -> None:
    rows = sample(seed, n=30)
    sets = risk_sets(rows["time"], rows["event"], start=rows["start"])
    x = rows["x"][:, :2]
    fit = cox_firth(sets, x)

    def penalised(beta: np.ndarray) -> float:
        design = sorted_design(sets, x, None)
        reached, _, information = likelihood_of(sets, design, "breslow")(beta * design.scale)
        return reached + 0.5 * np.linalg.slogdet(information)[1] + np.log(design.scale).sum()

    assert fit.log_likelihood == pytest.approx(penalised(fit.coefficients), rel=1e-10)
    for move in np.eye(2) * 1e-3:
        slope = (penalised(fit.coefficients + move) - penalised(fit.coefficients - move)) / 2e-3
        # error of a central difference: the third derivative times 1e-6
        assert slope == pytest.approx(0.0, abs=1e-4)
    assert (fit.low < fit.coefficients).all()
    assert (fit.coefficients < fit.high).all()
    for limits in (fit.low, fit.high):
        for j, limit in enumerate(limits):
            inside = not (fit.low[j] <= 0.0 <= fit.high[j])
            assert np.isfinite(limit)
            assert (fit.p_values[j] < 0.05) == inside


def pairs(rows: dict[str, np.ndarray], score: np.ndarray) -> tuple[float, float, float]:
    """Every pair looked at."""
    found = [0.0, 0.0, 0.0]
    for i in np.flatnonzero(rows["event"]):
        for j in range(len(score)):
            t = rows["time"][i]
            longer = rows["time"][j] > t or (rows["time"][j] == t and not rows["event"][j])
            if rows["strata"][j] != rows["strata"][i] or not longer or rows["start"][j] >= t:
                continue
            weight = rows["weights"][i] * rows["weights"][j]
            found[0 if score[i] > score[j] else 1 if score[i] < score[j] else 2] += weight
    return tuple(found)


@given(seeds)
@settings(max_examples=15)
def test_concordance_looks_at_every_pair(seed: int) -> None:
    rows = sample(seed, n=40)
    score = np.round(rows["x"][:, 0], 1)
    found = general_concordance(sets_of(rows), score)
    # weights that enter and leave a sum again leave a rounding of its size
    np.testing.assert_allclose(
        (found.concordant, found.discordant, found.tied_score),
        pairs(rows, score),
        rtol=1e-10,
        atol=1e-10,
    )
    assert float(found.influence.sum()) == pytest.approx(0.0, abs=1e-10)
    moved = 1e-6
    for i in (0, 7):
        more = {**rows, "weights": rows["weights"].copy()}
        more["weights"][i] *= 1.0 + moved
        slope = (general_concordance(sets_of(more), score).c - found.c) / moved
        # one-sided difference
        assert found.influence[i] == pytest.approx(slope, abs=1e-5)


@given(seeds)
@settings(max_examples=10)
def test_curves_begin_at_the_baseline(seed: int) -> None:
    rows = sample(seed)
    sets = sets_of(rows)
    fit = cox_regression(sets, rows["x"])
    for label in sets.strata:
        time, hazard = cox_baseline(sets, rows["x"], fit, stratum=label)
        curves = cox_curves(
            sets, rows["x"], fit, np.array([[0.0, 0, 0], [1.0, 0, 0]]), stratum=label
        )
        np.testing.assert_array_equal(time, curves.time)
        np.testing.assert_allclose(curves.hazard[:, 0], hazard, rtol=1e-9)
        np.testing.assert_allclose(
            curves.hazard[:, 1], hazard * np.exp(fit.coefficients[0]), rtol=1e-9
        )
        assert (np.diff(curves.survival, axis=0) <= 1e-12).all()


@given(seeds)
@settings(max_examples=15)
def test_a_change_splits_a_patient_in_two(seed: int) -> None:
    random = np.random.default_rng(seed)
    time, event = random.exponential(5.0, 30) + 0.1, random.integers(0, 2, 30)
    change = np.where(random.random(30) < 0.5, random.exponential(3.0, 30), np.nan)
    found = split_at_change(time, event, change)
    changed = change < time
    assert found.patient.size == 30 + int((changed & (change > 0)).sum())
    np.testing.assert_array_equal(
        np.unique(found.patient[found.episode == 1]), np.flatnonzero(changed)
    )
    np.testing.assert_allclose(found.start[found.episode == 1], change[changed])
    np.testing.assert_array_equal(np.bincount(found.patient, found.event), event)


@given(seeds)
@settings(max_examples=10)
def test_exact_ties_look_at_every_set(seed: int) -> None:
    rows = sample(seed, n=14)
    rows["time"] = rows["start"] + np.minimum(np.ceil((rows["time"] - rows["start"]) / 6.0), 3.0)
    x = rows["x"][:, :1]
    sets = risk_sets(rows["time"], rows["event"], start=rows["start"])

    def by_definition(b: float) -> float:
        eta, total = x[:, 0] * b, 0.0
        for t in np.unique(rows["time"][rows["event"] == 1]):
            at_risk = np.flatnonzero((rows["start"] < t) & (rows["time"] >= t))
            died = np.flatnonzero((rows["event"] == 1) & (rows["time"] == t))
            every = [np.exp(eta[list(c)].sum()) for c in combinations(at_risk, died.size)]
            total += eta[died].sum() - np.log(sum(every))
        return float(total)

    try:
        fit = cox_exact(sets, x)
    except NotEstimable:
        # so few rows may separate: then the likelihood rises to either side
        assume(False)
    b = float(fit.coefficients[0])
    assert fit.log_likelihood == pytest.approx(by_definition(b), rel=1e-10)
    assert fit.log_likelihood_null == pytest.approx(by_definition(0.0), rel=1e-10)
    curvature = (by_definition(b + 1e-3) - 2 * by_definition(b) + by_definition(b - 1e-3)) / 1e-6
    # second difference: the fourth derivative times 1e-7
    assert fit.information[0, 0] == pytest.approx(-curvature, rel=1e-3)
