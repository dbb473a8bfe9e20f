"""Headers of every answer: nothing from another host, nothing inside another's page."""

from __future__ import annotations

from starlette.types import Message, Send

POLICY = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "frame-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
))  # fmt: skip
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    # with "no-referrer" browsers would send "Origin: null" with our own forms
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)
_CSP = b"content-security-policy"
_POLICY = (_CSP, POLICY.encode())
_HSTS = (b"strict-transport-security", b"max-age=31536000")


def with_headers(send: Send, *, tls: bool) -> Send:
    """Add the headers to what is sent; a policy that a route has set itself is kept.

    Parameters
    ----------
    send : function
        Takes the answer.
    tls : bool
        Whether browsers should insist on TLS from now on.

    Returns
    -------
    function
        Passes everything on at once, so that event streams flow.
    """

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"]
            own = not any(name.lower() == _CSP for name, _ in headers)
            message = {
                **message,
                "headers": [
                    *headers,
                    *_ALWAYS,
                    *((_POLICY,) if own else ()),
                    *((_HSTS,) if tls else ()),
                ],
            }
        await send(message)

    return sending
