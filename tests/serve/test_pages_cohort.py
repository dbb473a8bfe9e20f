"""The pages of a cohort: a sheet, what is asked of its columns, a plan as form and text, a run."""

from __future__ import annotations

import html
import io
import re
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from starlette.testclient import TestClient

from cartwheel.cli.check import _line
from cartwheel.errors import Problem
from cartwheel.serve.application import create_app
from cartwheel.serve.settings import Settings
from cartwheel.workflows.check import check

SHEET = (
    Path(__file__).resolve().parents[2] / "src/cartwheel/demonstration/simulated_myeloma_197.csv"
)
MESSY = (
    "patient,crp_day0,ferritin_ug_l_day0,sex,severe_crs,crs_onset_day,crp_mg_l_day7\n"
    + "".join(
        f"P{i},{3 + i},{200 + 17 * i},{'fm'[i % 2]},{int(i % 3 == 0)},{5 if i % 3 == 0 else ''},"
        f"{9 + i}\n"
        for i in range(40)
    )
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(folder=tmp_path_factory.mktemp("serve"), token="secret", workers=1)
    headers = {"Authorization": "Bearer secret", "Accept": "text/html"}
    with TestClient(create_app(settings), base_url="http://127.0.0.1", headers=headers) as made:
        yield made


def checked(client: TestClient, name: str, content: bytes | str, way: str = "/cohort") -> str:
    """Upload a sheet, and give the address of its check."""
    data = content.encode() if isinstance(content, str) else content
    answer = client.post(way, files={"file": (name, data)}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return settled(client, answer.headers["location"])


def settled(client: TestClient, address: str, within: float = 60.0) -> str:
    """Wait until a page does not wait for its job; give where it led."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        if "sse-connect" not in answer.text:
            return str(answer.url.raw_path, "ascii")
        time.sleep(0.03)
    raise AssertionError(f"{address} still waits")


def cells(page: str) -> list[list[str]]:
    """Take the table of columns out of a page, without what stands below a column."""
    rows = re.findall(r'<tr id="column-\d+"[^>]*>(.*?)</tr>', page, re.S)
    found = []
    for row in rows:
        parts = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)[:7]
        texts = [html.unescape(re.sub(r"<br>.*|<[^>]+>", "", part, flags=re.S)) for part in parts]
        found.append([text.strip() for text in texts])
    return found


def toml_of(page: str) -> str:
    found = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.S)
    assert found is not None
    return html.unescape(found[1])


def was_of(page: str) -> str:
    found = re.search(r'name="was" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def place_of(page: str, column: str) -> str:
    """Find the place of a column among the candidates of a plan."""
    for row in re.findall(r"<tr.*?</tr>", page, re.S):
        if f">{column}<" in row and (found := re.search(r'name="use" value="([^"]+)"', row)):
            return found[1]
    raise AssertionError(f"{column} is not offered")


def edit(client: TestClient, plan: str, **fields: str | list[str]) -> str:
    """Send the form of a plan with some fields changed, as htmx does; give the new part."""
    page = client.get(plan).text
    sent = {"toml": toml_of(page), "was": was_of(page), **fields}
    answer = client.post(
        plan.partition("?")[0], data=sent, headers={"HX-Request": "true", "HX-Target": "plan"}
    )
    assert answer.status_code == 200, answer.text
    return answer.text


def test_columns_are_told_in_the_words_of_check(client: TestClient) -> None:
    address = checked(client, SHEET.name, SHEET.read_bytes())
    page = client.get(address).text
    report = check(SHEET)
    assert cells(page) == [list(_line(column)) for column in report.columns]
    assert f"{report.rows} patients, {len(report.columns)} columns" in page
    assert "Simulated patients" in page


def test_a_doubtful_column_is_asked_about_and_checked_again(client: TestClient) -> None:
    address = checked(client, "messy.csv", MESSY)
    page = client.get(address).text
    # asked about before all others, beside the column, with the units that it can have
    assert cells(page)[0][0] == "crp_day0"
    problem = next(each for each in _problems(MESSY) if each.code == "unit_missing")
    accepted = "(accepted: mg/L, mg/dL, ug/mL)"
    assert problem.mend == f"say it: --unit crp_day0=UNIT {accepted}"
    # nobody can type a flag here
    assert f"say it: the unit of crp_day0 {accepted}" in html.unescape(page)
    assert "--" not in html.unescape(re.sub(r"<!--.*?-->", "", page, flags=re.S))
    asked = re.search(r'<select id="unit-1".*?</select>', page, re.S)
    assert asked is not None
    assert "<option>mg/L</option>" in asked[0]
    assert 'aria-invalid="true"' in asked[0]
    answer = client.post(address, data={"unit-1": "mg/L", "day-1": "0"}, follow_redirects=False)
    again = settled(client, answer.headers["location"])
    assert again != address
    told = {row[0]: row for row in cells(client.get(again).text)}
    assert told["crp_day0"][1:4] == ["C-reactive protein", "mg/L", "day 0"]
    assert "No problems." in client.get(again).text
    # the first address still shows what it showed: back leads back
    assert cells(client.get(address).text)[0][0] == "crp_day0"
    # and the plan begins with what was said
    plan = tomllib.loads(toml_of(client.get(f"{again}/plan").text))
    assert plan["columns"] == {"crp_day0": {"unit": "mg/L", "day": 0.0}}


def _problems(text: str) -> tuple[Problem, ...]:
    return check(pd.read_csv(io.StringIO(text))).problems


def test_what_cannot_be_read_is_said_beside_its_field(client: TestClient) -> None:
    address = checked(client, "messy.csv", MESSY)
    answer = client.post(address, data={"unit-1": "mg/L", "day-1": "soon", "coding-1": "f"})
    assert answer.status_code == 422
    assert 'aria-describedby="day-1-wrong"' in answer.text
    assert 'aria-describedby="coding-1-wrong"' in answer.text
    assert 'value="soon"' in answer.text


def test_which_sheet_is_asked(client: TestClient, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name in ("Patients", "Other"):
        page = book.create_sheet(name)
        page.append(["patient", "crp_mg_l_day0"])
        for number in range(12):
            page.append([f"P{number}", 3 + number])
    book.remove(book["Sheet"])
    book.save(tmp_path / "two.xlsx")
    address = checked(client, "two.xlsx", (tmp_path / "two.xlsx").read_bytes())
    asked = client.get(address).text
    assert "2 sheets hold data: Patients, Other" in asked
    assert '<button type="submit" class="quiet" name="sheet" value="Patients">' in asked
    answer = client.post(address, data={"sheet": "Patients"}, follow_redirects=False)
    again = settled(client, answer.headers["location"])
    assert [row[0] for row in cells(client.get(again).text)] == ["patient", "crp_mg_l_day0"]
    assert tomllib.loads(toml_of(client.get(f"{again}/plan").text))["cohort"]["sheet"] == "Patients"


def test_markup_in_a_header_is_text(client: TestClient) -> None:
    name = "<img src=x onerror=alert(1)>"
    sheet = f"patient,{name}\n" + "".join(f"P{i},{i}\n" for i in range(12))
    address = checked(client, "odd.csv", sheet)
    for page in (address, f"{address}/plan", address.replace("cohort", "validate")):
        text = client.get(page).text
        assert name not in text
        assert html.escape(name) in text


def test_form_and_text_follow_each_other(client: TestClient) -> None:
    address = checked(client, "messy.csv", MESSY)
    plan = f"{address}/plan"
    page = edit(client, plan, event="severe_crs", label="severe CRS", kind="binary", method="index")
    place = place_of(page, "ferritin_ug_l_day0")
    fields = {f"direction-{place}": "high", f"transform-{place}": "log2", "bootstrap": "20"}
    page = edit(client, plan, use=[place], **fields)
    data = tomllib.loads(toml_of(page))
    assert data["outcome"] == {"kind": "binary", "event": "severe_crs", "label": "severe CRS"}
    assert data["predictors"] == [
        {"column": "ferritin_ug_l_day0", "direction": "high", "transform": "log2"}
    ]
    assert data["resampling"] == {"bootstrap": 20}
    assert "Which day-0 values predict severe CRS?" in page
    # the other way: an edit of the text is in the form, with keys that the form does not show
    text = toml_of(page).replace("bootstrap = 20", "bootstrap = 30\n\n[points]\nlargest = 5")
    answer = client.post(
        plan,
        data={"toml": text, "was": was_of(page), "bootstrap": "20"},
        headers={"HX-Request": "true", "HX-Target": "plan-form"},
    )
    assert '<input id="bootstrap" name="bootstrap" type="text" value="30"' in answer.text
    assert "<textarea" not in answer.text  # whoever types is not disturbed
    # loaded again, nothing is lost; and the form leaves alone what it does not show
    assert toml_of(client.get(plan).text) == text
    data = tomllib.loads(toml_of(edit(client, plan, bootstrap="40")))
    assert data["points"] == {"largest": 5}
    assert data["resampling"] == {"bootstrap": 40}
    assert len(data["predictors"]) == 1


def test_an_unknown_key_is_refused_with_its_line(client: TestClient) -> None:
    address = checked(client, "messy.csv", MESSY)
    text = 'schema = "cartwheel-plan/1"\n\n[outcome]\nkind = "binary"\nevnt = "severe_crs"\n'
    answer = client.post(
        f"{address}/plan", data={"toml": text, "was": "other"}, headers={"HX-Request": "true"}
    )
    assert "line 5, outcome.evnt" in answer.text
    assert "did you mean 'event'?" in html.unescape(answer.text)
    answer = client.post(
        f"{address}/plan",
        data={"toml": "[outcome\n", "was": "other"},
        headers={"HX-Request": "true"},
    )
    assert "this is not TOML" in answer.text
    assert toml_of(client.get(f"{address}/plan").text) == "[outcome\n"


def test_a_bad_number_is_refused_beside_its_field(client: TestClient) -> None:
    address = checked(client, "messy.csv", MESSY)
    page = edit(client, f"{address}/plan", bootstrap="many", method="index")
    assert 'aria-describedby="bootstrap-wrong" aria-invalid="true"' in page


def test_a_whole_day_is_chosen_at_once(client: TestClient) -> None:
    address = checked(client, SHEET.name, SHEET.read_bytes())
    page = client.get(f"{address}/plan").text
    group = re.search(r'value="(all:0/0)"', page)
    assert group is not None
    shown = {name: "" for name in re.findall(r'name="(direction-[^"]+)"', page)}
    data = tomllib.loads(toml_of(edit(client, f"{address}/plan", choose=group[1], **shown)))
    named = [entry["column"] for entry in data["predictors"]]
    days = [column.column for column in check(SHEET).columns if column.day == 0]
    assert set(days) < set(named)  # and the ratios of that day
    assert {each["name"] for each in data["derived"]} == set(named) - set(days)


def test_what_is_not_said_is_asked_before_anything_runs(client: TestClient) -> None:
    address = checked(client, "messy.csv", MESSY)
    page = client.get(f"{address}/plan").text
    answer = client.post(f"{address}/run", data={"toml": toml_of(page), "was": was_of(page)})
    assert answer.url.query == b"said=1"
    assert 'id="refused" role="alert" tabindex="-1"' in answer.text
    # said in the form's words, leading to the field, and beside it
    assert '<a href="#event">the outcome</a>' in answer.text
    event = re.search(r'<select id="event".*?>', answer.text, re.S)
    assert event is not None
    assert 'aria-invalid="true"' in event[0]


PLAN = """schema = "cartwheel-plan/1"
method = "index"

[outcome]
event = "severe_crs"
label = "severe CRS"
onset = "crs_onset_day"

[[predictors]]
column = "crp_mg_l_day7"
direction = "high"

[[predictors]]
column = "ferritin_ug_l_day0"
direction = "high"

[index]
permutations = 0

[resampling]
bootstrap = 5
"""


def test_the_guard_speaks_beside_the_value_and_a_mended_plan_runs(client: TestClient) -> None:
    address = checked(client, "messy.csv", MESSY)
    answer = client.post(
        f"{address}/run", data={"toml": PLAN, "was": "other"}, follow_redirects=False
    )
    back = settled(client, answer.headers["location"])
    page = client.get(back).text
    assert "after=" in back
    assert "measured on or after the event in 14 of 14 patients with the event" in page
    place = place_of(page, "crp_mg_l_day7")
    assert f'aria-describedby="use-{place}-wrong"' in page
    mended = PLAN.replace("crp_mg_l_day7", "crp_day0").replace(
        "[index]", '[columns.crp_day0]\nunit = "mg/L"\n\n[index]'
    )
    answer = client.post(
        f"{address}/run", data={"toml": mended, "was": "other"}, follow_redirects=False
    )
    done = settled(client, answer.headers["location"])
    assert "/run/" in done
    page = client.get(done).text
    assert re.search(r'<iframe class="report"[^>]* src="/files/[0-9a-f]+/inside" sandbox>', page)
    for name in ("score.toml", "result.json", "report.html", "program.R", "plan.toml"):
        assert name in page
    # the plan is still there, to be changed and run again
    assert tomllib.loads(toml_of(client.get(f"{address}/plan").text)) == tomllib.loads(mended)


def test_many_columns_are_shown_in_part_and_found(client: TestClient) -> None:
    names = [f"gene_{number}" for number in range(1500)]
    rows = "".join(
        f"P{i}," + ",".join(str((i * 7 + k) % 23) for k in range(1500)) + "\n" for i in range(12)
    )
    address = checked(client, "wide.csv", "patient," + ",".join(names) + "\n" + rows)
    page = client.get(address)
    assert len(cells(page.text)) == 200
    assert [row[0] for row in cells(client.get(f"{address}?q=gene_1499").text)] == ["gene_1499"]
    plan = client.get(f"{address}/plan")
    assert len(re.findall('name="use"', plan.text)) == 200
    assert len(plan.content) < 600_000
    assert place_of(client.get(f"{address}/plan?q=gene_1499").text, "gene_1499") == "1500"


def test_a_form_that_is_no_form_is_refused(client: TestClient) -> None:
    address = checked(client, "messy.csv", MESSY)
    answer = client.post(f"{address}/plan", content=b"{}", headers={"Content-Type": "text/json"})
    assert answer.status_code == 415
    assert client.get("/cohort/nothing").status_code == 404
    # nothing of it was kept
    assert "[outcome]" in toml_of(client.get(f"{address}/plan").text)
