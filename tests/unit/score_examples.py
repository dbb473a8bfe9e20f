"""Score documents that several tests build on; all invented but for the EASIX formula."""

from __future__ import annotations

import re
import tomllib
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "score-file.md"


def manual_toml() -> str:
    """Give the complete example of the manual as it is printed there."""
    found = re.search(r"```toml\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def points_document() -> dict[str, Any]:
    return tomllib.loads(manual_toml(), parse_float=Decimal)


def bare_document(**parts: Any) -> dict[str, Any]:
    """A formula score of one input ``x`` without unit, value = x; replace what is wanted."""
    document: dict[str, Any] = {
        "schema": "cartwheel-score/1",
        "id": "bare",
        "version": "1",
        "title": "Bare",
        "status": "unverified",
        "simulated": False,
        "method": "formula",
        "outcome": {"name": "event", "kind": "binary", "definition": "the event"},
        "population": {"text": "nobody"},
        "citation": {"text": "none"},
        "inputs": [{"name": "x", "label": "X"}],
        "terms": [{"kind": "linear", "input": "x", "coefficient": 1}],
        "examples": [{"inputs": {"x": 0}, "value": 0}],
    }
    return deepcopy(document) | parts


def easix_document(**parts: Any) -> dict[str, Any]:
    """EASIX: LDH (U/L) * creatinine (mg/dL) / platelets (10^9/L)."""
    return (
        bare_document(
            id="easix",
            title="EASIX",
            inputs=[
                {"name": "ldh", "label": "LDH", "variable": "ldh", "unit": "U/L"},
                {
                    "name": "creatinine",
                    "label": "Creatinine",
                    "variable": "creatinine",
                    "unit": "mg/dL",
                },
                {
                    "name": "platelets",
                    "label": "Platelets",
                    "variable": "platelets",
                    "unit": "10^9/L",
                },
            ],
            terms=[
                {
                    "kind": "product",
                    "name": "EASIX",
                    "factors": [
                        {"input": "ldh"},
                        {"input": "creatinine"},
                        {"input": "platelets", "exponent": -1},
                    ],
                }
            ],
            examples=[
                {
                    "inputs": {"ldh": "250 U/L", "creatinine": "1 mg/dL", "platelets": "100 G/L"},
                    "value": Decimal("2.5"),
                    "tolerance": 0,
                }
            ],
        )
        | parts
    )
