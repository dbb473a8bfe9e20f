"""The plan: what will be done, written down before looking.

A plan is a TOML file. Unknown keys are refused with the nearest known one; nothing is filled in
that changes what is being asked (coding, unit, direction, day).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cartwheel.clinic.plan_file import checked_plan, plan_data
from cartwheel.clinic.plan_parts import WholePlan
from cartwheel.development.planning.parts import (
    DAYS_PER as DAYS_PER,
    AssociationsPlan as AssociationsPlan,
    CohortPlan as CohortPlan,
    ColumnPlan as ColumnPlan,
    CutMethod as CutMethod,
    CutoffPlan as CutoffPlan,
    DerivedPlan as DerivedPlan,
    Direction as Direction,
    Exclusion as Exclusion,
    Finite as Finite,
    Fraction as Fraction,
    GroupPlan as GroupPlan,
    ImputationPlan as ImputationPlan,
    IndexPlan as IndexPlan,
    OutcomePlan as OutcomePlan,
    Part as Part,
    PointsPlan as PointsPlan,
    Positive as Positive,
    PredictorPlan as PredictorPlan,
    ResamplingPlan as ResamplingPlan,
    Text as Text,
    TimeUnit as TimeUnit,
    Transform as Transform,
)


class Plan(WholePlan):
    """What a development will do.

    Read it with :func:`read_plan`; write it by hand or with ``cartwheel plan``.

    Parameters
    ----------
    schema_ : "cartwheel-plan/1"
        ``schema`` in the file.
    title : str
        For report and score file; may be empty.
    method : "index" or "points"
        How the score is made.
    simulated : bool
        Whether the patients are simulated; said in every output.
    landmark_day : float, optional
        Only patients still event-free and under observation after this day are analysed.
    missing : "complete" or "impute"
        What is done about missing predictors: their patients are left out, or they are imputed, in
        every resample anew.
    level : float
        Coverage of the intervals, in (0, 1).
    cohort : CohortPlan
        Patients.
    outcome : OutcomePlan
        The outcome.
    predictors : tuple of PredictorPlan
        Candidates, at least one.
    derived : tuple of DerivedPlan
        Ratios made from two columns.
    columns : dict of str to ColumnPlan
        What columns are, where their names do not say it.
    adjust : tuple of str
        Columns for which the effect of the finished score is adjusted; they never enter the score.
    index : IndexPlan
        Settings of an index, and of every search for a cut-off.
    points : PointsPlan
        Settings of a points score; its penalty holds for an index as well.
    associations : AssociationsPlan
        Further columns.
    imputation : ImputationPlan
        How, where missing predictors are imputed.
    resampling : ResamplingPlan
        Repetition.
    """

    schema_: Literal["cartwheel-plan/1"] = Field(default="cartwheel-plan/1", alias="schema")
    title: str = ""
    method: Literal["index", "points"]
    simulated: bool = False
    landmark_day: Finite | None = None
    missing: Literal["complete", "impute"] = "complete"
    level: Fraction = 0.95
    cohort: CohortPlan = CohortPlan()
    outcome: OutcomePlan
    predictors: Annotated[tuple[PredictorPlan, ...], Field(min_length=1)]
    derived: tuple[DerivedPlan, ...] = ()
    columns: dict[str, ColumnPlan] = Field(default_factory=dict)
    adjust: tuple[Text, ...] = ()
    index: IndexPlan = IndexPlan()
    points: PointsPlan = PointsPlan()
    associations: AssociationsPlan = AssociationsPlan()
    imputation: ImputationPlan = ImputationPlan()
    resampling: ResamplingPlan = ResamplingPlan()


def plan_from_dict(data: dict[str, object], *, where: str = "plan") -> Plan:
    """Check plain data and make the plan of it.

    Parameters
    ----------
    data : dict
        As read from TOML or JSON.
    where : str
        Named in the refusal.

    Returns
    -------
    Plan
        Checked for form, and for what can be seen without the cohort.

    Raises
    ------
    PlanRefused
        All faults at once; an unknown key with the nearest known one.
    """
    return checked_plan(Plan, data, where=where)


def read_plan(source: str | Path) -> Plan:
    """Read a plan from a TOML file.

    Parameters
    ----------
    source : path
        The file.

    Returns
    -------
    Plan

    Raises
    ------
    FileRefused
        When the file is missing or is not TOML.
    PlanRefused
        When its content is not a plan.
    """
    path = Path(source)
    data = plan_data(
        path,
        where=str(source),
        otherwise="write one with: cartwheel plan COHORT > plan.toml",
        again="or start again with: cartwheel plan COHORT > plan.toml",
    )
    return plan_from_dict(data, where=path.name)
