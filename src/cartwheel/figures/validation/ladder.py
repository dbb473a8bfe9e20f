"""The updating ladder: every rung on the patients it was fitted to, and corrected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from cartwheel.figures.discrimination import measures_by_model
from cartwheel.figures.pooling.drawing import Page, drawn_of
from cartwheel.figures.validation.labels import label_of, rung_of
from cartwheel.figures.wording import say

_SHOWN = ("calibration_slope", "observed_expected")


def climbed(update: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the rungs that were measured, with the measures that the figure shows.

    Parameters
    ----------
    update : mapping
        An ``Update`` as JSON.

    Returns
    -------
    list of dict
        The first measure of discrimination, the slope, and observed over expected; empty where
        nothing was measured.
    """
    measured = [rung for rung in update["rungs"] if rung["measures"]]
    if not measured:
        return []
    shown = (measured[0]["measures"][0]["name"], *_SHOWN)
    chosen = update["chosen"]
    return [
        {
            "model": _named(str(rung["name"]), str(chosen)),
            "measures": [
                {
                    **row,
                    "label": label_of(row),
                    "better": "one" if row["name"] in _SHOWN else "high",
                }
                for name in shown
                for row in rung["measures"]
                if row["name"] == name
            ],
        }
        for rung in measured
    ]


def _named(rung: str, chosen: str) -> str:
    return say("{rung} (chosen)", rung=rung_of(rung)) if rung == chosen else rung_of(rung)


@drawn_of
def ladder(result: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw the rungs of a score's update, apparent (hollow) beside corrected (filled).

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation.
    place : int
        Which of its ``updates``.
    page : Page
        In one column the panels stand below each other.

    Returns
    -------
    Figure
        One panel a measure, one row a rung.
    """
    width = "double" if page.wide else "single"
    return measures_by_model(result, climbed(result["updates"][place]), width)
