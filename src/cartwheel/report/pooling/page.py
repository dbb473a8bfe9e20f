"""A pool's JSON to one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cartwheel.canonical import plain
from cartwheel.errors import FileRefused, refuse
from cartwheel.figures.numbers import sentence
from cartwheel.figures.pooling.gallery import figure_title, pool_figures, pool_svgs
from cartwheel.figures.pooling.measure import MEASURES
from cartwheel.pooling.result import Pool
from cartwheel.report import markup
from cartwheel.report.pooling import numbers, story, studies
from cartwheel.report.pooling.captions import CAPTIONS
from cartwheel.report.story import estimate_methods

# in points: below this a figure is drawn for one column
_ONE_COLUMN = 320.0


def pool_report_html(document: Mapping[str, Any]) -> str:
    """Write the report of a meta-analysis as one self-contained HTML page.

    Parameters
    ----------
    document : mapping
        A pool's JSON: ``kind``, ``schema``, ``provenance``, ``plan`` and ``result``. Nothing else
        is read, so the page can be made again from the file alone.

    Returns
    -------
    str
        HTML. The same document gives the same text. Every number of the page is a ``<data>``
        element whose ``value`` is the number as it stands in the JSON.

    Raises
    ------
    FileRefused
        Where the document is not, or not wholly, a pool.
    """
    checked = _pool(plain(document))
    result = checked["result"]
    page = _environment(checked).get_template("pooling/page.html")
    return page.render(
        document=checked,
        result=result,
        sections=story.sections(result),
        pooled=story.pooled(result),
        single=story.single(result),
        lettered=studies.lettered(result["studies"]),
    )


def _pool(document: dict[str, Any]) -> dict[str, Any]:
    absent = [
        key for key in ("kind", "schema", "provenance", "plan", "result") if key not in document
    ]
    if not absent:
        absent = [
            f"result.{field.name}" for field in fields(Pool) if field.name not in document["result"]
        ]
    if absent:
        raise refuse(
            FileRefused,
            "not_a_pool",
            f"this is not the JSON of a meta-analysis: it lacks {', '.join(absent)}",
            mend="give the file that 'cartwheel pool --json' wrote",
        )
    return document


def _environment(document: Mapping[str, Any]) -> Environment:
    environment = Environment(
        loader=PackageLoader("cartwheel.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = story.figure_names(document["result"], list(pool_figures(document)))
    svgs = pool_svgs(document, names)

    def figure(name: str) -> Markup:
        return _figure(name, svgs[name], figure_title(document, name)) if name in svgs else Markup()

    environment.filters.update(
        number=markup.number,
        limits=markup.limits,
        measured=numbers.measured,
        reach=numbers.reach,
        sentence=sentence,
    )
    environment.globals.update(
        figure=figure,
        coverage=markup.coverage,
        estimate_methods=estimate_methods,
        measures=MEASURES,
        inside=story.inside,
        meaning=story.meaning,
        no_effect=story.no_effect,
        cautions=story.cautions,
        warned_pools=story.warned_pools,
        figures_of=lambda kind: [name for name in svgs if name.rpartition("_")[0] == kind],
        lights=story.lights,
        changed=story.changed,
        test_words=story.TESTS,
    )
    return environment


def _figure(name: str, svg: str, title: str) -> Markup:
    kind = name.rpartition("_")[0]
    drawing = svg.replace("<svg ", Markup('<svg role="img" aria-label="{}" ').format(title), 1)
    width = re.search(r'width="([\d.]+)pt"', svg)
    column = "single" if width and float(width[1]) < _ONE_COLUMN else "double"
    return Markup(
        '<figure id="figure-{}" class="{}"><div class="scroll">{}</div>'
        "<figcaption><b>{}.</b> {}</figcaption></figure>"
    ).format(name.replace("_", "-"), column, Markup(drawing), title, CAPTIONS[kind])
