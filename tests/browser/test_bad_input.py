"""What should never come, and comes: each is refused in words, beside where it was given."""

from __future__ import annotations

import json
import socket
import zipfile
from pathlib import Path

import openpyxl

from .reading import Reader, expect
from .serving import Server
from .sheets import HEAD, ROWS, given, workbook


def test_html_in_the_names_of_columns_is_text(reader: Reader, tmp_path: Path) -> None:
    page = reader.page
    page.on("dialog", lambda one: reader.heard.append(f"a dialog: {one.message}"))
    script = "<script>alert(1)</script>"
    file = tmp_path / "<img src=x onerror=alert(2)>.csv"
    file.write_text(f'patient,{script},"<img src=x onerror=alert(3)>"\n' + ROWS, encoding="utf-8")
    assert script in given(reader, file)
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
    given(reader, file)
    assert reader.page.locator("h1").inner_text() == "windows.csv"


def test_a_formula_that_nobody_calculated_is_asked_about(reader: Reader, tmp_path: Path) -> None:
    file = workbook(tmp_path / "formula.xlsx")
    book = openpyxl.load_workbook(file)
    book.active["B3"] = "=1+1"
    book.save(file)
    book.close()
    said = given(reader, file)
    assert "formula" in said
    assert "mend the formula" in said
    reader.look("formula")


def test_a_macro_sheet_is_read_and_its_macros_are_not(reader: Reader, tmp_path: Path) -> None:
    file = workbook(tmp_path / "macro.xlsm")
    with zipfile.ZipFile(file, "a") as packed:
        packed.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" + bytes(2000))
    assert "40 patients, 3 columns" in given(reader, file)


def test_another_kind_of_file_is_refused(reader: Reader, server: Server, tmp_path: Path) -> None:
    picture = tmp_path / "photo.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    said = given(reader, picture)
    assert "Refused" in said
    assert "photo" in said
    status, text = server.ask("POST", "/files", b"\x89PNG", Content_Type="image/png")
    assert status == 415
    assert "multipart/form-data" in text
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    assert "Refused" in given(reader, empty)


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
