"""From the form to the plan, and from what is wrong back to the field that it concerns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from cartwheel.development.planning.plan import Plan, plan_from_dict
from cartwheel.errors import PlanRefused, Problem

MOST_MARKERS = 6
MOST_COLUMNS = 400
RESAMPLES = (200, 500, 1000, 2000)
PERMUTATIONS = 2000
SEARCHES = (
    ("youden", "largest sensitivity + specificity (Youden), as ROC papers do"),
    ("max_log_rank", "largest log-rank or chi-square statistic, as X-tile does"),
    ("closest_corner", "closest to the corner of the ROC curve"),
)
TIME_UNITS = (("days", "days"), ("weeks", "weeks"), ("months", "months"), ("years", "years"))
# the ratios that papers cut; the dictionary's names
_RATIOS = (
    ("nlr", "neutrophils", "lymphocytes"),
    ("mlr", "monocytes", "lymphocytes"),
    ("plr", "platelets", "lymphocytes"),
)
_PLACE = re.compile(r"predictors\D{0,3}(\d+)")
_RATIO = "ratio:"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio that the sheet can give.

    Parameters
    ----------
    name, label : str
        In the plan, and for the reader.
    numerator, denominator : str
        Columns of one day.
    """

    name: str
    label: str
    numerator: str
    denominator: str


@dataclass(frozen=True, slots=True)
class Offered:
    """What a sheet has to choose from.

    Parameters
    ----------
    id : str
        Column that names the patient; empty where none does.
    outcomes, times, markers : tuple of (str, str)
        Column, and how it is shown.
    ratios : tuple of Ratio
        From counts of one day.
    cut_short : bool
        Whether there are more columns than are offered.
    """

    id: str
    outcomes: tuple[tuple[str, str], ...]
    times: tuple[tuple[str, str], ...]
    markers: tuple[tuple[str, str], ...]
    ratios: tuple[Ratio, ...]
    cut_short: bool


def offered(check: Mapping[str, Any]) -> Offered:
    """Read from a check what may be chosen.

    Parameters
    ----------
    check : mapping
        ``result`` of ``check.json``.

    Returns
    -------
    Offered
        Yes-or-no columns first among outcomes. Nothing is chosen.
    """
    columns = check["columns"]
    numbers = [one for one in columns if one["kind"] == "number"]
    two = [one for one in columns if one["kind"] != "id" and one["distinct"] == 2]
    rest = [one for one in columns if one["kind"] != "id" and 2 < one["distinct"] <= 12]
    many = [one for one in numbers if one["distinct"] > 2]
    return Offered(
        id=next((one["column"] for one in columns if one["kind"] == "id"), ""),
        outcomes=_shown((*two, *rest)),
        times=_shown(many),
        markers=_shown(many),
        ratios=_ratios(numbers),
        cut_short=len(many) > MOST_COLUMNS,
    )


def _shown(columns: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((one["column"], _described(one)) for one in columns[:MOST_COLUMNS])


def _described(column: Mapping[str, Any]) -> str:
    facts = [] if column["label"] == column["column"] else [column["label"]]
    if column["unit"]:
        facts.append(column["unit"])
    if column["day"] is not None:
        facts.append(f"day {column['day']:g}")
    if column["missing"]:
        facts.append(f"{column['missing']} missing")
    return str(column["column"]) + (f" ({', '.join(facts)})" if facts else "")


def _ratios(numbers: Sequence[Mapping[str, Any]]) -> tuple[Ratio, ...]:
    found = []
    for name, above, under in _RATIOS:
        for top in numbers:
            for bottom in numbers:
                pair = (top["variable"], bottom["variable"]) == (above, under)
                if pair and top["day"] == bottom["day"] and top["unit"] == bottom["unit"]:
                    day = "" if top["day"] is None else f"_day{top['day']:g}"
                    label = f"{top['label']} / {bottom['label'].lower()}"
                    when = "" if top["day"] is None else f", day {top['day']:g}"
                    found.append(
                        Ratio(
                            name + re.sub(r"\W", "m", day),
                            label + when,
                            top["column"],
                            bottom["column"],
                        )
                    )
    return tuple(found[:30])


def marker_options(columns: Offered) -> list[tuple[str, str]]:
    """Everything that can be a marker: ratios first, then columns.

    Parameters
    ----------
    columns : Offered
        Of the sheet.

    Returns
    -------
    list of (str, str)
        Value of the field, and how it is shown.
    """
    ratios = [(f"{_RATIO}{one.name}", one.label) for one in columns.ratios]
    return [*ratios, *columns.markers]


def plan_of(form: Mapping[str, str], columns: Offered, name: str) -> dict[str, Any]:
    """Write the plan that a form asks for. What is not chosen is left out, and then refused.

    Parameters
    ----------
    form : mapping
        Fields as typed.
    columns : Offered
        Of the sheet.
    name : str
        Of the file, for the title.

    Returns
    -------
    dict
        A plan as plain data.

    Raises
    ------
    PlanRefused
        ``nothing_chosen``, ``no_direction``, ``not_a_number``: under the name of the field.
    """
    problems: list[Problem] = []
    predictors, derived = _predictors(form, columns, problems)
    outcome = _outcome(form, problems)
    resamples = form.get("resamples", "1000")
    if not (resamples.isdecimal() and int(resamples) in RESAMPLES):
        problems.append(Problem("not_offered", "this is not offered", "resamples", "choose one"))
    if problems:
        raise PlanRefused(problems)
    plan: dict[str, Any] = {
        "schema": "cartwheel-plan/1",
        "title": f"Honest index: {name}",
        "method": "index",
        "outcome": outcome,
        "predictors": predictors,
        "index": {"cutoff": form.get("search", "youden"), "permutations": PERMUTATIONS},
        "resampling": {"bootstrap": int(resamples)},
    }
    if derived:
        plan["derived"] = derived
    if columns.id:
        plan["cohort"] = {"id": columns.id}
    return plan


def _predictors(
    form: Mapping[str, str], columns: Offered, problems: list[Problem]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    ratios = {f"{_RATIO}{one.name}": one for one in columns.ratios}
    predictors, derived = [], []
    for place in range(1, MOST_MARKERS + 1):
        chosen, way = form.get(f"marker-{place}", ""), form.get(f"direction-{place}", "")
        if not chosen:
            continue
        if way not in ("high", "low"):
            problems.append(
                Problem(
                    "no_direction",
                    "which end is the bad one is not said",
                    f"direction-{place}",
                    "say whether high or low values are adverse; it is never guessed",
                )
            )
        column = chosen
        if ratio := ratios.get(chosen):
            column = ratio.name
            derived.append(
                {
                    "name": ratio.name,
                    "label": ratio.label,
                    "numerator": ratio.numerator,
                    "denominator": ratio.denominator,
                    "zero": "refuse",
                }
            )
        predictors.append({"column": column, "direction": way})
    if not predictors:
        problems.append(
            Problem("nothing_chosen", "no marker is chosen", "marker-1", "choose one to six")
        )
    return predictors, derived


def _outcome(form: Mapping[str, str], problems: list[Problem]) -> dict[str, Any]:
    outcome: dict[str, Any] = {"event": form.get("event", ""), "kind": form.get("kind", "")}
    if not outcome["event"]:
        problems.append(
            Problem("nothing_chosen", "no outcome is chosen", "event", "choose its column")
        )
    if outcome["kind"] not in ("binary", "survival"):
        problems.append(
            Problem(
                "nothing_chosen",
                "what kind of outcome this is, is not said",
                "kind",
                "say whether it has a time",
            )
        )
    if value := form.get("event_value", "").strip():
        coded = number_typed(value, "event_value", [])
        outcome["event_value"] = value if coded is None else coded
    if label := form.get("label", "").strip():
        outcome["label"] = label[:200]
    if outcome["kind"] == "survival":
        for field in ("time", "time_unit"):
            if chosen := form.get(field, ""):
                outcome[field] = chosen
        if typed := form.get("horizon", "").strip():
            outcome["horizon"] = number_typed(typed, "horizon", problems)
    return outcome


def number_typed(typed: str, field: str, problems: list[Problem]) -> float | None:
    """Read a number as a person writes it, with a decimal point.

    Parameters
    ----------
    typed : str
        As typed.
    field : str
        Of the form, for the refusal.
    problems : list of Problem
        Gets ``not_a_number``.

    Returns
    -------
    float or None
        None where it is none, or infinite.
    """
    if re.fullmatch(r"[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})([eE][+-]?\d{1,2})?", typed.strip()):
        return float(typed)
    problems.append(
        Problem("not_a_number", "this is no number", field, "write it with a decimal point: 12.5")
    )
    return None


def check_plan(data: dict[str, Any]) -> Plan:
    """Check a plan as far as it can be without the sheet.

    Parameters
    ----------
    data : dict
        As of `plan_of`.

    Returns
    -------
    Plan

    Raises
    ------
    PlanRefused
        All faults at once.
    """
    plan = plan_from_dict(data)
    # the checks read tables: their libraries load when a plan is checked, not when a server starts
    checks = import_module("cartwheel.development.planning.checks")
    if problems := checks.plan_problems(plan):
        raise PlanRefused(problems)
    return plan


def chosen_of(plan: Mapping[str, Any]) -> dict[str, str]:
    """Fill the form again from a plan.

    Parameters
    ----------
    plan : mapping
        As of `plan_of`.

    Returns
    -------
    dict of str to str
        Fields of the form.
    """
    outcome = plan.get("outcome", {})
    names = ("event", "kind", "event_value", "time", "time_unit", "horizon", "label")
    fields = {name: str(outcome[name]) for name in names if outcome.get(name) is not None}
    fields["search"] = str(plan.get("index", {}).get("cutoff", "youden"))
    fields["resamples"] = str(plan.get("resampling", {}).get("bootstrap", 1000))
    made = {one["name"] for one in plan.get("derived", ())}
    for place, one in enumerate(plan.get("predictors", ())[:MOST_MARKERS], start=1):
        column = one["column"]
        fields[f"marker-{place}"] = f"{_RATIO}{column}" if column in made else column
        fields[f"direction-{place}"] = str(one.get("direction") or "")
    return fields


def placed(problems: Iterable[Problem], form: Mapping[str, str]) -> dict[str, tuple[Problem, ...]]:
    """Put each problem beside the field that it concerns.

    Parameters
    ----------
    problems : iterable of Problem
        From the form, the plan or the sheet.
    form : mapping
        Fields as typed: a problem that names a chosen column belongs to that field.

    Returns
    -------
    dict of str to tuple of Problem
        By field; under the empty name those that concern none.
    """
    found: dict[str, tuple[Problem, ...]] = {}
    for problem in problems:
        field = _field(problem, form)
        found[field] = (*found.get(field, ()), problem)
    return found


def _field(problem: Problem, form: Mapping[str, str]) -> str:
    where = problem.where
    if where in form or where in ("marker-1", "event", "kind", "resamples", "horizon"):
        return where
    if re.fullmatch(r"direction-\d", where):
        return where
    if place := _PLACE.search(where):
        return f"marker-{place[1]}"
    for field in ("time_unit", "horizon", "event_value", "time", "event"):
        if re.search(rf"\b{field}\b", where):
            return field
    for field, chosen in form.items():
        name = chosen.removeprefix(_RATIO)
        known = field.startswith("marker-") or field in ("event", "time")
        if known and name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", where):
            return field
    return ""
