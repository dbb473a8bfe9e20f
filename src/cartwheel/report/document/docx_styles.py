"""How a Word file looks: its styles, its pages, header, footer, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from docx.document import Document as Word
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from cartwheel.report.document.cited import Piece
from cartwheel.report.document.docx_words import add, element, field, write_pieces
from cartwheel.report.document.typeset import Typeset

_SERIF, _SANS, _CODE = "Times New Roman", "Arial", "Courier New"
_INK, _SOFT, _ACCENT, _BROWN = "1A1F26", "55606D", "0B4F79", "5C2E00"
_LANGUAGES = {"en": "en-US", "de": "de-DE", "zh": "zh-CN"}
_SHORT, _LONG = 11906, 16838
_RUNNING = 90


@dataclass(frozen=True, slots=True)
class _Look:
    """How paragraphs of a style look; ``space`` is before and after, in points."""

    points: float
    space: tuple[float, float]
    parent: str = "Normal"
    typeface: str = _SERIF
    colour: str = _INK
    bold: bool = False
    italic: bool = False
    with_next: bool = False
    lines: float = 1.12


_STYLES = {
    "Normal": _Look(10.5, (0, 6), parent=""),
    "Body Text": _Look(10.5, (0, 6)),
    "Title": _Look(20, (6, 6), bold=True, with_next=True),
    "Subtitle": _Look(12, (0, 12), italic=True, colour=_SOFT),
    "Heading 1": _Look(15, (20, 7), bold=True, with_next=True),
    "Heading 2": _Look(12, (14, 5), bold=True, with_next=True),
    "Heading 3": _Look(10.5, (10, 4), bold=True, italic=True, with_next=True),
    "List Bullet": _Look(10.5, (0, 3)),
    "Caption": _Look(9, (12, 4), with_next=True, lines=1.0),
    "Figure Caption": _Look(9, (4, 12), parent="Caption", lines=1.0),
    "Figure": _Look(10.5, (10, 0), with_next=True),
    "Table Text": _Look(8.5, (1.5, 1.5), lines=1.0),
    "Table Text Small": _Look(7.5, (1.5, 1.5), parent="Table Text", lines=1.0),
    "Table Text Tiny": _Look(6.5, (1.5, 1.5), parent="Table Text", lines=1.0),
    "Table Note": _Look(8, (2, 2), colour=_SOFT, lines=1.0),
    "Table End": _Look(8, (2, 10), parent="Table Note", colour=_SOFT, lines=1.0),
    "References": _Look(9.5, (0, 4)),
    "Caution": _Look(11.5, (8, 8)),
    "Assumption": _Look(11.5, (8, 8), parent="Caution"),
    "Simulated": _Look(11, (0, 8), typeface=_SANS, bold=True, colour=_BROWN, with_next=True),
    "Section End": _Look(2, (0, 0)),
}


def dress(word: Word, ready: Typeset) -> None:
    """Give a new Word file its styles, language, header, footer and properties.

    Parameters
    ----------
    word : docx Document
        As python-docx makes it; its empty body is kept.
    ready : Typeset
        What will stand in it.
    """
    for name, look in _STYLES.items():
        _paragraph_style(word, name, look)
    _code_style(word)
    _table_style(word)
    _boxes(word)
    _languages(word, _LANGUAGES.get(ready.language, ready.language))
    _header(word, ready)
    _properties(word, ready)


def _paragraph_style(word: Word, name: str, look: _Look) -> None:
    found = name in word.styles
    style: Any = (
        word.styles[name] if found else word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    )
    if look.parent:
        style.base_style = word.styles[look.parent]
    style.font.size = Pt(look.points)
    style.font.bold, style.font.italic = look.bold, look.italic
    style.font.color.rgb = RGBColor.from_string(look.colour)
    about = style.element.get_or_add_rPr()
    _typeface(about, look.typeface)
    # the template's own spacing of letters, and the size of scripts such as Arabic
    for found in about.xpath("w:spacing|w:kern|w:szCs"):
        about.remove(found)
    about.find(_w("sz")).addnext(element("w:szCs", {"w:val": str(round(2 * look.points))}))
    style.paragraph_format.line_spacing = look.lines
    style.paragraph_format.space_before = Pt(look.space[0])
    style.paragraph_format.space_after = Pt(look.space[1])
    style.paragraph_format.keep_with_next = look.with_next
    style.paragraph_format.widow_control = True
    style.quick_style = True
    style.hidden = False
    for border in style.element.xpath("w:pPr/w:pBdr"):
        border.getparent().remove(border)


def _typeface(about: Any, name: str) -> None:
    for fonts in about.findall(qn("w:rFonts")):
        about.remove(fonts)
    # the theme's typeface would win over the one that is named
    names = {f"w:{script}": name for script in ("ascii", "hAnsi", "cs")}
    about.insert(0, element("w:rFonts", names | {"w:eastAsia": "SimSun"}))


def _code_style(word: Word) -> None:
    # in a sentence, and in a caption
    for name, points in (("Code Text", 9), ("Code Text Small", 7)):
        style: Any = word.styles.add_style(name, WD_STYLE_TYPE.CHARACTER)
        style.element.set(_w("styleId"), name.replace(" ", ""))
        style.font.size = Pt(points)
        _typeface(style.element.get_or_add_rPr(), _CODE)


def _w(name: str) -> str:
    return str(qn(f"w:{name}"))


def _table_style(word: Word) -> None:
    style: Any = word.styles.add_style("Journal Table", WD_STYLE_TYPE.TABLE)
    style.base_style = word.styles["Normal Table"]
    about = add(style.element, "w:tblPr")
    borders = add(about, "w:tblBorders")
    line = {"w:val": "single", "w:space": "0"}
    add(borders, "w:top", line | {"w:sz": "12", "w:color": _INK})
    add(borders, "w:bottom", line | {"w:sz": "12", "w:color": _INK})
    add(borders, "w:insideH", line | {"w:sz": "4", "w:color": "E1E6EB"})
    margins = add(about, "w:tblCellMar")
    for side in ("left", "right"):
        add(margins, f"w:{side}", {"w:w": "76", "w:type": "dxa"})
    first = add(style.element, "w:tblStylePr", {"w:type": "firstRow"})
    add(add(first, "w:rPr"), "w:b")
    cell = add(first, "w:tcPr")
    add(
        add(cell, "w:tcBorders"),
        "w:bottom",
        {"w:val": "single", "w:sz": "6", "w:space": "0", "w:color": _INK},
    )
    add(cell, "w:vAlign", {"w:val": "bottom"})


def _boxes(word: Word) -> None:
    for name, colour, fill in (
        ("Caution", "B65C00", "FFF8EC"),
        ("Assumption", _ACCENT, "F4F6F8"),
        ("Simulated", "B65C00", "FFE9A8"),
    ):
        style: Any = word.styles[name]
        about = style.element.get_or_add_pPr()
        borders = element("w:pBdr")
        thick = "8" if name == "Simulated" else "48"
        for side in ("top", "left", "bottom", "right", "between"):
            size = thick if side == "left" else "8"
            add(
                borders,
                f"w:{side}",
                {"w:val": "single", "w:sz": size, "w:space": "4", "w:color": colour},
            )
        about.insert_element_before(borders, *_AFTER_BORDERS)
        shade = element("w:shd", {"w:val": "clear", "w:color": "auto", "w:fill": fill})
        about.insert_element_before(shade, *_AFTER_BORDERS[1:])
    centred: Any = word.styles["Simulated"]
    centred.paragraph_format.alignment = 1
    hanging: Any = word.styles["References"]
    hanging.paragraph_format.left_indent = Mm(7)
    hanging.paragraph_format.first_line_indent = -Mm(7)


# what may follow borders and shades in a paragraph's properties, in Word's order
_AFTER_BORDERS = (
    "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:kinsoku", "w:wordWrap", "w:overflowPunct",
    "w:topLinePunct", "w:autoSpaceDE", "w:autoSpaceDN", "w:bidi", "w:adjustRightInd",
    "w:snapToGrid", "w:spacing", "w:ind", "w:contextualSpacing", "w:mirrorIndents",
    "w:suppressOverlap", "w:jc", "w:textDirection", "w:textAlignment", "w:textboxTightWrap",
    "w:outlineLvl", "w:divId", "w:cnfStyle", "w:rPr", "w:sectPr", "w:pPrChange",
)  # fmt: skip


def _languages(word: Word, language: str) -> None:
    # of the Latin words: under Chinese rules they would break anywhere
    latin = "en-US" if language.startswith("zh") else language
    codes = {"w:val": latin, "w:eastAsia": "zh-CN", "w:bidi": "ar-SA"}
    for about in word.styles.element.xpath("w:docDefaults/w:rPrDefault/w:rPr"):
        for found in about.findall(_w("lang")):
            about.remove(found)
        about.append(element("w:lang", codes))


def _header(word: Word, ready: Typeset) -> None:
    section = word.sections[0]
    header: Any = section.header
    header.is_linked_to_previous = False
    paragraph = header.paragraphs[0]._p
    if ready.banner:
        paragraph.style = word.styles["Simulated"].style_id
        write_pieces(paragraph, (Piece(ready.banner),), word)
        paragraph = header.add_paragraph()._p
    title = ready.title
    running = title if len(title) <= _RUNNING else title[: _RUNNING - 1] + "…"
    paragraph.style = word.styles["Table End"].style_id
    write_pieces(paragraph, (Piece(running),), word)
    footer: Any = section.footer
    footer.is_linked_to_previous = False
    line = footer.paragraphs[0]
    line.alignment = 1
    line._p.style = word.styles["Table Note"].style_id
    page = ready.say("document.page", number="\0", total="\1")
    before, _, rest = page.partition("\0")
    between, _, after = rest.partition("\1")
    write_pieces(line._p, (Piece(before),), word)
    field(line._p, " PAGE ", "1")
    write_pieces(line._p, (Piece(between),), word)
    field(line._p, " NUMPAGES ", "1")
    write_pieces(line._p, (Piece(after),), word)


def page_of(section: Any, *, turned: bool, first: bool) -> None:
    """Set the pages of a section: upright or turned A4.

    Parameters
    ----------
    section : element
        ``w:sectPr``, its header and footer already named or inherited.
    turned : bool
        Whether its pages are turned.
    first : bool
        Whether it is the first of the file.
    """
    for found in section.xpath("w:type|w:pgSz|w:pgMar|w:cols|w:docGrid|w:titlePg"):
        section.remove(found)
    if not first:
        add(section, "w:type", {"w:val": "nextPage"})
    across, down = (_LONG, _SHORT) if turned else (_SHORT, _LONG)
    size = {"w:w": str(across), "w:h": str(down)}
    add(section, "w:pgSz", size | ({"w:orient": "landscape"} if turned else {}))
    # 20 mm at both sides
    sides = {"top": 1361, "right": 1134, "bottom": 1134, "left": 1134, "header": 567, "footer": 567}
    add(
        section,
        "w:pgMar",
        {f"w:{name}": str(room) for name, room in sides.items()} | {"w:gutter": "0"},
    )


def _properties(word: Word, ready: Typeset) -> None:
    told = word.core_properties
    told.title = ready.title[:255]
    told.subject = ready.subtitle[:255]
    told.language = _LANGUAGES.get(ready.language, ready.language)
    told.author = told.last_modified_by = told.comments = told.keywords = ""
    for found in word.part.package.core_properties._element.xpath(
        "dcterms:created|dcterms:modified|cp:lastModifiedBy|cp:revision"
    ):
        found.getparent().remove(found)
    # the thumbnail is of the template
    package: Any = word.part.package
    for id, relation in list(package.rels.items()):
        if relation.reltype.endswith("/thumbnail"):
            del package.rels[id]
