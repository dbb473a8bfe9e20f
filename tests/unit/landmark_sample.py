"""Simulated patients with dated values, for the tests of landmark prediction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def binary_sample(seed: int = 7, n: int = 60) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients with an event and its onset, and crp and il6 every second day."""
    rng = np.random.default_rng(seed)
    frailty = rng.normal(size=n)
    event = (rng.random(n) < 1 / (1 + np.exp(0.6 - 1.2 * frailty))).astype(int)
    onset = np.where(rng.random(n) < 0.8, rng.integers(2, 14, n), np.nan)
    onset[event == 1] = rng.integers(3, 14, int(event.sum()))
    names = [f"P{number:03d}" for number in range(n)]
    patients = pd.DataFrame({"patient": names, "severe": event, "onset": onset})
    return patients, lab_rows(rng, names, frailty)


def survival_sample(seed: int = 7, n: int = 90) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients with a time in whole days, and the same markers."""
    rng = np.random.default_rng(seed)
    frailty = rng.normal(size=n)
    happens = np.ceil(rng.exponential(np.exp(2.9 - 0.8 * frailty)))
    leaves = rng.integers(8, 40, n)
    names = [f"P{number:03d}" for number in range(n)]
    patients = pd.DataFrame(
        {
            "patient": names,
            "time": np.minimum(happens, leaves),
            "died": (happens <= leaves).astype(int),
        }
    )
    return patients, lab_rows(rng, names, frailty)


def lab_rows(rng: np.random.Generator, names: list[str], frailty: np.ndarray) -> pd.DataFrame:
    """Values on days 0 to 10; noise falls with time, and some are not taken."""
    rows = []
    for day in range(0, 11, 2):
        for name, risk in zip(names, frailty, strict=True):
            for analyte, unit in (("crp", "mg/L"), ("il6", "pg/mL")):
                if rng.random() < 0.9:
                    value = 2 ** (4 + risk + rng.normal() * 2 / (1 + day / 3))
                    rows.append(
                        (name, analyte, day, round(min(float(value), 900.0), 2) + 0.01, unit)
                    )
    return pd.DataFrame(rows, columns=["patient", "analyte", "day", "value", "unit"])


def binary_plan(bootstrap: int = 20, **changed: Any) -> dict[str, Any]:
    """A plan for the binary sample."""
    return {
        "outcome": {"event": "severe", "onset": "onset"},
        "landmarks_days": [0, 4, 6],
        "markers": [{"analyte": name, "transform": "log2"} for name in ("crp", "il6")],
        "resampling": {"bootstrap": bootstrap, "seed": 3},
        **changed,
    }


def competing_sample() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The binary sample, in which ten patients without the event have another one on day 5."""
    patients, labs = binary_sample()
    words = np.where(patients["severe"] == 1, "severe", "none").astype(object)
    others = patients.index[patients["severe"] == 0][:10]
    words[others] = "died"
    out = patients.assign(severe=words)
    out.loc[others, "onset"] = 5.0
    return out, labs


def competing_plan(bootstrap: int = 0, **changed: Any) -> dict[str, Any]:
    """A plan for it; patients with a mild course stay."""
    outcome = {
        "event": "severe",
        "event_value": "severe",
        "competing_values": ["died"],
        "onset": "onset",
        "onset_rule": "events",
        **changed,
    }
    return binary_plan(bootstrap, outcome=outcome)


def survival_plan(bootstrap: int = 20, **changed: Any) -> dict[str, Any]:
    """A plan for the survival sample."""
    return {
        "outcome": {"event": "died", "time": "time", "time_unit": "days"},
        "landmarks_days": [0, 4, 6],
        "window_days": 12,
        "markers": [{"analyte": name, "transform": "log2"} for name in ("crp", "il6")],
        "resampling": {"bootstrap": bootstrap, "seed": 3},
        **changed,
    }
