"""Parts that plans of several jobs have in common."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cartwheel.canonical import canonical_json, sha256

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Text = Annotated[str, Field(min_length=1)]
TimeUnit = Literal["days", "weeks", "months", "years"]

DAYS_PER = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}


class Part(BaseModel):
    """A part of the plan: strict, frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ColumnPlan(Part):
    """What a column of the cohort is, where its name does not say it.

    Parameters
    ----------
    variable : str, optional
        Name in the variable dictionary.
    unit : str, optional
        Unit of the values in the file.
    day : float, optional
        Day of measurement; infusion is day 0.
    label : str, optional
        For the reader.
    coding : dict of str to float, optional
        Numbers for words, such as ``{f = 1, m = 0}``.
    decimal : "," or ".", optional
        Decimal mark, where the column mixes them.
    """

    variable: Text | None = None
    unit: Text | None = None
    day: Finite | None = None
    label: Text | None = None
    coding: dict[str, Finite] | None = None
    decimal: Literal[",", "."] | None = None


class Exclusion(Part):
    """Patients who are left out, and why; exactly one of the conditions is given.

    Parameters
    ----------
    column : str
        Column of the cohort. Where its cell is missing the patient is not left out.
    reason : str
        For the patient flow.
    equals : str or float, optional
        Those with this value are left out.
    below, above : float, optional
        Those with a smaller, or larger, value are left out; in the unit in which the column is
        written in the file.
    """

    column: Text
    reason: Text
    equals: str | float | None = None
    below: Finite | None = None
    above: Finite | None = None


class CohortPlan(Part):
    """Which sheet, which column names the patient, who is left out.

    Parameters
    ----------
    id : str, optional
        Column that names the patient; no two rows may share a name.
    sheet : str, optional
        Sheet of a workbook.
    exclude : tuple of Exclusion
        Applied and counted in this order.
    """

    id: Text | None = None
    sheet: Text | None = None
    exclude: tuple[Exclusion, ...] = ()


class ImputationPlan(Part):
    """How missing predictors are imputed; read only where the plan says ``missing = "impute"``.

    Parameters
    ----------
    imputations : int
        Completed copies, of all patients and in every resample, 2 to 200.
    iterations : int
        Rounds of the chained equations, 1 to 50.
    """

    imputations: Annotated[int, Field(ge=2, le=200)] = 20
    iterations: Annotated[int, Field(ge=1, le=50)] = 5


class ResamplingPlan(Part):
    """How often the whole development is repeated, and the seed of its random streams.

    Parameters
    ----------
    bootstrap : int
        Resamples; 0 for none, and then nothing is corrected.
    seed : int
        >= 0; also of the permutations.
    """

    bootstrap: Annotated[int, Field(ge=0, le=100_000)] = 1000
    seed: Annotated[int, Field(ge=0)] = 20260101


class WholePlan(Part):
    """A plan as a whole: what a result carries, and is identified by."""

    def as_dict(self) -> dict[str, object]:
        """Give the whole plan, defaults included, as plain data."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def identity(self) -> str:
        """SHA-256 of the canonical form."""
        return sha256(canonical_json(self.as_dict()))
