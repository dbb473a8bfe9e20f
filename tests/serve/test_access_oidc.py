"""Log-in at an OpenID issuer: a small one of our own on this machine, honest and not."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("authlib", reason="cartwheel[oidc] is not installed")

from joserfc import jwt
from joserfc.jwk import RSAKey
from serve_people import LAPTOP, PAGE, PASSWORD, group, log_in, people_of, said
from starlette.testclient import TestClient

from cartwheel.errors import PlanRefused, Refused
from cartwheel.serve.access.oidc import CLIENT, SECRET, is_safe, issuer_of, role_of
from cartwheel.serve.settings import Settings
from cartwheel.store.accounts import account_of, close_account

pytestmark = pytest.mark.usefixtures("light_passwords")
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})


class FakeIssuer:
    """Answers as an issuer does; tests change what it claims and how it signs."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "u-1", "preferred_username": "Dr.Who"}
        self.key, self.algorithm, self.challenge, self.asked = KEY, "RS256", "", []
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.answer(self, "")

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                issuer.answer(self, self.rfile.read(length).decode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler, body: str) -> None:
        if handler.path == "/.well-known/openid-configuration":
            told: Any = {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
            }
        elif handler.path == "/keys":
            told = {"keys": [KEY.as_dict(private=False)]}
        else:
            told = self._token(handler, parse_qs(body))
        sent = json.dumps(told).encode()
        handler.send_response(400 if "error" in told else 200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(sent)))
        handler.end_headers()
        handler.wfile.write(sent)

    def _token(self, handler: BaseHTTPRequestHandler, form: dict[str, list[str]]) -> Any:
        self.asked.append(handler.headers.get("Authorization", ""))
        proof = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        if base64.urlsafe_b64encode(proof).rstrip(b"=").decode() != self.challenge:
            return {"error": "invalid_grant"}
        now = int(time.time())
        standard = {"iss": self.address, "aud": "cartwheel-test", "iat": now, "exp": now + 60}
        header = {"alg": self.algorithm, "kid": "one"}
        token = jwt.encode(header, {**standard, **self.claims}, self.key)
        return {"access_token": "a", "token_type": "Bearer", "id_token": token}


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    made = FakeIssuer()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def client(
    tmp_path: Path, issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    monkeypatch.setenv(CLIENT, "cartwheel-test")
    monkeypatch.setenv(SECRET, "a secret")
    with group(tmp_path, oidc=issuer.address, public_url=LAPTOP) as made:
        yield made


def begin(client: TestClient, issuer: FakeIssuer, back: str = "/jobs") -> dict[str, str]:
    """Go to the issuer as a browser does; gives what it was sent with."""
    answer = client.get("/login/oidc", params={"next": back}, headers=PAGE)
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{issuer.address}/authorize"
    sent = {name: values[0] for name, values in parse_qs(parts.query).items()}
    issuer.challenge = sent["code_challenge"]
    issuer.claims = {**issuer.claims, "nonce": sent["nonce"]}
    return sent


def come_back(client: TestClient, sent: dict[str, str], **query: str) -> Any:
    whole = {"code": "c", "state": sent["state"], **query}
    return client.get("/login/oidc/back", params=whole, headers=PAGE)


def test_a_person_of_the_issuer_is_let_in(client: TestClient, issuer: FakeIssuer) -> None:
    assert "/login/oidc?next=" in client.get("/login", headers=PAGE).text
    sent = begin(client, issuer, "/jobs?x=1")
    assert sent["response_type"] == "code"
    assert sent["code_challenge_method"] == "S256"
    assert sent["redirect_uri"] == f"{LAPTOP}/login/oidc/back"
    answer = come_back(client, sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs?x=1")
    assert "dr.who · reader" in client.get("/jobs", headers=PAGE).text
    assert issuer.asked[0].startswith("Basic ")
    assert ("dr.who", "log-in", "testclient (issuer)") in said(client)
    # nobody gets in twice with the same answer
    client.cookies.clear()
    assert come_back(client, sent).status_code == 401


def test_a_role_is_taken_at_every_log_in(client: TestClient, issuer: FakeIssuer) -> None:
    store = people_of(client).store
    for claimed, role in (
        (None, "reader"),
        (["staff", "cartwheel-analyst", "cartwheel-reader"], "analyst"),
        (["staff"], "analyst"),
        ("clinician", "clinician"),
    ):
        issuer.claims = {"sub": "u-1", "preferred_username": "who"}
        if claimed:
            issuer.claims["roles"] = claimed
        client.cookies.clear()
        assert come_back(client, begin(client, issuer)).status_code == 303
        assert account_of(store, "who").role == role


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"azp": "another"},
        {"sub": ""},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_claims_for_another_are_refused(
    client: TestClient, issuer: FakeIssuer, claims: dict[str, Any]
) -> None:
    sent = begin(client, issuer)
    issuer.claims.update(claims)
    answer = come_back(client, sent)
    assert answer.status_code == 401
    assert "cartwheel-8765" not in client.cookies
    assert client.get("/jobs", headers=PAGE).status_code == 303


def test_another_signature_is_refused(client: TestClient, issuer: FakeIssuer) -> None:
    issuer.key = OTHER_KEY
    assert come_back(client, begin(client, issuer)).status_code == 401


def test_only_the_browser_that_began_comes_back(client: TestClient, issuer: FakeIssuer) -> None:
    sent = begin(client, issuer)
    other = TestClient(client.app, base_url=LAPTOP, follow_redirects=False)
    assert come_back(other, sent).status_code == 401
    for query in ({"state": "x"}, {"state": ""}):
        assert come_back(client, begin(client, issuer), **query).status_code == 401
    sent = begin(client, issuer)
    refused = client.get(
        "/login/oidc/back", params={"state": sent["state"], "error": "access_denied"}, headers=PAGE
    )
    assert "has not let you in" in refused.text


def test_the_verifier_is_proved(client: TestClient, issuer: FakeIssuer) -> None:
    sent = begin(client, issuer)
    issuer.challenge = "another"
    assert come_back(client, sent).status_code == 401


def test_a_name_of_another_person_is_not_taken(client: TestClient, issuer: FakeIssuer) -> None:
    issuer.claims["preferred_username"] = "Admin"
    answer = come_back(client, begin(client, issuer))
    assert answer.status_code == 422
    assert "there is an account of this name" in answer.text


def test_a_closed_account_stays_closed(client: TestClient, issuer: FakeIssuer) -> None:
    assert come_back(client, begin(client, issuer)).status_code == 303
    close_account(people_of(client).store, "dr.who")
    client.cookies.clear()
    assert "this account is closed" in come_back(client, begin(client, issuer)).text
    # and has no password that could be guessed
    assert log_in(client, "dr.who", PASSWORD).status_code == 401


def test_an_issuer_that_is_away_is_said(client: TestClient, issuer: FakeIssuer) -> None:
    issuer.server.shutdown()
    issuer.server.server_close()
    answer = client.get("/login/oidc", headers=PAGE)
    assert answer.status_code == 401
    assert "answer cannot be used" in answer.text.replace("&#39;", "'")


def test_without_an_issuer_there_is_no_such_page(tmp_path: Path) -> None:
    with group(tmp_path) as client:
        for path in ("/login/oidc", "/login/oidc/back?state=x"):
            assert client.get(path, headers=PAGE).status_code == 404


def test_roles_and_addresses() -> None:
    assert role_of(["cartwheel-admin", "reader"]) == "admin"
    assert [role_of(one) for one in (None, 3, {}, [], ["king", 1], "")] == [None] * 6
    safe = {"https://i.example.org": True, "http://127.0.0.1:8": True, "http://[::1]:8": True}
    unsafe = {"http://i.example.org": False, "https://": False, "ftp://127.0.0.1": False, "": False}
    assert {one: is_safe(one) for one in (safe | unsafe)} == safe | unsafe


def test_a_server_says_what_an_issuer_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(CLIENT, raising=False)
    for address, code in (("https://i.example.org", "oidc_client"), ("i.org", "oidc_address")):
        with pytest.raises(PlanRefused) as caught:
            issuer_of(Settings(folder=tmp_path, oidc=address, public_url="https://c.example.org"))
        refused: Refused = caught.value
        assert refused.problems[0].code == code
        assert refused.problems[0].mend
