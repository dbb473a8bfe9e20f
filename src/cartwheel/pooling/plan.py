"""The plan of a meta-analysis: what is pooled, how, and what it is asked; all of it optional.

A plan is a TOML file, a dictionary, or the options of ``cartwheel pool``. Unknown keys are refused
with the nearest known one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cartwheel.clinic.plan_file import checked_plan, plan_data
from cartwheel.clinic.plan_parts import Part, WholePlan

Finite = Annotated[float, Field(allow_inf_nan=False)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]
Measure = Literal["HR", "OR", "RR", "RD", "IRR", "MD", "SMD", "proportion", "C", "OE", "slope"]
Method = Literal[
    "REML",
    "ML",
    "DL",
    "PM",
    "EB",
    "SJ",
    "HS",
    "HE",
    "common",
    "MH",
    "peto",
    "GLMM",
    "multilevel",
    "bivariate",
]
Interval = Literal["knapp_hartung", "knapp_hartung_floor", "normal"]
ProportionScale = Literal["logit", "arcsine", "double_arcsine", "log", "identity"]
GradeDomainName = Literal[
    "risk_of_bias",
    "inconsistency",
    "imprecision",
    "indirectness",
    "publication_bias",
    "large_effect",
    "dose_response",
    "confounding",
]


class GradeChoice(Part):
    """One judgement of the certainty of evidence that the user makes himself.

    Parameters
    ----------
    domain : str
        Which reason.
    change : int
        Levels down or up, -2 to 2; 0 overrules a suggestion to change.
    reason : str
        In the user's words.
    analysis : str, optional
        Name of the analysis, or its outcome; by default every one.
    """

    domain: GradeDomainName
    change: Annotated[int, Field(ge=-2, le=2)]
    reason: Text
    analysis: Text | None = None


class GradePlan(Part):
    """Certainty of the evidence; asked for by naming the starting point.

    Parameters
    ----------
    start : "high" or "moderate", optional
        Where the rating begins; None for no rating.
    choices : tuple of GradeChoice
        They win over what the rules suggest.
    information_size : float, optional
        Events or patients below which an estimate is called imprecise; by default the rule's own.
    """

    start: Literal["high", "moderate"] | None = None
    choices: tuple[GradeChoice, ...] = ()
    information_size: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class PoolPlan(WholePlan):
    """What a meta-analysis will do. Every key has a default.

    Parameters
    ----------
    schema_ : "cartwheel-pool-plan/1"
        ``schema`` in the file.
    title : str
        For report and JSON; may be empty.
    simulated : bool
        Whether the rows are simulated; said in every output.
    sheet : str, optional
        Sheet of a workbook.
    columns : dict of str to str
        What a column is, where its header is not understood: ``{"Hazard" = "estimate"}``.
    decimal : "." or ",", optional
        Decimal mark of the file, where its numbers could be read either way.
    measure : str, optional
        Where the table says a measure: only its rows are pooled. Where it does not: what the ratios
        are, or what is made of counts (OR by default) and of means (MD by default).
    outcome, group : tuple of str
        Only rows of these outcomes, and of these groups (column ``set``); empty for all.
    same_outcome, same_group : dict of str to str
        Names that are taken for others: ``{"severe (grade >=3) infection" = "severe infection"}``
        pools both under the second.
    leave_out : tuple of str
        Studies by label, or rows as ``row 12`` or ``file.csv:12``, that are listed and not pooled.
    overlap : "report" or "keep_first"
        Rows suspected of sharing patients: pooled and reported, or only the first of them pooled.
    strict : bool
        Whether an impossible row refuses the whole run instead of being left out by number.
    method : str
        Estimator of the between-study variance, or ``common``, ``MH``, ``peto``, ``GLMM``,
        ``multilevel``, ``bivariate``.
    interval : str
        Of the pooled effect.
    prediction : "model", "k_minus_2" or "none"
        Degrees of freedom of the prediction interval: as the pooled interval's, or Riley's k - 2.
    level : float
        Coverage of every interval, in (0, 1).
    proportion_scale : str
        Scale on which proportions are pooled.
    add : float
        Added to the four cells, or to events and non-events, of a study with a zero cell.
    add_to : "zero_cells_only", "all" or "none"
        Where it is added.
    cluster : str, optional
        Column whose equal values share patients or a centre; by default ``cluster``, else the
        study label.
    sampling_correlation : float, optional
        Assumed correlation of the errors of effects within a cluster, in [0, 1).
    subgroups : tuple of str
        Columns to divide by.
    regress : tuple of str
        Each one a regression: a column, or several as ``a + b``.
    planned : bool
        Whether subgroups and regressions were named before looking at the data.
    cutoff_trend : bool
        Whether a trend over the studies' own cut-offs is fitted where three or more differ.
    cutoff_scale : "log" or "identity"
        Of the cut-offs in that trend.
    permutations : int
        Of a meta-regression's permutation test; 0 for none.
    order : str
        Of the cumulative analysis: ``year``, ``file``, ``precision`` or a column.
    small_studies : "auto", "force" or "no"
        Small-study tests: from ten studies on, always, or never.
    gosh : bool
        Whether subsets of the studies are looked at.
    gosh_subsets : int
        How many at most; all, where there are no more.
    fail_safe : bool
        Whether fail-safe numbers are computed.
    harm : "above" or "below"
        The side of no effect on which publication is suspected to favour results.
    rare : bool
        Whether the outcome is rare (under 15 %), for the E-value of odds and hazard ratios.
    quality : str
        Tool of the risk of bias, or ``auto``: whichever columns are there.
    quips_overall : str, optional
        Named proposal for an overall QUIPS judgement; by default left as the table says.
    prisma : str, optional
        File of the counts of the PRISMA flow.
    grade : GradePlan
        Certainty of the evidence.
    seed : int
        Of permutations and drawn subsets; >= 0.
    """

    schema_: Literal["cartwheel-pool-plan/1"] = Field(
        default="cartwheel-pool-plan/1", alias="schema"
    )
    title: str = ""
    simulated: bool = False
    sheet: Text | None = None
    columns: dict[str, Text] = Field(default_factory=dict)
    decimal: Literal[".", ","] | None = None
    measure: Measure | None = None
    outcome: tuple[Text, ...] = ()
    group: tuple[Text, ...] = ()
    same_outcome: dict[str, str] = Field(default_factory=dict)
    same_group: dict[str, str] = Field(default_factory=dict)
    leave_out: tuple[Text, ...] = ()
    overlap: Literal["report", "keep_first"] = "report"
    strict: bool = False
    method: Method = "REML"
    interval: Interval = "knapp_hartung"
    prediction: Literal["model", "k_minus_2", "none"] = "model"
    level: Fraction = 0.95
    proportion_scale: ProportionScale = "logit"
    add: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.5
    add_to: Literal["zero_cells_only", "all", "none"] = "zero_cells_only"
    cluster: Text | None = None
    sampling_correlation: Annotated[float, Field(ge=0, lt=1)] | None = None
    subgroups: tuple[Text, ...] = ()
    regress: tuple[Text, ...] = ()
    planned: bool = False
    cutoff_trend: bool = True
    cutoff_scale: Literal["log", "identity"] = "log"
    permutations: Annotated[int, Field(ge=0, le=1_000_000)] = 1000
    order: Text = "year"
    small_studies: Literal["auto", "force", "no"] = "auto"
    gosh: bool = False
    gosh_subsets: Annotated[int, Field(ge=1, le=10_000_000)] = 10_000
    fail_safe: bool = False
    harm: Literal["above", "below"] = "above"
    rare: bool = False
    quality: Literal["auto", "QUIPS", "PROBAST", "Newcastle-Ottawa", "none"] = "auto"
    quips_overall: Text | None = None
    prisma: Text | None = None
    grade: GradePlan = GradePlan()
    seed: Count = 20260101


def pool_plan_from_dict(data: Mapping[str, object], *, where: str = "plan") -> PoolPlan:
    """Check plain data and make the plan of it.

    Parameters
    ----------
    data : mapping
        As read from TOML or JSON, or from options; an empty one gives every default.
    where : str
        Named in the refusal.

    Returns
    -------
    PoolPlan

    Raises
    ------
    PlanRefused
        All faults at once; an unknown key with the nearest known one.
    """
    return checked_plan(PoolPlan, data, where=where)


def read_pool_plan(source: str | Path) -> PoolPlan:
    """Read a plan from a TOML file.

    Parameters
    ----------
    source : path
        The file.

    Returns
    -------
    PoolPlan

    Raises
    ------
    FileRefused
        When the file is missing.
    PlanRefused
        When it is not TOML, or its content is not a plan.
    """
    path = Path(source)
    data = plan_data(
        path,
        where=str(source),
        otherwise="a plan is optional, and options can be given instead",
    )
    return pool_plan_from_dict(data, where=path.name)
