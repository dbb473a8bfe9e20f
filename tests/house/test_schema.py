"""The published JSON Schema is the one the code makes."""

from __future__ import annotations

import json

import jsonschema
from sources import PACKAGE, REPOSITORY

from cartwheel.workflows import schema

NAME = "develop.schema.json"


def test_the_schema_in_docs_is_the_one_the_code_makes() -> None:
    written = (REPOSITORY / "docs" / "schema" / NAME).read_text(encoding="utf-8")
    assert json.loads(written) == schema.develop_schema()


def test_every_copy_in_the_package_is_the_one_in_docs() -> None:
    copies = list(PACKAGE.rglob(NAME))
    assert copies, f"the package carries no {NAME}"
    published = (REPOSITORY / "docs" / "schema" / NAME).read_bytes()
    assert all(copy.read_bytes() == published for copy in copies)


def test_the_schema_is_a_valid_schema() -> None:
    made = schema.develop_schema()
    jsonschema.validators.validator_for(made).check_schema(made)
