"""What drift is looked for in, and what is found: one row a centre, a period and a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cartwheel.estimate import Estimate

OTHER_REASONS = "other reasons"
"""Reasons of few patients each, counted together."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An input that was asked for once.

    Parameters
    ----------
    centre, period, patient : str
        Where, when and of whom; periods sort as they follow: ``2026-03`` or ``2026-Q1``.
    name : str
        Of the input.
    value : float or None
        In its canonical unit; None where it was missing or parked.
    parked : bool
        It came in a form that could not be read.
    limited : bool or None
        It stood at a limit of detection; None where nobody looked.
    """

    centre: str
    period: str
    patient: str
    name: str
    value: float | None
    parked: bool = False
    limited: bool | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A rule, score or model that was asked once.

    Parameters
    ----------
    centre, period, patient : str
        Where, when and of whom.
    target : str
        Id of the rule, score or model.
    reasons : tuple of str
        Why it had no answer; empty where it had one.
    """

    centre: str
    period: str
    patient: str
    target: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Predicted:
    """A risk that was told, and what became of the patient so far.

    Parameters
    ----------
    centre, period, patient : str
        Where, when and of whom; one prediction of a patient in each period.
    target : str
        Id of the score or model.
    risk : float
        Of the event by the horizon, 0 to 1.
    time : float
        From the prediction to the first event, or to the end of what is known; unit of the horizon.
    cause : int
        1 the event; 0 not by then; 2 and above an event after which it cannot come any more.
    """

    centre: str
    period: str
    patient: str
    target: str
    risk: float
    time: float
    cause: int


@dataclass(frozen=True, slots=True)
class DriftPlan:
    """How drift is looked for.

    Parameters
    ----------
    reference : tuple of (str, str)
        First and last period of the time with which the others are compared, both included.
    horizons : mapping of str to float
        Target to the horizon of its risk.
    least : int
        Numbers of fewer patients are withheld.
    permutations : int
        Of each comparison.
    seed : int
        Of the permutations.
    level : float in (0, 1)
        Coverage of the intervals.
    """

    reference: tuple[str, str]
    horizons: Mapping[str, float]
    least: int = 10
    permutations: int = 1999
    seed: int = 1
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class InputDrift:
    """One input at one centre in one period.

    Parameters
    ----------
    centre, period, name : str
        Which.
    is_reference : bool
        The period belongs to the time with which others are compared.
    patients : int or None
        Who were asked for it; None where they are fewer than are told.
    withheld : bool
        Too few patients: every number is None.
    median, low_quartile, high_quartile : float or None
        Of one value each patient, the median of his own.
    missing, parked : Estimate or None
        Share of the times it was asked for.
    distance : float or None
        Greatest distance between the two distribution functions, 0 to 1, of this period and the
        reference time of the centre; None where there is none to compare.
    p, adjusted_p : float or None
        By permutation of patients; adjusted by Holm over the inputs of this centre and period.
    limited : Estimate or None
        Share of the patients with a value of whom one stood at a limit of detection; None where
        nobody looked.
    looks_like : str
        Which other unit the values look like, such as ``ukat/L taken as U/L``; empty for none.
    """

    centre: str
    period: str
    name: str
    is_reference: bool
    patients: int | None = None
    withheld: bool = False
    median: float | None = None
    low_quartile: float | None = None
    high_quartile: float | None = None
    missing: Estimate | None = None
    parked: Estimate | None = None
    distance: float | None = None
    p: float | None = None
    adjusted_p: float | None = None
    limited: Estimate | None = None
    looks_like: str = ""


@dataclass(frozen=True, slots=True)
class RefusalDrift:
    """How often a target had no answer at one centre in one period.

    Parameters
    ----------
    centre, period, target : str
        Which.
    is_reference : bool
        As of `InputDrift`.
    withheld : bool
        Too few patients.
    patients : int or None
        Who were asked about.
    refused : Estimate or None
        Share of the times it was asked.
    reasons : tuple of (str, int or None)
        How often each reason was given, most often first. One of few patients may say a value of
        theirs: these stand last as `OTHER_REASONS`, None where even they are of too few. One
        refusal may have several reasons.
    """

    centre: str
    period: str
    target: str
    is_reference: bool
    withheld: bool = False
    patients: int | None = None
    refused: Estimate | None = None
    reasons: tuple[tuple[str, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class CalibrationDrift:
    """How a target's risks agree with what followed, at one centre, of one period's patients.

    Parameters
    ----------
    centre, period, target : str
        Which.
    is_reference : bool
        As of `InputDrift`.
    horizon : float
        Of the risk.
    withheld : bool
        Too few patients.
    patients : int or None
        Who were given a risk.
    ripe : float or None
        Share of them of whom it is known what was so at the horizon.
    expected : float or None
        Mean of the risks.
    observed : Estimate or None
        Risk observed by the horizon; None in it where nobody is followed so far.
    ratio : Estimate or None
        Observed over expected: 1 where they agree, above 1 where risks were too low.
    """

    centre: str
    period: str
    target: str
    is_reference: bool
    horizon: float
    withheld: bool = False
    patients: int | None = None
    ripe: float | None = None
    expected: float | None = None
    observed: Estimate | None = None
    ratio: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """What changed, by centre and period.

    Parameters
    ----------
    plan : DriftPlan
        How it was looked for.
    inputs : tuple of InputDrift
        By centre, period and name.
    refusals : tuple of RefusalDrift
        By centre, period and target.
    calibration : tuple of CalibrationDrift
        By centre, period and target.
    """

    plan: DriftPlan
    inputs: tuple[InputDrift, ...]
    refusals: tuple[RefusalDrift, ...]
    calibration: tuple[CalibrationDrift, ...]


def is_reference(plan: DriftPlan, period: str) -> bool:
    """Tell whether a period belongs to the time with which the others are compared.

    Parameters
    ----------
    plan : DriftPlan
    period : str

    Returns
    -------
    bool
    """
    return plan.reference[0] <= period <= plan.reference[1]
