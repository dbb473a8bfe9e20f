"""An invented imputation, put into an example result."""

from __future__ import annotations

from dataclasses import replace

from cartwheel.development.result import (
    CompleteCases,
    DevelopmentFile,
    Imputation,
    ImputedVariable,
    MonteCarloError,
)


def imputed_example(document: DevelopmentFile) -> DevelopmentFile:
    """Say of an example that predictors were imputed; complete cases did as well as all."""
    result = document.result
    found = Imputation(
        imputations=20,
        iterations=5,
        donors=5,
        seed=20260101,
        outcome="the event and the Nelson-Aalen cumulative hazard at each patient's time",
        patients=31,
        percent=15.7360406,
        unmeasured=2,
        variables=(
            ImputedVariable(
                "plr", "Platelets / lymphocytes", 24, 12.1827411, "predictive mean matching"
            ),
            ImputedVariable("mlr", "Monocytes / lymphocytes", 9, 4.5685279, "logistic model"),
        ),
        missing_information=0.1739,
        missing_information_of="Platelets / lymphocytes (univariable)",
        monte_carlo=tuple(
            MonteCarloError(row.name, row.label, 0.00213) for row in result.performance.measures
        ),
        complete_cases=CompleteCases(166, 88, result.performance, ""),
    )
    return replace(document, result=replace(result, imputation=found))
