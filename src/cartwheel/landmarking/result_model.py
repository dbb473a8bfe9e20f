"""A model over landmarks as it is saved: numbers that predict one patient."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.provenance import Provenance

MODEL_KIND, MODEL_SCHEMA = "landmark-model", "cartwheel/landmark-model/1"


@dataclass(frozen=True, slots=True)
class ModelMarker:
    """A marker as a saved model needs it.

    Parameters
    ----------
    analyte, label, unit, transform : str
        As in the plan; ``variable`` is its name in the dictionary.
    variable : str or None
        None where the dictionary does not know it.
    max_age_days : float or None
        Oldest value that may be used.
    low, high : float
        5th and 95th percentile of the values that the model was made on, in ``unit``.
    """

    analyte: str
    label: str
    unit: str
    transform: str
    variable: str | None
    max_age_days: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ModelTerm:
    """A term of a saved model: coefficient times marker times a power of the landmark day.

    Parameters
    ----------
    analyte : str or None
        None for the landmark day alone.
    day_power : int
    coefficient : float
    """

    analyte: str | None
    day_power: int
    coefficient: float


@dataclass(frozen=True, slots=True)
class DayHazard:
    """Cumulative baseline hazard of the window at one landmark, or up to one day."""

    day: float
    hazard: float


@dataclass(frozen=True, slots=True)
class BetweenModel:
    """A Cox model with one baseline hazard: it answers on the days between landmarks.

    Parameters
    ----------
    terms : tuple of ModelTerm
        The landmark day among them.
    baseline : tuple of DayHazard
        Cumulative baseline hazard after each day with an event, counted from the first landmark;
        where every term is 0.
    """

    terms: tuple[ModelTerm, ...]
    baseline: tuple[DayHazard, ...]


@dataclass(frozen=True, slots=True)
class LandmarkModel:
    """The super-model as it predicts one patient.

    Parameters
    ----------
    kind : "logistic" or "cox"
    outcome : str
        For the reader.
    window_days : float or None
        How far it looks.
    first_day, last_day : float
        Landmarks between which it holds.
    markers : tuple of ModelMarker
    intercept : float
        Log odds at nought; 0 in a Cox model.
    terms : tuple of ModelTerm
    covariance : tuple of tuple of float
        Of intercept and coefficients, by patient; empty in a Cox model.
    hazards : tuple of DayHazard
        Of a Cox model, at each landmark.
    between : BetweenModel or None
        Of a Cox model, for the days between landmarks; None where it could not be fitted, and then
        the model predicts at its landmarks only.
    patients, events : int
        It was made on.
    level : float
        Coverage of its intervals.
    simulated : bool
        Whether they were simulated.
    """

    kind: str
    outcome: str
    window_days: float | None
    first_day: float
    last_day: float
    markers: tuple[ModelMarker, ...]
    intercept: float
    terms: tuple[ModelTerm, ...]
    covariance: tuple[tuple[float, ...], ...]
    hazards: tuple[DayHazard, ...]
    between: BetweenModel | None
    patients: int
    events: int
    level: float
    simulated: bool


@dataclass(frozen=True, slots=True)
class LandmarkModelFile:
    """A saved model.

    Parameters
    ----------
    kind, schema : str
        ``landmark-model`` and ``cartwheel/landmark-model/1``.
    provenance : Provenance
    model : LandmarkModel
    """

    kind: str
    schema: str
    provenance: Provenance
    model: LandmarkModel
