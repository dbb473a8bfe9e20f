"""How a prediction changes from landmark to landmark: discrimination and Brier score, twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cartwheel.figures.flow import patient_flow
from cartwheel.figures.numbers import count, exact, interval, score, sentence
from cartwheel.figures.saving import svg
from cartwheel.figures.style import (
    BLUE,
    DOUBLE,
    GREY,
    ORANGE,
    RULE,
    SINGLE,
    canvas,
    drawn,
    panel,
    paper,
    whiskers,
    write,
)
from cartwheel.figures.terms import term
from cartwheel.figures.wording import say

ROWS = (("auc", "AUC"), ("c_index", "Harrell's C"), ("brier", "Brier score"))
COUNTS = ("eligible", "analysed", "events")
# more landmarks than these need the width for themselves, and more have no room for each label
BESIDE, LABELLED = 6, 16
LEFT, RIGHT, GAP, TITLE, FOOT, LINE = 2.6, 0.3, 0.5, 0.75, 1.1, 0.46


class _Place(NamedTuple):
    """Lower left corner and width of the panels of one model, in cm."""

    left: float
    bottom: float
    width: float
    height: float


@drawn
def landmark_performance(result: Mapping[str, Any], width: str = "double") -> Figure:
    """Draw AUC (and C) and Brier score at each landmark, apparent (hollow) and corrected (filled).

    Parameters
    ----------
    result : mapping
        The ``result`` of a landmark prediction as JSON; ``landmarks``, ``performance`` and
        ``simulated`` are read.
    width : str
        ``single`` or ``double`` column.

    Returns
    -------
    Figure
        The two kinds of model beside each other, or one above the other in one column, and where
        there are more than six landmarks. Below each landmark: patients free of the event,
        analysed, and the events among them. A landmark that cannot be estimated keeps its place,
        and says so.
    """
    rows = _rows(result)
    models = list(dict.fromkeys(row["model"] for row in result["performance"]))
    wide = width == "double"
    across_cm, margin, under = (DOUBLE, LEFT, FOOT) if wide else (SINGLE, 2.05, FOOT + 0.75)
    beside = wide and len(result["landmarks"]) <= BESIDE
    high = 3.9 if beside and len(rows) < 3 else (3.2 if wide else 2.6)
    block = TITLE + len(rows) * high + (len(rows) - 1) * GAP
    foot = under + (len(COUNTS) + 1) * LINE + 0.25
    across, down = (len(models), 1) if beside else (1, len(models))
    figure = canvas(result, across_cm, foot + down * block + (down - 1) * GAP)
    sheet = paper(figure)
    room = (across_cm - margin - RIGHT - (across - 1) * GAP) / across
    for number, model in enumerate(models):
        left = margin + (number * (room + GAP) if beside else 0.0)
        above = 0 if beside else len(models) - 1 - number
        bottom = foot + above * (block + GAP)
        place = _Place(left, bottom, room, high)
        _block(figure, sheet, result, model, place, named=not beside or not number)
        if beside or not above:
            _counts(sheet, result["landmarks"], (left, under), room, wide=wide)
    lines = ["" if wide else say("Day"), *_count_labels().values()]
    for line, label in enumerate(lines):
        write(sheet, (margin - (0.25 if wide else 0.2), under + (len(COUNTS) - line) * LINE),
              [label], ha="right", fontsize=7 if wide else 6.5, color=GREY)  # fmt: skip
    _key(figure, 3 if wide else 1)
    return figure


def _rows(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    measured = {one["name"] for row in result["performance"] for one in row["measures"]}
    return [row for row in ROWS if row[0] in measured] or [ROWS[0], ROWS[2]]


def _block(
    figure: Figure,
    sheet: Axes,
    result: Mapping[str, Any],
    model: str,
    place: _Place,
    *,
    named: bool,
) -> None:
    """Draw the panels of one kind of model, one above the other."""
    rows = _rows(result)
    for up, (name, label) in enumerate(reversed(rows)):
        bottom = place.bottom + up * (place.height + GAP)
        axes = panel(figure, place.left, bottom, place.width, place.height)
        _panel(axes, result, model, name)
        if named:
            axes.set_ylabel(term(label))
        else:
            axes.set_yticklabels([])
    top = place.bottom + len(rows) * place.height + (len(rows) - 1) * GAP + 0.35
    write(sheet, (place.left + place.width / 2, top), [_title(model)],
          ha="center", fontsize=7.5, fontweight="bold")  # fmt: skip


def _panel(axes: Axes, result: Mapping[str, Any], model: str, name: str) -> None:
    landmarks = result["landmarks"]
    rows = {row["day"]: row for row in result["performance"] if row["model"] == model}
    small = len(landmarks) > BESIDE * 2
    for place, landmark in enumerate(landmarks):
        row = rows.get(landmark["day"])
        if row is None or not row["measures"]:
            axes.text(place + 0.5, 0.03, say("not estimable"), transform=axes.get_xaxis_transform(),
                      ha="center", va="bottom", fontsize=7, color=GREY, rotation=90)  # fmt: skip
            continue
        measure = next(one for one in row["measures"] if one["name"] == name)
        for key, shift, colour in (("apparent", 0.36, ORANGE), ("corrected", 0.64, BLUE)):
            estimate = measure[key]
            if estimate["value"] is None:
                continue
            whiskers(axes, estimate, place + shift, upright=True, colour=colour)
            face = "white" if key == "apparent" else colour
            axes.plot(place + shift, estimate["value"], "o", color=colour, markerfacecolor=face,
                      markersize=4.0 if small else 5.0, markeredgewidth=1.2, zorder=3)  # fmt: skip
        if name == "brier" and row["null_brier"] is not None:
            level = row["null_brier"]
            axes.plot([place + 0.12, place + 0.88], [level, level], color=GREY, linewidth=1.2)
    if name == "brier":
        axes.set_ylim(0.0, _ceiling(result))
    else:
        axes.axhline(0.5, color=RULE, linewidth=0.9, zorder=1)
        axes.set_ylim(0.0, 1.02)
    axes.set_xlim(0, len(landmarks))
    axes.set_xticks([])


def _ceiling(result: Mapping[str, Any]) -> float:
    """One scale for both models, so that they can be compared by eye."""
    levels = [
        estimate["high"] if estimate["high"] is not None else estimate["value"]
        for row in result["performance"]
        for measure in row["measures"]
        if measure["name"] == "brier"
        for estimate in (measure["apparent"], measure["corrected"])
    ]
    levels += [row["null_brier"] for row in result["performance"]]
    return 1.08 * max([level for level in levels if level is not None], default=0.25)


def _title(model: str) -> str:
    return say("One model a landmark") if model == "own" else say("One model over all landmarks")


def _count_labels() -> dict[str, str]:
    return {"eligible": say("Free of it"), "analysed": say("Analysed"), "events": say("Events")}


def _counts(
    sheet: Axes,
    landmarks: list[Mapping[str, Any]],
    corner: tuple[float, float],
    width: float,
    *,
    wide: bool,
) -> None:
    """Write the day and the numbers under each landmark, or under every second, third ..."""
    left, under = corner
    step = -(-len(landmarks) // (LABELLED if wide else 8))
    size = 7.0 if wide and len(landmarks) <= BESIDE * 2 else 6.5
    named = wide and len(landmarks) <= BESIDE * 2
    for place, row in enumerate(landmarks):
        if place % step:
            continue
        middle = left + width * (place + 0.5) / len(landmarks)
        number = f"{row['day']:g}"
        day = say("day {day}", day=number) if named else number
        top = under + len(COUNTS) * LINE
        write(sheet, (middle, top), [day], ha="center", fontsize=size + 0.5)
        for line, key in enumerate(COUNTS, start=1):
            level = top - line * LINE
            write(sheet, (middle, level), [count(row[key])], ha="center", fontsize=size)


def _key(figure: Figure, columns: int) -> None:
    keys = [
        Line2D([], [], marker="o", color=ORANGE, markerfacecolor="white", markersize=5.0,
               markeredgewidth=1.2, linewidth=1.1, label=say("apparent (same patients)")),
        Line2D([], [], marker="o", color=BLUE, markersize=5.0, linewidth=1.1,
               label=say("corrected for optimism")),
        Line2D([], [], color=GREY, linewidth=1.2, label=say("Brier, the same risk for all")),
    ]  # fmt: skip
    figure.legend(handles=keys, loc="lower center", ncols=columns, borderaxespad=0.3, fontsize=7.5)


FIGURES = {"patient_flow": patient_flow, "landmark_performance": landmark_performance}


def landmark_svgs(result: Mapping[str, Any]) -> dict[str, str]:
    """Draw every figure of a landmark prediction as SVG.

    Parameters
    ----------
    result : mapping
        The ``result`` as JSON.

    Returns
    -------
    dict of str to str
        Name to ``<svg>`` element; ids differ between figures, so that they can share a page.
    """
    return {name: svg(draw(result)) for name, draw in FIGURES.items()}


def figure_words(result: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Say what a figure shows, for those who hear a page instead of seeing it.

    Parameters
    ----------
    result : mapping
        The ``result`` as JSON.
    name : str
        One of ``FIGURES``.

    Returns
    -------
    (str, str)
        Its title, and its numbers in sentences.
    """
    if name == "patient_flow":
        steps = (
            say("{step}: {patients} patients, {events} events.", step=sentence(term(step["label"])),
                patients=count(step["patients"]), events=count(step["events"]))
            for step in result["flow"]
        )  # fmt: skip
        return say("Patients with a known outcome"), " ".join(steps)
    return say("Performance at each landmark"), " ".join(_heard(result))


def _heard(result: Mapping[str, Any]) -> Iterator[str]:
    shown = dict(_rows(result))
    for row in result["performance"]:
        where = say("{model}, day {day}", model=_title(row["model"]), day=exact(row["day"]))
        if not row["measures"]:
            yield f"{where}: {row['reason']}."
        for measure in row["measures"]:
            if measure["name"] in shown:
                apparent, corrected = (
                    interval(measure[key], "score") for key in ("apparent", "corrected")
                )
                yield say(
                    "{where}, {measure}: apparent {apparent}, corrected {corrected}.",
                    where=where, measure=term(shown[measure["name"]]), apparent=apparent,
                    corrected=corrected,
                )  # fmt: skip
        if row["null_brier"] is not None:
            yield say("{where}, Brier score of the same risk for all: {score}.",
                      where=where, score=score(row["null_brier"]))  # fmt: skip
    for row in result["landmarks"]:
        if row["reason"]:
            yield say("Day {day}: not estimable, {reason}.", day=exact(row["day"]),
                      reason=row["reason"])  # fmt: skip
