"""Scores and grades by call: the numbers of the command line, and nothing guessed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import done_here
from jsonschema import Draft202012Validator
from serve_api import PATIENT, ROOT, calling
from starlette.requests import Request
from starlette.testclient import TestClient

from cartwheel.clinic.registry import registry
from cartwheel.clinic.score import read_score, score_to_toml
from cartwheel.serve.services import services
from cartwheel.store.audit import Wanted, entries_of
from cartwheel.store.database import Store

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schema"
EASIX = f"{ROOT}/scores/easix/assessments"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client(sqlite_store: Store, tmp_path: Path) -> Iterator[TestClient]:
    with calling(sqlite_store, tmp_path / "data") as found:
        yield found


def _codes(answer: Any) -> set[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == answer.status_code
    return {one["code"] for one in told["problems"]}


def _fits(name: str, document: Any) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(document)) == []


def _of_command_line(*arguments: str) -> Any:
    done = done_here(*arguments, "--json", "-", folder=Path.cwd())
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_score_is_what_the_command_line_gives(client: TestClient, tmp_path: Path) -> None:
    inputs = {**PATIENT["inputs"], "platelets": {"value": 90.5, "unit": "10*9/L", "day": -6}}
    patient = tmp_path / "patient.json"
    patient.write_text(json.dumps(inputs), encoding="utf-8")
    answer = client.post(EASIX, json={"inputs": inputs, "at": "day -5"})
    assert answer.status_code == 200
    line = _of_command_line("score", "easix", "--patient", str(patient), "--at", "day -5")
    assert answer.json() == line
    _fits("assessment", answer.json())


def test_digits_and_units_count_as_they_were_sent(client: TestClient) -> None:
    typed = {"inputs": {"ldh": "280 U/L", "creatinine": "1.10 mg/dL", "platelets": "90 10*9/L"}}
    body = json.dumps(typed).replace('"1.10 mg/dL"', '{"value": 1.10, "unit": "mg/dL"}')
    sent = client.post(EASIX, content=body, headers=JSON).json()["result"]
    assert sent == client.post(EASIX, json=typed).json()["result"]
    assert [one["given"] for one in sent["inputs"]][1] == "1.10 mg/dL"


@pytest.mark.parametrize(
    ("inputs", "codes"),
    [
        ({"ldh": False, "creatinine": True, "platelets": "90 10*9/L"}, {"bad_value"}),
        ({"ldh": {"value": False, "unit": "U/L"}}, {"bad_value"}),
        ({"ldh": {"value": 280, "units": "U/L"}}, {"unknown_key"}),
        ({"ldh": {"unit": "U/L"}}, {"missing_key"}),
        ({"ldh": {"value": 280, "unit": 5}}, {"bad_value"}),
        ({"ldh": {"value": 280, "unit": "U/L", "day": "6"}}, {"not_a_day"}),
        ({"ldh": [280]}, {"bad_value"}),
        ({"ldh": 280, "creatinine": "1 mg/dL", "platelets": "90 10*9/L"}, {"unit_missing"}),
        ({"ldh": "280 U/L", "creatinine": "1 mg/dL"}, {"missing"}),
        ({"ldh": None, "creatinine": "1 mg/dL", "platelets": "90 10*9/L"}, {"missing"}),
        ({**PATIENT["inputs"], "age": "63 years", "ferritine": "1 ug/L"}, {"unknown_input"}),
    ],
)  # fmt: skip
def test_what_is_not_said_clearly_is_refused(
    client: TestClient, inputs: dict[str, object], codes: set[str]
) -> None:
    answer = client.post(EASIX, json={"inputs": inputs})
    assert answer.status_code == 422
    assert _codes(answer) == codes


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"5", b"{", b'{"inputs": NaN}', b'{"inputs": {"ldh": Infinity}}',
        b'{"inputs": {"ldh": -Infinity}}', b'{"inputs": {}, "inputs": {}}',
        b'{"inputs": {"ldh": 1e999}}', b'{"inputs": {"ldh": 1e-999}}',
        b'{"inputs": {"ldh": ' + b"9" * 5000 + b"}}", b'{"inputs": "\xff"}',
        b'\xef\xbb\xbf{"inputs": {}}', b'{"inputs": {"ldh": "\\ud800"}}',
        b'{"inputs": {"ldh": "\\u0000"}}', b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}",
        b"[" * 100_000, '{"inputs": {}}'.encode("utf-16"),
    ],
)  # fmt: skip
def test_what_is_no_sound_json_is_refused_as_such(client: TestClient, body: bytes) -> None:
    answer = client.post(EASIX, content=body, headers=JSON)
    assert answer.status_code == 400
    assert _codes(answer) == {"bad_json"}


def test_too_long_a_body_and_another_kind_are_refused(client: TestClient) -> None:
    nested = b'{"a": ' + b"[" * 5_000_000 + b"]" * 5_000_000 + b"}"
    assert client.post(EASIX, content=nested, headers=JSON).status_code == 413
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        headers = {"Content-Type": kind} if kind else {}
        answer = client.post(EASIX, content=json.dumps(PATIENT).encode(), headers=headers)
        assert (answer.status_code, _codes(answer)) == (415, {"media_type"})
    packed = client.post(EASIX, content=b"\x1f\x8b", headers={**JSON, "Content-Encoding": "gzip"})
    assert packed.status_code == 415


def test_unknown_keys_name_the_nearest_known_one(client: TestClient) -> None:
    answer = client.post(EASIX, json={**PATIENT, "chioces": {}})
    assert _codes(answer) == {"unknown_key"}
    assert answer.json()["problems"][0]["mend"] == "did you mean 'choices'?"


def test_a_missing_input_gives_a_range_where_the_score_allows_it(client: TestClient) -> None:
    allowing = [
        name
        for name, entry in registry().items()
        if entry.computable and read_score(name).missing == "range"
    ]
    spec = read_score(allowing[0])
    given = {item.name: None for item in spec.inputs}
    answer = client.post(f"{ROOT}/scores/{spec.id}/assessments", json={"inputs": given})
    if answer.status_code == 200:
        told = answer.json()["result"]
        assert told["value"] is None
        assert told["value_low"] < told["value_high"]
    else:
        assert _codes(answer) <= {"nothing_given", "missing"}


def test_who_differs_from_the_population_is_told(client: TestClient) -> None:
    about = {"disease": "a cold", "age": {"value": 3, "unit": "years"}}
    told = client.post(f"{ROOT}/scores/easix/assessments", json={**PATIENT, "about": about})
    assert told.status_code == 200
    wrong = client.post(EASIX, json={**PATIENT, "about": {"age": True}})
    assert _codes(wrong) == {"bad_value"}


def test_several_patients_are_told_apart(client: TestClient) -> None:
    patients = [PATIENT, {"inputs": {"ldh": "280 U/L"}}, {"inputs": {"ldh": False}}, PATIENT]
    answer = client.post(f"{ROOT}/scores/easix/batches", json={"patients": patients})
    assert answer.status_code == 200
    told = answer.json()
    _fits("assessment", told)
    assert [row["kind"] for row in told["result"]] == [
        "assessment", "unscorable", "unscorable", "assessment",
    ]  # fmt: skip
    single = client.post(EASIX, json=PATIENT).json()["result"]
    assert told["result"][0]["result"] == told["result"][3]["result"] == single
    counts = told["counts"]
    assert (counts["rows"], counts["scored"], counts["ranged"], counts["refused"]) == (4, 2, 0, 2)
    assert sum(reason["rows"] for reason in counts["reasons"]) >= 2
    assert _codes(client.post(f"{ROOT}/scores/easix/batches", json={"patients": []})) == {
        "bad_value"
    }


def test_a_score_of_ones_own_is_computed_from_its_file(client: TestClient) -> None:
    text = score_to_toml(read_score("easix"))
    sent = client.post(f"{ROOT}/assessments", json={**PATIENT, "score": {"toml": text}})
    assert sent.status_code == 200
    library = client.post(EASIX, json=PATIENT).json()
    assert sent.json()["result"]["value"] == library["result"]["value"]
    kept = client.post(
        f"{ROOT}/files?name=own.toml", content=text.encode(),
        headers={"Content-Type": "application/toml"},
    ).json()  # fmt: skip
    uploaded = client.post(f"{ROOT}/assessments", json={**PATIENT, "score": {"file": kept["id"]}})
    assert uploaded.json() == sent.json()
    for broken in ("", "a = ", "id = 5\n", "easix", "/etc/passwd"):
        answer = client.post(f"{ROOT}/assessments", json={**PATIENT, "score": {"toml": broken}})
        assert answer.status_code == 422, broken
        assert _codes(answer)


def test_the_library_is_listed_and_told(client: TestClient) -> None:
    listed = client.get(f"{ROOT}/scores").json()["scores"]
    assert [one["id"] for one in listed] == list(registry())
    for one in listed:
        answer = client.get(f"{ROOT}/scores/{one['id']}")
        assert answer.status_code == (200 if one["computable"] else 422)
        if one["computable"]:
            _fits("score", answer.json())
        else:
            assert _codes(answer) == {"not_computable"}
    assert client.get(f"{ROOT}/scores/..%2F..%2Fetc%2Fpasswd").status_code == 404
    assert _codes(client.get(f"{ROOT}/scores/nothing")) == {"no_such_score"}


def test_a_chart_is_graded_as_the_command_line_does(client: TestClient) -> None:
    chart = {"temperature": {"value": 39.2, "unit": "Cel"}, "oxygen_device": "nasal cannula"}
    answer = client.post(f"{ROOT}/grades", json={"rules": ["astct-crs"], "chart": chart})
    assert answer.status_code == 200
    line = _of_command_line(
        "grade", "--rule", "astct-crs", "--set", "temperature=39.2 Cel", "--set",
        "oxygen_device=nasal cannula",
    )  # fmt: skip
    assert answer.json() == line
    _fits("grade", answer.json())
    for wrong in ({"rules": ["none"], "chart": chart}, {"rules": ["astct-crs"], "chart": {}}):
        assert client.post(f"{ROOT}/grades", json=wrong).status_code == 422
    rules = client.get(f"{ROOT}/grading-rules").json()
    assert "astct-crs" in [rule["id"] for rule in rules["result"]]


def test_roles_are_kept_and_nothing_of_a_patient_is_written(
    client: TestClient, sqlite_store: Store
) -> None:
    for role, status in (("reader", 403), ("clinician", 200), ("analyst", 200)):
        client.headers["Authorization"] = f"Bearer ada:{role}"
        assert client.post(EASIX, json=PATIENT).status_code == status
    client.headers["Authorization"] = "nobody"
    assert client.post(EASIX, json=PATIENT).status_code == 401
    assert client.get(f"{ROOT}/scores").status_code == 401
    assert client.get(f"{ROOT}/health").json() == {"status": "ok"}
    services(Request({"type": "http", "app": client.app})).audit.flush()
    seen = entries_of(sqlite_store, Wanted())
    assert [one.entry.what for one in seen].count("score computed") == 2
    assert not any(word in f"{one}" for one in seen for word in ("280", "97", "umol"))
