"""What an external validation would show: numbers and words only, frozen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExternalRow:
    """One measure of a validation that nobody has made yet.

    Parameters
    ----------
    criterion, label : str
        ``c_statistic``, ``observed_expected``, ``calibration_slope`` or ``net_benefit``; for the
        reader.
    expected : float
        Value expected of a well calibrated model.
    low, high, width : float or None
        Expected 95 % interval with the patients asked about; None where no size was given.
    width_wanted : float
        Usual target.
    patients_needed : int
        For that target.
    events_needed : float
        Expected among them.
    """

    criterion: str
    label: str
    expected: float
    low: float | None
    high: float | None
    width: float | None
    width_wanted: float
    patients_needed: int
    events_needed: float


@dataclass(frozen=True, slots=True)
class ExternalValidation:
    """What an external validation of a given size would show, or what usual widths take.

    Parameters
    ----------
    n : int or None
        Patients asked about; None where none were.
    events : float or None
        Expected among them.
    share : float
        Share of events assumed, 0-1.
    auc : float
        AUC assumed: the paper's, less its expected optimism.
    threshold : float or None
        Of net benefit.
    rows : tuple of ExternalRow
        By measure.
    text : str
        What it rests on.
    """

    n: int | None
    events: float | None
    share: float
    auc: float
    threshold: float | None
    rows: tuple[ExternalRow, ...]
    text: str
