"""The referee's report as a file."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.finding import RefereeReport
from cartwheel.provenance import Provenance


@dataclass(frozen=True, slots=True)
class RefereeFile:
    """The JSON file of a referee's report.

    Parameters
    ----------
    kind : str
        ``referee``.
    schema : str
        ``cartwheel/referee/1``.
    provenance : Provenance
        Software, and the file that was read: its name, its hash, and the hash of its plan.
    plan : dict
        What was asked: ``{"file": NAME}``.
    result : RefereeReport
        What was found.
    """

    kind: str
    schema: str
    provenance: Provenance
    plan: dict[str, object]
    result: RefereeReport
