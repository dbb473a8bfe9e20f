"""Simulated patients with gaps, and scores on them, as an imputed validation takes them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from score_examples import bare_document

from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.score import score_from_document
from cartwheel.stats.competing_times import competing_times
from cartwheel.stats.survival import survival_times
from cartwheel.validation.analysed import Predicted, Scoreable, Target
from cartwheel.validation.cohort.scoring import predict
from cartwheel.validation.plan import ValidationPlan, plan_from_dict

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GappyCohort:
    """What ``impute_validation`` reads of an assembled cohort."""

    scoreables: tuple[Scoreable, ...]
    eligible: NDArray[np.bool_]
    eligible_target: Target
    target: Target
    predicted: tuple[Predicted, ...]
    auxiliary: dict[str, Floats]


def logistic_document(kind: str = "binary", **parts: Any) -> dict[str, Any]:
    """A score of two numbers and a code, with a risk."""
    outcome: dict[str, Any] = {"name": "event", "kind": "binary", "definition": "the event"}
    risk: dict[str, Any] = {"kind": "logistic", "intercept": Decimal("-1.5"), "slope": 1}
    if kind != "binary":
        outcome |= {"kind": "survival", "horizon": 12, "time_unit": "months"}
        risk = {"kind": "cox", "baseline_survival": Decimal("0.7"), "slope": 1}
    document = {
        "inputs": [
            {"name": "one", "label": "First", "unit": "", "low": -10, "high": 10},
            {"name": "two", "label": "Second", "unit": "", "low": -10, "high": 10},
            {"name": "yes", "label": "Answer", "coding": {"no": 0, "yes": 1}},
        ],
        "terms": [
            {"kind": "linear", "input": "one", "coefficient": Decimal("0.8")},
            {"kind": "linear", "input": "two", "coefficient": Decimal("0.6")},
            {"kind": "linear", "input": "yes", "coefficient": Decimal("0.7")},
        ],
        "outcome": outcome,
        "risk": risk,
        "examples": [{"inputs": {"one": 0, "two": 0, "yes": "no"}, "value": 0}],
    }
    return bare_document(**(document | parts))


def points_of_two(**parts: Any) -> dict[str, Any]:
    """A score of the same two numbers in bands, without a risk."""
    bands = [
        {"from": 0, "from_inclusive": True, "points": 1},
        {"to": 0, "to_inclusive": False, "points": 0},
    ]
    document = {
        "id": "coarse",
        "method": "points",
        "inputs": [{"name": "one", "label": "First"}, {"name": "b", "label": "Second"}],
        "terms": [
            {"kind": "points", "input": "one", "bands": bands[::-1]},
            {"kind": "points", "input": "b", "bands": bands[::-1]},
        ],
        "bands": [
            {"name": "low", "to": 1, "to_inclusive": False},
            {"name": "high", "from": 1, "from_inclusive": True},
        ],
        "examples": [{"inputs": {"one": 1, "b": 1}, "value": 2, "band": "high"}],
    }
    return bare_document(**(document | parts))


def simulated(seed: int, n: int, kind: str) -> tuple[dict[str, Floats], Target]:
    """Complete inputs, related to one another, and an outcome that the score predicts."""
    draw = np.random.default_rng(seed)
    one = draw.normal(size=n)
    two = 0.6 * one + 0.8 * draw.normal(size=n)
    yes = (draw.random(n) < 0.4).astype(float)
    value = 0.8 * one + 0.6 * two + 0.7 * yes
    inputs = {"one": one, "two": two, "yes": yes}
    if kind == "binary":
        event = (draw.random(n) < 1 / (1 + np.exp(1.5 - value))).astype(float)
        return inputs, Target("binary", event, None, None, None, None)
    rate = -np.log(0.7) / 12.0 * np.exp(value)
    time = draw.exponential(1 / rate)
    censored = draw.uniform(6.0, 40.0, n)
    event = (time <= censored).astype(float)
    seen = np.minimum(time, censored)
    if kind == "survival":
        times = survival_times(seen, event)
        return inputs, Target("survival", event, times, None, 12.0, "months")
    cause = np.where(event == 0, 0, np.where(draw.random(n) < 0.7, 1, 2))
    both = competing_times(seen, cause)
    first = (cause == 1).astype(float)
    return inputs, Target("competing", first, both.times, both, 12.0, "months")


def with_gaps(inputs: dict[str, Floats], seed: int, share: float) -> dict[str, Floats]:
    """Take values away completely at random."""
    draw = np.random.default_rng([seed, 1])
    return {
        name: np.where(draw.random(len(values)) < share, np.nan, values)
        for name, values in inputs.items()
    }


def gappy(
    documents: list[dict[str, Any]],
    inputs: dict[str, Floats],
    target: Target,
    *,
    names: dict[str, str] | None = None,
    texts: dict[str, dict[int, str]] | None = None,
    auxiliary: dict[str, Floats] | None = None,
) -> GappyCohort:
    """Put scores and patients together; ``names`` says input to column where they differ."""
    rename = names or {}
    scoreables = []
    for place, document in enumerate(documents):
        spec = score_from_document(document)
        columns, held = {}, {}
        for item in spec.inputs:
            column = rename.get(item.name, item.name)
            held[item.name] = column
            numbers = inputs[column].copy()
            said = (texts or {}).get(column, {})
            numbers[list(said)] = np.nan
            columns[item.name] = InputColumn("", numbers, dict(said), None)
        scoreables.append(Scoreable(f"score {place}", spec, {}, "high", "plan", columns, held))
    known = [predict(item) for item in scoreables]
    complete = np.all([scored for _, scored in known], axis=0)
    rows = np.flatnonzero(complete)
    return GappyCohort(
        tuple(scoreables),
        np.ones(target.n, dtype=np.bool_),
        target,
        target.subset(rows),
        tuple(said.subset(rows) for said, _ in known),
        auxiliary or {},
    )


def plan_of(kind: str, **imputation: Any) -> ValidationPlan:
    outcome: dict[str, Any] = {"event": "event", "kind": kind}
    if kind != "binary":
        outcome |= {"time": "time", "time_unit": "months", "horizon": 12.0}
    if kind == "competing":
        outcome |= {"competing_values": ("other",)}
    return plan_from_dict(
        {
            "outcome": outcome,
            "scores": ({"score": "bare"},),
            "missing": "impute",
            "imputation": imputation,
        }
    )
