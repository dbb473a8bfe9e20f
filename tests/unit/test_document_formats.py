"""The three formats say the same, in the same order; and the same document gives the same bytes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from document_example import CJK, HOSTILE, REFERENCES, document, hostile_table, long_table
from document_formats import Page, asked, pdf_text, squeezed, units, word_units
from hypothesis import given, settings, strategies as st

from cartwheel.errors import FileRefused
from cartwheel.report.document.blocks import (
    Bullets,
    Caution,
    Document,
    Figure,
    Heading,
    Paragraph,
    Run,
)
from cartwheel.report.document.docx import document_docx
from cartwheel.report.document.html import document_html
from cartwheel.report.document.pdf import document_pdf
from cartwheel.report.document.plain_text import document_text

# Letters from right to left are stored in their visual order in a PDF.
LEFT_TO_RIGHT = tuple(text for text in HOSTILE if not any("\u0590" <= s <= "\u06ff" for s in text))
EXAMPLE = document()
REAL = document(simulated=False)


def only(*found: object, references: bool = False) -> Document:
    """A document of these blocks."""
    works = REFERENCES if references else ()
    return Document("Title", "", "en", False, tuple(found), works)  # type: ignore[arg-type]


def without_right_to_left() -> Document:
    """The example, as far as it is written from left to right."""
    bullets = Bullets(tuple((Run(text),) for text in LEFT_TO_RIGHT))
    table = hostile_table(LEFT_TO_RIGHT)
    return replace(
        EXAMPLE,
        blocks=tuple(
            bullets
            if isinstance(block, Bullets)
            else table
            if getattr(block, "id", "") == "table-hostile"
            else block
            for block in EXAMPLE.blocks
        ),
    )


@pytest.mark.parametrize("paper", [EXAMPLE, REAL], ids=["simulated", "real"])
def test_html_says_what_the_document_says(paper: Document) -> None:
    assert Page(document_html(paper)).said == units(document_text(paper))


@pytest.mark.parametrize("paper", [EXAMPLE, REAL], ids=["simulated", "real"])
def test_word_says_what_the_document_says(paper: Document) -> None:
    found = word_units(document_docx(paper))
    # the running title stands in the header, first or after the banner; it is not content
    if not paper.simulated:
        assert found.pop(0) == paper.title
    assert found == units(document_text(paper))


def test_the_tags_of_the_pdf_say_what_the_document_says() -> None:
    paper = without_right_to_left()
    alts = {block.alt.strip() for block in paper.blocks if isinstance(block, Figure)}
    expected = [unit for unit in units(document_text(paper)) if unit not in alts]
    assert pdf_text(document_pdf(paper)) == squeezed("".join(expected))


def test_text_from_right_to_left_is_whole_in_the_pdf() -> None:
    paper = only(Bullets(tuple((Run(text),) for text in HOSTILE if text not in LEFT_TO_RIGHT)))
    shown = asked("pdftotext", "-raw", "FILE", "-", pdf=document_pdf(paper))
    # the order is visual, so only the signs are compared
    assert Counter(squeezed(document_text(paper))) <= Counter(shown)


def test_the_same_document_gives_the_same_bytes() -> None:
    assert document_html(EXAMPLE) == document_html(EXAMPLE)
    assert document_pdf(EXAMPLE) == document_pdf(EXAMPLE)
    assert document_docx(EXAMPLE) == document_docx(EXAMPLE)


def test_text_counts_tables_and_figures_and_cites_in_order() -> None:
    text = document_text(EXAMPLE)
    assert [line.split(".")[0] for line in text.splitlines() if line.startswith("Table ")] == [
        "Table 1", "Table 2", "Table 3", "Table 4", "Table 5",
    ]  # fmt: skip
    assert [line.split(".")[0] for line in text.splitlines() if line.startswith("Figure ")] == [
        "Figure 1", "Figure 2", "Figure 3",
    ]  # fmt: skip
    assert "penalised likelihood\u00a0[1, 2]. The column crs_grade_3 was not used post hoc" in text
    assert "post hoc\u00a0[3]." in text
    assert "Table 5. TRIPOD+AI\u00a0[3]" in text
    assert "\n[1] Firth D. Bias reduction" in text
    assert text.startswith("SIMULATED DATA: not real patients\nSevere CRS")


@pytest.mark.parametrize(
    ("text", "after", "shown"),
    [
        ("as said.", "", "as said\u00a0[1]."),
        ("as said ", " by others", "as said\u00a0[1] by others"),
        ("as said ", "by others", "as said\u00a0[1] by others"),
        ("as said ", ".", "as said\u00a0[1]."),
        ("as said", ", and", "as said\u00a0[1], and"),
        ("", "", "[1]"),
    ],
)
def test_citations_stand_before_the_stop(text: str, after: str, shown: str) -> None:
    paper = only(Paragraph((Run(text, cites=("firth1993",)), Run(after))), references=True)
    assert document_text(paper).splitlines()[1] == shown


def test_a_work_that_is_not_listed_is_refused() -> None:
    paper = only(Paragraph((Run("x", cites=("nobody1900",)),)))
    with pytest.raises(FileRefused) as refused:
        document_text(paper)
    assert refused.value.problems[0].code == "unknown_reference"


def test_a_last_heading_heads_the_references() -> None:
    heading = Heading("Works cited", 1, "works")
    text = document_text(only(Heading("A", 1, "a"), heading, references=True))
    assert text.splitlines()[1:4] == ["A", "Works cited", text.splitlines()[3]]
    assert "References" not in text


def test_an_empty_document_is_written() -> None:
    paper = only()
    assert Page(document_html(paper)).said == ["Title"]
    assert word_units(document_docx(paper)) == ["Title", "Title"]  # the running title too
    assert pdf_text(document_pdf(paper)) == "Title"


def test_headings_skip_no_level() -> None:
    paper = only(Heading("C", 3, "c"), Heading("D", 3, "d"), Heading("E", 1, "e"))
    levels = [
        tag for tag, _ in Page(document_html(paper)).tags if tag[0] == "h" and tag[1:].isdigit()
    ]
    assert levels == ["h1", "h2", "h3", "h2"]
    assert document_pdf(paper).startswith(b"%PDF")


def test_languages_and_their_script() -> None:
    try:
        paper = only(Paragraph((Run(CJK),)))
        assert CJK in pdf_text(document_pdf(paper))
    except FileRefused as refused:
        assert refused.problems[0].code == "font_missing"  # noqa: PT017
    assert CJK in document_html(paper)
    assert CJK in word_units(document_docx(paper))


def test_a_sign_that_no_font_has_is_refused_in_the_pdf_only() -> None:
    paper = only(Paragraph((Run("cuneiform \U0001247f\U00012480 x"),)))
    with pytest.raises(FileRefused) as refused:
        document_pdf(paper)
    (problem,) = refused.value.problems
    assert (problem.code, "U+1247F" in problem.what) == ("font_missing", True)
    assert "\U0001247f" in document_html(paper)
    assert any("\U0001247f" in unit for unit in word_units(document_docx(paper)))


def test_a_long_table_is_whole_in_every_format() -> None:
    paper = only(long_table(300))
    expected = units(document_text(paper))
    # title, caption, header and rows, and the name of the table under it
    assert len(expected) == 2 + 3 * 301 + 1
    assert Page(document_html(paper)).said == expected
    assert word_units(document_docx(paper))[1:] == expected
    assert pdf_text(document_pdf(paper)) == squeezed("".join(expected))


# Any sign of the first planes; the fonts of the PDF are tested above.
ANY = st.text(st.characters(min_codepoint=0, max_codepoint=0xFFFF), max_size=30)


@settings(max_examples=40)
@given(ANY, ANY, ANY)
def test_any_text_is_the_same_in_html_and_word(title: str, text: str, cell: str) -> None:
    paper = Document(
        "T " + title, "", "en", False,
        (
            Paragraph((Run("p" + text), Run(cell, style="code"))),
            Caution("major", (Run("c" + cell),)),
            hostile_table([text, cell]),
        ),
        (),
    )  # fmt: skip
    expected = [squeezed(unit) for unit in units(document_text(paper))]
    assert [squeezed(unit) for unit in Page(document_html(paper)).said] == [
        e for e in expected if e
    ]
    assert [squeezed(unit) for unit in word_units(document_docx(paper))[1:]] == [
        e for e in expected if e
    ]


LATIN = st.text(st.characters(min_codepoint=1, max_codepoint=0x17F), max_size=40)


@settings(max_examples=40)
@given(LATIN, LATIN)
def test_any_latin_text_is_the_same_in_the_pdf(text: str, cell: str) -> None:
    paper = only(
        Paragraph((Run("p" + text), Run(cell, style="code"), Run(text, style="strong"))),
        hostile_table([text, cell]),
    )
    assert document_pdf(paper) == document_pdf(paper)
