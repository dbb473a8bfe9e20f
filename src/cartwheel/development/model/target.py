"""The outcome as the resampling loop sees it: fit, predict, measure, for either kind.

Binary and survival outcomes answer the same questions here, so that the index, the points score and
the uncut model are written once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.brier import brier_binary, brier_score
from cartwheel.stats.calibration import calibration_line
from cartwheel.stats.concordance import concordance
from cartwheel.stats.cox import baseline_hazard_at, cox_coefficients
from cartwheel.stats.log_rank import log_rank_scores
from cartwheel.stats.logistic import LogisticFit, logistic_coefficients, logistic_fit
from cartwheel.stats.roc import auc, weighted_auc
from cartwheel.stats.survival import SurvivalTimes, horizon_weights, survival_at

Floats = NDArray[np.float64]


# a calibration slope is sought from 1, where it is near
_AT_ONE = np.ones(1)
_AT_ONE.setflags(write=False)
# codes of a likelihood that has no maximum: Firth's has one
NO_MAXIMUM = ("separation", "not_converged")


@dataclass(frozen=True, slots=True)
class Fit:
    """A model fitted on a sample and evaluated for every patient.

    Where predictors were imputed the arrays of patients are (m, n): a row for each completed copy,
    all by the same coefficients.

    Parameters
    ----------
    coefficients : float array (p,)
        Without intercept.
    intercept : float
        Logistic intercept, or log cumulative baseline hazard at the horizon.
    score : float array (n,)
        What orders the patients (total points, index, or the linear predictor itself).
    linear_predictor : float array (n,)
        Without the baseline for survival, with the intercept for binary outcomes.
    risk : float array (n,)
        Probability of the event (by the horizon), 0-1.
    """

    coefficients: Floats
    intercept: float
    score: Floats
    linear_predictor: Floats
    risk: Floats

    @property
    def copies(self) -> tuple[Fit, ...]:
        """The model in each completed copy; itself where nothing was imputed."""
        if self.score.ndim == 1:
            return (self,)
        rows = zip(self.score, self.linear_predictor, self.risk, strict=True)
        return tuple(Fit(self.coefficients, self.intercept, *row) for row in rows)


class Target(Protocol):
    """What a development asks of an outcome."""

    @property
    def n(self) -> int:
        """Patients."""

    @property
    def event(self) -> Floats:
        """1 event, 0 none or censored; (n,)."""

    @property
    def event_by_horizon(self) -> Floats:
        """1 event by the horizon (survival) or at all (binary), else 0; (n,)."""

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the performance measures, in the order of :meth:`measure`."""

    def cut_weights(self, multiplicity: Floats) -> tuple[Floats, Floats]:
        """Weights as case and as control (n,), for cut-offs on the ROC curve.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        tuple of two float arrays (n,)
            >= 0; both 0 for a patient whose status is not known.
        """

    def rank_scores(self, multiplicity: Floats) -> Floats:
        """Scores whose sum over a group tells it from the rest (log-rank, or the event itself).

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        float array (n,)
            High where the event comes early, or at all.
        """

    def fit(self, x: Floats, multiplicity: Floats, *, score: Floats | None = None) -> Fit:
        """Fit a regression on the sample and evaluate everyone.

        Parameters
        ----------
        x : float array (n,) or (n, p)
            Design columns without intercept, finite.
        multiplicity : float array (n,)
            How often each patient counts.
        score : float array (n,), optional
            What orders the patients; by default the linear predictor.

        Returns
        -------
        Fit
            Coefficients of the sample; score, linear predictor and risk of everyone.

        Raises
        ------
        NotEstimable
            When it does not converge.
        """

    def evaluate(
        self, coefficients: Floats, intercept: float, effect: Floats, score: Floats
    ) -> Fit:
        """Evaluate a model whose coefficients are known.

        Parameters
        ----------
        coefficients : float array (p,)
            Without intercept.
        intercept : float
            As in ``Fit``.
        effect : float array (...)
            Design columns times coefficients, of every patient.
        score : float array (...)
            What orders the patients.

        Returns
        -------
        Fit
        """

    def fit_constant(self, multiplicity: Floats) -> Fit:
        """Give everyone the sample's overall risk: the model when nothing is kept.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        Fit
            Without coefficients.
        """

    def risk_at(self, predictor: Floats) -> Floats:
        """Risk at intercept plus linear predictor (for survival the log cumulative hazard).

        Parameters
        ----------
        predictor : float array (k,)
            Intercept plus slope times total: log odds, or log cumulative hazard at the horizon.

        Returns
        -------
        float array (k,), 0-1
        """

    def measure(self, fit: Fit, multiplicity: Floats) -> Floats:
        """Performance on the sample; nan where a measure does not exist.

        Parameters
        ----------
        fit : Fit
            As made on any sample.
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        float array (m,)
            In the order of ``measures``.
        """


@dataclass(frozen=True, slots=True)
class BinaryTarget:
    """A yes/no outcome; logistic regression. What its methods take and give, :class:`Target` says.

    Parameters
    ----------
    event : float array (n,)
        1 event, 0 none.
    firth : bool
        Firth's penalty throughout.
    rescue : bool
        Firth's penalty where maximum likelihood does not exist (separation), and only there.
    """

    event: Floats
    firth: bool = False
    rescue: bool = False

    @property
    def n(self) -> int:
        """Patients."""
        return len(self.event)

    @property
    def event_by_horizon(self) -> Floats:
        """The event: there is no horizon."""
        return self.event

    @property
    def measures(self) -> tuple[str, ...]:
        """AUC, calibration slope and intercept, Brier score."""
        return ("auc", "calibration_slope", "calibration_intercept", "brier")

    def cut_weights(self, multiplicity: Floats) -> tuple[Floats, Floats]:
        """Events are cases, the others controls; the two weights sum to the multiplicity."""
        case = multiplicity * self.event
        return case, multiplicity - case

    def rank_scores(self, multiplicity: Floats) -> Floats:  # noqa: ARG002 - the event ranks itself
        """Give the event itself: the maximally selected statistic is then the chi-square."""
        return self.event

    def fit(self, x: Floats, multiplicity: Floats, *, score: Floats | None = None) -> Fit:
        """Fit logistic regression on the sample; risk is the inverse logit.

        Raises
        ------
        NotEstimable
            When it does not converge, or is separated and may not be rescued.
        """
        coefficients, converged = logistic_coefficients(
            x, self.event, multiplicity, firth=self.firth
        )
        if not converged and self.rescue and not self.firth:
            coefficients, converged = logistic_coefficients(x, self.event, multiplicity, firth=True)
        if not converged:
            raise refuse(NotEstimable, "not_converged", "the logistic model did not converge")
        slopes: Floats = coefficients[1:]
        if x.ndim == 1:
            linear_predictor = coefficients[0] + x * slopes[0]
        else:
            linear_predictor = coefficients[0] + x @ slopes
        risk: Floats = expit(linear_predictor)
        ordering = linear_predictor if score is None else score
        return Fit(slopes, float(coefficients[0]), ordering, linear_predictor, risk)

    def evaluate(
        self, coefficients: Floats, intercept: float, effect: Floats, score: Floats
    ) -> Fit:
        """Risk is the inverse logit."""
        linear_predictor = intercept + effect
        return Fit(coefficients, intercept, score, linear_predictor, expit(linear_predictor))

    def logistic(self, x: Floats, multiplicity: Floats | None = None) -> LogisticFit:
        """Fit with full inference, by the likelihood that :meth:`fit` would use.

        Parameters
        ----------
        x : float array (n, p)
            Design columns, without intercept.
        multiplicity : float array (n,), optional
            The sample; every patient once by default.

        Returns
        -------
        LogisticFit
            ``penalty`` says which likelihood it was.

        Raises
        ------
        NotEstimable
            When it does not converge, or is separated and may not be rescued.
        """
        if self.firth:
            return logistic_fit(x, self.event, penalty="firth", multiplicity=multiplicity)
        try:
            return logistic_fit(x, self.event, multiplicity=multiplicity)
        except NotEstimable as reason:
            if not self.rescue or reason.problems[0].code not in NO_MAXIMUM:
                raise
        return logistic_fit(x, self.event, penalty="firth", multiplicity=multiplicity)

    def fit_constant(self, multiplicity: Floats) -> Fit:
        """Give everyone the sample's proportion with the event.

        The linear predictor is its log odds.
        """
        rate = float(multiplicity @ self.event / multiplicity.sum())
        flat = np.zeros(self.n)
        intercept = float(logit(rate))
        return Fit(np.empty(0), intercept, flat, flat + intercept, flat + rate)

    def risk_at(self, predictor: Floats) -> Floats:
        """Inverse logit."""
        risk: Floats = expit(predictor)
        return risk

    def measure(self, fit: Fit, multiplicity: Floats) -> Floats:
        """AUC of the score; slope and intercept of the recalibration line; Brier score.

        Slope and intercept are nan where the line cannot be fitted.
        """
        intercept, slope, converged = calibration_line(
            fit.linear_predictor, self.event, multiplicity
        )
        if not converged:
            intercept = slope = np.nan
        return np.array(
            [
                auc(fit.score, self.event, multiplicity),
                slope,
                intercept,
                brier_binary(fit.risk, self.event, multiplicity),
            ]
        )


@dataclass(frozen=True, slots=True)
class SurvivalTarget:
    """Time to event; Cox regression (Efron), risk at a horizon.

    What its methods take and give, :class:`Target` says.

    Parameters
    ----------
    times : SurvivalTimes
        Times and events of the n patients.
    horizon : float
        Time at which risk is read, in the unit of the times.
    """

    times: SurvivalTimes
    horizon: float

    @property
    def n(self) -> int:
        """Patients."""
        return len(self.times.time)

    @property
    def event(self) -> Floats:
        """1 event, 0 censored."""
        return np.asarray(self.times.event, dtype=np.float64)

    @property
    def event_by_horizon(self) -> Floats:
        """1 event by the horizon, else 0: censored before it, or event-free at it."""
        return self.event * (self.times.time <= self.horizon)

    @property
    def measures(self) -> tuple[str, ...]:
        """Harrell's C, AUC at the horizon, calibration slope, Brier score at the horizon."""
        return ("c_index", "auc_at_horizon", "calibration_slope", "brier")

    def cut_weights(self, multiplicity: Floats) -> tuple[Floats, Floats]:
        """Inverse-probability-of-censoring weights: event by the horizon against event-free.

        Both are 0 for those censored by the horizon.
        """
        return horizon_weights(self.times, self.horizon, multiplicity)

    def rank_scores(self, multiplicity: Floats) -> Floats:
        """Log-rank scores."""
        return log_rank_scores(self.times, multiplicity)

    def fit(self, x: Floats, multiplicity: Floats, *, score: Floats | None = None) -> Fit:
        """Fit Cox regression on the sample; risk at the horizon from Efron's baseline hazard.

        Raises
        ------
        NotEstimable
            When the Cox model does not converge.
        """
        coefficients, converged = cox_coefficients(self.times, x, multiplicity)
        if not converged:
            raise refuse(NotEstimable, "not_converged", "the Cox model did not converge")
        linear_predictor = x * coefficients[0] if x.ndim == 1 else x @ coefficients
        hazard = baseline_hazard_at(self.times, linear_predictor, self.horizon, multiplicity)
        risk: Floats = -np.expm1(-hazard * np.exp(linear_predictor))
        intercept = float(np.log(hazard)) if hazard > 0 else -np.inf
        ordering = linear_predictor if score is None else score
        return Fit(coefficients, intercept, ordering, linear_predictor, risk)

    def evaluate(
        self, coefficients: Floats, intercept: float, effect: Floats, score: Floats
    ) -> Fit:
        """Risk at the horizon from the log cumulative baseline hazard."""
        return Fit(coefficients, intercept, score, effect, self.risk_at(intercept + effect))

    def fit_constant(self, multiplicity: Floats) -> Fit:
        """Give everyone the Kaplan-Meier risk at the horizon; the linear predictor is 0."""
        risk = 1.0 - survival_at(self.times, self.horizon, multiplicity)
        flat = np.zeros(self.n)
        intercept = float(np.log(-np.log1p(-risk))) if 0 < risk < 1 else -np.inf
        return Fit(np.empty(0), intercept, flat, flat, flat + risk)

    def risk_at(self, predictor: Floats) -> Floats:
        """One minus survival at the horizon."""
        risk: Floats = -np.expm1(-np.exp(predictor))
        return risk

    def measure(self, fit: Fit, multiplicity: Floats) -> Floats:
        """Harrell's C and IPCW AUC of the score, Cox slope of the linear predictor, IPCW Brier.

        The slope is nan where the model cannot be fitted.
        """
        slope, converged = cox_coefficients(
            self.times, fit.linear_predictor, multiplicity, start=_AT_ONE
        )
        case, control = horizon_weights(self.times, self.horizon, multiplicity)
        return np.array(
            [
                concordance(self.times, fit.score, multiplicity),
                weighted_auc(fit.score, case, control),
                slope[0] if converged else np.nan,
                brier_score(self.times, fit.risk, self.horizon, multiplicity),
            ]
        )
