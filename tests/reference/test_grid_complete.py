"""No golden number is forgotten: each is claimed by a test, or left out for a stated reason."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from reference_data import COMPLETE, REFERENCE, golden, not_carried

HERE = Path(__file__).resolve().parent

REGISTRY = tomllib.loads((HERE / "covered.toml").read_text(encoding="utf-8"))
CONTEXT = frozenset(REGISTRY.pop("context"))
CASES: dict[str, dict[str, dict[str, Any]]] = {
    path.stem: golden(path.stem) for path in sorted((REFERENCE / "golden").glob("*.json"))
}
CLAIMS = [
    pytest.param(file, claim, id=f"{file}:{claim['cases']}:{claim['parts'][0]}")
    for file, claims in REGISTRY.items()
    for claim in claims
]


def claimed(file: str, case: str, part: str) -> list[dict]:
    """Claims on one part of a case."""
    return [
        claim
        for claim in REGISTRY.get(file, [])
        if fnmatchcase(case, claim["cases"]) and (part in claim["parts"] or claim["parts"] == ["*"])
    ]


def has(case: dict[str, Any], part: str) -> bool:
    """Whether a case has a part, or a part within a part."""
    outer, _, inner = part.partition(".")
    if part in case or part == "*":
        return True
    inside = case.get(outer)
    return bool(inner) and isinstance(inside, dict) and inner in inside


@pytest.mark.parametrize("file", CASES)
def test_every_part_of_every_case_is_claimed(file):
    forgotten = [
        f"{case}: {part}"
        for case, parts in CASES[file].items()
        for part in parts
        if part not in CONTEXT and not claimed(file, case, part)
    ]
    assert forgotten == []


@pytest.mark.parametrize("file", CASES)
def test_every_case_is_claimed(file):
    forgotten = [
        case
        for case, parts in CASES[file].items()
        if not any(claimed(file, case, part) for part in parts)
    ]
    assert forgotten == []


def test_every_golden_file_is_known():
    # the carried part has every file that a test reads, and in it the name of every part
    unread = {
        file
        for file, claims in REGISTRY.items()
        if not COMPLETE and not any("tests" in claim for claim in claims)
    }
    assert set(CASES) == set(REGISTRY) - unread


@pytest.mark.parametrize(("file", "claim"), CLAIMS)
def test_a_claim_names_what_is_there(file, claim):
    if file not in CASES and not COMPLETE:
        not_carried(f"golden file {file}")
    cases = [parts for case, parts in CASES[file].items() if fnmatchcase(case, claim["cases"])]
    assert cases
    absent = [part for part in claim["parts"] if not any(has(case, part) for case in cases)]
    assert absent == []
    assert ("tests" in claim) != ("not_served" in claim)
    assert claim.get("not_served", "why").strip()


@pytest.mark.parametrize(("file", "claim"), [one for one in CLAIMS if "tests" in one.values[1]])
def test_a_test_that_is_claimed_reads_the_file_and_names_its_parts(file, claim):
    texts = [(HERE / name).read_text(encoding="utf-8") for name in claim["tests"]]
    for name, text in zip(claim["tests"], texts, strict=True):
        assert re.search(rf"\b{file}(\.json)?[\"']", text), f"{name} does not read {file}"
    together = "\n".join(texts)
    # a part named by its key, or reached through all keys that begin alike (lifelines_...)
    unnamed = [
        part
        for part in claim["parts"]
        if not re.search(rf"[\"']{re.escape(part)}[\"']", together) and part != "*"
    ]
    assert unnamed == []


@pytest.mark.parametrize("file", CASES)
def test_nothing_is_both_compared_and_left_out(file):
    both = [
        f"{case}: {part}"
        for case, parts in CASES[file].items()
        for part in parts
        if {"tests", "not_served"} <= {key for one in claimed(file, case, part) for key in one}
    ]
    # the one part that is compared for one case of a family
    assert both in ([], ["nomogram_lrm: coef"])
