"""One Cox fit by Efron, from a clinic's size to a register's."""

# mypy: disable-error-code="import-not-found,import-untyped"
# ruff: noqa: PLC0415 - a peer that is not installed must not stop the others

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from cohorts import Survival, survival_data
from timing import Comparison, against, seconds

SIZES = ((200, 6), (200, 10), (2_000, 10), (200_000, 10))
SLOW = 20_000  # beyond this a peer is timed less often


def _calls(n: int) -> dict[str, int]:
    return {"repeats": 5 if n <= SLOW else 3, "inner": max(1, 2_000 // n)}


def _ours(data: Survival, fast: bool) -> float:
    from cartwheel.stats.cox import cox_coefficients, cox_fit
    from cartwheel.stats.survival import survival_times

    times = survival_times(data.time, data.event)
    fit = cox_coefficients if fast else cox_fit
    return seconds(lambda: fit(times, data.x), **(_calls(data.time.size) | {"repeats": 5}))


def _lifelines(data: Survival) -> float:
    from lifelines import CoxPHFitter

    frame = data.frame()
    return seconds(lambda: CoxPHFitter().fit(frame, "time", "event"), **_calls(data.time.size))


def _scikit_survival(data: Survival) -> float:
    from sksurv.linear_model import CoxPHSurvivalAnalysis

    outcome = np.array(
        list(zip(data.event == 1, data.time, strict=True)), dtype=[("event", "?"), ("time", "<f8")]
    )
    return seconds(
        lambda: CoxPHSurvivalAnalysis(ties="efron").fit(data.x, outcome), **_calls(data.time.size)
    )


def _statsmodels(data: Survival) -> float:
    from statsmodels.duration.hazard_regression import PHReg

    return seconds(
        lambda: PHReg(data.time, data.x, status=data.event, ties="efron").fit(disp=0),
        **_calls(data.time.size),
    )


def _r(data: Survival, function: str) -> float:
    command = shutil.which("Rscript")
    if command is None:
        raise LookupError("Rscript is not installed")
    with TemporaryDirectory() as folder:
        table = Path(folder, "data.csv")
        data.frame().to_csv(table, index=False)
        script = Path(__file__).with_name("coxph.R")
        done = subprocess.run(
            [command, "--vanilla", str(script), str(table), function],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise LookupError(done.stderr.strip().splitlines()[-1])
    return float(done.stdout.split()[-1])


def cox_fits() -> list[Comparison]:
    """Efron fits; ours without and with standard errors, tests and checks."""
    lines = []
    for n, p in SIZES:
        data = survival_data(n, p)
        peers: dict[str, Callable[[], float]] = {
            "lifelines": partial(_lifelines, data),
            "scikit-survival": partial(_scikit_survival, data),
            "statsmodels": partial(_statsmodels, data),
            "R coxph": partial(_r, data, "coxph"),
        }
        name = f"Cox fit, n={n:,}, p={p}"
        lines += against(name, partial(_ours, data, False), peers)
        lines += against(
            f"{name}, coefficients only",
            partial(_ours, data, True),
            {"R coxph.fit": partial(_r, data, "coxph.fit")},
        )
    return lines


CASES = (cox_fits,)
