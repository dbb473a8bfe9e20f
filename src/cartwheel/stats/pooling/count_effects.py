"""Effects and variances from counts: two-by-two tables, proportions, incidence rates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import same_length
from cartwheel.stats.pooling.study_inputs import (
    Flags,
    Floats,
    events_within,
    read_only,
    refuse_studies,
    study_column,
)

WHERE = ("zero_cells_only", "all", "none")


class Converted(NamedTuple):
    """Effects and sampling variances on the analysis scale.

    Parameters
    ----------
    effect, variance : float array (k,)
        Not finite (or variance 0) where a cell of zero was left as it is: see ``where``.
    corrected : bool array (k,)
        Where something was added to the counts.
    """

    effect: Floats
    variance: Floats
    corrected: Flags


def converted(effect: Floats, variance: Floats, corrected: Flags | None = None) -> Converted:
    """Put effects together, read-only.

    Parameters
    ----------
    effect, variance : float array (k,)
        On the analysis scale.
    corrected : bool array (k,), optional
        By default none.

    Returns
    -------
    Converted
    """
    flags = np.zeros(effect.shape, dtype=np.bool_) if corrected is None else corrected
    flags.setflags(write=False)
    return Converted(read_only(effect), read_only(variance), flags)


def _counts(**columns: ArrayLike) -> tuple[Floats, ...]:
    """Columns of one length, finite and not negative."""
    checked = {name: study_column(values, name) for name, values in columns.items()}
    same_length(**checked)
    for name, column in checked.items():
        refuse_studies("count_negative", "a number is negative", column < 0.0, name)
    return tuple(checked.values())


def _corrected(zero: Flags, add: float, where: str) -> Flags:
    """Which studies have something added."""
    if where not in WHERE:
        raise refuse(
            NotEstimable,
            "where_unknown",
            f"{where!r} is not one of {', '.join(WHERE)}",
            where="where",
        )
    if not 0.0 <= add < np.inf:
        raise refuse(NotEstimable, "add", f"{add} cannot be added to a count", where="add")
    if where == "none" or add == 0.0:
        return np.zeros(zero.shape, dtype=np.bool_)
    return np.ones(zero.shape, dtype=np.bool_) if where == "all" else zero.copy()


def _peto(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[Floats, Floats]:
    n1, n0, events, n = a + b, c + d, a + c, a + b + c + d
    variance = events * (b + d) * (n1 / n) * (n0 / n) / (n - 1.0)
    return (a - n1 * events / n) / variance, 1.0 / variance


def _table_effect(
    measure: str, a: Floats, b: Floats, c: Floats, d: Floats
) -> tuple[Floats, Floats]:
    n1, n0 = a + b, c + d
    if measure == "OR":
        return np.log(a) - np.log(b) - np.log(c) + np.log(d), 1 / a + 1 / b + 1 / c + 1 / d
    if measure == "RR":
        return np.log(a / n1) - np.log(c / n0), 1 / a - 1 / n1 + 1 / c - 1 / n0
    if measure == "RD":
        return a / n1 - c / n0, a * b / n1**3 + c * d / n0**3
    if measure == "PETO":
        return _peto(a, b, c, d)
    return (
        np.arcsin(np.sqrt(a / n1)) - np.arcsin(np.sqrt(c / n0)),
        0.25 / n1 + 0.25 / n0,
    )


def two_by_two(
    a: ArrayLike,
    n1: ArrayLike,
    c: ArrayLike,
    n0: ArrayLike,
    measure: str = "OR",
    *,
    add: float = 0.5,
    where: str = "zero_cells_only",
) -> Converted:
    """Turn events in two groups into an effect of the first against the second.

    Parameters
    ----------
    a, n1 : array_like (k,)
        Events and patients of the first group, 0 <= a <= n1.
    c, n0 : array_like (k,)
        Of the second.
    measure : str
        ``OR``, ``RR`` (on the log scale), ``RD``, ``PETO`` (log odds ratio by Peto's one step) or
        ``AS`` (difference of arcsine roots).
    add : float
        Added to all four cells.
    where : str
        Of which studies: ``zero_cells_only``, ``all`` or ``none``. Not used by AS.

    Returns
    -------
    Converted
        With a cell of zero and nothing added, OR and RR may be infinite or NaN, and RD may have
        variance 0: as the caller asked. Likewise PETO without an event in either group.

    Raises
    ------
    NotEstimable
        ``measure_unknown``, ``where_unknown``, ``add``, ``count_negative``, ``no_patients``,
        ``events_exceed_patients``, ``not_finite`` or ``length_mismatch``, with the positions.

    Notes
    -----
    Equal to metafor 3.8 ``escalc`` (1e-12), tables without events or without non-events included.

    References
    ----------
    Yusuf S et al. 1985, doi:10.1016/S0033-0620(85)80003-7. Rücker G et al. 2009,
    doi:10.1002/sim.3511.
    """
    if measure not in ("OR", "RR", "RD", "PETO", "AS"):
        raise refuse(NotEstimable, "measure_unknown", f"{measure!r} is no effect of two by two")
    a_, n1_, c_, n0_ = _counts(a=a, n1=n1, c=c, n0=n0)
    events_within(a_, n1_, "a", "n1")
    events_within(c_, n0_, "c", "n0")
    b_, d_ = n1_ - a_, n0_ - c_
    zero = (a_ == 0.0) | (b_ == 0.0) | (c_ == 0.0) | (d_ == 0.0)
    changed = _corrected(zero, add, "none" if measure == "AS" else where)
    extra = np.where(changed, add, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect, variance = _table_effect(measure, a_ + extra, b_ + extra, c_ + extra, d_ + extra)
    return converted(effect, variance, changed)


def _proportion_effect(measure: str, x: Floats, n: Floats) -> tuple[Floats, Floats]:
    p = x / n
    if measure == "PR":
        return p, p * (1.0 - p) / n
    if measure == "PLN":
        return np.log(p), 1.0 / x - 1.0 / n
    if measure == "PLO":
        return np.log(x) - np.log(n - x), 1.0 / x + 1.0 / (n - x)
    if measure == "PAS":
        return np.arcsin(np.sqrt(p)), 0.25 / n
    both = np.arcsin(np.sqrt(x / (n + 1.0))) + np.arcsin(np.sqrt((x + 1.0) / (n + 1.0)))
    return 0.5 * both, 1.0 / (4.0 * n + 2.0)


def proportions(
    events: ArrayLike,
    n: ArrayLike,
    measure: str = "PLO",
    *,
    add: float = 0.5,
    where: str = "zero_cells_only",
) -> Converted:
    """Turn numbers of events into proportions on an analysis scale.

    Parameters
    ----------
    events, n : array_like (k,)
        0 <= events <= n, n > 0.
    measure : str
        ``PLO`` logit, ``PLN`` log, ``PR`` as it is, ``PAS`` arcsine root, ``PFT`` Freeman-Tukey
        double arcsine (halved).
    add : float
        Added to events and to non-events.
    where : str
        Of which studies: ``zero_cells_only`` (no event, or nothing but), ``all`` or ``none``. Not
        used by PAS and PFT.

    Returns
    -------
    Converted
        Not finite, or of variance 0, where nothing was added to a zero.

    Raises
    ------
    NotEstimable
        As ``two_by_two``.

    Notes
    -----
    Equal to metafor 3.8 ``escalc`` (1e-12). A Freeman-Tukey pool depends, transformed back, on
    which n is meant (Schwarzer 2019): prefer the logit, or the GLMM.

    References
    ----------
    Freeman MF, Tukey JW 1950, doi:10.1214/aoms/1177729756. Schwarzer G et al. 2019,
    doi:10.1002/jrsm.1348.
    """
    if measure not in ("PR", "PLN", "PLO", "PAS", "PFT"):
        raise refuse(NotEstimable, "measure_unknown", f"{measure!r} is no scale of a proportion")
    x, total = _counts(events=events, n=n)
    events_within(x, total, "events", "n")
    zero = (x == 0.0) | (x == total)
    changed = _corrected(zero, add, "none" if measure in ("PAS", "PFT") else where)
    extra = np.where(changed, add, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect, variance = _proportion_effect(measure, x + extra, total + 2.0 * extra)
    return converted(effect, variance, changed)


def back_transform(values: ArrayLike, measure: str, n: ArrayLike | None = None) -> Floats:
    """Turn proportions on an analysis scale back into proportions.

    Parameters
    ----------
    values : array_like
        Effects or limits on the scale.
    measure : str
        As in ``proportions``.
    n : array_like (k,), optional
        Patients of the studies; needed by ``PFT``, which uses their harmonic mean.

    Returns
    -------
    float array
        Of the shape of ``values``. PR and PLN are not cut at 1.

    Raises
    ------
    NotEstimable
        ``measure_unknown``, ``n_missing``, or what the check of n refuses.

    Notes
    -----
    PAS and PFT are first held within the values that 0 and 1 have on their scale. PFT by Miller's
    inverse. Equal to metafor 3.8 ``transf.*`` (1e-12).

    References
    ----------
    Miller JJ 1978, doi:10.1080/00031305.1978.10479283.
    """
    t = np.asarray(values, dtype=np.float64)
    if measure == "PR":
        return t.copy()
    if measure == "PLN":
        return np.asarray(np.exp(t))
    if measure == "PLO":
        return np.asarray(expit(t))
    if measure == "PAS":
        return np.asarray(np.sin(np.clip(t, 0.0, np.pi / 2.0)) ** 2)
    if measure != "PFT":
        raise refuse(NotEstimable, "measure_unknown", f"{measure!r} is no scale of a proportion")
    if n is None:
        raise refuse(
            NotEstimable,
            "n_missing",
            "the double arcsine needs the studies' n to go back",
            where="n",
        )
    sizes = study_column(n, "n")
    refuse_studies("no_patients", "a group has no patients", sizes <= 0.0, "n")
    return _miller(t, float(1.0 / np.mean(1.0 / sizes)))


def _miller(t: Floats, n: float) -> Floats:
    """Invert the halved double arcsine for groups of n."""
    low, high = _proportion_effect("PFT", np.array([0.0, n]), np.array([n, n]))[0]
    double = 2.0 * np.clip(t, low, high)
    sine = np.sin(double)
    inner = 1.0 - (sine + (sine - 1.0 / sine) / n) ** 2
    p = 0.5 * (1.0 - np.sign(np.cos(double)) * np.sqrt(np.maximum(inner, 0.0)))
    return np.asarray(np.where(t <= low, 0.0, np.where(t >= high, 1.0, p)))


def incidence_rates(
    x1: ArrayLike,
    t1: ArrayLike,
    x2: ArrayLike,
    t2: ArrayLike,
    *,
    add: float = 0.5,
    where: str = "zero_cells_only",
) -> Converted:
    """Turn events and person-time of two groups into a log incidence rate ratio.

    Parameters
    ----------
    x1, t1 : array_like (k,)
        Events >= 0 and person-time > 0 of the first group.
    x2, t2 : array_like (k,)
        Of the second.
    add : float
        Added to both numbers of events.
    where : str
        Of which studies: ``zero_cells_only``, ``all`` or ``none``.

    Returns
    -------
    Converted
        log((x1 / t1) / (x2 / t2)), variance 1 / x1 + 1 / x2.

    Raises
    ------
    NotEstimable
        ``no_person_time``, and as ``two_by_two``.

    Notes
    -----
    Equal to metafor 3.8 ``escalc(measure = "IRR")`` (1e-12).

    References
    ----------
    Rothman KJ et al. 2008, Modern epidemiology, 3rd ed.
    """
    e1, p1, e2, p2 = _counts(x1=x1, t1=t1, x2=x2, t2=t2)
    for name, time in (("t1", p1), ("t2", p2)):
        refuse_studies("no_person_time", "a group has no person-time", time <= 0.0, name)
    changed = _corrected((e1 == 0.0) | (e2 == 0.0), add, where)
    extra = np.where(changed, add, 0.0)
    e1, e2 = e1 + extra, e2 + extra
    with np.errstate(divide="ignore", invalid="ignore"):
        effect, variance = np.log(e1 / p1) - np.log(e2 / p2), 1.0 / e1 + 1.0 / e2
    return converted(effect, variance, changed)
