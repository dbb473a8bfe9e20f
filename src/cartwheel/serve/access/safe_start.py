"""What a server must have before others than its owner can reach it."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from cartwheel.errors import FileRefused, PlanRefused, Problem, Refused, refuse
from cartwheel.serve.settings import Settings
from cartwheel.store.accounts import count_admins
from cartwheel.store.database import Store

_EVERYWHERE = ("0.0.0.0", "::", "")
_ADD = "cartwheel serve account add NAME --role admin"


def is_reached_by_others(settings: Settings) -> bool:
    """Tell whether others than the people of this machine can reach a server.

    Parameters
    ----------
    settings : Settings
        As told.

    Returns
    -------
    bool
    """
    return not settings.on_loopback or settings.behind_proxy or bool(settings.public_url)


def check_settings(settings: Settings) -> None:
    """Refuse settings under which somebody could read along, or come in.

    Parameters
    ----------
    settings : Settings
        As told.

    Raises
    ------
    PlanRefused
        ``no_accounts``, ``no_tls``, ``no_public_url``, ``certificate_and_key``: all that is wrong.
    FileRefused
        ``certificate``.
    """
    found = [*_who(settings), *_how(settings)]
    if found:
        raise PlanRefused(found)
    if settings.certificate and settings.key:
        _check_certificate(settings.certificate, settings.key)


def check_admin(store: Store, settings: Settings) -> None:
    """Refuse a server with accounts that nobody can administer.

    Parameters
    ----------
    store : Store
        With the accounts.
    settings : Settings
        As told.

    Raises
    ------
    PlanRefused
        ``no_admin``.
    """
    if settings.accounts and count_admins(store) == 0:
        raise refuse(
            PlanRefused,
            "no_admin",
            "there is no open account of an administrator",
            where="--accounts",
            mend=f"make one, with the same --data or --database: {_ADD}",
        )


def _who(settings: Settings) -> list[Problem]:
    found = []
    if is_reached_by_others(settings) and not settings.accounts:
        found.append(
            Problem(
                "no_accounts",
                "others can reach this server, and it has no accounts",
                f"--host {settings.host}",
                f"{_ADD}, then start it with --accounts; or leave --host out for this machine only",
            )
        )
    if settings.oidc and not (settings.accounts and settings.public_url):
        found.append(
            Problem(
                "oidc_needs",
                "a log-in at an OpenID issuer needs accounts, and the address it comes back to",
                "--oidc",
                "add --accounts --public-url https://...",
            )
        )
    return found


def _how(settings: Settings) -> list[Problem]:
    found = []
    public = urlsplit(settings.public_url or "")
    proxied = settings.behind_proxy and public.scheme == "https"
    if bool(settings.certificate) is not bool(settings.key):
        found.append(
            Problem(
                "certificate_and_key",
                "a certificate and its key belong together",
                "--certificate",
                "give both --certificate FILE and --key FILE",
            )
        )
    elif is_reached_by_others(settings) and not settings.certificate and not proxied:
        found.append(
            Problem(
                "no_tls",
                "others can reach this server, and what it sends can be read on the way",
                f"--host {settings.host}",
                "give --certificate FILE --key FILE, or put a proxy with TLS before it: "
                "--behind-proxy --public-url https://...",
            )
        )
    if settings.public_url and not (
        public.scheme in ("https", "http") and public.hostname and public.path in ("", "/")
    ):
        found.append(
            Problem(
                "public_url",
                "this is not the address of a host",
                "--public-url",
                "write https://HOST or https://HOST:PORT, without a path",
            )
        )
    elif settings.host in _EVERYWHERE and not settings.public_url:
        found.append(
            Problem(
                "no_public_url",
                "at every address of this machine, the server does not know its own name",
                f"--host {settings.host}",
                "say under which address it is opened: --public-url https://HOST:PORT",
            )
        )
    return found


def _check_certificate(certificate: Path, key: Path) -> None:
    try:
        # a key with a password would ask for it on the terminal
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            certificate, key, password=lambda: ""
        )
    except (OSError, ssl.SSLError) as error:
        raise _certificate(error, certificate) from None


def _certificate(error: OSError, certificate: Path) -> Refused:
    why = error.strerror or getattr(error, "reason", "") or type(error).__name__
    return refuse(
        FileRefused,
        "certificate",
        f"the certificate and its key cannot be used ({why})",
        where=str(certificate),
        mend="give files in PEM that belong together, the key without a password",
    )
