"""SMART Backend Services: a token of the hospital's FHIR server for a program that signs for it."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

from cartwheel.errors import FileRefused, PlanRefused, refuse
from cartwheel.serve.fhir.http import Call, NotAnswered, call, is_safe
from cartwheel.serve.fhir.json_text import read_json

ALGORITHMS = ("ES384", "RS384")
_KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# seconds: how long an assertion is good; how early a new token is asked for
_GOOD, _EARLY = 240, 30.0
_DEFAULT_LIFE = 300


@dataclass(frozen=True, slots=True)
class SmartClient:
    """Who we are to a FHIR server.

    Parameters
    ----------
    client_id : str
        As it was registered there.
    key : str
        Private key: PEM, or JWK as JSON.
    kid : str
        Of the public key that the server knows.
    algorithm : {"ES384", "RS384"}
        Of the key.
    scope : str
        What is asked for.
    token_url : str
        Empty: as the server says in ``.well-known/smart-configuration``.
    """

    client_id: str
    key: str = field(repr=False)
    kid: str
    algorithm: Literal["ES384", "RS384"] = "ES384"
    scope: str = "system/*.read"
    token_url: str = ""


class SmartTokens:
    """Gets tokens and keeps them while they are good; safe to use from several threads.

    Parameters
    ----------
    base : str
        Address of the FHIR server.
    client : SmartClient
        Who we are.
    clock : callable
        Seconds since 1970; another one in tests.

    Raises
    ------
    PlanRefused
        ``smart_algorithm``, ``smart_key``, ``server_address``.
    """

    def __init__(
        self, base: str, client: SmartClient, clock: Callable[[], float] = time.time
    ) -> None:
        if client.algorithm not in ALGORITHMS:
            raise refuse(
                PlanRefused, "smart_algorithm", "not an algorithm of SMART Backend Services",
                where="algorithm", mend=f"use {' or '.join(ALGORITHMS)}",
            )  # fmt: skip
        self._base, self._client, self._clock = base.rstrip("/"), client, clock
        self._key = _key(client)
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0
        self._url = client.token_url

    def token(self) -> str:
        """Give a token that is good.

        Returns
        -------
        str

        Raises
        ------
        FileRefused
            ``no_token`` where the server gives none; its answer is not repeated.
        """
        with self._lock:
            if self._clock() < self._until - _EARLY:
                return self._token
            answer = self._asked()
            token = answer.get("access_token")
            if not isinstance(token, str) or not token:
                raise _no_token("the server gave no token")
            life = answer.get("expires_in", _DEFAULT_LIFE)
            self._token = token
            self._until = self._clock() + (float(life) if isinstance(life, int) else _DEFAULT_LIFE)
            return token

    def forget(self, token: str) -> None:
        """Ask for a new token the next time: the server does not take this one any more."""
        with self._lock:
            if token == self._token:
                self._until = 0.0

    def _asked(self) -> dict[str, Any]:
        url = self._url or self._found()
        form = {
            "grant_type": "client_credentials",
            "scope": self._client.scope,
            "client_assertion_type": _KIND,
            "client_assertion": self.assertion(url),
        }
        asked = Call(
            "POST", url, urlencode(form).encode(),
            {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        )  # fmt: skip
        return _document(asked, "the token endpoint")

    def assertion(self, url: str) -> str:
        """Sign who we are.

        Parameters
        ----------
        url : str
            Of the token endpoint: it is good there alone.

        Returns
        -------
        str
            A JWT, good for four minutes, once.
        """
        from joserfc import jwt  # noqa: PLC0415

        now = int(self._clock())  # cut, not rounded: never in the server's future by our doing
        claims = {
            "iss": self._client.client_id, "sub": self._client.client_id, "aud": url,
            "iat": now, "exp": now + _GOOD, "jti": secrets.token_urlsafe(24),
        }  # fmt: skip
        header = {"alg": self._client.algorithm, "kid": self._client.kid, "typ": "JWT"}
        return jwt.encode(header, claims, self._key, algorithms=[self._client.algorithm])

    def _found(self) -> str:
        asked = Call("GET", f"{self._base}/.well-known/smart-configuration",
                     headers={"Accept": "application/json"})  # fmt: skip
        said = _document(asked, "its configuration")
        url = said.get("token_endpoint")
        if not isinstance(url, str) or not is_safe(url):
            raise _no_token("the server names no safe token endpoint")
        known = said.get("token_endpoint_auth_signing_alg_values_supported")
        if isinstance(known, list) and self._client.algorithm not in known:
            raise _no_token("the server does not know our algorithm")
        self._url = url
        return url


def _key(client: SmartClient) -> Any:
    from joserfc.errors import JoseError  # noqa: PLC0415
    from joserfc.jwk import ECKey, RSAKey  # noqa: PLC0415

    kind: Any = ECKey if client.algorithm == "ES384" else RSAKey
    try:
        text = client.key.strip()
        key = kind.import_key(read_json(text.encode()) if text.startswith("{") else text)
        private = key.is_private
    except (JoseError, ValueError, TypeError, KeyError):
        private = False
    if not private:
        raise refuse(
            PlanRefused, "smart_key", f"this is no private key for {client.algorithm}",
            where="key", mend="make one: openssl ecparam -name secp384r1 -genkey",
        )  # fmt: skip
    return key


def _document(asked: Call, what: str) -> dict[str, Any]:
    try:
        answer = call(asked)
    except NotAnswered as error:
        raise _no_token(f"{what}: {error.problems[0].what}") from None
    if not 200 <= answer.status < 300:
        raise _no_token(f"{what} answered {answer.status}")
    read = answer.document()
    if not isinstance(read, dict):
        raise _no_token(f"{what} did not answer with JSON")
    return read


def _no_token(what: str) -> Exception:
    return refuse(
        FileRefused, "no_token", what, where="the FHIR server",
        mend="look at client_id, kid, key and scope as they are registered there",
    )  # fmt: skip
