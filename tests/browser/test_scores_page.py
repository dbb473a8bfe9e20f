"""Scores: found, computed, compared, downloaded and run over a sheet, by keyboard alone."""

from __future__ import annotations

from pathlib import Path

from .reading import Reader, expect

# LDH x creatinine / platelets: 200 x 1 / 100
_EASIX = {"ldh": ("200", "U/L"), "creatinine": ("1", "mg/dL"), "platelets": ("100", "10")}


def _fill(reader: Reader, values: dict[str, tuple[str, str]]) -> None:
    page = reader.page
    for name, (value, unit) in values.items():
        reader.write(page.locator(f"#{name}"), value)
        reader.choose(page.locator(f"select[name='{name}-unit']"), unit)


def test_a_newcomer_computes_a_score(reader: Reader, tmp_path: Path) -> None:
    page, answer = reader.page, reader.page.locator("#answer")
    reader.press(page.get_by_role("link", name="Scores", exact=True))
    page.wait_for_url("**/scores")
    reader.look("scores")
    reader.write(page.get_by_label("Find a score"), "endothelial")
    page.keyboard.press("Enter")
    page.wait_for_url("**/scores?q=endothelial")
    reader.press(page.get_by_role("link", name="EASIX (Endothelial"))
    page.wait_for_url("**/scores/easix")
    expect(answer).to_contain_text("Still needed: LDH, Creatinine, Platelets")
    _fill(reader, {"ldh": _EASIX["ldh"], "creatinine": _EASIX["creatinine"]})
    # a number without its unit is asked about, and is no answer
    reader.write(page.locator("#platelets"), "100")
    expect(answer).to_contain_text("unit")
    expect(answer.locator(".big")).to_have_count(0)
    reader.choose(page.locator("select[name='platelets-unit']"), _EASIX["platelets"][1])
    expect(answer.locator(".big").first).to_have_text("2")
    expect(answer).to_contain_text("Group")
    reader.look("score")
    assert page.url.endswith("/scores/easix"), "nothing typed stands in the address"
    with reader.saving(tmp_path) as kept:
        reader.press(page.get_by_role("link", name="Download it as one page"))
    assert "Content-Security-Policy" in kept[0].read_text(encoding="utf-8")


def test_a_value_that_cannot_be_is_said_beside_its_field(reader: Reader) -> None:
    page, answer = reader.page, reader.page.locator("#answer")
    reader.visit("/scores/easix")
    _fill(reader, {**_EASIX, "creatinine": ("<b>one</b>", "mg/dL")})
    expect(answer).to_contain_text("creatinine", ignore_case=True)
    expect(answer.locator(".big")).to_have_count(0)
    reader.press(page.get_by_role("button", name="Compute"))
    expect(answer).to_contain_text("this is not a number")
    expect(answer.locator(".big")).to_have_count(0)
    reader.look("score-refused")


def test_two_scores_of_one_patient(reader: Reader) -> None:
    page = reader.page
    reader.visit("/scores/compare")
    reader.choose(page.get_by_label("First score"), "EASIX (")
    reader.choose(page.get_by_label("Second score"), "s-EASIX")
    reader.press(page.get_by_role("button", name="Compare"))
    page.wait_for_url("**/scores/compare?a=easix&b=s-easix")
    _fill(reader, _EASIX)
    expect(page.locator("#answer article")).to_have_count(2)
    expect(page.locator("#answer .big").first).to_have_text("2")
    reader.look("compare")


def test_a_sheet_is_scored_and_downloaded(reader: Reader, tmp_path: Path) -> None:
    sheet = tmp_path / "patients.csv"
    sheet.write_text(
        "patient,ldh_u_l,creatinine_mg_dl,platelets_10e9_l\nA,200,1,100\nB,400,2,50\n",
        encoding="utf-8",
    )
    page = reader.page
    reader.visit("/scores/easix")
    reader.attach(page.locator("#batch"), sheet)
    reader.press(page.get_by_role("button", name="Score the sheet"))
    reader.wait_for_job("done", "refused")
    reader.look("batch")
    with reader.saving(tmp_path) as kept:
        reader.press(page.get_by_role("link", name="Download scored.csv"))
    lines = kept[0].read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[4] for line in lines] == ["easix_value", "2.0", "16.0"]
