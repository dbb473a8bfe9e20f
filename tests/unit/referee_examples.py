"""Plain result documents in which the referee has nothing to say, to be spoiled one by one."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from cartwheel.referee.report import referee


def spoiled(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Copy a document with one value changed; numbers in the path are places of a list."""
    changed = deepcopy(document)
    *way, last = path.split(".")
    inside: Any = changed
    for step in way:
        inside = inside[int(step)] if step.isdecimal() else inside[step]
    if last.isdecimal():
        inside[int(last)] = value
    else:
        inside[last] = value
    return changed


def found(document: dict[str, Any], code: str) -> list[tuple[str, str]]:
    """Severity and evidence of every finding of a rule."""
    return [(one.severity, one.evidence) for one in referee(document).findings if one.code == code]


def answered(document: dict[str, Any], code: str) -> bool:
    """Whether a rule without a finding could judge; fails where it has one."""
    (one,) = [one for one in referee(document).passed if one.code == code]
    return one.answered


def estimate(value: float | None, low: float | None = None, high: float | None = None, **more: Any):
    """Write an estimate as the JSON has it."""
    level = None if low is None else 0.95
    plain = {"value": value, "low": low, "high": high, "level": level, "method": "as made up"}
    return {**plain, "n": None, "events": None, **more}


def measure(name: str, label: str, apparent: float, corrected: float | None, half: float = 0.05):
    """Write a measure of a development, with intervals of one width."""
    second = (
        estimate(None)
        if corrected is None
        else estimate(corrected, corrected - half, corrected + half)
    )
    return {
        "name": name, "label": label, "better": "higher",
        "apparent": estimate(apparent, apparent - half, apparent + half),
        "optimism": estimate(None), "corrected": second,
    }  # fmt: skip


def performance(auc: float, corrected: float | None, resamples: int = 1000):
    """Write the performance of a model."""
    return {
        "model": "made up", "resamples": resamples, "failed": 0, "failures": [],
        "measures": [
            measure("auc", "AUC", auc, corrected),
            measure("calibration_slope", "Calibration slope", 1.0, 0.95, 0.2),
        ],
    }  # fmt: skip


def developed() -> dict[str, Any]:
    """A points score of severe CRS from 1000 patients, 300 events, without a fault."""
    columns = [
        {"column": name, "variable": name, "label": name.upper(), "unit": unit, "day": 0.0,
         "kind": "number", "n": 1000, "missing": 0, "below_limit": 0, "above_limit": 0, "rule": ""}
        for name, unit in (("ferritin", "ug/L"), ("crp", "mg/L"))
    ]  # fmt: skip
    predictors = [
        {"column": name, "direction": "high", "transform": "log2", "cutoff": None, "steps": None}
        for name in ("ferritin", "crp")
    ]
    steps = [("rows in the file", 1000, 300), ("outcome known", 1000, 300),
             ("all predictors measured", 1000, 300)]  # fmt: skip
    return {
        "kind": "develop", "schema": "cartwheel/develop/1",
        "provenance": {"data_sha256": "sha256:" + "ab" * 32},
        "plan": {
            "title": "Made up", "method": "points", "simulated": False, "landmark_day": None,
            "missing": "complete",
            "outcome": {"event": "severe_crs", "kind": "binary", "label": None, "onset": "onset"},
            "predictors": predictors, "derived": [], "columns": {}, "adjust": [],
            "index": {"cutoff": "youden", "groups": None},
            "points": {"selection": "none", "alpha": 0.05, "bands": ["all"]},
            "resampling": {"bootstrap": 1000, "seed": 1},
        },
        "result": {
            "title": "Made up", "question": "Do they?", "method": "points", "simulated": False,
            "outcome": {"kind": "binary", "label": "severe CRS", "time_unit": None, "horizon": None,
                        "landmark_day": None, "patients": 1000, "events": 300, "follow_up": None},
            "columns": columns,
            "flow": [{"label": label, "patients": n, "events": events, "excluded": 0,
                      "excluded_events": 0} for label, n, events in steps],
            "guard": {"landmark_day": None, "checked": ["ferritin", "crp"], "unchecked": [],
                      "cost_patients": 0, "cost_events": 0, "text": ""},
            "sample_size": {"n": 1000, "events": 300, "candidate_parameters": 2,
                            "events_per_parameter": 150.0, "expected_shrinkage": 0.97,
                            "verdict": ""},
            "notes": [], "cutoffs": [], "selection": [], "groups": [], "associations": [],
            "univariable": {"rows": [{"p_value": 0.01}, {"p_value": 0.2}]},
            "adjusted_model": None, "methods": ["A regression."], "imputation": None,
            "survival": [], "score_sha256": "sha256:" + "cd" * 32,
            "calibration": {"points": [{"predicted": 0.2, "observed": estimate(0.2), "n": 500}]},
            "performance": performance(0.80, 0.79), "uncut": performance(0.80, 0.79),
        },
    }  # fmt: skip


def survival() -> dict[str, Any]:
    """The same with time to progression or death, read at 12 months."""
    document = developed()
    document["plan"]["outcome"] = {
        "event": "progression_or_death", "kind": "survival", "time": "pfs_months",
        "time_unit": "months", "horizon": 12.0, "label": None, "onset": None,
    }  # fmt: skip
    document["result"]["outcome"] |= {
        "kind": "survival", "label": "progression or death", "time_unit": "months",
        "horizon": 12.0, "follow_up": estimate(24.0, 20.0, 28.0),
    }  # fmt: skip
    document["result"]["proportional_hazards"] = {"global_p_value": 0.4, "terms": []}
    return document


def searched(p_adjusted: float | None = 0.01) -> dict[str, Any]:
    """A searched cut-off as a development tells it."""
    return {
        "column": "ferritin", "label": "Ferritin", "unit": "ug/L", "rule": ">=", "cut": 700.0,
        "method": "youden", "p_naive": 0.002, "p_adjusted": p_adjusted,
        "wander": estimate(700.0, 650.0, 800.0),
        "values": [100.0 * place for place in range(11)],
    }  # fmt: skip


def pooled() -> dict[str, Any]:
    """A pool of twelve studies that agree, judged at low risk of bias."""
    names = [f"Study {place}" for place in range(12)]
    studies = [
        {"row": place + 2, "file": "t.csv", "study": name, "group": "", "outcome": "PFS",
         "factor": "ferritin", "measure": "HR", "used": True, "overlap": "", "cutoff": 500.0,
         "moderators": [{"name": "adjusted", "text": "yes", "number": None}]}
        for place, name in enumerate(names)
    ]  # fmt: skip
    analysis = {
        "name": "PFS (HR)", "outcome": "PFS", "measure": "HR", "null_value": 1.0, "k": 12,
        "studies": [{"study": name, "weight_percent": 100 / 12} for name in names],
        "main": {"pooled": estimate(2.0, 1.6, 2.5), "interval": "knapp_hartung", "code": "REML",
                 "prediction_low": 1.3, "prediction_high": 3.0},
        "models": [], "heterogeneity": {"i2": estimate(10.0, 0.0, 40.0)},
        "leave_one_out": [{"study": name, "estimate": estimate(2.0, 1.5, 2.6)} for name in names],
        "subgroups": [{"column": "product", "p_value": 0.3, "planned": False}],
        "small_studies": {"asked": True, "tests": [{"name": "egger", "p_value": 0.5}]},
        "notes": [],
    }  # fmt: skip
    quality = {
        "tool": "QUIPS", "domains": [["participation", "Study participation"]], "missing": [],
        "studies": [{"study": name, "overall": "low",
                     "judgements": [{"domain": "participation", "level": "low"}]}
                    for name in names],
    }  # fmt: skip
    return {
        "kind": "pool", "schema": "cartwheel/pool/1", "plan": {},
        "result": {"studies": studies, "analyses": [analysis], "quality": [quality], "notes": [],
                   "left_out": [], "sources": [{"name": "t.csv", "kind": "table"}]},
    }  # fmt: skip


def validated() -> dict[str, Any]:
    """One score on 800 other patients with 200 events, and it works."""

    def told(name: str, label: str, value: float, half: float) -> dict[str, Any]:
        return {
            "name": name,
            "label": label,
            "estimate": estimate(value, value - half, value + half),
        }

    bands = [
        {"band": name, "patients": 400, "events": events, "observed": estimate(events / 400),
         "difference": None}
        for name, events in (("low", 60), ("high", 140))
    ]  # fmt: skip
    score = {
        "name": "Score A", "status": "published", "predicts": "risk", "outcome_said": "the same",
        "scored": 800, "refusals": [], "notes": [], "bands": bands,
        "development_data_sha256": "sha256:" + "11" * 32,
        "published": [{"name": "development", "measure": "auc",
                       "published": estimate(0.8, 0.7, 0.9, n=125, events=17), "found": None}],
        "columns": [{"input": "crp", "label": "CRP", "day": 0.0}],
        "discrimination": [told("auc", "AUC", 0.75, 0.04)],
        "calibration": [told("observed_expected", "Observed/expected", 1.02, 0.1),
                        told("calibration_slope", "Calibration slope", 0.97, 0.1)],
    }  # fmt: skip
    return {
        "kind": "validate", "schema": "cartwheel/validate/1",
        "provenance": {"data_sha256": "sha256:" + "ab" * 32},
        "plan": {"missing": "complete", "simulated": False, "resampling": {"bootstrap": 1000},
                 "outcome": {"event": "severe_crs", "kind": "binary"}, "landmark_day": None},
        "result": {
            "simulated": False,
            "outcome": {"kind": "binary", "label": "severe CRS", "patients": 800, "events": 200,
                        "horizon": None, "follow_up": None},
            "flow": [{"label": "rows in the file", "patients": 800, "events": 200, "excluded": 0,
                      "excluded_events": 0},
                     {"label": "all inputs measured", "patients": 800, "events": 200, "excluded": 0,
                      "excluded_events": 0}],
            "guard": {"landmark_day": None, "checked": ["crp"], "unchecked": [],
                      "cost_patients": 0, "cost_events": 0, "text": ""},
            "scores": [score], "subgroups": [], "updates": [], "notes": [],
            "sizes": [{"score": "Score A", "rows": [
                {"criterion": "c_statistic", "label": "AUC", "width_here": 0.08,
                 "width_wanted": 0.1, "patients_needed": 500, "events_needed": 125}]}],
            "decision": {"low": 0.1, "high": 0.3, "thresholds": [0.1, 0.3], "curves": [
                {"name": "Score A", "net_benefit": [0.2, 0.05]},
                {"name": "treat all", "net_benefit": [0.17, -0.07]},
                {"name": "treat none", "net_benefit": [0.0, 0.0]}]},
        },
    }  # fmt: skip


def appraised(**words: Any) -> dict[str, Any]:
    """A published model of 2000 patients with 600 events, with what is said of its paper."""
    return {
        "kind": "appraise", "schema": "cartwheel/appraise/1", "plan": {},
        "result": {
            "title": "Made up", "pooled": [], "words": words or None, "external": None,
            "model": {"outcome": "binary", "n": 2000, "events": 600, "parameters": 5,
                      "auc_apparent": estimate(0.80, 0.78, 0.82), "auc_corrected": 0.798,
                      "shrinkage": 0.98},
        },
    }  # fmt: skip
