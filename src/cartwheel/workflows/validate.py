"""Does a score work here, readable top to bottom.

A cohort and score files that exist become what a second centre wants to know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from cartwheel import __version__
from cartwheel.canonical import canonical_json, plain
from cartwheel.clinic.batch.contributions import contributions
from cartwheel.clinic.reading import RawTable, read_table, table_from_frame
from cartwheel.clinic.score import ScoreSpec, read_score
from cartwheel.note import Note
from cartwheel.provenance import Provenance, library_versions, named_simulated
from cartwheel.referee.report import referee
from cartwheel.stats.resample import default_threads
from cartwheel.validation.account.methods import methods
from cartwheel.validation.account.notes import notes
from cartwheel.validation.account.said import once, question
from cartwheel.validation.cohort.assembly import Assembled, assemble
from cartwheel.validation.groups.centres import centres
from cartwheel.validation.groups.subgroups import subgroups
from cartwheel.validation.imputing.imputation import beside_shown, impute_validation
from cartwheel.validation.judging.comparisons import compare
from cartwheel.validation.judging.decision import decide, thresholds_of
from cartwheel.validation.judging.resampled import Resampled, resample
from cartwheel.validation.judging.score_result import score_result
from cartwheel.validation.judging.sizes import sizes
from cartwheel.validation.plan import ValidationPlan, plan_from_dict, read_plan
from cartwheel.validation.result import ImputedValidation, Validation, ValidationFile
from cartwheel.validation.result_share import SharedFile
from cartwheel.validation.result_update import Update
from cartwheel.validation.sharing.share import share
from cartwheel.validation.updating.file import Updatable
from cartwheel.validation.updating.ladder import climb

KIND, SCHEMA = "validate", "cartwheel/validate/1"
Say = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Validated:
    """A finished validation.

    Parameters
    ----------
    document : ValidationFile
        Provenance, plan, result and referee.
    updated : tuple of (ScoreSpec or None)
        The chosen update of each score; None where it is kept as it is, or none was asked for.
    shared : SharedFile or None
        What may leave the centre, where it was asked for.
    specs : tuple of ScoreSpec
        The scores that were validated, as they were read.
    """

    document: ValidationFile
    updated: tuple[ScoreSpec | None, ...]
    shared: SharedFile | None
    specs: tuple[ScoreSpec, ...]

    @property
    def result(self) -> Validation:
        """What was found."""
        return self.document.result

    def to_json(self) -> str:
        """Write the result as canonical JSON: same input, plan and seed, same bytes."""
        return canonical_json(self.document)


def validate(
    cohort: str | PathLike[str] | Any,
    plan: ValidationPlan | str | PathLike[str] | Mapping[str, Any],
    *,
    scores: Mapping[str, ScoreSpec] | None = None,
    share_too: bool = False,
    threads: int | None = None,
    say: Say | None = None,
) -> Validated:
    """Validate scores that exist on patients they have not seen.

    Parameters
    ----------
    cohort : path or data frame
        CSV, Excel, SPSS, Stata, SAS or Parquet file; or a pandas, polars or other narwhals frame.
    plan : ValidationPlan, path or mapping
        What is to be done. Its scores are ids of scores that cartwheel carries, or score files.
    scores : mapping of str to ScoreSpec, optional
        Scores that are at hand already, by the words that the plan has for them.
    share_too : bool
        Whether the file that may leave the centre is made as well.
    threads : int, optional
        Threads for resampling. The result does not depend on it.
    say : function of (str, int, int), optional
        Called with the stage and its progress.

    Returns
    -------
    Validated
        Result file, updated scores, and the shared file.

    Raises
    ------
    FileRefused, PlanRefused, ScoreRefused, CohortRefused, OutcomeRefused, TimeTravelRefused
        With every problem found, before anything is computed or written.
    """
    wanted = _plan(plan)
    table = _table(cohort, wanted)
    specs = [_spec(item.score, scores or {}) for item in wanted.scores]
    if named_simulated(table.name) and not wanted.simulated:
        wanted = wanted.model_copy(update={"simulated": True})
    who = assemble(table, wanted, specs)
    resampled = _resampled(who, wanted, threads, say)
    updated = _climbed(who, wanted, threads, say)
    imputed = None
    if wanted.missing == "impute":
        workers = threads or default_threads(int(who.eligible.sum()))
        imputed = impute_validation(who, wanted, wanted.level, workers, say)
    updates = tuple(update for update, _ in updated)
    document = _document(table, wanted, _result(who, wanted, resampled, updates, imputed))
    return Validated(
        document,
        tuple(spec for _, spec in updated) or (None,) * len(specs),
        share(document, who.target, who.predicted, who.groupings) if share_too else None,
        tuple(specs),
    )


def _plan(plan: ValidationPlan | str | PathLike[str] | Mapping[str, Any]) -> ValidationPlan:
    if isinstance(plan, ValidationPlan):
        return plan
    return plan_from_dict(dict(plan)) if isinstance(plan, Mapping) else read_plan(Path(plan))


def _table(cohort: Any, plan: ValidationPlan) -> RawTable:
    if isinstance(cohort, RawTable):
        return cohort
    if isinstance(cohort, str | PathLike):
        return read_table(Path(cohort), sheet=plan.cohort.sheet)
    return table_from_frame(cohort)


def _spec(named: str, at_hand: Mapping[str, ScoreSpec]) -> ScoreSpec:
    return at_hand[named] if named in at_hand else read_score(named)


def _resampled(
    who: Assembled, plan: ValidationPlan, threads: int | None, say: Say | None
) -> Resampled:
    return resample(
        who.target,
        who.predicted,
        thresholds_of(plan.decision),
        resamples=plan.resampling.bootstrap,
        seed=plan.resampling.seed,
        threads=threads,
        say=None if say is None else lambda done, drawn: say("resampling", done, drawn),
    )


def _climbed(
    who: Assembled, plan: ValidationPlan, threads: int | None, say: Say | None
) -> list[tuple[Update, ScoreSpec | None]]:
    if not plan.update.ladder:
        return []
    rows = np.flatnonzero(who.analysed)
    return [
        climb(
            who.target,
            Updatable(
                predicted,
                contributions(predicted.spec, scoreable.columns, rows),
                who.extension,
                scoreable.spec,
                scoreable.choices,
                who.table.sha256,
                who.simulated,
                f"cartwheel {__version__}",
            ),
            plan,
            threads=threads,
            say=None if say is None else lambda done, drawn: say("updating", done, drawn),
        )
        for scoreable, predicted in zip(who.scoreables, who.predicted, strict=True)
    ]


def _result(
    who: Assembled,
    plan: ValidationPlan,
    resampled: Resampled,
    updates: tuple[Update, ...],
    imputed: ImputedValidation | None,
) -> Validation:
    target, predicted, level = who.target, who.predicted, plan.level
    scores = tuple(score_result(who, place, resampled, plan) for place in range(len(predicted)))
    result = Validation(
        title=plan.title or "Validation of " + ", ".join(each.name for each in predicted),
        question=question(_named(plan, who), who.outcome),
        simulated=plan.simulated or any(each.spec.simulated for each in who.scoreables),
        outcome=who.outcome,
        competing_events=who.competing_events,
        flow=who.flow,
        guard=who.guard,
        scores=scores,
        comparisons=compare(target, predicted, resampled, level),
        decision=decide(target, predicted, plan.decision, resampled, level),
        subgroups=subgroups(target, predicted, who.groupings, plan, level),
        centres=None if who.centre is None else centres(target, predicted, who.centre, plan, level),
        imputation=None if imputed is None else beside_shown(imputed, scores),
        updates=updates,
        sizes=sizes(target, predicted, plan, level),
        notes=(),
        methods=(),
    )
    told = once((*who.notes, *_reading(who.table)), notes(result, plan))
    result = replace(result, notes=told)
    return replace(result, methods=methods(result, plan, __version__))


def _reading(table: RawTable) -> tuple[Note, ...]:
    """Say how the file was read where that was not plain, as with codes that have labels."""
    if not table.notes:
        return ()
    return (Note("reading", "information", f"As {table.name} was read: {'; '.join(table.notes)}."),)


def _named(plan: ValidationPlan, who: Assembled) -> ValidationPlan:
    """Call the scores of the plan as the tables do."""
    scores = tuple(
        item.model_copy(update={"name": each.name})
        for item, each in zip(plan.scores, who.predicted, strict=True)
    )
    return plan.model_copy(update={"scores": scores})


def _nameless(plan: ValidationPlan) -> ValidationPlan:
    """Take the folders out of the plan: a result names files, and no machine's paths."""
    scores = tuple(
        item.model_copy(update={"score": PurePath(item.score).name}) for item in plan.scores
    )
    return plan.model_copy(update={"scores": scores})


def _document(table: RawTable, given: ValidationPlan, result: Validation) -> ValidationFile:
    plan = _nameless(given)
    file = ValidationFile(
        KIND,
        SCHEMA,
        Provenance(
            cartwheel=__version__,
            data_sha256=table.sha256,
            data_name=table.name,
            plan_sha256=plan.identity,
            seed=plan.resampling.seed,
            libraries=library_versions(),
        ),
        plan.as_dict(),
        result,
    )
    return replace(file, referee=referee(plain(file)))
