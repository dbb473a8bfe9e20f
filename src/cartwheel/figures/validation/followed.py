"""How the bands fared over time: Kaplan-Meier curves, or cumulative incidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cartwheel.figures.numbers import count, interval
from cartwheel.figures.pooling.drawing import drawn_of
from cartwheel.figures.style import floats, stroke
from cartwheel.figures.survival import Steps, kaplan_meier as survival_curves, steps_by_group


@drawn_of
def kaplan_meier(result: Mapping[str, Any], place: int) -> Figure:
    """Draw the survival of each band of a score, with the numbers at risk.

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation.
    place : int
        Which score; its ``survival`` is read.

    Returns
    -------
    Figure
        Double column.
    """
    return survival_curves({**result, "survival": result["scores"][place]["survival"]})


@drawn_of
def incidence(result: Mapping[str, Any], place: int) -> Figure:
    """Draw the cumulative incidence of the event in each band, with the numbers at risk.

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation.
    place : int
        Which score; its ``incidence`` is read.

    Returns
    -------
    Figure
        Double column; a band stops where its limits do not exist.
    """
    curves = result["scores"][place]["incidence"]
    return steps_by_group(
        result, curves, Steps("Cumulative incidence of the event", _rise, _counts)
    )


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
            f"{count(curve['events'])}/{count(curve['n'])} events",
            f"{count(curve['competing'])} competing",
            f"at horizon {interval(curve['at_horizon'], 'percent')}",
        ]
        for curve in curves
    ]
