"""The scores of a plan held against the cohort: parameters, direction and columns settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.cells import take_apart
from cartwheel.clinic.columns import texts_of
from cartwheel.clinic.findings import Findings
from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.plan_parts import ColumnPlan
from cartwheel.clinic.reading import RawTable
from cartwheel.clinic.score_sheet import Stated, input_column_names, input_columns
from cartwheel.clinic.score_spec import RiskTable, ScoreSpec
from cartwheel.errors import (
    CohortRefused,
    PlanRefused,
    Problem,
    Refused,
    ScoreRefused,
    refuse,
)
from cartwheel.validation.analysed import Scoreable
from cartwheel.validation.cohort.checks import outcome_roles
from cartwheel.validation.plan import ScorePlan, ValidationPlan

Mask = NDArray[np.bool_]
MOST_NAMED = 4
RESERVED = ("treat all", "treat none")


def scoreables(
    table: RawTable, plan: ValidationPlan, specs: Sequence[ScoreSpec], findings: Findings
) -> tuple[Scoreable, ...]:
    """Settle parameters, direction and columns of every score.

    Parameters
    ----------
    table : RawTable
        The cohort.
    plan : ValidationPlan
        Names the scores.
    specs : sequence of ScoreSpec
        Their files, in the order of the plan.
    findings : Findings
        Takes every problem, named by score; nothing is raised for them.

    Returns
    -------
    tuple of Scoreable
        In the order of the plan; of all rows of the table. Incomplete where there were problems.

    Raises
    ------
    PlanRefused
        ``scores_and_files`` where there is not one file for each score.
    """
    if len(specs) != len(plan.scores):
        raise refuse(
            PlanRefused,
            "scores_and_files",
            f"{len(plan.scores)} scores in the plan, and {len(specs)} score files",
            where="scores",
            mend="give one file for each score",
        )
    names = [said.name or spec.title for said, spec in zip(plan.scores, specs, strict=True)]
    findings.add(PlanRefused, _name_problems(names))
    pairs = list(zip(plan.scores, specs, strict=True))
    found = []
    for name, said, spec in zip(names, plan.scores, specs, strict=True):
        reading = _Reading(table, plan, name, _shared(said, spec, pairs), spec)
        made = reading.scoreable(findings)
        if made is not None:
            found.append(made)
    return tuple(found)


def file_direction(spec: ScoreSpec) -> tuple[str | None, str]:
    """Say which end of a score is adverse, as far as its file says it.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    direction : str or None
        ``high`` or ``low``: where the file has a risk the end at which it is higher, else as the
        file says; None where it says neither.
    source : str
        ``risk`` or ``score file``.
    """
    rising = _risk_rises(spec)
    if rising:
        return ("high" if rising > 0 else "low"), "risk"
    return spec.outcome.adverse, "score file"


def _risk_rises(spec: ScoreSpec) -> int:
    """1 where the risk rises with the value, -1 where it falls, 0 where nothing is said."""
    if spec.risk is None:
        return 0
    if isinstance(spec.risk, RiskTable):
        rows = sorted(spec.risk.rows, key=lambda row: row.value)
        change = rows[-1].risk - rows[0].risk
    else:
        change = spec.risk.slope
    return (change > 0) - (change < 0)


def _name_problems(names: Sequence[str]) -> Iterator[Problem]:
    for name, count in Counter(names).items():
        mend = "give each its own name: --score NAME=ID_OR_FILE"
        if count > 1:
            yield Problem("score_name", f"{count} scores have this name", f"score '{name}'", mend)
        if name in RESERVED:
            yield Problem(
                "score_name", "a decision curve has this name already", f"score '{name}'", mend
            )


def _shared(
    said: ScorePlan, spec: ScoreSpec, pairs: Sequence[tuple[ScorePlan, ScoreSpec]]
) -> ScorePlan:
    """Drop what was said to several scores at once and is meant for another of them."""
    inputs, parameters = set(spec.input_names), set(spec.default_choices)
    others = [pair for pair in pairs if pair[0] is not said]

    def kept(field: str, known: set[str]) -> dict[str, Any]:
        def elsewhere(key: str, value: object) -> bool:
            return any(
                getattr(other, field).get(key) == value
                and key in (file.default_choices if field == "choices" else file.input_names)
                for other, file in others
            )

        return {
            key: value
            for key, value in getattr(said, field).items()
            if key in known or not elsewhere(key, value)
        }

    return said.model_copy(
        update={
            "columns": kept("columns", inputs),
            "days": kept("days", inputs),
            "choices": kept("choices", parameters),
        }
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """One score on its way to the cohort's columns."""

    table: RawTable
    plan: ValidationPlan
    name: str
    said: ScorePlan
    spec: ScoreSpec

    def scoreable(self, findings: Findings) -> Scoreable | None:
        """Read everything; None where there is any problem."""
        choices = self._choices(findings)
        adverse, source = self._direction(findings)
        columns, names = self._columns(findings)
        if choices is None or adverse is None or columns is None:
            return None
        return Scoreable(self.name, self.spec, choices, adverse, source, columns, names)

    def _add(self, findings: Findings, kind: type[Refused], problems: Sequence[Problem]) -> None:
        findings.add(kind, [self._named(problem) for problem in problems])

    def _named(self, problem: Problem) -> Problem:
        place = f"score '{self.name}'"
        return replace(problem, where=f"{place}, {problem.where}" if problem.where else place)

    @property
    def _short(self) -> str:
        """How flags call the score."""
        return self.said.name or PurePath(self.said.score).stem

    def _choices(self, findings: Findings) -> dict[str, str] | None:
        wrong: list[Problem] = []
        for parameter, option in self.said.choices.items():
            try:
                self.spec.chosen({parameter: option})
            except ScoreRefused as refused:
                wrong += refused.problems
        self._add(findings, ScoreRefused, wrong)
        return None if wrong else {**self.spec.default_choices, **self.said.choices}

    def _direction(self, findings: Findings) -> tuple[str | None, str]:
        said = self.said.direction
        known, source = file_direction(self.spec)
        if source == "risk" and self.spec.outcome.adverse not in (None, known):
            problem = Problem(
                "adverse_against_risk",
                f"its risk is higher at the {known} end, and it calls the "
                f"{self.spec.outcome.adverse} end adverse",
                "outcome.adverse",
                "correct the score file",
            )
            self._add(findings, ScoreRefused, [problem])
        if known is None and said is None:
            problem = Problem(
                "direction",
                "neither the score file nor the plan says which end is adverse, and it is never "
                "taken from the data",
                "",
                f"say it: --direction '{self._short}=high' (or low), or direction in [[scores]]",
            )
            self._add(findings, PlanRefused, [problem])
        elif known is not None and said not in (None, known):
            problem = Problem(
                "direction_contradicted",
                f"the plan calls the {said} end adverse, the score file the {known} end",
                "",
                "leave --direction out, or correct the score file",
            )
            self._add(findings, PlanRefused, [problem])
        return (said, "plan") if known is None else (known, source)

    def _columns(self, findings: Findings) -> tuple[dict[str, InputColumn] | None, dict[str, str]]:
        names = [str(name) for name in self.table.frame.columns]
        units = {name: one.unit for name, one in self.plan.columns.items() if one.unit is not None}
        stated = Stated(units, self.said.columns, self.said.days)
        held = input_column_names(self.spec, names, stated)
        days, wrong = self._days(held)
        wrong += self._column_problems(held)
        try:
            columns = input_columns(
                self.spec,
                names,
                _Cells(self.table, names, self.plan.columns),
                replace(stated, days=days),
            )
        except CohortRefused as refused:
            self._add(findings, CohortRefused, [self._mended(one) for one in refused.problems])
            columns = None
        self._add(findings, CohortRefused, wrong)
        return columns, held

    def _mended(self, problem: Problem) -> Problem:
        """Name the columns that may be meant, and the flag that says which."""
        if problem.code != "column":
            return problem
        name = problem.where.removeprefix("input ").strip("'")
        key = name if len(self.plan.scores) == 1 else f"{self._short}.{name}"
        names = [str(each) for each in self.table.frame.columns]
        wanted = next((one.variable for one in self.spec.inputs if one.name == name), None)
        near = [each for each in names if wanted and read_column_name(each).variable == wanted]
        near = near[:MOST_NAMED] or get_close_matches(name, names, n=2, cutoff=0.7)
        asked = "is it " + " or ".join(f"'{each}'" for each in near) + "? " if near else ""
        return replace(problem, mend=f"{asked}say it: --column '{key}=COLUMN'")

    def _days(self, held: Mapping[str, str]) -> tuple[dict[str, float], list[Problem]]:
        """Days that the plan states, of inputs and of columns."""
        wrong = [
            Problem(
                "unknown_input",
                f"'{item[:60]}' is no input of this score",
                "days",
                "inputs: " + ", ".join(self.spec.input_names),
            )
            for item in self.said.days
            if item not in self.spec.input_names
        ]
        days = dict(self.said.days)
        for item, column in held.items():
            day = self.plan.columns.get(column, ColumnPlan()).day
            if day is None:
                continue
            if days.setdefault(item, day) != day:
                wrong.append(
                    Problem(
                        "day_contradicted",
                        f"day {days[item]:g} for the input, day {day:g} for its column '{column}'",
                        f"input '{item}'",
                        "say one of the two",
                    )
                )
        return days, wrong

    def _column_problems(self, held: Mapping[str, str]) -> list[Problem]:
        """Find columns that cannot stand for the input they were found for."""
        taken = outcome_roles(self.plan)
        inputs = {item.name: item for item in self.spec.inputs}
        wrong = []
        for name, column in held.items():
            if column in taken:
                what = f"its column '{column}' is {taken[column]}"
                mend = "name the column that was measured beforehand: --column INPUT=COLUMN"
                wrong.append(Problem("role_twice", what, f"input '{name}'", mend))
            said = self.plan.columns.get(column, ColumnPlan()).variable
            wanted = inputs[name].variable
            if said is not None and wanted is not None and said != wanted:
                what = f"the plan calls column '{column}' {said}, the score wants {wanted}"
                mend = "name another column, or correct variable in [columns]"
                wrong.append(Problem("variable_contradicted", what, f"input '{name}'", mend))
        return wrong


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of the cohort by place, with the coding and decimal mark that the plan declares."""

    table: RawTable
    names: Sequence[str]
    said: Mapping[str, ColumnPlan]

    def __getitem__(self, place: int, /) -> Any:
        cells = self.table.frame.iloc[:, place]
        about = self.said.get(self.names[place])
        if about is None or (about.coding is None and about.decimal is None):
            return cells
        texts = texts_of(take_apart(cells))
        return pd.Series([_recoded(text, about) for text in texts], dtype=object)


def _recoded(text: str | None, about: ColumnPlan) -> str | float | None:
    """Read a text by the declared coding; a word that is not in it stays, and is refused later."""
    if text is None:
        return None
    if about.coding is not None and text in about.coding:
        return float(about.coding[text])
    if about.decimal == ",":
        return text.replace(".", "").replace(",", ".")
    return text.replace(",", "") if about.decimal == "." else text


def without_values(columns: Mapping[str, InputColumn], rows: Mask) -> list[str]:
    """Name the inputs of which nobody has a value.

    Parameters
    ----------
    columns : mapping of str to InputColumn
        Of all patients.
    rows : bool array (N,)
        Who is looked at.

    Returns
    -------
    list of str
        Inputs.
    """
    places = set(np.flatnonzero(rows).tolist())
    return [
        name
        for name, column in columns.items()
        if not np.isfinite(column.numbers[rows]).any() and not places.intersection(column.texts)
    ]
