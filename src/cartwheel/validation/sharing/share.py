"""Write the file that travels: from a validation to what may leave the centre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from cartwheel.canonical import content_sha256, plain
from cartwheel.errors import CohortRefused, PlanRefused, Problem, refuse
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.grouping import Grouping
from cartwheel.validation.judging.observed import event_by_horizon
from cartwheel.validation.plan import SubgroupPlan, ValidationPlan
from cartwheel.validation.result import Validation, ValidationFile
from cartwheel.validation.result_groups import GroupRow, Subgroup
from cartwheel.validation.result_score import ScoreResult
from cartwheel.validation.result_share import (
    Shared,
    SharedBand,
    SharedFile,
    SharedGroup,
    SharedScore,
    SharedSubgroup,
    SharedUpdate,
)
from cartwheel.validation.sharing.cells import rounded
from cartwheel.validation.sharing.curves import band_key, shared_curves
from cartwheel.validation.sharing.measures import (
    shared_differences,
    shared_imputed,
    shared_measures,
)
from cartwheel.validation.sharing.told import Mask, Told, solvable, tell_rows

KIND, SCHEMA = "share", "cartwheel/share/1"
COARSE = "coarse_measures"
_HASH_SHOWN = 8


def share(
    done: ValidationFile,
    target: Target,
    predicted: Sequence[Predicted],
    groupings: Sequence[Grouping],
) -> SharedFile:
    """Take from a validation what may leave the centre.

    Parameters
    ----------
    done : ValidationFile
        The validation, with its plan.
    target : Target
        The outcome of the patients analysed; only counted, to decide what is told.
    predicted : sequence of Predicted
        The scores of the same patients; only counted.
    groupings : sequence of Grouping
        The columns of the subgroups, of the same patients; only counted.

    Returns
    -------
    SharedFile
        No row, no identifier, no median, quartile, smallest or largest value, no words of the data;
        no count below the plan's minimum cell, and none that follows from it.

    Raises
    ------
    CohortRefused
        ``too_small_to_share`` where the patients with, or without, the event are fewer than that.
    PlanRefused
        ``outcome_unnamed`` where neither plan nor score names the outcome, ``horizon_unnamed``
        where the horizon was taken from the patients.
    """
    plan = ValidationPlan.model_validate(done.plan, strict=False)
    cell = plan.sharing.minimum_cell
    _refuse_unnamed(done.result, plan, predicted)
    happened = event_by_horizon(target)
    _refuse_small(int(happened.sum()), int((~happened).sum()), cell)
    result, told = done.result, Told(happened, cell)
    # bands of every score first, then subgroups: curves give way to both
    bands = [
        _bands(found, each, told) for found, each in zip(result.scores, predicted, strict=True)
    ]
    coarse = {
        found.name
        for found, each, rows in zip(result.scores, predicted, bands, strict=True)
        if _coarse(told, each, _blocks(each, rows))
    }
    subgroups = _subgroups(result, plan, groupings, predicted, told)
    shared = Shared(
        label=plan.sharing.label or f"centre {_short(done.provenance.data_sha256)}",
        simulated=result.simulated,
        outcome_kind=result.outcome.kind,
        outcome_label=_outcome_label(plan, predicted),
        horizon=result.outcome.horizon,
        time_unit=result.outcome.time_unit,
        landmark_day=result.outcome.landmark_day,
        level=plan.level,
        patients=result.outcome.patients,
        events=int(happened.sum()),
        competing_events=_competing(result.competing_events, int((~happened).sum()), cell),
        eligible=_eligible(result, cell),
        centres=None if result.centres is None else len(result.centres.known),
        scores=tuple(
            _score(result, found, target, each, told, rows, found.name in coarse)
            for found, each, rows in zip(result.scores, predicted, bands, strict=True)
        ),
        differences=shared_differences(result, coarse),
        subgroups=subgroups,
        cautions=_cautions(result, bool(coarse)),
    )
    file = SharedFile(
        kind=KIND,
        schema=SCHEMA,
        cartwheel=done.provenance.cartwheel,
        data_sha256=done.provenance.data_sha256,
        minimum_cell=cell,
        rule=_rule(cell),
        result=shared,
        content_sha256="",
    )
    return replace(file, content_sha256=content_sha256(plain(file)))


def _refuse_small(events: int, others: int, cell: int) -> None:
    if min(events, others) >= cell:
        return
    kind = "with" if events < cell else "without"
    raise refuse(
        CohortRefused,
        "too_small_to_share",
        f"fewer than {cell} patients {kind} the event: every number would be about a few people",
        where="--share",
        mend="share nothing, wait for more patients, or, where your own rules allow it, lower "
        "--min-cell",
    )


def _refuse_unnamed(
    result: Validation, plan: ValidationPlan, predicted: Sequence[Predicted]
) -> None:
    """A pool joins files by outcome and horizon; an assumed horizon is a patient's own time."""
    problems = []
    if plan.outcome.label is None and predicted[0].spec.outcome.kind == "none":
        problems.append(
            Problem(
                "outcome_unnamed",
                "neither the plan nor the score names the outcome, so that a pool could not tell "
                "it from another",
                "--share",
                "name it, as the other centres do: --outcome-label PFS",
            )
        )
    if any(note.code == "horizon_assumed" for note in result.notes):
        problems.append(
            Problem(
                "horizon_unnamed",
                "the horizon is the middle of these patients' event times, which is not told",
                "--share",
                "name it, as the other centres do: --horizon 12",
            )
        )
    if problems:
        raise PlanRefused(problems)


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:_HASH_SHOWN]


def _outcome_label(plan: ValidationPlan, predicted: Sequence[Predicted]) -> str:
    """Words of the plan or of the score: the header of a column is the centre's own."""
    return plan.outcome.label or predicted[0].spec.outcome.name


def _competing(count: int | None, without: int, cell: int) -> int | None:
    """Count the competing events, unless they or those without any event are few."""
    return count if count is not None and min(count, without - count) >= cell else None


def _eligible(result: Validation, cell: int) -> int | None:
    """Count the eligible, unless that tells how few of them were left out."""
    if len(result.flow) < 2:
        return None
    before, last = result.flow[-2].patients, result.flow[-1]
    if last.excluded == 0:
        return before
    others = last.excluded - last.excluded_events
    return before if min(last.excluded_events, others) >= cell else None


def _score(
    result: Validation,
    found: ScoreResult,
    target: Target,
    predicted: Predicted,
    told: Told,
    bands: tuple[SharedBand, ...],
    coarse: bool,
) -> SharedScore:
    measures = (*found.discrimination, *found.calibration, *found.overall)
    return SharedScore(
        id=found.id,
        version=found.version,
        sha256=found.sha256,
        title=found.title,
        choices=found.choices,
        predicts=found.predicts,
        adverse=found.adverse,
        same_patients=any(note.code == "same_patients" for note in found.notes),
        patients=result.outcome.patients,
        events=int(event_by_horizon(target).sum()),
        linear_predictor_sd=None if coarse else rounded(found.linear_predictor_sd, 1),
        coarse=coarse,
        measures=shared_measures(measures, coarse=coarse),
        imputed=shared_imputed(result, found, coarse=coarse),
        bands=bands,
        curves=shared_curves(
            target,
            predicted,
            found,
            result.decision,
            told,
            _told_bands(result, bands),
            smooth=not coarse,
        ),
        update=None if coarse else _update(result, found),
    )


def _blocks(predicted: Predicted, bands: Sequence[SharedBand]) -> list[Mask]:
    """Give the patients whose sums are told: of each band told, and of the others together."""
    told = [place for place, band in enumerate(bands) if band.patients is not None]
    rest = np.asarray(~np.isin(predicted.band, told))
    return [*(np.asarray(predicted.band == place) for place in told), rest]


def _coarse(told: Told, predicted: Predicted, blocks: Sequence[Mask]) -> bool:
    """Whether the measures of a score are told in coarse steps only."""
    ranked = solvable(told, blocks, predicted.marker)
    return ranked or (predicted.risk is not None and solvable(told, blocks, predicted.risk))


def _bands(found: ScoreResult, predicted: Predicted, told: Told) -> tuple[SharedBand, ...]:
    rows = [predicted.band == place for place in range(len(predicted.bands))]
    keys = [band_key(predicted, place) for place in range(len(rows))]
    unseen = [place for place, row in enumerate(found.bands) if row.observed is None]
    hidden = tell_rows(told, rows, keys=keys, besides=unseen)
    return tuple(
        SharedBand(row.band, None, None, None, None, None)
        if place in hidden or row.observed is None
        else SharedBand(
            row.band,
            row.patients,
            row.events,
            rounded(row.observed.value, 2),
            rounded(row.observed.low, 2),
            rounded(row.observed.high, 2),
        )
        for place, row in enumerate(found.bands)
    )


def _told_bands(result: Validation, bands: Sequence[SharedBand]) -> tuple[str, ...] | None:
    """Name the bands that are told; None for a score without any beside one that has them."""
    if not bands and any(each.bands for each in result.scores):
        return None
    return tuple(band.band for band in bands if band.patients is not None)


def _update(result: Validation, found: ScoreResult) -> SharedUpdate | None:
    ladder = next((each for each in result.updates if each.score == found.name), None)
    if ladder is None:
        return None
    rung = next((each for each in ladder.rungs if each.name == "slope"), None)
    terms = {} if rung is None else {each.term: each.coefficient for each in rung.terms}
    return SharedUpdate(
        ladder.chosen,
        rounded(terms.get("intercept"), 1),
        rounded(terms.get("slope"), 1),
    )


def _subgroups(
    result: Validation,
    plan: ValidationPlan,
    groupings: Sequence[Grouping],
    predicted: Sequence[Predicted],
    told: Told,
) -> tuple[SharedSubgroup, ...]:
    asked = {each.column: each for each in plan.subgroups}
    scores = {
        each.name: (found.id, each) for found, each in zip(result.scores, predicted, strict=True)
    }
    return tuple(
        SharedSubgroup(
            asked[each.column].label or f"subgroup {place}",
            _groups(each, asked[each.column], grouping, told, scores),
        )
        for place, (each, grouping) in enumerate(zip(result.subgroups, groupings, strict=True), 1)
    )


def _groups(
    subgroup: Subgroup,
    asked: SubgroupPlan,
    grouping: Grouping,
    told: Told,
    scores: Mapping[str, tuple[str, Predicted]],
) -> tuple[SharedGroup, ...]:
    # patients without a value are the last row, where there are any
    rows = [np.zeros(len(grouping.code), np.bool_) for _ in subgroup.rows]
    for row, members in zip(rows, grouping.members(), strict=False):
        row[members] = True
    besides = [place for place, row in enumerate(subgroup.rows) if row.withheld]
    hidden = tell_rows(told, rows, besides=besides, rising=bool(asked.cuts))
    return tuple(
        SharedGroup(_group_name(row, place, asked), None, None, ())
        if place in hidden
        else SharedGroup(
            _group_name(row, place, asked),
            row.patients,
            row.events,
            tuple(
                (
                    scores[each.score][0],
                    shared_measures(
                        each.measures, coarse=_coarse(told, scores[each.score][1], [rows[place]])
                    ),
                )
                for each in row.scores
            ),
        )
        for place, row in enumerate(subgroup.rows)
    )


def _group_name(row: GroupRow, place: int, asked: SubgroupPlan) -> str:
    """Words of the plan: its names, or the edges that it cuts at."""
    own_words = asked.cuts or row.group in asked.names.values()
    return row.group if own_words else f"group {place + 1}"


def _cautions(result: Validation, coarse: bool) -> tuple[str, ...]:
    notes = [*result.notes, *(note for found in result.scores for note in found.notes)]
    codes = {note.code for note in notes if note.severity == "caution"}
    return tuple(sorted(codes | ({COARSE} if coarse else set())))


def _rule(cell: int) -> str:
    return (
        f"Counts below {cell} are withheld, and further ones so that they do not follow from sums "
        "or from another table. Curves stand on a fixed grid, and a point is told only where at "
        f"least {cell} patients with and {cell} without the event lie between it and every other "
        "group that is told. Measures are rounded to about a fifth of their standard error, their "
        "standard errors to two figures, risks and curves to two decimals, net benefit to three. "
        "Of a score with so few values that small counts could be solved for, only "
        "discrimination, observed/expected and slope are told, to about a whole standard error. No "
        "row, no identifier, no smallest, largest or middle value, and no words of the data are in "
        "this file. Two files about almost the same patients tell of those in whom they differ: "
        "share one."
    )


def numbers_told(file: SharedFile) -> int:
    """Count the numbers in a shared file, for the reader who wants to know how much leaves.

    Parameters
    ----------
    file : SharedFile
        The file.

    Returns
    -------
    int
        Numbers in its result.
    """
    return _count(plain(file.result))


def _count(thing: object) -> int:
    if isinstance(thing, dict):
        return sum(_count(each) for each in thing.values())
    if isinstance(thing, list):
        return sum(_count(each) for each in thing)
    return int(isinstance(thing, int | float) and not isinstance(thing, bool))


def told_coarsely(file: SharedFile) -> tuple[str, ...]:
    """Name the scores of a shared file of which little is told, in coarse steps.

    Parameters
    ----------
    file : SharedFile
        The file.

    Returns
    -------
    tuple of str
        Titles.
    """
    return tuple(score.title for score in file.result.scores if score.coarse)
