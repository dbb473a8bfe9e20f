"""Double click, back, two tabs, reload, a lost stream, a slow answer: as people and laptops do."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from .asking import ask_development, open_running
from .reading import Reader, expect
from .serving import Server
from .wire import Wire

if TYPE_CHECKING:
    from playwright.sync_api import Route

Reading = Callable[..., AbstractContextManager[Reader]]


def test_a_double_click_asks_for_one_job(reader: Reader, simulated: Path) -> None:
    page = reader.page
    before = len(reader.jobs())
    reader.visit("/scores/easix")
    page.locator("#batch").set_input_files(simulated)
    page.get_by_role("button", name="Score the sheet").dblclick()
    reader.wait_for_job("done", "refused")
    assert len(reader.jobs()) == before + 1


def test_back_leads_to_a_form_that_can_be_sent_again(reader: Reader, simulated: Path) -> None:
    page = reader.page
    before = len(reader.jobs())
    reader.visit("/grades")
    reader.visit("/scores/easix")
    page.locator("#batch").set_input_files(simulated)
    send = page.get_by_role("button", name="Score the sheet")
    page.evaluate("() => { window.left = true; }")
    for count in (1, 2):
        send.click()
        page.wait_for_url("**/jobs/*")
        reader.wait_for_job("done", "refused")
        assert len(reader.jobs()) == before + count
        # the browser had kept the page as it was left, which was: sent, and not to be sent twice
        reader.back()
        assert page.evaluate("() => window.left")
        expect(send).to_be_enabled()
        expect(send).not_to_have_attribute("aria-disabled", "true")
    # a page that has asked for something meanwhile is loaded again
    page.locator("#ldh").fill("300")
    page.locator("#answer", has_text="Still needed").wait_for()
    page.get_by_role("link", name="Scores", exact=True).click()
    page.wait_for_url("**/scores")
    reader.back()
    expect(page.get_by_role("button", name="Compute")).to_be_enabled()
    reader.back()
    expect(page).to_have_url(f"{reader.server.address}/grades")


def test_back_to_a_job_shows_it_as_it_is_now(reader: Reader, simulated: Path) -> None:
    page = reader.page
    address = ask_development(reader, simulated, 400)
    open_running(reader, address)
    reader.visit("/grades")
    _wait_until(reader, address, "done")
    reader.back()
    expect(page.locator("p.state.done")).to_be_visible()
    expect(page.get_by_role("link", name="Download report.html")).to_be_visible()


def test_a_reload_and_two_tabs_see_the_same_job(reader: Reader, simulated: Path) -> None:
    address = ask_development(reader, simulated, 4000)
    open_running(reader, address)
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


def test_a_lid_that_is_closed(reading: Reading, server: Server, simulated: Path) -> None:
    with Wire(server) as wire, reading(wire) as reader:
        reader.enter()
        page, streams = reader.page, list[str]()
        page.on("request", lambda one: _keep_stream(streams, one.url))
        address = ask_development(reader, simulated, 2500)
        open_running(reader, address)
        assert len(streams) == 1
        reader.may_be_offline = True
        wire.cut()
        page.context.set_offline(True)
        shown = page.locator("p.state").inner_text()
        # the job goes on, and the page does not hear of it
        _wait_until(reader, address, "running", other_than=shown)
        assert page.locator("p.state").inner_text() == shown
        wire.join()
        page.context.set_offline(False)
        # the stream is taken up again, with the present state
        expect(page.locator("p.state")).not_to_have_text(shown)
        assert page.locator("p.state").get_attribute("class") == "state running"
        wire.cut()
        # and what ended meanwhile is seen to have ended
        _wait_until(reader, address, "done")
        wire.join()
        reader.wait_for_job("done")
        expect(page.get_by_role("link", name="Download report.html")).to_be_visible()
        assert len(streams) >= 3


def _keep_stream(streams: list[str], address: str) -> None:
    if address.endswith("/events"):
        streams.append(address)


def _wait_until(reader: Reader, address: str, state: str, other_than: str = "") -> None:
    """Wait until a job is in a state, as the server tells it by another way than the page."""
    for _ in range(900):
        status, text = reader.server.ask("GET", address)
        assert status == 200
        found = re.search(r'<p class="state (\w+)"[^>]*>([^<]*)', text)
        assert found
        if found[1] == state and found[2].strip() != other_than.strip():
            return
        assert found[1] in ("waiting", "running"), found[0]
        reader.page.wait_for_timeout(100)
    raise AssertionError(f"{address} is not {state}")


def test_what_is_said_while_the_page_answers_slowly_is_not_lost(
    reader: Reader, simulated: Path
) -> None:
    page, held = reader.page, list["Route"]()

    def hold(one: Route) -> None:
        held.append(one)

    reader.visit("/cohort")
    page.locator("#sheet-file").set_input_files(simulated)
    page.get_by_role("link", name="Plan a score from it").click()
    page.locator("#event").wait_for()
    page.route("**/plan", hold)
    page.locator("#kind").select_option("survival")
    _until(reader, lambda: len(held) == 1)
    # the answer has not come; several fields are filled in and left meanwhile
    page.locator("#label").fill("progression")
    page.locator("#bootstrap").fill("150")
    page.locator("#method").select_option("points")
    page.locator("details.day:not([open]) > summary").first.click()
    box = page.locator("input[name=use]:visible").first
    box.check()
    name = box.get_attribute("id") or ""
    page.locator("#title").press_sequentially("Half a ti")
    held[0].continue_()
    page.unroute("**/plan")
    # it has come: it knows of none of them, and takes none away
    page.locator("#time").wait_for()
    expect(page.locator("#title")).to_be_focused()
    page.keyboard.type("tle")
    toml = page.locator("#toml")
    for said in (
        'kind = "survival"', 'label = "progression"', "bootstrap = 150", 'method = "points"',
    ):  # fmt: skip
        expect(toml).to_have_value(re.compile(re.escape(said)))
    expect(page.locator(f"#{name}")).to_be_checked()
    page.keyboard.press("Tab")
    expect(toml).to_have_value(re.compile(re.escape('title = "Half a title"')))
    expect(page.locator(f"#{name}")).to_be_checked()
    expect(page.locator("#label")).to_have_value("progression")


def _until(reader: Reader, holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        reader.page.wait_for_timeout(50)
    raise AssertionError("it does not come")
