"""``cartwheel monitor send``: a sender of HL7 messages over MLLP, to try an interface with."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from cartwheel.errors import FileRefused, PlanRefused, Problem, refuse

START, END = b"\x0b", b"\x1c\r"
_MOST = 1_000_000
_BREAK = re.compile(rb"\r\n|\r|\n")
_BATCH = (b"FHS", b"BHS")
_TAKEN = ("AA", "CA")


def address_of(text: str) -> tuple[str, int]:
    """Read where to send or to listen.

    Parameters
    ----------
    text : str
        ``HOST:PORT``.

    Returns
    -------
    (str, int)

    Raises
    ------
    PlanRefused
        ``address``.
    """
    host, _, port = text.strip().rpartition(":")
    if host and port.isascii() and port.isdigit() and int(port) <= 65535:
        return host.strip("[]"), int(port)
    raise refuse(
        PlanRefused, "address", "this is not HOST:PORT", where="--mllp",
        mend="write it as in 127.0.0.1:2575",
    )  # fmt: skip


def messages_of(content: bytes) -> Iterator[bytes]:
    """Part a file into messages; a batch stays whole.

    Parameters
    ----------
    content : bytes
        Segments on lines of their own, whatever ends the lines.

    Yields
    ------
    bytes
        One message, or the batch, each segment ended by a carriage return.
    """
    lines = [line for line in _BREAK.split(content.strip(b"\x0b\x1c\r\n ")) if line.strip()]
    if not lines:
        return
    if lines[0][:3] in _BATCH:
        yield b"\r".join(lines) + b"\r"
        return
    starts = [at for at, line in enumerate(lines) if line.startswith(b"MSH")] or [0]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield b"\r".join(line.strip(b"\x0b\x1c") for line in lines[start:end]) + b"\r"


def send_file(file: Path, mllp: str, authorities: Path | None, seconds: float) -> None:
    """Send the messages of a file one after the other, and print each acknowledgement.

    Parameters
    ----------
    file : Path
        HL7 version 2.
    mllp : str
        ``HOST:PORT``.
    authorities : Path or None
        PEM file: TLS, and whom to believe.
    seconds : float
        That an acknowledgement may take.

    Raises
    ------
    FileRefused
        ``file_missing``, ``no_messages``, ``not_connected``, ``no_answer``, ``not_accepted``.
    """
    host, port = address_of(mllp)
    try:
        content = file.read_bytes()
    except OSError:
        raise refuse(
            FileRefused, "file_missing", "there is no such file", where=file.name
        ) from None
    messages = list(messages_of(content))
    if not messages:
        raise refuse(FileRefused, "no_messages", "there is no message in it", where=file.name)
    refused: list[Problem] = []
    with _connected(host, port, authorities, seconds) as line:
        for number, message in enumerate(messages, 1):
            for said in _answers(_exchanged(line, message, number)):
                print(f"message {number}: {said}")
                if not said.startswith(_TAKEN):
                    what = f"message {number} was answered {said[:2]}"
                    refused.append(Problem("not_accepted", what, mllp, "see its text above"))
    print(f"{len(messages)} sent")
    if refused:
        raise FileRefused(refused)


def _connected(host: str, port: int, authorities: Path | None, seconds: float) -> socket.socket:
    try:
        plain = socket.create_connection((host, port), seconds)
        if authorities is None:
            return plain
        return ssl.create_default_context(cafile=authorities).wrap_socket(
            plain, server_hostname=host
        )
    except OSError as fault:
        raise refuse(
            FileRefused, "not_connected", f"nobody answers there ({type(fault).__name__})",
            where=f"{host}:{port}", mend="start it: cartwheel monitor run WARD.toml --mllp ...",
        ) from None  # fmt: skip


def _exchanged(line: socket.socket, message: bytes, number: int) -> bytes:
    held = b""
    try:
        line.sendall(START + message + END)
        while not held.endswith(END):
            more = line.recv(65_536)
            if not more or len(held) > _MOST:
                break
            held += more
    except OSError:
        held = b""
    if held.endswith(END):
        return held
    raise refuse(
        FileRefused, "no_answer", "no acknowledgement came: it may have been kept or not",
        where=f"message {number}", mend="send it again: a repeat is told as such and counts once",
    )  # fmt: skip


def _answers(held: bytes) -> Iterator[str]:
    """Read every acknowledgement: its code, and what it says."""
    found = False
    for segment in _BREAK.split(held):
        if segment.startswith(b"MSA"):
            found = True
            fields = segment.decode("utf-8", "replace").split(segment[3:4].decode("latin-1"))
            text = fields[3] if len(fields) > 3 else ""
            yield f"{fields[1] if len(fields) > 1 else '?'} {text}".strip()
    if not found:
        yield "? an answer without MSA"
