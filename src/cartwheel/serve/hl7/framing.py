"""MLLP frames off a stream, within bounds of size and time.

The reader of the `hl7` package reads up to 64 KiB, drops what is longer without a word, and waits
for half a frame for ever; so the frames are read here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cartwheel.errors import CartwheelError

START = b"\x0b"
END = b"\x1c\r"
_CHUNK = 65_536
_BETWEEN = b"\r\n"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one connection, and of all together.

    Parameters
    ----------
    message_bytes : int
        Largest message; a larger one is answered with AR and the connection closed.
    large_bytes : int
        A message beyond it waits for one of the places for large ones, and is not read meanwhile.
    large_places : int
        How many large messages are held at once.
    connections : int
        At once; another one is closed.
    frame_seconds : float
        From the first byte of a frame to its last.
    write_seconds : float
        For a client to read its answer.
    idle_seconds : float or None
        Between frames; None waits for ever.
    """

    message_bytes: int = 10_000_000
    large_bytes: int = 1_000_000
    large_places: int = 4
    connections: int = 64
    frame_seconds: float = 60.0
    write_seconds: float = 30.0
    idle_seconds: float | None = None


class FrameBroken(CartwheelError):
    """What comes is no frame, or stopped in the middle of one.

    Parameters
    ----------
    reason : str
        ``not_a_frame``, ``half_a_frame``, ``too_large``, ``too_slow``.
    beginning : bytes
        Of the message, for its header.
    """

    def __init__(self, reason: str, beginning: bytes = b"") -> None:
        super().__init__(reason)
        self.reason = reason
        self.beginning = beginning


class Frames:
    """Frames of one connection.

    Parameters
    ----------
    reader : asyncio.StreamReader
        Of the connection.
    limits : Limits
        Bounds.
    large : asyncio.Semaphore
        Places for large messages, shared by all connections.
    """

    def __init__(
        self, reader: asyncio.StreamReader, limits: Limits, large: asyncio.Semaphore
    ) -> None:
        self._reader = reader
        self._limits = limits
        self._large = large
        self._holds = False
        self._held = bytearray()

    async def begun(self) -> bool:
        """Wait until a frame begins; False where the client has closed instead.

        Raises
        ------
        FrameBroken
            ``not_a_frame`` where other bytes come than line ends; ``too_slow``.
        """
        try:
            async with asyncio.timeout(self._limits.idle_seconds):
                while not self._held.lstrip(_BETWEEN):
                    self._held.clear()
                    more = await self._reader.read(_CHUNK)
                    if not more:
                        return False
                    self._held += more
        except TimeoutError:
            raise FrameBroken("too_slow") from None
        del self._held[: len(self._held) - len(self._held.lstrip(_BETWEEN))]
        if not self._held.startswith(START):
            raise FrameBroken("not_a_frame")
        return True

    async def content(self) -> bytes:
        """Read the frame that has begun to its end.

        Returns
        -------
        bytes
            Without start and end.

        Raises
        ------
        FrameBroken
            ``half_a_frame``, ``too_large``, ``too_slow``.
        """
        try:
            async with asyncio.timeout(self._limits.frame_seconds):
                return await self._content()
        except TimeoutError:
            raise FrameBroken("too_slow", bytes(self._held[1:4096])) from None

    async def _content(self) -> bytes:
        searched = 1
        while True:
            end = self._held.find(END, searched)
            size = (end if end >= 0 else len(self._held)) - 1
            if size > self._limits.message_bytes:
                raise FrameBroken("too_large", bytes(self._held[1:4096]))
            if end >= 0:
                found = bytes(self._held[1:end])
                del self._held[: end + len(END)]
                return found
            searched = max(1, len(self._held) - 1)
            if size > self._limits.large_bytes and not self._holds:
                await self._large.acquire()
                self._holds = True
            more = await self._reader.read(_CHUNK)
            if not more:
                raise FrameBroken("half_a_frame", bytes(self._held[1:4096]))
            self._held += more

    def release(self) -> None:
        """Give back the place of a large message, once it is answered."""
        if self._holds:
            self._large.release()
            self._holds = False
