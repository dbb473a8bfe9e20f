"""``cartwheel monitor``: follow a ward, try its rules on the past, verify its log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cartwheel.cli.common import refusals_as_exit_code
from cartwheel.cli.monitor_run import run

monitor = typer.Typer(
    help="Follow a ward as labs arrive; try its rules on your own past first.",
    no_args_is_help=True,
)
monitor.command()(run)

_WARD = typer.Argument(metavar="WARD.toml", help="Ward file; begin from: cartwheel monitor example")


@monitor.command()
def example() -> None:
    """Print a ward file to begin from."""
    from importlib.resources import files

    text = files("cartwheel.watch").joinpath("example_ward.toml").read_text(encoding="utf-8")
    print(text, end="")


@monitor.command()
def check(
    ward: Annotated[Path, _WARD],
    codes: Annotated[
        Path | None, typer.Option(metavar="F.csv", help="The centre's table of codes.")
    ] = None,
) -> None:
    """Say what a ward file follows, what it takes for granted, and what no message can bring."""
    from cartwheel.cli.monitor_check import show_ward

    with refusals_as_exit_code():
        show_ward(ward, codes)


@monitor.command()
def simulate(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Values by patient and day.")
    ],
    ward: Annotated[Path, typer.Option(metavar="WARD.toml", help="Ward file.")],
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=NAME",
            help="What a column is: patient, day, analyte, value, unit, end_day, an input, a "
            "treatment, a rule (grades already given by it) or none.",
        ),
    ] = None,
    units: Annotated[
        list[str] | None, typer.Option("--unit", metavar="COLUMN=UNIT", help="Unit of a column.")
    ] = None,
    runs: Annotated[
        bool,
        typer.Option("--runs", help="Ids repeat: a new patient begins where the day falls back."),
    ] = False,
    foretells: Annotated[
        str, typer.Option(metavar="RULE>=GRADE", help='What alerts foretell: "astct-crs>=3".')
    ] = "",
    within: Annotated[
        float, typer.Option(metavar="HOURS", help="How long after an alert it counts.")
    ] = 48.0,
    outcomes: Annotated[
        Path | None, typer.Option(metavar="F.csv", help="Says what followed instead.")
    ] = None,
    event: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of --outcomes: who had it (1 or yes).")
    ] = None,
    onset: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of --outcomes: day after infusion.")
    ] = None,
    followed: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Of --outcomes: last day known; by default of the last value."
        ),
    ] = None,
    delay: Annotated[
        float, typer.Option(metavar="MINUTES", help="From taking a value to knowing it.")
    ] = 60.0,
    every: Annotated[
        float, typer.Option(metavar="DAYS", help="From one simulated infusion to the next.")
    ] = 3.0,
    responder_minutes: Annotated[
        float, typer.Option(metavar="MINUTES", help="Median of the simulated responder.")
    ] = 15.0,
    responder_share: Annotated[
        float, typer.Option(metavar="SHARE", help="Of alerts that he answers.")
    ] = 0.9,
    seed: Annotated[int, typer.Option(help="Of all that chance decides.")] = 1,
    whole_path: Annotated[
        bool,
        typer.Option(
            "--whole-path/--step-only",
            help="Send messages through parser, intake and a log in a temporary folder too, and "
            "compare.",
        ),
    ] = True,
    through: Annotated[
        str, typer.Option(metavar="hl7|fhir", help="By which interface they go.")
    ] = "hl7",
    speed: Annotated[
        float | None,
        typer.Option(
            metavar="TIMES",
            help="Of the whole path: 1 to 10000 times as fast as it was; as it goes by default.",
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="F", help="Show beside it, rule by rule: another ward file, or an earlier JSON."
        ),
    ] = None,
    report: Annotated[
        str | None, typer.Option(metavar="F.html", help="Write a page; - for stdout.")
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="F", help="Write the result as JSON; - for stdout.")
    ] = None,
) -> None:  # fmt: skip
    """Follow files of the past as if they came in now; print what the alerts cost and are worth.

    Clock and responder are simulated; values are those of the files.
    """
    from cartwheel.cli.monitor_simulate import Asked, Way, simulate_files

    with refusals_as_exit_code():
        asked = Asked(
            tuple(files), ward, tuple(mapping or ()), tuple(units or ()), runs, foretells, within,
            outcomes, event, onset, followed, delay, every, responder_minutes, responder_share,
            seed,
        )  # fmt: skip
        simulate_files(asked, Way(whole_path, through, speed, against, report, json))


@monitor.command()
def replay(
    ward: Annotated[Path, _WARD],
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the ward's log is kept.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", envvar="CARTWHEEL_DATABASE", help="PostgreSQL instead."),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=64, metavar="N", help="Patients at a time. By default all cores."),
    ] = None,
) -> None:
    """Replay the whole log, and compare with everything that was told, byte for byte.

    While nothing is written to it. Exit code 2 where something differs.
    """
    from cartwheel.cli.monitor_log import replay_log

    with refusals_as_exit_code():
        replay_log(ward, data, database, processes)


@monitor.command()
def pull(
    ward: Annotated[Path, _WARD],
    server: Annotated[Path, typer.Argument(metavar="SERVER.toml", help="FHIR server, and key.")],
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the ward's log is kept.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", envvar="CARTWHEEL_DATABASE", help="PostgreSQL instead."),
    ] = None,
) -> None:
    """Pull once what is new of the ward's patients on a FHIR server (SMART Backend Services)."""
    from cartwheel.cli.monitor_fhir import pull_once

    with refusals_as_exit_code():
        pull_once(ward, server, data, database)


@monitor.command()
def outbox(
    ward: Annotated[Path, _WARD],
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the ward's log is kept.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", envvar="CARTWHEEL_DATABASE", help="PostgreSQL instead."),
    ] = None,
    again: Annotated[
        str | None,
        typer.Option(metavar="TARGET", help="Send again what a target did not get, or one NUMBER."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Send everything again.")] = False,
    drop: Annotated[
        int | None, typer.Option(min=1, metavar="NUMBER", help="Send this one no more.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(metavar="CODE", help="Why: arrived, late, gone or wrong.")
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="F", help="Write the list as JSON; - for stdout.")
    ] = None,
) -> None:
    """Show what could not be sent and was given up; send it again, or drop it with a reason."""
    from cartwheel.cli.common import check_folder
    from cartwheel.cli.monitor_outbox import Deed, show_outbox

    with refusals_as_exit_code():
        check_folder(json)
        show_outbox(ward, data, database, Deed(again, every, drop, reason), json)


@monitor.command()
def send(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="HL7 messages, or a batch.")],
    mllp: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where the ward listens.")],
    authorities: Annotated[
        Path | None, typer.Option("--ca", metavar="FILE", help="TLS: whom to believe (PEM).")
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="That an acknowledgement may take.")
    ] = 30.0,
) -> None:
    """Send HL7 messages over MLLP, and show how each was acknowledged: a sender to try with.

    Exit code 2 where one was not accepted.
    """
    from cartwheel.cli.monitor_send import send_file

    with refusals_as_exit_code():
        send_file(file, mllp, authorities, seconds)


@monitor.command()
def drift(
    ward: Annotated[Path, _WARD],
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the ward's log is kept.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", envvar="CARTWHEEL_DATABASE", help="PostgreSQL instead."),
    ] = None,
    by: Annotated[str, typer.Option(metavar="PERIOD", help="month or quarter.")] = "month",
    reference: Annotated[
        str,
        typer.Option(
            metavar="A..B",
            help="Periods to compare with: 2026-01..2026-06; by default the first half.",
        ),
    ] = "",
    outcomes: Annotated[
        Path | None,
        typer.Option(metavar="F.csv", help="Says what followed, instead of the ward itself."),
    ] = None,
    event: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of --outcomes: who had it (1 or yes).")
    ] = None,
    onset: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of --outcomes: day after infusion.")
    ] = None,
    followed: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of --outcomes: last day known.")
    ] = None,
    horizon: Annotated[
        float | None,
        typer.Option(min=0.1, metavar="DAYS", help="Of risks that do not say their own."),
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="F", help="Write the result as JSON; - for stdout.")
    ] = None,
) -> None:
    """Say whether what comes in, what is answered and what follows still is as it was.

    By month (or quarter) and place, from the ward's log. Numbers of fewer than five patients are
    withheld.
    """
    from cartwheel.cli.monitor_drift import AskedDrift, show_drift

    with refusals_as_exit_code():
        asked = AskedDrift(
            ward, data, database, by, reference, outcomes, event, onset, followed, horizon
        )
        show_drift(asked, json)
