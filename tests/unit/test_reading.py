"""Files of every kind, broken files, and rows numbered as the user sees them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from cartwheel.clinic import reading
from cartwheel.clinic.reading import read_table, table_from_frame
from cartwheel.errors import CohortRefused, FileRefused

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return _write


def _workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def _code(refused: pytest.ExceptionInfo[Any]) -> list[str]:
    return [problem.code for problem in refused.value.problems]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_text_tables(write: Write, separator: str, encoding: str, newline: str) -> None:
    rows = [["N", "µ, class", 'say "x"', "😀"], ["1", "a", "", "é"], ["2", " b ", "3", "x\ny"]]
    quoted = [separator.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    table = read_table(write("a.csv", (newline.join(quoted) + newline).encode(encoding)))
    assert list(table.frame.columns) == rows[0]
    assert table.frame.to_numpy().tolist() == rows[1:]
    assert (table.first_row, table.separator, table.kind) == (2, separator, "text table")


def test_windows_text_is_said(write: Write) -> None:
    table = read_table(write("a.csv", "id,größe\n1,3\n2,4\n".encode("cp1252")))
    assert list(table.frame.columns) == ["id", "größe"]
    assert any("Windows-1252" in note for note in table.notes)


def test_decimal_commas_do_not_divide_a_semicolon_file(write: Write) -> None:
    table = read_table(write("a.csv", "id;crp (mg/L, serum);x\n1;2,5;3\n2;3,5;4\n"))
    assert table.frame.iloc[:, 1].tolist() == ["2,5", "3,5"]


def test_the_line_that_excel_hides(write: Write) -> None:
    table = read_table(write("a.csv", "sep=;\nid;x\n1;2,5\n2;3,5\n"))
    assert list(table.frame.columns) == ["id", "x"]


def test_cells_stay_text(write: Write) -> None:
    table = read_table(write("a.csv", "id,x,y\n001,NA,1e5\n002,null,TRUE\n"))
    assert table.frame.to_numpy().tolist() == [["001", "NA", "1e5"], ["002", "null", "TRUE"]]


def test_repeated_and_padded_names(write: Write) -> None:
    table = read_table(write("a.csv", "id, crp ,crp\n1,2,3\n2,3,4\n"))
    assert list(table.frame.columns) == ["id", "crp", "crp"]
    assert table.notes == ("white space around 1 column name left out",)


def test_empty_edges_are_left_out_and_rows_keep_their_numbers(write: Write) -> None:
    table = read_table(write("a.csv", "\n\nid,x,,\n1,2,,\n2,3,,\n,,,\n\n"))
    assert list(table.frame.columns) == ["id", "x"]
    assert (table.first_row, len(table.frame)) == (4, 2)


@pytest.mark.parametrize(
    ("content", "code", "rows"),
    [
        ("", "file_empty", ""),
        ("  \n\n", "file_empty", ""),
        (",,\n,,\n", "file_empty", ""),
        ("id,x\n", "no_rows", ""),
        ("id,x\n1,2\n", "one_row", ""),
        ("1,2\n3,4\n5,6\n", "no_header", "row 1"),
        ("My cohort,,\nid,x,y\n1,2,3\n2,3,4\n", "title_row", "row 1"),
        ("id,x\n1,2,3\n2,3\n", "ragged_rows", "row 2"),
        ("id,x,y\n1,2,3\n2,3\n", "ragged_rows", "row 3"),
        ("id,x\n1,2\n,\n2,3\n\n3,4\n", "empty_rows", "rows 3, 5"),
        ('id,x\n1,"2\n2,3\n', "quotes", ""),
        ("id,x\n1,\x002\n2,3\n", "not_text", ""),
        (b"PK\x03\x04junk", "not_text", ""),
    ],
)
def test_broken_text_is_refused(write: Write, content: str | bytes, code: str, rows: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read_table(write("a.csv", content))
    assert _code(refused) == [code]
    assert rows in refused.value.problems[0].where


def test_many_rows_are_counted_not_listed(write: Write) -> None:
    content = "id,x\n" + "1\n" * 22 + "1,2\n"
    with pytest.raises(FileRefused, match="rows 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 12 more"):
        read_table(write("a.csv", content))


def test_missing_folder_and_unknown_files_are_refused(tmp_path: Path, write: Write) -> None:
    cases = {
        tmp_path / "absent.csv": "file_missing",
        tmp_path: "file_is_folder",
        write("a.doc", "x"): "file_kind",
        write("a.xlsx", b"PK\x03\x04junk"): "workbook_unreadable",
        write("b.xlsx", "id,x\n1,2\n"): "workbook_unreadable",
        write("a.sav", "junk"): "file_unreadable",
        write("a.dta", "junk"): "file_unreadable",
        write("a.parquet", "junk"): "file_unreadable",
        write("a.xpt", "junk"): "file_unreadable",
    }
    for path, code in cases.items():
        with pytest.raises(FileRefused) as refused:
            read_table(path)
        assert _code(refused) == [code]


def test_workbook_keeps_types_and_finds_errors(tmp_path: Path) -> None:
    day = dt.date(2021, 3, 4)
    path = _workbook(
        tmp_path / "a.xlsx",
        {
            "data": [
                [None, "id", "x", "when", "ok"],
                [None, 1, 2.5, day, True],
                [None, 2, "#DIV/0!", day, False],
                [None, 3, "=1/0", "", None],
            ]
        },
    )
    book = openpyxl.load_workbook(path)
    book["data"]["C3"].data_type = "e"
    book.save(path)
    table = read_table(path)
    assert list(table.frame.columns) == ["id", "x", "when", "ok"]
    assert table.frame["x"].tolist() == [2.5, "#DIV/0!", "#FORMULA!"]
    assert table.frame["when"].tolist()[0] == day
    assert table.frame["ok"].tolist()[:2] == [True, False]
    assert table.first_row == 2


def test_several_sheets_must_be_chosen(tmp_path: Path) -> None:
    rows = [["id", "x"], [1, 2], [2, 3]]
    path = _workbook(tmp_path / "a.xlsx", {"one": rows, "Übersicht": rows, "empty": []})
    with pytest.raises(FileRefused) as refused:
        read_table(path)
    assert _code(refused) == ["which_sheet"]
    assert "one, Übersicht" in refused.value.problems[0].what
    for sheet in ("Übersicht", 2, "2"):
        assert any("Übersicht" in note for note in read_table(path, sheet=sheet).notes)
    for sheet in ("on", 0, 9):
        with pytest.raises(FileRefused) as refused:
            read_table(path, sheet=sheet)
        assert _code(refused) == ["sheet_unknown"]


def test_hidden_and_empty_sheets_do_not_count(tmp_path: Path) -> None:
    rows = [["id", "x"], [1, 2], [2, 3]]
    path = _workbook(tmp_path / "a.xlsx", {"one": rows, "lists": rows, "empty": []})
    book = openpyxl.load_workbook(path)
    book["lists"].sheet_state = "hidden"
    book.save(path)
    assert len(read_table(path).frame) == 2


def test_merged_cells_are_said(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "a.xlsx", {"d": [["id", "x"], [1, 2], [2, None]]})
    book = openpyxl.load_workbook(path)
    book["d"].merge_cells("B2:B3")
    book.save(path)
    assert any("merged" in note for note in read_table(path).notes)


FRAME = pd.DataFrame({"id": ["a", "b", "c"], "x": [1.5, np.nan, 3.0], "k": [1, 2, 3]})


def test_parquet_stata_spss_sas_hold_the_same(tmp_path: Path) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    pytest.importorskip("pyarrow")
    FRAME.to_parquet(tmp_path / "a.parquet")
    FRAME.to_stata(tmp_path / "a.dta", write_index=False)
    pyreadstat.write_sav(FRAME, str(tmp_path / "a.sav"))
    pyreadstat.write_xport(FRAME, str(tmp_path / "a.xpt"))
    for name in ("a.parquet", "a.dta", "a.sav", "a.xpt"):
        table = read_table(tmp_path / name)
        assert table.first_row == 1
        assert list(table.frame.columns) == ["id", "x", "k"], name
        assert table.frame["id"].tolist() == ["a", "b", "c"], name
        assert table.frame["x"].astype(float).isna().tolist() == [False, True, False], name
        assert table.frame["k"].astype(float).tolist() == [1, 2, 3], name


def test_value_labels_stay_codes(tmp_path: Path) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    labels = {"k": {1: "yes", 2: "no", 3: "?"}}
    pyreadstat.write_sav(FRAME, str(tmp_path / "a.sav"), variable_value_labels=labels)
    table = read_table(tmp_path / "a.sav")
    assert table.frame["k"].tolist() == [1, 2, 3]
    assert any("labels" in note for note in table.notes)


def test_a_missing_library_is_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "find_spec", lambda _library: None)
    with pytest.raises(FileRefused) as refused:
        read_table(write("a.sav", "x"))
    assert _code(refused) == ["library_missing"]
    assert refused.value.problems[0].mend == "pip install 'cartwheel[files]'"


def test_frames(tmp_path: Path) -> None:
    frame = FRAME.set_index(pd.Index([7, 8, 9]))
    before = frame.copy(deep=True)
    table = table_from_frame(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert (table.first_row, list(table.frame.index)) == (0, [0, 1, 2])
    assert table.sha256 == table_from_frame(FRAME).sha256
    assert table.sha256 != table_from_frame(FRAME.iloc[:2]).sha256


def test_frames_of_other_libraries() -> None:
    arrow = pytest.importorskip("pyarrow")
    table = table_from_frame(arrow.table({"id": ["a", "b"], "x": [1, 2]}))
    assert table.frame["x"].tolist() == [1, 2]


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(CohortRefused, match="neither a path nor a data frame"):
        table_from_frame([1, 2])
    with pytest.raises(FileRefused, match="no patient"):
        table_from_frame(FRAME.iloc[:0])


def test_same_bytes_same_hash(write: Write) -> None:
    one, two = write("a.csv", "id,x\n1,2\n2,3\n"), write("b.csv", "id,x\n1,2\n2,3\n")
    assert read_table(one).sha256 == read_table(two).sha256
    assert read_table(one).name == "a.csv"


def _rows_or_none(path: Path) -> int | None:
    """Rows read, or None where the file is refused; any other error is a failure."""
    try:
        return len(read_table(path).frame)
    except FileRefused:
        return None


@given(content=st.one_of(st.binary(max_size=200), st.text(',;\t"\n 1a.', max_size=200)))
def test_any_bytes_are_read_or_refused(
    content: bytes | str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert _rows_or_none(path) != 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(places=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=5))
def test_a_damaged_workbook_is_read_or_refused(
    tmp_path: Path, places: list[tuple[int, int]]
) -> None:
    path = _workbook(tmp_path / "whole.xlsx", {"d": [["id", "x"], [1, 2], [2, "=1/0"]]})
    data = bytearray(path.read_bytes())
    for place, byte in places:
        data[place % len(data)] = byte
    damaged = tmp_path / "damaged.xlsx"
    damaged.write_bytes(data)
    assert _rows_or_none(damaged) != 1
