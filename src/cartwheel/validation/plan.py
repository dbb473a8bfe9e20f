"""The plan of a validation: which scores, which outcome, what is asked, written before looking."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cartwheel.clinic.plan_file import checked_plan, plan_data
from cartwheel.clinic.plan_parts import (
    CohortPlan,
    ColumnPlan,
    Finite,
    Fraction,
    Part,
    Positive,
    ResamplingPlan,
    Text,
    TimeUnit,
    WholePlan,
)


class OutcomePlan(Part):
    """The outcome as the cohort holds it.

    Parameters
    ----------
    event : str
        Column of the event.
    kind : "binary", "survival" or "competing"
    event_value : str or float, optional
        The value that means "event", where the column is not coded 0/1.
    competing_values : tuple of (str or float)
        The values that mean another event, which makes the one asked for impossible (competing).
        Every further value that is present means "no event so far", and is listed.
    time, time_unit : str
        Time from day 0 to event or last contact, and its unit (survival, competing).
    horizon : float, optional
        Time at which risk is read, in the time unit; by default the horizon of the score files.
    onset : str, optional
        Column of the day on which the event began (binary).
    label : str, optional
        For the reader.
    """

    event: Text
    kind: Literal["binary", "survival", "competing"] = "binary"
    event_value: str | float | None = None
    competing_values: tuple[str | float, ...] = ()
    time: Text | None = None
    time_unit: TimeUnit | None = None
    horizon: Positive | None = None
    onset: Text | None = None
    label: Text | None = None


class ScorePlan(Part):
    """One score to be validated.

    Parameters
    ----------
    score : str
        Name of a score that cartwheel carries, or a score file.
    name : str, optional
        For tables and figures; by default the score's title.
    choices : dict of str to str
        Options of the score's parameters.
    columns : dict of str to str
        Input to column, where the cohort's names do not say it.
    days : dict of str to float
        Input to day of measurement, where the column's name does not say it.
    direction : "high" or "low", optional
        Which end is adverse, where the score file does not say it.
    """

    score: Text
    name: Text | None = None
    choices: dict[str, Text] = Field(default_factory=dict)
    columns: dict[str, Text] = Field(default_factory=dict)
    days: dict[str, Finite] = Field(default_factory=dict)
    direction: Literal["high", "low"] | None = None


class SubgroupPlan(Part):
    """Patients divided by one column.

    Parameters
    ----------
    column : str
        Of the cohort.
    cuts : tuple of float
        Edges for a column of numbers, in the unit of the file; a value at an edge is above it.
        Without any, each value of the column is a group.
    label : str, optional
        For the reader.
    names : dict of str to str
        Value of the column to the words under which it is told, and which may leave the centre in a
        shared file; without them a shared file says ``group 1``, ``group 2``. Values with the same
        words are one group.
    """

    column: Text
    cuts: tuple[Finite, ...] = ()
    label: Text | None = None
    names: dict[str, Text] = Field(default_factory=dict)


class DecisionPlan(Part):
    """The range of thresholds over which net benefit is shown.

    Parameters
    ----------
    low, high : float
        Risks at which somebody would act, in (0, 1).
    step : float
        Distance of the thresholds.
    """

    low: Fraction = 0.05
    high: Fraction = 0.5
    step: Annotated[float, Field(ge=0.001, le=0.1)] = 0.01


class ImputationPlan(Part):
    """How missing inputs are imputed; read only where the plan says ``missing = "impute"``.

    Parameters
    ----------
    imputations : int
        Completed copies, 2 to 200.
    iterations : int
        Rounds of the chained equations, 1 to 50.
    auxiliary : tuple of str
        Further columns of numbers that help to guess, and are no inputs.
    resamples : int
        Resamples in which everything is imputed anew, for the intervals; 0 for Rubin's rules.
    """

    imputations: Annotated[int, Field(ge=2, le=200)] = 20
    iterations: Annotated[int, Field(ge=1, le=50)] = 5
    auxiliary: tuple[Text, ...] = ()
    resamples: Annotated[int, Field(ge=0, le=100_000)] = 500


class UpdatePlan(Part):
    """The updating ladder.

    Parameters
    ----------
    ladder : bool
        Whether it is climbed.
    extend : tuple of str
        Columns added on the last rung.
    alpha : float
        Of the closed test that chooses the rung.
    """

    ladder: bool = False
    extend: tuple[Text, ...] = ()
    alpha: Fraction = 0.05


class WithholdPlan(Part):
    """Below which size a subgroup or centre is not told.

    Parameters
    ----------
    patients : int
        Fewest patients.
    events : int
        Fewest events, and (binary) fewest patients without the event.
    """

    patients: Annotated[int, Field(ge=2)] = 20
    events: Annotated[int, Field(ge=1)] = 5


class SharingPlan(Part):
    """What may leave the centre.

    Parameters
    ----------
    minimum_cell : int
        Smallest count that is told; smaller ones, and those from which they follow, are withheld.
    label : str, optional
        Name under which a pool shows this centre; without it ``centre`` and the beginning of the
        data's hash.
    """

    minimum_cell: Annotated[int, Field(ge=2, le=100)] = 5
    label: Text | None = None


class ValidationPlan(WholePlan):
    """What a validation will do.

    Parameters
    ----------
    schema_ : "cartwheel-validation-plan/1"
        ``schema`` in the file.
    title : str
        May be empty.
    simulated : bool
        Whether the patients are simulated.
    landmark_day : float, optional
        Only patients still event-free and under observation after this day are analysed.
    missing : "complete" or "impute"
        What is done about missing inputs. Complete cases are always told beside.
    level : float
        Coverage of the intervals, in (0, 1).
    cohort : CohortPlan
        Patients.
    outcome : OutcomePlan
        The outcome.
    scores : tuple of ScorePlan
        At least one.
    columns : dict of str to ColumnPlan
        What columns are, where their names do not say it; a unit given here holds for the inputs of
        every score.
    subgroups : tuple of SubgroupPlan
        Asked for beforehand.
    centre : str, optional
        Column of the centre.
    decision : DecisionPlan
        Thresholds.
    groups : int
        Groups of like predictions in the calibration plot, 2 to 20.
    imputation : ImputationPlan
        Missing inputs.
    update : UpdatePlan
        The ladder.
    withhold : WithholdPlan
        Small groups.
    sharing : SharingPlan
        The file that travels.
    resampling : ResamplingPlan
        Bootstrap intervals; with 0 resamples those without a closed form have none.
    """

    schema_: Literal["cartwheel-validation-plan/1"] = Field(
        default="cartwheel-validation-plan/1", alias="schema"
    )
    title: str = ""
    simulated: bool = False
    landmark_day: Finite | None = None
    missing: Literal["complete", "impute"] = "complete"
    level: Fraction = 0.95
    cohort: CohortPlan = CohortPlan()
    outcome: OutcomePlan
    scores: Annotated[tuple[ScorePlan, ...], Field(min_length=1)]
    columns: dict[str, ColumnPlan] = Field(default_factory=dict)
    subgroups: tuple[SubgroupPlan, ...] = ()
    centre: Text | None = None
    decision: DecisionPlan = DecisionPlan()
    groups: Annotated[int, Field(ge=2, le=20)] = 5
    imputation: ImputationPlan = ImputationPlan()
    update: UpdatePlan = UpdatePlan()
    withhold: WithholdPlan = WithholdPlan()
    sharing: SharingPlan = SharingPlan()
    resampling: ResamplingPlan = ResamplingPlan()


def plan_from_dict(data: dict[str, object], *, where: str = "plan") -> ValidationPlan:
    """Check plain data and make the plan of it.

    Parameters
    ----------
    data : dict
        As read from TOML or JSON.
    where : str
        Named in the refusal.

    Returns
    -------
    ValidationPlan

    Raises
    ------
    PlanRefused
        All faults at once; an unknown key with the nearest known one.
    """
    return checked_plan(ValidationPlan, data, where=where)


def read_plan(source: str | Path) -> ValidationPlan:
    """Read the plan of a validation from a TOML file.

    Parameters
    ----------
    source : path
        The file.

    Returns
    -------
    ValidationPlan

    Raises
    ------
    FileRefused
        When the file is missing or is not TOML.
    PlanRefused
        When its content is not such a plan.
    """
    path = Path(source)
    data = plan_data(
        path,
        where=str(source),
        otherwise="save one with: cartwheel validate COHORT ... --save-plan plan.toml",
        again="or write it again with: cartwheel validate COHORT ... --save-plan plan.toml",
    )
    return plan_from_dict(data, where=path.name)
