"""Three scores on 200 patients, a thousand resamples: flexible calibration and net benefit."""

# mypy: disable-error-code="import-not-found,import-untyped"
# ruff: noqa: PLC0415 - a peer that is not installed must not stop the others

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from peers import peer_seconds
from timing import Comparison, against, paced, table

Vector = NDArray[np.float64]
RESAMPLES, PATIENTS, SCORES = 1000, 200, 3
FEW = 20  # resamples of a slow peer, scaled
LARGE = 100_000
QUANTILES = (0.05, 0.35, 0.65, 0.95)
THRESHOLDS = np.arange(5, 51) / 100.0
HORIZON = 1.0


def _simulated(n: int) -> tuple[Vector, list[Vector], Vector, Vector]:
    """Event, risks of three scores, times and causes (1 the event, 2 another)."""
    random = np.random.default_rng(6)
    x = random.standard_normal(n)
    others = [x + 0.5 * k * random.standard_normal(n) for k in range(SCORES)]
    risks = [1.0 / (1.0 + np.exp(0.8 - score)) for score in others]
    event = (random.random(n) < risks[0]).astype(np.float64)
    latent = random.exponential(1.5 * np.exp(-0.7 * x))
    other, follow = random.exponential(3.0, n), random.uniform(0.5, 4.0, n)
    time: Vector = np.round(np.minimum(np.minimum(latent, other), follow), 2).astype(np.float64)
    happened = np.where(latent <= other, 1.0, 2.0)
    return event, risks, time, np.where(follow < np.minimum(latent, other), 0.0, happened)


def _target(kind: str, n: int) -> tuple[Any, list[Any]]:
    from cartwheel.stats.competing_times import competing_times
    from cartwheel.stats.times import survival_times
    from cartwheel.validation.analysed import Predicted, Target

    event, risks, time, cause = _simulated(n)
    scores = [
        Predicted(f"s{k}", cast(Any, None), risk, "high", risk, "risk", np.full(n, -1), ())
        for k, risk in enumerate(risks)
    ]
    if kind == "binary":
        return Target("binary", event, None, None, None, None), scores
    wanted = (cause == 1).astype(np.float64)
    if kind == "survival":
        times = survival_times(time, wanted)
        return Target("survival", wanted, times, None, HORIZON, "years"), scores
    both = competing_times(time, cause)
    return Target("competing", wanted, both.times, both, HORIZON, "years"), scores


def _ours(kind: str) -> float:
    from cartwheel.validation.judging.resampled import resample

    target, scores = _target(kind, PATIENTS)
    return paced(
        lambda: resample(target, scores, THRESHOLDS, resamples=RESAMPLES, seed=1, threads=1)
    )


def _basis(x: Vector) -> Vector:
    """Restricted cubic spline, written as in the books."""
    t = np.quantile(x, QUANTILES)
    cubes = np.maximum(x[:, None] - t, 0.0) ** 3
    last, before = t[-1], t[-2]
    terms = [
        cubes[:, j]
        - cubes[:, -2] * (last - t[j]) / (last - before)
        + cubes[:, -1] * (before - t[j]) / (last - before)
        for j in range(len(t) - 2)
    ]
    return np.column_stack([np.ones(len(x)), x, *terms]) / [1.0, 1.0, *[(last - t[0]) ** 2] * 2]


def _fitted(design: Vector, event: Vector) -> Vector:
    """Logistic regression by Newton's steps."""
    beta = np.zeros(design.shape[1])
    for _ in range(25):
        risk = 1.0 / (1.0 + np.exp(-design @ beta))
        weighted = design * (risk * (1.0 - risk))[:, None]
        step = np.linalg.solve(design.T @ weighted, design.T @ (event - risk))
        beta = beta + step
        if np.abs(step).max() < 1e-8:
            break
    fitted: Vector = 1.0 / (1.0 + np.exp(-design @ beta))
    return fitted


def _measured(risk: Vector, event: Vector, fit: Callable[[Vector, Vector], Vector]) -> Vector:
    distance = np.abs(risk - fit(_basis(np.log(risk / (1.0 - risk))), event))
    odds = THRESHOLDS / (1.0 - THRESHOLDS)
    treated = risk >= THRESHOLDS[:, None]
    benefit = (treated * event).mean(axis=1) - (treated * (1.0 - event)).mean(axis=1) * odds
    return np.array([distance.mean(), *np.quantile(distance, [0.5, 0.9]), *benefit])


def _loop(fit: Callable[[Vector, Vector], Vector], resamples: int) -> Callable[[], object]:
    event, risks, *_ = _simulated(PATIENTS)

    def work() -> None:
        random = np.random.default_rng(1)
        for _ in range(resamples):
            rows = random.integers(0, PATIENTS, PATIENTS)
            for risk in risks:
                _measured(risk[rows], event[rows], fit)

    return work


def _statsmodels() -> Callable[[], object]:
    import statsmodels.api as sm

    def fit(design: Vector, event: Vector) -> Vector:
        fitted: Vector = sm.Logit(event, design).fit(disp=0).predict(design)
        return fitted

    return _loop(fit, FEW)


def bootstrap_binary() -> list[Comparison]:
    """ICI, E50, E90, 46 thresholds; ours the curve and five more measures too."""
    return against(
        f"validate, binary, {SCORES} scores, n={PATIENTS}, B={RESAMPLES}",
        lambda: _ours("binary"),
        {
            "numpy loop": lambda: peer_seconds(lambda: _loop(_fitted, RESAMPLES)),
            "statsmodels loop": lambda: peer_seconds(_statsmodels) * RESAMPLES / FEW,
        },
        "peers: no curve, no AUC, slope, O:E, Brier score",
    )


def bootstrap_over_time() -> list[Comparison]:
    """The same by Cox and by Fine-Gray regression, with net benefit under censoring."""
    return [
        line
        for kind in ("survival", "competing")
        for line in against(
            f"validate, {kind}, {SCORES} scores, n={PATIENTS}, B={RESAMPLES}",
            lambda kind=kind: _ours(kind),  # type: ignore[misc]
            {},
            "no peer",
        )
    ]


def _large(kind: str) -> float:
    from cartwheel.validation.judging.decision import decide
    from cartwheel.validation.judging.flexible import calibration_indices, calibration_plot
    from cartwheel.validation.plan import DecisionPlan

    target, scores = _target(kind, LARGE)

    def work() -> None:
        calibration_indices(target, scores[0], None, 0.95)
        calibration_plot(target, scores[0], None, 5, 0.95)
        decide(target, scores[:1], DecisionPlan(), None, 0.95)

    return paced(work)


def large() -> list[Comparison]:
    """One score, no resamples: calibration curve and decision curve of 100,000 patients."""
    return [
        line
        for kind in ("binary", "survival", "competing")
        for line in against(
            f"validate, {kind}, flexible calibration and decision curve, n={LARGE}",
            lambda kind=kind: _large(kind),  # type: ignore[misc]
            {},
            "no peer",
        )
    ]


CASES = (bootstrap_binary, bootstrap_over_time, large)


if __name__ == "__main__":
    print(table([line for case in CASES for line in case()]))
