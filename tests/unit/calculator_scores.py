"""The shipped scores, and invented ones with the parts that the shipped ones do not have."""

from __future__ import annotations

from score_examples import bare_document, manual_toml

from cartwheel.clinic.registry import registry
from cartwheel.clinic.score import ScoreSpec, read_score, score_from_document


def invented_scores() -> list[ScoreSpec]:
    """Scores with the parts that the shipped ones do not have."""
    shapes = bare_document(
        id="shapes",
        missing="range",
        inputs=[
            {"name": "x", "label": "X", "minimum": 0, "maximum": 60},
            {"name": "crp", "label": "CRP", "variable": "crp", "unit": "mg/L", "low": 1, "high": 9},
            {"name": "alb", "label": "Albumin", "variable": "albumin", "unit": "g/L"},
            {"name": "fever", "label": "Fever", "coding": {"no": 0, "yes": 1}},
        ],
        derived=[
            {"kind": "ratio", "name": "car", "numerator": "crp", "denominator": "alb", "zero": 1},
            {
                "kind": "product",
                "name": "both",
                "factors": [{"input": "x", "exponent": 0.5}, {"input": "alb", "exponent": -1}],
            },
        ],
        terms=[
            {
                "kind": "spline",
                "input": "x",
                "knots": [5, 20, 40],
                "coefficients": [0.03, -0.2],
            },
            {"kind": "linear", "input": "car", "coefficient": -1.25, "centre": 0.1},
            {"kind": "linear", "input": "both", "coefficient": 0.7, "transform": "sqrt"},
            {
                "kind": "points",
                "input": "fever",
                "bands": [
                    {"to": 1, "to_inclusive": False, "points": 0},
                    {"from": 1, "from_inclusive": True, "points": 0.5},
                ],
            },
        ],
        intercept=-0.5,
        bands=[
            {"name": "low", "to": 0, "to_inclusive": True},
            {"name": "high", "from": 0, "from_inclusive": False},
        ],
        risk={"kind": "logistic", "intercept": -1.5, "slope": 0.8},
        examples=[
            {
                "inputs": {"x": 0, "crp": "40 mg/L", "alb": "40 g/L", "fever": "no"},
                "value": -1.625,
                "band": "low",
                "tolerance": 0,
            }
        ],
    )
    survival = bare_document(
        id="survival",
        outcome={
            "name": "relapse",
            "kind": "survival",
            "definition": "relapse",
            "horizon": 12,
            "time_unit": "months",
        },
        inputs=[
            {"name": "x", "label": "X", "variable": "ferritin", "unit": "ug/L"},
            {"name": "y", "label": "Y", "variable": "age", "unit": "years"},
        ],
        terms=[
            {"kind": "linear", "input": "x", "transform": "log10", "coefficient": 0.4, "centre": 2},
            {"kind": "linear", "input": "y", "coefficient": 0.02, "centre": 60},
        ],
        risk={"kind": "cox", "baseline_survival": 0.71, "slope": 1.1, "centre": 0.2},
        examples=[{"inputs": {"x": "1000 ug/L", "y": "60 years"}, "value": 0.4, "tolerance": 0}],
    )
    return [read_score(manual_toml()), score_from_document(shapes), score_from_document(survival)]


def scores() -> dict[str, ScoreSpec]:
    shipped = {name: read_score(name) for name, entry in registry().items() if entry.computable}
    return shipped | {spec.id: spec for spec in invented_scores()}
