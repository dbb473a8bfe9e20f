"""The centre's table of codes as a file: CSV, as a spreadsheet writes it, or TOML."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.clinic.ucum import from_ucum
from cartwheel.errors import FileRefused, Problem, Refused, refuse
from cartwheel.watch.code_values import Said, read_said
from cartwheel.watch.codes import ANY, SET_ASIDE, CodeRow, CodeTable, Meaning, system_name
from cartwheel.watch.observation import names_known

COLUMNS = tuple(one.name for one in fields(CodeRow))
_NEEDED = ("system", "code", "name")
_SEPARATORS = ",;\t"
_LONGEST = 200
_MOST_ROWS = 20_000
_PAIRS = "write POS=positive; NEG=negative"
_NOT_IN_AN_ANSWER = frozenset(";\r\n")
_YES = ("yes", "true", "1", "y")
_NO = ("", "no", "false", "0", "n")


def read_code_csv(text: str) -> CodeTable:
    """Read the table of codes from CSV.

    Parameters
    ----------
    text : str
        A heading with the names of `CodeRow`, of which ``system``, ``code`` and ``name`` are
        needed, and a row for each line; separated by comma, semicolon or tab. ``values`` is written
        as ``POS=positive; NEG=negative``, ``day_is_enough`` as ``yes`` or ``no``. Empty rows and
        rows that begin with ``#`` are left out.

    Returns
    -------
    CodeTable

    Raises
    ------
    FileRefused
        Everything found wrong at once, with the number of the row: ``code_file``,
        ``column_unknown``, ``column_missing``, and what `checked_rows` refuses.
    """
    text = text.removeprefix("\ufeff")
    lines = text.splitlines()
    heading = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    separator = max(_SEPARATORS, key=heading.count)
    try:
        found = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error:
        what = "a quotation mark is not closed"
        raise refuse(FileRefused, "code_file", what, mend="save it as CSV again") from None
    numbered = [
        (number, [cell.strip() for cell in row])
        for number, row in enumerate(found, 1)
        if any(cell.strip() for cell in row) and not row[0].startswith("#")
    ]
    if not numbered:
        return CodeTable()
    names = [name.casefold() for name in numbered[0][1]]
    _check_heading(names)
    return CodeTable(
        checked_rows((f"row {number}", _from_cells(names, cells)) for number, cells in numbered[1:])
    )


def _check_heading(names: list[str]) -> None:
    problems = [
        Problem("column_unknown", f"'{name[:40]}' is no column", "", nearest_names(name, COLUMNS))
        for name in names
        if name not in COLUMNS
    ]
    problems += [
        Problem("column_missing", f"there is no column '{name}'", "", "add it")
        for name in _NEEDED
        if name not in names
    ]
    problems += [
        Problem("column_twice", f"'{name}' stands twice in the heading", "", "keep one")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    if problems:
        raise FileRefused(problems)


def _from_cells(names: list[str], cells: list[str]) -> dict[str, Any]:
    entry: dict[str, Any] = dict(zip(names, cells, strict=False))
    if len(cells) > len(names):
        entry["values"] = None  # a separator stands inside a cell: what belongs where is not known
    elif isinstance(entry.get("values"), str):
        entry["values"] = _pairs(entry["values"])
    return entry


def _pairs(text: str) -> dict[str, str] | None:
    pairs = {}
    for part in text.split(";"):
        if not part.strip():
            continue
        said, sign, meant = part.rpartition("=")
        if not sign:
            return None
        pairs[said.strip()] = meant.strip()
    return pairs


def read_code_toml(text: str) -> CodeTable:
    """Read the table of codes from TOML.

    Parameters
    ----------
    text : str
        Tables ``[[code]]`` with the keys of `CodeRow`; ``values`` is a table.

    Returns
    -------
    CodeTable

    Raises
    ------
    FileRefused
        As `read_code_csv`.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise refuse(FileRefused, "code_file", f"it is no TOML: {fault}") from None
    entries = document.pop("code", [])
    if document or not isinstance(entries, list):
        raise refuse(FileRefused, "code_file", "a table of codes holds [[code]] and nothing else")
    return CodeTable(
        checked_rows((f"code {number}", entry) for number, entry in enumerate(entries, 1))
    )


def checked_rows(entries: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[CodeRow, ...]:
    """Check the lines of a table, however they are kept.

    Parameters
    ----------
    entries : iterable of (str, mapping)
        Where each stands, for the refusal, and its cells by name of `CodeRow`; ``values`` as a
        mapping.

    Returns
    -------
    tuple of CodeRow

    Raises
    ------
    FileRefused
        Everything found wrong at once: ``key_unknown``, ``code_missing``, ``name_unknown``,
        ``unit_unknown``, ``unit_not_accepted``, ``answer_unknown``, ``cell_form``, ``code_twice``,
        ``rows_many``.
    """
    problems: list[Problem] = []
    rows: list[CodeRow] = []
    seen: dict[tuple[str, str, str, str], str] = {}
    for where, entry in entries:
        if len(rows) >= _MOST_ROWS:
            problems.append(Problem("rows_many", f"more than {_MOST_ROWS} lines", where))
            break
        found = list(_cell_problems(where, entry))
        if found:
            problems += found
            continue
        row = _row(entry)
        problems += _row_problems(where, row)
        place = (row.interface.casefold(), system_name(row.system), row.code, row.unit)
        if place in seen:
            what = f"the same code, system, unit and interface as {seen[place]}"
            problems.append(Problem("code_twice", what, where, "keep one"))
        seen[place] = where
        rows.append(row)
    if problems:
        raise FileRefused(problems)
    return tuple(rows)


def _cell_problems(where: str, entry: object) -> Iterator[Problem]:
    if not isinstance(entry, Mapping):
        yield Problem("cell_form", "this is no line of a table", where)
        return
    for key, value in entry.items():
        if key not in COLUMNS:
            mend = nearest_names(str(key), COLUMNS)
            yield Problem("key_unknown", f"'{str(key)[:40]}' is no key", where, mend)
        elif key == "values":
            if not _is_texts(value):
                yield Problem("cell_form", "values are not pairs", where, _PAIRS)
        elif key == "day_is_enough":
            if not isinstance(value, bool) and str(value).strip().casefold() not in _YES + _NO:
                yield Problem("cell_form", f"'{key}' is neither yes nor no", where)
        elif not isinstance(value, str) or len(value) > _LONGEST:
            yield Problem("cell_form", f"'{key}' is no text of up to {_LONGEST} signs", where)
    if not str(entry.get("code", "")).strip():
        yield Problem("code_missing", "there is no code", where)


def _is_texts(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(each, str) and len(each) <= _LONGEST and not set(each) & _NOT_IN_AN_ANSWER
        for pair in value.items()
        for each in pair
    )


def _row(entry: Mapping[str, Any]) -> CodeRow:
    texts = {
        key: value.strip() for key, value in entry.items() if key not in ("values", "day_is_enough")
    }
    values = tuple((said.strip(), meant.strip()) for said, meant in entry.get("values", {}).items())
    stated = entry.get("day_is_enough", False)
    day = stated if isinstance(stated, bool) else stated.strip().casefold() in _YES
    return CodeRow(**{"system": "", "name": "", **texts}, values=values, day_is_enough=day)


def _row_problems(where: str, row: CodeRow) -> Iterator[Problem]:
    if row.name == SET_ASIDE:
        return
    kind = names_known().get(row.name)
    if kind is None:
        mend = nearest_names(row.name, (*names_known(), SET_ASIDE))
        yield Problem("name_unknown", f"'{row.name[:40]}' is no name of a value", where, mend)
        return
    unit = ""
    if row.read_unit:
        try:
            unit = from_ucum(row.read_unit)
        except Refused as refused:
            one = refused.problems[0]
            yield Problem(one.code, one.what, where, one.mend)
            return
        yield from _unit_problems(where, row, unit)
    for said, meant in row.values:
        yield from _answer_problems(where, row, unit, (said, meant))


def _unit_problems(where: str, row: CodeRow, unit: str) -> Iterator[Problem]:
    """Try the unit on a number: any refusal but that of the number itself is one of the unit."""
    if names_known()[row.name] != "quantity":
        if unit != "1":
            yield Problem("unit_not_accepted", f"'{row.name}' has no unit", where, "leave it out")
        return
    try:
        read_said(Meaning(row.name, unit), Said("1"))
    except Refused as refused:
        one = refused.problems[0]
        if one.code.startswith("unit"):
            yield Problem(one.code, one.what, where, one.mend)


def _answer_problems(
    where: str, row: CodeRow, unit: str, pair: tuple[str, str]
) -> Iterator[Problem]:
    said, meant = pair
    if names_known()[row.name] == "milestone":
        yield Problem("answer_unknown", "a milestone has no answers", where, "leave them out")
        return
    numeric = names_known()[row.name] in ("quantity", "number")
    meaning = Meaning(row.name, unit, "", {ANY: meant})
    if numeric and said == ANY:
        yield Problem("answer_unknown", "no number stands for every answer", where)
        return
    try:
        read_said(meaning, Said(meant) if numeric else Said("", ((meant,),)))
    except Refused as refused:
        one = refused.problems[0]
        if numeric and one.code == "unit_missing":
            return  # the unit comes with the message
        what = f"'{meant[:40]}' is no value of {row.name}"
        yield Problem("answer_unknown", what, where, one.mend)


def code_csv(table: CodeTable) -> str:
    """Write a table of codes as CSV, as `read_code_csv` reads it.

    Parameters
    ----------
    table : CodeTable

    Returns
    -------
    str
        Rows as they stand, lines ending in CR LF.
    """
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow(COLUMNS)
    for row in table.rows:
        cells = {name: getattr(row, name) for name in COLUMNS}
        cells["values"] = "; ".join(f"{said}={meant}" for said, meant in row.values)
        cells["day_is_enough"] = "yes" if row.day_is_enough else ""
        writer.writerow([cells[name] for name in COLUMNS])
    return made.getvalue()
