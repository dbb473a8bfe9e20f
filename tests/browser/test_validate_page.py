"""Validate: a published score on a real sheet, to a report and a file that may travel."""

from __future__ import annotations

import re
from pathlib import Path

from .reading import Reader, expect, result_of


def test_a_score_is_validated_by_keyboard(reader: Reader, sheet: Path, tmp_path: Path) -> None:
    page = reader.page
    reader.press(page.get_by_role("link", name="Validate", exact=True))
    page.wait_for_url("**/validate")
    reader.look("validate-start")
    reader.attach(page.locator("#sheet-file"), sheet)
    page.locator("#event").wait_for()
    reader.press(page.locator("#score-ferritin-iec-hs"), "Space")
    asked = page.get_by_label("Ferritin ng/mL, after infusion")
    # the nearest names are offered; none is taken without being asked
    expect(asked).to_have_value("")
    reader.choose(asked, "ferritin_ug_l_peak")
    reader.choose(page.locator("#event"), "carhlh")
    reader.write(page.locator("#label"), "carHLH")
    reader.write(page.locator("#bootstrap"), "100")
    reader.go_to(page.locator("#toml"))
    expect(page.locator("#toml")).to_have_value(re.compile("bootstrap = 100"))
    reader.look("validate-plan")
    reader.press(page.get_by_role("button", name="Validate", exact=True))
    # the guard of the command line, in its words, and the way back to the form
    page.wait_for_url("**/validate/*?after=*", timeout=90_000)
    assert "a peak over follow-up" in reader.problems()
    reader.look("validate-refused")
    reader.choose(asked, "ferritin_ug_l_day7")
    expect(page.locator("#toml")).to_have_value(re.compile("ferritin_ug_l_day7"))
    reader.press(page.get_by_role("button", name="Validate", exact=True))
    page.locator("iframe.report").wait_for(timeout=90_000)
    reader.look("validate-report")
    for name in ("report.html", "share.json", "result.json"):
        with reader.saving(tmp_path) as kept:
            reader.press(page.get_by_role("link", name=f"Download {name}"))
        assert kept[0].stat().st_size > 500
    shared = (tmp_path / "share.json").read_text(encoding="utf-8")
    assert "C22-01" not in shared
    assert "ferritin_ug_l_day7" not in shared
    assert result_of(tmp_path / "result.json")["plan"]["outcome"]["event"] == "carhlh"
