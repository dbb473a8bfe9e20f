"""Grades over days as the geometry of a drawing: a bar a day, open where the chart leaves it so."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.clinic.toxicity.assessment import Grade
from cartwheel.serve.charting.grades import Charted, RuleGrades

# in units of the drawing
_STEP, _DAY, _LEFT, _TOP, _MARKS = 18.0, 34.0, 34.0, 14.0, 18.0
_GRADES = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """One day.

    Parameters
    ----------
    x, width : float
        Of the day.
    y, height : float
        Of what is certain; no height for grade 0.
    open_y, open_height : float
        Of what is possible beyond it.
    told : str
        ``2``, or ``0–2`` where it is open.
    text_y : float
        Where it is written.
    """

    x: float
    width: float
    y: float
    height: float
    open_y: float
    open_height: float
    told: str
    text_y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """The days of one rule.

    Parameters
    ----------
    title : str
        Of the rule.
    bars : tuple of Bar
        Days on which something was charted.
    days : tuple of (float, str)
        Where each day is written.
    steps : tuple of (float, int)
        Height of each grade.
    marks : tuple of (str, float, tuple of float)
        Treatments: name, height, and where they were given.
    width, height, left, base : float
        Of the drawing.
    said : str
        The same in words.
    """

    title: str
    bars: tuple[Bar, ...]
    days: tuple[tuple[float, str], ...]
    steps: tuple[tuple[float, int], ...]
    marks: tuple[tuple[str, float, tuple[float, ...]], ...]
    width: float
    height: float
    left: float
    base: float
    said: str


def drawing_of(found: RuleGrades, charted: Charted) -> Drawing | None:
    """Draw the days of a rule.

    Parameters
    ----------
    found : RuleGrades
        Its grades.
    charted : Charted
        For the days, and for treatments, which are drawn below CRS.

    Returns
    -------
    Drawing or None
        None for a rule that gives one grade over all days.
    """
    if not found.by_day:
        return None
    days = charted.chart.days
    base = _TOP + _GRADES * _STEP
    where = {day: _LEFT + place * _DAY for place, day in enumerate(days)}
    bars = tuple(_bar(grade, where[day], base) for day, grade in found.by_day)
    treated = charted.treated() if found.rule.id == "astct-crs" else ()
    marks = tuple(
        (name.removesuffix(" given that day"), base + 36.0 + place * _MARKS,
         tuple(_LEFT + (column + 0.5) * _DAY for column in columns))
        for place, (name, columns) in enumerate(treated)
    )  # fmt: skip
    return Drawing(
        title=found.rule.title,
        bars=bars,
        days=tuple((_LEFT + (place + 0.5) * _DAY, day) for place, day in enumerate(days)),
        steps=tuple((base - grade * _STEP, grade) for grade in range(_GRADES + 1)),
        marks=marks,
        width=_LEFT + len(days) * _DAY + (140.0 if marks else 6.0),
        height=base + 26.0 + len(marks) * _MARKS,
        left=_LEFT,
        base=base,
        said="; ".join(f"day {day}: {_told(grade)}" for day, grade in found.by_day),
    )


def _told(grade: Grade) -> str:
    return str(grade.grade) if grade.grade is not None else f"{grade.lowest}–{grade.highest}"


def _bar(grade: Grade, x: float, base: float) -> Bar:
    certain, possible = grade.lowest * _STEP, grade.highest * _STEP
    return Bar(
        x + 4.0,
        _DAY - 8.0,
        base - certain,
        certain,
        base - possible,
        possible - certain,
        _told(grade),
        base - possible - 3.0,
    )
