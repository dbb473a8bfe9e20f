"""Sessions of people who have logged in. Only the hash of a session is here, never itself."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from cartwheel.store.accounts import Account
from cartwheel.store.database import Store, moment
from cartwheel.store.tables import accounts, sessions


@dataclass(frozen=True, slots=True)
class Session:
    """One session of an account.

    Parameters
    ----------
    sha256 : str
        Of what the browser, or the program, sends.
    account : Account
        Whose.
    made_at, seen_at, ends_at : str
        UTC: begun, last used (about), and over at the latest.
    """

    sha256: str
    account: Account
    made_at: str
    seen_at: str
    ends_at: str


def add_session(store: Store, sha256: str, account_id: str, seconds: float) -> None:
    """Begin a session, and forget those that are over.

    Parameters
    ----------
    store : Store
        Where.
    sha256, account_id : str
        Hash of the new session, and whose.
    seconds : float
        For which it lasts.
    """
    now = moment()
    row = {"sha256": sha256, "account_id": account_id, "made_at": now, "seen_at": now}
    with store.writing() as connection:
        connection.execute(delete(sessions).where(sessions.c.ends_at < now))
        connection.execute(insert(sessions).values(**row, ends_at=moment(-seconds)))


def session_of(store: Store, sha256: str, idle: float | None) -> Session | None:
    """Find a session that is not over, of an account that is open.

    Parameters
    ----------
    store : Store
        Where.
    sha256 : str
        Of the session.
    idle : float or None
        Seconds without use after which it is over; None is no limit.

    Returns
    -------
    Session or None
    """
    wanted = (
        select(sessions, *(column.label(f"of_{column.name}") for column in accounts.c))
        .join(accounts, accounts.c.id == sessions.c.account_id)
        .where(
            sessions.c.sha256 == sha256,
            sessions.c.ends_at > moment(),
            accounts.c.closed_at.is_(None),
        )
    )
    if idle is not None:
        wanted = wanted.where(sessions.c.seen_at > moment(idle))
    with store.reading() as connection:
        row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    found = row._mapping
    account = Account(**{name: found[f"of_{name}"] for name in Account.__slots__})
    return Session(sha256, account, found["made_at"], found["seen_at"], found["ends_at"])


def touch_session(store: Store, sha256: str) -> None:
    """Say that a session was used now.

    Parameters
    ----------
    store : Store
        Where.
    sha256 : str
        Of the session.
    """
    with store.writing() as connection:
        used = update(sessions).where(sessions.c.sha256 == sha256)
        connection.execute(used.values(seen_at=moment()))


def end_session(store: Store, sha256: str) -> None:
    """End a session.

    Parameters
    ----------
    store : Store
        Where.
    sha256 : str
        Of the session.
    """
    with store.writing() as connection:
        connection.execute(delete(sessions).where(sessions.c.sha256 == sha256))


def end_sessions(store: Store, account_id: str) -> int:
    """End every session of an account, also those of its programs.

    Parameters
    ----------
    store : Store
        Where.
    account_id : str
        Whose.

    Returns
    -------
    int
        How many there were.
    """
    with store.writing() as connection:
        ended = connection.execute(delete(sessions).where(sessions.c.account_id == account_id))
    return int(ended.rowcount)
