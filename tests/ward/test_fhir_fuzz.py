"""FHIR that nobody has foreseen: no crash, no hang, always an OperationOutcome or a receipt."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fhir_samples import (
    CODES,
    encounter,
    ferritin,
    given,
    patient,
    pressure,
    procedure,
    text_of,
)
from fhir_server import HEADERS, fhir_app
from hypothesis import given as told, settings, strategies as st

from cartwheel.errors import Refused
from cartwheel.serve.fhir.bundles import check_bundle, plan_of
from cartwheel.serve.fhir.checking import check
from cartwheel.serve.fhir.context import FhirContext, FhirOptions
from cartwheel.serve.fhir.json_text import read_json, write_json
from cartwheel.serve.fhir.parsing import items_of

SAMPLES = (ferritin(), pressure(), procedure(), given(), given("NORA"), patient(), encounter())
_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.text(max_size=12),
    st.sampled_from([
        "", " ", "'; DROP TABLE ward_entry;--", "<script>alert(1)</script>", "2026-02-30",
        "2026-03-01T24:00:00Z", "2026-03-01T12:00:60Z", "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00", "Patient/../x", "#", "urn:uuid:1", "http://[", "-", "*",
        "http://loinc.org", "2276-4", "ug/L", "final", "entered-in-error", "\u202e", "ß" * 400,
    ]),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
)  # fmt: skip
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "code", "system", "coding", "reference", "text", "x"]),
            inner, max_size=3,
        )
    ),
    max_leaves=6,
)  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in pairs:
        yield (*path, key)
        if isinstance(one, dict | list):
            yield from _places(one, (*path, key))


def _changed(value: Any, path: tuple[Any, ...], new: Any, *, drop: bool) -> Any:
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(path) > 1:
        copy[path[0]] = _changed(value[path[0]], path[1:], new, drop=drop)
    elif drop:
        del copy[path[0]]
    else:
        copy[path[0]] = new
    return copy


@st.composite
def _mutated(draw: st.DrawFn) -> Any:
    resource: Any = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(resource))
        if not places:
            break
        path = draw(st.sampled_from(places))
        resource = _changed(resource, path, draw(_VALUES), drop=draw(st.booleans()))
    return resource


def _written(resource: Any) -> bytes:
    return write_json(resource).encode("utf-8", "surrogatepass")


@told(_mutated())
@settings(deadline=None, max_examples=250)
def test_any_change_of_a_sound_resource_is_read_or_refused(resource: Any) -> None:
    try:
        read = read_json(_written(resource))
        check(read)
    except Refused as error:
        refused = error
    else:
        refused = None
    if refused is not None:
        assert refused.problems
        assert all(one.code and one.what for one in refused.problems)
        return
    for item in items_of(read, FhirContext(CODES, FhirOptions())):
        assert item is not None


@told(st.lists(_mutated(), max_size=3), _VALUES)
@settings(deadline=None, max_examples=60)
def test_any_bundle_is_planned_or_refused(resources: list[Any], strange: Any) -> None:
    entries: list[Any] = [
        {"resource": one, "request": {"method": "POST", "url": "Observation"}} for one in resources
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [*entries, strange]}
    try:
        read = read_json(_written(bundle))
        check_bundle(read)
        plan = plan_of(read)
    except Refused:
        return  # with its problems, or it could not have been made
    assert len(plan.resources) == len(bundle["entry"])


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    app = fhir_app(tmp_path_factory.mktemp("fuzz"))
    with TestClient(app, base_url="http://127.0.0.1:8765", headers=HEADERS) as made:
        yield made


def test_every_answer_is_fhir(client: TestClient) -> None:
    @told(_mutated())
    @settings(deadline=None, max_examples=60)
    def one(resource: Any) -> None:
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        kind = (
            kind if isinstance(kind, str) and kind.isalpha() and kind.isascii() else "Observation"
        )
        answer = client.post(f"/fhir/{kind}", content=_written(resource))
        assert answer.headers["content-type"].startswith("application/fhir+json")
        assert answer.status_code < 500, answer.text
        if answer.status_code not in (200, 201):
            assert answer.json()["resourceType"] == "OperationOutcome"
            assert answer.json()["issue"]

    one()


def test_any_bytes_are_answered(client: TestClient) -> None:
    @told(st.binary(max_size=60), st.sampled_from(["", "/Observation", "/$notify"]))
    @settings(deadline=None, max_examples=40)
    def one(content: bytes, path: str) -> None:
        answer = client.post(f"/fhir{path}", content=content)
        assert answer.status_code in (202, 400, 404, 415, 422), answer.text

    one()


def test_two_thousand_values_in_one_bundle(tmp_path: Path, client: TestClient) -> None:
    entries = [
        {
            "resource": ferritin(id=f"many-{place}"),
            "request": {"method": "PUT", "url": f"Observation/many-{place}"},
        }
        for place in range(2000)
    ]
    content = text_of({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    begun = time.perf_counter()
    answer = client.post("/fhir", content=content)
    seconds = time.perf_counter() - begun
    assert answer.status_code == 200, answer.text[:500]
    assert len(answer.json()["entry"]) == 2000
    print(f"2000 Observations, {len(content) >> 10} KB: {seconds:.2f} s")
