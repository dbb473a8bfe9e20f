"""What is loaded at the start, and what with the first question for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from cartwheel.serve import application
from cartwheel.serve.application import create_app
from cartwheel.serve.settings import Settings

TOKEN = "a-token-of-the-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
LOADED = """
import sys
from pathlib import Path
from cartwheel.serve.application import create_app
from cartwheel.serve.settings import Settings
create_app(Settings(folder=Path(sys.argv[1]), token="a-token-of-the-tests"), whole=False)
late = {"numpy", "pandas", "alembic", "argon2", "sqlalchemy.dialects.postgresql",
        "cartwheel.serve.api", "cartwheel.serve.pages.cohort", "cartwheel.report.calculator"}
print(*sorted(late & set(sys.modules)))
"""


def _settings(folder: Path) -> Settings:
    return Settings(folder=folder, token=TOKEN)


def _routes(app: object) -> set[tuple[str, ...]]:
    found = set()
    waiting = list(app.router.routes)  # type: ignore[attr-defined]
    while waiting:
        one = waiting.pop()
        inner = getattr(one, "original_router", None)
        if inner is not None:
            waiting.extend(inner.routes)
        else:
            found.add((one.path, *sorted(one.methods or ())))
    return found


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    # nothing comes by itself, so that the question brings it
    monkeypatch.setattr(application, "_SOON", 600.0)
    app = create_app(_settings(tmp_path), whole=False)
    return TestClient(app, base_url="http://127.0.0.1:8765", headers=BEARER, follow_redirects=False)


def test_the_first_page_waits_for_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    create_app(_settings(tmp_path)).state.services.store.close()  # the tables are there
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/jobs", 200),
        ("/api/v1/scores", 200),
        ("/api/v1/openapi.json", 200),
        ("/scores/easix", 200),
        ("/jobs/", 307),
        ("/nothing", 404),
        ("/api/v1/nothing", 404),
    ],
)
def test_the_rest_is_there_when_it_is_asked_for(client: TestClient, path: str, status: int) -> None:
    with client:
        assert client.get("/").status_code == 200
        before = len(_routes(client.app))
        assert client.get(path).status_code == status
        assert len(_routes(client.app)) > before
        assert client.get("/").status_code == 200
        # asked again it is the same, and nothing is put in twice
        after = len(client.app.router.routes)  # type: ignore[attr-defined]
        assert client.get(path).status_code == status
        assert len(client.app.router.routes) == after  # type: ignore[attr-defined]


def test_in_the_end_it_is_the_same_application(client: TestClient, tmp_path: Path) -> None:
    whole = create_app(_settings(tmp_path / "whole"))
    with client, TestClient(whole, base_url="http://127.0.0.1:8765", headers=BEARER) as other:
        described = client.get("/api/v1/openapi.json").json()
        assert described == other.get("/api/v1/openapi.json").json()
        assert "/api/v1/jobs/develop" in described["paths"]
        assert _routes(client.app) == _routes(whole)


def test_the_rest_comes_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_SOON", 0.0)
    app = create_app(_settings(tmp_path), whole=False)
    before = len(_routes(app))
    with TestClient(app, base_url="http://127.0.0.1:8765", headers=BEARER) as client:
        for _ in range(1000):
            assert client.get("/").status_code == 200
            if len(_routes(app)) > before:
                break
        assert len(_routes(app)) > before
