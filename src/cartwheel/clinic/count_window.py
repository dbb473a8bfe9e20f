"""The window of days that a haematotoxicity grade looks at: its options, low spells and doubts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from cartwheel.clinic.charted import Charted, Counts
from cartwheel.clinic.daily_counts import (
    DailyCounts,
    Filling,
    Spell,
    bracketed_days,
    daily_counts,
    low_days,
    spells,
)
from cartwheel.clinic.toxicity.assessment import Asked, Datum, Grade, grade_from

VERSION = "1"
ALL_GRADES = range(5)

Found: TypeAlias = tuple[int, tuple[Datum, ...]]
"""A grade, and what gives it."""

LAST_DAY = Asked(
    "last_follow_up_day", "Last day of follow-up", "number", low=0, high=100000,
    unless_stated="after the window",
    note="day after infusion of death or last contact",
)  # fmt: skip
ENDS = (
    LAST_DAY,
    Asked("progression_day", "Day of relapse or progression", "number", low=0, high=100000,
          unless_stated="none"),
    Asked("next_therapy_day", "Day of the next therapy", "number", low=0, high=100000,
          unless_stated="none"),
)  # fmt: skip


def counts_asked(name: str, label: str) -> Asked:
    """Ask for counts by day.

    Parameters
    ----------
    name, label : str
        Of the input.

    Returns
    -------
    Asked
    """
    return Asked(name, label, "series", unit="10*9/L", note="by day after infusion; state the unit")


@dataclass(frozen=True, slots=True)
class SpellOptions:
    """How low days are found and joined.

    Parameters
    ----------
    recovery_days : int
        Consecutive days above the limit that end a spell; shorter recoveries belong to it.
    interpolation_limit : int, days
        Longest run of days without a count that is filled, linearly between its neighbours.
    carry_ends : bool
        The first and last count are carried over such runs at the ends of the window.
    round_to : Decimal or None, 10*9/L
        Interpolated counts are rounded to this; measured counts never are.
    never_recovered_from : int or None, day
        Early ICAHT: neutropenia from this day or before up to the end of observation is grade 4.
        None asks for neutropenia on every day of the window.
    unknown_days : {"bracketed", "open", "not low"}
        Days that stay unknown leave open every grade that they could give, unless the counts on
        both sides are not low, which a warning then says; or leave it open without exception; or
        all count as not low, as in the published implementation.
    """

    recovery_days: int = 3
    interpolation_limit: int = 7
    carry_ends: bool = True
    round_to: Decimal | None = Decimal("0.01")
    never_recovered_from: int | None = 3
    unknown_days: Literal["bracketed", "open", "not low"] = "bracketed"

    @property
    def filling(self) -> Filling:
        """How days without a count are filled."""
        return Filling(self.interpolation_limit, self.carry_ends, self.round_to)


@dataclass(frozen=True, slots=True)
class LateOptions:
    """How values after day 30 make a grade.

    Parameters
    ----------
    last_day : int
        End of the window; it ends earlier with progression, next therapy or follow-up.
    one_value : {"used", "open"}
        A single low value gives its grade; or leaves open whether it was transient.
    depth : {"nadir", "second lowest"}
        Two values at or below the first limit make late ICAHT; the lowest gives the grade, or the
        second lowest does, which is a grade that two values reach.
    """

    last_day: int = 100
    one_value: Literal["used", "open"] = "used"
    depth: Literal["nadir", "second lowest"] = "nadir"


@dataclass(frozen=True, slots=True)
class Window:
    """Daily counts of one analyte, and which of the unknown days may be low.

    Parameters
    ----------
    daily : DailyCounts
        One count a day, 10*9/L.
    name : str
        The analyte.
    options : SpellOptions
        How it was made.
    may_be_low : frozenset of int
        Unknown days that leave grades open.
    bracketed : frozenset of int
        Unknown days that count as not low.
    """

    daily: DailyCounts
    name: str
    options: SpellOptions
    may_be_low: frozenset[int]
    bracketed: frozenset[int]

    @property
    def readings(self) -> tuple[frozenset[int], ...]:
        """Unknown days taken to be low: first for the lowest grade, then for the highest."""
        return (frozenset(), self.may_be_low) if self.may_be_low else (frozenset(),)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say which unknown days count as not low."""
        if not self.bracketed:
            return ()
        days = days_words(tuple(sorted(self.bracketed)))
        return (f"{self.name} not known on {days}: counted as not low (as published)",)


def count_window(
    counts: Counts, name: str, days: tuple[int, int], limit: str, options: SpellOptions
) -> Window:
    """Lay one analyte's counts out over a window of days.

    Parameters
    ----------
    counts : sequence of (day, value), 10*9/L
        As measured.
    name : {"neutrophils", "platelets"}
        Neutrophils are low at or below a limit, platelets below it.
    days : (int, int)
        First and last day of the window.
    limit : str
        The mildest limit of the rule; it decides which unknown days may be low.
    options : SpellOptions
        How days without a count are treated.

    Returns
    -------
    Window
    """
    daily = daily_counts(counts, *days, options.filling)
    unknown = frozenset(daily.unknown_days)
    between = unknown
    below = name == "platelets"
    if options.unknown_days == "bracketed":
        between = bracketed_days(daily, counts, Decimal(limit), below=below)
    elif options.unknown_days == "open" or not daily.measured:
        between = frozenset()
    return Window(daily, name, options, unknown - between, between)


LATE = LateOptions()


def window_end(charted: Charted, last: int) -> int:
    """Tell the last day of an early window.

    Parameters
    ----------
    charted : Charted
        Read for ``last_follow_up_day``.
    last : int
        The latest it can be.

    Returns
    -------
    int
    """
    end = charted.number("last_follow_up_day")
    return last if end is None else min(last, int(end))


def late_end(charted: Charted, last: int) -> int:
    """Tell the last day of a late window: progression, next therapy and follow-up end it.

    Parameters
    ----------
    charted : Charted
        Read for the days of `ENDS`.
    last : int
        The latest it can be.

    Returns
    -------
    int
    """
    days = [charted.number(asked.name) for asked in ENDS]
    return min([last, *(int(day) for day in days if day is not None)])


def low_spells(window: Window, limit: str, unknown_low: frozenset[int]) -> tuple[Spell, ...]:
    """List the spells of low counts in a window.

    Parameters
    ----------
    window : Window
        The counts.
    limit : str, 10*9/L
        What is low.
    unknown_low : frozenset of int
        Days without a count that are taken to be low.

    Returns
    -------
    tuple of Spell
    """
    below = window.name == "platelets"
    low = low_days(window.daily, Decimal(limit), below=below, unknown_low=unknown_low)
    return spells(low, window.daily.first, window.options.recovery_days)


def at_least(days: int) -> str:
    """Write ``7 days or more``.

    Parameters
    ----------
    days : int

    Returns
    -------
    str
    """
    return f"{days} day{'s' * (days > 1)} or more"


def spell_words(spell: Spell) -> str:
    """Write a spell's length and days.

    Parameters
    ----------
    spell : Spell

    Returns
    -------
    str
    """
    days = f"{spell.days} day{'s' * (spell.days > 1)}"
    if spell.start == spell.end:
        return f"{days} (day {spell.start})"
    return f"{days} (day {spell.start} to {spell.end})"


def worst(rows: list[Datum]) -> Found:
    """Keep the data that give the highest grade.

    Parameters
    ----------
    rows : list of Datum
        May be empty, which is grade 0.

    Returns
    -------
    (int, tuple of Datum)
    """
    grade = max((row.gives for row in rows), default=0)
    return grade, tuple(row for row in rows if row.gives == grade)


def late_datum(name: str, value: Decimal, day: int, grade: int, rule: str) -> Datum:
    """Name the value of one day that decides a late grade.

    Parameters
    ----------
    name : str
        The analyte.
    value : Decimal, 10*9/L
        The day's lowest.
    day, grade : int
        When, and what it gives.
    rule : str
        The words of the rule.

    Returns
    -------
    Datum
    """
    return Datum(name, f"{value.normalize():f}", "10*9/L", grade, f"day {day}: {rule}")


def graded(
    rule: str, window: Window, found: list[Found], warnings: tuple[str, ...], at: str | None
) -> Grade:
    """Put the lowest and the highest grade together; grades between them are not excluded.

    Parameters
    ----------
    rule : str
        Id of the rule.
    window : Window
        The counts; without any, every grade is possible.
    found : list of (int, tuple of Datum)
        The lowest grade first, the highest last.
    warnings : tuple of str
        So far.
    at : str or None
        Time of the assessment.

    Returns
    -------
    Grade
    """
    if not window.daily.measured:
        found = [(0, ()), (4, ())]  # nothing measured settles nothing
    (lowest, deciding), (highest, _) = found[0], found[-1]
    unknown = tuple(sorted(window.may_be_low)) or window.daily.unknown_days
    missing = (f"{window.name} ({days_words(unknown)})",) if unknown else ()
    return grade_from(
        (rule, VERSION),
        range(lowest, highest + 1),
        deciding,
        missing=missing,
        warnings=(*warnings, *window.warnings),
        at=at,
    )


def days_words(days: tuple[int, ...]) -> str:
    """Name days as runs: ``days 12 to 20, 24``.

    Parameters
    ----------
    days : tuple of int, ascending

    Returns
    -------
    str
    """
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    words = [f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return f"day{'s' * (len(days) > 1)} {', '.join(words)}"


def no_window(rule: str, end: int, warnings: tuple[str, ...], at: str | None) -> Grade:
    """Give the late grade of a patient who was not observed after day 30: none is settled.

    Parameters
    ----------
    rule : str
        Id of the rule.
    end : int
        Last day of observation.
    warnings : tuple of str
        So far.
    at : str or None
        Time of the assessment.

    Returns
    -------
    Grade
    """
    note = f"observation ended on day {end}, before day 31: there is no late grade"
    return grade_from((rule, VERSION), ALL_GRADES, (), warnings=(*warnings, note), at=at)
