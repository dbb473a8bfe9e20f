"""Outcomes and scores in memory, and simulated centres, for tests of a validation's groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cartwheel.clinic.score import read_score
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.stats.competing_times import competing_times
from cartwheel.stats.survival import survival_times
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.grouping import Grouping
from cartwheel.validation.plan import ValidationPlan, plan_from_dict

KINDS = ("binary", "survival", "competing")


def spec() -> ScoreSpec:
    """Any score: what it is called is all that groups ask of it."""
    return read_score("gps")


def plan(patients: int = 20, events: int = 5, **parts: Any) -> ValidationPlan:
    """Plan that withholds groups below these sizes."""
    return plan_from_dict(
        {
            "schema": "cartwheel-validation-plan/1",
            "outcome": {"event": "event"},
            "scores": [{"score": "gps"}],
            "withhold": {"patients": patients, "events": events},
            **parts,
        }
    )


def binary(event: Sequence[float]) -> Target:
    """Binary outcome."""
    return Target("binary", np.array(event, dtype=float), None, None, None, None)


def survival(time: Sequence[float], event: Sequence[float], horizon: float) -> Target:
    """Survival outcome in months."""
    happened = np.array(event, dtype=float)
    return Target("survival", happened, survival_times(time, happened), None, horizon, "months")


def competing(time: Sequence[float], cause: Sequence[int], horizon: float) -> Target:
    """Competing risks in months; cause 1 is asked for."""
    times = competing_times(np.asarray(time, dtype=float), np.asarray(cause))
    event = (np.asarray(cause) == 1).astype(float)
    return Target("competing", event, times.times, times, horizon, "months")


def scored(value: Sequence[float], risk: Sequence[float] | None, name: str = "score") -> Predicted:
    """A score without bands."""
    found = np.array(value, dtype=float)
    risks = None if risk is None else np.array(risk, dtype=float)
    source = "value" if risks is None else "risk"
    none = np.full(found.size, -1, dtype=np.intp)
    return Predicted(name, spec(), found, "high", risks, source, none, ())


def grouped(code: Sequence[int], levels: Sequence[str] | None = None) -> Grouping:
    """Groups by code, named by their number where no names are given."""
    codes = np.array(code, dtype=np.intp)
    names = tuple(levels or (str(each) for each in range(int(codes.max()) + 1)))
    return Grouping("centre", "Centre", names, codes)


def simulated(kind: str, n: int, seed: int, slope: float = 0.8) -> tuple[Target, Predicted]:
    """Patients whose risks are a little too extreme."""
    rng = np.random.default_rng(seed)
    predictor = rng.normal(-0.8, 1.0, n).round(3)
    if kind == "binary":
        risk = 1.0 / (1.0 + np.exp(-predictor))
        event = rng.random(n) < 1.0 / (1.0 + np.exp(-slope * predictor))
        return binary(event.astype(float)), scored(predictor, risk)
    risk = -np.expm1(-np.exp(predictor))
    latent = (rng.exponential(12.0 / np.exp(slope * predictor)) + 0.05).round(2) + 0.01
    follow = rng.uniform(8.0, 40.0, n).round(2)
    if kind == "survival":
        time = np.minimum(latent, follow)
        return survival(time, latent <= follow, 12.0), scored(predictor, risk)
    other = rng.exponential(40.0, n).round(2) + 0.01
    time = np.minimum(np.minimum(latent, other), follow)
    cause = np.where(time == latent, 1, np.where(time == other, 2, 0))
    return competing(time, cause, 12.0), scored(predictor, risk)
