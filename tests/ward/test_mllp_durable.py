"""From the client's socket to the log on both databases: acknowledged means kept, once."""

from __future__ import annotations

from collections.abc import Callable

import hl7
from hl7.client import MLLPClient
from hl7_messages import FERRITIN, header, read, results
from sqlalchemy import func, select

from cartwheel.serve.hl7.server import MllpServer
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.store.database import Store
from cartwheel.store.ward_tables import entries, messages

UNKNOWN = FERRITIN.replace("2276-4^Ferritin^LN", "FERR^Ferritin^L")


def _count(store: Store, table: object, *where: object) -> int:
    with store.reading() as connection:
        wanted = select(func.count()).select_from(table).where(*where)  # type: ignore[arg-type]
        return int(connection.execute(wanted).scalar_one())


def _told(client: MLLPClient, content: bytes) -> str:
    # long ago, since what lies in the future of the ward's clock is parked
    content = content.replace(b"20261122", b"20241122")
    answer = hl7.parse(client.send_message(content).strip(b"\x0b\x1c\r").decode())
    return str(answer.segment("MSA")[1])


def test_a_message_is_kept_once_and_another_under_its_id_is_refused(
    store: Store, make_ingest: Callable[..., Ingest]
) -> None:
    server = MllpServer("127.0.0.1", 0, read, make_ingest(store).accept)
    server.start()
    try:
        with MLLPClient("127.0.0.1", server.port) as client:
            one = results(FERRITIN, UNKNOWN)
            assert [_told(client, one) for _ in range(5)] == ["AA"] * 5
            assert _told(client, one.replace(b"812", b"813")) == "AE"
            corrected = FERRITIN.replace("|812|", "|700|").replace("|F|||", "|C|||")
            assert _told(client, results(corrected, head=header(control="C2"))) == "AA"
    finally:
        server.stop()
    assert _count(store, messages) == 2
    assert _count(store, entries, entries.c.kind == "observation") == 2
    assert server.counts["refused:message_differs"] == 1


def test_while_the_ward_cannot_keep_the_sender_is_told_ae(
    sqlite_store: Store, make_ingest: Callable[..., Ingest]
) -> None:
    ingest = make_ingest(sqlite_store)
    server = MllpServer("127.0.0.1", 0, read, ingest.accept)
    server.start()
    try:
        with MLLPClient("127.0.0.1", server.port) as client:
            ingest.stop()
            assert _told(client, results(FERRITIN)) == "AE"
    finally:
        server.stop()
    assert _count(sqlite_store, messages) == 0
