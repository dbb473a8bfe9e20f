"""``cartwheel serve`` from the command line: it starts, says where it is, refuses, and ends."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from cartwheel.cli import serve_run
from cartwheel.cli.application import app
from cartwheel.cli.serve_run import VARIABLE, address, greeting, require_serve, token_of
from cartwheel.errors import PlanRefused, Refused
from cartwheel.serve.access.safe_start import check_settings
from cartwheel.serve.settings import Settings
from cartwheel.store.audit import Wanted, every_entry
from cartwheel.store.database import moment, open_store
from cartwheel.store.kept_jobs import add_job
from cartwheel.store.tables import jobs

MAIN = "from cartwheel.cli import main; main()"
PASSWORD = "tulip anvil moss seven"
# seconds: many tests run at once
PATIENCE = 60.0


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of its own process, and the first line that it prints."""
    # as from a terminal: a test runner may have turned Ctrl-C off
    started = subprocess.Popen(
        [sys.executable, "-c", MAIN, "serve", "--no-browser", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    killer = threading.Timer(PATIENCE, started.kill)
    killer.start()
    try:
        assert started.stdout is not None
        yield started, started.stdout.readline()
    finally:
        killer.cancel()
        if started.poll() is None:
            started.kill()
        started.communicate()


def run(*arguments: str, typed: str = "") -> Any:
    return CliRunner().invoke(app, ["serve", *arguments], input=typed)


def problems(settings: Settings) -> list[str]:
    with pytest.raises(Refused) as caught:
        check_settings(settings)
    assert all(one.mend for one in caught.value.problems)
    return [one.code for one in caught.value.problems]


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent by another way")
def test_it_opens_answers_and_ends(tmp_path: Path) -> None:
    with running("--data", str(tmp_path / "data")) as (server, line):
        found = re.fullmatch(
            r"cartwheel is open at (http://127\.0\.0\.1:(\d+))/\?token=([\w-]{43})\n", line
        )
        assert found, line
        port, token = int(found[2]), found[3]
        call = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        call.request("GET", "/jobs")
        assert call.getresponse().status == 401
        call.close()
        call.request("GET", "/jobs", headers={"Authorization": f"Bearer {token}"})
        answer = call.getresponse()
        assert answer.status == 200
        assert answer.getheader("server") is None
        call.close()
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=PATIENCE)
        assert server.returncode == 0
        assert "has stopped" in out
        assert err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent by another way")
def test_an_open_event_stream_does_not_hold_it(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with running("--data", str(tmp_path), **{VARIABLE: "a-token-of-the-tests"}) as (server, line):
        port = int(re.findall(r":(\d+)/", line)[0])
        job = add_job(store, owner="owner", kind="check", title="t", request={}, inputs=[])
        with store.writing() as connection:
            # another server does it: this one only tells of it
            other = {"state": "running", "server": "another", "beat_at": moment()}
            connection.execute(update(jobs).values(other))
        headers = {"Authorization": "Bearer a-token-of-the-tests"}
        call = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        call.request("GET", f"/jobs/{job.id}/events", headers=headers)
        answer = call.getresponse()
        assert answer.getheader("content-type", "").startswith("text/event-stream")
        assert answer.readline().startswith(b"retry:")
        server.send_signal(signal.SIGINT)
        _, err = server.communicate(timeout=PATIENCE)
        assert (server.returncode, err) == (0, "")
        call.close()
    store.close()


def test_a_port_that_is_taken_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = run("--port", port, "--data", str(tmp_path / "data"), "--no-browser")
    assert done.exit_code == 2
    assert "another program listens there" in done.stderr
    assert "--port 0" in done.stderr
    assert not (tmp_path / "data").exists()


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    done = run("--host", "192.0.2.1", "--port", "0", "--accounts", "--behind-proxy",
               "--public-url", "https://c.example.org", "--data", str(tmp_path))  # fmt: skip
    assert done.exit_code == 2
    assert "this machine has no such address" in done.stderr


def test_accounts_need_an_administrator(tmp_path: Path) -> None:
    done = run("--accounts", "--port", "0", "--data", str(tmp_path), "--no-browser")
    assert done.exit_code == 2
    assert "account add NAME --role admin" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({"host": "10.0.0.5"}, ["no_accounts", "no_tls"]),
        ({"host": "10.0.0.5", "accounts": True}, ["no_tls"]),
        ({"host": "0.0.0.0", "accounts": True}, ["no_tls", "no_public_url"]),
        ({"public_url": "https://c.example.org"}, ["no_accounts", "no_tls"]),
        ({"behind_proxy": True}, ["no_accounts", "no_tls"]),
        (
            {"behind_proxy": True, "accounts": True, "public_url": "http://c.example.org"},
            ["no_tls"],
        ),
        (
            {"behind_proxy": True, "accounts": True, "public_url": "https://c.example.org/sub"},
            ["public_url"],
        ),
        ({"certificate": Path("c.pem")}, ["certificate_and_key"]),
        ({"certificate": Path("c.pem"), "key": Path("k.pem")}, ["certificate"]),
        ({"oidc": "https://issuer.example.org"}, ["oidc_needs"]),
    ],
)
def test_what_others_could_reach_is_refused(
    tmp_path: Path, given: dict[str, Any], codes: list[str]
) -> None:
    assert problems(Settings(folder=tmp_path, token="x", **given)) == codes


def test_safe_settings_are_taken(tmp_path: Path) -> None:
    proxied = {"behind_proxy": True, "accounts": True, "public_url": "https://c.example.org:444"}
    for given in ({}, {"host": "::1"}, {"accounts": True}, {"host": "0.0.0.0", **proxied}):
        check_settings(Settings(folder=tmp_path, token="x", **given))


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key."""
    pytest.importorskip("cryptography", reason="cartwheel[sign] is not installed")
    import ipaddress  # noqa: PLC0415

    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cartwheel test")])
    now = dt.datetime.now(dt.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "c.pem", folder / "k.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    return files


def test_a_group_is_served_with_tls(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    data = ("--data", str(tmp_path / "data"))
    assert run("account", "add", "ann", "--role", "admin", *data, typed=PASSWORD).exit_code == 0
    made = run("account", "token", "ann", "--days", "1", *data)
    given = ("--accounts", "--certificate", str(certificate), "--key", str(key), *data)
    with running(*given) as (_, line):
        found = re.fullmatch(r"cartwheel is open at https://127\.0\.0\.1:(\d+)/\n", line)
        assert found, line
        trusted = ssl.create_default_context(cafile=str(certificate))
        call = HTTPSConnection("127.0.0.1", int(found[1]), context=trusted, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
        call.request("GET", "/account", headers=headers)
        answer = call.getresponse()
        assert answer.status == 200
        assert b"ann" in answer.read()
        assert answer.getheader("strict-transport-security")
        call.close()
    other = tmp_path / "other.pem"
    other.write_text("no key", encoding="ascii")
    settings = Settings(folder=tmp_path, accounts=True, certificate=certificate, key=other)
    assert problems(settings) == ["certificate"]


def test_accounts_are_kept_from_the_command_line(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    assert "no accounts" in run("account", "list", *data).stdout
    weak = run("account", "add", "ann", *data, typed="short\n")
    assert weak.exit_code == 2
    assert "12 to 256 signs" in weak.stderr
    assert "short" not in weak.stderr
    assert run("account", "add", "Ann", "--role", "admin", *data, typed=PASSWORD).exit_code == 0
    assert run("account", "add", "ben", *data, typed=PASSWORD + "\r\n").exit_code == 0
    assert run("account", "add", "ben", *data, typed=PASSWORD).exit_code == 2
    assert run("account", "role", "ben", "analyst", *data).stdout == "ben is analyst\n"
    assert run("account", "role", "ben", "king", *data).exit_code == 2
    assert run("account", "close", "ann", *data).exit_code == 2  # the last administrator
    assert run("account", "close", "ben", *data).exit_code == 0
    assert run("account", "token", "ben", *data).exit_code == 2
    listed = run("account", "list", *data).stdout
    assert re.search(r"^ann  admin      since \d{4}-\d\d-\d\d$", listed, flags=re.MULTILINE)
    assert re.search(r"^ben  analyst  .*, closed ", listed, flags=re.MULTILINE)
    assert run("account", "password", "ben", *data, typed="walnut river eleven").exit_code == 0
    assert run("account", "password", "zoe", *data, typed=PASSWORD).exit_code == 2
    found = json.loads(run("account", "list", "--json", "-", *data).stdout)
    assert [(one["name"], one["closed_at"]) for one in found] == [("ann", None), ("ben", None)]
    assert "argon2" not in json.dumps(found)


def test_what_the_command_line_changed_is_in_the_audit(tmp_path: Path) -> None:
    run("account", "add", "ann", "--role", "admin", "--data", str(tmp_path), typed=PASSWORD)
    store = open_store(tmp_path)
    (entry,) = (one.entry for one in every_entry(store, Wanted()))
    store.close()
    assert entry.who.endswith(" at the command line")
    assert (entry.what, entry.about) == ("account added", "ann (admin)")


def test_a_token_comes_from_a_file_the_environment_or_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    monkeypatch.delenv(VARIABLE, raising=False)
    made = token_of(file)
    assert len(made) == 43
    assert token_of(file) == made
    assert token_of(None) not in (made, token_of(None))
    monkeypatch.setenv(VARIABLE, "0123456789abcdef")
    assert token_of(None) == "0123456789abcdef"
    assert VARIABLE not in os.environ  # jobs do not inherit it
    for weak in ("", "short", "with a blank in it", "ü" * 20):
        monkeypatch.setenv(VARIABLE, weak)
        with pytest.raises(PlanRefused) as caught:
            token_of(None)
        assert caught.value.problems[0].code == "token_weak"
        assert not weak or weak not in str(caught.value)
    with pytest.raises(Refused):
        token_of(tmp_path / "no-such-folder" / "token")


@pytest.mark.skipif(os.name != "posix", reason="rights of files")
def test_a_token_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    token_of(file)
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    with pytest.raises(PlanRefused) as caught:
        token_of(file)
    assert caught.value.problems[0].code == "token_file_open"


def test_the_address_is_one_that_a_browser_opens(tmp_path: Path) -> None:
    for given, wanted in (
        ({}, "http://127.0.0.1:8765/?token=t"),
        ({"host": "::1"}, "http://[::1]:8765/?token=t"),
        ({"certificate": tmp_path}, "https://127.0.0.1:8765/?token=t"),
        ({"public_url": "https://c.example.org/"}, "https://c.example.org/?token=t"),
    ):
        assert address(Settings(folder=tmp_path, **given), "t") == wanted


def test_the_greeting_repeats_no_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://user:secret@host/name"
    lines = greeting(Settings(folder=Path.home() / "x", accounts=True, database=url))
    assert "secret" not in "".join(lines)
    assert "PostgreSQL" in lines[1]
    assert f"~{os.sep}x." in greeting(Settings(folder=Path.home() / "x", accounts=True))[1]


def test_an_absent_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = serve_run.find_spec
    monkeypatch.setattr(serve_run, "find_spec", lambda n: None if n == "uvicorn" else known(n))
    with pytest.raises(Refused) as caught:
        require_serve()
    (problem,) = caught.value.problems
    assert "uvicorn" in problem.what
    assert problem.mend == "pip install 'cartwheel[serve]'"
    done = run("account", "list")
    assert done.exit_code == 2
    assert "cartwheel[serve]" in done.stderr
