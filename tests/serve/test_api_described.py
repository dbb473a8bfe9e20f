"""The description of the calls, and the calls against it: what schemathesis finds is a fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft202012Validator
from serve_api import ROOT, calls

from cartwheel.serve.api import router
from cartwheel.serve.api.described import components
from cartwheel.store.database import open_store
from cartwheel.store.kept_files import keep_file

schemathesis = pytest.importorskip("schemathesis", reason="only with the tools of developers")
from schemathesis import checks  # noqa: E402
from schemathesis.specs.openapi import checks as openapi_checks  # noqa: E402

POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
MINE = {"Authorization": "Bearer ada:analyst", "Host": "127.0.0.1"}
SHEET = b"id,ferritin_ug_L,severe\n1,300,0\n2,900,1\n3,450,0\n"


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The calls as schemathesis reads them; the queue does not run, so jobs wait."""
    folder = tmp_path_factory.mktemp("described")
    store = open_store(folder / "store")
    keep_file(store, [SHEET], owner="ada", name="a.csv")
    app, known = calls(store, folder / "data")
    schema = schemathesis.openapi.from_asgi(f"{ROOT}/openapi.json", app, headers=MINE)
    yield schema
    known.queue.stop()
    known.audit.close()
    store.close()


CHECKS = (
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.negative_data_rejection,
    openapi_checks.unsupported_method,
)


# one after the other, so that each is seen to pass or to fail by itself
OPERATIONS = [
    (route.path, method)
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
@pytest.mark.parametrize("mode", [POSITIVE, NEGATIVE])
def test_every_call_answers_as_described(described: Any, path: str, method: str, mode: Any) -> None:
    operation = described[path][method]
    if path == f"{ROOT}/files" and method == "POST" and mode is NEGATIVE:
        pytest.skip("any bytes are a file")

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=tuple(HealthCheck),
    )
    def asked(case: Any) -> None:
        # what a schema allows may still be refused: the inputs of a score, for one
        case.call_and_validate(headers=MINE, checks=CHECKS)

    try:
        asked()
    except Unsatisfiable:
        # a call that takes nothing cannot be asked wrongly
        assert mode is NEGATIVE


def test_the_description_is_sound_and_readable(described: Any) -> None:
    document = described.raw_schema
    assert document["openapi"].startswith("3.1")
    ids = [
        operation["operationId"]
        for path in document["paths"].values()
        for method, operation in path.items()
        if method in ("get", "post", "delete")
    ]
    assert len(ids) == len(set(ids)) >= 30
    assert all(one.replace("_", "").isalpha() and len(one) < 32 for one in ids)
    text = json.dumps(document)
    for name in components():
        Draft202012Validator.check_schema(components()[name])
    pointed = {part.partition('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert pointed <= set(components())
    assert {"Estimate", "ProblemDetails", "JobTold", "AssessmentFile"} <= pointed


def test_every_refusal_is_described_as_problem_details(described: Any) -> None:
    for path, calls_there in described.raw_schema["paths"].items():
        for operation in calls_there.values():
            for status, answer in operation["responses"].items():
                if status >= "4":
                    kinds = set(answer["content"])
                    assert kinds == {"application/problem+json"}, (path, status)


def test_examples_fit_their_schemas(described: Any) -> None:
    everything = {"components": {"schemas": components()}}
    seen = 0
    for calls_there in described.raw_schema["paths"].values():
        for operation in calls_there.values():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            for example in body.get("examples", {}).values():
                validator = Draft202012Validator({**body["schema"], **everything})
                assert list(validator.iter_errors(example["value"])) == []
                seen += 1
    assert seen >= 10


def test_the_published_schemas_are_the_ones_described() -> None:
    folder = Path(__file__).resolve().parents[2] / "docs" / "schema"
    published = json.loads((folder / "pool.schema.json").read_text(encoding="utf-8"))
    assert components()["PoolResult"]["properties"].keys() == published["properties"].keys()
    estimate = components()["Estimate"]["properties"]
    assert list(estimate) == ["value", "low", "high", "level", "method", "n", "events"]
