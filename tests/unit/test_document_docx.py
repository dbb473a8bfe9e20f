"""The Word file: its own styles, tables, fields and headings; nothing of a date or a machine."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from functools import cache
from typing import Any

import docx
import pytest
from document_example import HOSTILE, document, figure, long_table, performance_table, wide_table
from lxml import etree

from cartwheel.errors import FileRefused
from cartwheel.report.document import extra
from cartwheel.report.document.blocks import Block, Document
from cartwheel.report.document.docx import document_docx
from cartwheel.report.document.engine import pictures
from cartwheel.report.document.pdf import document_pdf

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@cache
def file() -> bytes:
    return document_docx(document())


@cache
def package() -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(file()))


@cache
def written() -> Any:
    return docx.Document(io.BytesIO(file()))


def only(*blocks: Block) -> Any:
    made = document_docx(Document("T", "", "en", False, blocks, ()))
    return docx.Document(io.BytesIO(made))


def test_every_part_is_well_formed_and_undated() -> None:
    for part in package().infolist():
        assert part.date_time == (1980, 1, 1, 0, 0, 0)
        if part.filename.endswith((".xml", ".rels")):
            etree.fromstring(package().read(part))
    core = package().read("docProps/core.xml").decode()
    assert "created" not in core
    assert "modified" not in core
    assert "python-docx" not in core
    assert written().core_properties.title == document().title
    assert written().core_properties.language == "en-US"
    assert not [name for name in package().namelist() if "thumbnail" in name]


def test_headings_and_captions_have_their_styles() -> None:
    styles = [(paragraph.style.name, paragraph.text) for paragraph in written().paragraphs]
    assert ("Title", document().title) in styles
    assert [text for style, text in styles if style == "Heading 1"] == [
        "Methods", "Results", "Checklists", "References",
    ]  # fmt: skip
    assert [style for style, text in styles if text == "Skipped to the third level"] == [
        "Heading 3"
    ]
    captions = [text for style, text in styles if style == "Caption"]
    assert len(captions) == 5
    assert len([text for style, text in styles if style == "Figure Caption"]) == 3
    fields = [text.text.split()[1] for text in written().element.iter(f"{W}instrText")]
    assert fields == ["Table", "Figure", "Figure", "Figure", *["Table"] * 4]


def test_tables_repeat_their_header_and_have_widths() -> None:
    for table in written().tables:
        first = table._tbl.tr_lst[0]
        assert first.xpath("w:trPr/w:tblHeader")
        assert len(table._tbl.xpath("w:tr/w:trPr/w:tblHeader")) == 1
        assert table.style.name == "Journal Table"
        widths = [int(column.get(f"{W}w")) for column in table._tbl.tblGrid]
        assert min(widths) > 0
        # 257 mm at most, in twentieths of a point
        assert sum(widths) <= 257 / 25.4 * 1440 + len(widths)
        for row in table._tbl.tr_lst:
            spans = [int((c.xpath("w:tcPr/w:gridSpan/@w:val") or [1])[0]) for c in row.tc_lst]
            assert sum(spans) == len(widths)


def test_a_wide_table_turns_its_pages_and_the_next_turns_back() -> None:
    word = only(performance_table(), wide_table(16), long_table(2))
    turned = [section.page_width > section.page_height for section in word.sections]
    assert turned == [False, True, False]
    headers = [section.header.paragraphs[0].text for section in word.sections]
    assert headers == ["T", "T", "T"]


def test_pictures_are_described_and_as_wide_as_a_column() -> None:
    names = [shape._inline.docPr.get("descr") for shape in written().inline_shapes]
    assert [name[:25] for name in names] == ["Line through three points"] * 3
    ids = [shape._inline.docPr.get("id") for shape in written().inline_shapes]
    assert len(set(ids)) == len(ids)
    single, double, tall = (shape.width.mm for shape in written().inline_shapes)
    assert (single, double) == (pytest.approx(85, abs=0.1), pytest.approx(170, abs=0.1))
    assert tall < 170
    assert max(shape.height.mm for shape in written().inline_shapes) <= 240


def test_pictures_have_300_dots_an_inch_on_paper_and_say_so() -> None:
    for shape in written().inline_shapes:
        relation = shape._inline.graphic.graphicData.pic.blipFill.blip.embed
        image = written().part.related_parts[relation].image
        # a pixel is lost where a side is not a whole number of them
        assert image.px_width >= shape.width.inches * 300 - 1
        assert image.px_height >= shape.height.inches * 300 - 1
        assert (image.horz_dpi, image.vert_dpi) == (300, 300)


def test_pictures_come_in_the_order_of_their_drawings() -> None:
    drawings = [figure(f"figure-{n}", f"{n}", label=label).svg for n, label in enumerate("ABCDE")]
    alone = [pictures([svg])[0] for svg in drawings]
    assert len(set(alone)) == len(drawings)
    assert list(pictures(drawings)) == alone
    assert pictures([]) == ()


def test_links_lead_to_bookmarks() -> None:
    anchors = {link.get(f"{W}anchor") for link in written().element.iter(f"{W}hyperlink")} - {None}
    marks = [mark.get(f"{W}name") for mark in written().element.iter(f"{W}bookmarkStart")]
    assert anchors
    assert anchors <= set(marks)
    assert len(marks) == len(set(marks))
    assert all(re.fullmatch(r"[A-Za-z]\w{0,39}", mark) for mark in marks)


def test_the_language_and_right_to_left_are_told() -> None:
    styles = package().read("word/styles.xml").decode()
    assert 'w:val="en-US"' in styles
    marked = [
        "".join(text.text for text in run.iter(f"{W}t"))
        for run in written().element.iter(f"{W}r")
        if run.find(f"{W}rPr/{W}rtl") is not None
    ]
    assert "חולה ראשון" in marked
    assert all("\u0590" <= run[0] <= "\u06ff" for run in marked)


def test_the_banner_is_in_the_header() -> None:
    assert written().sections[0].header.paragraphs[0].text == "SIMULATED DATA: not real patients"
    assert all(section.header.is_linked_to_previous is False for section in written().sections)
    real = docx.Document(io.BytesIO(document_docx(document(simulated=False))))
    assert "SIMULATED" not in "".join(p.text for p in real.sections[0].header.paragraphs)


def test_no_field_but_ours_is_in_the_file() -> None:
    # a text of a user that looks like a formula stays text
    parts = [
        package().read(name).decode() for name in package().namelist() if name.endswith(".xml")
    ]
    told = {
        one.strip().split()[0]
        for part in parts
        for one in re.findall(r"<w:instrText[^>]*>([^<]*)<", part)
    }
    assert told == {"SEQ", "PAGE", "NUMPAGES"}
    assert "fldSimple" not in "".join(parts)
    cells = [cell.text for cell in written().tables[3].columns[0].cells]
    assert "=1+1" in HOSTILE
    assert "=1+1" in cells


def test_a_drawing_in_another_script_is_drawn_again() -> None:
    try:
        shapes = only(figure("figure-x", "X", label="风险"), figure("figure-y", "Y")).inline_shapes
    except FileRefused as refused:
        assert refused.problems[0].code == "font_missing"  # noqa: PT017
        return
    again, plain = shapes
    # the same drawing in the same size, to a pixel of 300 in an inch
    assert again.width.mm == pytest.approx(plain.width.mm, abs=0.1)
    assert again.height.mm == pytest.approx(plain.height.mm, abs=0.2)


def test_a_hundred_figures_and_a_table_of_two_thousand_rows() -> None:
    drawing = figure("figure-x", "A figure")
    word = only(long_table(2000), *(replace(drawing, id=f"figure-{n}") for n in range(100)))
    assert len(word.tables[0]._tbl.tr_lst) == 2001
    assert len(word.inline_shapes) == 100


@pytest.mark.parametrize(
    ("write", "package"), [(document_docx, "python-docx"), (document_pdf, "typst")]
)
def test_a_missing_library_is_named(
    write: Any, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    with pytest.raises(FileRefused) as refused:
        write(document())
    (problem,) = refused.value.problems
    assert problem.code == "extra_missing"
    assert package in problem.what
    assert "cartwheel[report]" in problem.mend
