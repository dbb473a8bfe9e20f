"""Values over days since the infusion, as rules that look at a whole course are told them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from operator import is_
from typing import TypeAlias

from cartwheel.clinic.toxicity.assessment import Asked
from cartwheel.watch.facts import Fact, Teller, Told, given
from cartwheel.watch.observation import Observation
from cartwheel.watch.view import View

Pairs: TypeAlias = tuple[tuple[Decimal | None, object], ...]

# patients of whom a course is kept in mind
_MOST_COURSES = 256


def course(asked: Asked) -> Teller:
    """Tell values over days since the infusion.

    Parameters
    ----------
    asked : Asked
        The input; the observation has its name.

    Returns
    -------
    callable
    """
    # the course told last of each patient: with a new value it grows by one pair
    known: dict[tuple[str, datetime | None], tuple[tuple[Observation, ...], Pairs]] = {}

    def tell(view: View) -> Told:
        values = view.observations(asked.name)
        if not values:
            return
        of = (values[0].patient, view.infusion)
        before, pairs = known.get(of, ((), ()))
        if not all(map(is_, before, values)):
            before, pairs = (), ()
        if len(values) <= len(before):
            pairs = pairs[: len(values)]
        else:
            new = values[len(before) :]
            pairs = (*pairs, *[(view.day_of(one.taken_at), given(one)) for one in new])
            if of not in known and len(known) >= _MOST_COURSES:
                # at one go: pages ask in threads of their own, and change it too
                oldest, *_ = known
                known.pop(oldest, None)
            known[of] = (values, pairs)
        if any(one.value is None for one in values):
            pairs = tuple([two for one, two in zip(values, pairs, strict=True)
                           if one.value is not None])  # fmt: skip
        if pairs:
            yield asked.name, Fact(pairs, values[-1])

    return tell
