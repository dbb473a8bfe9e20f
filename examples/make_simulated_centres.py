"""Write four simulated centres, for the walk through ``cartwheel validate``.

No patient is real, and no published figure stands behind any number. Centre A (the developer)
follows one model of severe CRS. The others differ from it as centres do:

- B: its patients are sicker, and at the same values severe CRS comes more often;
- C: severe CRS is rarer, and ferritin tells less;
- D: like A, in larger numbers, at two hospitals.

B writes CRP in mg/dL, under names of its own, and lacks it in some patients.

Run it: ``python examples/make_simulated_centres.py``. The same script gives the same files.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Column = list[str]

FOLDER = Path(__file__).resolve().parent / "validate"
EFFECTS = {"ferritin": 0.55, "crp": 0.45, "platelets": -0.50}


@dataclass(frozen=True)
class Centre:
    """One centre: how many patients, and how they differ from those of centre A.

    Parameters
    ----------
    letter : str
        Its name.
    patients, seed : int
        How many, and of the random numbers.
    sicker : float
        Shift of log2 ferritin and log2 CRP.
    baseline : float
        Log odds of severe CRS in a patient of middling values.
    strength : float
        Factor of the effect of ferritin.
    missing : float
        Share of patients without CRP.
    """

    letter: str
    patients: int
    seed: int
    sicker: float = 0.0
    baseline: float = -2.3
    strength: float = 1.0
    missing: float = 0.0


CENTRES = (
    Centre("A", 240, 11),
    Centre("B", 150, 12, sicker=0.6, baseline=-1.7, missing=0.09),
    Centre("C", 140, 13, sicker=-0.2, baseline=-2.5, strength=0.4),
    Centre("D", 260, 14),
)


def simulate(centre: Centre) -> dict[str, Vector]:
    """Draw the patients of one centre; a missing CRP or day is NaN."""
    random = np.random.default_rng(centre.seed)
    n = centre.patients
    inflamed, own_ferritin, own_crp, own_platelets = random.standard_normal((4, n))
    ferritin = 8.6 + centre.sicker + 0.9 * inflamed + 1.2 * own_ferritin
    crp = 3.2 + centre.sicker + 0.9 * inflamed + 1.1 * own_crp
    platelets = 7.0 - 0.2 * inflamed + 0.8 * own_platelets
    log_odds = (
        centre.baseline
        + EFFECTS["ferritin"] * centre.strength * (ferritin - 8.6)
        + EFFECTS["crp"] * (crp - 3.2)
        + EFFECTS["platelets"] * (platelets - 7.0)
    )
    severe = random.random(n) < 1.0 / (1.0 + np.exp(-log_odds))
    onset = random.integers(2, 10, n).astype(float)
    unknown = random.random(n) < centre.missing
    return {
        "age": np.clip(np.round(58 + 11 * random.standard_normal(n)), 20, 82),
        "female": (random.random(n) < 0.42).astype(float),
        "hospital": (random.random(n) < 0.4).astype(float),
        "ferritin": np.round(np.clip(2.0**ferritin, 15, 30_000)),
        "crp": np.where(unknown, np.nan, np.round(np.clip(2.0**crp, 0.4, 380), 1)),
        "platelets": np.round(np.clip(2.0**platelets, 10, 600)),
        "severe": severe.astype(float),
        "onset": np.where(severe, onset, np.nan),
    }


def columns(centre: Centre) -> dict[str, Column]:
    """Write the sheet as the centre keeps it: its own names, units and codes."""
    drawn = simulate(centre)
    number = range(1, centre.patients + 1)
    sheet = {
        "patient": [f"SIM-{centre.letter}{each:03d}" for each in number],
        "age_years": _text(drawn["age"], 0),
        "sex": ["female" if each else "male" for each in drawn["female"]],
    }
    if centre.letter == "D":
        sheet["hospital"] = ["north" if each else "south" for each in drawn["hospital"]]
    if centre.letter == "B":
        sheet["Ferritin d0 (ng/mL)"] = _text(drawn["ferritin"], 0)
        sheet["CRP d0 (mg/dL)"] = _text(drawn["crp"] / 10.0, 2)
        sheet["Plt d0 (G/L)"] = _text(drawn["platelets"], 0)
        sheet["severe CRS"] = ["yes" if each else "no" for each in drawn["severe"]]
    else:
        sheet["ferritin_ug_l_day0"] = _text(drawn["ferritin"], 0)
        sheet["crp_mg_l_day0"] = _text(drawn["crp"], 1)
        sheet["platelets_10_9_l_day0"] = _text(drawn["platelets"], 0)
        sheet["severe_crs"] = _text(drawn["severe"], 0)
    sheet["crs_onset_day"] = _text(drawn["onset"], 0)
    return sheet


def _text(values: Vector, digits: int) -> Column:
    return ["" if np.isnan(each) else f"{each:.{digits}f}" for each in values]


def write(centre: Centre, folder: Path = FOLDER) -> Path:
    """Write the sheet of one centre."""
    sheet = columns(centre)
    path = folder / f"simulated_centre_{centre.letter.lower()}.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(sheet)
        writer.writerows(zip(*sheet.values(), strict=True))
    return path


def main() -> None:
    """Write every centre, and say how often the event came."""
    for centre in CENTRES:
        drawn = simulate(centre)
        print(
            f"{write(centre).name}: {centre.patients} simulated patients, "
            f"{int(drawn['severe'].sum())} with severe CRS"
        )


if __name__ == "__main__":
    main()
