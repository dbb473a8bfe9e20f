"""Honest index: from a real sheet to what survives, and to the price of a cut-off."""

from __future__ import annotations

from pathlib import Path

from .reading import Reader, expect


def test_from_a_sheet_to_the_price_of_a_cut(reader: Reader, sheet: Path, tmp_path: Path) -> None:
    page = reader.page
    reader.press(page.get_by_role("link", name="Honest index", exact=True))
    page.wait_for_url("**/honest")
    reader.look("honest-start")
    reader.attach(page.locator("main input[type=file]"), sheet)
    reader.press(page.get_by_role("button", name="Read it"))
    page.locator("#event").wait_for(timeout=60_000)
    reader.look("honest-choose")
    reader.choose(page.locator("#event"), "severe_crs_astct")
    reader.press(page.locator("#kind-binary"), "Space")
    reader.choose(page.locator("#marker-1"), "il6_pg_ml_day3")
    reader.choose(page.locator("#direction-1"), "high")
    reader.go_to(page.locator("#resamples"))
    page.keyboard.press("Home")
    expect(page.locator("#resamples")).to_have_value("200")
    reader.press(page.get_by_role("button", name="Search, and repeat the search"))
    page.locator("#sliders").wait_for(timeout=90_000)
    reader.look("honest-run")
    # an apparent number never stands alone
    expect(page.locator(".sides .left .big").first).to_be_visible()
    expect(page.locator(".sides .right .big").first).to_be_visible()
    cut, slider = page.locator("#cut-1"), page.locator("#cut-1-range")
    price = page.locator("#price")
    found, before = cut.input_value(), price.inner_text()
    reader.go_to(slider)
    page.keyboard.press("PageUp")
    expect(cut).not_to_have_value(found)
    expect(price).not_to_have_text(before)
    reader.write(cut, "not a number")
    expect(price.locator(".refused, .wrong").first).to_be_visible()
    reader.press(page.get_by_role("button", name="Back to those found"))
    expect(cut).to_have_value(found)
    reader.press(page.get_by_role("link", name="Report, score file, JSON, paper"))
    with reader.saving(tmp_path) as kept:
        reader.press(page.locator("a[download]", has_text="report.html"))
    assert kept[0].stat().st_size > 10_000


def test_the_example_is_marked_as_simulated(reader: Reader) -> None:
    page = reader.page
    reader.visit("/honest")
    reader.press(page.get_by_role("button", name="Run the simulated example"))
    page.locator(".sides").wait_for(timeout=120_000)
    expect(page.locator(".simulated").first).to_be_visible()
    reader.look("honest-example")
