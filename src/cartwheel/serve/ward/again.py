"""What was parked is sent through again: each message is read anew, with the codes of now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cartwheel.errors import Refused
from cartwheel.serve.ward.opened import WardServices
from cartwheel.store.ward_messages import message_of
from cartwheel.store.ward_parked import messages_parked
from cartwheel.watch.intake import Item, Message

_GROUP, _MOST = 200, 20_000


@dataclass(frozen=True, slots=True)
class SentAgain:
    """What came of it.

    Parameters
    ----------
    messages : int
        That were read again.
    entries : int
        Lines by which the log grew.
    parked : int
        Items that wait still.
    unread : int
        Messages that cannot be read again: what a page or a call brought, or what is broken.
    """

    messages: int
    entries: int
    parked: int
    unread: int


def send_again(
    opened: WardServices, *, interface: str = "", reason: str = "", code: str = ""
) -> SentAgain:
    """Send what was parked through again.

    Parameters
    ----------
    opened : WardServices
        Running.
    interface, reason, code : str
        Only these; empty is all.

    Returns
    -------
    SentAgain

    Raises
    ------
    Refused
        ``store_unavailable``, ``ward_busy``, ``ward_stopping``: what was sent by then counts.
    """
    messages = entries = parked = unread = after = 0
    while messages + unread < _MOST:
        with opened.store.reading() as connection:
            numbers = messages_parked(
                connection, interface=interface, reason=reason, code=code, after=after, most=_GROUP
            )
            found = [(number, message_of(connection, number)) for number in numbers]
        if not found:
            break
        after = found[-1][0]
        for number, message in found:
            reader = _reader(opened, message.interface)
            # what was emptied since cannot be read again
            if reader is None or not message.content:
                unread += 1
                continue
            try:
                items = reader(message)
            except Refused:
                unread += 1
                continue
            receipt = opened.ingest.again(number, items)
            if receipt.problem is not None:
                if receipt.passes:
                    raise Refused((receipt.problem,))
                unread += 1
                continue
            messages += 1
            entries += receipt.entries
            parked += receipt.parked
    return SentAgain(messages, entries, parked, unread)


def _reader(opened: WardServices, interface: str) -> Callable[[Message], Sequence[Item]] | None:
    """Find how a kept message of an interface is read."""
    parser = opened.parsers.get(interface)
    if interface in opened.readers or parser is None:
        return opened.readers.get(interface)
    return lambda message: parser(message.content).items
