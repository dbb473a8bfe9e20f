"""What single cells say: numbers, detection limits, units, missing values, or none of these.

A column is taken apart into its distinct texts first, so that a million cells cost a million array
look-ups and only as many readings as there are different texts.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartwheel.units import decimal_mark, known_unit, plain_number, split_quantity

# Trimmed, in any case. "none", "unknown" and "ND" are not here: no therapy, a category, and
# "not detected" are not missing values; declare a coding for them.
MISSING_TEXTS: frozenset[str] = frozenset(
    ("", ".", "-", "--", "–", "—", "na", "n/a", "n.a.", "nan", "<na>", "null", "missing")
)

_LONGEST_NUMBER = 48
_MONTH = r"(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*\.?"
_DATE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d.*)?"
    r"|\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})(?: \d.*)?"
    r"|\d{4}([./])\d{1,2}\2\d{1,2}"
    rf"|\d{{1,2}}\.?[- ]?{_MONTH}(?:[- ]\d{{2,4}})?|{_MONTH}[- ]\d{{2,4}}",
    re.IGNORECASE,
)
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
class Cells:
    """A column taken apart: typed numbers apart from texts.

    Parameters
    ----------
    numbers : float array (n,)
        Cells stored as numbers; NaN elsewhere.
    codes : int array (n,)
        Index into `texts`; -1 where the cell is stored as a number.
    texts : tuple of str
        Distinct trimmed texts; an absent cell is the empty text. Booleans are ``TRUE`` and
        ``FALSE``, dates ISO.
    """

    numbers: NDArray[np.float64]
    codes: NDArray[np.int64]
    texts: tuple[str, ...]

    def rows(self, texts: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Spread a property of the distinct texts to rows; False for cells stored as numbers."""
        return np.append(texts, False)[self.codes]


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


def take_apart(series: pd.Series) -> Cells:
    """Take a column apart into typed numbers and distinct texts.

    Parameters
    ----------
    series : Series
        Raw cells of any type.
    """
    if _is_numeric(series):
        numbers = series.to_numpy(dtype=np.float64, na_value=math.nan)
        absent = np.isnan(numbers)
        return Cells(numbers, np.where(absent, 0, -1), ("",))
    if series.dtype == object or isinstance(series.dtype, pd.CategoricalDtype):
        numbers, texts = _typed_cells(series)
    else:
        numbers, texts = np.full(len(series), math.nan), _texts(series)
    codes, distinct = pd.factorize(texts, use_na_sentinel=True)
    trimmed = [str(text).strip() for text in distinct.tolist()]
    if (codes < 0).any():
        codes = np.where(codes < 0, len(trimmed), codes)
        trimmed.append("")
    codes = np.where(np.isnan(numbers), codes, -1).astype(np.int64)
    return Cells(numbers, codes, tuple(trimmed))


def _is_numeric(series: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(series.dtype)) and not bool(
        pd.api.types.is_bool_dtype(series.dtype)
    )


def _texts(series: pd.Series) -> pd.Series:
    """Column of one type as text: text itself, booleans, dates."""
    if pd.api.types.is_bool_dtype(series.dtype):
        return series.map({True: "TRUE", False: "FALSE"}).astype(object)
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return series.map(lambda stamp: None if pd.isna(stamp) else stamp.isoformat()[:10])
    if pd.api.types.is_string_dtype(series.dtype):
        return series
    return series.astype(object).map(_text_of)


def _typed_cells(series: pd.Series) -> tuple[NDArray[np.float64], pd.Series]:
    """Cells of mixed types: numbers to the array, the rest as text."""
    cells = series.astype(object).tolist()
    if all(type(cell) is str for cell in cells):
        return np.full(len(cells), math.nan), pd.Series(cells, dtype=object)
    numbers = np.array([_number_of(cell) for cell in cells], dtype=np.float64)
    texts = [
        _text_of(cell) if math.isnan(number) else ""
        for cell, number in zip(cells, numbers.tolist(), strict=True)
    ]
    return numbers, pd.Series(texts, dtype=object)


def _number_of(cell: Any) -> float:
    if isinstance(cell, bool | np.bool_ | str) or not hasattr(cell, "__float__"):
        return math.nan
    return float(cell)


def _text_of(cell: Any) -> str | None:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool | np.bool_):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    if cell is None or cell is pd.NA or cell is pd.NaT or isinstance(cell, float):
        return None  # a float that comes here is not a number
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return str(cell)


def missing_cells(series: pd.Series) -> NDArray[np.bool_]:
    """Tell which cells are missing: absent, blank, or one of `MISSING_TEXTS` in any case.

    Parameters
    ----------
    series : Series
        Raw cells, n of them. The answer is a bool array (n,).
    """
    cells = take_apart(series)
    return cells.rows(missing_texts(cells.texts))


def missing_texts(texts: Iterable[str]) -> NDArray[np.bool_]:
    """Tell which texts stand for a missing value.

    Parameters
    ----------
    texts : iterable of str, trimmed, in any case
    """
    return np.array([text.lower() in MISSING_TEXTS for text in texts], dtype=np.bool_)


def date_texts(texts: Iterable[str]) -> NDArray[np.bool_]:
    """Tell which texts are written as dates.

    Parameters
    ----------
    texts : iterable of str, trimmed
        One of 32 characters or more never counts as a date.
    """
    return np.array([len(text) < 32 and is_date(text) for text in texts], dtype=np.bool_)


def is_date(text: str) -> bool:
    """Whether a text is written as a date, in any of the usual orders.

    Parameters
    ----------
    text : str, trimmed
        Its shape alone is judged: 99-99-9999 is a date.
    """
    return _DATE.fullmatch(text) is not None


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
