"""Paragraphs for a methods section: every choice that was made, in the words of the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cartwheel.validation.account.said import counted, joined
from cartwheel.validation.plan import ValidationPlan
from cartwheel.validation.result import ImputedValidation, Validation
from cartwheel.validation.result_score import Measure, ScoreResult

KINDS = {
    "binary": "a yes or no",
    "survival": "the time to an event, right-censored",
    "competing": "the time to an event with competing events",
}
RISKS = {
    "risk": "a risk for each patient",
    "band risk": "risks of its bands, which stood for each patient of the band",
    "value": "no risk, so that only its ranking was judged",
}


def methods(validation: Validation, plan: ValidationPlan, version: str) -> tuple[str, ...]:
    """Write the methods of a validation, a paragraph an item.

    Parameters
    ----------
    validation : Validation
        What was found: how each number was had is read from the numbers; its own ``methods`` are
        not read.
    plan : ValidationPlan
        What was asked.
    version : str
        Of cartwheel.

    Returns
    -------
    tuple of str
    """
    paragraphs = [
        _scores(validation),
        _outcome(validation, plan),
        _missing(validation, plan),
        _measured("Discrimination", [each.discrimination for each in validation.scores]),
        _measured("Calibration", [each.calibration for each in validation.scores]),
        _plots(validation, plan),
        _measured("Overall error", [each.overall for each in validation.scores]),
        _bands(validation),
        _utility(validation, plan),
        _compared(validation),
        *_groups(validation, plan),
        _updating(validation, plan),
        _resampling(plan),
        f"Intervals cover {100.0 * plan.level:g} % unless said otherwise. P-values are two-sided "
        f"and not adjusted for their number. Computed with cartwheel {version}.",
    ]
    return tuple(text for text in paragraphs if text)


def _scores(validation: Validation) -> str:
    listed = "; ".join(_one_score(each) for each in validation.scores)
    apply = "The score was" if len(validation.scores) == 1 else "The scores were"
    return (
        f"{apply} applied as published, with nothing estimated from these patients: {listed}. "
        "Values beyond a limit of detection stood at the limit; values that a score refuses were "
        "not corrected."
    )


def _one_score(score: ScoreResult) -> str:
    chosen = ""
    if score.choices:
        chosen = " with " + ", ".join(f"{name} = {way}" for name, way in score.choices.items())
    source = {"score file": "by its file", "risk": "by its risk", "plan": "as the plan says"}
    return (
        f"{score.title} ({score.id} version {score.version}, {score.status}){chosen}, "
        f"{score.adverse} values adverse {source.get(score.adverse_source, '')}, giving "
        f"{RISKS[score.predicts]}"
    )


def _outcome(validation: Validation, plan: ValidationPlan) -> str:
    outcome = validation.outcome
    told = [
        f"The outcome was {outcome.label}, {KINDS[outcome.kind]}, in "
        f"{counted(outcome.patients, 'patient')} with {counted(outcome.events, 'event')}"
    ]
    if validation.competing_events is not None:
        told.append(f" and {counted(validation.competing_events, 'competing event')}")
    if outcome.horizon is not None:
        told.append(f"; risks were read at {outcome.horizon:.4g} {outcome.time_unit}")
    if plan.landmark_day is not None:
        told.append(
            f"; time ran from day {plan.landmark_day:g}, and only patients still event-free and "
            "under observation after it were analysed"
        )
    return "".join(told) + "."


def _missing(validation: Validation, plan: ValidationPlan) -> str:
    same = (
        "All scores were judged on the same patients, those in whom every one has a value"
        if len(validation.scores) > 1
        else "Patients without a value of the score were left out"
    )
    if validation.imputation is None:
        return f"{same}; nothing was imputed."
    return f"{same}. Beside these complete cases: {_imputed(validation.imputation, plan)}"


def _imputed(found: ImputedValidation, plan: ValidationPlan) -> str:
    if not found.inputs:
        return "missing inputs were to be imputed, and none was missing."
    intervals = (
        f"Intervals are percentiles of {found.resamples} bootstrap resamples, each imputed anew "
        "from itself alone, centred on the estimate (Schomaker and Heumann 2018)."
        if found.resamples
        else "Intervals are by Rubin's rules with their large-sample degrees of freedom."
    )
    return (
        f"missing inputs were imputed {found.imputations} times by chained equations "
        f"({found.iterations} rounds; numbers by predictive mean matching with 5 donors, codes by "
        f"logistic models; seed {plan.resampling.seed}) from all inputs of the scores, "
        f"{''.join(f'{name}, ' for name in plan.imputation.auxiliary)}and "
        f"{found.outcome_in_model}. Each measure was "
        "averaged over the completed copies: AUC and C on the scale of log odds, observed / "
        f"expected on the log scale, the others on their own. {intervals} The Monte-Carlo error is "
        "the standard deviation over the copies divided by the root of their number."
    )


def _measured(title: str, measures: Iterable[tuple[Measure, ...]]) -> str:
    """List measures with the words by which they were had, each wording once."""
    words: dict[str, list[str]] = {}
    for of_score in measures:
        for item in of_score:
            if item.estimate.value is None or not item.estimate.method:
                continue
            ways = words.setdefault(item.label, [])
            if item.estimate.method not in ways:
                ways.append(item.estimate.method)
    if not words:
        return ""
    listed = ". ".join(
        way if way.startswith(label) else f"{label}: {way}"
        for label, way in ((label, " / ".join(ways)) for label, ways in words.items())
    )
    return f"{title}. {listed}."


def _plots(validation: Validation, plan: ValidationPlan) -> str:
    ways = dict.fromkeys(each.plot.method for each in validation.scores if each.plot is not None)
    if not ways:
        return ""
    return (
        f"Calibration plots show up to {plan.groups} groups of like predictions and a curve "
        f"({'; '.join(ways)})."
    )


def _bands(validation: Validation) -> str:
    rows = [row for each in validation.scores for row in each.bands if row.observed is not None]
    if not rows:
        return ""
    ways = dict.fromkeys(row.observed.method for row in rows if row.observed is not None)
    tests = dict.fromkeys(test.name for each in validation.scores for test in each.band_tests)
    compared = f" Bands were compared by the {joined(list(tests))}." if tests else ""
    return f"Risks of bands: {'; '.join(ways)}.{compared}"


def _utility(validation: Validation, plan: ValidationPlan) -> str:
    decision = validation.decision
    if decision is None:
        return ""
    part = plan.decision
    return (
        f"Net benefit was computed at thresholds from {part.low:g} to {part.high:g} by "
        f"{part.step:g}, beside treating everybody and nobody. {decision.text}"
    ).strip()


def _compared(validation: Validation) -> str:
    words: dict[str, None] = {}
    for item in validation.comparisons:
        if item.difference.value is not None and item.difference.method:
            words.setdefault(f"{item.label}: {item.difference.method}")
    return f"Scores were compared in the same patients. {'. '.join(words)}." if words else ""


def _groups(validation: Validation, plan: ValidationPlan) -> Iterator[str]:
    least = (
        f"nothing is told of fewer than {plan.withhold.patients} patients or "
        f"{plan.withhold.events} events"
    )
    if plan.outcome.kind == "binary":
        least += f" or {plan.withhold.events} patients without the event"
    if validation.subgroups:
        labels = [group.label for group in validation.subgroups]
        tests = dict.fromkeys(
            item.test for group in validation.subgroups for item in group.interactions
        )
        tested = f" Interactions: {'; '.join(tests)}, likelihood-ratio test." if tests else ""
        yield f"Subgroups by {joined(labels)} were planned; {least}.{tested}"
    if validation.centres is not None:
        pooled = (
            " Measures were pooled over centres by random effects (REML, Knapp and Hartung's "
            "interval), with a prediction interval for the next centre."
            if validation.centres.heterogeneity
            else ""
        )
        yield (
            f"Centres ({validation.centres.column}) were looked at one by one and with one left "
            f"out; {least}.{pooled}"
        )


def _updating(validation: Validation, plan: ValidationPlan) -> str:
    if not validation.updates:
        return ""
    rungs = dict.fromkeys(rung.name for each in validation.updates for rung in each.rungs)
    judged = "apparent: nothing was resampled"
    if plan.resampling.bootstrap:
        judged = "corrected for optimism by repeating the whole update in each resample"
    return (
        f"The updating ladder has the rungs {joined(list(rungs))}; a closed test at level "
        f"{plan.update.alpha:g} chose the first rung not significantly worse than the fullest "
        f"(Vergouwe 2017). Performance of an updated score is {judged}."
    )


def _resampling(plan: ValidationPlan) -> str:
    if not plan.resampling.bootstrap:
        return "Nothing was resampled: numbers without an interval in closed form have none."
    return (
        f"Where an interval has no closed form it comes from {plan.resampling.bootstrap} bootstrap "
        f"resamples of the patients (percentiles; seed {plan.resampling.seed}), the same for all "
        "scores."
    )
