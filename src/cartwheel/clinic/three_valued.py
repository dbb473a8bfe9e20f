"""Yes, no and unknown: what still follows when something is not charted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import TypeAlias

Answer: TypeAlias = bool | None
"""True, False, or None where it is not known."""


def every(answers: Iterable[Answer]) -> Answer:
    """Tell whether all are so: one no settles it, else one unknown leaves it open.

    Parameters
    ----------
    answers : iterable of bool or None

    Returns
    -------
    bool or None
        True for none at all.
    """
    found = tuple(answers)
    if any(answer is False for answer in found):
        return False
    return None if None in found else True


def some(answers: Iterable[Answer]) -> Answer:
    """Tell whether one is so: one yes settles it, else one unknown leaves it open.

    Parameters
    ----------
    answers : iterable of bool or None

    Returns
    -------
    bool or None
        False for none at all.
    """
    found = tuple(answers)
    if any(answer is True for answer in found):
        return True
    return None if None in found else False


def negated(answer: Answer) -> Answer:
    """Turn yes into no; unknown stays unknown.

    Parameters
    ----------
    answer : bool or None

    Returns
    -------
    bool or None
    """
    return None if answer is None else not answer


def compared(
    test: Callable[[Decimal, Decimal], bool], value: Decimal | None, limit: Decimal | None
) -> Answer:
    """Compare two numbers, either of which may be unknown.

    Parameters
    ----------
    test : callable
        Such as ``operator.gt``.
    value, limit : Decimal or None

    Returns
    -------
    bool or None
    """
    return None if value is None or limit is None else test(value, limit)


def first_that_holds(rows: Sequence[tuple[int, Answer]], otherwise: int) -> tuple[int, ...]:
    """List the classes that a patient may belong to, where the first that holds is the class.

    Parameters
    ----------
    rows : sequence of (int, bool or None)
        Classes in order of precedence, and whether each holds.
    otherwise : int
        The class where none holds.

    Returns
    -------
    tuple of int
        One class where it is settled.
    """
    possible: list[int] = []
    for code, answer in rows:
        if answer is not False:
            possible.append(code)
        if answer is True:
            return tuple(possible)
    return (*possible, otherwise)
