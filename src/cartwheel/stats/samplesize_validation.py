"""How many patients the validation of a published model needs, for estimates of a chosen precision.

Binary outcomes. Each criterion stands alone; the largest number rules.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, expit, logit, ndtri

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array, refuse_vast
from cartwheel.stats.samplesize import LEAST

Floats = NDArray[np.float64]

# as printed by the authors, and used by pmvalsampsize
_Z = 1.96


def _require(condition: bool, code: str, what: str) -> None:
    if not condition:
        raise refuse(NotEstimable, code, what)


def _require_share(value: float, name: str) -> None:
    _require(LEAST < value < 1.0, name, f"{name.replace('_', ' ')} lies between 0 and 1")


@dataclass(frozen=True, slots=True, eq=False)
class RiskDistribution:
    """Anticipated linear predictor (log odds of risk) of the patients a model is validated in.

    Parameters
    ----------
    linear_predictor, weight : float array (k,)
        Points and their probabilities, which add to 1. Sensitivity and specificity at a threshold
        are exact to the spacing of the points, 1e-3 or better.
    """

    linear_predictor: Floats
    weight: Floats

    @property
    def prevalence(self) -> float:
        """Share of events, if the model is well calibrated."""
        return float(self.weight @ expit(self.linear_predictor))

    def sensitivity(self, threshold: float) -> float:
        """Share of the events with a risk at or above a threshold, under good calibration."""
        _require(0.0 <= threshold <= 1.0, "threshold", "a threshold of risk lies between 0 and 1")
        risk = expit(self.linear_predictor)
        return float(self.weight @ (risk * (risk >= threshold))) / self.prevalence

    def specificity(self, threshold: float) -> float:
        """Share of the others with a risk below a threshold, under good calibration."""
        _require(0.0 <= threshold <= 1.0, "threshold", "a threshold of risk lies between 0 and 1")
        risk = expit(self.linear_predictor)
        return float(self.weight @ ((1.0 - risk) * (risk < threshold))) / (1.0 - self.prevalence)


def _sealed(points: Floats, weight: Floats) -> RiskDistribution:
    weight = weight / weight.sum()
    points.setflags(write=False)
    weight.setflags(write=False)
    return RiskDistribution(points, weight)


def normal_linear_predictor(mean: float, sd: float) -> RiskDistribution:
    """Take the linear predictor as normal, as its published histogram may suggest.

    Parameters
    ----------
    mean, sd : float
        Log odds; sd > 0.

    Returns
    -------
    RiskDistribution

    Raises
    ------
    NotEstimable
        ``linear_predictor``.
    """
    _require(
        math.isfinite(mean) and math.isfinite(sd) and sd > 0.0,
        "linear_predictor",
        "a linear predictor needs a finite mean and a positive standard deviation",
    )
    z = np.linspace(-10.0, 10.0, 8001)
    return _sealed(mean + sd * z, np.exp(-0.5 * z * z))


def beta_risks(alpha: float, beta: float) -> RiskDistribution:
    """Take the predicted risks as following a beta distribution.

    Parameters
    ----------
    alpha, beta : float
        Shapes, > 0; the mean risk is alpha / (alpha + beta).

    Returns
    -------
    RiskDistribution

    Raises
    ------
    NotEstimable
        ``linear_predictor``.
    """
    _require(
        LEAST < alpha < 1.0 / LEAST and LEAST < beta < 1.0 / LEAST,
        "linear_predictor",
        "both shapes of a beta distribution are positive",
    )
    # on the log odds scale the density is smooth and falls off as exp(-shape |lp|)
    low, high = -40.0 / min(alpha, 1.0), 40.0 / min(beta, 1.0)
    points = np.linspace(low, high, 40001)
    log_density = -alpha * np.logaddexp(0.0, -points) - beta * np.logaddexp(0.0, points)
    return _sealed(points, np.exp(log_density - float(betaln(alpha, beta))))


def linear_predictor_from_auc(auc: float, prevalence: float) -> RiskDistribution:
    """Take the linear predictor as normal in patients with and without the event, equally wide.

    Parameters
    ----------
    auc : float
        Anticipated area under the ROC curve, in (0.5, 1).
    prevalence : float
        Anticipated share of events, in (0, 1).

    Returns
    -------
    RiskDistribution
        With exactly this AUC and prevalence, and well calibrated.

    Raises
    ------
    NotEstimable
        ``auc`` or ``prevalence`` out of range.

    Notes
    -----
    Variance v = 2 z(AUC)^2 in either class and means v apart; calibration fixes the mean of those
    without the event at log odds of the prevalence - v / 2. pmvalsampsize searches that mean by
    simulation.

    References
    ----------
    Riley RD et al 2021, doi:10.1002/sim.9025.
    """
    _require(0.5 < auc < 1.0, "auc", "an anticipated AUC lies between 0.5 and 1")
    _require_share(prevalence, "prevalence")
    variance = 2.0 * float(ndtri(auc)) ** 2
    lowest = float(logit(prevalence)) - 0.5 * variance
    spread = math.sqrt(variance)
    points = np.linspace(lowest - 10.0 * spread, lowest + variance + 10.0 * spread, 12001)
    others = np.exp(-0.5 * ((points - lowest) / spread) ** 2)
    cases = np.exp(-0.5 * ((points - lowest - variance) / spread) ** 2)
    return _sealed(points, prevalence * cases + (1.0 - prevalence) * others)


def observed_linear_predictor(linear_predictor: ArrayLike) -> RiskDistribution:
    """Take the linear predictor as it was in a sample, such as the development cohort.

    Parameters
    ----------
    linear_predictor : float array (n,)
        Log odds, finite.

    Returns
    -------
    RiskDistribution

    Raises
    ------
    NotEstimable
        ``linear_predictor`` for fewer than 2 different or not finite values.
    """
    points = float_array(linear_predictor, "linear_predictor") + 0.0
    _require(
        points.ndim == 1
        and points.size > 1
        and bool(np.isfinite(points).all())
        and float(np.ptp(points)) > 0.0,
        "linear_predictor",
        "a linear predictor needs at least two different finite values",
    )
    return _sealed(points, np.ones(points.size))


def validation_n_observed_expected(
    prevalence: float, *, width: float = 0.2, ratio: float = 1.0
) -> int:
    """Patients for a precise ratio of observed to expected events.

    Parameters
    ----------
    prevalence : float
        Anticipated share of events, in (0, 1).
    width : float
        Of the 95 % interval of the ratio, > 0.
    ratio : float
        Anticipated ratio, > 0.

    Returns
    -------
    int

    Raises
    ------
    NotEstimable
        ``prevalence``, ``width`` or ``ratio`` out of range.

    Notes
    -----
    n = (1 - f) / (f se^2) with the standard error se of the log ratio that gives the width,
    2 ratio sinh(1.96 se). pmvalsampsize raises se in steps of 1e-4 until the width is reached, so
    its n can be lower by a few.

    References
    ----------
    Riley RD et al 2021, doi:10.1002/sim.9025.
    """
    _require_share(prevalence, "prevalence")
    _require_width(width)
    _require(LEAST < ratio < 1.0 / LEAST, "ratio", "a ratio of observed to expected is positive")
    error = math.asinh(width / (2.0 * ratio)) / _Z
    return math.ceil((1.0 - prevalence) / (prevalence * error * error))


def _require_width(width: float) -> None:
    _require(LEAST < width < math.inf, "width", "the width of an interval is positive")


def validation_n_slope(
    distribution: RiskDistribution,
    *,
    width: float = 0.2,
    slope: float = 1.0,
    intercept: float = 0.0,
) -> int:
    """Patients for a precise calibration slope; most often the largest of the numbers.

    Parameters
    ----------
    distribution : RiskDistribution
        Of the linear predictor in the validation cohort.
    width : float
        Of the 95 % interval of the slope, > 0.
    slope, intercept : float
        Anticipated calibration line.

    Returns
    -------
    int

    Raises
    ------
    NotEstimable
        ``width``, or ``linear_predictor`` if it does not vary.

    Notes
    -----
    n = I00 / (se^2 (I00 I11 - I01^2)), I the information of one patient in the model
    logit P = intercept + slope lp, integrated exactly where pmvalsampsize simulates.

    References
    ----------
    Riley RD et al 2021, doi:10.1002/sim.9025.
    """
    _require_width(width)
    lp, weight = distribution.linear_predictor, distribution.weight
    refuse_vast(lp, "linear_predictor")
    # centred, so that a large mean loses no digits; the slope's variance does not change
    away = lp - float(weight @ lp)
    risk = expit(intercept + slope * lp)
    unit = weight * risk * (1.0 - risk)
    none, one, two = float(unit.sum()), float(unit @ away), float(unit @ away**2)
    determinant = none * two - one * one
    _require(
        0.0 < determinant < math.inf,
        "linear_predictor",
        "the linear predictor does not vary, or all risks are 0 or 1",
    )
    error = width / (2.0 * _Z)
    return math.ceil(none / (error * error * determinant))


def auc_standard_error(auc: float, prevalence: float, n: float) -> float:
    """Anticipate the standard error of an AUC from its size alone.

    Parameters
    ----------
    auc : float
        In (0, 1).
    prevalence : float
        In (0, 1).
    n : float
        Patients, > 2.

    Returns
    -------
    float

    Raises
    ------
    NotEstimable
        ``auc``, ``prevalence`` or ``n`` out of range.

    Notes
    -----
    sqrt(C (1 - C) (1 + (n/2 - 1) (1 - C) / (2 - C) + (n/2 - 1) C / (1 + C)) / (n^2 f (1 - f))).

    References
    ----------
    Newcombe RG 2006, doi:10.1002/sim.2324.
    """
    _require_share(auc, "auc")
    _require_share(prevalence, "prevalence")
    _require(2 < n < math.inf, "n", "more than 2 patients are needed")
    half = n / 2.0 - 1.0
    inner = 1.0 + half * (1.0 - auc) / (2.0 - auc) + half * auc / (1.0 + auc)
    return math.sqrt(auc * (1.0 - auc) * inner / (n * n * prevalence * (1.0 - prevalence)))


def validation_n_auc(auc: float, prevalence: float, *, width: float = 0.1) -> int:
    """Patients for a precise AUC.

    Parameters
    ----------
    auc : float
        Anticipated, in (0, 1).
    prevalence : float
        Anticipated share of events, in (0, 1).
    width : float
        Of the 95 % interval, > 0.

    Returns
    -------
    int
        The smallest number whose interval is narrow enough.

    Raises
    ------
    NotEstimable
        ``auc``, ``prevalence`` or ``width`` out of range.

    Notes
    -----
    ``auc_standard_error``. Agrees with pmvalsampsize exactly.

    References
    ----------
    Riley RD et al 2021, doi:10.1002/sim.9025.
    """
    _require_width(width)
    low, high = 2, 4
    while 2.0 * _Z * auc_standard_error(auc, prevalence, high) > width:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        wide = 2.0 * _Z * auc_standard_error(auc, prevalence, middle) > width
        low, high = (middle, high) if wide else (low, middle)
    return high


def validation_n_net_benefit(
    prevalence: float,
    threshold: float,
    *,
    sensitivity: float,
    specificity: float,
    width: float = 0.2,
) -> int:
    """Patients for a precise standardised net benefit at a threshold.

    Parameters
    ----------
    prevalence : float
        Anticipated share of events, in (0, 1).
    threshold : float
        Risk from which a patient is treated, in (0, 1).
    sensitivity, specificity : float
        Anticipated at that threshold, in [0, 1]; a ``RiskDistribution`` gives them.
    width : float
        Of the 95 % interval of net benefit divided by the prevalence, > 0.

    Returns
    -------
    int

    Raises
    ------
    NotEstimable
        An argument out of range.

    Notes
    -----
    n = [se (1 - se) / f + w^2 sp (1 - sp) / (1 - f) + w^2 (1 - sp)^2 / (f (1 - f))] / SE^2 with
    w = (1 - f) / f t / (1 - t). pmvalsampsize rounds SE to three digits, and sensitivity and
    specificity to two.

    References
    ----------
    Marsh TL, Janes H, Pepe MS 2020, doi:10.1111/biom.13190. Riley RD et al 2021,
    doi:10.1002/sim.9025.
    """
    _require_share(prevalence, "prevalence")
    _require_share(threshold, "threshold")
    _require_width(width)
    _require(
        0.0 <= sensitivity <= 1.0 and 0.0 <= specificity <= 1.0,
        "sensitivity",
        "sensitivity and specificity lie between 0 and 1",
    )
    odds = (1.0 - prevalence) / prevalence * threshold / (1.0 - threshold)
    variance = (
        sensitivity * (1.0 - sensitivity) / prevalence
        + odds**2 * specificity * (1.0 - specificity) / (1.0 - prevalence)
        + odds**2 * (1.0 - specificity) ** 2 / (prevalence * (1.0 - prevalence))
    )
    error = width / (2.0 * _Z)
    return max(1, math.ceil(variance / (error * error)))
