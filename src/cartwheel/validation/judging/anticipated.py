"""A score as it would be if it were right: its risks shifted to the observed share of events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from cartwheel.stats.roc import weighted_auc
from cartwheel.validation.analysed import Floats
from cartwheel.validation.judging.points import linear_predictor

# points at which the information of a regression over time is integrated; the integrand is smooth
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(32)
# exp() of more is infinite
_FARTHEST = 700.0


@dataclass(frozen=True, slots=True, eq=False)
class Anticipated:
    """Patients with the risks they would have if the score were right.

    Parameters
    ----------
    kind : str
        ``binary``, ``survival`` or ``competing``.
    stated : float array (n,), 0-1
        Risks that the score gives.
    predictor : float array (n,)
        Linear predictor of ``risk``; infinite where that is 0 or 1.
    risk : float array (n,), 0-1
        Stated risks, shifted on the scale of the linear predictor until their mean is the observed
        share of events.
    """

    kind: str
    stated: Floats
    predictor: Floats
    risk: Floats

    @property
    def c_statistic(self) -> float:
        """Share of pairs of a patient with and one without the event that are in order."""
        return weighted_auc(self.stated, self.risk, 1.0 - self.risk)

    def positive(self, threshold: float) -> tuple[float, float]:
        """Sensitivity and specificity of a stated risk at or above a threshold."""
        high = self.stated >= threshold
        others = 1.0 - self.risk
        return (
            float(self.risk[high].sum() / self.risk.sum()),
            float(others[~high].sum() / others.sum()),
        )

    def information_an_event(self) -> float:
        """Information on the calibration slope that one event adds, in a regression over time.

        Returns
        -------
        float
            Squared inverse of the standard error; 0 where risks do not vary, or are 0 or 1.

        Notes
        -----
        Variance of the predictor among those at risk, weighted by their hazards and averaged over
        the events up to the horizon: Cox's partial likelihood at slope 1 if nobody were censored.
        """
        if not np.isfinite(self.predictor).all() or not np.ptp(self.predictor) > 0.0:
            return 0.0
        hazard = np.exp(self.predictor)
        information = events = 0.0
        # time as the cumulative hazard of a predictor of 0, which reaches 1 at the horizon
        for at, share in zip(0.5 * (_POINTS + 1.0), 0.5 * _WEIGHTS, strict=True):
            rate = hazard * np.exp(-at * hazard)
            happening = float(share * rate.sum())
            events += happening
            information += happening * _scatter(rate, self.predictor)
        return information / events if events > 0.0 else 0.0


def _scatter(weight: Floats, value: Floats) -> float:
    """Weighted variance; 0 where nothing has weight."""
    total = float(weight.sum())
    if not total > 0.0:
        return 0.0
    centred = value - float(weight @ value) / total
    return float(weight @ (centred * centred)) / total


def anticipated(kind: str, stated: Floats, share: float) -> Anticipated | None:
    """Shift the risks of a score to the observed share of events.

    Parameters
    ----------
    kind : str
        ``binary``, ``survival`` or ``competing``.
    stated : float array (n,), 0-1
        Risks that the score gives.
    share : float
        Observed share of events (by the horizon), in (0, 1).

    Returns
    -------
    Anticipated or None
        None where so many risks are exactly 0 or 1 that no shift leads there.
    """
    inside = (stated > 0.0) & (stated < 1.0)
    found = linear_predictor(kind, stated[inside])
    wanted = (share * stated.size - float((stated >= 1.0).sum())) / max(1, int(inside.sum()))
    if found is None or not found.size or not 0.0 < wanted < 1.0:
        return None
    centre = float(np.log(wanted / (1.0 - wanted)))
    if kind != "binary":
        centre = float(np.log(-np.log1p(-wanted)))
    # the mean risk lies between those of the lowest and of the highest predictor
    low, high = centre - float(found.max()) - 1e-6, centre - float(found.min()) + 1e-6
    shift = brentq(lambda by: float(_risk(kind, found + by).mean()) - wanted, low, high)
    predictor = np.where(stated > 0.0, np.inf, -np.inf)
    predictor[inside] = found + shift
    risk = np.where(stated > 0.0, 1.0, 0.0)
    risk[inside] = _risk(kind, found + shift)
    return Anticipated(kind, stated, predictor, risk)


def _risk(kind: str, predictor: Floats) -> Floats:
    if kind == "binary":
        return np.asarray(expit(predictor), dtype=np.float64)
    return np.asarray(-np.expm1(-np.exp(np.minimum(predictor, _FARTHEST))), dtype=np.float64)
