"""A server with accounts: log-in, sessions, roles, programs, and what an administrator does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serve_people import HASHED, PAGE, PASSWORD, csrf_of, group, log_in, people_of, said
from sqlalchemy import update
from starlette.testclient import TestClient

from cartwheel.errors import FileRefused, refuse
from cartwheel.serve.access import audit as audit_module, sessions as sessions_module
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.pages import local
from cartwheel.serve.access.person import ALLOWED
from cartwheel.store.accounts import accounts_of
from cartwheel.store.database import moment
from cartwheel.store.tables import accounts, audit as audit_table, sessions

pytestmark = pytest.mark.usefixtures("light_passwords")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with group(tmp_path) as made:
        yield made


@pytest.fixture
def untrusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the store at every request, as after the seconds for which a session is known."""
    monkeypatch.setattr(sessions_module, "_TRUST", 0.0)


def account_id(client: TestClient, name: str) -> str:
    return next(one.id for one in accounts_of(people_of(client).store) if one.name == name)


def test_the_way_in_leads_back(client: TestClient) -> None:
    asked = client.get("/jobs?page=2", headers=PAGE)
    assert asked.status_code == 303
    assert asked.headers["location"] == "/login?next=%2Fjobs%3Fpage%3D2"
    shown = client.get(asked.headers["location"], headers=PAGE)
    assert 'name="next" value="/jobs?page=2"' in shown.text
    answer = log_in(client, "Reader ", next="/jobs?page=2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs?page=2")
    assert "reader · reader" in client.get("/jobs", headers=PAGE).text


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/\t/evil",
     "/\n/evil.example", "evil", "", "/login", "/logout"],
)  # fmt: skip
def test_a_log_in_leads_to_no_other_host(address: str) -> None:
    assert local(address) == "/"
    assert local("/jobs/1?x=//y") == "/jobs/1?x=//y"


def test_an_unknown_name_and_a_wrong_password_are_told_apart_by_nobody(client: TestClient) -> None:
    texts = []
    for name in ("reader", "nobody-here"):
        answer = log_in(client, name, "another password")
        assert answer.status_code == 401
        assert "set-cookie" in answer.headers
        assert "cartwheel-8765=" not in answer.headers["set-cookie"]
        texts.append(re.sub(r'name="csrf" value="\w+"|value="[\w-]+"', "", answer.text))
    assert texts[0].replace("reader", "") == texts[1].replace("nobody-here", "").replace(
        "reader", ""
    )
    entries = said(client)
    assert entries[0] == ("reader", "log-in refused", "testclient")
    # it may be a password, typed into the wrong field
    assert re.fullmatch(r"unknown-[0-9a-f]{4}", entries[1][0])


def test_the_form_of_a_log_in_is_bound_to_its_browser(client: TestClient) -> None:
    form = {"name": "reader", "password": PASSWORD}
    assert client.post("/login", data=form).status_code == 403
    mine = csrf_of(client, "/login")
    client.cookies.clear()
    assert client.post("/login", data={"csrf": mine, **form}).status_code == 403
    crossed = {"Origin": "https://evil.example"}
    form["csrf"] = csrf_of(client, "/login")
    assert client.post("/login", data=form, headers=crossed).status_code == 403
    assert client.post("/login", data=form).status_code == 303


def test_strangers_send_no_long_forms(client: TestClient) -> None:
    form = {"csrf": csrf_of(client, "/login"), "name": "x" * 40_000, "password": "y"}
    assert client.post("/login", data=form).status_code == 413

    def endless() -> Iterator[bytes]:
        yield b"name="
        yield b"x" * 100

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/login", content=endless(), headers=kind).status_code == 413


def test_a_session_is_new_at_every_log_in(client: TestClient) -> None:
    log_in(client, "reader")
    first = client.cookies["cartwheel-8765"]
    assert len(first) >= 43  # 256 bits
    shown = client.get("/login", headers=PAGE)
    assert shown.status_code == 303  # who has logged in is not asked again
    client.post("/logout", data={"csrf": csrf_of(client)})
    assert "cartwheel-8765" not in client.cookies
    client.cookies.set("cartwheel-8765", first)
    assert client.get("/jobs").status_code == 303
    # a session that somebody else has put into the browser is not the one that is begun
    log_in(client, "reader")
    assert client.cookies.get("cartwheel-8765", domain="127.0.0.1") != first


def test_the_store_holds_hashes_alone(client: TestClient) -> None:
    log_in(client, "reader")
    with people_of(client).store.reading() as connection:
        text = str(connection.execute(sessions.select()).all())
        text += str(connection.execute(accounts.select()).all())
    assert client.cookies["cartwheel-8765"] not in text
    assert PASSWORD not in text
    assert "$argon2id$" in text


@pytest.mark.usefixtures("untrusting")
@pytest.mark.parametrize(("column", "ago"), [("seen_at", 3601), ("ends_at", 1)])
def test_a_session_is_over_in_time(client: TestClient, column: str, ago: int) -> None:
    log_in(client, "reader")
    store = people_of(client).store
    assert client.get("/jobs", headers=PAGE).status_code == 200
    with store.writing() as connection:
        connection.execute(update(sessions).values({column: moment(ago)}))
    answer = client.get("/jobs", headers=PAGE)
    assert answer.status_code == 303
    program = client.get("/jobs", headers={"Accept": "application/json"})
    assert program.status_code == 401
    part = client.get("/jobs", headers={"HX-Request": "true", "HX-Current-URL": "http://h/jobs/7"})
    assert part.status_code == 401
    assert part.headers["hx-redirect"] == "/login?next=%2Fjobs%2F7"
    sent = client.post("/logout", headers=PAGE)
    assert sent.status_code == 401
    assert "log in again" in sent.text


@pytest.mark.usefixtures("untrusting")
def test_use_prolongs_a_session_up_to_half_a_day(client: TestClient) -> None:
    log_in(client, "reader")
    store = people_of(client).store
    with store.writing() as connection:
        row = connection.execute(sessions.select()).one()
        connection.execute(update(sessions).values(seen_at=moment(3000)))
    assert moment(-11.9 * 3600) < row.ends_at < moment(-12.1 * 3600)
    assert client.get("/jobs").status_code == 200
    with store.reading() as connection:
        after = connection.execute(sessions.select()).one()
    assert after.seen_at > moment(60)
    assert after.ends_at == row.ends_at


def test_log_out_everywhere_ends_programs_too(client: TestClient) -> None:
    log_in(client, "reader")
    program = people_of(client).sessions.begin(account_id(client, "reader"), 3600.0, program=True)
    bearer = {"Authorization": f"Bearer {program}", "Accept": "application/json"}
    other = TestClient(client.app, base_url=str(client.base_url), follow_redirects=False)
    log_in(other, "reader")
    assert client.get("/jobs", headers=bearer).status_code == 200
    client.post("/logout", data={"csrf": csrf_of(client), "everywhere": "yes"})
    assert other.get("/jobs", headers=PAGE).status_code == 303
    assert other.get("/jobs", headers=bearer).status_code == 401


def test_a_token_is_no_cookie_and_a_cookie_no_token(client: TestClient) -> None:
    log_in(client, "reader")
    cookie = client.cookies["cartwheel-8765"]
    client.cookies.clear()
    program = people_of(client).sessions.begin(account_id(client, "reader"), 3600.0, program=True)
    assert client.get("/jobs", headers={"Cookie": f"cartwheel-8765={program}"}).status_code == 303
    as_token = {"Authorization": f"Bearer {cookie}", "Accept": "application/json"}
    assert client.get("/jobs", headers=as_token).status_code == 401


@pytest.mark.parametrize("role", ALLOWED)
def test_a_role_allows_what_it_says(client: TestClient, role: str) -> None:
    log_in(client, role)
    header = {"X-CSRF-Token": csrf_of(client), "Accept": "application/json"}
    sent: dict[str, Any] = {"content": b"a\n1\n", "headers": {**header, "Content-Type": "text/csv"}}
    allowed = ALLOWED[role]
    assert client.get("/jobs").status_code == 200
    assert client.post("/files?name=a.csv", **sent).status_code == (
        201 if "score" in allowed else 403
    )
    for path in ("/accounts", "/audit", "/audit.csv"):
        status = 200 if "administer" in allowed else 403
        assert client.get(path, headers=PAGE).status_code == status, path
    assert client.post("/accounts/reader/close", headers=header).status_code == (
        303 if "administer" in allowed else 403
    )


def test_another_password_is_set_with_the_present_one(client: TestClient) -> None:
    log_in(client, "reader")
    before = client.cookies["cartwheel-8765"]
    new = "walnut river eleven"

    def change(**form: str) -> Any:
        whole = {"csrf": csrf_of(client), "old": PASSWORD, "new": new, "again": new, **form}
        return client.post("/account/password", data=whole, headers=PAGE)

    assert change(old="wrong").status_code == 401
    assert "two passwords" in change(again=new + "x").text
    assert change(new="short", again="short").status_code == 422
    assert change().status_code == 303
    assert client.cookies["cartwheel-8765"] != before
    client.cookies.clear()
    assert log_in(client, "reader").status_code == 401
    assert log_in(client, "reader", new).status_code == 303


def test_an_administrator_changes_accounts(client: TestClient) -> None:
    log_in(client, "admin")
    other = TestClient(client.app, base_url=str(client.base_url), follow_redirects=False)
    log_in(other, "reader")

    def send(path: str, **form: str) -> Any:
        form["csrf"] = csrf_of(client, "/accounts")
        return client.post(path, data=form, headers=PAGE)

    assert send("/accounts", name="Newe", role="analyst", password=PASSWORD).status_code == 303
    assert send("/accounts", name="newe", role="analyst", password=PASSWORD).status_code == 422
    assert send("/accounts", name="a/b", role="analyst", password=PASSWORD).status_code == 422
    assert send("/accounts", name="c", role="king", password=PASSWORD).status_code == 422
    assert send("/accounts/reader/role", role="analyst").status_code == 303
    assert "reader · analyst" in other.get("/jobs").text
    assert send("/accounts/reader/close").status_code == 303
    assert other.get("/jobs", headers=PAGE).status_code == 303
    assert log_in(other, "reader").status_code == 401
    assert send("/accounts/reader/password", password="walnut river eleven").status_code == 303
    assert log_in(other, "reader", "walnut river eleven").status_code == 303
    kept = send("/accounts/admin/role", role="reader")
    assert kept.status_code == 422
    assert "last open account of an administrator" in kept.text
    assert send("/accounts/admin/close").status_code == 422
    told = [(what, about) for who, what, about in said(client) if who == "admin"]
    assert told == [
        ("log-in", "testclient"),
        ("account added", "newe (analyst)"),
        ("role changed", "reader (analyst)"),
        ("account closed", "reader"),
        ("password set", "reader"),
    ]


def test_the_audit_is_filtered_and_downloaded(client: TestClient) -> None:
    log_in(client, "admin")
    services = people_of(client)
    for place in range(130):
        record(services, "ann", "score computed", f"=s{place}", "sha256:" + "ab" * 32)
    first = client.get("/audit?who=ann", headers=PAGE).text
    assert first.count("score computed") == 100
    older = re.search(r'href="(/audit\?[^"]*before[^"]*)"', first)
    assert older
    assert client.get(older[1].replace("&amp;", "&"), headers=PAGE).text.count("=s") == 30
    assert "No entries" in client.get("/audit?who=an", headers=PAGE).text
    assert client.get(f"/audit?until={moment()[:10]}", headers=PAGE).text.count("=s") == 100
    assert "No entries" in client.get("/audit?since=2999-01-01", headers=PAGE).text
    lines = client.get("/audit.csv?what=score").text.splitlines()
    assert len(lines) == 131
    assert lines[1].endswith(",ann,score computed,'=s129," + "ab" * 32)


def test_cookies_under_tls_belong_to_this_host_alone(tmp_path: Path) -> None:
    with group(
        tmp_path,
        url="https://cartwheel.example.org",
        behind_proxy=True,
        public_url="https://cartwheel.example.org",
    ) as client:
        answer = log_in(client, "reader")
        assert answer.status_code == 303
        assert re.search(r"__Host-cartwheel-8765=[\w-]{43}; .*Secure", answer.headers["set-cookie"])
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        origin = {"Origin": "https://cartwheel.example.org"}
        form = {"csrf": csrf_of(client)}
        inside = {**origin, "Host": "127.0.0.1:8765"}  # a proxy that writes its own
        assert client.post("/logout", data={"csrf": "x"}, headers=origin).status_code == 403
        assert client.post("/logout", data=form, headers=inside).status_code == 303


def test_a_hash_with_older_parameters_is_made_again(client: TestClient) -> None:
    from argon2 import PasswordHasher  # noqa: PLC0415

    store = people_of(client).store
    old = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    with store.writing() as connection:
        connection.execute(update(accounts).where(accounts.c.name == "reader").values(password=old))
    assert log_in(client, "reader").status_code == 303
    with store.reading() as connection:
        wanted = accounts.select().where(accounts.c.name == "reader")
        now = connection.execute(wanted).one().password
    assert now.split("$")[:4] == HASHED.split("$")[:4]
    client.cookies.clear()
    assert log_in(client, "reader").status_code == 303


def test_too_many_attempts_wait(client: TestClient) -> None:
    for _ in range(5):
        assert log_in(client, "reader", "wrong wrong wrong").status_code == 401
    refused = log_in(client, "reader")
    assert refused.status_code == 429
    assert "wait 15 minutes" in refused.text
    # others of the same place still may
    assert log_in(client, "analyst").status_code == 303


@pytest.mark.usefixtures("untrusting")
def test_the_database_away_is_a_clear_page(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(client, "reader")

    def away(*_: object) -> None:
        raise refuse(FileRefused, "store_unavailable", "nothing was kept: it does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(sessions_module, "session_of", away)
        answer = client.get("/jobs", headers=PAGE)
        assert answer.status_code == 503
        assert "it does not answer" in answer.text
        assert "content-security-policy" in answer.headers
        program = client.get("/jobs", headers={"Accept": "application/json"})
        assert program.json()["problems"][0]["code"] == "store_unavailable"
    assert client.get("/jobs", headers=PAGE).status_code == 200


def test_deeds_wait_for_a_database_that_is_away(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    services = people_of(client)

    def away(*_: object) -> None:
        raise refuse(FileRefused, "store_unavailable", "it does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(audit_module, "add_entries", away)
        for place in range(3):
            record(services, "ann", "score computed", str(place))
        with pytest.raises(FileRefused):
            services.audit.flush()
        services.audit.close()
        assert "3 entries of the audit could not be written" in capsys.readouterr().err
    assert said(client) == [("ann", "score computed", str(place)) for place in range(3)]


def test_more_deeds_than_can_wait_are_counted(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = people_of(client)
    monkeypatch.setattr(audit_module, "_MOST", 2)
    monkeypatch.setattr(audit_module, "_SOON", 60.0)
    for place in range(5):
        record(services, "ann", "score computed", str(place))
    assert said(client) == [
        ("ann", "score computed", "0"),
        ("ann", "score computed", "1"),
        ("cartwheel", "entries lost", "3"),
    ]


def test_the_audit_is_never_changed(client: TestClient) -> None:
    services = people_of(client)
    record(services, "ann", "score computed")
    services.audit.flush()
    for deed in (audit_table.delete(), audit_table.update().values(who="ben")):
        with pytest.raises(FileRefused), services.store.writing() as connection:
            connection.execute(deed)
    assert said(client) == [("ann", "score computed", "")]
