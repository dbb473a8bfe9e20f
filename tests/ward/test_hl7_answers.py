"""Acknowledgements: AA, AE, AR, both modes, batches; read by the peer's own parser."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import hl7
import pytest
from hl7_messages import FERRITIN, PATIENT, header, message, read, results

from cartwheel.errors import Problem
from cartwheel.serve.hl7.acknowledging import Stamp, acknowledgements
from cartwheel.serve.hl7.answering import Answers
from cartwheel.serve.hl7.batches import frame_of
from cartwheel.serve.hl7.header import header_of
from cartwheel.watch.intake import Message, Receipt

STORED = Receipt("stored", 1)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def _stamp() -> Stamp:
    numbers = count(1)
    return Stamp(lambda: NOON, lambda: f"A{next(numbers)}")


def _answers(receipt: Receipt = STORED) -> tuple[Answers, list[Message]]:
    kept: list[Message] = []

    def accept(one: Message) -> Receipt:
        kept.append(one)
        return receipt

    return Answers(read, accept, _stamp()), kept


def _codes(replies: tuple[bytes, ...]) -> list[tuple[str, str]]:
    made = [hl7.parse(one.decode()).segment("MSA") for one in replies]
    return [(str(one[1]), str(one[2])) for one in made]


def test_what_is_durable_is_acknowledged() -> None:
    answers, kept = _answers()
    (reply,) = answers.replies(results(FERRITIN))
    made = hl7.parse(reply.decode())
    assert _codes((reply,)) == [("AA", "C1")]
    head = made.segment("MSH")
    assert [str(head[place]) for place in (3, 4, 5, 6, 7, 9, 10, 11, 12)] == [
        "CARTWHEEL", "WARD7", "LIS", "NORTH", "20261122120000+0000", "ACK^R01^ACK", "A1", "P",
        "2.5.1",
    ]  # fmt: skip
    assert len(kept) == 1
    assert answers.counts == {"messages": 1, "AA": 1}


@pytest.mark.parametrize(
    ("receipt", "code"),
    [
        (Receipt("repeat", 1), "AA"),
        (Receipt("refused", None, problem=Problem("message_differs", "other content")), "AE"),
        (Receipt("refused", None, problem=Problem("store_unavailable", "not now")), "AE"),
        (Receipt("refused", None), "AE"),
    ],
)
def test_what_the_ward_says_is_told(receipt: Receipt, code: str) -> None:
    answers, _ = _answers(receipt)
    assert _codes(answers.replies(results(FERRITIN))) == [(code, "C1")]


def test_parked_values_do_not_refuse_a_message() -> None:
    answers, kept = _answers()
    assert _codes(answers.replies(results("OBX|1|NM|Q^^L||1||||||F"))) == [("AA", "C1")]
    assert len(kept[0].items) == 1


@pytest.mark.parametrize(
    ("content", "code", "condition"),
    [
        (results(FERRITIN, head=header("QRY^A19")), "AR", "200"),
        (results(FERRITIN, head=header("ORU^R99")), "AR", "201"),
        (results(FERRITIN, head=header(processing="D")), "AR", "202"),
        (results(FERRITIN, head=header(version="9")), "AR", "203"),
        (message("OBX|1"), "AE", "100"),
        (message("PID|1||||Musterfrau"), "AE", "101"),
        (results(FERRITIN + "é"), "AE", "102"),
    ],
)
def test_what_cannot_be_taken_is_told_with_the_reason_and_nothing_else(
    content: bytes, code: str, condition: str
) -> None:
    answers, kept = _answers()
    (reply,) = answers.replies(content)
    assert kept == []
    assert _codes((reply,)) == [(code, "C1")]
    fault = hl7.parse(reply.decode()).segment("ERR")
    assert (str(fault[3]).split("^")[0], str(fault[4])) == (condition, "E")
    for secret in (b"4711", b"Muster", b"812"):
        assert secret not in reply
    assert answers.counts[code] == 1


def test_old_versions_have_no_such_fields() -> None:
    answers, _ = _answers()
    (reply,) = answers.replies(message("OBX|1", head=header(version="2.3")))
    assert b"ERR" not in reply
    assert b"MSA|AE|C1|" in reply


@pytest.mark.parametrize(
    ("accept", "answer", "good", "bad"),
    [
        ("", "", ["AA"], ["AE"]),
        ("AL", "NE", ["CA"], ["CE"]),
        ("NE", "AL", ["AA"], ["AE"]),
        ("AL", "AL", ["CA", "AA"], ["CE", "AE"]),
        ("ER", "NE", [], ["CE"]),
        ("SU", "NE", ["CA"], []),
        ("NE", "ER", [], ["AE"]),
        ("AL", "", ["CA"], ["CE"]),
        ("NE", "NE", [], []),
        ("XX", "NE", ["CA"], ["CE"]),
    ],
)
def test_both_modes(accept: str, answer: str, good: list[str], bad: list[str]) -> None:
    head = header(accept=accept, answer=answer)
    answers, kept = _answers()
    assert [one for one, _ in _codes(answers.replies(results(FERRITIN, head=head)))] == good
    assert [one for one, _ in _codes(answers.replies(message("OBX|1", head=head)))] == bad
    assert len(kept) == 1


def test_the_senders_own_delimiters_and_bytes_go_back() -> None:
    content = b"MSH!*%/+!LIS!N\xfc!C!W!20261122!!ORU*R01!C|\xff!P!2.5.1\rOBX!1\r"
    (reply,) = _answers()[0].replies(content)
    assert reply.startswith(b"MSH!*%/+!C!W!LIS!N\xfc!")
    assert b"MSA!AE!C|\xff!" in reply


@pytest.mark.parametrize("content", [b"", b"\r", b"hello", b"MSH", b"MSH|", b"\xff\xfe\x00"])
def test_nothing_is_left_without_an_answer(content: bytes) -> None:
    (reply,) = _answers()[0].replies(content)
    assert b"MSA|AE" in reply


def test_a_fault_of_ours_is_told_and_logged_without_the_message(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_: object) -> Receipt:
        raise KeyError("Musterfrau")

    for answers in (Answers(read, broken), Answers(broken, lambda _: STORED)):
        (reply,) = answers.replies(results(FERRITIN))
        assert _codes((reply,)) == [("AE", "C1")]
        assert b"Muster" not in reply
    assert len(caplog.records) == 2
    assert "KeyError" in caplog.text
    assert "Muster" not in caplog.text


def _batch(*messages: bytes, count: str = "", file: bool = False) -> bytes:
    inner = b"BHS|^~\\&|LIS\r" + b"".join(messages) + f"BTS|{count}\r".encode()
    return b"FHS|^~\\&|LIS\r" + inner + b"FTS|1\r" if file else inner


def _one(control: str, line: str = FERRITIN) -> bytes:
    return results(line, head=header(control=control))


@pytest.mark.parametrize("file", [False, True])
def test_each_message_of_a_batch_is_acknowledged(file: bool) -> None:
    answers, kept = _answers()
    bad = message("OBX|1", head=header(control="C2"))
    (reply,) = answers.replies(_batch(_one("C1"), bad, _one("C3"), count="3", file=file))
    read_back = hl7.parse_hl7(reply.decode())
    inner = read_back[0] if file else read_back
    found = [(str(one.segment("MSA")[1]), str(one.segment("MSA")[2])) for one in inner]
    assert found == [("AA", "C1"), ("AE", "C2"), ("AA", "C3")]
    assert [one.content for one in kept] == [_one("C1"), _one("C3")]
    assert reply.startswith(b"FHS" if file else b"BHS")


def test_messages_without_an_envelope_and_a_wrong_count() -> None:
    answers, kept = _answers()
    (reply,) = answers.replies(_one("C1") + _one("C2"))
    assert reply.count(b"MSA|AA") == 2
    (reply,) = answers.replies(_batch(_one("C4"), count="2"))
    assert reply.count(b"MSA|AA") == 1
    assert b"BTS|1|BTS-1 states another number" in reply
    assert answers.counts["batch_miscounted"] == 1
    assert len(kept) == 3
    (reply,) = answers.replies(_batch())
    assert b"BTS|0" in reply
    silent = results(FERRITIN, head=header(accept="NE", answer="NE"))
    assert answers.replies(_batch(silent)) == ()


def test_the_letters_msh_in_a_text_begin_no_message() -> None:
    content = results(FERRITIN, "NTE|1||MSH|^~\nMSH|^~\\&|x")
    assert frame_of(content).messages == (content,)
    assert frame_of(b"\r\n" + content.replace(b"\r", b"\r\n")).batch is False
    fed = (_one("C1") + _one("C2")).replace(b"\r", b"\n")
    assert len(frame_of(fed).messages) == 2


def test_a_problem_is_written_without_delimiters_and_not_too_long() -> None:
    problem = Problem("x", "a|b^c\r\n" + "ü" * 500)
    (reply,) = acknowledgements(header_of(results(FERRITIN)), problem, _stamp())
    lines = reply.decode("ascii").strip("\r").split("\r")
    assert [one[:3] for one in lines] == ["MSH", "MSA", "ERR"]
    assert lines[1].count("|") == 3
    assert PATIENT not in lines[1]
