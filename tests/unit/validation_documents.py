"""Validations of invented scores in invented cohorts, as the JSON that a page is drawn from."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from score_examples import bare_document

from cartwheel.canonical import plain
from cartwheel.clinic.score import ScoreSpec, score_from_document
from cartwheel.workflows.validate import validate

BANDS = [
    {"name": "low", "to": 2, "to_inclusive": False},
    {"name": "intermediate", "from": 2, "from_inclusive": True, "to": 4, "to_inclusive": False},
    {"name": "high", "from": 4, "from_inclusive": True},
]
OBSERVED = [(60, 6), (50, 12), (45, 22)]


def told(with_counts: bool = True) -> list[dict[str, Any]]:
    """Bands with what another centre saw in them."""
    return [
        {
            **band,
            "observed": {
                **({"n": n, "events": events} if with_counts else {}),
                "risk": round(events / n, 3),
                "source": "invented centre",
            },
        }
        for band, (n, events) in zip(BANDS, OBSERVED, strict=True)
    ]


def score(name: str, column: str, outcome: dict[str, Any], **parts: Any) -> ScoreSpec:
    """value = the column, without unit."""
    return score_from_document(
        bare_document(
            id=name.lower().replace(" ", "-"),
            title=f"{name}, an invented score",
            status="published",
            outcome={"adverse": "high", **outcome},
            inputs=[{"name": column, "label": column.replace("_", " ")}],
            terms=[{"kind": "linear", "input": column, "coefficient": 1}],
            examples=[{"inputs": {column: 0}, "value": 0, "tolerance": 1}],
            **parts,
        ),
        where="invented score",
    )


def marker(rng: np.random.Generator, n: int) -> dict[str, np.ndarray[Any, Any]]:
    """Points of 0 to 6, a number that goes with them, and one that does not."""
    points = rng.integers(0, 7, n).astype(float)
    return {
        "points": points,
        "index": np.round(0.6 * points + rng.normal(0.0, 1.5, n), 2),
        "noise": np.round(rng.lognormal(1.0, 0.8, n), 2),
        "age_years": np.round(rng.normal(58.0, 12.0, n)),
        "sex": rng.choice(["f", "m"], n),
        "product": rng.choice(["axi-cel", "tisa-cel", "liso-cel"], n, p=[0.5, 0.45, 0.05]),
    }


def holes(rng: np.random.Generator, values: Any, share: float) -> Any:
    """Take some values away."""
    return np.where(rng.uniform(size=len(values)) < share, np.nan, values)


@cache
def toxicity() -> dict[str, Any]:
    """Binary outcome, three scores, five centres, imputation, ladder."""
    rng = np.random.default_rng(6)
    n = 260
    seen = marker(rng, n)
    event = rng.uniform(size=n) < 1.0 / (1.0 + np.exp(3.0 - 0.6 * seen["points"]))
    centre = rng.choice(
        ["Aarhus", "Basel", "Cadiz", "Delft", "Evora"], n, p=[0.3, 0.3, 0.2, 0.17, 0.03]
    )
    frame = pd.DataFrame(
        {**seen, "points": holes(rng, seen["points"], 0.1),
         "index": holes(rng, seen["index"], 0.06), "severe_crs": event.astype(int),
         "centre": centre}
    )  # fmt: skip
    outcome = {"name": "severe CRS", "kind": "binary", "definition": "grade 3 or more"}
    risk = {"kind": "logistic", "intercept": -2.4, "slope": 0.45}
    published = [
        {"kind": "figure", "name": "development", "measure": "AUC", "value": 0.81, "low": 0.72,
         "high": 0.9, "n": 155},
        {"kind": "figure", "name": "a second centre", "measure": "AUC", "value": 0.7},
    ]  # fmt: skip
    scores = {
        "whole": score(
            "Whole risk", "points", outcome, risk=risk, bands=told(), published=published
        ),
        "bands": score("Bands only", "index", outcome, bands=told(with_counts=False)),
        "value": score("Value only", "noise", outcome),
    }
    plan = {
        "title": "Three invented scores of severe CRS",
        "simulated": True,
        "outcome": {"event": "severe_crs", "label": "severe CRS"},
        "scores": [{"score": "whole"}, {"score": "bands"}, {"score": "value", "name": "value"}],
        "centre": "centre",
        "missing": "impute",
        "imputation": {"imputations": 5, "iterations": 3, "resamples": 40},
        "subgroups": [{"column": "sex"}, {"column": "age_years", "cuts": [50, 65], "label": "Age"},
                      {"column": "product"}],
        "update": {"ladder": True, "extend": ["age_years"]},
        "resampling": {"bootstrap": 60},
    }  # fmt: skip
    return plain(validate(frame, plan, scores=scores, threads=1).document)


@cache
def survival() -> dict[str, Any]:
    """Survival outcome, two scores, a horizon, the ladder; patients who are not simulated."""
    frame, seen = followed(7, 220)
    outcome = {"name": "death", "kind": "survival", "definition": "death of any cause",
               "horizon": 12, "time_unit": "months"}  # fmt: skip
    risk = {"kind": "cox", "baseline_survival": 0.7, "slope": 0.25, "centre": 3}
    scores = {
        "points": score("Points", "points", outcome, risk=risk, bands=told()),
        "index": score("Index", "index", outcome, risk={**risk, "slope": 0.2, "centre": 1.8}),
    }
    plan = {
        "outcome": {"event": "dead", "kind": "survival", "time": "os_months", "time_unit": "months",
                    "label": "death"},
        "scores": [{"score": "points"}, {"score": "index"}],
        "subgroups": [{"column": "sex"}],
        "update": {"ladder": True},
        "resampling": {"bootstrap": 60},
    }  # fmt: skip
    return plain(
        validate(frame[["dead", "os_months", *seen]], plan, scores=scores, threads=1).document
    )


@cache
def competing() -> dict[str, Any]:
    """Competing risks, one score."""
    frame, _ = followed(8, 200)
    outcome = {"name": "relapse", "kind": "survival", "definition": "relapse before death",
               "horizon": 12, "time_unit": "months"}  # fmt: skip
    risk = {"kind": "cox", "baseline_survival": 0.8, "slope": 0.3, "centre": 3}
    scores = {"points": score("Points", "points", outcome, risk=risk, bands=told())}
    plan = {
        "outcome": {"event": "cause", "kind": "competing", "event_value": 1,
                    "competing_values": [2], "time": "os_months", "time_unit": "months",
                    "label": "relapse"},
        "scores": [{"score": "points"}],
        "centre": "centre",
        "update": {"ladder": True},
        "resampling": {"bootstrap": 60},
    }  # fmt: skip
    return plain(validate(frame, plan, scores=scores, threads=1).document)


@cache
def small() -> dict[str, Any]:
    """Thirty patients, all in one band, a score without risk, nothing resampled."""
    rng = np.random.default_rng(9)
    frame = pd.DataFrame(
        {"points": rng.choice([0.0, 1.0], 30), "crs": np.r_[np.ones(6), np.zeros(24)]}
    )
    outcome = {"name": "CRS", "kind": "binary", "definition": "any"}
    scores = {"one": score("One band", "points", outcome, bands=BANDS)}
    plan = {
        "outcome": {"event": "crs"},
        "scores": [{"score": "one"}],
        "resampling": {"bootstrap": 0},
    }
    return plain(validate(frame, plan, scores=scores, threads=1).document)


def followed(seed: int, n: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Patients with times, an event, and a cause (1 or 2, 0 for none)."""
    rng = np.random.default_rng(seed)
    seen = marker(rng, n)
    own = rng.exponential(30.0 * np.exp(-0.3 * (seen["points"] - 3.0)))
    other = rng.exponential(60.0, n)
    last = rng.uniform(6.0, 36.0, n)
    time = np.maximum(np.round(np.minimum(np.minimum(own, other), last), 1), 0.1)
    cause = np.where(last < np.minimum(own, other), 0, np.where(own < other, 1, 2))
    columns = {"dead": (cause > 0).astype(int), "cause": cause, "os_months": time,
               "centre": rng.choice(["east", "north", "south", "west"], n)}  # fmt: skip
    return pd.DataFrame({**seen, **columns}), seen


DOCUMENTS = {"toxicity": toxicity, "survival": survival, "competing": competing, "small": small}
