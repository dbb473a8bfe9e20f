"""Tables and drawings on paper: no word broken without need, never wider than the page."""

from __future__ import annotations

import pytest
from document_example import long_table, performance_table, wide_table
from hypothesis import given, strategies as st

from cartwheel.report.document.blocks import Cell, Column, Row
from cartwheel.report.document.drawings import figure_size
from cartwheel.report.document.fit import (
    LANDSCAPE,
    PORTRAIT,
    breakable,
    characters,
    fit,
)

WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x4FFF), max_size=60)


@given(st.lists(st.lists(WORDS, min_size=3, max_size=3), max_size=6), st.integers(1, 12))
def test_a_table_is_never_wider_than_its_page(texts: list[list[str]], times: int) -> None:
    columns = tuple(Column(f"c{place}") for place in range(3 * times))
    rows = tuple(Row(tuple(Cell(text) for text in row * times)) for row in texts)
    found = fit(columns, rows)
    page = LANDSCAPE if found.landscape else PORTRAIT
    # sums of a few dozen floats
    assert sum(found.widths) <= page + 1e-6
    assert len(found.widths) == len(columns)
    assert min(found.widths) > 0
    assert all(found.room(place) >= 1 for place in range(len(columns)))


def test_a_small_table_is_upright_and_as_wide_as_its_words() -> None:
    table = performance_table()
    found = fit(table.columns, table.rows)
    assert (found.landscape, found.points, found.whole) == (False, 8.5, True)
    assert sum(found.widths) < PORTRAIT
    for row in table.rows[1:]:
        for place, cell in enumerate(row.cells):
            assert characters(cell.text) <= found.room(place)


def test_a_table_of_many_columns_is_turned() -> None:
    table = wide_table(16)
    found = fit(table.columns, table.rows)
    assert found.landscape
    assert found.points < 8.5


def test_a_long_table_may_be_parted() -> None:
    table = long_table(200)
    assert not fit(table.columns, table.rows).whole


def test_room_goes_where_it_makes_the_table_lower() -> None:
    texts = ("some words " * 8, "many words " * 60)
    rows = tuple(Row(tuple(Cell(text) for text in texts)) for _ in range(3))
    # whatever weight the column of short texts has
    narrow, broad = fit((Column("a", width=3), Column("b")), rows).widths
    assert broad > 2 * narrow
    assert narrow + broad <= PORTRAIT + 0.01


def test_an_estimate_with_its_interval_stays_on_one_line_whatever_its_side() -> None:
    estimate = "15.4% (1.9% to 45.4%)"
    rows = (Row((Cell("words of a long text " * 30), Cell(estimate))),)
    made = fit((Column("a"), Column("b", align="left")), rows)
    assert made.room(1) >= len(estimate)


@given(WORDS, st.integers(1, 40))
def test_long_words_may_break_and_lose_nothing(text: str, room: int) -> None:
    made = breakable(text, room)
    assert made.replace("\u200b", "") == text.replace("\u200b", "")
    pieces = [piece for word in made.split() for piece in word.split("\u200b")]
    # one wide character may be wider than a very narrow column
    assert all(characters(piece) <= max(room, 3) for piece in pieces)


def test_words_break_at_their_joints_first() -> None:
    assert (
        breakable("result.performance.measures[0]", 12)
        == "result.\u200bperformance.\u200bmeasures[0]"
    )
    assert breakable("short words stay", 12) == "short words stay"


SVG = '<svg width="{0}pt" height="{1}pt" viewBox="0 0 {0} {1}">'


@pytest.mark.parametrize(
    ("width", "svg", "size"),
    [
        ("single", SVG.format(100, 50), (85.0, 42.5)),
        ("double", SVG.format(100, 50), (170.0, 85.0)),
        # a page is 253 mm high; the caption stands under the drawing
        ("double", SVG.format(100, 400), (227.8 / 4, 227.8)),
        ("double", "<svg>", (170.0, 127.5)),
        ("double", SVG.format(0, 50), (170.0, 127.5)),
    ],
)
def test_drawings_fit_their_page(width: str, svg: str, size: tuple[float, float]) -> None:
    assert figure_size(svg, width, 10) == pytest.approx(size)
