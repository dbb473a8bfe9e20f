"""Subgroups and centres: each group told or withheld, and how much the centres differ."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate
from cartwheel.validation.result_score import Measure


@dataclass(frozen=True, slots=True)
class GroupScore:
    """One score in one group.

    Parameters
    ----------
    score : str
        Name.
    measures : tuple of Measure
        Discrimination, observed/expected, slope; those that exist.
    """

    score: str
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group of patients.

    Parameters
    ----------
    group : str
        Level of the column, or range of its values.
    patients, events : int
        In it; for survival and competing outcomes the events by the horizon.
    withheld : str
        Why nothing is told; empty where it is.
    scores : tuple of GroupScore
        Empty where withheld.
    """

    group: str
    patients: int
    events: int
    withheld: str
    scores: tuple[GroupScore, ...]


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """A measure over groups, pooled by random effects.

    Parameters
    ----------
    score, measure, label : str
        Which.
    scale : str
        On which it was pooled.
    k : int
        Groups told.
    pooled : Estimate
        Random effects, REML, Knapp and Hartung's interval.
    prediction_low, prediction_high : float or None
        What the next group may have; None for fewer than three groups.
    tau2, i2 : float
        Between-group variance on the scale; share in percent.
    q, q_p_value : float
        Cochran's test.
    """

    score: str
    measure: str
    label: str
    scale: str
    k: int
    pooled: Estimate
    prediction_low: float | None
    prediction_high: float | None
    tau2: float
    i2: float
    q: float
    q_p_value: float


@dataclass(frozen=True, slots=True)
class Interaction:
    """Whether a score's effect differs between the groups of a column.

    Parameters
    ----------
    score : str
        Name.
    test : str
        What was compared.
    statistic, df, p_value : float
        Likelihood-ratio test.
    """

    score: str
    test: str
    statistic: float
    df: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Subgroup:
    """A column that divides the patients.

    Parameters
    ----------
    column, label : str
        Which.
    rows : tuple of GroupRow
        Its groups, those of patients without a value last.
    interactions : tuple of Interaction
        One for each score; empty where it cannot be tested.
    """

    column: str
    label: str
    rows: tuple[GroupRow, ...]
    interactions: tuple[Interaction, ...]


@dataclass(frozen=True, slots=True)
class Centres:
    """The centres, one by one, one left out, and together.

    Parameters
    ----------
    column : str
        Of the centre.
    rows : tuple of GroupRow
        Each centre alone; last the patients whose centre is not known, where there are any.
    without : tuple of GroupRow
        All but one, for each centre that is known; ``group`` names the one left out.
    updated : tuple of GroupRow
        Each centre under scores that were recalibrated (intercept and slope) in the others.
    heterogeneity : tuple of Heterogeneity
        Of the centres told, by score and measure; empty for fewer than two.
    """

    column: str
    rows: tuple[GroupRow, ...]
    without: tuple[GroupRow, ...]
    updated: tuple[GroupRow, ...]
    heterogeneity: tuple[Heterogeneity, ...]

    @property
    def known(self) -> tuple[GroupRow, ...]:
        """Rows of the centres themselves: patients whose centre is not known are none."""
        return self.rows[: len(self.without)]
