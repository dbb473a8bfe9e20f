"""The outcome: coded by declaration or 0/1, missing never read as no, no patient's id said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cartwheel.clinic.outcome import code_event, event_problems, negative_rows
from cartwheel.clinic.reading import table_from_frame


def coded(cells: list[Any], value: str | float | None = None) -> Any:
    return code_event(table_from_frame(pd.DataFrame({"e": cells})), "e", value)


@pytest.mark.parametrize(
    "cells",
    [
        [0, 1, None],
        ["0", "1", ""],
        ["0.0", "1.0", "NA"],
        [False, True, None],
        ["false", "TRUE", "n/a"],
        [0.0, 1.0, np.nan],
        [" 0 ", "1 ", "."],
    ],
)
def test_nought_and_one_need_no_declaration(cells: list[Any]) -> None:
    found, problems = coded(cells)
    assert problems == ()
    np.testing.assert_array_equal(found.values, [0.0, 1.0, np.nan])
    assert found.read_as_no == ()


@pytest.mark.parametrize(
    "cells", [[1, 2, 1], ["yes", "no", None], [0, 1, 2], ["0", "1", "unknown"], ["Y", "", ""]]
)
def test_any_other_coding_is_asked_for(cells: list[Any]) -> None:
    found, problems = coded(cells)
    assert found is None
    assert problems[0].code == "outcome_coding"
    assert "--event-value" in problems[0].mend


@pytest.mark.parametrize(("cells", "value"), [([1, 2, None], 2.0), ([1, 2, None], "2")])
def test_a_declared_value_lists_what_is_read_as_no(cells: list[Any], value: str | float) -> None:
    found, problems = coded(cells, value)
    assert problems == ()
    np.testing.assert_array_equal(found.values, [0.0, 1.0, np.nan])
    assert found.read_as_no == ("1",)


def test_a_missing_cell_is_not_no_under_a_declared_value() -> None:
    found, _ = coded(["yes", "no", "NA", "", None, "-"], "yes")
    np.testing.assert_array_equal(found.values, [1.0, 0.0, *[np.nan] * 4])
    assert found.read_as_no == ("no",)


def test_a_value_nobody_has() -> None:
    found, problems = coded(["yes", "no"], "YES")
    assert found is None
    assert problems[0].code == "event_value_absent"


@pytest.mark.parametrize("value", [None, "absent"])
def test_a_column_of_ids_is_not_spelled_out(value: str | None) -> None:
    _, problems = coded([f"SENTINEL-{place}" for place in range(40)], value)
    assert "SENTINEL" not in str(problems[0])
    assert "40" in str(problems[0])


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ([0.0, 0, np.nan], "no_events"),
        ([1.0, 1, np.nan], "all_events"),
        ([1.0, np.nan, np.nan], "too_few_rows"),
        ([np.nan, np.nan], "too_few_rows"),
    ],
)
def test_nothing_to_analyse(event: list[float], code: str) -> None:
    assert [problem.code for problem in event_problems(np.array(event), "e")] == [code]


def test_something_to_analyse() -> None:
    assert event_problems(np.array([0.0, 1, np.nan]), "e") == ()


def test_rows_are_those_of_the_file() -> None:
    assert negative_rows(np.array([1.0, -1, np.nan, -3]), 2) == "3, 5"
    assert negative_rows(np.array([1.0, 2]), 2) == ""
    assert negative_rows(np.full(12, -1.0), 2).endswith("and 2 more")
