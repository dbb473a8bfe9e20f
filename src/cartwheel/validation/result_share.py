"""The file that travels: aggregates of a validation, and nothing that belongs to one patient."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SharedMeasure:
    """One measure, rounded.

    Parameters
    ----------
    name, label : str
        As in a validation.
    value : float
        Rounded to about a fifth of its standard error, on ``scale``.
    low, high : float or None
        Limits; from ``value`` and ``std_error`` as they stand here, where there is one.
    level : float or None
        Their coverage.
    std_error : float or None
        On ``scale``; two significant figures, or rounded up to 1, 1.6, 2.5, 4 or 6.3 times a power
        of ten.
    scale : str
        ``identity``, ``logit`` or ``log``.
    """

    name: str
    label: str
    value: float
    low: float | None
    high: float | None
    level: float | None
    std_error: float | None
    scale: str


@dataclass(frozen=True, slots=True)
class SharedBand:
    """One band; everything is None where one of its counts is too small, or follows from others.

    Parameters
    ----------
    band : str
        As the score file names it.
    patients, events : int or None
        Counts.
    observed, low, high : float or None
        Observed risk, 0-1, rounded to two decimals.
    """

    band: str
    patients: int | None
    events: int | None
    observed: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class SharedCurve:
    """A curve on a fixed grid.

    Parameters
    ----------
    name : str
        ``roc`` (x: 1 - specificity), ``calibration`` (x: predicted risk), ``net benefit`` (x:
        threshold), ``survival`` or ``incidence`` (x: share of the horizon).
    group : str
        Band, for survival and incidence; else empty.
    x, y : tuple of float
        Grid points that enough patients stand behind; y rounded to two decimals (net benefit to
        three).
    """

    name: str
    group: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SharedUpdate:
    """How the score would be recalibrated here.

    Parameters
    ----------
    chosen : str
        Rung that the closed test chose.
    intercept, slope : float or None
        Of the rung ``slope``; rounded to one decimal.
    """

    chosen: str
    intercept: float | None
    slope: float | None


@dataclass(frozen=True, slots=True)
class SharedScore:
    """One score.

    Parameters
    ----------
    id, version, sha256, title : str
        Of the score file.
    choices : dict of str to str
        Options of its parameters.
    predicts, adverse : str
        As in a validation.
    same_patients : bool
        Whether the score was made from these very patients, so that this is no validation.
    patients, events : int
        Behind its measures.
    linear_predictor_sd : float or None
        Rounded to one decimal.
    coarse : bool
        Whether small counts could be solved for from finer numbers, so that only a few measures are
        told, to about a whole standard error.
    measures : tuple of SharedMeasure
        In patients in whom nothing is missing.
    imputed : tuple of SharedMeasure
        In all eligible patients, missing inputs imputed; empty where none were.
    bands : tuple of SharedBand
        In rising order.
    curves : tuple of SharedCurve
        Those that can be told.
    update : SharedUpdate or None
        None where the ladder was not climbed.
    """

    id: str
    version: str
    sha256: str
    title: str
    choices: dict[str, str]
    predicts: str
    adverse: str
    same_patients: bool
    patients: int
    events: int
    linear_predictor_sd: float | None
    coarse: bool
    measures: tuple[SharedMeasure, ...]
    imputed: tuple[SharedMeasure, ...]
    bands: tuple[SharedBand, ...]
    curves: tuple[SharedCurve, ...]
    update: SharedUpdate | None


@dataclass(frozen=True, slots=True)
class SharedGroup:
    """One group of a subgroup; counts and measures are withheld together.

    Parameters
    ----------
    group : str
        Words of the plan, or ``group 1`` and so on: never a value of the data.
    patients, events : int or None
        Counts.
    measures : tuple of (str, tuple of SharedMeasure)
        By score id.
    """

    group: str
    patients: int | None
    events: int | None
    measures: tuple[tuple[str, tuple[SharedMeasure, ...]], ...]


@dataclass(frozen=True, slots=True)
class SharedSubgroup:
    """A column that was asked for beforehand.

    Parameters
    ----------
    label : str
        Words of the plan, or ``subgroup 1`` and so on.
    groups : tuple of SharedGroup
        Its groups.
    """

    label: str
    groups: tuple[SharedGroup, ...]


@dataclass(frozen=True, slots=True)
class SharedDifference:
    """Two scores on the same patients.

    Parameters
    ----------
    measure, first, second : str
        What was compared; ids of the scores.
    value : float
        First minus second.
    low, high : float or None
        Limits.
    """

    measure: str
    first: str
    second: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Shared:
    """What leaves the centre.

    Parameters
    ----------
    label : str
        Of the centre, as its plan says.
    simulated : bool
        Whether the patients are simulated.
    outcome_kind, outcome_label : str
        ``binary``, ``survival`` or ``competing``; words of the plan, or of the score file.
    horizon : float or None
        In ``time_unit``.
    time_unit : str or None
        None for a binary outcome.
    landmark_day : float or None
        Of the plan.
    level : float
        Coverage of the intervals.
    patients, events : int
        Analysed.
    competing_events, eligible : int or None
        None where they, or what follows from them, are too small to be told.
    centres : int or None
        How many, where the plan named their column.
    scores : tuple of SharedScore
        In the order of the plan.
    differences : tuple of SharedDifference
        Pairs of scores.
    subgroups : tuple of SharedSubgroup
        As planned.
    cautions : tuple of str
        Codes of the validation's cautions.
    """

    label: str
    simulated: bool
    outcome_kind: str
    outcome_label: str
    horizon: float | None
    time_unit: str | None
    landmark_day: float | None
    level: float
    patients: int
    events: int
    competing_events: int | None
    eligible: int | None
    centres: int | None
    scores: tuple[SharedScore, ...]
    differences: tuple[SharedDifference, ...]
    subgroups: tuple[SharedSubgroup, ...]
    cautions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SharedFile:
    """The JSON file that travels.

    Parameters
    ----------
    kind : str
        ``share``.
    schema : str
        ``cartwheel/share/1``.
    cartwheel : str
        Version that wrote it.
    data_sha256 : str
        Hash of the cohort's file, so that a pool notices the same patients twice.
    minimum_cell : int
        Smallest count that is told.
    rule : str
        What was withheld and rounded, in words.
    result : Shared
        The numbers.
    content_sha256 : str
        Hash of all of the above.
    """

    kind: str
    schema: str
    cartwheel: str
    data_sha256: str
    minimum_cell: int
    rule: str
    result: Shared
    content_sha256: str
