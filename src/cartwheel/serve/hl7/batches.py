"""Batches: several messages in one frame, with or without FHS and BHS around them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BY_RETURN = re.compile(rb"(?:\A|(?<=\r)|(?<=\r\n))(FHS|BHS|MSH|BTS|FTS)(?=[^A-Za-z0-9])")
_BY_FEED = re.compile(rb"(?:\A|(?<=\n))(FHS|BHS|MSH|BTS|FTS)(?=[^A-Za-z0-9])")
_TRAILER = re.compile(rb"(?:BTS)[^A-Za-z0-9](\d+)")
_LEADING = b"\r\n\t "


@dataclass(frozen=True, slots=True)
class Frame:
    """What one frame holds.

    Parameters
    ----------
    messages : tuple of bytes
        Each from its MSH on; the whole content where no header is found.
    batch : bool
        Several, or within BHS: the acknowledgements go back as one batch.
    file : bool
        Within FHS: the batch of acknowledgements goes back as a file.
    miscounted : bool
        BTS-1 says another number of messages: something was lost on the way.
    """

    messages: tuple[bytes, ...]
    batch: bool = False
    file: bool = False
    miscounted: bool = False


def frame_of(content: bytes) -> Frame:
    """Split what one frame holds into its messages.

    Parameters
    ----------
    content : bytes
        Between start and end of the frame.

    Returns
    -------
    Frame
    """
    content = content.lstrip(_LEADING)
    if content.startswith(b"MSH") and content.count(b"MSH") == 1:
        return Frame((content,))
    pattern = _BY_RETURN if b"\r" in content else _BY_FEED
    marks = [(found.start(), found[1]) for found in pattern.finditer(content)]
    places = [place for place, _ in marks]
    messages = tuple(
        content[place:end]
        for (place, name), end in zip(marks, [*places[1:], len(content)], strict=False)
        if name == b"MSH"
    )
    names = {name for _, name in marks}
    batch = b"BHS" in names or b"FHS" in names or len(messages) > 1
    if not batch:
        return Frame((content,))
    stated = _TRAILER.findall(b"\r".join(content[place : place + 16] for place, _ in marks))
    miscounted = bool(stated) and sum(map(int, stated)) != len(messages)
    return Frame(messages, True, b"FHS" in names, miscounted)
