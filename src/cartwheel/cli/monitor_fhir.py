"""``cartwheel monitor pull``: what is new on a FHIR server, by SMART Backend Services."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.errors import FileRefused, PlanRefused, Problem, refuse

if TYPE_CHECKING:
    from cartwheel.serve.fhir.pulling import Puller
    from cartwheel.serve.services import Services
    from cartwheel.serve.ward.opened import WardServices

SCHEMA = "cartwheel/fhir-server/1"
_TEXTS = ("schema", "base", "name", "client_id", "key_file", "kid", "algorithm", "scope",
          "token_url")  # fmt: skip
_KEYS = (*_TEXTS, "every_seconds", "wards", "systems")
_ALGORITHMS = ("ES384", "RS384")


@dataclass(frozen=True, slots=True)
class FhirServerFile:
    """A hospital's FHIR server, as a file says.

    Parameters
    ----------
    base : str
        Address of the server.
    name : str
        As which it counts as a sender.
    client_id, kid, scope, token_url : str
        Of SMART Backend Services; an empty `client_id` asks for no token.
    key : str
        Private key, PEM or JWK.
    algorithm : {"ES384", "RS384"}
        Of the key.
    every_seconds : float
        Between two rounds of a ward that runs.
    wards : frozenset of str
        Locations that are this ward; empty where all that is found is.
    systems : mapping of str to str
        System of an identifier there -> as the ward keeps it.
    """

    base: str
    name: str = "pull"
    client_id: str = ""
    key: str = field(default="", repr=False)
    kid: str = ""
    algorithm: Literal["ES384", "RS384"] = "ES384"
    scope: str = "system/*.read"
    token_url: str = ""
    every_seconds: float = 30.0
    wards: frozenset[str] = frozenset()
    systems: Mapping[str, str] = field(default_factory=dict)


def read_fhir_server(path: Path) -> FhirServerFile:
    """Read where to pull from, and who we are there.

    Parameters
    ----------
    path : Path
        TOML; ``key_file`` is relative to its folder.

    Returns
    -------
    FhirServerFile

    Raises
    ------
    FileRefused
        ``file_missing``, ``not_toml``, ``key_file``.
    PlanRefused
        ``unknown_key``, ``bad_value``, ``missing_key``, all at once; ``key_file_open`` where others
        can read the private key.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        raise refuse(
            FileRefused, "file_missing", "there is no such file, or it is not text in UTF-8",
            where=path.name,
        ) from None  # fmt: skip
    except tomllib.TOMLDecodeError as error:
        raise refuse(FileRefused, "not_toml", f"no TOML: {error}", where=path.name) from None
    problems = list(_problems(document, path.name))
    if problems:
        raise PlanRefused(problems)
    said = {name: document[name] for name in _TEXTS if name in document}
    said.pop("schema")
    key_file = said.pop("key_file", "")
    return FhirServerFile(
        **said,
        key=_key(path.parent / key_file) if key_file else "",
        every_seconds=float(document.get("every_seconds", 30.0)),
        wards=frozenset(document.get("wards", ())),
        systems=dict(document.get("systems", {})),
    )


def _problems(document: Mapping[str, Any], where: str) -> list[Problem]:
    found = [
        Problem("unknown_key", "this key is not known", f"{where}: {key[:40]}",
                nearest_names(key, _KEYS))
        for key in document
        if key not in _KEYS
    ]  # fmt: skip
    if document.get("schema") != SCHEMA:
        found.append(Problem("bad_schema", "the schema is missing, or not known", where,
                             f'write schema = "{SCHEMA}"'))  # fmt: skip
    for key in _TEXTS:
        if key in document and not (isinstance(document[key], str) and document[key].strip()):
            found.append(Problem("bad_value", "a text is needed", f"{where}: {key}"))
    if "base" not in document:
        found.append(Problem("missing_key", "the address of the server is missing", where,
                             'write base = "https://..."'))  # fmt: skip
    needed = [one for one in ("key_file", "kid") if one not in document]
    if "client_id" in document and needed:
        what = f"a client needs {' and '.join(needed)} too"
        found.append(Problem("missing_key", what, where, "as registered at the server"))
    if document.get("algorithm", "ES384") not in _ALGORITHMS:
        found.append(Problem("bad_value", "ES384 or RS384", f"{where}: algorithm"))
    seconds = document.get("every_seconds", 30.0)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 1:
        found.append(Problem("bad_value", "1 s or more", f"{where}: every_seconds"))
    wards, systems = document.get("wards", []), document.get("systems", {})
    if not isinstance(wards, list) or not all(isinstance(one, str) for one in wards):
        found.append(Problem("bad_value", "a list of texts", f"{where}: wards"))
    if not isinstance(systems, dict) or not all(isinstance(x, str) for x in systems.values()):
        found.append(Problem("bad_value", "a table of texts", f"{where}: systems"))
    return found


def _key(path: Path) -> str:
    try:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise refuse(
                PlanRefused, "key_file_open", "others can read the private key", where=path.name,
                mend=f"close it: chmod 600 {path.name}",
            )  # fmt: skip
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise refuse(
            FileRefused, "key_file", "the private key cannot be read", where=path.name
        ) from None


def puller_of(said: FhirServerFile, ward: WardServices, folder: Path) -> Puller:
    """Make what pulls from a server into a ward.

    Parameters
    ----------
    said : FhirServerFile
        The server.
    ward : WardServices
        Open.
    folder : Path
        Where it notes up to when it has read; made where it is not there.

    Returns
    -------
    Puller

    Raises
    ------
    PlanRefused
        ``server_address``, ``smart_key``.
    """
    from cartwheel.serve.fhir.context import FhirOptions
    from cartwheel.serve.fhir.http import FhirServer
    from cartwheel.serve.fhir.intake import FhirIntake
    from cartwheel.serve.fhir.pulling import Cursors, Puller
    from cartwheel.serve.fhir.smart import SmartClient, SmartTokens

    tokens = None
    if said.client_id:
        client = SmartClient(
            said.client_id, said.key, said.kid, said.algorithm, said.scope, said.token_url
        )
        tokens = SmartTokens(said.base, client)
    server = FhirServer(said.base, tokens)
    options = FhirOptions(server.base, said.systems, said.wards)
    # what waits is read again in the same way
    ward.senders[said.name] = options
    intake = FhirIntake(
        ward.ingest, ward.store, lambda: ward.codes.table, FhirOptions(), {said.name: options}
    )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    cursors = Cursors(folder / f"pulled-{said.name}.json")
    return Puller(server, intake, cursors, said.name, every=said.every_seconds)


def pulling(said: FhirServerFile) -> Callable[[Services], None]:
    """Make what lets a ward that runs pull from a server.

    Parameters
    ----------
    said : FhirServerFile
        The server.

    Returns
    -------
    callable
        Given the services of the application before it starts.
    """

    def prepare(services: Services) -> None:
        ward = services.ward
        assert ward is not None
        puller = puller_of(said, ward, services.settings.folder)
        ward.starters.append(puller.start)
        ward.stoppers.append(puller.stop)
        print("values are pulled from the hospital's FHIR server", flush=True)

    return prepare


def pull_once(ward: Path, server: Path, data: Path | None, database: str | None) -> None:
    """Pull what is new once, and print how much it was.

    Parameters
    ----------
    ward : Path
        Ward file.
    server : Path
        Of `read_fhir_server`.
    data : Path or None
        Folder of the log.
    database : str or None
        PostgreSQL instead.

    Raises
    ------
    FileRefused, PlanRefused
        What is wrong with the files; ``not_pulled``.
    """
    from cartwheel.cli.serve_run import require_serve

    require_serve()
    from cartwheel.serve.settings import Settings
    from cartwheel.serve.ward.opened import open_ward_services
    from cartwheel.store.database import default_folder, open_store
    from cartwheel.workflows.monitor_open import models_of

    said, more = read_fhir_server(server), models_of(ward)
    folder = data or default_folder()
    store = open_store(folder, database)
    try:
        opened = open_ward_services(
            Settings(folder=folder, database=database, ward=ward), store, more_targets=more
        )
        puller = puller_of(said, opened, folder)
        opened.ingest.start()
        try:
            done = puller.pull()
        finally:
            opened.ingest.stop()
    finally:
        store.close()
    print(
        f"{done.patients} patients asked for, {done.resources} resources read, {done.new} new, "
        f"{done.aside} set aside in whole or in part"
    )
    if not done.patients:
        print("the ward follows nobody whom the server knows: admit patients first")
