"""Where the reference data are: beside the repository in full, or the part that it carries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
BESIDE = REPOSITORY.parent / "shared"
CARRIED = REPOSITORY / "tests"
COMPLETE = (BESIDE / "data" / "reference").is_dir()
# both hold data/reference/TABLE.csv and data/reference/golden/NAME.json
SHARED = BESIDE if COMPLETE else CARRIED
REFERENCE = SHARED / "data" / "reference"


def not_carried(what: str) -> None:
    """Skip: the repository may not carry this, and the folder beside it is absent."""
    pytest.skip(f"{what} is not carried by the repository, and ../shared is absent")


class LeftOut(dict[str, Any]):
    """A case whose table the repository does not carry: its keys, and a skip for its numbers.

    So a test that is made for each case is made for this one too, and is reported as skipped.
    """

    def __init__(self, name: str, keys: dict[str, Any]) -> None:
        super().__init__(
            {key: LeftOut(name, inside) if inside else None for key, inside in keys.items()}
        )
        self.name = name

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if value is None:
            not_carried(self.name)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        # the get of dict does not call __getitem__, so would hand out None for a number
        known = key in self
        return self[key] if known else default


def golden(name: str) -> dict[str, Any]:
    """Cases of a golden file, those that are not carried as `LeftOut`."""
    path = REFERENCE / "golden" / f"{name}.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    # the case names in the order of the full file, so that it makes the same tests
    return {
        case: LeftOut(f"golden case {name}/{case}", parts["left_out"])
        if set(parts) == {"left_out"}
        else parts
        for case, parts in stored["cases"].items()
    }


def reference_table(name: str) -> pd.DataFrame:
    """A reference table as it is stored; skips where it is not at hand."""
    path = REFERENCE / f"{name}.csv"
    if not COMPLETE and not path.is_file():
        not_carried(path.name)
    return pd.read_csv(path)
