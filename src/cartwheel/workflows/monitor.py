"""Follow a past with a ward file before it goes live: alerts, their cost, and what followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from os import PathLike
from pathlib import Path
from typing import Any

from cartwheel.errors import CohortRefused, PlanRefused, refuse
from cartwheel.workflows.json_schema import closed_schema
from cartwheel.workflows.monitor_cohort import PastFile, PastOptions, read_past
from cartwheel.workflows.monitor_count import summed_up
from cartwheel.workflows.monitor_open import open_ward
from cartwheel.workflows.monitor_plan import OutcomeFile, SimulatedPast, Simulation, check_plan
from cartwheel.workflows.monitor_result import SCHEMA, MonitorSimulation
from cartwheel.workflows.monitor_time import (
    Calendar,
    Course,
    Responder,
    course_of_past,
    live,
    own_codes,
)

__all__ = [
    "MonitorSimulation",
    "OutcomeFile",
    "PastOptions",
    "SimulatedPast",
    "Simulation",
    "courses_of",
    "monitor",
    "monitor_schema",
    "open_ward",
    "past_against",
    "responder_of",
    "simulated_past",
    "summed_up",
]


def monitor(
    files: str | PathLike[str] | Sequence[str | PathLike[str]],
    ward: str | PathLike[str],
    plan: Simulation | None = None,
    against: str | PathLike[str] | None = None,
) -> MonitorSimulation:
    """Follow the patients of files by a ward file, as if they came in now.

    Parameters
    ----------
    files : path, or sequence of paths
        Values by patient and day, long or wide; each file is a centre of its own.
    ward : path
        Ward file.
    plan : Simulation, optional
        How.
    against : path, optional
        Another ward file, or the JSON of an earlier result: shown beside it, rule by rule.

    Returns
    -------
    MonitorSimulation
        Alerts, what they cost and what followed; numbers of many, no row of anybody.

    Raises
    ------
    FileRefused, PlanRefused, CohortRefused
        What is wrong with the files, the ward file or the plan.

    Notes
    -----
    Values are those of the files. The clock is simulated, and so is whoever acknowledges alerts:
    time to acknowledgement says what the rules would do with such a responder, not how quick the
    ward is. Grades that a file gives are not sent; they are what alerts are measured against.

    References
    ----------
    Of the estimates: see `cartwheel.watch.burden.burden` and `cartwheel.watch.drift.drift`.
    """
    past = simulated_past(files, ward, plan)
    other = None if against is None else past_against(files, against, plan)
    return summed_up(past, None, other)


def past_against(
    files: str | PathLike[str] | Sequence[str | PathLike[str]],
    against: str | PathLike[str],
    plan: Simulation | None = None,
) -> SimulatedPast | Path:
    """Give what a simulation is compared with, as `summed_up` takes it.

    Parameters
    ----------
    files, plan
        As of `monitor`.
    against : path
        A ward file is followed anew, so that differences are by patient; a result is left as it
        is.

    Returns
    -------
    SimulatedPast or Path

    Raises
    ------
    FileRefused, PlanRefused
        As of `monitor`.
    """
    path = Path(against)
    if path.suffix.casefold() == ".json":
        return path
    return simulated_past(files, path, plan)


def simulated_past(
    files: str | PathLike[str] | Sequence[str | PathLike[str]],
    ward: str | PathLike[str],
    plan: Simulation | None = None,
) -> SimulatedPast:
    """Follow a past by the pure step, and keep what each patient's ward was told.

    Parameters
    ----------
    files, ward, plan
        As of `monitor`.

    Returns
    -------
    SimulatedPast
    """
    said = plan or Simulation()
    check_plan(said)
    opened = open_ward(ward)
    paths = [files] if isinstance(files, str | PathLike) else list(files)
    if not paths:
        raise refuse(PlanRefused, "no_files", "there is nothing to follow", mend="name a file")
    read = tuple(read_past(path, opened.names, said.past) for path in paths)
    _check_values(read)
    codes, responder = own_codes(opened), responder_of(said)
    lived = tuple(live(opened, codes, course, responder) for course in courses_of(read, said))
    return SimulatedPast(opened, Path(ward).name, said, read, lived)


def _check_values(read: Sequence[PastFile]) -> None:
    """Refuse files of which the ward knows nothing: there would be nothing to follow."""
    if any(
        each.name != "infusion" for file in read for one in file.patients for each in one.values
    ):
        return
    unused = sorted({name for file in read for name in file.unused})
    shown = ", ".join(name[:30] for name in unused[:8]) + (", ..." if len(unused) > 8 else "")
    raise refuse(
        CohortRefused, "nothing_known",
        "the ward knows nothing of what is in the files" + (f": {shown}" if shown else ""),
        where=", ".join(file.name for file in read),
        mend="say what columns are: --map COLUMN=NAME, such as --map ferritin_day=ferritin; a long "
        "file needs the columns patient, day, analyte, value and unit",
    )  # fmt: skip


def responder_of(plan: Simulation) -> Responder:
    """Give whoever acknowledges alerts in a simulation.

    Parameters
    ----------
    plan : Simulation
        How a past is followed.

    Returns
    -------
    Responder
    """
    return Responder(plan.responder_minutes, plan.responder_share, plan.seed)


def courses_of(files: Sequence[PastFile], plan: Simulation) -> Iterator[Course]:
    """Put every patient of the files into simulated time.

    Parameters
    ----------
    files : sequence of PastFile
        As read.
    plan : Simulation
        How.

    Yields
    ------
    Course
        In the order of the files.
    """
    patients = [one for file in files for one in file.patients]
    calendar = Calendar(plan.every_days, plan.delay_minutes, plan.seed)
    infusions = calendar.infusions(patients)
    delay = timedelta(seconds=round(60 * plan.delay_minutes))
    for one in patients:
        yield course_of_past(one, infusions[one.id], delay)


def monitor_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file that ``cartwheel monitor simulate --json`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys: there is no place for a row.
    """
    return closed_schema(MonitorSimulation, SCHEMA, "Result of cartwheel monitor simulate")
