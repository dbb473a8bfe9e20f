"""A pool's JSON to one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cartwheel.canonical import plain
from cartwheel.figures.pooling.gallery import figure_title, pool_figures, pool_svgs
from cartwheel.figures.pooling.measure import MEASURES
from cartwheel.pooling.result import Pool
from cartwheel.report import shell
from cartwheel.report.pooling import numbers, story, studies
from cartwheel.report.pooling.captions import CAPTIONS


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
    checked = shell.whole(plain(document), Pool, ("not_a_pool", "meta-analysis", "pool"))
    result = checked["result"]
    names = story.figure_names(result, list(pool_figures(checked)))
    svgs = pool_svgs(checked, names)

    def words(name: str) -> tuple[str, str, str]:
        title = figure_title(checked, name)
        return f"{title}.", CAPTIONS[name.rpartition("_")[0]], title

    page = shell.environment(
        figure=shell.drawn(svgs, words),
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
    page.filters.update(measured=numbers.measured, reach=numbers.reach)
    return page.get_template("pooling/page.html").render(
        document=checked,
        result=result,
        sections=story.sections(result, checked.get("referee")),
        pooled=story.pooled(result),
        single=story.single(result),
        lettered=studies.lettered(result["studies"]),
    )
