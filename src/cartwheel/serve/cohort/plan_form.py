"""The plan of a development as a form: from plain data to fields, and back."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cartwheel.development.planning.plan import plan_from_dict
from cartwheel.errors import Problem
from cartwheel.serve.cohort.fields import Fields
from cartwheel.serve.cohort.form_plan import (
    FormPlan,
    listed_in_words,
    outcome_in_words,
    refusals,
    tables_at,
    value_at,
)
from cartwheel.serve.cohort.places import Placed, place
from cartwheel.serve.cohort.sheet import MOST_SHOWN, CheckedSheet, SheetColumn

# what a person is to say first
HEAD = {"schema": "cartwheel-plan/1", "title": "", "method": ""}
FORM = FormPlan(
    texts={
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
    },
    numbers={
        "landmark_day": "landmark_day",
        "horizon": "outcome.horizon",
        "bootstrap": "resampling.bootstrap",
        "seed": "resampling.seed",
    },
    either={"event_value": "outcome.event_value"},
    of_kind={"binary": ("time", "time_unit", "horizon"), "survival": ("onset",)},
)


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
    made = FORM.written(data, fields)
    groups = candidate_groups(data, sheet, wanted)
    made["predictors"] = list(_predictors(made, fields, groups, sheet))
    used = {entry.get("column") for entry in made["predictors"] if isinstance(entry, Mapping)}
    offered = {ratio["name"]: ratio for ratio in _proposed(sheet, "derived")}
    kept = [each for each in tables_at(made, "derived") if each.get("name") not in offered]
    made["derived"] = [*kept, *(ratio for name, ratio in offered.items() if name in used)]
    return made


def _predictors(
    data: Mapping[str, Any], fields: Fields, groups: tuple[Group, ...], sheet: CheckedSheet
) -> Iterator[dict[str, Any]]:
    before = {str(entry.get("column")): entry for entry in tables_at(data, "predictors")}
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
    chosen = {str(entry.get("column")): entry for entry in tables_at(data, "predictors")}
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
    named |= {each.get("name"): each for each in tables_at(data, "derived")}
    return list(named.values())


def _proposed(sheet: CheckedSheet, key: str) -> list[dict[str, Any]]:
    return list(_first(sheet.proposal).get(key, []))


@lru_cache(maxsize=8)
def _first(proposal: str) -> dict[str, Any]:
    return tomllib.loads(proposal)


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
    return refusals(lambda: plan_from_dict(dict(data), where="plan"))


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
    paths = {**FORM.fields, "predictors": "predictors"}
    for number, entry in enumerate(tables_at(data, "predictors"), start=1):
        field = names.get(str(entry.get("column")), "predictors")
        for key in ("column", "direction", "transform", "cutoff", "steps"):
            paths[f"predictors[{number}].{key}"] = field
        paths[f"predictors[{number}]"] = field
    for field in ("event", "time", "onset", "id"):
        if named := value_at(data, FORM.places[field]):
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
    outcome = outcome_in_words(data)
    if not outcome:
        return ""
    used = [group for group in groups if group.chosen]
    days = [f"day-{group.key.partition('/')[2]}" for group in used if group.key.startswith("0/")]
    which = listed_in_words(days)
    if len(days) < len(used):
        which = f"{which} and other" if which else ""
    landmark = value_at(data, "landmark_day")
    free = f", in patients still free of it after day {landmark}" if landmark else ""
    return f"{f'Which {which} values' if which else 'Which values'} predict {outcome}{free}?"
