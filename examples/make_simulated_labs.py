"""Write simulated patients with dated laboratory results, for ``cartwheel landmark``.

No patient is real, and no published figure stands behind any number. 80 patients are followed from
the day of infusion. CRS begins in most of them on days 2 to 12; how severe it will become depends
on something that nobody sees. Interleukin-6 and CRP rise in the five days before CRS begins, and
rise more where it will be severe; ferritin was higher in those patients from the start.

The strengths were set so that the walk through the command has something to see; they are no
estimate of anything.

Samples are taken on most mornings to day 8, the first just before the infusion; some are not taken.
The last twenty patients have CRP in mg/dL. Interleukin-6 below 2 is written ``<2``.

Run it: ``python examples/make_simulated_labs.py``. The same script gives the same files.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "landmark"
PATIENTS, SEED, LAST_DAY = 80, 5, 8
TAKEN = {"crp": 0.85, "il6": 0.8, "ferritin": 0.55}
LOWEST_IL6 = 2.0


def main() -> None:
    """Draw the patients, then their results, and write both files."""
    rng = np.random.default_rng(SEED)
    names = [f"SIM{number:03d}" for number in range(1, PATIENTS + 1)]
    unseen = rng.normal(size=PATIENTS)
    any_crs = rng.random(PATIENTS) < 1.0 / (1.0 + np.exp(-1.4 - 0.6 * unseen))
    severe = any_crs & (rng.random(PATIENTS) < 1.0 / (1.0 + np.exp(1.6 - 2.0 * unseen)))
    onset = np.clip(np.round(rng.gamma(5.0, 1.3, PATIENTS) + 1.0), 2, 12)
    patients = [
        [name, int(bad), int(day) if sick else ""]
        for name, bad, sick, day in zip(names, severe, any_crs, onset, strict=True)
    ]
    _write("simulated_landmark_patients.csv", ["patient", "severe_crs", "crs_onset_day"], patients)
    rows: list[list[object]] = []
    for place, name in enumerate(names):
        begins = float(onset[place]) if any_crs[place] else np.inf
        rows += _results(rng, name, place, float(unseen[place]), begins)
    _write("simulated_landmark_labs.csv", ["patient", "analyte", "day", "value", "unit"], rows)


def _results(
    rng: np.random.Generator, name: str, place: int, unseen: float, begins: float
) -> list[list[object]]:
    """Results of one patient: none is known before its sample was taken."""
    level = {"crp": rng.normal(3.6, 1.0), "il6": rng.normal(2.6, 1.0)}
    level["ferritin"] = rng.normal(9.3, 0.9) + 0.5 * unseen
    rows: list[list[object]] = []
    for nominal in range(LAST_DAY + 1):
        day = round(nominal - float(rng.uniform(0.02, 0.3)), 2)
        rise = min(max(day - (begins - 5.0), 0.0), 5.0)
        gain = {"crp": 0.6 + 0.3 * unseen, "il6": 0.8 + 0.6 * unseen, "ferritin": 0.3}
        for analyte, often in TAKEN.items():
            noise = float(rng.normal(0.0, 0.5))
            if rng.random() > often:
                continue
            value = float(2.0 ** (level[analyte] + gain[analyte] * rise + noise))
            rows.append([name, analyte, f"{day:.2f}", *_written(analyte, value, place)])
    return rows


def _written(analyte: str, value: float, place: int) -> tuple[str, str]:
    if analyte == "ferritin":
        return f"{value:.0f}", "ug/L"
    if analyte == "il6":
        low = value < LOWEST_IL6
        return (f"<{LOWEST_IL6:.0f}" if low else f"{min(value, 5000.0):.1f}"), "pg/mL"
    value = min(value, 400.0)
    if place >= PATIENTS - 20:
        return f"{value / 10.0:.2f}", "mg/dL"
    return f"{value:.1f}", "mg/L"


def _write(name: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with (FOLDER / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    print(f"{name}: {len(rows)} rows")


if __name__ == "__main__":
    main()
