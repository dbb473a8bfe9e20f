"""The score as an object: everything its file says, checked and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from itertools import product
from types import MappingProxyType
from typing import Literal, TypeAlias

from cartwheel.canonical import canonical_json, sha256
from cartwheel.clinic.score_record import Record
from cartwheel.clinic.score_terms import (
    AnyDerived,
    AnyTerm,
    Count,
    Fraction,
    Input,
    Many,
    Name,
    Number,
    Parameter,
    Range,
    Said,
    Sourced,
    Text,
)
from cartwheel.errors import Problem, ScoreRefused

SCHEMA = "cartwheel-score/1"
INTENDED_USE = (
    "Research and education. Not a medical device: no decision about a patient may rest on it."
)

# as in score_terms: what they are here, which there may be in score_format
Id: TypeAlias = str
Version: TypeAlias = str
Sum: TypeAlias = str
Doi: TypeAlias = str
Year: TypeAlias = int
Horizon: TypeAlias = Decimal
Survival: TypeAlias = Decimal
Tolerance: TypeAlias = Decimal


class Parent(Record):
    """The score this one was updated from."""

    id: Name
    version: Name
    sha256: Sum | None = None


class ScoreOutcome(Record):
    """What the score predicts.

    Parameters
    ----------
    kind : str
        ``binary``, ``survival``, or ``none`` for an index that states no outcome. Where a
        survival outcome has a risk it needs ``horizon`` and ``time_unit``.
    definition : str
        Which event, by which rule, counted until when.
    adverse : str, optional
        ``high`` or ``low``: which end of the score is the worse one. Without it, and without a
        risk, a validation has to be told.
    landmark_day : number, optional
        Day from which time runs and at which patients had to be free of the event.
    """

    name: Name
    kind: Literal["binary", "survival", "none"]
    definition: Text
    adverse: Literal["high", "low"] | None = None
    horizon: Horizon | None = None
    time_unit: Literal["days", "weeks", "months", "years"] | None = None
    landmark_day: Number | None = None


class Population(Record):
    """Whom the score was made from.

    Parameters
    ----------
    age_low, age_high : number, optional
        Ages of the youngest and the oldest, or those that were let in, in years.
    measured : list of number
        Days of the predictors.
    data_sha256 : str, optional
        Hash of the development's file, so that nobody validates a score on the patients it was
        made from without being told.
    """

    text: Text
    n: Count | None = None
    events: Count | None = None
    disease: Name | None = None
    product: Name | None = None
    age_low: Number | None = None
    age_high: Number | None = None
    setting: Name | None = None
    measured: Many[Number] = ()
    data_sha256: Sum | None = None

    @property
    def ages(self) -> str:
        """The ages for the reader, such as ``18 to 75 years``; empty where not published."""
        if self.age_low is None:
            return "" if self.age_high is None else f"up to {self.age_high} years"
        if self.age_high is None:
            return f"{self.age_low} years or older"
        return f"{self.age_low} to {self.age_high} years"


class Citation(Record):
    """Where the score was published, or what made it."""

    text: Text
    doi: Doi | None = None
    authors: Name | None = None
    year: Year | None = None


class Observed(Record):
    """Observed risk of a band: fraction, interval, and the patients behind it."""

    n: Count | None = None
    events: Count | None = None
    risk: Fraction
    low: Fraction | None = None
    high: Fraction | None = None
    level: Fraction | None = None
    source: Name


class Band(Range, Sourced):
    """A named range of the score's value; bands cover the number line once, in order.

    Parameters
    ----------
    only : mapping of str to str, optional
        Parameter to option: the band stands only where that option is chosen.
    """

    name: Name
    only: dict[str, Name] | None = None
    observed: Observed | None = None


class RiskRow(Record):
    """The risk at one total, and how many patients had it."""

    value: Number
    risk: Fraction
    n: Count | None = None
    events: Count | None = None


class RiskTable(Record):
    """Risk by total; every total that can be reached has a row."""

    kind: Literal["table"]
    rows: Many[RiskRow]
    source: Name | None = None


class LogisticRisk(Record):
    """``1 / (1 + exp(-(intercept + slope * value)))``."""

    kind: Literal["logistic"]
    intercept: Number
    slope: Number = Decimal(1)
    source: Name | None = None


class CoxRisk(Record):
    """``1 - baseline_survival ** exp(slope * (value - centre))`` at the outcome's horizon."""

    kind: Literal["cox"]
    baseline_survival: Survival
    slope: Number = Decimal(1)
    centre: Number = Decimal(0)
    source: Name | None = None


class Example(Record):
    """A worked example, computed again whenever the file is read.

    ``inputs`` are written as a person would say them, with units; ``choices`` set parameters;
    ``tolerance`` is absolute and holds for value and risk.
    """

    name: Name | None = None
    inputs: dict[str, Said]
    choices: dict[str, Name] | None = None
    value: Number
    band: Name | None = None
    risk: Fraction | None = None
    tolerance: Tolerance = Decimal("0.000001")
    source: Name | None = None


class PerformanceRow(Record):
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


class TwoByTwo(Sourced):
    """A published two-by-two table; sensitivity and specificity are computed from it again.

    Parameters
    ----------
    name : str
        Which cohort.
    positive : list of str
        Bands that count as a positive test.
    events_positive, n_positive, events_negative, n_negative : int
        Patients with the event, and all patients, by the test.
    sensitivity, specificity : number, optional
        As printed; the counts must give them to the printed digits.
    """

    kind: Literal["two_by_two"]
    name: Name
    positive: Many[Name]
    events_positive: Count
    n_positive: Count
    events_negative: Count
    n_negative: Count
    sensitivity: Fraction | None = None
    specificity: Fraction | None = None


class Figure(Sourced):
    """A published figure that rests on patients and cannot be computed from the file.

    Parameters
    ----------
    name : str
        What it is of and in whom, such as ``AUC, severe CRS, pooled validation``.
    measure : str
        ``AUC``, ``OR``, ``HR``, ``sensitivity``, ``median PFS (months)`` and the like.
    """

    kind: Literal["figure"]
    name: Name
    measure: Name
    value: Number
    low: Number | None = None
    high: Number | None = None
    level: Fraction | None = None
    n: Count | None = None


AnyRisk: TypeAlias = RiskTable | LogisticRisk | CoxRisk
AnyPublished: TypeAlias = TwoByTwo | Figure


class ScoreSpec(Record):
    """A score: what a development writes and what every calculator, ward and second centre runs.

    The format is described in ``docs/score-file.md``. Numbers are kept with the digits they were
    written with. ``value = intercept + sum of terms``.

    Raises
    ------
    ScoreRefused
        If parts contradict each other: ranges with gaps or overlaps, names that do not exist,
        totals without a risk, limits the wrong way round. All of it at once.
    """

    schema_: Literal["cartwheel-score/1"] = "cartwheel-score/1"
    id: Id
    version: Version
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
    parameters: Many[Parameter] = ()
    inputs: Many[Input]
    derived: Many[AnyDerived] = ()
    terms: Many[AnyTerm]
    bands: Many[Band] = ()
    risk: AnyRisk | None = None
    performance: Many[PerformanceRow] = ()
    published: Many[AnyPublished] = ()
    examples: Many[Example] = ()

    @cached_property
    def identity(self) -> str:
        """SHA-256 of the canonical JSON: comments and layout of the file do not count."""
        return sha256(canonical_json(self.document()))

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """Names of the inputs, in the order of the file."""
        return tuple(item.name for item in self.inputs)

    @property
    def variants(self) -> Mapping[tuple[str, ...], ScoreSpec]:
        """Every choice of options, in the order of the parameters, as a score without parameters.

        One entry, under ``()``, is the score itself where it has no parameters.
        """
        # not cached where it would hold the score itself: comparing two scores would never end
        return self._variants if self.parameters else MappingProxyType({(): self})

    @cached_property
    def _variants(self) -> Mapping[tuple[str, ...], ScoreSpec]:
        names = [parameter.name for parameter in self.parameters]
        options = [[option.name for option in each.options] for each in self.parameters]
        found = {}
        for picked in product(*options):
            found[picked] = self._variant(dict(zip(names, picked, strict=True)))
        return MappingProxyType(found)

    @property
    def default_choices(self) -> dict[str, str]:
        """Parameter to option, where the user says nothing."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def chosen(self, choices: Mapping[str, str] | None = None) -> ScoreSpec:
        """Settle the parameters.

        Parameters
        ----------
        choices : mapping of str to str, optional
            Parameter to option; what is left out takes its default.

        Returns
        -------
        ScoreSpec
            With the terms and bands of these options and no parameters.

        Raises
        ------
        ScoreRefused
            ``unknown_parameter`` or ``unknown_option``.
        """
        settled = self.default_choices
        for name, option in (choices or {}).items():
            if problem := self._wrong_choice(name, option):
                raise ScoreRefused(problem)
            settled[name] = option
        return self.variants[tuple(settled.values())]

    def _wrong_choice(self, name: str, option: object) -> Problem | None:
        for parameter in self.parameters:
            if parameter.name == name:
                known = [each.name for each in parameter.options]
                if option in known:
                    return None
                what = f"'{str(option)[:40]}' is no option of this parameter"
                return Problem(
                    "unknown_option", what, f"parameter '{name}'", "options: " + ", ".join(known)
                )
        known = [parameter.name for parameter in self.parameters]
        mend = "parameters: " + ", ".join(known) if known else "this score has none"
        return Problem("unknown_parameter", f"'{name[:40]}' is no parameter", "", mend)

    def _variant(self, settled: Mapping[str, str]) -> ScoreSpec:
        def counts(only: Mapping[str, str] | None) -> bool:
            return all(settled.get(name) == option for name, option in (only or {}).items())

        defaults = self.default_choices
        return self.but(
            parameters=(),
            terms=tuple(term.but(only=None) for term in self.terms if counts(term.only)),
            bands=tuple(band.but(only=None) for band in self.bands if counts(band.only)),
            examples=tuple(
                example.but(choices=None)
                for example in self.examples
                if defaults | (example.choices or {}) == settled
            ),
        )
