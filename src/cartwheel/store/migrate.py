"""Numbered migrations: bring a database to this version, or say that it belongs to a newer one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect

from cartwheel.errors import FileRefused, refuse

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 7_201_814


def config(connection: Connection | None = None) -> Config:
    """Make Alembic's configuration.

    Parameters
    ----------
    connection : Connection, optional
        The migrations run on it, inside its transaction.

    Returns
    -------
    Config
    """
    from alembic.config import Config  # noqa: PLC0415 - only who migrates waits for it

    made = Config()
    made.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    if connection is not None:
        made.attributes["connection"] = connection
    return made


def upgrade(connection: Connection) -> None:
    """Run every migration that has not run on this database.

    Parameters
    ----------
    connection : Connection
        In a transaction.

    Raises
    ------
    FileRefused
        ``store_newer`` where a newer cartwheel has been at it.
    """
    if connection.dialect.name == "postgresql":
        # of two servers that start at once, one waits
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    # a migration's file begins with its number, and numbers only grow
    known = sorted(path.name.partition("_")[0] for path in _FOLDER.glob("versions/[0-9]*.py"))
    now = _revision(connection)
    if now is not None and now not in known:
        raise refuse(
            FileRefused,
            "store_newer",
            "a newer version of cartwheel has used this store",
            where="the store",
            mend="install that version, or name another folder: --data FOLDER",
        )
    if now != known[-1]:
        from alembic import command  # noqa: PLC0415 - as above

        command.upgrade(config(connection), "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)
