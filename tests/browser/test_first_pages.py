"""Home, results and files, what is not there, and what a stranger sees."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from .reading import Reader, expect
from .serving import Server

Reading = Callable[..., AbstractContextManager[Reader]]


def test_home_by_keyboard(reader: Reader) -> None:
    page = reader.page
    expect(page).to_have_title("Home · cartwheel")
    reader.look("home")
    # the first Tab offers to skip the head
    reader.go_to(page.get_by_role("link", name="Skip to the content"), most=1)
    page.keyboard.press("Enter")
    reader.go_to(page.locator("main a.tile").first, most=1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/cohort")
    reader.back()
    expect(page).to_have_title("Home · cartwheel")


def test_every_link_of_the_head_and_of_home_leads_somewhere(reader: Reader) -> None:
    links = "header.top a, main a"
    addresses = reader.page.locator(links).evaluate_all("all => all.map((one) => one.pathname)")
    assert {"/cohort", "/honest", "/scores", "/validate", "/pool", "/grades"} <= set(addresses)
    for address in sorted(set(addresses)):
        assert reader.page.goto(reader.server.address + address).status == 200, address
        expect(reader.page.locator("h1")).to_have_count(1)


def test_the_ward_keeps_its_place(reader: Reader) -> None:
    reader.visit("/ward")
    expect(reader.page.locator("main")).to_contain_text("cartwheel monitor")
    reader.look("ward")


def test_a_page_that_is_not_there_is_said_in_words(reader: Reader) -> None:
    reader.refusals = {404}
    for path in ("/nothing", "/jobs/none", "/files/none/view", "/scores/none", "/cohort/none"):
        reader.visit(path)
        assert "no such" in reader.problems() or "there is no" in reader.problems(), path
    reader.look("not-there")


def test_an_upload_is_taken_and_deleted_by_keyboard(reader: Reader, simulated: Path) -> None:
    page = reader.page
    # other tests use this server too
    simulated = simulated.rename(simulated.with_name("taken and deleted.csv"))
    reader.visit("/jobs")
    reader.attach(page.locator("#upload-file"), simulated)
    reader.press(page.get_by_role("button", name="Upload", exact=True))
    page.get_by_role("link", name=simulated.name).first.wait_for()
    reader.look("results")
    with reader.saving(simulated.parent / "again") as kept:
        reader.press(page.get_by_role("link", name=simulated.name).first)
    assert kept[0].read_bytes() == simulated.read_bytes()
    reader.press(page.get_by_text(f"Delete {simulated.name}", exact=True))
    reader.press(page.get_by_role("button", name=f"Delete {simulated.name}"))
    page.wait_for_url("**/jobs")
    expect(page.get_by_role("link", name=simulated.name)).to_have_count(0)


def test_a_stranger_is_told_how_to_come_in(reading: Reading, server: Server) -> None:
    with reading(server) as stranger:
        stranger.refusals = {401}
        stranger.visit("/jobs?token=wrong")
        assert "token" in stranger.problems()
        stranger.look("stranger")


def test_without_scripts_the_pages_work(reading: Reading, server: Server) -> None:
    with reading(server, java_script_enabled=False) as reader:
        reader.enter("/scores/easix")
        page = reader.page
        page.locator("#ldh").fill("300")
        page.get_by_role("button", name="Compute").click()
        expect(page.locator("#ldh")).to_have_value("300")
