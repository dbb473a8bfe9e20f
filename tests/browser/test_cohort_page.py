"""Cohort: from a real sheet to a report that is read and downloaded, by keyboard alone."""

from __future__ import annotations

import re
from pathlib import Path

from .reading import Reader, expect, result_of


def test_from_a_sheet_to_a_report(reader: Reader, sheet: Path, tmp_path: Path) -> None:
    page = reader.page
    reader.press(page.get_by_role("link", name="Cohort", exact=True))
    page.wait_for_url("**/cohort")
    reader.look("cohort-start")
    reader.attach(page.locator("#sheet-file"), sheet)
    page.get_by_role("link", name="Plan a score from it").wait_for()
    expect(page.locator("main")).to_contain_text("59 patients, 59 columns")
    reader.look("cohort-sheet")
    reader.press(page.get_by_role("link", name="Plan a score from it"))
    _plan(reader)
    reader.press(page.get_by_role("button", name="Develop the score"))
    report = page.locator("iframe.report")
    report.wait_for(timeout=90_000)
    expect(page.frame_locator("iframe.report").locator("h1")).to_be_visible()
    reader.look("cohort-report")
    for name in ("score.toml", "report.html", "result.json"):
        with reader.saving(tmp_path) as kept:
            reader.press(page.get_by_role("link", name=f"Download {name}"))
        assert kept[0].stat().st_size > 500
    result = result_of(tmp_path / "result.json")
    assert result["plan"]["title"] == "Early values and severe CRS"
    for form in ("PDF", "HTML"):
        reader.press(page.get_by_label(form, exact=True), "Space")
    reader.press(page.get_by_role("button", name="Write the paper"))
    reader.wait_for_job("done", "refused", "failed")
    reader.look("paper")
    with reader.saving(tmp_path) as kept:
        reader.press(page.get_by_role("link", name="Download paper.docx"))
    assert kept[0].read_bytes()[:2] == b"PK"


def _plan(reader: Reader) -> None:
    """Say all that a plan needs; what is typed while the page answers is not lost."""
    page = reader.page
    page.locator("#event").wait_for()
    reader.choose(page.locator("#event"), "severe_crs_astct")
    reader.write(page.locator("#label"), "severe CRS")
    reader.choose(page.locator("#onset"), "crs_onset_day")
    day = page.locator("summary", has_text="Day 0")
    reader.press(day)
    for name in ("il6_pg_ml_day0", "crp_mg_l_day0"):
        box = page.locator("tr", has_text=name).get_by_role("checkbox")
        reader.press(box, "Space")
        expect(box).to_be_checked()
        direction = page.get_by_label(f"{name} is adverse when")
        if direction.input_value() != "high":
            reader.choose(direction, "high")
    reader.choose(page.get_by_label("The score", exact=True), "An index")
    reader.write(page.locator("#bootstrap"), "100")
    reader.write(page.locator("#title"), "Early values and severe CRS")
    toml = page.locator("#toml")
    reader.go_to(toml)
    for said in (
        'event = "severe_crs_astct"', 'label = "severe CRS"', 'onset = "crs_onset_day"',
        "il6_pg_ml_day0", "crp_mg_l_day0", 'method = "index"', "Early values",
    ):  # fmt: skip
        expect(toml).to_have_value(re.compile(re.escape(said)))
    reader.look("cohort-plan")


def test_what_is_not_said_is_asked_beside_its_field(reader: Reader, simulated: Path) -> None:
    page = reader.page
    reader.visit("/cohort")
    reader.attach(page.locator("#sheet-file"), simulated)
    reader.press(page.get_by_role("link", name="Plan a score from it"))
    page.locator("#event").wait_for()
    reader.press(page.get_by_role("button", name="Develop the score"))
    assert "the outcome: this has not been said yet" in " ".join(reader.problems().split())
    expect(page.locator("#event")).to_have_attribute("aria-invalid", "true")
    # whoever is refused stands where it is said
    assert page.evaluate("document.activeElement.classList.contains('refused')")
    expect(page.locator("main")).to_contain_text("Simulated patients")
    reader.look("cohort-refused")
