"""What lies between a browser and a server, which can be cut and joined again."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from typing import Self

from .serving import Server

# a connection that is closed with this is broken off, not ended
_BREAK = struct.pack("ii", 1, 0)


class Wire:
    """The way to a server, under an address of its own.

    A browser that is told to be offline keeps the streams that it has; a wire that is cut breaks
    them off.

    Parameters
    ----------
    server : Server
        At its end.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.token = server.token
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._whole = True
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            # wakes whoever waits for it
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
        """Call the server by another way, which stays."""
        return self._server.ask(method, path, body, **headers)

    def cut(self) -> None:
        """Break off whatever goes through it, and whatever comes."""
        with self._lock:
            self._whole = False
            ends, self._ends = self._ends, set()
        for end in ends:
            _break_off(end)

    def join(self) -> None:
        """Let through again what comes from now on."""
        self._whole = True

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            with self._lock:
                if not self._whole:
                    _break_off(near)
                    continue
                try:
                    far = socket.create_connection(("127.0.0.1", self._server.port))
                except OSError:
                    _break_off(near)
                    continue
                self._ends |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while part := one.recv(1 << 16):
                other.sendall(part)
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)


def _break_off(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _BREAK)
    with suppress(OSError):
        # wakes whoever reads from it
        end.shutdown(socket.SHUT_RDWR)
    end.close()
