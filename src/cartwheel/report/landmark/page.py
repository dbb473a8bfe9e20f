"""A landmark prediction's JSON to one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cartwheel.canonical import plain
from cartwheel.figures.landmark import figure_words, landmark_svgs
from cartwheel.figures.numbers import measure_format
from cartwheel.landmarking.result import LandmarkResult
from cartwheel.report import shell
from cartwheel.report.landmark import story


def landmark_report_html(document: Mapping[str, Any]) -> str:
    """Write the report of a landmark prediction as one self-contained HTML page.

    Parameters
    ----------
    document : mapping
        A landmark prediction's JSON: ``kind``, ``schema``, ``provenance``, ``plan``, ``result``.
        Nothing else is read, so the page can be made again from the file alone.

    Returns
    -------
    str
        HTML. The same document gives the same text. Every number of the page is a ``<data>``
        element whose ``value`` is the number as it stands in the JSON.

    Raises
    ------
    FileRefused
        Where the document is not, or not wholly, a landmark prediction.
    """
    job = ("not_a_landmark", "landmark prediction", "landmark")
    checked = shell.whole(plain(document), LandmarkResult, job)
    result = checked["result"]

    def words(name: str) -> tuple[str, str, str]:
        title, numbers = figure_words(result, name)
        return f"{title}.", story.CAPTIONS[name], f"{title}. {numbers}".strip()

    page = shell.environment(
        figure=shell.drawn(landmark_svgs(result), words),
        measure_format=measure_format,
        model_words=story.MODELS,
        measure_at=story.measure_at,
        by_model=story.by_model,
    )
    return page.get_template("landmark/page.html").render(
        document=checked,
        result=result,
        outcome=result["outcome"],
        sections=story.sections(result),
        cautions=story.cautions(result),
        tables=story.tables(result),
    )
