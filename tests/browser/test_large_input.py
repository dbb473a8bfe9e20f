"""What is too large: refused, read in part, or taken, and never held in the server's memory."""

from __future__ import annotations

import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from .reading import Reader, expect
from .serving import Server, serving
from .sheets import given, workbook

Reading = Callable[..., AbstractContextManager[Reader]]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes little, and whose workers may take little."""
    limits = ("--largest-upload", "100", "--worker-memory", "1024")
    with serving(tmp_path_factory.mktemp("strict"), *limits) as started:
        yield started


def test_a_zip_bomb_is_refused(reading: Reading, strict: Server, tmp_path: Path) -> None:
    file = tmp_path / "bomb.xlsx"
    book = workbook(tmp_path / "plain.xlsx")
    row = b"<row><c><v>1</v></c><c><v>2</v></c><c><v>0</v></c></row>"
    packed = {"compression": zipfile.ZIP_DEFLATED, "compresslevel": 1}
    with zipfile.ZipFile(book) as plain, zipfile.ZipFile(file, "w", **packed) as bomb:
        for name in plain.namelist():
            if name != "xl/worksheets/sheet1.xml":
                bomb.writestr(name, plain.read(name))
        head, tail = plain.read("xl/worksheets/sheet1.xml").split(b"</sheetData>")
        with bomb.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(head)
            for _ in range(600):
                part.write(row * ((1 << 20) // len(row)))
            part.write(b"</sheetData>" + tail)
    with reading(strict) as reader:
        reader.enter()
        before = strict.memory()
        said = given(reader, file)
        assert "Refused" in said or "Failed" in said
        reader.look("zip-bomb")
        # it is unpacked by a worker, if at all, and the next sheet is read
        assert strict.memory() - before < 60 << 20
        assert "40 patients" in given(reader, book)


def test_ten_thousand_columns(reader: Reader, tmp_path: Path) -> None:
    page = reader.page
    file = tmp_path / "wide.csv"
    names = [f"marker_{number}" for number in range(9_998)]
    rows = "".join(
        f"P{row},{row % 2}," + ",".join(["1.5"] * len(names)) + "\n" for row in range(12)
    )
    file.write_text("patient,severe_crs," + ",".join(names) + "\n" + rows, encoding="utf-8")
    assert "10000 columns" in given(reader, file)
    # not all are shown; all are found
    assert page.locator("table.columns tbody tr").count() <= 450
    page.get_by_label("Columns named").fill("marker_9997")
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader", name="marker_9997", exact=True)).to_be_visible()
    page.get_by_role("link", name="Plan a score from it").click()
    page.locator("#event").fill("severe_crs")
    page.keyboard.press("Tab")
    expect(page.locator("#toml")).to_have_value(re.compile('event = "severe_crs"'))


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of 200 MB."""
    file = tmp_path / "large.csv"
    with open(file, "wb") as stream:
        stream.truncate(200 << 20)
    return file


@contextmanager
def _light(server: Server) -> Iterator[None]:
    """The server holds nothing of what is sent meanwhile."""
    before, heard, over = server.memory(), list[int](), threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            heard.append(server.memory())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()
    assert max(heard) - before < 80 << 20, "the file is never held in memory"


def _send(reader: Reader, file: Path) -> None:
    reader.visit("/jobs")
    reader.page.locator("#upload-file").set_input_files(file)
    reader.page.get_by_role("button", name="Upload", exact=True).click(timeout=90_000)


def test_two_hundred_megabytes_are_taken(reader: Reader, server: Server, large: Path) -> None:
    page = reader.page
    with _light(server):
        _send(reader, large)
        kept = page.get_by_role("link", name=large.name)
        kept.first.wait_for(timeout=90_000)
        # nor is it held while it is given back, or deleted
        with page.expect_download() as asked:
            kept.first.click()
        assert asked.value.path().stat().st_size == 200 << 20
        page.get_by_text(f"Delete {large.name}", exact=True).click()
        page.get_by_role("button", name=f"Delete {large.name}").click()
        expect(kept).to_have_count(0)


def test_more_than_is_taken(reading: Reading, strict: Server, large: Path) -> None:
    with reading(strict) as reader:
        reader.enter()
        reader.refusals = {413}
        with _light(strict):
            _send(reader, large)
            assert "larger than the 100 MB" in reader.problems()
        reader.look("too-large")
        reader.visit("/jobs")
        expect(reader.page.locator("main")).not_to_contain_text(large.name)
