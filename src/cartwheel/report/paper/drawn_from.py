"""Which part of a result each figure of its paper is drawn from."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cartwheel.report.document.blocks import Figure
from cartwheel.report.places import value_at

# Figures whose part is not called like the figure; {n} is the position of the score or analysis.
_PARTS: Mapping[str, Mapping[str, str]] = {
    "develop": {"nomogram": "result.multivariable"},
    "validate": {
        "patient-flow": "result.flow",
        "roc": "result.scores",
        "calibration": "result.scores[{n}].plot",
        "kaplan-meier": "result.scores[{n}].survival",
        "subgroups": "result.subgroups",
        "centres": "result.centres",
        "ladder": "result.updates[{n}]",
    },
    "pool": {
        "prisma-flow": "result.flow",
        "traffic-lights": "result.quality[{n}]",
        "summary": "result.analyses",
        "outcomes-side-by-side": "result.analyses",
        "forest": "result.analyses[{n}].studies",
        "accuracy-forest": "result.analyses[{n}].accuracy",
        "summary-roc": "result.analyses[{n}].accuracy",
        "baujat": "result.analyses[{n}].influence",
        "funnel": "result.analyses[{n}].studies",
        "subset-cloud": "result.analyses[{n}].subsets",
        "bubble": "result.analyses[{n}].regressions",
    },
}
_LISTS = {"validate": "result.scores", "pool": "result.analyses"}
_FIRST_STEPS = re.compile(r"result\.\w+")


def drawn_from(document: Mapping[str, Any], figure: Figure) -> tuple[str, ...]:
    """Name the places of a result that a figure shows.

    Parameters
    ----------
    document : mapping
        The JSON of a result.
    figure : Figure
        Of its paper.

    Returns
    -------
    tuple of str
        The narrowest that are known; ``result`` where none is.
    """
    places = tuple(dict.fromkeys(_of_rows(figure.csv)))
    if places:
        return places
    kind = str(document.get("kind"))
    name, _, number = figure.id.removeprefix("figure-").rpartition("-")
    if not number.isdigit():
        name, number = figure.id.removeprefix("figure-"), "1"
    at = int(number) - 1
    within = f"{_LISTS.get(kind, '')}[{at}]"
    asked = (
        _PARTS.get(kind, {}).get(name, f"{within}.{name.replace('-', '_')}").format(n=at),
        f"result.{name.replace('-', '_')}",
        within,
    )
    return (next((one for one in asked if value_at(document, one) is not None), "result"),)


def _of_rows(data: str) -> Iterator[str]:
    """Parts of the result that the records of a figure's data name."""
    for record in csv.DictReader(io.StringIO(data)):
        found = _FIRST_STEPS.match(record.get("id") or "")
        if found:
            yield found[0]
