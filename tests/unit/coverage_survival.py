"""Studies with times to an event, and corrected performances, for the coverage simulations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from coverage_simulation import Held, Setting, limits
from scipy.special import expit, ndtr

from cartwheel.stats.calibration_curves import observed_expected
from cartwheel.stats.competing import aalen_johansen, competing_times, mean_time_lost
from cartwheel.stats.concordance import concordance, harrell_c
from cartwheel.stats.cox import cox_coefficients, cox_fit
from cartwheel.stats.cox_firth import cox_firth
from cartwheel.stats.cox_general import cox_regression
from cartwheel.stats.fine_gray import fine_gray
from cartwheel.stats.fleming_harrington import log_rank_hazard_ratio
from cartwheel.stats.integrated_brier import brier_with_error
from cartwheel.stats.log_rank import log_rank
from cartwheel.stats.logistic import logistic_coefficients
from cartwheel.stats.nelson_aalen import nelson_aalen
from cartwheel.stats.optimism_interval import location_shifted_interval
from cartwheel.stats.resample import bootstrap_optimism
from cartwheel.stats.restricted_mean import restricted_mean, restricted_mean_contrast
from cartwheel.stats.risk_sets import risk_sets
from cartwheel.stats.roc import auc
from cartwheel.stats.survival import kaplan_meier
from cartwheel.stats.survival_difference import survival_difference
from cartwheel.stats.time_dependent import time_dependent_auc
from cartwheel.stats.times import SurvivalTimes, survival_times
from cartwheel.stats.uno import uno_concordance

Floats = np.ndarray


def followed(rng: np.random.Generator, time: Floats, longest: float) -> SurvivalTimes:
    """Censor by a uniform end of follow-up."""
    stop = rng.uniform(0.2 * longest, longest, size=time.size)
    return survival_times(np.minimum(time, stop), time <= stop)


def curve(rng: np.random.Generator) -> Iterator[Held]:
    """Exponential times, mean 1, in 100 patients: some 74 events."""
    times = followed(rng, rng.exponential(size=100), 3.0)
    for interval in ("plain", "log", "log-log"):
        found = kaplan_meier(times, interval=interval)
        yield f"Kaplan-Meier at S = 0.37, {interval}", *limits(found.at(1.0)), np.exp(-1.0)
        yield f"median, {interval}", *limits(found.median), np.log(2.0)
    yield "Nelson-Aalen, log", *limits(nelson_aalen(times).at(1.0)), 1.0
    mean = restricted_mean(times, 1.5).estimate()
    yield "restricted mean", *limits(mean), -np.expm1(-1.5)


def two_arms(rng: np.random.Generator) -> Iterator[Held]:
    """Two arms of 75, hazard ratio 0.6."""
    arm = np.arange(150) % 2
    times = followed(rng, rng.exponential(size=150) / np.where(arm == 1, 0.6, 1.0), 3.0)
    sides = [survival_times(times.time[arm == side], times.event[arm == side]) for side in (0, 1)]
    areas = [restricted_mean(side, 1.5) for side in sides]
    truth = [-np.expm1(-1.5), -np.expm1(-0.9) / 0.6]
    contrast = restricted_mean_contrast(areas[1], areas[0])
    yield "restricted mean, difference", *limits(contrast.difference), truth[1] - truth[0]
    assert contrast.ratio is not None
    yield "restricted mean, ratio", *limits(contrast.ratio), truth[1] / truth[0]
    curves = [kaplan_meier(side) for side in sides]
    apart = survival_difference(curves[1], curves[0], 1.0).difference
    yield "Kaplan-Meier, difference", *limits(apart), np.exp(-0.6) - np.exp(-1.0)
    peto = log_rank_hazard_ratio(log_rank(times, arm))
    yield "hazard ratio, Peto", *limits(peto), 0.6
    fit = cox_fit(times, arm.astype(float)[:, None])
    yield "Cox Wald, arm", *limits(fit.hazard_ratio(0)), 0.6


def cox_sample(rng: np.random.Generator, n: int, longest: float) -> tuple[Floats, SurvivalTimes]:
    x = np.column_stack([rng.normal(size=n), rng.random(n) < 0.4]).astype(float)
    return x, followed(rng, rng.exponential(size=n) * np.exp(-x @ [0.5, -0.6]), longest)


def cox(rng: np.random.Generator) -> Iterator[Held]:
    """Two predictors in 150 patients, some 85 events; the robust error of independent rows."""
    x, times = cox_sample(rng, 150, 2.0)
    fit = cox_fit(times, x)
    yield "Cox Wald, number", *limits(fit.hazard_ratio(0)), np.exp(0.5)
    yield "Cox Wald, yes or no", *limits(fit.hazard_ratio(1)), np.exp(-0.6)
    rows = risk_sets(times.time, times.event)
    robust = cox_regression(rows, x, cluster=np.arange(150))
    yield "Cox robust, number", *limits(robust.hazard_ratio(0)), np.exp(0.5)


def sparse_cox(rng: np.random.Generator) -> Iterator[Held]:
    """The same in 50 patients, some 13 events."""
    x, times = cox_sample(rng, 50, 0.5)
    fit = cox_firth(risk_sets(times.time, times.event), x)
    yield "Cox Firth profile, number", *limits(fit.hazard_ratio(0)), np.exp(0.5)
    yield "Cox Firth profile, yes or no", *limits(fit.hazard_ratio(1)), np.exp(-0.6)


def clusters(rng: np.random.Generator) -> Iterator[Held]:
    """60 clusters of 3 rows with correlated times; the predictor is one of the cluster."""
    member = np.repeat(np.arange(60), 3)
    x = rng.normal(size=60)[member]
    normal = np.sqrt(0.5) * rng.normal(size=60)[member] + np.sqrt(0.5) * rng.normal(size=180)
    # a Gaussian copula keeps the hazards of single rows proportional
    times = followed(rng, -np.log(ndtr(-normal)) * np.exp(-0.5 * x), 2.0)
    rows = risk_sets(times.time, times.event)
    fit = cox_regression(rows, x[:, None], cluster=member)
    yield "Cox robust, 60 clusters", *limits(fit.hazard_ratio(0)), np.exp(0.5)


def scored(rng: np.random.Generator, n: int, longest: float) -> tuple[Floats, SurvivalTimes]:
    score = rng.normal(size=n)
    return score, followed(rng, rng.exponential(size=n) * np.exp(-score), longest)


HORIZON = 0.7


def risk_of(score: Floats) -> Floats:
    return -np.expm1(-HORIZON * np.exp(score))


@cache
def large_sample() -> dict[str, float]:
    """What 400,000 patients give: C with the same censoring, the others without any."""
    rng = np.random.default_rng(11)
    score, times = scored(rng, 400_000, 3.0)
    complete = survival_times(rng.exponential(size=400_000) * np.exp(-score), np.ones(400_000))
    return {
        "harrell": concordance(times, score),
        "uno": uno_concordance(complete, score, HORIZON).c,
        "auc": float(time_dependent_auc(complete, score, HORIZON).auc[0]),
        "brier": brier_with_error(complete, risk_of(score), HORIZON).value,
        "observed": float((complete.time <= HORIZON).mean() / risk_of(score).mean()),
    }


def discrimination(rng: np.random.Generator) -> Iterator[Held]:
    """A known score with log hazard ratio 1 in 150 patients."""
    truth = large_sample()
    score, times = scored(rng, 150, 3.0)
    yield "Harrell C", *limits(harrell_c(times, score)), truth["harrell"]
    yield "Uno C", *limits(uno_concordance(times, score, HORIZON).estimate()), truth["uno"]
    area = time_dependent_auc(times, score, HORIZON).estimate()
    yield "AUC at a time", *limits(area), truth["auc"]
    brier = brier_with_error(times, risk_of(score), HORIZON).estimate()
    yield "Brier score at a time", *limits(brier), truth["brier"]
    ratio = observed_expected(risk_of(score), times, HORIZON)
    yield "O:E, survival", *limits(ratio), truth["observed"]
    slope = cox_fit(times, score[:, None]).hazard_ratio(0)
    yield "calibration slope, Cox", *limits(slope), np.e


def competing(rng: np.random.Generator) -> Iterator[Held]:
    """Two causes with equal constant hazards in 150 patients."""
    time, cause = rng.exponential(size=150) / 2.0, rng.integers(1, 3, size=150)
    stop = rng.uniform(0.3, 1.5, size=150)
    sample = competing_times(np.minimum(time, stop), np.where(time <= stop, cause, 0))
    for variance, interval in (("jackknife", "log"), ("jackknife", "log-log"), ("aalen", "plain")):
        at = aalen_johansen(sample, variance=variance, interval=interval).at(0.5, 1)
        yield f"Aalen-Johansen, {variance}, {interval}", *limits(at), -np.expm1(-1.0) / 2.0
    lost = mean_time_lost(sample, 1, 0.8)
    yield "mean time lost to a cause", *limits(lost), (0.8 + np.expm1(-1.6) / 2.0) / 2.0


def subdistribution(rng: np.random.Generator) -> Iterator[Held]:
    """Proportional subdistribution hazards, log ratio 0.5, 200 patients, some 85 events."""
    x = rng.normal(size=200)
    ever = 1.0 - 0.5 ** np.exp(0.5 * x)
    first = rng.random(200) < ever
    # inverse of 1 - (1 - (1 - exp(-t)) / 2) ^ exp(b x), given that it happens at all
    inner = (1.0 - rng.random(200) * ever) ** np.exp(-0.5 * x)
    time = np.where(first, -np.log1p(-2.0 * (1.0 - inner)), rng.exponential(size=200))
    stop = rng.uniform(0.5, 4.0, size=200)
    sample = competing_times(np.minimum(time, stop), np.where(time <= stop, 2 - first, 0))
    yield "Fine-Gray", *limits(fine_gray(sample, x[:, None]).hazard_ratio(0)), np.exp(0.5)


@dataclass(frozen=True)
class Regression:
    """A regression on all predictors, with the one performance that is asked about."""

    x: Floats
    coefficients: Callable[[Floats], Floats]
    performance: Callable[[Floats, Floats], float]

    @property
    def measures(self) -> tuple[str, ...]:
        return ("performance",)

    @property
    def traced(self) -> tuple[str, ...]:
        return ()

    def fit(self, multiplicity: Floats) -> Floats:
        return self.coefficients(multiplicity)

    def measure(self, model: Floats, multiplicity: Floats) -> Floats:
        return np.array([self.performance(self.x @ model, multiplicity)])

    def trace(self, _: Floats) -> Floats:
        return np.empty(0)


TRUE = np.array([0.8, 0.5, 0.3, 0.0, 0.0, 0.0])


def corrected(
    name: str, pipeline: Regression, new: Callable[[Floats], float], seed: int
) -> Iterator[Held]:
    """Both intervals, against this model's performance in new patients and the average model's."""
    found = bootstrap_optimism(pipeline, n=len(pipeline.x), resamples=200, seed=seed, threads=1)
    truth = new(pipeline.fit(np.ones(len(pipeline.x))))
    for around in ("published", "corrected"):
        held = limits(location_shifted_interval(found, "performance", around=around))
        yield f"{name}, {around}, of this model", *held, truth
        yield f"{name}, {around}, on average", *held, truth


@cache
def new_patients() -> tuple[Floats, Floats, SurvivalTimes]:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(20_000, TRUE.size))
    event = (rng.random(20_000) < expit(x @ TRUE - 0.8)).astype(float)
    return x, event, followed(rng, rng.exponential(size=20_000) * np.exp(-x @ TRUE), 2.0)


def optimism_auc(rng: np.random.Generator) -> Iterator[Held]:
    """Logistic regression on 6 predictors, 3 of them noise, in 120 patients."""
    x = rng.normal(size=(120, TRUE.size))
    event = (rng.random(120) < expit(x @ TRUE - 0.8)).astype(float)
    pipeline = Regression(
        x,
        lambda counts: logistic_coefficients(x, event, counts)[0][1:],
        lambda predictor, counts: auc(predictor, event, counts),
    )
    others, happened, _ = new_patients()
    yield from corrected("corrected AUC", pipeline, lambda model: auc(others @ model, happened), 1)


def optimism_c(rng: np.random.Generator) -> Iterator[Held]:
    """Cox regression on the same predictors in 120 patients."""
    x = rng.normal(size=(120, TRUE.size))
    times = followed(rng, rng.exponential(size=120) * np.exp(-x @ TRUE), 2.0)
    pipeline = Regression(
        x,
        lambda counts: cox_coefficients(times, x, counts)[0],
        lambda predictor, counts: concordance(times, predictor, counts),
    )
    others, _, fates = new_patients()
    yield from corrected(
        "corrected C", pipeline, lambda model: concordance(fates, others @ model), 1
    )


AVERAGED = frozenset(
    f"{name}, {around}, on average"
    for name in ("corrected AUC", "corrected C")
    for around in ("published", "corrected")
)
SETTINGS = {
    "curve": Setting("exponential, some 74 events", 100, curve),
    "two_arms": Setting("two arms, hazard ratio 0.6", 150, two_arms),
    "cox": Setting("2 predictors, some 85 events", 150, cox),
    "sparse_cox": Setting("2 predictors, some 13 events", 50, sparse_cox),
    "clusters": Setting("rows correlated by 0.5", 180, clusters),
    "discrimination": Setting("log hazard ratio 1, AUC 0.82", 150, discrimination),
    "competing": Setting("two causes alike, a third censored", 150, competing),
    "subdistribution": Setting("log ratio 0.5", 200, subdistribution),
    "optimism_auc": Setting("6 predictors, 3 of them noise, B = 200", 120, optimism_auc, 1000),
    "optimism_c": Setting("6 predictors, 3 of them noise, B = 200", 120, optimism_c, 1000),
}
