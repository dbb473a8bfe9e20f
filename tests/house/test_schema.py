"""The published JSON Schemas are those the code makes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from sources import PACKAGE, REPOSITORY

from cartwheel.workflows import (
    appraise,
    grade_schema,
    landmark,
    monitor,
    monitor_drift,
    referee,
    schema,
    score_schema,
)

MADE: dict[str, Callable[[], dict[str, Any]]] = {
    "appraise": appraise.appraise_schema,
    "assessment": score_schema.assessment_schema,
    "develop": schema.develop_schema,
    "grade": grade_schema.grade_schema,
    "landmark": landmark.landmark_schema,
    "monitor-drift": monitor_drift.monitor_drift_schema,
    "monitor-simulation": monitor.monitor_schema,
    "pool": schema.pool_schema,
    "referee": referee.referee_schema,
    "share": schema.share_schema,
    "validate": schema.validate_schema,
}
kinds = pytest.mark.parametrize("kind", MADE)


@kinds
def test_the_schema_in_docs_is_the_one_the_code_makes(kind: str) -> None:
    path = REPOSITORY / "docs" / "schema" / f"{kind}.schema.json"
    assert json.loads(path.read_text(encoding="utf-8")) == MADE[kind]()


@kinds
def test_every_copy_in_the_package_is_the_one_in_docs(kind: str) -> None:
    name = f"{kind}.schema.json"
    copies = list(PACKAGE.rglob(name))
    assert copies, f"the package carries no {name}"
    published = (REPOSITORY / "docs" / "schema" / name).read_bytes()
    assert all(copy.read_bytes() == published for copy in copies)


@kinds
def test_the_schema_is_a_valid_schema(kind: str) -> None:
    made = MADE[kind]()
    jsonschema.validators.validator_for(made).check_schema(made)
