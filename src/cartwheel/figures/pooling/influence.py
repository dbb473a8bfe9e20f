"""Which studies carry the result: influence, Baujat's plot, and the cloud of all subsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from cartwheel.figures.numbers import count
from cartwheel.figures.pooling.drawing import (
    SOFT_HYPHEN,
    Page,
    area,
    drawn_of,
    named,
    shortened,
    size_of,
    text_width,
    titled,
)
from cartwheel.figures.pooling.measure import analysis_scale_ticks, measure_of
from cartwheel.figures.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    RULE,
    floats,
    leading,
    wrapped,
    write,
)
from cartwheel.figures.wording import say


def _measures() -> tuple[tuple[str, str, float | None], ...]:
    """Name in the JSON, head of its column, and the value of a study without influence."""
    return (
        ("studentised_residual", say("Studentised residual"), 0.0),
        ("dffits", say("DFFITS"), 0.0),
        ("cook", say("Cook's distance"), 0.0),
        ("covariance_ratio", say("Covariance ratio"), 1.0),
        ("tau2_without", say("τ² without it"), None),
        ("q_without", say("Q without it"), None),
        ("hat", say("Hat value"), 0.0),
    )


@drawn_of
def influence(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw the influence of every study, one measure a column.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which analysis; ``influence`` is read.
    page : Page
        In one column the measures stand in two tiers.

    Returns
    -------
    Figure
        A row a study; influential ones are diamonds in another colour.
    """
    analysis = pool["analyses"][place]
    studies, measures, size = analysis["influence"], _measures(), page.small
    most = 4.0 if page.wide else 2.2
    room = min(max(text_width(str(one["study"]), size) for one in studies) + 0.3, most)
    labels = [shortened(str(one["study"]), room - 0.1, size) for one in studies]
    row = leading(size) + (0.04 if len(studies) > 30 else 0.14)
    body = row * len(studies)
    flags = any(one["flagged"] for one in studies)
    below, above = (1.35 if flags else 0.85), 0.8
    a_tier = len(measures) if page.wide else -(-len(measures) // 2)
    tiers = [measures[at : at + a_tier] for at in range(0, len(measures), a_tier)]
    tier = body + above + 0.85
    title = say("{name}: influence of each study", name=named(analysis))
    figure, sheet = titled(pool, title, below + body + above + tier * (len(tiers) - 1), page)
    step = (page.across - 0.4 - room) / a_tier
    levels = [body - row * (index + 0.5) for index in range(len(studies))]
    for number, shown in enumerate(reversed(tiers)):
        bottom = below + tier * number
        _names(sheet, studies, labels, [bottom + level for level in levels], row, size)
        for index, (name, label, ideal) in enumerate(shown):
            left = 0.2 + room + index * step
            axes = area(figure, page, (left + 0.3, bottom, step - 0.6, body))
            axes.patch.set_visible(False)
            _dots(axes, floats([one[name] for one in studies]), levels, studies, ideal, size)
            axes.set_ylim(0, body)
            write(sheet, (left + step / 2, bottom + body + 0.42), _head(label, step, page),
                  ha="center", fontsize=size,
                  fontweight="bold" if page.wide else "normal")  # fmt: skip
    if flags:
        _flag_key(figure, size)
    return figure


def _head(label: str, room: float, page: Page) -> list[str]:
    if page.wide and SOFT_HYPHEN not in label:
        return wrapped(label, room, page.small)
    return shortened(label, room, page.small, 2, bold=page.wide)


def _names(
    sheet: Axes, studies: Sequence[Mapping[str, Any]], labels: Sequence[Sequence[str]],
    levels: Sequence[float], row: float, size: float,
) -> None:  # fmt: skip
    for index, (one, lines, level) in enumerate(zip(studies, labels, levels, strict=True)):
        colour = ORANGE if one["flagged"] else INK
        write(sheet, (0.2, level), lines, fontsize=size, color=colour,
              fontweight="bold" if one["flagged"] else "normal")  # fmt: skip
        if index % 2:
            sheet.axhspan(level - row / 2, level + row / 2, color="#F5F7F9", linewidth=0, zorder=0)


def _dots(
    axes: Axes,
    values: Any,
    levels: Sequence[float],
    studies: Sequence[Mapping[str, Any]],
    ideal: float | None,
    size: float,
) -> None:
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if ideal is not None:
        axes.axvline(ideal, color=RULE, linewidth=0.9, zorder=1)
    for flagged, marker, colour in ((False, "o", BLUE), (True, "D", ORANGE)):
        picked = [index for index, one in enumerate(studies)
                  if one["flagged"] is flagged and np.isfinite(values[index])]  # fmt: skip
        across, up = values[picked], [levels[index] for index in picked]
        if ideal is not None and picked:
            axes.hlines(up, ideal, across, color=colour, linewidth=0.9, zorder=2)
        axes.plot(across, up, marker, color=colour, markersize=4.2, linestyle="", zorder=3)
    axes.margins(x=0.12)
    axes.tick_params(axis="x", labelsize=size)
    _few_ticks(axes, size)


def _few_ticks(axes: Axes, size: float) -> None:
    """Put two or three ticks on a narrow axis, as many as do not touch."""
    low, high = axes.get_xlim()
    per_unit = size_of(axes)[0] / (high - low)
    for most in (3, 2, 1):
        ticks = [float(x) for x in MaxNLocator(most).tick_values(low, high) if low <= x <= high]
        words = [f"{round(x, 10):g}".replace("-", "−") for x in ticks]
        rooms = [text_width(word, size) for word in words]
        gaps = [
            (ticks[i + 1] - ticks[i]) * per_unit - (rooms[i] + rooms[i + 1]) / 2
            for i in range(len(ticks) - 1)
        ]
        if min(gaps, default=1.0) > 0.15:
            break
    else:
        ticks, words = ticks[-1:], words[-1:]
    axes.set_xlim(low, high)
    axes.set_xticks(ticks, words)


def _flag_key(figure: Figure, size: float) -> None:
    keys = [
        Line2D([], [], marker="o", linestyle="", color=BLUE, markersize=4.2, label=say("study")),
        Line2D([], [], marker="D", linestyle="", color=ORANGE, markersize=4.2,
               label=say("influential by the usual rule")),
    ]  # fmt: skip
    figure.legend(handles=keys, loc="lower center", ncols=2, fontsize=size, borderaxespad=0.2)


@drawn_of
def baujat(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw how much each study adds to the heterogeneity, and how much it moves the result.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which analysis; ``influence`` is read.
    page : Page
        Its width.

    Returns
    -------
    Figure
        The studies at the upper right are named where there is room.
    """
    analysis = pool["analyses"][place]
    points = [one for one in analysis["influence"]
              if one["baujat_x"] is not None and one["baujat_y"] is not None]  # fmt: skip
    tall = 6.9 if page.wide else 5.6
    title = say("{name}: Baujat plot", name=named(analysis))
    figure, _ = titled(pool, title, tall + 1.7, page)
    axes = area(figure, page, (1.7, 1.3, page.across - 2.3, tall))
    for one in points:
        flagged = one["flagged"]
        axes.plot(one["baujat_x"], one["baujat_y"], "D" if flagged else "o", markersize=5.5,
                  color=ORANGE if flagged else BLUE, markeredgecolor="white",
                  markeredgewidth=0.5, clip_on=False, zorder=3)  # fmt: skip
    axes.set_xlim(0, 1.12 * max([one["baujat_x"] for one in points] + [1e-12]))
    axes.set_ylim(0, 1.12 * max([one["baujat_y"] for one in points] + [1e-12]))
    axes.set_xlabel(say("Contribution to the overall heterogeneity (Q)"))
    axes.set_ylabel(say("Influence on the pooled effect"))
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    named_points = [(one["baujat_x"], one["baujat_y"], str(one["study"])) for one in points]
    name_points(axes, named_points, page)
    return figure


def name_points(axes: Axes, points: Sequence[tuple[float, float, str]], page: Page) -> None:
    """Write names beside points, the outermost first, where they cover nothing.

    Parameters
    ----------
    axes : Axes
        Linear, limits final.
    points : sequence of (float, float, str)
        Place and name; a name that finds no room is left out.
    page : Page
        Of the figure.
    """
    size, longest = page.small, 4.5 if page.wide else 2.6
    width, height = size_of(axes)
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    spots = [((x - x0) / (x1 - x0) * width, (y - y0) / (y1 - y0) * height) for x, y, _ in points]
    taken = [(x - 0.13, y - 0.13, x + 0.13, y + 0.13) for x, y in spots]
    order = sorted(range(len(points)), key=lambda i: -(spots[i][0] / width + spots[i][1] / height))
    for index in order:
        name = shortened(points[index][2], longest, size)[0]
        x, y = spots[index]
        long = text_width(name, size)
        for left, middle in ((x + 0.2, y), (x - 0.2 - long, y), (x - long / 2, y + 0.32),
                             (x - long / 2, y - 0.32)):  # fmt: skip
            room = (left, middle - 0.17, left + long, middle + 0.17)
            if room[0] < 0.05 or room[1] < 0.05 or room[2] > width + 0.4 or room[3] > height:
                continue
            if any(_meet(room, other) for other in taken):
                continue
            taken.append(room)
            axes.text(left / width, middle / height - 0.09 / height, name, fontsize=size,
                      transform=axes.transAxes, va="baseline", color=INK)  # fmt: skip
            break


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@drawn_of
def subset_cloud(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw the pooled effect and I² of many subsets of the studies (GOSH).

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which analysis; ``subsets`` is read.
    page : Page
        Its width.

    Returns
    -------
    Figure
        Subsets that hold the most influential study are crosses in another colour.
    """
    analysis = pool["analyses"][place]
    cloud = analysis["subsets"]
    tall, foot = (6.9, 0.0) if page.wide else (5.4, 0.9)
    title = say("{name}: subsets of the studies", name=named(analysis))
    figure, sheet = titled(pool, title, foot + tall + 2.1, page)
    axes = area(figure, page, (1.6, foot + 1.7, page.across - 2.2, tall))
    chosen = _most_influential(analysis)
    inside = [sign == "1" for sign in cloud["study_in"][chosen]]
    for held, marker, colour in ((False, "o", BLUE), (True, "x", ORANGE)):
        picked = [index for index, one in enumerate(inside) if one is held]
        axes.plot(
            [cloud["effect"][index] for index in picked],
            [cloud["i2"][index] for index in picked],
            marker, color=colour, markersize=2.6, linestyle="", alpha=0.5,
            markeredgewidth=0.0 if marker == "o" else 0.7,
        )  # fmt: skip
    low, high = min(cloud["effect"]), max(cloud["effect"])
    room = 0.04 * (high - low) or 0.1
    axes.set_xlim(low - room, high + room)
    axes.set_ylim(-2, 102)
    axes.set_ylabel(say("I², %"))
    axes.set_xlabel(analysis_scale_ticks(axes, measure_of(analysis), analysis["scale"]))
    name = shortened(str(analysis["studies"][chosen]["study"]), 5.0, page.small)[0]
    keys = [
        Line2D([], [], marker="x", color=ORANGE, linestyle="", markersize=4,
               label=say("subsets with {study}", study=name)),
        Line2D([], [], marker="o", color=BLUE, linestyle="", markersize=3.4,
               label=say("subsets without it")),
    ]  # fmt: skip
    beside = {"loc": "lower right", "ncols": 2, "borderaxespad": 0.3}
    under = {"loc": "lower left", "bbox_to_anchor": (0.02, 0.5 / float(sheet.get_ylim()[1]))}
    keyed: dict[str, Any] = beside if page.wide else under
    figure.legend(handles=keys, fontsize=page.small, **keyed)
    number = count(cloud["subsets"])
    told = say("{number} subsets, drawn at random", number=number)
    if cloud["complete"]:
        told = say("All {number} subsets", number=number)
    write(sheet, (0.2, 0.28), [told], fontsize=page.small, color=GREY)
    return figure


def _most_influential(analysis: Mapping[str, Any]) -> int:
    """Place of the study with the largest Cook's distance; the first where there is none."""
    cooks = [one["cook"] if one["cook"] is not None else -1.0 for one in analysis["influence"]]
    return cooks.index(max(cooks)) if len(cooks) == analysis["k"] else 0
