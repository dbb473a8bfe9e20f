"""A simulated ward for the terminal: numbers of many, never a row."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

from cartwheel.cli.common import WIDTH
from cartwheel.estimate import Estimate
from cartwheel.provenance import SIMULATED
from cartwheel.watch.burden import Burden
from cartwheel.watch.drift_rows import CalibrationDrift, Drift
from cartwheel.workflows.monitor_result import (
    Compared,
    ComparedSide,
    MonitorSimulation,
    RiskCount,
    TargetCount,
    WholePath,
)


def simulation_lines(done: MonitorSimulation) -> Iterator[str]:
    """Write a simulation for the terminal.

    Parameters
    ----------
    done : MonitorSimulation
        The result.

    Yields
    ------
    str
        Lines of at most 80 columns.
    """
    counts, settings = done.counts, done.settings
    if done.simulated:
        yield SIMULATED
    yield f"{done.ward}: {counts.patients} patients, {done.burden.patient_days:.4g} patient-days"
    yield (
        f"{counts.values} values in {counts.messages} messages: {counts.entries} lines, "
        f"{counts.events} events"
    )
    yield from _wrapped(
        f"Simulated: the clock; values known after {settings.delay_minutes:g} min; a responder "
        f"who answers {100 * settings.responder_share:g} % of alerts, half of them within "
        f"{settings.responder_minutes:g} min (seed {settings.seed}).", ""
    )  # fmt: skip
    yield from _unused(done)
    yield ""
    for target in done.targets:
        yield from _target(target)
    yield ""
    yield from _burden(done.burden)
    if done.against is not None:
        yield ""
        yield from _compared(done.against)
    if done.risks:
        yield ""
        yield from _calibrated(done.risks, done.calibration)
    if done.drift is not None and done.drift.inputs:
        yield ""
        yield from _drift(done.drift)
    for finding in done.findings:
        yield from _wrapped(f"{finding.severity}: {finding.what}")
    yield ""
    yield from _path(done.whole_path)
    for note in done.notes:
        yield from _wrapped(f"- {note}")


def _unused(done: MonitorSimulation) -> Iterator[str]:
    for file in done.source.files:
        if file.unused:
            yield from _wrapped(f"{file.name}: not known to the ward: {_listed(file.unused)}", "")
    if done.counts.parked:
        yield from _wrapped(f"parked: {_listed(done.counts.parked)}", "")


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in counts.items())


def _target(one: TargetCount) -> Iterator[str]:
    said = f"{one.settled} settled, {one.open} open, {one.refused} without an answer"
    late = f", {one.late} about the past" if one.late else ""
    yield from _wrapped(f"{one.id}: {one.patients} patients; {said}{late}", "")
    if one.reasons:
        reason, count = next(iter(one.reasons.items()))
        yield from _wrapped(f"most often ({count}): {reason.partition(' -> ')[0]}")


def _burden(found: Burden) -> Iterator[str]:
    yield f"{'alerts':32}{'raised':>8}{'patients':>10}{'a patient-day (95 % interval)':>30}"
    for row in found.rows:
        name = {"all": "all"}.get(row.by, row.of)
        rate = _interval(row.per_patient_day, 1.0, ".3g")
        yield f"{name[:31]:32}{row.raised:>8}{row.patients:>10}{rate:>30}"
    whole = found.rows[0]
    if whole.raised:
        yield ""
        yield from _wrapped(
            "minutes to acknowledgement, median (simulated): "
            f"{_interval(whole.minutes_to_acknowledgement, 1.0, '.3g')}", ""
        )  # fmt: skip
        yield from _wrapped(f"escalated: {_interval(whole.escalated, 100.0, '.3g')} %", "")
    if found.foretold:
        yield from _worth(found)


def _worth(found: Burden) -> Iterator[str]:
    yield ""
    yield from _wrapped(f"what followed: {found.foretold}", "")
    for row in found.rows:
        if row.predictive_value is None:
            continue
        name = "all alerts" if row.by == "all" else row.of
        already = f"; {row.already} raised when it was so already" if row.already else ""
        yield from _wrapped(f"{name} came true: {_share(row.predictive_value)}{already}")
    if found.sensitivity is not None:
        yield from _wrapped(f"patients in whom it was foreseen: {_share(found.sensitivity)}")
    if found.lead_hours is not None and found.lead_hours.value is not None:
        yield from _wrapped(f"median hours before: {_interval(found.lead_hours, 1.0, '.3g')}")


def _compared(found: Compared) -> Iterator[str]:
    yield from _wrapped(f"beside {found.name} ({found.ward}), before and now:", "")
    if not found.same_patients:
        yield from _wrapped("not the same patients: no difference is told")
    if found.differs:
        yield from _wrapped(f"not the rules alone differ: {', '.join(found.differs)}")
    yield f"{'alerts a patient-day':28}{'before':>9}{'now':>9}{'difference (95 % interval)':>33}"
    for row in found.rows:
        before, now = (
            "-"
            if one is None or one.per_patient_day.value is None
            else format(one.per_patient_day.value, ".3g")
            for one in (row.before, row.now)
        )
        moved = "-" if row.difference is None else _interval(row.difference, 1.0, "+.3g")
        yield f"{(row.of or 'all')[:27]:28}{before:>9}{now:>9}{moved:>33}"
    for row in found.rows:
        if worth := _worth_of(row.before, row.now):
            yield from _wrapped(f"{row.of or 'all alerts'} came true: {worth}")


def _worth_of(before: ComparedSide | None, now: ComparedSide | None) -> str:
    values = [None if one is None else one.predictive_value for one in (before, now)]
    if all(one is None for one in values):
        return ""
    said = ["-" if one is None else _share(one) for one in values]
    return f"{said[0]} before, {said[1]} now"


def _calibrated(risks: tuple[RiskCount, ...], rows: tuple[CalibrationDrift, ...]) -> Iterator[str]:
    yield "risks and what followed:"
    for risk in risks:
        left = (
            (risk.spread, "only a range"), (risk.unanswered, "no answer"),
            (risk.before, "had it before"), (risk.early, "not followed after"),
        )  # fmt: skip
        why = "".join(f", {count} {what}" for count, what in left if count)
        yield from _wrapped(
            f"{risk.name}, {risk.event} within {risk.horizon_days:g} days: told of {risk.told} "
            f"patients{why}"
        )  # fmt: skip
        for row in (one for one in rows if one.target == risk.name):
            yield from _wrapped(f"{row.centre}: {_calibration(row)}", "    ")


def _calibration(row: CalibrationDrift) -> str:
    if row.withheld or row.observed is None or row.ratio is None or row.expected is None:
        return "too few patients to be told"
    seen = "nobody is followed so far"
    if row.observed.value is not None:
        seen = f"observed {_interval(row.observed, 100.0, '.3g')} %"
    over = "" if row.ratio.value is None else f", ratio {_interval(row.ratio, 1.0, '.3g')}"
    known = "" if row.ripe is None else f"; known of {100 * row.ripe:.3g} % at the horizon"
    return f"told {100 * row.expected:.3g} %, {seen}{over}{known}"


def _share(one: Estimate) -> str:
    if one.value is None:
        return "there is none to count"
    return f"{_interval(one, 100.0, '.3g')} % ({one.events or 0} of {one.n or 0})"


def _interval(one: Estimate, times: float, form: str) -> str:
    if one.value is None:
        return "not reached"
    said = format(times * one.value, form)
    if one.low is None and one.high is None:
        return said
    low, high = ("?" if end is None else format(times * end, form) for end in (one.low, one.high))
    return f"{said} ({low} to {high})"


def _drift(found: Drift) -> Iterator[str]:
    rows = [one for one in found.inputs if one.distance is not None]
    told = sum(not one.withheld for one in found.inputs)
    yield from _wrapped(
        f"drift: {told} of {len(found.inputs)} rows of inputs told, the others are of fewer than "
        f"{found.plan.least} patients", ""
    )  # fmt: skip
    rows.sort(key=lambda one: -(one.distance or 0.0))
    for one in rows[:3]:
        adjusted = "" if one.adjusted_p is None else f", p {one.adjusted_p:.2g} after Holm"
        yield from _wrapped(f"{one.name}, {one.period}: distance {one.distance:.2f}{adjusted}")


def _path(path: WholePath | None) -> Iterator[str]:
    if path is None:
        yield "Only the pure step was taken: nothing went through parser and log."
        return
    yield from _wrapped(
        f"Whole path ({path.interface.upper()} text, parser, intake, {path.store}): "
        f"{path.messages} messages, {path.entries} lines, {path.events} events; "
        + ("the same as by the pure step" if path.same else "NOT the same as by the pure step")
        + ("; replay equals live" if path.replay_same else "; replay does NOT equal live"), "",
    )  # fmt: skip


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
