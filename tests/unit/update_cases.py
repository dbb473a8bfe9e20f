"""Small scores on simulated or public patients, for the tests of updating."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from score_examples import bare_document

from cartwheel.clinic.batch.contributions import TermColumns, contributions
from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.score import ScoreSpec, score_from_document
from cartwheel.stats.competing_times import competing_times
from cartwheel.stats.survival import survival_times
from cartwheel.validation.analysed import Predicted, Scoreable, Target
from cartwheel.validation.cohort.further import ExtensionColumn
from cartwheel.validation.cohort.scoring import predict
from cartwheel.validation.plan import ValidationPlan, plan_from_dict
from cartwheel.validation.updating.file import Updatable

Floats = NDArray[np.float64]
SURVIVAL = {
    "name": "event", "kind": "survival", "definition": "the event", "horizon": 12,
    "time_unit": "months",
}  # fmt: skip


def linear_score(coefficients: Mapping[str, str], **parts: Any) -> ScoreSpec:
    """A score that is a sum of straight lines, each input without unit."""
    return score_from_document(
        bare_document(
            inputs=[{"name": name, "label": name.upper()} for name in coefficients],
            terms=[
                {"kind": "linear", "input": name, "coefficient": Decimal(text)}
                for name, text in coefficients.items()
            ],
            examples=[
                {
                    "inputs": dict.fromkeys(coefficients, 1),
                    "value": sum(map(Decimal, coefficients.values())),
                }
            ],
            **parts,
        )
    )


def scored(
    spec: ScoreSpec, columns: Mapping[str, InputColumn], adverse: str = "high"
) -> tuple[Predicted, TermColumns]:
    """Score columns in which everything is there."""
    scoreable = Scoreable(
        "score", spec, spec.default_choices, adverse, "plan", dict(columns), {}
    )  # fmt: skip
    predicted, done = predict(scoreable)
    assert done.all()
    return predicted, contributions(spec.chosen(), columns)


def plain(**columns: Any) -> dict[str, InputColumn]:
    """Columns of plain numbers without unit."""
    return {
        name: InputColumn("", np.asarray(values, dtype=np.float64), {})
        for name, values in columns.items()
    }


def extension(name: str, values: Any, unit: str = "") -> ExtensionColumn:
    return ExtensionColumn(name, name.upper(), unit, None, np.asarray(values, dtype=np.float64))


def ladder_plan(kind: str, **update: Any) -> ValidationPlan:
    """A plan with the ladder; ``bootstrap`` may be among the settings."""
    outcome: dict[str, Any] = {"event": "happened", "kind": kind, "label": "the event"}
    if kind != "binary":
        outcome |= {"time": "months", "time_unit": "months", "horizon": 12.0}
    bootstrap = update.pop("bootstrap", 0)
    return plan_from_dict(
        {
            "schema": "cartwheel-validation-plan/1",
            "outcome": outcome,
            "scores": [{"score": "score"}],
            "update": {"ladder": True, **update},
            "resampling": {"bootstrap": bootstrap, "seed": 5},
        }
    )


def binary(event: Any) -> Target:
    return Target("binary", np.asarray(event, dtype=np.float64), None, None, None, None)


def survival(time: Any, event: Any, horizon: float, unit: str = "months") -> Target:
    happened = np.asarray(event, dtype=np.float64)
    return Target("survival", happened, survival_times(time, happened), None, horizon, unit)


def competing(time: Any, cause: Any, horizon: float, unit: str = "months") -> Target:
    both = competing_times(time, cause)
    happened = (np.asarray(cause) == 1).astype(np.float64)
    return Target("competing", happened, both.times, both, horizon, unit)


def simulated_case(kind: str, n: int, seed: int = 1) -> tuple[Target, Updatable]:
    """Patients whose risk differs from the score's in level, terms and a further column."""
    draw = np.random.default_rng(seed)
    x, y, z = draw.normal(size=(3, n)).round(2)
    line = -0.3 + 1.2 * x + 0.1 * y + 0.4 * z
    parts: dict[str, Any] = {"risk": {"kind": "logistic", "intercept": Decimal("-1")}}
    if kind in ("survival", "competing"):
        parts = {
            "outcome": SURVIVAL,
            "risk": {"kind": "cox", "baseline_survival": Decimal("0.8"), "centre": Decimal("0.1")},
        }
    predicted, terms = scored(linear_score({"x": "0.8", "y": "0.5"}, **parts), plain(x=x, y=y))
    about = Updatable(predicted, terms, (extension("z", z),))
    if kind == "binary":
        return binary(draw.random(n) < 1 / (1 + np.exp(-line))), about
    time = draw.exponential(12 / np.exp(line - 0.5))
    other = draw.exponential(20, n) if kind == "competing" else np.full(n, np.inf)
    followed = draw.uniform(5, 40, n)
    first = np.minimum(np.minimum(time, other), followed)
    cause = np.where(time == first, 1, np.where(other == first, 2, 0))
    shown = first.round() + 1  # many ties
    if kind == "competing":
        return competing(shown, cause, 12.0), about
    return survival(shown, cause == 1, 12.0), about


def copied(about: Updatable, rows: NDArray[np.intp]) -> Updatable:
    """The same score on rows, some of which may stand several times."""
    terms = TermColumns(about.terms.names, about.terms.values[rows], about.terms.typical)
    further = tuple(
        ExtensionColumn(one.column, one.label, one.unit, one.variable, one.values[rows])
        for one in about.extension
    )
    return Updatable(about.predicted.subset(rows), terms, further)
