"""The engine of PDFs: typst with fonts that do not depend on the machine."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst

from cartwheel.errors import CartwheelError, FileRefused, refuse
from cartwheel.report.document.blocks import Figure
from cartwheel.report.document.drawings import SANS, font_files, foreign, one_typeface

# typst carries the serif, matplotlib the sans: neither depends on the machine
_SERIF, _CODE = "Libertinus Serif", "DejaVu Sans Mono"
_OTHER_SCRIPTS = (
    "Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "Noto Sans CJK SC",
    "Noto Sans SC", "Source Han Sans SC", "Songti SC", "PingFang SC", "SimSun", "Microsoft YaHei",
    "WenQuanYi Zen Hei", "Droid Sans Fallback", "Noto Naskh Arabic", "Noto Sans Arabic",
    "Noto Serif Hebrew", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai",
    "Noto Emoji", "Symbola",
)  # fmt: skip


def compiled(
    template: str, content: Mapping[str, Any], said: str, *, picture: bool = False
) -> bytes:
    """Run a template of typst.

    Parameters
    ----------
    template : str
        Its name among the templates.
    content : mapping
        What it reads, as plain values; the names of the fonts are put to them.
    said : str
        Every sign that must be shown: fonts of the machine are used where the carried ones lack
        one of them, and only then.
    picture : bool
        Whether its one page is wanted as PNG.

    Returns
    -------
    bytes
        PDF/UA-1, without a date; or PNG at 300 dots an inch.

    Raises
    ------
    FileRefused
        Where no font has a sign.
    """
    beyond = bool(foreign(said))
    with tempfile.TemporaryDirectory(prefix="cartwheel.") as folder:
        # the whole folder of fonts would bring one that shows every sign as an empty box
        for source in font_files():
            shutil.copyfile(source, Path(folder) / source.name)
        fonts = typst.Fonts(include_system_fonts=beyond, font_paths=[folder])
        known = set(fonts.families())
        spare = [name for name in _OTHER_SCRIPTS if name in known] if beyond else []
        named = {"fonts": [_SERIF, SANS, *spare], "code_fonts": [_CODE, SANS, *spare]}
        template_file = files("cartwheel.report") / "templates" / "document" / template
        inputs = {"document": json.dumps({**content, **named}, ensure_ascii=False)}
        text = template_file.read_bytes()
        try:
            # a picture is tried as PDF too: only there a sign without a font is an error
            made = typst.compile(
                text, format="pdf", font_paths=fonts, sys_inputs=inputs, pdf_standards="ua-1"
            )
            if picture:
                made = typst.compile(
                    text, format="png", font_paths=fonts, sys_inputs=inputs, ppi=300
                )
        except typst.TypstError as error:
            raise _no_font(error.message) from None
    return bytes(made)


def figure_pdf(figure: Figure, language: str) -> bytes:
    """Write a figure as a PDF of one page of its size.

    Parameters
    ----------
    figure : Figure
        With its drawing as SVG.
    language : str
        Of its words.

    Returns
    -------
    bytes
        Vectors and embedded fonts; the same figure gives the same bytes.

    Raises
    ------
    FileRefused
        Where no font has a sign of the drawing.
    """
    content = {
        "title": figure.caption or figure.id,
        "lang": language,
        "alt": figure.alt or figure.caption or figure.id,
        "svg": one_typeface(figure.svg),
    }
    return compiled("figure.typ", content, figure.svg)


def figure_png(svg: str, png: bytes) -> bytes:
    """Give a figure as PNG in which every script is shown.

    Parameters
    ----------
    svg : str
        The drawing.
    png : bytes
        The same as PNG, drawn with the carried fonts.

    Returns
    -------
    bytes
        ``png`` itself; drawn again where those fonts lack a sign.

    Raises
    ------
    FileRefused
        Where no font has a sign of the drawing.
    """
    if not foreign(svg):
        return png
    content = {"title": "figure", "lang": "en", "alt": "figure", "svg": one_typeface(svg)}
    return compiled("figure.typ", content, svg, picture=True)


def _no_font(message: str) -> Exception:
    sign = re.search(r"the text `\"(.*?)\"` could not be displayed", message, re.DOTALL)
    if sign is None:
        return CartwheelError(message)
    # the engine spells signs that it takes for unprintable
    signs = re.sub(r"\\u\{([0-9a-f]+)\}", lambda code: chr(int(code[1], 16)), sign[1])[:3]
    places = " ".join(f"U+{ord(one):04X}" for one in signs)
    return refuse(
        FileRefused,
        "font_missing",
        f"no font of this machine has the sign '{signs}' ({places}), which the PDF must show",
        mend="install a font for this script, such as Noto Sans CJK, or write HTML or DOCX",
    )
