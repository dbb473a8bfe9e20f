"""Reading the file of the FHIR interface: the whole form, and the shorter one of a server alone."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast

from cartwheel.errors import FileRefused, PlanRefused, Problem, refuse
from cartwheel.serve.fhir.context import FhirOptions
from cartwheel.serve.fhir.settings import (
    PULL,
    SCHEMA,
    SHORT_SCHEMA,
    FhirSettings,
    ServerSettings,
)
from cartwheel.serve.fhir.smart import ALGORITHMS, SmartClient
from cartwheel.serve.fhir.written import KINDS

_OPTIONS = ("base", "systems", "wards")
_KEYS = ("schema", *_OPTIONS, "senders", "server")
_SERVER = (
    "base", "name", "client_id", "key_file", "kid", "algorithm", "scope", "token_url",
    "token_file", "pull", "every_seconds", "write", "by",
)  # fmt: skip
_SHORT = ("schema", *_SERVER, "systems", "wards")
_LARGEST = 1_000_000
_LONGEST_NAME = 80


@dataclass(slots=True)
class _Reading:
    """A file on its way: all that is wrong is said at once."""

    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, code: str, what: str, where: str, mend: str = "") -> None:
        self.problems.append(Problem(code, what, where, mend))

    def value(self, where: str, wanted: str) -> None:
        self.wrong("fhir_value", "another value is needed", where, wanted)

    def known(self, table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
        for key in sorted(set(table) - set(keys)):
            place = f"{where}.{key[:40]}" if where else key[:40]
            self.wrong("unknown_key", "nothing is known of this key", place,
                       f"one of {', '.join(keys)}")  # fmt: skip

    def table(self, table: Mapping[str, Any], key: str, where: str = "") -> dict[str, Any]:
        value = table.get(key, {})
        if isinstance(value, dict):
            return value
        self.value(where + key, "a table")
        return {}

    def text(self, table: Mapping[str, Any], key: str, where: str = "") -> str:
        value = table.get(key, "")
        if isinstance(value, str):
            return value.strip()
        self.value(where + key, "a text")
        return ""

    def texts(self, table: Mapping[str, Any], key: str, where: str = "") -> tuple[str, ...]:
        value = table.get(key, [])
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self.value(where + key, "a list of texts")
        return ()

    def one_of(self, table: Mapping[str, Any], key: str, allowed: Sequence[str], where: str) -> str:
        value = table.get(key, allowed[0])
        if value in allowed:
            return str(value)
        self.value(where + key, " or ".join(allowed))
        return allowed[0]

    def yes(self, table: Mapping[str, Any], key: str, where: str) -> bool:
        value = table.get(key, True)
        if not isinstance(value, bool):
            self.value(where + key, "true or false")
        return value is not False

    def secret(self, table: Mapping[str, Any], key: str, where: str) -> str:
        """Read a file that holds a secret: it stands in no settings file itself."""
        named = self.text(table, key, where)
        if not named:
            return ""
        path = self.folder / named
        try:
            if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
                self.wrong("fhir_key_open", "others can read this secret", where + key,
                           f"close it: chmod 600 {path.name}")  # fmt: skip
                return ""
            found = path.read_text(encoding="utf-8").strip()
            if not found:
                self.wrong("fhir_key_file", "there is nothing in the file", where + key,
                           "put the secret into it")  # fmt: skip
            return found
        except (OSError, ValueError):
            self.wrong("fhir_key_file", "the file cannot be read", where + key,
                       "name a file beside this one")  # fmt: skip
            return ""


def read_fhir_settings(path: Path) -> FhirSettings:
    """Read what the FHIR interface is told, in either form.

    Parameters
    ----------
    path : Path
        TOML; files that it names are beside it. ``cartwheel/fhir/1`` is the whole;
        ``cartwheel/fhir-server/1`` has the keys of its ``[server]``, and ``systems`` and ``wards``
        of what is pulled.

    Returns
    -------
    FhirSettings

    Raises
    ------
    FileRefused
        ``fhir_file_missing``, ``not_toml``.
    PlanRefused
        All at once: ``fhir_schema``, ``unknown_key``, ``fhir_value``, ``fhir_key_missing``,
        ``fhir_key_file``; ``fhir_key_open`` where others can read a key.
    """
    document = _document(path)
    reading = _Reading(path.parent)
    schema = document.get("schema")
    if schema not in (SCHEMA, SHORT_SCHEMA):
        reading.wrong("fhir_schema", "another schema is needed", "schema",
                      f'schema = "{SCHEMA}", or "{SHORT_SCHEMA}"')  # fmt: skip
    short = schema == SHORT_SCHEMA or (schema != SCHEMA and "server" not in document)
    read = _short(document, reading) if short else _whole(document, reading)
    if reading.problems:
        raise PlanRefused(reading.problems)
    return read


def _document(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
        if len(content) > _LARGEST:
            raise OSError
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise refuse(
            FileRefused, "fhir_file_missing",
            "there is no such file, or it is not text in UTF-8", where=path.name,
            mend="name the settings of the FHIR interface",
        ) from None  # fmt: skip
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise refuse(FileRefused, "not_toml", f"no TOML: {error}", where=path.name) from None


def _whole(document: Mapping[str, Any], reading: _Reading) -> FhirSettings:
    reading.known(document, _KEYS, "")
    senders: dict[str, FhirOptions] = {}
    for name, one in reading.table(document, "senders").items():
        where = f"senders.{name[:40]}"
        if isinstance(one, dict):
            reading.known(one, _OPTIONS, where)
            senders[name] = _options(one, reading, f"{where}.")
        else:
            reading.value(where, "a table")
    options = _options(document, reading, "")
    server = None
    if "server" in document:
        table = reading.table(document, "server")
        reading.known(table, _SERVER, "server")
        server = _server(table, reading, "server.")
        if server.name in senders:
            senders[server.name] = _of_server(senders[server.name], server, reading)
    return FhirSettings(options, senders, server)


def _of_server(said: FhirOptions, server: ServerSettings, reading: _Reading) -> FhirOptions:
    """Let what is said of the server as a sender be of its own address."""
    if said.base not in ("", server.base):
        reading.value(f"senders.{server.name}.base", "the address under [server], or none")
    return replace(said, base=server.base)


def _short(document: Mapping[str, Any], reading: _Reading) -> FhirSettings:
    reading.known(document, _SHORT, "")
    server = _server(document, reading, "")
    return FhirSettings(FhirOptions(), {server.name: _options(document, reading, "")}, server)


def _options(table: Mapping[str, Any], reading: _Reading, where: str) -> FhirOptions:
    systems = reading.table(table, "systems", where)
    if not all(isinstance(one, str) for one in systems.values()):
        reading.value(f"{where}systems", "names of systems")
        systems = {}
    base = reading.text(table, "base", where).rstrip("/")
    return FhirOptions(base, dict(systems), frozenset(reading.texts(table, "wards", where)))


def _server(table: Mapping[str, Any], reading: _Reading, where: str) -> ServerSettings:
    base = reading.text(table, "base", where).rstrip("/")
    if not base:
        reading.value(f"{where}base", 'the address of the server, as in "https://..."')
    name = reading.text(table, "name", where) or PULL
    if len(name) > _LONGEST_NAME or not all(one.isalnum() or one in "-_." for one in name):
        reading.value(f"{where}name", f"letters, digits, - _ . up to {_LONGEST_NAME}")
        name = PULL
    write = reading.texts(table, "write", where)
    if any(one not in KINDS for one in write):
        reading.value(f"{where}write", f"some of {', '.join(KINDS)}")
    every = table.get("every_seconds", 30)
    if isinstance(every, bool) or not isinstance(every, int | float) or not 1 <= every <= 86400:
        reading.value(f"{where}every_seconds", "1 to 86400")
        every = 30
    return ServerSettings(
        base, _client(table, reading, where, bool(write)),
        reading.secret(table, "token_file", where), reading.yes(table, "pull", where),
        float(every), write,
        cast(Literal["id", "identifier"],
             reading.one_of(table, "by", ("id", "identifier"), where)),
        name,
    )  # fmt: skip


def _client(
    table: Mapping[str, Any], reading: _Reading, where: str, writes: bool
) -> SmartClient | None:
    client = reading.text(table, "client_id", where)
    if client and table.get("token_file"):
        reading.value(f"{where}token_file", "a client or a token, not both")
    algorithm = reading.one_of(table, "algorithm", ALGORITHMS, where)
    if not client:
        return None
    lacking = [one for one in ("key_file", "kid") if not table.get(one)]
    if lacking:
        reading.wrong("fhir_key_missing", f"a client needs {' and '.join(lacking)} too",
                      f"{where}client_id", "as registered at the server")  # fmt: skip
        return None
    default = f"system/*.read{' system/*.write' if writes else ''}"
    return SmartClient(
        client, reading.secret(table, "key_file", where), reading.text(table, "kid", where),
        cast(Literal["ES384", "RS384"], algorithm),
        reading.text(table, "scope", where) or default, reading.text(table, "token_url", where),
    )  # fmt: skip
