"""How the outcome that a score predicts compares with the outcome that is analysed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.errors import Problem
from cartwheel.note import Note
from cartwheel.validation.analysed import Scoreable, Target
from cartwheel.validation.cohort.checks import WITH_TIME, time_unit
from cartwheel.validation.cohort.outcome import outcome_label, own_horizon
from cartwheel.validation.cohort.scoring import risk_source
from cartwheel.validation.plan import ValidationPlan

SAME_HORIZON = 0.01  # relative: 12 months and 365 days are one horizon


def horizon_problems(plan: ValidationPlan, specs: Sequence[ScoreSpec]) -> Iterator[Problem]:
    """Find a horizon that nobody says, or on which the scores differ.

    Parameters
    ----------
    plan : ValidationPlan
        Nothing is wrong where it says the horizon, or the outcome is binary.
    specs : sequence of ScoreSpec
        The scores.

    Yields
    ------
    Problem
        ``horizon_missing`` where a score of a binary outcome meets times, ``horizons_differ``
        where scores have horizons more than 1 % apart.
    """
    if plan.outcome.kind not in WITH_TIME or plan.outcome.horizon is not None:
        return
    unit = time_unit(plan)
    mend = "say it: --horizon TIME" + (f", in {unit}" if unit else "")
    binary = [spec.title for spec in specs if spec.outcome.kind == "binary"]
    if binary:
        listed = ", ".join(f"'{title}'" for title in binary)
        what = f"scores of a binary outcome do not say until when the event counts: {listed}"
        yield Problem("horizon_missing", what, "outcome.horizon", mend)
    horizons = [own for spec in specs if (own := own_horizon(spec, unit)) is not None]
    if horizons and max(horizons) > (1 + SAME_HORIZON) * min(horizons):
        shown = ", ".join(f"{each:.4g}" for each in sorted(set(horizons)))
        what = f"the scores predict to different horizons ({shown} {unit})"
        yield Problem("horizons_differ", what, "outcome.horizon", mend)


def landmark_problems(plan: ValidationPlan, specs: Sequence[ScoreSpec]) -> Iterator[Problem]:
    """Find scores made for patients event-free at a landmark, where the plan could hold them to it.

    Parameters
    ----------
    plan : ValidationPlan
        Nothing is wrong where it has a landmark, or no column says when events happened.
    specs : sequence of ScoreSpec
        The scores.

    Yields
    ------
    Problem
        ``landmark_of_score``.
    """
    timed = plan.outcome.kind in WITH_TIME or plan.outcome.onset is not None
    if plan.landmark_day is not None or not timed:
        return
    days = {
        spec.title: float(spec.outcome.landmark_day)
        for spec in specs
        if spec.outcome.landmark_day is not None
    }
    if not days:
        return
    listed = ", ".join(f"'{title}' day {day:g}" for title, day in days.items())
    flags = " or ".join(f"--landmark {day:g}" for day in sorted(set(days.values())))
    yield Problem(
        "landmark_of_score",
        f"made for patients still event-free at a landmark, and the plan has none: {listed}",
        "landmark_day",
        f"say it: {flags}",
    )


def outcome_said(plan: ValidationPlan, scoreable: Scoreable, target: Target) -> str:
    """Say what a score predicts, and how that differs from what is analysed.

    Parameters
    ----------
    plan : ValidationPlan
        The outcome as planned.
    scoreable : Scoreable
        The score.
    target : Target
        The outcome as analysed, with its horizon.

    Returns
    -------
    str
        Two sentences.
    """
    said = scoreable.spec.outcome
    when = ""
    if said.horizon is not None and said.time_unit is not None:
        when = f" by {said.horizon:g} {said.time_unit}"
    if said.landmark_day is not None:
        when += f", from the landmark at day {said.landmark_day:g}"
    kind = "an index that states no outcome of its own" if said.kind == "none" else said.kind
    definition = said.definition.strip().rstrip(".")
    first = f"The score file says: {said.name}{when} ({kind}): {definition}."
    return f"{first} Analysed is {_analysed(plan, target)}; {_difference(plan, scoreable, target)}."


def _analysed(plan: ValidationPlan, target: Target) -> str:
    text = f"{outcome_label(plan)} ({target.kind}"
    if target.horizon is not None:
        text += f", at {target.horizon:.4g} {target.time_unit}"
    text += ")"
    if plan.landmark_day is not None:
        text += f", from the landmark at day {plan.landmark_day:g}"
    return text


def _difference(plan: ValidationPlan, scoreable: Scoreable, target: Target) -> str:
    said = scoreable.spec.outcome
    differs = []
    if said.kind != "none" and _name_differs(plan, said.name):
        differs.append("the name")
    if said.kind not in ("none", target.kind):
        differs.append("the kind")
    if _horizon_differs(scoreable.spec, target):
        differs.append("the horizon")
    if _landmark_differs(plan, scoreable.spec):
        differs.append("the landmark")
    if not differs:
        if said.kind == "none":
            return "there is no stated outcome to compare it with"
        return "the two agree in name, kind, horizon and landmark"
    last = differs.pop()
    return "they differ in " + (f"{', '.join(differs)} and {last}" if differs else last)


def _name_differs(plan: ValidationPlan, name: str) -> bool:
    return _folded(name) not in (_folded(outcome_label(plan)), _folded(plan.outcome.event))


def _folded(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())


def _horizon_differs(spec: ScoreSpec, target: Target) -> bool:
    own = own_horizon(spec, target.time_unit)
    if own is None or target.horizon is None:
        return False
    return abs(own - target.horizon) > SAME_HORIZON * own


def _landmark_differs(plan: ValidationPlan, spec: ScoreSpec) -> bool:
    said = spec.outcome.landmark_day
    return (None if said is None else float(said)) != plan.landmark_day


def agreement_notes(plan: ValidationPlan, scoreable: Scoreable, target: Target) -> Iterator[Note]:
    """Say of one score every way in which its outcome is not the one analysed.

    Parameters
    ----------
    plan : ValidationPlan
        The outcome as planned.
    scoreable : Scoreable
        The score.
    target : Target
        The outcome as analysed.

    Yields
    ------
    Note
        Cautions first.
    """
    yield from _kind_notes(scoreable, target)
    yield from _horizon_notes(scoreable, target)
    yield from _landmark_notes(plan, scoreable.spec)
    said = scoreable.spec.outcome
    if said.kind == "none":
        yield Note(
            "no_outcome",
            "information",
            "The score is an index that states no outcome: that it should go with "
            f"{outcome_label(plan)} is the question of this validation, not a claim of its file.",
        )
    elif _name_differs(plan, said.name):
        yield Note(
            "outcome_differs",
            "assumption",
            f"The score predicts '{said.name}'; analysed is '{outcome_label(plan)}'. Whether "
            "these are the same event, by the same rule, no program can tell: compare the "
            "definitions.",
        )


def _kind_notes(scoreable: Scoreable, target: Target) -> Iterator[Note]:
    said = scoreable.spec.outcome.kind
    if target.kind == "binary" and said == "survival":
        yield Note(
            "censoring_ignored",
            "caution",
            "The score predicts a time to an event, and the outcome analysed is yes or no: "
            "censoring is ignored. Patients who were lost before the horizon count as without the "
            "event, which makes observed risks too low. Name the time (--time) if there is one.",
        )
    if target.kind == "competing" and said == "survival":
        yield Note(
            "competing_ignored_by_score",
            "caution",
            "The score predicts survival as if nothing else could happen; the outcome analysed "
            "has competing events. Risks of that kind are higher than those observed here.",
        )
    if target.kind in WITH_TIME and said == "binary":
        yield Note(
            "binary_score",
            "assumption",
            "The score predicts a binary outcome; what it predicts is held against the risk by "
            f"{target.horizon:.4g} {target.time_unit}.",
        )


def _horizon_notes(scoreable: Scoreable, target: Target) -> Iterator[Note]:
    spec = scoreable.spec
    if target.horizon is None:
        return
    here = f"{target.horizon:.4g} {target.time_unit}"
    if not _horizon_differs(spec, target):
        return
    own = f"{spec.outcome.horizon:g} {spec.outcome.time_unit}"
    if risk_source(spec.chosen(scoreable.choices)) == "value":
        yield Note(
            "horizon_differs",
            "information",
            f"The score is meant for {own}; it is judged at {here}.",
        )
    else:
        yield Note(
            "horizon_differs",
            "caution",
            f"The score's risks are for {own}, and are held against what happened by {here}: "
            "calibration judges a prediction that the score did not make.",
        )


def _landmark_notes(plan: ValidationPlan, spec: ScoreSpec) -> Iterator[Note]:
    if not _landmark_differs(plan, spec):
        return
    said = spec.outcome.landmark_day
    if plan.landmark_day is None:
        text = (
            f"The score is for patients still event-free at day {said:g}; no column says when "
            "events happened, so patients whose event came before are analysed with the others."
        )
    elif said is None:
        text = (
            "The score file names no landmark; here only patients still event-free and under "
            f"observation after day {plan.landmark_day:g} are analysed."
        )
    else:
        text = (
            f"The score is for patients still event-free at day {said:g}; here the landmark is "
            f"day {plan.landmark_day:g}."
        )
    yield Note("landmark_differs", "caution", text)
