"""The main job, readable top to bottom.

A cohort and a plan become a score and its honest performance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from cartwheel import __version__
from cartwheel.canonical import canonical_json, plain
from cartwheel.clinic.reading import RawTable, read_table, table_from_frame
from cartwheel.clinic.score import ScoreSpec
from cartwheel.development.account.curves import calibration, roc_curves, survival_curves
from cartwheel.development.account.further import associations
from cartwheel.development.account.groups import group_rows, group_tests
from cartwheel.development.account.handover import Scored, score_spec
from cartwheel.development.account.honesty import performance
from cartwheel.development.account.imputation import imputation_summary
from cartwheel.development.account.methods_text import methods_text
from cartwheel.development.account.verdicts import Findings, notes, question, sample_size
from cartwheel.development.cohort.assembly import Assembled, assemble
from cartwheel.development.cohort.copies import Copies, complete_copies
from cartwheel.development.made import Made, Resampling
from cartwheel.development.make_index import index_parameters, make_index
from cartwheel.development.make_points import make_points, points_parameters
from cartwheel.development.make_target import make_target, outcome_summary
from cartwheel.development.model.target import SurvivalTarget, Target
from cartwheel.development.planning.plan import ImputationPlan, Plan, plan_from_dict, read_plan
from cartwheel.development.result import (
    CompleteCases,
    Development,
    DevelopmentFile,
    Imputation,
    OutcomeSummary,
    SurvivalCurve,
)
from cartwheel.development.tables import Tables, column_notes, regression_tables, table_one_rows
from cartwheel.development.uncut_run import UncutRun, run_uncut
from cartwheel.errors import Refused
from cartwheel.provenance import Provenance, library_versions, named_simulated
from cartwheel.referee.report import referee

SCHEMA = "cartwheel/develop/1"
Say = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Developed:
    """A finished development: the result file and the score it hands over.

    Parameters
    ----------
    document : DevelopmentFile
        Provenance, plan and result.
    score : ScoreSpec
        Checked, ready to score a patient.
    """

    document: DevelopmentFile
    score: ScoreSpec

    @property
    def result(self) -> Development:
        """What was found."""
        return self.document.result

    def to_json(self) -> str:
        """Write the result as canonical JSON: same input, plan and seed, same bytes."""
        return canonical_json(self.document)


def develop(
    cohort: str | PathLike[str] | Any,
    plan: Plan | str | PathLike[str] | dict[str, Any],
    *,
    threads: int | None = None,
    say: Say | None = None,
) -> Developed:
    """Develop a score from a cohort and a plan, and tell what of it survives its own repetition.

    Parameters
    ----------
    cohort : path or data frame
        CSV, Excel, SPSS, Stata, SAS or Parquet file; or a pandas, polars or other narwhals frame.
    plan : Plan, path or dict
        What is to be done.
    threads : int, optional
        Threads for resampling; by default one in a small cohort, else one for each processor. The
        result does not depend on it.
    say : function of (str, int, int), optional
        Called with the stage and its progress.

    Returns
    -------
    Developed
        Result file and score file.

    Raises
    ------
    FileRefused, PlanRefused, CohortRefused, OutcomeRefused, TimeTravelRefused
        With every problem found, before anything is computed or written.
    NotEstimable
        When the score cannot be made on all patients, or in none of the resamples.
    """
    plan = _plan(plan)
    table = _table(cohort, plan)
    plan = _marked_simulated(plan, table)
    who = _analysed(table, plan)
    made = _make(who, _resampling(plan, threads, say, "developing again"))
    uncut = run_uncut(
        who.assembled,
        who.target,
        {row.column: row.cut for row in made.cutoffs},
        _resampling(plan, threads, say, "the uncut model"),
        who.copies,
    )
    beside = None
    if who.copies.imputer is not None:
        beside = _complete_cases(table, who, _resampling(plan, threads, say, "complete cases"))
    return _written(table, who, made, uncut, beside)


def _plan(plan: Plan | str | PathLike[str] | dict[str, Any]) -> Plan:
    if isinstance(plan, Plan):
        return plan
    return plan_from_dict(plan) if isinstance(plan, dict) else read_plan(Path(plan))


def _table(cohort: Any, plan: Plan) -> RawTable:
    if isinstance(cohort, RawTable):
        return cohort
    if isinstance(cohort, str | PathLike):
        return read_table(Path(cohort), sheet=plan.cohort.sheet)
    return table_from_frame(cohort)


def _marked_simulated(plan: Plan, table: RawTable) -> Plan:
    if named_simulated(table.name) and not plan.simulated:
        return plan.model_copy(update={"simulated": True})
    return plan


def _resampling(plan: Plan, threads: int | None, say: Say | None, stage: str) -> Resampling:
    progress = None if say is None else lambda done, drawn: say(stage, done, drawn)
    return Resampling(plan.resampling.bootstrap, plan.resampling.seed, threads, progress)


@dataclass(frozen=True, slots=True)
class _Analysed:
    """Who is analysed: as assembled, completed where predictors are imputed, and the outcome."""

    assembled: Assembled
    copies: Copies
    target: Target
    horizon_assumed: bool


def _analysed(table: RawTable, plan: Plan) -> _Analysed:
    assembled = assemble(table, plan)
    copies = complete_copies(assembled)
    parameters = (
        index_parameters(plan)
        if plan.method == "index"
        else points_parameters(assembled.predictors)
    )
    target, horizon_assumed = make_target(assembled, parameters, copies.tables)
    return _Analysed(assembled, copies, target, horizon_assumed)


def _make(who: _Analysed, resampling: Resampling) -> Made:
    plan = who.assembled.plan
    make = make_index if plan.method == "index" else make_points
    return make(plan, who.assembled.predictors, who.target, resampling, who.copies)


def _complete_plan(plan: Plan, target: Target) -> Plan:
    """Change the plan to complete cases, judged at the same horizon, without permutations."""
    outcome = plan.outcome
    if isinstance(target, SurvivalTarget):
        outcome = outcome.model_copy(update={"horizon": target.horizon})
    return plan.model_copy(
        update={
            "missing": "complete",
            "imputation": ImputationPlan(),
            "outcome": outcome,
            "index": plan.index.model_copy(update={"permutations": 0}),
        }
    )


def _complete_cases(table: RawTable, who: _Analysed, resampling: Resampling) -> CompleteCases:
    """Develop the same of the patients in whom nothing is missing, or say why that cannot be."""
    try:
        complete = _analysed(table, _complete_plan(who.assembled.plan, who.target))
        made = _make(complete, resampling)
    except Refused as reason:
        return CompleteCases(0, 0, None, reason.problems[0].what)
    target, level = complete.target, who.assembled.plan.level
    found = performance(made.name, made.resampled, target, made.fit, level)
    return CompleteCases(target.n, int(target.event.sum()), found, "")


def _imputation(
    who: _Analysed, made: Made, tables: Tables, beside: CompleteCases | None
) -> Imputation | None:
    if who.assembled.plan.missing != "impute":
        return None
    pooled = (tables.univariable, made.multivariable, tables.index_model, tables.adjusted_model)
    return imputation_summary(who.assembled, who.copies, who.target, made.fit, pooled, beside)


def _written(
    table: RawTable, who: _Analysed, made: Made, uncut: UncutRun, beside: CompleteCases | None
) -> Developed:
    assembled, target = who.assembled, who.target
    plan, level = assembled.plan, assembled.plan.level
    outcome = outcome_summary(assembled, target)
    found = performance(made.name, made.resampled, target, made.fit, level)
    groups = group_rows(made.groups, target, made.fit, level)
    spec = score_spec(_scored(assembled, outcome, made, groups, found))
    tables = regression_tables(assembled, target, made, who.copies.tables)
    imputation = _imputation(who, made, tables, beside)
    further, not_tested = associations(
        made.totals, tables.further_columns, made.groups, plan.associations.multiplicity
    )
    size = sample_size(target, made.parameters, uncut.shrinkage)
    said = Findings(
        plan,
        assembled,
        target,
        size,
        made.cutoffs,
        found,
        uncut.performance,
        who.horizon_assumed,
        made.groups_assumed,
        not_tested,
        tables.not_fitted,
        uncut.separating,
        made.wrong_way,
        imputation,
    )
    result = Development(
        title=plan.title or f"Score for {outcome.label}",
        question=question(plan, [item.label for item in assembled.predictors]),
        method=plan.method,
        simulated=plan.simulated,
        outcome=outcome,
        columns=column_notes(assembled),
        flow=assembled.flow,
        guard=assembled.guard,
        sample_size=size,
        notes=notes(said),
        table_one=table_one_rows(assembled),
        univariable=tables.univariable,
        multivariable=made.multivariable,
        index_model=tables.index_model,
        adjusted_model=tables.adjusted_model,
        cutoffs=made.cutoffs,
        selection=made.selection,
        score_card=made.score_card,
        risk_table=made.risk_table,
        rounding=made.rounding,
        groups=groups,
        group_tests=group_tests(made.groups, target),
        survival=_survival(target, made, level),
        roc=roc_curves(target, made.fit, who.copies.tables, found, level),
        calibration=calibration(target, made.fit, found, level),
        performance=found,
        uncut=uncut.performance,
        splines=uncut.curves,
        associations=further,
        methods=methods_text(said, outcome, splines=uncut.splines, version=__version__),
        score_id=spec.id,
        score_sha256=spec.identity,
        imputation=imputation,
        proportional_hazards=tables.proportional,
        instability=made.instability,
    )
    document = DevelopmentFile("develop", SCHEMA, _provenance(table, plan), plan.as_dict(), result)
    return Developed(replace(document, referee=referee(plain(document))), spec)


def _survival(target: Target, made: Made, level: float) -> tuple[SurvivalCurve, ...]:
    if not isinstance(target, SurvivalTarget):
        return ()
    return survival_curves(target, [(group.name, group.mask) for group in made.groups], level)


def _scored(
    assembled: Assembled, outcome: OutcomeSummary, made: Made, groups: Any, found: Any
) -> Scored:
    return Scored(
        assembled=assembled,
        outcome=outcome,
        title=assembled.plan.title,
        bands=made.bands,
        points=made.points,
        risk_table=made.risk_table,
        groups=made.groups,
        group_rows=groups,
        performance=found,
        simulated=assembled.plan.simulated,
        made_with=f"cartwheel {__version__}",
    )


def _provenance(table: RawTable, plan: Plan) -> Provenance:
    return Provenance(
        cartwheel=__version__,
        data_sha256=table.sha256,
        data_name=table.name,
        plan_sha256=plan.identity,
        seed=plan.resampling.seed,
        libraries=library_versions(),
    )
