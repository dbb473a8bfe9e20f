"""The audit: who did what, when, on which hash. It is added to, and never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import func, insert, select

from cartwheel.store.database import Store
from cartwheel.store.tables import audit

_LONGEST = {"at": 24, "who": 200, "what": 60, "about": 255, "sha256": 64}
_PAGE = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed.

    Parameters
    ----------
    at : str
        UTC.
    who : str
        Name of the account; ``owner`` on a laptop; where nobody of this name is known, a short
        hash of what was typed.
    what : str
        What was done, such as ``file downloaded``.
    about : str
        To what: an id, a name of an account, an address; never a patient's data.
    sha256 : str
        Of the content concerned; may be empty.
    """

    at: str
    who: str
    what: str
    about: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class NumberedEntry:
    """One deed as it is kept.

    Parameters
    ----------
    number : int
        In the order of keeping.
    entry : Entry
        The deed.
    """

    number: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deeds are asked for; what is empty asks nothing.

    Parameters
    ----------
    who, what : str
        Exactly; the beginning of it.
    since, until : str
        Days or moments, UTC, both included.
    """

    who: str = ""
    what: str = ""
    since: str = ""
    until: str = ""


def add_entries(store: Store, entries: Iterable[Entry]) -> None:
    """Keep deeds.

    Parameters
    ----------
    store : Store
        Where.
    entries : iterable of Entry
        What is longer than its column is cut.
    """
    rows = [
        {name: getattr(entry, name)[:most] for name, most in _LONGEST.items()} for entry in entries
    ]
    if rows:
        with store.writing() as connection:
            connection.execute(insert(audit), rows)


def entries_of(
    store: Store, wanted: Wanted, *, before: int | None = None, most: int = 100
) -> tuple[NumberedEntry, ...]:
    """Read deeds, the newest first.

    Parameters
    ----------
    store : Store
        Where.
    wanted : Wanted
        Which.
    before : int, optional
        Only those with a smaller number: the next page.
    most : int
        How many at most.

    Returns
    -------
    tuple of NumberedEntry
    """
    asked = select(audit).order_by(audit.c.number.desc()).limit(most)
    if before is not None:
        asked = asked.where(audit.c.number < before)
    if wanted.who:
        asked = asked.where(audit.c.who == wanted.who)
    if wanted.what:
        asked = asked.where(audit.c.what.startswith(wanted.what, autoescape=True))
    if wanted.since:
        asked = asked.where(audit.c.at >= wanted.since)
    if wanted.until:
        # a day holds its moments
        asked = asked.where(func.substr(audit.c.at, 1, len(wanted.until)) <= wanted.until)
    with store.reading() as connection:
        found = connection.execute(asked).all()
    return tuple(
        NumberedEntry(row.number, Entry(row.at, row.who, row.what, row.about, row.sha256))
        for row in found
    )


def every_entry(store: Store, wanted: Wanted) -> Iterator[NumberedEntry]:
    """Read all deeds, the newest first, a page at a time.

    Parameters
    ----------
    store : Store
        Where.
    wanted : Wanted
        Which.

    Yields
    ------
    NumberedEntry
    """
    before: int | None = None
    while page := entries_of(store, wanted, before=before, most=_PAGE):
        yield from page
        before = page[-1].number
