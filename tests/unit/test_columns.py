"""One column: unit, conversion, limits, and every problem with its rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cartwheel.clinic.columns import (
    ColumnDeclaration,
    NumericColumn,
    find_column,
    missing_cells,
    numeric_column,
    text_column,
)
from cartwheel.clinic.reading import RawTable
from cartwheel.errors import Problem


def _table(cells: list[Any], column: str = "x", separator: str = ",") -> RawTable:
    frame = pd.DataFrame({column: pd.Series(cells, dtype=object)})
    return RawTable(frame, 2, "a.csv", "sha256:0", "text table", (), separator)


def _read(cells: list[Any], column: str = "x", **said: Any) -> NumericColumn:
    read, problems = numeric_column(_table(cells, column), ColumnDeclaration(column, **said))
    assert problems == ()
    assert read is not None
    return read


def _problems(cells: list[Any], column: str = "x", **said: Any) -> tuple[Problem, ...]:
    read, problems = numeric_column(_table(cells, column), ColumnDeclaration(column, **said))
    assert read is None
    assert problems
    return problems


def test_the_name_says_all() -> None:
    read = _read(["1.1", "<0.5", "", ">30"], "crp_mg_dl_day3")
    assert read.values.tolist()[:2] == [11.0, 5.0]
    assert read.values[3] == 300
    assert np.isnan(read.values[2])
    assert (read.unit, read.source_unit, read.day, read.missing) == ("mg/L", "mg/dL", 3.0, 1)
    assert read.variable is not None
    assert read.variable.name == "crp"
    assert read.below_limit.tolist() == [False, True, False, False]
    assert read.above_limit.tolist() == [False, False, False, True]
    assert "1 value written <x stands as x" in read.rule
    assert "converted from mg/dL to mg/L (x 10)" in read.rule


def test_the_declaration_wins() -> None:
    read = _read(["1", "2"], "crp_mg_l_day3", unit="mg/dL", day=-5.0)
    assert (read.values.tolist(), read.source_unit, read.day) == ([10, 20], "mg/dL", -5.0)
    read = _read(["1", "2"], "crp_mg_l_day3", variable="none")
    assert (read.variable, read.unit, read.day) == (None, "mg/L", 3.0)
    read = _read(["1000", "2000"], "x1", variable="ferritin", unit="ng/ml")
    assert read.label == "Ferritin"


def test_conversion_is_that_of_the_digits_written() -> None:
    # 0.57 * 100 and 1.1 * 88.4 are not the nearest floats to 57 and 97.24
    assert 0.57 * 100 != 57
    assert _read(["0.57", "0.8"], "triglycerides_g_l").values[0] == 57
    assert _read([1.1, 1.2], "creatinine_mg_dl").values[0] == 97.24


def test_arrays_are_read_only() -> None:
    read = _read(["1", "2"], "crp_mg_l")
    for array in (read.values, read.below_limit, read.above_limit):
        assert not array.flags.writeable


def test_outside_the_dictionary_as_written() -> None:
    read = _read(["-1e9", "2"], "score")
    assert (read.values.tolist(), read.unit, read.variable, read.rule) == ([-1e9, 2], "", None, "")
    assert _read(["1", "2"], "pfs_months").unit == "months"


def test_dimensionless_needs_no_unit() -> None:
    read = _read(["1.2", "2"], "INR")
    assert (read.unit, read.values.tolist()) == ("", [1.2, 2])


def test_unit_missing_is_asked_for() -> None:
    (problem,) = _problems(["1", "2"], "crp")
    assert problem.code == "unit_missing"
    assert problem.mend == "say it: --unit crp=UNIT (accepted: mg/L, mg/dL, ug/mL)"
    (problem,) = _problems(["60", "61"], "age")
    assert problem.mend == "say it: --unit age=years (accepted: years)"
    read, problems = numeric_column(_table(["1"], "crp"), ColumnDeclaration("crp"), need_unit=False)
    assert (read is not None, problems) == (True, ())


def test_units_in_cells() -> None:
    assert _read(["280 U/L", "5.5U/L"], "ldh_day0", variable="none").unit == "U/L"
    read = _read(["280 U/L", "300 IU/L"], "ldh")
    assert (read.unit, read.values.tolist()) == ("U/L", [280, 300])
    assert _read(["280 U/L", "300"], "ldh_u_l").values.tolist() == [280, 300]
    # the same size under two names is no mixture
    assert _read(["150 K/uL", "200 G/L"], "plt").values.tolist() == [150, 200]
    (problem,) = _problems(["280 U/L", "5 ukat/L", "3 ukat/L"], "ldh")
    assert (problem.code, problem.where) == ("mixed_units", "column 'ldh', rows 3, 4")
    (problem,) = _problems(["280", "5 ukat/L"], "ldh_u_l")
    assert problem.code == "mixed_units"
    (problem,) = _problems(["280 U/L", "300"], "ldh")
    assert (problem.code, problem.where) == ("unit_in_some_cells", "column 'ldh', row 3")


def test_units_that_do_not_fit() -> None:
    (problem,) = _problems(["150", "200"], "platelets_g_l")
    assert problem.code == "unit_not_accepted"
    assert "10*9/L" in problem.mend
    (problem,) = _problems(["1", "2"], "crp", unit="furlong")
    assert problem.code == "unit_unknown"
    (problem,) = _problems(["1", "2"], "d_dimer_mg_l")
    assert problem.code == "unit_not_accepted"
    assert "mg{FEU}/L" in problem.mend
    assert "mg{DDU}/L" in problem.mend


def test_d_dimer_units_stay_apart() -> None:
    read = _read(["500", "700"], "d_dimer", unit="ng/mL DDU")
    assert read.variable is not None
    assert (read.variable.name, read.unit) == ("d_dimer_ddu", "mg{DDU}/L")
    assert read.values.tolist() == [0.5, 0.7]


def test_implausible_values_name_the_unit_that_fits() -> None:
    (problem,) = _problems(["80", "70", "65"], "creatinine_mg_dl")
    assert problem.code == "implausible"
    assert problem.where.endswith("rows 2, 3, 4")
    assert "would fit umol/L" in problem.what
    (problem,) = _problems(["0.8", "1.1"], "creatinine_umol_l")
    assert "would fit mg/dL" in problem.what
    (problem,) = _problems(["100", "5", "120"], "haemoglobin_g_l")
    assert problem.where.endswith("row 3")
    (problem,) = _problems(["150000", "200000"], "platelets", unit="10*9/L")
    assert "would fit /uL" in problem.what
    (problem,) = _problems(["-1", "2"], "nlr")
    assert problem.code == "implausible"


def test_all_problems_at_once() -> None:
    cells = ["1", "hemolyzed", "#N/A", True, "2021-03-04", "1,234", "", "x" * 13]
    problems = _problems(cells, "crp")
    assert [
        (problem.code, problem.where.removeprefix("column 'crp', ")) for problem in problems
    ] == [
        ("not_a_number", "rows 3, 9"),
        ("error_cell", "row 4"),
        ("date_in_numbers", "row 6"),
        ("boolean_in_numbers", "row 5"),
        ("decimal_mark", "row 7"),
        ("unit_missing", "column 'crp'"),
    ]
    # short texts only, and they are said to be some of them
    assert "('hemolyzed', ...)" in problems[0].what


def test_no_text_is_shown_of_a_column_that_is_not_meant_to_be_numeric() -> None:
    (problem,) = _problems(["1", "2", "Smith"])
    assert "Smith" not in str(problem)
    (problem,) = _problems(["1", "2", "Smith"], coding={"yes": 1})
    assert "Smith" in str(problem)


def test_ten_rows_are_listed() -> None:
    (problem,) = _problems(["a"] * 22 + ["1"])
    assert problem.where == "column 'x', rows 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 12 more"


def test_coding_and_decimal_are_said() -> None:
    read = _read(["yes", "no"], coding={"yes": 1, "no": 0})
    assert (read.values.tolist(), read.rule) == ([1, 0], "coded yes = 1, no = 0")
    assert _read(["3,5", "4"]).rule == "decimal commas read"
    assert _read(["1,234", "4"], decimal=",").values[0] == 1.234
    (problem,) = _problems(["1", "2"], decimal=";")
    assert problem.code == "decimal_unknown"


def test_points_that_may_group_thousands() -> None:
    table = _table(["1.234", "12.345", "980"], "ferritin_ug_l", ";")
    read, problems = numeric_column(table, ColumnDeclaration("ferritin_ug_l"))
    assert (read, [problem.code for problem in problems]) == (None, ["decimal_mark"])
    read, problems = numeric_column(table, ColumnDeclaration("ferritin_ug_l", decimal=","))
    assert problems == ()
    assert read is not None
    assert read.values.tolist() == [1234, 12345, 980]


@pytest.mark.parametrize("column", ["N", "time", "class", "a'b", 'a"b', "a,b", "µ 😀", "a=b"])
def test_any_name_works(column: str) -> None:
    assert _read(["1", "2"], column).values.tolist() == [1, 2]


def test_columns_that_are_not_there_or_twice() -> None:
    table = _table(["1", "2"], "crp_mg_l")
    assert numeric_column(table, ColumnDeclaration("CRP_mg_l"))[1] == (
        Problem(
            "column_missing", "there is no such column", "'CRP_mg_l'", "did you mean crp_mg_l?"
        ),
    )
    twice = RawTable(
        pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), 2, "a", "sha256:0", "frame"
    )
    assert find_column(twice, "a")[1][0].code == "duplicate_name"
    (problem,) = _problems(["1"], variable="feritin")
    assert "ferritin" in problem.mend


def test_text_column() -> None:
    table = _table([" a ", None, "NA", 3.0, 2.5, True, "b"])
    assert text_column(table, "x").tolist() == ["a", None, None, "3", "2.5", "TRUE", "b"]
    assert missing_cells(table.frame["x"]).tolist() == [False, True, True] + [False] * 4
