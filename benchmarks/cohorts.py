"""Simulated cohorts for timing: myeloma at any size, leukaemia, and plain survival data."""

from __future__ import annotations

import argparse
import runpy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Vector = NDArray[np.float64]
REPOSITORY = Path(__file__).resolve().parents[1]


def simulated_myeloma(n: int, seed: int = 1) -> pd.DataFrame:
    """Myeloma cohort of the demonstration's form with n patients."""
    script = runpy.run_path(str(REPOSITORY / "examples" / "make_simulated_myeloma.py"))
    columns = script["simulate"](n, seed)
    digits = {name: places for name, places in script["DIGITS"].items() if places is not None}
    frame = pd.DataFrame({name: np.round(columns[name], digits[name]) for name in digits})
    width = len(str(n))
    frame.insert(0, "patient", [f"SIM-{number:0{width}d}" for number in range(1, n + 1)])
    return frame


def write_simulated_myeloma(path: Path, n: int, seed: int = 1) -> Path:
    """Write such a cohort as CSV, for instance with 20,000 or 1,000,000 patients."""
    simulated_myeloma(n, seed).to_csv(path, index=False)
    return path


LEUKAEMIA = (
    "mrd_positive",
    "mrd_positive_after_lymphodepletion",
    "neutropenia",
    "crp_mg_l_day0",
    "ferritin_ug_l_day0",
    "il6_pg_ml_day0",
    "aptt_s_day0",
)


def simulated_leukaemia(n: int = 125, events: int = 17, seed: int = 4) -> pd.DataFrame:
    """Severe CRS in B-ALL: seven candidates, few events, numbers made up."""
    random = np.random.default_rng(seed)
    severity = random.standard_normal(n)

    def marker(centre: float, spread: float, share: float) -> Vector:
        noise = np.sqrt(1 - share**2) * random.standard_normal(n)
        values: Vector = np.round(centre * np.exp(spread * (share * severity + noise)), 1)
        return values

    frame = pd.DataFrame(
        {
            "patient": [f"SIM-{number:03d}" for number in range(1, n + 1)],
            "mrd_positive": (0.5 * severity + random.standard_normal(n) > -0.4).astype(int),
            "mrd_positive_after_lymphodepletion": (
                0.5 * severity + random.standard_normal(n) > 0.3
            ).astype(int),
            "neutropenia": (0.4 * severity + random.standard_normal(n) > 0).astype(int),
            "crp_mg_l_day0": marker(12.0, 1.1, 0.50),
            "ferritin_ug_l_day0": marker(700.0, 1.0, 0.55),
            "il6_pg_ml_day0": marker(15.0, 1.3, 0.50),
            "aptt_s_day0": marker(34.0, 0.2, 0.35),
        }
    )
    latent = severity + 0.7 * random.standard_normal(n)
    frame["severe_crs"] = (latent >= np.sort(latent)[-events]).astype(int)
    return frame


@dataclass(frozen=True, slots=True)
class Survival:
    """Time, event and a design matrix."""

    time: Vector
    event: NDArray[np.int8]
    x: Vector

    def frame(self) -> pd.DataFrame:
        """The same as a table, columns ``x0 ...``, ``time``, ``event``."""
        frame = pd.DataFrame(self.x, columns=[f"x{i}" for i in range(self.x.shape[1])])
        return frame.assign(time=self.time, event=self.event.astype(int))


def survival_data(n: int, p: int, seed: int = 7, *, tied: bool = True) -> Survival:
    """Exponential times, rounded up to days if tied: heavy ties, heavier at large n."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((n, p))
    effect = np.linspace(0.5, -0.3, p)
    latent = random.exponential(300.0, n) * np.exp(-x @ effect)
    ends = random.uniform(100.0, 900.0, n)
    time = np.minimum(latent, ends)
    if tied:
        time = np.ceil(time)
    return Survival(time, (latent <= ends).astype(np.int8), np.ascontiguousarray(x))


@dataclass(frozen=True, slots=True)
class Competing:
    """Time, cause (0 censored, 1 the event, 2 another) and a design matrix."""

    time: Vector
    cause: NDArray[np.int64]
    x: Vector


def competing_data(n: int, p: int, seed: int = 11) -> Competing:
    """Times rounded up to days; three in ten of the events are of the other cause."""
    random = np.random.default_rng(seed)
    data = survival_data(n, p, seed)
    other = random.random(n) < 0.3
    return Competing(data.time, np.where(data.event == 0, 0, np.where(other, 2, 1)), data.x)


def columns_of(data: Survival | Competing) -> dict[str, Vector]:
    """Columns for an R peer: ``time``, ``event`` or ``cause``, ``x0 ...``."""
    outcome = (
        {"event": data.event.astype(np.float64)}
        if isinstance(data, Survival)
        else {"cause": data.cause.astype(np.float64)}
    )
    return {"time": data.time, **outcome} | {f"x{i}": c for i, c in enumerate(data.x.T)}


def main() -> None:
    """Write a large simulated cohort: ``python benchmarks/cohorts.py 1000000 big.csv``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("patients", type=int)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    print(write_simulated_myeloma(options.output, options.patients))


if __name__ == "__main__":
    main()
