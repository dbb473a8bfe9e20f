"""Single cells: what is a number, what is missing, what is neither."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cartwheel.clinic.cells import MISSING_TEXTS, missing_cells, take_apart
from cartwheel.clinic.values import Fault, ParsedCells, parse_cells


def _parse(cells: list[Any], **options: Any) -> ParsedCells:
    return parse_cells(take_apart(pd.Series(cells, dtype=object)), **options)


@pytest.mark.parametrize(
    "text", [*sorted(MISSING_TEXTS), "NA", "N/A", "NaN", " ", "\u00a0", "NULL"]
)
def test_missing_texts(text: str) -> None:
    read = _parse([text, "1"])
    assert read.missing.tolist() == [True, False]
    assert read.fault.tolist() == [0, 0]
    assert np.isnan(read.values[0])
    assert missing_cells(pd.Series([text, "1"])).tolist() == [True, False]


@pytest.mark.parametrize("cell", [None, np.nan, pd.NA, pd.NaT])
def test_absent_cells(cell: Any) -> None:
    assert _parse([cell, 1.5]).missing.tolist() == [True, False]
    assert missing_cells(pd.Series([cell, "a"], dtype=object)).tolist() == [True, False]


@pytest.mark.parametrize("text", ["none", "unknown", "ND", "0", "#N/A"])
def test_what_is_not_missing(text: str) -> None:
    assert not _parse([text]).missing[0]


@pytest.mark.parametrize(
    ("text", "value", "below", "above"),
    [
        ("<0.5", 0.5, True, False),
        ("< 0,5", 0.5, True, False),
        ("≤0.5", 0.5, True, False),
        ("<=0.5", 0.5, True, False),
        (">2000", 2000, False, True),
        ("≥ 2000", 2000, False, True),
        (">=2000", 2000, False, True),
        ("0.5", 0.5, False, False),
    ],
)
def test_detection_limits(text: str, value: float, below: bool, above: bool) -> None:
    read = _parse([text])
    assert (read.values[0], read.below[0], read.above[0]) == (value, below, above)


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("hemolyzed", Fault.TEXT),
        ("1_000", Fault.TEXT),
        ("inf", Fault.TEXT),
        (float("inf"), Fault.TEXT),
        ("12 neg", Fault.TEXT),
        ("~5", Fault.TEXT),
        ("1 2", Fault.TEXT),
        ("5,", Fault.TEXT),
        ("9" * 400, Fault.TEXT),
        ("#N/A", Fault.ERROR_CELL),
        ("#DIV/0!", Fault.ERROR_CELL),
        ("#FORMULA!", Fault.ERROR_CELL),
        (dt.date(2021, 5, 3), Fault.DATE),
        (dt.datetime(2021, 5, 3, 4), Fault.DATE),
        ("2021-05-03", Fault.DATE),
        ("3.5.2021", Fault.DATE),
        ("03/05/21", Fault.DATE),
        ("3-May", Fault.DATE),
        ("May-21", Fault.DATE),
        (True, Fault.BOOLEAN),
        ("FALSE", Fault.BOOLEAN),
        ("true", Fault.BOOLEAN),
        ("1,234", Fault.DECIMAL_MARK),
    ],
)
def test_faults(cell: Any, fault: Fault) -> None:
    read = _parse([cell, "7"])
    assert read.fault.tolist() == [fault, 0]
    assert np.isnan(read.values[0])
    assert read.values[1] == 7


@pytest.mark.parametrize(
    ("cells", "options", "expected"),
    [
        (["3,5", "4"], {}, [3.5, 4]),
        (["3,5", "1,234"], {}, [3.5, 1.234]),
        (["3,5", "3.5"], {}, [None, 3.5]),
        (["1,234", "980.5"], {}, [None, 980.5]),
        (["1,234", "5"], {}, [None, 5]),
        (["1,234,567", "5"], {}, [1234567, 5]),
        (["1.234,5", "5"], {}, [1234.5, 5]),
        (["1,234", "980.5"], {"decimal": "."}, [1234, 980.5]),
        (["1,234", "5"], {"decimal": ","}, [1.234, 5]),
        (["1.234", "3,5"], {"decimal": ","}, [1234, 3.5]),
        (["3.5", "3,5"], {"decimal": ","}, [None, 3.5]),
        # in a file with semicolons a point may group thousands
        (["1.234", "12.345", "8"], {"semicolons": True}, [None, None, 8]),
        (["1.234", "0.5"], {"semicolons": True}, [1.234, 0.5]),
        (["1.234", "12.345"], {}, [1.234, 12.345]),
        # a number stored as a number has no decimal mark to doubt
        ([1.234, 12.345, "3,5"], {}, [1.234, 12.345, 3.5]),
        ([1.234, "3,5"], {"decimal": ","}, [1.234, 3.5]),
    ],
)
def test_decimal_marks(
    cells: list[Any], options: dict[str, Any], expected: list[float | None]
) -> None:
    read = _parse(cells, **options)
    assert [None if fault else value for value, fault in zip(read.values, read.fault)] == expected  # noqa: B905
    assert set(read.fault.tolist()) <= {0, Fault.DECIMAL_MARK}


def test_units_in_cells() -> None:
    read = _parse(["280 U/L", "300 IU/l", "5 ukat/L", "7"])
    assert read.unit_names == ("U/L", "ukat/L")
    assert read.units.tolist() == [0, 0, 1, -1]
    assert read.values.tolist() == [280, 300, 5, 7]


def test_coding_comes_first() -> None:
    read = _parse(["yes", "no", "-", "maybe", ""], coding={"yes": 1, "no": 0, "-": 9})
    assert read.values[:3].tolist() == [1, 0, 9]
    assert read.fault.tolist() == [0, 0, 0, Fault.CODING, 0]
    assert read.missing.tolist() == [False, False, False, False, True]


def test_numeric_codes_match_by_value_and_close_the_coding() -> None:
    read = _parse(["1", "2.0", 2.0, 1, "3", 4.0], coding={"1": 0, "2": 1})
    assert read.values[:4].tolist() == [0, 1, 1, 0]
    assert read.fault.tolist() == [0, 0, 0, 0, Fault.CODING, Fault.CODING]


def test_coded_booleans() -> None:
    read = _parse([True, False, "true", "FALSE"], coding={"TRUE": 1, "FALSE": 0})
    assert read.values.tolist() == [1, 0, 1, 0]


def test_true_is_not_one() -> None:
    read = _parse([True, 1, 1.0, "1"])
    assert read.fault.tolist() == [Fault.BOOLEAN, 0, 0, 0]


@pytest.mark.parametrize(
    "series",
    [
        pd.Series([1, 2, None], dtype="Int64"),
        pd.Series([1.0, 2.0, np.nan]),
        pd.Series(["1", "2", None], dtype="string"),
        pd.Series(["1", "2", "NA"], dtype="category"),
        pd.Series([1, 2, None], dtype="category"),
        pd.Series([Decimal(1), np.float32(2), None], dtype=object),
        pd.Series(["1", "2", ""], dtype=str),
    ],
)
def test_every_type_of_column(series: pd.Series) -> None:
    read = parse_cells(take_apart(series))
    assert read.values[:2].tolist() == [1, 2]
    assert read.missing.tolist() == [False, False, True]


def test_typed_dates_and_booleans() -> None:
    days = parse_cells(take_apart(pd.to_datetime(pd.Series(["2021-01-01", None]))))
    assert days.fault.tolist() == [Fault.DATE, 0]
    flags = parse_cells(take_apart(pd.Series([True, None], dtype="boolean")))
    assert flags.fault.tolist() == [Fault.BOOLEAN, 0]
