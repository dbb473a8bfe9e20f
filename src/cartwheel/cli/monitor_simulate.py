"""What ``cartwheel monitor simulate`` does: checked first, then followed, printed and written."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cartwheel.canonical import canonical_json, plain
from cartwheel.cli.common import pairs, write_files
from cartwheel.cli.monitor_simulated import simulation_lines
from cartwheel.cli.pool_run import check_outputs
from cartwheel.errors import PlanRefused, refuse
from cartwheel.workflows.monitor import (
    OutcomeFile,
    PastOptions,
    SimulatedPast,
    Simulation,
    past_against,
    simulated_past,
    summed_up,
)
from cartwheel.workflows.monitor_result import WholePath

if TYPE_CHECKING:
    from cartwheel.serve.ward.simulated import Interface

THROUGH, FASTEST = ("hl7", "fhir"), 10_000.0


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
    event, onset, followed : str or None
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
    followed: str | None
    delay: float
    every: float
    responder_minutes: float
    responder_share: float
    seed: int


@dataclass(frozen=True, slots=True)
class Way:
    """How the whole path is taken, and what becomes of the result.

    Parameters
    ----------
    whole_path : bool
        Send messages through the whole path too.
    through : str
        ``hl7`` or ``fhir``.
    speed : float or None
        Of it.
    against : Path or None
        Another ward file, or the result of one.
    report, json : str or None
        Where page and result go.
    """

    whole_path: bool
    through: str
    speed: float | None
    against: Path | None
    report: str | None
    json: str | None


def simulate_files(asked: Asked, way: Way) -> None:
    """Follow files of the past, print what they come to, and write it.

    Parameters
    ----------
    asked : Asked
        What the command line was told.
    way : Way
        How, and where to.

    Raises
    ------
    PlanRefused
        ``speed_alone``, ``speed_range``, ``through_unknown``, ``outcome_columns``, what
        `check_outputs` refuses, and what `monitor` refuses.
    """
    _check(asked, way)
    plan = _plan(asked)
    past = simulated_past(list(asked.files), asked.ward, plan)
    against = None if way.against is None else past_against(list(asked.files), way.against, plan)
    # what is wrong with outcomes or the other result is told before messages go their long way
    done = summed_up(past, None, against)
    if way.whole_path:
        done = replace(done, whole_path=_sent(past, way))
    if "-" not in (way.json, way.report):
        print("\n".join(simulation_lines(done)))
    contents = {}
    if way.json is not None:
        contents[way.json] = canonical_json(done)
    if way.report is not None:
        from cartwheel.report.monitor.page import monitor_report_html

        contents[way.report] = monitor_report_html(plain(done))
    write_files(contents)


def _check(asked: Asked, way: Way) -> None:
    if way.through not in THROUGH:
        raise refuse(
            PlanRefused, "through_unknown", f"there is no interface '{way.through[:20]}'",
            where="--through", mend="hl7 or fhir",
        )  # fmt: skip
    if way.speed is not None and not way.whole_path:
        raise refuse(
            PlanRefused, "speed_alone", "the pure step takes no time", where="--speed",
            mend="leave --step-only out",
        )  # fmt: skip
    if way.speed is not None and not 1 <= way.speed <= FASTEST:
        raise refuse(
            PlanRefused, "speed_range", "the past goes by 1 to 10000 times as fast as it was",
            where="--speed", mend="leave it out: then it goes as fast as it can",
        )  # fmt: skip
    inputs = [*asked.files, asked.ward, *(one for one in (asked.outcomes, way.against) if one)]
    check_outputs(inputs, {"report": way.report, "json": way.json, "figures": None})


def _plan(asked: Asked) -> Simulation:
    outcomes = None
    if asked.outcomes is not None or asked.event or asked.onset or asked.followed:
        if asked.outcomes is None or not asked.event or not asked.onset:
            raise refuse(
                PlanRefused, "outcome_columns", "a file of outcomes needs both its columns",
                where="--outcomes", mend="--outcomes F.csv --event COLUMN --onset COLUMN",
            )  # fmt: skip
        outcomes = OutcomeFile(asked.outcomes, asked.event, asked.onset, asked.followed or "")
    past = PastOptions(
        pairs(list(asked.mapping), "--map", str), pairs(list(asked.units), "--unit", str),
        asked.runs,
    )  # fmt: skip
    return Simulation(
        past, asked.delay, asked.every, asked.responder_minutes, asked.responder_share, asked.seed,
        asked.foretells, asked.within, outcomes,
    )  # fmt: skip


def _sent(past: SimulatedPast, way: Way) -> WholePath:
    from cartwheel.cli.serve_run import require_serve

    require_serve()
    from cartwheel.serve.ward.simulated import through_whole_path

    say = _say if sys.stderr.isatty() else None
    interface: Interface = "fhir" if way.through == "fhir" else "hl7"
    with TemporaryDirectory(prefix="cartwheel-ward-") as folder:
        return through_whole_path(past, Path(folder), interface=interface, speed=way.speed, say=say)


def _say(text: str) -> None:
    print(f"\r{text}", end="", file=sys.stderr, flush=True)
