"""The MLLP server over loopback, with the client and the streams of the hl7 package as peers."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import hl7
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hl7.client import MLLPClient
from hl7.mllp import open_hl7_connection
from hl7_messages import FERRITIN, header, message, read, results
from ward_waiting import until

from cartwheel.errors import FileRefused
from cartwheel.serve.hl7.framing import Limits
from cartwheel.serve.hl7.server import MllpServer, tls_context
from cartwheel.watch.intake import Message, Receipt

Started = Callable[..., MllpServer]
HERE = "127.0.0.1"


class Ward:
    """Keeps what it is given; can be made to wait."""

    def __init__(self) -> None:
        self.begun = 0
        self.kept: list[Message] = []
        self.open = threading.Event()
        self.open.set()

    def accept(self, one: Message) -> Receipt:
        self.begun += 1
        assert self.open.wait(20)
        self.kept.append(one)
        return Receipt("stored", len(self.kept))


@pytest.fixture
def ward() -> Ward:
    return Ward()


@pytest.fixture
def started(ward: Ward) -> Iterator[Started]:
    servers: list[MllpServer] = []

    def start(**options: object) -> MllpServer:
        server = MllpServer(HERE, 0, read, ward.accept, **options)  # type: ignore[arg-type]
        server.start()
        servers.append(server)
        return server

    yield start
    ward.open.set()
    for server in servers:
        server.stop(2)


def _one(control: str, line: str = FERRITIN) -> bytes:
    return results(line, head=header(control=control))


def _told(reply: bytes) -> tuple[str, str]:
    answer = hl7.parse(reply.strip(b"\x0b\x1c\r").decode()).segment("MSA")
    return str(answer[1]), str(answer[2])


def test_the_client_of_the_peer_is_acknowledged(started: Started, ward: Ward) -> None:
    server = started()
    with MLLPClient(HERE, server.port) as client:
        assert _told(client.send_message(_one("C1"))) == ("AA", "C1")
        assert _told(client.send_message(hl7.parse(_one("C2").decode()))) == ("AA", "C2")
        assert _told(client.send_message(message("OBX|1"))) == ("AE", "C1")
        assert _told(client.send_message(_one("C3"))) == ("AA", "C3")
    assert [one.key for one in ward.kept] == ["LIS|NORTH|C1", "LIS|NORTH|C2", "LIS|NORTH|C3"]
    until(lambda: server.connections == 0)
    assert server.counts == {"messages": 4, "AA": 3, "AE": 1, "refused:pid_missing": 1}


def test_many_clients_side_by_side_each_in_order(started: Started, ward: Ward) -> None:
    server = started()

    async def talk(who: int) -> list[tuple[str, str]]:
        reader, writer = await open_hl7_connection(HERE, server.port)
        told = []
        for number in range(10):
            writer.writeblock(_one(f"{who}-{number}"))
            answer = (await reader.readmessage()).segment("MSA")
            told.append((str(answer[1]), str(answer[2])))
        writer.close()
        await writer.wait_closed()
        return told

    async def all_of_them() -> list[list[tuple[str, str]]]:
        return await asyncio.gather(*(talk(who) for who in range(8)))

    for who, told in enumerate(asyncio.run(all_of_them())):
        assert told == [("AA", f"{who}-{number}") for number in range(10)]
    assert len(ward.kept) == 80


def test_several_messages_in_one_write_are_answered_in_order(started: Started, ward: Ward) -> None:
    server = started()

    async def talk() -> list[str]:
        reader, writer = await open_hl7_connection(HERE, server.port)
        writer.write(b"".join(b"\x0b" + _one(f"C{n}") + b"\x1c\r\r\n" for n in range(20)))
        told = [str((await reader.readmessage()).segment("MSA")[2]) for _ in range(20)]
        writer.close()
        await writer.wait_closed()
        return told

    assert asyncio.run(talk()) == [f"C{n}" for n in range(20)]
    assert len(ward.kept) == 20


def test_a_batch_comes_back_as_a_batch(started: Started) -> None:
    content = b"BHS|^~\\&\r" + _one("C1") + _one("C2") + b"BTS|2\r"
    with MLLPClient(HERE, started().port) as client:
        reply = hl7.parse_batch(client.send_message(content).strip(b"\x0b\x1c\r").decode())
    assert [str(one.segment("MSA")[2]) for one in reply] == ["C1", "C2"]


def test_nothing_is_acknowledged_before_it_is_durable(started: Started, ward: Ward) -> None:
    server = started()
    ward.open.clear()
    with MLLPClient(HERE, server.port) as client:
        client.socket.sendall(b"\x0b" + _one("C1") + b"\x1c\r")
        until(lambda: ward.begun == 1)
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.socket.recv(4096)
        ward.open.set()
        client.socket.settimeout(5)
        assert _told(client.socket.recv(4096)) == ("AA", "C1")


def test_a_stop_finishes_what_is_at_work_and_closes_the_rest(started: Started, ward: Ward) -> None:
    server = started()
    with MLLPClient(HERE, server.port) as idle, MLLPClient(HERE, server.port) as busy:
        assert _told(idle.send_message(_one("C1"))) == ("AA", "C1")
        ward.open.clear()
        busy.socket.sendall(b"\x0b" + _one("C2") + b"\x1c\r")
        until(lambda: ward.begun == 2)
        stopper = threading.Thread(target=server.stop)
        stopper.start()
        idle.socket.settimeout(5)
        assert idle.socket.recv(1) == b""
        ward.open.set()
        busy.socket.settimeout(5)
        assert _told(busy.socket.recv(4096)) == ("AA", "C2")
        stopper.join(10)
        assert not stopper.is_alive()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HERE, server.port))
    server.stop()  # a second time changes nothing


def test_a_port_that_is_taken_is_told(started: Started) -> None:
    taken = started().port
    with pytest.raises(FileRefused) as refused:
        MllpServer(HERE, taken, read, lambda _: Receipt("stored", 1)).start()
    assert refused.value.problems[0].code == "port_taken"


def test_too_many_connections_are_closed(started: Started) -> None:
    server = started(limits=Limits(connections=2))
    with MLLPClient(HERE, server.port) as one, MLLPClient(HERE, server.port) as two:
        assert _told(one.send_message(_one("C1"))) == ("AA", "C1")
        assert _told(two.send_message(_one("C2"))) == ("AA", "C2")
        with MLLPClient(HERE, server.port) as three:
            three.socket.settimeout(5)
            try:
                assert three.socket.recv(1) == b""
            except ConnectionResetError:
                assert server.counts["closed:too_many"] == 1
        assert _told(one.send_message(_one("C3"))) == ("AA", "C3")


def _issue(
    name: str, folder: Path, authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Write NAME.pem and NAME.key; signed by itself without an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = authority[1] if authority else key
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority[0].subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(signer, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )  # fmt: skip
    return made, key


def test_tls_asks_for_a_certificate_of_the_client(
    started: Started, ward: Ward, tmp_path: Path
) -> None:
    authority = _issue("authority", tmp_path, None)
    _issue("server", tmp_path, authority)
    _issue("client", tmp_path, authority)
    root = tmp_path / "authority.pem"
    tls = tls_context(tmp_path / "server.pem", tmp_path / "server.key", root)
    server = started(tls=tls)

    async def talk(context: ssl.SSLContext | None) -> tuple[str, str]:
        reader, writer = await open_hl7_connection(
            HERE, server.port, ssl=context, server_hostname="localhost" if context else None
        )
        try:
            writer.writeblock(_one("C1"))
            answer = (await reader.readmessage()).segment("MSA")
            return str(answer[1]), str(answer[2])
        finally:
            # a refused client has bytes left that nobody will take: close() would wait for them
            writer.transport.abort()
            await asyncio.wait([asyncio.ensure_future(writer.wait_closed())])

    known = ssl.create_default_context(cafile=root)
    known.load_cert_chain(tmp_path / "client.pem", tmp_path / "client.key")
    assert asyncio.run(talk(known)) == ("AA", "C1")
    for stranger in (ssl.create_default_context(cafile=root), None):
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            asyncio.run(talk(stranger))
    assert len(ward.kept) == 1
    with pytest.raises(FileRefused) as refused:
        tls_context(tmp_path / "server.pem", tmp_path / "missing.key")
    assert refused.value.problems[0].code == "tls_file"
