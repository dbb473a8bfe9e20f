"""A development's JSON to one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cartwheel.canonical import plain
from cartwheel.development.result import Development
from cartwheel.figures.gallery import figure_svgs
from cartwheel.figures.numbers import measure_format
from cartwheel.report import markup, shell, story
from cartwheel.report.captions import CAPTIONS

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
    job = ("not_a_development", "development", "develop")
    checked = shell.whole(plain(document), Development, job)
    result = checked["result"]
    words = shell.environment(
        figure=shell.drawn(figure_svgs(checked), _words),
        cut=markup.cut,
        measure_format=measure_format,
        side_by_side=story.side_by_side,
        by_column=story.by_column,
        predictors=story.predictors,
        association_groups=story.association_groups,
        method_words=story.METHODS,
        search_words=story.SEARCHES,
    )
    return words.get_template("report.html").render(
        document=checked,
        result=result,
        outcome=result["outcome"],
        sections=story.sections(result, checked.get("referee")),
        cautions=story.cautions(result),
        primary=story.primary(result["performance"]),
        primary_uncut=story.primary(result["uncut"]),
    )


def _words(name: str) -> tuple[str, str, str]:
    title, caption = CAPTIONS[name]
    return title, caption, title
