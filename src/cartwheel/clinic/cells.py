"""A column as cells: typed numbers apart from texts; which texts are missing, which are dates.

A column is taken apart into its distinct texts first, so that a million cells cost a million array
look-ups and only as many readings as there are different texts.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Trimmed, in any case. "none", "unknown" and "ND" are not here: no therapy, a category, and
# "not detected" are not missing values; declare a coding for them.
MISSING_TEXTS: frozenset[str] = frozenset(
    ("", ".", "-", "--", "–", "—", "na", "n/a", "n.a.", "nan", "<na>", "null", "missing")
)

_MONTH = r"(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*\.?"
_DATE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d.*)?"
    r"|\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})(?: \d.*)?"
    r"|\d{4}([./])\d{1,2}\2\d{1,2}"
    rf"|\d{{1,2}}\.?[- ]?{_MONTH}(?:[- ]\d{{2,4}})?|{_MONTH}[- ]\d{{2,4}}",
    re.IGNORECASE,
)


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
