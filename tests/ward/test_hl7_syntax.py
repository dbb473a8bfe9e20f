"""The head and the syntax: delimiters, escapes, encodings, and what is refused as a whole."""

from __future__ import annotations

import hl7
import pytest
from hl7_messages import FERRITIN, ORDER, PATIENT, header, message, read, results, seen, waiting

from cartwheel.errors import CohortRefused
from cartwheel.serve.hl7.acknowledging import code_for
from cartwheel.serve.hl7.context import Hl7Options
from cartwheel.serve.hl7.header import TYPES, header_of, segments_of
from cartwheel.serve.hl7.syntax import Marks
from cartwheel.watch.codes import CodeRow, CodeTable


def _refused(content: bytes, options: Hl7Options | None = None) -> tuple[str, str]:
    with pytest.raises(CohortRefused) as refused:
        read(content, None, options or Hl7Options())
    problem = refused.value.problems[0]
    assert "4711" not in str(problem)
    assert "Musterfrau" not in str(problem)
    return problem.code, code_for(problem)


def test_our_reader_and_the_peers_reader_see_the_same_fields() -> None:
    content = results(FERRITIN, "OBX|2|SN|1988-5^CRP^LN||<^5|mg/L|||||F", "OBX|3|CE|A^B^C||x~y")
    _, segments = segments_of(content)
    theirs = hl7.parse(content)
    assert [one.name for one in segments] == [str(one[0]) for one in theirs]
    for ours, other in zip(segments, theirs, strict=True):
        for number in range(1, 26):
            assert ours.raw(number) == (str(other[number]) if number < len(other) else "")


def test_any_delimiters_give_the_same() -> None:
    usual = read(results(FERRITIN)).items
    swap = str.maketrans({"|": "!", "^": "*", "~": "%", "\\": "/", "&": "+"})
    plain = results(FERRITIN, head=header(sent="20261122100500")).decode().translate(swap)
    assert read(plain.encode()).items == usual


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f", "a|b^c&d~e\\f"),
        ("\\X4D\\\\X617A\\", "Maz"),
        ("one\\.br\\two", "one\ntwo"),
        ("\\H\\bold\\N\\", "bold"),
        ("\\Zx\\local", " local"),
        ("\\unknown\\", "\\unknown\\"),
        ("open\\end", "open\\end"),
        ("\\XFF\\", "\ufffd"),
        ("\\XF\\", "\\XF\\"),
    ],
)
def test_escape_sequences(written: str, meant: str) -> None:
    assert Marks().plain(written) == meant


def test_what_is_escaped_reads_back() -> None:
    text = "a|b^c~d\\e&f"
    assert Marks().plain(Marks().escaped(text)) == text
    assert not set("|^~&") & set(Marks().escaped(text))


def test_an_escaped_answer_is_found_in_the_table() -> None:
    table = CodeTable([CodeRow("L", "O&2", "oxygen_device", values=(("R|L", "room air"),))])
    line = "OBX|1|CE|O\\T\\2^^L||R\\F\\L^^L||||||F"
    assert seen(read(results(line), table).items)[0].value == "room air"


@pytest.mark.parametrize(
    ("charset", "codec"),
    [("UNICODE UTF-8", "utf-8"), ("8859/1", "latin-1"), ("8859/15", "iso8859-15"),
     ("UTF-8", "utf-8")],
)  # fmt: skip
def test_declared_encodings(charset: str, codec: str) -> None:
    patient = PATIENT.replace("Musterfrau", "Müßig").replace("Erika", "Zoë")
    text = "\r".join((header(charset=charset), patient, ORDER, FERRITIN.replace("ug/L", "µg/L")))
    made = read(text.encode(codec))
    assert made.items[0].name_shown == "Müßig, Zoë"
    assert seen(made.items)[0].unit == "ug/L"


def test_an_encoding_is_not_guessed() -> None:
    patient = PATIENT.replace("Musterfrau", "Müßig")
    text = "\r".join((header(), patient, ORDER, FERRITIN))
    assert _refused(text.encode()) == ("charset_undeclared", "AE")
    assert _refused(text.encode("latin-1")) == ("charset_undeclared", "AE")
    named = "\r".join((header(charset="UNICODE UTF-8"), patient, ORDER, FERRITIN))
    assert _refused(named.encode("latin-1")) == ("charset_broken", "AE")
    for charset in ("ISO IR87", "UNICODE", "ASCII~ISO IR87"):
        assert _refused(message(head=header(charset=charset))) == ("charset", "AE")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_each_end_of_a_line(end: str) -> None:
    text = results(FERRITIN).decode().replace("\r", end)
    assert read(text.encode()).items == read(results(FERRITIN)).items
    assert read(b"\r\n" + text.encode() + b"\r\n").items == read(results(FERRITIN)).items


@pytest.mark.parametrize(
    ("head", "code", "answer"),
    [
        (header("QRY^A19"), "type", "AR"),
        (header("ORU^R30"), "event", "AR"),
        (header(""), "type", "AR"),
        (header(version="3.0"), "version", "AR"),
        (header(version=""), "version", "AR"),
        (header(processing="T"), "processing_id", "AR"),
        (header(processing=""), "processing_id", "AR"),
        (header(control=""), "control_id_missing", "AE"),
        ("MSH|^~\\|LIS", "delimiters", "AE"),
        ("MSH|^^\\&|LIS", "delimiters", "AE"),
        ("MSH|AB\\&|LIS", "delimiters", "AE"),
        ("MSH", "delimiters", "AE"),
        ("EVN|A01", "header_missing", "AE"),
        ("PID|1", "header_missing", "AE"),
    ],
)
def test_heads_that_are_not_taken(head: str, code: str, answer: str) -> None:
    assert _refused(message(PATIENT, ORDER, FERRITIN, head=head)) == (code, answer)


def test_a_test_system_takes_test_messages() -> None:
    options = Hl7Options(processing=("P", "T"))
    made = read(results(FERRITIN, head=header(processing="T")), None, options)
    assert len(seen(made.items)) == 1
    assert read(results(FERRITIN, head=header(processing="P^A"))).items


@pytest.mark.parametrize(
    ("segments", "code"),
    [
        ((ORDER, FERRITIN), "pid_missing"),
        ((PATIENT, ORDER, FERRITIN, PATIENT.replace("4711", "12"), ORDER), "pids_many"),
        (("PID|1||||Musterfrau^Erika", ORDER, FERRITIN), "pid_number_missing"),
        (("PID|1||99^^^N^VN||Musterfrau^Erika", ORDER, FERRITIN), "pid_number_missing"),
        ((PATIENT, "obx|1"), "segment_form"),
        ((PATIENT, "OBXX|1"), "segment_form"),
        ((PATIENT, "OBX" + "|" * 1001), "segment_form"),
        ((PATIENT, ORDER, FERRITIN + "\x00"), "control_character"),
        ((PATIENT, header()), "headers_many"),
    ],
)
def test_messages_that_are_not_taken(segments: tuple[str, ...], code: str) -> None:
    assert _refused(message(*segments)) == (code, "AE")


def test_segments_of_a_site_are_ignored() -> None:
    assert (
        read(message(PATIENT, "ZPI|x", ORDER, "ZZZ", FERRITIN)).items
        == read(results(FERRITIN)).items
    )


def test_a_header_is_read_as_far_as_it_goes() -> None:
    assert header_of(b"").control_id == ""
    assert header_of(b"garbage").marks == Marks(charset="latin-1")
    assert header_of(b"MSH|^~\\&|A").sender == "A"
    assert header_of(b"MSH|^~\\&|||||||ORU^R01|\xff\xfe").control_id == "\xff\xfe"


def test_every_type_that_is_taken_is_read() -> None:
    extra = {"ADT^A40": ("MRG|99^^^NORTH^MR",)}
    for kind in TYPES:
        made = read(message(PATIENT, *extra.get(kind, ()), head=header(kind)))
        assert waiting(made.items) == []
        assert made.interface == "hl7"


def test_a_long_control_id_is_hashed() -> None:
    made = read(results(FERRITIN, head=header(control="C" * 300)))
    assert made.key.startswith("sha256:")
    assert len(made.key) < 255
