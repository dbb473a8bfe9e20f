"""The number with its uncertainty: every table cell, label and JSON figure is one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number, its interval, and how both were had.

    Parameters
    ----------
    value : float or None
        The point estimate. None where it does not exist (a median not reached).
    low, high : float or None
        Limits of the interval; None where a limit does not exist.
    level : float or None
        Coverage of the interval, in (0, 1); None where there is no interval.
    method : str
        How estimate and interval were computed, with the convention followed.
    n, events : int or None
        Patients and events that the number rests on.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    method: str = ""
    n: int | None = None
    events: int | None = None
