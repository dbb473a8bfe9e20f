"""One row of the table, its cells read by their role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cartwheel.pooling.study.findings import RowFindings
from cartwheel.pooling.study.printed import (
    Printed,
    PrintedInterval,
    Unread,
    cell_text,
    read_interval,
    read_number,
)

_NO_VALUE = frozenset(("nr", "not reported", "ns", "n.s.", "not significant", "not seen", "none"))


@dataclass(slots=True)
class Row:
    """The cells of one row by role, and what was found in reading them.

    Parameters
    ----------
    number : int
        Row of the file as its reader sees it.
    file : str
        Name of the file.
    cells : mapping of str to object
        Role to raw cell; roles without a column, or with an empty cell, are absent.
    decimal : str or None
        Decimal mark, where the plan declares it.
    findings : RowFindings
        Filled while reading.
    """

    number: int
    file: str
    cells: Mapping[str, Any]
    decimal: str | None
    findings: RowFindings
    _read: dict[str, Printed | None] = field(default_factory=dict)

    def text(self, role: str) -> str:
        """Text of a cell; empty where nothing is there.

        Parameters
        ----------
        role : str
            Which cell.
        """
        return cell_text(self.cells.get(role))

    def has(self, *roles: str) -> bool:
        """Whether all of these cells hold something.

        Parameters
        ----------
        *roles : str
            Which cells.
        """
        return all(self.text(role) and not self._unreported(role) for role in roles)

    def number_of(self, role: str) -> Printed | None:
        """Read a cell as a number; a cell that is none is a fault of the row.

        Parameters
        ----------
        role : str
            Which cell.

        Returns
        -------
        Printed or None
            None where the cell is empty, says ``NR``, or cannot be read.
        """
        if role not in self._read:
            self._read[role] = self._number(role, whole=False)
        return self._read[role]

    def count_of(self, role: str, *, whole: bool = True) -> float | None:
        """Read a cell as a count: not negative, and whole.

        Parameters
        ----------
        role : str
            Which cell.
        whole : bool
            Whether a fraction is a fault.

        Returns
        -------
        float or None
            None where the cell is empty or at fault.
        """
        if role not in self._read:
            self._read[role] = self._number(role, whole=True)
        printed = self._read[role]
        if printed is None:
            return None
        name = role.replace("_", " ")
        if printed.bound or printed.percent:
            self.findings.fault(
                "text_number", f"'{printed.text}' is not a count ({name})", "write the count"
            )
            return None
        if printed.value < 0.0:
            self.findings.fault(
                "negative_count", f"{name} is negative ({printed.text})", "correct the count"
            )
            return None
        if whole and printed.value != int(printed.value):
            self.findings.fault(
                "fractional_count",
                f"{name} is not whole ({printed.text})",
                "write the count; a percentage belongs in a column of its own",
            )
            return None
        return printed.value

    def interval(self, role: str, *, positive: bool) -> PrintedInterval | None:
        """Read a cell as two limits.

        Parameters
        ----------
        role : str
            ``interval``, or ``both`` for an estimate with its interval.
        positive : bool
            The measure has no negative values.
        """
        if not self.has(role):
            return None
        found = read_interval(self.cells[role], decimal=self.decimal, positive=positive)
        if isinstance(found, Unread):
            self.findings.fault(found.code, found.what, found.mend)
            return None
        return found

    def _unreported(self, role: str) -> bool:
        return self.text(role).lower() in _NO_VALUE

    def _number(self, role: str, *, whole: bool) -> Printed | None:
        if not self.has(role):
            return None
        found = read_number(self.cells[role], decimal=self.decimal, whole=whole)
        if isinstance(found, Unread):
            name = role.replace("_", " ")
            self.findings.fault(found.code, f"{name}: {found.what}", found.mend)
            return None
        return found
