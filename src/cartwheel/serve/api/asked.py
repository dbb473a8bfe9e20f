"""What calls take: strict, closed to unknown keys, with examples."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

_FILE = r"^[0-9a-f]{24}$"
FileId = Annotated[str, Field(pattern=_FILE, description="Id of a file: POST /files gives it.")]
_GIVEN = {
    "description": "Text with its unit, or a number where there is none, or an object of both. "
    "null is missing, which is never 'no' and never 0.",
    "anyOf": [
        {"$ref": "#/components/schemas/MeasuredValue"},
        {"type": "string", "maxLength": 200},
        {"type": "number"},
        {"type": "null"},
    ],
}
# read by `cartwheel.serve.api.given`, which says what is wrong beside its name
Given = Annotated[Any, WithJsonSchema(_GIVEN)]
Plan = Annotated[
    dict[str, Any], Field(description="The plan as data, with the keys of the plan file.")
]
PlanText = Annotated[str, Field(max_length=1_000_000, description="The plan as TOML.")]
Sheet = Annotated[str | int, Field(description="Sheet of a workbook, by name or number.")]
Words = Annotated[dict[str, str], Field(max_length=5000)]


class _Asked(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="null"
    )


class MeasuredValue(_Asked):
    """A value with its unit, and the day on which it was measured."""

    value: Annotated[
        Any,
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "number"},
                    {"type": "string", "maxLength": 200},
                    {"type": "null"},
                ],
                "description": "Digits are kept as sent; a text may hold a limit: '<0.5'.",
                "examples": [280, "<0.5"],
            }
        ),
    ]
    unit: Annotated[str, Field(max_length=60, examples=["U/L"])] = ""
    day: Annotated[
        float | None, Field(description="Infusion is day 0; compared with what the score asks.")
    ] = None


class About(_Asked):
    """The patient, compared with the score's population: who differs gives a warning."""

    disease: Annotated[str | None, Field(max_length=200)] = None
    product: Annotated[str | None, Field(max_length=200)] = None
    age: Given = None


class AskedAssessment(_Asked):
    """One patient. Nothing of it is kept."""

    inputs: Annotated[
        dict[str, Given],
        Field(max_length=200, description="By input of the score, or by its variable."),
    ]
    # None, not {}: an empty one would be copied for every patient
    choices: Annotated[
        Words | None, Field(description="Options of what the publication leaves open.")
    ] = None
    about: About | None = None
    at: Annotated[
        str | None, Field(max_length=60, description="Time of the assessment, handed through.")
    ] = None


class ScoreText(_Asked):
    """A score that is not in the library."""

    toml: Annotated[str, Field(max_length=4_000_000, description="A score file.")]


class ScoreKept(_Asked):
    """A score file that was uploaded, or that a development made."""

    file: FileId


class AskedOwnAssessment(AskedAssessment):
    """One patient, by a score of the caller's own."""

    score: ScoreKept | ScoreText


class AskedAssessments(_Asked):
    """Several patients. Nothing of it is kept."""

    patients: Annotated[list[AskedAssessment], Field(min_length=1, max_length=1000)]


class AskedGrades(_Asked):
    """One chart, graded by one rule or several."""

    rules: Annotated[list[str], Field(min_length=1, max_length=20)]
    chart: Annotated[
        dict[str, Any],
        Field(
            max_length=200,
            description="By input of the rules: text with its unit, {value, unit}, a word, a list; "
            "values over days as pairs of a day and a value.",
        ),
    ]
    at: Annotated[str | None, Field(max_length=60)] = None


class AskedReview(_Asked):
    """The plan of a development, before any data."""

    plan_toml: PlanText


class _AskedJob(_Asked):
    title: Annotated[
        str | None, Field(max_length=300, description="For the list of jobs; no patient's data.")
    ] = None


class Declaration(_Asked):
    """What a column is, where its name does not tell."""

    column: str
    variable: str | None = None
    unit: str | None = None
    day: float | None = None
    coding: dict[str, int] | None = None
    decimal: Literal[".", ","] | None = None


class AskedCheck(_AskedJob):
    """Say what every column of a sheet is, and what is wrong with it: gives check.json."""

    file: FileId
    declarations: list[Declaration] = []
    sheet: Sheet | None = None
    id: Annotated[str | None, Field(description="Column of patient ids.")] = None


class AskedPlan(_AskedJob):
    """Suggest the plan of a development: gives plan.toml, to be edited."""

    file: FileId
    method: Literal["index", "points"] | None = None
    event: str | None = None
    time: str | None = None
    sheet: Sheet | None = None


class _AskedByPlan(_AskedJob):
    file: FileId
    plan: Plan | None = None
    plan_toml: PlanText | None = None
    sheet: Sheet | None = None


class AskedDevelopment(_AskedByPlan):
    """Develop a score: gives result.json, report.html, score.toml, plan.toml, program.R."""


class AskedValidation(_AskedByPlan):
    """Validate scores: gives result.json, report.html, share.json, plan.toml, program.R.

    A score of the plan is an id of the library or ``{"file": ID}``.
    """


class AskedPooling(_AskedJob):
    """Pool what was published: gives result.json, report.html, plan.toml, program.R."""

    files: list[FileId] = []
    table: Annotated[
        str | list[dict[str, str | int | float | None]] | None,
        Field(description="Rows typed by hand: the text of a CSV, or objects."),
    ] = None
    table_name: Annotated[str | None, Field(max_length=100)] = None
    plan: Plan | None = None
    plan_toml: PlanText | None = None
    sheet: Sheet | None = None


class AskedAppraisal(_AskedJob):
    """Say what published numbers imply: gives result.json and report.html."""

    file: FileId | None = None
    pooled: list[str] | None = None
    beside: Annotated[dict[str, Any] | None, Field(description="See docs/appraise.md.")] = None
    rare: bool | None = None
    model: Annotated[dict[str, Any] | None, Field(description="See docs/appraise.md.")] = None
    words: Annotated[dict[str, Any] | None, Field(description="See docs/appraise.md.")] = None


class AskedPaper(_AskedJob):
    """Write the paper of a result.json."""

    file: FileId
    formats: list[Literal["html", "pdf", "docx", "bib", "csl", "figures"]] = [
        "html",
        "pdf",
        "docx",
    ]
    language: Literal["en", "de", "zh"] = "en"
    share: bool = False
    checklists: list[str] | None = None


class AskedSheet(_AskedJob):
    """Score every row of a sheet: gives scored.csv and scored.json."""

    file: FileId
    score: Annotated[str | ScoreKept, Field(description="Id of the library, or a score file.")]
    units: Words = {}
    columns: Words = {}
    choices: Words = {}
    days: dict[str, float] = {}
    about: dict[Literal["disease", "product", "age"], str] = {}


class AskedCharts(_AskedJob):
    """Grade a file of charts: gives grades.json, patients.csv and rows.csv."""

    file: FileId
    rules: Annotated[list[str], Field(min_length=1, max_length=20)]
    map: Words = {}
    units: Words = {}
    sheet: Sheet | None = None
    runs: bool = False
    by_day: bool = False
    missing_days: Literal["censor", "ignore", "refuse"] = "censor"
    horizon: int | None = None
    begins: int = 0


JOBS: dict[str, type[_AskedJob]] = {
    "check": AskedCheck,
    "plan": AskedPlan,
    "develop": AskedDevelopment,
    "validate": AskedValidation,
    "pool": AskedPooling,
    "appraise": AskedAppraisal,
    "paper": AskedPaper,
    "batch": AskedSheet,
    "grade": AskedCharts,
}
"""What each kind of job takes."""
