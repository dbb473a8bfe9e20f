"""A marker sorted once, and the cuts between its values that a search looks at."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import refuse_vast
from cartwheel.stats.descriptive import finite_column, same_length

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SortedMarker:
    """A marker sorted once, for many searches.

    Parameters
    ----------
    values : float array (n,)
        Ascending.
    order : int64 array (n,)
        Patient of each value; patients with equal values in their own order.
    run_start : int64 array (k + 1,)
        Where each of the k distinct values starts in ``values``; n at the end.
    """

    values: Floats
    order: Integers
    run_start: Integers


@dataclass(frozen=True, slots=True)
class Candidates:
    """Every cut that a search looks at.

    Parameters
    ----------
    cuts, below, above : float array (k,)
        Rising; midpoints and the neighbouring observed values.
    group_sizes : int64 array (k,)
        Patients at or below each cut.
    """

    cuts: Floats
    below: Floats
    above: Floats
    group_sizes: Integers


def sorted_marker(x: ArrayLike) -> SortedMarker:
    """Sort a marker once, so that it can be searched many times.

    Parameters
    ----------
    x : array_like (n,)
        Marker of each patient, high adverse, nothing missing.

    Returns
    -------
    SortedMarker
        Values, patients and runs of equal values.

    Raises
    ------
    NotEstimable
        No patient, or a value missing or infinite.
    """
    column = finite_column(x, "marker")
    order = np.argsort(column, kind="stable").astype(np.int64)
    values = column[order]
    starts = np.flatnonzero(np.diff(values)) + 1
    run_start = np.concatenate(([0], starts, [column.size])).astype(np.int64)
    for array in (values, order, run_start):
        array.setflags(write=False)
    return SortedMarker(values, order, run_start)


def candidate_cuts(marker: SortedMarker, *, min_fraction: float) -> Candidates:
    """List the cuts that a search looks at when every patient is present once.

    Parameters
    ----------
    marker : SortedMarker
        The marker.
    min_fraction : float
        As in ``best_cut``.

    Returns
    -------
    Candidates
        May be empty.

    Raises
    ------
    NotEstimable
        ``min_fraction`` outside [0, 0.5).
    """
    check_min_fraction(min_fraction)
    n = marker.values.size
    sizes = marker.run_start[1:-1]
    inside = (sizes >= floor(n * min_fraction)) & (sizes <= floor(n * (1.0 - min_fraction)))
    sizes = sizes[inside]
    below, above = marker.values[sizes - 1], marker.values[sizes]
    middle = below / 2.0 + above / 2.0
    cuts = np.where((below <= middle) & (middle < above), middle, below)
    for array in (cuts, below, above, sizes):
        array.setflags(write=False)
    return Candidates(cuts, below, above, sizes)


def case_and_control_weights(
    marker: SortedMarker, case_weight: ArrayLike, control_weight: ArrayLike
) -> tuple[Floats, Floats]:
    """Give weights of cases and controls as floats, or refuse them.

    Parameters
    ----------
    marker : SortedMarker
        The marker of the same patients.
    case_weight, control_weight : array_like (n,)
        >= 0, finite.

    Returns
    -------
    tuple of float array (n,)
        The weights.

    Raises
    ------
    NotEstimable
        Another length, a weight negative or not finite.
    """
    cases = finite_column(case_weight, "case_weight")
    controls = finite_column(control_weight, "control_weight")
    same_length(marker=marker.values, case_weight=cases, control_weight=controls)
    if min(cases.min(), controls.min()) < 0.0:
        raise refuse(NotEstimable, "negative_weight", "a weight is negative")
    refuse_vast(cases, "case_weight")
    refuse_vast(controls, "control_weight")
    return cases, controls


def checked_presence(marker: SortedMarker, multiplicity: ArrayLike | None) -> Floats | None:
    """Give how often each patient is present as floats, or refuse it.

    Parameters
    ----------
    marker : SortedMarker
        The marker of the same patients.
    multiplicity : array_like (n,), optional
        Whole numbers from 0.

    Returns
    -------
    float array (n,) or None
        None where none is given.

    Raises
    ------
    NotEstimable
        Another length, a value negative, not whole or not finite.
    """
    if multiplicity is None:
        return None
    times = finite_column(multiplicity, "multiplicity")
    same_length(marker=marker.values, multiplicity=times)
    refuse_vast(times, "multiplicity")
    if times.min() < 0.0 or (times != np.floor(times)).any():
        raise refuse(NotEstimable, "multiplicity", "multiplicities are whole numbers from 0")
    return times


def check_min_fraction(min_fraction: float) -> None:
    """Refuse a fraction that leaves nothing to search.

    Parameters
    ----------
    min_fraction : float
        To be in [0, 0.5).

    Returns
    -------
    None

    Raises
    ------
    NotEstimable
        Otherwise.
    """
    if not 0.0 <= min_fraction < 0.5:
        raise refuse(NotEstimable, "fraction", f"min_fraction {min_fraction:g} is not in [0, 0.5)")
