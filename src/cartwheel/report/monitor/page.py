"""A simulated ward's JSON to one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from cartwheel.canonical import plain
from cartwheel.errors import FileRefused, refuse
from cartwheel.figures.monitor import figure_words, monitor_svgs
from cartwheel.report import shell
from cartwheel.report.monitor import story
from cartwheel.workflows.monitor_result import KIND, MonitorSimulation


def monitor_report_html(document: Mapping[str, Any]) -> str:
    """Write the report of a simulated ward as one self-contained HTML page.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel monitor simulate``. Nothing else is read, so the page can be made
        again from the file alone.

    Returns
    -------
    str
        HTML. The same document gives the same text. Every number of the page is a ``<data>``
        element whose ``value`` is the number as it stands in the JSON.

    Raises
    ------
    FileRefused
        ``not_a_simulation``, where the document is not, or not wholly, a simulated ward.
    """
    found = plain(document)
    absent = [one.name for one in fields(MonitorSimulation) if one.name not in found]
    if absent or found["kind"] != KIND:
        what = f"it lacks {', '.join(absent)}" if absent else "it is of another kind"
        raise refuse(
            FileRefused, "not_a_simulation", f"this is not the JSON of a simulated ward: {what}",
            mend="give the file that 'cartwheel monitor simulate --json' wrote",
        )  # fmt: skip

    def words(name: str) -> tuple[str, str, str]:
        title, numbers = figure_words(found, name)
        return f"{title}.", story.CAPTIONS[name], f"{title}. {numbers}".strip()

    source = found["source"]
    page = shell.environment(
        figure=shell.drawn(monitor_svgs(found), words),
        rules=story.rules(found),
        counted=story.counted,
    )
    return page.get_template("monitor/page.html").render(
        document={
            "provenance": {
                "cartwheel": source["cartwheel"],
                "data_name": ", ".join(one["name"] for one in source["files"]),
            }
        },
        # the shell asks what the page is called
        result={**found, "title": found["ward"]},
        sections=story.sections(found),
    )
