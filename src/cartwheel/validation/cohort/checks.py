"""What is wrong with the plan of a validation: in itself, and beside the columns of the cohort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from cartwheel.clinic.cohort_checks import absent_names
from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.outcome import same_value
from cartwheel.clinic.outcome_times import unit_contradicted, unit_of_time
from cartwheel.clinic.reading import RawTable
from cartwheel.errors import Problem
from cartwheel.validation.plan import ImputationPlan, ValidationPlan

WITH_TIME = ("survival", "competing")


def plan_problems(plan: ValidationPlan) -> tuple[Problem, ...]:
    """Find every contradiction and omission in a plan.

    Parameters
    ----------
    plan : ValidationPlan
        Read and well-formed.

    Returns
    -------
    tuple of Problem
        Empty when the plan can be held against a cohort.
    """
    found = [*_times(plan), *_competing(plan), *_landmark(plan), *_roles(plan), *_subgroups(plan)]
    found += [*_exclusions(plan), *_twice(plan)]
    if not plan.decision.low < plan.decision.high:
        found.append(
            Problem(
                "thresholds_turned",
                f"the thresholds run from {plan.decision.low:g} to {plan.decision.high:g}",
                "decision",
                "write the lower one first: --thresholds 0.05-0.5",
            )
        )
    if plan.update.extend and not plan.update.ladder:
        found.append(
            Problem(
                "extend_without_ladder",
                "columns are added on the last rung of a ladder that is not climbed",
                "update.extend",
                "say ladder = true (--update), or leave extend out",
            )
        )
    if plan.missing == "complete" and plan.imputation != ImputationPlan():
        found.append(
            Problem(
                "imputation_not_asked",
                "the plan says how to impute, and that patients with missing inputs are left out",
                "imputation",
                'say missing = "impute" (--missing impute), or leave [imputation] out',
            )
        )
    return tuple(found)


def time_unit(plan: ValidationPlan) -> str | None:
    """Unit of the time column: as declared, else as its name says ("pfs_months"), else None.

    Parameters
    ----------
    plan : ValidationPlan
        Any plan.

    Returns
    -------
    str or None
        ``days``, ``weeks``, ``months`` or ``years``.
    """
    return unit_of_time(plan.outcome.time, plan.outcome.time_unit)


def absent_columns(table: RawTable, plan: ValidationPlan) -> list[Problem]:
    """Find names of the plan that are not in the cohort, with the nearest column.

    Parameters
    ----------
    table : RawTable
        The cohort.
    plan : ValidationPlan
        Its outcome, patient id, exclusions, columns, subgroups, centre, added and auxiliary
        columns, and those named for inputs, are looked for.

    Returns
    -------
    list of Problem
        One for each absent name.
    """
    outcome = plan.outcome
    wanted: dict[str, str] = {}
    for role, names in (
        ("exclusion", [rule.column for rule in plan.cohort.exclude]),
        ("columns", list(plan.columns)),
        ("input", [name for score in plan.scores for name in score.columns.values()]),
        ("subgroup", [item.column for item in plan.subgroups]),
        ("centre", [plan.centre]),
        ("extend", list(plan.update.extend)),
        ("auxiliary", list(plan.imputation.auxiliary)),
        ("outcome", [outcome.event, outcome.time, outcome.onset]),
        ("patient id", [plan.cohort.id]),
    ):
        wanted.update({name: role for name in names if name is not None})
    return absent_names(table, wanted)


def outcome_roles(plan: ValidationPlan) -> dict[str, str]:
    """Name the columns that may not predict anything, and what they are.

    Parameters
    ----------
    plan : ValidationPlan
        Any plan.

    Returns
    -------
    dict of str to str
        Column to its role.
    """
    outcome = plan.outcome
    said = [
        (plan.cohort.id, "the patient id"),
        (outcome.onset, "the onset day"),
        (outcome.time, "the time"),
        (outcome.event, "the outcome"),
    ]
    return {name: role for name, role in said if name is not None}


def _times(plan: ValidationPlan) -> Iterator[Problem]:
    outcome = plan.outcome
    if outcome.kind not in WITH_TIME:
        if outcome.time is not None or outcome.horizon is not None:
            yield Problem(
                "time_with_binary",
                "time and horizon belong to a survival outcome",
                "outcome.kind",
                'set kind = "survival", or leave time and horizon out',
            )
        return
    if outcome.time is None:
        yield Problem(
            "time_missing",
            f"a {outcome.kind} outcome needs a time column",
            "outcome.time",
            "name it: --time COLUMN",
        )
    elif unit_contradicted(outcome.time, outcome.time_unit):
        yield Problem(
            "time_unit_contradicted",
            f"the name of '{outcome.time}' says {read_column_name(outcome.time).unit}, "
            f"the plan {outcome.time_unit}",
            "outcome.time_unit",
            "correct one of the two",
        )
    elif time_unit(plan) is None:
        yield Problem(
            "time_unit_missing",
            f"the unit of '{outcome.time}' is not said",
            "outcome.time_unit",
            "say it: --time-unit days (weeks, months, years)",
        )
    if outcome.onset is not None:
        yield Problem(
            "onset_with_time",
            f"a {outcome.kind} outcome has its event day in the time column",
            "outcome.onset",
            "leave onset out",
        )


def _competing(plan: ValidationPlan) -> Iterator[Problem]:
    outcome = plan.outcome
    if outcome.kind != "competing":
        if outcome.competing_values:
            yield Problem(
                "competing_values_unused",
                f"a {outcome.kind} outcome has no competing events",
                "outcome.competing_values",
                'set kind = "competing" (and name the time), or leave them out',
            )
        return
    if not outcome.competing_values:
        yield Problem(
            "competing_values_missing",
            "which values mean another event is not said",
            "outcome.competing_values",
            "say it: --competing-value VALUE",
        )
    if outcome.event_value is None:
        yield Problem(
            "event_value_missing",
            "with competing events the value that means the event asked for must be said",
            "outcome.event_value",
            "say it: --event-value VALUE",
        )
    elif any(same_value(outcome.event_value, other) for other in outcome.competing_values):
        yield Problem(
            "event_is_competing",
            "the same value means the event and another event",
            "outcome.competing_values",
            "leave it out of one of the two",
        )


def _landmark(plan: ValidationPlan) -> Iterator[Problem]:
    outcome = plan.outcome
    if plan.landmark_day is not None and outcome.kind == "binary" and outcome.onset is None:
        yield Problem(
            "landmark_without_onset",
            "a landmark needs the day on which events began",
            "landmark_day",
            "name the column: --onset COLUMN",
        )


def _roles(plan: ValidationPlan) -> Iterator[Problem]:
    """Find columns with two roles, and the outcome among what should divide or predict it."""
    outcome = plan.outcome
    roles = [
        (outcome.event, "the outcome"),
        (outcome.time, "the time"),
        (outcome.onset, "the onset day"),
        (plan.cohort.id, "the patient id"),
        (plan.centre, "the centre"),
    ]
    said = [(name, role) for name, role in roles if name is not None]
    for name, count in Counter(name for name, _ in said).items():
        if count > 1:
            meant = " and ".join(role for other, role in said if other == name)
            yield Problem(
                "role_twice", f"named as {meant}", f"column '{name}'", "name a column for each"
            )
    taken = outcome_roles(plan)
    for where, names in (
        ("subgroup", [item.column for item in plan.subgroups]),
        ("extend", list(plan.update.extend)),
        ("auxiliary", list(plan.imputation.auxiliary)),
        ("input", [name for score in plan.scores for name in score.columns.values()]),
    ):
        for name in dict.fromkeys(names):
            if name in taken:
                yield Problem(
                    "role_twice",
                    f"this column is {taken[name]}",
                    f"{where} '{name}'",
                    "leave it out",
                )


def _twice(plan: ValidationPlan) -> Iterator[Problem]:
    for where, names in (
        ("subgroup", [item.column for item in plan.subgroups]),
        ("extend", list(plan.update.extend)),
        ("auxiliary", list(plan.imputation.auxiliary)),
        ("score name", [score.name for score in plan.scores if score.name is not None]),
    ):
        for name, count in Counter(names).items():
            if count > 1:
                yield Problem(
                    "named_twice", f"named {count} times", f"{where} '{name}'", "name it once"
                )


def _subgroups(plan: ValidationPlan) -> Iterator[Problem]:
    for item in plan.subgroups:
        if any(first >= second for first, second in pairwise(item.cuts)):
            yield Problem(
                "cuts_order",
                "the edges must rise",
                f"subgroup '{item.column}'",
                "write each once, the lowest first: --subgroup COLUMN:40,65",
            )


def _exclusions(plan: ValidationPlan) -> Iterator[Problem]:
    for rule in plan.cohort.exclude:
        given = [rule.equals is not None, rule.below is not None, rule.above is not None]
        if sum(given) != 1:
            yield Problem(
                "exclusion_form",
                "an exclusion has exactly one of equals, below, above",
                f"cohort.exclude '{rule.column}'",
                "keep one of them",
            )
