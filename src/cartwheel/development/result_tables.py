"""The tables of a development: Table 1, regressions, associations."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Summary:
    """One cell of Table 1: median (quartiles) for numbers, count for categories."""

    n: int
    missing: int
    median: float | None
    lower_quartile: float | None
    upper_quartile: float | None
    count: int | None
    percent: float | None


@dataclass(frozen=True, slots=True)
class TableOneRow:
    """One row of Table 1: a variable (kind ``number``) or one level of it (kind ``level``).

    ``smd`` is the standardised difference between patients with and without the event;
    ``predictor`` says whether the row's column is a predictor of the plan.
    """

    column: str
    label: str
    unit: str
    kind: str
    level: str | None
    predictor: bool
    overall: Summary
    with_event: Summary
    without_event: Summary
    smd: float | None


@dataclass(frozen=True, slots=True)
class TermRow:
    """One row of a regression table.

    Parameters
    ----------
    term, label : str
        Machine and reader's name ("log2 ferritin (ug/L), day 0").
    effect : Estimate
        Odds or hazard ratio with interval.
    coefficient, std_error : float
        On the log scale.
    p_value : float
        Of the test named in ``test``.
    test : str
        Such as ``penalised likelihood ratio`` or ``Wald``.
    """

    term: str
    label: str
    effect: Estimate
    coefficient: float
    std_error: float
    p_value: float
    test: str


@dataclass(frozen=True, slots=True)
class RegressionTable:
    """A fitted model as a table; ``measure`` is ``odds ratio`` or ``hazard ratio``."""

    name: str
    measure: str
    method: str
    n: int
    events: int
    rows: tuple[TermRow, ...]


@dataclass(frozen=True, slots=True)
class Association:
    """The index against a further column, by the test that fits the column."""

    column: str
    label: str
    kind: str
    test: str
    statistic: float | None
    df: float | None
    p_value: float
    p_adjusted: float
    n: int
    by_group: tuple[tuple[str, Summary], ...]
