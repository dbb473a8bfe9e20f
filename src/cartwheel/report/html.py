"""A development's JSON to one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cartwheel.canonical import plain
from cartwheel.development.result import Development
from cartwheel.errors import FileRefused, refuse
from cartwheel.figures.gallery import figure_svgs
from cartwheel.figures.numbers import measure_format, sentence
from cartwheel.report import markup, story
from cartwheel.report.captions import CAPTIONS, SINGLE_COLUMN

__all__ = ["figure_svgs", "report_html"]


def report_html(document: Mapping[str, Any]) -> str:
    """Write the report of a development as one self-contained HTML page.

    Parameters
    ----------
    document : mapping
        A development's JSON: ``kind``, ``schema``, ``provenance``, ``plan`` and ``result``. Nothing
        else is read, so the page can be made again from the file alone.

    Returns
    -------
    str
        HTML. The same document gives the same text. Every number of the page is a ``<data>``
        element whose ``value`` is the number as it stands in the JSON.

    Raises
    ------
    FileRefused
        Where the document is not, or not wholly, a development.
    """
    checked = _development(plain(document))
    result = checked["result"]
    page = _environment(figure_svgs(checked)).get_template("report.html")
    return page.render(
        document=checked,
        result=result,
        outcome=result["outcome"],
        sections=story.sections(result),
        cautions=story.cautions(result),
        primary=story.primary(result["performance"]),
        primary_uncut=story.primary(result["uncut"]),
    )


def _development(document: dict[str, Any]) -> dict[str, Any]:
    absent = [
        key for key in ("kind", "schema", "provenance", "plan", "result") if key not in document
    ]
    if not absent:
        absent = [
            f"result.{field.name}"
            for field in fields(Development)
            if field.name not in document["result"]
        ]
    if absent:
        raise refuse(
            FileRefused,
            "not_a_development",
            f"this is not the JSON of a development: it lacks {', '.join(absent)}",
            mend="give the file that 'cartwheel develop --json' wrote",
        )
    return document


def _environment(svgs: Mapping[str, str]) -> Environment:
    environment = Environment(
        loader=PackageLoader("cartwheel.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def figure(name: str) -> Markup:
        return _figure(name, svgs[name]) if name in svgs else Markup("")

    environment.filters.update(
        number=markup.number, limits=markup.limits, breakable=markup.breakable, sentence=sentence
    )
    environment.globals.update(
        figure=figure,
        cut=markup.cut,
        coverage=markup.coverage,
        measure_format=measure_format,
        side_by_side=story.side_by_side,
        by_column=story.by_column,
        predictors=story.predictors,
        association_groups=story.association_groups,
        estimate_methods=story.estimate_methods,
        method_words=story.METHODS,
        search_words=story.SEARCHES,
    )
    return environment


def _figure(name: str, svg: str) -> Markup:
    title, words = CAPTIONS[name]
    drawing = svg.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
    width = "single" if name in SINGLE_COLUMN else "double"
    return Markup(
        '<figure id="figure-{}" class="{}"><div class="scroll">{}</div>'
        "<figcaption><b>{}</b> {}</figcaption></figure>"
    ).format(name.replace("_", "-"), width, Markup(drawing), title, words)
