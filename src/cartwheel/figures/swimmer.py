"""Swimmer plot: one bar a patient, coloured by the grade of each day, treatments on top.

It shows single patients, in the order of their course and without a name. It is drawn from the
user's own rows on request, and is no part of any result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cartwheel.figures.journal import AtWidth
from cartwheel.figures.numbers import count
from cartwheel.figures.pooling.drawing import shortened, text_width
from cartwheel.figures.style import GREY, INK, RULE, canvas, look, panel, paper, write
from cartwheel.figures.wording import say
from cartwheel.workflows.daily_grades import UNSETTLED, DailyGrades, PatientDays

# light to dark, so that a grade is read in grey as well
BLUES = ("#E4EBF3", "#A9C9E4", "#5B9BD0", "#1F5F9B", "#0B2F5B", "#000000")
OCHRES = ("#F7E8DC", "#F3BE92", "#DE8237", "#A84C06", "#5C2600", "#000000")
RAMPS = (BLUES, OCHRES)
_SHAPES = ("^", "o", "s", "D", "v", "P")
_SIZE = 7.0
_OPEN = "#FFFFFF"

# kind, colour or place of the shape, words
Entry = tuple[str, Any, str]


def draw_swimmer(found: DailyGrades) -> AtWidth:
    """Draw the course of every patient at either width.

    Parameters
    ----------
    found : DailyGrades
        With one rule or two; two share the bar of a patient.

    Returns
    -------
    AtWidth
    """
    return AtWidth(lambda width: _drawn(found, width))


def swimmer_rows(found: DailyGrades) -> Iterator[dict[str, Any]]:
    """Give the numbers of the drawing as records.

    Parameters
    ----------
    found : DailyGrades
        As drawn.

    Yields
    ------
    dict
        One a patient (its place from the top, no id), day and rule or treatment.
    """
    for place, one in enumerate(in_order(found), start=1):
        for rule, marks in one.grades.items():
            for day, grade in sorted(marks.items()):
                open_ = grade == UNSETTLED
                yield {"row": place, "day": day, "what": rule, "grade": None if open_ else grade,
                       "settled": not open_}  # fmt: skip
        for name, days in one.treated.items():
            for day in days:
                yield {"row": place, "day": day, "what": name, "grade": None, "settled": None}
        if one.death_day is not None:
            yield {"row": place, "day": one.death_day, "what": "death", "grade": None,
                   "settled": None}  # fmt: skip


def swimmer_words(found: DailyGrades) -> str:
    """Say what a swimmer plot shows, in numbers.

    Parameters
    ----------
    found : DailyGrades
        As drawn.

    Returns
    -------
    str
    """
    said = [
        say("{n} patients, days {first} to {last}", n=count(len(found.patients)),
            first=found.first, last=found.last)
    ]  # fmt: skip
    for rule, name in found.rules:
        worst = [one.worst(rule) for one in found.patients]
        tally = ", ".join(
            say("grade {grade} in {n}", grade=grade, n=worst.count(grade))
            for grade in sorted(set(worst))
            if grade >= 0
        )
        said.append(say("{rule}, worst grade seen: {tally}", rule=name, tally=tally))
    for name in found.treatments:
        number = sum(bool(one.treated.get(name)) for one in found.patients)
        said.append(say("{treatment} in {n}", treatment=name, n=number))
    return "; ".join(said)


def in_order(found: DailyGrades) -> list[PatientDays]:
    """Sort patients by their worst grades, then by when those began.

    Parameters
    ----------
    found : DailyGrades
        With at least one rule.

    Returns
    -------
    list of PatientDays
        The most severe first.
    """
    ids = [rule for rule, _ in found.rules]

    def key(one: PatientDays) -> tuple[object, ...]:
        parts: list[object] = []
        for rule in ids:
            marks = one.grades.get(rule, {})
            begun = [day for day, grade in marks.items() if grade > 0]
            parts += [-one.worst(rule), min(begun, default=10**6), -len(begun)]
        return tuple(parts)

    return sorted(found.patients, key=key)


def _drawn(found: DailyGrades, width: str) -> Figure:
    wide = width == "double"
    across = 17.0 if wide else 8.5
    patients = in_order(found)
    lanes = min(len(found.rules), 2)
    row = max(0.09 * lanes, min(0.42, 15.0 / len(patients)))
    tall = row * len(patients)
    with look():
        keys = list(_keys(found, across))
        foot = 1.15 + 0.42 * len(keys)
        figure = canvas({"simulated": found.simulated}, across, tall + foot + 0.25)
        axes = panel(figure, 0.75, foot, across - 1.0, tall)
        for place, one in enumerate(patients):
            _bar(axes, found, one, len(patients) - 1 - place, lanes)
        _treated(axes, found, patients, row)
        axes.set(xlim=(found.first - 0.5, found.last + 0.5), ylim=(0, len(patients)))
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        days = found.last - found.first
        step = 1 if wide and days <= 31 else max(1, -(-days // (14 if wide else 7)))
        axes.set_xticks(range(found.first, found.last + 1, step))
        axes.tick_params(labelsize=_SIZE)
        axes.set_xlabel(say("Day after infusion"), fontsize=_SIZE + 0.5)
        said = say("{n} patients, one row each", n=count(len(patients)))
        axes.set_ylabel(said, fontsize=_SIZE + 0.5)
        _write_keys(figure, keys)
    figure.set_label("swimmer")
    return figure


def _bar(axes: Axes, found: DailyGrades, one: PatientDays, base: int, lanes: int) -> None:
    high = 0.86 / lanes
    for lane, (rule, _) in enumerate(found.rules[:2]):
        bottom = base + 0.07 + (lanes - 1 - lane) * high
        for day, grade in one.grades.get(rule, {}).items():
            face = _OPEN if grade == UNSETTLED else RAMPS[lane][min(grade, 5)]
            axes.add_patch(
                Rectangle((day - 0.5, bottom), 1.0, high, facecolor=face, edgecolor="white",
                          linewidth=0.25, hatch="////" if grade == UNSETTLED else None)
            )  # fmt: skip
    if one.death_day is not None:
        axes.plot(one.death_day, base + 0.5, "x", color="black", markersize=4, zorder=5)


def _treated(axes: Axes, found: DailyGrades, patients: Sequence[PatientDays], row: float) -> None:
    """Mark treatments, each at its own place of the day, so that none hides another."""
    size = min(4.5, max(2.8, row * 11.0))
    number = len(found.treatments)
    for at, name in enumerate(found.treatments):
        shift = (at + 0.5) / number - 0.5
        spots = [
            (day + 0.8 * shift, len(patients) - place - 0.5)
            for place, one in enumerate(patients)
            for day in one.treated.get(name, ())
        ]
        axes.plot([x for x, _ in spots], [y for _, y in spots], linestyle="",
                  **_mark(at), markersize=size)  # fmt: skip


def _mark(at: int) -> dict[str, Any]:
    """Black filled and white filled shapes in turn: both are seen on light and on dark bars."""
    light = at % 2 == 1
    return {
        "marker": _SHAPES[at % len(_SHAPES)], "markerfacecolor": "white" if light else "black",
        "markeredgecolor": "black" if light else "white", "markeredgewidth": 0.5 if light else 0.2,
        "zorder": 4,
    }  # fmt: skip


def _keys(found: DailyGrades, across: float) -> Iterator[list[Entry]]:
    """Lines of the key, none wider than the figure."""
    room = across - 1.0
    for lane, (rule, title) in enumerate(found.rules[:2]):
        worst = max((one.worst(rule) for one in found.patients), default=0)
        name = ("text", None, say("{rule}, grade", rule=title.split(";")[0]))
        grades: list[Entry] = [
            ("box", RAMPS[lane][grade], str(grade)) for grade in range(min(worst, 5) + 1)
        ]
        if any(UNSETTLED in one.grades.get(rule, {}).values() for one in found.patients):
            grades.append(("open", _OPEN, say("not settled")))
        if sum(map(_room, [name, *grades])) <= room:
            yield [name, *grades]
        else:
            yield [("text", None, shortened(name[2], room, _SIZE)[0])]
            yield from _broken(grades, room)
    marks: list[Entry] = [("mark", at, name) for at, name in enumerate(found.treatments)]
    if any(one.death_day is not None for one in found.patients):
        marks.append(("death", None, say("death")))
    yield from _broken([*marks, ("text", None, say("blank: not observed"))], room)


def _broken(entries: Sequence[Entry], room: float) -> Iterator[list[Entry]]:
    kept: list[Entry] = []
    for one in entries:
        if kept and sum(map(_room, kept)) + _room(one) > room:
            yield kept
            kept = []
        kept.append(one)
    yield kept


def _room(entry: Entry) -> float:
    return text_width(entry[2], _SIZE) + (0.25 if entry[0] == "text" else 0.65)


def _write_keys(figure: Figure, keys: Sequence[Sequence[Entry]]) -> None:
    sheet = paper(figure)
    for line, entries in enumerate(keys):
        level = 0.42 * (len(keys) - line) - 0.18
        place = 0.75
        for kind, what, text in entries:
            if kind in ("box", "open"):
                sheet.add_patch(
                    Rectangle((place, level - 0.13), 0.3, 0.26, facecolor=what, edgecolor=RULE,
                              linewidth=0.5, hatch="////" if kind == "open" else None)
                )  # fmt: skip
            elif kind == "mark":
                sheet.plot(place + 0.15, level, linestyle="", markersize=4.5, **_mark(what))
            elif kind == "death":
                sheet.plot(place + 0.15, level, "x", color="black", markersize=4)
            start = place if kind == "text" else place + 0.4
            colour = GREY if kind == "text" else INK
            write(sheet, (start, level), [text], fontsize=_SIZE, color=colour)
            place += _room((kind, what, text))
