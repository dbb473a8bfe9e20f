"""Every number of a result can be followed to its data, its plan and its function."""

from __future__ import annotations

import json
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from develop_examples import SURVIVAL, cohort, plan

import cartwheel as cw
from cartwheel.canonical import canonical_json
from cartwheel.development.result import Development
from cartwheel.errors import FileRefused
from cartwheel.landmarking.result import LandmarkResult
from cartwheel.pooling.appraisal.result import Appraisal
from cartwheel.pooling.result import Pool
from cartwheel.validation.result import Validation
from cartwheel.validation.result_score import ScoreResult
from cartwheel.workflows.trace import origins, places, trace

KINDS: dict[str, type] = {
    "develop": Development,
    "validate": Validation,
    "pool": Pool,
    "appraise": Appraisal,
    "landmark": LandmarkResult,
}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trace") / "result.json"
    made = cw.develop(cohort(80, 3), plan(bootstrap=5, outcome=SURVIVAL))
    path.write_text(made.to_json(), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_of_a_result_has_an_origin(kind: str) -> None:
    parts = {field.name for field in fields(KINDS[kind])}
    known = {name for name in origins()[kind] if "." not in name}
    assert parts <= known | set(origins()["any"])
    assert known <= parts
    inside = {name.split(".")[1] for name in origins()[kind] if "." in name}
    assert inside <= {field.name for field in fields(ScoreResult)}


def test_every_function_named_is_there() -> None:
    for kind, parts in origins().items():
        for part, origin in parts.items():
            module, _, name = origin["function"].rpartition(".")
            assert callable(getattr(import_module(module), name)), f"{kind}.{part}"


def test_every_line_of_a_plan_that_is_named_is_in_the_plan(result: Path) -> None:
    wanted = json.loads(result.read_text(encoding="utf-8"))["plan"]
    for part, origin in origins()["develop"].items():
        for key in origin.get("plan", ()):
            here: Any = wanted
            for step in key.split("."):
                assert step in here, f"{part}: {key}"
                here = here[step]


def test_a_number_is_followed(result: Path) -> None:
    document = json.loads(result.read_text(encoding="utf-8"))
    place = "result.performance.measures[0].corrected"
    found = trace(result, place)
    told = document["result"]["performance"]["measures"][0]
    assert found.value == told["corrected"]
    assert found.is_estimate
    assert told["label"] in found.label
    assert dict((line.key, line.value) for line in found.plan)["resampling"]["bootstrap"] == 5
    assert found.data == (
        (document["provenance"]["data_name"], document["provenance"]["data_sha256"]),
    )
    assert found.seed == document["provenance"]["seed"]
    assert ("numpy", document["provenance"]["libraries"]["numpy"]) in found.versions
    assert trace(result, place.removeprefix("result.")) == found
    assert json.loads(canonical_json(found))["place"] == place


def test_every_place_that_is_listed_can_be_followed(result: Path) -> None:
    there = places(result)
    assert len(there) == len(set(there)) > 100
    for place in there[::23]:
        found = trace(result, place)
        assert found.place == place
        assert found.function.startswith("cartwheel.")
    below = places(result, "result.performance")
    assert below
    assert all(place.startswith("result.performance") for place in below)


@pytest.mark.parametrize(
    ("place", "code", "mend"),
    [
        ("performance.measures[0].correctd", "no_place", "corrected"),
        ("zzzz", "no_place", "list them"),
        ("label", "several_places", "write more"),
        ("result.performance.measures[99]", "no_place", ""),
        ("performance.measures[-1]", "no_place", ""),
    ],
)
def test_what_is_no_place_is_refused(result: Path, place: str, code: str, mend: str) -> None:
    with pytest.raises(FileRefused) as caught:
        trace(result, place)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert mend in problem.mend


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not_json"),
        ("[1, 2]", "result_kind"),
        ('{"kind": "share", "schema": "cartwheel/share/1"}', "result_kind"),
        ('{"kind": "develop", "schema": "cartwheel/develop/2"}', "newer_version"),
        ('{"kind": "develop", "schema": "cartwheel/develop/1"}', "result_broken"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileRefused) as caught:
        trace(path, "result")
    assert [problem.code for problem in caught.value.problems] == [code]
    with pytest.raises(FileRefused, match="no such file"):
        trace(tmp_path / "none.json", "result")
