"""Opening the store: SQLite in a folder by default, PostgreSQL by its URL; migrations run first."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from cartwheel.errors import FileRefused, refuse
from cartwheel.store.migrate import upgrade

FILE = "cartwheel.sqlite3"
# a large upload may hold the write lock for seconds
_BUSY_MS = 60_000
_WRITES = "cartwheel_writes"
# a database host that died without a word is noticed within a minute
_NOTICE = {
    "connect_timeout": "10", "keepalives_idle": "20", "keepalives_interval": "10",
    "keepalives_count": "3", "tcp_user_timeout": "30000",
}  # fmt: skip


def moment(ago: float = 0.0) -> str:
    """Tell the time as the store writes it.

    Parameters
    ----------
    ago : float
        So many seconds before now.

    Returns
    -------
    str
        UTC, ISO 8601, milliseconds: ``2026-11-21T20:15:00.123Z``.
    """
    then = datetime.now(UTC) - timedelta(seconds=ago)
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def default_folder() -> Path:
    """Name the folder where a server keeps its data unless told otherwise.

    Returns
    -------
    Path
        ``~/.local/share/cartwheel``, what ``XDG_DATA_HOME`` says, or ``%LOCALAPPDATA%``.
    """
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base) / "cartwheel" if base else Path.home() / "cartwheel"
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "cartwheel"


class Store:
    """One database, with its tables as this version wants them.

    Parameters
    ----------
    engine : Engine
        From `open_store`.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writes = engine.execution_options(**{_WRITES: True})

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection in a transaction: all of it is kept, or nothing.

        Yields
        ------
        Connection

        Raises
        ------
        FileRefused
            ``store_unavailable`` where the database does not answer, or its disk is full.
        """
        try:
            with self._writes.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise _unavailable(error) from None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection for reading.

        Yields
        ------
        Connection

        Raises
        ------
        FileRefused
            As of `writing`.
        """
        try:
            with self.engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise _unavailable(error) from None

    def scrub(self) -> None:
        """After a deletion: leave no copy of what was deleted in SQLite's write-ahead log."""
        if self.engine.dialect.name != "sqlite":
            return
        # while another reader looks at the log it stays; the next deletion empties it
        with suppress(Exception), closing(self.engine.raw_connection()) as bare:
            cursor = bare.cursor()
            # it would wait for that reader, and nobody could write meanwhile
            cursor.execute("PRAGMA busy_timeout=0")
            try:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
                cursor.close()

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def open_store(folder: Path | None = None, url: str | None = None) -> Store:
    """Open the store, and bring its tables to this version.

    Parameters
    ----------
    folder : Path, optional
        Of the SQLite file; made where it is not there, readable by its owner alone.
    url : str, optional
        ``postgresql+psycopg://user:password@host/name``; then no folder is used.

    Returns
    -------
    Store

    Raises
    ------
    FileRefused
        ``store_url``, ``store_folder``, ``store_unavailable``, ``store_newer``.
    """
    engine = _postgresql(url) if url else _sqlite(folder or default_folder())
    store = Store(engine)
    with store.writing() as connection:
        upgrade(connection)
    return store


def _postgresql(url: str) -> Engine:
    try:
        wanted = make_url(url)
        if wanted.get_backend_name() not in ("postgresql", "sqlite"):
            raise ArgumentError
        # a connection that went away while the database was restarted is replaced
        if wanted.get_backend_name() == "postgresql":
            # what the address says itself counts
            more = {name: said for name, said in _NOTICE.items() if name not in wanted.query}
            wanted = wanted.update_query_dict(more)
        engine = create_engine(wanted, pool_pre_ping=True, pool_size=10, max_overflow=10)
        if wanted.get_backend_name() == "postgresql":
            event.listen(engine, "connect", _compress)
        return engine
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        raise refuse(
            FileRefused,
            "store_url",
            "this is not the address of a PostgreSQL database, or its driver is not installed",
            where="--database",
            mend="say postgresql+psycopg://user:password@host/name, and install cartwheel[serve]",
        ) from None


def _compress(connection: Any, _: Any) -> None:
    """Have long texts packed by what is quick, where this PostgreSQL was built with it."""
    # half the work of the database was packing what the pages show of a patient
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(name, 'lz4', false) FROM pg_settings "
            "WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)"
        )
    connection.commit()


def _sqlite(folder: Path) -> Engine:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / FILE
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        raise refuse(
            FileRefused,
            "store_folder",
            f"the folder cannot be used ({error.strerror or type(error).__name__})",
            where=str(folder),
            mend="name another folder: --data FOLDER",
        ) from None
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_MS / 1000})
    event.listen(engine, "connect", _pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    """Take the write lock at once where something will be written: then nothing is read stale."""
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _pragmas(connection: Any, _: Any) -> None:
    # transactions are begun by _begin, not by the driver, which would begin them too late
    connection.isolation_level = None
    cursor = connection.cursor()
    for line in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {line}")
    cursor.close()


def _unavailable(error: SQLAlchemyError) -> FileRefused:
    # the text of the error may hold what was written: only its kind is told
    kind = type(getattr(error, "orig", None) or error).__name__
    full = "disk" in str(getattr(error, "orig", "")).lower()
    why = "its disk is full" if full else f"the database does not answer ({kind})"
    found = refuse(
        FileRefused,
        "store_unavailable",
        f"nothing was kept: {why}",
        where="the store",
        mend="free space" if full else "start the database again; what was stored before is there",
    )
    assert isinstance(found, FileRefused)
    return found
