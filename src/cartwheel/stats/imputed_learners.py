"""The two common models as learners for imputation inside a resample: logistic and Cox."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.concordance import concordance
from cartwheel.stats.cox import cox_coefficients
from cartwheel.stats.logistic import logistic_coefficients
from cartwheel.stats.roc import auc
from cartwheel.stats.times import SurvivalTimes

Floats = NDArray[np.float64]
# what a calibration slope is compared with, and is not far from
_ONE = np.ones(1)
_ONE.setflags(write=False)


@dataclass(frozen=True, slots=True, eq=False)
class LogisticLearner:
    """Logistic regression on all predictors, for a binary outcome.

    Parameters
    ----------
    event : float array (n,)
        1 event, 0 none.
    parameters : int
        Number of predictors.
    firth : bool
        Firth's penalised likelihood.
    """

    event: Floats
    parameters: int
    firth: bool = False

    @property
    def measures(self) -> tuple[str, ...]:
        """Discrimination, calibration line and mean squared error."""
        return ("auc", "calibration_intercept", "calibration_slope", "brier")

    @property
    def traced(self) -> tuple[str, ...]:
        """Coefficients, the intercept first."""
        return tuple(f"coefficient_{place}" for place in range(self.parameters + 1))

    def fit(self, x: Floats, multiplicity: Floats) -> Floats:
        """Coefficients; refused where they do not exist."""
        found, converged = logistic_coefficients(x, self.event, multiplicity, firth=self.firth)
        if not converged:
            raise refuse(
                NotEstimable, "not_converged", "the logistic regression has no finite estimate"
            )
        return found

    def linear_predictor(self, fitted: Floats, x: Floats) -> Floats:
        """Log odds."""
        return np.asarray(fitted[0] + x @ fitted[1:], dtype=np.float64)

    def performance(self, linear_predictor: Floats, multiplicity: Floats) -> Floats:
        """Measure on the sample; nan where the sample has no such value."""
        found, converged = logistic_coefficients(linear_predictor, self.event, multiplicity)
        line = found if converged else np.full(2, np.nan)
        cases = float(multiplicity @ self.event)
        total = float(multiplicity.sum())
        both = 0.0 < cases < total
        area = auc(linear_predictor, self.event, multiplicity) if both else np.nan
        error = float(multiplicity @ (expit(linear_predictor) - self.event) ** 2) / total
        return np.array([area, line[0], line[1], error])

    def trace(self, fitted: Floats) -> Floats:
        """Coefficients."""
        return fitted


@dataclass(frozen=True, slots=True, eq=False)
class CoxLearner:
    """Cox regression on all predictors, for survival.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    parameters : int
        Number of predictors.
    """

    times: SurvivalTimes
    parameters: int

    @property
    def measures(self) -> tuple[str, ...]:
        """Harrell's C and the calibration slope."""
        return ("c_index", "calibration_slope")

    @property
    def traced(self) -> tuple[str, ...]:
        """Coefficients."""
        return tuple(f"coefficient_{place}" for place in range(self.parameters))

    def fit(self, x: Floats, multiplicity: Floats) -> Floats:
        """Coefficients; refused where they do not exist."""
        found, converged = cox_coefficients(self.times, x, multiplicity)
        if not converged:
            raise refuse(NotEstimable, "not_converged", "the Cox regression has no finite estimate")
        return found

    def linear_predictor(self, fitted: Floats, x: Floats) -> Floats:
        """Log hazard ratio against a patient whose predictors are all 0."""
        return np.asarray(x @ fitted, dtype=np.float64)

    def performance(self, linear_predictor: Floats, multiplicity: Floats) -> Floats:
        """Measure on the sample; nan where the sample has no such value."""
        found, converged = cox_coefficients(self.times, linear_predictor, multiplicity, _ONE)
        slope = float(found[0]) if converged else np.nan
        return np.array([concordance(self.times, linear_predictor, multiplicity), slope])

    def trace(self, fitted: Floats) -> Floats:
        """Coefficients."""
        return fitted
