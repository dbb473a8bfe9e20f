"""Patients divided by one column of the cohort: a subgroup, or the centre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Which group each of n patients is in.

    Parameters
    ----------
    column : str
        Of the cohort.
    label : str
        For the reader.
    levels : tuple of str
        Names of the groups in their order; each different.
    code : int array (n,)
        Place in ``levels``; -1 where the patient has no value in the column.
    """

    column: str
    label: str
    levels: tuple[str, ...]
    code: Integers

    def members(self) -> tuple[Integers, ...]:
        """Give the patients of each group, and last those without a value.

        Returns
        -------
        tuple of int array (m,)
            One more than ``levels``; places, rising.
        """
        # sorted once: a column may have nearly as many values as there are patients
        order = np.argsort(self.code, kind="stable")
        edges = np.searchsorted(self.code[order], np.arange(len(self.levels) + 1))
        unknown, *known = np.split(order, edges)[: len(self.levels) + 1]
        return (*known, unknown)
