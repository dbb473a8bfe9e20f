"""What a validation says of one score: discrimination, calibration, bands, utility."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.curves import CalibrationPoint, RocPoints, SurvivalCurve
from cartwheel.estimate import Estimate
from cartwheel.note import Note


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of one score.

    Parameters
    ----------
    name : str
        ``auc``, ``auc_at_horizon``, ``harrell_c``, ``uno_c``, ``calibration_in_the_large``,
        ``calibration_slope``, ``observed_expected``, ``ici``, ``e50``, ``e90``, ``brier``,
        ``scaled_brier``.
    label : str
        For the reader.
    estimate : Estimate
        With its interval; the value is None where the measure does not exist, and ``method`` says
        why.
    ideal : float or None
        What a perfect score would have, where there is such a thing: 1 for a slope, 0 for an ICI.
    std_error : float or None
        On the scale named in ``scale``; None where there is no closed form.
    scale : str
        ``identity``, ``logit`` or ``log``: the scale on which ``std_error`` is, and on which
        centres are pooled.
    """

    name: str
    label: str
    estimate: Estimate
    ideal: float | None
    std_error: float | None
    scale: str


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """What the score file says was found elsewhere, beside what is found here.

    Parameters
    ----------
    name, measure : str
        Of which cohort, and what: as the file says.
    published : Estimate
        As the file says; of a development the corrected value.
    found : Estimate or None
        The like measure here; None where there is none.
    """

    name: str
    measure: str
    published: Estimate
    found: Estimate | None


@dataclass(frozen=True, slots=True)
class BandRow:
    """One band of a score: how many are in it, and how they fared.

    Parameters
    ----------
    band : str
        Its name.
    patients, events : int
        Events of the outcome asked for; for survival and competing outcomes those by the horizon.
    observed : Estimate or None
        Risk: the proportion with its exact (Clopper-Pearson) interval; for survival 1 minus
        Kaplan-Meier at the horizon; for competing risks the cumulative incidence. None where the
        band has no patients.
    predicted : float or None
        Mean risk that the score predicts for the patients of the band, 0-1.
    published : Estimate or None
        Risk of the band as the score file says.
    difference : Estimate or None
        Observed minus published risk. Newcombe's interval where the counts of both are known; the
        squared distances to the limits added where the file has limits only; else the published
        risk is taken as known.
    """

    band: str
    patients: int
    events: int
    observed: Estimate | None
    predicted: float | None
    published: Estimate | None
    difference: Estimate | None


@dataclass(frozen=True, slots=True)
class BandTest:
    """A test between the bands.

    Parameters
    ----------
    name : str
        Such as ``log-rank test`` or ``Cochran-Armitage trend test``.
    statistic, df : float or None
        None where the test has none.
    p_value : float
        Two-sided, 0-1.
    """

    name: str
    statistic: float | None
    df: float | None
    p_value: float


@dataclass(frozen=True, slots=True)
class BandEdge:
    """The score as a test that is positive from a band on.

    Parameters
    ----------
    positive : tuple of str
        Bands that count as positive.
    sensitivity, specificity, ppv, npv : Estimate
        0-1; for survival and competing outcomes at the horizon, by inverse probability weights.
    """

    positive: tuple[str, ...]
    sensitivity: Estimate
    specificity: Estimate
    ppv: Estimate
    npv: Estimate


@dataclass(frozen=True, slots=True)
class IncidenceCurve:
    """Cumulative incidence of the event in one band, as steps.

    Parameters
    ----------
    group : str
        Band.
    n, events, competing : int
        Patients, events, and competing events over all of follow-up.
    at_horizon : Estimate
        Cumulative incidence at the horizon, 0-1.
    times, incidence : tuple of float
        From time 0 and 0; incidence just after each time.
    low, high : tuple of (float or None)
        Pointwise limits.
    risk_times : tuple of float
        Times of the table under the plot.
    at_risk : tuple of int
        Patients at risk at each of them.
    """

    group: str
    n: int
    events: int
    competing: int
    at_horizon: Estimate
    times: tuple[float, ...]
    incidence: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    risk_times: tuple[float, ...]
    at_risk: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CalibrationPlot:
    """Observed against predicted risk.

    Parameters
    ----------
    points : tuple of CalibrationPoint
        Groups of like predictions, lowest first.
    curve : tuple of (float, float, float or None, float or None)
        (predicted, observed, low, high) of the flexible curve; limits by bootstrap.
    method : str
        Of the curve.
    histogram : tuple of (float, int, int)
        Middle of the bin, patients without and with the event (by the horizon); 20 bins.
    """

    points: tuple[CalibrationPoint, ...]
    curve: tuple[tuple[float, float, float | None, float | None], ...]
    method: str
    histogram: tuple[tuple[float, int, int], ...]


@dataclass(frozen=True, slots=True)
class NetBenefitCurve:
    """Net benefit over the thresholds.

    Parameters
    ----------
    name : str
        The score's name, ``treat all`` or ``treat none``.
    net_benefit : tuple of (float or None)
        At each threshold of the decision; None where it cannot be estimated.
    low, high : tuple of (float or None)
        Pointwise bootstrap limits; None without resamples.
    """

    name: str
    net_benefit: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class ScoreColumn:
    """Which column stood for an input.

    Parameters
    ----------
    input, label : str
        Of the score.
    column : str
        Of the cohort.
    unit : str
        Of the column; converted to the input's.
    day : float or None
        Of measurement.
    missing : int
        Eligible patients without a value.
    """

    input: str
    label: str
    column: str
    unit: str
    day: float | None
    missing: int


@dataclass(frozen=True, slots=True)
class Refusals:
    """Why eligible patients have no score.

    Parameters
    ----------
    code, what, mend : str
        The reason, as a calculator would say it.
    patients : int
        A patient may have several reasons.
    """

    code: str
    what: str
    mend: str
    patients: int


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """Everything a validation says of one score.

    Parameters
    ----------
    id, version, title, name : str
        Of the score file; ``name`` is the short one that tables and figures use.
    sha256 : str
        Identity of the score file.
    development_data_sha256 : str or None
        Hash of the file it was developed from, where the score file says it.
    status : str
        ``developed``, ``published`` or ``unverified``.
    choices : dict of str to str
        Options of its parameters, defaults included.
    predicts : str
        ``risk``: a risk for each patient. ``band risk``: published risks of bands. ``value``: no
        risk, so that calibration and utility do not exist.
    adverse : str
        ``high`` or ``low``: the end that should have the events.
    adverse_source : str
        ``score file``, ``risk`` or ``plan``.
    outcome_said : str
        What the score predicts, and how that compares with the outcome analysed.
    columns : tuple of ScoreColumn
        Which columns stood for its inputs.
    refusals : tuple of Refusals
        Of eligible patients, most frequent first.
    scored : int
        Eligible patients with this score.
    value : Estimate
        Median of the score's value, with its quartiles as limits (``level`` 0.5).
    linear_predictor_sd : float or None
        Standard deviation of the linear predictor; None without a risk.
    discrimination, calibration, overall : tuple of Measure
        Those that exist for the outcome and the score.
    published : tuple of PublishedFigure
        What was found elsewhere, as the file says.
    roc : RocPoints or None
        Curve of the score; at the horizon for survival and competing outcomes.
    plot : CalibrationPlot or None
        None without a risk.
    bands : tuple of BandRow
        Empty for a score without bands.
    band_tests : tuple of BandTest
        Empty where fewer than two bands have patients.
    edges : tuple of BandEdge
        One for each step between bands.
    survival : tuple of SurvivalCurve
        By band; survival outcome only. Without bands one curve of all.
    incidence : tuple of IncidenceCurve
        By band; competing risks only.
    notes : tuple of Note
        Cautions first.
    """

    id: str
    version: str
    title: str
    name: str
    sha256: str
    development_data_sha256: str | None
    status: str
    choices: dict[str, str]
    predicts: str
    adverse: str
    adverse_source: str
    outcome_said: str
    columns: tuple[ScoreColumn, ...]
    refusals: tuple[Refusals, ...]
    scored: int
    value: Estimate
    linear_predictor_sd: float | None
    discrimination: tuple[Measure, ...]
    calibration: tuple[Measure, ...]
    overall: tuple[Measure, ...]
    published: tuple[PublishedFigure, ...]
    roc: RocPoints | None
    plot: CalibrationPlot | None
    bands: tuple[BandRow, ...]
    band_tests: tuple[BandTest, ...]
    edges: tuple[BandEdge, ...]
    survival: tuple[SurvivalCurve, ...]
    incidence: tuple[IncidenceCurve, ...]
    notes: tuple[Note, ...]
