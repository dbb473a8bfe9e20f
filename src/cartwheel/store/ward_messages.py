"""Messages of the ward as they came: each kept once, whoever sends it again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from cartwheel.errors import FileRefused, refuse
from cartwheel.store.ward_many import insert_new
from cartwheel.store.ward_tables import messages
from cartwheel.watch.intake import Message


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """What the log says of a message without its content.

    Parameters
    ----------
    number : int
        Of the log.
    sha256 : str
        Of the content.
    reply : str
        What the sender was told.
    """

    number: int
    sha256: str
    reply: str


def content_sha256(content: bytes) -> str:
    """Hash a message's content.

    Parameters
    ----------
    content : bytes
        As it came.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return hashlib.sha256(content).hexdigest()


def add_messages(
    connection: Connection, wanted: Sequence[Message], known_at: str
) -> dict[tuple[str, str], int]:
    """Keep messages that are not there yet.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    wanted : sequence of Message
        No two with the same interface and key.
    known_at : str
        Moment.

    Returns
    -------
    dict of (str, str) to int
        Numbers of those that are new, by interface and key. What is missing was there before: of
        two servers that keep the same message at once one waits here for the other.
    """
    rows = [
        {
            "interface": one.interface,
            "key": one.key,
            "sha256": content_sha256(one.content),
            "content": one.content,
            "known_at": known_at,
            "reply": one.reply,
        }
        # in one order everywhere: two servers never wait for each other crosswise
        for one in sorted(wanted, key=lambda one: (one.interface, one.key))
    ]
    kept = insert_new(connection, messages, rows, ("interface", "key", "number"))
    return {(interface, key): number for interface, key, number in kept}


def message_kept(connection: Connection, interface: str, key: str) -> KeptMessage | None:
    """Find a message.

    Parameters
    ----------
    connection : Connection
        Any.
    interface, key : str
        Of the message.

    Returns
    -------
    KeptMessage or None
    """
    wanted = select(messages.c.number, messages.c.sha256, messages.c.reply).where(
        messages.c.interface == interface, messages.c.key == key
    )
    row = connection.execute(wanted).one_or_none()
    return None if row is None else KeptMessage(row.number, row.sha256, row.reply)


def message_of(connection: Connection, number: int) -> Message:
    """Read a message as it came.

    Parameters
    ----------
    connection : Connection
        Any.
    number : int
        Of the log.

    Returns
    -------
    Message
        Without items: these are what a parser makes of it.

    Raises
    ------
    FileRefused
        ``no_such_message``.
    """
    row = connection.execute(select(messages).where(messages.c.number == number)).one_or_none()
    if row is None:
        raise refuse(
            FileRefused,
            "no_such_message",
            "the log has no message of this number",
            where="message",
            mend="look at the list again",
        )
    return Message(row.interface, row.key, bytes(row.content), (), row.reply)
