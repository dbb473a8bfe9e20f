"""What a reader must know of one score: where it fails here, said as plainly as where it works."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from cartwheel.estimate import Estimate
from cartwheel.note import Note
from cartwheel.patients import OutcomeSummary
from cartwheel.validation.account.said import (
    against_one,
    by_horizon,
    found,
    main_measure,
    number,
    ordered,
    percent,
    ranking,
    share_with_interval,
    with_interval,
)
from cartwheel.validation.result_score import BandRow, ScoreResult

# an interval whose ends differ by more shows neither good nor poor calibration
WIDE_RATIO = 2.0
WIDE_SLOPE = 1.0
# published measures of which more is better, as score files spell them
HIGHER_IS_BETTER = frozenset(
    {
        "auc",
        "auroc",
        "auc_at_horizon",
        "c",
        "c_index",
        "c_statistic",
        "concordance",
        "harrell_c",
        "harrells_c",
        "sensitivity",
        "specificity",
        "uno_c",
    }
)


def score_notes(score: ScoreResult, outcome: OutcomeSummary) -> tuple[Note, ...]:
    """Write what a reader must know of one score.

    Parameters
    ----------
    score : ScoreResult
        What was found; its own ``notes`` are not read.
    outcome : OutcomeSummary
        As analysed.

    Returns
    -------
    tuple of Note
        Cautions first.

    References
    ----------
    Van Calster B et al 2019, doi:10.1186/s12916-019-1466-7. Austin PC, Steyerberg EW 2019,
    doi:10.1002/sim.8281 (ICI).
    """
    return ordered(
        [
            *_status(score),
            *_discrimination(score),
            *_in_the_large(score),
            *_slope(score),
            *_index(score),
            *_kind_of_risk(score, outcome),
            *_bands(score),
            *_published(score),
        ]
    )


def _status(score: ScoreResult) -> Iterator[Note]:
    if score.status == "unverified":
        yield Note(
            "unverified_score",
            "caution",
            f"{score.name} is unverified: its constants were not read in their source. What is "
            "found here holds for the file, and perhaps not for the published score.",
        )
    if score.adverse_source == "plan":
        yield Note(
            "direction_from_plan",
            "assumption",
            f"That {score.adverse} values of {score.name} are the adverse ones was said by the "
            "plan; the score file does not say it.",
        )


def _discrimination(score: ScoreResult) -> Iterator[Note]:
    measure = main_measure(score)
    if measure is None:
        why = score.discrimination[0].estimate.method if score.discrimination else "not computed"
        yield Note(
            "discrimination_unknown",
            "caution",
            f"How {score.name} ranks the patients could not be estimated: {why}.",
        )
        return
    said = f"{measure.label} {with_interval(measure.estimate)}"
    way = ranking(measure)
    if way in ("wrong", "perhaps wrong"):
        doubt = "" if way == "wrong" else " The interval includes 0.5, so this may be chance."
        if measure.estimate.low is None:
            doubt = ""
        yield Note(
            "ranks_wrong",
            "caution",
            f"{score.name} ranks the wrong way round here ({said}): patients it calls worse fared "
            f"better. Check its direction and the coding of the outcome before anything "
            f"else.{doubt}",
        )
    elif way == "chance":
        yield Note(
            "discrimination_not_shown",
            "caution",
            f"{score.name} is not shown to tell patients with the event from those without: the "
            f"interval includes 0.5 ({said})."
            if measure.estimate.low is not None
            else f"{score.name} does not rank the patients at all ({said}).",
        )
    elif way == "unclear":
        yield Note(
            "discrimination_no_interval",
            "caution",
            f"The discrimination of {score.name} has no interval ({said}), which is not to be read "
            f"as certain: {measure.estimate.method.rstrip('.')}.",
        )


def _in_the_large(score: ScoreResult) -> Iterator[Note]:
    measure = found(score.calibration, "observed_expected")
    if measure is None:
        return
    estimate = measure.estimate
    side = against_one(estimate)
    assert estimate.value is not None
    if side in ("below", "above"):
        way = "high" if side == "below" else "low"
        yield Note(
            f"risk_too_{way}",
            "caution",
            f"Risks are predicted too {way} by {score.name}: for every 100 events predicted "
            f"{100.0 * estimate.value:.0f} were observed (observed / expected "
            f"{with_interval(estimate)}).",
        )
    elif side == "holds" and _ratio_is_wide(estimate):
        yield Note(
            "risk_level_unclear",
            "caution",
            f"Whether {score.name} predicts risks too high or too low cannot be told from so "
            f"few events (observed / expected {with_interval(estimate)}): that 1 lies in the "
            "interval is no sign of good calibration.",
        )


def _ratio_is_wide(estimate: Estimate) -> bool:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low <= 0.0 or estimate.high > WIDE_RATIO * estimate.low


def _slope_is_wide(estimate: Estimate) -> bool:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low > WIDE_SLOPE


def _slope(score: ScoreResult) -> Iterator[Note]:
    measure = found(score.calibration, "calibration_slope")
    if measure is None:
        return
    estimate = measure.estimate
    said = f"(calibration slope {with_interval(estimate)})"
    side = against_one(estimate)
    if side == "below":
        yield Note(
            "risk_too_extreme",
            "caution",
            f"Risks predicted by {score.name} are too extreme: high ones too high and low ones too "
            f"low, relative to each other {said}. The usual cause is overfitting where the score "
            "was made.",
        )
    elif side == "above":
        yield Note(
            "risk_too_moderate",
            "caution",
            f"Risks predicted by {score.name} lie too close together: patients differ more than "
            f"it says {said}.",
        )
    elif side == "holds" and _slope_is_wide(estimate):
        yield Note(
            "slope_unclear",
            "caution",
            f"Whether risks predicted by {score.name} are too extreme cannot be told from so "
            f"few events {said}.",
        )


def _index(score: ScoreResult) -> Iterator[Note]:
    measure = found(score.calibration, "ici")
    if measure is None or measure.estimate.value is None:
        return
    wide = found(score.calibration, "e90")
    points = number(100.0 * measure.estimate.value, 1)
    tail = ""
    if wide is not None and wide.estimate.value is not None:
        tail = f", in one patient in ten by more than {number(100.0 * wide.estimate.value, 1)}"
    yield Note(
        "calibration_index",
        "information",
        f"Risks predicted by {score.name} differ from those observed by {points} percentage points "
        f"on average{tail} (ICI {with_interval(measure.estimate, 3)}). It is never 0, even for a "
        "perfect score.",
    )


def _kind_of_risk(score: ScoreResult, outcome: OutcomeSummary) -> Iterator[Note]:
    if score.predicts == "value":
        yield Note(
            "no_risk",
            "caution",
            f"{score.name} gives no risk of {outcome.label}{by_horizon(outcome)}: its calibration "
            "and its clinical utility cannot be judged, only how it ranks patients.",
        )
    elif score.predicts == "band risk":
        yield Note(
            "band_risk",
            "assumption",
            f"{score.name} gives risks of bands only: each patient stands at the published risk of "
            "the band, and all patients of a band at the same.",
        )


def _bands(score: ScoreResult) -> Iterator[Note]:
    told = [row for row in score.bands if row.observed is not None]
    told = told if score.adverse == "high" else told[::-1]
    wrong = [(low, high) for low, high in pairwise(told) if _risk(high) < _risk(low)]
    if wrong:
        listed = "; ".join(
            f"{low.band} {share_with_interval(low.observed)}, then {high.band} "
            f"{share_with_interval(high.observed)}"
            for low, high in wrong
            if low.observed is not None and high.observed is not None
        )
        yield Note(
            "bands_out_of_order",
            "caution",
            f"Observed risks do not rise with the bands of {score.name}: {listed}.",
        )
    off = [row for row in told if _outside(row)]
    if off:
        listed = "; ".join(
            f"{row.band} {share_with_interval(row.observed)} against {percent(row.published.value)}"
            for row in off
            if row.observed is not None and row.published is not None
        )
        yield Note(
            "band_risk_differs",
            "caution",
            f"The published risk lies outside the interval of the risk observed here in "
            f"{len(off)} of {len(told)} bands of {score.name}: {listed} published.",
        )


def _risk(row: BandRow) -> float:
    assert row.observed is not None
    # a band whose follow-up ends early is in no order
    return float("nan") if row.observed.value is None else row.observed.value


def _outside(row: BandRow) -> bool:
    seen, said = row.observed, row.published
    if seen is None or said is None or said.value is None or seen.low is None or seen.high is None:
        return False
    return not seen.low <= said.value <= seen.high


def _plain(measure: str) -> str:
    bare = measure.replace("(%)", "").replace("'", "").strip().casefold()
    return bare.replace("-", "_").replace(" ", "_")


def _published(score: ScoreResult) -> Iterator[Note]:
    worse, better = [], []
    for row in score.published:
        value = row.published.value
        if row.found is None or row.found.low is None or row.found.high is None or value is None:
            continue
        if _plain(row.measure) not in HIGHER_IS_BETTER:
            continue
        words = f"{row.measure} {with_interval(row.found)}, published {number(value)} ({row.name})"
        if row.found.high < value:
            worse.append(words)
        elif row.found.low > value:
            better.append(words)
    if worse:
        yield Note(
            "below_published",
            "caution",
            f"{score.name} does not reach here what was published: {'; '.join(worse)}. A published "
            "figure may be of another event or time than the one analysed; its name says.",
        )
    if better:
        yield Note(
            "above_published",
            "information",
            f"{score.name} does better here than published: {'; '.join(better)}.",
        )
