"""What the numbers of a pool oblige to say: each remark looks at one thing, and says it plainly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cartwheel.note import Note
from cartwheel.pooling.analysis.fit import TWO_STAGE, Fit
from cartwheel.pooling.analysis.fits import fit_model
from cartwheel.pooling.analysis.members import Members
from cartwheel.pooling.analysis.models import estimator, main_code
from cartwheel.pooling.analysis.refits import kept_positions, pooled_again
from cartwheel.pooling.analysis.wording import (
    estimate_text,
    interval_text,
    rows_first,
    study_first,
    study_text,
)
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_analysis import Heterogeneity, ModelRow
from cartwheel.pooling.result_questions import Refit
from cartwheel.pooling.study.result import Overlap

SUBSTANTIAL = 50.0
_MOST = 50.0
# of the normal width; nearer to 1 is no matter where the studies do differ
_NARROW = 0.95
# what a value of no effect means for a measure of performance
_NOTHING = {
    "C": "no discrimination at all",
    "OE": "good calibration, or the opposite fault",
    "slope": "a good slope, or the opposite fault",
}


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a remark can look at.

    Parameters
    ----------
    members : Members
        The pool, of two studies or more.
    plan : PoolPlan
        Settings.
    fit : Fit
        The plan's model.
    main : ModelRow
        The same as a row.
    models : tuple of ModelRow
        The other models.
    heterogeneity : Heterogeneity
        Of the pool.
    left_out : tuple of Refit
        One study left out.
    overlaps : tuple of Overlap
        Suspected shared patients in this pool.
    """

    members: Members
    plan: PoolPlan
    fit: Fit
    main: ModelRow
    models: tuple[ModelRow, ...]
    heterogeneity: Heterogeneity
    left_out: tuple[Refit, ...]
    overlaps: tuple[Overlap, ...]


def cautions_of(seen: Seen) -> Iterator[Note]:
    """Say what the numbers of a pool oblige to say.

    Parameters
    ----------
    seen : Seen
        The pool and what was found.

    Yields
    ------
    Note
    """
    yield from _shared_patients(seen)
    yield from _repeated_clusters(seen)
    yield from _made_of_constants(seen)
    yield from _two_studies(seen)
    yield from _narrow(seen)
    yield from _prediction(seen)
    yield from _heterogeneous(seen)
    yield from _dominated(seen)
    yield from _fragile(seen)
    yield from _models_disagree(seen)
    yield from _about_the_model(seen)


def _caution(code: str, text: str) -> Note:
    return Note(code, "caution", text)


def _text(seen: Seen, low: float | None, high: float | None) -> str:
    return interval_text(low, high, seen.members.measure)


def _verdict(members: Members, low: float | None, high: float | None) -> str | None:
    """Tell on which side of no effect an interval lies: above, below, or across."""
    null = members.null
    if null is None or low is None:
        return None
    if low > null:
        return "above"
    if high is not None and high < null:
        return "below"
    return "across"


def _holds(members: Members, verdict: str) -> str:
    """Say whether an interval includes the value of no effect."""
    return f"{'includes' if verdict == 'across' else 'excludes'} {members.null:g}"


def _shared_patients(seen: Seen) -> Iterator[Note]:
    """Pool again with only one of the rows that may hold the same patients."""
    members = seen.members
    at = {place: i for i, place in enumerate(members.places)}
    suspected = [one for one in seen.overlaps if one.kind != "same_source"]
    for overlap in suspected:
        # a larger suspicion says it all
        if any(set(overlap.positions) < set(one.positions) for one in suspected):
            continue
        sharing = [members.studies[at[place]] for place in overlap.positions]
        keeping = overlap.positions if len(overlap.positions) <= 3 else overlap.positions[:1]
        said = []
        for kept in keeping:
            rest = members.subset(
                kept_positions(members, [p for p in overlap.positions if p != kept])
            )
            again = estimate_text(pooled_again(rest, seen.plan), members.measure)
            what = f"k = {rest.k}" if rest.k > 1 else "this study alone"
            said.append(f"{again} ({what}) with only {study_text(members.studies[at[kept]])}")
        yield _caution(
            "overlap_pooled",
            f"{rows_first(sharing)} may hold the same patients and were all pooled: "
            f"{estimate_text(seen.main.pooled, members.measure)}. Of them, "
            f"{'; '.join(said)}.",
        )


def _repeated_clusters(seen: Seen) -> Iterator[Note]:
    if seen.main.code == "multilevel" or not _repeats(seen.members):
        return
    row = next((one for one in seen.models if one.code == "multilevel"), None)
    beside = "the model of effects within clusters cannot be fitted to these rows"
    if row is not None:
        beside = (
            "with effects within clusters and robust errors (CR2) it is "
            f"{estimate_text(row.pooled, seen.members.measure)}"
        )
    yield _caution(
        "dependent_rows",
        "Some rows come from one cluster (the same study, unless a column 'cluster' says more), "
        f"but the main model takes all rows as independent; {beside}.",
    )


def _repeats(members: Members) -> bool:
    """Whether rows depend on one another; an author's name with two years is two papers."""
    keys = [
        (study.cluster, study.year if study.cluster == study.study else None)
        for study in members.studies
    ]
    return len(set(keys)) < len(keys)


def _made_of_constants(seen: Seen) -> Iterator[Note]:
    """No events anywhere, or nothing else: the pooled value is made of what was added."""
    counts = [study.counts for study in seen.members.studies]
    if seen.members.measure != "proportion":
        return
    for which, left in (("the event", "no events"), ("anything else", "nothing but events")):
        if all(
            one is not None and (one.events == 0 if left == "no events" else one.events == one.n)
            for one in counts
        ):
            yield _caution(
                "no_events",
                f"All studies have {left}: no patient had {which}. The pooled value comes from "
                "the constant that was added to each, not from the data; give exact intervals of "
                "the studies instead.",
            )


def _two_studies(seen: Seen) -> Iterator[Note]:
    if seen.members.k != 2:
        return
    wide = ""
    if seen.main.interval.startswith("knapp_hartung"):
        wide = (
            " The Knapp-Hartung interval has one degree of freedom: it is very wide where the two "
            "differ, and too narrow where they happen to agree."
        )
    ahead = ""
    if seen.main.prediction_low is not None:
        ahead = " The prediction interval rests on the same two and says next to nothing."
    yield _caution(
        "two_studies",
        f"Two studies: how much studies differ cannot be estimated from two.{wide}{ahead}",
    )


def _narrow(seen: Seen) -> Iterator[Note]:
    fit = seen.fit
    if fit.two_stage is None or fit.interval == "normal":
        return
    if seen.plan.interval == "knapp_hartung" and fit.interval != seen.plan.interval:
        yield _caution(
            "no_spread",
            "All effects are equal, so a Knapp-Hartung interval would have no width; the floored "
            "one was used.",
        )
        return
    normal = fit_model(seen.members, fit.code, "normal", seen.plan)
    share = (fit.high - fit.low) / (normal.high - normal.low)
    if share < _NARROW or (share < 1.0 and fit.tau2 == 0.0):
        floored = fit_model(seen.members, fit.code, "knapp_hartung_floor", seen.plan)
        yield _caution(
            "knapp_hartung_narrow",
            "The Knapp-Hartung interval is narrower than the normal one "
            f"({_text(seen, *_ends(seen, normal))}), since the effects lie closer together than "
            "their errors suggest: it may be too short. With the floor it is "
            f"{_text(seen, *_ends(seen, floored))}.",
        )


def _ends(seen: Seen, fit: Fit) -> tuple[float | None, float | None]:
    return seen.members.back(fit.low), seen.members.back(fit.high)


def _prediction(seen: Seen) -> Iterator[Note]:
    main, members = seen.main, seen.members
    inner = _verdict(members, main.pooled.low, main.pooled.high)
    outer = _verdict(members, main.prediction_low, main.prediction_high)
    if inner in ("above", "below") and outer == "across" and members.k > 2:
        yield _caution(
            "prediction_crosses",
            f"The pooled interval {_holds(members, inner)}, but the prediction interval, "
            f"{_text(seen, main.prediction_low, main.prediction_high)}, includes it: a new centre "
            f"may well see {_NOTHING.get(members.measure, 'no effect, or the opposite one')}.",
        )


def _heterogeneous(seen: Seen) -> Iterator[Note]:
    i2 = seen.heterogeneity.i2
    if i2.value is None:
        return
    limits = "" if i2.low is None else f" ({i2.low:.0f} to {i2.high:.0f} %)"
    if i2.value >= SUBSTANTIAL:
        yield _caution(
            "heterogeneous",
            f"I2 is {i2.value:.0f} %{limits}: the studies differ by more than chance, and one "
            "pooled number says little about any of them.",
        )
    elif i2.high is not None and i2.high >= SUBSTANTIAL:
        yield Note(
            "heterogeneity_uncertain",
            "information",
            f"I2 is {i2.value:.0f} %{limits}: these studies are too few, or too small, to rule out "
            "heterogeneity that matters.",
        )


def _dominated(seen: Seen) -> Iterator[Note]:
    weights = seen.fit.weights_percent
    if weights is None or seen.members.k < 3:
        return
    most = int(weights.argmax())
    if weights[most] > _MOST:
        yield _caution(
            "dominated",
            f"{study_first(seen.members.studies[most])} has {weights[most]:.0f} % of "
            "the weight: the pooled effect is mostly that study's.",
        )


def _fragile(seen: Seen) -> Iterator[Note]:
    members, main = seen.members, seen.main
    whole = _verdict(members, main.pooled.low, main.pooled.high)
    if whole is None:
        return
    changed = [
        (study, refit)
        for study, refit in zip(members.studies, seen.left_out, strict=False)
        if _verdict(members, refit.estimate.low, refit.estimate.high) not in (whole, None)
    ]
    if not changed:
        return
    said = "; ".join(
        f"without {study_text(study)}: {estimate_text(refit.estimate, members.measure)}"
        for study, refit in changed[:5]
    )
    more = f"; and {len(changed) - 5} more" if len(changed) > 5 else ""
    holds = _holds(members, whole)
    yield _caution(
        "leave_one_out",
        f"The conclusion hangs on single studies: the pooled interval {holds}, which changes "
        f"{said}{more}.",
    )


def _models_disagree(seen: Seen) -> Iterator[Note]:
    members, main = seen.members, seen.main
    whole = _verdict(members, main.pooled.low, main.pooled.high)
    if whole is None:
        return
    other = [
        row
        for row in seen.models
        if _verdict(members, row.pooled.low, row.pooled.high) not in (whole, None)
    ]
    if other:
        said = "; ".join(
            f"{row.name}: {estimate_text(row.pooled, members.measure)}" for row in other[:4]
        )
        more = f"; and {len(other) - 4} more" if len(other) > 4 else ""
        holds = _holds(members, whole)
        yield _caution(
            "models_disagree",
            f"The conclusion depends on the model: by {main.name} the interval {holds}; not so by "
            f"{said}{more}.",
        )


def _about_the_model(seen: Seen) -> Iterator[Note]:
    plan, code = seen.plan, main_code(seen.members, seen.plan)
    if plan.method == "multilevel" and code == "REML":
        yield Note(
            "no_clusters",
            "assumption",
            "Every cluster has one row, so the multilevel model is the ordinary random-effects "
            "model.",
        )
    elif code not in TWO_STAGE:
        yield Note(
            "two_stage_questions",
            "assumption",
            f"Influence, regressions and small-study tests are by inverse variances with "
            f"{estimator(plan)}: the main model has no such.",
        )
    if code == "GLMM":
        yield Note(
            "weights",
            "information",
            "This model has no weights of studies; those shown are inverse variances with its "
            "tau2.",
        )
    if plan.method == "common" and plan.interval != "normal":
        yield Note(
            "common_normal",
            "information",
            "A common effect has a normal interval; Knapp and Hartung's is one of random effects.",
        )
    printed = [study for study in seen.members.studies if study.route in ("interval", "std_error")]
    if code in ("MH", "peto") and printed:
        yield _caution(
            "printed_ratio_unused",
            f"{rows_first(printed)}: the counts were pooled, not the printed (perhaps "
            "adjusted) ratio.",
        )
    if seen.members.scale == "double_arcsine":
        yield _caution(
            "double_arcsine",
            "Back from the double arcsine the result depends on which number of patients is meant "
            "(here the harmonic mean); with sizes that differ widely it can mislead (Schwarzer et "
            "al. 2019, doi:10.1002/jrsm.1348). The binomial-normal model needs no such choice.",
        )


def one_study_note(members: Members) -> Note:
    """Say that nothing is pooled.

    Parameters
    ----------
    members : Members
        A single study.
    """
    estimate = estimate_text(members.studies[0].estimate, members.measure)
    return Note(
        "one_study",
        "information",
        f"One study, {study_text(members.studies[0])}: {estimate}. Nothing is pooled, and how "
        "studies differ cannot be told.",
    )
