"""docs/units.md says what the dictionary holds, and its examples run."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from cartwheel.clinic.dictionary import Variable, variables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "units.md"


def row(entry: Variable) -> str:
    """Give the line of the table for a variable."""
    others = [
        unit if factor == 1 else f"{unit} (x {factor})"
        for unit, factor in entry.units.items()
        if unit != entry.unit
    ]
    codes = [*entry.loinc, *(f"{code}*" for code in entry.loinc_unverified)]
    unit = "" if entry.dimensionless else entry.unit
    cells = (entry.name, unit, ", ".join(others), f"{entry.low} to {entry.high}", ", ".join(codes))
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


@pytest.mark.parametrize("name", list(variables()))
def test_the_table_holds_every_variable(name: str) -> None:
    assert row(variables()[name]) in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_table_holds_nothing_else() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index("| variable | unit | also accepted | plausible | LOINC |")
    table = lines[start + 2 :]
    assert table[len(variables())] == ""
    assert len([line for line in table[: len(variables())] if line]) == len(variables())


def test_every_reason_against_a_unit_is_told() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for entry in variables().values():
        for unit in entry.unconverted:
            assert unit in text, (entry.name, unit)


def test_the_examples_run() -> None:
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 8
    assert result.failed == 0
