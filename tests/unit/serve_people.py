"""Servers and people for tests of the door: who has logged in, and what a form of theirs holds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from light_passwords import LIGHT
from ready_stores import ready
from starlette.testclient import TestClient

from cartwheel.serve.application import create_app
from cartwheel.serve.settings import Settings
from cartwheel.store.accounts import add_account

TOKEN = "a-token-of-the-tests"
PASSWORD = "tulip anvil moss seven"
LAPTOP = "http://127.0.0.1:8765"
PAGE = {"Accept": "text/html"}
# modules that log in use the fixture light_passwords
HASHED = LIGHT.hash(PASSWORD)
_META = re.compile(r'<meta name="csrf" content="([^"]+)">')


def laptop(folder: Path, **settings: Any) -> TestClient:
    """A server without accounts; nobody has shown its token yet."""
    app = create_app(Settings(folder=ready(folder), token=TOKEN, **settings))
    return TestClient(app, base_url=LAPTOP, follow_redirects=False)


def group(folder: Path, url: str = LAPTOP, **settings: Any) -> TestClient:
    """A server with one account of each role, named like the role; nobody has logged in."""
    app = create_app(Settings(folder=ready(folder), accounts=True, **settings))
    for role in ("reader", "clinician", "analyst", "admin"):
        add_account(app.state.services.store, role, role, HASHED)
    return TestClient(app, base_url=url, follow_redirects=False)


def csrf_of(client: TestClient, path: str = "/account") -> str:
    """Read the token out of a page."""
    found = _META.search(client.get(path, headers=PAGE).text)
    assert found, path
    return found[1]


def log_in(client: TestClient, name: str, password: str = PASSWORD, **more: str) -> Any:
    """Log in as a person does; gives the answer."""
    form = {"csrf": csrf_of(client, "/login"), "name": name, "password": password, **more}
    return client.post("/login", data=form, headers=PAGE)


def people_of(client: TestClient) -> Any:
    """Services behind a client."""
    return client.app.state.services  # type: ignore[attr-defined]


def said(client: TestClient) -> list[tuple[str, str, str]]:
    """What the audit holds: who, what, about; the oldest first."""
    from cartwheel.store.audit import Wanted, every_entry  # noqa: PLC0415

    people_of(client).audit.flush()
    found = every_entry(people_of(client).store, Wanted())
    return [(one.entry.who, one.entry.what, one.entry.about) for one in found][::-1]
