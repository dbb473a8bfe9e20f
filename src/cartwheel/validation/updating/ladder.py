"""Climb the updating ladder of one score, choose a rung, and write the updated score."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.errors import NotEstimable, Refused
from cartwheel.stats.resample import Optimism, bootstrap_optimism
from cartwheel.validation.analysed import Floats, Target
from cartwheel.validation.judging.points import CALIBRATION, DISCRIMINATION, OVERALL
from cartwheel.validation.plan import ValidationPlan
from cartwheel.validation.result_update import ClosedTest, Rung, Update, UpdatedMeasure, UpdatedTerm
from cartwheel.validation.updating.binary import BinaryLadder
from cartwheel.validation.updating.competing import CompetingLadder
from cartwheel.validation.updating.file import Updatable, updated_score
from cartwheel.validation.updating.frame import RUNGS, Frame, frame_of, varying
from cartwheel.validation.updating.honesty import (
    LadderPipeline,
    apparent_measures,
    chosen_share,
    order_changed,
    rung_measures,
)
from cartwheel.validation.updating.models import (
    EVENTS_PER_PARAMETER,
    Ladder,
    RungErrors,
    RungFit,
    TestStep,
    closed_test,
)
from cartwheel.validation.updating.said import rung_text, update_text
from cartwheel.validation.updating.survival import SurvivalLadder

Progress = Callable[[int, int], None]

NORMAL_95 = 1.959963984540054


def climb(
    target: Target,
    about: Updatable,
    plan: ValidationPlan,
    *,
    threads: int | None = None,
    say: Progress | None = None,
) -> tuple[Update, ScoreSpec | None]:
    """Update a score as little as its patients ask for, and say what each step would give.

    Parameters
    ----------
    target : Target
        The outcome of n patients.
    about : Updatable
        The score on them, with what its terms added.
    plan : ValidationPlan
        Level of the tests and of the intervals, resamples, seed, names of the outcome.
    threads : int, optional
        Of the bootstrap; the result does not depend on them.
    say : function of (int, int), optional
        Called with resamples done and drawn.

    Returns
    -------
    update : Update
        Rungs, tests, the rung chosen, apparent beside corrected measures.
    spec : ScoreSpec or None
        The updated score; None where the score is kept as it is, or cannot be written.

    Notes
    -----
    Rungs: the score as it is; a new intercept (baseline hazard at the horizon); intercept and
    slope; every term with a factor of its own; added columns. Closed test: the fullest rung that
    could be fitted is held against each below it, from the score as it is upwards; the first that
    it does not improve on at level alpha is chosen. In each resample the whole ladder is climbed
    again, test and choice included, and the optimism of the chosen rung is that of the choice.

    References
    ----------
    Vergouwe et al. 2017, doi 10.1002/sim.7179. Steyerberg et al. 2004, doi 10.1002/sim.1844.
    Harrell FE 2015, doi 10.1007/978-3-319-19425-7.
    """
    frame = frame_of(target, about.predicted, about.terms, about.extension)
    ladder = ladder_of(target, frame)
    everyone = np.ones(target.n)
    fits, errors, reasons = _fitted(ladder, everyone)
    place, steps = _chosen(ladder, fits, reasons, plan.update.alpha)
    errors = errors[: len(fits)]
    chosen = fits[place].rung if fits else "as is"
    rungs = tuple(fit.rung for fit in fits)
    names = (*DISCRIMINATION[target.kind], *CALIBRATION[target.kind], *OVERALL)
    pipeline = LadderPipeline(ladder, target, about.predicted, rungs, plan.update.alpha, names)
    resampled = _resampled(pipeline, plan, threads, say) if set(rungs) - {"as is"} else None
    told = {
        fit.rung: _told(pipeline, fit, resampled, plan.level, chosen=fit.rung == chosen)
        for fit in fits
    }
    if "as is" not in told:
        apparent = apparent_measures(target, about.predicted, plan.level)
        told["as is"] = rung_measures("as is", apparent, None, plan.level, chosen=False)
    spec, refusal = None, ""
    if chosen != "as is":
        try:
            spec = updated_score(target, about, frame, fits[place], told[chosen], plan)
        except Refused as reason:  # the numbers stand, only the file does not
            refusal = reason.problems[0].what
    rows = _rows(ladder, fits, errors, told, reasons)
    text = update_text(ladder, fits, place, steps, resampled, refusal, plan.update.alpha)
    if fits and frame.start is None:
        text += _flat(fits[place], errors[place])
    update = Update(
        score=about.predicted.name,
        rungs=rows,
        tests=tuple(_test(step) for step in steps),
        alpha=plan.update.alpha,
        chosen=chosen,
        chosen_share=chosen_share(resampled, rungs),
        text=text,
        new_id="" if spec is None else spec.id,
        new_version="" if spec is None else spec.version,
        new_sha256="" if spec is None else spec.identity,
    )
    return update, spec


def ladder_of(target: Target, frame: Frame) -> Ladder:
    """Choose the models for an outcome.

    Parameters
    ----------
    target : Target
        The outcome.
    frame : Frame
        The score taken apart.

    Returns
    -------
    Ladder
        Logistic, Cox or Fine-Gray.
    """
    if target.kind == "binary":
        return BinaryLadder(frame, target.event, _penalised(target.event, frame))
    assert target.times is not None
    assert target.horizon is not None
    if target.competing is not None:
        return CompetingLadder(frame, target.competing, target.horizon)
    return SurvivalLadder(frame, target.times, target.horizon)


def _penalised(event: Floats, frame: Frame) -> frozenset[str]:
    """Rungs with fewer than ten events (or patients without, if fewer) for each slope."""
    limiting = float(min(event.sum(), len(event) - event.sum()))
    terms = int(varying(frame.terms, np.ones(len(event))).sum())
    slopes = {"slope": 1, "re-estimated": terms, "extended": terms + frame.added.shape[1]}
    return frozenset(
        rung for rung, count in slopes.items() if limiting < EVENTS_PER_PARAMETER * count
    )


def _fitted(
    ladder: Ladder, everyone: Floats
) -> tuple[list[RungFit], list[RungErrors], dict[str, str]]:
    """Fit what can be fitted on all patients, and say of the rest why not."""
    fits, errors = [], []
    reasons = dict(ladder.frame.reasons)
    for rung in ladder.frame.rungs:
        try:
            fit = ladder.fit(rung, everyone)
            errors.append(ladder.errors(fit))
            fits.append(fit)
        except NotEstimable as reason:
            reasons[rung] = f"it cannot be fitted: {reason.problems[0].what}"
    return fits, errors, reasons


def _chosen(
    ladder: Ladder, fits: list[RungFit], reasons: dict[str, str], alpha: float
) -> tuple[int, list[TestStep]]:
    """Choose by the closed test; a fullest rung that cannot be tested is taken away."""
    while fits:
        try:
            return closed_test(ladder, fits, np.ones(len(ladder.frame.line)), alpha)
        except NotEstimable as reason:
            reasons[fits.pop().rung] = f"it cannot be tested: {reason.problems[0].what}"
    return 0, []


def _flat(fit: RungFit, error: RungErrors) -> str:
    """Say where a risk was made of a value that has nothing to do with the outcome."""
    if fit.rung != "slope" or not abs(fit.slope) < NORMAL_95 * error.slope:
        return ""
    return (
        " The slope cannot be told from 0 in these patients (95 % interval), so the risk made of "
        "the value says little more than their average."
    )


def _resampled(
    pipeline: LadderPipeline, plan: ValidationPlan, threads: int | None, say: Progress | None
) -> Optimism | None:
    settings = plan.resampling
    if not settings.bootstrap:
        return None
    try:
        return bootstrap_optimism(
            pipeline,
            n=pipeline.target.n,
            resamples=settings.bootstrap,
            seed=settings.seed,
            threads=threads,
            progress=say,
        )
    except NotEstimable:  # in none of the resamples: then nothing is corrected
        return None


def _told(
    pipeline: LadderPipeline,
    fit: RungFit,
    resampled: Optimism | None,
    level: float,
    *,
    chosen: bool,
) -> tuple[UpdatedMeasure, ...]:
    predicted = pipeline.predicted if fit.rung == "as is" else pipeline.updated(fit)
    apparent = apparent_measures(pipeline.target, predicted, level)
    reordered = order_changed(resampled, pipeline.rungs)
    return rung_measures(fit.rung, apparent, resampled, level, chosen=chosen, reordered=reordered)


def _rows(
    ladder: Ladder,
    fits: list[RungFit],
    errors: list[RungErrors],
    told: dict[str, tuple[UpdatedMeasure, ...]],
    reasons: dict[str, str],
) -> tuple[Rung, ...]:
    """One row for each rung that was fitted, or could not be."""
    done = {fit.rung: (fit, error) for fit, error in zip(fits, errors, strict=True)}
    rows = []
    for name in RUNGS:
        if name not in done and name not in reasons:
            continue
        measures = told.get(name, ())
        if name not in done:
            text = rung_text(ladder, name, None, reasons[name])
            rows.append(Rung(name, text, 0, None, None, (), measures))
            continue
        fit, error = done[name]
        aic = None
        if ladder.whole_likelihood:
            aic = 2.0 * fit.parameters - 2.0 * fit.log_likelihood
        terms = _terms(ladder.frame, fit, error)
        text = rung_text(ladder, name, fit, "")
        rows.append(Rung(name, text, fit.parameters, fit.log_likelihood, aic, terms, measures))
    return tuple(rows)


def _terms(frame: Frame, fit: RungFit, error: RungErrors) -> tuple[UpdatedTerm, ...]:
    """What was estimated on a rung; terms that were left as they are do not count."""
    if fit.rung == "as is":
        return ()
    rows = [("intercept", fit.intercept, error.intercept)]
    if fit.rung == "slope":
        rows.append(("slope", fit.slope, error.slope))
    if fit.rung in ("re-estimated", "extended"):
        left = set(frame.constant)
        rows += [
            row
            for row in zip(frame.names, fit.factors.tolist(), error.factors.tolist(), strict=True)
            if row[0] not in left
        ]
    if fit.rung == "extended":
        rows += zip(frame.added_names, fit.added.tolist(), error.added.tolist(), strict=True)
    return tuple(
        UpdatedTerm(name, float(value), None if np.isnan(spread) else float(spread))
        for name, value, spread in rows
    )


def _test(step: TestStep) -> ClosedTest:
    return ClosedTest(step.against, step.statistic, step.df, step.p_value)
