"""The job that makes the sliders ready: reads the sheet, and repeats the search."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cartwheel.clinic.reading import read_table
from cartwheel.development.cohort.assembly import Assembled, assemble
from cartwheel.development.make_index import index_parameters
from cartwheel.development.make_target import make_target
from cartwheel.development.model.index import CutRule, IndexPipeline, cut_rule
from cartwheel.development.model.target import BinaryTarget, SurvivalTarget, Target
from cartwheel.development.planning.plan import Plan, plan_from_dict
from cartwheel.errors import CohortRefused, PlanRefused, refuse
from cartwheel.serve.honest.chance import Repetition, chance_alone, repeated_search
from cartwheel.serve.honest.prepared import FILE, Marker, Outcome, Prepared, prepared_bytes
from cartwheel.serve.jobs.asked import Asked
from cartwheel.serve.jobs.kinds import Output, Say

MOST_PATIENTS = 20_000
# a slider answers from what was repeated before; so many times are enough, fewer in large cohorts
_MOST_RESAMPLES, _MOST_PERMUTATIONS = 1000, 2000
_LARGE, _FEW = 2000, 200
_NO_EVENT_TIMES = np.empty(0)


def run_prepare(folder: Path, request: Mapping[str, Any], say: Say) -> tuple[Output, ...]:
    """Make the sliders of an index ready.

    Parameters
    ----------
    folder, say
        As of `cartwheel.serve.jobs.cohorts.run_check`.
    request : mapping
        ``file``; ``plan`` or ``plan_toml``; ``sheet``: as of a development.

    Returns
    -------
    tuple of Output
        ``prepared.npz``: arrays of the analysed patients' markers and outcomes, without names.

    Raises
    ------
    Refused
        As a development; and ``not_an_index``, ``imputed`` and ``too_many_patients`` where there
        are no sliders.
    """
    asked = Asked(folder, request, ("file", "plan", "plan_toml", "sheet"))
    plan = plan_from_dict(asked.cohort_plan(), where="plan")
    _check(plan)
    say("reading the sheet", 0, 0)
    prepared = prepare(assemble(read_table(asked.path(), sheet=plan.cohort.sheet), plan), say)
    return (Output(FILE, "application/octet-stream", prepared_bytes(prepared)),)


def prepare(assembled: Assembled, say: Say) -> Prepared:
    """Repeat the search, and keep what the sliders need.

    Parameters
    ----------
    assembled : Assembled
        Who is analysed, by which plan.
    say : function of (str, int, int)
        Hears of progress.

    Returns
    -------
    Prepared

    Raises
    ------
    Refused
        ``too_many_patients``; and where no index can be made of them.
    """
    plan = assembled.plan
    n = int(assembled.analysed.sum())
    if n > MOST_PATIENTS:
        raise refuse(
            CohortRefused,
            "too_many_patients",
            f"{n} patients are more than the {MOST_PATIENTS} for which sliders answer at once",
            where="file",
            mend="the full run above holds for all of them",
        )
    target, _ = make_target(assembled, index_parameters(plan))
    rules = tuple(cut_rule(item) for item in assembled.predictors)
    pipeline = IndexPipeline(target, rules, plan.index.min_fraction)
    many = _FEW if n > _LARGE else _MOST_RESAMPLES
    often = Repetition(
        min(plan.resampling.bootstrap, many),
        min(max(plan.index.permutations, _FEW), _FEW if n > _LARGE else _MOST_PERMUTATIONS),
        plan.resampling.seed,
    )
    cuts, drift = repeated_search(
        pipeline, often, lambda done, of: say("searching again", done, of)
    )
    null, whole = chance_alone(pipeline, often, lambda done, of: say("chance alone", done, of))
    named = plan.index.groups
    return Prepared(
        markers=tuple(
            _marker(rule, item.label, item.unit)
            for rule, item in zip(rules, assembled.predictors, strict=True)
        ),
        outcome=_outcome(target),
        groups=None if named is None else tuple((group.name, group.totals) for group in named),
        min_fraction=plan.index.min_fraction,
        level=plan.level,
        values=np.array([item.values for item in assembled.predictors]),
        event=target.event,
        time=target.times.time if isinstance(target, SurvivalTarget) else _NO_EVENT_TIMES,
        cuts=cuts,
        drift=drift,
        null=null,
        null_index=whole,
    )


def _marker(rule: CutRule, label: str, unit: str) -> Marker:
    direction = "high" if rule.sign > 0 else "low"
    return Marker(rule.name, label, unit, direction, rule.method, rule.fixed, rule.strict)


def _outcome(target: Target) -> Outcome:
    if isinstance(target, BinaryTarget):
        return Outcome("binary", None, target.firth, target.rescue)
    assert isinstance(target, SurvivalTarget)
    return Outcome("survival", target.horizon, False, False)


def _check(plan: Plan) -> None:
    if plan.method != "index":
        raise refuse(
            PlanRefused,
            "not_an_index",
            "only an index of cut-offs has sliders",
            where="method",
            mend='choose method = "index"',
        )
    if plan.missing == "impute":
        raise refuse(
            PlanRefused,
            "imputed",
            "sliders need measured values, and here some are imputed",
            where="missing",
            mend="the full run above holds with the imputed values",
        )
