"""Times to the first of several competing events, sorted once for every estimate and resample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, OutcomeRefused, refuse
from cartwheel.stats.columns import raw_array
from cartwheel.stats.times import Floats, Integers, SurvivalTimes, survival_times

# a larger code is a mistake, and may be no whole number any more
_LARGEST_CODE = 1e9


@dataclass(frozen=True, slots=True, eq=False)
class CompetingTimes:
    """Times to the first of several events that exclude one another.

    Parameters
    ----------
    times : SurvivalTimes
        The times, with ``event`` 1 for an event of whatever cause.
    cause : int64 array (n,), patient order
        0 censored, else the code of the cause.
    causes : tuple of int
        The codes that occur, ascending.
    """

    times: SurvivalTimes
    cause: Integers
    causes: tuple[int, ...]

    @property
    def n(self) -> int:
        """Number of patients."""
        return self.times.n

    def events(self, cause: int) -> int:
        """Count the patients with an event of one cause.

        Parameters
        ----------
        cause : int
            Its code.

        Returns
        -------
        int
        """
        return int(np.count_nonzero(self.cause == cause))


def competing_times(time: ArrayLike, cause: ArrayLike) -> CompetingTimes:
    """Sort times to the first of several competing events once.

    Parameters
    ----------
    time : array (n,), >= 0, one unit throughout
        Time from the start of follow-up to the first event, or to censoring.
    cause : array (n,), whole numbers >= 0
        0 censored; 1, 2, ... the cause of the event.

    Returns
    -------
    CompetingTimes
        Read-only arrays.

    Raises
    ------
    OutcomeRefused
        What ``survival_times`` refuses; a cause that is missing, negative or no whole number.
    NotEstimable
        No event of any cause.
    """
    given = raw_array(cause, "cause", OutcomeRefused)
    numbers = given.astype(np.float64) if given.dtype.kind in "biuf" else np.array([np.nan])
    if (
        given.ndim != 1
        or not np.isfinite(numbers).all()
        or (numbers < 0).any()
        or (numbers != np.floor(numbers)).any()
        or (numbers > _LARGEST_CODE).any()
    ):
        raise refuse(
            OutcomeRefused,
            "cause_coding",
            "causes must be whole numbers: 0 (censored), 1, 2, ..., none missing or above 10^9",
            where="cause",
            mend="recode the column; which event is the one of interest is said later",
        )
    codes = numbers.astype(np.int64)
    times = survival_times(time, codes > 0)
    causes = tuple(np.unique(codes[codes > 0]).tolist())
    if not causes:
        raise refuse(NotEstimable, "no_events", "no patient has an event", where="cause")
    codes.setflags(write=False)
    return CompetingTimes(times, codes, causes)


def checked_cause(competing: CompetingTimes, cause: int) -> int:
    """Give a cause back, or refuse one that no patient has.

    Parameters
    ----------
    competing : CompetingTimes
        The sample.
    cause : int
        Code of a cause.

    Returns
    -------
    int
        The same code.

    Raises
    ------
    NotEstimable
        ``no_events``.
    """
    if cause not in competing.causes:
        raise refuse(
            NotEstimable,
            "no_events",
            f"no patient has an event of cause {cause}",
            where="cause",
            mend=f"causes that occur: {', '.join(map(str, competing.causes))}",
        )
    return cause


def cause_specific_times(competing: CompetingTimes, cause: int) -> SurvivalTimes:
    """Times with events of other causes as censorings, for a cause-specific Cox model.

    The hazard that ``cox_fit`` estimates from them is meaningful; one minus the Kaplan-Meier curve
    of them is not a probability: it exceeds the cumulative incidence.

    Parameters
    ----------
    competing : CompetingTimes
        The sample.
    cause : int
        Code of the cause of interest.

    Returns
    -------
    SurvivalTimes

    Raises
    ------
    NotEstimable
        No event of this cause.
    """
    checked_cause(competing, cause)
    return survival_times(competing.times.time, competing.cause == cause)


def block_counts(
    competing: CompetingTimes, selected: NDArray[np.bool_] | None, counts: Floats | None
) -> Floats:
    """Count selected patients at each distinct time.

    Parameters
    ----------
    competing : CompetingTimes
        The sample.
    selected : bool array (n,) or None
        Whom to count; everybody by default.
    counts : float array (n,) or None
        How often each patient counts.

    Returns
    -------
    float array (k,)
        One number for each distinct time.
    """
    times = competing.times
    weight = np.ones(times.n) if counts is None else counts
    if selected is not None:
        weight = np.where(selected, weight, 0.0)
    return np.add.reduceat(weight[times.order], times.block_start[:-1])
