"""The pages of jobs: what is said in each state, events, cancellation, deletion, papers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serve_app import as_person, serving
from serve_waiting import ended
from starlette.testclient import TestClient

from cartwheel.errors import Problem
from cartwheel.serve.services import Services
from cartwheel.store.database import Store
from cartwheel.store.job_runs import claim_job, end_job, finish_job, tell_progress
from cartwheel.store.kept_files import keep_file
from cartwheel.store.kept_jobs import Job, add_job, job_of, jobs_of

JSON = {"Accept": "application/json"}
Served = tuple[TestClient, Services]


@pytest.fixture
def served(store: Store, tmp_path: Path) -> Iterator[Served]:
    """A client on both databases; nothing takes jobs but the tests."""
    with serving(store, tmp_path / "data") as (client, known):
        known.queue.stop()
        known.queue._stopping.clear()  # streams go on
        yield client, known


def _job(known: Services, title: str = "Ferritin & CRS", number: int = 0) -> Job:
    request = {"n": number}
    return add_job(known.store, owner="ada", kind="develop", title=title, request=request)


def test_every_state_says_what_it_is(served: Served) -> None:
    client, known = served
    said = {}
    for place, state in enumerate(["running", "done", "refused", "failed", "cancelled",
                                   "lost", "waiting"]):  # fmt: skip
        job = _job(known, number=place)
        if state != "waiting":
            claim_job(known.store, "here")
        if state == "running":
            tell_progress(known.store, job.id, "here", "developing again", 320, 1000)
        elif state == "done":
            outputs = [("result.json", "application/json", [b"{}"]),
                       ("report.html", "text/html", [b"<p>"])]  # fmt: skip
            finish_job(known.store, job.id, "here", outputs)
        elif state != "waiting":
            problem = Problem("unit_unknown", "no such unit <b>", "crp", "say mg/L")
            end_job(known.store, job.id, state, [problem])  # type: ignore[arg-type]
        said[state] = client.get(f"/jobs/{job.id}").text
    assert "Ferritin &amp; CRS" in said["waiting"]
    assert '<progress aria-label="developing again" max="1000" value="320">' in said["running"]
    assert "developing again, 320 of 1000" in said["running"]
    for state in ("waiting", "running"):
        assert "/events" in said[state]
        assert "/cancel" in said[state]
    for state in ("done", "refused", "failed", "cancelled", "lost"):
        assert "/events" not in said[state]
        assert "<progress" not in said[state]
    assert 'Download<span class="unseen"> result.json' in said["done"]
    assert 'Read<span class="unseen"> report.html' in said["done"]
    assert "/paper" in said["done"]
    for state in ("refused", "failed", "lost"):
        assert "no such unit &lt;b&gt;" in said[state]
        assert "say mg/L" in said[state]
    listed = client.get("/jobs").text
    assert len(set(re.findall(r"/jobs/([0-9a-f]{24})", listed))) == 7


def test_nothing_on_a_page_needs_what_the_policy_forbids(served: Served) -> None:
    client, known = served
    job = _job(known)
    for address in ("/jobs", f"/jobs/{job.id}"):
        text = client.get(address).text
        assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|<style", text)
        assert not re.search(r"(src|href)=\"(https?:)?//", text)


def test_events_tell_the_present_state_then_the_end(served: Served) -> None:
    client, known = served
    job = _job(known)
    claim_job(known.store, "here")
    tell_progress(known.store, job.id, "here", "resampling", 3, 10)
    seen = []
    with client.stream("GET", f"/jobs/{job.id}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
                seen.append(name)
            if name == "progress" and "3 of 10" in line:
                end_job(known.store, job.id, "refused", [Problem("c", "the outcome is not coded")])
            if name == "over" and "the outcome is not coded" in line:
                seen.append("words")
    assert seen == ["progress", "over", "words"]
    # a stream that is taken up again begins with the state as it is now
    again = client.get(f"/jobs/{job.id}/events").text
    assert again.startswith("retry: ")
    assert again.count("event: ") == 1
    assert "event: over" in again


def test_events_of_a_deleted_job_end(served: Served) -> None:
    client, known = served
    job = _job(known)
    seen = []
    with client.stream("GET", f"/jobs/{job.id}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("event: "):
                seen.append(line)
                if len(seen) == 1:
                    known.queue.forget(job.id, "ada")
    assert seen == ["event: progress", "event: over"]


def test_cancel_and_delete(served: Served) -> None:
    client, known = served
    job = _job(known)
    part = client.post(f"/jobs/{job.id}/cancel", headers={"HX-Request": "true"})
    assert "Cancelled" in part.text
    assert "<html" not in part.text
    whole = client.post(f"/jobs/{job.id}/cancel", follow_redirects=False)
    assert (whole.status_code, whole.headers["location"]) == (303, f"/jobs/{job.id}")
    gone = client.post(f"/jobs/{job.id}/delete", headers={"HX-Request": "true"})
    assert gone.headers["hx-redirect"] == "/jobs"
    assert client.get(f"/jobs/{job.id}", headers=JSON).status_code == 404
    assert jobs_of(known.store, None) == ()


@pytest.mark.parametrize("deed", ["", "/events", "/cancel", "/delete", "/paper"])
def test_the_job_of_another_is_not_there(served: Served, deed: str) -> None:
    client, known = served
    job = _job(known)
    as_person(client, "bert")
    method = "GET" if deed in ("", "/events") else "POST"
    answer = client.request(method, f"/jobs/{job.id}{deed}", data={"form": "html"}, headers=JSON)
    assert answer.status_code == 404
    assert answer.json()["problems"][0]["code"] == "no_such_job"
    assert job_of(known.store, job.id, "ada").state == "waiting"
    assert job.id not in client.get("/jobs").text
    as_person(client, "carl", "admin")
    assert client.get(f"/jobs/{job.id}").status_code == 200
    assert "<td>ada</td>" in client.get("/jobs").text


def test_a_reader_may_look_and_nothing_more(served: Served) -> None:
    client, known = served
    job = _job(known)
    as_person(client, "ada", "reader")
    assert client.get(f"/jobs/{job.id}").status_code == 200
    for deed in ("cancel", "delete", "paper"):
        answer = client.post(f"/jobs/{job.id}/{deed}", data={"form": "html"}, headers=JSON)
        assert answer.status_code == 403


def test_a_paper_is_asked_for_once_there_is_a_result(served: Served) -> None:
    client, known = served
    job = _job(known)
    data = {"form": ["docx", "html"], "language": "de"}
    early = client.post(f"/jobs/{job.id}/paper", data=data, headers=JSON)
    assert early.json()["problems"][0]["code"] == "no_result"
    claim_job(known.store, "here")
    finish_job(known.store, job.id, "here", [("result.json", "application/json", [b"{}"])])
    answer = client.post(f"/jobs/{job.id}/paper", data=data, follow_redirects=False)
    paper = job_of(known.store, answer.headers["location"].removeprefix("/jobs/"), "ada")
    assert (paper.kind, paper.request["formats"]) == ("paper", ["docx", "html"])
    assert paper.request["language"] == "de"
    # with the result goes the paper
    known.queue.forget(job.id, "ada")
    assert jobs_of(known.store, None) == ()


def test_a_database_that_is_away_is_a_clear_page(
    postgresql_store: Store, postgresql: Any, tmp_path: Path
) -> None:
    sheet = b"id,ferritin_ug_L\n1,300\n2,900\n3,450\n"
    with serving(postgresql_store, tmp_path) as (client, known):
        kept = keep_file(postgresql_store, [sheet], owner="ada", name="a.csv")
        postgresql.stop()
        try:
            answer = client.get("/jobs")
            assert answer.status_code == 503
            assert "start the database again" in answer.text
            upload = client.post("/files", files={"file": ("a.csv", b"x")}, headers=JSON)
            assert upload.status_code == 503
        finally:
            postgresql.start()
        assert client.get(f"/files/{kept.id}").content == sheet
        asked = known.queue.ask("ada", "check", "t", {"file": kept.id}, [kept.id])
        done = ended(postgresql_store, asked)
        assert (done.state, done.problems) == ("done", ())
