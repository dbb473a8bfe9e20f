"""What should never come, and comes: each is refused in words, beside where it was given."""

from __future__ import annotations

import json
import re
import socket
import threading
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import openpyxl
import pytest

from .reading import Reader, expect
from .serving import Server, serving

Reading = Callable[..., AbstractContextManager[Reader]]
HEAD = "patient,crp_mg_l_day0,severe_crs"
ROWS = "".join(f"P{number},{number + 0.5},{number % 2}\n" for number in range(40))


def _given(reader: Reader, file: Path) -> str:
    """Drop a sheet on the page of a cohort; give what the page says in the end."""
    reader.visit("/cohort")
    reader.page.locator("#sheet-file").set_input_files(file)
    reader.page.wait_for_url("**/cohort/*")
    done = reader.page.get_by_role("link", name="Plan a score from it")
    reader.page.locator("p.state.refused, p.state.failed").or_(done).first.wait_for(timeout=90_000)
    return reader.page.locator("main").inner_text()


def test_html_in_the_names_of_columns_is_text(reader: Reader, tmp_path: Path) -> None:
    page = reader.page
    page.on("dialog", lambda one: reader.heard.append(f"a dialog: {one.message}"))
    script = "<script>alert(1)</script>"
    file = tmp_path / "<img src=x onerror=alert(2)>.csv"
    file.write_text(f'patient,{script},"<img src=x onerror=alert(3)>"\n' + ROWS, encoding="utf-8")
    assert script in _given(reader, file)
    assert "onerror" in page.locator("h1").inner_text()
    for path in ("", "/plan"):
        page.goto(reader.server.address + reader.path.removesuffix("/plan") + path)
        expect(page.locator("main img, main script")).to_have_count(0)
    expect(page.locator("#event option", has_text="alert(1)").first).to_be_attached()
    reader.visit("/jobs")
    expect(page.locator("main img")).to_have_count(0)


def test_a_path_in_a_file_name_is_a_name(reader: Reader, server: Server, tmp_path: Path) -> None:
    status, text = server.ask(
        "POST", "/files?name=..%2F..%2Fetc%2Fsheet.csv", f"{HEAD}\n{ROWS}".encode(),
        Content_Type="text/csv", Accept="application/json",
    )  # fmt: skip
    assert (status, json.loads(text)["name"]) == (201, "sheet.csv")
    file = tmp_path / "..\\..\\windows.csv"
    file.write_text(f"{HEAD}\n{ROWS}", encoding="utf-8")
    _given(reader, file)
    assert reader.page.locator("h1").inner_text() == "windows.csv"


def _workbook(file: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEAD.split(","))
    for line in ROWS.splitlines():
        name, value, event = line.split(",")
        sheet.append([name, float(value), int(event)])
    book.save(file)
    book.close()
    return file


def test_a_formula_that_nobody_calculated_is_asked_about(reader: Reader, tmp_path: Path) -> None:
    file = _workbook(tmp_path / "formula.xlsx")
    book = openpyxl.load_workbook(file)
    book.active["B3"] = "=1+1"
    book.save(file)
    book.close()
    said = _given(reader, file)
    assert "formula" in said
    assert "mend the formula" in said
    reader.look("formula")


def test_a_macro_sheet_is_read_and_its_macros_are_not(reader: Reader, tmp_path: Path) -> None:
    file = _workbook(tmp_path / "macro.xlsm")
    with zipfile.ZipFile(file, "a") as packed:
        packed.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" + bytes(2000))
    assert "40 patients, 3 columns" in _given(reader, file)


def test_a_zip_bomb_is_refused(reading: Reading, tmp_path: Path) -> None:
    file = tmp_path / "bomb.xlsx"
    book = _workbook(tmp_path / "plain.xlsx")
    row = b"<row><c><v>1</v></c><c><v>2</v></c><c><v>0</v></c></row>"
    with zipfile.ZipFile(book) as plain, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bomb:
        for name in plain.namelist():
            if name != "xl/worksheets/sheet1.xml":
                bomb.writestr(name, plain.read(name))
        head, tail = plain.read("xl/worksheets/sheet1.xml").split(b"</sheetData>")
        with bomb.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(head)
            for _ in range(600):
                part.write(row * ((1 << 20) // len(row)))
            part.write(b"</sheetData>" + tail)
    with (
        serving(tmp_path / "server", "--worker-memory", "1024") as server,
        reading(server) as reader,
    ):
        reader.enter()
        before = server.memory()
        said = _given(reader, file)
        assert "Refused" in said or "Failed" in said
        reader.look("zip-bomb")
        # it is unpacked by a worker, if at all, and the next sheet is read
        assert server.memory() - before < 60 << 20
        assert "40 patients" in _given(reader, book)


def test_ten_thousand_columns(reader: Reader, tmp_path: Path) -> None:
    page = reader.page
    file = tmp_path / "wide.csv"
    names = [f"marker_{number}" for number in range(9_998)]
    rows = "".join(
        f"P{row},{row % 2}," + ",".join(["1.5"] * len(names)) + "\n" for row in range(12)
    )
    file.write_text("patient,severe_crs," + ",".join(names) + "\n" + rows, encoding="utf-8")
    assert "10000 columns" in _given(reader, file)
    # not all are shown; all are found
    assert page.locator("table.columns tbody tr").count() <= 450
    page.get_by_label("Columns named").fill("marker_9997")
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader", name="marker_9997", exact=True)).to_be_visible()
    page.get_by_role("link", name="Plan a score from it").click()
    page.locator("#event").fill("severe_crs")
    page.keyboard.press("Tab")
    expect(page.locator("#toml")).to_have_value(re.compile('event = "severe_crs"'))


def test_another_kind_of_file_is_refused(reader: Reader, server: Server, tmp_path: Path) -> None:
    picture = tmp_path / "photo.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    said = _given(reader, picture)
    assert "Refused" in said
    assert "photo" in said
    status, text = server.ask("POST", "/files", b"\x89PNG", Content_Type="image/png")
    assert status == 415
    assert "multipart/form-data" in text
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    assert "Refused" in _given(reader, empty)


def test_no_file_is_said_beside_the_field(reader: Reader) -> None:
    reader.refusals = {422}
    reader.visit("/cohort")
    reader.page.get_by_role("button", name="Read the sheet").click()
    assert "no file was chosen" in reader.problems()


def test_an_upload_that_breaks_off_leaves_nothing(reader: Reader, server: Server) -> None:
    name = "broken-off.csv"
    head = (
        f"POST /files?name={name} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Authorization: Bearer {server.token}\r\nContent-Type: text/csv\r\n"
        "Content-Length: 100000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as call:
        call.sendall(head.encode() + HEAD.encode())
    reader.visit("/jobs")
    expect(reader.page.locator("main")).not_to_contain_text(name)


@pytest.mark.parametrize("most", [100, 512])
def test_two_hundred_megabytes(reading: Reading, tmp_path: Path, most: int) -> None:
    file = tmp_path / "large.csv"
    with open(file, "wb") as stream:
        stream.truncate(200 << 20)
    with (
        serving(tmp_path / "server", "--largest-upload", str(most)) as server,
        reading(server) as reader,
    ):
        reader.enter("/jobs")
        before, heard, over = server.memory(), [], threading.Event()

        def watch() -> None:
            while not over.wait(0.05):
                heard.append(server.memory())

        watching = threading.Thread(target=watch)
        watching.start()
        reader.refusals = {413}
        page = reader.page
        page.locator("#upload-file").set_input_files(file)
        page.get_by_role("button", name="Upload", exact=True).click(timeout=90_000)
        if most < 200:
            assert f"larger than the {most} MB" in reader.problems()
            reader.look("too-large")
        else:
            page.get_by_role("link", name="large.csv").first.wait_for(timeout=90_000)
        over.set()
        watching.join()
        assert max(heard) - before < 80 << 20, "the file is never held in memory"
