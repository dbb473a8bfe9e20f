"""What the ward asks again whenever something changes: a grade, a score, a model."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Protocol

from cartwheel.watch.observation import Observation, Value
from cartwheel.watch.standing import InputAt, Standing, TargetKind
from cartwheel.watch.view import View

_SECONDS_IN_AN_HOUR = 3600.0


class Target(Protocol):
    """One rule, score or model that is asked whenever something it reads changes."""

    @property
    def id(self) -> str:
        """Which."""
        ...

    @property
    def version(self) -> str:
        """Which version of it."""
        ...

    @property
    def title(self) -> str:
        """For the reader."""
        ...

    @property
    def kind(self) -> TargetKind:
        """What it is."""
        ...

    @property
    def reads(self) -> frozenset[str]:
        """Names of observations that its answer can depend on, milestones included."""
        ...

    @property
    def ageless(self) -> frozenset[str]:
        """Those of them that it reads whatever their age."""
        ...

    @property
    def turning_days(self) -> tuple[float, ...]:
        """Days since the infusion at which its answer can change though nothing came in."""
        ...

    def assess(self, view: View) -> Standing:
        """Answer for one patient at one moment; the same view gives the same answer."""
        ...


def no_answer(
    target: Target,
    at: datetime,
    reasons: tuple[str, ...],
    *,
    missing: tuple[str, ...] = (),
    inputs: tuple[InputAt, ...] = (),
    warnings: tuple[str, ...] = (),
) -> Standing:
    """Say why a target has no answer.

    Parameters
    ----------
    target : Target
        Which.
    at : datetime
        The moment.
    reasons : tuple of str
        At least one.
    missing : tuple of str
        Inputs without a value young enough.
    inputs : tuple of InputAt
        What there was.
    warnings : tuple of str
        What the reader must know.

    Returns
    -------
    Standing
    """
    return Standing(
        target.id, target.version, target.kind, at, None, None, None, None, (), None, None, None,
        f"no answer: {'; '.join(reasons)}", (), missing, inputs, warnings, reasons,
    )  # fmt: skip


def input_at(one: Observation, name: str, at: datetime) -> InputAt:
    """Name a value as an input of an answer.

    Parameters
    ----------
    one : Observation
        The value.
    name : str
        Of the input.
    at : datetime
        The moment of the answer.

    Returns
    -------
    InputAt
    """
    taken = one.taken_at
    hours = (at - taken).total_seconds() / _SECONDS_IN_AN_HOUR
    return InputAt(name, one.limit + shown(one.value), one.unit, taken, hours)


def shown(value: Value) -> str:
    """Write a value for the reader.

    Parameters
    ----------
    value : Decimal, str, bool, tuple of str or None
        As kept.

    Returns
    -------
    str
        ``yes``, ``no``, the names, ``none`` for no names.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) if value else "none"
    return "" if value is None else str(value)


@lru_cache(maxsize=1024)
def assumed_warnings(assumed: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Say what an answer owes to the ward file's assumptions.

    Parameters
    ----------
    assumed : tuple of (str, str)
        Input, and what it is taken to be.

    Returns
    -------
    tuple of str
        One sentence for each assumed word.
    """
    by_word: dict[str, list[str]] = {}
    for name, word in assumed:
        by_word.setdefault(word, []).append(name)
    return tuple(
        f"taken as '{word}' by the ward file: {', '.join(names)}" for word, names in by_word.items()
    )
