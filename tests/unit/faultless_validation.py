"""A validation without fault, to be spoilt in one place at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cartwheel.estimate import Estimate
from cartwheel.patients import FlowStep, GuardReport, OutcomeSummary
from cartwheel.validation.plan import ValidationPlan, plan_from_dict
from cartwheel.validation.result import Validation
from cartwheel.validation.result_score import Measure, ScoreResult

BINARY = OutcomeSummary("binary", "severe CRS", None, None, None, 400, 150, None)
SURVIVAL = OutcomeSummary(
    "survival", "death", "months", 12.0, 3.0, 400, 150, Estimate(18.0, 15.0, 21.0, 0.95)
)


def estimate(value: float | None, low: float | None = None, high: float | None = None) -> Estimate:
    return Estimate(value, low, high, None if low is None else 0.95, "as told", 400, 150)


def measure(name: str, *numbers: float | None) -> Measure:
    label = {"auc": "AUC"}.get(name, name.replace("_", " "))
    return Measure(name, label, estimate(*numbers), None, 0.1, "identity")


def score(**parts: Any) -> ScoreResult:
    """A score without fault: ranks well, well calibrated, with narrow intervals."""
    sound = ScoreResult(
        id="good",
        version="1",
        title="A good score",
        name="Good",
        sha256="0" * 64,
        development_data_sha256=None,
        status="published",
        choices={},
        predicts="risk",
        adverse="high",
        adverse_source="score file",
        outcome_said="",
        columns=(),
        refusals=(),
        scored=400,
        value=estimate(1.0, 0.5, 1.5),
        linear_predictor_sd=1.0,
        discrimination=(measure("auc", 0.8, 0.75, 0.84),),
        calibration=(
            measure("observed_expected", 1.0, 0.85, 1.18),
            measure("calibration_slope", 1.0, 0.8, 1.2),
        ),
        overall=(measure("brier", 0.1, 0.08, 0.12),),
        published=(),
        roc=None,
        plot=None,
        bands=(),
        band_tests=(),
        edges=(),
        survival=(),
        incidence=(),
        notes=(),
    )
    return replace(sound, **parts)


def validation(**parts: Any) -> Validation:
    plain = Validation(
        title="A validation",
        question="",
        simulated=False,
        outcome=BINARY,
        competing_events=None,
        flow=(
            FlowStep("rows in the file", 400, 150, 0, 0),
            FlowStep("Good computed", 400, 150, 0, 0),
        ),
        guard=GuardReport(None, ("crp",), (), 0, 0, ""),
        scores=(score(),),
        comparisons=(),
        decision=None,
        subgroups=(),
        centres=None,
        imputation=None,
        updates=(),
        sizes=(),
        notes=(),
        methods=(),
    )
    return replace(plain, **parts)


def plan(**parts: Any) -> ValidationPlan:
    return plan_from_dict({"outcome": {"event": "crs"}, "scores": ({"score": "good"},)} | parts)
