"""Grades: a patient's days typed by keyboard, the deciding datum, and a file of charts."""

from __future__ import annotations

from pathlib import Path

from .reading import Reader, expect


def test_days_are_graded_as_they_are_typed(reader: Reader) -> None:
    page = reader.page
    reader.press(page.get_by_role("link", name="Grades", exact=True))
    page.wait_for_url("**/grades")
    reader.look("grades-empty")
    seen = page.locator("#seen")
    expect(seen).to_contain_text("never no, and never normal")
    unit = page.get_by_label("Unit of Body temperature")
    reader.press(unit, "ArrowDown")
    expect(unit).to_have_value("Cel")
    reader.write(page.get_by_label("Body temperature, day 1"), "39.1")
    # fever alone leaves every grade open that is not ruled out
    expect(seen).to_contain_text("open: grade 1, grade 2, grade 3 or grade 4")
    reader.choose(page.get_by_label("Hypotension, day 1"), "no")
    reader.choose(page.get_by_label("Oxygen device, day 1"), "room air")
    # whether a vasopressor runs is not charted, and no is not assumed
    expect(seen).to_contain_text("open: grade 1, grade 3 or grade 4")
    expect(seen.locator("table.why")).to_contain_text("vasopressors")
    reader.write(page.get_by_label("Body temperature, day 1"), "391")
    expect(page.locator("#temperature-wrong")).not_to_be_empty()
    expect(page.get_by_label("Body temperature, day 1")).to_have_attribute("aria-invalid", "true")
    reader.look("grades-wrong")
    assert page.url == f"{reader.server.address}/grades", "nothing typed stands in the address"
    reader.press(page.get_by_role("link", name="See an example"))
    page.locator("#seen .tile").first.wait_for()
    reader.look("grades")
    expect(seen).to_contain_text("Simulated patient")
    expect(seen).to_contain_text("vasopressors norepinephrine")


def test_a_chart_is_downloaded_and_graded_as_a_file(reader: Reader, tmp_path: Path) -> None:
    page = reader.page
    reader.visit("/grades?example=true")
    with reader.saving(tmp_path) as kept:
        reader.press(page.get_by_role("button", name="Download the chart"))
    reader.attach(page.locator("main input[type=file]"), kept[0])
    reader.press(page.get_by_role("button", name="Grade the file"))
    reader.wait_for_job("done", "refused", "failed")
    reader.look("grades-file")
    with reader.saving(tmp_path) as kept:
        reader.press(page.locator("a[download]", has_text="patients.csv"))
    assert "astct" in kept[0].read_text(encoding="utf-8")
