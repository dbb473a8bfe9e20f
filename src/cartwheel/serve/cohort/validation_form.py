"""The plan of a validation as a form: which scores, which column is which input, what is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from cartwheel.clinic.score import ScoreSpec
from cartwheel.clinic.score_terms import Input, Parameter
from cartwheel.errors import Problem
from cartwheel.serve.cohort.fields import Fields
from cartwheel.serve.cohort.form_plan import (
    FormPlan,
    listed_in_words,
    outcome_in_words,
    put,
    refusals,
    tables_at,
    typed,
    value_at,
)
from cartwheel.serve.cohort.places import Placed, place
from cartwheel.serve.cohort.sheet import CheckedSheet
from cartwheel.validation.plan import plan_from_dict

HEAD = {"schema": "cartwheel-validation-plan/1"}
OWN = "own-"
FORM = FormPlan(
    texts={
        "title": "title",
        "missing": "missing",
        "event": "outcome.event",
        "kind": "outcome.kind",
        "label": "outcome.label",
        "onset": "outcome.onset",
        "time": "outcome.time",
        "time_unit": "outcome.time_unit",
        "centre": "centre",
        "share_label": "sharing.label",
    },
    numbers={
        "landmark_day": "landmark_day",
        "horizon": "outcome.horizon",
        "bootstrap": "resampling.bootstrap",
        "seed": "resampling.seed",
        "minimum_cell": "sharing.minimum_cell",
    },
    either={"event_value": "outcome.event_value"},
    of_kind={
        "binary": ("time", "time_unit", "horizon"),
        "survival": ("onset",),
        "competing": ("onset",),
    },
)
_INPUT = re.compile(r"input '([^']+)'")
MOST_SUBGROUPS = 3


@dataclass(frozen=True, slots=True)
class InputChoice:
    """One input of a score, and the column that holds it.

    Parameters
    ----------
    id : str
        Of its field.
    input : Input
        As the score file says.
    column : str
        Said in the plan; empty where the sheet's names say it.
    found : str
        What the names of the sheet say; empty where they do not.
    near : tuple of str
        Columns that it may be.
    """

    id: str
    input: Input
    column: str
    found: str
    near: tuple[str, ...]

    @property
    def when(self) -> str:
        """When it has to be measured, in the score's words."""
        if self.input.day is not None:
            return f"day {self.input.day:g}"
        return self.input.window.text if self.input.window is not None else ""


@dataclass(frozen=True, slots=True)
class ScoreChoice:
    """A score that is to be validated.

    Parameters
    ----------
    key : str
        Its id, or ``own-`` and the id of a file.
    spec : ScoreSpec
        The score.
    inputs : tuple of InputChoice
        In the order of the file.
    parameters : tuple of (str, Parameter, str)
        Id of the field, what is left open, and what is chosen.
    direction_id, direction : str
        Of the field; and which end is adverse, where the plan says it.
    """

    key: str
    spec: ScoreSpec
    inputs: tuple[InputChoice, ...]
    parameters: tuple[tuple[str, Parameter, str], ...]
    direction_id: str
    direction: str

    @property
    def needs_direction(self) -> bool:
        """Whether the score file does not say which end is adverse."""
        return self.spec.outcome.adverse is None and self.spec.risk is None

    @property
    def asked(self) -> tuple[InputChoice, ...]:
        """Inputs without a column."""
        return tuple(each for each in self.inputs if not (each.column or each.found))


def key_of(entry: Mapping[str, Any]) -> str:
    """Give the key of a score that a plan names: by its id, or by a file's.

    Parameters
    ----------
    entry : mapping
        Of the plan's scores.

    Returns
    -------
    str
    """
    said = entry.get("score")
    return f"{OWN}{said.get('file')}" if isinstance(said, Mapping) else str(said)


def score_entries(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the scores of a plan in work.

    Parameters
    ----------
    data : mapping
        The plan.

    Returns
    -------
    list of dict
    """
    return tables_at(data, "scores")


def score_choice(
    place_of: int, entry: Mapping[str, Any], spec: ScoreSpec, sheet: CheckedSheet
) -> ScoreChoice:
    """Match the columns of a sheet to the inputs of a score.

    Parameters
    ----------
    place_of : int
        Of the score among those chosen.
    entry : mapping
        What the plan says of it.
    spec : ScoreSpec
        The score.
    sheet : CheckedSheet
        Its columns.

    Returns
    -------
    ScoreChoice
    """
    said = {str(key): str(name) for key, name in _mapping(entry.get("columns")).items()}
    known = {key: name for key, name in said.items() if key in spec.input_names}
    # reads tables: its libraries load when a sheet is matched, not when a server starts
    sheets = import_module("cartwheel.clinic.score_sheet")
    found = sheets.input_column_names(spec, sheet.names, sheets.Stated({}, {}, {}))
    choices = _mapping(entry.get("choices"))
    return ScoreChoice(
        key=key_of(entry),
        spec=spec,
        inputs=tuple(
            InputChoice(
                f"column-{place_of}-{number}",
                item,
                known.get(item.name, ""),
                found.get(item.name, ""),
                _near(item, sheet),
            )
            for number, item in enumerate(spec.inputs)
        ),
        parameters=tuple(
            (f"choice-{place_of}-{number}", one, str(choices.get(one.name, "")))
            for number, one in enumerate(spec.parameters)
        ),
        direction_id=f"adverse-{place_of}",
        direction=str(entry.get("direction", "")),
    )


def _mapping(value: object) -> dict[str, Any]:
    """Take what a text says for a table; anything else is refused with the plan."""
    return dict(value) if isinstance(value, Mapping) else {}


def _near(item: Input, sheet: CheckedSheet) -> tuple[str, ...]:
    """Columns of the same variable, then those with like names."""
    same = [
        column.name
        for column in sheet.columns
        if column.variable is not None and column.variable == item.variable
    ]
    like = get_close_matches(item.name, sheet.names, n=3, cutoff=0.5)
    return tuple(dict.fromkeys((*same[:8], *like)))


def plan_with(
    data: Mapping[str, Any], fields: Fields, choices: Sequence[ScoreChoice]
) -> dict[str, Any]:
    """Write what a form says into the plan of a validation; what it does not show stays.

    Parameters
    ----------
    data : mapping
        The plan up to now.
    fields : Fields
        As sent.
    choices : sequence of ScoreChoice
        The scores as the form showed them.

    Returns
    -------
    dict
        Not checked.
    """
    made = FORM.written(data, fields)
    if fields.has("competing_values"):
        words = [word.strip() for word in fields.one("competing_values").split(",")]
        put(made, "outcome.competing_values", [typed(word) for word in words if word] or None)
    if value_at(made, "outcome.kind") != "competing":
        put(made, "outcome.competing_values", None)
    if fields.has("subgroup"):
        made["subgroups"] = _subgroups(data, fields.each("subgroup"))
    if fields.has("shown"):
        put(made, "update.ladder", True if fields.has("ladder") else None)
        made["scores"] = _scores(data, fields, choices)
    return made


def _subgroups(data: Mapping[str, Any], wanted: Iterable[str]) -> list[dict[str, Any]]:
    known = tables_at(data, "subgroups")
    by_name = {str(each.get("column")): each for each in known}
    named = dict.fromkeys(name.strip() for name in wanted if name.strip())
    further = known[MOST_SUBGROUPS:]
    return [*(by_name.get(name, {"column": name}) for name in named), *further]


def _scores(
    data: Mapping[str, Any], fields: Fields, choices: Sequence[ScoreChoice]
) -> list[dict[str, Any]]:
    shown = {each.key: each for each in choices}
    before = {key_of(entry): entry for entry in score_entries(data)}
    made = []
    for key in dict.fromkeys(fields.each("score")):
        named = {"file": key.removeprefix(OWN)} if key.startswith(OWN) else key
        entry = dict(before.get(key, {"score": named}))
        if choice := shown.get(key):
            columns = {each.input.name: fields.one(each.id) for each in choice.inputs}
            picked = {one.name: fields.one(field) for field, one, _ in choice.parameters}
            entry["columns"] = {name: column for name, column in columns.items() if column}
            entry["choices"] = {name: option for name, option in picked.items() if option}
            if fields.has(choice.direction_id):
                entry["direction"] = fields.one(choice.direction_id)
        made.append({name: part for name, part in entry.items() if part not in ("", {})})
    return made


def checked(data: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Check the plan of a validation in work.

    Parameters
    ----------
    data : mapping
        The plan; a score of one's own stands as ``{file = "ID"}``.

    Returns
    -------
    tuple of Problem
        In the words of the refusal.
    """
    named = [{**entry, "score": key_of(entry)} for entry in score_entries(data)]
    plan = {**data, "scores": named} if "scores" in data else dict(data)
    return refusals(lambda: plan_from_dict(plan, where="plan"))


def placed(
    problems: Iterable[Problem], data: Mapping[str, Any], choices: Sequence[ScoreChoice]
) -> Placed:
    """Put problems of a validation beside the fields of its form.

    Parameters
    ----------
    problems : iterable of Problem
        Of the plan, or of a validation that was refused.
    data : mapping
        The plan.
    choices : sequence of ScoreChoice
        As the form shows them.

    Returns
    -------
    Placed
    """
    names: dict[str, str] = {}
    for choice in choices:
        for each in choice.inputs:
            for name in filter(None, (each.input.name, each.column or each.found)):
                names.setdefault(name, each.id)
        for title in (choice.spec.title, choice.key):
            names.setdefault(title, choice.direction_id if choice.needs_direction else "scores")
    for field in ("event", "time", "onset", "centre"):
        if named := value_at(data, FORM.places[field]):
            names[named] = field
    paths = {
        **FORM.fields,
        "scores": "scores",
        "outcome.competing_values": "competing_values",
    }
    found = tuple(problems)
    by_input = {
        problem.where: names[match[1]]
        for problem in found
        if (match := _INPUT.search(problem.where)) and match[1] in names
    }
    return place(found, {**paths, **by_input}, names)


def question_in_words(data: Mapping[str, Any], choices: Sequence[ScoreChoice]) -> str:
    """Say what is asked, as a person would.

    Parameters
    ----------
    data : mapping
        The plan.
    choices : sequence of ScoreChoice
        Its scores.

    Returns
    -------
    str
        With a question mark; empty as long as a score or the outcome is not said.
    """
    outcome = outcome_in_words(data)
    titles = [choice.spec.title for choice in choices]
    if not outcome or not titles:
        return ""
    verb = "Do" if len(titles) > 1 else "Does"
    return f"{verb} {listed_in_words(titles)} predict {outcome} in these patients?"
