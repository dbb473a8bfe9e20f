"""The tables of a development: Table 1, regressions, associations."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Summary:
    """One cell of Table 1: median (quartiles) for numbers, count for categories.

    Parameters
    ----------
    n, missing : int
        Patients with a value, and without.
    median, lower_quartile, upper_quartile : float or None
        In the column's unit (R's type 7); None for a category, or without any value.
    count : int or None
        Patients in the category; None for a number.
    percent : float or None
        Of ``n``, 0-100; None for a number, or without any value.
    """

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

    Parameters
    ----------
    column, label, unit : str
        The variable.
    kind : str
        ``number`` or ``level``.
    level : str or None
        The level (``yes`` for a column of 0 and 1); None for a number.
    predictor : bool
        Whether the row's column is a predictor of the plan.
    overall, with_event, without_event : Summary
        Of all patients of the table, and by event.
    smd : float or None
        Standardised difference between patients with and without the event, >= 0; None where it
        cannot be computed.
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
    missing_information : float or None
        Fraction of the information about the effect that is missing, 0-1; None where nothing in
        the model was imputed.
    """

    term: str
    label: str
    effect: Estimate
    coefficient: float
    std_error: float
    p_value: float
    test: str
    missing_information: float | None = None


@dataclass(frozen=True, slots=True)
class RegressionTable:
    """A fitted model as a table.

    Parameters
    ----------
    name : str
        ``univariable``, ``multivariable``, ``index alone``, ``adjusted`` or ``groups``.
    measure : str
        ``odds ratio`` or ``hazard ratio``.
    method : str
        The regression; empty where no row could be fitted.
    n, events : int
        Patients and events in the model.
    rows : tuple of TermRow
        One for each variable; in the univariable table each is a model of its own.
    """

    name: str
    measure: str
    method: str
    n: int
    events: int
    rows: tuple[TermRow, ...]


@dataclass(frozen=True, slots=True)
class Association:
    """The index against a further column, by the test that fits the column.

    Parameters
    ----------
    column, label : str
        The column.
    kind : str
        ``binary``, ``ordinal``, ``number`` or ``category``.
    test : str
        Its name.
    statistic, df : float or None
        Of the test; None where it has none.
    p_value, p_adjusted : float
        Two-sided, 0-1; alone, and adjusted for all columns looked at.
    n : int
        Patients in whom the column is known.
    by_group : tuple of (str, Summary)
        Group and its summary; of a category its first level is counted.
    """

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


@dataclass(frozen=True, slots=True)
class ProportionalTerm:
    """One test that an effect does not change with time.

    Parameters
    ----------
    label : str
        Reader's name.
    statistic, df, p_value : float
        Score test, its degrees of freedom, and its upper tail.
    """

    label: str
    statistic: float
    df: float
    p_value: float


@dataclass(frozen=True, slots=True)
class ProportionalHazards:
    """Tests of proportional hazards (survival only).

    Parameters
    ----------
    method : str
        Which test, and on which model.
    score : ProportionalTerm
        The total alone.
    terms : tuple of ProportionalTerm
        Each predictor in the model of all of them; empty where that cannot be fitted.
    global_p_value : float or None
        All predictors together; None where that cannot be fitted.
    """

    method: str
    score: ProportionalTerm
    terms: tuple[ProportionalTerm, ...]
    global_p_value: float | None
