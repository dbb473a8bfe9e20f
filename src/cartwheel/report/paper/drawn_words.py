"""Words inside the drawings of a paper: in its language, where its pictures can show them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec

from matplotlib.figure import Figure as Drawing

from cartwheel.errors import FileRefused
from cartwheel.figures.publish import Spoken
from cartwheel.figures.wording import drawn_in
from cartwheel.report.document.blocks import Figure
from cartwheel.report.document.drawings import foreign
from cartwheel.report.words import gap, phrases, words


@dataclass(frozen=True, slots=True)
class _Inside:
    """Words inside drawings, and what captions say of them."""

    phrases: Mapping[str, str]
    note: str = ""


_PLAIN = _Inside(phrases("en"))
_INSIDE = ContextVar("inside", default=_PLAIN)


@contextmanager
def inside(language: str, *, pictures: bool) -> Iterator[None]:
    """Draw in a language.

    Parameters
    ----------
    language : str
        ``en``, ``de`` or ``zh``.
    pictures : bool
        Whether drawings are wanted as pictures: those need a font for the language. Where the
        machine has none, every drawing is in English, and its caption says so.

    Yields
    ------
    None
    """
    found = _Inside(phrases(language))
    if pictures and not font_for(language):
        found = _Inside({}, words(language)("document.drawn_in_english"))
    before = _INSIDE.set(found)
    try:
        yield
    finally:
        _INSIDE.reset(before)


def worded(build: Callable[[], Drawing]) -> Callable[[], Drawing]:
    """Make a figure be drawn in the language that is set.

    Parameters
    ----------
    build : function
        Draws it.

    Returns
    -------
    function
    """

    def drawn() -> Drawing:
        with drawn_in(_INSIDE.get().phrases):
            return build()

    return drawn


def noted(caption: str) -> str:
    """Say in a caption that the drawing had to be in English, where it had to.

    Parameters
    ----------
    caption : str
        Under the figure.

    Returns
    -------
    str
    """
    note = _INSIDE.get().note
    return f"{caption}{gap(caption)}{note}" if note else caption


@cache
def font_for(language: str) -> bool:
    """Say whether pictures can show the words inside drawings in a language.

    Parameters
    ----------
    language : str
        ``en``, ``de`` or ``zh``.

    Returns
    -------
    bool
        True where the carried font has every sign; else whether typst finds a font of this machine.
    """
    signs = "".join(sorted(foreign("".join(phrases(language).values()))))
    if not signs:
        return True
    page = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20" viewBox="0 0 90 20">'
        f'<text x="1" y="9" style="font-size: 1px; font-family: sans-serif">{signs}</text></svg>'
    )
    return typeset(page, "pdf", language) is not None


def typeset(drawing: str, ending: str, language: str = "en") -> bytes | None:
    """Set a drawing with the fonts of the machine.

    Parameters
    ----------
    drawing : str
        SVG, whose signs the carried font lacks.
    ending : str
        ``pdf`` or ``png``.
    language : str
        Of its words.

    Returns
    -------
    bytes or None
        None where no font has its signs, or typst is not installed.
    """
    if find_spec("typst") is None:
        return None
    from cartwheel.report.document.engine import figure_pdf, pictures  # noqa: PLC0415

    try:
        if ending == "png":
            return pictures((drawing,))[0]
        return figure_pdf(Figure("figure", "", "", drawing, ""), language)
    except FileRefused:
        return None


def spoken(language: str) -> Spoken:
    """Give what draws figures in a language.

    Parameters
    ----------
    language : str
        ``en``, ``de`` or ``zh``.

    Returns
    -------
    Spoken
        For `cartwheel.figures.publish.published`.

    Raises
    ------
    FileRefused
        Where there are no words in the language.
    """
    return Spoken(phrases(language), partial(typeset, language=language))
