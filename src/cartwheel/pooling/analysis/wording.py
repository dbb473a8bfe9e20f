"""How notes and the command line write numbers and name rows."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from cartwheel.clinic.grid import row_list
from cartwheel.estimate import Estimate
from cartwheel.pooling.result_studies import Study

OWN_RESULT = "result_file"
# beyond these digits are no longer counted by eye
_SMALL, _LARGE = 1e-6, 1e9
# from here on three digits are enough
_LONG = 1e5
_PER_CENT = ("proportion",)


def number_text(value: float | None, measure: str) -> str:
    """Write a value of a measure.

    Parameters
    ----------
    value : float or None
        On the scale of the measure.
    measure : str
        Proportions are written in per cent.

    Returns
    -------
    str
        Two decimals, three for a C-statistic; three digits where that says too little, and powers
        of ten only beyond a millionth and a thousand million; a dash for what does not exist.

    Examples
    --------
    >>> number_text(2.1549, "HR"), number_text(0.0312, "OR"), number_text(0.0737, "proportion")
    ('2.15', '0.0312', '7.4 %')
    >>> number_text(0.0000946, "HR"), number_text(163921.0, "HR")
    ('0.0000946', '164000')
    """
    if value is None:
        return "-"
    if measure in _PER_CENT:
        return f"{100.0 * value:.1f} %"
    if measure == "C":
        return f"{value:.3f}"
    size = abs(value)
    if 1000.0 <= size < _LONG:
        return f"{value:.0f}"
    if 0.0 < size < 0.1 or size >= _LONG:
        digits = f"{value:.3g}"
        return f"{Decimal(digits):f}" if _SMALL <= size < _LARGE else digits
    return f"{value:.2f}"


def interval_text(low: float | None, high: float | None, measure: str) -> str:
    """Write an interval.

    Parameters
    ----------
    low, high : float or None
        Limits; None where a limit cannot be written.
    measure : str
        Of which.

    Returns
    -------
    str
        ``1.74 to 2.66``.
    """
    if low is None and high is None:
        return "no interval"
    first = number_text(low, measure)
    if measure in _PER_CENT:
        first = first.removesuffix(" %")
    last = "beyond any number" if high is None else number_text(high, measure)
    return f"{first} to {last}"


def estimate_text(estimate: Estimate, measure: str) -> str:
    """Write an estimate with its interval.

    Parameters
    ----------
    estimate : Estimate
        On the scale of the measure.
    measure : str
        Of which.

    Returns
    -------
    str
        ``2.15 (1.74 to 2.66)``.
    """
    if estimate.value is None:
        return "not estimable"
    value = number_text(estimate.value, measure)
    return f"{value} ({interval_text(estimate.low, estimate.high, measure)})"


def p_text(p: float | None) -> str:
    """Write a p-value.

    Parameters
    ----------
    p : float or None
        Two-sided.

    Returns
    -------
    str
        Three decimals below 0.1, two above, ``< 0.001``; a dash where there is none.

    Examples
    --------
    >>> p_text(0.0123), p_text(0.00002), p_text(0.5)
    ('0.012', '< 0.001', '0.50')
    """
    if p is None:
        return "-"
    if p < 0.001:
        return "< 0.001"
    return f"{p:.2f}" if p >= 0.0995 else f"{p:.3f}"


def study_text(study: Study) -> str:
    """Name a study with its row.

    Parameters
    ----------
    study : Study
        A row, or a result file, which has none.
    """
    place = study.file if study.route == OWN_RESULT else f"row {study.row}"
    return f"{place} ({study.study})"


def rows_text(studies: Iterable[Study]) -> str:
    """Name several studies by their rows.

    Parameters
    ----------
    studies : iterable of Study
        At least one.

    Returns
    -------
    str
        Rows, and result files by their name.
    """
    chosen = list(studies)
    rows = [study.row for study in chosen if study.route != OWN_RESULT]
    files = dict.fromkeys(study.file for study in chosen if study.route == OWN_RESULT)
    return ", ".join([*([row_list(rows)] if rows else []), *files])


def rows_first(studies: Iterable[Study]) -> str:
    """Begin a sentence with several studies.

    Parameters
    ----------
    studies : iterable of Study
        At least one.

    Returns
    -------
    str
        ``Rows 3, 4``; before the name of a file, which stays as it is, stands what it is.
    """
    chosen = list(studies)
    said = rows_text(chosen)
    if any(study.route != OWN_RESULT for study in chosen):
        return said[:1].upper() + said[1:]
    return f"{'Files' if len({study.file for study in chosen}) > 1 else 'File'} {said}"


def study_first(study: Study) -> str:
    """Begin a sentence with a study.

    Parameters
    ----------
    study : Study
        A row, or a result file.

    Returns
    -------
    str
        ``Row 3 (ASH 2024)``.
    """
    said = study_text(study)
    return f"File {said}" if study.route == OWN_RESULT else said[:1].upper() + said[1:]
