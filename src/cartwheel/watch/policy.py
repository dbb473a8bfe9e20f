"""What a ward states of its values: how old they may be, what may be assumed, its own limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias

from cartwheel.units import Quantity
from cartwheel.watch.observation import MILESTONES

NEVER_OLD = frozenset(
    {
        "age", "developmental_delay", "died_of_crs", "died_of_icans", "last_follow_up_day",
        "progression_day", "next_therapy_day", "followed_by", *MILESTONES,
    }
)  # fmt: skip
"""Facts that time does not make untrue; the ward file may still limit them."""

_NEVER_OLD_SUFFIXES = ("_baseline", "_nadir", "_uln", "_lln")

Assumed: TypeAlias = bool | int | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a ward file says about values.

    Parameters
    ----------
    default_age : timedelta
        A value counts from the moment it was taken until it is so old.
    max_age : mapping of str to timedelta or None
        By name, where it is another; None for what does not age, such as the date of birth's age.
    assumed : mapping of str to bool, int, str or tuple of str
        What an input is taken to be while nothing was ever charted for it; every answer says so.
    constants : mapping of str to Quantity
        The laboratory's own limits, such as ``ferritin_uln``.
    systolic_below : Decimal or None
        Systolic pressure in mm[Hg] below which the ward calls it hypotension; None: only a person
        does.
    """

    default_age: timedelta
    max_age: Mapping[str, timedelta | None]
    assumed: Mapping[str, Assumed]
    constants: Mapping[str, Quantity]
    systolic_below: Decimal | None = None

    def age_of(self, name: str) -> timedelta | None:
        """Tell how long a value counts; None where it does not age."""
        return self.max_age.get(name, self.default_age)


def whole_max_age(
    said: Mapping[str, timedelta | None], names: Iterable[str]
) -> dict[str, timedelta | None]:
    """Add to a ward's own limits the names that do not age.

    Parameters
    ----------
    said : mapping of str to timedelta or None
        As the ward file has it; it goes before.
    names : iterable of str
        Every name that the ward knows.

    Returns
    -------
    dict of str to timedelta or None
    """
    lasting = {
        name: None for name in names if name in NEVER_OLD or name.endswith(_NEVER_OLD_SUFFIXES)
    }
    return {**lasting, **said}
