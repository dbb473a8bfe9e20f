"""Thrombocytopenia after immune effector cells: early and late T-ICAHT from platelets over days."""

from __future__ import annotations

from cartwheel.clinic.charted import Charted
from cartwheel.clinic.count_window import (
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
    window_end,
    worst,
)
from cartwheel.clinic.daily_counts import Spell, lowest_of_each_day
from cartwheel.clinic.toxicity.assessment import Asked, Chart, Datum, Grade, Rule, grade_from

# rounding of interpolated counts is published for neutrophils only
PLATELETS = SpellOptions(round_to=None)
_PLATELETS = counts_asked("platelets", "Platelets")
EARLY_INPUTS: tuple[Asked, ...] = (_PLATELETS, LAST_DAY)
LATE_INPUTS: tuple[Asked, ...] = (_PLATELETS, *ENDS)


def early_t_icaht(
    chart: Chart, *, at: str | None = None, options: SpellOptions = PLATELETS
) -> Grade:
    """Grade early thrombocytopenia, days 0 to 30, by its days in all.

    Parameters
    ----------
    chart : mapping
        ``platelets``: pairs of a day after infusion and a count with its unit;
        ``last_follow_up_day`` as for `early_icaht`.
    at : str, optional
        Handed through to the grade.
    options : SpellOptions
        ``never_recovered_from`` is not used. Interpolation as for neutrophils is an assumption.

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
    Below 50 for 1-6 days grade 1, 7 or more grade 2; below 20 for 1-13 days grade 3, 14 or more
    grade 4 (10*9/L). Days are added up over spells; a recovery of fewer than 3 days between low
    days counts as low. Transfusions are not taken into account.
    """
    charted = Charted(chart, EARLY_INPUTS)
    counts, end = charted.series("platelets"), window_end(charted, 30)
    charted.finish()
    window = count_window(counts, "platelets", (0, end), "50", options)
    found = [_early_t_icaht_of(window, low) for low in window.readings]
    return graded("t-icaht-early", window, found, charted.notes, at)


def _early_t_icaht_of(window: Window, unknown_low: frozenset[int]) -> Found:
    rows = [
        _by_total(low_spells(window, "50", unknown_low), "< 50", ((7, 2), (1, 1))),
        _by_total(low_spells(window, "20", unknown_low), "< 20", ((14, 4), (1, 3))),
    ]
    return worst([row for row in rows if row is not None])


def late_t_icaht(
    chart: Chart,
    *,
    at: str | None = None,
    options: SpellOptions = PLATELETS,
    late: LateOptions = LATE,
) -> Grade:
    """Grade late thrombocytopenia, days 31 to 100.

    Parameters
    ----------
    chart : mapping
        ``platelets`` as for `early_t_icaht`; the window ends as for `late_icaht`, which is an
        assumption.
    at : str, optional
        Handed through to the grade.
    options : SpellOptions
        For the days below 20.
    late : LateOptions
        ``last_day`` only.

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
    Below 100 grade 1, below 50 grade 2, below 20 for 1-13 days in all grade 3, 14 or more grade 4
    (10*9/L). Grades 1 to 3 rest on measured values; days that stay unknown matter only where a
    value below 20 was measured, for they could make 14 days of it.
    """
    charted = Charted(chart, LATE_INPUTS)
    counts, end = charted.series("platelets"), late_end(charted, late.last_day)
    charted.finish()
    if end < 31:
        return no_window("t-icaht-late", end, charted.notes, at)
    window = count_window(counts, "platelets", (31, end), "20", options)
    lowest = lowest_of_each_day(counts, 31, end)
    if not lowest:
        return graded("t-icaht-late", window, [(0, ()), (4, ())], charted.notes, at)
    value, day = min((value, day) for day, value in lowest.items())
    grade = sum(value < limit for limit in (100, 50, 20))
    if grade < 3:
        limit = (">= 100", "< 100", "< 50")[grade]
        datum = late_datum("platelets", value, day, grade, f"{limit} after day 30")
        return grade_from(
            ("t-icaht-late", VERSION), (grade,), (datum,), warnings=charted.notes, at=at
        )
    found = [_late_deep(window, low) for low in window.readings]
    return graded("t-icaht-late", window, found, charted.notes, at)


def _late_deep(window: Window, unknown_low: frozenset[int]) -> Found:
    row = _by_total(low_spells(window, "20", unknown_low), "< 20", ((14, 4), (1, 3)))
    return worst([row] if row is not None else [])


def _by_total(
    found: tuple[Spell, ...], limit: str, steps: tuple[tuple[int, int], ...]
) -> Datum | None:
    days = sum(spell.days for spell in found)
    for fewest, grade in steps:
        if days >= fewest:
            rule = f"{limit} for {at_least(fewest)} in all: grade {grade}"
            return Datum("platelets", f"{days} day{'s' * (days > 1)}", "", grade, rule)
    return None


_CITATION = "T-ICAHT: thrombocytopenia in the windows of ICAHT"
_SOURCE = "ash-sap.org view-large 12809257; how gaps are filled is not published: as for ICAHT"

RULES: tuple[Rule, ...] = (
    Rule(
        "t-icaht-early", "Early T-ICAHT, platelets on days 0 to 30", VERSION, _CITATION, "",
        "verified", _SOURCE, EARLY_INPUTS, early_t_icaht,
    ),
    Rule(
        "t-icaht-late", "Late T-ICAHT, platelets on days 31 to 100", VERSION, _CITATION, "",
        "verified", _SOURCE, LATE_INPUTS, late_t_icaht,
    ),
)  # fmt: skip
