"""A request for a job that cannot be done is refused at the call, in the words of the job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serve_api import ROOT, calling
from starlette.testclient import TestClient

from cartwheel.clinic.score import read_score, score_to_toml
from cartwheel.errors import Refused
from cartwheel.serve.jobs.kinds import run_of
from cartwheel.store.database import Store
from cartwheel.store.kept_jobs import jobs_of

SHEET = b"id,ferritin_ug_L_day0,severe\n1,300,0\n2,900,1\n3,450,0\n"
OF_EASIX = b"ldh_U_L,creatinine_mg_dL,platelets_10e9_L\n280,1.1,90\n"
CSV = {"Content-Type": "text/csv"}
MISSING = "0123456789abcdef01234567"
PLAN = {
    "method": "points",
    "outcome": {"kind": "survival", "event": "e", "time": "t", "time_unit": "months"},
    "predictors": [{"column": "ferritin_ug_L_day0"}],
}
EASIX = {"score": "easix"}
OUTCOME = 'kind = "survival"\nevent = "e"\ntime = "t"\ntime_unit = "months"'
MODEL = {"n": 125, "events": 17, "parameters": 7}


@pytest.fixture
def client(sqlite_store: Store, tmp_path: Path) -> Iterator[TestClient]:
    """The queue does not run: whatever is refused, the call has refused."""
    with calling(sqlite_store, tmp_path / "data") as found:
        yield found


def _upload(client: TestClient, content: bytes = SHEET, name: str = "a.csv") -> str:
    answer = client.post(f"{ROOT}/files?name={name}", content=content, headers=CSV)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _problems(answer: Any) -> list[dict[str, str]]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found: list[dict[str, str]] = answer.json()["problems"]
    return found


WRONG = [
    ("develop", {"plan": {**PLAN, "methud": "points"}}, "unknown_key"),
    ("develop", {"plan": {**PLAN, "method": "magic"}}, "bad_value"),
    ("develop", {"plan": {"method": "points"}}, "missing_key"),
    ("develop", {"plan_toml": "method = "}, "not_toml"),
    ("develop", {"plan_toml": 'methud = "points"'}, "unknown_key"),
    ("develop", {"plan": PLAN, "plan_toml": "a = 1"}, "two_plans"),
    ("develop", {}, "no_plan"),
    ("validate", {"plan": {"scores": [{"score": "eesix"}]}}, "no_score"),
    ("validate", {"plan": {"scores": [{"score": "/etc/passwd"}]}}, "no_score"),
    ("validate", {"plan": {"scores": [EASIX], "horizun": 3}}, "unknown_key"),
    ("validate", {"plan_toml": '[[scores]]\nscore = "eesix"\n'}, "no_score"),
    ("validate", {"plan": {"scores": []}}, None),
    ("validate", {}, "no_plan"),
    ("pool", {"table": "study,hr\n", "plan": {"modl": "fixed"}}, "unknown_key"),
    ("pool", {"table": "study,hr\n", "plan_toml": "= 1"}, "not_toml"),
    ("pool", {"plan": {}}, "no_file"),
    ("appraise", {}, "nothing_asked"),
    ("appraise", {"pooled": ["HR 1.8 (1.3 to 2.5), k = 6"], "model": MODEL}, "both_asked"),
    ("appraise", {"pooled": ["nothing at all"]}, None),
    ("appraise", {"pooled": ["HR 1.8 (1.3 to 2.5)"], "beside": {"studees": 3}}, "unknown_key"),
    ("grade", {"rules": ["astct-crz"]}, "rule_unknown"),
    ("batch", {"score": "eesix"}, "no_score"),
    ("batch", {"score": "easix", "days": {"no_input": 3.0}}, None),
    ("batch", {"score": "easix", "choices": {"no_choice": "x"}}, None),
]
WITHOUT_FILE = ("pool", "appraise")


@pytest.mark.parametrize(("kind", "asked", "code"), WRONG)
def test_what_is_wrong_is_refused_at_the_call_in_the_words_of_the_job(
    client: TestClient,
    sqlite_store: Store,
    tmp_path: Path,
    kind: str,
    asked: dict[str, Any],
    code: str | None,
) -> None:
    file = {} if kind in WITHOUT_FILE else {"file": _upload(client)}
    answer = client.post(f"{ROOT}/jobs/{kind}", json={**file, **asked})
    assert answer.status_code == 422, answer.text
    found = _problems(answer)
    assert code is None or code in {one["code"] for one in found}
    assert jobs_of(sqlite_store, None) == ()
    # as the job itself refuses it
    folder = tmp_path / "job" / "in"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_bytes(OF_EASIX if kind == "batch" else SHEET)
    names = {one: "a.csv" for one in file.values()}
    with pytest.raises(Refused) as caught:
        run_of(kind)(folder, {**file, **asked, "names": names}, lambda *_: None)
    assert found == [
        {"code": one.code, "what": one.what, "where": one.where, "mend": one.mend}
        for one in caught.value.problems
    ]


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("develop", {"file": MISSING, "plan": PLAN}),
        ("batch", {"score": {"file": MISSING}}),
        ("validate", {"plan": {"scores": [{"score": {"file": MISSING}}]}}),
        ("validate", {"plan_toml": f'[[scores]]\nscore = {{ file = "{MISSING}" }}\n'}),
        ("validate", {"plan_toml": '[[scores]]\nscore = { file = "no id" }\n'}),
        ("pool", {"files": [MISSING]}),
        ("pool", {"table": "a\n", "plan": {"prisma": MISSING}}),
    ],
)
def test_a_file_that_is_not_there_is_refused_at_the_call(
    client: TestClient, sqlite_store: Store, kind: str, asked: dict[str, Any]
) -> None:
    file = {} if kind in WITHOUT_FILE else {"file": _upload(client)}
    answer = client.post(f"{ROOT}/jobs/{kind}", json={**file, **asked})
    assert answer.status_code == 404, answer.text
    assert [one["code"] for one in _problems(answer)] == ["no_such_file"]
    assert jobs_of(sqlite_store, None) == ()


def test_what_is_right_is_asked_for_and_no_upload_is_read(
    client: TestClient, sqlite_store: Store
) -> None:
    # no bytes of these would be taken: a worker finds that out
    outcome = {"kind": "survival", "event": "e", "time": "t", "time_unit": "months"}
    broken, score = _upload(client, b"\0\0", "a.xlsx"), _upload(client, b"=", "own.toml")
    own = {"score": {"file": score}}
    text = f'[outcome]\n{OUTCOME}\n[[scores]]\nscore = {{ file = "{score}" }}\n'
    for kind, asked in (
        ("develop", {"file": broken, "plan": PLAN}),
        ("develop", {"file": broken, "plan": PLAN, "sheet": 2}),
        ("validate", {"file": broken, "plan": {"outcome": outcome, "scores": [own, EASIX]}}),
        ("validate", {"file": broken, "plan_toml": text}),
        ("batch", {"file": broken, "score": {"file": score}, "days": {"anything": 1.0}}),
        ("grade", {"file": broken, "rules": ["astct-crs"]}),
        ("pool", {"files": [broken]}),
        ("appraise", {"file": broken}),
    ):  # fmt: skip
        answer = client.post(f"{ROOT}/jobs/{kind}", json=asked)
        assert answer.status_code == 202, answer.text
    of_toml = next(job for job in jobs_of(sqlite_store, None) if "plan_toml" in job.request)
    from cartwheel.store.kept_jobs import inputs_of  # noqa: PLC0415 - only here

    assert {one.id for one in inputs_of(sqlite_store, of_toml.id)} == {broken, score}


def test_nothing_is_left_in_the_folder_of_work(client: TestClient, tmp_path: Path) -> None:
    file = _upload(client)
    assert client.post(f"{ROOT}/jobs/develop", json={"file": file, "plan": {}}).status_code == 422
    assert client.post(f"{ROOT}/jobs/develop", json={"file": file, "plan": PLAN}).status_code == 202
    left = [path.name for path in (tmp_path / "data" / "work").glob("*/*")]
    assert left == ["server.lock"]


def test_no_file_takes_the_place_of_a_score_of_the_library(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = score_to_toml(read_score("easix")).replace("EASIX", "Another")
    (tmp_path / "easix").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    from cartwheel.serve.jobs.asked import read_source  # noqa: PLC0415 - after the change of folder

    assert "Another" not in read_source("easix").title
    assert read_source(tmp_path / "easix").title != read_source("easix").title
