"""What somebody tries who means harm, or only too much; and a session that ends in mid-work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from serve_people import PAGE, csrf_of, group, laptop, log_in, people_of, said
from sqlalchemy import update
from starlette.testclient import TestClient

from cartwheel.serve.access.attempts import ADDRESS, NAME, Attempts, TooMany
from cartwheel.serve.settings import Settings
from cartwheel.serve.static_files import _content, static_file
from cartwheel.store.database import moment
from cartwheel.store.kept_jobs import job_of
from cartwheel.store.tables import sessions

pytestmark = pytest.mark.usefixtures("light_passwords")
HTMX = {"HX-Request": "true", "Accept": "*/*"}
CSV = {"Content-Type": "text/csv"}
TOKEN = "a-token-of-the-tests"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with group(tmp_path) as found:
        yield found


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[TestClient]:
    with laptop(tmp_path) as found:
        found.get(f"/?token={TOKEN}")
        yield found


def _end_sessions(client: TestClient) -> None:
    known = people_of(client)
    with known.store.writing() as connection:
        connection.execute(update(sessions).values(ends_at=moment(1.0)))
    known.sessions.changed()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("shown", "back"),
    [
        ("http://127.0.0.1:8765/cohort/12?q=ldh", "/cohort/12?q=ldh"),
        ("http://127.0.0.1:8765/jobs", "/jobs"),
        ("http://127.0.0.1:8765/", "/"),
        ("http://[", "/"),
        ("http://127.0.0.1:8765//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_an_ended_session_leads_htmx_to_the_log_in_and_back(
    client: TestClient, method: str, shown: str, back: str
) -> None:
    log_in(client, "analyst")
    _end_sessions(client)
    answer = client.request(method, "/pool", headers={**HTMX, "HX-Current-URL": shown})
    assert answer.status_code == 401
    way = urlsplit(answer.headers["HX-Redirect"])
    assert (way.scheme, way.netloc, way.path) == ("", "", "/login")
    wanted = parse_qs(way.query).get("next", ["/"])[0]
    again = log_in(client, "analyst", next=wanted)
    assert (again.status_code, again.headers["location"]) == (303, back)


def test_a_job_goes_on_when_the_session_of_its_owner_has_ended(client: TestClient) -> None:
    log_in(client, "analyst")
    header = {"X-CSRF-Token": csrf_of(client)}
    kept = client.post("/api/v1/files?name=a.csv", content=b"id\n1\n", headers={**CSV, **header})
    asked = client.post("/api/v1/jobs/check", json={"file": kept.json()["id"]}, headers=header)
    assert asked.status_code == 202, asked.text
    _end_sessions(client)
    known, job = people_of(client), asked.json()["id"]
    refused = client.get(f"/api/v1/jobs/{job}")
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["www-authenticate"] == "Bearer"
    assert [one["code"] for one in refused.json()["problems"]] == ["not_known"]
    assert "location" not in refused.headers
    assert job_of(known.store, job, "analyst").state in ("waiting", "running", "done")
    log_in(client, "analyst")
    assert client.get(f"/api/v1/jobs/{job}").json()["id"] == job


def test_a_page_without_scripts_leads_to_the_log_in_or_says_that_nothing_was_done(
    client: TestClient,
) -> None:
    log_in(client, "analyst")
    _end_sessions(client)
    read = client.get("/jobs?x=1", headers=PAGE)
    assert (read.status_code, read.headers["location"]) == (303, "/login?next=%2Fjobs%3Fx%3D1")
    sent = client.post("/pool", data={"csrf": "x"}, headers=PAGE)
    assert sent.status_code == 401
    assert "log in again" in sent.text.lower()


def test_what_a_role_does_not_allow_is_in_the_audit(client: TestClient) -> None:
    log_in(client, "reader")
    header = {"X-CSRF-Token": csrf_of(client)}
    assert client.get("/accounts", headers=PAGE).status_code == 403
    raised = client.post("/accounts/reader/role", data={"role": "admin"}, headers=header)
    assert raised.status_code == 403
    assert client.post("/api/v1/jobs/check", json={}, headers=header).status_code == 403
    tried = [entry for entry in said(client) if entry[1].startswith("not allowed")]
    assert tried == [
        ("reader", "not allowed: GET /accounts", ""),
        ("reader", "not allowed: POST /accounts/{name}/role", "reader"),
        ("reader", "not allowed: POST /api/v1/jobs/check", ""),
    ]


def test_every_upload_and_download_is_in_the_audit_with_its_hash(owner: TestClient) -> None:
    header = {"X-CSRF-Token": csrf_of(owner)}
    kept = owner.post("/api/v1/files?name=a.csv", content=b"id\n1\n", headers={**CSV, **header})
    told = kept.json()
    owner.get(told["content"])
    table = {"file": ("b.csv", b"study,hr,low,high\nA,2,1,4\n", "text/csv")}
    form = {"csrf": csrf_of(owner)}
    assert owner.post("/pool/files", data=form, files=table, headers=PAGE).status_code == 303
    assert owner.delete(f"/api/v1/files/{told['id']}", headers=header).status_code == 204
    people_of(owner).audit.flush()
    from cartwheel.store.audit import Wanted, every_entry  # noqa: PLC0415 - as of `said`

    entries = [one.entry for one in every_entry(people_of(owner).store, Wanted())][::-1]
    digest = told["sha256"].removeprefix("sha256:")
    assert [(one.what, one.about, one.sha256) for one in entries if one.sha256 == digest] == [
        ("file uploaded", told["id"], digest),
        ("file downloaded", told["id"], digest),
        ("file deleted", told["id"], digest),
    ]
    # what a page does with an upload is told beside it
    assert [one.what for one in entries[2:-1]] == ["file uploaded", "POST /pool/files"]
    assert len(entries[2].sha256) == 64


@pytest.mark.parametrize(
    "path",
    ["/pool", "/pool/look", "/pool/table", "/pool/table.csv",
     "/grades", "/grades/look", "/grades/table", "/grades/chart.csv"],
)  # fmt: skip
def test_what_only_draws_again_is_no_deed(owner: TestClient, path: str) -> None:
    answer = owner.post(path, data={"csrf": csrf_of(owner)}, headers=PAGE)
    assert answer.status_code == 200, answer.text
    assert said(owner) == []


def test_a_form_that_is_read_as_a_whole_has_an_end(owner: TestClient) -> None:
    header = {"X-CSRF-Token": csrf_of(owner)}
    coded = {"Content-Type": "application/x-www-form-urlencoded", **header}
    large = owner.post("/pool/look", content=b"a=" + b"1" * (17 << 20), headers=coded)
    assert large.status_code == 413
    endless = owner.post("/pool/look", content=iter([b"a=1"]), headers=coded)
    assert endless.status_code == 413
    file = {"file": ("a.bin", b"1" * (17 << 20))}
    assert owner.post("/logout", files=file, headers=header).status_code == 413
    assert owner.post("/pool/look", content=b"a=1", headers=coded).status_code == 200


def test_a_flood_of_names_frees_nobody_who_has_to_wait() -> None:
    attempts = Attempts(lambda: 0.0)
    for place in range(NAME):
        attempts.failed("ada", f"10.0.0.{place}")
    for number in range(30_000):
        place = number // ADDRESS
        attempts.failed(f"nobody-{number}", f"10.{place // 250}.{place % 250}.1")
    with pytest.raises(TooMany):
        attempts.check("ada", "192.0.2.1")
    assert len(attempts._counts) <= 20_001


def test_names_of_no_file_are_not_remembered() -> None:
    before = _content.cache_info().currsize
    for number in range(50):
        assert static_file(f"{number}.css") is None
    assert _content.cache_info().currsize == before
    assert static_file("style.css") is not None


def test_what_is_secret_is_in_no_text_of_the_settings() -> None:
    settings = Settings(Path(), database="postgresql://u:horse@h/d", token="battery", once="staple")
    assert not any(word in repr(settings) for word in ("horse", "battery", "staple"))
