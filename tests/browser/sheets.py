"""Sheets that are given to a page."""

from __future__ import annotations

from pathlib import Path

import openpyxl

from .reading import Reader

HEAD = "patient,crp_mg_l_day0,severe_crs"
ROWS = "".join(f"P{number},{number + 0.5},{number % 2}\n" for number in range(40))


def given(reader: Reader, file: Path) -> str:
    """Drop a sheet on the page of a cohort; give what the page says in the end."""
    reader.visit("/cohort")
    reader.page.locator("#sheet-file").set_input_files(file)
    reader.page.wait_for_url("**/cohort/*")
    done = reader.page.get_by_role("link", name="Plan a score from it")
    reader.page.locator("p.state.refused, p.state.failed").or_(done).first.wait_for(timeout=90_000)
    return reader.page.locator("main").inner_text()


def workbook(file: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEAD.split(","))
    for line in ROWS.splitlines():
        name, value, event = line.split(",")
        sheet.append([name, float(value), int(event)])
    book.save(file)
    book.close()
    return file
