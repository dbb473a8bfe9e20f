"""Net reclassification and integrated discrimination improvement, asked for by reviewers.

Both have known faults. Category-free reclassification counts a change of risk by 0.001 as it does
one by 0.5; both rise when noise is added to a model and are fooled by a miscalibrated one, so that
their p-values reject far too often; the two halves of the NRI are added as if an event and a
non-event were equally frequent and important. Report the change in AUC and in net benefit first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.columns import float_array
from cartwheel.stats.descriptive import coded_column, finite_column, normal_quantile
from cartwheel.stats.integrated_brier import checked_risk
from cartwheel.stats.times import Floats, Integers


@dataclass(frozen=True, slots=True, eq=False)
class Reclassification:
    """How a new prediction moves patients with and without the event.

    Parameters
    ----------
    nri, nri_events, nri_nonevents : Estimate
        Net improvement, and its two halves: up minus down among those with, down minus up among
        those without the event. From -2 to 2, and -1 to 1.
    p_value, p_value_events, p_value_nonevents : float
        Two-sided, normal; not to be relied on (see the module).
    up_events, down_events, up_nonevents, down_nonevents : float
        Shares of those with and without the event that move.
    table_events, table_nonevents : int64 array (c, c), or None
        Patients by old (row) and new category; None without categories.
    """

    nri: Estimate
    nri_events: Estimate
    nri_nonevents: Estimate
    p_value: float
    p_value_events: float
    p_value_nonevents: float
    up_events: float
    down_events: float
    up_nonevents: float
    down_nonevents: float
    table_events: Integers | None
    table_nonevents: Integers | None


@dataclass(frozen=True, slots=True)
class DiscriminationImprovement:
    """Integrated discrimination improvement.

    Parameters
    ----------
    idi : Estimate
        Rise of the mean risk of those with the event plus fall of that of those without.
    p_value : float
        Two-sided, normal; not to be relied on (see the module).
    sensitivity, specificity : float
        The two parts of it.
    """

    idi: Estimate
    p_value: float
    sensitivity: float
    specificity: float


def risk_categories(risk: Floats, cuts: ArrayLike) -> Integers:
    """Number the category of each risk from 0; a risk at a cut belongs above it.

    Parameters
    ----------
    risk : float array (n,), 0-1
        Predicted risks.
    cuts : array (c,), rising, inside (0, 1)
        Bounds between categories.

    Returns
    -------
    int64 array (n,)

    Raises
    ------
    NotEstimable
        ``cuts`` that do not rise or lie outside (0, 1).
    """
    bounds = finite_column(np.atleast_1d(float_array(cuts, "cuts")), "cuts")
    if bounds.min() <= 0.0 or bounds.max() >= 1.0 or (np.diff(bounds) <= 0.0).any():
        raise refuse(
            NotEstimable, "cuts", "bounds of risk categories must rise within (0, 1)", where="cuts"
        )
    return np.searchsorted(bounds, risk, side="right").astype(np.int64)


def moves(
    old_risk: Floats, new_risk: Floats, cuts: ArrayLike | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Who moves up and who moves down.

    Parameters
    ----------
    old_risk, new_risk : float array (n,), 0-1
        The two predictions.
    cuts : array, or None
        Bounds of risk categories; None counts any change.

    Returns
    -------
    up, down : bool array (n,)
    """
    if cuts is None:
        return np.asarray(new_risk > old_risk), np.asarray(new_risk < old_risk)
    before, after = risk_categories(old_risk, cuts), risk_categories(new_risk, cuts)
    return np.asarray(after > before), np.asarray(after < before)


def _both_classes(event: ArrayLike) -> NDArray[np.bool_]:
    happened = np.asarray(coded_column(event, "event") == 1.0, dtype=np.bool_)
    if not happened.any() or happened.all():
        raise refuse(
            NotEstimable, "one_class", "all patients have the event, or none", where="event"
        )
    return happened


def _tail(value: float, error: float) -> float:
    return 2.0 * float(ndtr(-abs(value / error))) if error > 0.0 else float(value == 0.0)


def net_reclassification(
    old_risk: ArrayLike,
    new_risk: ArrayLike,
    event: ArrayLike,
    *,
    cuts: ArrayLike | None = None,
    level: float = 0.95,
) -> Reclassification:
    """Estimate the net reclassification improvement for a binary event.

    Parameters
    ----------
    old_risk, new_risk : array (n,), 0-1
        The two predictions of the same patients.
    event : array (n,), 0 or 1
        1 if it happened.
    cuts : array, optional
        Bounds of risk categories; without them any change counts (category-free).
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    Reclassification

    Raises
    ------
    NotEstimable
        Risks that are no probabilities, another coding of the event, only one class, bad cuts.

    Notes
    -----
    Known faults: see the module. The variance of each half is
    (up + down - (up - down)^2) / n, shares of its n patients. Category-free agrees with R Hmisc
    4.8 ``improveProb``, categorical with nricens 1.6 ``nribin``, to 1e-8 relative.

    References
    ----------
    Pencina et al. 2011, doi 10.1002/sim.4085. Faults: Hilden and Gerds 2014,
    doi 10.1002/sim.5804; Pepe et al. 2015, doi 10.1007/s12561-014-9118-0.
    """
    happened = _both_classes(event)
    before = checked_risk(happened.size, old_risk)
    after = checked_risk(happened.size, new_risk)
    z = normal_quantile(level)
    up, down = moves(before, after, cuts)
    shares, halves = [], []
    for members, sign in ((happened, 1.0), (~happened, -1.0)):
        n = int(members.sum())
        rise, fall = int(up[members].sum()) / n, int(down[members].sum()) / n
        variance = (rise + fall - (rise - fall) ** 2) / n
        shares.append((rise, fall))
        halves.append((sign * (rise - fall), variance))
    value = halves[0][0] + halves[1][0]
    errors = [float(np.sqrt(v)) for v in (halves[0][1] + halves[1][1], halves[0][1], halves[1][1])]
    values = (value, halves[0][0], halves[1][0])
    kind = "category-free" if cuts is None else "categorical"
    names = ("net reclassification", "among those with the event", "among those without")
    total, of_events, of_nonevents = (
        Estimate(
            one,
            one - z * error,
            one + z * error,
            level,
            f"{name}, {kind}, Wald",
            happened.size,
            int(happened.sum()),
        )
        for one, error, name in zip(values, errors, names, strict=True)
    )
    p_values = [_tail(one, error) for one, error in zip(values, errors, strict=True)]
    return Reclassification(
        total,
        of_events,
        of_nonevents,
        *(p_values[0], p_values[1], p_values[2]),
        *shares[0],
        *shares[1],
        None if cuts is None else _table(before, after, cuts, happened),
        None if cuts is None else _table(before, after, cuts, ~happened),
    )


def _table(before: Floats, after: Floats, cuts: ArrayLike, members: NDArray[np.bool_]) -> Integers:
    size = np.atleast_1d(np.asarray(cuts)).size + 1
    cell = risk_categories(before, cuts)[members] * size + risk_categories(after, cuts)[members]
    table = np.bincount(cell, minlength=size * size).reshape(size, size).astype(np.int64)
    table.setflags(write=False)
    return table


def discrimination_improvement(
    old_risk: ArrayLike, new_risk: ArrayLike, event: ArrayLike, *, level: float = 0.95
) -> DiscriminationImprovement:
    """Estimate the integrated discrimination improvement for a binary event.

    Parameters
    ----------
    old_risk, new_risk : array (n,), 0-1
        The two predictions of the same patients.
    event : array (n,), 0 or 1
        1 if it happened.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    DiscriminationImprovement

    Raises
    ------
    NotEstimable
        Risks that are no probabilities, another coding of the event, fewer than two patients with
        or without it.

    Notes
    -----
    Known faults: see the module. Variance: that of the change of risk among events, divided by
    their number, plus the same among the others. Agrees with R Hmisc 4.8 ``improveProb`` to 1e-8
    relative.

    References
    ----------
    Pencina et al. 2008, doi 10.1002/sim.2929. Faults: Kerr et al. 2011, doi 10.1093/aje/kwr086.
    """
    happened = _both_classes(event)
    change = checked_risk(happened.size, new_risk) - checked_risk(happened.size, old_risk)
    cases, others = change[happened], change[~happened]
    if min(cases.size, others.size) < 2:
        raise refuse(NotEstimable, "too_few", "a class has fewer than two patients", where="event")
    sensitivity, specificity = float(cases.mean()), -float(others.mean())
    value = sensitivity + specificity
    error = float(np.sqrt(cases.var(ddof=1) / cases.size + others.var(ddof=1) / others.size))
    half = normal_quantile(level) * error
    estimate = Estimate(
        value,
        value - half,
        value + half,
        level,
        "integrated discrimination improvement, Wald",
        happened.size,
        int(happened.sum()),
    )
    return DiscriminationImprovement(estimate, _tail(value, error), sensitivity, specificity)
