"""Log-in at an OpenID issuer, such as a hospital's: authorization code with PKCE."""

from __future__ import annotations

import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from httpx2 import HTTPError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from cartwheel.errors import PlanRefused, Refused, refuse
from cartwheel.serve.access.person import ALLOWED, NotKnown
from cartwheel.serve.settings import LOOPBACK, Settings
from cartwheel.store.accounts import (
    Account,
    account_name,
    account_of_subject,
    add_account,
    set_role,
)
from cartwheel.store.database import Store

BACK = "/login/oidc/back"
CLIENT, SECRET, CLAIM = (
    "CARTWHEEL_OIDC_CLIENT",
    "CARTWHEEL_OIDC_SECRET",
    "CARTWHEEL_OIDC_ROLE_CLAIM",
)
_CLAIM = "roles"
# never "none", never a shared secret that is the client's own
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
# seconds: to log in at the issuer, to wait for its answer, between two clocks
_LONGEST, _PATIENCE, _LEEWAY = 600.0, 10.0, 60
_MOST = 1000
# an account with more of these than another may more
_RANK = sorted(ALLOWED, key=lambda role: len(ALLOWED[role]))


@dataclass(frozen=True, slots=True)
class _Begun:
    bound: str
    nonce: str
    verifier: str
    back: str
    at: float


@dataclass(slots=True)
class Issuer:
    """One OpenID issuer.

    Parameters
    ----------
    address : str
        Of the issuer; ``https``, or ``http`` on this machine.
    client, secret : str
        As the issuer knows this server.
    back : str
        Address that the issuer leads back to.
    claim : str
        Whose values say the role: ``analyst``, or ``cartwheel-analyst``.
    """

    address: str
    client: str
    secret: str = field(repr=False)
    back: str
    claim: str = _CLAIM
    _begun: OrderedDict[str, _Begun] = field(default_factory=OrderedDict)
    _told: dict[str, str] = field(default_factory=dict)
    _until: float = 0.0

    async def begin(self, bound: str, back: str) -> str:
        """Begin a log-in.

        Parameters
        ----------
        bound : str
            What the browser shows when it comes back: no other one can finish this log-in.
        back : str
            Page of this server that was asked for.

        Returns
        -------
        str
            Address at the issuer.

        Raises
        ------
        NotKnown
            ``issuer``.
        """
        now = time.monotonic()
        state, begun = secrets.token_urlsafe(32), _Begun(
            bound, secrets.token_urlsafe(32), secrets.token_urlsafe(48), back, now
        )  # fmt: skip
        self._begun[state] = begun
        while len(self._begun) > _MOST:
            self._begun.popitem(last=False)
        async with self._session() as session:
            known = await self._known(session)
            address, _ = session.create_authorization_url(
                known["authorization_endpoint"],
                state=state,
                nonce=begun.nonce,
                code_verifier=begun.verifier,
            )
        return str(address)

    async def finish(self, query: Mapping[str, str], bound: str) -> tuple[Mapping[str, Any], str]:
        """Finish a log-in.

        Parameters
        ----------
        query : mapping
            That the browser came back with.
        bound : str
            As of `begin`.

        Returns
        -------
        (mapping, str)
            What the issuer claims, checked; and the page that was asked for.

        Raises
        ------
        NotKnown
            ``issuer``, ``issuer_refused``, ``issuer_state``.
        """
        begun = self._begun.pop(query.get("state", ""), None)
        fresh = begun is not None and time.monotonic() - begun.at < _LONGEST
        if begun is None or not fresh or not secrets.compare_digest(begun.bound, bound):
            raise _not_known("issuer_state", "this log-in was begun elsewhere, or too long ago")
        if "code" not in query:
            raise _not_known("issuer_refused", "the institution has not let you in")
        async with self._session() as session:
            known = await self._known(session)
            try:
                token = await session.fetch_token(
                    known["token_endpoint"], code=query["code"], code_verifier=begun.verifier
                )
                keys = await session.request("GET", known["jwks_uri"], withhold_token=True)
                claims = jwt.decode(
                    token["id_token"], KeySet.import_key_set(keys.json()), _ALGORITHMS
                ).claims
                self._check(claims, begun.nonce)
            except (AuthlibBaseError, HTTPError, JoseError, KeyError, TypeError, ValueError) as e:
                raise _not_known("issuer", _unfit(e)) from None
        return claims, begun.back

    def _check(self, claims: Mapping[str, Any], nonce: str) -> None:
        jwt.JWTClaimsRegistry(
            leeway=_LEEWAY,
            iss={"essential": True, "value": self.address},
            sub={"essential": True},
            aud={"essential": True, "value": self.client},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(dict(claims))
        if claims.get("azp", self.client) != self.client:
            raise ValueError

    def _session(self) -> Any:
        return AsyncOAuth2Client(
            self.client,
            self.secret,
            redirect_uri=self.back,
            scope="openid profile email",
            code_challenge_method="S256",
            timeout=_PATIENCE,
            trust_env=False,
        )

    async def _known(self, session: Any) -> dict[str, str]:
        # strangers must not make this server ask the issuer as often as they like
        if time.monotonic() < self._until:
            return self._told
        try:
            answer = await session.request(
                "GET",
                f"{self.address.rstrip('/')}/.well-known/openid-configuration",
                withhold_token=True,
            )
            known = cast(dict[str, str], answer.json())
            wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if known["issuer"] != self.address or not all(is_safe(known[name]) for name in wanted):
                raise ValueError
        except (HTTPError, KeyError, TypeError, ValueError) as error:
            raise _not_known("issuer", _unfit(error)) from None
        self._told, self._until = known, time.monotonic() + _LONGEST
        return known


def issuer_of(settings: Settings) -> Issuer:
    """Find the issuer that a server was told of.

    Parameters
    ----------
    settings : Settings
        With ``oidc`` and ``public_url``; the client is in the environment.

    Returns
    -------
    Issuer

    Raises
    ------
    PlanRefused
        ``oidc_client``, ``oidc_address``.
    """
    address, client = settings.oidc or "", os.environ.get(CLIENT, "")
    if not is_safe(address):
        raise refuse(
            PlanRefused, "oidc_address", "this is not the address of an OpenID issuer",
            where="--oidc", mend="give its https address, as it writes it itself",
        )  # fmt: skip
    if not client:
        raise refuse(
            PlanRefused, "oidc_client", "the issuer does not know which server asks",
            where="--oidc", mend=f"set {CLIENT} and {SECRET} in the environment",
        )  # fmt: skip
    back = (settings.public_url or "").rstrip("/") + BACK
    claim = os.environ.get(CLAIM, _CLAIM)
    return Issuer(address, client, os.environ.get(SECRET, ""), back, claim)


def is_safe(address: str) -> bool:
    """Tell whether nobody can read along on the way to an address.

    Parameters
    ----------
    address : str
        Of an issuer.

    Returns
    -------
    bool
        ``https``, or this machine.
    """
    parts = urlsplit(address)
    here = parts.scheme == "http" and parts.hostname in LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or here)


def account_of_claims(store: Store, issuer: Issuer, claims: Mapping[str, Any]) -> Account:
    """Find or make the account of a person whom the issuer has let in.

    Parameters
    ----------
    store : Store
        With the accounts.
    issuer : Issuer
        Who claims.
    claims : mapping
        Checked. A role in the issuer's claim is taken at every log-in; without it a new account
        reads, and an old one keeps its role.

    Returns
    -------
    Account

    Raises
    ------
    NotKnown
        ``account_closed``.
    PlanRefused
        ``account_there`` where the name belongs to another person, ``account_name``.
    """
    subject, role = f"{issuer.address} {claims['sub']}", role_of(claims.get(issuer.claim))
    found = account_of_subject(store, subject)
    if found is None:
        named = claims.get("preferred_username") or claims.get("email") or claims["sub"]
        return add_account(store, account_name(str(named)), role or "reader", subject=subject)
    if found.closed_at:
        raise _not_known("account_closed", "this account is closed")
    if role and role != found.role:
        try:
            return set_role(store, found.name, role)
        except Refused as refused:
            if refused.problems[0].code != "last_admin":
                raise
    return found


def role_of(claimed: object) -> str | None:
    """Read a role out of a claim.

    Parameters
    ----------
    claimed : object
        One value or several: ``analyst``, ``cartwheel-analyst``.

    Returns
    -------
    str or None
        The one that may most; None where none is meant for this server.
    """
    said = {claimed} if isinstance(claimed, str) else set()
    if isinstance(claimed, list):
        said = {one for one in claimed if isinstance(one, str)}
    plain = {one.removeprefix("cartwheel-") for one in said}
    return next((role for role in reversed(_RANK) if role in plain), None)


def _unfit(error: Exception) -> str:
    # the text of the error may hold a token
    return f"the institution's answer cannot be used ({type(error).__name__})"


def _not_known(code: str, what: str) -> Refused:
    return refuse(
        NotKnown, code, what, where="log-in", mend="log in again, or ask who runs this server"
    )
