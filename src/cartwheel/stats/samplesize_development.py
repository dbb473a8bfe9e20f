"""How many patients developing a model needs: all of Riley's criteria together.

The single criteria for a binary outcome are in ``samplesize``; here are those for survival and
continuous outcomes, and all criteria together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.special import chdtri, stdtrit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.samplesize import (
    LEAST,
    max_r2_cox_snell,
    riley_minimum_n_intercept,
    riley_minimum_n_optimism,
    riley_minimum_n_shrinkage,
)

# beyond this many patients no study is planned, and the search stops
_MOST = 10**9
# expected events of one patient by the horizon; exp of more is no number
_MOST_EVENTS = 500.0


def _require(condition: bool, code: str, what: str) -> None:
    if not condition:
        raise refuse(NotEstimable, code, what)


@dataclass(frozen=True, slots=True)
class MinimumSampleSize:
    """Patients that each criterion asks for.

    Parameters
    ----------
    outcome : str
        ``binary``, ``survival`` or ``continuous``.
    criteria : tuple of (str, int)
        Name of each criterion and its number of patients.
    n : int
        The largest of them.
    events : float or None
        Expected among n; None for a continuous outcome.
    per_parameter : float
        Events (continuous: patients) for each candidate parameter.
    """

    outcome: str
    criteria: tuple[tuple[str, int], ...]
    n: int
    events: float | None
    per_parameter: float


def _together(
    outcome: str, criteria: tuple[tuple[str, int], ...], share: float | None, parameters: int
) -> MinimumSampleSize:
    n = max(size for _, size in criteria)
    events = None if share is None else n * share
    return MinimumSampleSize(
        outcome, criteria, n, events, (n if events is None else events) / parameters
    )


def minimum_n_binary(
    r2_cs: float, parameters: int, prevalence: float, *, shrinkage: float = 0.9
) -> MinimumSampleSize:
    """Patients to develop a model of a binary outcome: all of Riley's criteria.

    Parameters
    ----------
    r2_cs : float
        Anticipated Cox-Snell R2, adjusted for optimism; ``r2_cox_snell_from_auc`` gives one.
    parameters : int
        Candidate parameters.
    prevalence : float
        Anticipated share of events, in (0, 1).
    shrinkage : float
        Expected calibration slope that is accepted, in (0, 1).

    Returns
    -------
    MinimumSampleSize
        Criteria ``shrinkage``, ``optimism`` and ``overall_risk``.

    Raises
    ------
    NotEstimable
        An argument out of range.

    Notes
    -----
    pmsampsize rounds the largest R2 to two digits and the second shrinkage to three; its second
    criterion can therefore differ by a few patients (668 against the published 662).

    References
    ----------
    Riley RD et al 2019, doi:10.1002/sim.7992. Riley RD et al 2020, doi:10.1136/bmj.m441.
    """
    most = max_r2_cox_snell(prevalence)
    criteria = (
        ("shrinkage", riley_minimum_n_shrinkage(r2_cs, parameters, shrinkage)),
        ("optimism", riley_minimum_n_optimism(r2_cs, parameters, most)),
        ("overall_risk", riley_minimum_n_intercept(prevalence)),
    )
    return _together("binary", criteria, prevalence, parameters)


def max_r2_cox_snell_survival(events_per_patient: float) -> float:
    """Largest Cox-Snell R2 that a model of survival can reach, by Riley's approximation.

    Parameters
    ----------
    events_per_patient : float
        Event rate times mean follow-up, > 0 and below e.

    Returns
    -------
    float
        0.26 at 0.13 events a patient.

    Raises
    ------
    NotEstimable
        ``rate`` out of range.

    Notes
    -----
    1 - exp(2 (e log e - e)) with e events a patient: an exponential null model whose unit of time
    is the patient's follow-up.

    References
    ----------
    Riley RD et al 2019, doi:10.1002/sim.7992.
    """
    _require(0.0 < events_per_patient < math.e, "rate", "events a patient lie between 0 and e")
    return -math.expm1(2.0 * events_per_patient * (math.log(events_per_patient) - 1.0))


def riley_minimum_n_survival_risk(
    rate: float, mean_follow_up: float, horizon: float, margin: float = 0.05
) -> int:
    """Minimum patients for a precise overall risk at a time (criterion iii, survival).

    Parameters
    ----------
    rate : float
        Events per unit of time, > 0.
    mean_follow_up, horizon : float
        In that unit, > 0.
    margin : float
        Distance accepted between the risk and either limit of its 95 % interval, in (0, 1).

    Returns
    -------
    int

    Raises
    ------
    NotEstimable
        ``rate`` or ``margin`` out of range.

    Notes
    -----
    Risk 1 - exp(-rate t) with limits from rate +- 1.96 sqrt(rate / (n follow-up)). The lower limit
    is the farther one and rules; pmsampsize prints the upper one's distance.

    References
    ----------
    Riley RD et al 2019, doi:10.1002/sim.7992.
    """
    _require(
        all(0.0 < value < math.inf for value in (rate, mean_follow_up, horizon)),
        "rate",
        "rate, follow-up and horizon are positive",
    )
    _require(LEAST < margin < 1.0, "margin", "a margin of risk lies between 0 and 1")
    _require(rate * horizon < _MOST_EVENTS, "rate", "rate times horizon is beyond all reason")
    error = math.log1p(margin * math.exp(rate * horizon)) / (1.96 * horizon)
    return math.ceil(rate / (mean_follow_up * error * error))


def minimum_n_survival(
    r2_cs: float,
    parameters: int,
    *,
    rate: float,
    mean_follow_up: float,
    horizon: float,
    shrinkage: float = 0.9,
) -> MinimumSampleSize:
    """Patients to develop a survival model: all of Riley's criteria.

    Parameters
    ----------
    r2_cs : float
        Anticipated Cox-Snell R2, adjusted for optimism; ``r2_cox_snell_from_d`` gives one.
    parameters : int
        Candidate parameters.
    rate : float
        Anticipated events per unit of time, > 0.
    mean_follow_up, horizon : float
        In that unit, > 0.
    shrinkage : float
        Expected calibration slope that is accepted, in (0, 1).

    Returns
    -------
    MinimumSampleSize
        Criteria ``shrinkage``, ``optimism`` and ``overall_risk``.

    Raises
    ------
    NotEstimable
        An argument out of range.

    References
    ----------
    Riley RD et al 2019, doi:10.1002/sim.7992. Riley RD et al 2020, doi:10.1136/bmj.m441.
    """
    risk = riley_minimum_n_survival_risk(rate, mean_follow_up, horizon)
    share = rate * mean_follow_up
    most = max_r2_cox_snell_survival(share)
    criteria = (
        ("shrinkage", riley_minimum_n_shrinkage(r2_cs, parameters, shrinkage)),
        ("optimism", riley_minimum_n_optimism(r2_cs, parameters, most)),
        ("overall_risk", risk),
    )
    return _together("survival", criteria, share, parameters)


def expected_shrinkage_continuous(r2_adjusted: float, parameters: int, n: float) -> float:
    """Calibration slope to expect of a linear model in new patients.

    Parameters
    ----------
    r2_adjusted : float
        Anticipated share of variance explained, adjusted for optimism, in (0, 1).
    parameters : int
        Candidate parameters, >= 1.
    n : float
        Patients, above parameters + 1.

    Returns
    -------
    float

    Raises
    ------
    NotEstimable
        ``r2``, ``parameters`` or ``n`` out of range.

    Notes
    -----
    1 + (p - 2) / (n log(1 - R2apparent)), R2apparent = (R2 (n - p - 1) + p) / (n - 1).

    References
    ----------
    Riley RD et al 2019, doi:10.1002/sim.7993.
    """
    _require(0.0 < r2_adjusted < 1.0, "r2", "R2 lies between 0 and 1")
    _require(parameters >= 1, "parameters", "a model has at least 1 candidate parameter")
    _require(parameters + 1 < n < math.inf, "n", "more patients than parameters are needed")
    apparent = (r2_adjusted * (n - parameters - 1.0) + parameters) / (n - 1.0)
    return 1.0 + (parameters - 2.0) / (n * math.log1p(-apparent))


def minimum_n_continuous(
    r2_adjusted: float,
    parameters: int,
    *,
    mean: float,
    sd: float,
    shrinkage: float = 0.9,
    multiplicative_margin: float = 1.1,
) -> MinimumSampleSize:
    """Patients to develop a linear model: all of Riley's criteria.

    Parameters
    ----------
    r2_adjusted : float
        Anticipated share of variance explained, adjusted for optimism, in (0, 1).
    parameters : int
        Candidate parameters.
    mean, sd : float
        Of the outcome; mean not 0, sd > 0.
    shrinkage : float
        Expected calibration slope that is accepted, in (0, 1).
    multiplicative_margin : float
        Accepted error factor of the residual standard deviation and of the mean, > 1.

    Returns
    -------
    MinimumSampleSize
        Criteria ``shrinkage``, ``optimism``, ``residual_sd`` and ``mean``.

    Raises
    ------
    NotEstimable
        An argument out of range.

    Notes
    -----
    The mean's standard error is sd sqrt((1 - R2) / n); pmsampsize writes the standard deviation
    where the variance belongs, so its fourth criterion differs unless sd is 1.

    References
    ----------
    Riley RD et al 2019, doi:10.1002/sim.7993.
    """
    _require(0.0 < r2_adjusted < 1.0, "r2", "R2 lies between 0 and 1")
    _require(parameters >= 1, "parameters", "a model has at least 1 candidate parameter")
    _require(0.0 < shrinkage < 1.0, "shrinkage", "a shrinkage lies between 0 and 1")
    _require(multiplicative_margin > 1.0, "margin", "a multiplicative margin is above 1")
    _require(
        mean != 0.0 and math.isfinite(mean) and 0.0 < sd < math.inf,
        "outcome",
        "the outcome has a mean other than 0 and varies",
    )

    def slope_is_good(n: int) -> bool:
        return expected_shrinkage_continuous(r2_adjusted, parameters, n) >= shrinkage

    def sd_is_precise(n: int) -> bool:
        df = n - parameters - 1.0
        low, high = float(chdtri(df, 0.975)), float(chdtri(df, 0.025))
        return math.sqrt(max(df / low, high / df)) <= multiplicative_margin

    def mean_is_precise(n: int) -> bool:
        half = sd * math.sqrt((1.0 - r2_adjusted) / n) * float(stdtrit(n - parameters - 1.0, 0.975))
        return 1.0 + half / abs(mean) <= multiplicative_margin

    least = parameters + 2
    criteria = (
        ("shrinkage", _smallest(slope_is_good, least)),
        ("optimism", math.ceil(1.0 + parameters * (1.0 - r2_adjusted) / 0.05)),
        ("residual_sd", _smallest(sd_is_precise, least)),
        ("mean", _smallest(mean_is_precise, least)),
    )
    return _together("continuous", criteria, None, parameters)


def _smallest(enough: Callable[[int], bool], least: int) -> int:
    """Smallest number that is enough, where more is never worse."""
    if enough(least):
        return least
    low, high = least, 2 * least
    while not enough(high):
        _require(high < _MOST, "n", "no feasible number of patients is enough")
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
