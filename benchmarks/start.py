"""How long a person waits before anything happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from timing import Comparison, against, seconds

EASIX = ("--ldh", "280 U/L", "--creatinine", "1.1 mg/dL", "--platelets", "90 10*9/L")
STUDIES = Path(__file__).resolve().parents[1] / "examples" / "pool" / "cart_effects.csv"


def _process(*arguments: str) -> float:
    def work() -> None:
        done = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LookupError((done.stderr.strip().splitlines() or ["it failed"])[-1])

    return seconds(work)


def start() -> list[Comparison]:
    """Wall time of a fresh process; beside it the bare interpreter and imports of peers."""
    return [
        *against(
            "cartwheel --help",
            lambda: _process("-m", "cartwheel.cli", "--help"),
            {"python -c pass": lambda: _process("-c", "pass")},
        ),
        *against(
            "cartwheel score easix",
            lambda: _process("-m", "cartwheel.cli", "score", "easix", *EASIX),
            {"python -c pass": lambda: _process("-c", "pass")},
        ),
        *against(
            "cartwheel pool, 4 studies",
            lambda: _process("-m", "cartwheel.cli", "pool", str(STUDIES), "--group", "emd_pfs"),
            {"python -c pass": lambda: _process("-c", "pass")},
        ),
        *against(
            "import cartwheel",
            lambda: _process("-c", "import cartwheel"),
            {
                name: lambda name=name: _process("-c", f"import {name}")  # type: ignore[misc]
                for name in ("lifelines", "statsmodels.api", "sksurv.linear_model")
            },
        ),
    ]


CASES = (start,)
