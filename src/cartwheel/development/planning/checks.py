"""What is wrong with a plan that can be seen without the cohort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.outcome_times import unit_contradicted, unit_of_time
from cartwheel.development.planning.plan import (
    CutMethod,
    ImputationPlan,
    Plan,
    PredictorPlan,
)
from cartwheel.errors import Problem


def plan_problems(plan: Plan) -> tuple[Problem, ...]:
    """Find every contradiction and omission in a plan.

    Parameters
    ----------
    plan : Plan
        Read and well-formed.

    Returns
    -------
    tuple of Problem
        Empty when the plan can be held against a cohort.
    """
    found = [*_outcome(plan), *_roles(plan), *_named_twice(plan), *_exclusions(plan)]
    for item in plan.predictors:
        found += _predictor(plan, item)
    if plan.method == "index":
        found += _groups(plan)
    found += _same_names(plan)
    if plan.missing == "complete" and plan.imputation != ImputationPlan():
        found.append(
            Problem(
                "imputation_not_asked",
                "the plan says how to impute, and that patients with missing predictors are left "
                "out",
                "imputation",
                'say missing = "impute" (--missing impute), or leave [imputation] out',
            )
        )
    return tuple(found)


def time_unit(plan: Plan) -> str | None:
    """Unit of the time column: as declared, else as its name says ("pfs_months"), else None.

    Parameters
    ----------
    plan : Plan
        Any plan.

    Returns
    -------
    str or None
        ``days``, ``weeks``, ``months`` or ``years``.
    """
    return unit_of_time(plan.outcome.time, plan.outcome.time_unit)


def cut_method(plan: Plan, item: PredictorPlan) -> CutMethod | None:
    """How this predictor's cut-off is had; None for a points predictor that is not cut.

    Parameters
    ----------
    plan : Plan
        Its method, and the index's default.
    item : PredictorPlan
        One of its predictors.

    Returns
    -------
    str or None
        ``fixed``, ``youden``, ``closest_corner`` or ``max_log_rank``.
    """
    if item.cutoff is not None:
        return item.cutoff.method
    return plan.index.cutoff if plan.method == "index" else None


def _outcome(plan: Plan) -> Iterator[Problem]:
    outcome = plan.outcome
    if outcome.kind == "survival":
        if outcome.time is None:
            yield Problem(
                "time_missing",
                "a survival outcome needs a time column",
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
                "a survival outcome has its event day in the time column",
                "outcome.onset",
                "leave onset out",
            )
    elif outcome.time is not None or outcome.horizon is not None:
        yield Problem(
            "time_with_binary",
            "time and horizon belong to a survival outcome",
            "outcome.kind",
            'set kind = "survival", or leave time and horizon out',
        )
    if plan.landmark_day is not None and outcome.kind == "binary" and outcome.onset is None:
        yield Problem(
            "landmark_without_onset",
            "a landmark needs the day on which events began",
            "landmark_day",
            "name the column: --onset COLUMN",
        )


def _roles(plan: Plan) -> Iterator[Problem]:
    """Find columns with two roles, and the outcome among what should predict it."""
    outcome = plan.outcome
    roles = [
        (outcome.event, "the outcome"),
        (outcome.time, "the time"),
        (outcome.onset, "the onset day"),
        (plan.cohort.id, "the patient id"),
    ]
    said = [(name, role) for name, role in roles if name is not None]
    for name, count in Counter(name for name, _ in said).items():
        if count > 1:
            meant = " and ".join(role for other, role in said if other == name)
            yield Problem(
                "role_twice", f"named as {meant}", f"column '{name}'", "name a column for each"
            )
    taken = dict(reversed(said))
    predictors = [item.column for item in plan.predictors]
    parts = [part for item in plan.derived for part in (item.numerator, item.denominator)]
    for name in dict.fromkeys([*predictors, *plan.adjust, *parts]):
        if name in taken:
            yield Problem(
                "role_twice",
                f"this column is {taken[name]}",
                f"predictor '{name}'",
                "leave it out of predictors, ratios and adjustment",
            )
    if plan.cohort.id is not None and plan.cohort.id in plan.associations.columns:
        yield Problem(
            "id_is_no_variable",
            "this column is the patient id",
            f"associations '{plan.cohort.id}'",
            "leave it out of the associations",
        )


def _named_twice(plan: Plan) -> Iterator[Problem]:
    """Find predictors and ratios that are named twice, or predict and adjust at once."""
    names = [item.column for item in plan.predictors]
    for name, count in Counter(names).items():
        if count > 1:
            yield Problem(
                "predictor_twice", f"named {count} times", f"predictor '{name}'", "name it once"
            )
    for name in plan.adjust:
        if name in names:
            yield Problem(
                "adjust_is_predictor",
                "adjusted for and predictor at once",
                f"column '{name}'",
                "keep it in one of the two",
            )
    for name, count in Counter(item.name for item in plan.derived).items():
        if count > 1:
            yield Problem(
                "derived_twice",
                f"derived {count} times",
                f"ratio '{name}'",
                "give each its own name",
            )


def _exclusions(plan: Plan) -> Iterator[Problem]:
    for rule in plan.cohort.exclude:
        given = [rule.equals is not None, rule.below is not None, rule.above is not None]
        if sum(given) != 1:
            yield Problem(
                "exclusion_form",
                "an exclusion has exactly one of equals, below, above",
                f"cohort.exclude '{rule.column}'",
                "keep one of them",
            )


def _predictor(plan: Plan, item: PredictorPlan) -> Iterator[Problem]:
    where = f"predictor '{item.column}'"
    method = cut_method(plan, item)
    if method is not None and item.direction is None:
        yield Problem(
            "direction_missing",
            "which end is adverse is not said",
            where,
            f"say it: --direction {item.column}=high (or low), or direction in the plan",
        )
    if method == "max_log_rank" and plan.outcome.kind == "binary":
        yield Problem(
            "cut_needs_survival",
            "maximally selected log-rank needs a survival outcome",
            where,
            "use youden or closest_corner",
        )
    if item.steps is not None and (plan.method == "index" or item.cutoff is not None):
        yield Problem(
            "steps_with_cut",
            "steps are ranges of a points score and exclude a cut-off",
            where,
            "leave steps out",
        )
    if item.steps is not None and len(set(item.steps)) != len(item.steps):
        yield Problem("steps_twice", "steps hold an edge twice", where, "name each edge once")
    if item.steps is not None and not item.steps:
        yield Problem("steps_empty", "steps are there, and hold no edge", where, "leave steps out")
    if item.cutoff is not None:
        yield from _cutoff(item, where)
    elif method == "fixed":
        yield Problem(
            "cut_value_missing",
            "a fixed cut-off needs its value",
            where,
            f"say it: --cutoff {item.column}=VALUE",
        )


def _cutoff(item: PredictorPlan, where: str) -> Iterator[Problem]:
    cutoff = item.cutoff
    assert cutoff is not None
    if cutoff.method == "fixed":
        if cutoff.value is None:
            yield Problem(
                "cut_value_missing",
                "a fixed cut-off needs its value",
                where,
                'write cutoff = {method = "fixed", value = 2.55, rule = ">="}',
            )
        expected = ">" if item.direction == "high" else "<"
        if cutoff.rule is not None and item.direction and not cutoff.rule.startswith(expected):
            yield Problem(
                "rule_against_direction",
                f"rule '{cutoff.rule}' gives the point to the side that is not adverse",
                where,
                f"use '{expected}' or '{expected}=', or turn the direction",
            )
    elif cutoff.value is not None or cutoff.rule is not None:
        yield Problem(
            "value_with_search",
            "a searched cut-off has no value or rule beforehand",
            where,
            'leave them out, or set method = "fixed"',
        )


def _same_names(plan: Plan) -> Iterator[Problem]:
    groups = [group.name for group in plan.index.groups or ()]
    for place, names in (
        ("plan: index.groups", groups),
        ("plan: points.bands", list(plan.points.bands)),
    ):
        for name, count in Counter(names).items():
            if count > 1:
                yield Problem(
                    "name_twice", f"{count} have the name '{name}'", place, "name each its own way"
                )


def _groups(plan: Plan) -> Iterator[Problem]:
    groups = plan.index.groups
    if groups is None:
        return
    totals = Counter(total for group in groups for total in group.totals)
    wanted = set(range(len(plan.predictors) + 1))
    if set(totals) != wanted or max(totals.values()) > 1:
        yield Problem(
            "groups_cover",
            f"the groups must hold each total from 0 to {len(plan.predictors)} exactly once",
            "index.groups",
            "correct totals",
        )
    for group in groups:
        held = sorted(group.totals)
        if not held or held != list(range(held[0], held[0] + len(held))):
            yield Problem(
                "group_gap",
                "a group must hold neighbouring totals",
                f"index.groups '{group.name}'",
                "hold 1, 2 rather than 1, 3",
            )
