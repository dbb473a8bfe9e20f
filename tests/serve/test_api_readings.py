"""Where a number comes from, by its place or its name in the paper, as the command line says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import done_here
from serve_api import ROOT, calling
from serve_app import as_person
from starlette.testclient import TestClient

from cartwheel.canonical import canonical_json
from cartwheel.serve.api import readings
from cartwheel.store.database import open_store
from cartwheel.workflows.pool import pool

TABLE = "study,hr,low,high\nA 2022,2.1,1.3,3.4\nB 2023,1.4,0.9,2.2\nC 2024,1.7,1.1,2.6\n"
JSON = {"Content-Type": "application/octet-stream"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, str, Path]]:
    """A client, the address of a result that was uploaded, and the same as a file."""
    folder = tmp_path_factory.mktemp("readings")
    table, result = folder / "three.csv", folder / "result.json"
    table.write_text(TABLE, encoding="utf-8")
    result.write_text(canonical_json(pool([table])), encoding="utf-8")
    store = open_store(folder / "store")
    with calling(store, folder / "data") as client:
        told = client.post(
            f"{ROOT}/files?name=result.json", content=result.read_bytes(), headers=JSON
        )
        yield client, f"{ROOT}/files/{told.json()['id']}", result
    store.close()


def _of_command_line(result: Path, *arguments: str) -> str:
    done = done_here("trace", result, *arguments, "--json", "-", folder=result.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _codes(answer: Any) -> list[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return [one["code"] for one in answer.json()["problems"]]


@pytest.mark.parametrize(
    ("asked", "arguments"),
    [
        ({"place": "T2.1.2"}, ["T2.1.2"]),
        ({"place": "table 2 row 1 column 2"}, ["table 2 row 1 column 2"]),
        ({"place": "table 2"}, ["table 2"]),
        ({"place": "F1"}, ["F1"]),
        ({"said": "2.10"}, ["--said", "2.10"]),
        ({"place": "T2.1.2", "share": True}, ["T2.1.2", "--share"]),
        (
            {"place": "result.analyses[0].studies[0].estimate"},
            ["result.analyses[0].studies[0].estimate"],
        ),
    ],
)
def test_a_place_is_called_as_the_paper_calls_it(
    kept: tuple[TestClient, str, Path], asked: dict[str, Any], arguments: list[str]
) -> None:
    client, address, result = kept
    answer = client.get(f"{address}/trace", params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.text == _of_command_line(result, *arguments)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "no_place"),
        ({"place": "T2", "said": "2.10"}, "no_place"),
        ({"place": "T99"}, "no_table"),
        ({"place": "F99"}, "no_figure"),
        ({"place": "T2.99"}, "no_cell"),
    ],
)
def test_a_place_that_is_not_there_is_refused(
    kept: tuple[TestClient, str, Path], asked: dict[str, Any], code: str
) -> None:
    client, address, _ = kept
    answer = client.get(f"{address}/trace", params=asked)
    assert (answer.status_code, _codes(answer)) == (422, [code])


def test_a_hostile_file_does_its_harm_in_a_process_of_its_own(
    kept: tuple[TestClient, str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _, _ = kept
    deep = client.post(f"{ROOT}/files?name=deep.json", content=b"[" * 900_000, headers=JSON).json()
    assert _codes(client.get(f"{ROOT}/files/{deep['id']}/places")) == ["not_json"]
    # one that takes too long is ended
    monkeypatch.setattr(readings, "_LONGEST", 0.0)
    answer = client.get(f"{ROOT}/files/{deep['id']}/referee")
    assert (answer.status_code, _codes(answer)) == (422, ["reading_ended"])
    monkeypatch.setattr(readings, "LARGEST_RESULT", 10)
    assert client.get(f"{ROOT}/files/{deep['id']}/places").status_code == 413


def test_nobody_reads_the_result_of_another(kept: tuple[TestClient, str, Path]) -> None:
    client, address, _ = kept
    as_person(client, "bert")
    try:
        for question in ("places", "trace?place=T2", "referee"):
            assert client.get(f"{address}/{question}").status_code == 404
    finally:
        as_person(client)
