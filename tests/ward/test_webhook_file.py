"""The file of webhooks: read, refused with what to do, and sent to while a ward runs."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.resources import files
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="cartwheel[serve] is not installed")

from starlette.testclient import TestClient

from cartwheel.errors import Refused
from cartwheel.serve.application import create_app
from cartwheel.serve.settings import Settings
from cartwheel.serve.ward.webhook_file import VARIABLE, webhooks_of

GOOD = """schema = "cartwheel/webhooks/1"
[[webhook]]
name = "pager"
url = "https://pager.example.org/in"
secret_file = "pager.secret"
"""


def named(folder: Path, text: str, secret: str = "0123456789abcdef0123") -> dict[str, str]:
    (folder / "pager.secret").write_text(f"{secret}\n", encoding="utf-8")
    path = folder / "webhooks.toml"
    path.write_text(text, encoding="utf-8")
    return {VARIABLE: str(path)}


def test_it_is_read(tmp_path: Path) -> None:
    (hook,) = webhooks_of(named(tmp_path, GOOD))
    assert (hook.name, hook.alerts_only, hook.secret) == ("pager", True, b"0123456789abcdef0123")
    assert webhooks_of({}) == ()


@pytest.mark.parametrize(
    ("text", "secret", "code"),
    [
        ("schema = 1", "0" * 20, "bad_value"),
        ("schema =", "0" * 20, "not_toml"),
        (GOOD + "colour = 1\n", "0" * 20, "bad_value"),
        (GOOD.replace("https", "http"), "0" * 20, "webhook_address"),
        (GOOD, "short", "webhook_secret"),
        (GOOD.replace("pager.secret", "none.secret"), "0" * 20, "bad_value"),
        (GOOD + GOOD.partition("\n")[2], "0" * 20, "bad_value"),
        (GOOD + "alerts_only = 1\n", "0" * 20, "bad_value"),
    ],
)
def test_it_is_refused(tmp_path: Path, text: str, secret: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        webhooks_of(named(tmp_path, text, secret))
    assert [one.code for one in caught.value.problems] == [code]
    assert secret not in str(caught.value)


def test_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no such file"):
        webhooks_of({VARIABLE: str(tmp_path / "none.toml")})


class _Receiver(BaseHTTPRequestHandler):
    heard: list[dict[str, object]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append(json.loads(body) | {"signed": self.headers["X-Cartwheel-Signature"]})
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_server_sends_what_its_file_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[dict[str, object]] = []
    receiver = HTTPServer(("127.0.0.1", 0), type("Here", (_Receiver,), {"heard": heard}))
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{receiver.server_port}/in"
    text = GOOD.replace("https://pager.example.org/in", url) + "alerts_only = false\n"
    monkeypatch.setenv(VARIABLE, named(tmp_path, text)[VARIABLE])
    example = files("cartwheel.watch") / "example_ward.toml"
    (tmp_path / "ward.toml").write_text(example.read_text("utf-8"), "utf-8")
    settings = Settings(
        folder=tmp_path / "data", token="a-token-of-a-test", workers=1, ward=tmp_path / "ward.toml"
    )
    headers = {"Authorization": "Bearer a-token-of-a-test"}
    taken_at = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
    row = {"patient": "4711-0815", "system": "LAB", "name": "infusion", "taken_at": taken_at}
    with TestClient(create_app(settings), "http://127.0.0.1:8765", headers=headers) as client:
        answer = client.post("/api/v1/ward/observations", json={"observations": [row]})
        assert answer.status_code == 201, answer.text
        until = time.monotonic() + 30
        while not heard and time.monotonic() < until:
            time.sleep(0.05)
    receiver.shutdown()
    receiver.server_close()
    assert heard
    assert str(heard[0]["signed"]).startswith("t=")
    assert "4711-0815" not in json.dumps(heard)
