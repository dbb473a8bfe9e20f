"""Starting the server: what it needs, the port, the address it prints, the browser, its end."""

from __future__ import annotations

import errno
import gc
import os
import secrets
import socket
import stat
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from cartwheel.errors import FileRefused, PlanRefused, refuse

if TYPE_CHECKING:
    import uvicorn

    from cartwheel.serve.services import Services
    from cartwheel.serve.settings import Settings

_NEEDED = ("alembic", "argon2", "fastapi", "jinja2", "matplotlib", "python_multipart",
           "sqlalchemy", "uvicorn")  # fmt: skip
VARIABLE = "CARTWHEEL_TOKEN"
_SHORTEST = 16
# seconds that open connections have when the server ends
_GRACE = 3


def require_serve() -> None:
    """Refuse to start where the libraries of the server are not installed.

    Raises
    ------
    FileRefused
        ``extra_missing``, naming them and the extra that brings them.
    """
    absent = [name for name in _NEEDED if find_spec(name) is None]
    if absent:
        raise refuse(
            FileRefused,
            "extra_missing",
            "the server needs " + ", ".join(absent),
            where="cartwheel serve",
            mend="pip install 'cartwheel[serve]'",
        )


def token_of(file: Path | None) -> str:
    """Find or make the token of a server without accounts.

    Parameters
    ----------
    file : Path or None
        Holds it, or gets a new one. Without a file it is what ``CARTWHEEL_TOKEN`` says, or new.

    Returns
    -------
    str

    Raises
    ------
    PlanRefused
        ``token_weak``, ``token_file_open``.
    FileRefused
        ``token_file``.
    """
    # processes that we start do not inherit it
    given = os.environ.pop(VARIABLE, None)
    if file is None:
        return secrets.token_urlsafe(32) if given is None else _checked(given, VARIABLE)
    try:
        with suppress(FileExistsError):
            made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(made, "w", encoding="ascii") as stream:
                stream.write(secrets.token_urlsafe(32) + "\n")
        if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise refuse(
                PlanRefused,
                "token_file_open",
                "others can read this file",
                where=str(file),
                mend=f"close it: chmod 600 {file}",
            )
        return _checked(file.read_text(encoding="utf-8").strip(), str(file))
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise refuse(
            FileRefused, "token_file", f"the file cannot be used ({why})", where=str(file),
            mend="name another file",
        ) from None  # fmt: skip


def _checked(token: str, where: str) -> str:
    if len(token) < _SHORTEST or not all("!" <= sign <= "~" for sign in token):
        raise refuse(
            PlanRefused,
            "token_weak",
            f"a token has at least {_SHORTEST} signs of ASCII, and no blank",
            where=where,
            mend="leave it away: then one is made by chance",
        )
    return token


def run(
    settings: Settings, *, browser: bool, prepare: Callable[[Services], None] | None = None
) -> None:
    """Start the server, and stay until it is ended.

    Parameters
    ----------
    settings : Settings
        As the command line was told.
    browser : bool
        Whether to open one.
    prepare : callable, optional
        Given the services before the server starts; what it refuses ends the start.

    Raises
    ------
    PlanRefused
        Whatever `cartwheel.serve.access.safe_start` refuses; ``port_taken``, ``port_closed``,
        ``no_address``.
    FileRefused
        Whatever opening the store refuses.
    """
    from cartwheel.serve.access.safe_start import check_admin, check_settings

    check_settings(settings)
    if settings.oidc:
        _check_issuer(settings)
    listening = _bound(settings)
    try:
        settings = replace(
            settings,
            port=listening.getsockname()[1],
            once=secrets.token_urlsafe(32) if browser and settings.token else None,
        )
        # nothing that is loaded now is garbage; the application turns it on again
        gc.disable()
        from cartwheel.serve.application import create_app

        application = create_app(settings, whole=False)
        known = application.state.services
        check_admin(known.store, settings)
        if prepare is not None:
            prepare(known)
        server = _server(application, settings)
        print("\n".join(greeting(settings)), flush=True)
        if browser and _has_browser():
            threading.Thread(target=_open, args=(server, settings), daemon=True).start()
        # Ctrl-C has ended the server; it is no fault
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listening])
        print("cartwheel has stopped; jobs that ran go on at the next start", flush=True)
    finally:
        listening.close()


def _check_issuer(settings: Settings) -> None:
    absent = [name for name in ("authlib", "httpx2", "joserfc") if find_spec(name) is None]
    if absent:
        raise refuse(
            FileRefused,
            "extra_missing",
            "the log-in at an issuer needs " + ", ".join(absent),
            where="--oidc",
            mend="pip install 'cartwheel[oidc]'",
        )
    from cartwheel.serve.access.oidc import issuer_of

    issuer_of(settings)


def address(settings: Settings, token: str | None = None) -> str:
    """Write the address under which a browser opens the server.

    Parameters
    ----------
    settings : Settings
        With the port that it listens at.
    token : str, optional
        Put into the address.

    Returns
    -------
    str
    """
    base = settings.public_url
    if not base:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        base = f"{'https' if settings.certificate else 'http'}://{host}:{settings.port}"
    query = urlencode({"token": token}, quote_via=quote) if token else ""
    return base.rstrip("/") + "/" + (f"?{query}" if query else "")


def greeting(settings: Settings) -> tuple[str, ...]:
    """Say where the server is, and where it keeps things.

    Parameters
    ----------
    settings : Settings
        With the port that it listens at.

    Returns
    -------
    tuple of str
        Lines. The address of a database is not repeated: it may hold a password.
    """
    folder = str(settings.folder)
    home = str(Path.home())
    if folder.startswith(home + os.sep):
        folder = "~" + folder[len(home) :]
    kept = "PostgreSQL" if settings.database else folder
    return (
        f"cartwheel is open at {address(settings, settings.token)}",
        f"Files and results are kept in {kept}. Ctrl-C ends it. Research and education; not a "
        "medical device.",
    )


def _bound(settings: Settings) -> socket.socket:
    try:
        found = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, where = found[0]
        made = socket.socket(family, kind, protocol)
        try:
            if sys.platform == "win32":
                made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(where)
            # a second server hears now that the port is taken, not when this one is ready
            made.listen(2048)
        except OSError:
            made.close()
            raise
    except OSError as error:
        raise _not_bound(settings, error) from None
    return made


def _not_bound(settings: Settings, error: OSError) -> Exception:
    place = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return refuse(
            PlanRefused,
            "port_taken",
            "another program listens there, perhaps another cartwheel serve",
            where=place,
            mend="use the one that runs, or another port: --port 0 takes any free one",
        )
    if error.errno == errno.EACCES:
        return refuse(
            PlanRefused,
            "port_closed",
            "this port is not for everyone's programs",
            where=place,
            mend="take one above 1023: --port 8765",
        )
    return refuse(
        PlanRefused,
        "no_address",
        f"this machine has no such address ({error.strerror or type(error).__name__})",
        where=place,
        mend="leave --host out for this machine only, or name an address that it has",
    )


def _server(application: Any, settings: Settings) -> uvicorn.Server:
    import uvicorn

    queue, ward = application.state.services.queue, application.state.services.ward
    if ward is not None:
        from cartwheel.serve.ward.logs import write_logs

        # a line for each request only where it is wanted; "debug" is for who looks for a fault
        wanted = os.environ.get("CARTWHEEL_LOGS", "")
        write_logs(level={"requests": 20, "debug": 10}.get(wanted, 30))

    def ending(server: uvicorn.Server, sig: int, frame: Any) -> None:
        # event streams end as soon as the queue does: they would hold the server open
        uvicorn.Server.handle_exit(server, sig, frame)
        if ward is not None:
            ward.feed.close()
        threading.Thread(target=queue.stop, daemon=True).start()

    made: uvicorn.Server = type("Server", (uvicorn.Server,), {"handle_exit": ending})(
        uvicorn.Config(
            application,
            log_config=uvicorn.config.LOGGING_CONFIG if ward is None else None,
            log_level="error",
            access_log=False,  # a line of it could hold a token
            server_header=False,
            ws="none",
            lifespan="on",
            proxy_headers=settings.behind_proxy,
            ssl_certfile=settings.certificate,
            ssl_keyfile=settings.key,
            timeout_graceful_shutdown=_GRACE,
        )
    )
    return made


def _has_browser() -> bool:
    if sys.platform.startswith("linux"):
        # without a screen a text browser would take this terminal
        return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return "SSH_CONNECTION" not in os.environ


def _open(server: uvicorn.Server, settings: Settings) -> None:
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.02)
    with suppress(webbrowser.Error):
        webbrowser.open(address(settings, settings.once))
