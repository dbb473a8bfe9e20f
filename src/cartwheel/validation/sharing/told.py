"""What has been told of which patients, so that nothing small follows from two tables together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cartwheel.validation.sharing.cells import withheld_rows

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# with fewer unknown counts AUC, O:E and slope together leave no choice, however they are rounded
_FEWEST_UNKNOWN = 4


class Told:
    """Sets of patients whose counts are known to the reader of a shared file.

    Parameters
    ----------
    event : bool array (n,)
        Patients with the event.
    cell : int
        Smallest count that may be told.

    Notes
    -----
    Counts of two sets give those of their difference where one lies within the other, or within
    the patients outside the other: age from 65 and age from 66, a band and a threshold of the same
    score. A reader who knows which columns and edges were asked for knows where that is so. Nothing
    follows for sets that overlap in part.
    """

    def __init__(self, event: Mask, cell: int) -> None:
        self.cell = cell
        self.event = event
        self._sets: list[tuple[Mask, Hashable]] = []
        self._hidden: list[Mask] = []

    @property
    def sets(self) -> tuple[Mask, ...]:
        """Sets that are told, in the order in which they were."""
        return tuple(members for members, _ in self._sets)

    def add(self, members: Mask, key: Hashable = None) -> None:
        """Hold a set as told.

        Parameters
        ----------
        members : bool array (n,)
            The set.
        key : hashable, optional
            What the set is in words of the score file, whoever the patients are: two sets with one
            key are one set everywhere. None for a set that has no such words.
        """
        if key is None and any(np.array_equal(members, other) for other, _ in self._sets):
            return
        self._sets.append((members, key))

    def hide(self, members: Mask) -> None:
        """Hold a set as withheld: none may be told from which it follows.

        Parameters
        ----------
        members : bool array (n,)
            The set.
        """
        self._hidden.append(members)

    def count(self, members: Mask) -> tuple[int, int]:
        """Count the patients of a set.

        Parameters
        ----------
        members : bool array (n,)
            The set.

        Returns
        -------
        tuple of int
            With, and without the event.
        """
        events = int(np.count_nonzero(members & self.event))
        return events, int(np.count_nonzero(members)) - events

    def allows(self, members: Mask, key: Hashable = None, *, named: bool = True) -> bool:
        """Tell whether the counts of a set can be told beside all others.

        Parameters
        ----------
        members : bool array (n,)
            The set.
        key : hashable, optional
            As in ``add``.
        named : bool
            Whether the reader learns where the set begins. If so, that it holds the same patients
            as another set tells that nobody is in between, which is a count of zero.

        Returns
        -------
        bool
        """
        if not self._large(members) or not self._large(~members):
            return False
        return all(
            self._apart(members, other, named and (key is None or key != its))
            for other, its in self._sets
        ) and all(self._beside(members, other) for other in self._hidden)

    def _large(self, members: Mask) -> bool:
        return min(self.count(members)) >= self.cell

    def _beside(self, one: Mask, other: Mask) -> bool:
        """Judge a set beside one that is withheld, of which only a neighbour can tell."""
        more, less = one & ~other, ~one & other
        if more.any() and less.any():
            return True
        return self._large(more) or self._large(less)

    def _apart(self, one: Mask, other: Mask, named: bool) -> bool:
        """Judge the four parts into which two sets divide the patients."""
        parts = (one & other, one & ~other, ~one & other, ~one & ~other)
        there = [part for part in parts if part.any()]
        if len(there) == 4:
            return True
        if len(there) == 2:
            return not named
        return all(self._large(part) for part in there)


def tell_rows(
    told: Told,
    rows: Sequence[Mask],
    *,
    keys: Sequence[Hashable] = (),
    besides: Iterable[int] = (),
    rising: bool = True,
) -> set[int]:
    """Choose which rows of a table are withheld, and hold the others as told.

    Parameters
    ----------
    told : Told
        What other tables tell.
    rows : sequence of bool array (n,)
        Patients of each row; every patient is in one.
    keys : sequence of hashable, optional
        Of the patients in a row or above.
    besides : iterable of int
        Rows withheld for another reason.
    rising : bool
        Whether the rows have an order, so that those from one on are a set that has a name.

    Returns
    -------
    set of int
        All rows where this table and another one together would tell too much.
    """
    hidden = withheld_rows([told.count(row) for row in rows], told.cell, besides)
    sets = list(_sets(rows, hidden, keys, rising))
    if not all(told.allows(members, key) for members, key in sets):
        return set(range(len(rows)))
    for members, key in sets:
        told.add(members, key)
    for place in range(1, len(rows)) if rising else ():
        if not _known(place, len(rows), hidden):
            told.hide(_from(rows, place))
    return hidden


def _sets(
    rows: Sequence[Mask], hidden: set[int], keys: Sequence[Hashable], rising: bool
) -> Iterator[tuple[Mask, Hashable]]:
    # the first row is everybody but those from the second on
    ends = {0: 1, len(rows) - 1: len(rows) - 1} if keys and len(rows) > 1 else {}
    for place, row in enumerate(rows):
        if place not in hidden:
            yield row, keys[ends[place]] if place in ends else None
    for place in range(1, len(rows)) if rising else ():
        if _known(place, len(rows), hidden):
            yield _from(rows, place), keys[place] if keys else None


def _known(place: int, count: int, hidden: set[int]) -> bool:
    """Whether those from a row on follow from the rows that are told."""
    above, below = hidden & set(range(place, count)), hidden & set(range(place))
    return not above or not below


def _from(rows: Sequence[Mask], place: int) -> Mask:
    return np.asarray(np.any(np.stack(rows[place:]), axis=0))


def solvable(told: Told, blocks: Sequence[Mask], values: Floats) -> bool:
    """Tell whether measures of a score give away small counts of its values.

    Parameters
    ----------
    told : Told
        For the events and the smallest count.
    blocks : sequence of bool array (n,)
        Patients whose sums are known: of each band told, of the bands withheld together.
    values : float array (n,)
        What the measures rest on: the risk, or what is ranked.

    Returns
    -------
    bool
        True where a value is had by few patients with, or without the event, and the counts that
        are not known are fewer than four.

    Notes
    -----
    Each measure is one equation for the counts at each value. In trials with all ways to fill three
    or more values of a block, rounding to a fifth of the standard error left each count a range of
    at least the usual minimum. Of two values AUC, O:E and slope so rounded tell everything; rounded
    to a whole standard error they leave a few possibilities.
    """
    unknown, small = 0, False
    for block in blocks:
        distinct, place = np.unique(values[block], return_inverse=True)
        if len(distinct) < 2:
            continue
        unknown += 2 * (len(distinct) - 1)
        with_event = np.bincount(place, told.event[block], len(distinct))
        without = np.bincount(place, minlength=len(distinct)) - with_event
        small |= bool(min(with_event.min(), without.min()) < told.cell)
    return small and unknown < _FEWEST_UNKNOWN
