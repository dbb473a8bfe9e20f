"""What ``cartwheel monitor simulate`` does, and what it prints: never a row."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cartwheel.cli.common import WIDTH, pairs, write_json
from cartwheel.errors import PlanRefused, refuse
from cartwheel.estimate import Estimate
from cartwheel.provenance import SIMULATED
from cartwheel.watch.burden import Burden
from cartwheel.watch.drift_rows import Drift
from cartwheel.workflows.monitor import (
    OutcomeFile,
    PastOptions,
    SimulatedPast,
    Simulation,
    simulated_past,
    summed_up,
)
from cartwheel.workflows.monitor_result import MonitorSimulation, TargetCount, WholePath


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line was told, in its order.

    Parameters
    ----------
    files : tuple of Path
        To be followed.
    ward : Path
        Ward file.
    mapping, units : tuple of str
        ``COLUMN=NAME`` and ``COLUMN=UNIT``.
    runs : bool
        Ids repeat.
    foretells : str
        As of the option; ``within`` too.
    within : float
        Hours.
    outcomes : Path or None
        Says what followed.
    event, onset : str or None
        Its columns.
    delay, every : float
        Minutes, and days.
    responder_minutes, responder_share : float
        Of the simulated responder.
    seed : int
        Of chance.
    """

    files: tuple[Path, ...]
    ward: Path
    mapping: tuple[str, ...]
    units: tuple[str, ...]
    runs: bool
    foretells: str
    within: float
    outcomes: Path | None
    event: str | None
    onset: str | None
    delay: float
    every: float
    responder_minutes: float
    responder_share: float
    seed: int


def simulate_files(
    asked: Asked, *, whole_path: bool, speed: float | None, json: str | None
) -> None:
    """Follow files of the past, print what they come to, and write it.

    Parameters
    ----------
    asked : Asked
        What the command line was told.
    whole_path : bool
        Send messages through the whole path too.
    speed : float or None
        Of it.
    json : str or None
        Where the result goes.

    Raises
    ------
    PlanRefused
        ``speed_alone``, ``outcome_columns``, and what `monitor` refuses.
    """
    if speed is not None and not whole_path:
        raise refuse(
            PlanRefused, "speed_alone", "the pure step takes no time", where="--speed",
            mend="leave --step-only out",
        )  # fmt: skip
    past = simulated_past(list(asked.files), asked.ward, _plan(asked))
    sent = _sent(past, speed) if whole_path else None
    done = summed_up(past, sent)
    if json != "-":
        print("\n".join(simulation_lines(done)))
    if json is not None:
        write_json(json, done)


def _plan(asked: Asked) -> Simulation:
    outcomes = None
    if asked.outcomes is not None or asked.event or asked.onset:
        if asked.outcomes is None or not asked.event or not asked.onset:
            raise refuse(
                PlanRefused, "outcome_columns", "a file of outcomes needs both its columns",
                where="--outcomes", mend="--outcomes F.csv --event COLUMN --onset COLUMN",
            )  # fmt: skip
        outcomes = OutcomeFile(asked.outcomes, asked.event, asked.onset)
    past = PastOptions(
        pairs(list(asked.mapping), "--map", str), pairs(list(asked.units), "--unit", str),
        asked.runs,
    )  # fmt: skip
    return Simulation(
        past, asked.delay, asked.every, asked.responder_minutes, asked.responder_share, asked.seed,
        asked.foretells, asked.within, outcomes,
    )  # fmt: skip


def _sent(past: SimulatedPast, speed: float | None) -> WholePath:
    from cartwheel.cli.serve_run import require_serve

    require_serve()
    from cartwheel.serve.ward.simulated import through_whole_path

    say = _say if sys.stderr.isatty() else None
    with TemporaryDirectory(prefix="cartwheel-ward-") as folder:
        return through_whole_path(past, Path(folder), speed=speed, say=say)


def _say(text: str) -> None:
    print(f"\r{text}", end="", file=sys.stderr, flush=True)


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
