"""What the reader of a simulated ward must know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from cartwheel.watch.drift import Drift
from cartwheel.watch.drift_followed import tells_risk
from cartwheel.watch.observation import MILESTONES, TREATMENTS
from cartwheel.workflows.monitor_plan import SimulatedPast
from cartwheel.workflows.monitor_result import RiskCount
from cartwheel.workflows.monitor_risks import without_horizon
from cartwheel.workflows.monitor_time import ORIGIN

FEWEST = 40
"""Patients of a file, below which its quarters are not compared."""


def notes_of(
    past: SimulatedPast, told_by: str, drifted: Drift | None, risks: Sequence[RiskCount]
) -> Iterator[str]:
    """Say what was taken for granted, and what was not looked at.

    Parameters
    ----------
    past : SimulatedPast
        As it was followed.
    told_by : str
        Who says what followed; empty for nobody.
    drifted : Drift or None
        None where too few patients were followed.
    risks : sequence of RiskCount
        That were compared with what followed.

    Yields
    ------
    str
        Sentences without a number of anybody.
    """
    yield "the clock and whoever acknowledges alerts are simulated"
    hour = f"{ORIGIN:%H:%M} UTC"
    yield f"hours of the day are simulated: every infusion is at {hour}, and days run from it"
    for file in past.files:
        whose = "simulated patients" if file.simulated else "values as they are"
        yield f"followed: {file.name}, {whose}"
        if file.graded:
            yield f"grades of {file.name} ({', '.join(file.graded)}) are not sent to the ward"
    yield from _of_values(past)
    yield from _of_what_followed(past, told_by)
    yield from _of_risks(past, risks)
    if drifted is not None and drifted.inputs:
        yield "drift: quarters of a file in its own order, which need not be the order of time"
        yield "drift: blank cells of a file are not counted; its shares missing say nothing"
    elif drifted is None:
        yield f"drift was not looked for: no file has {FEWEST} patients"


def _of_values(past: SimulatedPast) -> Iterator[str]:
    several = _said_twice(past)
    if several:
        yield (
            f"{several} times a patient has two values of one name at one moment, and the last one "
            "counts: do ids repeat? then say --runs"
        )
    sent, parked = _sent_and_parked(past)
    for name in sorted(sent):
        if sent[name] == sum(count for (_, of), count in parked.items() if of == name):
            why = ", ".join(sorted(reason for reason, of in parked if of == name))
            yield (
                f"not one value of {name} could be used ({why}): is its unit right? say it with "
                f"--unit {name}=UNIT"
            )
    for target in past.ward.targets:
        if not target.reads & (set(sent) - set(MILESTONES)):
            yield f"the files have nothing of what {target.id} reads"


def _said_twice(past: SimulatedPast) -> int:
    found = 0
    for file in past.files:
        for one in file.patients:
            texts: dict[tuple[str, Decimal], str] = {}
            for value in one.values:
                if value.name not in TREATMENTS:
                    before = texts.setdefault((value.name, value.day), value.text)
                    found += before != value.text
    return found


def _sent_and_parked(past: SimulatedPast) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    sent = Counter(
        value.name
        for one in past.lived
        for brought in one.course.brought
        for value in brought.values
    )
    parked: Counter[tuple[str, str]] = Counter()
    for one in past.lived:
        parked.update(one.parked)
    return sent, parked


def _of_what_followed(past: SimulatedPast, told_by: str) -> Iterator[str]:
    if not told_by:
        yield "what alerts are worth was not looked at: say it with --foretells or --outcomes"
    elif told_by == "the ward itself":
        yield "what followed is the ward's own answer: an alert on the same rule foretells itself"
    if past.plan.outcomes is not None and not past.plan.outcomes.followed:
        yield "who is without the event is followed to his last value in the files (no --followed)"


def _of_risks(past: SimulatedPast, risks: Sequence[RiskCount]) -> Iterator[str]:
    telling = [one.id for one in past.ward.targets if tells_risk(one)]
    if not telling:
        yield "calibration was not looked at: nothing that the ward follows tells a risk"
        return
    if not risks and past.plan.outcomes is None:
        yield (
            f"calibration of {', '.join(telling)} was not looked at: nothing says what followed; "
            "name a file with --outcomes, or an event in [[calibration]] of the ward file"
        )
    lacking = without_horizon(past)
    if lacking and past.plan.outcomes is not None:
        yield (
            f"calibration of {', '.join(lacking)} was not looked at: the file does not say until "
            "when the risk looks; state horizon_days in [[calibration]] of the ward file"
        )
    if risks and past.plan.outcomes is not None:
        yield (
            f"each risk is compared with '{past.plan.outcomes.event}' of the file of outcomes: "
            "whether it was made for that event, only you can say"
        )
