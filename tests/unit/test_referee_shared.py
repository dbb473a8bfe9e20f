from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shared_example import centre, validated

from cartwheel.canonical import canonical_json, content_sha256
from cartwheel.errors import FileRefused
from cartwheel.finding import RefereeReport
from cartwheel.referee.report import referee
from cartwheel.workflows.referee import referee_file

ASKED = {"few_events", "same_patients", "discrimination", "miscalibrated", "calibration_absent",
         "simulated"}  # fmt: skip


def both(tmp_path: Path, shift: float, kind: str = "binary") -> tuple[RefereeReport, RefereeReport]:
    """The report on a shared file, and that on the validation it is of."""
    done = validated(centre(31, 220, shift), kind)
    path = tmp_path / "shared.json"
    path.write_text(canonical_json(done.shared), encoding="utf-8")
    return referee_file(path).result, referee(json.loads(done.to_json()))


@pytest.mark.parametrize("shift", [-0.5, 0.3, 2.0])
@pytest.mark.parametrize("kind", ["binary", "survival"])
def test_it_finds_what_the_validation_finds_and_nothing_else(
    tmp_path: Path, shift: float, kind: str
) -> None:
    shared, whole = both(tmp_path, shift, kind)
    assert shared.kind == "share"
    found = {(one.code, one.severity) for one in shared.findings}
    expected = {(one.code, one.severity) for one in whole.findings if one.code in ASKED}
    if kind == "survival":
        # of events over time those by the horizon are told, which can only be fewer
        said = [one.evidence for one in shared.findings if one.code == "few_events"]
        assert all("by the horizon" in evidence for evidence in said)
        found -= {each for each in found - expected if each[0] == "few_events"}
    assert found == expected
    assert ("simulated", "information") in found
    answered = {one.code for one in shared.passed if one.answered}
    assert answered <= ASKED
    assert {one.code for one in whole.passed if one.code not in ASKED} <= {
        one.code for one in shared.passed if not one.answered
    }


def test_a_centre_that_says_so_is_no_validation(tmp_path: Path) -> None:
    done = validated(centre(32, 220))
    found = json.loads(canonical_json(done.shared))
    found["result"]["scores"][0]["same_patients"] = True
    codes = {one.code: one.severity for one in referee_of(found, tmp_path).findings}
    assert codes["same_patients"] == "critical"


def referee_of(found: dict[str, Any], tmp_path: Path) -> RefereeReport:
    path = tmp_path / "shared.json"
    path.write_text(json.dumps(found | {"content_sha256": content_sha256(found)}), encoding="utf-8")
    return referee_file(path).result


def test_a_file_that_was_changed_by_hand_is_refused(tmp_path: Path) -> None:
    found = json.loads(canonical_json(validated(centre(32, 220)).shared))
    found["result"]["events"] += 100
    path = tmp_path / "shared.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(FileRefused) as refused:
        referee_file(path)
    assert refused.value.problems[0].code == "shared_file_edited"
