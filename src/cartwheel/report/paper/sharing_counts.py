"""Which counts may be told beside each other where only counts are known, and no patients.

The file of ``cartwheel validate --share`` is made beside the patients, and sees which sets lie
within which. A paper is made from the result alone. So what might lie within each other, by their
counts, is treated as if it did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

Counts = tuple[int, int]
# of more rows only those that follow each other are taken together
_ALL_UNIONS = 6


class ToldCounts:
    """Sets of patients of whom the reader of a paper knows how many have the event, and have not.

    Parameters
    ----------
    everybody : (int, int)
        All patients with, and without, the event.
    cell : int
        Smallest count that may be told.
    related : bool
        Whether the tables divide the patients by the same things, so that a set of one may well lie
        within a set of another. Otherwise only sets are kept apart that differ by so few patients
        that they can hardly be anything else.
    """

    def __init__(self, everybody: Counts, cell: int, *, related: bool = True) -> None:
        self.everybody = everybody
        self.cell = cell
        self.related = related
        self._tables: list[tuple[Counts, ...]] = []

    def allows(self, rows: Sequence[Counts]) -> bool:
        """Say whether a table may be told beside those that are told already.

        Parameters
        ----------
        rows : sequence of (int, int)
            Patients with, and without, the event in each row that would be told. Those in no row
            are a set as well: it follows from the sums.

        Returns
        -------
        bool
            False where a set of one table could lie within a set of another, so that fewer than
            the smallest count would be known to lie between them.
        """
        new = tuple(self._sets(rows))
        return not any(
            self._close(one, other) for there in self._tables for one in there for other in new
        )

    def add(self, rows: Sequence[Counts]) -> None:
        """Hold a table as told.

        Parameters
        ----------
        rows : sequence of (int, int)
            As `allows` has them.
        """
        self._tables.append(tuple(self._sets(rows)))

    def _close(self, one: Counts, other: Counts) -> bool:
        between = (one[0] - other[0], one[1] - other[1])
        if min(between) < 0 or max(between) == 0:
            return False
        if self.related:
            return min(between) < self.cell
        return sum(between) < 2 * self.cell

    def _sets(self, rows: Sequence[Counts]) -> Iterator[Counts]:
        """Every set that follows from a table: rows together, the rest of the patients."""
        told = [tuple(row) for row in rows]
        rest = tuple(
            whole - sum(row[kind] for row in told) for kind, whole in enumerate(self.everybody)
        )
        # events by a horizon and all events have other sums: then there is no rest to know
        parts = [*told, *([rest] if min(rest) >= 0 and max(rest) > 0 else [])]
        if len(parts) <= _ALL_UNIONS:
            chosen = [group for size in range(1, len(parts)) for group in combinations(parts, size)]
        else:
            ends = range(1, len(parts))
            chosen = [*((part,) for part in parts), *(tuple(parts[:end]) for end in ends)]
            chosen += [tuple(parts[end:]) for end in ends]
        for group in chosen:
            yield sum(part[0] for part in group), sum(part[1] for part in group)


def apart(before: Counts, after: Counts, cell: int) -> bool:
    """Say whether both of two sets, of which one lies within the other, may be told.

    Parameters
    ----------
    before, after : (int, int)
        Patients with, and without, the event; the second lies within the first.
    cell : int
        Smallest count that may be told.

    Returns
    -------
    bool
        Whether nobody, or enough with and without the event, lie between them.
    """
    lost = (before[0] - after[0], before[1] - after[1])
    return lost == (0, 0) or min(lost) >= cell
