"""Rows over (start, stop]: follow-up cut at fixed times, a landmark, or where a state changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, OutcomeRefused, refuse
from cartwheel.stats.columns import float_array, raw_array
from cartwheel.stats.times import SAME_TIME, Floats, Integers, check_times


@dataclass(frozen=True, slots=True, eq=False)
class StartStop:
    """Rows of patients over (start, stop], by patient, then time.

    Parameters
    ----------
    patient : int64 array (m,)
        Position of each row's patient in what was given: index any column with it.
    start, stop : float arrays (m,), unit of the times
        Time at risk.
    event : int8 array (m,)
        1 in the last row of a patient with the event.
    episode : int64 array (m,)
        Which stretch of follow-up, from 0: the number of cuts at or before start; or 1 once the
        state has changed.
    """

    patient: Integers
    start: Floats
    stop: Floats
    event: NDArray[np.int8]
    episode: Integers


def _checked(
    time: ArrayLike, event: ArrayLike, start: ArrayLike | None
) -> tuple[Floats, Floats, NDArray[np.int8]]:
    stop = float_array(time, "time", OutcomeRefused) + 0.0
    events = raw_array(event, "event", OutcomeRefused)
    check_times(stop, events)
    begin = np.zeros(stop.size)
    if start is not None:
        begin = float_array(start, "start", OutcomeRefused) + 0.0
    if begin.shape != stop.shape or not ((begin >= 0.0) & (begin < np.inf)).all():
        raise refuse(
            OutcomeRefused,
            "time_invalid",
            "starts must be finite and not negative, one a row",
            where="start",
        )
    empty = int(np.count_nonzero(begin >= stop))
    if empty:
        raise refuse(
            OutcomeRefused,
            "interval_empty",
            f"{empty} rows end no later than they start",
            where="start",
            mend="a row needs time at risk: correct its dates, or leave it out",
        )
    return begin, stop, events.astype(np.int8)


def _rows(begin: Floats, stop: Floats, event: NDArray[np.int8], cuts: list[Floats]) -> StartStop:
    """Cut each row at the cuts, one array of them for all rows or one for each row."""
    edges = np.sort(np.column_stack([np.broadcast_to(cut, begin.shape) for cut in cuts]), axis=1)
    lows = np.column_stack([begin, np.clip(edges, begin[:, None], stop[:, None])])
    highs = np.column_stack([lows[:, 1:], stop])
    # an episode shorter than a rounding is none
    slack = SAME_TIME * np.maximum(1.0, stop)[:, None]
    kept = highs - lows > slack
    patient, episode = np.nonzero(kept)
    last = highs[patient, episode] >= stop[patient]
    arrays = (
        patient.astype(np.int64),
        lows[patient, episode],
        highs[patient, episode],
        np.where(last, event[patient], 0).astype(np.int8),
        episode.astype(np.int64),
    )
    for array in arrays:
        array.setflags(write=False)
    return StartStop(*arrays)


def survival_split(
    time: ArrayLike, event: ArrayLike, cuts: ArrayLike, *, start: ArrayLike | None = None
) -> StartStop:
    """Cut follow-up at fixed times, so that effects or covariates may differ between stretches.

    Parameters
    ----------
    time : array (n,), > 0
        End of follow-up.
    event : array (n,), 0 or 1
        Whether the event happened then.
    cuts : array (k,), > 0, finite
        Where to cut; an event at a cut belongs to the stretch before it.
    start : array (n,), >= 0, optional
        Where each row begins; else 0.

    Returns
    -------
    StartStop

    Raises
    ------
    OutcomeRefused
        Times, events or starts that ``risk_sets`` refuses.
    NotEstimable
        Cuts missing, infinite, not above 0, or none.

    Notes
    -----
    A Cox model without terms by episode is the same on the cut rows as before. As R
    ``survival::survSplit``.
    """
    begin, stop, coded = _checked(time, event, start)
    at = np.unique(float_array(cuts, "cuts"))
    if not at.size or not ((at > 0.0) & (at < np.inf)).all():
        raise refuse(NotEstimable, "cuts_invalid", "cuts must be finite and above 0", where="cuts")
    return _rows(begin, stop, coded, list(at))


def split_at_change(
    time: ArrayLike, event: ArrayLike, change: ArrayLike, *, start: ArrayLike | None = None
) -> StartStop:
    """Cut follow-up where a state changes once (transplant, relapse, infection), if it does.

    Use it in place of "ever had", which credits the state with the time before it.

    Parameters
    ----------
    time : array (n,), > 0
        End of follow-up.
    event : array (n,), 0 or 1
        Whether the event happened then.
    change : array (n,), >= 0, or nan
        When the state changed; nan if never. After the end of follow-up counts as never.
    start : array (n,), >= 0, optional
        Where each row begins; else 0.

    Returns
    -------
    StartStop
        ``episode`` is 1 in rows after the change: the covariate.

    Raises
    ------
    OutcomeRefused
        Times, events or starts that ``risk_sets`` refuses.
    NotEstimable
        Changes of another length, infinite or negative.

    Notes
    -----
    Changed at or before its start, a row has the new state throughout. Changed at the very end, it
    keeps the old: what happens at a time does not explain an event of that time.
    """
    begin, stop, coded = _checked(time, event, start)
    at = float_array(change, "change") + 0.0
    if at.shape != stop.shape or np.isinf(at).any() or (at < 0.0).any():
        raise refuse(
            NotEstimable,
            "change_invalid",
            "changes must be finite and not negative, or nan for never, one a row",
            where="change",
        )
    return _rows(begin, stop, coded, [np.where(np.isnan(at), np.inf, at)])


def landmark_rows(time: ArrayLike, event: ArrayLike, at: float) -> StartStop:
    """Keep those still followed without the event at a landmark, from there on.

    Parameters
    ----------
    time : array (n,), >= 0
        End of follow-up.
    event : array (n,), 0 or 1
        Whether the event happened then.
    at : float, >= 0
        The landmark; covariates may be known up to then.

    Returns
    -------
    StartStop
        One row a patient kept, start at the landmark, times still from the beginning.

    Raises
    ------
    OutcomeRefused
        Times or events that ``survival_times`` refuses.
    NotEstimable
        A landmark not finite or negative, or nobody left.

    References
    ----------
    Anderson, Cain and Gelber 1983, doi 10.1200/jco.1983.1.11.710.
    """
    stop = float_array(time, "time", OutcomeRefused) + 0.0
    events = raw_array(event, "event", OutcomeRefused)
    check_times(stop, events)
    if not 0.0 <= at < np.inf:
        raise refuse(NotEstimable, "landmark_range", "the landmark must be finite, not negative")
    patient = np.flatnonzero(stop > at + SAME_TIME * max(1.0, at)).astype(np.int64)
    if not patient.size:
        raise refuse(
            NotEstimable,
            "nobody_left",
            f"nobody is followed without the event beyond {at:g}",
            mend="take an earlier landmark",
        )
    arrays = (
        patient,
        np.full(patient.size, at),
        stop[patient],
        events[patient].astype(np.int8),
        np.zeros(patient.size, dtype=np.int64),
    )
    for array in arrays:
        array.setflags(write=False)
    return StartStop(*arrays)
