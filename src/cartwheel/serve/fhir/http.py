"""Calls to the hospital's FHIR server: by https, without following where it would lead."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Protocol
from urllib.parse import urlsplit

from cartwheel.errors import FileRefused, PlanRefused, Refused, refuse
from cartwheel.serve.fhir.json_text import LARGEST, Json, read_json
from cartwheel.serve.settings import LOOPBACK

TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Parameters
    ----------
    method, url : str
        Such as ``GET``.
    body : bytes or None
        What is sent.
    headers : mapping of str to str
        With it.
    """

    method: str
    url: str
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Parameters
    ----------
    status : int
        Of HTTP.
    content : bytes
        Of the body.
    """

    status: int
    content: bytes = field(repr=False)

    def document(self) -> Json:
        """Read the body; None where it is no JSON."""
        try:
            return read_json(self.content)
        except Refused:
            return None


class NotAnswered(FileRefused):
    """The server is not reached, or does not answer as it should."""


class Tokens(Protocol):
    """Gives tokens."""

    def token(self) -> str:
        """Give one that is good."""

    def forget(self, token: str) -> None:
        """Take note that one is not."""


class FixedToken:
    """One token for all time.

    Parameters
    ----------
    token : str
        As the hospital gave it.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        """Give it."""
        return self._token

    def forget(self, token: str) -> None:
        """There is no other one."""


class FhirServer:
    """A hospital's FHIR server.

    Parameters
    ----------
    base : str
        Its address: https, or http on this machine.
    tokens : Tokens, optional
        For servers that ask for one.

    Raises
    ------
    PlanRefused
        ``server_address``.
    """

    def __init__(self, base: str, tokens: Tokens | None = None) -> None:
        if not is_safe(base):
            raise refuse(
                PlanRefused, "server_address", "values of patients are sent by https alone",
                where="base", mend="give an address that begins with https://",
            )  # fmt: skip
        self.base = base.rstrip("/")
        self._tokens = tokens

    def send(
        self, method: str, path: str, body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """Call the server; once more with a new token where it does not take the old one.

        Parameters
        ----------
        method : str
            Such as ``PUT``.
        path : str
            Below the base; or a whole address, which has to be one of this server.
        body : bytes, optional
            What is sent.
        headers : mapping, optional
            Beside those that FHIR wants.

        Returns
        -------
        Answer

        Raises
        ------
        NotAnswered
            ``not_answered``; ``other_server`` where an address is not of this server.
        FileRefused
            ``no_token``.
        """
        url = self._url(path)
        own = {"Accept": "application/fhir+json", "User-Agent": "cartwheel", **(headers or {})}
        if body is not None:
            own.setdefault("Content-Type", "application/fhir+json")
        for again in (False, True):
            token = self._tokens.token() if self._tokens is not None else ""
            with_token = {**own, "Authorization": f"Bearer {token}"} if token else own
            answer = call(Call(method, url, body, with_token))
            if answer.status != 401 or self._tokens is None or again:
                break
            self._tokens.forget(token)
        return answer

    def _url(self, path: str) -> str:
        if not path.startswith(("http://", "https://")):
            return f"{self.base}/{path}"
        if path != self.base and not path.startswith((f"{self.base}/", f"{self.base}?")):
            # its token is for nobody else
            raise refuse(
                NotAnswered, "other_server", "a link leads to another server", where="link"
            )
        return path


def is_safe(url: str) -> bool:
    """Tell whether patients' data may be sent to an address.

    Parameters
    ----------
    url : str
        Of a server.

    Returns
    -------
    bool
        By https, or on this machine.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.username or parts.password:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    )


def call(asked: Call) -> Answer:
    """Make a call.

    Parameters
    ----------
    asked : Call
        To a safe address.

    Returns
    -------
    Answer
        Whatever its status.

    Raises
    ------
    NotAnswered
        ``not_answered``: without the address, which may name a patient.
    """
    if not is_safe(asked.url):
        raise refuse(NotAnswered, "not_answered", "the address is not safe")
    request = urllib.request.Request(
        asked.url, data=asked.body, method=asked.method, headers=dict(asked.headers)
    )
    try:
        with _OPENER.open(request, timeout=TIMEOUT) as answer:
            return Answer(answer.status, _limited(answer))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read(1 << 20))
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        what = f"no answer ({type(reason).__name__})"
        raise refuse(NotAnswered, "not_answered", what, mend="it is tried again") from None


def _limited(answer: Any) -> bytes:
    content: bytes = answer.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise refuse(NotAnswered, "not_answered", f"an answer of more than {LARGEST >> 20} MB")
    return content


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """What is sent to one address is not sent to another."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


_OPENER = urllib.request.build_opener(_NoRedirects)
