"""Dead letters for whoever looks after them: listed, sent again, dropped; the audit is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cartwheel.errors import FileRefused, PlanRefused, refuse
from cartwheel.serve.ward.keeper import utc_now
from cartwheel.store.database import Store
from cartwheel.store.ward_json import moment_text
from cartwheel.store.ward_letters import (
    DeadGroup,
    DeadLetter,
    dead_groups,
    dead_letters,
    drop_letter,
    is_target,
    send_again,
    send_all_again,
)
from cartwheel.store.ward_outbox import count_outbox

REASONS: Mapping[str, str] = {
    "arrived": "the receiver has it by another way",
    "late": "too late to be of use",
    "gone": "the receiver is no more",
    "wrong": "it should not have been sent",
}
"""Why one is dropped: of these alone, since free words may name a patient."""
_PAGE = 200

Tell = Callable[[str, str], object]
"""Tells the audit: what was done, to what."""


@dataclass(frozen=True, slots=True)
class Letters:
    """What was given up.

    Parameters
    ----------
    counts : mapping of str to mapping of str to int
        ``waiting``, ``done``, ``dead`` and ``dropped`` of each target.
    groups : tuple of DeadGroup
        By target and reason.
    letters : tuple of DeadLetter
        The newest first, at most 200.
    before : int or None
        Where the next page begins; None where there is none.
    """

    counts: Mapping[str, Mapping[str, int]]
    groups: tuple[DeadGroup, ...]
    letters: tuple[DeadLetter, ...]
    before: int | None

    def document(self) -> dict[str, Any]:
        """Write it as plain data: for programs."""
        return {
            "kind": "monitor-outbox",
            "schema": "cartwheel/monitor-outbox/1",
            "targets": {name: dict(one) for name, one in sorted(self.counts.items())},
            "groups": [asdict(one) for one in self.groups],
            "letters": [asdict(one) for one in self.letters],
            "before": self.before,
        }


def read_letters(store: Store, *, target: str = "", before: int | None = None) -> Letters:
    """List what was given up.

    Parameters
    ----------
    store : Store
        Where the outbox is.
    target : str
        Only of this one; empty is all.
    before : int, optional
        Only those with a smaller number: the next page.

    Returns
    -------
    Letters
        No body: it holds a patient's data.

    Raises
    ------
    FileRefused
        ``store_unavailable``.
    """
    with store.reading() as connection:
        found = dead_letters(connection, _PAGE, target=target, before=before)
        counts, groups = count_outbox(connection), dead_groups(connection)
    more = found[-1].number if len(found) == _PAGE else None
    return Letters(counts, groups, found, more)


def letters_again(
    store: Store, tell: Tell, *, number: int | None = None, target: str = "", every: bool = False,
    clock: Callable[[], datetime] = utc_now,
) -> int:  # fmt: skip
    """Send dead letters again, each once with its old key; the server does so within a second.

    Parameters
    ----------
    store : Store
        Where the outbox is.
    tell : callable
        Tells the audit.
    number : int, optional
        One letter.
    target : str
        All of one target.
    every : bool
        All of them. Exactly one of the three is given.
    clock : callable
        Tells the time; another one in tests.

    Returns
    -------
    int
        How many.

    Raises
    ------
    PlanRefused
        ``which_letters`` where not exactly one is given.
    FileRefused
        ``no_such_letter``; ``no_such_target`` where nothing was ever to be sent there.
    """
    if (number is not None) + bool(target) + every != 1:
        raise refuse(
            PlanRefused, "which_letters", "it is not said which letters", where="again",
            mend="name a number, a target, or all of them",
        )  # fmt: skip
    now = moment_text(clock())
    with store.writing() as connection:
        if number is not None:
            send_again(connection, number, now)
            many = 1
        else:
            if target and not is_target(connection, target):
                raise refuse(
                    FileRefused, "no_such_target", "nothing was ever to be sent there",
                    where="target", mend="look at the list of targets",
                )  # fmt: skip
            many = send_all_again(connection, now, target)
    which = f"letter {number}" if number is not None else target or "all targets"
    tell("outbox sent again", f"{which}: {many}")
    return many


def letter_dropped(
    store: Store, tell: Tell, number: int, reason: str, clock: Callable[[], datetime] = utc_now
) -> None:
    """Drop a dead letter: it is sent no more; the row stays, with the reason.

    Parameters
    ----------
    store : Store
        Where the outbox is.
    tell : callable
        Tells the audit.
    number : int
        Of the letter.
    reason : str
        One of `REASONS`.
    clock : callable
        Tells the time; another one in tests.

    Raises
    ------
    PlanRefused
        ``drop_reason``.
    FileRefused
        ``no_such_letter``.
    """
    if reason not in REASONS:
        raise refuse(
            PlanRefused, "drop_reason", "a letter is dropped for one of the reasons that are known",
            where="reason", mend=f"one of {', '.join(REASONS)}",
        )  # fmt: skip
    with store.writing() as connection:
        drop_letter(connection, number, REASONS[reason], moment_text(clock()))
    tell("outbox letter dropped", f"letter {number}: {reason}")
