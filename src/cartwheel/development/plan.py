"""The plan: what will be done, written down before looking.

A plan is a TOML file. Unknown keys are refused with the nearest known one; nothing is filled in
that changes what is being asked (coding, unit, direction, day).
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cartwheel.canonical import canonical_json, plain, sha256
from cartwheel.clinic.strict import problems_of
from cartwheel.errors import FileRefused, PlanRefused, Problem, refuse

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Text = Annotated[str, Field(min_length=1)]
TimeUnit = Literal["days", "weeks", "months", "years"]
Direction = Literal["high", "low"]
Transform = Literal["none", "log2", "sqrt", "rcs3", "rcs4", "rcs5"]
CutMethod = Literal["fixed", "youden", "closest_corner", "max_log_rank"]

DAYS_PER = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}


class Part(BaseModel):
    """A part of the plan: strict, frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ColumnPlan(Part):
    """What a column of the cohort is, where its name does not say it.

    Parameters
    ----------
    variable : str, optional
        Name in the variable dictionary.
    unit : str, optional
        Unit of the values in the file.
    day : float, optional
        Day of measurement; infusion is day 0.
    label : str, optional
        For the reader.
    coding : dict of str to float, optional
        Numbers for words, such as ``{f = 1, m = 0}``.
    decimal : "," or ".", optional
        Decimal mark, where the column mixes them.
    """

    variable: Text | None = None
    unit: Text | None = None
    day: Finite | None = None
    label: Text | None = None
    coding: dict[str, Finite] | None = None
    decimal: Literal[",", "."] | None = None


class Exclusion(Part):
    """Patients who are left out, and why; exactly one of the conditions is given.

    Parameters
    ----------
    column : str
        Column of the cohort. Where its cell is missing the patient is not left out.
    reason : str
        For the patient flow.
    equals : str or float, optional
        Those with this value are left out.
    below, above : float, optional
        Those with a smaller, or larger, value are left out; in the unit in which the column is
        written in the file.
    """

    column: Text
    reason: Text
    equals: str | float | None = None
    below: Finite | None = None
    above: Finite | None = None


class CohortPlan(Part):
    """Which sheet, which column names the patient, who is left out.

    Parameters
    ----------
    id : str, optional
        Column that names the patient; no two rows may share a name.
    sheet : str, optional
        Sheet of a workbook.
    exclude : tuple of Exclusion
        Applied and counted in this order.
    """

    id: Text | None = None
    sheet: Text | None = None
    exclude: tuple[Exclusion, ...] = ()


class OutcomePlan(Part):
    """The outcome.

    Parameters
    ----------
    event : str
        Column of the event.
    kind : "binary" or "survival"
    event_value : str or float, optional
        The value that means "event", where the column is not coded 0/1; every other value that is
        present means "no event", and the report lists them.
    time, time_unit : str
        Time from day 0 to event or last contact, and its unit (survival).
    horizon : float, optional
        Time at which risk is read, in the time unit.
    onset : str, optional
        Column of the day on which the event began (binary).
    label : str, optional
        For the reader.
    """

    event: Text
    kind: Literal["binary", "survival"] = "binary"
    event_value: str | float | None = None
    time: Text | None = None
    time_unit: TimeUnit | None = None
    horizon: Positive | None = None
    onset: Text | None = None
    label: Text | None = None


class DerivedPlan(Part):
    """A ratio made from two counts, with a stated policy for a denominator of zero.

    Parameters
    ----------
    name : str
        Of the ratio; no column may have it.
    numerator, denominator : str
        Columns in one unit and of one day.
    zero : "refuse", "missing" or float
        A denominator of zero is a problem, or makes the ratio missing; a number is the smallest
        denominator, to which smaller values are raised, in the unit in which the column is read
        (the dictionary's, where the variable is known).
    label : str, optional
        For the reader.
    """

    name: Text
    numerator: Text
    denominator: Text
    zero: Literal["refuse", "missing"] | Positive = "refuse"
    label: Text | None = None


class CutoffPlan(Part):
    """How a marker's cut-off is had.

    Parameters
    ----------
    method : str
        ``fixed``, ``youden``, ``closest_corner`` or ``max_log_rank``.
    value : float, optional
        Of a fixed cut-off, in the unit in which the column is written in the file.
    rule : str, optional
        Of a fixed cut-off: who gets the point; ``>=`` (high is adverse) or ``<=`` by default.
    """

    method: CutMethod
    value: Finite | None = None
    rule: Literal[">", ">=", "<", "<="] | None = None


class PredictorPlan(Part):
    """One candidate predictor.

    Parameters
    ----------
    column : str
        Column of the cohort, or name of a derived ratio.
    direction : "high" or "low", optional
        Which end is adverse; needed wherever a cut-off is used.
    transform : str
        For regression: none, log2, sqrt, or a restricted cubic spline of 3 to 5 knots.
    cutoff : CutoffPlan, optional
        Index: how the point is given. Points: makes the predictor a yes/no of that cut-off.
    steps : tuple of float, optional
        Points: edges of the score card's ranges, in the unit of the file's column.
    """

    column: Text
    direction: Direction | None = None
    transform: Transform = "none"
    cutoff: CutoffPlan | None = None
    steps: tuple[Finite, ...] | None = None


class GroupPlan(Part):
    """A risk group of the index: its name and the totals that belong to it.

    Parameters
    ----------
    name : str
        For the reader.
    totals : tuple of int
        Neighbouring totals; each total from 0 to the number of markers is in one group.
    """

    name: Text
    totals: tuple[int, ...]


class IndexPlan(Part):
    """The composite index: default way to a cut-off, and groups from the sum.

    Parameters
    ----------
    cutoff : str
        Way to a cut-off for predictors that have none of their own.
    min_fraction : float
        Smallest group that a search allows, as a fraction of the patients, in [0, 0.5); holds for a
        points score as well.
    groups : tuple of GroupPlan, optional
        By default low without any point, high with all, intermediate between.
    permutations : int
        For the adjusted p-value of a searched cut-off; 0 for none; holds for a points score as
        well.
    """

    cutoff: CutMethod = "youden"
    min_fraction: Annotated[float, Field(ge=0, lt=0.5)] = 0.1
    groups: tuple[GroupPlan, ...] | None = None
    permutations: Annotated[int, Field(ge=0, le=1_000_000)] = 2000


class PointsPlan(Part):
    """The points score: selection, penalty, rounding and bands.

    Parameters
    ----------
    selection : "none", "univariable" or "backward"
        Candidates kept for the multivariable model; repeated in every resample.
    alpha : float
        Threshold of the selection.
    penalty : "auto", "none" or "firth"
        Logistic only; auto is Firth below ten events per candidate parameter.
    categories : int
        Ranges of the score card for a predictor without ``steps``: cut at its quantiles.
    largest : int
        Largest number of points that one predictor may give.
    bands : tuple of str
        Names of the risk bands, lowest first; cut at quantiles of the total.
    """

    selection: Literal["none", "univariable", "backward"] = "none"
    alpha: Fraction = 0.05
    penalty: Literal["auto", "none", "firth"] = "auto"
    categories: Annotated[int, Field(ge=2, le=10)] = 4
    largest: Annotated[int, Field(ge=1, le=100)] = 10
    bands: Annotated[tuple[Text, ...], Field(min_length=1)] = ("low", "intermediate", "high")


class AssociationsPlan(Part):
    """Further columns held against the index, and the adjustment for looking at several.

    Parameters
    ----------
    columns : tuple of str
        Such as response, expansion, peaks, grades; they never enter the score.
    multiplicity : "holm", "benjamini_hochberg" or "bonferroni"
        How the p-values are adjusted.
    """

    columns: tuple[Text, ...] = ()
    multiplicity: Literal["holm", "benjamini_hochberg", "bonferroni"] = "holm"


class ResamplingPlan(Part):
    """How often the whole development is repeated, and the seed of its random streams.

    Parameters
    ----------
    bootstrap : int
        Resamples; 0 for none, and then nothing is corrected.
    seed : int
        >= 0; also of the permutations.
    """

    bootstrap: Annotated[int, Field(ge=0, le=100_000)] = 1000
    seed: Annotated[int, Field(ge=0)] = 20260101


class Plan(Part):
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
        What is done about missing predictors; only complete cases in this version.
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
    columns: dict[str, ColumnPlan] = {}
    adjust: tuple[Text, ...] = ()
    index: IndexPlan = IndexPlan()
    points: PointsPlan = PointsPlan()
    associations: AssociationsPlan = AssociationsPlan()
    resampling: ResamplingPlan = ResamplingPlan()

    def as_dict(self) -> dict[str, object]:
        """Give the whole plan, defaults included, as plain data."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def identity(self) -> str:
        """SHA-256 of the canonical form."""
        return sha256(canonical_json(self.as_dict()))


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
    found = tuple(_not_finite(data, where))
    if found:
        raise PlanRefused(found)
    try:
        # JSON mode lets strict models take lists for tuples
        plan = Plan.model_validate_json(json.dumps(plain(data)))
    except ValidationError as error:
        raise PlanRefused(problems_of(error, Plan, where=where)) from None
    return plan


def _not_finite(value: object, where: str) -> Iterator[Problem]:
    """Find numbers that are not finite: JSON would turn them into nothing said."""
    if isinstance(value, float) and not math.isfinite(value):
        yield Problem("not_finite", "a finite number is needed here", where, "correct it")
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _not_finite(part, f"{where}: {key}")
    elif isinstance(value, list | tuple):
        for place, part in enumerate(value, start=1):
            yield from _not_finite(part, f"{where}[{place}]")


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
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        raise refuse(
            FileRefused,
            "file_missing",
            "there is no such plan file",
            where=str(source),
            mend="check the name, or write one with: cartwheel plan COHORT > plan.toml",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise refuse(
            PlanRefused,
            "not_toml",
            f"this is not a TOML file ({error})",
            where=path.name,
            mend="mend the line named, or start again with: cartwheel plan COHORT > plan.toml",
        ) from None
    return plan_from_dict(data, where=path.name)
