"""A document as one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cartwheel.report.document.blocks import Document
from cartwheel.report.document.typeset import CountedFigure, CountedTable, Part, typeset
from cartwheel.report.words import words

# a spreadsheet that opens the page must not compute what a cell says
_FORMULA = ("=", "+", "-", "@")


def document_html(document: Document) -> str:
    """Write a document as one self-contained HTML page.

    Parameters
    ----------
    document : Document
        The paper.

    Returns
    -------
    str
        HTML; the same document gives the same text. Every number that has a place in the result
        carries it as ``data-source``. No script and no request, and a policy that allows none.

    Raises
    ------
    FileRefused
        Where a work is cited that is not among the references.
    """
    ready = typeset(document, words(document.language))
    environment = Environment(
        loader=PackageLoader("cartwheel.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["formula"] = lambda text: text.startswith(_FORMULA)
    environment.filters["drawing"] = _drawing
    environment.globals["say"] = ready.say
    return environment.get_template("document/page.html").render(
        doc=ready, groups=_groups(ready.parts)
    )


def _groups(parts: tuple[Part, ...]) -> list[tuple[str, list[Part]]]:
    """Put items that follow one another into one list; every part tells what it is."""
    groups: list[tuple[str, list[Part]]] = []
    for part in parts:
        if isinstance(part, CountedTable):
            kind = "table"
        elif isinstance(part, CountedFigure):
            kind = "figure"
        else:
            kind = part.kind
        if kind == "bullet" and groups and groups[-1][0] == "bullet":
            groups[-1][1].append(part)
        else:
            groups.append((kind, [part]))
    return groups


def _drawing(figure: CountedFigure) -> Markup:
    label = Markup('<svg role="img" aria-label="{}" ').format(figure.alt)
    return Markup(figure.svg.replace("<svg ", label, 1))
