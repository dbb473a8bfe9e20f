"""Studies with a yes-or-no outcome, for the coverage simulations."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from coverage_simulation import Held, Setting, limits
from scipy.optimize import brentq
from scipy.special import expit, ndtr

from cartwheel.stats.calibration import logistic_calibration
from cartwheel.stats.calibration_curves import observed_expected
from cartwheel.stats.delong import auc_delong, delong_compare
from cartwheel.stats.firth import firth_table
from cartwheel.stats.flic import flac, flic
from cartwheel.stats.imputation_data import imputation_data
from cartwheel.stats.impute import chained_imputations
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.reclassification import discrimination_improvement
from cartwheel.stats.roc import two_by_two
from cartwheel.stats.rubin import Pooled, pool_estimates

Z = 1.959963984540054


def marker(rng: np.random.Generator) -> Iterator[Held]:
    """Binormal marker, 100 patients, 30 with the event on average: AUC 0.76."""
    event = rng.random(100) < 0.3
    score = rng.normal(size=100) + event
    area = float(ndtr(np.sqrt(0.5)))
    for scale in ("area", "logit"):
        yield f"AUC, DeLong, {scale}", *limits(auc_delong(score, event, scale=scale)), area
    positive = score > 0.5
    hit, spared = 1.0 - ndtr(-0.5), ndtr(0.5)
    true_positive, false_positive = 0.3 * hit, 0.7 * (1.0 - spared)
    false_negative, true_negative = 0.3 * (1.0 - hit), 0.7 * spared
    truths = {
        "sensitivity": hit,
        "specificity": spared,
        "ppv": true_positive / (true_positive + false_positive),
        "npv": true_negative / (true_negative + false_negative),
        "lr_positive": hit / (1.0 - spared),
        "lr_negative": (1.0 - hit) / spared,
    }
    for interval in ("wilson", "exact"):
        table = two_by_two(positive, event, interval=interval)
        for name, truth in truths.items():
            if interval == "wilson" or not name.startswith("lr_"):
                kind = "log" if name.startswith("lr_") else interval
                yield f"{name}, {kind}", *limits(getattr(table, name)), float(truth)


def excellent_marker(rng: np.random.Generator) -> Iterator[Held]:
    """Binormal marker with AUC 0.92, where the plain interval leaves the unit range."""
    event = rng.random(60) < 0.25
    score = rng.normal(size=60) + 2.0 * event
    area = float(ndtr(2.0 * np.sqrt(0.5)))
    for scale in ("area", "logit"):
        found = limits(auc_delong(score, event, scale=scale))
        yield f"AUC near 1, DeLong, {scale}", *found, area


def two_markers(rng: np.random.Generator) -> Iterator[Held]:
    """Two correlated markers in the same 150 patients."""
    event = rng.random(150) < 0.4
    shared = rng.normal(size=150)
    first = (shared + rng.normal(size=150)) / np.sqrt(2.0) + event
    second = (shared + rng.normal(size=150)) / np.sqrt(2.0) + 0.5 * event
    truth = float(ndtr(np.sqrt(0.5)) - ndtr(0.5 * np.sqrt(0.5)))
    difference = delong_compare(first, second, event).difference
    yield "AUC difference, paired DeLong", *limits(difference), truth


COEFFICIENTS = np.array([-0.7, 0.8, -0.5])


def logistic_sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.column_stack([rng.normal(size=n), rng.random(n) < 0.4]).astype(float)
    return x, rng.random(n) < expit(COEFFICIENTS[0] + x @ COEFFICIENTS[1:])


def regression(rng: np.random.Generator) -> Iterator[Held]:
    """Two predictors, 200 patients, some 70 events."""
    x, event = logistic_sample(rng, 200)
    fit = logistic_fit(x, event)
    for place, name in enumerate(("intercept", "number", "yes or no")):
        half = Z * fit.std_error[place]
        estimate = fit.coefficients[place]
        yield f"logistic Wald, {name}", estimate - half, estimate + half, COEFFICIENTS[place]


def sparse_regression(rng: np.random.Generator) -> Iterator[Held]:
    """The same in 60 patients, some 21 events."""
    x, event = logistic_sample(rng, 60)
    table = firth_table(x, event)
    for place, name in enumerate(("intercept", "number", "yes or no")):
        yield f"Firth profile, {name}", table.low[place], table.high[place], COEFFICIENTS[place]
    for make in (flic, flac):
        fit = make(x, event)
        for place, name in enumerate(("intercept", "number", "yes or no")):
            found = fit.low[place], fit.high[place]
            yield f"{make.__name__.upper()}, {name}", *found, COEFFICIENTS[place]


def validation(rng: np.random.Generator) -> Iterator[Held]:
    """A model that predicts too widely, validated in 200 patients: slope 0.8."""
    predictor = rng.normal(-0.5, 1.2, size=200)
    event = rng.random(200) < expit(0.2 + 0.8 * predictor)
    found = logistic_calibration(predictor, event)
    yield "calibration slope, Wald", *limits(found.slope), 0.8
    yield "calibration intercept, Wald", *limits(found.intercept), 0.2
    truth = large_sample_truth()
    yield "calibration in the large, Wald", *limits(found.in_the_large), truth[0]
    ratio = observed_expected(expit(predictor), event)
    # given the patients' predictors: what a binomial interval of the events promises
    expected = expit(0.2 + 0.8 * predictor).sum() / expit(predictor).sum()
    yield "O:E, binary, given the patients", *limits(ratio), float(expected)
    yield "O:E, binary, in the population", *limits(ratio), truth[1]


@cache
def large_sample_truth() -> tuple[float, ...]:
    """Intercept with the slope held at one, and O:E, by integration over the predictor."""
    z, weight = np.polynomial.hermite_e.hermegauss(80)
    predictor, weight = -0.5 + 1.2 * z, weight / weight.sum()
    happened = expit(0.2 + 0.8 * predictor)

    def excess(shift: float) -> float:
        return float(weight @ (happened - expit(predictor + shift)))

    ratio = float(weight @ happened) / float(weight @ expit(predictor))
    return float(brentq(excess, -3.0, 3.0)), ratio


def improvement(rng: np.random.Generator) -> Iterator[Held]:
    """Two fixed models, both calibrated, in 300 patients."""
    old = rng.normal(size=300)
    new = old + 0.7 * rng.normal(size=300)
    risk = expit(-0.5 + new)
    event = rng.random(300) < risk
    # the old model's risk, calibrated given its own predictor only
    z, weight = np.polynomial.hermite_e.hermegauss(30)
    weight = weight / weight.sum()
    coarse = expit(-0.5 + old[:, None] + 0.7 * z) @ weight
    found = discrimination_improvement(coarse, risk, event)
    yield "IDI, fixed models", *limits(found.idi), true_improvement()


@cache
def true_improvement() -> float:
    z, weight = np.polynomial.hermite_e.hermegauss(60)
    weight = weight / weight.sum()
    risk = expit(-0.5 + z[:, None] + 0.7 * z[None, :])
    both = weight[:, None] * weight[None, :]
    coarse = (risk @ weight)[:, None] * np.ones_like(risk)

    def slope(prediction: np.ndarray) -> float:
        case, control = both * risk, both * (1.0 - risk)
        return float(
            (prediction * case).sum() / case.sum() - (prediction * control).sum() / control.sum()
        )

    return slope(risk) - slope(coarse)


def pooled(x: np.ndarray, event: np.ndarray, kinds: tuple[str, ...], seed: int) -> Pooled:
    """Impute 10 times, fit in each copy, pool."""
    data = imputation_data(x, kinds=kinds, auxiliary=event[:, None].astype(float))
    copies = chained_imputations(data, imputations=10, iterations=5, seed=seed)
    fits = [logistic_fit(copies.completed(place), event) for place in range(copies.m)]
    return pool_estimates(
        [fit.coefficients for fit in fits], [fit.std_error**2 for fit in fits], complete_df=197
    )


def imputed(rng: np.random.Generator) -> Iterator[Held]:
    """A number missing at random (more often with the event), another number complete."""
    x = rng.normal(size=(200, 2))
    event = rng.random(200) < expit(COEFFICIENTS[0] + x @ COEFFICIENTS[1:])
    x[rng.random(200) < expit(-1.2 + 1.0 * event), 0] = np.nan
    found = pooled(x, event, ("number", "number"), int(rng.integers(2**31)))
    for place, name in enumerate(("intercept", "imputed number", "complete number")):
        yield f"Rubin, {name}", found.low[place], found.high[place], COEFFICIENTS[place]


def imputed_among_categories(rng: np.random.Generator) -> Iterator[Held]:
    """The same, but what predicts the missing number takes four combinations of values only."""
    x, event = logistic_sample(rng, 200)
    x[rng.random(200) < expit(-1.2 + 1.0 * event), 0] = np.nan
    found = pooled(x, event, ("number", "binary"), int(rng.integers(2**31)))
    for place, name in enumerate(("intercept", "imputed number", "yes or no")):
        yield (
            f"Rubin among categories, {name}",
            found.low[place],
            found.high[place],
            COEFFICIENTS[place],
        )


SETTINGS = {
    "marker": Setting("AUC 0.76, 30 % events, cut at 0.5", 100, marker),
    "excellent_marker": Setting("AUC 0.92, 25 % events", 60, excellent_marker),
    "two_markers": Setting("AUC 0.76 and 0.64, 40 % events", 150, two_markers),
    "regression": Setting("2 predictors, some 70 events", 200, regression),
    "sparse_regression": Setting("2 predictors, some 21 events", 60, sparse_regression),
    "validation": Setting("true slope 0.8, intercept 0.2", 200, validation),
    "improvement": Setting("two calibrated models", 300, improvement),
    "imputed": Setting("a third missing at random, m = 10", 200, imputed),
    "imputed_among_categories": Setting(
        "the same, predicted by two yes-or-no columns", 200, imputed_among_categories
    ),
}
