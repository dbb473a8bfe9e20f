"""Messages for tests of the ward."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from cartwheel.watch.intake import Arrived, Item, Message
from cartwheel.watch.observation import Observation

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class SetClock:
    """A clock that goes only when it is told to."""

    def __init__(self, now: datetime = NOON + timedelta(days=30)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def go(self, **by: float) -> None:
        self.now += timedelta(**by)


def value(name: str, number: str | None, hours: float = 0, **more: Any) -> Observation:
    """Make a value taken so many hours after noon."""
    return Observation(
        patient="", name=name, taken_at=NOON + timedelta(hours=hours),
        value=None if number is None else Decimal(number),
        **{"unit": "mg/L", "source": f"{name}-{hours}", **more},
    )  # fmt: skip


def arrived(of: str, name: str, number: str | None, hours: float = 0, **more: Any) -> Arrived:
    """Make a value of somebody with this record number."""
    return Arrived((("hospital", of),), value(name, number, hours, **more))


def message(key: str, *items: Item, content: bytes | None = None, reply: str = "ok") -> Message:
    """Make a message."""
    return Message("hl7", key, content if content is not None else key.encode(), items, reply)


Accept = Callable[[Message], Any]
