"""Accounts: who may log in, and in which role. A password is here as its hash alone."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from cartwheel.errors import PlanRefused, Refused, refuse
from cartwheel.store.database import Store, moment
from cartwheel.store.tables import accounts

ROLES = ("reader", "clinician", "analyst", "admin")
_LONGEST = 64
# what the server itself is called in the store and in the audit; "owner" has the files of a laptop
_RESERVED = ("owner", "cartwheel", "unknown", "somebody")
_SIGNS = frozenset("._-@+")


@dataclass(frozen=True, slots=True)
class Account:
    """One person who may log in.

    Parameters
    ----------
    id, name : str
        Of the store; as it is typed at log-in. Files and jobs belong to the name.
    role : str
        ``reader``, ``clinician``, ``analyst`` or ``admin``.
    subject : str or None
        How an OpenID issuer names the person.
    made_at : str
        UTC.
    closed_at : str or None
        UTC; None while it is open.
    """

    id: str
    name: str
    role: str
    subject: str | None
    made_at: str
    closed_at: str | None


def account_name(text: str) -> str:
    """Write a name in the one way in which it is kept.

    Parameters
    ----------
    text : str
        As typed.

    Returns
    -------
    str
        In lower case, composed (NFKC).

    Raises
    ------
    PlanRefused
        ``account_name``.
    """
    name = unicodedata.normalize("NFKC", text).strip().casefold()
    if not 1 <= len(name) <= _LONGEST or not all(s.isalnum() or s in _SIGNS for s in name):
        raise refuse(
            PlanRefused,
            "account_name",
            f"a name has 1 to {_LONGEST} letters, digits, or . _ - @ +",
            where="name",
            mend="choose another name",
        )
    return name


def check_role(role: str) -> str:
    """Refuse a role that there is not.

    Parameters
    ----------
    role : str
        As given.

    Returns
    -------
    str
        The same.

    Raises
    ------
    PlanRefused
        ``unknown_role``.
    """
    if role not in ROLES:
        raise refuse(
            PlanRefused,
            "unknown_role",
            "there is no such role",
            where="role",
            mend="give one of " + ", ".join(ROLES),
        )
    return role


def add_account(
    store: Store, name: str, role: str, password: str | None = None, subject: str | None = None
) -> Account:
    """Add an account.

    Parameters
    ----------
    store : Store
        Where.
    name, role : str
        As of `account_name` and `check_role`.
    password : str, optional
        Its hash; None where the person logs in elsewhere.
    subject : str, optional
        How an OpenID issuer names the person.

    Returns
    -------
    Account

    Raises
    ------
    PlanRefused
        ``account_name``, ``unknown_role``, ``account_there`` also where it is closed: its name
        would lead to the files of another person; ``account_reserved``: ``owner`` would have the
        files of a server without accounts.
    """
    plain = account_name(name)
    if plain in _RESERVED or plain.startswith("unknown-"):
        raise refuse(
            PlanRefused,
            "account_reserved",
            f"the name {plain} is the server's own: files and deeds of others stand under it",
            where="name",
            mend="choose another name",
        )
    row = {
        "id": secrets.token_hex(16),
        "name": plain,
        "role": check_role(role),
        "password": password,
        "subject": subject,
        "made_at": moment(),
    }
    with store.writing() as connection:
        try:
            made = connection.execute(insert(accounts).values(row).returning(*accounts.c)).one()
        except IntegrityError:
            raise refuse(
                PlanRefused,
                "account_there",
                "there is an account of this name, open or closed",
                where="name",
                mend="choose another name, or set a new password for it, which opens it again",
            ) from None
    return _account(made)


def accounts_of(store: Store) -> tuple[Account, ...]:
    """List all accounts by name.

    Parameters
    ----------
    store : Store
        Where.

    Returns
    -------
    tuple of Account
    """
    with store.reading() as connection:
        found = connection.execute(select(accounts).order_by(accounts.c.name)).all()
    return tuple(_account(row) for row in found)


def count_admins(store: Store) -> int:
    """Count the open accounts of administrators.

    Parameters
    ----------
    store : Store
        Where.

    Returns
    -------
    int
    """
    with store.reading() as connection:
        return _admins(connection)


def account_of(store: Store, name: str) -> Account:
    """Find an account by its name.

    Parameters
    ----------
    store : Store
        Where.
    name : str
        As typed.

    Returns
    -------
    Account
        Open or closed.

    Raises
    ------
    PlanRefused
        ``no_such_account``, ``account_name``.
    """
    with store.reading() as connection:
        return _found(connection, name)


def account_of_subject(store: Store, subject: str) -> Account | None:
    """Find an account by the name that an OpenID issuer gives it.

    Parameters
    ----------
    store : Store
        Where.
    subject : str
        Issuer and subject.

    Returns
    -------
    Account or None
        Open or closed.
    """
    wanted = select(accounts).where(accounts.c.subject == subject)
    with store.reading() as connection:
        row = connection.execute(wanted).one_or_none()
    return None if row is None else _account(row)


def open_account(store: Store, name: str) -> tuple[Account, str] | None:
    """Find an open account with the hash of its password.

    Parameters
    ----------
    store : Store
        Where.
    name : str
        As typed.

    Returns
    -------
    (Account, str) or None
        None where there is none, it is closed, or it has no password.
    """
    try:
        wanted = accounts.c.name == account_name(name)
    except Refused:
        return None
    open_one = select(accounts).where(
        wanted, accounts.c.closed_at.is_(None), accounts.c.password.is_not(None)
    )
    with store.reading() as connection:
        row = connection.execute(open_one).one_or_none()
    return None if row is None else (_account(row), str(row.password))


def set_password(store: Store, name: str, password: str) -> Account:
    """Set another password; a closed account is open again.

    Parameters
    ----------
    store, name
        As of `account_of`.
    password : str
        Its hash.

    Returns
    -------
    Account

    Raises
    ------
    PlanRefused
        ``no_such_account``.
    """
    return _changed(store, name, {"password": password, "closed_at": None})


def rehash(store: Store, account: Account, before: str, after: str) -> None:
    """Keep the same password under a newer hash, unless it was changed meanwhile.

    Parameters
    ----------
    store : Store
        Where.
    account : Account
        Whose.
    before, after : str
        Hashes.
    """
    with store.writing() as connection:
        connection.execute(
            update(accounts)
            .where(accounts.c.id == account.id, accounts.c.password == before)
            .values(password=after)
        )


def set_role(store: Store, name: str, role: str) -> Account:
    """Give an account another role.

    Parameters
    ----------
    store : Store
        Where.
    name, role : str
        Of the account, and the new one.

    Returns
    -------
    Account

    Raises
    ------
    PlanRefused
        ``no_such_account``, ``unknown_role``, ``last_admin``.
    """
    return _changed(store, name, {"role": check_role(role)})


def close_account(store: Store, name: str) -> Account:
    """Close an account: nobody logs in with it; its files and the audit stay.

    Parameters
    ----------
    store : Store
        Where.
    name : str
        Of the account.

    Returns
    -------
    Account

    Raises
    ------
    PlanRefused
        ``no_such_account``, ``last_admin``.
    """
    return _changed(store, name, {"closed_at": moment()})


def _changed(store: Store, name: str, values: dict[str, str | None]) -> Account:
    with store.writing() as connection:
        if connection.dialect.name == "postgresql":
            # of two administrators who demote each other at once, one stays
            connection.exec_driver_sql("LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE")
        account = _found(connection, name)
        changed = update(accounts).where(accounts.c.id == account.id).values(values)
        row = connection.execute(changed.returning(*accounts.c)).one()
        was = account.role == "admin" and account.closed_at is None
        if was and _admins(connection) == 0:
            raise refuse(
                PlanRefused,
                "last_admin",
                "this is the last open account of an administrator",
                where=account.name,
                mend="make another one first: cartwheel serve account add NAME --role admin",
            )
    return _account(row)


def _admins(connection: Connection) -> int:
    counted = (
        select(func.count())
        .select_from(accounts)
        .where(accounts.c.role == "admin", accounts.c.closed_at.is_(None))
    )
    return int(connection.execute(counted).scalar_one())


def _found(connection: Connection, name: str) -> Account:
    wanted = select(accounts).where(accounts.c.name == account_name(name))
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise refuse(
            PlanRefused,
            "no_such_account",
            "there is no account of this name",
            where=account_name(name),
            mend="see them: cartwheel serve account list",
        )
    return _account(row)


def _account(row: Row[tuple[object, ...]]) -> Account:
    return Account(row.id, row.name, row.role, row.subject, row.made_at, row.closed_at)
