"""What regressions fitted by partial likelihood have in common: their tests, and their refusals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
from scipy.special import chdtrc, ndtri

from cartwheel.errors import NotEstimable, Refused, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.cox_design import refuse_tiny
from cartwheel.stats.times import Floats

# what the kernels return (kernels/_newton.pxd)
CONVERGED, NOT_CONVERGED, SINGULAR, NO_EVENTS = range(4)


class Estimated(Protocol):
    """A fit with a coefficient for each column, and their covariance."""

    @property
    def coefficients(self) -> Floats:
        """Logarithms of hazard ratios, float array (p,)."""

    @property
    def covariance(self) -> Floats:
        """Theirs, float array (p, p)."""

    @property
    def std_error(self) -> Floats:
        """Root of its diagonal."""

    @property
    def n(self) -> int:
        """Patients or rows."""

    @property
    def events(self) -> int:
        """Events."""

    @property
    def interval_method(self) -> str:
        """How ``hazard_ratio`` came about, in words."""


class Maximised(Estimated, Protocol):
    """A fit that also has a likelihood."""

    @property
    def log_likelihood_null(self) -> float:
        """Log partial likelihood at zero."""

    @property
    def log_likelihood(self) -> float:
        """Log partial likelihood at the estimate."""

    @property
    def df(self) -> float:
        """Degrees of freedom."""

    @property
    def likelihood_ratio(self) -> float:
        """Twice the difference of the two."""

    @property
    def wald_statistic(self) -> float:
        """Squared distance of the estimate from zero."""


class CoefficientTests:
    """Test and interval of each coefficient, for a class to inherit."""

    __slots__ = ()

    @property
    def z(self: Estimated) -> Floats:
        """Coefficients divided by their standard errors."""
        return self.coefficients / self.std_error

    @property
    def p_values(self: Estimated) -> Floats:
        """Two-sided Wald p-value of each coefficient."""
        squared = (self.coefficients / self.std_error) ** 2
        return np.asarray(chdtrc(1.0, squared), dtype=np.float64)

    def hazard_ratio(self: Estimated, column: int, *, level: float = 0.95) -> Estimate:
        """Hazard ratio per unit of one column, with its Wald interval.

        Parameters
        ----------
        column : int
            Position among the columns of ``x``.
        level : float in (0, 1)
            Coverage.

        Returns
        -------
        Estimate
            Robust where ``covariance`` is; of the subdistribution hazard where the fit is.

        Raises
        ------
        NotEstimable
            Level outside (0, 1).
        """
        if not 0.0 < level < 1.0:
            raise refuse(NotEstimable, "level_range", f"level {level} is not between 0 and 1")
        middle = float(self.coefficients[column])
        half = float(ndtri(0.5 + level / 2.0)) * float(self.std_error[column])
        value, low, high = np.exp([middle, middle - half, middle + half]).tolist()
        return Estimate(value, low, high, level, self.interval_method, self.n, self.events)


class ModelTests(CoefficientTests):
    """Tests that all coefficients are zero, for a class to inherit."""

    __slots__ = ()

    @property
    def likelihood_ratio(self: Maximised) -> float:
        """Likelihood-ratio statistic that all coefficients are zero."""
        return 2.0 * (self.log_likelihood - self.log_likelihood_null)

    @property
    def likelihood_ratio_p_value(self: Maximised) -> float:
        """P-value of ``likelihood_ratio``; case weights or clusters make it doubtful."""
        return float(chdtrc(self.df, max(self.likelihood_ratio, 0.0)))

    @property
    def wald_statistic(self: Maximised) -> float:
        """Wald statistic that all coefficients are zero, from ``covariance``."""
        return float(self.coefficients @ np.linalg.solve(self.covariance, self.coefficients))

    @property
    def wald_p_value(self: Maximised) -> float:
        """P-value of ``wald_statistic``."""
        return float(chdtrc(self.df, self.wald_statistic))


def varying(design: Floats, counts: Floats | None, labels: tuple[str, ...]) -> None:
    """Refuse columns that have one value in all patients present, or nearly one.

    Parameters
    ----------
    design : float array (n, p)
        Predictors.
    counts : float array (n,) or None
        How often each patient counts; 0 is absent.
    labels : tuple of p str
        The columns.

    Raises
    ------
    NotEstimable
        ``constant``, with all such columns; ``tiny``.
    """
    present = design if counts is None else design[counts > 0.0]
    spread = np.ptp(present, axis=0)
    refuse_tiny(spread)
    constant = np.flatnonzero(spread == 0.0)
    if constant.size:
        raise constant_columns(constant.tolist(), labels)


def constant_columns(columns: Iterable[int], labels: tuple[str, ...]) -> Refused:
    """Word the refusal of columns that do not vary.

    Parameters
    ----------
    columns : iterable of int
        Which ones.
    labels : tuple of p str
        All columns.

    Returns
    -------
    NotEstimable
        For the caller to raise.
    """
    return refuse(
        NotEstimable,
        "constant",
        "the column has one value in all patients",
        where=", ".join(labels[index] for index in columns),
        mend="leave it out",
    )


def no_events() -> Refused:
    """Word the refusal of a sample without events.

    Returns
    -------
    NotEstimable
        For the caller to raise.
    """
    return refuse(
        NotEstimable,
        "no_events",
        "no patient has the event",
        where="event",
        mend="a Cox model needs events, about ten for each parameter",
    )


def collinear(label: str) -> Refused:
    """Word the refusal of a column that holds nothing of its own.

    Parameters
    ----------
    label : str
        The column.

    Returns
    -------
    NotEstimable
        For the caller to raise.
    """
    return refuse(
        NotEstimable,
        "collinear",
        "the column is a combination of the columns before it, or constant, among the "
        "patients at risk when events happen",
        where=label,
        mend="leave it out, or one of those it follows from",
    )


def not_converged(
    culprit: int,
    coefficients: Floats,
    step: Floats,
    labels: tuple[str, ...],
    *,
    iterations: int = 30,
) -> Refused:
    """Name the column that lost its information, else those that moved in the last step.

    Parameters
    ----------
    culprit : int
        Column without information, or -1.
    coefficients, step : float arrays (p,)
        Where the fit stopped, and its last step.
    labels : tuple of p str
        The columns.
    iterations : int
        Most steps that were allowed.

    Returns
    -------
    NotEstimable
        For the caller to raise.
    """
    moving = np.flatnonzero(np.abs(step) > 3e-5 * np.abs(coefficients))
    if culprit >= 0:
        moving = np.array([culprit])
    if moving.size:
        return refuse(
            NotEstimable,
            "monotone_likelihood",
            "the coefficient runs to infinity: the likelihood keeps rising as it grows",
            where=", ".join(labels[index] for index in moving),
            mend="the column separates early events from the other patients; merge its categories, "
            "leave it out, or use a penalised fit",
        )
    return refuse(
        NotEstimable,
        "no_convergence",
        f"no convergence within {iterations} steps",
        mend="rescale the predictors, or leave out those nearly collinear",
    )
