"""The plan of a development as a form: from plain data to fields, and back."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cartwheel.development.planning.plan import DAYS_PER, plan_from_dict
from cartwheel.errors import PlanRefused, Problem
from cartwheel.serve.cohort.declared import as_plan, number_of
from cartwheel.serve.cohort.fields import Fields
from cartwheel.serve.cohort.places import Placed, place
from cartwheel.serve.cohort.sheet import MOST_SHOWN, CheckedSheet, SheetColumn

SCHEMA = "cartwheel-plan/1"
TIME_UNITS = tuple(DAYS_PER)
# field of the form to its place in the plan
TEXTS = {
    "title": "title",
    "method": "method",
    "missing": "missing",
    "event": "outcome.event",
    "kind": "outcome.kind",
    "label": "outcome.label",
    "onset": "outcome.onset",
    "time": "outcome.time",
    "time_unit": "outcome.time_unit",
    "id": "cohort.id",
    "cutoff": "index.cutoff",
    "selection": "points.selection",
}
NUMBERS = {
    "landmark_day": "landmark_day",
    "horizon": "outcome.horizon",
    "bootstrap": "resampling.bootstrap",
    "seed": "resampling.seed",
}
EITHER = {"event_value": "outcome.event_value"}
FIELDS = {**TEXTS, **NUMBERS, **EITHER}
# read only where they mean something
_OF_KIND = {"binary": ("time", "time_unit", "horizon"), "survival": ("onset",)}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column, or a ratio of two, that may be chosen as a predictor.

    Parameters
    ----------
    place : str
        For the names of its fields.
    name, what : str
        Column; and what it is.
    day : float or None
        After infusion.
    n, missing : int or None
        Cells; None for a ratio.
    chosen : bool
        Whether the plan has it.
    direction, transform : str
        As the plan says, or as a first plan proposes.
    """

    place: str
    name: str
    what: str
    day: float | None
    n: int | None
    missing: int | None
    chosen: bool
    direction: str
    transform: str


@dataclass(frozen=True, slots=True)
class Group:
    """The candidates of one day.

    Parameters
    ----------
    key, title : str
        For a button; for the reader.
    candidates : tuple of Candidate
        At most as many as a page shows, and whatever is chosen.
    hidden : int
        Further ones, to be found by the filter or named in the TOML.
    """

    key: str
    title: str
    candidates: tuple[Candidate, ...]
    hidden: int

    @property
    def chosen(self) -> int:
        """How many of them the plan has."""
        return sum(one.chosen for one in self.candidates)


def first_draft(sheet: CheckedSheet, declared: Iterable[Mapping[str, Any]], book_sheet: str) -> Any:
    """Begin a plan: what the sheet itself says.

    Parameters
    ----------
    sheet : CheckedSheet
        As checked.
    declared : iterable of mapping
        What was said of its columns.
    book_sheet : str
        Of a workbook; may be empty.

    Returns
    -------
    dict
    """
    ids = [column.name for column in sheet.columns if column.kind == "id"]
    data: dict[str, Any] = {"schema": SCHEMA, "title": "", "method": ""}
    if sheet.is_simulated:
        data["simulated"] = True
    data["cohort"] = {"id": ids[0] if ids else "", "sheet": book_sheet}
    data["outcome"] = {"kind": "binary"}
    data["columns"] = as_plan(declared)
    return data


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


def form_values(data: Mapping[str, Any]) -> dict[str, str]:
    """Give the value of every simple field of the form.

    Parameters
    ----------
    data : mapping
        The plan.

    Returns
    -------
    dict of str to str
    """
    return {field: value_at(data, path) for field, path in FIELDS.items()}


def plan_with(
    data: Mapping[str, Any], fields: Fields, sheet: CheckedSheet, wanted: str
) -> dict[str, Any]:
    """Write what a form says into a plan; what the form does not show stays as it is.

    Parameters
    ----------
    data : mapping
        The plan up to now.
    fields : Fields
        As sent.
    sheet : CheckedSheet
        For the columns that are meant by their places.
    wanted : str
        The filter under which the form was shown.

    Returns
    -------
    dict
        Not checked.
    """
    made = {key: dict(part) if isinstance(part, Mapping) else part for key, part in data.items()}
    for field, path in FIELDS.items():
        if fields.has(field):
            put(made, path, _value(field, fields.one(field)))
    for field in _OF_KIND.get(value_at(made, "outcome.kind"), ()):
        put(made, FIELDS[field], None)
    groups = candidate_groups(data, sheet, wanted)
    made["predictors"] = list(_predictors(made, fields, groups, sheet))
    used = {entry.get("column") for entry in made["predictors"] if isinstance(entry, Mapping)}
    offered = {ratio["name"]: ratio for ratio in _proposed(sheet, "derived")}
    kept = [each for each in _entries(made, "derived") if each.get("name") not in offered]
    made["derived"] = [*kept, *(ratio for name, ratio in offered.items() if name in used)]
    return made


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


def _value(field: str, text: str) -> Any:
    if field in TEXTS:
        return text
    number = number_of(text)
    if number is None:
        return text  # refused by the plan in its own words, or a word for the event
    return int(number) if number.is_integer() else number


def _predictors(
    data: Mapping[str, Any], fields: Fields, groups: tuple[Group, ...], sheet: CheckedSheet
) -> Iterator[dict[str, Any]]:
    before = {str(entry.get("column")): entry for entry in _entries(data, "predictors")}
    used, (deed, _, which) = set(fields.each("use")), fields.one("choose").partition(":")
    chosen: dict[str, dict[str, Any]] = dict(before)
    for group in groups:
        for one in group.candidates:
            if not fields.has(f"direction-{one.place}"):
                continue
            is_used = deed == "all" if which == group.key and deed else one.place in used
            if not is_used:
                chosen.pop(one.name, None)
                continue
            entry = dict(before.get(one.name, {"column": one.name}))
            transform = fields.one(f"transform-{one.place}")
            told = {"direction": fields.one(f"direction-{one.place}"),
                    "transform": "" if transform == "none" else transform}  # fmt: skip
            rest = {key: part for key, part in entry.items() if key not in {"column", *told}}
            said = {key: part for key, part in told.items() if part}
            entry = {"column": one.name, **said, **rest}
            chosen[one.name] = entry
    order = {name: place for place, name in enumerate(sheet.names)}
    yield from sorted(
        chosen.values(), key=lambda entry: order.get(str(entry.get("column")), len(order))
    )


def candidate_groups(
    data: Mapping[str, Any], sheet: CheckedSheet, wanted: str
) -> tuple[Group, ...]:
    """Group by day what may be chosen: values of one day that the dictionary knows, then others.

    Parameters
    ----------
    data : mapping
        The plan.
    sheet : CheckedSheet
        Its columns.
    wanted : str
        Part of a name; empty for all.

    Returns
    -------
    tuple of Group
        Days in order. Summaries over follow-up are in none: they know what came later.
    """
    chosen = {str(entry.get("column")): entry for entry in _entries(data, "predictors")}
    proposed = {each["column"]: each for each in _proposed(sheet, "predictors")}
    outcome = {value_at(data, f"outcome.{key}") for key in ("event", "time", "onset")}
    found: dict[tuple[int, float], list[Candidate]] = {}
    for column in sheet.columns:
        odd = column.kind not in ("number", "category") or column.summary or column.kind == "id"
        if column.name not in chosen and (odd or column.name in outcome):
            continue
        entry = chosen.get(column.name, proposed.get(column.name, {}))
        one = _candidate(column, entry, is_chosen=column.name in chosen)
        found.setdefault(_key(column), []).append(one)
    for number, ratio in enumerate(_ratios(data, sheet)):
        name = str(ratio.get("name"))
        above = sheet.at(str(ratio.get("numerator")))
        day = above.day if above else None
        entry = chosen.get(name, {})
        parts = f"{ratio.get('numerator')} / {ratio.get('denominator')}"
        told = (str(entry.get("direction", "")), str(entry.get("transform", "none")))
        one = Candidate(f"r{number}", name, parts, day, None, None, name in chosen, *told)
        found.setdefault((0, day) if day is not None else (1, 0.0), []).append(one)
    part = wanted.strip().casefold()
    return tuple(_group(key, members, part) for key, members in sorted(found.items()))


def _key(column: SheetColumn) -> tuple[int, float]:
    if column.day is not None:
        return 0, column.day
    return (1, 0.0) if column.variable else (2, 0.0)


def _candidate(column: SheetColumn, entry: Mapping[str, Any], *, is_chosen: bool) -> Candidate:
    return Candidate(
        str(column.place),
        column.name,
        column.what if column.variable else "",
        column.day,
        column.n,
        column.missing,
        is_chosen,
        str(entry.get("direction", "")),
        str(entry.get("transform", "none")),
    )


def _group(key: tuple[int, float], members: list[Candidate], part: str) -> Group:
    kind, day = key
    title = (f"Day {day:g}", "Day not known", "Other columns")[kind]
    fits = [one for one in members if one.chosen or part in f"{one.name} {one.what}".casefold()]
    shown = [one for place, one in enumerate(fits) if one.chosen or place < MOST_SHOWN]
    return Group(f"{kind}/{day:g}", title, tuple(shown), len(members) - len(shown))


def _ratios(data: Mapping[str, Any], sheet: CheckedSheet) -> list[dict[str, Any]]:
    named = {each.get("name"): each for each in _proposed(sheet, "derived")}
    named |= {each.get("name"): each for each in _entries(data, "derived")}
    return list(named.values())


def _proposed(sheet: CheckedSheet, key: str) -> list[dict[str, Any]]:
    return list(_first(sheet.proposal).get(key, []))


@lru_cache(maxsize=8)
def _first(proposal: str) -> dict[str, Any]:
    return tomllib.loads(proposal)


def _entries(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = data.get(key)
    if not isinstance(found, list):
        return []
    return [dict(each) for each in found if isinstance(each, Mapping)]


def checked(data: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Check a plan in work.

    Parameters
    ----------
    data : mapping
        The plan.

    Returns
    -------
    tuple of Problem
        In the words of the refusal; ``missing_key`` for what is still to be said.
    """
    try:
        plan_from_dict(dict(data), where="plan")
    except PlanRefused as refused:
        return refused.problems
    return ()


def placed(problems: Iterable[Problem], data: Mapping[str, Any], groups: Iterable[Group]) -> Placed:
    """Put problems of a plan beside the fields of its form.

    Parameters
    ----------
    problems : iterable of Problem
        Of the plan, or of a development that was refused.
    data : mapping
        The plan.
    groups : iterable of Group
        As the form shows them.

    Returns
    -------
    Placed
    """
    names = {one.name: f"use-{one.place}" for group in groups for one in group.candidates}
    paths = {path: field for field, path in FIELDS.items()}
    paths["predictors"] = "predictors"
    for number, entry in enumerate(_entries(data, "predictors"), start=1):
        field = names.get(str(entry.get("column")), "predictors")
        for key in ("column", "direction", "transform", "cutoff", "steps"):
            paths[f"predictors[{number}].{key}"] = field
        paths[f"predictors[{number}]"] = field
    for field in ("event", "time", "onset", "id"):
        if named := value_at(data, FIELDS[field]):
            names[named] = field
    return place(problems, paths, names)


def question_in_words(data: Mapping[str, Any], groups: Iterable[Group]) -> str:
    """Say what is asked, as a person would.

    Parameters
    ----------
    data : mapping
        The plan.
    groups : iterable of Group
        Of its candidates.

    Returns
    -------
    str
        With a question mark; empty as long as there is no outcome.
    """
    outcome = value_at(data, "outcome.label") or value_at(data, "outcome.event")
    if not outcome:
        return ""
    used = [group for group in groups if group.chosen]
    days = [f"day-{group.key.partition('/')[2]}" for group in used if group.key.startswith("0/")]
    which = " and ".join(filter(None, (", ".join(days[:-1]), *days[-1:])))
    if len(days) < len(used):
        which = f"{which} and other" if which else ""
    horizon, unit = value_at(data, "outcome.horizon"), value_at(data, "outcome.time_unit")
    within = f" within {horizon} {unit}" if horizon and unit else ""
    landmark = value_at(data, "landmark_day")
    free = f", in patients still free of it after day {landmark}" if landmark else ""
    return (
        f"{f'Which {which} values' if which else 'Which values'} predict {outcome}{within}{free}?"
    )
