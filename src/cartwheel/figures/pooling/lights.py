"""Risk of bias as traffic lights: a letter as well as a colour, so that grey is enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from cartwheel.figures.pooling.drawing import drawn_of, shortened, text_width, titled
from cartwheel.figures.style import (
    DOUBLE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    RULE,
    leading,
    panel,
    wrapped,
    write,
)
from cartwheel.pooling.appraisal.tools import NEWCASTLE_OTTAWA

LIGHT = 0.46
_DISC = 10.2
_YELLOW = "#F2C94C"
_SIZE = 7.5


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


_LEVELS = {
    "low": Light("L", GREEN, "white", "low risk"),
    "moderate": Light("M", _YELLOW, INK, "moderate risk"),
    "high": Light("H", ORANGE, "white", "high risk"),
    "unclear": Light("?", "#D5DAE0", INK, "unclear"),
    "good": Light("G", GREEN, "white", "good quality"),
    "fair": Light("F", _YELLOW, INK, "fair quality"),
    "poor": Light("P", ORANGE, "white", "poor quality"),
}
MISSING = Light("–", "", GREY, "not judged")
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
    return _LEVELS.get(level, MISSING)


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
        return (MISSING,) * (len(domains) + 1)
    found = {one["domain"]: one["level"] for one in judged["judgements"]}
    lights = [light_of(found.get(code, ""), code) for code in domains]
    return (*lights, light_of(judged["overall"]))


def draw_lights(sheet: Axes, lights: Iterable[tuple[tuple[float, float], Light]]) -> None:
    """Draw lights.

    Parameters
    ----------
    sheet : Axes
        In cm.
    lights : iterable of ((float, float), Light)
        Middle of each, and what it says.
    """
    discs: dict[str, list[tuple[float, float]]] = {}
    for place, light in lights:
        if light.fill:
            discs.setdefault(light.fill, []).append(place)
        write(sheet, place, [light.sign], ha="center", fontsize=7.0, color=light.ink,
              fontweight="bold" if light.fill else "normal", zorder=3)  # fmt: skip
    for fill, places in discs.items():
        across, up = zip(*places, strict=True)
        sheet.plot(across, up, "o", color=fill, markersize=_DISC, markeredgecolor=INK,
                   markeredgewidth=0.4, zorder=2)  # fmt: skip


@drawn_of
def traffic_lights(pool: Mapping[str, Any], place: int) -> Figure:
    """Draw the risk of bias: every study in every domain, and how many studies at each level.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``; ``quality`` is read.
    place : int
        Which tool.

    Returns
    -------
    Figure
        Double column; studies as rows, domains as columns, the counts underneath.
    """
    quality = pool["quality"][place]
    heads, named, step = _domain_heads(quality)
    above = leading(7.0) * max(map(len, heads)) + 0.25
    rows = [(str(study["study"]), lights_of(quality, study)) for study in quality["studies"]]
    left = DOUBLE - 0.2 - step * len(heads)
    labels = [shortened(name, left - 0.4, _SIZE, 2) for name, _ in rows]
    heights = [max(LIGHT, leading(_SIZE) * len(lines) + 0.1) for lines in labels]
    starred = any("★" in light.sign or "☆" in light.sign for _, ls in rows for light in ls)
    bars = 0.0 if starred else 2.6
    told = [line for text in (*named, *quality["missing"])
            for line in wrapped(text, DOUBLE - 0.6, 7.0)]  # fmt: skip
    foot = 0.75 + leading(7.0) * len(told)
    figure, sheet = titled(
        pool, f"Risk of bias ({quality['tool']})", foot + bars + sum(heights) + above
    )
    top = foot + bars + sum(heights)
    for index, lines in enumerate(heads):
        write(sheet, (left + (index + 0.5) * step, top + above / 2), lines, ha="center",
              fontsize=7.0)  # fmt: skip
    sheet.plot([0.2, DOUBLE - 0.2], [top, top], color=RULE, linewidth=0.8)
    level = top
    placed = []
    for (_, lights), lines, height in zip(rows, labels, heights, strict=True):
        middle = level - height / 2
        write(sheet, (0.2, middle), lines, fontsize=_SIZE)
        placed += [((left + (i + 0.5) * step, middle), light) for i, light in enumerate(lights)]
        level -= height
    draw_lights(sheet, placed)
    if bars:
        axes = panel(figure, left, foot + 0.25, step * len(heads), bars - 0.75)
        _counts(axes, [lights for _, lights in rows], len(heads))
        write(sheet, (0.2, foot + bars / 2), ["Studies at each level"], fontsize=_SIZE)
    _write_key(sheet, [light for _, lights in rows for light in lights], foot - 0.35)
    if told:
        write(sheet, (0.2, leading(7.0) * len(told) / 2 + 0.05), told, fontsize=7.0, color=GREY)
    return figure


def _domain_heads(quality: Mapping[str, Any]) -> tuple[list[list[str]], list[str], float]:
    """Head the columns with the domains' names, or with D1, D2, ... and a key underneath."""
    names = [*(str(label) for _, label in quality["domains"]), "Overall"]
    step = min(2.6, 13.7 / len(names))
    if all(text_width(word, 7.0) < step for name in names for word in name.split()):
        return [wrapped(name, step * 0.98, 7.0) for name in names], [], step
    signs = [f"D{place}" for place in range(1, len(names))]
    key = "; ".join(f"{sign} {name}" for sign, name in zip(signs, names[:-1], strict=True))
    return [*([sign] for sign in signs), ["Overall"]], [f"{key}."], step


def _write_key(sheet: Axes, lights: Sequence[Light], level: float) -> None:
    seen = {light.word: light for light in lights}
    key = [light for light in (*_LEVELS.values(), MISSING) if light.word in seen]
    if "stars" in seen:
        key.append(Light("★", "", INK, "star given (☆ not given)"))
    x = 0.45
    for light in key:
        draw_lights(sheet, [((x, level), light)])
        write(sheet, (x + 0.3, level), [light.word], fontsize=7.0)
        x += 0.95 + text_width(light.word, 7.0)


def _counts(axes: Axes, rows: Sequence[Sequence[Light]], columns: int) -> None:
    order = (*_LEVELS.values(), MISSING)
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
