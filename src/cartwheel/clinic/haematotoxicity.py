"""Haematotoxicity of immune effector cells: early and late ICAHT from neutrophils over days.

The rule reads the counts of one patient by day after infusion (day 0), in whatever unit they are
stated, and the days on which observation ended. Every choice that the published table leaves open
is a named option; the defaults are those of the published implementation.
"""

from __future__ import annotations

from decimal import Decimal

from cartwheel.clinic.charted import Charted
from cartwheel.clinic.count_window import (
    ALL_GRADES,
    ENDS,
    LAST_DAY,
    LATE,
    VERSION,
    Found,
    LateOptions,
    SpellOptions,
    Window,
    at_least,
    count_window,
    counts_asked,
    graded,
    late_datum,
    late_end,
    low_spells,
    no_window,
    spell_words,
    window_end,
    worst,
)
from cartwheel.clinic.daily_counts import Spell, lowest_of_each_day
from cartwheel.clinic.thrombocytopenia import RULES as PLATELET_RULES
from cartwheel.clinic.toxicity.assessment import Asked, Chart, Datum, Grade, Rule, grade_from

EARLY = SpellOptions()
_NEUTROPHILS = counts_asked("neutrophils", "Neutrophils")
EARLY_INPUTS: tuple[Asked, ...] = (_NEUTROPHILS, LAST_DAY)
LATE_INPUTS: tuple[Asked, ...] = (_NEUTROPHILS, *ENDS)


def early_icaht(chart: Chart, *, at: str | None = None, options: SpellOptions = EARLY) -> Grade:
    """Grade early neutropenia, days 0 to 30, by its longest spell.

    Parameters
    ----------
    chart : mapping
        ``neutrophils``: pairs of a day after infusion and a count with its unit;
        ``last_follow_up_day``: the window ends there if that is before day 30.
    at : str, optional
        Handed through to the grade.
    options : SpellOptions
        Defaults as in the published implementation, but for days that stay unknown.

    Returns
    -------
    Grade
        0 to 4.

    Raises
    ------
    CohortRefused
        Everything that cannot be read, at once.

    Notes
    -----
    At or below 500/uL for 1-6 days grade 1, 7-13 grade 2, 14 or more grade 3; at or below 100/uL
    for 7-13 days grade 3, 14 or more grade 4; never above 500/uL grade 4. The lowest value of a day
    counts. The ten synthetic patients of the published implementation came out exactly; they have
    no licence and are not carried.

    References
    ----------
    Rejeski 2023, doi 10.1182/blood.2023020578. Liang 2023, automated ICAHT grading (public code).
    """
    charted = Charted(chart, EARLY_INPUTS)
    counts, end = charted.series("neutrophils"), window_end(charted, 30)
    charted.finish()
    window = count_window(counts, "neutrophils", (0, end), "0.5", options)
    found = [_early_icaht_of(window, low) for low in window.readings]
    return graded("icaht-early", window, found, charted.notes, at)


def _early_icaht_of(window: Window, unknown_low: frozenset[int]) -> Found:
    low = low_spells(window, "0.5", unknown_low)
    very_low = low_spells(window, "0.1", unknown_low)
    rows = [
        _by_days(_longest(low), "<= 500/uL", ((14, 3), (7, 2), (1, 1))),
        _by_days(_longest(very_low), "<= 100/uL", ((14, 4), (7, 3))),
        _never_recovered(window, low),
    ]
    return worst([row for row in rows if row is not None])


def _never_recovered(window: Window, low: tuple[Spell, ...]) -> Datum | None:
    daily, from_day = window.daily, window.options.never_recovered_from
    start = 0 if from_day is None else from_day
    known = [daily.first + at for at, value in enumerate(daily.values) if value is not None]
    end = known[-1] if known and window.options.unknown_days == "not low" else daily.last
    if from_day is None and end < 30:
        return None
    for spell in low:
        if spell.start <= start and spell.end >= end:
            rule = "never above 500/uL up to the end of observation: grade 4"
            return Datum("neutrophils", spell_words(spell), "", 4, rule)
    return None


def late_icaht(chart: Chart, *, at: str | None = None, options: LateOptions = LATE) -> Grade:
    """Grade late neutropenia, from day 31 on, by its lowest value.

    Parameters
    ----------
    chart : mapping
        ``neutrophils`` as for `early_icaht`; ``last_follow_up_day``, ``progression_day`` and
        ``next_therapy_day`` end the window, that day included.
    at : str, optional
        Handed through to the grade.
    options : LateOptions
        Defaults as in the published implementation.

    Returns
    -------
    Grade
        0 to 4; every grade is possible where no value lies in the window.

    Raises
    ------
    CohortRefused
        Everything that cannot be read, at once.

    Notes
    -----
    At or below 1500/uL grade 1, 1000 grade 2, 500 grade 3, 100 grade 4; the second lowest day must
    also lie at or below 1500, so that one low value among others above is transient.

    References
    ----------
    Rejeski 2023, doi 10.1182/blood.2023020578.
    """
    charted = Charted(chart, LATE_INPUTS)
    counts, end = charted.series("neutrophils"), late_end(charted, options.last_day)
    charted.finish()
    if end < 31:
        return no_window("icaht-late", end, charted.notes, at)
    lowest = sorted((value, day) for day, value in lowest_of_each_day(counts, 31, end).items())
    possible, decided = _late_icaht_of(lowest, options)
    warnings = charted.notes
    if len(lowest) == 1:
        warnings = (*warnings, "only one value after day 30: it may have been transient")
    missing = () if len(possible) == 1 else ("neutrophils (after day 30)",)
    return grade_from(
        ("icaht-late", VERSION), possible, decided, missing=missing, warnings=warnings, at=at
    )


def _late_icaht_of(
    lowest: list[tuple[Decimal, int]], options: LateOptions
) -> tuple[tuple[int, ...], tuple[Datum, ...]]:
    if not lowest:
        return tuple(ALL_GRADES), ()
    grades = [_late_grade(value) for value, _ in lowest[:2]]
    single = len(lowest) == 1
    if not single and grades[1] == 0:
        value, day = lowest[0]
        words = "the second lowest value is above 1500/uL" if grades[0] else "above 1500/uL"
        return (0,), (late_datum("neutrophils", value, day, 0, words),)
    place = 1 if options.depth == "second lowest" and not single else 0
    value, day = lowest[place]
    limit = ("above 1500", "<= 1500", "<= 1000", "<= 500", "<= 100")[grades[place]]
    datum = late_datum("neutrophils", value, day, grades[place], f"{limit}/uL after day 30")
    if single and options.one_value == "open" and grades[0]:
        return (0, grades[0]), ()
    return (grades[place],), (datum,)


def _late_grade(value: Decimal) -> int:
    return sum(value <= Decimal(limit) for limit in ("1.5", "1", "0.5", "0.1"))


def _longest(found: tuple[Spell, ...]) -> Spell | None:
    return max(found, key=lambda spell: spell.days, default=None)


def _by_days(spell: Spell | None, limit: str, steps: tuple[tuple[int, int], ...]) -> Datum | None:
    days = 0 if spell is None else spell.days
    for fewest, grade in steps:
        if spell is not None and days >= fewest:
            rule = f"longest spell {limit}, {at_least(fewest)}: grade {grade}"
            return Datum("neutrophils", spell_words(spell), "", grade, rule)
    return None


_CITATION = "Rejeski et al., Blood 2023;142:865 (EHA/EBMT consensus)"
_DOI = "10.1182/blood.2023020578"
_SOURCE = "public implementation of the EHA/EBMT criteria, with its synthetic patients"

RULES: tuple[Rule, ...] = (
    Rule(
        "icaht-early", "Early ICAHT, neutrophils on days 0 to 30", VERSION, _CITATION, _DOI,
        "verified", _SOURCE, EARLY_INPUTS, early_icaht,
    ),
    Rule(
        "icaht-late", "Late ICAHT, neutrophils after day 30", VERSION, _CITATION, _DOI,
        "verified", _SOURCE, LATE_INPUTS, late_icaht,
    ),
    *PLATELET_RULES,
)  # fmt: skip
