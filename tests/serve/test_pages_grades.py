"""Grades: typed days are graded as the command grades the same chart, and nothing is kept."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="cartwheel[serve] is not installed")

from starlette.testclient import TestClient

from cartwheel.clinic.grading import GRADING_RULES
from cartwheel.clinic.toxicity.assessment import Grade
from cartwheel.errors import CohortRefused
from cartwheel.serve.application import create_app
from cartwheel.serve.charting.chart import GROUPS, chart_of, with_day, without_day
from cartwheel.serve.charting.drawing import drawing_of
from cartwheel.serve.charting.example import example_form
from cartwheel.serve.charting.grades import graded
from cartwheel.serve.settings import Settings
from cartwheel.store.database import open_store
from cartwheel.store.kept_files import files_of
from cartwheel.workflows.grade_charts import grade_charts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    settings = Settings(folder=folder, token="a-token", workers=1)
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8765") as made:
        made.get("/?token=a-token")
        yield made


def form(client: TestClient, **changed: Any) -> dict[str, Any]:
    found = re.search(r'<meta name="csrf" content="(\w+)"', client.get("/grades").text)
    assert found
    return {"csrf": found[1], **example_form(), **changed}


def test_every_grade_is_that_of_the_command(tmp_path: Path) -> None:
    chart = chart_of(example_form())
    path = tmp_path / "chart.csv"
    path.write_text(chart.csv, "utf-8")
    found = graded(chart)
    assert found.wrong == ()
    assert [one.rule.id for one in found.graded] == [
        "astct-crs", "astct-icans", "icaht-early", "t-icaht-early",
    ]  # fmt: skip
    for one in found.graded:
        commanded = grade_charts(path, one.rule.id, by_day=one.rule.id == "astct-crs")
        rows = [row.grade for row in commanded.patients[0].rows if isinstance(row.grade, Grade)]
        told: list[Grade | None] = [grade for _, grade in one.by_day] or [one.whole]
        assert [row.possible for row in rows] == [each.possible for each in told if each]
        assert [row.deciding for row in rows] == [each.deciding for each in told if each]


def test_what_is_not_charted_is_open_and_never_no() -> None:
    found = graded(chart_of({"day": ["0"], "temperature": ["39"], "temperature-unit": ["Cel"]}))
    crs = found.graded[0]
    assert crs.by_day[0][1].grade is None
    assert crs.by_day[0][1].possible == (1, 2, 3, 4)
    assert crs.worst == "open: grade 1 to 4"
    assert graded(chart_of({})).graded == ()


def test_a_unit_is_never_guessed() -> None:
    found = graded(chart_of({"day": ["0", "1"], "temperature": ["39", "38.2"]}))
    assert [one.problem.code for one in found.wrong_with("temperature")] == ["no_unit", "no_unit"]
    ((days, problem),) = found.told_with("temperature")
    assert days == "0, 1"
    assert "Cel" in problem.mend


def test_a_wrong_cell_is_said_and_counts_as_unknown() -> None:
    typed = example_form()
    typed["ice"][4] = "12"
    typed["temperature"][1] = "hot"
    typed["neutrophils"][3] = "-1"
    typed["age"] = ["200"]
    found = graded(chart_of(typed))
    assert {(one.name, one.day) for one in found.wrong} == {
        ("ice", "4"), ("temperature", "1"), ("neutrophils", "3"), ("age", ""),
    }  # fmt: skip
    by_rule = {one.rule.id: one for one in found.graded}
    assert dict(by_rule["astct-icans"].by_day)["4"].grade is None
    assert dict(by_rule["astct-crs"].by_day)["1"].grade is None


@pytest.mark.parametrize(
    ("day", "code"), [("3", "two_rows"), ("soon", "not_a_day"), ("", "no_day")]
)
def test_a_day_that_is_none_is_said(day: str, code: str) -> None:
    typed = example_form()
    typed["day"][4] = day
    found = graded(chart_of(typed))
    assert [one.problem.code for one in found.wrong_with("day")] == [code]
    assert len(found.graded[0].by_day) == 9


def test_late_rules_speak_once_a_late_day_is_charted() -> None:
    typed = example_form()
    typed["day"][-1] = "45"
    typed["last_follow_up_day"] = ["90"]
    told = {one.rule.id for one in graded(chart_of(typed)).graded}
    assert {"icaht-late", "t-icaht-late"} <= told


def test_days_come_and_go() -> None:
    chart = with_day(chart_of(example_form()))
    assert chart.days[-1] == "13"
    assert all(len(line.values) == 11 for line in chart.by_day)
    assert without_day(chart, 10).days == chart.days[:-1]
    assert without_day(chart_of({"day": ["0"]}), 0).days == ("0",)
    with pytest.raises(CohortRefused, match="whole"):
        chart_of({"day": ["0", "1"], "temperature": ["38"]})


def test_the_drawing_shows_what_is_certain_and_what_is_possible() -> None:
    found = graded(chart_of(example_form()))
    drawn = drawing_of(found.graded[0], found)
    assert drawn is not None
    open_ = [bar for bar in drawn.bars if bar.open_height]
    assert [bar.told for bar in open_] == ["1–4"]
    assert [name for name, _, _ in drawn.marks] == [
        "Antipyretic", "Anticytokine therapy", "Corticosteroid",
    ]  # fmt: skip
    assert all(0 <= bar.y <= drawn.base and bar.x < drawn.width for bar in drawn.bars)


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_asks_all_that_its_rules_ask(client: TestClient, group: str) -> None:
    text = client.post("/grades", data={**form(client), "group": group}).text
    names = {one.name for rule in chart_of({"group": [group]}).rules for one in rule.inputs}
    for name in names - {"crs_before"}:
        assert f'name="{name}"' in text


def test_the_page_grades_as_it_is_typed(client: TestClient) -> None:
    answer = client.post("/grades/look", data=form(client), headers={"HX-Request": "true"})
    text = unescape(answer.text)
    assert answer.status_code == 200
    assert "<html" not in text
    assert "style=" not in text
    assert "vasopressors norepinephrine: one vasopressor" in text
    assert "oxygen_device" in text
    wrong = form(client, temperature=["<b>hot</b>"] + [""] * 9)
    answer = client.post("/grades/look", data=wrong, headers={"HX-Request": "true"})
    assert "<b>hot" not in answer.text
    assert 'data-of="temperature"' in answer.text


def test_the_chart_is_downloaded_and_nothing_is_kept(client: TestClient, folder: Path) -> None:
    answer = client.post("/grades/chart.csv", data=form(client))
    assert answer.text == chart_of(example_form()).csv
    store = open_store(folder)
    assert files_of(store, None) == ()
    assert files_of(store, None, "output") == ()
    store.close()
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"norepinephrine" not in kept


def test_a_file_of_charts_is_graded_as_a_job(client: TestClient) -> None:
    page = client.get("/grades").text
    assert all(f'name="rule-{name}"' in page for name in GRADING_RULES)
    token = form(client)["csrf"]
    content = chart_of(example_form()).csv.encode()
    asked = {"csrf": token, "rule-astct-crs": "yes", "by_day": "yes", "map": "", "units": ""}
    files = {"file": ("simulated-chart.csv", content)}
    answer = client.post("/grades/file", data=asked, files=files, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/jobs/")
    without = {"csrf": token, "map": "ANC"}
    refused = client.post("/grades/file", data=without, files=files)
    assert refused.status_code == 422
    assert "ANC" in refused.text


def test_the_grades_are_downloaded_as_the_command_writes_them(
    client: TestClient,
    tmp_path: Path,
    run_cartwheel: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    chart = chart_of(example_form())
    for example, name in ((True, "simulated-chart.csv"), (False, "chart.csv")):
        (tmp_path / name).write_text(chart.csv, "utf-8")
        rules = [part for one in graded(chart).graded for part in ("--rule", one.rule.id)]
        done = run_cartwheel(
            "grade", name, *rules, "--by-day", "--json", "grades.json", "--rows", "rows.csv"
        )
        assert done.returncode == 0, done.stderr
        typed = form(client, example="yes") if example else form(client)
        told = client.post("/grades/grades.json", data=typed)
        assert told.content == (tmp_path / "grades.json").read_bytes()
        assert ("simulated" in told.headers["content-disposition"]) is example
        rows = client.post("/grades/rows.csv", data=typed)
        assert rows.content == (tmp_path / "rows.csv").read_bytes()


def test_a_chart_that_is_wrong_or_empty_is_not_downloaded_as_grades(client: TestClient) -> None:
    wrong = client.post("/grades/grades.json", data=form(client, temperature=["hot"] + [""] * 9))
    assert wrong.status_code == 422
    assert 'tabindex="-1"' in wrong.text
    assert 'value="hot"' in wrong.text, "what was typed is still there"
    token = form(client)["csrf"]
    empty = client.post("/grades/grades.json", data={"csrf": token})
    assert empty.status_code == 422
    assert "nothing is charted that a rule grades" in empty.text


def test_a_single_day_is_written_as_a_single_chart(
    client: TestClient,
    tmp_path: Path,
    run_cartwheel: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    typed = {
        "csrf": form(client)["csrf"], "group": ["crs"], "day": ["1"], "temperature": ["39.1"],
        "temperature-unit": ["Cel"], "hypotension": ["no"], "oxygen_device": ["room air"],
        "vasopressors": ["none"],
    }  # fmt: skip
    told = client.post("/grades/grades.json", data=typed)
    done = run_cartwheel(
        "grade", "--rule", "astct-crs", "--set", "temperature=39.1 Cel", "--set", "hypotension=no",
        "--set", "oxygen_device=room air", "--set", "vasopressors=none", "--json", "one.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ours, theirs = told.json(), json.loads((tmp_path / "one.json").read_text("utf-8"))
    assert ours["result"]["grades"][0]["possible"] == [1]
    # the page knows the day as well
    assert ours["result"]["grades"][0].pop("at") == "day 1"
    assert theirs["result"]["grades"][0].pop("at") is None
    assert ours == theirs
    rows = client.post("/grades/rows.csv", data=typed)
    assert rows.status_code == 422
    assert "chart a second day" in rows.text


def test_an_empty_chart_is_read_by_the_command_once_it_is_filled(
    client: TestClient, tmp_path: Path
) -> None:
    token = form(client)["csrf"]
    answer = client.post("/grades/template.csv", data={"csrf": token, "group": list(GROUPS)})
    lines = list(csv.reader(io.StringIO(answer.text)))
    asked = chart_of({"group": list(GROUPS)})
    assert len(lines[0]) == 2 + len(asked.by_day) + len(asked.once)
    assert {len(line) for line in lines} == {len(lines[0])}
    place = lines[0].index("temperature (Cel)")
    lines[1][place] = "39.1"
    lines[1][lines[0].index("age (years)")] = "60"
    path = tmp_path / "chart.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(lines)
    found = grade_charts(path, "astct-crs").patients[0].rows[0].grade
    assert isinstance(found, Grade)
    assert found.possible == (1, 2, 3, 4)


def test_the_items_of_ice_are_shown_where_they_are_wanted_or_filled(client: TestClient) -> None:
    assert not chart_of(example_form()).by_item
    assert chart_of({**example_form(), "ice-items": ["yes"]}).by_item
    assert chart_of({"day": ["0"], "ice_year": ["1"]}).by_item
    hidden = client.post("/grades/table", data=form(client)).text
    assert hidden.count('<tr class="item">') == 8
    assert 'name="ice-items" value="yes">' in hidden


def test_the_grades_so_far_stay_in_sight(client: TestClient) -> None:
    live = client.post("/grades/look", data=form(client), headers={"HX-Request": "true"}).text
    line = live[live.index('id="so-far"') :]
    assert 'hx-swap-oob="true"' in line
    assert "CRS <b>open: grade 3 to 4</b>" in line
    whole = client.get("/grades?example=true").text
    assert whole.count('id="so-far"') == 1
    assert "hx-swap-oob" not in whole
