"""Log lines: JSON, of listed fields; and a whole run in which nobody is named anywhere."""

from __future__ import annotations

import io
import json
import logging
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("joserfc", reason="cartwheel[ward] is not installed")
pytest.importorskip("fhir.resources", reason="cartwheel[ward] is not installed")

from cds_client import BORN, EASIX, ISS, PATIENT, PERSON, RECORD, SURNAME, RecordSystem, lab
from hl7.client import MLLPClient
from hl7_messages import header
from serve_people import TOKEN, people_of, said

from cartwheel.serve.hl7.parsing import parse
from cartwheel.serve.hl7.server import MllpServer
from cartwheel.serve.ward.logs import FIELDS, JsonLines, write_logs

BEARER = {"Authorization": f"Bearer {TOKEN}"}
HL7_SURNAME, HL7_RECORD, HL7_BORN = "Nebelkrähe", "HN-5566778", "19531104"
SECRETS = (
    SURNAME, RECORD, BORN, BORN.replace("-", ""), PATIENT, HL7_SURNAME, "Nebelkr", HL7_RECORD,
    HL7_BORN, "1953-11-04", "Mausebach", "sekret-token", "98765.4",
)  # fmt: skip


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is written, and the logging of the tests put back in the end."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    # a server of another test may have made it quieter
    uvicorn = logging.getLogger("uvicorn.error")
    was = uvicorn.level
    uvicorn.setLevel(logging.NOTSET)
    uvicorn.disabled = False
    written = io.StringIO()
    write_logs(written, logging.DEBUG)
    yield written
    root.handlers[:] = before
    root.setLevel(level)
    uvicorn.setLevel(was)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).propagate = True


def read(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_line_has_its_own_text_and_only_words_that_are_codes(lines: io.StringIO) -> None:
    log = logging.getLogger("cartwheel.test")
    log.error("a message could not be read: %s, %s, %d of %s", "ValueError", SURNAME, 3, "a_code")
    log.info("kept", extra={"interface": "hl7", "many": 3, "reason": SURNAME, "patient": RECORD})
    first, second = read(lines)
    assert first["text"] == "a message could not be read: ValueError, -, 3 of a_code"
    assert (first["level"], first["logger"]) == ("error", "cartwheel.test")
    assert first["time"].endswith("Z")
    assert second["text"] == "kept"
    assert (second["interface"], second["many"], second["reason"]) == ("hl7", 3, "-")
    assert "patient" not in second
    assert set(second) <= {"time", "level", "logger", "text", *FIELDS}


def test_of_other_libraries_nothing_is_told_that_may_hold_what_came(lines: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("Uvicorn running on %s:%d", SURNAME, 8000)
    logging.getLogger("sqlalchemy.engine").error("INSERT %s", SURNAME)
    logging.getLogger("asyncio").error(f"Task with {SURNAME} failed")
    logging.getLogger("uvicorn.access").info('%s "GET %s"', "127.0.0.1", f"/x?name={SURNAME}")
    texts = [one["text"] for one in read(lines)]
    assert texts == ["Uvicorn running on -:8000", "-", "-"]


def test_an_error_is_its_kind_and_place(lines: io.StringIO) -> None:
    try:
        raise ValueError(SURNAME)
    except ValueError:
        logging.getLogger("cartwheel.test").exception("it failed")
    (one,) = read(lines)
    assert one["error"] == "ValueError"
    assert one["place"].startswith("test_logs.py:")
    assert SURNAME not in lines.getvalue()


def test_a_line_that_cannot_be_filled_in_is_no_fault() -> None:
    record = logging.LogRecord("cartwheel.x", 20, "", 1, "%s and %s", ("one",), None)
    assert json.loads(JsonLines().format(record))["text"] == "-"


def oru(
    control: str, surname: str = HL7_SURNAME, value: str = "812", code: str = "2276-4^F^LN"
) -> bytes:
    """A result of somebody with a name, a number and a birth date."""
    person = f"PID|1||{HL7_RECORD}^^^NORTH^MR||{surname}^Mausebach||{HL7_BORN}|F"
    order = "OBR|1|P1|F1|CHEM^Chemistry^L|||20241122093000|||||||||||||||20241122100000|||F"
    seen = f"OBX|1|NM|{code}||{value}|ug/L|30-400|H|||F|||20241122093000"
    head = header(control=control, sent="20241122100500+0100", charset="UNICODE UTF-8")
    return ("\r".join((head, person, order, seen)) + "\r").encode()


def test_a_whole_run_names_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: io.StringIO,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    asked = RecordSystem(tmp_path, monkeypatch)
    with asked.client as client:
        opened = people_of(client).ward
        reads = partial(parse, zone=opened.zone, codes=opened.codes.table)
        server = MllpServer("127.0.0.1", 0, reads, opened.ingest.accept)
        opened.counters["hl7"] = lambda: server.counts
        server.start()
        try:
            _by_hl7(server.port)
        finally:
            server.stop()
        _by_fhir(client)
        _by_cards(asked)
        _by_pages(client)
        with monkeypatch.context() as broken:
            broken.setattr(opened, "codes", None)
            # a fault of ours, while a name is in hand
            assert client.get(f"/metrics?name={SURNAME}", headers=BEARER).status_code == 500
        metrics = client.get("/metrics", headers=BEARER).text
        kept = str(said(client))
    told = capfd.readouterr()
    everything = lines.getvalue() + told.out + told.err + metrics + kept
    assert 'cartwheel_ward_messages_total{interface="hl7",outcome="stored"}' in metrics
    assert 'cartwheel_ward_messages_total{interface="fhir",outcome="stored"}' in metrics
    requests = [one for one in read(lines) if one["logger"] == "cartwheel.requests"]
    assert {one["status"] for one in requests} >= {200, 401, 404, 500}
    assert any(one["route"] == "/cds-services/{service_id}" for one in requests)
    for secret in SECRETS:
        assert secret not in everything, secret


def _by_hl7(port: int) -> None:
    with MLLPClient("127.0.0.1", port) as sender:
        sender.send_message(oru("1"))
        sender.send_message(oru("1", value="98765.4"))  # the same id with other content
        sender.send_message(oru("2", value="98765.4", code="X^Unheard^L"))
        sender.send_message(oru("3").replace(b"|2.5.1|", b"|9.9|"))
        sender.send_message(f"garbage of {HL7_SURNAME} {HL7_RECORD}".encode())


def _by_fhir(client: Any) -> None:
    sent = {**BEARER, "Content-Type": "application/fhir+json"}
    assert client.put(f"/fhir/Patient/{PATIENT}", json=PERSON, headers=sent).status_code < 300
    client.put("/fhir/Observation/a", json=lab("2532-0", "280", "U/L", id="a"), headers=sent)
    unsound = lab("2532-1", "98765.4", "U/L", status=SURNAME)
    assert client.post("/fhir/Observation", json=unsound, headers=sent).status_code >= 400
    assert client.post("/fhir/Patient", content=b'{"a": "' + SURNAME.encode(), headers=sent)
    client.get(f"/fhir/RiskAssessment?patient={PATIENT}", headers=BEARER)


def _by_cards(asked: RecordSystem) -> None:
    card = asked.card()
    path = "/cds-services/easix/feedback"
    became = {
        "card": card["uuid"],
        "outcome": "accepted",
        "outcomeTimestamp": "2026-11-22T01:00:00Z",
    }
    headers = {"Authorization": f"Bearer {asked.token(path)}"}
    asked.client.post(path, json={"feedback": [became]}, headers=headers)
    assert asked.ask(token="sekret-token").status_code == 401
    assert asked.ask(token=asked.token("/cds-services/easix", sub=SURNAME)).status_code == 200
    assert asked.ask(SURNAME).status_code == 404
    assert asked.ask(prefetch={"patient": PERSON}).status_code == 412
    strange = {**EASIX, SURNAME: lab(SURNAME, "98765.4", RECORD), "ldh": lab("x", "98765.4", "U/L")}
    assert asked.ask(prefetch=strange, hookInstance=str(uuid.uuid4())).status_code == 200
    assert ISS in str(said(asked.client))


def _by_pages(client: Any) -> None:
    patients = tuple(people_of(client).ward.ingest.keeper._charts)
    assert len(patients) == 2
    for patient in patients:
        for path in ("", "/now", f"/alerts/{SURNAME}"):
            client.get(f"/ward/patient/{patient}{path}", headers=BEARER)
    client.get("/ward", headers=BEARER)
    client.get(f"/ward/people?name={SURNAME}", headers=BEARER)
    client.get(f"/{RECORD}", headers=BEARER)
