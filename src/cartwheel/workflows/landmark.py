"""Learn from time: predict at several days, each time from what was known by then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from cartwheel import __version__
from cartwheel.canonical import canonical_json
from cartwheel.clinic.reading import RawTable, read_table, table_from_frame
from cartwheel.errors import FileRefused, NotEstimable, Problem, refuse
from cartwheel.landmarking.accounts import labs_account, landmark_account, outcome_account
from cartwheel.landmarking.between import between_fit
from cartwheel.landmarking.cohort import LandmarkCohort, read_patients
from cartwheel.landmarking.design import between_terms, own_terms, super_terms
from cartwheel.landmarking.labs import LabCourses, read_labs
from cartwheel.landmarking.noting import notes
from cartwheel.landmarking.performance import changes, performances
from cartwheel.landmarking.pipeline import LandmarkModels, LandmarkPipeline
from cartwheel.landmarking.plan import LandmarkPlan, landmark_plan_from_dict, read_landmark_plan
from cartwheel.landmarking.result import (
    KIND,
    SCHEMA,
    LandmarkFile,
    LandmarkResult,
)
from cartwheel.landmarking.result_model import (
    MODEL_KIND,
    MODEL_SCHEMA,
    LandmarkModel,
    LandmarkModelFile,
)
from cartwheel.landmarking.rows import LandmarkRows, landmark_rows
from cartwheel.landmarking.saved_model import MadeOf, saved_model
from cartwheel.landmarking.tables import own_table, penalty_of, super_fit
from cartwheel.landmarking.telling import Told, methods, references, verdict
from cartwheel.provenance import Provenance, library_versions, named_simulated
from cartwheel.result_json import read_json
from cartwheel.stats.resample import Optimism, bootstrap_optimism
from cartwheel.workflows.json_schema import closed_schema

Source = str | PathLike[str] | Any
Say = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Input:
    """What was read."""

    plan: LandmarkPlan
    cohort: LandmarkCohort
    labs: LabCourses
    tables: tuple[RawTable, RawTable]


def landmark(
    patients: Source,
    labs: Source,
    plan: LandmarkPlan | str | PathLike[str] | dict[str, Any],
    *,
    threads: int | None = None,
    say: Say | None = None,
) -> LandmarkFile:
    """Predict an event at several landmarks from dated values, and tell what of it survives.

    Parameters
    ----------
    patients : path or data frame
        One row a patient: event, and its onset day or a time.
    labs : path or data frame
        One row a result: patient, analyte, day, value, unit.
    plan : LandmarkPlan, path or dict
        What is to be done.
    threads : int, optional
        For resampling; the result does not depend on it.
    say : function of (str, int, int), optional
        Called with the stage and its progress.

    Returns
    -------
    LandmarkFile

    Raises
    ------
    FileRefused, PlanRefused, CohortRefused, OutcomeRefused
        With every problem found, before anything is computed.
    NotEstimable
        ``no_landmark`` where nothing can be estimated at any of them, with every reason.
    """
    given = _read(patients, labs, _plan(plan))
    plan, cohort = given.plan, given.cohort
    courses = given.labs.courses
    rows = tuple(
        landmark_rows(cohort, courses, day, plan.window_days) for day in plan.landmarks_days
    )
    pipeline = _pipeline(plan, rows)
    _refuse_nothing(pipeline)
    resampled = _repeat(pipeline, given, threads, say)
    models = pipeline.fit(np.ones(cohort.n))
    return LandmarkFile(
        KIND,
        SCHEMA,
        _provenance(given),
        plan.as_dict(),
        _result(given, pipeline, models, resampled),
    )


def _plan(plan: LandmarkPlan | str | PathLike[str] | dict[str, Any]) -> LandmarkPlan:
    if isinstance(plan, LandmarkPlan):
        return landmark_plan_from_dict(plan.as_dict())
    if isinstance(plan, dict):
        return landmark_plan_from_dict(plan)
    return read_landmark_plan(Path(plan))


def _read(patients: Source, labs: Source, plan: LandmarkPlan) -> _Input:
    tables = (_table(patients, "patients"), _table(labs, "labs"))
    if any(named_simulated(table.name) for table in tables):
        plan = plan.model_copy(update={"simulated": True})
    cohort = read_patients(tables[0], plan)
    return _Input(plan, cohort, read_labs(tables[1], plan, cohort.names), tables)


def _table(source: Source, name: str) -> RawTable:
    if isinstance(source, str | PathLike):
        return read_table(source)
    return table_from_frame(source, name)


def _pipeline(plan: LandmarkPlan, rows: tuple[LandmarkRows, ...]) -> LandmarkPipeline:
    own, over_all = own_terms(len(plan.markers)), super_terms(plan)
    used = [row for row in rows if not row.reason]
    who = np.concatenate([np.empty(0, dtype=np.int64), *(row.patient for row in used)])
    event = np.concatenate([np.empty(0), *(row.event for row in used)])
    patients, events = len(np.unique(who)), len(np.unique(who[event == 1.0]))
    return LandmarkPipeline(
        rows,
        own,
        over_all,
        tuple(penalty_of(plan.penalty, row.events, row.n, len(own)) for row in rows),
        penalty_of(plan.penalty, events, patients, len(over_all)),
        plan.window_days,
    )


def _refuse_nothing(pipeline: LandmarkPipeline) -> None:
    """Refuse where there is no landmark at all; every reason is told."""
    if pipeline.measured:
        return
    raise NotEstimable(
        [
            Problem(
                "no_landmark",
                row.reason,
                f"landmark day {row.day:g}",
                "earlier landmarks, fewer markers, or a longer --max-age",
            )
            for row in pipeline.rows
        ]
    )


def _repeat(
    pipeline: LandmarkPipeline, given: _Input, threads: int | None, say: Say | None
) -> Optimism:
    plan = given.plan

    def progress(done: int, drawn: int) -> None:
        if say is not None:
            say("predicting again", done, drawn)

    return bootstrap_optimism(
        pipeline,
        n=given.cohort.n,
        resamples=plan.resampling.bootstrap,
        seed=plan.resampling.seed,
        threads=threads,
        progress=progress,
    )


def _result(
    given: _Input, pipeline: LandmarkPipeline, models: LandmarkModels, resampled: Optimism
) -> LandmarkResult:
    plan, cohort, courses = given.plan, given.cohort, given.labs.courses
    fit = super_fit(pipeline, courses, plan.level)
    between = None
    if pipeline.survival:
        between = between_fit(pipeline, between_terms(plan), courses, plan.level)
    labs = given.tables[1]
    told = Told(
        plan,
        cohort,
        labs_account(given.labs, labs.name, labs.sha256),
        tuple(landmark_account(row, courses, cohort.competing_declared) for row in pipeline.rows),
        tuple(own_table(pipeline, at, courses, plan.level) for at in range(len(pipeline.rows))),
        fit.table,
        None if between is None else between.table,
        performances(pipeline, models, resampled, plan.level),
        changes(pipeline, resampled, plan.level),
    )
    return LandmarkResult(
        title=plan.title or f"Landmark prediction of {cohort.event_label}",
        simulated=plan.simulated,
        outcome=outcome_account(cohort, plan.window_days),
        flow=cohort.flow,
        labs=told.labs,
        landmarks=told.landmarks,
        models=told.models,
        super_model=fit.table,
        between=told.between,
        performance=told.performance,
        changes=told.changes,
        resamples=resampled.resamples,
        resamples_failed=resampled.failed,
        verdict=verdict(told),
        notes=notes(told),
        methods=methods(told),
        references=references(plan),
        model=saved_model(
            MadeOf(plan, cohort, courses), pipeline, models, (fit, between), plan.simulated
        ),
    )


def _provenance(given: _Input) -> Provenance:
    table = given.tables[0]
    return Provenance(
        cartwheel=__version__,
        data_sha256=table.sha256,
        data_name=table.name,
        plan_sha256=given.plan.identity,
        seed=given.plan.resampling.seed,
        libraries=library_versions(),
    )


def landmark_model_file(done: LandmarkFile) -> LandmarkModelFile:
    """Take the model out of a result, to be saved by itself.

    Parameters
    ----------
    done : LandmarkFile
        Of ``landmark``.

    Returns
    -------
    LandmarkModelFile

    Raises
    ------
    NotEstimable
        ``no_model`` where the model over all landmarks does not exist.
    """
    if done.result.model is None:
        raise refuse(
            NotEstimable,
            "no_model",
            f"there is no model over all landmarks: {done.result.super_model.reason}",
            mend="fewer markers, or more landmarks with events",
        )
    return LandmarkModelFile(MODEL_KIND, MODEL_SCHEMA, done.provenance, done.result.model)


def read_landmark_model(source: str | PathLike[str]) -> LandmarkModel:
    """Read a saved model, from its own file or from the result of ``cartwheel landmark --json``.

    Parameters
    ----------
    source : path
        The file.

    Returns
    -------
    LandmarkModel
        For ``cartwheel.landmarking.predict.predict``.

    Raises
    ------
    FileRefused
        ``file_missing``, ``not_json``, ``file_kind``, ``newer``, ``no_model``, ``broken``.
    """
    path = Path(source)
    _, data = read_json(path, mend="write one with: cartwheel landmark ... --save-model model.json")
    held = _held_model(data, path.name)
    try:
        return TypeAdapter(LandmarkModel).validate_python(held)
    except ValidationError:
        raise refuse(
            FileRefused,
            "broken",
            "the model in this file is not whole",
            where=path.name,
            mend="write it again with --save-model",
        ) from None


def _held_model(data: Any, where: str) -> Any:
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind not in (KIND, MODEL_KIND):
        raise refuse(
            FileRefused,
            "file_kind",
            "this is not a landmark model",
            where=where,
            mend="write one with: cartwheel landmark ... --save-model model.json",
        )
    if data.get("schema") not in (SCHEMA, MODEL_SCHEMA):
        what = f"its schema '{str(data.get('schema'))[:40]}' is not one this version reads"
        raise refuse(FileRefused, "newer", what, where=where, mend="update cartwheel")
    held = data.get("model") if kind == MODEL_KIND else (data.get("result") or {}).get("model")
    if held is None:
        raise refuse(FileRefused, "no_model", "this result has no model in it", where=where)
    return held


def landmark_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file that ``cartwheel landmark --json`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys.
    """
    return closed_schema(LandmarkFile, SCHEMA, "Result of cartwheel landmark")


def landmark_json(done: LandmarkFile) -> str:
    """Write the result as canonical JSON: same input, plan and seed, same bytes.

    Parameters
    ----------
    done : LandmarkFile
        Of ``landmark``.

    Returns
    -------
    str
    """
    return canonical_json(done)
