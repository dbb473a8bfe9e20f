"""Score one patient, or every row of a sheet, with a score file."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.score import ScoreSpec, read_score
from cartwheel.clinic.score_inputs import Given
from cartwheel.clinic.score_terms import Input
from cartwheel.clinic.score_units import NO_UNIT
from cartwheel.clinic.scoring import Assessment, Unscorable, assess
from cartwheel.errors import CohortRefused, FileRefused, Problem, ScoreRefused, refuse
from cartwheel.units import Quantity, known_unit, split_quantity

# equal to cartwheel.clinic.values.MISSING_TEXTS (a test says so), which loads arrays and tables
MISSING_WORDS = frozenset(
    ("", ".", "-", "--", "–", "—", "na", "n/a", "n.a.", "nan", "<na>", "null", "missing")
)


def score(
    spec_or_path: ScoreSpec | str | os.PathLike[str],
    inputs: Mapping[str, Given] | None = None,
    *,
    patient: str | os.PathLike[str] | None = None,
    at: str | None = None,
) -> Assessment | Unscorable:
    """Score one patient.

    Parameters
    ----------
    spec_or_path : ScoreSpec or path
        The score, or its file.
    inputs : mapping of str to Quantity, Decimal, float, str or None, optional
        By the name of an input, or by the name of its variable where only one input has it
        (``ldh``). Values carry their unit: ``"280 U/L"``.
    patient : path, optional
        JSON file with one object of the same form. Keys that the score does not use are left
        aside, and named in the warnings.
    at : str, optional
        Time of the assessment, handed through to the result.

    Returns
    -------
    Assessment or Unscorable
        The value with its parts, or every reason why there is none.

    Raises
    ------
    FileRefused, ScoreRefused
        If a file cannot be read, the score breaks its format, or an input is given twice.
    """
    spec = spec_or_path if isinstance(spec_or_path, ScoreSpec) else read_score(spec_or_path)
    given, aside = ({}, ()) if patient is None else _patient_file(spec, Path(patient))
    for name, value in named_inputs(spec, inputs or {}).items():
        if name in given:
            raise _given_twice(name)
        given[name] = value
    found = assess(spec, given, at=at)
    if isinstance(found, Assessment) and aside:
        return replace(found, warnings=(*found.warnings, "not used: " + ", ".join(aside)))
    return found


def named_inputs(spec: ScoreSpec, given: Mapping[str, Given]) -> dict[str, Given]:
    """Find for every name the input that is meant.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    given : mapping
        Values by input name (``-`` and ``_`` and case count alike), or by variable where only
        one input has that variable.

    Returns
    -------
    dict
        By input name; a name that fits nothing is left as it is, for `assess` to refuse.

    Raises
    ------
    ScoreRefused
        If two names mean the same input.
    """
    found: dict[str, Given] = {}
    for written, value in given.items():
        name = _meant(spec, written)
        if name in found:
            raise _given_twice(name)
        found[name] = value
    return found


def _meant(spec: ScoreSpec, written: str) -> str:
    if written in spec.input_names:
        return written
    folded = written.replace("-", "_").casefold()
    fits = [name for name in spec.input_names if name.replace("-", "_").casefold() == folded]
    fits = fits or [item.name for item in spec.inputs if item.variable == folded]
    return fits[0] if len(fits) == 1 else written


def _given_twice(name: str) -> ScoreRefused:
    return ScoreRefused(
        Problem("given_twice", "this input is given twice", f"input '{name}'", "give it once")
    )


def _patient_file(spec: ScoreSpec, path: Path) -> tuple[dict[str, Given], tuple[str, ...]]:
    document = _json(path)
    if not isinstance(document, dict):
        raise refuse(
            FileRefused,
            "not_patient",
            "one JSON object is needed, input names to values",
            where=path.name,
            mend='write it as {"ldh": "280 U/L"}',
        )
    known = {key: _plain_given(value) for key, value in document.items()}
    used = {
        name: value for name, value in named_inputs(spec, known).items() if name in spec.input_names
    }
    aside = tuple(key[:60] for key in document if _meant(spec, key) not in spec.input_names)
    return used, aside


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"), parse_float=Decimal)
    except (OSError, ValueError, RecursionError):
        raise refuse(
            FileRefused,
            "unreadable",
            "there is no such file, or it is not JSON in UTF-8",
            where=path.name,
            mend="give a JSON file",
        ) from None


def _plain_given(value: Any) -> Given:
    """Turn ``{"value": 280, "unit": "U/L"}`` into a quantity; all else is judged when scored."""
    if isinstance(value, dict) and set(value) == {"value", "unit"}:
        number, unit = value["value"], value["unit"]
        if isinstance(number, int | Decimal) and not isinstance(number, bool):
            return Quantity(Decimal(number), str(unit))
    return value  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """One row of a sheet: its number as the user sees it, and what the score says of it.

    Parameters
    ----------
    row : int
        The header is row 1.
    found : Assessment or Unscorable
        The value with its parts, or why there is none.
    """

    row: int
    found: Assessment | Unscorable


@dataclass(frozen=True, slots=True)
class _Source:
    item: Input
    position: int
    unit: str


def score_cohort(
    spec: ScoreSpec, path: str | os.PathLike[str], *, units: Mapping[str, str] | None = None
) -> tuple[ScoredRow, ...]:
    """Score every row of a CSV file.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    path : path
        CSV in UTF-8, separated by comma, semicolon or tab. A column is an input's if it has the
        input's name, or if its name says the same variable and day.
    units : mapping of str to str, optional
        Unit of a column whose name does not say it.

    Returns
    -------
    tuple of ScoredRow
        In the order of the file; the header is row 1.

    Raises
    ------
    FileRefused, CohortRefused
        If the file cannot be read, an input has no column or more than one, or a unit is not
        stated.
    """
    header, rows = _sheet(Path(path))
    sources = _sources(spec, header, units or {})
    return tuple(
        ScoredRow(number, assess(spec, {s.item.name: _cell(row, s) for s in sources}))
        for number, row in rows
    )


def _sheet(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        first = text.splitlines()[0]
        separator = max(",;\t", key=first.count)
        header, *rows = csv.reader(text.splitlines(keepends=True), delimiter=separator)
    except (OSError, ValueError, IndexError, csv.Error):
        raise refuse(
            FileRefused,
            "unreadable",
            "there is no such file, or it is empty or not a table in UTF-8",
            where=path.name,
            mend="save the sheet as CSV in UTF-8",
        ) from None
    numbered = [(number, row) for number, row in enumerate(rows, 2) if any(row)]
    return [name.strip() for name in header], numbered


def _sources(spec: ScoreSpec, header: list[str], units: Mapping[str, str]) -> list[_Source]:
    problems: list[Problem] = [
        Problem("unknown_column", "there is no such column", f"--unit {name}", "check the name")
        for name in units
        if name not in header
    ]
    sources: list[_Source] = []
    for item in spec.inputs:
        found = _source(item, header, units)
        if isinstance(found, Problem):
            problems.append(found)
        elif found is not None:
            sources.append(found)
    if problems:
        raise CohortRefused(problems)
    return sources


def _source(item: Input, header: list[str], units: Mapping[str, str]) -> _Source | Problem:
    where = f"input '{item.name}'"
    fits = [place for place, name in enumerate(header) if name == item.name]
    fits = fits or [place for place, name in enumerate(header) if _says(name, item)]
    if len(fits) != 1:
        close = get_close_matches(item.name, header, n=1, cutoff=0.5)
        mend = f"is it '{close[0]}'? Name the column {item.name}" if close else f"add {item.name}"
        what = "no column holds this input" if not fits else "more than one column holds this input"
        return Problem("column", what, where, mend)
    column = header[fits[0]]
    unit = units.get(column) or read_column_name(column).unit or ""
    if item.unit in NO_UNIT or item.coding is not None:
        return _Source(item, fits[0], "")
    if not unit:
        mend = f"say it: --unit '{column}={item.unit}'"
        return Problem("unit_missing", f"column '{column}' does not say its unit", where, mend)
    return _Source(item, fits[0], known_unit(unit) or unit)


def _says(column: str, item: Input) -> bool:
    said = read_column_name(column)
    day = None if item.day is None else float(item.day)
    return (
        said.variable is not None
        and said.variable == item.variable
        and said.day == day
        and said.summary is None
    )


def _cell(row: list[str], source: _Source) -> Given:
    text = row[source.position].strip() if source.position < len(row) else ""
    if text.casefold() in MISSING_WORDS:
        return None
    parts = split_quantity(text)
    bare = parts is not None and not parts[2]
    return f"{text} {source.unit}" if bare and source.unit else text


def assessment_rows(scored: tuple[ScoredRow, ...]) -> Iterator[dict[str, str]]:
    """Lay out scored rows for a CSV file.

    Parameters
    ----------
    scored : tuple of ScoredRow
        From `score_cohort`.

    Returns
    -------
    iterator of dict
        Column to cell: row number, value, band and risk with limits, warnings, and the reasons
        where there is no number. Inputs are not repeated.
    """
    for each in scored:
        found = each.found
        cells: dict[str, Any] = {"row": each.row}
        for name in ("value", "value_low", "value_high", "band", "risk", "risk_low", "risk_high"):
            cells[name] = getattr(found, name, None)
        cells["warnings"] = "; ".join(getattr(found, "warnings", ()))
        cells["reasons"] = "; ".join(str(reason) for reason in getattr(found, "reasons", ()))
        yield {name: "" if cell is None else str(cell) for name, cell in cells.items()}
