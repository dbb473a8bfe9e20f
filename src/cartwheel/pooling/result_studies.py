"""The study rows of a meta-analysis: what was printed, and how it became effect and error."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Moderator:
    """One further column of a study: a subgroup or a number to regress on.

    Parameters
    ----------
    name : str
        Column.
    text : str
        As written; empty where nothing was.
    number : float or None
        Where every filled cell of the column is a number.
    """

    name: str
    text: str
    number: float | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts behind a study: one or two groups.

    Parameters
    ----------
    events, n : float
        In the group of interest (exposed, high).
    reference_events, reference_n : float or None
        In the group it is held against; None for a proportion.
    person_time, reference_person_time : float or None
        For rates.
    """

    events: float
    n: float
    reference_events: float | None = None
    reference_n: float | None = None
    person_time: float | None = None
    reference_person_time: float | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """One row: one effect of one study on one outcome.

    Parameters
    ----------
    row : int
        Row of the file as its reader sees it (the header is row 1); 0 for a result file.
    file : str
        Name of the file.
    study : str
        Its label.
    year : int or None
        Of publication.
    group : str
        Rows are pooled within a group (column ``set``), an outcome and a measure; may be empty.
    outcome, factor, comparison : str
        What was measured, what was held against what.
    measure : str
        ``HR``, ``OR``, ``RR``, ``RD``, ``IRR``, ``MD``, ``SMD``, ``proportion``, ``C``, ``OE`` or
        ``slope``.
    n : float or None
        Patients.
    reported : str
        What the paper printed, digits as printed: ``HR 2.59 (1.29-5.21), p 0.008``.
    route : str
        Which conversion: ``interval``, ``std_error``, ``p_value``, ``log_rank``, ``o_minus_e``,
        ``two_by_two``, ``accuracy`` (counts of a test: positive among those with, and without, the
        condition), ``counts``, ``rates``, ``means``, ``medians``, ``curve``, ``result_file``.
    conversion : str
        The same as a sentence, with the formula.
    assumptions : tuple of str
        What had to be assumed; empty where nothing.
    inverted : bool
        Whether the comparison was turned round (1/estimate, 1/high, 1/low).
    scale : str
        Of ``effect``: ``log``, ``logit``, ``identity``, ``arcsine``, ``double_arcsine``.
    effect, std_error : float
        On that scale. A study whose error cannot be computed is not a row.
    estimate : Estimate
        On the scale of the measure, with its normal interval.
    counts : Counts or None
        Where the row gave them.
    cutoff : float or None
        The study's own cut-off of the factor, where it is a number.
    cutoff_text : str
        As written.
    cluster : str
        Studies with the same value share patients or a centre (multilevel); else study and year.
    moderators : tuple of Moderator
        Further columns.
    source, overlap : str
        Where it was read; a suspicion of shared patients.
    used : bool
        Whether it was pooled.
    reason : str
        Why not, where not.
    """

    row: int
    file: str
    study: str
    year: int | None
    group: str
    outcome: str
    factor: str
    comparison: str
    measure: str
    n: float | None
    reported: str
    route: str
    conversion: str
    assumptions: tuple[str, ...]
    inverted: bool
    scale: str
    effect: float
    std_error: float
    estimate: Estimate
    counts: Counts | None
    cutoff: float | None
    cutoff_text: str
    cluster: str
    moderators: tuple[Moderator, ...]
    source: str
    overlap: str
    used: bool
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is no study of the pool: without numbers, impossible, or itself pooled.

    Parameters
    ----------
    row : int
        In the file.
    file, study : str
        Where; label.
    code : str
        Short stable name of the reason.
    reason : str
        In words.
    """

    row: int
    file: str
    study: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """One file that was read.

    Parameters
    ----------
    name, sha256 : str
        File name without its folder; of its bytes.
    kind : str
        ``table``, or the kind of a result file (``develop``, ``validate``, ``share``).
    rows : int
        Rows, or studies made of a result file.
    """

    name: str
    sha256: str
    kind: str
    rows: int
