"""What every result says of its patients: who is left, which outcome, whether time ran forward."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One line of the patient flow: who is left, and who went for which reason.

    Parameters
    ----------
    label : str
        The step, for the reader.
    patients, events : int
        Left after it; unknown outcomes count as no event.
    excluded, excluded_events : int
        Lost in it; 0 in the first line.
    """

    label: str
    patients: int
    events: int
    excluded: int
    excluded_events: int


@dataclass(frozen=True, slots=True)
class OutcomeSummary:
    """The outcome as analysed.

    Parameters
    ----------
    kind : str
        ``binary`` or ``survival``.
    label : str
        Column or name given by the plan.
    time_unit : str or None
        Unit of every time in the result (survival only).
    horizon : float or None
        Time at which risk, calibration and Brier score are read (survival only).
    landmark_day : float or None
        Day from which time runs and at which patients had to be event-free; None without landmark.
    patients, events : int
        Analysed.
    follow_up : Estimate or None
        Median follow-up by reverse Kaplan-Meier (survival only).
    """

    kind: str
    label: str
    time_unit: str | None
    horizon: float | None
    landmark_day: float | None
    patients: int
    events: int
    follow_up: Estimate | None


@dataclass(frozen=True, slots=True)
class GuardReport:
    """What the guard against time travel looked at and found.

    Parameters
    ----------
    landmark_day : float or None
        Day after which patients had to be event-free; None without landmark.
    checked : tuple of str
        Predictors and adjustment columns that have a day and met an outcome with times.
    unchecked : tuple of str
        The others.
    cost_patients, cost_events : int
        Lost to the landmark; 0 without.
    text : str
        The same in sentences.
    """

    landmark_day: float | None
    checked: tuple[str, ...]
    unchecked: tuple[str, ...]
    cost_patients: int
    cost_events: int
    text: str
