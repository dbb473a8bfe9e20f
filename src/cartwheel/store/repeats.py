"""Answers kept for a day, so that a request which is sent twice is done once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module

from sqlalchemy import Connection, delete, select, update

from cartwheel.errors import PlanRefused, Refused, refuse
from cartwheel.store.database import Store, moment
from cartwheel.store.tables import repeats

# seconds: how long an answer is kept, and after which a request without answer was given up
KEPT, GIVEN_UP = 86_400.0, 60.0
_NOT_YET = 0


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered the first time.

    Parameters
    ----------
    status : int
        Of HTTP.
    headers : mapping of str to str
        Those that belong to the answer, such as ``Location``.
    body : bytes
        As it was sent.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


def begin_once(store: Store, owner: str, key: str, sha256: str) -> KeptAnswer | None:
    """Begin what is to be done once.

    Parameters
    ----------
    store : Store
        Where.
    owner : str
        Who asks; another person's keys are other keys.
    key : str
        As the request names itself.
    sha256 : str
        Of the request, 64 hexadecimal digits.

    Returns
    -------
    KeptAnswer or None
        The answer of the first time; None where this is the first time: then end it with
        `end_once`, or with `give_up`.

    Raises
    ------
    PlanRefused
        ``key_reused`` where the key belongs to another request; ``key_in_use`` while the first one
        is being answered.
    FileRefused
        ``store_unavailable``.
    """
    with store.writing() as connection:
        connection.execute(delete(repeats).where(repeats.c.made_at < moment(KEPT)))
        unanswered = repeats.c.status == _NOT_YET
        connection.execute(delete(repeats).where(unanswered, repeats.c.made_at < moment(GIVEN_UP)))
        if _taken(connection, owner, key, sha256):
            return None
        return _answer(connection, owner, key, sha256)


def end_once(store: Store, owner: str, key: str, answer: KeptAnswer) -> None:
    """Keep the answer.

    Parameters
    ----------
    store, owner, key
        As of `begin_once`.
    answer : KeptAnswer
        What is given again, for a day.

    Raises
    ------
    FileRefused
        ``store_unavailable``.
    """
    with store.writing() as connection:
        connection.execute(
            update(repeats)
            .where(repeats.c.owner == owner, repeats.c.key == key)
            .values(
                status=answer.status,
                headers=json.dumps(dict(answer.headers)),
                body=answer.body,
                made_at=moment(),
            )
        )


def give_up(store: Store, owner: str, key: str) -> None:
    """Free a key whose request was refused: it can be mended, and sent with the same key.

    Parameters
    ----------
    store, owner, key
        As of `begin_once`.

    Raises
    ------
    FileRefused
        ``store_unavailable``.
    """
    with store.writing() as connection:
        connection.execute(
            delete(repeats).where(
                repeats.c.owner == owner, repeats.c.key == key, repeats.c.status == _NOT_YET
            )
        )


def forget_answers(connection: Connection, ids: Iterable[str]) -> None:
    """Delete the answers that tell of files or jobs which are deleted.

    Parameters
    ----------
    connection : Connection
        From `Store.writing`, of the deletion itself.
    ids : iterable of str
        Of the files and jobs.
    """
    gone = frozenset(ids)
    kept = connection.execute(select(repeats.c.owner, repeats.c.key, repeats.c.headers)).all()
    for owner, key, headers in kept:
        # the address of what was made ends with its id
        if json.loads(headers).get("Location", "").rpartition("/")[2] in gone:
            connection.execute(
                delete(repeats).where(repeats.c.owner == owner, repeats.c.key == key)
            )


def _taken(connection: Connection, owner: str, key: str, sha256: str) -> bool:
    """Put the key down; tell whether it was free. Of two at once one waits here for the other."""
    # each loads its whole dialect: the other one is never asked
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    row = {
        "owner": owner,
        "key": key,
        "request_sha256": sha256,
        "status": _NOT_YET,
        "headers": "{}",
        "body": b"",
        "made_at": moment(),
    }
    free = dialect.insert(repeats).values(row).on_conflict_do_nothing().returning(repeats.c.key)
    return connection.execute(free).one_or_none() is not None


def _answer(connection: Connection, owner: str, key: str, sha256: str) -> KeptAnswer:
    wanted = select(repeats).where(repeats.c.owner == owner, repeats.c.key == key)
    found = connection.execute(wanted).one_or_none()
    if found is None or found.status == _NOT_YET:
        raise _in_use()
    if found.request_sha256 != sha256:
        raise refuse(
            PlanRefused,
            "key_reused",
            "this key was sent with another request",
            where="Idempotency-Key",
            mend="take a new key for a new request",
        )
    return KeptAnswer(found.status, json.loads(found.headers), bytes(found.body))


def _in_use() -> Refused:
    return refuse(
        PlanRefused,
        "key_in_use",
        "the first request with this key is still being answered",
        where="Idempotency-Key",
        mend="send it again in a moment",
    )
