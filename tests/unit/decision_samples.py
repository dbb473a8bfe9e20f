"""Outcomes and scores for the bootstrap, the decision curves and the comparisons of validations."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.stats.competing_times import competing_times
from cartwheel.stats.times import survival_times
from cartwheel.validation.analysed import Predicted, Target

KINDS = ("binary", "survival", "competing")
HORIZON = 1.0


def binary_target(event: ArrayLike) -> Target:
    return Target("binary", np.asarray(event, dtype=float), None, None, None, None)


def survival_target(time: ArrayLike, event: ArrayLike, horizon: float = HORIZON) -> Target:
    times = survival_times(time, event)
    return Target("survival", times.event.astype(float), times, None, horizon, "months")


def competing_target(time: ArrayLike, cause: ArrayLike, horizon: float = HORIZON) -> Target:
    both = competing_times(time, cause)
    happened = (both.cause == 1).astype(float)
    return Target("competing", happened, both.times, both, horizon, "months")


def scored(name: str, risk: ArrayLike | None, **given: Any) -> Predicted:
    """A score whose value is its risk, or ``value``; the statistics never look at its file."""
    chances = None if risk is None else np.asarray(risk, dtype=float)
    value = given.get("value", chances)
    assert value is not None
    return Predicted(
        name=name,
        spec=cast(ScoreSpec, None),
        value=np.asarray(value, dtype=float),
        adverse=given.get("adverse", "high"),
        risk=chances,
        risk_source=given.get("source", "value" if risk is None else "risk"),
        band=np.full(len(value), -1),
        bands=(),
    )


def sample(kind: str, n: int = 80, seed: int = 1) -> tuple[Target, list[Predicted]]:
    """Simulated patients with three scores: a risk, a coarser one, a value whose low is adverse."""
    random = np.random.default_rng(seed)
    x, z = random.normal(size=(2, n))
    risk = expit(-0.8 + x)
    scores = [
        scored("fine", risk),
        scored("coarse", np.round(expit(-0.5 + 0.6 * x + 0.4 * z), 1) * 0.9 + 0.05),
        scored("value", None, value=-np.round(2.0 * x), adverse="low"),
    ]
    if kind == "binary":
        return binary_target(random.random(n) < expit(-0.6 + 0.8 * x)), scores
    latent = random.exponential(1.5 * np.exp(-0.7 * x))
    other, follow = random.exponential(3.0, n), random.uniform(0.5, 4.0, n)
    if kind == "survival":
        time: NDArray[np.float64] = np.round(np.minimum(latent, follow), 1)
        return survival_target(time, latent <= follow), scores
    time = np.round(np.minimum(np.minimum(latent, other), follow), 1)
    cause = np.where(follow < np.minimum(latent, other), 0, np.where(latent <= other, 1, 2))
    return competing_target(time, cause), scores
