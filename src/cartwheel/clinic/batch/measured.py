"""One input of a score as a column: numbers to compute with, and the cells that need reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import isnan

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.batch.cells import thresholds
from cartwheel.clinic.batch.decimals import as_written
from cartwheel.clinic.batch.twofold import (
    Floats,
    Twofold,
    add,
    constant,
    divide,
    multiply,
)
from cartwheel.clinic.dictionary import variable
from cartwheel.clinic.score_inputs import Given
from cartwheel.clinic.score_terms import Input
from cartwheel.clinic.score_units import NO_UNIT, in_unit_of, plausible_limits
from cartwheel.units import Quantity, known_unit


@dataclass(frozen=True, slots=True)
class InputColumn:
    """What a sheet holds for one input.

    Parameters
    ----------
    unit : str
        Unit of the plain numbers, one that the input takes; empty where there is none.
    numbers : float array (n,)
        Plain numbers in that unit; NaN elsewhere.
    texts : mapping of int to str, by row
        Cells that are no plain number, such as ``<20`` or ``1.2 mg/L``: read one by one.
    day : float or None
        Day of measurement, infusion being day 0, where the sheet says it.
    """

    unit: str
    numbers: Floats
    texts: dict[int, str]
    day: float | None = None

    def given(self, row: int) -> Given:
        """Give one cell as a caller would have given it."""
        if row in self.texts:
            return self.texts[row]
        number = float(self.numbers[row])
        if isnan(number):
            return None
        # an infinite number is refused by who reads it
        return Quantity(Decimal(repr(number)), self.unit) if abs(number) < np.inf else number


@dataclass(frozen=True)
class Measured:
    """How a column is expressed in the score's unit, and compared with its cut-offs.

    Parameters
    ----------
    item : Input
        The input.
    unit : str
        Unit of the column.
    cuts : tuple of Decimal
        Cut-offs that terms put on this input, in its own unit, rising.
    """

    item: Input
    unit: str
    cuts: tuple[Decimal, ...]

    def expressed(self, number: Decimal) -> Decimal:
        """Turn one exact number into the score's unit, as the decimal engine does."""
        return number if self._plain else in_unit_of(self.item, Quantity(number, self.unit))

    @cached_property
    def _plain(self) -> bool:
        item = self.item
        if item.coding is not None or (item.unit in NO_UNIT and not self.unit):
            return True
        return (known_unit(self.unit) or self.unit) == (known_unit(item.unit) or item.unit)

    @cached_property
    def _steps(self) -> tuple[tuple[Callable[[Twofold, Twofold], Twofold], Twofold], ...]:
        if self._plain or self.item.variable is None:
            return ()
        factors = variable(self.item.variable).units
        wanted = known_unit(self.item.unit) or self.item.unit
        if self.unit == "[degF]":
            return (
                (add, constant(-32)),
                (multiply, constant(5)),
                (divide, constant(9)),
            )
        steps = []
        if factors[self.unit] != 1:
            steps.append((multiply, constant(factors[self.unit])))
        if factors[wanted or "1"] != 1:
            steps.append((divide, constant(factors[wanted or "1"])))
        return tuple(steps)

    def values(self, numbers: Floats) -> Twofold:
        """Express a column in the score's unit."""
        found = as_written(numbers)
        for step, by in self._steps:
            found = step(found, by)
        return found

    @cached_property
    def _marks(self) -> Floats:
        return thresholds(self.cuts, self.expressed)

    def cells(self, numbers: Floats) -> NDArray[np.intp]:
        """Find the cell of each number."""
        return np.searchsorted(self._marks, numbers, side="right")

    @cached_property
    def _hard(self) -> tuple[float, float]:
        return self._ends(*plausible_limits(self.item))

    @cached_property
    def _derivation(self) -> tuple[float, float]:
        return self._ends(self.item.low, self.item.high)

    def _ends(self, low: Decimal | None, high: Decimal | None) -> tuple[float, float]:
        """Least double that is high enough, and least that is too high."""
        least = -np.inf if low is None else float(thresholds([low], self.expressed)[0])
        beyond = np.inf if high is None else float(thresholds([high], self.expressed)[1])
        return least, beyond

    def impossible(self, numbers: Floats) -> NDArray[np.bool_]:
        """Tell which numbers lie beyond the hard limits, or are none of the input's codes."""
        if self.item.coding is not None:
            codes = np.array([float(code) for code in self.item.coding.values()])
            return ~np.isin(numbers, codes) & ~np.isnan(numbers)
        least, beyond = self._hard
        return np.asarray((numbers < least) | (numbers >= beyond))

    def unusual(self, numbers: Floats) -> NDArray[np.bool_]:
        """Tell which numbers lie outside the range that the score was developed on."""
        least, beyond = self._derivation
        return np.asarray((numbers < least) | (numbers >= beyond))
