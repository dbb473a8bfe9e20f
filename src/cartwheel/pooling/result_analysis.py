"""One pooled effect: the studies, the models, the heterogeneity, and what it was asked."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate
from cartwheel.note import Note
from cartwheel.pooling.result_accuracy import Accuracy
from cartwheel.pooling.result_questions import (
    Influence,
    MetaRegression,
    Refit,
    SmallStudies,
    Subgroups,
    SubsetCloud,
)


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """How much the studies differ beyond chance.

    Parameters
    ----------
    q, q_df, q_p_value : float or None
        Cochran's test.
    tau2, tau : Estimate
        Between-study variance and standard deviation on the analysis scale, Q-profile interval.
    tau2_std_error : float or None
        Of tau2.
    i2, h2 : Estimate
        Interval from that of tau2; i2 in per cent.
    """

    q: float | None
    q_df: int | None
    q_p_value: float | None
    tau2: Estimate
    tau: Estimate
    tau2_std_error: float | None
    i2: Estimate
    h2: Estimate


@dataclass(frozen=True, slots=True)
class ModelRow:
    """The pooled effect under one model.

    Parameters
    ----------
    name : str
        For the reader: ``random effects, REML, Knapp-Hartung``.
    code : str
        ``common``, ``DL``, ..., ``MH``, ``peto``, ``GLMM``, ``multilevel``, ``bivariate``; among
        the other models of a proportion ``arcsine`` and ``double_arcsine``: REML on that scale.
    interval : str
        ``normal``, ``knapp_hartung``, ``knapp_hartung_floor`` or ``cluster_robust``.
    pooled : Estimate
        On the scale of the measure.
    effect, std_error : float or None
        On the analysis scale; None for a model on another scale.
    p_value : float or None
        Of no effect; None for proportions and slopes without a null value.
    prediction_low, prediction_high : float or None
        On the scale of the measure.
    tau2 : float or None
        On the analysis scale.
    i2 : float or None
        In per cent.
    main : bool
        The model the plan names.
    """

    name: str
    code: str
    interval: str
    pooled: Estimate
    effect: float | None
    std_error: float | None
    p_value: float | None
    prediction_low: float | None
    prediction_high: float | None
    tau2: float | None
    i2: float | None
    main: bool


@dataclass(frozen=True, slots=True)
class Pooled:
    """One row of a forest plot: a study with its weights.

    Parameters
    ----------
    row : int
        In the file.
    file, study : str
        Where from; label.
    estimate : Estimate
        On the scale of the measure.
    effect, std_error : float
        On the analysis scale.
    weight_percent, weight_common_percent : float
        Under the main model, and under a common effect.
    shrunken : Estimate or None
        Best linear unbiased prediction of the study's true effect.
    """

    row: int
    file: str
    study: str
    estimate: Estimate
    effect: float
    std_error: float
    weight_percent: float
    weight_common_percent: float
    shrunken: Estimate | None


@dataclass(frozen=True, slots=True)
class EValue:
    """How strong unmeasured confounding had to be to explain the effect away.

    Parameters
    ----------
    point, limit : float
        For the pooled effect, and for the limit nearer to no effect.
    method : str
        How the measure was turned into a risk ratio.
    """

    point: float
    limit: float
    method: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything about one group of rows, one outcome, one measure.

    Parameters
    ----------
    name : str
        For the reader.
    group, outcome, measure : str
        What was pooled.
    scale : str
        Of the analysis: ``log``, ``logit``, ``identity``, ``arcsine``, ``double_arcsine``.
    null_value : float or None
        No effect, on the scale of the measure; None where there is none.
    k : int
        Studies.
    patients : float or None
        In all, where every study says; rows of one cluster are counted once, by the largest.
    studies : tuple of Pooled
        In order of the file.
    main : ModelRow
        The plan's model.
    models : tuple of ModelRow
        Every other model and estimator, so that the choice can be seen not to matter, or to matter.
    heterogeneity : Heterogeneity
        Of the main model.
    leave_one_out, cumulative : tuple of Refit
        By the plan's model. Empty for one study; the first also for two.
    influence : tuple of Influence
        Empty where too few studies.
    subsets : SubsetCloud or None
        On request.
    subgroups : tuple of Subgroups
        One for each column asked.
    regressions : tuple of MetaRegression
        One for each asked; the trend over the studies' own cut-offs is one of them.
    small_studies : SmallStudies
        Or why not.
    e_value : EValue or None
        For ratios.
    notes : tuple of Note
        Cautions first.
    accuracy : Accuracy or None
        Sensitivity and specificity, where the rows give them; the pooled odds ratio is then the
        diagnostic one.
    """

    name: str
    group: str
    outcome: str
    measure: str
    scale: str
    null_value: float | None
    k: int
    patients: float | None
    studies: tuple[Pooled, ...]
    main: ModelRow
    models: tuple[ModelRow, ...]
    heterogeneity: Heterogeneity
    leave_one_out: tuple[Refit, ...]
    cumulative: tuple[Refit, ...]
    influence: tuple[Influence, ...]
    subsets: SubsetCloud | None
    subgroups: tuple[Subgroups, ...]
    regressions: tuple[MetaRegression, ...]
    small_studies: SmallStudies
    e_value: EValue | None
    notes: tuple[Note, ...]
    accuracy: Accuracy | None = None
