"""What counts and effects of studies must be before they are pooled; refusals name the study."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import finite_column, same_length

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def refuse_studies(code: str, what: str, guilty: Flags, name: str, mend: str = "") -> None:
    """Refuse if any study is guilty, naming their positions counted from 1.

    Parameters
    ----------
    code, what : str
        Short name of the problem, and what is wrong.
    guilty : bool array (k,)
        Which studies.
    name : str
        The column concerned.
    mend : str
        What to do.

    Raises
    ------
    NotEstimable
        If one of ``guilty`` is true.
    """
    if guilty.any():
        places = np.flatnonzero(guilty) + 1
        said = ", ".join(map(str, places[:10])) + (", ..." if places.size > 10 else "")
        raise refuse(NotEstimable, code, what, where=f"{name}, study {said}", mend=mend)


def study_column(values: ArrayLike, name: str) -> Floats:
    """Give one number a study as floats, or refuse, naming the study that has none.

    Parameters
    ----------
    values : array_like (k,)
        One number a study.
    name : str
        What to call it in the refusal.

    Returns
    -------
    float array (k,)

    Raises
    ------
    NotEstimable
        ``not_finite`` with the positions, or what ``finite_column`` refuses.
    """
    try:
        given = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return finite_column(values, name)
    if given.ndim == 1 and given.size:
        refuse_studies(
            "not_finite",
            "a number is missing or infinite",
            ~np.isfinite(given),
            name,
            "leave the study out, or say what it printed",
        )
    return finite_column(values, name)


def checked_effects(effects: ArrayLike, variances: ArrayLike) -> tuple[Floats, Floats]:
    """Check effects and their sampling variances.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale; variances finite and > 0.

    Returns
    -------
    tuple of float arrays (k,)

    Raises
    ------
    NotEstimable
        ``not_finite``, ``variance_not_positive``, ``weight_infinite``, ``length_mismatch``.
    """
    y, v = study_column(effects, "effects"), study_column(variances, "variances")
    same_length(effects=y, variances=v)
    refuse_studies(
        "variance_not_positive",
        "a variance is zero or negative",
        v <= 0.0,
        "variances",
        "check the interval or standard error that was typed",
    )
    refuse_studies(
        "weight_infinite",
        "a variance is so small that its weight is infinite",
        v < 1e-300,
        "variances",
        "check the interval or standard error that was typed",
    )
    return y, v


def whole_counts(**columns: ArrayLike) -> tuple[Floats, ...]:
    """Check counts: whole, not negative, of one length.

    Parameters
    ----------
    **columns : array_like (k,)
        Counts by name.

    Returns
    -------
    tuple of float arrays (k,)

    Raises
    ------
    NotEstimable
        ``not_finite``, ``count_negative``, ``count_not_whole``, ``length_mismatch``.
    """
    checked: dict[str, Floats] = {}
    for name, values in columns.items():
        column = study_column(values, name)
        refuse_studies("count_negative", "a count is negative", column < 0.0, name)
        refuse_studies(
            "count_not_whole",
            "a count is not a whole number",
            column != np.floor(column),
            name,
            "give numbers of patients, not per cent or fractions",
        )
        checked[name] = column
    same_length(**checked)
    return tuple(checked.values())


def events_within(events: Floats, n: Floats, name: str, total: str) -> None:
    """Refuse studies with more events than patients, or without patients.

    Parameters
    ----------
    events, n : float array (k,)
        Counts.
    name, total : str
        What to call them.

    Raises
    ------
    NotEstimable
        ``no_patients`` or ``events_exceed_patients``.
    """
    refuse_studies("no_patients", "a group has no patients", n <= 0.0, total)
    refuse_studies(
        "events_exceed_patients",
        f"{name} is larger than {total}",
        events > n,
        name,
        "check whether the two columns are swapped, or events are per cent",
    )


def read_only(array: NDArray[np.float64]) -> Floats:
    """Give the array, no longer writable.

    Parameters
    ----------
    array : float array

    Returns
    -------
    float array
        The same.
    """
    array.setflags(write=False)
    return array
