"""Study tables written on the spot: text in, what was read out."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from cartwheel.errors import Refused
from cartwheel.pooling.plan import pool_plan_from_dict
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.result import StudyTable
from cartwheel.pooling.study.table import read_studies

# 97.5 % point of the normal distribution, from any table
Z = 1.959963984540054


def read(content: str | bytes, /, name: str = "studies.csv", **plan: Any) -> StudyTable:
    """Read one table under a plan."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_studies([path], plan=pool_plan_from_dict(plan))


def only(content: str, /, **plan: Any) -> Study:
    """Read a table of one row."""
    (study,) = read(content, **plan).studies
    return study


def refused(content: str | bytes, /, name: str = "studies.csv", **plan: Any) -> dict[str, str]:
    """Read a table that must be refused; code to whole sentence."""
    with pytest.raises(Refused) as caught:
        read(content, name, **plan)
    return {problem.code: str(problem) for problem in caught.value.problems}


def codes(table: StudyTable) -> list[str]:
    """Codes of the notes."""
    return [note.code for note in table.notes]


def said(table: StudyTable, code: str) -> str:
    """Text of the notes of one code."""
    return " ".join(note.text for note in table.notes if note.code == code)
