"""The PDF: tagged, without a date, and with nothing over its edges."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from document_example import document, figure, long_table, performance_table, wide_table, words_of
from document_formats import asked, pdf_structure

from cartwheel.report.document.blocks import Block, Cell, Document, Heading, Paragraph, Row, Table
from cartwheel.report.document.engine import figure_pdf
from cartwheel.report.document.pdf import document_pdf

PDF = document_pdf(document())


def only(*blocks: Block, simulated: bool = False) -> Document:
    return Document("Running title", "", "en", simulated, blocks, ())


def info(pdf: bytes) -> dict[str, str]:
    lines = asked("pdfinfo", "FILE", pdf=pdf).splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def words_on_pages(pdf: bytes) -> list[tuple[float, float, list[tuple[float, float, str]]]]:
    """Width and height of each page, and where its words begin and end across."""
    text = asked("pdftotext", "-bbox", "FILE", "-", pdf=pdf)
    body = re.sub(r' xmlns="[^"]*"', "", text[text.index("<html") :])
    return [
        (
            float(page.attrib["width"]),
            float(page.attrib["height"]),
            [(float(w.attrib["xMin"]), float(w.attrib["xMax"]), w.text or "") for w in page],
        )
        for page in ET.fromstring(body).iter("page")
    ]


def test_it_is_tagged_and_undated() -> None:
    told = info(PDF)
    assert told["Tagged"] == "yes"
    assert told["Title"] == document().title
    assert not {"CreationDate", "ModDate", "Author"} & set(told)
    assert b"pdfuaid" in PDF
    assert b"D:20" not in PDF


def test_tags_have_headings_tables_lists_and_figures() -> None:
    kinds = [re.match(r"[A-Z]\w*", line) for _, line in pdf_structure(PDF)]
    counts = [kind[0] for kind in kinds if kind]
    assert counts.count("Table") == 5
    assert counts.count("Figure") == 3
    assert counts.count("Caption") == 8
    assert counts.count("THead") >= 5
    assert counts.count("LI") == 16
    assert {"H1", "H2", "H3", "TH", "TD", "Link"} <= set(counts)


def test_no_word_stands_outside_the_margins() -> None:
    for width, height, found in words_on_pages(PDF):
        assert found
        left, right = min(x for x, _, _ in found), max(x for _, x, _ in found)
        # margins are 20 mm, 56.7 pt; a marginal sliver of a slanted letter is allowed
        assert left >= 56.0, (width, height, left)
        assert right <= width - 56.0, (width, height, right)


def test_a_wide_table_stands_on_turned_pages_with_its_heading() -> None:
    paper = only(
        Paragraph(words_of("before")),
        Heading("Wide", 1, "wide"),
        wide_table(16),
        performance_table(),
    )
    pages = words_on_pages(document_pdf(paper))
    turned = [width > height for width, height, _ in pages]
    assert turned == [False, True, False]
    assert "Wide" in [word for _, _, word in pages[1][2]]


def test_the_header_of_a_table_is_repeated_and_the_banner_is_on_every_page() -> None:
    pages = words_on_pages(document_pdf(only(long_table(200), simulated=True)))
    assert len(pages) >= 3
    for number, (_, _, found) in enumerate(pages, 1):
        said = " ".join(word for _, _, word in found)
        assert {"Predictor", "Patients"} <= set(said.split())
        assert "SIMULATED DATA: not real patients" in said
        assert f"Page {number} of {len(pages)}" in said
        assert ("Running title" in said) or number == 1


def test_no_heading_is_left_alone_at_the_foot_of_a_page() -> None:
    for lines in range(36, 60, 2):
        filling = tuple(Paragraph(words_of(f"Line {line}")) for line in range(lines))
        paper = only(*filling, Heading("Orphan", 1, "o"), long_table(30))
        pages = [
            {word for _, _, word in found} for *_, found in words_on_pages(document_pdf(paper))
        ]
        headed = next(said for said in pages if "Orphan" in said)
        assert "predictor_0" in headed


def test_a_heading_in_a_table_is_not_the_last_row_of_a_page() -> None:
    rows = long_table(60).rows
    heading = Row((Cell("Group"),), heading=True)
    for place in range(36, 50):
        table = replace(long_table(60), rows=(*rows[:place], heading, *rows[place:]))
        pages = [
            {word for _, _, word in found}
            for *_, found in words_on_pages(document_pdf(only(table)))
        ]
        (headed,) = (said for said in pages if "Group" in said)
        assert f"predictor_{place}" in headed


def test_a_table_may_begin_and_end_with_a_heading() -> None:
    heading = Row((Cell("Group"),), heading=True)
    table = Table("t", "T", long_table(1).columns, (heading, heading, *long_table(2).rows, heading))
    assert info(document_pdf(only(table)))["Pages"] == "1"


@pytest.mark.parametrize("rows", [0, 1])
def test_a_table_may_be_empty(rows: int) -> None:
    assert info(document_pdf(only(long_table(rows))))["Pages"] == "1"


def test_a_cell_longer_than_a_page_goes_on() -> None:
    table = Table(
        "t", "T", long_table(1).columns,
        (Row((Cell("a"), Cell("1"), Cell("many words " * 2000))),),
    )  # fmt: skip
    assert int(info(document_pdf(only(table)))["Pages"]) > 2


def test_a_figure_is_a_page_of_its_own_size() -> None:
    drawing = figure("figure-x", "X", width="single", height_cm=6)
    pdf = figure_pdf(drawing, "en")
    found = re.match(r"([\d.]+) x ([\d.]+)", info(pdf)["Page size"])
    assert found is not None
    # 8.5 cm by 6 cm in points, as matplotlib writes them
    assert float(found[1]) == pytest.approx(85 / 25.4 * 72, abs=0.5)
    assert float(found[2]) == pytest.approx(60 / 25.4 * 72, abs=0.5)
    assert pdf == figure_pdf(drawing, "en")
    assert "DejaVuSans" in asked("pdffonts", "FILE", pdf=pdf)


def test_a_hundred_figures_and_a_table_of_two_thousand_rows() -> None:
    drawing = figure("figure-x", "A figure")
    figures = tuple(replace(drawing, id=f"figure-{number}") for number in range(100))
    paper = only(long_table(2000), *figures)
    assert int(info(document_pdf(paper))["Pages"]) > 80
