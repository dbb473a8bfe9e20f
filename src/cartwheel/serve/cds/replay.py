"""A token is taken once, also where several servers share one database."""

from __future__ import annotations

from importlib import import_module

from sqlalchemy import delete

from cartwheel.canonical import sha256
from cartwheel.store.database import Store, moment
from cartwheel.store.tables import repeats

_OWNER = "cds token"
# seconds: longer than any token that is taken can last
KEPT = 7200.0
_ANSWERED = 204


def is_first_use(store: Store, issuer: str, jti: str) -> bool:
    """Put a token down; tell whether nobody has shown it before.

    Parameters
    ----------
    store : Store
        Shared by all servers.
    issuer, jti : str
        Of the token; only a hash of them is kept.

    Returns
    -------
    bool

    Raises
    ------
    FileRefused
        ``store_unavailable``: then the token is not taken.
    """
    key = sha256(f"{len(issuer)} {issuer} {jti}").removeprefix("sha256:")
    row = {
        "owner": _OWNER, "key": key, "request_sha256": key, "status": _ANSWERED, "headers": "{}",
        "body": b"", "made_at": moment(),
    }  # fmt: skip
    with store.writing() as connection:
        connection.execute(
            delete(repeats).where(repeats.c.owner == _OWNER, repeats.c.made_at < moment(KEPT))
        )
        # each loads its whole dialect: the other one is never asked
        dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
        new = dialect.insert(repeats).values(row).on_conflict_do_nothing().returning(repeats.c.key)
        return connection.execute(new).one_or_none() is not None
