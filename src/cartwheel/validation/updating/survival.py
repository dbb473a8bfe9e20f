"""Rungs for a time to an event: Cox regression, and the baseline at the horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.cox import baseline_hazard_at, cox_coefficients, cox_fit
from cartwheel.stats.hazard_restriction import baseline_ratio_test, efron_denominators
from cartwheel.stats.kernels import _cox_baseline
from cartwheel.stats.times import SurvivalTimes
from cartwheel.validation.analysed import Floats
from cartwheel.validation.updating.frame import Frame
from cartwheel.validation.updating.models import (
    Columns,
    Comparison,
    RungErrors,
    RungFit,
    design,
    few_events,
    spread_out,
)


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalLadder:
    """Rungs of a time to an event. What its methods take and give, ``Ladder`` says.

    Parameters
    ----------
    frame : Frame
        What it stands on; the linear predictor is log(-log(1 - risk at the horizon)).
    times : SurvivalTimes
        Times and events.
    horizon : float
        Where risk is read, in the unit of the times.

    Notes
    -----
    Slopes and factors are coefficients of a Cox model (Efron). The intercept is the log of its
    cumulative baseline hazard at the horizon, with the score as offset on the rung ``intercept``.
    The partial likelihood knows no baseline. So the likelihood of the score as it is has in
    addition what it costs to hold the cumulative hazard at the horizon to what the score says, by
    the nonparametric likelihood of the hazard: the two factors of the whole likelihood.
    """

    frame: Frame
    times: SurvivalTimes
    horizon: float

    @property
    def whole_likelihood(self) -> bool:
        """It is one: of relative hazards, and of the baseline at the horizon."""
        return True

    def fit(self, rung: str, multiplicity: Floats) -> RungFit:
        """Fit one rung."""
        frame = self.frame
        factors, added = np.ones(frame.terms.shape[1]), np.zeros(frame.added.shape[1])
        if rung in ("as is", "intercept"):
            start = frame.start
            assert start is not None
            reached = self._log_likelihood(start, multiplicity)
            if rung == "as is":
                cost = baseline_ratio_test(self.times, start, self.horizon, multiplicity)
                return RungFit(rung, 0.0, 1.0, factors, added, start, reached - 0.5 * cost, 0)
            shift = self._log_hazard(start, multiplicity)
            return RungFit(rung, shift, 1.0, factors, added, start + shift, reached, 1)
        if rung == "slope":
            slope = float(self._coefficients(frame.line[:, None], multiplicity)[0])
            effect = slope * frame.line
            return self._finished((rung, slope, 2), effect, (factors, added), multiplicity)
        columns = design(frame, rung, multiplicity)
        found = self._coefficients(columns.x, multiplicity)
        effect = columns.x @ found + columns.rest
        parts = spread_out(frame, columns, found)
        return self._finished((rung, 1.0, 1 + len(found)), effect, parts, multiplicity)

    def against(self, full: RungFit, multiplicity: Floats) -> Comparison:  # noqa: ARG002
        """Twice the gain of the likelihood."""
        return lambda lower: 2.0 * (full.log_likelihood - lower.log_likelihood)

    def errors(self, fit: RungFit) -> RungErrors:
        """Wald errors of ``cox_fit``; of the intercept only where the score is its offset."""
        frame, nan = self.frame, float("nan")
        terms = np.full(frame.terms.shape[1], nan)
        added = np.full(frame.added.shape[1], nan)
        if fit.rung == "as is":
            return RungErrors(nan, nan, terms, added)
        if fit.rung == "intercept":
            assert frame.start is not None
            hazard = 1.0 / efron_denominators(self.times, frame.start, self.horizon)
            error = float(np.sqrt(hazard @ hazard) / hazard.sum())
            return RungErrors(error, nan, terms, added)
        if fit.rung == "slope":
            found = cox_fit(self.times, frame.line[:, None]).std_error
            return RungErrors(nan, float(found[0]), terms, added)
        columns: Columns = design(frame, fit.rung, np.ones(self.times.n))
        found = cox_fit(self.times, columns.x).std_error
        terms[columns.terms] = found[: len(columns.terms)]
        added[columns.added] = found[len(columns.terms) :]
        return RungErrors(nan, nan, terms, added)

    def said(self, fit: RungFit) -> str:
        """Cox model and baseline."""
        if fit.rung == "intercept":
            return "cumulative baseline hazard at the horizon with the score as offset"
        few = few_events(self.times.events, fit)
        return f"Cox regression (Efron ties), cumulative baseline hazard at the horizon{few}"

    def test_said(self, full: RungFit) -> str:  # noqa: ARG002
        """Partial likelihood, and that of the baseline for the score as it is."""
        return (
            "likelihood-ratio tests (partial likelihood; for the score as it is with the "
            "nonparametric likelihood of the baseline hazard at the horizon)"
        )

    def _coefficients(self, x: Floats, multiplicity: Floats) -> Floats:
        centred = np.ascontiguousarray(x - x.mean(axis=0))
        found, done = cox_coefficients(self.times, centred, multiplicity)
        if not done:
            raise refuse(NotEstimable, "not_converged", "its Cox regression has no estimate here")
        return found

    def _log_hazard(self, effect: Floats, multiplicity: Floats) -> float:
        # around the middle, so that a value far from 0 does not overflow
        middle = float(effect.mean())
        hazard = baseline_hazard_at(self.times, effect - middle, self.horizon, multiplicity)
        if not hazard > 0.0:
            raise refuse(NotEstimable, "no_events", f"no event by {self.horizon:g}")
        return float(np.log(hazard)) - middle

    def _finished(
        self,
        about: tuple[str, float, int],
        effect: Floats,
        parts: tuple[Floats, Floats],
        multiplicity: Floats,
    ) -> RungFit:
        rung, slope, parameters = about
        intercept = self._log_hazard(effect, multiplicity)
        reached = self._log_likelihood(effect, multiplicity)
        return RungFit(rung, intercept, slope, *parts, intercept + effect, reached, parameters)

    def _log_likelihood(self, effect: Floats, multiplicity: Floats) -> float:
        times = self.times
        return _cox_baseline.log_likelihood(
            times.order,
            times.block_start,
            times.event,
            np.ascontiguousarray(effect),
            multiplicity,
            True,
            None,
        )
