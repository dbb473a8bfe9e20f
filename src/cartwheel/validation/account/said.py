"""Numbers in sentences, the question of a validation, and one sentence on each score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath

from cartwheel.estimate import Estimate
from cartwheel.note import Note
from cartwheel.patients import OutcomeSummary
from cartwheel.validation.plan import ValidationPlan
from cartwheel.validation.result_score import Measure, ScoreResult

_WEIGHT = {"caution": 0, "assumption": 1, "information": 2}


def ordered(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Put cautions first and assumptions second, else as they came.

    Parameters
    ----------
    notes : iterable of Note
        In any order.

    Returns
    -------
    tuple of Note
        The same words once.
    """
    return tuple(sorted(dict.fromkeys(notes), key=lambda note: _WEIGHT[note.severity]))


def once(*sources: Iterable[Note]) -> tuple[Note, ...]:
    """Put notes together, and say nothing twice.

    Parameters
    ----------
    sources : iterables of Note
        Within one a code may come several times: once for each input, say. A later source adds only
        codes that no earlier one had.

    Returns
    -------
    tuple of Note
        Cautions first.
    """
    kept: dict[Note, None] = {}
    for source in sources:
        said = {note.code for note in kept}
        kept.update((note, None) for note in source if note.code not in said)
    return ordered(kept)


def number(value: float | None, digits: int = 2) -> str:
    """Write a number.

    Parameters
    ----------
    value : float or None
        Finite.
    digits : int
        After the point.

    Returns
    -------
    str
        ``not estimable`` for None.
    """
    if value is None:
        return "not estimable"
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def percent(value: float | None) -> str:
    """Write a share of 0-1 in per cent.

    Parameters
    ----------
    value : float or None
        0-1.

    Returns
    -------
    str
        With one digit below 10 per cent, else none; ``not estimable`` for None.
    """
    if value is None:
        return "not estimable"
    digits = 1 if 0.0 < abs(value) < 0.0995 else 0
    return f"{number(100.0 * value, digits)} %"


def with_interval(estimate: Estimate, digits: int = 2) -> str:
    """Write an estimate with its interval.

    Parameters
    ----------
    estimate : Estimate
        Of anything but a share.
    digits : int
        After the point.

    Returns
    -------
    str
        Such as ``0.71, 95 % interval 0.58 to 0.84``.
    """
    if estimate.value is None:
        return "not estimable"
    if estimate.low is None or estimate.high is None or estimate.level is None:
        return f"{number(estimate.value, digits)}, without an interval"
    ends = f"{number(estimate.low, digits)} to {number(estimate.high, digits)}"
    return f"{number(estimate.value, digits)}, {100.0 * estimate.level:g} % interval {ends}"


def share_with_interval(estimate: Estimate) -> str:
    """Write a risk with its interval, in per cent.

    Parameters
    ----------
    estimate : Estimate
        0-1.

    Returns
    -------
    str
        Such as ``12 % (5.0 % to 24 %)``.
    """
    if estimate.low is None or estimate.high is None:
        return percent(estimate.value)
    return f"{percent(estimate.value)} ({percent(estimate.low)} to {percent(estimate.high)})"


def found(measures: Sequence[Measure], name: str) -> Measure | None:
    """Find a measure that has a value.

    Parameters
    ----------
    measures : sequence of Measure
        Of one score.
    name : str
        As in ``Measure``.

    Returns
    -------
    Measure or None
    """
    for item in measures:
        if item.name == name and item.estimate.value is not None:
            return item
    return None


def joined(words: Sequence[str]) -> str:
    """Join words as a sentence does.

    Parameters
    ----------
    words : sequence of str
        At least one.

    Returns
    -------
    str
        Such as ``a, b and c``.
    """
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} and {words[-1]}"


def counted(count: int, what: str) -> str:
    """Write how many of something.

    Parameters
    ----------
    count : int
        >= 0.
    what : str
        In the singular; its plural ends in s.

    Returns
    -------
    str
        Such as ``1 patient``.
    """
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def by_horizon(outcome: OutcomeSummary) -> str:
    """Say until when events count.

    Parameters
    ----------
    outcome : OutcomeSummary
        As analysed.

    Returns
    -------
    str
        Empty for a binary outcome.
    """
    if outcome.horizon is None:
        return ""
    return f" within {outcome.horizon:.4g} {outcome.time_unit}"


def question(plan: ValidationPlan, outcome: OutcomeSummary) -> str:
    """Say what a validation asks.

    Parameters
    ----------
    plan : ValidationPlan
        Names the scores.
    outcome : OutcomeSummary
        As analysed.

    Returns
    -------
    str
        One sentence.
    """
    # of a score file its name: a result holds no path of a machine
    names = [score.name or PurePath(score.score).name for score in plan.scores]
    verb = "does" if len(names) == 1 else "do"
    who = "in these patients"
    if outcome.landmark_day is not None:
        who = (
            f"in these patients, still event-free and under observation after day "
            f"{outcome.landmark_day:g}"
        )
    return f"How well {verb} {joined(names)} predict {outcome.label}{by_horizon(outcome)} {who}?"


def main_measure(score: ScoreResult) -> Measure | None:
    """Give the measure of discrimination that a score is told by.

    Parameters
    ----------
    score : ScoreResult
        One score.

    Returns
    -------
    Measure or None
        The first that exists.
    """
    return next((item for item in score.discrimination if item.estimate.value is not None), None)


def ranking(measure: Measure) -> str:
    """Say how a score ranks the patients: better than chance, not shown to, or the wrong way.

    Parameters
    ----------
    measure : Measure
        Discrimination, with a value.

    Returns
    -------
    str
        ``better``, ``wrong``, ``perhaps wrong``, ``chance`` or ``unclear`` (no interval).
    """
    estimate = measure.estimate
    assert estimate.value is not None
    if estimate.low is None or estimate.high is None:
        if estimate.value == 0.5:
            return "chance"
        return "perhaps wrong" if estimate.value < 0.5 else "unclear"
    if estimate.low > 0.5:
        return "better"
    if estimate.high < 0.5:
        return "wrong"
    return "perhaps wrong" if estimate.value < 0.5 else "chance"


RANKS = {
    "better": "ranks patients better than chance",
    "wrong": "ranks patients the wrong way round",
    "perhaps wrong": "ranks patients the wrong way round, if at all",
    "chance": "is not shown to rank patients better than chance",
    "unclear": "ranks patients above chance, with an uncertainty that cannot be stated",
}
ON_AVERAGE = {
    "below": "its risks are too high on average",
    "above": "its risks are too low on average",
    "holds": "its risks are not shown to be too high or too low on average",
    "unknown": "whether its risks are too high or too low on average is open",
}
SPREAD = {
    "below": "are too extreme",
    "above": "are too close together",
    "holds": "are not shown to be too extreme or too close together",
    "unknown": "are of unknown spread",
}


def verdict_pieces(
    discrimination: Sequence[Measure], calibration: Sequence[Measure], predicts: str
) -> tuple[tuple[str, Measure | None], ...]:
    """Say what was found of a score: how it ranks, and whether its risks hold.

    Parameters
    ----------
    discrimination, calibration : sequence of Measure
        Of one score.
    predicts : str
        ``risk``, ``band risk`` or ``value``.

    Returns
    -------
    tuple of (str, Measure or None)
        Words, and the measure that they rest on; the terminal, the JSON and the page tell these.
    """
    main = next((one for one in discrimination if one.estimate.value is not None), None)
    ranks = "cannot be judged as to how it ranks patients"
    if main is not None:
        ranks = RANKS[ranking(main)]
    if predicts == "value":
        no_risk = "it gives no risk, so neither calibration nor utility can be judged"
        return ((ranks, main), (no_risk, None))
    risks: list[tuple[str, Measure | None]] = []
    ratio, slope = (found(calibration, one) for one in ("observed_expected", "calibration_slope"))
    if ratio is not None:
        risks.append((ON_AVERAGE[against_one(ratio.estimate)], ratio))
    if slope is not None:
        subject = "its risks" if ratio is None else "they"
        risks.append((f"{subject} {SPREAD[against_one(slope.estimate)]}", slope))
    return ((ranks, main), *(risks or [("its calibration could not be estimated", None)]))


def verdict(score: ScoreResult, outcome: OutcomeSummary) -> str:
    """Say in one sentence what a validation found of a score.

    Parameters
    ----------
    score : ScoreResult
        What was found.
    outcome : OutcomeSummary
        As analysed.

    Returns
    -------
    str
        Discrimination, then calibration, the unfavourable as plainly as the favourable.
    """
    who = f"In {counted(outcome.patients, 'patient')} with {counted(outcome.events, 'event')}"
    pieces = verdict_pieces(score.discrimination, score.calibration, score.predicts)
    ranks, *risks = (_with_measure(words, measure) for words, measure in pieces)
    return f"{who} {score.name} {ranks}; {' and '.join(risks)}."


def _with_measure(words: str, measure: Measure | None) -> str:
    if measure is None:
        return words
    label = {
        "observed_expected": "observed / expected",
        "calibration_slope": "calibration slope",
    }.get(measure.name, measure.label)
    return f"{words} ({label} {with_interval(measure.estimate)})"


def against_one(estimate: Estimate) -> str:
    """Say on which side of 1 an interval lies.

    Parameters
    ----------
    estimate : Estimate
        Ideally 1.

    Returns
    -------
    str
        ``below``, ``above``, ``holds`` (1 lies in it) or ``unknown`` (no interval).
    """
    if estimate.low is None or estimate.high is None:
        return "unknown"
    if estimate.high < 1.0:
        return "below"
    return "above" if estimate.low > 1.0 else "holds"
