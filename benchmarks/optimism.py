"""A thousand resamples: optimism of a regression, and of a search with imputation inside."""

# mypy: disable-error-code="import-not-found,import-untyped"
# ruff: noqa: PLC0415 - a peer that is not installed must not stop the others

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cohorts import Survival, columns_of, survival_data
from peers import peer_seconds, r_seconds
from timing import Comparison, against, paced

if TYPE_CHECKING:
    from cartwheel.stats.imputed_learners import CoxLearner, LogisticLearner
    from cartwheel.stats.times import SurvivalTimes

Vector = NDArray[np.float64]
RESAMPLES, IMPUTATIONS = 1000, 20
FEW = 20  # resamples of a slow peer, scaled


@dataclass(frozen=True, slots=True)
class Plain:
    """A regression on complete predictors as a pipeline to resample."""

    learner: CoxLearner | LogisticLearner
    x: Vector

    @property
    def measures(self) -> tuple[str, ...]:
        return self.learner.measures

    @property
    def traced(self) -> tuple[str, ...]:
        return self.learner.traced

    def fit(self, multiplicity: Vector) -> Vector:
        return self.learner.fit(self.x, multiplicity)

    def measure(self, model: Vector, multiplicity: Vector) -> Vector:
        return self.learner.performance(self.learner.linear_predictor(model, self.x), multiplicity)

    def trace(self, model: Vector) -> Vector:
        return model


def _cox_ours(data: Survival) -> float:
    from cartwheel.stats.imputed_learners import CoxLearner
    from cartwheel.stats.resample import bootstrap_optimism
    from cartwheel.stats.survival import survival_times

    n, p = data.x.shape

    def work() -> None:
        learner = CoxLearner(survival_times(data.time, data.event), p)
        bootstrap_optimism(Plain(learner, data.x), n=n, resamples=RESAMPLES, seed=1)

    return paced(work)


def _cox_lifelines(data: Survival) -> Callable[[], object]:
    from lifelines import CoxPHFitter
    from lifelines.utils import concordance_index

    whole = data.frame()
    names = [f"x{i}" for i in range(data.x.shape[1])]

    def work() -> None:
        random = np.random.default_rng(1)
        for _ in range(FEW):
            drawn = whole.iloc[random.integers(0, len(whole), len(whole))]
            effect = CoxPHFitter().fit(drawn, "time", "event").params_[names]
            for sample in (drawn, whole):
                concordance_index(sample["time"], -(sample[names] @ effect), sample["event"])

    return work


def cox_optimism() -> list[Comparison]:
    """Harrell's C and calibration slope of a Cox model."""
    data = survival_data(200, 6)
    case = "optimism, Cox, n=200, p=6, B=1000"
    lifelines = {
        "lifelines loop": lambda: peer_seconds(lambda: _cox_lifelines(data)) * RESAMPLES / FEW
    }
    return [
        *against(
            case,
            lambda: _cox_ours(data),
            {"R rms validate": lambda: r_seconds("validate_cph", columns_of(data), RESAMPLES)},
            "ours C and slope; peer Dxy, slope and five more",
        ),
        *against(
            case, lambda: _cox_ours(data), lifelines, f"peer scaled from {FEW} resamples; C only"
        ),
    ]


def _few_events() -> tuple[Vector, Vector]:
    """Seven candidates of modest effect, 17 events of 125: most resamples have an estimate."""
    random = np.random.default_rng(4)
    x = random.standard_normal((125, 7))
    latent = x @ np.linspace(0.8, -0.4, 7) + random.logistic(size=125)
    return x, (latent >= np.sort(latent)[-17]).astype(np.float64)


def _logistic_ours() -> float:
    from cartwheel.stats.imputed_learners import LogisticLearner
    from cartwheel.stats.resample import bootstrap_optimism

    x, event = _few_events()
    pipeline = Plain(LogisticLearner(event, x.shape[1]), x)
    return paced(lambda: bootstrap_optimism(pipeline, n=len(x), resamples=RESAMPLES, seed=1))


def _logistic_rms() -> float:
    x, event = _few_events()
    columns = {f"x{i}": column for i, column in enumerate(x.T)}
    return r_seconds("validate_lrm", {"event": event} | columns, RESAMPLES)


def logistic_optimism() -> list[Comparison]:
    """AUC, calibration line and Brier score of a logistic regression with few events."""
    return against(
        "optimism, logistic, n=125, 17 events, p=7, B=1000",
        _logistic_ours,
        {"R rms validate": _logistic_rms},
        "peer: ten measures",
    )


@dataclass(frozen=True, slots=True)
class ThreeCuts:
    """Cut-offs searched by log-rank statistic, points added up, their effect by Cox."""

    times: SurvivalTimes
    measures: tuple[str, ...] = ("c_index", "calibration_slope")
    traced: tuple[str, ...] = ("cut_0", "cut_1", "cut_2", "effect")

    def fit(self, x: Vector, multiplicity: Vector) -> Vector:
        from cartwheel.errors import NotEstimable, refuse
        from cartwheel.stats.cox import cox_coefficients
        from cartwheel.stats.cutpoint import best_log_rank_cut_fast
        from cartwheel.stats.log_rank import log_rank_scores
        from cartwheel.stats.sorted_marker import sorted_marker

        scores = log_rank_scores(self.times, multiplicity)
        cuts = np.array(
            [best_log_rank_cut_fast(sorted_marker(column), scores, multiplicity) for column in x.T]
        )
        total = (x > cuts).sum(axis=1, dtype=np.float64)
        effect, converged = cox_coefficients(self.times, total[:, None], multiplicity)
        if not converged:
            raise refuse(NotEstimable, "not_converged", "the points have no finite effect")
        return np.append(cuts, effect)

    def linear_predictor(self, fitted: Vector, x: Vector) -> Vector:
        total: Vector = fitted[-1] * (x > fitted[:-1]).sum(axis=1)
        return total

    def performance(self, linear_predictor: Vector, multiplicity: Vector) -> Vector:
        from cartwheel.stats.imputed_learners import CoxLearner

        return CoxLearner(self.times, 1).performance(linear_predictor, multiplicity)

    def trace(self, fitted: Vector) -> Vector:
        return fitted


def _imputed() -> float:
    from cartwheel.stats.imputed_optimism import hazard_columns, imputed_pipeline
    from cartwheel.stats.resample import bootstrap_optimism
    from cartwheel.stats.survival import survival_times

    data = survival_data(197, 3)
    x = data.x.copy()
    random = np.random.default_rng(5)
    x[:, 1] += 0.5 * x[:, 0]
    x[random.random(x.shape) < 0.15] = np.nan

    def work() -> None:
        times = survival_times(data.time, data.event)
        pipeline = imputed_pipeline(
            ThreeCuts(times), x, outcome=hazard_columns(times), imputations=IMPUTATIONS
        )
        bootstrap_optimism(pipeline, n=len(x), resamples=RESAMPLES, seed=1)

    return paced(work)


def imputed_index() -> list[Comparison]:
    """Three searched cut-offs, 15 per cent of each marker missing, imputed in every resample."""
    return against("index of 3 cut-offs, n=197, imputed m=20, B=1000", _imputed, {}, "no peer")


CASES = (cox_optimism, logistic_optimism, imputed_index)
