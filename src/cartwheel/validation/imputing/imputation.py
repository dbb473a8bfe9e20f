"""A validation in which missing inputs are imputed, beside the complete cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.estimate import Estimate
from cartwheel.stats.distributed import in_order
from cartwheel.stats.impute import Imputations, convergence
from cartwheel.stats.resample import resample_multiplicities
from cartwheel.validation.analysed import Predicted, Scoreable, Target
from cartwheel.validation.cohort.scoring import predict
from cartwheel.validation.imputing.imputed_copies import Copier, make_copier, measured
from cartwheel.validation.imputing.imputed_measures import (
    CopiedMeasure,
    PooledMeasure,
    closed_form,
    pool_copies,
)
from cartwheel.validation.imputing.imputed_outcome import IN_MODEL
from cartwheel.validation.imputing.imputed_table import TableColumn, table_columns
from cartwheel.validation.imputing.imputed_words import imputation_words
from cartwheel.validation.judging.measures import calibration, discrimination, overall
from cartwheel.validation.judging.points import point_measures, point_names
from cartwheel.validation.plan import ValidationPlan
from cartwheel.validation.result import ImputedInput, ImputedMeasure, ImputedValidation
from cartwheel.validation.result_score import Measure, ScoreResult

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Mask = NDArray[np.bool_]
Say = Callable[[str, int, int], None]


class Cohort(Protocol):
    """What is needed of the assembled cohort: ``cohort.Assembled`` has it."""

    @property
    def scoreables(self) -> tuple[Scoreable, ...]:
        """The scores, with the columns of all N patients."""

    @property
    def eligible(self) -> Mask:
        """Patients with a known outcome, (N,)."""

    @property
    def eligible_target(self) -> Target:
        """Their outcome."""

    @property
    def target(self) -> Target:
        """Outcome of the complete cases."""

    @property
    def predicted(self) -> tuple[Predicted, ...]:
        """What the scores say of the complete cases."""

    @property
    def auxiliary(self) -> Mapping[str, Floats]:
        """Further columns that help to impute, (N,) each; nan where missing."""


@dataclass(frozen=True, slots=True, eq=False)
class _Patients:
    """Who is imputed: eligible, and refused by no score for another reason than a gap."""

    rows: Integers
    target: Target
    known: tuple[tuple[Predicted, Mask], ...]

    def kept(self, keep: Mask) -> _Patients:
        """Leave patients out."""
        if keep.all():
            return self
        places = np.flatnonzero(keep)
        known = tuple((said.subset(places), scored[places]) for said, scored in self.known)
        return _Patients(self.rows[places], self.target.subset(places), known)


def impute_validation(
    assembled: Cohort,
    plan: ValidationPlan,
    level: float,
    threads: int,
    say: Say | None = None,
) -> ImputedValidation:
    """Validate all scores on patients whose missing inputs are imputed, beside complete cases.

    Parameters
    ----------
    assembled : Assembled
        Who is eligible, and what the scores say of the complete cases.
    plan : ValidationPlan
        Copies, rounds, resamples and seed are read.
    level : float
        Coverage of the intervals, in (0, 1).
    threads : int
        Threads, >= 1; the result does not depend on it.
    say : function of (str, int, int), optional
        Told what is being done, how much of it is done, and of how much.

    Returns
    -------
    ImputedValidation
        Where nothing is missing the imputed numbers are those of the complete cases.

    Raises
    ------
    CohortRefused
        ``all_missing``, ``constant_input``, ``too_few_observed``, ``not_converged``: with the
        column.

    Notes
    -----
    The table holds each cohort column that a score reads, once, auxiliary columns and the outcome.
    Numbers are matched to donors, codes drawn from logistic models; bands, risks and values follow
    from the imputed inputs and are never imputed themselves. With resamples everything is imputed
    anew in each of them; the streams of random numbers go by the number of the resample. All
    copies of a patient drawn several times share one imputed value in each completed copy.

    References
    ----------
    White IR, Royston P, Wood AM 2011, doi:10.1002/sim.4067. Schomaker M, Heumann C 2018,
    doi:10.1002/sim.7654. Bartlett JW, Hughes RA 2020, doi:10.1177/0962280220932189.
    """
    patients, made = _imputable(assembled, plan, _patients(assembled), threads)
    if made is None:
        return _nothing_missing(assembled, plan, patients, level)
    copier, imputations = made
    copies, scored = copier.scored(imputations.imputed)
    everyone = np.ones(copier.target.n)
    points = measured(copier.target, copies, scored, everyone)
    errors = _closed_forms(copier.target, copies, len(assembled.scoreables), level)
    repeats, failures = _resampled(copier, plan, threads, say)
    rows: list[ImputedMeasure] = []
    begin = 0
    for place, predicted in enumerate(assembled.predicted):
        complete = _measures(assembled.target, predicted, level)
        for at, name in enumerate(point_names(copier.target, predicted)):
            copied = CopiedMeasure(
                name,
                points[place][:, at],
                np.array([_error(found, name) for found in errors[place]]),
                copier.target.n,
                int(copier.target.event.sum()),
            )
            pooled = pool_copies(
                copied,
                None if repeats is None else repeats[:, begin + at],
                drawn=plan.imputation.resamples,
                level=level,
            )
            rows.append(_row(assembled.target, predicted, name, complete, pooled))
        begin += points[place].shape[1]
    inputs = _inputs(copier.columns, imputations, copier.target.n)
    return _result(assembled, plan, patients, tuple(rows), inputs, failures)


def beside_shown(filled: ImputedValidation, scores: Sequence[ScoreResult]) -> ImputedValidation:
    """Give the complete cases the estimates of the main table, with intervals by resampling too.

    Parameters
    ----------
    filled : ImputedValidation
        As `impute_validation` gives it, with intervals of complete cases in closed form only.
    scores : sequence of ScoreResult
        The same scores on the complete cases.

    Returns
    -------
    ImputedValidation
        Where nothing was missing the imputed numbers are the same too.
    """
    shown = {
        (score.name, each.name): each.estimate
        for score in scores
        for each in (*score.discrimination, *score.calibration, *score.overall)
    }

    def told(row: ImputedMeasure) -> ImputedMeasure:
        found = shown.get((row.score, row.name), row.complete)
        return replace(row, complete=found, imputed=row.imputed if filled.inputs else found)

    return replace(filled, measures=tuple(told(row) for row in filled.measures))


def _patients(assembled: Cohort) -> _Patients:
    rows = np.flatnonzero(assembled.eligible)
    known = tuple(predict(scoreable, None, rows) for scoreable in assembled.scoreables)
    keep = np.ones(len(rows), dtype=np.bool_)
    for scoreable, (_, scored) in zip(assembled.scoreables, known, strict=True):
        gap = np.zeros(len(rows), dtype=np.bool_)
        for column in scoreable.columns.values():
            missing = np.isnan(column.numbers)
            missing[list(column.texts)] = False
            gap |= missing[rows]
        keep &= scored | gap
    return _Patients(rows, assembled.eligible_target, known).kept(keep)


def _imputable(
    assembled: Cohort, plan: ValidationPlan, patients: _Patients, threads: int
) -> tuple[_Patients, tuple[Copier, Imputations] | None]:
    """Impute all patients; leave out who is refused even then, and impute the others again.

    None where there is nothing to impute.
    """
    while not all(scored.all() for _, scored in patients.known):
        columns = table_columns(assembled.scoreables, patients.rows, assembled.auxiliary)
        copier = make_copier(
            assembled.scoreables,
            patients.rows,
            patients.target,
            _predict,
            columns,
            known=patients.known,
            plan=(
                plan.imputation.imputations,
                plan.imputation.iterations,
                plan.resampling.seed,
            ),
        )
        imputations = copier.everyone(threads)
        _, scored = copier.scored(imputations.imputed, as_written=True)
        sound = np.asarray(scored.all(axis=(0, 1)))
        if sound.all():
            return patients, (copier, imputations)
        # first those whose own values are refused: others may only have had them as donors
        ever = np.asarray(scored.any(axis=1).all(axis=0))
        patients = patients.kept(sound if ever.all() else ever)
    return patients, None


def _predict(scoreable: Scoreable, columns: Mapping[str, InputColumn]) -> tuple[Predicted, Mask]:
    return predict(scoreable, columns)


def _resampled(
    copier: Copier, plan: ValidationPlan, threads: int, say: Say | None
) -> tuple[Floats | None, Counter[str]]:
    drawn = plan.imputation.resamples
    if not drawn:
        return None, Counter()
    draw = resample_multiplicities(copier.target.n, plan.resampling.seed, drawn)
    progress = None
    if say is not None:
        tell = say

        def progress(done: int, asked: int) -> None:
            tell("imputing again", done, asked)

    found = in_order(
        lambda number: copier.repeat(draw(number), number),
        drawn,
        threads=threads,
        progress=progress,
    )
    done = [row for row in found if not isinstance(row, str)]
    failures = Counter(row for row in found if isinstance(row, str))
    return np.stack(done) if done else np.empty((0, _width(copier))), failures


def _width(copier: Copier) -> int:
    return sum(len(point_names(copier.target, item.known)) for item in copier.scores)


def _measures(target: Target, predicted: Predicted, level: float) -> tuple[Measure, ...]:
    return (
        *discrimination(target, predicted, level),
        *calibration(target, predicted, level),
        *overall(target, predicted, level),
    )


def _closed_forms(
    target: Target, copies: Sequence[Predicted], scores: int, level: float
) -> tuple[tuple[tuple[Measure, ...], ...], ...]:
    """Measure each copy of each score with standard errors, for Rubin's rules."""
    m = len(copies) // scores
    found = []
    for place in range(scores):
        mine = copies[place * m : (place + 1) * m]
        first = _measures(target, mine[0], level)
        # a score whose inputs are complete is the same in every copy
        found.append(
            tuple(first if one is mine[0] else _measures(target, one, level) for one in mine)
        )
    return tuple(found)


def _error(measures: Sequence[Measure], name: str) -> float:
    found = closed_form(measures, name)
    return np.nan if found is None or found.std_error is None else found.std_error


def _row(
    target: Target,
    predicted: Predicted,
    name: str,
    complete: Sequence[Measure],
    pooled: PooledMeasure,
) -> ImputedMeasure:
    found = closed_form(complete, name)
    if found is None:
        names = point_names(target, predicted)
        value = float(point_measures(target, predicted)[names.index(name)])
        estimate = Estimate(
            value if np.isfinite(value) else None,
            method="complete cases, without an interval",
            n=target.n,
            events=int(target.event.sum()),
        )
        label = name.replace("_", " ")
    else:
        estimate, label = found.estimate, found.label
    return ImputedMeasure(
        predicted.name,
        name,
        label,
        estimate,
        pooled.estimate,
        pooled.monte_carlo_error,
        pooled.missing_information,
    )


def _inputs(
    columns: Sequence[TableColumn], imputations: Imputations, n: int
) -> tuple[ImputedInput, ...]:
    reduction: dict[int, float] = {}
    m, rounds, _ = imputations.chain_mean.shape
    if m >= 2 and rounds >= 4:
        said = convergence(imputations)
        reduction = dict(zip(said.columns, said.scale_reduction.tolist(), strict=True))
    return tuple(
        ImputedInput(
            item.column, item.label, item.missing, 100.0 * item.missing / n, reduction.get(place)
        )
        for place, item in enumerate(columns)
        if item.missing
    )


def _nothing_missing(
    assembled: Cohort, plan: ValidationPlan, patients: _Patients, level: float
) -> ImputedValidation:
    rows = []
    for predicted in assembled.predicted:
        complete = _measures(assembled.target, predicted, level)
        for name in point_names(assembled.target, predicted):
            found = closed_form(complete, name)
            known = None if found is None or found.std_error is None else 0.0
            same = PooledMeasure(Estimate(None), 0.0, known)
            row = _row(assembled.target, predicted, name, complete, same)
            rows.append(replace(row, imputed=row.complete))
    return _result(assembled, plan, patients, tuple(rows), (), Counter())


def _result(
    assembled: Cohort,
    plan: ValidationPlan,
    patients: _Patients,
    measures: tuple[ImputedMeasure, ...],
    inputs: tuple[ImputedInput, ...],
    failures: Counter[str],
) -> ImputedValidation:
    part, target, whole = plan.imputation, patients.target, assembled.target
    return ImputedValidation(
        imputations=part.imputations,
        iterations=part.iterations,
        resamples=part.resamples,
        patients=target.n,
        events=int(target.event.sum()),
        complete_patients=whole.n,
        complete_events=int(whole.event.sum()),
        inputs=inputs,
        outcome_in_model=IN_MODEL[target.kind],
        measures=measures,
        failed=failures.total(),
        text=imputation_words(
            part,
            inputs,
            outcome=IN_MODEL[target.kind],
            patients=(target.n, whole.n, assembled.eligible_target.n),
            failures=tuple(sorted(failures.items())),
        ),
    )
