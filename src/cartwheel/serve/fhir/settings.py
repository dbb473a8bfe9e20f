"""What the FHIR interface is told: a file that the environment names, beside the ward file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from cartwheel.errors import FileRefused, PlanRefused, Refused, refuse
from cartwheel.serve.fhir.context import FhirOptions
from cartwheel.serve.fhir.smart import ALGORITHMS, SmartClient
from cartwheel.serve.fhir.written import KINDS
from cartwheel.store.ward_outbox import Subscription

SCHEMA = "cartwheel/fhir/1"
FILE = "CARTWHEEL_FHIR"
"""Variable of the environment that names the file."""
TARGET = "fhir"
"""Name of the hospital's server in the outbox and in metrics."""

_OPTIONS = ("base", "systems", "wards")
_KEYS = ("schema", *_OPTIONS, "senders", "server")
_SERVER = (
    "base", "client_id", "key_file", "kid", "algorithm", "scope", "token_url", "token_file",
    "pull", "every_seconds", "write", "by",
)  # fmt: skip
_LARGEST = 1_000_000


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
    """

    base: str
    client: SmartClient | None = None
    token: str = field(default="", repr=False)
    pull: bool = True
    every: float = 30.0
    write: tuple[str, ...] = ()
    by: Literal["id", "identifier"] = "id"


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


def fhir_settings(environment: Mapping[str, str] = os.environ) -> FhirSettings:
    """Read what the environment names.

    Parameters
    ----------
    environment : mapping
        With ``CARTWHEEL_FHIR``, the path of a TOML file; without it nothing is told.

    Returns
    -------
    FhirSettings

    Raises
    ------
    FileRefused, PlanRefused
        ``fhir_file_missing``, ``not_toml``, ``fhir_schema``, ``unknown_key``, ``fhir_value``,
        ``fhir_key_file``.
    """
    named = environment.get(FILE)
    return read_fhir_settings(Path(named)) if named else FhirSettings()


def read_fhir_settings(path: Path) -> FhirSettings:
    """Read the file.

    Parameters
    ----------
    path : Path
        TOML; files that it names are beside it.

    Returns
    -------
    FhirSettings

    Raises
    ------
    FileRefused, PlanRefused
        As of `fhir_settings`.
    """
    try:
        content = path.read_bytes()
        if len(content) > _LARGEST:
            raise OSError
    except OSError:
        raise refuse(
            FileRefused, "fhir_file_missing", "the file cannot be read", where=FILE
        ) from None
    try:
        read = tomllib.loads(content.decode("utf-8"))
    except ValueError:
        raise refuse(PlanRefused, "not_toml", "this is not TOML", where=path.name) from None
    if read.get("schema") != SCHEMA:
        raise refuse(
            PlanRefused, "fhir_schema", "another schema is needed", where="schema",
            mend=f'schema = "{SCHEMA}"',
        )  # fmt: skip
    _known(read, _KEYS, "")
    senders = _table(read, "senders")
    for name, one in senders.items():
        _known(_dict(one, f"senders.{name}"), _OPTIONS, f"senders.{name}")
    return FhirSettings(
        _options(read),
        {name: _options(one) for name, one in senders.items()},
        _server(_table(read, "server"), path.parent) if "server" in read else None,
    )


def _options(table: Mapping[str, Any]) -> FhirOptions:
    systems = _table(table, "systems")
    if not all(isinstance(one, str) for one in systems.values()):
        raise _value("systems", "names of systems")
    return FhirOptions(_text(table, "base"), dict(systems), frozenset(_texts(table, "wards")))


def _server(table: Mapping[str, Any], folder: Path) -> ServerSettings:
    _known(table, _SERVER, "server")
    write = tuple(_texts(table, "write"))
    if any(one not in KINDS for one in write):
        raise _value("server.write", f"some of {', '.join(KINDS)}")
    by, every = table.get("by", "id"), table.get("every_seconds", 30)
    if by not in ("id", "identifier"):
        raise _value("server.by", "id or identifier")
    if isinstance(every, bool) or not isinstance(every, int | float) or not 1 <= every <= 86400:
        raise _value("server.every_seconds", "1 to 86400")
    if not _text(table, "base") or not isinstance(table.get("pull", True), bool):
        raise _value("server.base, server.pull", "an address; true or false")
    return ServerSettings(
        _text(table, "base"), _client(table, folder), _secret(table, "token_file", folder),
        table.get("pull", True), float(every), write, cast(Literal["id", "identifier"], by),
    )  # fmt: skip


def _client(table: Mapping[str, Any], folder: Path) -> SmartClient | None:
    if not _text(table, "client_id"):
        return None
    algorithm = table.get("algorithm", "ES384")
    if algorithm not in ALGORITHMS:
        raise _value("server.algorithm", " or ".join(ALGORITHMS))
    writes = bool(table.get("write"))
    scope = _text(table, "scope") or f"system/*.read{' system/*.write' if writes else ''}"
    return SmartClient(
        _text(table, "client_id"), _secret(table, "key_file", folder), _text(table, "kid"),
        cast(Literal["ES384", "RS384"], algorithm), scope, _text(table, "token_url"),
    )  # fmt: skip


def _secret(table: Mapping[str, Any], key: str, folder: Path) -> str:
    """Read a file that holds a secret: it stands in no settings file itself."""
    named = _text(table, key)
    if not named:
        return ""
    try:
        return (folder / named).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        raise refuse(
            FileRefused, "fhir_key_file", "the file cannot be read", where=f"server.{key}"
        ) from None


def _known(table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    strange = sorted(set(table) - set(keys))
    if strange:
        raise refuse(
            PlanRefused, "unknown_key", f"nothing is known of {strange[0]}", where=where or FILE,
            mend=f"one of {', '.join(keys)}",
        )  # fmt: skip


def _table(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    return _dict(table.get(key, {}), key)


def _dict(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _value(where, "a table")
    return value


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise _value(key, "a text")
    return value


def _texts(table: Mapping[str, Any], key: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _value(key, "a list of texts")
    return value


def _value(where: str, wanted: str) -> Refused:
    return refuse(PlanRefused, "fhir_value", "another value is needed", where=where, mend=wanted)
