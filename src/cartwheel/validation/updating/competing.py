"""Rungs for an event with competing ones: Fine and Gray's regression and its baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.competing_times import CompetingTimes
from cartwheel.stats.fine_gray import fine_gray, fine_gray_coefficients
from cartwheel.stats.subdistribution import subdistribution_risk_sets
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

EVENT = 1


@dataclass(frozen=True, slots=True, eq=False)
class CompetingLadder:
    """Rungs of an event with competing ones. What its methods take and give, ``Ladder`` says.

    Parameters
    ----------
    frame : Frame
        What it stands on; the linear predictor is log(-log(1 - risk at the horizon)).
    competing : CompetingTimes
        Cause 1 is the event.
    horizon : float
        Where risk is read.

    Notes
    -----
    Weighted for censoring, the likelihood is none, so that rungs are tested by robust Wald tests
    of the fullest one. Of the score as it is, the chi-square of the log cumulative subdistribution
    hazard at the horizon is added, with the score as offset and the weights taken as known.

    References
    ----------
    Fine and Gray 1999, doi 10.1080/01621459.1999.10474144.
    """

    frame: Frame
    competing: CompetingTimes
    horizon: float

    @property
    def whole_likelihood(self) -> bool:
        """It is weighted, so there is no AIC."""
        return False

    def fit(self, rung: str, multiplicity: Floats) -> RungFit:
        """Fit one rung."""
        frame = self.frame
        parts = np.ones(frame.terms.shape[1]), np.zeros(frame.added.shape[1])
        if rung in ("as is", "intercept"):
            start = frame.start
            assert start is not None
            reached, hazard = self._sums(start, multiplicity)
            shift = 0.0 if rung == "as is" else float(np.log(hazard.sum()))
            count = 0 if rung == "as is" else 1
            return RungFit(rung, shift, 1.0, *parts, start + shift, reached, count)
        columns = self._columns(rung, multiplicity)
        centred = np.ascontiguousarray(columns.x - columns.x.mean(axis=0))
        found, done = fine_gray_coefficients(self.competing, centred, EVENT, multiplicity)
        if not done:
            raise refuse(
                NotEstimable, "not_converged", "its Fine-Gray regression has no estimate here"
            )
        effect = columns.x @ found + columns.rest
        reached, hazard = self._sums(effect, multiplicity)
        intercept = float(np.log(hazard.sum()))
        slope = float(found[0]) if rung == "slope" else 1.0
        if rung != "slope":
            parts = spread_out(frame, columns, found)
        count = 1 + len(found)
        return RungFit(rung, intercept, slope, *parts, intercept + effect, reached, count)

    def against(self, full: RungFit, multiplicity: Floats) -> Comparison:
        """Robust Wald chi-square of what the fullest rung has and the other has not."""
        columns = self._columns(full.rung, multiplicity)
        fit = fine_gray(self.competing, columns.x, multiplicity=multiplicity)

        def compared(lower: RungFit) -> float:
            contrast, wanted = _contrast(lower.rung, columns)
            distance = contrast @ fit.coefficients - wanted
            chi_square = 0.0
            if len(distance):
                spread = contrast @ fit.covariance @ contrast.T
                chi_square = _quadratic(spread, distance)
            if lower.rung == "as is":
                _, hazard = self._sums(lower.predictor, multiplicity)
                shift, error = np.log(hazard.sum()), np.sqrt(hazard @ hazard) / hazard.sum()
                chi_square += float((shift / error) ** 2)
            return chi_square

        return compared

    def errors(self, fit: RungFit) -> RungErrors:
        """Robust errors of ``fine_gray``; of the intercept only where the score is its offset."""
        frame, nan = self.frame, float("nan")
        terms = np.full(frame.terms.shape[1], nan)
        added = np.full(frame.added.shape[1], nan)
        everyone = np.ones(self.competing.n)
        if fit.rung == "as is":
            return RungErrors(nan, nan, terms, added)
        if fit.rung == "intercept":
            assert frame.start is not None
            _, hazard = self._sums(frame.start, everyone)
            return RungErrors(float(np.sqrt(hazard @ hazard) / hazard.sum()), nan, terms, added)
        columns = self._columns(fit.rung, everyone)
        found = fine_gray(self.competing, columns.x).std_error
        if fit.rung == "slope":
            return RungErrors(nan, float(found[0]), terms, added)
        terms[columns.terms] = found[: len(columns.terms)]
        added[columns.added] = found[len(columns.terms) :]
        return RungErrors(nan, nan, terms, added)

    def said(self, fit: RungFit) -> str:
        """Fine-Gray and baseline."""
        baseline = "cumulative subdistribution hazard at the horizon"
        if fit.rung == "intercept":
            return f"{baseline} with the score as offset"
        few = few_events(self.competing.events(EVENT), fit)
        return (
            f"Fine-Gray regression, {baseline}; its likelihood is weighted, so it has no AIC{few}"
        )

    def test_said(self, full: RungFit) -> str:  # noqa: ARG002
        """Robust Wald."""
        return "robust Wald tests (a weighted likelihood has no ratio test)"

    def _columns(self, rung: str, multiplicity: Floats) -> Columns:
        if rung != "slope":
            return design(self.frame, rung, multiplicity)
        none = np.empty(0, dtype=np.intp)
        return Columns(self.frame.line[:, None], none, none, np.zeros(self.competing.n))

    def _sums(self, effect: Floats, multiplicity: Floats) -> tuple[float, Floats]:
        """Log pseudo-likelihood, and jumps of the baseline by the horizon."""
        middle = float(effect.mean())
        sums = subdistribution_risk_sets(self.competing, effect - middle, EVENT, multiplicity)
        reached = sums.log_likelihood
        early = sums.time <= self.horizon + self.competing.times.tolerance
        if not early.any():
            raise refuse(NotEstimable, "no_events", f"no event by {self.horizon:g}")
        at_risk = np.repeat(sums.at_risk[early], sums.events[early])
        return reached, np.exp(-middle) / at_risk


def _contrast(rung: str, columns: Columns) -> tuple[Floats, Floats]:
    """What a rung says of the coefficients of the fullest one: contrast and its value."""
    p, terms = columns.x.shape[1], max(len(columns.terms), 1)
    identity = np.eye(p)
    if rung in ("as is", "intercept"):
        wanted = np.zeros(p)
        wanted[:terms] = 1.0
        return identity, wanted
    if rung == "re-estimated":
        return identity[terms:], np.zeros(p - terms)
    # all terms with one slope, and nothing added
    contrast = identity[1:].copy()
    contrast[: terms - 1, 0] = -1.0
    return contrast, np.zeros(p - 1)


def _quadratic(spread: Floats, distance: Floats) -> float:
    try:
        return float(distance @ np.linalg.solve(spread, distance))
    except np.linalg.LinAlgError:
        raise refuse(
            NotEstimable, "covariance_singular", "its robust covariance has no inverse"
        ) from None
