"""Cookies: read without trusting what other servers of this machine have set, written strictly."""

from __future__ import annotations

from starlette.responses import Response

from cartwheel.serve.settings import Settings


def cookie(headers: dict[bytes, bytes], name: str) -> str:
    """Read one cookie.

    Parameters
    ----------
    headers : dict
        Of a request, names in lower case.
    name : str
        Of the cookie.

    Returns
    -------
    str
        Empty where it was not sent. A cookie of another server that is not well-formed hides none.
    """
    raw = headers.get(b"cookie", b"").decode("latin-1")
    if name not in raw:
        return ""
    for pair in raw.split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name:
            return value.strip('"')
    return ""


def shown(headers: dict[bytes, bytes], name: str) -> tuple[str, bool]:
    """Read what somebody shows to be known by.

    Parameters
    ----------
    headers : dict
        Of a request, names in lower case.
    name : str
        Of the cookie of a browser.

    Returns
    -------
    (str, bool)
        What was sent, empty where nothing was; and whether it is the token of a program.
    """
    bearer = headers.get(b"authorization", b"")
    if bearer[:7].lower() == b"bearer ":
        return bearer[7:].decode("latin-1"), True
    return cookie(headers, name), False


def cookie_name(settings: Settings, what: str = "") -> str:
    """Name a cookie of this server.

    Parameters
    ----------
    settings : Settings
        Two servers on one machine share cookies whatever their ports, so the port is in the name.
    what : str
        Which cookie; empty is the session.

    Returns
    -------
    str
        With the prefix ``__Host-`` under TLS: no neighbouring host can set it then.
    """
    name = f"cartwheel-{settings.port}" + (f"-{what}" if what else "")
    return f"__Host-{name}" if has_tls(settings) else name


def has_tls(settings: Settings) -> bool:
    """Tell whether browsers speak TLS, with this server or with the proxy before it.

    Parameters
    ----------
    settings : Settings
        As told.

    Returns
    -------
    bool
    """
    return bool(settings.certificate) or (settings.public_url or "").startswith("https:")


def set_cookie(response: Response, settings: Settings, what: str, value: str) -> None:
    """Set a cookie that no script reads and no other site's page sends; it ends with the browser.

    Parameters
    ----------
    response : Response
        Carries it.
    settings : Settings
        As told.
    what : str
        Which cookie; empty is the session.
    value : str
        Empty takes it away.
    """
    response.set_cookie(
        cookie_name(settings, what),
        value,
        max_age=None if value else 0,
        httponly=True,
        # a page that another site leads to must know its reader after a log-in at the issuer
        samesite="lax" if settings.oidc else "strict",
        secure=has_tls(settings),
        path="/",
    )
