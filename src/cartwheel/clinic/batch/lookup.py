"""Terms that give points, as tables over the cells of what they look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import prod

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.batch.cells import representatives
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import DecisionTerm, PointsTerm, Range

Cells = NDArray[np.intp]
MOST_CELLS = 100_000


def needs_lookup(spec: ScoreSpec) -> dict[str, list[Range]]:
    """List for each input or derived value the ranges that terms look at.

    Parameters
    ----------
    spec : ScoreSpec
        Without parameters.

    Returns
    -------
    dict
        Name to ranges.
    """
    found: dict[str, list[Range]] = {}
    for term in spec.terms:
        if isinstance(term, PointsTerm):
            found.setdefault(term.input, []).extend(term.bands)
        elif isinstance(term, DecisionTerm):
            for row in term.rows:
                for condition in row.when:
                    found.setdefault(condition.input, []).append(condition)
    return found


@dataclass(frozen=True, slots=True)
class Lookup:
    """Points by cell.

    Parameters
    ----------
    names : tuple of str
        What the term looks at: the axes of the table.
    points : tuple of Decimal
        Every number of points the term gives, rising.
    table : int array
        Place in ``points`` by cell.
    """

    names: tuple[str, ...]
    points: tuple[Decimal, ...]
    table: NDArray[np.int16]

    def ranks(self, cells: Mapping[str, tuple[Cells, Cells]], n: int) -> tuple[Cells, Cells]:
        """Find the least and the most points of each patient, as places in ``points``.

        Parameters
        ----------
        cells : mapping of str to pair of int arrays (n,)
            First and last cell that is possible.
        n : int
            Number of patients.

        Returns
        -------
        pair of int array (n,)
            One object twice where every cell is known.
        """
        if not self.names:
            only = np.full(n, int(self.table[()]), dtype=np.intp)
            return only, only
        firsts = tuple(cells[name][0] for name in self.names)
        lasts = tuple(cells[name][1] for name in self.names)
        flat = self.table.ravel()
        low = np.ravel_multi_index(firsts, self.table.shape)
        if all(first is last for first, last in zip(firsts, lasts, strict=True)):
            known = flat[low].astype(np.intp)
            return known, known
        high = np.ravel_multi_index(lasts, self.table.shape)
        boxes, which = np.unique(low * self.table.size + high, return_inverse=True)
        ends = [self._extremes(*divmod(int(box), self.table.size)) for box in boxes]
        least, most = np.array(ends, dtype=np.intp).reshape(-1, 2).T
        return least[which], most[which]

    def _extremes(self, first: int, last: int) -> tuple[int, int]:
        starts = np.unravel_index(first, self.table.shape)
        stops = np.unravel_index(last, self.table.shape)
        box = self.table[
            tuple(slice(start, stop + 1) for start, stop in zip(starts, stops, strict=True))
        ]
        return int(box.min()), int(box.max())


def lookup_of(term: PointsTerm | DecisionTerm, cuts: Mapping[str, tuple[Decimal, ...]]) -> Lookup:
    """Lay out a term's points as a table.

    Parameters
    ----------
    term : PointsTerm or DecisionTerm
        The term.
    cuts : mapping of str to tuple of Decimal
        Cut-offs that divide each input or derived value.

    Returns
    -------
    Lookup
        Of at most `MOST_CELLS` cells, which `compilable` has seen to.
    """
    if isinstance(term, PointsTerm):
        points = tuple(sorted({band.points for band in term.bands}))
        inside = [_inside(band, cuts[term.input]) for band in term.bands]
        table = np.zeros(len(inside[0]), dtype=np.int16)
        for band, cells in zip(term.bands, inside, strict=True):
            table[cells] = points.index(band.points)
        return Lookup((term.input,), points, table)
    points = tuple(sorted({row.points for row in term.rows}))
    names = axes(term)
    shape = tuple(2 * len(cuts[name]) + 1 for name in names)
    table = np.zeros(shape, dtype=np.int16)
    for row in reversed(term.rows):  # the first row that holds is written last
        holds = np.ones(shape, dtype=np.bool_)
        for condition in row.when:
            along = [1] * len(shape)
            along[names.index(condition.input)] = -1
            holds &= _inside(condition, cuts[condition.input]).reshape(along)
        table[holds] = points.index(row.points)
    return Lookup(names, points, table)


def axes(term: DecisionTerm) -> tuple[str, ...]:
    """List what a decision looks at, each once.

    Parameters
    ----------
    term : DecisionTerm
        The term.

    Returns
    -------
    tuple of str
        In the order of its conditions.
    """
    return tuple(dict.fromkeys(each.input for row in term.rows for each in row.when))


def table_size(term: DecisionTerm, cuts: Mapping[str, tuple[Decimal, ...]]) -> int:
    """Count the cells of a decision's table.

    Parameters
    ----------
    term : DecisionTerm
        The term.
    cuts : mapping of str to tuple of Decimal
        Cut-offs that divide each input or derived value.

    Returns
    -------
    int
        Cells.
    """
    return prod(2 * len(cuts[name]) + 1 for name in axes(term))


def _inside(each: Range, cuts: tuple[Decimal, ...]) -> NDArray[np.bool_]:
    return np.array([each.meets(value, value) for value in representatives(cuts)], dtype=np.bool_)
