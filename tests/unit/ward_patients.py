"""Small wards and patients for tests: times in hours from the infusion, units of the dictionary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import cartwheel
from cartwheel.clinic.dictionary import variables
from cartwheel.watch.advance import fold
from cartwheel.watch.episode import Episode
from cartwheel.watch.observation import Entry, Observation, Tick
from cartwheel.watch.standing import Changed, Event, Standing
from cartwheel.watch.ward import Ward, ward_of

INFUSION = datetime(2026, 3, 1, 10, tzinfo=UTC)
EXAMPLE = Path(cartwheel.__file__).parent / "watch" / "example_ward.toml"

ASSUMED: Mapping[str, Any] = {
    "antipyretic": "no", "anticytokine": "no", "corticosteroid": "no", "vasopressors": "none",
    "crs_other_cause": "none", "died_of_crs": "no",
}  # fmt: skip


def document(**changes: Any) -> dict[str, Any]:
    """A small ward file as plain data; a change of None leaves the key out."""
    plain: dict[str, Any] = {
        "schema": "cartwheel/ward/1",
        "ward": "Test",
        "time_zone": "Europe/Berlin",
        "grades": ["astct-crs"],
        "max_age_hours": {"default": 24},
        "assumed": dict(ASSUMED),
    }
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


def ward(**changes: Any) -> Ward:
    """A small ward."""
    return ward_of(document(**changes), Path())


def at(hours: float) -> datetime:
    """So many hours after the infusion."""
    return INFUSION + timedelta(hours=hours)


def obs(name: str, hours: float, value: Any = None, **more: Any) -> Observation:
    """A value taken so many hours after the infusion; numbers as text keep their digits."""
    known = variables().get(name)
    unit = more.pop("unit", known.unit if known is not None else "")
    if known is not None and not isinstance(value, Decimal) and value is not None:
        value = Decimal(str(value))
    source = more.pop("source", f"{name} {hours}")
    return Observation("p", name, at(hours), value, unit, source=source, **more)


def infusion(hours: float = 0, **more: Any) -> Observation:
    """Day 0."""
    return obs("infusion", hours, source="the infusion", **more)


def entries(several: Iterable[Observation | Tick]) -> list[Entry]:
    """Lines of a log, in the order given."""
    return [
        Entry(number, at(24 * 365) + timedelta(seconds=number), one)
        for number, one in enumerate(several, 1)
    ]


def tick(hours: float) -> Tick:
    """The clock, so many hours after the infusion."""
    return Tick("p", at(hours))


def course(
    given: Ward, *several: Observation | Tick
) -> tuple[Episode, tuple[tuple[int, Event], ...]]:
    """What comes of a patient."""
    return fold(given, "p", entries(several))


def answers(episode: Episode, target: str = "astct-crs") -> list[tuple[float, Any, Any]]:
    """Hours and limits of every answer of a target."""
    return [
        ((one.at - INFUSION).total_seconds() / 3600, one.low, one.high)
        for one in episode.answers.get(target, ())
    ]


def now(episode: Episode, target: str = "astct-crs") -> Standing:
    """How he stands by a target."""
    return episode.standings[target]


def changes(events: Iterable[tuple[int, Event]]) -> list[Changed]:
    """Only what answers became."""
    return [event for _, event in events if isinstance(event, Changed)]
