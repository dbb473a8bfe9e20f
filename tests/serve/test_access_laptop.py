"""A server without accounts: its token, its cookie, and what other sites and hosts get."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import Depends
from serve_people import LAPTOP, PAGE, TOKEN, csrf_of, laptop, said
from starlette.testclient import TestClient

from cartwheel.serve.access.audit import keeps_nothing
from cartwheel.serve.access.headers import POLICY

BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with laptop(tmp_path) as made:
        yield made


@pytest.fixture
def owner(client: TestClient) -> TestClient:
    client.get(f"/?token={TOKEN}")
    return client


def test_without_the_token_there_is_nothing_but_a_way_in(client: TestClient) -> None:
    for path in ("/", "/jobs", "/api/v1/openapi.json", "/no-such-page", "/login", "/accounts"):
        answer = client.get(path, headers=PAGE)
        assert answer.status_code == 401, path
        assert "with its token" in answer.text
        assert TOKEN not in answer.text
    assert client.get("/static/style.css").status_code == 200
    asked = client.get("/jobs", headers={"Accept": "application/json"})
    assert asked.headers["content-type"] == "application/problem+json"
    assert asked.headers["www-authenticate"] == "Bearer"


def test_the_token_goes_from_the_address_into_a_cookie(client: TestClient) -> None:
    answer = client.get(f"/jobs?token={TOKEN}&shown=a%20b&shown=%C3%BC")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/jobs?shown=a+b&shown=%C3%BC"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("cartwheel-8765=")
    assert TOKEN not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert client.get("/jobs").status_code == 200


@pytest.mark.parametrize("token", ["", "x", TOKEN + "x", TOKEN[:-1], "%FF%00", "ü"])
def test_another_token_opens_nothing(client: TestClient, token: str) -> None:
    assert client.get(f"/?token={token}").status_code == 401
    assert not client.cookies
    asked = client.get("/jobs", headers={"Authorization": f"Bearer {token}".encode()})
    assert asked.status_code == 401


def test_the_token_leads_to_no_other_host(client: TestClient) -> None:
    for path in ("//evil.example/", "/\\evil.example/", "///evil.example"):
        answer = client.get(f"{LAPTOP}{path}?token={TOKEN}")
        assert answer.headers["location"].startswith("/evil.example"), path


def test_the_cookie_holds_among_broken_cookies_of_other_servers(owner: TestClient) -> None:
    ours = f"cartwheel-8765={owner.cookies['cartwheel-8765']}"
    owner.cookies.clear()
    for other in ('a="b; ', "[x]=y; ", "q=\xfc; ", "=; ;; "):
        answer = owner.get("/jobs", headers={"Cookie": (other + ours).encode("latin-1")})
        assert answer.status_code == 200, other
    assert owner.get("/jobs", headers={"Cookie": "cartwheel-8765=" + TOKEN}).status_code == 401


def test_the_browser_that_is_opened_brings_a_token_that_is_taken_once(tmp_path: Path) -> None:
    with laptop(tmp_path, once="only-once-0123456789") as client:
        assert client.get("/?token=only-once-0123456789").status_code == 303
        client.cookies.clear()
        assert client.get("/?token=only-once-0123456789").status_code == 401


def test_two_servers_of_one_machine_do_not_take_each_others_cookies(tmp_path: Path) -> None:
    with laptop(tmp_path / "a") as first, laptop(tmp_path / "b", port=8766) as second:
        first.get(f"/?token={TOKEN}")
        second.get(f"/?token={TOKEN}")
        assert set(first.cookies) != set(second.cookies)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8765", 200),
        ("LOCALHOST:8765", 200),
        ("[::1]:8765", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:8765", 421),
        ("localhost.", 421),
        ("", 421),
        ("user@127.0.0.1", 421),
    ],
)
def test_only_its_own_names_are_answered(client: TestClient, host: str, status: int) -> None:
    assert client.get("/jobs", headers={**BEARER, "Host": host}).status_code == status
    # a rebinding page does not even get the cookie
    answer = client.get(f"/?token={TOKEN}", headers={"Host": host})
    assert ("set-cookie" in answer.headers) is (status == 200)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": LAPTOP}, 303),
        ({"Origin": LAPTOP, "Sec-Fetch-Site": "same-origin"}, 303),
        # of a page without referrer, in a browser that says where it comes from
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "https://127.0.0.1:8765"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_a_form_comes_from_our_own_page(
    owner: TestClient, headers: dict[str, str], status: int
) -> None:
    form = {"csrf": csrf_of(owner)}
    assert owner.post("/logout", data=form, headers=headers).status_code == status


def test_a_form_holds_the_token_of_its_session(owner: TestClient) -> None:
    token = csrf_of(owner)
    assert len(token) == 64
    for wrong in ("", token[:-1], token.upper(), "ü" * 64, "0" * 64):
        answer = owner.post("/logout", data={"csrf": wrong}, headers=PAGE)
        assert answer.status_code == 403, wrong
        assert 'data-code="csrf"' in answer.text
    assert owner.post("/logout", headers={"X-CSRF-Token": "\xfc".encode()}).status_code == 403
    assert owner.post("/logout", content=b"csrf=" + token.encode()).status_code == 403
    assert owner.post("/logout", headers={"X-CSRF-Token": token}).status_code == 303
    assert owner.get("/account").status_code == 401


def test_the_token_of_a_form_outlives_a_restart(tmp_path: Path) -> None:
    tokens = []
    for _ in range(2):
        with laptop(tmp_path) as client:
            client.get(f"/?token={TOKEN}")
            tokens.append(csrf_of(client))
    assert tokens[0] == tokens[1]


def test_an_upload_streams_past_the_door(owner: TestClient) -> None:
    token = csrf_of(owner)
    content = b"patient,day\n" + b"1,2\n" * 700_000
    for fields, status in (({"csrf": token}, 201), ({}, 403), ({"csrf": "x"}, 403)):
        answer = owner.post(
            "/files",
            data=fields,
            files={"file": ("a.csv", content, "text/csv")},
            headers={"Accept": "application/json"},
        )
        assert answer.status_code == status, fields
    raw = {"Content-Type": "text/csv", "Accept": "application/json"}
    assert owner.post("/files?name=b.csv", content=content, headers=raw).status_code == 403
    raw["X-CSRF-Token"] = token
    answer = owner.post("/files?name=b.csv", content=content, headers=raw)
    assert answer.json()["size"] == len(content)


def test_a_program_needs_no_form(client: TestClient) -> None:
    raw = {"Content-Type": "text/csv", "Accept": "application/json", **BEARER}
    answer = client.post("/files?name=b.csv", content=b"a\n1\n", headers=raw)
    assert answer.status_code == 201
    assert not client.cookies


def test_every_answer_carries_the_headers(owner: TestClient) -> None:
    asked = [
        owner.get("/"),
        owner.get("/no-such-page"),
        owner.get("/static/style.css"),
        owner.get("/", headers={"Host": "evil.example"}),
        owner.post("/logout"),
        owner.get(f"/?token={TOKEN}"),
    ]
    assert [one.status_code for one in asked] == [200, 404, 200, 421, 403, 303]
    for answer in asked:
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "strict-transport-security" not in answer.headers
    assert "'unsafe" not in POLICY


def test_a_fault_of_ours_says_no_data(
    owner: TestClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CARTWHEEL_TRACEBACK", raising=False)

    @owner.app.get("/breaks")  # type: ignore[attr-defined]
    def breaks() -> None:
        raise KeyError("patient Miller")

    answer = owner.get("/breaks", headers=PAGE)
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"] == POLICY
    assert "KeyError" in answer.text
    told = capsys.readouterr()
    assert "our fault (KeyError at test_access_laptop.py:" in told.err
    assert "Miller" not in answer.text + told.err + told.out


def test_what_is_done_is_in_the_audit_even_if_nobody_tells_it(owner: TestClient) -> None:
    @owner.app.post("/things/{thing_id}/paint")  # type: ignore[attr-defined]
    def paint(thing_id: str) -> dict[str, str]:
        return {"painted": thing_id}

    @owner.app.post("/things/draw", dependencies=[Depends(keeps_nothing)])  # type: ignore[attr-defined]
    def draw() -> dict[str, str]:
        return {}

    header = {"X-CSRF-Token": csrf_of(owner)}
    assert owner.post("/things/draw", headers=header).status_code == 200
    assert owner.post("/things/abc/paint", headers=header).status_code == 200
    assert owner.post("/things/abc/varnish", headers=header).status_code == 404
    assert owner.post("/logout", headers=header).status_code == 303
    assert said(owner) == [
        ("owner", "POST /things/{thing_id}/paint", "abc"),
        ("owner", "log-out", ""),
    ]
