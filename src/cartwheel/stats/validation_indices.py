"""Harrell's indices of a probability prediction: discrimination, unreliability, quality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, logit, ndtr, xlog1py, xlogy

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.brier import brier_binary
from cartwheel.stats.calibration_curves import calibration_curve
from cartwheel.stats.descriptive import coded_column
from cartwheel.stats.integrated_brier import checked_risk
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.roc import auc


@dataclass(frozen=True, slots=True)
class ValidationIndices:
    """What R's ``val.prob`` prints of predicted risks of a binary event.

    Parameters
    ----------
    c, dxy : float
        Area under the ROC curve, and 2 (c - 0.5).
    r2 : float
        Nagelkerke's R2 of the risks as given; below 0 where they do worse than the prevalence.
    d, d_statistic : float
        Discrimination index (LR - 1) / n and LR, the likelihood ratio of the risks against the
        prevalence.
    u, u_statistic, u_p_value : float
        Unreliability index: what recalibration gains, (LR - 2) / n; test that intercept and slope
        are 0 and 1, on 2 degrees of freedom.
    q : float
        Quality index d - u.
    brier : float
        Mean squared distance.
    intercept, slope : float
        Of the recalibration line; ideally 0 and 1.
    e_max, e90, e_avg : float
        Distance between risk and lowess curve: largest, 90th percentile, mean.
    spiegelhalter_z, spiegelhalter_p_value : float
        Test of calibration from the Brier score.
    n, events : int
        Patients and events.
    """

    c: float
    dxy: float
    r2: float
    d: float
    d_statistic: float
    u: float
    u_statistic: float
    u_p_value: float
    q: float
    brier: float
    intercept: float
    slope: float
    e_max: float
    e90: float
    e_avg: float
    spiegelhalter_z: float
    spiegelhalter_p_value: float
    n: int
    events: int


def validation_indices(risk: ArrayLike, event: ArrayLike) -> ValidationIndices:
    """Summarise how predicted risks of a binary event fare in new patients.

    Parameters
    ----------
    risk : array (n,), inside (0, 1)
        Predicted probability of the event.
    event : array (n,), 0 or 1
        1 if it happened.

    Returns
    -------
    ValidationIndices

    Raises
    ------
    NotEstimable
        Risks that are no probabilities, or exactly 0 or 1; another coding of the event; only one
        class; risks all equal; risks that separate the classes.

    Notes
    -----
    Spiegelhalter's z is the sum of (y - p)(1 - 2p) over the root of that of (1 - 2p)^2 p (1 - p).
    Agrees with R rms 6.5 ``val.prob`` to 1e-8 relative, but intercept and slope to 1e-7, as close
    as its own fit comes, and C to 2e-4, as it counts pairs after rounding the risks.

    References
    ----------
    Harrell 2015, doi 10.1007/978-3-319-19425-7. Spiegelhalter 1986, doi 10.1002/sim.4780050506.
    """
    happened = coded_column(event, "event")
    predicted = checked_risk(happened.size, risk)
    if predicted.min() <= 0.0 or predicted.max() >= 1.0:
        raise refuse(
            NotEstimable, "risk_boundary", "a predicted risk is exactly 0 or 1", where="risk"
        )
    line = logistic_fit(logit(predicted), happened)
    n, events = happened.size, float(happened.sum())
    null = float(xlogy(events, events / n) + xlog1py(n - events, -events / n))
    given = float((xlogy(happened, predicted) + xlog1py(1.0 - happened, -predicted)).sum())
    # discrimination is that of the risks as they are; recalibrated ones may tell more
    gain, recalibration = 2.0 * (given - null), 2.0 * (line.log_likelihood - given)
    d, u = (gain - 1.0) / n, (recalibration - 2.0) / n
    spread = 1.0 - 2.0 * predicted
    deviation = float(np.sqrt((spread * spread * predicted * (1.0 - predicted)).sum()))
    if not deviation > 0.0:
        raise refuse(NotEstimable, "no_variance", "all predicted risks are one half", where="risk")
    z = float(((happened - predicted) * spread).sum()) / deviation
    curve = calibration_curve(predicted, happened, smoother="lowess")
    c = auc(predicted, happened)
    return ValidationIndices(
        c=c,
        dxy=2.0 * (c - 0.5),
        r2=float(-np.expm1(-gain / n) / -np.expm1(2.0 * null / n)),
        d=d,
        d_statistic=gain,
        u=u,
        u_statistic=recalibration,
        u_p_value=float(chdtrc(2, max(recalibration, 0.0))),
        q=d - u,
        brier=brier_binary(predicted, happened),
        intercept=float(line.coefficients[0]),
        slope=float(line.coefficients[1]),
        e_max=curve.e_max,
        e90=curve.e90,
        e_avg=curve.ici,
        spiegelhalter_z=z,
        spiegelhalter_p_value=2.0 * float(ndtr(-abs(z))),
        n=n,
        events=int(events),
    )
