"""The plan of a landmark prediction: outcome, landmarks, markers, models; written before looking.

A plan is a TOML file, a dictionary, or the options of ``cartwheel landmark``. Unknown keys are
refused with the nearest known one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cartwheel.clinic.outcome import same_value
from cartwheel.clinic.plan_file import checked_plan, plan_data
from cartwheel.clinic.plan_parts import (
    Fraction,
    Part,
    Positive,
    ResamplingPlan,
    Text,
    TimeUnit,
    WholePlan,
)
from cartwheel.errors import PlanRefused, Problem

Transform = Literal["none", "log2", "sqrt"]
Day = Annotated[float, Field(ge=-365, le=36525, allow_inf_nan=False)]
MAX_AGE_DAYS = 4.0


class LandmarkOutcome(Part):
    """The outcome.

    Parameters
    ----------
    event : str
        Column of the event.
    event_value : str or float, optional
        The value that means "event", where the column is not coded 0/1.
    competing_values : tuple of (str or float)
        Values that mean another event, after which this one cannot come. For a binary event only:
        such a patient leaves on his ``onset`` day, without the event. Survival refuses them.
    onset : str, optional
        Column of the day on which the event began; needed for a binary event.
    onset_rule : "all" or "events"
        Who leaves at his onset day. ``all``: everybody who has one, also where it dates a mild
        course that never became the event, since on that day nobody knows which it will be.
        ``events``: patients with the event only.
    unknown_onset : "refuse" or "exclude"
        Patients with the event and no onset day.
    time, time_unit : str, optional
        Time from day 0 to event or last contact, and its unit: makes it survival.
    label : str, optional
        For the reader.
    """

    event: Text
    event_value: str | float | None = None
    competing_values: tuple[str | float, ...] = ()
    onset: Text | None = None
    onset_rule: Literal["all", "events"] = "all"
    unknown_onset: Literal["refuse", "exclude"] = "refuse"
    time: Text | None = None
    time_unit: TimeUnit | None = None
    label: Text | None = None


class LandmarkMarker(Part):
    """One marker.

    Parameters
    ----------
    analyte : str
        Name in the dictionary or one of its synonyms, or the analyte as the file writes it.
    transform : "none", "log2" or "sqrt"
    max_age_days : float, optional
        Oldest value that may be carried forward to a landmark; by default the plan's.
    """

    analyte: Text
    transform: Transform = "none"
    max_age_days: Positive | None = None


class LabColumns(Part):
    """Which column of the laboratory file is which; by default told by its name.

    Parameters
    ----------
    patient, analyte, day, value, unit : str, optional
        Columns as written.
    """

    patient: Text | None = None
    analyte: Text | None = None
    day: Text | None = None
    value: Text | None = None
    unit: Text | None = None


class SuperModelPlan(Part):
    """The one model over all landmarks.

    Parameters
    ----------
    time : "linear" or "quadratic"
        How the landmark day enters a logistic model; in a Cox model it is the stratum.
    interactions : bool
        Whether the effect of each marker may change with the landmark day, linearly.
    """

    time: Literal["linear", "quadratic"] = "linear"
    interactions: bool = False


class LandmarkPlan(WholePlan):
    """What a landmark prediction will do.

    Parameters
    ----------
    schema_ : "cartwheel-landmark-plan/1"
        ``schema`` in the file.
    title : str
        For text and JSON; may be empty.
    simulated : bool
        Whether the patients are simulated; said in every output.
    id : str, optional
        Column that names the patient, in the file of patients; by default told by its name.
    outcome : LandmarkOutcome
        What is predicted.
    landmarks_days : tuple of float
        Days after infusion at which predictions are made, each once.
    window_days : float, optional
        How far each prediction looks; needed for survival. Without it a binary event counts
        whenever it begins.
    markers : tuple of LandmarkMarker
        At least one, each once.
    max_age_days : float
        Oldest value that may be carried forward to a landmark.
    missing : "complete" or "impute-last"
        Patients without a recent value of every marker are left out of that landmark; or the last
        value stands whatever its age, and only those who never had one are left out.
    same_moment : "refuse", "mean" or "last_row"
        Different values of one marker in one patient at one moment.
    labs : LabColumns
        Columns of the laboratory file.
    super_model : SuperModelPlan
        The one model over all landmarks.
    penalty : "auto", "none" or "firth"
        Of a logistic model; ``auto`` is Firth's below ten events per parameter.
    level : float
        Coverage of the intervals, in (0, 1).
    resampling : ResamplingPlan
        Repetition.
    """

    schema_: Literal["cartwheel-landmark-plan/1"] = Field(
        default="cartwheel-landmark-plan/1", alias="schema"
    )
    title: str = ""
    simulated: bool = False
    id: Text | None = None
    outcome: LandmarkOutcome
    landmarks_days: Annotated[tuple[Day, ...], Field(min_length=1)]
    window_days: Positive | None = None
    markers: Annotated[tuple[LandmarkMarker, ...], Field(min_length=1)]
    max_age_days: Positive = MAX_AGE_DAYS
    missing: Literal["complete", "impute-last"] = "complete"
    same_moment: Literal["refuse", "mean", "last_row"] = "refuse"
    labs: LabColumns = LabColumns()
    super_model: SuperModelPlan = SuperModelPlan()
    penalty: Literal["auto", "none", "firth"] = "auto"
    level: Fraction = 0.95
    resampling: ResamplingPlan = ResamplingPlan()

    @property
    def survival(self) -> bool:
        """Whether the outcome has a time."""
        return self.outcome.time is not None

    def max_age_of(self, marker: LandmarkMarker) -> float:
        """Oldest value of a marker that may be carried forward, in days; no limit: infinity.

        Parameters
        ----------
        marker : LandmarkMarker
            One of the plan's.

        Returns
        -------
        float
        """
        if self.missing == "impute-last":
            return float("inf")
        return self.max_age_days if marker.max_age_days is None else marker.max_age_days


def landmark_plan_from_dict(data: Mapping[str, object], *, where: str = "plan") -> LandmarkPlan:
    """Check plain data and make the plan of it.

    Parameters
    ----------
    data : mapping
        As read from TOML or JSON, or from options.
    where : str
        Named in the refusal.

    Returns
    -------
    LandmarkPlan
        Landmarks in ascending order.

    Raises
    ------
    PlanRefused
        All faults at once; an unknown key with the nearest known one.
    """
    plan = checked_plan(LandmarkPlan, data, where=where)
    problems = [
        *_outcome_problems(plan, where),
        *_competing_problems(plan, where),
        *_list_problems(plan, where),
    ]
    if problems:
        raise PlanRefused(problems)
    return plan.model_copy(update={"landmarks_days": tuple(sorted(plan.landmarks_days))})


def _outcome_problems(plan: LandmarkPlan, where: str) -> list[Problem]:
    outcome, found = plan.outcome, []
    if plan.survival:
        if outcome.time_unit is None:
            what = "the unit of the time is not said"
            mend = "--time-unit days, weeks, months or years (time_unit in the plan)"
            found.append(Problem("time_unit", what, where, mend))
        if plan.window_days is None:
            what = "a prediction of survival needs a window: how many days from each landmark"
            found.append(Problem("window_needed", what, where, "--window DAYS"))
        if outcome.onset is not None:
            what = "a survival outcome has a time and no onset day"
            found.append(Problem("onset_and_time", what, where, "give --time or --onset, not both"))
    elif outcome.onset is None:
        what = "without the day the event began nobody can be said to be event-free at a landmark"
        found.append(Problem("onset_needed", what, where, "--onset COLUMN, or --time for survival"))
    return found


def _competing_problems(plan: LandmarkPlan, where: str) -> list[Problem]:
    outcome = plan.outcome
    if not outcome.competing_values:
        return []
    if plan.survival:
        what = (
            "these models of survival take a competing event as censoring, and their risks would "
            "be too high"
        )
        mend = (
            "where everybody is followed to the end of the window: --onset with the day of "
            "whichever event came first, and no --time; or count the event of either kind"
        )
        return [Problem("competing_survival", what, where, mend)]
    if outcome.event_value is None:
        what = "competing values are declared, and the value of the event is not"
        return [Problem("event_value_needed", what, where, "--event-value VALUE")]
    if any(same_value(outcome.event_value, value) for value in outcome.competing_values):
        what = "one value is declared as the event and as a competing event"
        mend = "correct --competing-value (competing_values in the plan)"
        return [Problem("competing_value_is_event", what, where, mend)]
    return []


def _list_problems(plan: LandmarkPlan, where: str) -> list[Problem]:
    found = []
    if len(set(plan.landmarks_days)) != len(plan.landmarks_days):
        what = "a landmark is named twice"
        found.append(Problem("landmark_twice", what, where, "name each day once"))
    names = [marker.analyte for marker in plan.markers]
    for name in sorted({name for name in names if names.count(name) > 1}):
        what = f"marker '{name[:40]}' is named twice"
        found.append(Problem("marker_twice", what, where, "name each marker once"))
    return found


def read_landmark_plan_data(source: str | Path) -> dict[str, object]:
    """Read the data of a plan from a TOML file, before it is checked.

    Parameters
    ----------
    source : path
        The file.

    Returns
    -------
    dict

    Raises
    ------
    FileRefused
        When the file is missing.
    PlanRefused
        When it is not TOML.
    """
    otherwise = "a plan is optional, and options can be given instead"
    return plan_data(Path(source), where=str(source), otherwise=otherwise)


def read_landmark_plan(source: str | Path) -> LandmarkPlan:
    """Read a plan from a TOML file.

    Parameters
    ----------
    source : path
        The file.

    Returns
    -------
    LandmarkPlan

    Raises
    ------
    FileRefused
        When the file is missing.
    PlanRefused
        When it is not TOML, or its content is not a plan.
    """
    return landmark_plan_from_dict(read_landmark_plan_data(source), where=Path(source).name)


__all__ = [
    "MAX_AGE_DAYS",
    "LabColumns",
    "LandmarkMarker",
    "LandmarkOutcome",
    "LandmarkPlan",
    "SuperModelPlan",
    "landmark_plan_from_dict",
    "read_landmark_plan",
    "read_landmark_plan_data",
]
