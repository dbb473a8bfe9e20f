"""Grade toxicity and response from one chart; `grade_charts` has files of charts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from cartwheel.clinic.grading import grade_chart, grading_rule, unknown_inputs
from cartwheel.clinic.toxicity.assessment import Grade, Rule
from cartwheel.errors import CohortRefused, FileRefused, Problem, Refused, refuse
from cartwheel.units import Quantity


def grade(
    rules: str | tuple[str, ...],
    inputs: Mapping[str, object] | None = None,
    *,
    patient: str | os.PathLike[str] | None = None,
    at: str | None = None,
) -> tuple[Grade, ...]:
    """Grade one chart.

    Parameters
    ----------
    rules : str or tuple of str
        Ids, such as ``astct-crs``.
    inputs : mapping of str to object, optional
        By name of input: ``{"temperature": "39.2 Cel", "oxygen_device": "nasal cannula"}``. Values
        over days are pairs of a day and a value: ``[[3, "0.4 10*9/L"], ...]``.
    patient : path, optional
        JSON file with one object of the same form.
    at : str, optional
        Time of the assessment, handed through to the grades.

    Returns
    -------
    tuple of Grade
        One for each rule; what the chart leaves open is a range of grades, never 0.

    Raises
    ------
    CohortRefused
        ``rule_unknown``, ``input_unknown``, ``given_twice``, ``nothing_given``, and everything
        that a rule cannot read.
    FileRefused
        The JSON file cannot be read.
    """
    chosen = chosen_rules(rules)
    chart = {} if patient is None else _patient_file(Path(patient))
    for name, value in (inputs or {}).items():
        if name in chart:
            what = "this input is given twice"
            raise refuse(CohortRefused, "given_twice", what, where=name, mend="give it once")
        chart[name] = value
    problems = list(unknown_inputs(chosen, tuple(chart)))
    if not chart:
        names = ", ".join(asked.name for asked in chosen[0].inputs[:6])
        problems.append(
            Problem("nothing_given", "nothing was charted", "", f"give inputs such as {names}")
        )
    found: list[Grade] = []
    for rule in chosen:
        try:
            found.append(grade_chart(rule, chart, at=at))
        except Refused as refused:
            problems.extend(problem for problem in refused.problems if problem not in problems)
    if problems:
        raise CohortRefused(problems)
    return tuple(found)


def chosen_rules(names: str | tuple[str, ...]) -> tuple[Rule, ...]:
    """Look rules up, each once.

    Parameters
    ----------
    names : str or tuple of str
        Ids.

    Returns
    -------
    tuple of Rule

    Raises
    ------
    CohortRefused
        ``no_rule`` for none, ``rule_unknown`` for each that is not known.
    """
    given = (names,) if isinstance(names, str) else tuple(dict.fromkeys(names))
    if not given:
        mend = "name one: --rule astct-crs (cartwheel grade --list lists all)"
        raise refuse(CohortRefused, "no_rule", "no rule was named", where="--rule", mend=mend)
    problems: list[Problem] = []
    rules: list[Rule] = []
    for name in given:
        try:
            rules.append(grading_rule(name))
        except Refused as refused:
            problems.extend(refused.problems)
    if problems:
        raise CohortRefused(problems)
    return tuple(rules)


def _patient_file(path: Path) -> dict[str, object]:
    try:
        document: Any = json.loads(path.read_bytes().decode("utf-8-sig"), parse_float=Decimal)
    except (OSError, ValueError, RecursionError):
        what = "there is no such file, or it is not JSON in UTF-8"
        mend = "give a JSON file"
        raise refuse(FileRefused, "unreadable", what, where=path.name, mend=mend) from None
    if not isinstance(document, dict):
        mend = 'write it as {"temperature": "39.2 Cel"}'
        what = "one JSON object is needed, input names to values"
        raise refuse(FileRefused, "not_patient", what, where=path.name, mend=mend)
    return {str(key): _given(value) for key, value in document.items()}


def _given(value: Any) -> object:
    """Turn ``{"value": 39.2, "unit": "Cel"}`` into a quantity, and lists into tuples."""
    if isinstance(value, dict) and set(value) == {"value", "unit"}:
        number = value["value"]
        if isinstance(number, int | Decimal) and not isinstance(number, bool):
            return Quantity(Decimal(number), str(value["unit"]))
    if isinstance(value, list):
        return tuple(_given(each) for each in value)
    return value
