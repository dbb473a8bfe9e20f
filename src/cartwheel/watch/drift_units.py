"""Values that moved by just the factor between two units: a laboratory may send another one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import permutations
from statistics import median

from cartwheel.clinic.dictionary import Variable, variables

# nearer than this on the log scale a factor is met; smaller factors are met by patients themselves
_NEAR, _LEAST = math.log(1.35), math.log(2.5)
# what undoes a change of unit undoes most of the distance
_LEFT = 0.5
_PREFIXES = (10.0, 100.0, 1000.0)


def unit_looked_like(name: str, before: Sequence[float], now: Sequence[float]) -> str:
    """Tell whether values moved by a factor that lies between two units of their variable.

    Parameters
    ----------
    name : str
        Of the variable, as in the dictionary; of another one only powers of ten are looked for.
    before, now : sequence of float
        One value a patient, ascending, in the canonical unit, as they were and as they are.

    Returns
    -------
    str
        Such as ``ukat/L taken as U/L``; empty where nothing fits, and where a median is not above 0
        or the factor is below 2.5: so much do patients themselves change.

    Notes
    -----
    The ratio of the medians has to be within a factor 1.35 of the one between the units, and the
    greatest distance of the distributions has to fall to less than half once it is undone. Units
    that are equal, such as ferritin in ug/L and ng/mL, cannot be told apart, and need not be.
    """
    middle, present = median(before), median(now)
    if not middle > 0.0 or not present > 0.0:
        return ""
    moved = math.log(present / middle)
    if abs(moved) < _LEAST - _NEAR:
        return ""
    # of two that are equal the first stands: a unit goes before a power of ten
    fitting = [
        (abs(moved - math.log(factor)), rank, words, factor)
        for rank, (words, factor) in enumerate(_factors(name))
        if abs(math.log(factor)) >= _LEAST and abs(moved - math.log(factor)) <= _NEAR
    ]
    for _, _, words, factor in sorted(fitting):
        undone = [value / factor for value in now]
        if _apart(before, undone) < _LEFT * _apart(before, now):
            return words
    return ""


def _factors(name: str) -> Iterator[tuple[str, float]]:
    """Give what a value becomes when one unit is taken for another."""
    known = variables().get(name)
    if known is not None:
        yield from _of_units(known)
    for times in _PREFIXES:
        yield f"{times:g} times as large: a decimal point or a prefix of the unit", times
        yield f"{times:g} times as small: a decimal point or a prefix of the unit", 1.0 / times


def _of_units(known: Variable) -> Iterator[tuple[str, float]]:
    # the canonical unit first: that is what a value without one is taken for
    order = sorted(known.units, key=lambda unit: unit != known.unit)
    for taken, sent in permutations(order, 2):
        factor = float(known.units[taken] / known.units[sent])
        if factor != 1.0:
            yield f"{sent} taken as {taken}", factor


def _apart(first: Sequence[float], second: Sequence[float]) -> float:
    """Greatest distance between two distribution functions; both samples ascend."""
    most = 0.0
    places = [0, 0]
    while places[0] < len(first) and places[1] < len(second):
        value = min(first[places[0]], second[places[1]])
        for which, several in enumerate((first, second)):
            while places[which] < len(several) and several[places[which]] <= value:
                places[which] += 1
        most = max(most, abs(places[0] / len(first) - places[1] / len(second)))
    return most
