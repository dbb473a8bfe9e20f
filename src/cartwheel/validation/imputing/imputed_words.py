"""An imputed validation in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from cartwheel.validation.plan import ImputationPlan
from cartwheel.validation.result import ImputedInput

REASONS = {
    "too_few_observed": "too few observed values for the imputation model",
    "nobody_observed": "a column without any observed value",
    "not_converged": "an imputation model that did not converge",
}


def imputation_words(
    plan: ImputationPlan,
    inputs: Sequence[ImputedInput],
    *,
    outcome: str,
    patients: tuple[int, int, int],
    failures: Sequence[tuple[str, int]],
) -> str:
    """Say what was missing and what was done about it.

    Parameters
    ----------
    plan : ImputationPlan
        Copies, rounds, auxiliary columns and resamples.
    inputs : sequence of ImputedInput
        Those with gaps.
    outcome : str
        How the outcome entered the models.
    patients : tuple of int
        Imputed (those without gaps included), complete, eligible.
    failures : sequence of (str, int)
        Reasons why resamples were left out, with counts.

    Returns
    -------
    str
    """
    imputed, complete, eligible = patients
    refused = (
        f" {eligible - imputed} of {eligible} eligible patients have no score for other reasons "
        "than a gap (values that a score refuses), and are in neither analysis."
        if eligible > imputed
        else ""
    )
    if not inputs:
        return (
            "The plan imputes missing inputs, and none was missing: the imputed numbers are those "
            f"of the complete cases.{refused}"
        )
    listed = "; ".join(f"{one.label} {one.missing} ({one.percent:.0f} %)" for one in inputs)
    helped = f" and from {', '.join(plan.auxiliary)}" if plan.auxiliary else ""
    sentences = [
        f"{imputed - complete} of {imputed} patients lack an input that a score needs ({listed}). "
        f"The missing values were imputed {plan.imputations} times by chained equations "
        f"({plan.iterations} rounds) from all inputs of the scores{helped}, with {outcome} in the "
        "models; the scores were computed from the completed inputs, and the outcome was not "
        f"imputed.{refused}",
        _intervals(plan, failures),
        "Imputation is right where values are missing at random, given the other inputs and the "
        "outcome. That is an assumption: these data cannot show it.",
    ]
    return " ".join(sentences)


def _intervals(plan: ImputationPlan, failures: Sequence[tuple[str, int]]) -> str:
    if not plan.resamples:
        return (
            "Intervals are pooled by Rubin's rules; measures without a standard error in a closed "
            "form have none."
        )
    lost = sum(count for _, count in failures)
    why = "; ".join(f"{REASONS.get(code, code)}: {count}" for code, count in failures)
    left_out = f" {lost} resamples could not be imputed and are left out ({why})." if lost else ""
    return (
        f"Intervals come from {plan.resamples} bootstrap resamples of the patients, in each of "
        f"which everything was imputed anew.{left_out}"
    )
