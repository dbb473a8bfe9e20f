"""What each column of a chart file is: a place and time, an input of a rule, or a grade given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cartwheel.clinic.charted import analyte
from cartwheel.clinic.dictionary import nearest_names
from cartwheel.clinic.grading import CHARTED_GRADES, asked_by
from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.toxicity.assessment import Asked, Rule
from cartwheel.errors import CohortRefused, Problem
from cartwheel.units import known_unit

# role -> names of its column, without case and punctuation
ROLES: Mapping[str, tuple[str, ...]] = {
    "patient": ("patientid", "id", "subject", "subjectid", "patid", "usubjid"),
    "day": ("studyday", "dayafterinfusion", "dayspostinfusion", "daypostinfusion"),
    "time": ("datetime", "timestamp", "chartedat", "charttime"),
    "infusion": ("infusiontime", "infusiondate", "cartdate", "infusedat"),
    "variable": ("analyte", "parameter", "test", "item"),
    "value": ("result",),
    "unit": ("units",),
    "death_day": ("dayofdeath",),
}
_LONG = ("variable", "value")


@dataclass(frozen=True, slots=True)
class ChartColumns:
    """The columns of a chart.

    Parameters
    ----------
    roles : mapping of str to int
        Place of the column of each role there is.
    inputs : mapping of str to int
        Place of the column of each input (wide charts).
    units : mapping of str to str
        Unit of an input, from its column's name or as declared.
    graded : mapping of str to int
        Place of the column of grades already given, by id of the rule.
    names : tuple of str
        Of all columns.
    unused : tuple of str
        Columns that are none of these.
    """

    roles: Mapping[str, int]
    inputs: Mapping[str, int]
    units: Mapping[str, str]
    graded: Mapping[str, int]
    names: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def is_long(self) -> bool:
        """Whether each row holds one value."""
        return all(role in self.roles for role in _LONG)


def chart_columns(
    names: Sequence[str],
    rules: tuple[Rule, ...],
    *,
    mapping: Mapping[str, str],
    units: Mapping[str, str],
) -> ChartColumns:
    """Tell what the columns are, from their names and from what the user says.

    Parameters
    ----------
    names : sequence of str
        As written.
    rules : tuple of Rule
        What is to be graded.
    mapping : mapping of str to str
        Column to role, input, rule id (grades already given by it) or ``none``.
    units : mapping of str to str
        Column to unit; in long charts variable to unit.

    Returns
    -------
    ChartColumns

    Raises
    ------
    CohortRefused
        Everything found at once: ``column_unknown``, ``mapping_unknown``, ``column_twice``,
        ``unit_unknown``, ``no_patient``, ``nothing_to_grade``.
    """
    reading = _Columns(tuple(names), rules, mapping)
    problems = [*reading.problems, *_unit_problems(units, reading)]
    long = all(role in reading.roles for role in _LONG)
    if "patient" not in reading.roles:
        problems.append(_no_patient(names))
    if not long and not reading.inputs and not reading.graded:
        problems.append(_nothing(rules))
    if problems:
        raise CohortRefused(problems)
    stated = {**reading.units, **reading.declared(units)}
    used = {*reading.roles.values(), *reading.inputs.values(), *reading.graded.values()}
    return ChartColumns(
        roles=reading.roles,
        inputs={} if long else reading.inputs,
        units=stated,
        graded=reading.graded,
        names=tuple(names),
        unused=tuple(name for place, name in enumerate(names) if place not in used),
    )


class _Columns:
    """The columns being read one by one."""

    def __init__(
        self, names: tuple[str, ...], rules: tuple[Rule, ...], mapping: Mapping[str, str]
    ) -> None:
        self.names = names
        self.roles: dict[str, int] = {}
        self.inputs: dict[str, int] = {}
        self.graded: dict[str, int] = {}
        self.units: dict[str, str] = {}
        self.problems: list[Problem] = []
        self._rules = {rule.id: rule for rule in rules}
        self._asked = asked_by(rules)
        self._by_analyte = _analytes(self._asked.values())
        self._known = [*ROLES, *self._asked, *self._rules, "none"]
        for column, meaning in mapping.items():
            if column not in names:
                self.problems.append(_unknown_column(column, names, "--map"))
            elif meaning not in self._known:
                mend = nearest_names(meaning, self._known)
                what = f"'{meaning[:40]}' is no column, input or rule here"
                self.problems.append(Problem("mapping_unknown", what, f"--map {column}", mend))
        for place, name in enumerate(names):
            self._place(place, name, mapping.get(name))
        self._drop_ambiguous_grades(mapping)

    def takes_unit(self, column: str) -> bool:
        """Whether the column of this name is read as an input."""
        return any(self.names[place] == column for place in self.inputs.values())

    def declared(self, units: Mapping[str, str]) -> dict[str, str]:
        """Units as declared, by input: by column, or by variable in a long chart."""
        place_of = {self.names[place]: name for name, place in self.inputs.items()}
        return {
            place_of.get(column, input_named(column, self._asked) or column): known_unit(unit)
            or unit
            for column, unit in units.items()
        }

    def _place(self, place: int, name: str, meaning: str | None) -> None:
        if meaning == "none" or (meaning is not None and meaning not in self._known):
            return
        folded = _folded(name)
        if meaning in self._rules:
            self._take(self.graded, meaning, place)
        elif meaning is not None:
            found = self.roles if meaning in ROLES else self.inputs
            self._take(found, meaning, place)
            self._unit_from(name, meaning)
        elif role := _role(folded):
            self._take(self.roles, role, place)
        elif rules := self._graded_by(folded):
            for rule in rules:
                self._take(self.graded, rule, place)
        elif found_input := self._input(name):
            self._take(self.inputs, found_input, place)
            self._unit_from(name, found_input)

    def _take(self, found: dict[str, int], meaning: str, place: int) -> None:
        if meaning in found:
            both = f"'{self.names[found[meaning]]}' and '{self.names[place]}'"
            mend = f"leave one out: --map '{self.names[place]}=none'"
            what = f"two columns are {meaning}: {both}"
            self.problems.append(Problem("column_twice", what, "", mend))
        else:
            found[meaning] = place

    def _unit_from(self, name: str, meaning: str) -> None:
        unit = read_column_name(name).unit
        if unit is not None and meaning in self._asked:
            self.units[meaning] = unit

    def _graded_by(self, folded: str) -> list[str]:
        by_name = [
            rule
            for column, rules in CHARTED_GRADES.items()
            if folded == _folded(column)
            for rule in self._rules
            if rule in rules
        ]
        return by_name or [rule for rule in self._rules if folded == _folded(f"{rule}_grade")]

    def _input(self, name: str) -> str | None:
        found = input_named(name, self._asked)
        if found is not None:
            return found
        said = read_column_name(name)
        if said.variable is None or said.day is not None or said.summary is not None:
            return None
        return self._by_analyte.get(said.variable)

    def _drop_ambiguous_grades(self, mapping: Mapping[str, str]) -> None:
        """Refuse a chart with both the grades and what they are made from, unless told which."""
        for rule, place in dict(self.graded).items():
            inputs = [asked.name for asked in self._rules[rule].inputs if asked.name in self.inputs]
            if inputs and mapping.get(self.names[place]) != rule:
                column = self.names[place]
                self.problems.append(
                    Problem(
                        "grade_or_inputs",
                        f"the chart holds {', '.join(inputs[:3])} and also grades already given "
                        f"('{column}')",
                        f"rule {rule}",
                        f"say which: --map '{column}=none' to grade, --map '{column}={rule}' to "
                        "take the grades as they are",
                    )
                )


def input_named(text: str, asked: Iterable[str]) -> str | None:
    """Find the input of this name, without case, spaces and punctuation.

    Parameters
    ----------
    text : str
        As written.
    asked : iterable of str
        Names of inputs.

    Returns
    -------
    str or None
    """
    folded = _folded(text)
    return next((name for name in asked if _folded(name) == folded), None)


def _folded(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", text.casefold())


def _role(folded: str) -> str | None:
    return next(
        (role for role, others in ROLES.items() if folded in (_folded(role), *others)), None
    )


def _analytes(inputs: Iterable[Asked]) -> dict[str, str]:
    """Inputs that are variables of the dictionary themselves, not limits or baselines of them."""
    return {
        asked.name: asked.name
        for asked in inputs
        if asked.kind in ("quantity", "series") and analyte(asked.name) == asked.name
    }


def _unknown_column(column: str, names: Iterable[str], flag: str) -> Problem:
    mend = nearest_names(column, tuple(names))
    return Problem("column_unknown", "there is no such column", f"{flag} {column}", mend)


def _unit_problems(units: Mapping[str, str], reading: _Columns) -> Iterable[Problem]:
    long = all(role in reading.roles for role in _LONG)
    for column, unit in units.items():
        if column not in reading.names and not long:
            yield _unknown_column(column, reading.names, "--unit")
        elif column in reading.names and not long and not reading.takes_unit(column):
            mend = f"say what it is: --map '{column}=INPUT', or leave --unit out"
            what = "the column is no input of these rules, so that it needs no unit"
            yield Problem("unit_unused", what, f"--unit {column}", mend)
        if known_unit(unit) is None:
            what = f"'{unit[:24]}' is not a unit that cartwheel knows"
            yield Problem("unit_unknown", what, f"--unit {column}", "write it as in Cel or 10*9/L")


def _no_patient(names: Sequence[str]) -> Problem:
    first = names[0] if names else "COLUMN"
    return Problem(
        "no_patient",
        "no column says which patient a row belongs to",
        "",
        f"name it: --map '{first}=patient' (whichever column it is)",
    )


def _nothing(rules: tuple[Rule, ...]) -> Problem:
    asked = ", ".join(list(asked_by(rules))[:8])
    grades = [
        column for column, able in CHARTED_GRADES.items() if any(rule.id in able for rule in rules)
    ]
    given = f", or grades already given ({', '.join(grades)})" if grades else ""
    return Problem(
        "nothing_to_grade",
        "no column is an input of the rule",
        ", ".join(rule.id for rule in rules),
        f"name the columns: --map COLUMN=INPUT, with inputs such as {asked}{given}; "
        f"cartwheel grade --list --rule {rules[0].id} lists all",
    )
