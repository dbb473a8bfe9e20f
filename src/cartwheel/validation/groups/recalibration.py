"""Intercept and slope of a score estimated in some patients, applied to others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.cox import baseline_hazard_at, cox_fit
from cartwheel.stats.fine_gray import fine_gray
from cartwheel.stats.logistic import logistic_fit
from cartwheel.validation.analysed import Floats, Predicted, Target
from cartwheel.validation.judging.points import linear_predictor

# exp() of more is infinite
_FARTHEST = 700.0


@dataclass(frozen=True, slots=True)
class Recalibration:
    """The line that turns a score's linear predictor into a new one.

    Parameters
    ----------
    kind : str
        ``binary`` (log odds), ``survival`` or ``competing`` (log(-log(1 - risk))).
    intercept, slope : float
        0 and 1 leave the score as it is.
    """

    kind: str
    intercept: float
    slope: float

    def applied(self, predicted: Predicted) -> Predicted:
        """Give a score with its risks recalibrated.

        Parameters
        ----------
        predicted : Predicted
            With a risk.

        Returns
        -------
        Predicted
            Value and bands as they were.

        Raises
        ------
        NotEstimable
            ``no_linear_predictor``.
        """
        line = self.intercept + self.slope * predictor_of(self.kind, predicted)
        if self.kind == "binary":
            risk = expit(line)
        else:
            risk = -np.expm1(-np.exp(np.minimum(line, _FARTHEST)))
        return replace(predicted, risk=np.asarray(risk, dtype=np.float64))


def predictor_of(kind: str, predicted: Predicted) -> Floats:
    """Give the linear predictor of a score, or refuse.

    Parameters
    ----------
    kind : str
        Of the outcome.
    predicted : Predicted
        The score.

    Returns
    -------
    float array (n,)

    Raises
    ------
    NotEstimable
        ``no_linear_predictor`` without a risk, or where a risk is exactly 0 or 1.
    """
    found = None if predicted.risk is None else linear_predictor(kind, predicted.risk)
    if found is None:
        raise refuse(
            NotEstimable,
            "no_linear_predictor",
            "there is no risk, or one of exactly 0 or 1, which has no linear predictor",
        )
    return found


def recalibration(target: Target, predicted: Predicted) -> Recalibration:
    """Estimate intercept and slope of a score in patients with a known outcome.

    Parameters
    ----------
    target : Target
        The outcome of n patients.
    predicted : Predicted
        The score, with a risk, of the same patients.

    Returns
    -------
    Recalibration

    Raises
    ------
    NotEstimable
        ``no_linear_predictor``; ``no_events`` by the horizon; ``horizon_range`` where follow-up
        ends before it; what the regression refuses: risks
        that are all the same, one outcome only, separation.

    Notes
    -----
    Binary: logistic regression on the log odds. Survival: Cox regression on log(-log(1 - risk));
    the intercept is the log of its cumulative baseline hazard (Efron) at the horizon. Competing
    risks: the same by Fine and Gray's regression.
    """
    predictor = predictor_of(target.kind, predicted)
    if target.kind == "binary":
        fit = logistic_fit(predictor, target.event)
        return Recalibration("binary", float(fit.coefficients[0]), float(fit.coefficients[1]))
    # from the mean, so that exp() loses no digits
    mean = float(predictor.mean())
    slope, hazard = _over_time(target, predictor - mean)
    if not hazard > 0.0:
        raise refuse(NotEstimable, "no_events", "nobody has the event by the horizon")
    return Recalibration(target.kind, float(np.log(hazard)) - slope * mean, slope)


def _over_time(target: Target, centred: Floats) -> tuple[float, float]:
    """Slope, and cumulative hazard at the horizon where the centred predictor is 0."""
    times, horizon = target.times, target.horizon
    if times is None or horizon is None:
        raise refuse(NotEstimable, "horizon_range", "times need a horizon", where="horizon")
    if not (times.time >= horizon - times.tolerance).any():
        raise refuse(NotEstimable, "horizon_range", "nobody is followed to the horizon")
    if target.competing is None:
        slope = float(cox_fit(times, centred).coefficients[0])
        return slope, baseline_hazard_at(times, slope * centred, horizon)
    fit = fine_gray(target.competing, centred)
    slope = float(fit.coefficients[0])
    jumps = fit.centred_jump[fit.time <= horizon + times.tolerance]
    return slope, float(jumps.sum() * np.exp(-slope * fit.centre[0]))
