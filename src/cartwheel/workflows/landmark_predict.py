"""Predict the patients of a laboratory file with a saved landmark model, on one day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal, cast

from cartwheel import __version__
from cartwheel.canonical import sha256
from cartwheel.clinic.columns import text_column
from cartwheel.clinic.reading import RawTable, read_table, table_from_frame
from cartwheel.errors import CohortRefused, refuse
from cartwheel.landmarking.courses import MarkerCourse
from cartwheel.landmarking.labs import LabsWanted, lab_columns, read_courses
from cartwheel.landmarking.plan import LabColumns, LandmarkMarker, Transform
from cartwheel.landmarking.predict import DatedValue, LandmarkPrediction, predict
from cartwheel.landmarking.result_model import LandmarkModel
from cartwheel.provenance import named_simulated
from cartwheel.workflows.landmark import read_landmark_model

KIND, SCHEMA = "landmark-predictions", "cartwheel/landmark-predictions/1"
SameMoment = Literal["refuse", "mean", "last_row"]


@dataclass(frozen=True, slots=True)
class PatientPrediction:
    """The prediction of one patient.

    Parameters
    ----------
    patient : str
        As the laboratory file names him.
    prediction : LandmarkPrediction
        Risk or range, with the values it rests on and their ages.
    """

    patient: str
    prediction: LandmarkPrediction


@dataclass(frozen=True, slots=True)
class PredictionSource:
    """Where predictions come from.

    Parameters
    ----------
    cartwheel : str
        Version.
    model_name, model_sha256 : str
        Of the model's file; empty for a model handed over in Python.
    labs_name, labs_sha256 : str
        Of the laboratory file.
    """

    cartwheel: str
    model_name: str
    model_sha256: str
    labs_name: str
    labs_sha256: str


@dataclass(frozen=True, slots=True)
class LandmarkPredictions:
    """Predictions for the patients of a laboratory file: it names them.

    Parameters
    ----------
    kind, schema : str
        ``landmark-predictions`` and ``cartwheel/landmark-predictions/1``.
    source : PredictionSource
        Files and version.
    outcome : str
        What is predicted.
    day : float
        Of the predictions; they hold for patients free of the event on it.
    until_day : float or None
        By when the event is meant; None for whenever it comes.
    model_patients, model_events : int
        The model was made on.
    simulated : bool
        Whether model or values are simulated.
    predictions : tuple of PatientPrediction
        In the order of the patients' names.
    """

    kind: str
    schema: str
    source: PredictionSource
    outcome: str
    day: float
    until_day: float | None
    model_patients: int
    model_events: int
    simulated: bool
    predictions: tuple[PatientPrediction, ...]


def landmark_predict(
    model: LandmarkModel | str | PathLike[str],
    labs: str | PathLike[str] | Any,
    day: float,
    *,
    patient: str | None = None,
    columns: LabColumns | None = None,
    same_moment: SameMoment = "refuse",
) -> LandmarkPredictions:
    """Predict every patient of a laboratory file, or one of them, on a day.

    Parameters
    ----------
    model : LandmarkModel or path
        As ``cartwheel landmark --save-model`` wrote it.
    labs : path or data frame
        One row a result: patient, analyte, day, value, unit. Values taken after the day are not
        used.
    day : float
        Days after infusion, from the model's first landmark to its last.
    patient : str, optional
        Only this one, as the file names him.
    columns : LabColumns, optional
        Columns that their names do not tell.
    same_moment : "refuse", "mean" or "last_row"
        Two values of one marker at one moment.

    Returns
    -------
    LandmarkPredictions
        A patient without a usable value of every marker has a range, and no risk.

    Raises
    ------
    FileRefused
        What ``read_landmark_model`` refuses.
    CohortRefused
        ``patient_unknown``, ``no_patients``, ``day_outside``, ``day_not_landmark``, and what
        ``read_courses`` refuses. No refusal names a patient.

    Notes
    -----
    Whether a patient is still free of the event is not in a laboratory file, so the caller must
    know; for one who had it the numbers mean nothing.
    """
    held, name, hashed = _model(model)
    table = read_table(labs) if isinstance(labs, str | PathLike) else table_from_frame(labs, "labs")
    names = _names(table, columns or LabColumns(), patient)
    wanted = LabsWanted(
        tuple(
            LandmarkMarker(analyte=one.analyte, transform=cast("Transform", one.transform))
            for one in held.markers
        ),
        tuple(
            float("inf") if one.max_age_days is None else one.max_age_days for one in held.markers
        ),
        columns or LabColumns(),
        same_moment,
    )
    courses = read_courses(table, wanted, names).courses
    found = tuple(
        PatientPrediction(who, predict(held, values, day))
        for who, values in zip(names, _by_patient(courses, len(names), day), strict=True)
    )
    return LandmarkPredictions(
        KIND,
        SCHEMA,
        PredictionSource(__version__, name, hashed, table.name, table.sha256),
        held.outcome,
        float(day),
        found[0].prediction.until_day,
        held.patients,
        held.events,
        held.simulated or named_simulated(table.name),
        found,
    )


def _model(model: LandmarkModel | str | PathLike[str]) -> tuple[LandmarkModel, str, str]:
    if isinstance(model, LandmarkModel):
        return model, "", ""
    path = Path(model)
    held = read_landmark_model(path)
    return held, path.name, sha256(path.read_bytes())


def _names(table: RawTable, told: LabColumns, patient: str | None) -> tuple[str, ...]:
    """Patients of the file, sorted; the one that was asked for."""
    column = lab_columns(table, told).patient
    names = sorted({str(text) for text in text_column(table, column) if text is not None})
    if patient is not None:
        names = [name for name in names if name == patient.strip()]
    if names:
        return tuple(names)
    raise refuse(
        CohortRefused,
        "no_patients" if patient is None else "patient_unknown",
        "no row names a patient" if patient is None else "no result of this patient is in the file",
        where=f"column '{column}'",
        mend="check the column (--lab-patient) and the name as the file writes it",
    )


def _by_patient(courses: Sequence[MarkerCourse], n: int, day: float) -> list[list[DatedValue]]:
    """Values taken by the day, patient by patient, each marker in one unit."""
    found: list[list[DatedValue]] = [[] for _ in range(n)]
    for course in courses:
        rows = zip(course.patient.tolist(), course.day.tolist(), course.value.tolist(), strict=True)
        for who, when, value in rows:
            if when <= day:
                found[who].append(DatedValue(course.analyte, when, value, course.unit))
    return found
