"""What was missing and how it was imputed, as numbers and as notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cartwheel.development.account.honesty import LABELS
from cartwheel.development.cohort.assembly import Assembled
from cartwheel.development.cohort.copies import Copies
from cartwheel.development.model.imputer import DONORS, ImputedScale
from cartwheel.development.model.target import Fit, Target
from cartwheel.development.result import (
    CompleteCases,
    Imputation,
    ImputedVariable,
    Measure,
    MonteCarloError,
    Note,
    RegressionTable,
)

WORTH_COUNTING = 5.0  # per cent incomplete, from which the number of imputations is judged
ON_SCALE = {"none": "", "log2": " on the log scale", "sqrt": " on the scale of the square root"}
OUTCOMES = {
    "binary": "the event",
    "survival": "the event and the Nelson-Aalen cumulative hazard at each patient's time",
}


def imputation_summary(
    assembled: Assembled,
    copies: Copies,
    target: Target,
    fit: Fit,
    tables: Sequence[RegressionTable | None],
    complete_cases: CompleteCases | None,
) -> Imputation:
    """Say what was missing, how it was imputed, and how much hangs on it.

    Parameters
    ----------
    assembled : Assembled
        Who is analysed.
    copies : Copies
        Their completed predictors.
    target : Target
        The outcome.
    fit : Fit
        The score on all copies.
    tables : sequence of (RegressionTable or None)
        In which the fraction of missing information is looked for.
    complete_cases : CompleteCases or None
        For comparison.

    Returns
    -------
    Imputation
    """
    plan = assembled.plan
    known = np.column_stack([item.known for item in assembled.predictors])
    lacking = int(assembled.incomplete.sum())
    share, of = _missing_information(tables)
    return Imputation(
        imputations=copies.m if copies.imputer is not None else 0,
        iterations=plan.imputation.iterations,
        donors=DONORS,
        seed=plan.resampling.seed,
        outcome=OUTCOMES[plan.outcome.kind],
        patients=lacking,
        percent=100.0 * lacking / target.n,
        unmeasured=int((~known).all(axis=1).sum()),
        variables=_variables(assembled, copies),
        missing_information=share,
        missing_information_of=of,
        monte_carlo=_monte_carlo(target, fit) if copies.imputer is not None else (),
        complete_cases=complete_cases,
    )


def _variables(assembled: Assembled, copies: Copies) -> tuple[ImputedVariable, ...]:
    if copies.imputer is None:
        return ()
    found = []
    for item, scale in zip(assembled.predictors, copies.imputer.scales, strict=True):
        gone = int((~item.known).sum())
        if gone:
            percent = 100.0 * gone / len(item.values)
            found.append(ImputedVariable(item.column, item.label, gone, percent, _method(scale)))
    return tuple(sorted(found, key=lambda variable: -variable.missing))


def _method(scale: ImputedScale) -> str:
    if scale.kind == "number":
        return f"predictive mean matching, {DONORS} donors{ON_SCALE[scale.scale]}"
    return "logistic model"


def _missing_information(
    tables: Sequence[RegressionTable | None],
) -> tuple[float | None, str | None]:
    found = [
        (row.missing_information, f"{row.label} ({table.name})")
        for table in tables
        if table is not None
        for row in table.rows
        if row.missing_information is not None
    ]
    return max(found, key=lambda pair: pair[0]) if found else (None, None)


def _monte_carlo(target: Target, fit: Fit) -> tuple[MonteCarloError, ...]:
    everyone = np.ones(target.n)
    measured = np.stack([target.measure(one, everyone) for one in fit.copies])
    errors = measured.std(axis=0, ddof=1) / np.sqrt(len(measured))
    return tuple(
        MonteCarloError(name, LABELS[name][0], float(error) if np.isfinite(error) else None)
        for name, error in zip(target.measures, errors, strict=True)
    )


def imputation_notes(found: Imputation, score: Measure) -> Iterator[Note]:
    """Write what a reader must know of the imputation.

    Parameters
    ----------
    found : Imputation
        What was imputed.
    score : Measure
        Discrimination of the score, to hold complete cases against.

    Yields
    ------
    Note
    """
    if not found.imputations:
        yield Note(
            "nothing_missing",
            "information",
            "The plan imputes missing predictors, and none was missing: every number is that of "
            "complete cases.",
        )
        return
    listed = "; ".join(f"{item.label}: {item.missing}" for item in found.variables)
    yield Note(
        "imputed",
        "caution",
        f"In {found.patients} patients ({found.percent:.0f} %) a missing predictor was imputed, "
        f"{found.imputations} times, here and in every resample ({listed}). That is right if "
        "values are missing at random, given the other predictors and the outcome. Missing at "
        "random is an assumption, not a finding: no analysis of these data can show it.",
    )
    if found.percent >= WORTH_COUNTING and found.imputations < found.percent:
        yield Note(
            "few_imputations",
            "caution",
            f"{found.imputations} imputations are few: White, Royston and Wood advise at least as "
            f"many as there are per cent of incomplete patients, here {np.ceil(found.percent):.0f} "
            "(--imputations).",
        )
    if found.unmeasured:
        who = "1 patient" if found.unmeasured == 1 else f"{found.unmeasured} patients"
        yield Note(
            "nothing_measured",
            "caution",
            f"In {who} no predictor at all was measured: every value was imputed from the outcome "
            "alone, and says nothing that the other patients do not.",
        )
    yield from _beside(found, score)


def _beside(found: Imputation, score: Measure) -> Iterator[Note]:
    """Hold the complete cases against the imputed analysis."""
    other = found.complete_cases
    if other is None:
        return
    if other.performance is None:
        yield Note(
            "complete_cases",
            "information",
            f"Complete cases alone could not be developed: {other.reason}.",
        )
        return
    main = other.performance.measures[0]
    yield Note(
        "complete_cases",
        "information",
        f"Complete cases alone ({other.patients} patients, {other.events} events): {main.label} "
        f"{_three(main.apparent.value)} apparent, {_three(main.corrected.value)} corrected; with "
        f"imputation {_three(score.apparent.value)} and {_three(score.corrected.value)}.",
    )


def _three(value: float | None) -> str:
    return "not estimated" if value is None else f"{value:.3f}"
