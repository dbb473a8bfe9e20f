"""Numbers that an R script beside them made: tests/reference/METHOD/METHOD.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

REFERENCE_TESTS = Path(__file__).resolve().parents[1] / "reference"


def frozen(method: str) -> dict[str, Any]:
    """What make.R of a method printed."""
    path = REFERENCE_TESTS / method / f"{method}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
