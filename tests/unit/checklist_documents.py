"""Results of every kind, real runs and invented ones, from which checklists are filled."""

from __future__ import annotations

from functools import cache
from typing import Any

import develop_examples as small
import pool_example
import report_example
import validation_documents

from cartwheel.canonical import plain
from cartwheel.workflows.develop import develop


@cache
def developed() -> dict[str, Any]:
    """Give a development that was run, of 80 simulated patients."""
    return plain(develop(small.cohort(), small.plan(), threads=1).document)


@cache
def documents() -> dict[str, dict[str, Any]]:
    """Give every document by a name that tells its kind."""
    return {
        "develop run": developed(),
        **{f"develop {name}": found for name, found in report_example.documents().items()},
        **{f"validate {name}": made() for name, made in validation_documents.DOCUMENTS.items()},
        **{f"pool {name}": found for name, found in pool_example.documents().items()},
    }


NAMES = (
    "develop run",
    "develop points",
    "develop index",
    "validate toxicity",
    "validate survival",
    "validate competing",
    "validate small",
    "pool ferritin",
    "pool toxicity",
    "pool mortality",
    "pool few",
    "pool accuracy",
)
