"""Logarithms of markers, patient by patient, with a stated meaning of zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.biomarkers import zero_policy_problem
from cartwheel.clinic.grid import row_list
from cartwheel.errors import Problem

_LOGARITHMS: Mapping[str, np.ufunc] = MappingProxyType(
    {"log": np.log, "log2": np.log2, "log10": np.log10}
)


@dataclass(frozen=True, slots=True)
class LogValues:
    """Logarithms, patient by patient.

    Parameters
    ----------
    values : float array (n,), read-only
        NaN where the value is missing, or zero and that counts as missing.
    zeros : int
        Patients whose value is zero.
    floored : int
        Patients whose value was raised to the floor.
    problems : tuple of Problem
        ``log_base``, ``ratio_policy``, ``negative_count`` or ``zero_in_log``.
    rule : str
        What was done about zeros, as a sentence; empty where nothing was.
    """

    values: NDArray[np.float64]
    zeros: int
    floored: int
    problems: tuple[Problem, ...]
    rule: str


def logarithm(
    values: NDArray[np.float64],
    base: str,
    *,
    zero: str | float = "refuse",
    first_row: int | None = None,
) -> LogValues:
    """Take logarithms of a marker, patient by patient.

    Parameters
    ----------
    values : float array (n,)
        >= 0; NaN where missing.
    base : {"log", "log2", "log10"}
        Natural, of 2, or of 10, as a score file names them.
    zero : "refuse", "missing" or float
        What a value of zero means: a problem (the default), missing, or a floor > 0 to which every
        smaller value is raised, so that order is kept.
    first_row : int, optional
        Row number of the first patient; with it, problems name rows.

    Returns
    -------
    LogValues

    Notes
    -----
    ``log(max(value, floor))``. Nothing is raised; a caller must look at `problems`.
    """
    problems = [wrong] if (wrong := zero_policy_problem(zero)) else []
    if base not in _LOGARITHMS:
        mend = "one of: " + ", ".join(_LOGARITHMS)
        problems.append(Problem("log_base", f"'{base[:16]}' is no logarithm", "", mend))
    if (negative := values < 0).any():
        what = f"{int(negative.sum())} values below zero have no logarithm"
        problems.append(
            Problem("negative_count", what, _where(negative, first_row), "correct them")
        )
    zeros = values == 0
    count, floored, rule = int(zeros.sum()), 0, ""
    if zero == "refuse" and count:
        mend = 'say what zero means: zero = "missing", or a floor such as the limit of detection'
        what = f"{count} value{'s are' if count > 1 else ' is'} zero, which has no logarithm"
        problems.append(Problem("zero_in_log", what, _where(zeros, first_row), mend))
    made = np.full(len(values), np.nan)
    if problems:
        return _logs(made, (count, 0), problems, "")
    raised = values
    if isinstance(zero, int | float):
        raised = np.maximum(values, float(zero))
        floored = int((values < float(zero)).sum())
        rule = f"{floored} value{'s' * (floored > 1)} below {zero:g} raised to {zero:g}"
    elif count:
        rule = f"{count} value{'s' * (count > 1)} of zero set to missing"
    usable = raised > 0
    made[usable] = _LOGARITHMS[base](raised[usable])
    return _logs(made, (count, floored), (), rule if floored or zero == "missing" else "")


def _logs(
    values: NDArray[np.float64], counts: tuple[int, int], problems: Iterable[Problem], rule: str
) -> LogValues:
    values.setflags(write=False)
    return LogValues(values, counts[0], counts[1], tuple(problems), rule)


def _where(rows: NDArray[np.bool_], first_row: int | None) -> str:
    return "" if first_row is None else row_list(np.flatnonzero(rows) + first_row)
