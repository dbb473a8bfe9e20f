"""Whatever comes: no crash, no hang, no silence, and no patient's data in an answer."""

from __future__ import annotations

import hl7
from hl7_messages import FERRITIN, ORDER, PATIENT, header, message, read, results
from hypothesis import given, settings, strategies as st

from cartwheel.errors import Refused
from cartwheel.serve.hl7.answering import Answers
from cartwheel.serve.hl7.syntax import Marks
from cartwheel.watch.code_file import code_csv, read_code_csv
from cartwheel.watch.codes import CodeRow, CodeTable
from cartwheel.watch.intake import Parked, Receipt

ANSWERS = Answers(read, lambda _: Receipt("stored", 1))
TABLE = CodeTable([CodeRow("L", "A", "crp"), CodeRow("*", "B", "seizure")])

SAMPLES = [
    results(FERRITIN),
    results("OBX|1|SN|1988-5^CRP^LN||<^5|mg/L|||||C", FERRITIN),
    message(PATIENT, "PV1|1|I|W^1^2", head=header("ADT^A01")),
    message(PATIENT, "MRG|9^^^NORTH", head=header("ADT^A40")),
    message(PATIENT, "ORC|RE|1|2", "RXA|0|1|202611220900||T^T^L", head=header("RAS^O17")),
    b"FHS|^~\\&\rBHS|^~\\&\r" + results(FERRITIN) + results(FERRITIN) + b"BTS|2\rFTS|1\r",
]
PIECES = [b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b"MSH", b"PID|", b"OBX|", b'""', b"\x0b",
          b"\x1c", b"\xff", b"\x00", b"99999999999999999999", b"1e400", b"-", b"<", b"202610250230",
          b"\\X4", b"\\", b"RXA|", b"MRG|", b"\xc3\xa4"]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=400))
def test_any_bytes_are_answered(content: bytes) -> None:
    assert ANSWERS.replies(content) or b"NE" in content


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A sound message with some pieces put in, taken out or doubled."""
    content = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 30))
        piece = draw(st.sampled_from(PIECES) | st.just(content[place : place + length]))
        content = content[:place] + piece + content[place + draw(st.integers(0, 5)) :]
    return content


@settings(deadline=None, max_examples=600)
@given(mutated())
def test_mutated_messages_are_answered_and_betray_nothing(content: bytes) -> None:
    before = ANSWERS.counts.get("refused:internal", 0)
    replies = ANSWERS.replies(content)
    assert ANSWERS.counts.get("refused:internal", 0) == before
    assert replies
    for segment in b"".join(replies).split(b"\r"):
        # the words of an answer; the head goes back as it came
        if segment[:3] in (b"ERR", b"BTS"):
            assert b"4711" not in segment
            assert b"Muster" not in segment


@settings(deadline=None, max_examples=300)
@given(mutated())
def test_what_is_parked_betrays_no_value(content: bytes) -> None:
    said = ""
    try:
        items = read(content, TABLE).items
    except Refused as refused:
        said = str(refused)
    else:
        said = " ".join(one.what for one in items if isinstance(one, Parked))
    assert "Muster" not in said
    assert "812" not in said


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60))
def test_escaping_comes_back(text: str) -> None:
    plain = text.replace("\r", "\n")
    assert Marks().plain(Marks().escaped(plain)) == plain
    assert "\r" not in Marks().escaped(text)


@settings(deadline=None, max_examples=200)
@given(
    st.text(st.characters(codec="ascii", min_codepoint=32, exclude_characters="|^~\\&"), min_size=1)
)
def test_any_control_id_comes_back(control: str) -> None:
    content = message(PATIENT, ORDER, FERRITIN, head=header(control=control))
    (reply,) = ANSWERS.replies(content)
    assert str(hl7.parse(reply.decode()).segment("MSA")[2]) == control.rstrip() or control.isspace()


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=300))
def test_any_text_is_a_table_or_is_refused(text: str) -> None:
    for tried in (text, "system,code,name,values,read_unit\n" + text):
        try:
            table = read_code_csv(tried)
        except Refused:
            continue
        assert read_code_csv(code_csv(table)).rows == table.rows
