"""The pooled effect computed again: one study left out, studies added, many samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr, stdtr, stdtrit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.kernels import _random_effects_refits
from cartwheel.stats.pooling.choices import (
    critical_value,
    interval_code,
    method_code,
    pooled_studies,
    refuse_kernel,
)
from cartwheel.stats.pooling.random_effects import differ
from cartwheel.stats.pooling.study_inputs import Flags, Floats, read_only, refuse_studies

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Refits:
    """Pooled effects of several selections of the studies; a value for each in every array.

    Parameters
    ----------
    method, interval : str
        Estimator of tau2 or ``common``; kind of interval asked for.
    level : float
        Coverage.
    k : int array
        Studies in each; a single one has a normal interval and no heterogeneity (tau2, Q, I2 0,
        H2 and the p-value of Q 1).
    estimate, std_error, low, high, p_value : float array
        Pooled effect. The last four are NaN where ``estimable`` is False.
    q, q_p_value, tau2, i2, h2 : float array
        Heterogeneity; I2 in per cent.
    estimable : bool array
        False where the effects do not differ at all, so that a Knapp-Hartung interval has no width.
    """

    method: str
    interval: str
    level: float
    k: Counts
    estimate: Floats
    std_error: Floats
    low: Floats
    high: Floats
    p_value: Floats
    q: Floats
    q_p_value: Floats
    tau2: Floats
    i2: Floats
    h2: Floats
    estimable: Flags


def several_studies(effects: ArrayLike, variances: ArrayLike, what: str) -> tuple[Floats, Floats]:
    """Check studies of which there must be two.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale.
    what : str
        What needs them, for the refusal.

    Returns
    -------
    tuple of float arrays (k,)

    Raises
    ------
    NotEstimable
        ``one_study``, or what ``pooled_studies`` refuses.
    """
    y, v = pooled_studies(effects, variances)
    if y.size < 2:
        raise refuse(NotEstimable, "one_study", f"{what} needs at least two studies")
    return y, v


def refits_of(
    table: Floats, centre: float | Floats, size: float, how: tuple[str, str, float]
) -> Refits:
    """Turn rows of the kernel into estimates with intervals.

    Parameters
    ----------
    table : float array (m, 8)
        Of ``_random_effects_refits``.
    centre : float or float array (m,)
        What the effects were moved by.
    size : float
        Largest effect, without its sign.
    how : (str, str, float)
        Method, interval and level, as in ``pool_effects``.

    Returns
    -------
    Refits

    Raises
    ------
    NotEstimable
        ``not_converged`` or ``level``.
    """
    method, interval, level = how
    tau2, effect, weight, squares, q, trace, studies, status = table.T.copy()
    refuse_kernel(int(status.max(initial=0.0)))
    several = studies > 1.0
    df = np.where(several, studies - 1.0, 1.0)
    widened = several & (interval != "normal")
    factor = np.where(widened, squares / df, 1.0)
    if interval == "knapp_hartung_floor":
        factor = np.maximum(factor, 1.0)
    estimable = np.ones(df.size, dtype=np.bool_)
    if interval == "knapp_hartung":
        estimable = ~several | np.asarray(differ(squares, weight, size))
    error = np.sqrt(np.where(estimable, factor, np.nan) / weight)
    quantile = np.full(df.size, critical_value(level, None))
    quantile[widened] = stdtrit(df[widened], 0.5 + 0.5 * level)
    estimate = effect + centre
    score = -np.abs(estimate / error)
    p_value = 2.0 * np.where(widened, stdtr(df, score), ndtr(score))
    if method == "common":
        i2 = 100.0 * np.maximum(q - df, 0.0) / np.where(q > 0.0, q, 1.0)
        h2 = q / df
    else:
        typical = np.where(several, df / np.where(several, trace, 1.0), 1.0)
        i2, h2 = 100.0 * tau2 / (tau2 + typical), (tau2 + typical) / typical
    return Refits(
        method,
        interval,
        level,
        _frozen(studies.astype(np.int64)),
        read_only(estimate),
        read_only(error),
        read_only(estimate - quantile * error),
        read_only(estimate + quantile * error),
        read_only(p_value),
        read_only(q),
        read_only(np.where(several, chdtrc(df, q), 1.0)),
        read_only(tau2),
        read_only(np.where(several, i2, 0.0)),
        read_only(np.where(several, h2, 1.0)),
        _frozen_flags(estimable),
    )


def _frozen(array: Counts) -> Counts:
    array.setflags(write=False)
    return array


def _frozen_flags(array: Flags) -> Flags:
    array.setflags(write=False)
    return array


def leave_one_out(
    effects: ArrayLike,
    variances: ArrayLike,
    *,
    method: str = "REML",
    interval: str = "knapp_hartung",
    level: float = 0.95,
) -> Refits:
    """Pool all studies but one, leaving out each in turn.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale; variances > 0; at least two studies.
    method, interval, level
        As in ``pool_effects``.

    Returns
    -------
    Refits
        Row i without study i.

    Raises
    ------
    NotEstimable
        ``one_study``, and what ``pool_effects`` refuses but for ``no_spread``, which is flagged.

    Notes
    -----
    tau2 is estimated anew each time, with no starting value carried over, so each row is what
    ``pool_effects`` gives for those studies. Agrees with metafor 3.8 ``leave1out`` to 1e-8.
    """
    code = method_code(method)
    interval_code(interval)
    y, v = several_studies(effects, variances, "leaving one out")
    centre = float(y.mean())
    table = _random_effects_refits.leave_one_out(y - centre, v, code)
    return refits_of(table, centre, float(np.abs(y).max()), (method, interval, level))


def cumulative(
    effects: ArrayLike,
    variances: ArrayLike,
    order: Sequence[int] | NDArray[np.intp] | None = None,
    *,
    method: str = "REML",
    interval: str = "knapp_hartung",
    level: float = 0.95,
) -> Refits:
    """Pool the first study, the first two, and so on.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale; variances > 0.
    order : sequence of int (k,), optional
        Positions from 0, each once: by year of publication, say. By default as they stand.
    method, interval, level
        As in ``pool_effects``.

    Returns
    -------
    Refits
        Row i of the first i + 1 studies in that order.

    Raises
    ------
    NotEstimable
        ``order``, and what ``pool_effects`` refuses but for ``no_spread``, which is flagged.

    Notes
    -----
    Many looks at growing data: the intervals are not adjusted for them. Agrees with metafor 3.8
    ``cumul`` to 1e-8.

    References
    ----------
    Lau J et al. 1992, doi:10.1056/NEJM199207233270406.
    """
    code = method_code(method)
    interval_code(interval)
    y, v = pooled_studies(effects, variances)
    places = np.arange(y.size) if order is None else np.asarray(order)
    if places.shape != y.shape or not np.array_equal(np.sort(places), np.arange(y.size)):
        raise refuse(
            NotEstimable, "order", "the order does not name every study once", where="order"
        )
    centre = float(y.mean())
    table = _random_effects_refits.cumulative(
        y - centre, v, np.ascontiguousarray(places, dtype=np.intp), code
    )
    return refits_of(table, centre, float(np.abs(y).max()), (method, interval, level))


def pool_samples(
    effects: ArrayLike,
    variances: ArrayLike,
    *,
    method: str = "REML",
    interval: str = "knapp_hartung",
    level: float = 0.95,
) -> Refits:
    """Pool many sets of studies of the same number, as in a bootstrap or a simulation.

    Parameters
    ----------
    effects, variances : float array (m, k)
        One set a row.
    method, interval, level
        As in ``pool_effects``.

    Returns
    -------
    Refits
        A value for each set.

    Raises
    ------
    NotEstimable
        ``shape``, ``not_finite``, ``variance_not_positive`` with the set concerned, and what
        ``pool_effects`` refuses but for ``no_spread``, which is flagged.

    Notes
    -----
    Each row is what ``pool_effects`` gives for it, to 1e-12.
    """
    code = method_code(method)
    interval_code(interval)
    y = np.asarray(effects, dtype=np.float64)
    v = np.array(variances, dtype=np.float64, order="C")
    if y.ndim != 2 or y.shape != v.shape or not y.size:
        raise refuse(NotEstimable, "shape", "effects and variances are not two equal tables")
    finite = np.asarray(np.isfinite(y).all(axis=1) & np.isfinite(v).all(axis=1))
    refuse_studies("not_finite", "a number is missing or infinite", ~finite, "sets")
    refuse_studies(
        "variance_not_positive",
        "a variance is not above 0",
        np.asarray((v < 1e-90).any(axis=1)),
        "sets",
    )
    centre = y.mean(axis=1)
    table = _random_effects_refits.samples(np.ascontiguousarray(y - centre[:, None]), v, code)
    return refits_of(table, centre, float(np.abs(y).max()), (method, interval, level))
