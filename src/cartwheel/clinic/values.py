"""What single cells say: numbers, detection limits, units, missing values, or none of these."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.cells import MISSING_TEXTS as MISSING_TEXTS, Cells, is_date as is_date
from cartwheel.units import decimal_mark, known_unit, plain_number, split_quantity

_LONGEST_NUMBER = 48
_THOUSANDS_POINT = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")


class Fault(IntEnum):
    """Why a cell is not a number; 0 where nothing is wrong."""

    NONE = 0
    TEXT = 1
    ERROR_CELL = 2
    DATE = 3
    BOOLEAN = 4
    DECIMAL_MARK = 5
    CODING = 6


@dataclass(frozen=True, slots=True)
class ParsedCells:
    """A column read as numbers.

    Parameters
    ----------
    values : float array (n,)
        As written, NaN where missing or faulty; a value written ``<x`` stands at x.
    below, above : bool arrays (n,)
        Written ``<x`` or ``>x``.
    missing : bool array (n,)
        By `MISSING_TEXTS` or an absent cell.
    fault : int array (n,)
        A `Fault`.
    units : int array (n,)
        Index into `unit_names` of the unit written in the cell; -1 without.
    unit_names : tuple of str
        Canonical spellings.
    decimal : str
        ``,`` where decimal commas were read, else ``.``.
    """

    values: NDArray[np.float64]
    below: NDArray[np.bool_]
    above: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    fault: NDArray[np.int8]
    units: NDArray[np.int64]
    unit_names: tuple[str, ...]
    decimal: str


def parse_cells(
    cells: Cells,
    *,
    coding: Mapping[str, float] | None = None,
    decimal: str | None = None,
    semicolons: bool = False,
) -> ParsedCells:
    """Read a column as numbers.

    Parameters
    ----------
    cells : Cells
        From `take_apart`.
    coding : mapping of str to float, optional
        Text -> number; it comes before every other rule, missing values included.
    decimal : {".", ","}, optional
        Declared decimal mark of numbers written as text. Without it the mark must be plain from
        the column itself: points and commas side by side, or nothing but ``1,234``, are faults.
    semicolons : bool
        The file is separated by semicolons, so ``1.234`` may group thousands.

    Returns
    -------
    ParsedCells
        Nothing is raised: what cannot be read carries a `Fault`.
    """
    texts = cells.texts
    size = len(texts)
    distinct = _Distinct(
        value=np.array([*map(_float, texts), math.nan]),
        fault=np.zeros(size + 1, dtype=np.int8),
        unit=np.full(size + 1, -1, dtype=np.int64),
        limit=np.zeros(size + 1, dtype=np.int8),
        missing=np.zeros(size + 1, dtype=np.bool_),
    )
    unplain = np.flatnonzero(np.isnan(distinct.value[:size])).tolist()
    readings = {place: _read_text(texts[place]) for place in unplain}
    commas = any(reading.mark in (",", "?") for reading in readings.values())
    if commas or semicolons or decimal == ",":
        # only here does it matter which of the plain numbers hold a point
        readings = {place: _read_text(text) for place, text in enumerate(texts)}
    mark, open_marks = _column_mark(readings.values(), decimal, semicolons)
    names: dict[str, int] = {}
    for place, reading in readings.items():
        distinct.value[place] = reading.number_under(mark, open_marks)
        distinct.missing[place] = reading.missing
        distinct.fault[place] = reading.fault
        if reading.number is not None:
            readable = math.isfinite(distinct.value[place])
            distinct.fault[place] = Fault.NONE if readable else Fault.DECIMAL_MARK
            distinct.limit[place] = {"<": -1, ">": 1}.get(reading.limit, 0) if readable else 0
            if reading.unit:
                distinct.unit[place] = names.setdefault(reading.unit, len(names))
    if coding:
        _apply_coding(coding, texts, distinct)
    return _spread(cells, coding, distinct, tuple(names), mark)


@dataclass(frozen=True, slots=True)
class _Distinct:
    """What each distinct text means; one place more, for cells stored as numbers."""

    value: NDArray[np.float64]
    fault: NDArray[np.int8]
    unit: NDArray[np.int64]
    limit: NDArray[np.int8]
    missing: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One distinct text, before the column's decimal mark is known."""

    number: str | None = None
    mark: str = ""
    limit: str = ""
    unit: str = ""
    fault: Fault = Fault.NONE
    missing: bool = False

    def number_under(self, mark: str, open_marks: frozenset[str]) -> float:
        """Value under the column's decimal mark; NaN where it has none or the mark is open."""
        if self.number is None or self.mark in open_marks:
            return math.nan
        plain = plain_number(self.number, mark) if self.mark else self.number
        return math.nan if plain is None else float(plain)


def _float(text: str) -> float:
    """Read a plain number; NaN for every text that needs a closer look."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) and "_" not in text else math.nan


def _read_text(text: str) -> _Reading:
    """Read one text by itself: missing, a number as written, or a fault."""
    if text.lower() in MISSING_TEXTS:
        return _Reading(missing=True)
    if text.upper() in ("TRUE", "FALSE"):
        return _Reading(fault=Fault.BOOLEAN)
    if text.startswith("#") and text[1:2].isupper():
        return _Reading(fault=Fault.ERROR_CELL)
    if len(text) > _LONGEST_NUMBER:
        return _Reading(fault=Fault.TEXT)
    if is_date(text):
        return _Reading(fault=Fault.DATE)
    parts = split_quantity(text)
    mark = decimal_mark(parts[1]) if parts else None
    if parts is None or mark is None:
        return _Reading(fault=Fault.TEXT)
    limit, number, written = parts
    unit = known_unit(written) if written else ""
    if unit is None or not math.isfinite(float(re.sub("[.,]", "", number))):
        return _Reading(fault=Fault.TEXT)
    return _Reading(number, mark, limit, unit)


def _column_mark(
    readings: Iterable[_Reading], decimal: str | None, semicolons: bool
) -> tuple[str, frozenset[str]]:
    """Tell the decimal mark of a column, and the marks of those cells that leave it open."""
    if decimal is not None:
        return decimal, frozenset()
    numbers = [reading for reading in readings if reading.number is not None]
    marks = {reading.mark for reading in numbers}
    if "," in marks:
        return (".", frozenset((",", "?"))) if "." in marks else (",", frozenset())
    if "?" in marks:
        return ".", frozenset("?")
    pointed = [reading.number or "" for reading in numbers if reading.mark == "."]
    if semicolons and pointed and all(map(_THOUSANDS_POINT.fullmatch, pointed)):
        return ".", frozenset(".")
    return ".", frozenset()


def _apply_coding(coding: Mapping[str, float], texts: tuple[str, ...], distinct: _Distinct) -> None:
    """Put declared numbers in place of texts; where codes are numbers, other numbers are faults."""
    code_of = _coder(coding)
    closed = any(math.isfinite(_float(key)) for key in coding)
    for place, text in enumerate(texts):
        code = code_of(text)
        if code is not None:
            distinct.value[place], distinct.fault[place] = code, Fault.NONE
            distinct.missing[place], distinct.limit[place], distinct.unit[place] = False, 0, -1
        elif not distinct.missing[place] and (closed or distinct.fault[place]):
            distinct.value[place], distinct.fault[place] = math.nan, Fault.CODING
            distinct.limit[place], distinct.unit[place] = 0, -1


def _coder(coding: Mapping[str, float]) -> Callable[[str], float | None]:
    """Look a text up in a coding: as written; booleans in any case; numbers by value."""
    exact = {key.strip(): float(code) for key, code in coding.items()}
    words = ("TRUE", "FALSE")
    booleans = {key.upper(): code for key, code in exact.items() if key.upper() in words}
    numbers = _coded_numbers(coding)

    def code_of(text: str) -> float | None:
        if text in exact:
            return exact[text]
        return booleans.get(text.upper(), numbers.get(_float(text)))

    return code_of


def _coded_numbers(coding: Mapping[str, float]) -> dict[float, float]:
    """Codes whose text is itself a number, by that number."""
    return {
        number: float(code) for key, code in coding.items() if math.isfinite(number := _float(key))
    }


def _spread(
    cells: Cells,
    coding: Mapping[str, float] | None,
    distinct: _Distinct,
    unit_names: tuple[str, ...],
    mark: str,
) -> ParsedCells:
    """Spread what the distinct texts mean to rows, and add the cells stored as numbers."""
    typed = cells.codes < 0
    value = np.where(typed, cells.numbers, distinct.value[cells.codes])
    fault = distinct.fault[cells.codes]
    if typed.any():
        fault[typed & ~np.isfinite(value)] = Fault.TEXT
        _code_numbers(value, fault, typed, coding or {})
    value[fault != Fault.NONE] = math.nan
    limit = distinct.limit[cells.codes]
    return ParsedCells(
        values=value,
        below=limit < 0,
        above=limit > 0,
        missing=distinct.missing[cells.codes],
        fault=fault,
        units=distinct.unit[cells.codes],
        unit_names=unit_names,
        decimal=mark,
    )


def _code_numbers(
    value: NDArray[np.float64],
    fault: NDArray[np.int8],
    typed: NDArray[np.bool_],
    coding: Mapping[str, float],
) -> None:
    """Apply a coding in place to cells stored as numbers, by value."""
    numbers = _coded_numbers(coding)
    if not numbers:
        return
    outside = typed & np.isfinite(value)
    written = value.copy()
    for number, code in numbers.items():
        here = typed & (written == number)
        value[here] = code
        outside &= ~here
    fault[outside] = Fault.CODING
