"""Clients that misbehave: half a frame, 50 MB, no reading, garbage; each is answered or closed."""

from __future__ import annotations

import logging
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from hl7_messages import FERRITIN, header, read, results
from ward_waiting import until

from cartwheel.serve.hl7.framing import Limits
from cartwheel.serve.hl7.server import MllpServer
from cartwheel.watch.intake import Message, Receipt

HERE = "127.0.0.1"
SMALL = Limits(
    message_bytes=200_000, large_bytes=50_000, large_places=1, frame_seconds=0.5,
    write_seconds=0.5, idle_seconds=None,
)  # fmt: skip
Started = Callable[[Limits], MllpServer]


@pytest.fixture
def kept() -> list[Message]:
    return []


@pytest.fixture
def started(kept: list[Message]) -> Iterator[Started]:
    servers: list[MllpServer] = []

    def accept(one: Message) -> Receipt:
        kept.append(one)
        return Receipt("stored", len(kept))

    def start(limits: Limits) -> MllpServer:
        server = MllpServer(HERE, 0, read, accept, limits=limits)
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop(2)


def _connected(server: MllpServer) -> socket.socket:
    made = socket.create_connection((HERE, server.port), timeout=10)
    made.settimeout(10)
    return made


def _frame(control: str, line: str = FERRITIN) -> bytes:
    return b"\x0b" + results(line, head=header(control=control)) + b"\x1c\r"


def _to_the_end(client: socket.socket) -> bytes:
    found = b""
    try:
        while more := client.recv(65_536):
            found += more
    except ConnectionResetError:
        return found
    return found


def _works(server: MllpServer) -> bool:
    with closing(_connected(server)) as client:
        client.sendall(_frame("OK"))
        return b"MSA|AA|OK" in client.recv(4096)


def test_a_frame_in_single_bytes_is_read(started: Started) -> None:
    server = started(Limits())
    with closing(_connected(server)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in _frame("C1"):
            client.sendall(bytes([byte]))
        assert b"MSA|AA|C1" in client.recv(4096)


def test_half_a_frame_is_closed_after_its_time(started: Started, kept: list[Message]) -> None:
    server = started(SMALL)
    with closing(_connected(server)) as client:
        client.sendall(_frame("C1") + _frame("C2")[:-1])
        assert _to_the_end(client).count(b"MSA|AA") == 1
    assert server.counts["closed:too_slow"] == 1
    with closing(_connected(server)) as client:
        client.sendall(_frame("C3")[:40])
        client.shutdown(socket.SHUT_WR)
        assert _to_the_end(client) == b""
    assert server.counts["closed:half_a_frame"] == 1
    assert [one.key[-2:] for one in kept] == ["C1"]
    assert _works(server)


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02", b"MSH|^~\\&|"])
def test_what_is_no_frame_is_closed(started: Started, garbage: bytes) -> None:
    server = started(SMALL)
    with closing(_connected(server)) as client:
        client.sendall(garbage)
        assert _to_the_end(client) == b""
    assert server.counts["closed:not_a_frame"] == 1
    assert _works(server)


def test_an_end_without_its_return_is_no_end(started: Started) -> None:
    server = started(SMALL)
    with closing(_connected(server)) as client:
        client.sendall(_frame("C1")[:-1] + b"\x0b" + _frame("C2"))
        # the two are one frame, with control characters in it
        assert b"MSA|AE|C1" in client.recv(4096)
        client.sendall(_frame("C3"))
        assert b"MSA|AA|C3" in client.recv(4096)


def test_a_message_too_large_is_rejected_and_the_connection_closed(
    started: Started, kept: list[Message]
) -> None:
    server = started(SMALL)
    for closed in (True, False):
        with closing(_connected(server)) as client:
            large = _frame("BIG", FERRITIN + "x" * 300_000)
            client.sendall(large if closed else large[:-2])
            told = _to_the_end(client)
        assert b"MSA|AR|BIG" in told
        assert told.count(b"\x0b") == 1
    assert kept == []
    assert server.counts["closed:too_large"] == 2
    assert _works(server)


def test_fifty_megabytes_are_rejected_within_bounded_memory(started: Started) -> None:
    server = started(Limits())
    assert _works(server)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    block = b"x" * 1_000_000
    with closing(_connected(server)) as client:
        client.sendall(_frame("BIG")[:-2])
        try:
            for _ in range(50):
                client.sendall(block)
        except OSError:
            logging.getLogger(__name__).info("closed while it was being sent")
        told = _to_the_end(client)
    assert b"MSA|AR|BIG" in told
    # kilobytes: ten megabytes are held, and copied once as they grow
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000
    assert _works(server)


def test_large_messages_wait_for_a_place(started: Started, kept: list[Message]) -> None:
    server = started(SMALL)
    filler = "\rNTE|1||" + "x" * 90_000
    with closing(_connected(server)) as first, closing(_connected(server)) as second:
        whole = _frame("L1", FERRITIN + filler)
        first.sendall(whole[:60_000])
        until(lambda: server._large is not None and server._large.locked())
        second.sendall(_frame("L2", FERRITIN + filler))
        first.sendall(whole[60_000:])
        assert b"MSA|AA|L1" in first.recv(4096)
        assert b"MSA|AA|L2" in second.recv(4096)
    assert len(kept) == 2
    assert server._large is not None
    until(lambda: not server._large.locked())  # type: ignore[union-attr]


def test_a_client_that_stops_reading_is_closed(started: Started) -> None:
    server = started(SMALL)
    with closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((HERE, server.port))
        client.settimeout(20)
        many = b"".join(_frame(f"C{number}") for number in range(500))
        stopped = threading.Event()

        def send() -> None:
            try:
                while not stopped.is_set():
                    client.sendall(many)
            except OSError:
                stopped.set()

        sender = threading.Thread(target=send)
        sender.start()
        sender.join(20)
        assert stopped.is_set()
    assert server.counts["closed:lost"] == 1
    assert _works(server)


def test_idle_connections_may_be_closed(started: Started) -> None:
    server = started(Limits(idle_seconds=0.2))
    with closing(_connected(server)) as client:
        client.sendall(_frame("C1"))
        assert b"MSA|AA|C1" in _to_the_end(client)
    assert server.counts["closed:too_slow"] == 1


def test_a_client_that_goes_away_with_its_message_does_no_harm(
    started: Started, kept: list[Message]
) -> None:
    server = started(Limits())
    for _ in range(20):
        client = _connected(server)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        client.sendall(_frame("C1"))
        client.close()
    assert _works(server)
    until(lambda: server.connections == 0)


def test_no_log_line_holds_anything_of_a_message(
    started: Started, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = started(SMALL)
    for content in (_frame("C1"), _frame("C1")[:-1], _frame("C1", "OBX|1|bad\x01")):
        with closing(_connected(server)) as client:
            client.sendall(content)
            client.shutdown(socket.SHUT_WR)
            _to_the_end(client)

    def broken(one: bytes | Message) -> Any:
        raise ValueError(one)

    for parse, accept, said in ((broken, broken, "read"), (read, broken, "kept")):
        failing = MllpServer(HERE, 0, parse, accept, limits=SMALL)
        failing.start()
        with closing(_connected(failing)) as client:
            client.sendall(_frame("C1"))
            assert b"MSA|A" in client.recv(4096)
        failing.stop(2)
        assert f"a message could not be {said}: ValueError" in caplog.text
    for secret in ("4711", "Muster", "Erika", "1970", "812"):
        assert secret not in caplog.text
