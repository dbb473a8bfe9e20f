"""Files and jobs by call: the bytes of the command line; sent twice, made once."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import done_here
from serve_api import ROOT, calling
from serve_app import as_person
from starlette.testclient import TestClient

from cartwheel.demonstration import cohort_path
from cartwheel.errors import PlanRefused
from cartwheel.serve.api.asked import JOBS
from cartwheel.serve.jobs.kinds import KINDS
from cartwheel.store.database import Store
from cartwheel.store.kept_files import files_of
from cartwheel.store.kept_jobs import jobs_of
from cartwheel.store.repeats import KeptAnswer, begin_once, end_once, give_up

SHEET = b"id,ferritin_ug_L,severe\n1,300,0\n2,900,1\n3,450,0\n"
CSV = {"Content-Type": "text/csv"}
TABLE = "study,hr,low,high\nA 2022,2.1,1.3,3.4\nB 2023,1.4,0.9,2.2\nC 2024,1.7,1.1,2.6\n"
# the longest that a test waits for a job, in seconds: many run at once
PATIENCE = 120.0


@pytest.fixture
def client(sqlite_store: Store, tmp_path: Path) -> Iterator[TestClient]:
    """The queue does not run: jobs wait."""
    with calling(sqlite_store, tmp_path / "data") as found:
        yield found


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Jobs are done."""
    from cartwheel.store.database import open_store  # noqa: PLC0415 - one store for this file

    folder = tmp_path_factory.mktemp("calls")
    store = open_store(folder / "store")
    with calling(store, folder / "data", running=True) as found:
        yield found
    store.close()


def _upload(
    client: TestClient, content: bytes = SHEET, name: str = "a.csv", key: str | None = None
) -> Any:
    headers = CSV if key is None else {**CSV, "Idempotency-Key": key}
    answer = client.post(f"{ROOT}/files?name={name}", content=content, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


def _codes(answer: Any) -> set[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return {one["code"] for one in answer.json()["problems"]}


def _done(client: TestClient, kind: str, **asked: object) -> Any:
    answer = client.post(f"{ROOT}/jobs/{kind}", json=asked)
    assert answer.status_code == 202, answer.text
    address = answer.headers["Location"]
    assert address == f"{ROOT}/jobs/{answer.json()['id']}"
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        told = client.get(address).json()
        if told["state"] not in ("waiting", "running"):
            return told
        time.sleep(0.05)
    raise AssertionError(told)


def _named(told: Any) -> set[str]:
    return {one["name"] for one in told["files"]}


def test_every_kind_of_job_has_a_call() -> None:
    # these are of pages, or of calls that wait for the answer
    assert set(JOBS) == set(KINDS) - {"prepare", "read", "studies"}


def test_a_file_comes_back_byte_for_byte_and_is_deleted(client: TestClient) -> None:
    told = _upload(client)
    assert told["sha256"] == "sha256:" + hashlib.sha256(SHEET).hexdigest()
    assert client.get(f"{ROOT}/files/{told['id']}").json() == told
    content = client.get(told["content"])
    assert content.content == SHEET
    assert content.headers["content-disposition"].startswith("attachment")
    assert [one["id"] for one in client.get(f"{ROOT}/files").json()["files"]] == [told["id"]]
    assert client.delete(f"{ROOT}/files/{told['id']}").status_code == 204
    assert _codes(client.get(f"{ROOT}/files/{told['id']}")) == {"no_such_file"}


def test_a_form_is_taken_too_and_a_large_one_is_not(client: TestClient) -> None:
    sent = client.post(f"{ROOT}/files", files={"file": ("b.csv", SHEET, "text/csv")})
    assert (sent.status_code, sent.json()["name"]) == (201, "b.csv")
    large = client.post(f"{ROOT}/files?name=c.csv", content=b"1" * (2 << 20), headers=CSV)
    assert (large.status_code, _codes(large)) == (413, {"upload_too_large"})
    other = client.post(f"{ROOT}/files?name=c.csv", content=b"1", headers={"Content-Type": "a/b"})
    assert (other.status_code, _codes(other)) == (415, {"media_type"})


def test_nobody_reads_what_is_another_persons(client: TestClient) -> None:
    kept = _upload(client)
    job = client.post(f"{ROOT}/jobs/check", json={"file": kept["id"]}).json()
    as_person(client, "bert")
    for path in (f"files/{kept['id']}", f"files/{kept['id']}/content", f"jobs/{job['id']}"):
        assert client.get(f"{ROOT}/{path}").status_code == 404
    assert client.delete(f"{ROOT}/files/{kept['id']}").status_code == 404
    assert client.post(f"{ROOT}/jobs/{job['id']}/cancel").status_code == 404
    stolen = client.post(f"{ROOT}/jobs/check", json={"file": kept["id"]})
    assert (stolen.status_code, _codes(stolen)) == (404, {"no_such_file"})
    as_person(client, "eve", "reader")
    assert client.post(f"{ROOT}/files?name=a.csv", content=SHEET, headers=CSV).status_code == 403
    as_person(client, "carl", "clinician")
    assert client.post(f"{ROOT}/jobs/pool", json={"table": TABLE}).status_code == 403


def test_a_job_is_told_cancelled_and_deleted(client: TestClient) -> None:
    kept = _upload(client)
    asked = client.post(f"{ROOT}/jobs/check", json={"file": kept["id"], "title": "mine"})
    told = asked.json()
    assert (told["state"], told["title"], told["result"]) == ("waiting", "mine", None)
    early = client.get(f"{ROOT}/jobs/{told['id']}/result")
    assert (early.status_code, _codes(early)) == (409, {"job_not_done"})
    assert client.post(f"{ROOT}/jobs/{told['id']}/cancel").json()["state"] == "cancelled"
    stream = client.get(f"{ROOT}/jobs/{told['id']}/events").text
    assert "event: over" in stream
    assert json.loads(stream.partition("data: ")[2].partition("\n")[0])["state"] == "cancelled"
    listed = client.get(f"{ROOT}/jobs", params={"kind": "check"}).json()["jobs"]
    assert [one["id"] for one in listed] == [told["id"]]
    assert client.get(f"{ROOT}/jobs", params={"kind": "pool"}).json() == {"jobs": []}
    assert client.delete(f"{ROOT}/jobs/{told['id']}").status_code == 204
    assert client.get(f"{ROOT}/jobs/{told['id']}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "asked", "codes"),
    [
        ("check", {}, {"missing_key"}),
        ("check", {"file": "../../etc/passwd"}, {"bad_value"}),
        ("check", {"file": "0" * 24}, {"no_such_file"}),
        ("check", {"file": "0" * 24, "fiel": 1}, {"unknown_key"}),
        ("develop", {"file": "0" * 24, "plan": []}, {"bad_value"}),
        ("paper", {"file": "0" * 24, "formats": ["exe"]}, {"bad_value"}),
        ("grade", {"file": "0" * 24, "rules": ["x"], "runs": 1}, {"bad_value"}),
        ("batch", {"file": "0" * 24, "score": {"file": "x"}}, {"bad_value"}),
        ("pool", {"files": "no list"}, {"bad_value"}),
        ("plan", {"file": "0" * 24, "method": "guess"}, {"bad_value"}),
    ],
)
def test_what_is_asked_is_read_strictly(
    client: TestClient, kind: str, asked: dict[str, object], codes: set[str]
) -> None:
    answer = client.post(f"{ROOT}/jobs/{kind}", json=asked)
    assert answer.status_code == (404 if codes == {"no_such_file"} else 422)
    assert _codes(answer) == codes


def test_a_job_sent_twice_with_a_key_is_made_once(client: TestClient, sqlite_store: Store) -> None:
    key = {"Idempotency-Key": "6d2c5f0e"}
    first = client.post(f"{ROOT}/jobs/pool", json={"table": TABLE}, headers=key)
    client.post(f"{ROOT}/jobs/{first.json()['id']}/cancel")
    again = client.post(f"{ROOT}/jobs/pool", json={"table": TABLE}, headers=key)
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert len(jobs_of(sqlite_store, None)) == 1
    other = client.post(f"{ROOT}/jobs/pool", json={"table": TABLE + "\n"}, headers=key)
    assert (other.status_code, _codes(other)) == (422, {"key_reused"})
    elsewhere = client.post(f"{ROOT}/jobs/appraise", json={"table": TABLE}, headers=key)
    assert elsewhere.status_code == 422
    as_person(client, "bert")
    theirs = client.post(f"{ROOT}/jobs/pool", json={"table": TABLE}, headers=key)
    assert (theirs.status_code, theirs.json()["id"] != first.json()["id"]) == (202, True)


def test_a_refused_request_frees_its_key(client: TestClient) -> None:
    key = {"Idempotency-Key": "mended"}
    gone = client.post(f"{ROOT}/jobs/check", json={"file": "0" * 24}, headers=key)
    assert gone.status_code == 404
    kept = _upload(client)
    mended = client.post(f"{ROOT}/jobs/check", json={"file": kept["id"]}, headers=key)
    assert mended.status_code == 202
    for bad in ("", "two words", "x" * 256):
        refused = client.post(
            f"{ROOT}/jobs/check", json={"file": kept["id"]}, headers={"Idempotency-Key": bad}
        )
        assert (refused.status_code, _codes(refused)) == (422, {"bad_key"})


def test_a_file_sent_twice_with_a_key_is_kept_once(client: TestClient, sqlite_store: Store) -> None:
    key = {"Idempotency-Key": "file-1"}
    first, again = (
        _upload(client, key=key["Idempotency-Key"]),
        _upload(client, key=key["Idempotency-Key"]),
    )
    assert first == again
    assert len(files_of(sqlite_store, None)) == 1
    other = client.post(f"{ROOT}/files?name=a.csv", content=b"x,y\n", headers={**CSV, **key})
    assert (other.status_code, _codes(other)) == (422, {"key_reused"})
    assert len(files_of(sqlite_store, None)) == 1


def test_what_was_answered_is_forgotten_with_the_file(client: TestClient) -> None:
    key = {"Idempotency-Key": "forgotten"}
    first = _upload(client, key=key["Idempotency-Key"])
    client.delete(f"{ROOT}/files/{first['id']}")
    again = _upload(client, key=key["Idempotency-Key"])
    assert again["id"] != first["id"]
    assert client.get(f"{ROOT}/files/{again['id']}").status_code == 200


def test_of_many_at_once_one_is_made(store: Store) -> None:
    """On both databases: a key has one owner of the making, all others hear of it or wait."""
    made: list[str] = []
    seen: list[object] = []
    gate = threading.Barrier(8)

    def ask(number: int) -> None:
        gate.wait()
        try:
            kept = begin_once(store, "ada", "key", "a" * 64)
        except PlanRefused as refused:
            seen.append(refused.problems[0].code)
            return
        if kept is None:
            made.append(str(number))
            end_once(store, "ada", "key", KeptAnswer(201, {"Location": "/x"}, b"made"))
        else:
            seen.append((kept.status, kept.body))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(seen) == 7
    assert set(seen) <= {"key_in_use", (201, b"made")}
    assert begin_once(store, "ada", "key", "a" * 64) == KeptAnswer(201, {"Location": "/x"}, b"made")


def test_a_key_is_free_after_giving_up_and_after_a_day(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert begin_once(store, "ada", "key", "a" * 64) is None
    give_up(store, "ada", "key")
    assert begin_once(store, "ada", "key", "b" * 64) is None
    with pytest.raises(PlanRefused, match="still being answered"):
        begin_once(store, "ada", "key", "b" * 64)
    monkeypatch.setattr("cartwheel.store.repeats.GIVEN_UP", -1.0)
    assert begin_once(store, "ada", "key", "c" * 64) is None
    end_once(store, "ada", "key", KeptAnswer(202, {}, b""))
    with pytest.raises(PlanRefused, match="another request"):
        begin_once(store, "ada", "key", "d" * 64)
    monkeypatch.setattr("cartwheel.store.repeats.KEPT", -1.0)
    assert begin_once(store, "ada", "key", "d" * 64) is None


def test_a_result_has_the_bytes_of_the_command_line(working: TestClient, tmp_path: Path) -> None:
    sheet = tmp_path / cohort_path().name
    sheet.write_bytes(cohort_path().read_bytes())
    line = done_here("check", sheet.name, "--json", "check.json", folder=tmp_path)
    assert line.returncode in (0, 2)
    kept = _upload(working, sheet.read_bytes(), sheet.name)
    told = _done(working, "check", file=kept["id"])
    assert (told["state"], _named(told)) == ("done", {"check.json"})
    assert working.get(told["result"]).content == (tmp_path / "check.json").read_bytes()


def test_a_plan_is_suggested_and_refereed(working: TestClient) -> None:
    kept = _upload(working, cohort_path().read_bytes(), cohort_path().name)
    told = _done(
        working, "plan", file=kept["id"], method="points",
        event="progression_or_death", time="pfs_months",
    )  # fmt: skip
    assert (told["state"], _named(told)) == ("done", {"plan.toml"})
    plan = working.get(told["files"][0]["content"]).text
    assert 'method = "points"' in plan
    assert _codes(working.get(f"{ROOT}/jobs/{told['id']}/result")) == {"no_such_file"}
    report = working.post(f"{ROOT}/referee", json={"plan_toml": plan})
    assert report.json()["kind"] == "referee"
    assert working.post(f"{ROOT}/referee", json={"plan_toml": "="}).status_code == 422


def test_pooled_studies_are_traced_and_refereed(working: TestClient) -> None:
    told = _done(working, "pool", table=TABLE, table_name="three.csv")
    assert told["state"] == "done", told
    assert {"result.json", "report.html"} <= _named(told)
    result = next(one for one in told["files"] if one["name"] == "result.json")
    assert working.get(told["result"]).json()["kind"] == "pool"
    assert working.get(told["result"]).content == working.get(result["content"]).content
    places = working.get(f"{ROOT}/files/{result['id']}/places").json()["places"]
    traced = working.get(f"{ROOT}/files/{result['id']}/trace", params={"place": places[0]})
    assert traced.json()["place"] == places[0]
    none = working.get(f"{ROOT}/files/{result['id']}/trace", params={"place": "result.nothing.x"})
    assert (none.status_code, _codes(none)) == (422, {"no_place"})
    assert working.get(f"{ROOT}/files/{result['id']}/referee").json()["kind"] == "referee"


def test_a_refused_job_says_why_where_its_result_would_be(working: TestClient) -> None:
    told = _done(working, "pool", table="study,hr\nA,no number\n")
    assert (told["state"], told["result"]) == ("refused", None)
    answer = working.get(f"{ROOT}/jobs/{told['id']}/result")
    assert answer.status_code == 409
    assert _codes(answer) == {"job_not_done", *(one["code"] for one in told["problems"])}


def test_a_sheet_is_scored_by_a_score_of_ones_own(working: TestClient) -> None:
    from cartwheel.clinic.score import read_score, score_to_toml  # noqa: PLC0415

    own = _upload(working, score_to_toml(read_score("easix")).encode(), "own.toml")
    sheet = b"ldh_U_L,creatinine_mg_dL,platelets_10*9_L\n280,1.1,90\n300,0.9,120\n"
    kept = _upload(working, sheet, "patients.csv")
    units = {"platelets_10*9_L": "10*9/L", "ldh_U_L": "U/L", "creatinine_mg_dL": "mg/dL"}
    told = _done(working, "batch", file=kept["id"], score={"file": own["id"]}, units=units)
    assert told["state"] == "done", told["problems"]
    assert working.get(told["result"]).json()["counts"]["scored"] == 2


def test_the_server_says_how_it_is(working: TestClient) -> None:
    assert working.get(f"{ROOT}/ready").json() == {"status": "ready"}
    assert working.get(f"{ROOT}/version").json()["api"] == "v1"


def test_unknown_words_of_a_query_are_refused(working: TestClient) -> None:
    for query in ("moost=5", "most=5&most=6", "most=5&x="):
        answer = working.get(f"{ROOT}/jobs?{query}")
        assert answer.status_code == 422, query
        assert _codes(answer) <= {"unknown_key", "given_twice"}
    assert working.get(f"{ROOT}/jobs?most=0").status_code == 422
    assert working.get(f"{ROOT}/scores?q=easix").status_code == 422
