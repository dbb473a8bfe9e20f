"""Write simulated patients of a ward, for ``cartwheel monitor simulate``.

No patient is real, and no published figure stands behind any number. 24 patients are followed from
two days before the infusion to day 12. CRS begins in most of them on days 1 to 7 and passes within
some days; how severe it becomes depends on something that nobody sees. Temperature, blood pressure
and the oxygen device are seen every six hours; blood is taken every morning, and some of it is not.
Interleukin-6, CRP and ferritin rise with the severity; tocilizumab is given where it is severe, and
noradrenaline runs in the worst. A simulated nurse asks for the ICE score every twelve hours.

The strengths were set so that the walk through the command has something to see; they are no
estimate of anything.

Run it: ``python examples/make_simulated_ward.py``. The same script gives the same file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "ward"
PATIENTS, SEED, FIRST_DAY, LAST_DAY = 24, 9, -2, 12
MISSED = 0.12
Row = tuple[str, str, str, str, str]


def main() -> None:
    """Draw the patients, then what is seen of them, and write the file."""
    rng = np.random.default_rng(SEED)
    rows = [
        (f"SIM{number:03d}", *row)
        for number in range(1, PATIENTS + 1)
        for row in sorted(patient(rng), key=lambda one: float(one[1]))
    ]
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "simulated_ward.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["patient", "analyte", "day", "value", "unit", "end_day"])
        writer.writerows((who, *row) for who, *row in rows)


def patient(rng: np.random.Generator) -> Iterator[Row]:
    """Draw one patient."""
    worst = float(np.clip(rng.normal(0.9, 0.9), 0.0, 3.0))
    onset, lasts = float(rng.uniform(1.0, 7.0)), float(rng.uniform(2.0, 4.5))

    def severity(day: float) -> float:
        inside = (day - onset) / lasts
        return worst * float(np.sin(np.pi * inside)) if 0.0 < inside < 1.0 else 0.0

    age = int(rng.integers(28, 78))
    yield "age", f"{FIRST_DAY}", str(age), "a", ""
    for step in range(4 * FIRST_DAY, 4 * LAST_DAY):
        day = step / 4 + float(rng.uniform(0.0, 0.03))
        yield from bedside(rng, day, severity(day), asked_ice=step % 2 == 0)
    for whole in range(FIRST_DAY, LAST_DAY):
        day = whole + 0.25 + float(rng.uniform(0.0, 0.05))
        yield from blood(rng, day, severity(day), severity(day - 0.8))
    if worst > 1.3:
        yield "anticytokine", f"{onset + 0.35 * lasts:.2f}", "tocilizumab", "", ""
    if worst > 2.0:
        begun = onset + 0.3 * lasts
        end = f"{begun + 0.4 * lasts:.2f}"
        yield "vasopressors", f"{begun:.2f}", "norepinephrine", "", end


def bedside(
    rng: np.random.Generator, day: float, severity: float, *, asked_ice: bool
) -> Iterator[Row]:
    """Draw what is seen at the bed."""
    at = f"{day:.3f}"
    fever = 1.9 * min(severity, 1.0) + float(rng.normal(0.0, 0.2))
    yield "temperature", at, f"{36.8 + fever:.1f}", "Cel", ""
    pressure = 122 - 17 * severity + float(rng.normal(0.0, 6.0))
    yield "systolic_pressure", at, f"{pressure:.0f}", "mm[Hg]", ""
    flow = 0.0 if severity < 1.4 else round(2.0 * severity + float(rng.normal(0.0, 0.4)))
    device = "room air" if flow <= 0 else "low-flow nasal cannula"
    yield "oxygen_device", at, device, "", ""
    if flow > 0:
        yield "oxygen_flow", at, f"{flow:.0f}", "L/min", ""
    if asked_ice:
        lost = max(0.0, 3.0 * (severity - 1.6)) + float(rng.exponential(0.15))
        yield "ice", at, f"{max(0, 10 - round(lost))}", "", ""


def blood(rng: np.random.Generator, day: float, severity: float, earlier: float) -> Iterator[Row]:
    """Draw what the laboratory finds; some of it is not asked for."""
    at = f"{day:.3f}"
    noise = rng.normal(0.0, 0.25, 8)
    found = {
        "il6": (8.0 * np.exp(1.9 * severity + noise[0]), "pg/mL"),
        "crp": (12.0 * np.exp(1.2 * earlier + noise[1]), "mg/L"),
        "ferritin": (700.0 * np.exp(0.9 * earlier + noise[2]), "ug/L"),
        "ldh": (210.0 * np.exp(0.25 * severity + 0.5 * noise[3]), "U/L"),
        "creatinine": (0.9 * np.exp(0.2 * severity + 0.4 * noise[4]), "mg/dL"),
        "platelets": (140.0 * np.exp(-0.07 * max(day, 0.0) - 0.2 * severity + noise[5]), "10*9/L"),
        "fibrinogen": (3.4 * np.exp(-0.15 * earlier + 0.5 * noise[6]), "g/L"),
        "neutrophils": (2.5 * np.exp(-0.18 * max(day, 0.0) + noise[7]), "10*9/L"),
    }
    for name, (value, unit) in found.items():
        if rng.random() >= MISSED:
            yield name, at, f"{value:.3g}", unit, ""


if __name__ == "__main__":
    main()
