"""What the forms of all plans share: places of a plan, the fields that hold them, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cartwheel.development.planning.plan import DAYS_PER
from cartwheel.errors import PlanRefused, Problem
from cartwheel.serve.cohort.declared import as_plan, number_of
from cartwheel.serve.cohort.fields import Fields
from cartwheel.serve.cohort.sheet import CheckedSheet

TIME_UNITS = tuple(DAYS_PER)


@dataclass(frozen=True, slots=True)
class FormPlan:
    """The simple fields of a plan's form.

    Parameters
    ----------
    texts, numbers : mapping of str to str
        Field of the form to its place in the plan.
    either : mapping of str to str
        As these; a number where it is one, else a text.
    of_kind : mapping of str to tuple of str
        Fields that mean nothing for an outcome of a kind.
    """

    texts: Mapping[str, str]
    numbers: Mapping[str, str]
    either: Mapping[str, str]
    of_kind: Mapping[str, tuple[str, ...]]

    @property
    def places(self) -> dict[str, str]:
        """Every field with its place in the plan."""
        return {**self.texts, **self.numbers, **self.either}

    @property
    def fields(self) -> dict[str, str]:
        """Every place in the plan with its field."""
        return {path: field for field, path in self.places.items()}

    def values(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Give the value of every field.

        Parameters
        ----------
        data : mapping
            The plan.

        Returns
        -------
        dict of str to str
        """
        return {field: value_at(data, path) for field, path in self.places.items()}

    def written(self, data: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
        """Write what a form says into a plan; what the form does not show stays as it is.

        Parameters
        ----------
        data : mapping
            The plan up to now.
        fields : Fields
            As sent.

        Returns
        -------
        dict
            Not checked; what means nothing for the kind of outcome is not in it.
        """
        made = {key: dict(part) if isinstance(part, Mapping) else part
                for key, part in data.items()}  # fmt: skip
        for field, path in self.places.items():
            if fields.has(field):
                text = fields.one(field)
                put(made, path, text if field in self.texts else typed(text))
        for field in self.of_kind.get(value_at(made, "outcome.kind"), ()):
            put(made, self.places[field], None)
        return made


def first_plan(
    sheet: CheckedSheet,
    declared: Iterable[Mapping[str, Any]],
    book_sheet: str,
    head: Mapping[str, Any],
) -> dict[str, Any]:
    """Begin a plan: what the sheet itself says.

    Parameters
    ----------
    sheet : CheckedSheet
        As checked.
    declared : iterable of mapping
        What was said of its columns.
    book_sheet : str
        Of a workbook; may be empty.
    head : mapping
        What stands first: the schema, and what a person is to say.

    Returns
    -------
    dict
    """
    ids = [column.name for column in sheet.columns if column.kind == "id"]
    return {
        **head,
        **({"simulated": True} if sheet.is_simulated else {}),
        "cohort": {"id": ids[0] if ids else "", "sheet": book_sheet},
        "outcome": {"kind": "binary"},
        "columns": as_plan(declared),
    }


def value_at(data: Mapping[str, Any], path: str) -> str:
    """Give what a plan says at a place, as a field shows it; empty where it says nothing.

    Parameters
    ----------
    data : mapping
        The plan.
    path : str
        Such as ``outcome.event``.

    Returns
    -------
    str
    """
    found: Any = data
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    if found is None or isinstance(found, Mapping | list):
        return ""
    return f"{found:g}" if isinstance(found, float) else str(found)


def put(data: dict[str, Any], path: str, value: Any) -> None:
    """Write a value at a place of a plan; nothing said takes the key away.

    Parameters
    ----------
    data : dict
        The plan; it is changed.
    path : str
        Such as ``outcome.event``.
    value : object
        What is said there.
    """
    *above, last = path.split(".")
    at = data
    for step in above:
        inner = at.get(step)
        at[step] = inner = dict(inner) if isinstance(inner, Mapping) else {}
        at = inner
    if value in (None, ""):
        at.pop(last, None)
    else:
        at[last] = value


def typed(text: str) -> float | str:
    """Read a number, or keep the text: the plan refuses it in its own words, or takes a word.

    Parameters
    ----------
    text : str
        As typed.

    Returns
    -------
    int, float or str
    """
    number = number_of(text)
    if number is None:
        return text
    return int(number) if number.is_integer() else number


def tables_at(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """List the tables under a key of a plan in work; whatever else stands there is none.

    Parameters
    ----------
    data : mapping
        The plan.
    key : str
        Such as ``predictors``.

    Returns
    -------
    list of dict
    """
    found = data.get(key)
    if not isinstance(found, list):
        return []
    return [dict(each) for each in found if isinstance(each, Mapping)]


def refusals(read: Callable[[], object]) -> tuple[Problem, ...]:
    """Read a plan, and give why it is refused; nothing where it is sound.

    Parameters
    ----------
    read : function
        Reads it.

    Returns
    -------
    tuple of Problem
        In the words of the refusal; ``missing_key`` for what is still to be said.
    """
    try:
        read()
    except PlanRefused as refused:
        return refused.problems
    return ()


def outcome_in_words(data: Mapping[str, Any]) -> str:
    """Name the outcome of a plan, with its horizon; empty where there is none.

    Parameters
    ----------
    data : mapping
        The plan.

    Returns
    -------
    str
        Such as ``severe CRS`` or ``progression within 12 months``.
    """
    outcome = value_at(data, "outcome.label") or value_at(data, "outcome.event")
    horizon, unit = value_at(data, "outcome.horizon"), value_at(data, "outcome.time_unit")
    return f"{outcome} within {horizon} {unit}" if outcome and horizon and unit else outcome


def listed_in_words(names: Iterable[str]) -> str:
    """Join names as a sentence does.

    Parameters
    ----------
    names : iterable of str
        Any number.

    Returns
    -------
    str
        ``a, b and c``.
    """
    every = tuple(names)
    return " and ".join(filter(None, (", ".join(every[:-1]), *every[-1:])))
