"""What was missing, how it was imputed, and what that changes."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.development.result_score import Performance


@dataclass(frozen=True, slots=True)
class ImputedVariable:
    """One predictor with missing values.

    Parameters
    ----------
    column, label : str
        The predictor.
    missing : int
        Analysed patients without a value.
    percent : float
        Of the analysed patients, 0-100.
    method : str
        How it was imputed, and on which scale.
    """

    column: str
    label: str
    missing: int
    percent: float
    method: str


@dataclass(frozen=True, slots=True)
class MonteCarloError:
    """How far other random numbers would move an apparent measure of the score.

    Parameters
    ----------
    name, label : str
        The measure.
    error : float or None
        Standard deviation over copies divided by the root of their number, the score held fixed;
        None where a copy has no such measure.
    """

    name: str
    label: str
    error: float | None


@dataclass(frozen=True, slots=True)
class CompleteCases:
    """The same development of the patients in whom no predictor is missing, for comparison.

    Parameters
    ----------
    patients, events : int
        With all predictors; 0 where they could not be analysed.
    performance : Performance or None
        Apparent and corrected, by the same plan, horizon and seed; None where it could not be made.
    reason : str
        Why there is none; empty where there is one.
    """

    patients: int
    events: int
    performance: Performance | None
    reason: str


@dataclass(frozen=True, slots=True)
class Imputation:
    """Multiple imputation of the predictors, on all patients and in every resample.

    Parameters
    ----------
    imputations : int
        Completed copies; 0 where nothing was missing.
    iterations, donors : int
        Rounds of the chained equations; nearest donors, of which one is drawn.
    seed : int
        Of the random streams.
    outcome : str
        What stands for the outcome in the imputation models.
    patients : int
        Analysed patients in whom at least one predictor was imputed.
    percent : float
        Of the analysed patients, 0-100.
    unmeasured : int
        Those of them in whom no predictor at all was measured.
    variables : tuple of ImputedVariable
        Predictors with missing values, most first.
    missing_information : float or None
        Largest fraction of missing information of any effect in the regression tables, 0-1; None
        where no effect was pooled.
    missing_information_of : str or None
        The effect, and its table.
    monte_carlo : tuple of MonteCarloError
        Of each measure of the score.
    complete_cases : CompleteCases or None
        For comparison; None where nothing was missing.
    """

    imputations: int
    iterations: int
    donors: int
    seed: int
    outcome: str
    patients: int
    percent: float
    unmeasured: int
    variables: tuple[ImputedVariable, ...]
    missing_information: float | None
    missing_information_of: str | None
    monte_carlo: tuple[MonteCarloError, ...]
    complete_cases: CompleteCases | None
