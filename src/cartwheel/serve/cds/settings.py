"""Who may ask for cards, under which address, and which servers may be asked for values."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.errors import FileRefused, PlanRefused, Problem, refuse
from cartwheel.serve.access.safe_start import is_reached_by_others
from cartwheel.serve.settings import LOOPBACK, Settings

SCHEMA = "cartwheel/cds/1"
FILE = "CARTWHEEL_CDS"
"""Variable of the environment that names the file."""

_KEYS = (
    "schema", "base_url", "origins", "fhir_servers", "smart_launch", "only_known_patients",
    "open_on_this_machine", "issuer",
)  # fmt: skip
_ISSUER_KEYS = ("iss", "jwks", "jwks_url")
_LARGEST_FILE = 1_000_000


@dataclass(frozen=True, slots=True)
class CdsIssuer:
    """A program that may ask for cards.

    Parameters
    ----------
    iss : str
        As it calls itself in its tokens.
    jwks : str
        Its public keys, JSON; empty where they are fetched.
    jwks_url : str
        Where its keys are; empty where they are in the file. A token that names another place
        (``jku``) is refused.
    """

    iss: str
    jwks: str = ""
    jwks_url: str = ""


@dataclass(frozen=True, slots=True)
class CdsSettings:
    """What CDS Hooks is told.

    Parameters
    ----------
    base_url : str
        Under which programs reach this server; tokens have to name it. Empty: the server's own.
    issuers : tuple of CdsIssuer
        Who may ask.
    origins : tuple of str
        Web pages that may ask from a browser.
    fhir_servers : tuple of str
        Base addresses that may be asked for values with a token that came with the request.
    smart_launch : str
        Address of a SMART application to link to; empty without one.
    only_known_patients : bool
        Cards only of patients whom the ward follows.
    open_on_this_machine : bool
        Nobody has to show who asks: only for trying out, where no other machine reaches the server.
    """

    base_url: str = ""
    issuers: tuple[CdsIssuer, ...] = ()
    origins: tuple[str, ...] = ()
    fhir_servers: tuple[str, ...] = ()
    smart_launch: str = ""
    only_known_patients: bool = False
    open_on_this_machine: bool = False


def cds_of(settings: Settings) -> CdsSettings | None:
    """Find what CDS Hooks is told.

    Parameters
    ----------
    settings : Settings
        Of the server; the file is named in the environment, as ``CARTWHEEL_CDS``.

    Returns
    -------
    CdsSettings or None
        None where no file is named: then there are no cards.

    Raises
    ------
    FileRefused, PlanRefused
        As of `read_cds`; ``cds_open`` where others could ask without showing who they are.
    """
    named = os.environ.get(FILE, "")
    if not named:
        return None
    found = read_cds(Path(named))
    if found.open_on_this_machine and is_reached_by_others(settings):
        raise refuse(
            PlanRefused, "cds_open", "others can reach this server, and anybody may ask for cards",
            where="open_on_this_machine", mend="take it out, and name who may ask: [[issuer]]",
        )  # fmt: skip
    return found


def read_cds(path: Path) -> CdsSettings:
    """Read a file of settings.

    Parameters
    ----------
    path : Path
        TOML; files of keys that it names are relative to its folder.

    Returns
    -------
    CdsSettings

    Raises
    ------
    FileRefused
        ``file_missing``, ``too_large``, ``not_toml``.
    PlanRefused
        Everything that is wrong with it: ``unknown_key``, ``bad_schema``, ``bad_value``,
        ``cds_address``, ``cds_keys``, ``cds_no_issuer``.
    """
    document = _document(path)
    problems = _strange(document, _KEYS, "")
    if document.get("schema") != SCHEMA:
        problems.append(
            Problem("bad_schema", "the schema is missing or not known", "schema",
                    f'write schema = "{SCHEMA}"')
        )  # fmt: skip
    issuers = _issuers(document.get("issuer", []), path.parent, problems)
    found = CdsSettings(
        base_url=_address(document, "base_url", problems),
        issuers=issuers,
        origins=_addresses(document, "origins", problems),
        fhir_servers=_addresses(document, "fhir_servers", problems),
        smart_launch=_address(document, "smart_launch", problems),
        only_known_patients=_flag(document, "only_known_patients", problems),
        open_on_this_machine=_flag(document, "open_on_this_machine", problems),
    )
    if not (found.issuers or found.open_on_this_machine or problems):
        problems.append(
            Problem("cds_no_issuer", "nobody may ask for cards", "issuer",
                    'name who may: [[issuer]], with iss = "..." and jwks = "keys.json"')
        )  # fmt: skip
    if problems:
        raise PlanRefused(problems)
    return found


def _document(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise refuse(FileRefused, "too_large", "too large for settings", where=path.name)
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        raise refuse(
            FileRefused, "file_missing", "there is no such file, or it is not text in UTF-8",
            where=path.name, mend=f"name another in {FILE}",
        ) from None  # fmt: skip
    except tomllib.TOMLDecodeError as error:
        raise refuse(
            FileRefused, "not_toml", f"this is not TOML: {error}", where=path.name,
            mend="mend the line named",
        ) from None  # fmt: skip


def _strange(table: Mapping[str, Any], keys: tuple[str, ...], inside: str) -> list[Problem]:
    return [
        Problem("unknown_key", "this key is not known", f"{inside}{key[:60]}",
                nearest_names(key, keys))
        for key in table
        if key not in keys
    ]  # fmt: skip


def _flag(document: Mapping[str, Any], key: str, problems: list[Problem]) -> bool:
    given = document.get(key, False)
    if not isinstance(given, bool):
        problems.append(Problem("bad_value", "true or false is needed", key))
        return False
    return given


def _address(document: Mapping[str, Any], key: str, problems: list[Problem]) -> str:
    given = document.get(key, "")
    return _checked(given, key, problems) if given != "" else ""


def _addresses(document: Mapping[str, Any], key: str, problems: list[Problem]) -> tuple[str, ...]:
    given = document.get(key, [])
    if not isinstance(given, list):
        problems.append(Problem("bad_value", "a list of addresses is needed", key))
        return ()
    return tuple(_checked(one, key, problems) for one in given)


def _checked(given: object, key: str, problems: list[Problem]) -> str:
    if isinstance(given, str) and is_private(given):
        return given.rstrip("/")
    problems.append(
        Problem("cds_address", "this is no address that nobody can read along to", key,
                "write https://..., without name, password, query or fragment")
    )  # fmt: skip
    return ""


def is_private(address: str) -> bool:
    """Tell whether nobody can read along on the way to an address.

    Parameters
    ----------
    address : str
        Of a server.

    Returns
    -------
    bool
        ``https``, or ``http`` on this machine; without credentials, query and fragment.
    """
    try:
        parts = urlsplit(address)
        named = parts.hostname
        _ = parts.port
    except ValueError:
        return False
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    here = parts.scheme == "http" and named in LOOPBACK
    return bool(named) and plain and (parts.scheme == "https" or here)


def _issuers(given: object, folder: Path, problems: list[Problem]) -> tuple[CdsIssuer, ...]:
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        problems.append(Problem("bad_value", "tables are needed", "issuer", "write [[issuer]]"))
        return ()
    found = [_issuer(one, folder, problems) for one in given]
    names = [one.iss for one in found]
    if len(set(names)) != len(names):
        problems.append(Problem("bad_value", "an issuer is named twice", "issuer.iss"))
    return tuple(found)


def _issuer(table: Mapping[str, Any], folder: Path, problems: list[Problem]) -> CdsIssuer:
    problems += _strange(table, _ISSUER_KEYS, "issuer.")
    iss = table.get("iss")
    if not isinstance(iss, str) or not iss.strip() or len(iss) > 200:
        problems.append(Problem("bad_value", "the issuer has no name", "issuer.iss"))
        iss = ""
    if ("jwks" in table) is ("jwks_url" in table):
        problems.append(
            Problem("cds_keys", "the keys of an issuer are in a file or at an address", "issuer",
                    "give either jwks or jwks_url")
        )  # fmt: skip
        return CdsIssuer(iss)
    if "jwks_url" in table:
        return CdsIssuer(iss, jwks_url=_checked(table["jwks_url"], "issuer.jwks_url", problems))
    try:
        return CdsIssuer(iss, jwks=(folder / str(table["jwks"])).read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        problems.append(Problem("cds_keys", "the file of keys cannot be read", "issuer.jwks"))
        return CdsIssuer(iss)
