"""What ``cartwheel score --json`` writes, and its JSON Schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from cartwheel.clinic.scoring import Assessment, Unscorable
from cartwheel.workflows.json_schema import closed_schema
from cartwheel.workflows.score_cohort import RowCounts


@dataclass(frozen=True, slots=True)
class ScoreProvenance:
    """Where an answer comes from.

    Parameters
    ----------
    cartwheel : str
        Version.
    score, score_version, score_sha256 : str
        Which score, exactly.
    """

    cartwheel: str
    score: str
    score_version: str
    score_sha256: str


@dataclass(frozen=True, slots=True)
class AssessmentFile:
    """One patient with an answer."""

    kind: Literal["assessment"]
    schema: Literal["cartwheel-assessment/1"]
    provenance: ScoreProvenance
    intended_use: str
    result: Assessment


@dataclass(frozen=True, slots=True)
class UnscorableFile:
    """One patient without an answer."""

    kind: Literal["unscorable"]
    schema: Literal["cartwheel-unscorable/1"]
    provenance: ScoreProvenance
    intended_use: str
    result: Unscorable


@dataclass(frozen=True, slots=True)
class AssessedRow:
    """One row of a sheet; ``row`` is its number as the user sees it."""

    row: int
    kind: Literal["assessment", "unscorable"]
    result: Assessment | Unscorable


@dataclass(frozen=True, slots=True)
class AssessmentsFile:
    """Every row of a sheet, and how the rows came out."""

    kind: Literal["assessments"]
    schema: Literal["cartwheel-assessments/1"]
    provenance: ScoreProvenance
    intended_use: str
    result: tuple[AssessedRow, ...]
    counts: RowCounts


def assessment_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the files that ``cartwheel score --json`` writes.

    Returns
    -------
    dict
        One of three kinds; every object closed to unknown keys.
    """
    return closed_schema(
        AssessmentFile | UnscorableFile | AssessmentsFile,
        "cartwheel/assessment/1",
        "Result of cartwheel score",
    )
