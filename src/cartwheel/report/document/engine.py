"""The engine of PDFs and pictures: typst with fonts that do not depend on the machine."""

from __future__ import annotations

import json
import re
import shutil
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

import typst

from cartwheel.errors import CartwheelError, FileRefused, refuse
from cartwheel.report.document.blocks import Figure
from cartwheel.report.document.drawings import SANS, font_files, foreign, one_typeface

_DOTS = 300
# signature and first chunk of a PNG, in bytes
_HEADER = 33
# typst carries the serif, matplotlib the sans: neither depends on the machine
_SERIF, _CODE = "Libertinus Serif", "DejaVu Sans Mono"
_OTHER_SCRIPTS = (
    "Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "Noto Sans CJK SC",
    "Noto Sans SC", "Source Han Sans SC", "Songti SC", "PingFang SC", "SimSun", "Microsoft YaHei",
    "WenQuanYi Zen Hei", "Droid Sans Fallback", "Noto Naskh Arabic", "Noto Sans Arabic",
    "Noto Serif Hebrew", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai",
    "Noto Emoji", "Symbola",
)  # fmt: skip


def compiled(template: str, content: Mapping[str, Any], said: str) -> bytes:
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

    Returns
    -------
    bytes
        PDF/UA-1, without a date.

    Raises
    ------
    FileRefused
        Where no font has a sign.
    """
    with _typesetter(template, content, said) as run:
        return bytes(run(format="pdf", pdf_standards="ua-1"))


@contextmanager
def _typesetter(
    template: str, content: Mapping[str, Any], said: str
) -> Iterator[Callable[..., Any]]:
    beyond = bool(foreign(said))
    with tempfile.TemporaryDirectory(prefix="cartwheel.") as folder:
        # the whole folder of fonts would bring one that shows every sign as an empty box
        for source in font_files():
            shutil.copyfile(source, Path(folder) / source.name)
        fonts = typst.Fonts(include_system_fonts=beyond, font_paths=[folder])
        known = set(fonts.families())
        spare = [name for name in _OTHER_SCRIPTS if name in known] if beyond else []
        named = {"fonts": [_SERIF, SANS, *spare], "code_fonts": [_CODE, SANS, *spare]}
        text = (files("cartwheel.report") / "templates" / "document" / template).read_bytes()
        inputs = {"document": json.dumps({**content, **named}, ensure_ascii=False)}
        try:
            yield partial(typst.compile, text, font_paths=fonts, sys_inputs=inputs)
        except typst.TypstError as error:
            raise _no_font(error.message) from None


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


def pictures(drawings: Sequence[str]) -> tuple[bytes, ...]:
    """Make pictures of drawings, in which every script is shown.

    Parameters
    ----------
    drawings : sequence of str
        Each an SVG.

    Returns
    -------
    tuple of bytes
        PNG at 300 dots an inch, as they stand in the PDF; the same drawing gives the same bytes.

    Raises
    ------
    FileRefused
        Where no font has a sign of a drawing.
    """
    plain = [place for place, svg in enumerate(drawings) if not foreign(svg)]
    others = [place for place in range(len(drawings)) if place not in plain]
    # typst works outside of Python: two halves are made at a time
    groups = [group for group in (plain[::2], plain[1::2], others) if group]
    with ThreadPoolExecutor(max_workers=2) as pool:
        made = pool.map(_pictured, ([drawings[place] for place in group] for group in groups))
        found = dict(zip(chain(*groups), chain(*made), strict=True))
    return tuple(found[place] for place in range(len(drawings)))


def _pictured(drawings: Sequence[str]) -> Iterator[bytes]:
    said = "".join(drawings)
    content = {"drawings": [one_typeface(svg) for svg in drawings]}
    with _typesetter("pictures.typ", content, said) as run:
        if foreign(said):
            # only in a tagged PDF a sign without a font is an error
            run(format="pdf", pdf_standards="ua-1")
        made = run(format="png", ppi=_DOTS)
    return map(_measured, [made] if isinstance(made, bytes) else made)


def _measured(png: bytes) -> bytes:
    """Say in a PNG how many dots it has to an inch."""
    a_metre = round(_DOTS / 0.0254)
    chunk = b"pHYs" + struct.pack(">IIB", a_metre, a_metre, 1)
    told = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:_HEADER] + told + png[_HEADER:]


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
