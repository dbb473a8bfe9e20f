"""Double click, back, two tabs, reload, a lost stream, a restart: what people and laptops do."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

from cartwheel.demonstration import plan_path

from .reading import Reader, expect
from .serving import PATIENCE, Server, serving

Reading = Callable[..., AbstractContextManager[Reader]]
PASSWORD = "tulip anvil moss seven"


def _long_job(reader: Reader, sheet: Path, resamples: int = 4000) -> str:
    """Ask for a development that takes a while, with the session of a browser."""
    plan, found = re.subn(
        r"^bootstrap = \d+", f"bootstrap = {resamples}", plan_path().read_text("utf-8"), flags=re.M
    )
    assert found == 1
    asking, server = reader.page.context.request, reader.server
    token = reader.page.locator('meta[name="csrf"]').get_attribute("content")
    headers = {"X-CSRF-Token": token or "", "Origin": server.address, "Accept": "application/json"}
    kept = asking.post(
        f"{server.address}/files?name={sheet.name}", data=sheet.read_bytes(),
        headers={**headers, "Content-Type": "text/csv"},
    )  # fmt: skip
    assert kept.status == 201, kept.text()
    asked = asking.post(
        f"{server.address}/api/v1/jobs/develop",
        data=json.dumps({"file": kept.json()["id"], "plan_toml": plan}),
        headers={**headers, "Content-Type": "application/json"},
    )
    assert asked.status == 202, asked.text()
    return f"/jobs/{asked.json()['id']}"


def _running(reader: Reader, address: str) -> None:
    reader.visit(address)
    expect(reader.page.locator("p.state.running")).to_contain_text("of")


def test_a_double_click_asks_for_one_job(reader: Reader, simulated: Path) -> None:
    page = reader.page
    before = len(reader.jobs())
    reader.visit("/scores/easix")
    page.locator("#batch").set_input_files(simulated)
    page.get_by_role("button", name="Score the sheet").dblclick()
    reader.wait_for_job("done", "refused")
    assert len(reader.jobs()) == before + 1


def test_back_leads_to_a_form_that_can_be_sent_again(reader: Reader) -> None:
    page = reader.page
    reader.visit("/grades")
    reader.visit("/scores/easix")
    page.locator("#ldh").fill("300")
    page.get_by_role("link", name="Scores", exact=True).click()
    page.go_back()
    expect(page.get_by_role("button", name="Compute")).to_be_enabled()
    page.go_back()
    expect(page).to_have_url(f"{reader.server.address}/grades")


def test_a_reload_and_two_tabs_see_the_same_job(reader: Reader, simulated: Path) -> None:
    address = _long_job(reader, simulated)
    _running(reader, address)
    other = reader.page.context.new_page()
    other.goto(reader.server.address + address)
    reader.page.reload()
    expect(reader.page.locator("p.state.running")).to_be_visible()
    expect(reader.page.locator("progress")).to_be_visible()
    reader.look("running")
    other.get_by_role("button", name="Cancel").click()
    for page in (other, reader.page):
        expect(page.locator("p.state.cancelled")).to_be_visible()
    # a second cancel, from a tab that has not heard of it, does no harm
    reader.visit(address)
    expect(reader.page.locator("main")).to_contain_text("Cancelled")


def test_a_lid_that_is_closed(reader: Reader, simulated: Path) -> None:
    address = _long_job(reader, simulated, 1500)
    _running(reader, address)
    reader.may_be_offline = True
    reader.page.context.set_offline(True)
    reader.page.wait_for_timeout(1500)
    reader.page.context.set_offline(False)
    # the stream is taken up again, with the present state
    reader.wait_for_job("done")
    expect(reader.page.get_by_role("link", name="Download report.html")).to_be_visible()


def test_a_server_that_is_killed_and_started_again(
    reading: Reading, tmp_path: Path, simulated: Path
) -> None:
    with serving(tmp_path / "server") as server, reading(server) as reader:
        reader.enter()
        address = _long_job(reader, simulated, 300)
        _running(reader, address)
        reader.may_be_offline = True
        server.kill()
        reader.page.wait_for_timeout(500)
        server.start()
        # it is taken up again by the server, and by the page that stayed open
        reader.wait_for_job("done", "lost")
        expect(reader.page.locator("p.state")).not_to_have_text("")
        reader.visit(address)
        expect(reader.page.locator("main")).to_contain_text("begun 2 times")


def test_a_server_that_is_away_is_said(reading: Reading, tmp_path: Path) -> None:
    with serving(tmp_path / "server") as server, reading(server) as reader:
        reader.enter("/scores/easix")
        page = reader.page
        server.stop()
        reader.may_be_offline = True
        page.locator("#ldh").fill("300")
        assert "does not answer" in reader.problems()
        server.start()
        # nothing that was typed is lost
        page.locator("#creatinine").fill("1")
        expect(page.locator("#offline")).to_have_count(0)
        expect(page.locator("#ldh")).to_have_value("300")


def test_a_session_that_is_over_in_mid_job(
    reading: Reading, tmp_path: Path, simulated: Path
) -> None:
    server = Server(tmp_path / "server", accounts=True)
    data = str(server.folder / "data")
    command = [sys.executable, "-m", "cartwheel.cli", "serve", "account", "add", "ada",
               "--role", "analyst", "--data", data]  # fmt: skip
    for name, role in (("ada", "analyst"), ("root", "admin")):
        command[6], command[8] = name, role
        subprocess.run(
            command, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True,
            timeout=PATIENCE,
        )  # fmt: skip
    server.start()
    try:
        with reading(server) as reader:
            _log_in(reader, "/scores/easix")
            reader.look("account-score")
            page = reader.page
            address = _long_job(reader, simulated, 800)
            _running(reader, address)
            _forget_sessions(server)
            reader.refusals = {401}
            reader.visit(address)
            # the log-in leads back to where the reader was
            expect(page).to_have_url(f"{server.address}/login?next={address.replace('/', '%2F')}")
            _log_in(reader)
            expect(page).to_have_url(server.address + address)
            # the job went on meanwhile
            reader.wait_for_job("done")
            reader.visit("/account")
            reader.look("account")
    finally:
        server.stop()


def _log_in(reader: Reader, path: str = "") -> None:
    if path:
        reader.visit(path)
        reader.look("login")
    reader.write(reader.page.get_by_label("Name", exact=True), "ada")
    reader.write(reader.page.get_by_label("Password", exact=True), PASSWORD)
    reader.page.keyboard.press("Enter")
    reader.page.locator(".who").wait_for()


def _forget_sessions(server: Server) -> None:
    """End every session, as twelve hours do."""
    place = server.folder / "data" / "cartwheel.sqlite3"
    with closing(sqlite3.connect(place, timeout=PATIENCE)) as connection, connection:
        connection.execute("UPDATE session SET ends_at = '2020-01-01T00:00:00.000000Z'")
    # seconds for which the server believes what it has seen
    time.sleep(5.1)
