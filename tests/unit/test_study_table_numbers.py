"""Numbers and intervals as papers print them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, strategies as st

from cartwheel.pooling.study.cutoffs import read_cutoff
from cartwheel.pooling.study.printed import (
    Printed,
    PrintedInterval,
    Unread,
    cell_text,
    read_interval,
    read_number,
)

BARE = [
    "1.74-2.66",
    "1.74–2.66",
    "1.74—2.66",
    "1.74‐2.66",
    "1.74−2.66",
    "1·74–2·66",
    "1·74 – 2·66",
    "(1.74, 2.66)",
    "(1.74,2.66)",
    "(1.74; 2.66)",
    "[1.74; 2.66]",
    "[1.74 – 2.66]",
    "1.74 to 2.66",
    "1.74 TO 2.66",
    "1.74 and 2.66",
    "1.74/2.66",
    "1.74 -2.66",
    "1,74-2,66",
    "1,74 – 2,66",
    "(1,74; 2,66)",
    "(1,74, 2,66)",
    "1.74\u00a0–\u00a02.66",
    "1.74\u20092.66".replace("\u2009", "\u2009-\u2009"),
    "CI 1.74-2.66",
    "(1.74-2.66",
    "1.74–2.66)",
    "１.74-2.66",
]
WITH_ESTIMATE = [
    "2.15 (1.74-2.66)",
    "2.15 [1.74, 2.66]",
    "2·15 (1·74–2·66)",
    "2,15 (1,74-2,66)",
    "2,15 (1,74, 2,66)",
    "2.15 (95% CI 1.74–2.66)",
    "2.15 (95 % CI, 1.74–2.66)",
    "2.15, 95% CI: 1.74 to 2.66",
    "2.15; 95% CI 1.74-2.66",
    "HR 2.15 (95% CI: 1.74, 2.66)",
    "aHR = 2.15 [95% confidence interval 1.74; 2.66]",
    "2.15 1.74-2.66",
]


@pytest.mark.parametrize("text", BARE)
def test_an_interval_is_read_in_any_dress(text: str) -> None:
    found = read_interval(text)
    assert isinstance(found, PrintedInterval)
    assert (found.estimate, found.low.value, found.high.value) == (None, 1.74, 2.66)


@pytest.mark.parametrize("text", WITH_ESTIMATE)
def test_an_estimate_before_its_interval(text: str) -> None:
    found = read_interval(text)
    assert isinstance(found, PrintedInterval)
    assert found.estimate is not None
    assert (found.estimate.value, found.low.value, found.high.value) == (2.15, 1.74, 2.66)
    assert found.level in (None, 0.95)


def test_a_level_in_the_cell_is_heard() -> None:
    found = read_interval("2.15 (90% CI, 1.74-2.66)")
    assert isinstance(found, PrintedInterval)
    assert found.level == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("-0.5 to -0.1", -0.5, -0.1),
        ("−0.5–−0.1", -0.5, -0.1),
        ("-0.5--0.1", -0.5, -0.1),
        ("(-0.5, 0.1)", -0.5, 0.1),
        ("–0.5 to 0.1", -0.5, 0.1),
    ],
)
def test_negative_limits(text: str, low: float, high: float) -> None:
    found = read_interval(text, positive=False)
    assert isinstance(found, PrintedInterval)
    assert (found.low.value, found.high.value) == (low, high)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("(1,74,2,66)", "decimal_mark"),
        ("(1,2)", "decimal_mark"),
        ("1,234-2,345", "decimal_mark"),
        ("1.74", "text_number"),
        ("see text", "text_number"),
        ("2.15 ± 0.3", "text_number"),
        ("1.74-2.66-3.1", "text_number"),
        ("2.15 (1.74-2.66); p<0.001", "text_number"),
        ("2020-01-02", "date_cell"),
        ("Jan-74", "date_cell"),
    ],
)
def test_what_is_no_interval_is_said_and_not_guessed(text: str, code: str) -> None:
    found = read_interval(text)
    assert isinstance(found, Unread)
    assert found.code == code
    assert found.mend


def test_a_dash_that_could_be_a_minus_is_refused() -> None:
    found = read_interval("1.74 -2.66", positive=False)
    assert isinstance(found, Unread)
    assert "minus" in found.what


def test_a_date_that_a_spreadsheet_made() -> None:
    for cell in (dt.date(2026, 1, 2), dt.datetime(2026, 1, 2)):
        for reader in (read_number, read_interval):
            found = reader(cell)
            assert isinstance(found, Unread)
            assert found.code == "date_cell"


@pytest.mark.parametrize(
    ("cell", "value", "half", "bound", "percent"),
    [
        ("2.15", 2.15, 0.005, "", False),
        ("2.10", 2.10, 0.005, "", False),
        ("2·15", 2.15, 0.005, "", False),
        ("2,15", 2.15, 0.005, "", False),
        ("0,135", 0.135, 0.0005, "", False),
        (".03", 0.03, 0.005, "", False),
        ("P = .03", 0.03, 0.005, "", False),
        ("p=0.03", 0.03, 0.005, "", False),
        ("p-value: 0.3", 0.3, 0.05, "", False),
        ("<0.001", 0.001, 0.0005, "<", False),
        ("p < .0001", 0.0001, 0.00005, "<", False),
        ("≤0.05", 0.05, 0.005, "<", False),
        (">0.05", 0.05, 0.005, ">", False),
        ("−0.5", -0.5, 0.05, "", False),
        ("- 0.5", -0.5, 0.05, "", False),
        ("3.4%", 3.4, 0.05, "", True),
        ("3.4 %", 3.4, 0.05, "", True),
        ("1 234", 1234.0, 0.5, "", False),
        ("1,234.5", 1234.5, 0.05, "", False),
        ("1,234,567", 1234567.0, 0.5, "", False),
        ("1.2e-3", 0.0012, 0.00005, "", False),
        (12, 12.0, 0.5, "", False),
        (2.5, 2.5, 0.05, "", False),
    ],
)
def test_a_number_and_its_rounding(
    cell: object, value: float, half: float, bound: str, percent: bool
) -> None:
    found = read_number(cell)
    assert isinstance(found, Printed)
    assert found.value == value
    assert found.half == pytest.approx(half)
    assert (found.bound, found.percent) == (bound, percent)


@pytest.mark.parametrize(
    "text", ["2.15*", "NS", "1 2", "about 2", "1.2.3.4x", "#N/A", "TRUE", "1e999"]
)
def test_text_is_no_number(text: str) -> None:
    assert isinstance(read_number(text), Unread)


def test_one_comma_and_three_digits_need_a_word() -> None:
    unread = read_number("1,234")
    assert isinstance(unread, Unread)
    assert unread.code == "decimal_mark"
    comma, point, count = (
        read_number("1,234", decimal=","),
        read_number("1,234", decimal="."),
        read_number("1,234", whole=True),
    )
    assert isinstance(comma, Printed)
    assert comma.value == 1.234
    assert isinstance(point, Printed)
    assert isinstance(count, Printed)
    assert point.value == count.value == 1234.0


@pytest.mark.parametrize("cell", [None, float("nan"), "", " ", "NA", "n/a", "–", "."])
def test_nothing_is_nothing(cell: object) -> None:
    assert cell_text(cell) == ""


@pytest.mark.parametrize(
    ("text", "value", "from_text"),
    [
        ("650", 650.0, False),
        (">=650", 650.0, False),
        ("≥ 1·5", 1.5, False),
        ("882 (upper quartile)", 882.0, True),
        ("147.5 mL (median of cohort 1)", 147.5, True),
        ("> 500 ng/mL", 500.0, True),
        ("", None, False),
        ("ULN", None, False),
        ("2 x ULN", None, False),
        ("75th percentile", None, False),
        ("650 and 2000 (score steps)", None, False),
        ("10^3", None, False),
        ("visceral or soft-tissue lesions", None, False),
        ("1,234", None, False),
    ],
)
def test_a_cutoff_is_a_number_only_where_one_stands(
    text: str, value: float | None, from_text: bool
) -> None:
    found = read_cutoff(text)
    assert (found.value, found.from_text, found.text) == (value, from_text, text)
    assert bool(found.unread) == (value is None and text != "")


@given(st.text(max_size=40))
def test_no_text_breaks_the_readers(text: str) -> None:
    for positive in (True, False):
        assert isinstance(read_interval(text, positive=positive), PrintedInterval | Unread)
    for decimal in (None, ".", ","):
        assert isinstance(read_number(text, decimal=decimal), Printed | Unread)
    assert read_cutoff(text).text == text


@given(
    st.decimals(min_value="0.01", max_value="99.99", places=2),
    st.decimals(min_value="0.01", max_value="99.99", places=2),
    st.sampled_from(["{}-{}", "{}–{}", "({}, {})", "{} to {}", "[{}; {}]"]),
    st.sampled_from([".", "·"]),
)
def test_any_two_numbers_in_any_dress(low: object, high: object, form: str, mark: str) -> None:
    found = read_interval(form.format(low, high).replace(".", mark))
    assert isinstance(found, PrintedInterval)
    assert (found.low.value, found.high.value) == (float(str(low)), float(str(high)))
