"""A validation's JSON to one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cartwheel.canonical import plain
from cartwheel.figures.numbers import measure_format
from cartwheel.figures.validation.gallery import figure_words, validation_svgs
from cartwheel.report import shell
from cartwheel.report.validation import story
from cartwheel.report.validation.captions import CAPTIONS
from cartwheel.validation.result import Validation


def validation_report_html(document: Mapping[str, Any]) -> str:
    """Write the report of a validation as one self-contained HTML page.

    Parameters
    ----------
    document : mapping
        A validation's JSON: ``kind``, ``schema``, ``provenance``, ``plan``, ``result``, and
        ``referee`` where there is one. Nothing else is read, so the page can be made again from
        the file alone.

    Returns
    -------
    str
        HTML. The same document gives the same text. Every number of the page is a ``<data>``
        element whose ``value`` is the number as it stands in the JSON.

    Raises
    ------
    FileRefused
        Where the document is not, or not wholly, a validation.
    """
    job = ("not_a_validation", "validation", "validate")
    checked = shell.whole(plain(document), Validation, job)
    result = checked["result"]

    def words(name: str) -> tuple[str, str, str]:
        title, numbers = figure_words(checked, name)
        kind, _, place = name.rpartition("_")
        caption = CAPTIONS[kind if place.isdigit() else name]
        return f"{title}.", caption, f"{title}. {numbers}".strip()

    page = shell.environment(
        figure=shell.drawn(validation_svgs(checked), words),
        measure_format=measure_format,
        predicts_words=story.PREDICTS,
        verdict=story.verdict,
        warned=story.warned,
        side_by_side=story.side_by_side,
        group_measures=story.group_measures,
        group_estimates=story.group_estimates,
        rung_measures=story.rung_measures,
        named=story.named,
    )
    return page.get_template("validation/page.html").render(
        document=checked,
        result=result,
        outcome=result["outcome"],
        sections=story.sections(result, checked.get("referee")),
    )
