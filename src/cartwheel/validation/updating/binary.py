"""Rungs for a yes or no outcome: logistic regression with the score as offset or column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.kernels import _logistic
from cartwheel.stats.logistic import logistic_fit
from cartwheel.validation.analysed import Floats
from cartwheel.validation.updating.frame import Frame
from cartwheel.validation.updating.models import (
    Columns,
    Comparison,
    RungErrors,
    RungFit,
    design,
    spread_out,
)

# as in stats/logistic.py
_FIRTH, _PLAIN = 1e-10, 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class BinaryLadder:
    """Rungs of a yes or no outcome. What its methods take and give, ``Ladder`` says.

    Parameters
    ----------
    frame : Frame
        What it stands on.
    event : float array (n,)
        1 event, 0 none.
    penalised : frozenset of str
        Rungs fitted by Firth's penalised likelihood in every sample.

    Notes
    -----
    Under Firth's penalty the intercept is estimated again by maximum likelihood (FLIC), because
    the penalty pulls risks towards one half. Tests between rungs are then by the penalised
    likelihood: of a rung below, the coefficients are held and the information matrix is that of
    the fullest rung, as in R ``logistf``.

    References
    ----------
    Firth D 1993, doi 10.1093/biomet/80.1.27. Puhr et al. 2017, doi 10.1002/sim.7273.
    """

    frame: Frame
    event: Floats
    penalised: frozenset[str]

    @property
    def whole_likelihood(self) -> bool:
        """It is one."""
        return True

    def fit(self, rung: str, multiplicity: Floats) -> RungFit:
        """Fit one rung; separation is mended by Firth's penalty."""
        frame = self.frame
        terms, added = np.ones(frame.terms.shape[1]), np.zeros(frame.added.shape[1])
        if rung == "as is":
            assert frame.start is not None
            reached = self._log_likelihood(frame.start, multiplicity)
            return RungFit(rung, 0.0, 1.0, terms, added, frame.start, reached, 0)
        if rung == "intercept":
            assert frame.start is not None
            shift = self._shift(frame.start, multiplicity)
            moved = frame.start + shift
            reached = self._log_likelihood(moved, multiplicity)
            return RungFit(rung, shift, 1.0, terms, added, moved, reached, 1)
        if rung == "slope":
            found, penalised = self._coefficients(rung, frame.line[:, None], None, multiplicity)
            plain = found[0] + found[1] * frame.line
            return self._finished(rung, found, plain, (terms, added), multiplicity, penalised)
        columns = design(frame, rung, multiplicity)
        found, penalised = self._coefficients(rung, columns.x, columns.rest, multiplicity)
        plain = found[0] + columns.x @ found[1:] + columns.rest
        parts = spread_out(frame, columns, found[1:])
        return self._finished(rung, found, plain, parts, multiplicity, penalised)

    def against(self, full: RungFit, multiplicity: Floats) -> Comparison:
        """Likelihood ratio; penalised where the fullest rung is."""
        if full.unshifted is None:
            return lambda lower: 2.0 * (full.log_likelihood - lower.log_likelihood)
        columns = self._columns(full.rung, multiplicity)
        whole = np.column_stack((np.ones(len(self.event)), columns.x))
        reached = self._penalised_likelihood(whole, full.unshifted, multiplicity)

        def compared(lower: RungFit) -> float:
            held = self._held(lower.rung, columns, multiplicity)
            return 2.0 * (reached - self._penalised_likelihood(whole, held, multiplicity))

        return compared

    def errors(self, fit: RungFit) -> RungErrors:
        """Wald errors of ``logistic_fit``; none of an intercept corrected after Firth."""
        frame, nan = self.frame, float("nan")
        terms = np.full(frame.terms.shape[1], nan)
        added = np.full(frame.added.shape[1], nan)
        penalty = "none" if fit.unshifted is None else "firth"
        if fit.rung == "as is":
            return RungErrors(nan, nan, terms, added)
        if fit.rung == "intercept":
            empty = np.empty((len(self.event), 0))
            found = logistic_fit(empty, self.event, offset=frame.start).std_error
            return RungErrors(float(found[0]), nan, terms, added)
        columns = self._columns(fit.rung, np.ones(len(self.event)))
        found = logistic_fit(
            columns.x, self.event, penalty=penalty, offset=columns.rest
        ).std_error  # fmt: skip
        intercept = float(found[0]) if penalty == "none" else nan
        if fit.rung == "slope":
            return RungErrors(intercept, float(found[1]), terms, added)
        terms[columns.terms] = found[1 : 1 + len(columns.terms)]
        added[columns.added] = found[1 + len(columns.terms) :]
        return RungErrors(intercept, nan, terms, added)

    def said(self, fit: RungFit) -> str:
        """Maximum likelihood, or Firth's and why."""
        if fit.unshifted is None:
            return "logistic regression"
        why = "events are told from the others without a mistake"
        if fit.rung in self.penalised:
            why = "fewer than ten events for each slope"
        return (
            f"logistic regression with Firth's penalty ({why}), its intercept by maximum "
            "likelihood (FLIC); the log-likelihood given is the unpenalised one"
        )

    def test_said(self, full: RungFit) -> str:
        """Plain, or penalised where the fullest rung is."""
        return ("" if full.unshifted is None else "penalised ") + "likelihood-ratio tests"

    def _columns(self, rung: str, multiplicity: Floats) -> Columns:
        if rung != "slope":
            return design(self.frame, rung, multiplicity)
        none = np.empty(0, dtype=np.intp)
        return Columns(self.frame.line[:, None], none, none, np.zeros(len(self.event)))

    def _coefficients(
        self, rung: str, x: Floats, rest: Floats | None, multiplicity: Floats
    ) -> tuple[Floats, bool]:
        """Coefficients with the intercept first, and whether they are Firth's."""
        penalised = rung in self.penalised
        if not penalised:
            found, _, done = _logistic.fit(x, self.event, multiplicity, rest, False, _PLAIN)
            if done:
                return found, False
        found, _, done = _logistic.fit(x, self.event, multiplicity, rest, True, _FIRTH)
        if not done:
            raise refuse(
                NotEstimable, "not_converged", "its logistic regression has no estimate here"
            )
        return found, True

    def _shift(self, predictor: Floats, multiplicity: Floats) -> float:
        """Intercept that makes predicted and observed events agree."""
        empty = np.empty((len(self.event), 0))
        found, _, done = _logistic.fit(empty, self.event, multiplicity, predictor, False, _PLAIN)
        if not done:
            raise refuse(NotEstimable, "one_class", "everybody or nobody has the event")
        return float(found[0])

    def _finished(
        self,
        rung: str,
        found: Floats,
        plain: Floats,
        parts: tuple[Floats, Floats],
        multiplicity: Floats,
        penalised: bool,
    ) -> RungFit:
        """Correct the intercept after Firth, and put the rung together."""
        shift = self._shift(plain, multiplicity) if penalised else 0.0
        moved = plain + shift
        return RungFit(
            rung,
            float(found[0]) + shift,
            float(found[1]) if rung == "slope" else 1.0,
            *parts,
            moved,
            self._log_likelihood(moved, multiplicity),
            len(found),
            plain if penalised else None,
        )

    def _log_likelihood(self, predictor: Floats, multiplicity: Floats) -> float:
        each = self.event * predictor - np.logaddexp(0.0, predictor)
        return float(multiplicity @ each)

    def _penalised_likelihood(
        self, whole: Floats, predictor: Floats, multiplicity: Floats
    ) -> float:
        risk = expit(predictor)
        weight = multiplicity * risk * (1.0 - risk)
        sign, log_det = np.linalg.slogdet(whole.T @ (weight[:, None] * whole))
        if not sign > 0:
            raise refuse(NotEstimable, "not_converged", "its information matrix has no inverse")
        return self._log_likelihood(predictor, multiplicity) + 0.5 * float(log_det)

    def _held(self, rung: str, columns: Columns, multiplicity: Floats) -> Floats:
        """Linear predictor of a rung below, by the penalised likelihood of the fullest one."""
        frame, x = self.frame, columns.x
        p = x.shape[1]
        if rung == "as is":
            assert frame.start is not None
            return frame.start
        if rung == "intercept":
            held, offset, free = tuple(range(p)), frame.start, x
        elif rung == "slope":
            # the same space, with the line itself as its first column
            held, offset = tuple(range(1, p)), None
            free = np.ascontiguousarray(np.column_stack((frame.line, x[:, 1:])))
        else:
            held, offset, free = tuple(range(len(columns.terms), p)), columns.rest, x
        found, _, done = _logistic.fit(
            free, self.event, multiplicity, offset, True, _FIRTH, held
        )  # fmt: skip
        if not done:
            raise refuse(NotEstimable, "not_converged", "a rung below did not converge")
        shift = 0.0 if offset is None else offset
        return np.asarray(found[0] + free @ found[1:] + shift, dtype=np.float64)
