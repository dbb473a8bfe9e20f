"""Risk of bias as traffic lights: a letter as well as a colour, so that grey is enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from cartwheel.figures.pooling.drawing import (
    Page,
    area,
    drawn_of,
    shortened,
    text_width,
    titled,
)
from cartwheel.figures.style import GREEN, GREY, INK, ORANGE, RULE, leading, wrapped, write
from cartwheel.figures.wording import say
from cartwheel.pooling.appraisal.tools import NEWCASTLE_OTTAWA

LIGHT = 0.46
_DISC = 10.2
_YELLOW = "#F2C94C"


@dataclass(frozen=True, slots=True)
class Light:
    """One judgement as it is drawn.

    Parameters
    ----------
    sign : str
        One letter, or stars.
    fill, ink : str
        Colours of the disc and of its letter; no disc where ``fill`` is empty.
    word : str
        For the key.
    """

    sign: str
    fill: str
    ink: str
    word: str


def _levels() -> dict[str, Light]:
    return {
        "low": Light("L", GREEN, "white", say("low risk")),
        "moderate": Light("M", _YELLOW, INK, say("moderate risk")),
        "high": Light("H", ORANGE, "white", say("high risk")),
        "unclear": Light("?", "#D5DAE0", INK, say("unclear")),
        "good": Light("G", GREEN, "white", say("good quality")),
        "fair": Light("F", _YELLOW, INK, say("fair quality")),
        "poor": Light("P", ORANGE, "white", say("poor quality")),
    }


def missing() -> Light:
    """Light of what nobody judged.

    Returns
    -------
    Light
    """
    return Light("–", "", GREY, say("not judged"))


_STARS = {domain.code: domain.stars for domain in NEWCASTLE_OTTAWA.domains if domain.stars}


def light_of(level: str, domain: str = "") -> Light:
    """Choose the light of a judgement.

    Parameters
    ----------
    level : str
        As in the JSON: a level, or a number of stars.
    domain : str
        Code of the domain; with stars it tells how many there could have been.

    Returns
    -------
    Light
    """
    if level.isdecimal():
        most = max(_STARS.get(domain, 0), int(level))
        return Light("★" * int(level) + "☆" * (most - int(level)), "", INK, "stars")
    return _levels().get(level, missing())


def lights_of(quality: Mapping[str, Any], judged: Mapping[str, Any] | None) -> tuple[Light, ...]:
    """Lights of one study, the overall judgement last.

    Parameters
    ----------
    quality : mapping
        A ``Quality`` as JSON.
    judged : mapping or None
        The ``StudyQuality``; None for a study without one.

    Returns
    -------
    tuple of Light
        One a domain, and one.
    """
    domains = [code for code, _ in quality["domains"]]
    if judged is None:
        return (missing(),) * (len(domains) + 1)
    found = {one["domain"]: one["level"] for one in judged["judgements"]}
    lights = [light_of(found.get(code, ""), code) for code in domains]
    return (*lights, light_of(judged["overall"]))


def draw_lights(
    sheet: Axes, lights: Iterable[tuple[tuple[float, float], Light]], size: float = 7.0
) -> None:
    """Draw lights.

    Parameters
    ----------
    sheet : Axes
        In cm.
    lights : iterable of ((float, float), Light)
        Middle of each, and what it says.
    size : float
        Of the letters, in points.
    """
    discs: dict[str, list[tuple[float, float]]] = {}
    for place, light in lights:
        if light.fill:
            discs.setdefault(light.fill, []).append(place)
        write(sheet, place, [light.sign], ha="center", fontsize=size, color=light.ink,
              fontweight="bold" if light.fill else "normal", zorder=3)  # fmt: skip
    for fill, places in discs.items():
        across, up = zip(*places, strict=True)
        sheet.plot(across, up, "o", color=fill, markersize=_DISC, markeredgecolor=INK,
                   markeredgewidth=0.4, zorder=2)  # fmt: skip


@drawn_of
def traffic_lights(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw the risk of bias: every study in every domain, and how many studies at each level.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``; ``quality`` is read.
    place : int
        Which tool.
    page : Page
        In one column the domains stand closer.

    Returns
    -------
    Figure
        Studies as rows, domains as columns, the counts underneath.
    """
    quality, small = pool["quality"][place], page.small
    heads, named, step = _domain_heads(quality, page)
    above = leading(small) * max(map(len, heads)) + 0.25
    rows = [(str(study["study"]), lights_of(quality, study)) for study in quality["studies"]]
    left = page.across - 0.2 - step * len(heads)
    labels = [shortened(name, left - 0.4, page.size, 2 if page.wide else 3) for name, _ in rows]
    heights = [max(LIGHT, leading(page.size) * len(lines) + 0.1) for lines in labels]
    starred = any("★" in light.sign or "☆" in light.sign for _, ls in rows for light in ls)
    bars = 0.0 if starred else 2.6
    told = [line for text in (*named, *quality["missing"])
            for line in wrapped(text, page.across - 0.6, small)]  # fmt: skip
    key = _key([light for _, lights in rows for light in lights], page)
    key_height = 0.75 + 0.5 * (len(key) - 1)
    foot = key_height + leading(small) * len(told)
    figure, sheet = titled(
        pool, say("Risk of bias ({tool})", tool=quality["tool"]),
        foot + bars + sum(heights) + above, page,
    )  # fmt: skip
    top = foot + bars + sum(heights)
    for index, lines in enumerate(heads):
        write(sheet, (left + (index + 0.5) * step, top + above / 2), lines, ha="center",
              fontsize=small)  # fmt: skip
    sheet.plot([0.2, page.across - 0.2], [top, top], color=RULE, linewidth=0.8)
    level = top
    placed = []
    for (_, lights), lines, height in zip(rows, labels, heights, strict=True):
        middle = level - height / 2
        write(sheet, (0.2, middle), lines, fontsize=page.size)
        placed += [((left + (i + 0.5) * step, middle), light) for i, light in enumerate(lights)]
        level -= height
    draw_lights(sheet, placed, small)
    if bars:
        axes = area(figure, page, (left, foot + 0.25, step * len(heads), bars - 0.75))
        _counts(axes, [lights for _, lights in rows], len(heads))
        room = page.across if page.wide else left - 0.6
        words = wrapped(say("Studies at each level"), room, page.size)
        write(sheet, (0.2, foot + bars / 2), words, fontsize=page.size)
    _write_key(sheet, key, foot - 0.35, page)
    if told:
        write(sheet, (0.2, leading(small) * len(told) / 2 + 0.05), told, fontsize=small,
              color=GREY)  # fmt: skip
    return figure


def _domain_heads(
    quality: Mapping[str, Any], page: Page
) -> tuple[list[list[str]], list[str], float]:
    """Head the columns with the domains' names, or with D1, D2, ... and a key underneath."""
    overall, size = say("Overall"), page.small
    names = [*(str(label) for _, label in quality["domains"]), overall]
    step = min(2.6, (13.7 if page.wide else 5.6) / len(names))
    if all(text_width(word, size) < step for name in names for word in name.split()):
        return [wrapped(name, step * 0.98, size) for name in names], [], step
    signs = [f"D{place}" for place in range(1, len(names))]
    key = "; ".join(f"{sign} {name}" for sign, name in zip(signs, names[:-1], strict=True))
    last = [overall] if page.wide else [say("All")]
    return [*([sign] for sign in signs), last], [f"{key}."], step


def _key(lights: Sequence[Light], page: Page) -> list[list[Light]]:
    """Lights that were given, in lines that the page has room for."""
    seen = {light.word: light for light in lights}
    given = [light for light in (*_levels().values(), missing()) if light.word in seen]
    if "stars" in seen:
        given.append(Light("★", "", INK, say("star given (☆ not given)")))
    lines: list[list[Light]] = [[]]
    for light in given:
        taken = sum(_room(one, page) for one in (*lines[-1], light))
        if lines[-1] and taken > page.across - 0.4:
            lines.append([])
        lines[-1].append(light)
    return lines


def _room(light: Light, page: Page) -> float:
    return 0.95 + text_width(light.word, page.small)


def _write_key(sheet: Axes, key: Sequence[Sequence[Light]], level: float, page: Page) -> None:
    for lights in key:
        x = 0.45
        for light in lights:
            draw_lights(sheet, [((x, level), light)], page.small)
            write(sheet, (x + 0.3, level), [light.word], fontsize=page.small)
            x += _room(light, page)
        level -= 0.5


def _counts(axes: Axes, rows: Sequence[Sequence[Light]], columns: int) -> None:
    order = (*_levels().values(), missing())
    axes.set_xlim(0, columns)
    axes.set_ylim(0, len(rows))
    for column in range(columns):
        floor = 0
        for light in order:
            number = sum(row[column].word == light.word for row in rows)
            axes.add_patch(
                Rectangle((column + 0.22, floor), 0.56, number, facecolor=light.fill or "white",
                          edgecolor=RULE, linewidth=0.4)
            )  # fmt: skip
            floor += number
    axes.set_xticks([])
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
