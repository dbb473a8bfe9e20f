"""A server that is stopped, killed, or has no room left: it is said, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from .asking import ask_development, open_running
from .reading import Reader, expect
from .serving import Server

Reading = Callable[..., AbstractContextManager[Reader]]


def test_a_server_that_is_away_is_said(reading: Reading, mortal: Server) -> None:
    with reading(mortal) as reader:
        # nobody has used this server yet
        reader.enter("/jobs")
        reader.page.get_by_text("No file has been uploaded").wait_for()
        reader.look("results-empty")
        reader.visit("/scores/easix")
        page = reader.page
        mortal.stop()
        reader.may_be_offline = True
        page.locator("#ldh").fill("300")
        assert "does not answer" in reader.problems()
        mortal.start()
        # nothing that was typed is lost
        page.locator("#creatinine").fill("1")
        expect(page.locator("#offline")).to_have_count(0)
        expect(page.locator("#ldh")).to_have_value("300")


def test_a_server_that_is_killed_and_started_again(
    reading: Reading, mortal: Server, simulated: Path
) -> None:
    with reading(mortal) as reader:
        reader.enter()
        address = ask_development(reader, simulated, 300)
        open_running(reader, address)
        reader.may_be_offline = True
        mortal.kill()
        mortal.start()
        # it is taken up again by the server, and by the page that stayed open
        reader.wait_for_job("done", "lost")
        expect(reader.page.locator("p.state")).not_to_have_text("")
        reader.visit(address)
        expect(reader.page.locator("main")).to_contain_text("begun 2 times")


@contextmanager
def _no_room(server: Server) -> Iterator[None]:
    """No file of the server may grow, as on a full disk."""
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "prlimit"):
        pytest.skip("only Linux limits another process")
    before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, before)


def test_a_disk_that_is_full(
    reading: Reading, mortal: Server, simulated: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small.csv"
    small.write_text("ldh_u_l,creatinine_mg_dl,platelets_10e9_l\n200,1,100\n", encoding="utf-8")
    with reading(mortal) as reader:
        reader.enter("/jobs")
        page = reader.page
        before = reader.jobs()
        with _no_room(mortal):
            # in the place where it is given, and as a page of its own
            reader.refusals = {503, 507}
            page.locator("#upload-file").set_input_files(simulated)
            page.get_by_role("button", name="Upload", exact=True).click()
            assert "nothing was kept" in reader.problems()
            assert "free space" in reader.problems()
            for file in (simulated, small):
                reader.visit("/scores/easix")
                page.locator("#batch").set_input_files(file)
                page.get_by_role("button", name="Score the sheet").click()
                assert "nothing was kept" in reader.problems()
                assert "free space" in reader.problems()
            reader.look("no-room")
            # what is there can still be read
            assert reader.jobs() == before
            reader.visit("/scores/easix")
            page.locator("#ldh").fill("300")
            expect(page.locator("#answer")).to_contain_text("Still needed")
        reader.visit("/scores/easix")
        page.locator("#batch").set_input_files(small)
        page.get_by_role("button", name="Score the sheet").click()
        reader.wait_for_job("done")
        assert reader.jobs()[1:] == before
