"""A server of a group, with accounts and PostgreSQL: a session that is over, a database down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from serve_postgresql import Cluster, own_cluster

from .asking import ask_development, open_running
from .reading import Reader, expect
from .serving import Server

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from cartwheel.store.database import Store

Reading = Callable[..., AbstractContextManager[Reader]]
PASSWORD = "tulip anvil moss seven"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A database that a test may stop; it starts it again."""
    with own_cluster() as one:
        yield one


@pytest.fixture(scope="module")
def store(cluster: Cluster) -> Iterator[Store]:
    """What the server stores, seen from beside it: an analyst and an administrator."""
    from cartwheel.serve.access.passwords import hash_password  # noqa: PLC0415 - optional
    from cartwheel.store.accounts import add_account  # noqa: PLC0415
    from cartwheel.store.database import open_store  # noqa: PLC0415

    opened = open_store(None, cluster.new_database())
    hashed = hash_password(PASSWORD)
    for name, role in (("ada", "analyst"), ("root", "admin")):
        add_account(opened, name, role, hashed)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def group(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server at which people log in."""
    url = store.engine.url.render_as_string(hide_password=False)
    server = Server(tmp_path_factory.mktemp("group"), "--database", url, accounts=True)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _log_in(reader: Reader) -> None:
    reader.write(reader.page.get_by_label("Name", exact=True), "ada")
    reader.write(reader.page.get_by_label("Password", exact=True), PASSWORD)
    reader.page.keyboard.press("Enter")
    reader.page.locator(".who").wait_for()


def _end_sessions(reader: Reader, store: Store) -> None:
    """End every session, as twelve hours do; wait until the server no longer believes them."""
    from sqlalchemy import update  # noqa: PLC0415 - optional

    from cartwheel.store.database import moment  # noqa: PLC0415
    from cartwheel.store.tables import sessions  # noqa: PLC0415

    with store.writing() as connection:
        connection.execute(update(sessions).values(ends_at=moment(3600)))
    address = f"{reader.server.address}/api/v1/jobs"
    for _ in range(100):
        if reader.page.context.request.get(address).status == 401:
            return
        reader.page.wait_for_timeout(100)
    raise AssertionError("a session that is over is still taken")


def test_a_session_that_is_over_in_mid_job(
    reading: Reading, group: Server, store: Store, simulated: Path
) -> None:
    with reading(group) as reader:
        reader.visit("/scores/easix")
        reader.look("login")
        _log_in(reader)
        assert reader.path == "/scores/easix"
        reader.look("account-score")
        page = reader.page
        other = page.context.new_page()
        address = ask_development(reader, simulated, 800)
        open_running(reader, address)
        other.goto(f"{group.address}/scores/easix")
        _end_sessions(reader, store)
        reader.refusals = {401}
        reader.visit(address)
        # the log-in leads back to where the reader was
        expect(page).to_have_url(f"{group.address}/login?next={address.replace('/', '%2F')}")
        # and so does whatever a page asks for by itself
        other.locator("#ldh").fill("300")
        expect(other).to_have_url(f"{group.address}/login?next=%2Fscores%2Feasix")
        other.close()
        _log_in(reader)
        expect(page).to_have_url(group.address + address)
        # the job went on meanwhile
        reader.wait_for_job("done")
        expect(page.get_by_role("link", name="Download report.html")).to_be_visible()
        reader.visit("/account")
        reader.look("account")


def _until_down(page: Page, address: str) -> None:
    for _ in range(100):
        if page.request.get(address).status == 503:
            return
        page.wait_for_timeout(100)
    raise AssertionError("a page is shown without its database")


def test_a_database_that_is_down(
    reading: Reading, group: Server, cluster: Cluster, simulated: Path
) -> None:
    with reading(group) as reader:
        reader.visit("/jobs")
        _log_in(reader)
        page = reader.page
        page.locator("#upload-file").set_input_files(simulated)
        page.get_by_role("button", name="Upload", exact=True).click()
        page.get_by_role("link", name=simulated.name).first.wait_for()
        address = ask_development(reader, simulated, 300)
        open_running(reader, address)
        typing = page.context.new_page()
        typing.goto(f"{group.address}/scores/easix")
        looking = page.context.new_page()
        cluster.stop()
        try:
            reader.refusals = {503}
            reader.may_be_offline = True
            # for some seconds the server believes who somebody is, then it must ask
            _until_down(looking, f"{group.address}/scores/easix")
            for path in ("/jobs", address, "/cohort", "/scores/easix"):
                answer = looking.goto(group.address + path)
                assert answer is not None
                assert answer.status == 503, path
                said = looking.locator(".refused").inner_text()
                assert "the database does not answer" in said, path
                assert "what was stored before is there" in said, path
            # a form that was open says it too, and keeps what was typed
            typing.locator("#ldh").fill("300")
            expect(typing.locator(".refused").first).to_contain_text("database does not answer")
            expect(typing.locator("#ldh")).to_have_value("300")
            reader.page = looking
            reader.look("database-down")
            reader.page = page
        finally:
            cluster.start()
        # the page of the job that stayed open sees its end
        reader.wait_for_job("done")
        expect(page.get_by_role("link", name="Download report.html")).to_be_visible()
        typing.locator("#creatinine").fill("1")
        expect(typing.locator("#answer")).to_contain_text("Still needed: Platelets")
        reader.visit("/jobs")
        expect(page.locator("main")).to_contain_text(simulated.name)
