"""Uploads: whole and within the limit, or refused with nothing kept; downloads; deletion."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from serve_app import as_person, serving
from starlette.testclient import TestClient

from cartwheel.serve.services import Services
from cartwheel.store.database import Store
from cartwheel.store.job_runs import claim_job, finish_job
from cartwheel.store.kept_files import content_of, files_of
from cartwheel.store.kept_jobs import add_job

JSON = {"Accept": "application/json"}
SHEET = b"id,crp_mg_L\n1,3.5\n"
LARGEST = 1 << 20
Served = tuple[TestClient, Services]


@pytest.fixture
def served(sqlite_store: Store, tmp_path: Path) -> Iterator[Served]:
    """A client and what it talks to; 1 MB is the most."""
    with serving(sqlite_store, tmp_path / "data", largest=LARGEST) as found:
        yield found


def _codes(answer: object) -> list[str]:
    return [one["code"] for one in answer.json()["problems"]]  # type: ignore[attr-defined]


def test_a_form_with_a_file_is_kept(served: Served) -> None:
    client, known = served
    answer = client.post("/files", files={"file": ("a.csv", SHEET, "text/csv")}, headers=JSON)
    assert answer.status_code == 201
    told = answer.json()
    assert told == {
        "id": told["id"],
        "name": "a.csv",
        "size": len(SHEET),
        "sha256": hashlib.sha256(SHEET).hexdigest(),
    }
    assert b"".join(content_of(known.store, told["id"])) == SHEET
    assert files_of(known.store, "ada")[0].media_type == "text/csv"


def test_the_bytes_alone_are_kept_under_the_name_in_the_query(served: Served) -> None:
    client, known = served
    headers = {**JSON, "Content-Type": "application/octet-stream"}
    answer = client.post("/files?name=b.xlsx", content=iter([b"PK", b"123"]), headers=headers)
    assert answer.status_code == 201
    kept = files_of(known.store, "ada")[0]
    assert (kept.name, kept.size) == ("b.xlsx", 5)


def test_an_answer_for_htmx_is_a_fragment_and_one_for_a_browser_leads_on(served: Served) -> None:
    client, _ = served
    html = {"Accept": "text/html"}
    part = client.post("/files", files={"file": ("a<b>.csv", SHEET)},
                       headers={**html, "HX-Request": "true"})  # fmt: skip
    assert part.status_code == 201
    assert "<html" not in part.text
    assert 'name="file"' in part.text
    whole = client.post("/files", files={"file": ("a.csv", SHEET)}, headers=html,
                        follow_redirects=False)  # fmt: skip
    assert (whole.status_code, whole.headers["location"]) == (303, "/jobs#uploads")


@pytest.mark.parametrize("size", [LARGEST + 1, 3 * LARGEST])
@pytest.mark.parametrize("told", [True, False])
def test_too_large_is_refused_whether_its_length_is_told_or_not(
    served: Served, size: int, told: bool
) -> None:
    client, known = served
    body = b"x" * size
    headers = {**JSON, "Content-Type": "application/octet-stream"}
    answer = client.post("/files", content=body if told else iter([body]), headers=headers)
    assert answer.status_code == 413
    assert _codes(answer) == ["upload_too_large"]
    assert "1 MB" in answer.json()["problems"][0]["what"]
    assert files_of(known.store, None) == ()


def test_a_form_may_hold_a_file_of_just_the_limit(served: Served) -> None:
    client, _ = served
    for size, status in ((LARGEST, 201), (LARGEST + 1, 413)):
        answer = client.post("/files", files={"file": ("a.csv", b"x" * size)}, headers=JSON)
        assert answer.status_code == status


def _form(*parts: bytes, end: bytes = b"--edge--\r\n") -> bytes:
    return b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + end


FILE = b'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + SHEET
OTHER = b'Content-Disposition: form-data; name="file"; filename="b.csv"\r\n\r\n' + SHEET
AWRY = b'Content-Disposition: form-data; name="photo"; filename="a.csv"\r\n\r\n' + SHEET
EMPTY = b'Content-Disposition: form-data; name="file"; filename=""\r\n\r\n'
# fields without a name or without a word, and a header without an end
NAMELESS = b'Content-Disposition: form-data; name=""\r\n\r\nx'
WITHOUT = b'Content-Disposition: form-data; name="note"\r\n\r\n'
HEADED = b'Content-Disposition: form-data; name="' + b"x" * 50_000 + b'"\r\n\r\nx'
LONG = b'Content-Disposition: form-data; name="note"\r\n\r\n' + b"x" * 20_000


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (_form(FILE, end=b""), "upload_truncated"),
        (_form(FILE)[:-14], "upload_truncated"),
        (_form(FILE)[:60], "upload_truncated"),
        (b"", "upload_truncated"),
        (b"this is no form at all", "upload_broken"),
        (_form(FILE, OTHER), "one_file"),
        (_form(AWRY), "one_file"),
        (_form(EMPTY), "no_file"),
        (_form(b'Content-Disposition: form-data; name="x"\r\n\r\ny'), "no_file"),
        (_form(LONG, FILE), "upload_broken"),
        (_form(*[NAMELESS] * 30, FILE), "upload_broken"),
        (_form(*[WITHOUT] * 30, FILE), "upload_broken"),
        (_form(HEADED, FILE), "upload_broken"),
    ],
)
def test_a_form_that_is_not_whole_is_refused(served: Served, body: bytes, code: str) -> None:
    client, known = served
    headers = {**JSON, "Content-Type": "multipart/form-data; boundary=edge"}
    answer = client.post("/files", content=body, headers=headers)
    # what is not whole could not be read; what is whole was refused
    assert answer.status_code == (400 if code.startswith("upload") else 422)
    assert _codes(answer) == [code]
    assert files_of(known.store, None) == ()


@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "text/html", "", "nonsense"]
)
def test_another_content_type_is_refused(served: Served, kind: str) -> None:
    client, _ = served
    answer = client.post("/files", content=b"{}", headers={**JSON, "Content-Type": kind})
    assert answer.status_code == 415
    assert _codes(answer) == ["media_type"]


def test_a_form_without_boundary_is_refused(served: Served) -> None:
    client, _ = served
    headers = {**JSON, "Content-Type": "multipart/form-data"}
    assert _codes(client.post("/files", content=_form(FILE), headers=headers)) == ["upload_broken"]


def test_fewer_bytes_than_announced_are_refused(served: Served) -> None:
    client, known = served
    headers = {**JSON, "Content-Type": "text/csv", "Content-Length": "100"}
    answer = client.post("/files", content=SHEET, headers=headers)
    assert _codes(answer) == ["upload_truncated"]
    assert files_of(known.store, None) == ()


@pytest.mark.parametrize(
    "sent", ["../../x.csv", "..\\x.csv", "/etc/x.csv", 'C:\\Users\\"me"\\x.csv', "x.csv"]
)
def test_a_name_with_a_path_loses_it(served: Served, sent: str) -> None:
    client, _ = served
    kept = client.post("/files", files={"file": (sent, SHEET)}, headers=JSON).json()["name"]
    assert kept.endswith("x.csv")
    assert not set(kept) & set('/\\"')


def test_a_download_is_an_attachment_in_which_nothing_runs(served: Served) -> None:
    client, _ = served
    name = "Zentrum <Köln>;\n.csv"
    kept = client.post("/files", files={"file": (name, SHEET)}, headers=JSON).json()
    answer = client.get(f"/files/{kept['id']}")
    assert answer.content == SHEET
    said = answer.headers
    assert said["content-disposition"].startswith("attachment; filename*=UTF-8''Zentrum%20K")
    assert said["content-length"] == str(len(SHEET))
    assert said["x-content-type-options"] == "nosniff"
    assert said["cache-control"] == "no-store"
    assert "sandbox" in said["content-security-policy"]


def _report(known: Services, text: bytes) -> str:
    job = add_job(known.store, owner="ada", kind="develop", title="t", request={"x": text.hex()})
    claim_job(known.store, "elsewhere")
    finish_job(known.store, job.id, "elsewhere", [("report.html", "text/html", [text])])
    return files_of(known.store, "ada", "output", job.id)[0].id


def test_a_report_is_read_in_a_frame_with_a_policy_of_its_own(
    sqlite_store: Store, tmp_path: Path
) -> None:
    with serving(sqlite_store, tmp_path) as (client, known):
        known.queue.stop()
        file_id = _report(known, b"<script>alert(1)</script>")
        around = client.get(f"/files/{file_id}/view")
        assert f'src="/files/{file_id}/inside" sandbox>' in around.text
        assert "alert" not in around.text
        inside = client.get(f"/files/{file_id}/inside")
        assert inside.content == b"<script>alert(1)</script>"
        policy = inside.headers["content-security-policy"].split("; ")
        assert "default-src 'none'" in policy
        assert "sandbox" in policy
        assert not any(part.startswith("script-src") for part in policy)


def test_an_upload_is_never_shown_in_place(served: Served) -> None:
    client, _ = served
    kept = client.post("/files", files={"file": ("a.html", b"<b>x</b>")}, headers=JSON).json()
    for place in ("view", "inside"):
        assert client.get(f"/files/{kept['id']}/{place}", headers=JSON).status_code == 404


@pytest.mark.parametrize("by", ["delete", "form"])
def test_a_file_is_deleted_with_all_made_from_it(served: Served, by: str) -> None:
    client, known = served
    kept = client.post("/files", files={"file": ("a.csv", SHEET)}, headers=JSON).json()
    job = known.queue.ask("ada", "check", "t", {"file": kept["id"]}, [kept["id"]])
    if by == "delete":
        assert client.delete(f"/files/{kept['id']}", headers=JSON).status_code == 204
    else:
        answer = client.post(f"/files/{kept['id']}/delete", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/jobs")
    for address in (f"/files/{kept['id']}", f"/jobs/{job.id}"):
        assert client.get(address, headers=JSON).status_code == 404


def test_what_belongs_to_another_is_not_there_but_for_the_administrator(served: Served) -> None:
    client, _ = served
    kept = client.post("/files", files={"file": ("a.csv", SHEET)}, headers=JSON).json()
    address = f"/files/{kept['id']}"
    as_person(client, "bert")
    assert client.get(address, headers=JSON).status_code == 404
    assert client.delete(address, headers=JSON).status_code == 404
    as_person(client, "carl", "admin")
    assert client.get(address).content == SHEET
    as_person(client, "dora", "reader")
    assert client.post("/files", files={"file": ("a.csv", SHEET)}, headers=JSON).status_code == 403
    assert client.delete(address, headers=JSON).status_code == 403


def test_a_form_from_elsewhere_is_not_taken(served: Served) -> None:
    client, known = served
    client.headers["x-test-session"] = "1"
    files = {"file": ("a.csv", SHEET)}
    assert client.post("/files", files=files, headers=JSON).status_code == 403
    page = client.get("/jobs").text
    token = page.partition('name="csrf" value="')[2].partition('"')[0]
    assert token
    # as the form of the page sends it, without a script: the token is its first field
    answer = client.post("/files", data={"csrf": token}, files=files, headers=JSON)
    assert answer.status_code == 201
    assert len(files_of(known.store, None)) == 1


def test_a_full_disk_is_named(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    client, known = served

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cartwheel.serve.uploads.tempfile.TemporaryFile", full)
    answer = client.post("/files", files={"file": ("a.csv", SHEET)}, headers=JSON)
    assert answer.status_code == 507
    assert _codes(answer) == ["disk_full"]
    assert "No space left" in json.dumps(answer.json())
    assert files_of(known.store, None) == ()


def test_parts_beside_the_file_have_an_end(served: Served) -> None:
    client, known = served
    # each part would pass; nobody says how many are coming
    part = b'--edge\r\nContent-Disposition: form-data; name="note"; x="%s"\r\n\r\n\r\n' % (
        b"y" * 4000
    )
    headers = {**JSON, "Content-Type": "multipart/form-data; boundary=edge"}
    answer = client.post("/files", content=(part for _ in range(2000)), headers=headers)
    assert answer.status_code in (400, 413)
    assert _codes(answer)[0] in ("upload_broken", "upload_too_large")
    assert files_of(known.store, None) == ()
