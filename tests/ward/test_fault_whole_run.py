"""A whole run of the real server among bad clients and bad luck; its logs name nobody."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

pytest.importorskip("uvicorn", reason="cartwheel[serve] is not installed")

from browser_run import browser
from hl7_messages import header
from sqlalchemy import func, select
from ward_senders import Course, Line, Senders, code_of, stamp
from ward_served import FOLLOWING, FOLLOWINGS, Served

from cartwheel.serve.ward.known import replay, verify
from cartwheel.store.database import Store
from cartwheel.store.ward_json import alert_of
from cartwheel.store.ward_tables import entries, events, identifiers, messages

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")

SURNAME, GIVEN, NUMBER, BORN = "Nebelkrähe", "Mausebach", "HN-5566", "19531104"
SQL, HTML = "x'; DROP TABLE ward_entry;--", "<img src=x onerror=window.struck=1>"
SECRETS = ("Nebelkr", "Mausebach", NUMBER, BORN, "1953-11-04", "98765.4", "ROP TABLE", "onerror",
           "Muster")  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(tmp_path_factory.mktemp("run"), CARTWHEEL_LOGS="debug")
    server.prepare()
    try:
        server.start()
        server.ready()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def store(served: Served) -> Iterator[Store]:
    opened = served.store()
    yield opened
    opened.close()


@pytest.fixture
def line(served: Served) -> Iterator[Line]:
    opened = Line(served.mllp)
    yield opened
    opened.close()


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """A browser without a screen."""
    driving = pytest.importorskip("playwright.sync_api")
    if browser() is None:
        pytest.skip("no Chromium on this machine")
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with driving.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=browser(), args=root)
        yield opened
        opened.close()


def oru(
    control: str, whose: str, *seen: str, taken: str = "", name: str = f"{SURNAME}^{GIVEN}",
    zone: str = "+0000",
) -> bytes:  # fmt: skip
    """Results of somebody with a name, a number and a birth date: each ``kind|code|value|unit``."""
    now = stamp(datetime.now(UTC))
    at = taken or now
    segments = [
        header(control=control, sent=now.replace("+0000", zone), charset="UNICODE UTF-8"),
        f"PID|1||{whose}^^^NORTH^MR||{name}||{BORN}|F",
        f"OBR|1|P{control}|F{control}|CHEM^C^L|||{at}|||||||||||||||{now}|||F",
    ]
    for place, one in enumerate(seen, 1):
        kind, code, value, unit, status = (*one.split("|"), "F")[:5]
        segments.append(f"OBX|{place}|{kind}|{code}||{value}|{unit}|||||{status}|||{at}")
    return ("\r".join(segments) + "\r").encode()


def ago(**by: float) -> str:
    return stamp(datetime.now(UTC) - timedelta(**by))


CRP = "NM|1988-5^^LN|{}|mg/L"


def kept(store: Store, control: str) -> int:
    """How many observations of a message there are."""
    with store.reading() as connection:
        number = connection.execute(
            select(messages.c.number).where(messages.c.key == f"LIS|NORTH|{control}")
        ).scalar_one_or_none()
        counted = select(func.count()).select_from(entries)
        of_it = entries.c.message_number == number, entries.c.kind == "observation"
        return 0 if number is None else int(connection.execute(counted.where(*of_it)).scalar_one())


def whose(store: Store, number: str) -> str:
    with store.reading() as connection:
        wanted = select(identifiers.c.patient).where(identifiers.c.value == number)
        return str(connection.execute(wanted).scalar_one())


def raised(store: Store, patient: str, rule: str) -> int:
    with store.reading() as connection:
        bodies = connection.execute(
            select(events.c.body).where(events.c.patient == patient, events.c.kind == "alert")
        ).scalars()
        steps = [alert_of(body) for body in bodies]
    return sum(one.rule == rule and one.step == "raised" for one in steps)


def posted(served: Served, path: str, **fields: str) -> str:
    """Send a form of the page, and say where it leads."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, text = served.ask("POST", path, urlencode(fields).encode(), headers)
    assert status == 303, text[:500]
    return text


def test_half_a_frame_keeps_nothing_and_the_whole_one_comes_again(
    served: Served, store: Store, line: Line
) -> None:
    content = oru("half-1", NUMBER, CRP.format("98765.4"), CRP.format(12))
    for cut in (1, 40, len(content) // 2, len(content)):
        broken = Line(served.mllp)
        broken.socket.sendall(b"\x0b" + content[:cut])
        broken.close()
    assert line.code(oru("half-2", NUMBER, CRP.format(12))) == "AA"
    assert kept(store, "half-1") == 0
    assert line.code(content) == "AA"


def test_fifty_megabytes_are_rejected_within_bounded_memory(served: Served, line: Line) -> None:
    assert line.code(oru("large-0", NUMBER, CRP.format(11))) == "AA"
    before = served.memory("VmHWM")
    large = Line(served.mllp)
    block = b"x" * 1_000_000
    try:
        large.socket.sendall(b"\x0b" + oru("large-1", NUMBER, CRP.format(11)))
        for _ in range(50):
            large.socket.sendall(block)
        large.socket.sendall(b"\x1c\r")
    except OSError:
        # refused while it was being sent: the answer may still stand there
        assert served.memory() > 0
    assert code_of(large.answer()) == "AR"
    large.close()
    # ten megabytes are held, and copied once as they grow
    assert served.memory("VmHWM") - before < 50_000_000
    assert line.code(oru("large-2", NUMBER, CRP.format(11))) == "AA"


def test_a_client_that_stops_reading_holds_up_nobody(served: Served, line: Line) -> None:
    deaf = Line(served.mllp, seconds=1.0)
    frame = b"\x0b" + oru("deaf", NUMBER, CRP.format(10)) + b"\x1c\r"
    with pytest.raises(TimeoutError):
        deaf.socket.sendall(frame * 50_000)
    for place in range(10):
        assert line.code(oru(f"beside-{place}", NUMBER, CRP.format(place))) == "AA"
    deaf.close()
    assert line.code(oru("deaf", NUMBER, CRP.format(10))) in ("AA", "AE")


def test_the_same_message_a_hundred_times_at_once(served: Served, store: Store) -> None:
    content = oru("same", NUMBER, CRP.format(9), "NM|8310-5^^LN|37.1|Cel")

    def send(times: int) -> list[str]:
        one = Line(served.mllp)
        told = [one.code(content) for _ in range(times)]
        one.close()
        return told

    with ThreadPoolExecutor(8) as several:
        told = [code for many in several.map(send, [13] * 4 + [12] * 4) for code in many]
    assert Counter(told) == {"AA": 100}
    assert kept(store, "same") == 2


def test_a_result_for_an_unknown_patient_who_is_then_admitted(
    served: Served, store: Store, line: Line
) -> None:
    number = f"{NUMBER}-unknown"
    assert line.code(oru("unknown-1", number, CRP.format(150), taken=ago(hours=3))) == "AA"
    patient = whose(store, number)
    assert served.json(f"/api/v1/ward/patients/{patient}")["state"] == "unassigned"
    assert raised(store, patient, "crp-high") == 0
    yesterday = datetime.now(UTC) - timedelta(days=1)
    posted(served, "/ward/people", value=number, system="NORTH", name_shown=f"{SURNAME}, {GIVEN}",
           bed="7", infusion=yesterday.strftime("%Y-%m-%dT%H:%M"))  # fmt: skip
    assert whose(store, number) == patient
    assert served.json(f"/api/v1/ward/patients/{patient}")["state"] == "assigned"
    assert line.code(oru("unknown-2", number, CRP.format(160), taken=ago(hours=2))) == "AA"
    assert raised(store, patient, "crp-high") == 1


def test_an_infusion_whose_date_is_corrected_afterwards(store: Store, line: Line) -> None:
    number = f"{NUMBER}-infused"
    infused = "TS|CART^^L|{}||{}"
    wrong, right = ago(days=1), ago(days=12)
    assert line.code(oru("infused-1", number, infused.format(wrong, "F"), taken=wrong)) == "AA"
    assert line.code(oru("infused-2", number, "NM|8310-5^^LN|38.9|Cel", taken=ago(hours=2))) == "AA"
    patient = whose(store, number)
    assert raised(store, patient, "crs-1") == 1
    corrected = oru("infused-1", number, infused.format(right, "C"), taken=right)
    assert line.code(corrected.replace(b"|infused-1|", b"|infused-3|")) == "AA"
    told = FOLLOWING.versions(replay(store, FOLLOWINGS, patient).chart.episode)
    counted = [one for one in told.values() if one.name == "infusion"]
    assert [stamp(one.taken_at)[:8] for one in counted if one.status != "withdrawn"] == [right[:8]]
    assert verify(store, FOLLOWINGS, [patient]).same


def test_the_night_in_which_the_clocks_change(store: Store, line: Line) -> None:
    number = f"{NUMBER}-dst"
    times = {
        "dst-1": "20251026023000+0200", "dst-2": "20251026023000+0100", "dst-3": "20251026023000",
        "dst-4": "20250330023000", "dst-5": "20251026013000", "dst-6": "20251026033000",
    }  # fmt: skip
    for control, at in times.items():
        assert line.code(oru(control, number, CRP.format(10), taken=at, zone="+0100")) == "AA"
    # an hour that is there twice is read with its offset; what was never, or twice, is parked
    assert [kept(store, one) for one in times] == [1, 1, 0, 0, 1, 1]
    with store.reading() as connection:
        bodies = connection.execute(
            select(entries.c.body).where(
                entries.c.patient == whose(store, number), entries.c.kind == "observation"
            )
        ).scalars().all()  # fmt: skip
    hours = sorted(re.findall(r"2025-10-2[56]T\d\d:\d\d", " ".join(bodies)))
    taken = [one for one in dict.fromkeys(hours) if one.startswith(("2025-10-25T23", "2025-10-26"))]
    assert taken[:4] == [
        "2025-10-25T23:30", "2025-10-26T00:30", "2025-10-26T01:30", "2025-10-26T02:30"
    ]  # fmt: skip


def test_records_are_merged_and_taken_apart_while_values_arrive(
    served: Served, store: Store, line: Line
) -> None:
    course = Course()
    senders = Senders(course, lambda _: served.mllp)
    senders.start()
    senders.wait_for(80, 120)
    gone = whose(store, "R01")
    for turn in range(6):
        merge = (
            f"{header('ADT^A40', control=f'merge-{turn}', sent=stamp(datetime.now(UTC)))}\r"
            "EVN|A40|20261101\rPID|1||R00^^^NORTH^MR||Muster^Person\rMRG|R01^^^NORTH^MR\r"
        )
        assert line.code(merge.encode()) == "AA"
        senders.wait_for(20, 120)
        posted(served, f"/ward/patient/{gone}/unmerge", once=f"apart-{turn}")
        senders.wait_for(20, 120)
    senders.finish()
    for sender, places in enumerate(senders.known):
        for place in places:
            assert kept(store, course.control(sender, place)) == course.lines(place)
    for number in ("R00", "R01", "R02"):
        told = FOLLOWING.versions(replay(store, FOLLOWINGS, whose(store, number)).chart.episode)
        mine = [one for one in senders.known[0] if course.patient(0, one) == number]
        counted = Counter(one.name for one in told.values() if one.status != "withdrawn")
        many = len(mine)
        assert counted == {"crp": many, "temperature": many, "infusion": 1}, number
    assert verify(store, FOLLOWINGS).same


def test_identifiers_that_look_like_sql_or_html(
    served: Served, store: Store, line: Line, chromium: Browser
) -> None:
    for place, hostile in enumerate((SQL, HTML, "</script><script>window.struck=1</script>")):
        day = ago(days=1)
        content = oru(
            f"hostile-{place}", hostile, "CE|CART^^L|Y^yes||F", CRP.format(120), taken=day,
            name=f"{hostile}^{hostile}",
        )  # fmt: skip
        assert line.code(content) == "AA"
        odd = oru(f"odd-{hostile}", hostile, f"ST|{hostile}^{hostile}^L|{hostile}|{hostile}")
        assert line.code(odd) == "AA"
    patient = whose(store, HTML)
    context = chromium.new_context(extra_http_headers={"Authorization": f"Bearer {served.token}"})
    page = context.new_page()
    try:
        for path in ("/ward", f"/ward/patient/{patient}", "/ward/people", "/ward/parked",
                     "/ward/handover"):  # fmt: skip
            answer = page.goto(f"http://127.0.0.1:{served.port}{path}")
            assert answer is not None
            assert answer.status == 200, path
            assert page.evaluate("window.struck") is None, path
            assert page.locator("img[src=x]").count() == 0
            if path in ("/ward", "/ward/handover"):
                assert HTML in page.inner_text("body")
    finally:
        context.close()
    assert kept(store, "same") == 2  # no table was dropped


def test_what_cannot_be_read_is_answered(served: Served, line: Line) -> None:
    assert line.code(oru("unread", NUMBER, CRP.format(8)).replace(b"|2.5.1|", b"|9.9|")) == "AR"
    assert line.code(oru("same", NUMBER, CRP.format("98765.4"))) == "AE"
    assert line.code(f"garbage of {SURNAME} {NUMBER}".encode()) in ("AE", "AR")
    headers = {"Content-Type": "application/fhir+json"}
    person = {
        "resourceType": "Patient", "id": "nk1", "birthDate": "1953-11-04",
        "name": [{"family": SURNAME, "given": [GIVEN]}],
        "identifier": [{"system": "http://north.example/mrn", "value": f"{NUMBER}-fhir"}],
    }  # fmt: skip
    status, _ = served.ask("PUT", "/fhir/Patient/nk1", json.dumps(person).encode(), headers)
    assert status == 201
    for broken in ('{"resourceType": "%s"}', '{"a": "%s', '{"resourceType": "Patient", "x": "%s"}'):
        content = (broken % SURNAME).encode()
        assert served.ask("POST", "/fhir/Patient", content, headers)[0] in (400, 422)


def test_in_the_end_no_log_line_and_no_metric_names_anybody(served: Served, store: Store) -> None:
    metrics = served.ask("GET", "/metrics")[1]
    for path in (
        "/health",
        "/ready",
        "/ward",
        f"/{NUMBER}",
        f"/ward/patient/{SQL}",
        "/ward/parked",
    ):
        served.ask("GET", path.replace(" ", "%20"))
    until = time.monotonic() + 30
    while "/ward/parked" not in served.said and time.monotonic() < until:
        time.sleep(0.05)
    everything = unescape(served.said) + metrics
    assert '"level": "debug"' in served.said
    assert '"route": "/fhir/{kind}/{identity}"' in served.said
    assert 'cartwheel_ward_messages_total{interface="hl7",outcome="stored"}' in metrics
    for secret in SECRETS:
        assert secret not in everything, secret
    with store.reading() as connection:
        numbers = connection.execute(select(identifiers.c.value)).scalars().all()
    for number in numbers:
        assert not re.search(rf"(?<![\w-]){re.escape(number)}(?![\w-])", everything), number
