"""The score as an object: everything its file says, checked and frozen."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from cartwheel.canonical import canonical_json, sha256
from cartwheel.clinic.score_checks import coherence
from cartwheel.clinic.score_terms import (
    AnyDerived,
    AnyTerm,
    ConstantStatus,
    Input,
    Many,
    Name,
    Number,
    Range,
    Said,
    Strict,
)
from cartwheel.errors import ScoreRefused

SCHEMA = "cartwheel-score/1"
INTENDED_USE = (
    "Research and education. Not a medical device: no decision about a patient may rest on it."
)

Text = Annotated[str, Field(min_length=1)]
Fraction = Annotated[Number, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class Parent(Strict):
    """The score this one was updated from."""

    id: Name
    version: Name
    sha256: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None


class ScoreOutcome(Strict):
    """What the score predicts.

    Parameters
    ----------
    kind : str
        ``binary`` or ``survival``; survival needs ``horizon`` and ``time_unit``.
    definition : str
        Which event, by which rule, counted until when.
    landmark_day : number, optional
        Day from which time runs and at which patients had to be free of the event.
    """

    name: Name
    kind: Literal["binary", "survival"]
    definition: Text
    horizon: Annotated[Number, Field(gt=0)] | None = None
    time_unit: Literal["days", "weeks", "months", "years"] | None = None
    landmark_day: Number | None = None


class Population(Strict):
    """Whom the score was made from; ``measured`` are the days of the predictors."""

    text: Text
    n: Count | None = None
    events: Count | None = None
    disease: Name | None = None
    product: Name | None = None
    setting: Name | None = None
    measured: Many[Number] = ()


class Citation(Strict):
    """Where the score was published, or what made it."""

    text: Text
    doi: Annotated[str, Field(pattern=r"^10\.\d{4,9}/\S+$")] | None = None
    authors: Name | None = None
    year: Annotated[int, Field(ge=1900, le=2200)] | None = None


class Observed(Strict):
    """Observed risk of a band: fraction, interval, and the patients behind it."""

    n: Count | None = None
    events: Count | None = None
    risk: Fraction
    low: Fraction | None = None
    high: Fraction | None = None
    level: Fraction | None = None
    source: Name


class Band(Range):
    """A named range of the score's value; bands cover the number line once, in order."""

    name: Name
    observed: Observed | None = None
    status: ConstantStatus | None = None
    source: Name | None = None


class RiskRow(Strict):
    """The risk at one total, and how many patients had it."""

    value: Number
    risk: Fraction
    n: Count | None = None
    events: Count | None = None


class RiskTable(Strict):
    """Risk by total; every total that can be reached has a row."""

    kind: Literal["table"]
    rows: Many[RiskRow]
    source: Name | None = None


class LogisticRisk(Strict):
    """``1 / (1 + exp(-(intercept + slope * value)))``."""

    kind: Literal["logistic"]
    intercept: Number
    slope: Number = Decimal(1)
    source: Name | None = None


class CoxRisk(Strict):
    """``1 - baseline_survival ** exp(slope * (value - centre))`` at the outcome's horizon."""

    kind: Literal["cox"]
    baseline_survival: Annotated[Number, Field(gt=0, lt=1)]
    slope: Number = Decimal(1)
    centre: Number = Decimal(0)
    source: Name | None = None


class Example(Strict):
    """A worked example, computed again whenever the file is read.

    ``inputs`` are written as a person would say them, with units; ``tolerance`` is absolute and
    holds for value and risk.
    """

    name: Name | None = None
    inputs: dict[str, Said]
    value: Number
    band: Name | None = None
    risk: Fraction | None = None
    tolerance: Annotated[Number, Field(ge=0)] = Decimal("0.000001")
    source: Name | None = None


class PerformanceRow(Strict):
    """One measure, apparent and corrected side by side."""

    name: Name
    label: Name | None = None
    apparent: Number
    apparent_low: Number | None = None
    apparent_high: Number | None = None
    corrected: Number | None = None
    corrected_low: Number | None = None
    corrected_high: Number | None = None
    source: Name | None = None


class ScoreSpec(Strict):
    """A score: what a development writes and what every calculator, ward and second centre runs.

    The format is described in ``docs/score-file.md``. Numbers are kept with the digits they were
    written with. ``value = intercept + sum of terms``.

    Raises
    ------
    ScoreRefused
        If parts contradict each other: ranges with gaps or overlaps, names that do not exist,
        totals without a risk, limits the wrong way round. All of it at once.
    """

    schema_: Literal["cartwheel-score/1"] = Field("cartwheel-score/1", alias="schema")
    id: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$", max_length=100)]
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z]([0-9A-Za-z.+-]*)$", max_length=50)]
    title: Name
    status: Literal["developed", "published", "unverified"]
    simulated: bool
    method: Literal["index", "points", "formula"]
    missing: Literal["refuse", "range"] = "refuse"
    intercept: Number = Decimal(0)
    intended_use: Text = INTENDED_USE
    parent: Parent | None = None
    outcome: ScoreOutcome
    population: Population
    citation: Citation
    inputs: Many[Input]
    derived: Many[AnyDerived] = ()
    terms: Many[AnyTerm]
    bands: Many[Band] = ()
    risk: Annotated[RiskTable | LogisticRisk | CoxRisk, Field(discriminator="kind")] | None = None
    performance: Many[PerformanceRow] = ()
    examples: Many[Example] = ()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if problems := coherence(self):
            raise ScoreRefused(problems)
        return self

    def document(self) -> dict[str, Any]:
        """Give the score as plain nested dictionaries with the file's own keys.

        Returns
        -------
        dict
            Keys in the order of the file; numbers as ``Decimal``; what is not said is left out.
        """
        return self.model_dump(by_alias=True, exclude_none=True)

    @cached_property
    def identity(self) -> str:
        """SHA-256 of the canonical JSON: comments and layout of the file do not count."""
        return sha256(canonical_json(self.document()))

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """Names of the inputs, in the order of the file."""
        return tuple(item.name for item in self.inputs)
