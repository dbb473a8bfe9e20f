"""Tokens of record systems: what is taken, what is not, and that nobody learns why in detail."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("joserfc", reason="cartwheel[ward] is not installed")
pytest.importorskip("fhir.resources", reason="cartwheel[ward] is not installed")

from cds_client import EASIX, ISS, KEY, PATIENT, RecordSystem, bundle, lab
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from serve_people import LAPTOP

from cartwheel.errors import PlanRefused, Refused
from cartwheel.serve.cds.replay import is_first_use
from cartwheel.serve.cds.settings import CdsIssuer, CdsSettings, cds_of, read_cds
from cartwheel.serve.cds.tokens import Tokens
from cartwheel.serve.settings import Settings
from cartwheel.store.database import Store, open_store

PATH = "/cds-services/easix"
OTHER = ECKey.generate_key("P-384", {"kid": "one"})
RSA = RSAKey.generate_key(2048, {"kid": "one"})
P256 = ECKey.generate_key("P-256", {"kid": "one"})


@pytest.fixture(scope="module")
def ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordSystem]:
    # its application has read the settings before another test names others
    with pytest.MonkeyPatch.context() as patched:
        made = RecordSystem(tmp_path_factory.mktemp("ehr"), patched)
        with made.client:
            assert made.client.get("/cds-services").status_code == 200
            yield made


def plain(token: str) -> str:
    """The same claims without a signature."""
    _, claims, _ = token.split(".")
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT","kid":"one"}').rstrip(b"=")
    return f"{header.decode()}.{claims}."


def test_a_token_is_taken_once(ehr: RecordSystem) -> None:
    token = ehr.token(PATH)
    assert ehr.ask(token=token).status_code == 200
    again = ehr.ask(token=token)
    assert again.status_code == 401
    assert again.json()["problems"][0]["code"] == "token_replayed"
    assert again.headers["WWW-Authenticate"].startswith("Bearer")


@dataclass(frozen=True)
class In:
    """So many seconds after the test begins, which may be long after it was collected."""

    seconds: float


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://other.example.org"}, "token_issuer"),
        ({"iss": None}, "token_issuer"),
        ({"aud": f"{LAPTOP}/cds-services/car-hematotox"}, "token_audience"),
        ({"aud": f"{LAPTOP}/cds-services"}, "token_audience"),
        ({"aud": f"{LAPTOP}/cds-services/easix/"}, "token_audience"),
        ({"aud": None}, "token_audience"),
        ({"iat": In(-600), "exp": In(-300)}, "token_time"),
        ({"iat": In(120)}, "token_time"),
        ({"exp": In(7200)}, "token_time"),
        ({"nbf": In(120)}, "token_time"),
        ({"exp": None}, "token_unusable"),
        ({"iat": None}, "token_unusable"),
        ({"exp": True}, "token_unusable"),
        ({"exp": "never"}, "token_unusable"),
        ({"jti": None}, "token_unusable"),
        ({"jti": "x" * 300}, "token_unusable"),
        ({"key": OTHER}, "token_signature"),
        ({"key": RSA, "alg": "RS384"}, "token_signature"),
        ({"key": P256, "alg": "ES256"}, "token_unusable"),
        ({"key": OctKey.import_key("0123456789abcdef" * 4), "alg": "HS256"}, "token_unusable"),
        ({"header": {"kid": "two"}}, "token_signature"),
        ({"header": {"kid": None}}, "token_unusable"),
        ({"header": {"typ": "at+jwt"}}, "token_unusable"),
        ({"header": {"jku": "https://evil.example.org/keys"}}, "token_issuer"),
    ],
)
def test_what_is_wrong_with_a_token(ehr: RecordSystem, changes: dict[str, Any], code: str) -> None:
    now = time.time()
    claims = {
        key: now + one.seconds if isinstance(one, In) else one for key, one in changes.items()
    }
    answer = ehr.ask(token=ehr.token(PATH, **claims))
    assert answer.status_code == 401, answer.text
    assert answer.json()["problems"][0]["code"] == code
    assert "Traceback" not in answer.text


def test_no_token_and_no_signature(ehr: RecordSystem) -> None:
    body = {"hook": "patient-view"}
    assert ehr.client.post(PATH, json=body).status_code == 401
    # the owner's own token opens pages, and no service of CDS Hooks
    for token in ("a-token-of-the-tests", "", "a.b.c", plain(ehr.token(PATH)), "é" * 10):
        sent = {"Authorization": f"Bearer {token}".encode()}
        assert ehr.client.post(PATH, json=body, headers=sent).status_code == 401


def test_a_changed_claim_breaks_the_signature(ehr: RecordSystem) -> None:
    header, claims, signature = ehr.token(PATH, aud="x").split(".")
    read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    read["aud"] = f"{LAPTOP}{PATH}"
    forged = base64.urlsafe_b64encode(json.dumps(read).encode()).rstrip(b"=").decode()
    answer = ehr.ask(token=f"{header}.{forged}.{signature}")
    assert answer.json()["problems"][0]["code"] == "token_signature"


def test_iat_may_be_rounded_up_and_aud_may_be_a_list(ehr: RecordSystem) -> None:
    token = ehr.token(PATH, iat=int(time.time()) + 2, aud=["https://x.example.org", LAPTOP + PATH])
    assert ehr.ask(token=token).status_code == 200


def test_a_bad_token_does_not_burn_the_name_of_a_good_one(ehr: RecordSystem) -> None:
    assert ehr.ask(token=ehr.token(PATH, jti="same", key=OTHER)).status_code == 401
    assert ehr.ask(token=ehr.token(PATH, jti="same")).status_code == 200


def test_two_servers_of_one_database_take_a_token_once(store: Store) -> None:
    told: list[bool] = []

    def use() -> None:
        told.append(is_first_use(store, ISS, "a-token"))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told) == [False] * 7 + [True]
    assert is_first_use(store, "https://another", "a-token")


class Keys:
    """Publishes keys and counts how often it is asked; answers searches as a FHIR server."""

    def __init__(self) -> None:
        self.keys = [KEY]
        self.asked: list[str] = []
        self.tokens: list[str] = []
        self.found: dict[str, Any] = {}
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.asked.append(self.path)
                publisher.tokens.append(self.headers.get("Authorization", ""))
                status, body = publisher.answer(self.path)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", f"{publisher.address}/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path: str) -> tuple[int, bytes]:
        if path == "/keys":
            return 200, json.dumps(KeySet(self.keys).as_dict(private=False)).encode()
        for part, (status, told) in self.found.items():
            if part in path:
                return status, json.dumps(told).encode()
        return 404, b"{}"


@pytest.fixture
def publisher() -> Iterator[Keys]:
    made = Keys()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_keys_are_fetched_once_and_strangers_do_not_say_how_often(
    publisher: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = f"{publisher.address}/keys"
    issuer = f'[[issuer]]\niss = "{ISS}"\njwks_url = "{where}"\n'
    asked = RecordSystem(tmp_path, monkeypatch, issuer=issuer)
    with asked.client:
        assert asked.ask().status_code == 200
        assert asked.ask(token=asked.token(PATH, header={"jku": where})).status_code == 200
        for _ in range(5):
            assert asked.ask(token=asked.token(PATH, header={"kid": "x"})).status_code == 401
    assert publisher.asked == ["/keys"]


def test_an_issuer_whose_keys_cannot_be_had_lets_nobody_in(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    told = CdsSettings(issuers=(CdsIssuer(ISS, jwks_url="http://127.0.0.1:9/keys"),))
    token = RecordSystem.token(RecordSystem.__new__(RecordSystem), PATH)
    with pytest.raises(Refused) as refused:
        asyncio.run(Tokens(told, store).check(f"Bearer {token}", LAPTOP + PATH))
    assert refused.value.problems[0].code == "token_signature"
    store.close()


def test_values_are_fetched_from_a_server_of_the_settings(
    publisher: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ldh = bundle(lab("2532-0", "280", "U/L"))
    publisher.found = {"2532-0": (200, ldh), "2160-0": (302, {}), "777-3": (500, {})}
    asked = RecordSystem(tmp_path, monkeypatch, fhir_servers=[publisher.address])
    access = {
        "fhirServer": f"{publisher.address}/",
        "fhirAuthorization": {"access_token": "a-secret", "token_type": "Bearer"},
    }
    some = {"patient": EASIX["patient"], "creatinine": EASIX["creatinine"]}
    with asked.client:
        card = asked.card(prefetch=some, **access)
        assert "LDH 280 U/L" in card["detail"]
        assert "could not be read" in card["detail"]
        assert "missing Platelets" in card["summary"]
        # what was sent is not fetched; each search is for this patient, with the token
        assert sorted(publisher.tokens) == ["Bearer a-secret"] * 2
        assert all(f"patient={PATIENT}" in one for one in publisher.asked)
        publisher.asked.clear()
        asked.card(
            prefetch={**some, "ldh": ldh, "platelets": None, "creatinine": _FAILED}, **access
        )
        # a search that failed at the client is tried; a redirect is not followed
        assert [one.partition("?")[0] for one in publisher.asked] == ["/Observation"]
        publisher.asked.clear()
        other = {**access, "fhirServer": publisher.address.replace("127.0.0.1", "localhost")}
        assert asked.ask(prefetch=some, **other).status_code == 412
        assert publisher.asked == []


_FAILED = {"resourceType": "OperationOutcome"}


def test_pages_of_the_settings_may_ask_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "https://ehr.example.org"
    asked = RecordSystem(tmp_path, monkeypatch, origins=[page])
    with asked.client:
        beforehand = {"Origin": page, "Access-Control-Request-Method": "POST"}
        answer = asked.client.options(PATH, headers=beforehand)
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == page
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
        cross = {"Origin": page, "Sec-Fetch-Site": "cross-site"}
        answer = asked.ask(headers=cross)
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, page)
        other = {"Origin": "https://evil.example.org"}
        assert (
            "Access-Control-Allow-Origin" not in asked.client.options(PATH, headers=other).headers
        )
        assert asked.ask(headers=other).status_code == 403
        assert asked.ask(headers={"Content-Type": "text/plain"}).status_code == 415
        # another host's name is still not ours
        assert asked.ask(headers={"Host": "evil.example.org"}).status_code == 421


def test_nobody_has_to_show_anything_only_where_no_one_else_can_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = RecordSystem(tmp_path, monkeypatch, issuer="", open_on_this_machine=True)
    with asked.client:
        assert asked.ask(token="none").status_code == 200
    with pytest.raises(PlanRefused) as refused:
        cds_of(Settings(folder=tmp_path, host="0.0.0.0", accounts=True))
    assert refused.value.problems[0].code == "cds_open"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ["cds_no_issuer"]),
        ('[[issuer]]\niss = "a"\n', ["cds_keys"]),
        ('[[issuer]]\niss = "a"\njwks = "none.json"\n', ["cds_keys"]),
        ('[[issuer]]\niss = "a"\njwks_url = "http://example.org/keys"\n', ["cds_address"]),
        ('fhir_servers = ["http://example.org"]\nopen_on_this_machine = true\n', ["cds_address"]),
        ('base_url = "https://u:p@example.org"\nopen_on_this_machine = true\n', ["cds_address"]),
        ('issuers = []\nopen_on_this_machine = 1\n', ["unknown_key", "bad_value"]),
    ],
)  # fmt: skip
def test_settings_that_are_not_sound_are_refused(
    tmp_path: Path, text: str, codes: list[str]
) -> None:
    (tmp_path / "cds.toml").write_text(f'schema = "cartwheel/cds/1"\n{text}')
    with pytest.raises(PlanRefused) as refused:
        read_cds(tmp_path / "cds.toml")
    assert [one.code for one in refused.value.problems] == codes


@pytest.mark.parametrize("keys", ["{", "[]", '{"keys": []}', '{"keys": [{"kty": "oct"}]}', "5"])
def test_keys_that_cannot_be_used_are_refused_at_the_start(tmp_path: Path, keys: str) -> None:
    store = open_store(tmp_path)
    with pytest.raises(PlanRefused) as refused:
        Tokens(CdsSettings(issuers=(CdsIssuer(ISS, jwks=keys),)), store)
    assert refused.value.problems[0].code == "cds_keys"
    store.close()


def test_rs384_is_taken_and_a_secret_that_both_know_never_is(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    shared = OctKey.import_key("0123456789abcdef" * 4, {"kid": "two"})
    public = [RSA.as_dict(private=False), shared.as_dict(private=True)]
    told = CdsSettings(issuers=(CdsIssuer(ISS, jwks=json.dumps({"keys": public})),))
    tokens = Tokens(told, store)
    make = RecordSystem.token
    own = RecordSystem.__new__(RecordSystem)
    good = make(own, PATH, key=RSA, alg="RS384")
    assert asyncio.run(tokens.check(f"Bearer {good}", LAPTOP + PATH)) == ISS
    for alg in ("HS384", "HS256"):
        bad = make(own, PATH, key=shared, alg=alg, header={"kid": "two"})
        with pytest.raises(Refused):
            asyncio.run(tokens.check(f"Bearer {bad}", LAPTOP + PATH))
    store.close()
