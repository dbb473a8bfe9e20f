"""Faults of the HL7 interface that a review found: each stays mended."""

from __future__ import annotations

from datetime import UTC, datetime

import hl7
import pytest
from hl7_messages import FERRITIN, ORDER, PATIENT, header, message, read, results, seen
from ward_messages import SetClock
from ward_real import WARD, real_following

from cartwheel.serve.hl7.answering import Answers
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import replay, verify
from cartwheel.store.database import Store
from cartwheel.watch.intake import Message, Receipt
from cartwheel.watch.observation import Observation, supersedes

FOLLOWING = real_following(WARD)
VISIT = "PV1|1|I|WARD7^12^B" + "|" * 16 + "V55"
LEFT_AT = "|" * 26 + "20261122110000"


def _adt(kind: str, visit: str, control: str, sent: str) -> Message:
    return read(message(PATIENT, visit, head=header(kind, control, sent=sent)))


def _answered(content: bytes) -> tuple[str, list[Message], bytes]:
    kept: list[Message] = []

    def accept(one: Message) -> Receipt:
        kept.append(one)
        return Receipt("stored", 1)

    (reply,) = Answers(read, accept).replies(content)
    return str(hl7.parse(reply.decode()).segment("MSA")[1]), kept, reply


@pytest.mark.parametrize("sent", ["20261122120000+0100", "20261122113000+0100"])
def test_a_cancelled_discharge_needs_no_moment(sqlite_store: Store, sent: str) -> None:
    left = _adt("ADT^A03", VISIT + LEFT_AT, "C1", "20261122113000+0100")
    back = _adt("ADT^A13", VISIT, "C2", sent)
    (out,), (cancelled,) = seen(left.items), seen(back.items)
    assert (out.name, out.status) == ("discharge", "final")
    assert (cancelled.name, cancelled.status) == ("discharge", "withdrawn")
    assert cancelled.source == out.source
    assert supersedes(cancelled, out)
    keeper = Keeper(sqlite_store, FOLLOWING, clock=SetClock(datetime(2026, 11, 23, tzinfo=UTC)))
    (first,) = keeper.keep([left])
    (patient,) = first.patients

    def discharge() -> Observation:
        episode = replay(sqlite_store, {FOLLOWING.sha256: FOLLOWING}, patient).chart.episode
        (one,) = FOLLOWING.versions(episode).values()
        return one

    assert discharge().status == "final"
    keeper.keep([back])
    assert discharge().status == "withdrawn"
    assert verify(sqlite_store, {FOLLOWING.sha256: FOLLOWING}).same


def test_a_discharge_without_its_moment_is_none() -> None:
    assert seen(_adt("ADT^A03", VISIT, "C1", "20261122113000+0100").items) == []


SECOND = FERRITIN.replace("OBX|1", "OBX|2").replace("812", "4321")


@pytest.mark.parametrize(
    "content",
    [
        results(f"{FERRITIN}\n{SECOND}"),
        message(PATIENT, f"{ORDER}\n{FERRITIN}"),
        message(f"{PATIENT}\n{ORDER}", FERRITIN),
        results(FERRITIN, f"NTE|1||a note\n{SECOND}"),
    ],
)
def test_a_segment_behind_a_line_feed_is_not_lost_in_silence(content: bytes) -> None:
    code, kept, reply = _answered(content)
    assert (code, kept) == ("AE", [])
    for secret in (b"4711", b"Muster", b"812", b"4321"):
        assert secret not in reply


@pytest.mark.parametrize(
    "content",
    [
        results(FERRITIN, "NTE|1||first line\nsecond line\nOBX is a word"),
        results(FERRITIN, SECOND).replace(b"\r", b"\n"),
        results(FERRITIN, SECOND).replace(b"\r", b"\r\n"),
    ],
)
def test_other_line_feeds_are_taken(content: bytes) -> None:
    code, kept, _ = _answered(content)
    assert (code, len(kept)) == ("AA", 1)


@pytest.mark.parametrize("envelope", [b"", b"BHS|^~\\&|LIS\r", b"FHS|^~\\&|LIS\rBHS|^~\\&|LIS\r"])
def test_too_many_messages_in_a_frame_are_refused_at_once(envelope: bytes) -> None:
    read_so_far: list[bytes] = []

    def parse(content: bytes) -> Message:
        read_so_far.append(content)
        return read(content)

    answers = Answers(parse, lambda _: Receipt("stored", 1))
    one = header().encode() + b"\r"
    replies = answers.replies(envelope + one * 10_001)
    assert len(replies) == 1
    assert b"\rMSA|AR|" in replies[0]
    assert replies[0].count(b"MSA|") == 1
    assert read_so_far == []
    assert answers.counts == {"messages": 1, "AR": 1, "refused:too_large": 1}


def test_as_many_messages_as_a_frame_may_hold_are_read() -> None:
    kept: list[bytes] = []

    def parse(content: bytes) -> Message:
        kept.append(content)
        return Message("hl7", str(len(kept)), content, ())

    answers = Answers(parse, lambda _: Receipt("stored", 1))
    answers.replies((header().encode() + b"\r") * 10_000)
    assert len(kept) == 10_000
