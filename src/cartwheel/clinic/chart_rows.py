"""One row of a chart file: whose it is, when it was written, and what it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cartwheel.clinic.chart_columns import ChartColumns, input_named
from cartwheel.clinic.chart_times import Moment, moment_of_day, moment_of_time
from cartwheel.clinic.grid import row_list
from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.toxicity.assessment import Asked
from cartwheel.errors import Problem
from cartwheel.units import decimal_mark, known_unit, split_quantity

BLANK = ("", ".", "-", "--", "–", "na", "n/a", "n.a.", "nan", "null", "missing", "not charted")


@dataclass(slots=True)
class Line:
    """One row of the file as read.

    Parameters
    ----------
    number : int
        As the user sees it.
    written_id, patient : str
        Id as written; and whose row it is.
    moment : Moment
        When.
    values : dict of str to tuple of str
        By input, with unit; an empty tuple where the cell is blank.
    graded : dict of str to int or None
        Grades already given, by id of the rule.
    death_day : str
        As written; empty where blank.
    """

    number: int
    written_id: str
    patient: str
    moment: Moment
    values: dict[str, tuple[str, ...]]
    graded: dict[str, int | None]
    death_day: str

    @property
    def says_something(self) -> bool:
        """Whether any input or grade is there."""
        return any(self.values.values()) or any(each is not None for each in self.graded.values())


@dataclass(slots=True)
class Findings:
    """Problems by kind and place, with all the rows that have them."""

    _found: dict[tuple[str, str, str], tuple[dict[str, None], list[int]]] = field(
        default_factory=dict
    )

    def add(self, problem: Problem, rows: Iterable[int]) -> None:
        """Note a problem of some rows."""
        key = (problem.code, problem.where, problem.mend)
        words, numbers = self._found.setdefault(key, ({}, []))
        words.setdefault(problem.what)
        numbers.extend(rows)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every kind of problem once, its rows named and one example given."""
        return tuple(
            Problem(code, _example(list(words)), _placed(where, rows), mend)
            for (code, where, mend), (words, rows) in self._found.items()
        )


def _example(words: list[str]) -> str:
    others = len(words) - 1
    return words[0] + (f" (and {others} other value{'s' * (others > 1)})" if others else "")


def _placed(where: str, rows: list[int]) -> str:
    if not rows:
        return where
    named = row_list(dict.fromkeys(sorted(rows)))
    return f"{where}, {named}" if where else named


class LineReader:
    """Reads row after row of a chart.

    Parameters
    ----------
    columns : ChartColumns
        What the columns are.
    asked : mapping of str to Asked
        Inputs of the rules.
    findings : Findings
        Where problems go.
    now : datetime
        What lies after it is in the future.
    """

    def __init__(
        self,
        columns: ChartColumns,
        asked: Mapping[str, Asked],
        findings: Findings,
        now: datetime,
    ) -> None:
        self._columns = columns
        self._asked = asked
        self._findings = findings
        self._now = now
        self.not_asked: dict[str, None] = {}

    def line(self, number: int, row: tuple[str, ...]) -> Line | None:
        """Read one row; None where nobody can say whose it is."""
        patient = self._cell(row, "patient")
        if patient.casefold() in BLANK:
            problem = Problem("no_patient_id", "a row has no patient", "", "fill in the id")
            self._findings.add(problem, [number])
            return None
        death = self._cell(row, "death_day")
        return Line(
            number=number,
            written_id=patient,
            patient=patient,
            moment=self._moment(number, row),
            values=self._long(number, row) if self._columns.is_long else self._wide(number, row),
            graded={
                rule: self._grade(number, row[place], place)
                for rule, place in self._columns.graded.items()
            },
            death_day="" if death.casefold() in BLANK else death,
        )

    def _cell(self, row: tuple[str, ...], role: str) -> str:
        place = self._columns.roles.get(role)
        return "" if place is None else row[place].strip()

    def _moment(self, number: int, row: tuple[str, ...]) -> Moment:
        roles = self._columns.roles
        found: Moment | Problem = Moment(None, None, "")
        if "day" in roles:
            found = moment_of_day(self._cell(row, "day"))
        elif "time" in roles:
            infusion = self._cell(row, "infusion")
            mend = "add a column of infusion times (infusion), or of days after infusion (day)"
            found = (
                moment_of_time(self._cell(row, "time"), infusion, self._now)
                if infusion
                else Problem("no_infusion", "a time without the time of infusion", "", mend)
            )
        if isinstance(found, Problem):
            self._findings.add(found, [number])
            return Moment(None, None, "")
        return found

    def _wide(self, number: int, row: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        return {
            name: self._value(number, self._asked[name], row[place].strip(), "")
            for name, place in self._columns.inputs.items()
        }

    def _long(self, number: int, row: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        variable = self._cell(row, "variable")
        name = input_named(variable, self._asked) or read_column_name(variable).variable
        if name is None or name not in self._asked:
            self.not_asked.setdefault(variable[:24])
            return {}
        value, unit = self._cell(row, "value"), self._cell(row, "unit")
        return {name: self._value(number, self._asked[name], value, unit)}

    def _value(self, number: int, asked: Asked, text: str, unit: str) -> tuple[str, ...]:
        """Take a cell as text with its unit; a number without a unit is a problem."""
        if text.casefold() in BLANK:
            return ()
        if asked.kind not in ("quantity", "series"):
            return (text,)
        parts = split_quantity(text)
        where = f"{asked.name}"
        if parts is None or decimal_mark(parts[1]) is None:
            what = f"'{text[:12]}' is not a number"
            mend = "correct or blank these cells"
            self._findings.add(Problem("not_a_number", what, where, mend), [number])
            return ()
        if parts[2]:
            return (text,)
        stated = unit or self._columns.units.get(asked.name, "")
        if not stated:
            self._findings.add(self._no_unit(asked), [number])
            return ()
        return (f"{text} {known_unit(stated) or stated}",)

    def _no_unit(self, asked: Asked) -> Problem:
        place = self._columns.inputs.get(asked.name)
        column = asked.name if place is None else self._columns.names[place]
        also = " (or [degF] for Fahrenheit)" if asked.unit == "Cel" else ""
        return Problem(
            "no_unit",
            "numbers without a unit",
            f"'{column}'",
            f"say it: --unit '{column}={asked.unit}' if it is {asked.unit}{also}",
        )

    def _grade(self, number: int, text: str, place: int) -> int | None:
        if text.strip().casefold() in BLANK:
            return None
        if text.strip() in ("0", "1", "2", "3", "4", "5"):
            return int(text)
        what = f"'{text.strip()[:12]}' is not a grade"
        mend = "grades are 0 to 5; leave blank what was not observed"
        column = f"'{self._columns.names[place]}'"
        self._findings.add(Problem("grade_impossible", what, column, mend), [number])
        return None
