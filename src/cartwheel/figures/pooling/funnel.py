"""The funnel: effects against their errors, with what chance alone would allow."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cartwheel.figures.numbers import level
from cartwheel.figures.pooling.drawing import Page, area, drawn_of, named, titled
from cartwheel.figures.pooling.measure import analysis_scale_ticks, measure_of
from cartwheel.figures.style import BLUE, DOUBLE, GREY, INK, ORANGE, leading, wrapped, write
from cartwheel.figures.wording import say
from cartwheel.pooling.study.scales import onto_scale

FEW = 10
# against no effect: only measures of association are looked at for significance
_TESTED = ("HR", "OR", "RR", "IRR", "RD", "MD", "SMD")
_CONTOURS = ((0.90, "#B9C6D3"), (0.95, "#D5DDE6"), (0.99, "#ECF0F4"))


@drawn_of
def funnel(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw each study's effect against its standard error.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which analysis.
    page : Page
        In one column the key stands below.

    Returns
    -------
    Figure
        Shades tell how far an effect lies from no effect (two-sided p above 0.10,
        0.05 to 0.10, 0.01 to 0.05); dashed lines hold 95 per cent of studies that differ by chance
        alone. Hollow points were put in by trim and fill. With fewer than ten studies the figure
        says that they are too few.
    """
    analysis = pool["analyses"][place]
    few = analysis["k"] < FEW
    filled = _filled(analysis)
    tested = analysis["measure"] in _TESTED and analysis["null_value"] is not None
    keys = _keys(tested, filled)
    width, tall, foot = (10.4, 7.3, 0.0) if page.wide else (6.6, 5.4, _key_height(keys, page))
    small = 8.0 if page.wide else 7.0
    warned = wrapped(say("Too few studies to judge asymmetry"), width - 0.3, small) if few else []
    title = say("{name}: funnel plot", name=named(analysis))
    figure, sheet = titled(pool, title, foot + tall + 1.6 + 0.5 * len(warned), page)
    axes = area(figure, page, (1.6, foot + 1.25, width, tall))
    centre = analysis["main"]["effect"]
    errors = [one["std_error"] for one in analysis["studies"]]
    errors += filled["filled_std_error"] if filled else []
    effects = [one["effect"] for one in analysis["studies"]]
    effects += filled["filled_effect"] if filled else []
    top = 1.08 * max(errors)
    null = onto_scale(analysis["null_value"], analysis["scale"]) if tested else centre
    _limits(axes, effects, (centre, null), top)
    if tested:
        _contours(axes, null, top)
    quantile = NormalDist().inv_cdf(0.975)
    for side in (-1, 1):
        axes.plot([centre, centre + side * quantile * top], [0, top], color=GREY, linewidth=0.9,
                  linestyle=(0, (4, 2)), zorder=2)  # fmt: skip
    axes.axvline(centre, color=BLUE, linewidth=1.0, zorder=2)
    axes.plot([one["effect"] for one in analysis["studies"]],
              [one["std_error"] for one in analysis["studies"]], "o", color=BLUE, markersize=5,
              markeredgecolor="white", markeredgewidth=0.5, zorder=4)  # fmt: skip
    if filled:
        axes.plot(filled["filled_effect"], filled["filled_std_error"], "o", color=ORANGE,
                  markersize=5, markerfacecolor="white", markeredgewidth=1.2, zorder=4)  # fmt: skip
        moved = onto_scale(filled["pooled"]["value"], analysis["scale"])
        axes.axvline(moved, color=ORANGE, linewidth=1.0, linestyle=(0, (1, 1.5)), zorder=2)
    axes.set_xlabel(analysis_scale_ticks(axes, measure_of(analysis), analysis["scale"]))
    axes.set_ylabel(say("Standard error"))
    if page.wide:
        figure.legend(handles=keys, loc="center left", fontsize=7.0,
                      bbox_to_anchor=(12.3 / DOUBLE, 0.52), handlelength=1.6,
                      labelspacing=0.9)  # fmt: skip
    else:
        figure.legend(handles=keys, loc="lower center", fontsize=page.size, ncols=2,
                      handlelength=1.6, columnspacing=1.0, borderaxespad=0.2)  # fmt: skip
    if warned:
        middle = (1.6 + width / 2, foot + tall + 1.4 + 0.25 * len(warned))
        write(sheet, middle, warned, ha="center", fontweight="bold", color=ORANGE, fontsize=small)
    return figure


def _key_height(keys: list[Any], page: Page) -> float:
    """Room that a key in two columns takes, in cm."""
    rows = -(-len(keys) // 2)
    lines = [1 + str(key.get_label()).count("\n") for key in keys]
    column = max(sum(lines[:rows]), sum(lines[rows:]))
    return (leading(page.size) + 0.11) * column


def _filled(analysis: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for found in analysis["small_studies"]["trim_fill"]:
        if found["missing"] > 0 and found["filled_effect"]:
            return dict(found)
    return None


def _limits(axes: Axes, effects: list[float], middle: tuple[float, float], top: float) -> None:
    centre, null = middle
    reach = 1.08 * max([abs(one - centre) for one in effects] + [1.96 * top])
    room = 0.15 * reach
    axes.set_xlim(min(centre - reach, null - room), max(centre + reach, null + room))
    axes.set_ylim(top, 0)


def _contours(axes: Axes, null: float, top: float) -> None:
    low, high = axes.get_xlim()
    inner = 0.0
    for share, colour in _CONTOURS:
        outer = NormalDist().inv_cdf(0.5 + share / 2) * top
        for side in (-1, 1):
            corners = np.array([null, null + side * inner, null + side * outer])
            axes.fill(np.clip(corners, low - 9 * (high - low), high + 9 * (high - low)),
                      [0, top, top], color=colour, linewidth=0, zorder=0)  # fmt: skip
        inner = outer
    axes.plot([null, null], [0, top], color=INK, linewidth=0.8, zorder=1)


def _keys(tested: bool, filled: Mapping[str, Any] | None) -> list[Any]:
    keys: list[Any] = [
        Line2D([], [], marker="o", color=BLUE, linestyle="", markersize=5, label=say("a study")),
    ]
    if filled:
        keys.append(
            Line2D([], [], marker="o", color=ORANGE, linestyle="", markersize=5,
                   markerfacecolor="white", markeredgewidth=1.2,
                   label=say("put in by trim and fill\n({estimator})",
                             estimator=filled["estimator"]))
        )  # fmt: skip
    keys.append(Line2D([], [], color=BLUE, linewidth=1.0, label=say("pooled effect")))
    if filled:
        keys.append(Line2D([], [], color=ORANGE, linewidth=1.0, linestyle=(0, (1, 1.5)),
                           label=say("with the studies put in")))  # fmt: skip
    chance = say("{level}% of studies, if they\ndiffer by chance alone", level=level(0.95))
    keys.append(Line2D([], [], color=GREY, linewidth=0.9, linestyle=(0, (4, 2)), label=chance))
    if tested:
        keys.append(Line2D([], [], color=INK, linewidth=0.8, label=say("no effect")))
        words = (say("p above 0.10"), say("p 0.05 to 0.10"), say("p 0.01 to 0.05"))
        keys += [Patch(facecolor=colour, edgecolor=GREY, linewidth=0.4, label=word)
                 for (_, colour), word in zip(_CONTOURS, words, strict=True)]  # fmt: skip
        keys.append(
            Patch(facecolor="white", edgecolor=GREY, linewidth=0.4, label=say("p below 0.01"))
        )
    return keys
