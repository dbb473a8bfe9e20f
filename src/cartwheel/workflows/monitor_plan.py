"""How a past is followed, and what it is in simulated time before anything is counted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from os import PathLike

from cartwheel.errors import PlanRefused, refuse
from cartwheel.watch.ward import Ward
from cartwheel.workflows.monitor_cohort import PastFile, PastOptions
from cartwheel.workflows.monitor_time import Lived

OUTCOME = re.compile(r"\s*(?P<target>[\w.-]+)\s*>=\s*(?P<grade>[0-5])\s*")


@dataclass(frozen=True, slots=True)
class OutcomeFile:
    """A file that says what became of patients.

    Parameters
    ----------
    path : path
        One row a patient.
    event, onset : str
        Columns: who had it; on which day after the infusion.
    followed : str
        Column: last day after the infusion of which it is known; empty where that is the last day
        on which the files have a value.
    """

    path: str | PathLike[str]
    event: str
    onset: str
    followed: str = ""


@dataclass(frozen=True, slots=True)
class Simulation:
    """How a past is followed.

    Parameters
    ----------
    past : PastOptions
        What the columns of the files do not say.
    delay_minutes : float
        From taking a value to knowing it.
    every_days : float
        From one infusion to the next.
    responder_minutes, responder_share : float
        Of the simulated responder.
    seed : int
        Of everything that chance decides.
    foretells : str
        ``astct-crs>=3``: what alerts are to foretell, by the grades of the files, where they have
        some, or else by the ward's own; or what the event of `outcomes` is called.
    within_hours : float
        How long after an alert it counts.
    outcomes : OutcomeFile, optional
        Says what followed instead.
    """

    past: PastOptions = field(default_factory=PastOptions)
    delay_minutes: float = 60.0
    every_days: float = 3.0
    responder_minutes: float = 15.0
    responder_share: float = 0.9
    seed: int = 1
    foretells: str = ""
    within_hours: float = 48.0
    outcomes: OutcomeFile | None = None


@dataclass(frozen=True, slots=True)
class SimulatedPast:
    """A past in simulated time, before anything is counted. It holds patients: never for a result.

    Parameters
    ----------
    ward : Ward
        What is followed.
    ward_name : str
        Name of its file.
    plan : Simulation
        How.
    files : tuple of PastFile
        As read.
    lived : tuple of Lived
        Patient by patient.
    """

    ward: Ward
    ward_name: str
    plan: Simulation
    files: tuple[PastFile, ...]
    lived: tuple[Lived, ...]


def check_plan(plan: Simulation) -> None:
    """Refuse a plan that cannot be followed.

    Parameters
    ----------
    plan : Simulation
        As it was said.

    Raises
    ------
    PlanRefused
        ``delay``, ``every_days``, ``within_hours``, ``responder``, ``outcome_form``.
    """
    if not plan.delay_minutes >= 0 or plan.delay_minutes > 10_080:
        raise refuse(
            PlanRefused, "delay", "values are known after no such delay", where="--delay",
            mend="write minutes, from 0 to 10080 (a week)",
        )  # fmt: skip
    if not 0 <= plan.every_days <= 365:
        raise refuse(
            PlanRefused, "every_days", "infusions do not follow each other so", where="--every",
            mend="write days, from 0 to 365",
        )  # fmt: skip
    if not 0 < plan.within_hours <= 2400:
        raise refuse(
            PlanRefused, "within_hours", "an alert foretells nothing of this time",
            where="--within", mend="write hours above 0, at most 2400",
        )  # fmt: skip
    if not plan.responder_minutes > 0 or not 0 <= plan.responder_share <= 1:
        raise refuse(
            PlanRefused, "responder", "there is no such simulated responder",
            where="--responder-minutes, --responder-share",
            mend="write minutes above 0, and a share from 0 to 1",
        )  # fmt: skip
    if plan.outcomes is None and plan.foretells and not OUTCOME.fullmatch(plan.foretells):
        raise refuse(
            PlanRefused, "outcome_form", "this is not a grade to be foretold", where="--foretells",
            mend='write it as "astct-crs>=3", or name a file with --outcomes',
        )  # fmt: skip
