"""The ward by call: strict, kept once, and the same as on the pages; files of values beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="cartwheel[serve] is not installed")

from starlette.testclient import TestClient

from cartwheel.serve.application import create_app
from cartwheel.serve.settings import Settings
from cartwheel.serve.ward.known import verify
from cartwheel.serve.ward.opened import WardServices

TOKEN = {"Authorization": "Bearer a-token-of-a-test"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("ward")
    example = files("cartwheel.watch") / "example_ward.toml"
    (folder / "ward.toml").write_text(example.read_text("utf-8"), "utf-8")
    settings = Settings(
        folder=folder / "data", token="a-token-of-a-test", workers=1, ward=folder / "ward.toml"
    )
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8765", headers=TOKEN) as made:
        yield made


def opened(client: TestClient) -> WardServices:
    found: WardServices = client.app.state.services.ward  # type: ignore[attr-defined]
    return found


def ago(**before: float) -> str:
    return (datetime.now(UTC) - timedelta(**before)).isoformat(timespec="seconds")


def sent(client: TestClient, *rows: dict[str, Any], **headers: str) -> Any:
    full = [{"patient": "A1", "system": "LAB", "taken_at": ago(hours=1), **row} for row in rows]
    return client.post("/api/v1/ward/observations", json={"observations": full}, headers=headers)


@pytest.fixture(scope="module")
def patient(client: TestClient) -> str:
    answer = sent(client, {"name": "infusion", "taken_at": ago(days=3)})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["patients"][0]
    return found


def test_values_are_kept_and_answered_with_what_followed(client: TestClient, patient: str) -> None:
    answer = sent(
        client,
        {"name": "temperature", "value": 39.5, "unit": "Cel"},
        {"name": "systolic_pressure", "value": 85, "unit": "mm[Hg]"},
        {"name": "seizure", "value": "none"},
        {"name": "icans_other_cause", "value": []},
    )
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["outcome"] == "stored"
    assert told["entries"] == 4
    assert told["patients"] == [patient]
    found = client.get(f"/api/v1/ward/patients/{patient}").json()
    standing = next(one for one in found["standings"] if one["target"] == "astct-crs")
    assert standing["value"] == 2
    assert [one["rule"] for one in found["alerts"] if one["severity"] == "warning"]


def test_the_same_call_is_kept_once(client: TestClient, patient: str) -> None:
    row = {"name": "crp", "value": 50, "unit": "mg/L", "taken_at": ago(hours=2)}
    first, again = sent(client, row).json(), sent(client, row).json()
    assert (first["outcome"], again["outcome"]) == ("stored", "repeat")
    assert first["message"] == again["message"]
    headers = {"Idempotency-Key": "key-1"}
    assert sent(client, {**row, "value": 51}, **headers).status_code == 201
    other = sent(client, {**row, "value": 52}, **headers)
    assert other.status_code == 422
    assert "message_differs" in other.text


def test_digits_are_kept_as_they_were_sent(client: TestClient, patient: str) -> None:
    body = (
        '{"observations":[{"patient":"A1","system":"LAB","name":"ldh","value":250.10,'
        f'"unit":"U/L","taken_at":"{ago(hours=3)}"}}]}}'
    )
    answer = client.post(
        "/api/v1/ward/observations", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 201, answer.text
    found = client.get(f"/api/v1/ward/patients/{patient}").json()
    used = [one for each in found["standings"] for one in each["inputs"] if one["name"] == "ldh"]
    assert used
    assert {one["value"] for one in used} == {"250.10"}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"name": "crp", "value": False, "unit": "mg/L"}, "value_kind"),
        ({"name": "fever", "value": 0}, "value_kind"),
        ({"name": "crp", "value": ["1"], "unit": "mg/L"}, "value_kind"),
        (
            {"name": "crp", "value": 1, "unit": "mg/L", "taken_at": "2026-11-20T10:00"},
            "time_zone_missing",
        ),
        (
            {"name": "crp", "value": 1, "unit": "mg/L", "taken_at": "2031-11-20T10:00Z"},
            "time_ahead",
        ),
        ({"name": "crp", "value": 1, "unit": "U/L"}, "unit_not_accepted"),
        ({"name": "crp", "unit": "mg/L"}, "value_missing"),
        ({"name": "cpr", "value": 1, "unit": "mg/L"}, "name_unknown"),
        ({"name": "crp", "value": 1, "unit": "mg/L", "extra": 1}, "unknown_key"),
        (
            {
                "name": "crp",
                "value": 1,
                "unit": "mg/L",
                "system": "",
                "patient": "0123456789abcdef",
            },
            "patient_unknown",
        ),
    ],
)
def test_what_is_wrong_is_refused_whole(
    client: TestClient, patient: str, row: dict[str, Any], code: str
) -> None:
    lines = opened(client).ingest.counts.entries
    answer = sent(client, {"name": "ferritin", "value": 1, "unit": "ug/L"}, row)
    assert answer.status_code == 422, answer.text
    assert [one["code"] for one in answer.json()["problems"]] == [code]
    assert opened(client).ingest.counts.entries == lines


def test_events_are_read_on_from_a_number(client: TestClient, patient: str) -> None:
    address = f"/api/v1/ward/patients/{patient}/events"
    first = client.get(address, params={"most": 2}).json()
    assert first["more"] is True
    rest = client.get(address, params={"after": first["after"]}).json()["events"]
    whole = client.get(address).json()["events"]
    assert [one["number"] for one in (*first["events"], *rest)] == [one["number"] for one in whole]
    assert client.get(address, params={"before": 1}).status_code == 422
    assert client.get("/api/v1/ward/patients/0123456789abcdef/events").status_code == 404


def test_the_board_has_no_names_and_counts_what_waits(client: TestClient, patient: str) -> None:
    board = client.get("/api/v1/ward/board").json()
    (mine,) = [one for one in board["patients"] if one["patient"] == patient]
    assert mine["targets"]["astct-crs"]["shown"] == "2"
    assert mine["day"] == 3
    assert board["counts"]["assigned"] == 1
    assert "LAB" not in str(board)


def test_what_was_known_earlier(client: TestClient, patient: str) -> None:
    address = f"/api/v1/ward/patients/{patient}"
    past = client.get(address, params={"at": ago(days=1)})
    assert past.status_code == 200, past.text
    assert past.json()["standings"] == []
    assert client.get(address, params={"at": "2026-11-20T10:00"}).status_code == 422


CSV = """patient;system;name;taken_at;value;unit;source
B1;LAB;infusion;{0};;;
B1;LAB;crp;{1};84.5;mg/L;x1
B1;LAB;ferritin;{1};>16500;ug/L;
"""


def upload(client: TestClient, text: str) -> Any:
    # a browser's form: with its session
    answer = client.get("/?token=a-token-of-a-test", headers={"Authorization": ""})
    assert answer.status_code == 200
    page = client.get("/ward/upload", headers={"Authorization": ""}).text
    csrf = re.search(r'<meta name="csrf" content="(\w+)"', page)
    assert csrf
    return client.post(
        "/ward/upload", data={"csrf": csrf[1]}, files={"file": ("v.csv", text.encode("utf-8"))},
        headers={"Authorization": ""},
    )  # fmt: skip


def test_a_file_of_values_is_kept_whole_and_once(client: TestClient) -> None:
    text = CSV.format(ago(days=2), ago(hours=5))
    answer = upload(client, text)
    assert answer.status_code == 200, answer.text
    assert re.search(r"Kept: \d lines for 1 patients", answer.text)
    assert "kept before" in upload(client, text).text
    corrected = text.replace("84.5", "8.45") + "B1;LAB;ldh;" + ago(hours=5) + ";300;U/L;\n"
    # of what is there already only what has changed counts, under its own name
    assert re.search(r"Kept: \d+ lines", upload(client, corrected).text)
    ward = opened(client)
    from cartwheel.serve.ward.bedside import corrections_of, read_bedside  # noqa: PLC0415

    owner = next(
        one["patient"] for one in client.get("/api/v1/ward/board").json()["patients"]
        if one["day"] == 2
    )  # fmt: skip
    found = read_bedside(ward, owner).episode
    assert found is not None
    assert [str(one.value) for one in found.tracks["crp"].values] == ["8.45"]
    assert found.tracks["ferritin"].values[0].limit == ">"
    (correction,) = corrections_of(ward, owner, None)
    assert (str(correction.before.value), str(correction.after.value)) == ("84.5", "8.45")


def test_every_problem_of_a_file_is_said_at_once_without_its_values(client: TestClient) -> None:
    text = (
        "patient,system,name,taken_at,value,unit\n"
        "SECRET-7,LAB,crp,2026-11-20 10:00,77.123,mg/L\n"
        "SECRET-7,LAB,crp,2026-11-20T10:00Z,77.123,U/L\n"
        "SECRET-7,LAB,crq,2026-11-20T10:00Z,77.123,mg/L\n"
    )
    lines = opened(client).ingest.counts.entries
    answer = upload(client, text)
    assert answer.status_code == 422
    for place in ("line 2, taken_at", "line 3, unit", "line 4, name"):
        assert place in answer.text
    assert "77.123" not in answer.text
    assert "SECRET" not in answer.text
    assert opened(client).ingest.counts.entries == lines


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "csv_empty"),
        ("patient,name,taken_at\nA,crp,x\n", "column_missing"),
        ("patient,name,taken_at,value,colour\nA,crp,x,1,red\n", "column_unknown"),
        ("patient,name,taken_at,value\nA,crp,x,1,2\n", "cells_many"),
        ('patient,name,taken_at,value\n"A,crp,x,1\n', "csv_quote"),
    ],
)
def test_a_file_that_is_no_table_is_refused(client: TestClient, text: str, code: str) -> None:
    answer = upload(client, text)
    assert answer.status_code == 422
    assert f'data-code="{code}"' in answer.text


def test_replay_says_what_was_said_live(client: TestClient, patient: str) -> None:
    ward = opened(client)
    told = verify(ward.store, ward.followings())
    assert told.differences == ()
    assert told.lines > 10


def test_the_calls_are_described(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()
    assert "SentObservations" in paths["components"]["schemas"]
    assert {
        "/api/v1/ward/observations", "/api/v1/ward/board", "/api/v1/ward/patients/{patient}",
        "/api/v1/ward/patients/{patient}/events",
    } <= set(paths["paths"])  # fmt: skip
