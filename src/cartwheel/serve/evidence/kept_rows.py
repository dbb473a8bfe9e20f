"""Rows of an uploaded file as a worker read them: kept with the file, drawn with the table."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from cartwheel.canonical import plain
from cartwheel.clinic.reading import RawTable
from cartwheel.errors import FileRefused, PlanRefused, Problem, Refused, refuse
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.study.headers import read_headers
from cartwheel.pooling.study.printed import cell_text
from cartwheel.pooling.study.reading import read_study_table
from cartwheel.pooling.study.result import ResultRows
from cartwheel.pooling.study.result_file import read_result
from cartwheel.pooling.study.rows import OpenTable
from cartwheel.serve.evidence.file_rows import KeptRows

# of the page; studies of a result are kept at each, since their intervals are
LEVELS = (0.95, 0.9, 0.99)
# a table to be drawn as one types; the full run takes any number
MOST_KEPT = 2000


def kept_rows(path: Path, sheet: str | None) -> bytes:
    """Read a table of studies, or a result of ours, and keep its rows. Runs in a worker.

    Parameters
    ----------
    path : Path
        Of the file.
    sheet : str, optional
        Of a workbook.

    Returns
    -------
    bytes
        JSON: cells as they are written, or studies at each of `LEVELS`.

    Raises
    ------
    Refused
        As reading it does; ``too_many_rows`` above `MOST_KEPT`.
    """
    if path.suffix.lower() == ".json":
        found = {f"{level:g}": plain(read_result(path, PoolPlan(level=level))) for level in LEVELS}
        return _bytes({"kind": "result", "levels": found})
    raw = read_study_table(path, sheet=sheet)
    if len(raw.frame) > MOST_KEPT:
        raise refuse(
            FileRefused,
            "too_many_rows",
            f"{len(raw.frame)} rows are more than the {MOST_KEPT} that are drawn as you type",
            where=path.name,
            mend="its rows join in the full run",
        )
    columns = [raw.frame.iloc[:, place].tolist() for place in range(raw.frame.shape[1])]
    return _bytes(
        {
            "kind": "table",
            "columns": [str(name) for name in raw.frame.columns],
            "cells": [[_cell(cell) for cell in column] for column in columns],
            "first_row": raw.first_row,
            "sha256": raw.sha256,
            "read_as": raw.kind,
            "notes": list(raw.notes),
            "separator": raw.separator,
        }
    )


def opened_rows(kept: KeptRows, plan: PoolPlan, folder: Path) -> OpenTable | ResultRows:
    """Make of what was kept what reading the file itself would give.

    Parameters
    ----------
    kept : KeptRows
        Of a file that was read.
    plan : PoolPlan
        For its level and its columns.
    folder : Path
        An empty one: no file that a cell names is read here.

    Returns
    -------
    OpenTable or ResultRows

    Raises
    ------
    Refused
        Why it was not read, or as `cartwheel.pooling.study.headers.read_headers`;
        ``level_of_file`` at a level that was not kept.
    """
    if kept.state != "read":
        raise PlanRefused(kept.problems)
    if kept.document["kind"] == "result":
        return _result(kept, plan)
    told = kept.document
    frame = pd.DataFrame(
        dict(enumerate(pd.Series(cells, dtype=object) for cells in told["cells"])), dtype=object
    )
    frame.columns = pd.Index(told["columns"], dtype=object)
    raw = RawTable(
        frame, told["first_row"], kept.name, told["sha256"], told["read_as"],
        tuple(told["notes"]), told["separator"],
    )  # fmt: skip
    headers = read_headers(told["columns"], where=kept.name, said=plan.columns)
    return OpenTable(raw, headers, str(folder))


def _result(kept: KeptRows, plan: PoolPlan) -> ResultRows:
    told = kept.document["levels"].get(f"{plan.level:g}")
    if told is None:
        raise refuse(
            PlanRefused,
            "level_of_file",
            f"its studies are not drawn at the level {plan.level:g}",
            where=kept.name,
            mend="they join in the full run",
        )
    rows: ResultRows = _reader().validate_json(json.dumps(told), strict=True)
    return replace(
        rows,
        studies=tuple(replace(study, file=kept.name) for study in rows.studies),
        left_out=tuple(replace(one, file=kept.name) for one in rows.left_out),
        source=replace(rows.source, name=kept.name),
    )


@cache
def _reader() -> TypeAdapter[ResultRows]:
    return TypeAdapter(ResultRows)


def _bytes(document: Mapping[str, Any]) -> bytes:
    # not the canonical form: a cell keeps the digits that it has
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


def _cell(cell: Any) -> str | int | float | bool | None:
    """Keep a cell so that it is read as before: text as written, numbers as numbers."""
    bare = cell.item() if hasattr(cell, "item") else cell
    if bare is None or isinstance(bare, str | bool | int):
        return bare
    if isinstance(bare, float):
        if math.isfinite(bare):
            return bare
        return None if math.isnan(bare) else str(bare)
    return cell_text(cell)


def problems_of(refused: Refused, name: str) -> tuple[Problem, ...]:
    """Name the file in what is said of it.

    Parameters
    ----------
    refused : Refused
        Of its reading.
    name : str
        Of the file.

    Returns
    -------
    tuple of Problem
    """
    return tuple(
        one if name in one.where else replace(one, where=f"{name}: {one.where}".rstrip(": "))
        for one in refused.problems
    )
