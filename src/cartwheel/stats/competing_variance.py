"""Counts, curves and variances behind the Aalen-Johansen estimate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array
from cartwheel.stats.competing_times import CompetingTimes, block_counts
from cartwheel.stats.times import Floats, Integers, SurvivalTimes


class IncidenceTable(NamedTuple):
    """Counts and curves at each distinct time.

    Parameters
    ----------
    leaving, at_risk : float array (k,)
        Patients who leave at, and are at risk just before, each time.
    deaths : float array (k, c)
        Events of each cause.
    before, free : float array (k,)
        Probability of being event-free just before and just after.
    incidence : float array (k, c)
        Cumulative incidence of each cause, just after.
    entered : int64 array (n,), or None
        Number of distinct times at or before each patient's entry.
    """

    leaving: Floats
    at_risk: Floats
    deaths: Floats
    before: Floats
    free: Floats
    incidence: Floats
    entered: Integers | None


def entry_blocks(times: SurvivalTimes, entry: ArrayLike | None) -> Integers | None:
    """Count the distinct times at or before each patient's entry.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    entry : array (n,), or None
        When each patient came under observation.

    Returns
    -------
    int64 array (n,), or None

    Raises
    ------
    NotEstimable
        ``entry_invalid``.
    """
    if entry is None:
        return None
    since = float_array(entry, "entry")
    if (
        since.shape != times.time.shape
        or not np.isfinite(since).all()
        or not (since + times.tolerance < times.time).all()
    ):
        raise refuse(
            NotEstimable,
            "entry_invalid",
            "every patient needs a finite entry before the end of follow-up",
            where="entry",
            mend="leave out patients who were never under observation",
        )
    return np.searchsorted(times.block_time, since + times.tolerance, side="right").astype(np.int64)


def incidence_table(
    competing: CompetingTimes, counts: Floats | None, entered: Integers | None
) -> IncidenceTable:
    """Count those at risk and the events, and estimate the curves.

    Parameters
    ----------
    competing : CompetingTimes
        The sample.
    counts : float array (n,), or None
        How often each patient counts.
    entered : int64 array (n,), or None
        As ``entry_blocks``.

    Returns
    -------
    IncidenceTable

    Raises
    ------
    NotEstimable
        ``nobody_at_risk`` where late entry leaves nobody at risk while events are still to come.
    """
    leaving = block_counts(competing, None, counts)
    at_risk = np.cumsum(leaving[::-1])[::-1]
    if entered is not None:
        coming = np.bincount(entered, counts, leaving.size)
        at_risk = at_risk - (coming.sum() - np.cumsum(coming))
    deaths = np.column_stack(
        [block_counts(competing, competing.cause == cause, counts) for cause in competing.causes]
    )
    total = deaths.sum(axis=1)
    free = np.cumprod(1.0 - total / np.where(at_risk > 0.0, at_risk, 1.0))
    if entered is not None and (free[:-1][total[1:] > 0.0] == 0.0).any():
        raise refuse(
            NotEstimable,
            "nobody_at_risk",
            "everybody at risk has the event while others have still to enter",
            where="entry",
            mend="begin the analysis at a later time, from which on enough patients are followed",
        )
    before = np.concatenate(([1.0], free[:-1]))
    steps = (before / np.where(at_risk > 0.0, at_risk, 1.0))[:, None] * deaths
    return IncidenceTable(leaving, at_risk, deaths, before, free, np.cumsum(steps, axis=0), entered)


def safe_inverse(values: Floats) -> Floats:
    """1 / values, 0 where nobody is left: nothing depends on those terms.

    Parameters
    ----------
    values : float array (k,)
        Numbers >= 0.

    Returns
    -------
    float array (k,)
    """
    positive = values > 0.0
    inverse: Floats = np.where(positive, 1.0 / np.where(positive, values, 1.0), 0.0)
    return inverse


def jackknife_errors(
    competing: CompetingTimes, table: IncidenceTable, counts: Floats | None
) -> Floats:
    """Root of the sum of squared influences of the patients, for each state and time.

    The influence of patient i on F_k(t) is a_i - F_k(t) b_i: a and b stop changing when the
    patient leaves, and all at risk since the same time share theirs, so sums suffice.

    Parameters
    ----------
    competing : CompetingTimes
        The sample.
    table : IncidenceTable
        Its counts and curves.
    counts : float array (n,), or None
        How often each patient counts.

    Returns
    -------
    float array (k, c + 1)
    """
    times = competing.times
    block = np.searchsorted(times.block_time, times.time)
    weight = np.ones(times.n) if counts is None else counts
    total = table.deaths.sum(axis=1)
    per_risk, per_staying = safe_inverse(table.at_risk), safe_inverse(table.at_risk - total)
    hazard = np.cumsum(total * per_risk * per_staying)
    died = competing.cause > 0
    own_b = np.where(died, per_staying[block], 0.0)
    errors = np.empty((times.block_time.size, len(competing.causes) + 1))
    nothing = np.zeros_like(hazard)
    for column in range(errors.shape[1]):
        if column == 0:
            a, own_a, level = nothing, np.zeros(times.n), table.free
        else:
            level = table.incidence[:, column - 1]
            own = competing.cause == competing.causes[column - 1]
            gain = table.before * per_risk
            a = np.cumsum(
                gain * table.deaths[:, column - 1] * per_risk
                + level * total * per_risk * per_staying
            )
            own_a = np.where(own, gain[block], 0.0) + level[block] * own_b
        aa, ab, bb = _squares(block, table.entered, weight, (a, hazard), (own_a, own_b))
        errors[:, column] = aa - 2.0 * level * ab + level * level * bb
    return np.sqrt(np.maximum(errors, 0.0))


def _squares(
    block: Integers,
    entered: Integers | None,
    weight: Floats,
    at_risk: tuple[Floats, Floats],
    own: tuple[Floats, Floats],
) -> tuple[Floats, Floats, Floats]:
    """Sums over patients of a a, a b and b b after each time."""
    blocks = at_risk[0].size
    start = np.zeros_like(block) if entered is None else entered
    offset = [np.concatenate(([0.0], path))[start] for path in at_risk]
    gone = [own[which] - (at_risk[which][block] - offset[which]) for which in (0, 1)]

    def under_observation(values: Floats) -> Floats:
        come = np.bincount(start, weight * values, blocks + 1)[:blocks]
        left = np.bincount(block, weight * values, blocks)
        return np.asarray(np.cumsum(come) - np.cumsum(left), dtype=np.float64)

    n = under_observation(np.ones(block.size))
    first = [under_observation(values) for values in offset]
    sums = []
    for p, q in ((0, 0), (0, 1), (1, 1)):
        fixed = np.cumsum(np.bincount(block, weight * gone[p] * gone[q], blocks))
        mixed = under_observation(offset[p] * offset[q])
        path, other = at_risk[p], at_risk[q]
        sums.append(fixed + n * path * other - path * first[q] - other * first[p] + mixed)
    return sums[0], sums[1], sums[2]


def aalen_errors(table: IncidenceTable) -> Floats:
    """Aalen's variance with the finite-sample factor (Y - d) / (Y - 1); Greenwood's for S.

    Parameters
    ----------
    table : IncidenceTable
        Counts and curves.

    Returns
    -------
    float array (k, c + 1)
    """
    total = table.deaths.sum(axis=1)
    per_risk, per_staying = safe_inverse(table.at_risk), safe_inverse(table.at_risk - total)
    per_free = safe_inverse(table.free)
    errors = np.empty((total.size, table.deaths.shape[1] + 1))
    errors[:, 0] = table.free**2 * np.cumsum(total * per_risk * per_staying)
    spread = table.before * table.before * per_risk * per_risk

    def binomial(deaths: Floats) -> Floats:
        kept = 1.0 - (deaths - 1.0) * safe_inverse(table.at_risk - 1.0)
        return np.where(deaths > 1.0, deaths * kept, deaths) * spread

    for column in range(table.deaths.shape[1]):
        level = table.incidence[:, column]
        wanted = table.deaths[:, column]
        ratio = level * per_free
        sums = np.zeros((3, total.size))
        # where nobody stays event-free, later increments are 0 and a competing event adds nothing
        for deaths, shift in (
            (wanted, 1.0),
            (np.where(table.free > 0.0, total - wanted, 0.0), 0.0),
        ):
            size, here = binomial(deaths), shift + ratio
            sums += np.stack((here * here * size, per_free * here * size, per_free**2 * size))
        one, cross, two = np.cumsum(sums, axis=1)
        errors[:, column + 1] = one + level * level * two - 2.0 * level * cross
    return np.sqrt(np.maximum(errors, 0.0))
