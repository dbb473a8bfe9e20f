"""Tokens of programs that ask for cards: signed by a known issuer, for this call, taken once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from httpx2 import AsyncClient, HTTPError
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from cartwheel.errors import PlanRefused, Problem, Refused, refuse
from cartwheel.serve.access.person import NotKnown
from cartwheel.serve.cds.replay import is_first_use
from cartwheel.serve.cds.settings import CdsIssuer, CdsSettings
from cartwheel.serve.fhir.json_text import read_json
from cartwheel.store.database import Store

ALGORITHMS = ("ES384", "RS384")
# seconds: real clients round iat up; a token that lasts longer is of no use to anybody honest
LEEWAY, LONGEST = 30.0, 3600.0
_LONGEST_TOKEN, _LONGEST_JTI = 16_384, 256
# seconds: how long keys are believed, and how soon strangers can make us look for new ones
_FRESH, _SOONEST, _PATIENCE = 600.0, 30.0, 5.0
_LARGEST_KEYS = 1_000_000

_WHY: Mapping[str, str] = {
    "token_missing": "no token was sent",
    "token_unusable": "the token cannot be used",
    "token_issuer": "the issuer of the token is not known here",
    "token_signature": "the signature of the token does not hold",
    "token_audience": "the token is for another address",
    "token_time": "the token is not valid now",
    "token_replayed": "the token was used before",
}


@dataclass(slots=True)
class _Fetched:
    keys: KeySet | None = None
    at: float = float("-inf")


class Tokens:
    """Checks tokens.

    Parameters
    ----------
    settings : CdsSettings
        Who may ask.
    store : Store
        Where tokens that were used are put down.
    clock : callable
        Seconds since 1970; another one in tests.
    """

    def __init__(
        self, settings: CdsSettings, store: Store, clock: Callable[[], float] = time.time
    ) -> None:
        self._issuers = {one.iss: one for one in settings.issuers}
        self._store, self._clock = store, clock
        self._fetched = {one.iss: _Fetched() for one in settings.issuers}
        self._locks = {one.iss: asyncio.Lock() for one in settings.issuers}
        self._own = {one.iss: _own_keys(one) for one in settings.issuers if one.jwks}

    async def check(self, authorization: str, audience: str) -> str:
        """Check who asks.

        Parameters
        ----------
        authorization : str
            The header, as it was sent; empty where none was.
        audience : str
            Exact address of what is asked.

        Returns
        -------
        str
            The issuer.

        Raises
        ------
        NotKnown
            ``token_missing``, ``token_unusable``, ``token_issuer``, ``token_signature``,
            ``token_audience``, ``token_time``, ``token_replayed``.
        FileRefused
            ``store_unavailable``.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _refused("token_missing")
        token = token.strip()
        header, claims = _parts(token)
        issuer = self._issuers.get(str(claims.get("iss")))
        if issuer is None:
            raise _refused("token_issuer")
        if "jku" in header and header["jku"] != issuer.jwks_url:
            raise _refused("token_issuer")
        await self._check_signature(token, header, issuer)
        self._check_claims(claims, audience)
        jti = str(claims["jti"])
        if not await asyncio.to_thread(is_first_use, self._store, issuer.iss, jti):
            raise _refused("token_replayed")
        return issuer.iss

    async def _check_signature(
        self, token: str, header: Mapping[str, Any], issuer: CdsIssuer
    ) -> None:
        keys = await self._keys(issuer, str(header["kid"]))
        if keys is None:
            raise _refused("token_signature")
        try:
            jws.deserialize_compact(token, keys, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError, TypeError, KeyError):
            raise _refused("token_signature") from None

    async def _keys(self, issuer: CdsIssuer, kid: str) -> KeySet | None:
        if not issuer.jwks_url:
            return _with(self._own.get(issuer.iss), kid)
        known = self._fetched[issuer.iss]
        async with self._locks[issuer.iss]:
            age = time.monotonic() - known.at
            # a key that is not there yet may have been added: but strangers do not decide how often
            if age > _FRESH or (_with(known.keys, kid) is None and age > _SOONEST):
                known.at = time.monotonic()
                known.keys = await _fetch(issuer.jwks_url) or known.keys
        return _with(known.keys, kid)

    def _check_claims(self, claims: Mapping[str, Any], audience: str) -> None:
        named = claims.get("aud")
        if audience not in (named if isinstance(named, list) else [named]):
            raise _refused("token_audience")
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI:
            raise _refused("token_unusable")
        now = self._clock()
        ends, begins = _seconds(claims, "exp"), _seconds(claims, "iat")
        not_before = _seconds(claims, "nbf") if "nbf" in claims else begins
        fits = begins <= now + LEEWAY and not_before <= now + LEEWAY and ends > now - LEEWAY
        if not fits or ends - now > LONGEST or ends <= begins:
            raise _refused("token_time")


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a token that nobody has checked yet: only to know whose keys are needed."""
    if len(token) > _LONGEST_TOKEN:
        raise _refused("token_unusable")
    try:
        read = jws.extract_compact(token.encode("ascii"))
        header = dict(read.headers())
        claims = read_json(read.payload)
    except (JoseError, Refused, ValueError, TypeError, KeyError):
        raise _refused("token_unusable") from None
    typed = str(header.get("typ", "")).upper() == "JWT"
    named = isinstance(header.get("kid"), str) and bool(header["kid"])
    # what a token wants us to understand, and we do not, is not passed over
    if header.get("alg") not in ALGORITHMS or not typed or not named or "crit" in header:
        raise _refused("token_unusable")
    if not isinstance(claims, dict):
        raise _refused("token_unusable")
    return header, claims


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or value is None:
        raise _refused("token_unusable")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise _refused("token_unusable") from None


def _with(keys: KeySet | None, kid: str) -> KeySet | None:
    """Give the public keys of this name; a secret that both know is never a signature here."""
    if keys is None:
        return None
    fit = [one for one in keys.keys if one.kid == kid and one.key_type in ("EC", "RSA")]
    return KeySet(fit) if fit else None


def _own_keys(issuer: CdsIssuer) -> KeySet:
    try:
        return KeySet.import_key_set(read_json(issuer.jwks.encode()))
    except (JoseError, Refused, ValueError, TypeError, KeyError):
        raise refuse(
            PlanRefused, "cds_keys", "the file holds no public keys that can be used",
            where="issuer.jwks", mend="write a JSON Web Key Set, as the record system publishes it",
        ) from None  # fmt: skip


async def _fetch(address: str) -> KeySet | None:
    try:
        async with AsyncClient(
            timeout=_PATIENCE, trust_env=False, follow_redirects=False
        ) as client:
            answer = await client.get(address, headers={"Accept": "application/json"})
        if answer.status_code != 200 or len(answer.content) > _LARGEST_KEYS:
            return None
        return KeySet.import_key_set(read_json(answer.content))
    except (HTTPError, JoseError, Refused, ValueError, TypeError, KeyError):
        return None


def _refused(code: str) -> Refused:
    return NotKnown([Problem(code, _WHY[code], "Authorization", "send a token made for this call")])
