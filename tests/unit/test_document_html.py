"""The page: semantic, self-contained, and safe whatever a user wrote."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from document_example import HOSTILE, document, hostile_table
from document_formats import Page

from cartwheel.report.document.blocks import Document
from cartwheel.report.document.html import document_html

TEXT = document_html(document())
PAGE = Page(TEXT)
STYLE = TEXT[TEXT.index("<style>") : TEXT.index("</style>")]


def tagged(name: str) -> list[dict[str, str | None]]:
    return [found for tag, found in PAGE.tags if tag == name]


def test_nothing_is_loaded_or_run() -> None:
    outside = {"script", "link", "iframe", "object", "embed", "form", "base"}
    assert not outside & {tag for tag, _ in PAGE.tags}
    for tag, found in PAGE.tags:
        assert not [name for name in found if name.startswith("on")], tag
        for name in ("src", "href", "xlink:href"):
            address = found.get(name) or "#"
            assert address.startswith(("#", "data:", "https://doi.org/")), (tag, address)
    policy = next(meta for meta in tagged("meta") if meta.get("http-equiv"))
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert "default-src 'none'" in str(policy["content"])
    assert "@import" not in STYLE
    assert "url(" not in STYLE


def test_text_of_users_is_never_markup() -> None:
    assert "<script>alert" not in TEXT
    assert "<!-- c -->" not in TEXT
    assert "<made>" not in TEXT
    for text in HOSTILE[:7]:
        assert text in PAGE.said


def test_language_headings_and_skip_link() -> None:
    assert tagged("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in PAGE.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [found["id"] for _, found in PAGE.tags if found.get("id")]
    assert len(ids) == len(set(ids))
    links = [str(found["href"])[1:] for found in tagged("a") if str(found["href"])[0] == "#"]
    assert links[0] == "text"
    assert set(links) <= set(ids)


def test_tables_tell_their_headers_and_captions() -> None:
    tables = tagged("table")
    assert len(tables) == len(tagged("caption")) == 5
    scopes = [found.get("scope") for found in tagged("th")]
    assert set(scopes) == {"col", "row", "rowgroup"}
    spanning = [found for found in tagged("th") if found.get("colspan")]
    assert [found["colspan"] for found in spanning] == ["4"]


def test_figures_tell_what_they_show() -> None:
    drawings = [found for found in tagged("svg")]
    assert len(drawings) == len(tagged("figure")) == len(tagged("figcaption")) == 3
    assert all(found["role"] == "img" and found["aria-label"] for found in drawings)


def test_numbers_carry_their_place() -> None:
    places = [found["data-source"] for _, found in PAGE.tags if found.get("data-source")]
    assert "result.patients" in places
    assert "result.performance.measures[0].corrected" in places
    assert "result.rows[119].n" in places


def test_cells_that_look_like_formulas_are_marked_as_text() -> None:
    page = Page(document_html(Document("T", "", "en", False, (hostile_table(),), ())))
    marked = [found for _, found in page.tags if "as-text" in (found.get("class") or "")]
    looking = [text for text in HOSTILE if text.startswith(("=", "+", "-", "@"))]
    assert len(marked) == 3 * len(looking)


@pytest.mark.parametrize("simulated", [True, False])
def test_the_banner_is_there_where_patients_are_simulated(simulated: bool) -> None:
    text = document_html(document(simulated=simulated))
    assert ("SIMULATED DATA: not real patients" in text) is simulated
    assert ("@top-center" in text) is simulated


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("#1a1f26", "#ffffff"), ("#55606d", "#ffffff"), ("#0b4f79", "#ffffff"),
        ("#0b4f79", "#f4f6f8"), ("#1a1f26", "#fff8ec"), ("#5c2e00", "#ffe9a8"),
        ("#0b4f79", "#fff3d1"),
    ],
)  # fmt: skip
def test_contrast_is_enough_to_read(ink: str, ground: str) -> None:
    # colours of the page, not of an earlier one
    assert {ink, ground} <= set(re.findall(r"#[0-9a-f]{6}", STYLE.replace("#fff;", "#ffffff;")))
    light, dark = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    # WCAG 2.2, criterion 1.4.3 (AA)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
