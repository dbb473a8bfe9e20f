"""The ward's pages: who is on them, what is typed, who may do what, and what was known when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="cartwheel[serve] is not installed")

from starlette.testclient import TestClient

from cartwheel.serve.application import create_app
from cartwheel.serve.settings import Settings
from cartwheel.serve.ward.opened import WardServices
from cartwheel.store.audit import Wanted, entries_of
from cartwheel.watch.intake import Message, Parked

NAME = "Zachariasdóttir, Zoë"
NUMBER = "MRN-990017"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("ward")
    example = files("cartwheel.watch") / "example_ward.toml"
    (folder / "ward.toml").write_text(example.read_text("utf-8"), "utf-8")
    settings = Settings(
        folder=folder / "data", token="a-token-of-a-test", workers=1, ward=folder / "ward.toml"
    )
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8765") as made:
        made.get("/?token=a-token-of-a-test")
        yield made


def opened(client: TestClient) -> WardServices:
    found: WardServices = client.app.state.services.ward  # type: ignore[attr-defined]
    return found


def shown(client: TestClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text[-2000:]
    return unescape(answer.text)


def local(client: TestClient, before: timedelta = timedelta(0)) -> str:
    return (datetime.now(UTC) - before).astimezone(opened(client).zone).strftime("%Y-%m-%dT%H:%M")


def form(client: TestClient, address: str, **fields: str) -> dict[str, str]:
    page = client.get(address).text
    csrf = re.search(r'<meta name="csrf" content="(\w+)"', page)
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert csrf
    return {"csrf": csrf[1], "once": once[1] if once else "", **fields}


def typed(client: TestClient, patient: str, **fields: str) -> Any:
    address = f"/ward/patient/{patient}"
    return client.post(
        f"{address}/values", data=form(client, address, **fields), follow_redirects=False
    )


@pytest.fixture(scope="module")
def patient(client: TestClient) -> str:
    """Somebody who was admitted on the page, with an infusion two days ago."""
    said = form(
        client, "/ward/people", value=NUMBER, system="HOSPITAL", name_shown=NAME, bed="7",
        infusion=local(client, timedelta(days=2)),
    )  # fmt: skip
    answer = client.post("/ward/people", data=said, follow_redirects=False)
    assert answer.status_code == 303
    found = re.fullmatch(r"/ward/patient/([0-9a-f]{16})\?kept=place", answer.headers["location"])
    assert found
    return found[1]


def test_without_a_ward_file_the_page_says_how_to_begin(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, token="a-token-of-a-test", workers=1)
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8765") as bare:
        bare.get("/?token=a-token-of-a-test")
        assert "cartwheel monitor example" in shown(bare, "/ward")
        assert bare.get("/ward/parked").status_code == 404
        assert bare.get("/api/v1/ward/board").status_code == 404


def test_the_board_shows_the_patient_with_day_and_open_grades(
    client: TestClient, patient: str
) -> None:
    board = shown(client, "/ward")
    row = re.search(rf'<tr id="p-{patient}".*?</tr>', board, re.S)
    assert row
    assert NAME in row[0]
    assert "bed 7" in row[0]
    assert re.search(r'data-label="Day" class="day">2<', row[0])
    assert NUMBER not in board


def test_a_typed_value_is_graded_at_once_and_raises_an_alert(
    client: TestClient, patient: str
) -> None:
    now = local(client)
    for name, value, unit in (
        ("temperature", "39.6", "Cel"),
        ("systolic_pressure", "84", "mm[Hg]"),
    ):
        answer = typed(client, patient, name=name, value=value, unit=unit, taken_at=now)
        assert answer.status_code == 303, answer.text[-3000:]
    page = shown(client, f"/ward/patient/{patient}")
    assert "CRS of grade 2 or higher" in page
    assert re.search(r'class="name">Cytokine release syndrome.*?class="big">2', page, re.S)
    assert "Body temperature 39.6 °C, taken" in page


def test_the_same_form_sent_twice_counts_once(client: TestClient, patient: str) -> None:
    address = f"/ward/patient/{patient}"
    said = form(
        client, address, name="ferritin", value="900", unit="ug/L", taken_at=local(client)
    )  # fmt: skip
    before = opened(client).ingest.counts.repeats
    for _ in range(2):
        assert client.post(f"{address}/values", data=said, follow_redirects=False).is_redirect
    assert opened(client).ingest.counts.repeats == before + 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "crp", "value": "1,5", "unit": "mg/L"}, "decimal_mark"),
        ({"name": "crp", "value": "12", "unit": ""}, "unit_missing"),
        ({"name": "crp", "value": "12", "unit": "U/L"}, "unit_not_accepted"),
        ({"name": "temperature", "value": "386", "unit": "Cel"}, "implausible"),
        ({"name": "no_such_thing", "value": "1"}, "name_unknown"),
        ({"name": "seizure", "value": "sometimes"}, "answer_unmapped"),
        ({"name": "crp", "value": "", "unit": "mg/L"}, "value_missing"),
        ({"name": "vasopressors", "value": "sugar"}, "vasopressor_unknown"),
        (
            {"name": "crp", "value": "3", "unit": "mg/L", "taken_at": "2031-01-01T10:00"},
            "time_ahead",
        ),
        (
            {"name": "crp", "value": "3", "unit": "mg/L", "taken_at": "2026-03-29T02:30"},
            "time_not_there",
        ),
        (
            {"name": "crp", "value": "3", "unit": "mg/L", "taken_at": "2025-10-26T02:30"},
            "time_ambiguous",
        ),
        ({"name": "crp", "value": "3", "unit": "mg/L", "taken_at": ""}, "time_missing"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    client: TestClient, patient: str, fields: dict[str, str], code: str
) -> None:
    lines = opened(client).ingest.counts.entries
    answer = typed(client, patient, **{"taken_at": local(client), "form": "value", **fields})
    assert answer.status_code == 422
    assert f'data-code="{code}"' in answer.text
    assert opened(client).ingest.counts.entries == lines


def test_a_correction_counts_and_the_old_value_is_shown_as_corrected(
    client: TestClient, patient: str
) -> None:
    taken = local(client, timedelta(hours=1))
    assert typed(client, patient, name="crp", value="210", unit="mg/L", taken_at=taken).is_redirect
    page = client.get(f"/ward/patient/{patient}").text
    source = unescape(re.findall(r"correct\?source=([^\"]+)\"", page.partition("C-reactive")[2])[0])
    correct = f"/ward/patient/{patient}/correct?source={source}"
    assert 'value="210"' in client.get(correct).text
    said = form(
        client, correct, source=source.replace("%3A", ":"), name="crp", value="21", unit="mg/L",
        taken_at=taken, status="corrected",
    )  # fmt: skip
    answer = client.post(f"/ward/patient/{patient}/values", data=said, follow_redirects=False)
    assert answer.status_code == 303
    page = shown(client, f"/ward/patient/{patient}")
    assert re.search(r"<s>210 mg/L</s>\s*<b>21 mg/L</b>", page)


def test_only_what_was_typed_is_corrected_here(client: TestClient, patient: str) -> None:
    answer = typed(
        client, patient, name="crp", value="1", unit="mg/L", taken_at=local(client),
        source="hl7:LAB:1", status="corrected",
    )  # fmt: skip
    assert answer.status_code == 422
    assert "not typed here" in answer.text


def test_what_was_known_before_is_shown_again_and_loudly_marked(
    client: TestClient, patient: str
) -> None:
    past = shown(client, f"/ward/patient/{patient}?at={local(client, timedelta(days=1))}")
    assert "As it was known on" in past
    assert "39.6" not in past
    assert 'action="/ward/patient/{patient}/values"' not in past


def test_an_alert_is_acknowledged_with_the_name_of_the_account(
    client: TestClient, patient: str
) -> None:
    address = f"/ward/patient/{patient}"
    board = client.get("/ward").text
    alert = re.search(rf"/ward/patient/{patient}/alerts/(\w+)", board)
    assert alert
    said = form(client, address, reason="fluids given", back="/ward")
    answer = client.post(f"{address}/alerts/{alert[1]}", data=said, follow_redirects=False)
    assert answer.headers["location"] == "/ward"
    assert f"/alerts/{alert[1]}" not in client.get("/ward").text
    history = shown(client, address).partition("Alert history")[2]
    assert re.search(r"acknowledged.*owner: fluids given", history, re.S)
    again = client.post(f"{address}/alerts/nothing", data=said)
    assert again.status_code == 409


def test_treatments_run_until_they_are_stopped(client: TestClient, patient: str) -> None:
    answer = typed(
        client, patient, name="vasopressors", value="norepinephrine",
        taken_at=local(client, timedelta(hours=3)),
    )  # fmt: skip
    assert answer.status_code == 303
    page = shown(client, f"/ward/patient/{patient}")
    assert "and still running" in page
    assert "stop or correct" in page
    wrong = typed(
        client, patient, name="antipyretic", value="paracetamol",
        taken_at=local(client, timedelta(hours=1)), ends_at=local(client, timedelta(hours=2)),
    )  # fmt: skip
    assert 'data-code="end_before_begin"' in wrong.text


def test_unassigned_patients_are_listed_and_admitted(client: TestClient) -> None:
    answer = client.post(
        "/api/v1/ward/observations",
        headers={"Authorization": "Bearer a-token-of-a-test"},
        json={"observations": [{
            "patient": "later", "system": "HOSPITAL", "name": "crp", "value": 5, "unit": "mg/L",
            "taken_at": datetime.now(UTC).isoformat(),
        }]},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    (stranger,) = answer.json()["patients"]
    assert f'id="p-{stranger}"' not in client.get("/ward").text
    assert f"/ward/patient/{stranger}" in client.get("/ward/people").text
    said = form(client, "/ward/people", place="here")
    client.post(f"/ward/patient/{stranger}/place", data=said)
    assert f'id="p-{stranger}"' in client.get("/ward").text


def test_parked_codes_are_mapped_and_sent_through_again(client: TestClient) -> None:
    ward = opened(client)
    content = b"parked of a test"
    parked = Parked("code_unmapped", "XCRP (LAB) is in no table", "LAB", "XCRP", "mg/L")

    def parse(given: bytes) -> Message:
        try:
            ward.codes.table.meaning(("hl7",), (_coding(),), "mg/L")
        except Exception:
            return Message("hl7", "1", given, (parked,))
        return Message("hl7", "1", given, ())

    ward.parsers["hl7"] = parse
    ward.ingest.accept(parse(content))
    page = shown(client, "/ward/parked")
    assert "XCRP (LAB) is in no table" in page
    wrong = form(client, "/ward/parked", code="XCRP", system="LAB", name="no_such_thing")
    assert client.post("/ward/codes/line", data=wrong).status_code == 422
    line = form(client, "/ward/parked", code="XCRP", system="LAB", name="crp", read_unit="mg/L")
    assert client.post("/ward/codes/line", data=line).status_code == 200
    assert "XCRP" in client.get("/ward/codes.csv").text
    sent = client.post("/ward/parked/again", data=form(client, "/ward/parked"))
    assert "1 messages were read again" in sent.text
    assert "Nothing is parked" in shown(client, "/ward/parked")


def _coding() -> Any:
    from cartwheel.watch.codes import Coding  # noqa: PLC0415

    return Coding("LAB", "XCRP")


def test_a_whole_table_of_codes_is_taken_or_refused(client: TestClient) -> None:
    said = {"csrf": form(client, "/ward/parked")["csrf"]}
    bad = b"system,code,name\nLAB,A1,nothing_known\nLAB,A1,crp\n"
    answer = client.post("/ward/codes/file", data=said, files={"file": ("c.csv", bad)})
    assert answer.status_code == 422
    assert "row 2" in answer.text
    good = b"system,code,name,read_unit\nLAB,A2,ferritin,ug/L\n"
    answer = client.post("/ward/codes/file", data=said, files={"file": ("c.csv", good)})
    assert answer.status_code == 200
    assert client.get("/ward/codes.csv").text.count("\n") == 2


def test_the_handover_has_one_line_a_patient(client: TestClient, patient: str) -> None:
    page = shown(client, "/ward/handover")
    rows = re.findall(r"<tr><td>.*?</tr>", page, re.S)
    mine = [row for row in rows if NAME in row]
    assert len(mine) == 1
    assert mine[0].startswith("<tr><td>7</td>")


def test_no_name_and_no_number_is_in_the_audit_or_an_address(
    client: TestClient, patient: str
) -> None:
    services = client.app.state.services  # type: ignore[attr-defined]
    services.audit.flush()
    deeds = entries_of(services.store, Wanted())
    told = " ".join(f"{one.entry.who} {one.entry.what} {one.entry.about}" for one in deeds)
    assert "ward value typed" in told
    assert patient in told
    assert "Zacharias" not in told
    assert NUMBER not in told
    links = re.findall(r'(?:href|action|hx-get|sse-connect)="([^"]+)"', client.get("/ward").text)
    assert not [one for one in links if "Zacharias" in one or NUMBER in one]


def test_patients_who_are_not_there(client: TestClient) -> None:
    assert client.get("/ward/patient/0123456789abcdef").status_code == 404
    assert client.get("/ward/patient/0123456789abcdef/now").status_code == 404
