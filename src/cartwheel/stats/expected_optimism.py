"""What a published model's own numbers say: its R2, and the optimism to expect of its AUC."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.optimize import brentq

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.samplesize import (
    expected_shrinkage,
    max_r2_cox_snell,
    r2_cox_snell_from_auc,
)

# Royston and Sauerbrei's D of the best models is about 3
_LARGEST_D = 100.0


def _require(condition: bool, code: str, what: str) -> None:
    if not condition:
        raise refuse(NotEstimable, code, what)


def r2_cox_snell_from_d(d: float, events_per_patient: float) -> float:
    """Approximate the Cox-Snell R2 of a survival model from Royston and Sauerbrei's D.

    Parameters
    ----------
    d : float
        Log hazard ratio between the halves of patients with high and low linear predictor, > 0.
    events_per_patient : float
        Events divided by patients, in (0, 1].

    Returns
    -------
    float

    Raises
    ------
    NotEstimable
        ``d`` or ``rate`` out of range.

    Notes
    -----
    Explained variation R2 = (pi D^2 / 8) / (pi^2 / 6 + pi D^2 / 8); O'Quigley's measure
    a R2 / (1 - (1 - a) R2) with a = pi^2 / 6, which is 1 - exp(-LR / events); then
    1 - exp(-LR / n). Approximate at every step.

    References
    ----------
    Royston P, Sauerbrei W 2004, doi:10.1002/sim.1621. Royston P 2006,
    doi:10.1177/1536867x0600600105. Riley RD et al 2019, doi:10.1002/sim.7992.
    """
    _require(0.0 < d < _LARGEST_D, "d", "D is positive, and a log hazard ratio")
    _require(0.0 < events_per_patient <= 1.0, "rate", "events a patient lie between 0 and 1")
    a = math.pi**2 / 6.0
    explained = (math.pi * d * d / 8.0) / (a + math.pi * d * d / 8.0)
    per_event = a * explained / (1.0 - (1.0 - a) * explained)
    ratio = -math.log1p(-per_event) * events_per_patient
    return -math.expm1(-ratio)


@dataclass(frozen=True, slots=True)
class ExpectedOptimism:
    """What a published model's own numbers say about its performance in new patients.

    Parameters
    ----------
    r2_apparent, r2_adjusted : float
        Cox-Snell R2 as found, and after expected shrinkage, not below 0.
    nagelkerke_apparent, nagelkerke_adjusted : float
        Divided by the largest R2 that the prevalence allows.
    likelihood_ratio : float
        Model chi-square implied.
    shrinkage : float
        Expected calibration slope; 0 or less means no more signal than chance gives.
    auc_apparent, auc_adjusted : float
        Area under the ROC curve that belongs to either R2.
    events_per_parameter : float
    """

    r2_apparent: float
    r2_adjusted: float
    nagelkerke_apparent: float
    nagelkerke_adjusted: float
    likelihood_ratio: float
    shrinkage: float
    auc_apparent: float
    auc_adjusted: float
    events_per_parameter: float

    @property
    def auc_optimism(self) -> float:
        """Apparent minus adjusted AUC."""
        return self.auc_apparent - self.auc_adjusted


def auc_from_r2_cox_snell(r2_cs: float, prevalence: float) -> float:
    """AUC of a model with a given Cox-Snell R2: the inverse of ``r2_cox_snell_from_auc``.

    Parameters
    ----------
    r2_cs : float
        In [0, the largest possible).
    prevalence : float
        Share of events, in (0, 1).

    Returns
    -------
    float
        In [0.5, 1).

    Raises
    ------
    NotEstimable
        ``r2`` or ``prevalence`` out of range.
    """
    most = max_r2_cox_snell(prevalence)
    _require(0.0 <= r2_cs < most, "r2", "R2 lies between 0 and the largest the prevalence allows")
    highest = 1.0 - 1e-12
    if r2_cs <= 1e-12:
        return 0.5
    if r2_cs >= r2_cox_snell_from_auc(highest, prevalence):
        return highest
    found = brentq(
        lambda auc: r2_cox_snell_from_auc(auc, prevalence) - r2_cs, 0.5, highest, xtol=1e-12
    )
    return float(found)


def expected_optimism(
    n: int,
    events: int,
    parameters: int,
    *,
    auc: float | None = None,
    r2_cs: float | None = None,
) -> ExpectedOptimism:
    """Appraise a published model of a binary outcome by what it reports.

    Parameters
    ----------
    n, events : int
        Patients and events of its development.
    parameters : int
        Candidate parameters, including those tried and dropped.
    auc : float, optional
        Apparent area under the ROC curve, in (0.5, 1).
    r2_cs : float, optional
        Apparent Cox-Snell R2 instead, in (0, largest possible).

    Returns
    -------
    ExpectedOptimism

    Raises
    ------
    NotEstimable
        ``events``, ``parameters``, ``r2`` or ``auc``; exactly one of the last two is given.

    Notes
    -----
    LR = -n log(1 - R2), S = 1 - p / LR, adjusted R2 = S R2 (Riley's equation for R2 adjusted).
    The AUC is turned into R2 and back under a linear predictor that is normal in either class.
    A rule for a model fitted by maximum likelihood with all parameters fixed in advance; searching
    cut-offs or selecting predictors costs more than is counted here unless counted as parameters.

    References
    ----------
    Van Houwelingen JC, le Cessie S 1990, doi:10.1002/sim.4780091109. Riley RD et al 2019,
    doi:10.1002/sim.7992. Riley RD, Van Calster B, Collins GS 2021, doi:10.1002/sim.8806.
    """
    _require(0 < events < n, "events", "there are patients with and without the event")
    _require((auc is None) != (r2_cs is None), "r2", "give either the AUC or R2")
    prevalence = events / n
    most = max_r2_cox_snell(prevalence)
    if auc is not None:
        _require(0.5 < auc < 1.0, "auc", "an apparent AUC lies between 0.5 and 1")
        apparent = r2_cox_snell_from_auc(auc, prevalence)
    else:
        apparent = float(r2_cs if r2_cs is not None else math.nan)
    _require(0.0 < apparent < most, "r2", "R2 lies between 0 and the largest possible")
    ratio = -n * math.log1p(-apparent)
    shrinkage = expected_shrinkage(ratio, parameters)
    adjusted = max(0.0, shrinkage) * apparent
    return ExpectedOptimism(
        r2_apparent=apparent,
        r2_adjusted=adjusted,
        nagelkerke_apparent=apparent / most,
        nagelkerke_adjusted=adjusted / most,
        likelihood_ratio=ratio,
        shrinkage=shrinkage,
        auc_apparent=auc if auc is not None else auc_from_r2_cox_snell(apparent, prevalence),
        auc_adjusted=auc_from_r2_cox_snell(adjusted, prevalence),
        events_per_parameter=events / parameters,
    )
