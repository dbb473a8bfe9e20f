"""The shipped scores, read once, and their parts as the tests need them."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from cartwheel.clinic.registry import registry
from cartwheel.clinic.score import ScoreSpec, read_score

SECOND = Path(__file__).resolve().parents[1] / "data" / "scores_second_transcription.toml"
IDS = tuple(entry.id for entry in registry().values() if entry.computable)
# an id and the options of its parameters: every score that a patient can be given
VARIANTS = tuple((name, picked) for name in IDS for picked in read_score(name).variants)


@cache
def shipped(name: str) -> ScoreSpec:
    return read_score(name)


def variant(name: str, picked: tuple[str, ...]) -> ScoreSpec:
    return shipped(name).variants[picked]


@cache
def second() -> dict[str, Any]:
    return tomllib.loads(SECOND.read_text(encoding="utf-8"), parse_float=Decimal)


def case_id(case: object) -> str:
    return " ".join([case[0], *case[1]]) if isinstance(case, tuple) else str(case)
