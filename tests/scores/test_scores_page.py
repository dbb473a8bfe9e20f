"""The page of scores is true of the library."""

from __future__ import annotations

from pathlib import Path

from cartwheel.clinic.registry import registry
from cartwheel.clinic.score import read_score

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scores.md"


def test_every_score_stands_on_its_page_with_its_status() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
    here = {row[0].strip("`"): row[1:] for row in rows}
    assert list(here) == list(registry())
    for name, cells in here.items():
        entry = registry()[name]
        if not entry.computable:
            assert cells == [entry.title, "; ".join(entry.missing)]
            continue
        inputs = ", ".join(
            f"{item.name} ({item.unit})" if item.unit else item.name
            for item in read_score(name).inputs
        )
        doubted = f"; {entry.doubted} parts unverified or assumed" if entry.doubted else ""
        status = "unverified" if entry.status == "unverified" else f"published{doubted}"
        assert cells == [entry.title, inputs, status]
