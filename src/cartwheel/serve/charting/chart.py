"""The chart on the page: what is asked by day, what is asked once, and what was typed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cartwheel.clinic.charted import accepted_units
from cartwheel.clinic.grading import asked_by, grading_rule
from cartwheel.clinic.toxicity.assessment import Asked, Rule
from cartwheel.errors import CohortRefused, refuse

# what may be charted together -> its words and its rules
GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "crs": ("CRS", ("astct-crs",)),
    "icans": ("ICANS", ("astct-icans",)),
    "icaht": (
        "ICAHT, neutrophils and platelets",
        ("icaht-early", "icaht-late", "t-icaht-early", "t-icaht-late"),
    ),
    "iec-hs": ("IEC-HS", ("iec-hs",)),
}
FIRST = ("crs", "icans", "icaht")
# of the patient, not of a day
_ONCE = frozenset(
    ("age", "developmental_delay", "last_follow_up_day", "progression_day", "next_therapy_day",
     "ferritin_uln", "ferritin_baseline")
)  # fmt: skip
# asked again in other words
_LEFT_TO_THE_DAYS = frozenset(("crs_before",))
MOST_DAYS, LONGEST = 120, 200
_EMPTY_DAYS = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One input: a row of the chart, or a field asked once.

    Parameters
    ----------
    asked : Asked
        As the rules ask it.
    units : tuple of str
        To choose from; empty where there is none.
    values : tuple of str
        As typed: one a day, or the one.
    unit : str
        As chosen.
    """

    asked: Asked
    units: tuple[str, ...]
    values: tuple[str, ...]
    unit: str

    @property
    def name(self) -> str:
        """Of the input."""
        return self.asked.name

    @property
    def label(self) -> str:
        """The question; treatments are charted as given that day, and counted on from there."""
        label = self.asked.label.replace(" given since CRS began", " given that day")
        return label.replace(" Cel ", " °C ")

    @property
    def is_item(self) -> bool:
        """Whether it is one item of ICE; its total alone is enough."""
        return self.name.startswith("ice_")

    @property
    def choices(self) -> tuple[str, ...]:
        """Words to choose from; empty where something is typed."""
        if self.asked.kind == "yes_no":
            return ("no", "yes")
        return self.asked.choices if self.asked.kind == "choice" else ()

    def given(self, place: int) -> str:
        """Value with its unit, as a chart file holds it; empty where nothing was typed."""
        text = self.values[place]
        return f"{text} {self.unit}".strip() if text and self.units else text


@dataclass(frozen=True, slots=True)
class TypedChart:
    """A patient's days.

    Parameters
    ----------
    groups : tuple of str
        Of `GROUPS`: what is charted.
    days : tuple of str
        Headers of the columns, as typed.
    by_day, once : tuple of Line
        What is asked.
    by_item : bool
        Whether the eight items of ICE are shown beside its total.
    """

    groups: tuple[str, ...]
    days: tuple[str, ...]
    by_day: tuple[Line, ...]
    once: tuple[Line, ...]
    by_item: bool = False

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Of the groups."""
        return rules_of(self.groups)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not any(any(line.values) for line in (*self.by_day, *self.once))

    def parts(self) -> tuple[tuple[str, tuple[Line, ...]], ...]:
        """Divide the rows by what they are asked for; an input that two ask for stands once."""
        told: set[str] = set()
        found = []
        for group in self.groups:
            names = {one.name for rule in rules_of((group,)) for one in rule.inputs} - told
            told |= names
            found.append(
                (GROUPS[group][0], tuple(line for line in self.by_day if line.name in names))
            )
        return tuple(found)

    @property
    def csv(self) -> str:
        """The chart as a file that ``cartwheel grade --chart`` reads: one row a day."""
        lines = [line for line in (*self.by_day, *self.once) if any(line.values)]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["patient", "day", *(line.name for line in lines)])
        for place, day in enumerate(self.days):
            if any(line.values[place] for line in self.by_day):
                cells = (line.given(place if len(line.values) > 1 or line in self.by_day else 0)
                         for line in lines)  # fmt: skip
                writer.writerow(["1", day, *cells])
        return out.getvalue()

    @property
    def template(self) -> str:
        """An empty file of what is charted: a row a day, and every unit named in its header."""
        lines = (*self.by_day, *self.once)
        heads = (
            f"{line.name} ({line.unit or line.units[0]})" if line.units else line.name
            for line in lines
        )
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["patient", "day", *heads])
        writer.writerows(["1", day, *[""] * len(lines)] for day in self.days if day)
        return out.getvalue()


def rules_of(groups: Iterable[str]) -> tuple[Rule, ...]:
    """Look the rules of some groups up.

    Parameters
    ----------
    groups : iterable of str
        Of `GROUPS`; others are left out.

    Returns
    -------
    tuple of Rule
    """
    return tuple(
        grading_rule(name) for group in groups if group in GROUPS for name in GROUPS[group][1]
    )


def chart_of(form: Mapping[str, Sequence[str]]) -> TypedChart:
    """Read the chart from the fields of its form.

    Parameters
    ----------
    form : mapping of str to sequence of str
        ``group`` for each that is charted; ``day`` once a column; the name of each input once a
        day, and ``NAME-unit``. Nothing of it is kept.

    Returns
    -------
    TypedChart

    Raises
    ------
    CohortRefused
        ``chart_broken``, ``too_many_days``.
    """
    groups = tuple(group for group in GROUPS if group in form.get("group", ())) or FIRST
    days = tuple(_plain(day) for day in form.get("day", ())) or tuple(map(str, range(_EMPTY_DAYS)))
    _check_days(len(days))
    asked = asked_by(rules_of(groups))
    by_day, once = [], []
    for one in asked.values():
        if one.name in _ONCE:
            once.append(_line(one, form, 1))
        elif one.name not in _LEFT_TO_THE_DAYS:
            by_day.append(_line(one, form, len(days)))
    by_item = bool(form.get("ice-items")) or any(
        any(line.values) for line in by_day if line.is_item
    )
    return TypedChart(groups, days, tuple(by_day), tuple(once), by_item)


def with_day(chart: TypedChart) -> TypedChart:
    """Add a day after the last.

    Parameters
    ----------
    chart : TypedChart
        As it stands.

    Returns
    -------
    TypedChart

    Raises
    ------
    CohortRefused
        ``too_many_days``.
    """
    _check_days(len(chart.days) + 1)
    whole = [int(day) for day in chart.days if day.removeprefix("-").isdecimal()]
    following = str(max(whole) + 1) if whole else ""
    lines = tuple(replace(line, values=(*line.values, "")) for line in chart.by_day)
    return replace(chart, days=(*chart.days, following), by_day=lines)


def without_day(chart: TypedChart, place: int) -> TypedChart:
    """Take a day away.

    Parameters
    ----------
    chart : TypedChart
        As it stands.
    place : int
        Of its column.

    Returns
    -------
    TypedChart
        As it was, where it has one day only.
    """
    if len(chart.days) < 2 or not 0 <= place < len(chart.days):
        return chart
    lines = tuple(replace(line, values=_but(line.values, place)) for line in chart.by_day)
    return replace(chart, days=_but(chart.days, place), by_day=lines)


def _but(values: tuple[str, ...], place: int) -> tuple[str, ...]:
    return (*values[:place], *values[place + 1 :])


def _line(asked: Asked, form: Mapping[str, Sequence[str]], number: int) -> Line:
    values = tuple(_plain(value) for value in form.get(asked.name, ())) or ("",) * number
    if len(values) != number:
        # a group that was not there before, or a form that did not come whole
        raise refuse(
            CohortRefused,
            "chart_broken",
            "the chart did not come whole",
            where=asked.name,
            mend="load the page again",
        )
    units = tuple(accepted_units(asked)) if asked.kind in ("quantity", "series") else ()
    if asked.name == "temperature":
        units = ("Cel", "[degF]")
    said = form.get(f"{asked.name}-unit", ())
    chosen = said[-1] if said and said[-1] in units else ""
    # one that is the only one is no guess
    return Line(asked, units, values, units[0] if len(units) == 1 else chosen)


def _plain(text: str) -> str:
    return " ".join(text.split())[:LONGEST]


def _check_days(number: int) -> None:
    if number > MOST_DAYS:
        raise refuse(
            CohortRefused,
            "too_many_days",
            f"this page charts up to {MOST_DAYS} days",
            where="day",
            mend="drop a chart file below: it may hold any number",
        )
