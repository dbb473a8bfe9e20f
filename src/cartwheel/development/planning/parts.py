"""The parts of a plan: cohort, outcome, predictors, and how the score is made."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cartwheel.clinic.plan_parts import (
    DAYS_PER as DAYS_PER,
    CohortPlan as CohortPlan,
    ColumnPlan as ColumnPlan,
    Exclusion as Exclusion,
    Finite as Finite,
    Fraction as Fraction,
    ImputationPlan as ImputationPlan,
    Part as Part,
    Positive as Positive,
    ResamplingPlan as ResamplingPlan,
    Text as Text,
    TimeUnit as TimeUnit,
)

Direction = Literal["high", "low"]
Transform = Literal["none", "log2", "sqrt", "rcs3", "rcs4", "rcs5"]
CutMethod = Literal["fixed", "youden", "closest_corner", "max_log_rank"]


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
