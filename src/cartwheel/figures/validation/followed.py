"""How the bands fared over time: Kaplan-Meier curves, or cumulative incidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cartwheel.figures.numbers import count, interval
from cartwheel.figures.pooling.drawing import Page, drawn_of
from cartwheel.figures.style import floats, stroke
from cartwheel.figures.survival import Steps, kaplan_meier as survival_curves, steps_by_group
from cartwheel.figures.wording import say


@drawn_of
def kaplan_meier(result: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw the survival of each band of a score, with the numbers at risk.

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation.
    place : int
        Which score; its ``survival`` is read.
    page : Page
        Its width.

    Returns
    -------
    Figure
    """
    curves = result["scores"][place]["survival"]
    return survival_curves({**result, "survival": curves}, "double" if page.wide else "single")


@drawn_of
def incidence(result: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw the cumulative incidence of the event in each band, with the numbers at risk.

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation.
    place : int
        Which score; its ``incidence`` is read.
    page : Page
        Its width.

    Returns
    -------
    Figure
        A band stops where its limits do not exist.
    """
    curves = result["scores"][place]["incidence"]
    steps = Steps(say("Cumulative incidence of the event"), _rise, _counts)
    return steps_by_group(result, curves, steps, "double" if page.wide else "single")


def _rise(axes: Axes, curve: Mapping[str, Any], index: int) -> None:
    times = np.asarray(curve["times"], dtype=np.float64)
    low, high = floats(curve["low"]), floats(curve["high"])
    line = stroke(index)
    axes.fill_between(
        times, low, high, step="post", color=line["color"], alpha=0.14, linewidth=0, zorder=1
    )
    axes.plot(times, curve["incidence"], drawstyle="steps-post", **line, linewidth=1.6, zorder=3)


def _counts(curves: Sequence[Mapping[str, Any]], _: str) -> list[list[str]]:
    return [
        [
            say("{events}/{n} events", events=count(curve["events"]), n=count(curve["n"])),
            say("{count} competing", count=count(curve["competing"])),
            say("at horizon {value}", value=interval(curve["at_horizon"], "percent")),
        ]
        for curve in curves
    ]
