"""What no page can forget: forms carry their token, and every deed asks for a role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from serve_people import PAGE, TOKEN, csrf_of, group, laptop, log_in
from starlette.testclient import TestClient

from cartwheel.errors import Refused
from cartwheel.serve.access.attempts import ADDRESS, NAME, PAIR, Attempts, TooMany, network
from cartwheel.serve.access.csrf import SAFE
from cartwheel.serve.access.passwords import hash_password, is_password

OPEN = {"/login", "/login/oidc", "/login/oidc/back", "/api/v1/health", "/static/{name}"}
FORM = re.compile(r"<form\b[^>]*\bmethod=\"post\"[^>]*>(\s*)(.{0,60})", re.DOTALL | re.IGNORECASE)


def routes(client: TestClient) -> Iterator[tuple[str, str]]:
    """Every method of every address, with its parameters filled in."""
    found = list(iter_route_contexts(client.app.routes))  # type: ignore[attr-defined]
    assert len(found) > 20
    for route in found:
        path: Any = route.path
        for method in route.methods or ():
            yield method, path


def code_of(answer: Any) -> str:
    """Code of the first problem, on a page or for a program."""
    found = re.search(r'data-code="(\w+)"|urn:cartwheel:problem:(\w+)', answer.text)
    return (found[1] or found[2]) if found else ""


def filled(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "x1", path)


def test_without_a_log_in_nothing_is_answered(tmp_path: Path) -> None:
    with laptop(tmp_path) as client:
        for method, path in routes(client):
            if path not in OPEN:
                answer = client.request(method, filled(path), headers=PAGE)
                assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize("kind", ["laptop", "group"])
def test_nothing_changes_without_the_token_of_the_form(tmp_path: Path, kind: str) -> None:
    with laptop(tmp_path) if kind == "laptop" else group(tmp_path) as client:
        if kind == "laptop":
            client.get(f"/?token={TOKEN}")
        else:
            log_in(client, "admin")
        unsafe = [(m, p) for m, p in routes(client) if m not in SAFE]
        assert len(unsafe) > 8
        for method, path in unsafe:
            for sent in ({"data": {"a": "b"}}, {"json": {"a": "b"}}):
                answer = client.request(method, filled(path), headers=PAGE, **sent)  # type: ignore[arg-type]
                assert answer.status_code == 403, (method, path, sent)
                assert code_of(answer) == "csrf"


def test_every_form_begins_with_its_token() -> None:
    folder = Path(str(files("cartwheel.serve") / "templates"))
    seen = 0
    for template in sorted(folder.rglob("*.html")):
        for _, begins in FORM.findall(template.read_text(encoding="utf-8")):
            seen += 1
            assert begins.startswith("{{ csrf_field(request) }}"), template.name
    assert seen >= 10


def test_no_template_needs_what_the_policy_forbids() -> None:
    folder = Path(str(files("cartwheel.serve") / "templates"))
    forbidden = re.compile(r"\sstyle=|<style|\son[a-z]+=|javascript:|<script(?![^>]*\bsrc=)", re.I)
    for template in sorted(folder.rglob("*.html")):
        assert forbidden.findall(template.read_text(encoding="utf-8")) == [], template.name


def test_a_reader_changes_nothing_but_the_own_account(tmp_path: Path) -> None:
    own = {"/login", "/logout", "/account/password"}
    # these draw again what was typed of published papers, and keep nothing
    own |= {"/pool", "/pool/look", "/pool/table", "/pool/table.csv"}
    with group(tmp_path) as client:
        log_in(client, "reader")
        header = {**PAGE, "X-CSRF-Token": csrf_of(client)}
        for method, path in routes(client):
            if method in SAFE or path in own:
                continue
            answer = client.request(method, filled(path), headers=header)
            assert answer.status_code == 403, (method, path, answer.status_code)
            assert code_of(answer) == "role", (method, path)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def fail(attempts: Attempts, times: int, name: str, address: str) -> None:
    for _ in range(times):
        attempts.check(name, address)
        attempts.failed(name, address)


def test_waits_double_and_end() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    waited = []
    for _ in range(9):
        fail(attempts, PAIR, "ann", "10.0.0.1")
        began = clock.now
        with pytest.raises(TooMany):
            attempts.check("ann", "10.0.0.1")
        while True:
            clock.now += 60
            try:
                attempts.check("ann", "10.0.0.1")
                break
            except TooMany:
                continue
        waited.append(int((clock.now - began) / 60))
        # somebody else at the same place is not shut out with her
        if waited == [15]:
            attempts.check("ben", "10.0.0.2")
    assert waited[:3] == [15, 30, 60]
    assert max(waited) <= 24 * 60


def test_failures_are_counted_per_name_and_per_address() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for place in range(NAME):
        fail(attempts, 1, "ann", f"10.0.1.{place}")
    with pytest.raises(TooMany):
        attempts.check("ann", "10.9.9.9")
    attempts = Attempts(clock)
    for place in range(ADDRESS):
        fail(attempts, 1, f"name{place}", "10.0.0.1")
    with pytest.raises(TooMany):
        attempts.check("another", "10.0.0.1")
    attempts.check("another", "10.0.0.2")


def test_a_success_forgets_and_time_forgets() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(4):
        fail(attempts, PAIR - 1, "ann", "10.0.0.1")
        attempts.succeeded("ann", "10.0.0.1")
    attempts = Attempts(clock)
    for _ in range(4):
        fail(attempts, PAIR - 1, "ann", "10.0.0.1")
        clock.now += 16 * 60
    attempts.check("ann", "10.0.0.1")


def test_one_client_of_ipv6_has_a_whole_network() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff:1") != network("2001:db8:0:1::1")
    assert network("::ffff:10.0.0.1") == network("10.0.0.1") == "10.0.0.1"
    assert network("fe80::1%eth0") == network("fe80::2")
    assert network("testclient") == "testclient"


@pytest.mark.parametrize("weak", ["", "elevensigns", "aaaaaaaaaaaaaa", "ann-lee123", "x" * 300])
def test_a_weak_password_is_refused(weak: str) -> None:
    with pytest.raises(Refused) as caught:
        hash_password(weak, "ann-lee")
    assert caught.value.problems[0].code == "password_weak"
    assert not weak or weak not in str(caught.value)


def test_a_password_is_the_same_however_it_is_typed() -> None:
    hashed = hash_password("mütterlich grün zwölf")
    # RFC 9106, second recommendation
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert is_password(hashed, "mu\u0308tterlich gru\u0308n zwo\u0308lf")
    assert not is_password(hashed, "mutterlich grun zwolf")
    assert not is_password(None, "nobody has this password")
    assert not is_password("no hash at all", "x")
    assert not is_password(hashed, "x" * 100_000)
