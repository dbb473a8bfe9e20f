"""What a reader must know of a whole validation: few events, who is missing, what was assumed."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from cartwheel.note import Note
from cartwheel.validation.account.said import counted, joined, number, ordered
from cartwheel.validation.plan import DecisionPlan, ValidationPlan
from cartwheel.validation.result import ImputedMeasure, ImputedValidation, Validation

FEWEST_EVENTS = 100
# per cent of patients lost to missing inputs, from which it is a caution
WORTH_SAYING = 5.0
# how the steps of the flow are called in which patients without a score are lost
COMPUTED = " computed"


def notes(validation: Validation, plan: ValidationPlan) -> tuple[Note, ...]:
    """Write what a reader must know of a validation.

    Parameters
    ----------
    validation : Validation
        What was found; its own ``notes`` and ``methods`` are not read.
    plan : ValidationPlan
        What was asked.

    Returns
    -------
    tuple of Note
        Cautions first. Those of one score are written by ``score_notes``; what reading the cohort
        found (simulated patients, other horizons, few at the horizon) by ``cohort_notes``.

    References
    ----------
    Vergouwe Y et al 2005, doi:10.1016/j.jclinepi.2004.06.017. Collins GS, Ogundimu EO, Altman DG
    2016, doi:10.1002/sim.6787. White IR, Royston P, Wood AM 2011, doi:10.1002/sim.4067.
    """
    return ordered(
        [
            *_events(validation),
            *_complete_cases(validation),
            *_follow_up(validation),
            *_imputation(validation.imputation),
            *_resamples(validation, plan),
            *_days(validation),
            *_thresholds(validation, plan),
            *_withheld(validation),
            *_many(validation),
        ]
    )


def _events(validation: Validation) -> Iterator[Note]:
    outcome = validation.outcome
    fewer, without = outcome.events, ""
    said = counted(fewer, "event")
    if outcome.kind == "binary" and outcome.patients - outcome.events < fewer:
        fewer, without = outcome.patients - outcome.events, " without the event"
        said = counted(fewer, "patient")
    if fewer >= FEWEST_EVENTS:
        return
    said += f"{without} {'is' if fewer == 1 else 'are'}"
    yield Note(
        "few_events",
        "caution",
        f"{said} few for a validation: at least {FEWEST_EVENTS} are advised (Vergouwe 2005, "
        "Collins 2016), and 200 for a calibration curve. Read every number with its interval; that "
        "no fault is found here is no proof that there is none.",
    )


def _complete_cases(validation: Validation) -> Iterator[Note]:
    if validation.imputation is not None or not validation.flow:
        return
    # one step a score, the last of the flow
    steps = validation.flow[-len(validation.scores) :]
    patients, lost = validation.outcome.patients, sum(step.excluded for step in steps)
    if not lost or not all(step.label.endswith(COMPUTED) for step in steps):
        return
    events = sum(step.excluded_events for step in steps)
    share = 100.0 * lost / (lost + patients)
    yield Note(
        "complete_cases",
        "caution" if share >= WORTH_SAYING else "information",
        f"{counted(lost, 'eligible patient')} ({share:.0f} %), {events} of them with the event, "
        "lack a score and are left out. Where values are missing for a reason, those who are left "
        "are not like the others; --missing impute shows the difference.",
    )


def _follow_up(validation: Validation) -> Iterator[Note]:
    outcome = validation.outcome
    if outcome.follow_up is None or outcome.horizon is None:
        return
    median = outcome.follow_up.value
    if median is not None and median < outcome.horizon:
        yield Note(
            "follow_up_short",
            "caution",
            f"Median follow-up ({number(median, 1)} {outcome.time_unit}) is shorter than the "
            f"horizon ({outcome.horizon:.4g} {outcome.time_unit}): risks at the horizon rest on "
            "the few who were followed so long, and on censoring that has nothing to do with the "
            "outcome.",
        )


def _imputation(found: ImputedValidation | None) -> Iterator[Note]:
    if found is None:
        return
    if not found.inputs:
        yield Note("nothing_missing", "information", found.text)
        return
    lacking = found.patients - found.complete_patients
    share = 100.0 * lacking / found.patients
    yield Note(
        "imputed",
        "caution",
        f"In {counted(lacking, 'patient')} ({share:.0f} %) a missing input was imputed, "
        f"{found.imputations} times. That is right if values are missing at random, given the "
        "other inputs and the outcome: an assumption, not a finding.",
    )
    if share >= WORTH_SAYING and found.imputations < share:
        yield Note(
            "few_imputations",
            "caution",
            f"{found.imputations} imputations are few: White, Royston and Wood advise at least as "
            f"many as there are per cent of incomplete patients, here {ceil(share)} "
            "(--imputations).",
        )
    mixed = [
        item.label
        for item in found.inputs
        if item.scale_reduction is not None and item.scale_reduction > 1.2
    ]
    if mixed:
        yield Note(
            "chains_apart",
            "caution",
            f"The chains of imputations have not mixed for {joined(mixed)} (scale reduction above "
            "1.2): ask for more rounds (iterations in the plan).",
        )
    if found.failed:
        yield Note(
            "resamples_failed",
            "caution",
            f"{found.failed} of {found.resamples} resamples could not be imputed and are left out: "
            "the intervals are those of the easier samples.",
        )
    apart = [words for row in found.measures if (words := _apart(row)) is not None]
    if apart:
        yield Note(
            "imputed_differs",
            "caution",
            "Complete cases and imputed patients differ by more than half the width of the "
            f"interval: {'; '.join(apart)}.",
        )


def _apart(row: ImputedMeasure) -> str | None:
    one, other = row.complete, row.imputed
    if one.value is None or other.value is None or other.low is None or other.high is None:
        return None
    if abs(one.value - other.value) <= 0.5 * (other.high - other.low):
        return None
    return f"{row.label} of {row.score} {number(one.value)} complete, {number(other.value)} imputed"


def _resamples(validation: Validation, plan: ValidationPlan) -> Iterator[Note]:
    if plan.resampling.bootstrap == 0 and any(one.predicts != "value" for one in validation.scores):
        yield Note(
            "no_resamples",
            "caution",
            "Nothing was resampled: calibration curves, ICI and net benefit have no intervals "
            "(--bootstrap 1000 gives them).",
        )


def _days(validation: Validation) -> Iterator[Note]:
    if validation.guard.unchecked:
        yield Note(
            "days_not_checked",
            "assumption",
            f"Nothing shows that {joined(validation.guard.unchecked)} came before the event: the "
            "day of measurement or that of the event is not stated.",
        )


def _thresholds(validation: Validation, plan: ValidationPlan) -> Iterator[Note]:
    if validation.decision is not None and plan.decision == DecisionPlan():
        yield Note(
            "thresholds_default",
            "assumption",
            f"Net benefit is shown for thresholds of {plan.decision.low:g} to "
            f"{plan.decision.high:g} because the plan names none. At which risk somebody would act "
            "is a clinical question (--thresholds).",
        )


def _withheld(validation: Validation) -> Iterator[Note]:
    rows = [row for group in validation.subgroups for row in group.rows]
    if validation.centres is not None:
        rows += validation.centres.rows
    silent = sum(bool(row.withheld) for row in rows)
    if silent:
        yield Note(
            "groups_withheld",
            "information",
            f"{silent} of {len(rows)} subgroups and centres are too small to be told.",
        )
    centres = validation.centres
    if centres is not None and sum(not row.withheld for row in centres.known) < 2:
        yield Note(
            "centres_few",
            "caution",
            "Fewer than two centres are large enough to be told apart: whether the scores work "
            "alike everywhere cannot be judged.",
        )


def _many(validation: Validation) -> Iterator[Note]:
    asked = len(validation.comparisons) + sum(
        len(group.interactions) for group in validation.subgroups
    )
    if asked > 1:
        yield Note(
            "many_comparisons",
            "information",
            f"{asked} comparisons between scores and groups are told; their p-values are not "
            "adjusted for their number.",
        )
