"""What the FHIR interface is told: one file, named to the command or by the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cartwheel.errors import PlanRefused, refuse
from cartwheel.serve.fhir.context import FhirOptions
from cartwheel.serve.fhir.smart import SmartClient
from cartwheel.store.ward_outbox import Subscription

SCHEMA = "cartwheel/fhir/1"
SHORT_SCHEMA = "cartwheel/fhir-server/1"
FILE = "CARTWHEEL_FHIR"
"""Variable of the environment that names the file."""
TARGET = "fhir"
"""Name of the hospital's server in the outbox and in metrics."""
PULL = "pull"
"""The hospital's server as a sender, where it has no other name."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The hospital's own FHIR server.

    Parameters
    ----------
    base : str
        Its address.
    client : SmartClient or None
        Who we are there, for SMART Backend Services.
    token : str
        One token for all time instead; empty where none is needed.
    pull : bool
        Whether it is read from.
    every : float
        Seconds between two rounds.
    write : tuple of str
        What is written back: of ``RiskAssessment``, ``Observation``, ``DetectedIssue``.
    by : {"id", "identifier"}
        How a resource is the same one when it is put again.
    name : str
        As which it counts as a sender.
    """

    base: str
    client: SmartClient | None = None
    token: str = field(default="", repr=False)
    pull: bool = True
    every: float = 30.0
    write: tuple[str, ...] = ()
    by: Literal["id", "identifier"] = "id"
    name: str = PULL


@dataclass(frozen=True, slots=True)
class FhirSettings:
    """What the FHIR interface is told.

    Parameters
    ----------
    options : FhirOptions
        Of every sender that has none of its own.
    senders : mapping of str to FhirOptions
        By name of the account.
    server : ServerSettings or None
        That is read from and written to.
    """

    options: FhirOptions = field(default_factory=FhirOptions)
    senders: Mapping[str, FhirOptions] = field(default_factory=dict)
    server: ServerSettings | None = None

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Say which events are written back: for `open_ward_services`."""
        from cartwheel.serve.fhir.writing import fhir_subscription  # noqa: PLC0415

        if self.server is None or not self.server.write:
            return ()
        return (fhir_subscription(TARGET, self.server.write),)


def fhir_settings(
    named: Path | None = None, environment: Mapping[str, str] = os.environ
) -> FhirSettings:
    """Read what the command or the environment names.

    Parameters
    ----------
    named : Path, optional
        As ``--fhir-server`` says.
    environment : mapping
        With ``CARTWHEEL_FHIR``, the path of a TOML file; without either nothing is told.

    Returns
    -------
    FhirSettings
        Of two files that say the same, it; of two of which one has no server, both together.

    Raises
    ------
    FileRefused, PlanRefused
        As of `read_fhir_settings`; ``fhir_two_files`` where two files disagree.
    """
    from cartwheel.serve.fhir.settings_file import read_fhir_settings  # noqa: PLC0415

    text = environment.get(FILE)
    paths = dict.fromkeys(one.absolute() for one in (named, Path(text) if text else None) if one)
    read = [read_fhir_settings(one) for one in paths]
    if not read:
        return FhirSettings()
    return read[0] if len(read) == 1 or read[0] == read[1] else _together(*read)


def _together(named: FhirSettings, other: FhirSettings) -> FhirSettings:
    """Join a server and what is said of senders; two servers are never joined."""
    if named.server is None:
        named, other = other, named
    server = named.server
    # the one that names the server may say nothing that the other one says
    alone = server is not None and named.options == FhirOptions() and set(named.senders) <= {
        server.name
    }  # fmt: skip
    if other.server is None and alone and not set(named.senders) & set(other.senders):
        return FhirSettings(other.options, {**other.senders, **named.senders}, server)
    raise refuse(
        PlanRefused, "fhir_two_files", "two files say different things of the FHIR interface",
        where=f"--fhir-server and {FILE}", mend="name one of them alone",
    )  # fmt: skip
