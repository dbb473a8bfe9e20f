"""``cartwheel serve account``: who may log in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cartwheel.cli.common import refusals_as_exit_code

if TYPE_CHECKING:
    from cartwheel.store.database import Store

account = typer.Typer(help="Who may log in to a server with --accounts.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="As it is typed at log-in.")]
Data = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Of the server, as in cartwheel serve.")
]
Database = Annotated[
    str | None,
    typer.Option(metavar="URL", envvar="CARTWHEEL_DATABASE", help="Of the server, PostgreSQL."),
]


class RoleName(StrEnum):
    """What an account may do: read; and score; and run jobs; and everything."""

    READER = "reader"
    CLINICIAN = "clinician"
    ANALYST = "analyst"
    ADMIN = "admin"


@account.command()
def add(
    name: Name,
    role: Annotated[RoleName, typer.Option(help="What it may do.")] = RoleName.READER,
    data: Data = None,
    database: Database = None,
) -> None:
    """Add an account; asks for its password, or reads it from stdin."""
    with _store(data, database) as store:
        from cartwheel.serve.access.passwords import hash_password
        from cartwheel.store.accounts import account_name, add_account

        plain = account_name(name)
        made = add_account(store, plain, role, hash_password(_password(), plain))
        _audit(store, "account added", f"{made.name} ({made.role})")
        print(f"{made.name} may log in as {made.role}")


@account.command("list")
def listing(
    data: Data = None,
    database: Database = None,
    json: Annotated[
        str | None, typer.Option(metavar="F", help="Write as JSON; - for stdout.")
    ] = None,
) -> None:
    """List the accounts."""
    with _store(data, database) as store:
        from cartwheel.cli.common import write_json
        from cartwheel.store.accounts import accounts_of

        found = accounts_of(store)
        if json is not None:
            write_json(json, list(found))
        if json == "-":
            return
        if not found:
            print("no accounts; add one: cartwheel serve account add NAME --role admin")
        width = max((len(one.name) for one in found), default=0)
        for one in found:
            closed = f", closed {one.closed_at[:10]}" if one.closed_at else ""
            print(f"{one.name:<{width}}  {one.role:<9}  since {one.made_at[:10]}{closed}")


@account.command()
def close(name: Name, data: Data = None, database: Database = None) -> None:
    """Close an account and log it out everywhere; what it made stays."""
    with _store(data, database) as store:
        from cartwheel.store.accounts import close_account
        from cartwheel.store.sessions import end_sessions

        closed = close_account(store, name)
        end_sessions(store, closed.id)
        _audit(store, "account closed", closed.name)
        print(f"{closed.name} is closed")


@account.command()
def password(name: Name, data: Data = None, database: Database = None) -> None:
    """Set another password, and log out everywhere; opens a closed account again."""
    with _store(data, database) as store:
        from cartwheel.serve.access.passwords import hash_password
        from cartwheel.store.accounts import account_of, set_password
        from cartwheel.store.sessions import end_sessions

        found = account_of(store, name)
        set_password(store, found.name, hash_password(_password(), found.name))
        end_sessions(store, found.id)
        _audit(store, "password set", found.name)
        print(f"{found.name} has another password, and is logged out everywhere")


@account.command("role")
def change_role(
    name: Name,
    role: Annotated[RoleName, typer.Argument(metavar="ROLE", help="What it may do.")],
    data: Data = None,
    database: Database = None,
) -> None:
    """Give an account another role: reader, clinician, analyst or admin."""
    with _store(data, database) as store:
        from cartwheel.store.accounts import set_role

        changed = set_role(store, name, role)
        _audit(store, "role changed", f"{changed.name} ({changed.role})")
        print(f"{changed.name} is {changed.role}")


@account.command()
def token(
    name: Name,
    days: Annotated[int, typer.Option(min=1, max=366, help="For which it lasts.")] = 90,
    data: Data = None,
    database: Database = None,
) -> None:
    """Make a token with which a program calls the server as this account."""
    with _store(data, database) as store:
        from cartwheel.errors import PlanRefused, refuse
        from cartwheel.serve.access.sessions import Sessions
        from cartwheel.store.accounts import account_of

        found = account_of(store, name)
        if found.closed_at:
            raise refuse(
                PlanRefused, "account_closed", "this account is closed", where=found.name,
                mend="open it again with a new password: cartwheel serve account password NAME",
            )  # fmt: skip
        made = Sessions(store).begin(found.id, days * 86_400.0, program=True)
        _audit(store, "token made", f"{found.name}, {days} days")
        print("It is shown once; send it as Authorization: Bearer TOKEN", file=sys.stderr)
        print(made)


@contextmanager
def _store(data: Path | None, database: str | None) -> Iterator[Store]:
    from cartwheel.cli.serve_run import require_serve

    with refusals_as_exit_code():
        require_serve()
        from cartwheel.store.database import open_store

        store = open_store(data, database)
        try:
            yield store
        finally:
            store.close()


def _password() -> str:
    """Ask twice on a terminal, or read a line from stdin."""
    from getpass import getpass

    from cartwheel.errors import PlanRefused, refuse

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass("Password (12 signs at least): ")
    if getpass("Again: ") != first:
        raise refuse(
            PlanRefused, "password_twice", "these were two passwords", where="password",
            mend="start again, and type the same twice",
        )  # fmt: skip
    return first


def _audit(store: Store, what: str, about: str) -> None:
    from getpass import getuser

    from cartwheel.store.audit import Entry, add_entries
    from cartwheel.store.database import moment

    try:
        who = getuser()
    except (OSError, KeyError):
        who = "somebody"
    add_entries(store, [Entry(moment(), f"{who} at the command line", what, about)])
