"""How many patients a prediction model needs, and what shrinkage to expect of one."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from cartwheel.errors import NotEstimable, refuse

# shares, margins and widths below this ask for more patients than there are people
LEAST = 1e-9


def _require(condition: bool, code: str, what: str) -> None:
    if not condition:
        raise refuse(NotEstimable, code, what)


def _require_parameters(parameters: int) -> None:
    _require(parameters >= 1, "parameters", "a model has at least 1 candidate parameter")


def _require_prevalence(prevalence: float) -> None:
    _require(LEAST < prevalence < 1.0, "prevalence", "a prevalence lies between 0 and 1")


def expected_shrinkage(likelihood_ratio: float, parameters: int) -> float:
    """Estimate the calibration slope to expect in new patients from the fit alone.

    Parameters
    ----------
    likelihood_ratio : float
        Model chi-square, > 0: twice the log-likelihood gained over the intercept (or over no
        covariates in a Cox model).
    parameters : int
        Candidate parameters that were considered, including those not kept.

    Returns
    -------
    float
        Below 1. Below 0.9 the model is likely to be overfitted; 0 or less means that there is no
        more signal than chance gives.

    Raises
    ------
    NotEstimable
        ``likelihood_ratio`` if it is not positive, ``parameters`` if there are none.

    Notes
    -----
    (LR - p) / LR, with plain, not penalised, likelihoods.

    References
    ----------
    Van Houwelingen JC, le Cessie S 1990, doi:10.1002/sim.4780091109.

    Examples
    --------
    >>> expected_shrinkage(40.0, 10)
    0.75
    """
    _require_parameters(parameters)
    _require(
        math.isfinite(likelihood_ratio) and likelihood_ratio > 0.0,
        "likelihood_ratio",
        "the likelihood-ratio chi-square is not positive",
    )
    return (likelihood_ratio - parameters) / likelihood_ratio


def events_per_parameter(events: int, parameters: int, *, n: int | None = None) -> float:
    """Count the events that each candidate parameter can rest on.

    Parameters
    ----------
    events : int
        Patients with the event.
    parameters : int
        Candidate parameters, including those not kept.
    n : int, optional
        All patients, for a binary outcome: the rarer class then counts.

    Returns
    -------
    float

    Raises
    ------
    NotEstimable
        ``parameters`` if there are none, ``events`` if there are fewer than 0 or more than n.

    Notes
    -----
    A description, not a criterion: what is enough depends on the strength of the predictors.

    References
    ----------
    Peduzzi P et al 1996, doi:10.1016/s0895-4356(96)00236-3. Van Smeden M et al 2019,
    doi:10.1177/0962280218784726.

    Examples
    --------
    >>> events_per_parameter(17, 4)
    4.25
    """
    _require_parameters(parameters)
    _require(events >= 0 and (n is None or events <= n), "events", "impossible number of events")
    return (events if n is None else min(events, n - events)) / parameters


def max_r2_cox_snell(prevalence: float) -> float:
    """Largest Cox-Snell R2 that any model of a binary outcome can reach.

    Parameters
    ----------
    prevalence : float
        Share of patients with the event, in (0, 1).

    Returns
    -------
    float
        0.75 at prevalence 0.5, less elsewhere.

    Raises
    ------
    NotEstimable
        ``prevalence`` if it is not in (0, 1).

    Notes
    -----
    1 - exp(2 [f log f + (1 - f) log(1 - f)]).

    References
    ----------
    Riley RD et al 2019, doi:10.1002/sim.7992.

    Examples
    --------
    >>> round(max_r2_cox_snell(0.5), 12)
    0.75
    """
    _require_prevalence(prevalence)
    null = prevalence * math.log(prevalence) + (1.0 - prevalence) * math.log1p(-prevalence)
    return -math.expm1(2.0 * null)


def r2_cox_snell_from_auc(auc: float, prevalence: float) -> float:
    """Approximate the Cox-Snell R2 of a model from its AUC and the prevalence.

    Parameters
    ----------
    auc : float
        Anticipated area under the ROC curve, in [0.5, 1).
    prevalence : float
        Share of patients with the event, in (0, 1).

    Returns
    -------
    float
        0 at AUC 0.5.

    Raises
    ------
    NotEstimable
        ``auc`` or ``prevalence`` out of range.

    Notes
    -----
    Riley's assumption: the linear predictor is normal in both classes with equal variance, so
    that the means lie sqrt(2) z(AUC) standard deviations apart. Riley simulates a million
    patients; under that assumption the logistic model holds exactly and the gain in expected
    log-likelihood is an integral, which is computed here by the trapezoidal rule (spectrally
    accurate for such integrands; error below 1e-10). Agrees with ``pmsampsize``'s simulation to
    its Monte-Carlo error.

    References
    ----------
    Riley RD, Van Calster B, Collins GS 2021, doi:10.1002/sim.8806.
    """
    _require(0.5 <= auc < 1.0, "auc", "an anticipated AUC lies between 0.5 and 1")
    _require_prevalence(prevalence)
    distance = math.sqrt(2.0) * float(ndtri(auc))
    z, step = np.linspace(-12.0, 12.0, 2401, retstep=True)
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    log_odds = math.log(prevalence) - math.log1p(-prevalence)
    # log odds of a patient z standard deviations from the mean of the own class
    in_cases = log_odds + distance * z + 0.5 * distance * distance
    in_others = log_odds + distance * z - 0.5 * distance * distance
    fitted = -prevalence * np.logaddexp(0.0, -in_cases) - (1.0 - prevalence) * np.logaddexp(
        0.0, in_others
    )
    null = prevalence * math.log(prevalence) + (1.0 - prevalence) * math.log1p(-prevalence)
    gain = float((density * fitted).sum() * step) - null
    return max(0.0, -math.expm1(-2.0 * gain))


def riley_minimum_n_shrinkage(r2_cs: float, parameters: int, shrinkage: float = 0.9) -> int:
    """Minimum patients for an expected shrinkage (Riley's criterion i).

    Parameters
    ----------
    r2_cs : float
        Anticipated Cox-Snell R2, adjusted for optimism, in (0, shrinkage).
    parameters : int
        Candidate parameters.
    shrinkage : float
        Expected calibration slope that is accepted, in (0, 1).

    Returns
    -------
    int

    Raises
    ------
    NotEstimable
        ``r2``, ``parameters`` or ``shrinkage`` out of range.

    Notes
    -----
    n = p / [(S - 1) log(1 - R2 / S)], rounded up; for binary and survival outcomes. Agrees with
    ``pmsampsize`` and the worked example of Riley 2020 exactly.

    References
    ----------
    Riley RD et al 2019, doi:10.1002/sim.7992. Riley RD et al 2020, doi:10.1136/bmj.m441.

    Examples
    --------
    >>> riley_minimum_n_shrinkage(0.288, 24)
    623
    """
    _require_parameters(parameters)
    _require(0.0 < shrinkage < 1.0, "shrinkage", "a shrinkage lies between 0 and 1")
    _require(0.0 < r2_cs < shrinkage, "r2", "R2 lies between 0 and the shrinkage asked for")
    return math.ceil(parameters / ((shrinkage - 1.0) * math.log1p(-r2_cs / shrinkage)))


def riley_minimum_n_optimism(
    r2_cs: float, parameters: int, max_r2_cs: float, difference: float = 0.05
) -> int:
    """Minimum patients for a small optimism of Nagelkerke's R2 (Riley's criterion ii).

    Parameters
    ----------
    r2_cs : float
        Anticipated Cox-Snell R2, adjusted for optimism, in (0, max_r2_cs).
    parameters : int
        Candidate parameters.
    max_r2_cs : float
        Largest Cox-Snell R2 possible, in (0, 1]; ``max_r2_cox_snell`` for a binary outcome.
    difference : float
        Apparent minus adjusted Nagelkerke R2 that is accepted, > 0.

    Returns
    -------
    int

    Raises
    ------
    NotEstimable
        ``r2``, ``parameters`` or ``difference`` out of range.

    Notes
    -----
    Criterion i at the shrinkage S = R2 / (R2 + difference * max R2).

    References
    ----------
    Riley RD et al 2019, doi:10.1002/sim.7992. Riley RD et al 2020, doi:10.1136/bmj.m441.

    Examples
    --------
    >>> riley_minimum_n_optimism(0.288, 24, max_r2_cox_snell(0.174))
    662
    """
    _require(0.0 < max_r2_cs <= 1.0 and 0.0 < r2_cs < max_r2_cs, "r2", "R2 lies out of range")
    _require(0.0 < difference < 1.0, "difference", "a difference of R2 lies between 0 and 1")
    shrinkage = r2_cs / (r2_cs + difference * max_r2_cs)
    return riley_minimum_n_shrinkage(r2_cs, parameters, shrinkage)


def riley_minimum_n_intercept(prevalence: float, margin: float = 0.05) -> int:
    """Minimum patients for a precise overall risk (Riley's criterion iii, binary outcome).

    Parameters
    ----------
    prevalence : float
        Anticipated share of patients with the event, in (0, 1).
    margin : float
        Half width of the 95 % interval of the overall risk, in (0, 1).

    Returns
    -------
    int

    Raises
    ------
    NotEstimable
        ``prevalence`` or ``margin`` out of range.

    Notes
    -----
    n = (1.96 / margin)^2 f (1 - f), rounded up; 1.96 as printed by the authors.

    References
    ----------
    Riley RD et al 2019, doi:10.1002/sim.7992. Riley RD et al 2020, doi:10.1136/bmj.m441.

    Examples
    --------
    >>> riley_minimum_n_intercept(0.174)
    221
    """
    _require_prevalence(prevalence)
    _require(LEAST < margin < 1.0, "margin", "a margin of risk lies between 0 and 1")
    return math.ceil((1.96 / margin) ** 2 * prevalence * (1.0 - prevalence))
