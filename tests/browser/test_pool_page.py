"""Pool: hazard ratios typed as they stand in papers, drawn, and run to a report."""

from __future__ import annotations

from pathlib import Path

from .reading import Reader, expect, result_of


def test_the_example_to_a_report(reader: Reader, tmp_path: Path) -> None:
    page = reader.page
    reader.press(page.get_by_role("link", name="Pool", exact=True))
    page.wait_for_url("**/pool")
    reader.look("pool-empty")
    reader.press(page.get_by_role("link", name="load the example"))
    page.locator("#seen svg").first.wait_for()
    reader.look("pool")
    # hundreds of cells lie between
    reader.press(page.get_by_role("link", name="Past the table"))
    reader.write(page.get_by_label("Title", exact=True), "What papers say together")
    reader.press(page.get_by_role("button", name="Run the full meta-analysis"))
    reader.wait_for_job("done", "refused", "failed")
    reader.look("pool-report")
    for name in ("report.html", "result.json"):
        with reader.saving(tmp_path) as kept:
            reader.press(page.get_by_role("link", name=f"Download {name}"))
        assert kept[0].stat().st_size > 500
    assert result_of(tmp_path / "result.json")["kind"] == "pool"


def test_rows_typed_by_keyboard_are_drawn(reader: Reader) -> None:
    page = reader.page
    reader.visit("/pool")
    expect(page.locator("#seen")).to_contain_text("The plot appears here")
    row = page.locator("#grid tbody tr").first
    for name, typed in {"study": "Smith 2024", "outcome": "PFS", "measure": "HR"}.items():
        reader.write(row.get_by_label(f"{name}, row 1"), typed)
    expect(page.locator("#grid td.said").first).to_contain_text("Not yet")
    reader.write(row.get_by_label("estimate, row 1"), "1.85 (1.20–2.85)")
    expect(page.locator("#seen svg").first).to_be_visible()
    expect(page.locator("#seen")).to_contain_text("one study, nothing to pool yet")
    # its cells are divided once the row is left
    page.keyboard.press("Enter")
    expect(row.get_by_label("low, row 1")).to_have_value("1.20")
    expect(row.get_by_label("high, row 1")).to_have_value("2.85")
    reader.write(page.get_by_label("low, row 2"), "<b>low</b>")
    expect(page.locator("#grid td.said").nth(1)).not_to_be_empty()
    expect(page.locator("#grid b")).to_have_count(0)
    reader.look("pool-typed")
    page.reload()
    # a reload loses nothing that was typed
    expect(page.get_by_label("study, row 1")).to_have_value("Smith 2024")
