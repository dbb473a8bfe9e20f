"""The design of the model over all landmarks: markers, landmark day, and how they meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.landmarking.plan import LandmarkPlan

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Term:
    """One column of a design: a marker, a power of the landmark day, or their product.

    Parameters
    ----------
    marker : int or None
        Which marker, from 0; None for the landmark day alone.
    power : int
        Of the landmark day; 0 for the marker alone.
    """

    marker: int | None
    power: int


def own_terms(markers: int) -> tuple[Term, ...]:
    """Terms of a model at one landmark: every marker once.

    Parameters
    ----------
    markers : int
        How many.

    Returns
    -------
    tuple of Term
    """
    return tuple(Term(index, 0) for index in range(markers))


def super_terms(plan: LandmarkPlan) -> tuple[Term, ...]:
    """Terms of the model over all landmarks.

    Parameters
    ----------
    plan : LandmarkPlan
        Its ``super_model``; with survival the landmark day itself is the stratum, and no term.

    Returns
    -------
    tuple of Term
    """
    terms = list(own_terms(len(plan.markers)))
    if not plan.survival:
        terms.append(Term(None, 1))
        if plan.super_model.time == "quadratic":
            terms.append(Term(None, 2))
    if plan.super_model.interactions:
        terms += [Term(index, 1) for index in range(len(plan.markers))]
    return tuple(terms)


def between_terms(plan: LandmarkPlan) -> tuple[Term, ...]:
    """Terms of the Cox model that answers between landmarks: the landmark day is one of them.

    Parameters
    ----------
    plan : LandmarkPlan
        Its ``super_model``.

    Returns
    -------
    tuple of Term
    """
    days = [Term(None, 1)]
    if plan.super_model.time == "quadratic":
        days.append(Term(None, 2))
    return (*super_terms(plan), *days)


def design(terms: Sequence[Term], x: Floats, day: float) -> Floats:
    """Columns of a design for rows of one landmark.

    Parameters
    ----------
    terms : sequence of k Term
        The columns.
    x : float array (m, p)
        Transformed markers.
    day : float
        The landmark.

    Returns
    -------
    float array (m, k)
    """
    columns = np.empty((len(x), len(terms)))
    for place, term in enumerate(terms):
        power = day**term.power if term.power else 1.0
        columns[:, place] = power if term.marker is None else x[:, term.marker] * power
    return columns
