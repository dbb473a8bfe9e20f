"""What a pooled effect was asked: left-out studies, subgroups, trends, small studies."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Refit:
    """A pooled effect computed again: one study left out, or studies added one by one.

    Parameters
    ----------
    study : str
        Left out, or added last.
    row : int
        Its row.
    estimate : Estimate
        Pooled effect of the others, or so far, on the scale of the measure; n holds k.
    tau2, i2, q_p_value : float or None
        Heterogeneity then; i2 in per cent.
    p_value : float or None
        Of no effect.
    """

    study: str
    row: int
    estimate: Estimate
    tau2: float | None
    i2: float | None
    q_p_value: float | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Influence:
    """How much one study moves the pooled effect.

    Parameters
    ----------
    study : str
        Its label.
    row : int
        Its row.
    studentised_residual, dffits, cook, covariance_ratio, hat, weight_percent, tau2_without, \
q_without, dfbeta : float or None
        As metafor's ``influence``; None where it does not exist.
    baujat_x, baujat_y : float or None
        Contribution to Q, and influence on the pooled effect (common effect).
    flagged : bool
        By metafor's rule.
    """

    study: str
    row: int
    studentised_residual: float | None
    dffits: float | None
    cook: float | None
    covariance_ratio: float | None
    hat: float | None
    weight_percent: float | None
    tau2_without: float | None
    q_without: float | None
    dfbeta: float | None
    baujat_x: float | None
    baujat_y: float | None
    flagged: bool


@dataclass(frozen=True, slots=True)
class SubsetCloud:
    """Pooled effects of all, or many, subsets of the studies (GOSH).

    Parameters
    ----------
    subsets : int
        Looked at.
    complete : bool
        Whether these are all.
    seed : int or None
        Of the random choice, where not complete.
    effect, i2 : tuple of float
        Of at most 2,000 of them (every one where fewer), on the analysis scale and in per cent.
    study_in : tuple of str
        For each study a text of 0 and 1, one sign a drawn subset: whether it was in.
    """

    subsets: int
    complete: bool
    seed: int | None
    effect: tuple[float, ...]
    i2: tuple[float, ...]
    study_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubgroupRow:
    """One subgroup pooled by itself.

    Parameters
    ----------
    level : str
        Its name.
    k : int
        Studies.
    pooled : Estimate
        On the scale of the measure.
    prediction_low, prediction_high : float or None
        Prediction interval on the scale of the measure.
    tau2, i2, q : float or None
        Heterogeneity inside.
    rows : tuple of int
        Its studies' positions in the analysis, from 0.
    """

    level: str
    k: int
    pooled: Estimate
    prediction_low: float | None
    prediction_high: float | None
    tau2: float | None
    i2: float | None
    q: float | None
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Subgroups:
    """Subgroups by one column, and the test between them.

    Parameters
    ----------
    column : str
        By which.
    rows : tuple of SubgroupRow
        In order of the file.
    tau2 : str
        ``separate`` for each subgroup, or ``common``.
    q_between, df, p_value : float or None
        The test, separate tau2; None where it cannot be made.
    q_between_common, p_value_common : float or None
        With one common tau2.
    planned : bool
        Named before looking, as the user says; else exploratory.
    note : str
        What limits it; may be empty.
    """

    column: str
    rows: tuple[SubgroupRow, ...]
    tau2: str
    q_between: float | None
    df: float | None
    p_value: float | None
    q_between_common: float | None
    p_value_common: float | None
    planned: bool
    note: str


@dataclass(frozen=True, slots=True)
class RegressionRow:
    """One coefficient of a meta-regression.

    Parameters
    ----------
    term : str
        Intercept, or column (and level).
    coefficient : Estimate
        On the analysis scale, per unit.
    p_value, permutation_p_value : float or None
        By the t or normal distribution; by permutation.
    """

    term: str
    coefficient: Estimate
    p_value: float | None
    permutation_p_value: float | None


@dataclass(frozen=True, slots=True)
class MetaRegression:
    """A regression of the effects on columns of the studies.

    Parameters
    ----------
    columns : tuple of str
        On what.
    k : int
        Studies with all columns.
    rows : tuple of RegressionRow
        Coefficients.
    tau2, i2, r2, residual_q, residual_q_p_value : float or None
        Residual heterogeneity; r2 and i2 in per cent.
    omnibus_statistic, omnibus_df, omnibus_p_value, omnibus_permutation_p_value : float or None
        Test of all columns.
    permutations : int
        0 where not asked.
    grid, fitted, low, high : tuple of float
        The line and its interval over one numeric column, on the scale of the measure; else empty.
    x, weight_percent : tuple of float
        The studies' values of that column, and their weights; else empty.
    note : str
        What limits it.
    """

    columns: tuple[str, ...]
    k: int
    rows: tuple[RegressionRow, ...]
    tau2: float | None
    i2: float | None
    r2: float | None
    residual_q: float | None
    residual_q_p_value: float | None
    omnibus_statistic: float | None
    omnibus_df: float | None
    omnibus_p_value: float | None
    omnibus_permutation_p_value: float | None
    permutations: int
    grid: tuple[float, ...]
    fitted: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    x: tuple[float, ...]
    weight_percent: tuple[float, ...]
    note: str


@dataclass(frozen=True, slots=True)
class SmallStudyTest:
    """One test of funnel asymmetry.

    Parameters
    ----------
    name : str
        ``egger``, ``egger_random``, ``begg``, ``peters``, ``harbord``, ...
    statistic, df, p_value : float or None
        Result.
    bias : Estimate or None
        The asymmetry coefficient, where there is one.
    limit : Estimate or None
        Effect extrapolated to an error of 0, on the scale of the measure.
    """

    name: str
    statistic: float | None
    df: float | None
    p_value: float | None
    bias: Estimate | None
    limit: Estimate | None


@dataclass(frozen=True, slots=True)
class TrimFill:
    """Trim and fill: studies that symmetry would ask for.

    Parameters
    ----------
    estimator : str
        ``L0``, ``R0`` or ``Q0``.
    side : str
        ``left`` or ``right``: where studies seem to be missing.
    missing : int
        How many.
    pooled : Estimate
        With them, on the scale of the measure.
    filled_effect, filled_std_error : tuple of float
        The studies put in, on the analysis scale.
    """

    estimator: str
    side: str
    missing: int
    pooled: Estimate
    filled_effect: tuple[float, ...]
    filled_std_error: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SmallStudies:
    """Small-study effects: asked only where the number of studies allows, or forced.

    Parameters
    ----------
    asked : bool
        Whether anything was computed.
    forced : bool
        In spite of fewer than ten studies.
    reason : str
        Why not, or why with care.
    tests : tuple of SmallStudyTest
        Empty where not asked.
    trim_fill : tuple of TrimFill
        Empty where not asked.
    selection : Estimate or None
        Pooled effect under a step selection model, on the scale of the measure.
    selection_weight : float or None
        Estimated relative chance of a non-significant study to be published.
    selection_p_value : float or None
        Likelihood-ratio test of that weight being 1.
    fail_safe : tuple of (str, int)
        Name of the rule and number; only on request.
    """

    asked: bool
    forced: bool
    reason: str
    tests: tuple[SmallStudyTest, ...]
    trim_fill: tuple[TrimFill, ...]
    selection: Estimate | None
    selection_weight: float | None
    selection_p_value: float | None
    fail_safe: tuple[tuple[str, int], ...]
