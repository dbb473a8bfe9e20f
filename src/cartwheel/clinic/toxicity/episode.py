"""CRS by ASTCT day by day: what the exception to fever needs is carried from the days before."""

from __future__ import annotations

from collections.abc import Mapping

from cartwheel.clinic.toxicity.answers import read_chart
from cartwheel.clinic.toxicity.assessment import Chart, Grade
from cartwheel.clinic.toxicity.crs import astct_crs
from cartwheel.clinic.toxicity.vocabulary import inputs_named

TREATMENTS = ("antipyretic", "anticytokine", "corticosteroid")


def astct_crs_by_day(charts: Mapping[int, Chart], *, begins: int = 0) -> dict[int, Grade]:
    """Grade CRS by ASTCT 2019 on every charted day of one patient.

    Parameters
    ----------
    charts : mapping of int to chart
        By day after infusion, as `astct_crs` takes them, but the three treatments as given *that
        day*. ``crs_before`` is taken from the days before; a chart that states it is believed.
    begins : int
        First day on which CRS could begin; a day from there on without a chart leaves open whether
        there was CRS.

    Returns
    -------
    dict of int to Grade
        For the charted days, ascending.

    Raises
    ------
    CohortRefused
        As `astct_crs`.

    Notes
    -----
    A treatment counts from the first day with CRS on, that day included, and stays counted. What a
    day without a chart, or without an answer, leaves open stays open until it is settled.
    """
    grades: dict[int, Grade] = {}
    before: bool | None = False
    carried: dict[str, bool | None] = dict.fromkeys(TREATMENTS, False)
    if not charts:
        return grades
    for day in range(min(begins, *charts), max(charts) + 1):
        if day not in charts:
            before = before or None
            carried = {name: carried[name] or None for name in TREATMENTS}
            continue
        chart = charts[day]
        today = read_chart(chart, inputs_named("crs_before", *TREATMENTS))
        stated = today.flag("crs_before")
        before = before if stated is None else stated
        given = {name: _since(carried[name], today.flag(name)) for name in TREATMENTS}
        grade = astct_crs({**chart, "crs_before": before, **given}, at=f"day {day}")
        grades[day] = grade
        began = True if before or grade.lowest > 0 else None if grade.highest > 0 else before
        carried = {name: _carry(carried[name], today.flag(name), began) for name in TREATMENTS}
        before = began
    return grades


def _since(carried: bool | None, today: bool | None) -> bool | None:
    """Whether it was given since CRS began, today included."""
    if carried or today:
        return True
    return False if carried is False and today is False else None


def _carry(carried: bool | None, today: bool | None, began: bool | None) -> bool | None:
    """Whether it counts from today on: only what was given once CRS had begun."""
    if carried or began is False:
        return carried
    if today is False:
        return carried
    return True if today and began else None
