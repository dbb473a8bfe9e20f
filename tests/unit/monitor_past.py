"""A made-up past of 48 patients, a ward file with a landmark model, and what followed."""

from __future__ import annotations

import random
from pathlib import Path

from landmark_sample import binary_plan, binary_sample

from cartwheel.canonical import canonical_json
from cartwheel.workflows.landmark import landmark, landmark_model_file

WARD = """
schema = "cartwheel/ward/1"
ward = "Test"
time_zone = "UTC"
grades = []
scores = ["m-easix"]
landmark_models = ["severe.json"]
[max_age_hours]
default = 48
[[alert]]
id = "crp-high"
name = "crp"
at_least = "{limit} mg/L"
severity = "info"
escalate_minutes = 20
[[alert]]
id = "crp-missing"
name = "crp"
every_hours = 36
from_day = 0
to_day = 4
severity = "warning"
[[alert]]
id = "never"
name = "ferritin"
at_least = "90000 ug/L"
severity = "critical"
"""
PATIENTS = 48


def ward_file(folder: Path, name: str = "ward.toml", limit: int = 100, days: str = "") -> Path:
    """Write the ward file, and the model that it names."""
    model = landmark_model_file(
        landmark(*binary_sample(), binary_plan(0, landmarks_days=[4, 6], window_days=14))
    )
    (folder / "severe.json").write_text(canonical_json(model), encoding="utf-8")
    path = folder / name
    more = (
        f'[[calibration]]\ntarget = "severe"\nevent = "death"\nat_days = {days}\n' if days else ""
    )
    path.write_text(WARD.format(limit=limit) + more, encoding="utf-8")
    return path


def past_file(folder: Path, name: str = "simulated_past.csv") -> Path:
    """Write the past: each has values on days 0 to 9; half of them run high from day 2 on."""
    chance = random.Random(5)
    lines = ["patient,analyte,day,value,unit"]
    for number in range(PATIENTS):
        for day in range(10):
            crp = 20 + 150 * (number % 2) * (day >= 2) + chance.randrange(20)
            lines.append(f"P{number:02d},crp,{day + chance.random() / 4:.3f},{crp},mg/L")
            lines.append(f"P{number:02d},il6,{day}.125,{8 + 3 * day + number % 20},pg/mL")
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def outcome_file(folder: Path) -> Path:
    """Write what followed: a third had the event, on day 2 to 8; a patient is lost on day 5."""
    lines = ["patient,bad,when,seen"]
    for number in range(PATIENTS):
        had = number % 3 == 1
        lines.append(f"P{number:02d},{int(had)},{2 + number % 7 if had else ''},{5 + number % 30}")
    path = folder / "patients.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
