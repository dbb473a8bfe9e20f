"""Who may do what on the ward: a reader sees, a clinician types, an administrator edits codes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="cartwheel[serve] is not installed")

from serve_people import csrf_of, group, log_in, people_of, said
from starlette.testclient import TestClient

from cartwheel.watch.intake import Arrived, Message, Person
from cartwheel.watch.observation import Observation

pytestmark = pytest.mark.usefixtures("light_passwords")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("ward")
    example = files("cartwheel.watch") / "example_ward.toml"
    (folder / "ward.toml").write_text(example.read_text("utf-8"), "utf-8")
    with group(folder / "data", ward=folder / "ward.toml") as made:
        yield made


@pytest.fixture(scope="module")
def patient(client: TestClient) -> str:
    whose = (("LAB", "A1"),)
    value = Observation("", "age", datetime.now(UTC), None)
    items = (Person(whose, "Somebody", None, None, "here"), Arrived(whose, value))
    receipt = people_of(client).ward.ingest.accept(Message("rest", "1", b"1", items))
    found: str = receipt.patients[0]
    return found


def test_nobody_sees_the_ward_without_a_log_in(client: TestClient, patient: str) -> None:
    client.cookies.clear()
    for address in ("/ward", f"/ward/patient/{patient}", "/ward/handover", "/ward/events"):
        answer = client.get(address, headers={"Accept": "text/html"})
        assert answer.status_code in (303, 401), address
        assert "Somebody" not in answer.text
    assert client.get("/api/v1/ward/board").status_code == 401


@pytest.mark.parametrize(
    ("role", "types", "edits"),
    [("reader", False, False), ("clinician", True, False), ("admin", True, True)],
)
def test_roles(client: TestClient, patient: str, role: str, types: bool, edits: bool) -> None:
    client.cookies.clear()
    assert log_in(client, role).status_code == 303
    page = client.get(f"/ward/patient/{patient}").text
    assert "Somebody" in page
    assert ("Keep the value" in page) is types
    parked = client.get("/ward/parked").text
    assert ("Keep the line" in parked) is edits
    csrf = {"csrf": csrf_of(client)}
    now = datetime.now(UTC).isoformat()
    value = {"name": "crp", "value": "5", "unit": "mg/L", "taken_at": now, "once": role}
    typed = client.post(f"/ward/patient/{patient}/values", data={**csrf, **value})
    assert typed.status_code == (303 if types else 403)
    line = {"code": f"X-{role}", "system": "LAB", "name": "crp"}
    edited = client.post("/ward/codes/line", data={**csrf, **line})
    assert edited.status_code == (303 if edits else 403)
    assert client.post("/ward/parked/again", data=csrf).status_code == (200 if edits else 403)


def test_a_form_of_another_page_is_refused(client: TestClient, patient: str) -> None:
    client.cookies.clear()
    log_in(client, "clinician")
    answer = client.post(f"/ward/patient/{patient}/values", data={"name": "crp"})
    assert answer.status_code == 403


def test_deeds_stand_in_the_audit_with_the_ward_s_own_id(client: TestClient, patient: str) -> None:
    told = said(client)
    assert ("clinician", "ward value typed", f"{patient} crp") in told
    assert [one for one in told if one[1] == "ward codes changed" and one[0] == "admin"]
    assert not [one for one in told if "Somebody" in " ".join(one)]
