"""Pool: files join the table in the drawing as in the full run, and every option is there."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="cartwheel[serve] is not installed")

from starlette.testclient import TestClient

from cartwheel.canonical import canonical_json
from cartwheel.cli.pool import pool as command
from cartwheel.errors import PlanRefused, Refused
from cartwheel.pooling.plan import PoolPlan, pool_plan_from_dict
from cartwheel.pooling.study.table import read_studies
from cartwheel.serve.application import create_app
from cartwheel.serve.evidence.file_rows import KeptRows
from cartwheel.serve.evidence.kept_rows import LEVELS, MOST_KEPT, kept_rows, opened_rows
from cartwheel.serve.evidence.looking import look, refusals
from cartwheel.serve.evidence.options import plan_of, typed_of
from cartwheel.serve.evidence.splitting import divided
from cartwheel.serve.evidence.table import TypedTable, empty_table, example_table, pasted
from cartwheel.serve.settings import Settings
from cartwheel.workflows.pool import pool

ROOT = Path(__file__).resolve().parents[2]
THREE = (
    "study\toutcome\tHR (95% CI)\nA\tPFS\t1.85 (1.20-2.85)\nB\tPFS\t2.1 (1.3-3.4)\n"
    "C\tPFS\t1.2 (0.8-1.9)"
)
MORE = "study,outcome,HR,low,high\nD,PFS,1.4,1.1,1.9\nE,PFS,2.0,1.2,3.1\n"
WRONG = MORE + "F,PFS,2,3,1\n"
# options of the command that are no field of the form
ELSEWHERE = {
    "files": "the table, and files that are uploaded",
    "plan": "plan_toml: its text",
    "json": "result.json of the job",
    "report": "report.html of the job",
    "r_script": "program.R of the job",
    "save_plan": "plan.toml of the job",
    "figures": "drawn in the report",
}
CALLED = {"subgroup": "subgroups"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(folder=tmp_path_factory.mktemp("store"), token="a-token", workers=1)
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8765") as made:
        made.get("/?token=a-token")
        yield made


def form(client: TestClient, table: TypedTable, **more: Any) -> dict[str, Any]:
    found = re.search(r'<meta name="csrf" content="(\w+)"', client.get("/pool").text)
    assert found
    return {
        "csrf": found[1],
        "column": list(table.columns),
        "row": [row.key for row in table.rows],
        "cell": [cell for row in table.rows for cell in row.cells],
        **more,
    }


def uploaded(client: TestClient, name: str, content: bytes) -> str:
    """Upload a file on the page, and give its id."""
    token = form(client, empty_table())["csrf"]
    headers = {"HX-Request": "true", "X-CSRF-Token": token}
    taken = client.post(
        "/pool/files", data={"csrf": token}, files={"file": (name, content)}, headers=headers
    )
    assert taken.status_code == 200, taken.text
    assert taken.headers["HX-Trigger-After-Settle"] == "look"
    found = re.search(r'value="(\w+)"', taken.text)
    assert found
    return found[1]


def looked_until_read(client: TestClient, asked: dict[str, Any]) -> str:
    for _ in range(60):
        text = unescape(client.post("/pool/look", data=asked).text)
        if "is being read" not in text:
            return text
        assert "data-again" in text
        time.sleep(0.2)
    raise AssertionError(text)


def kept(path: Path, sheet: str | None = None) -> KeptRows:
    return KeptRows(path.name, "read", json.loads(kept_rows(path, sheet)))


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "pool").glob("*.csv")), ids=str)
def test_what_was_kept_of_a_table_is_read_as_the_table(path: Path, tmp_path: Path) -> None:
    plan = PoolPlan()
    there, again = (
        read_studies([path], plan=plan),
        read_studies([opened_rows(kept(path), plan, tmp_path)], plan=plan),
    )
    assert there.studies == again.studies
    assert there.notes == again.notes
    assert there.left_out == again.left_out
    assert there.sources == again.sources


def test_what_was_kept_of_a_workbook_is_read_as_the_workbook(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for line in (["study", "outcome", "HR", "low", "high", "seen"],
                 ["D", "PFS", 1.4, 1.1, 1.9, True], ["E", "PFS", 2, 1.2, None, 7],
                 ["G", "PFS", "1,5", "1,1", "2,2", None]):  # fmt: skip
        book.active.append(line)
    book.save(tmp_path / "more.xlsx")
    path = tmp_path / "more.xlsx"
    plan = PoolPlan(leave_out=("E",))
    there = read_studies([path], plan=plan)
    again = read_studies([opened_rows(kept(path), plan, tmp_path)], plan=plan)
    assert there.studies == again.studies
    assert there.notes == again.notes


def test_what_was_kept_of_a_result_is_read_as_the_result(
    tmp_path: Path, run_cartwheel: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    centres = ROOT / "examples" / "validate"
    asked = ("--event", "severe_crs", "--bootstrap", "30", "--simulated")
    made = run_cartwheel(
        "develop", centres / "simulated_centre_a.csv", *asked, "--method", "points",
        "--predictors", "ferritin_ug_l_day0,crp_mg_l_day0", "--direction", "high",
        "--json", "developed.json", "--score", "mine.toml",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    held = run_cartwheel(
        "validate", centres / "simulated_centre_d.csv", "--score", "mine.toml", *asked,
        "--json", "validated.json", "--share", "share.json",
    )  # fmt: skip
    assert held.returncode == 0, held.stderr
    for name in ("developed.json", "validated.json", "share.json"):
        path = tmp_path / name
        for level in LEVELS:
            plan = PoolPlan(level=level)
            there = read_studies([path], plan=plan)
            again = read_studies([opened_rows(kept(path), plan, tmp_path)], plan=plan)
            assert there.studies
            assert there.studies == again.studies
            assert there.notes == again.notes
            assert there.left_out == again.left_out
            assert there.sources == again.sources
            assert there.simulated == again.simulated


def test_a_level_that_was_not_kept_waits_for_the_full_run(tmp_path: Path) -> None:
    made = KeptRows("result.json", "read", {"kind": "result", "levels": {}})
    with pytest.raises(PlanRefused, match="full run"):
        opened_rows(made, PoolPlan(level=0.8), tmp_path)


def test_a_table_of_very_many_rows_waits_for_the_full_run(tmp_path: Path) -> None:
    text = "study,HR,low,high\n" + "A,2,1,4\n" * (MOST_KEPT + 1)
    with pytest.raises(Refused, match="full run"):
        kept_rows(written(tmp_path, "many.csv", text), None)


def test_files_and_table_are_drawn_as_the_full_run_pools_them(tmp_path: Path) -> None:
    table = pasted(empty_table(), THREE)
    more = written(tmp_path, "more.csv", MORE)
    typed = written(tmp_path, "studies.csv", divided(table).table.csv)
    seen = look(table, {}, files=[kept(more)])
    done = pool([typed, more], {"permutations": 0}).result
    assert seen.chosen is not None
    assert seen.chosen.k == 5
    assert seen.chosen.main == done.analyses[0].main
    assert [(file.name, file.studies, file.state) for file in seen.files] == [
        ("more.csv", 2, "read")
    ]
    assert [one.state for one in seen.said] == ["read"] * 3
    alone = look(empty_table(), {}, files=[kept(more)])
    assert alone.chosen is not None
    assert alone.chosen.k == 2


def test_a_wrong_row_of_a_file_is_named_and_left_out_by_file(tmp_path: Path) -> None:
    table = pasted(empty_table(), THREE + "\nX\tPFS\t1.2 (1.9-0.8)")
    wrong = kept(written(tmp_path, "more.csv", WRONG))
    seen = look(table, {}, files=[wrong])
    assert seen.chosen is not None
    assert seen.chosen.k == 5
    assert seen.files[0].left_out == ("more.csv:4",)
    assert [one.where for one in seen.files[0].problems] == ["more.csv, row 4 (F)"]
    assert seen.unfit == ("studies.csv:5", "more.csv:4")
    csv = divided(table).table.csv
    told = {one.where for one in refusals(csv, {}, [wrong])}
    assert told == {"studies.csv, row 5 (X)", "more.csv, row 4 (F)"}
    assert refusals(csv, {"leave_out": list(seen.unfit)}, [wrong]) == ()


def test_a_file_that_gives_no_studies_is_said_and_the_rest_is_drawn(tmp_path: Path) -> None:
    table = pasted(empty_table(), THREE)
    none = kept(written(tmp_path, "flow.csv", "box,count\nrecords,120\nstudies,3\n"))
    gone = KeptRows("later.csv", "being read", {})
    seen = look(table, {}, files=[none, gone])
    assert [file.state for file in seen.files] == ["wrong", "being read"] or (
        seen.files[0].studies == 0
    )
    assert seen.waits
    assert seen.chosen is not None
    assert seen.chosen.k == 3


def test_a_file_joins_as_soon_as_it_is_uploaded(client: TestClient, tmp_path: Path) -> None:
    file = uploaded(client, "more.csv", MORE.encode())
    table = pasted(empty_table(), THREE)
    text = looked_until_read(client, form(client, table, file=file))
    typed = written(tmp_path, "studies.csv", divided(table).table.csv)
    more = written(tmp_path, "more.csv", MORE)
    found = pool([typed, more]).result.analyses[0].main.pooled
    assert f"HR {found.value:.2f} ({found.low:.2f}–{found.high:.2f})" in text
    assert "more.csv: 2 rows pooled" in re.sub("<[^>]+>", "", text)
    # read once: what was read is kept with the file
    jobs = client.get("/jobs").text
    assert jobs.count("Studies of more.csv") == 1
    looked_until_read(client, form(client, table, file=file, method="DL"))
    assert client.get("/jobs").text.count("Studies of more.csv") == 1
    client.post(f"/files/{file}/delete", data={"csrf": form(client, table)["csrf"]})
    assert "Studies of more.csv" not in client.get("/jobs").text


def test_the_full_run_with_files_is_what_the_command_gives(
    client: TestClient, tmp_path: Path
) -> None:
    # of the name that the typed table has: neither takes the place of the other
    file = uploaded(client, "studies.csv", WRONG.encode())
    table = pasted(empty_table(), THREE + "\nX\tPFS\t1.2 (1.9-0.8)")
    asked = form(client, table, file=file, method="DL")
    looked_until_read(client, asked)
    refused = client.post("/pool/run", data=asked, follow_redirects=False)
    assert refused.status_code == 422
    assert "studies.csv, row 4 (F)" in refused.text
    assert "studies (2).csv, row 5 (X)" in refused.text
    assert f'value="{file}" form="studies" checked' in refused.text
    answer = client.post("/pool/run", data={**asked, "unfinished": "y"}, follow_redirects=False)
    assert answer.status_code == 303
    address = answer.headers["location"]
    for _ in range(600):
        text = client.get(address).text
        if 'id="job-outputs"' in text or "refused" in text:
            break
        time.sleep(0.1)
    found = re.search(r'href="/files/(\w+)"[^>]*>Download[^/]*result\.json', text)
    assert found, text
    paths = [
        written(tmp_path, "studies.csv", WRONG),
        written(tmp_path, "studies (2).csv", divided(table).table.csv),
    ]
    plan = {"method": "DL", "leave_out": ["studies (2).csv:5", "studies.csv:4"]}
    assert client.get(f"/files/{found[1]}").text == canonical_json(pool(paths, plan))
    again = client.get(f"/pool?job={address.rpartition('/')[2]}").text
    assert f'value="{file}" form="studies" checked' in again


def test_what_is_no_table_is_said_above_the_list_of_files(client: TestClient) -> None:
    token = form(client, empty_table())["csrf"]
    answer = client.post(
        "/pool/files",
        data={"csrf": token},
        files={"file": ("more.exe", b"MZ")},
        headers={"HX-Request": "true", "X-CSRF-Token": token},
    )
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#file-said"
    assert 'id="file-said"' in client.get("/pool").text


def test_every_option_of_the_command_is_on_the_page(client: TestClient) -> None:
    text = client.get("/pool").text
    options = set(inspect.signature(command).parameters)
    assert set(ELSEWHERE) <= options
    for name in options - set(ELSEWHERE):
        assert f'name="{CALLED.get(name, name)}"' in text, name
    assert 'name="plan_toml"' in text


FULL = {
    "title": "All of it", "method": "DL", "interval": "normal", "prediction": "none",
    "level": "0.9", "overlap": "keep_first", "small_studies": "no", "harm": "below",
    "proportion_scale": "arcsine", "quality": "QUIPS", "measure": "HR", "outcome": "PFS; OS",
    "group": "mm", "leave_out": "Smith 2024; row 3", "subgroups": "country; design",
    "regress": "year + n", "same_outcome": "infection (grade >=3) = infection\nOS = death",
    "same_group": "a = b", "order": "precision", "cluster": "centre", "sheet": "Table 1",
    "permutations": "50", "seed": "7", "planned": "yes", "rare": "yes", "gosh": "yes",
    "fail_safe": "yes", "strict": "yes", "simulated": "yes", "grade": "high",
    "plan_toml": "add = 0.25\n",
}  # fmt: skip


def test_every_field_says_its_key_of_the_plan_and_comes_back() -> None:
    plan = plan_of(FULL)
    read = pool_plan_from_dict(plan)
    assert read.outcome == ("PFS", "OS")
    assert read.same_outcome == {"infection (grade >=3)": "infection", "OS": "death"}
    assert read.leave_out == ("Smith 2024", "row 3")
    assert (read.permutations, read.seed, read.add, read.level) == (50, 7, 0.25, 0.9)
    assert read.grade.start == "high"
    default = PoolPlan()
    assert all(getattr(read, name) != getattr(default, name) for name in plan)
    assert plan_of(typed_of(plan)) == plan


def test_a_plan_that_no_field_can_say_stays_as_toml() -> None:
    plan = {
        "columns": {"Hazard": "estimate"}, "level": 0.8, "method": "DL", "outcome": ["a; b"],
        "grade": {"start": "high", "information_size": 300.0},
    }  # fmt: skip
    typed = typed_of(plan)
    assert typed["method"] == "DL"
    assert typed["grade"] == "high"
    assert plan_of(typed) == plan
    assert plan_of({**typed, "method": "PM"})["method"] == "PM"


def test_a_plan_that_cannot_be_read_is_said(client: TestClient) -> None:
    table = pasted(empty_table(), THREE)
    for name, typed, words in (
        ("plan_toml", "method = ", "not TOML"), ("same_outcome", "PFS", "WRITTEN = TAKEN"),
        ("seed", "many", "seed"), ("plan_toml", "metod = 'DL'", "metod"),
    ):  # fmt: skip
        asked = form(client, table, **{name: typed})
        assert words in unescape(client.post("/pool/look", data=asked).text)
        refused = client.post("/pool/run", data=asked, follow_redirects=False)
        assert refused.status_code == 422
        assert words in unescape(refused.text)


def test_the_row_of_the_example_that_cannot_be_is_there_on_purpose(client: TestClient) -> None:
    seen = look(example_table(), {})
    (wrong,) = (one for one in seen.said if one.state == "wrong")
    (row,) = (row for row in example_table().filled if row.key == wrong.key)
    assert row.cells[example_table().columns.index("study")] == "Mayo Clinic Arizona"
    assert [one.code for one in wrong.problems] == ["impossible_interval"]
    page = client.get("/pool?example=true").text
    assert "The row “Mayo Clinic Arizona” of the example cannot be" in page
    assert "0.01 outside its own interval, 0.05 to 0.5. It stands here on purpose" in page
    assert "on purpose" not in client.get("/pool").text


def test_a_cell_reads_no_file_that_lies_elsewhere(tmp_path: Path) -> None:
    for name in ("time", "curve"):
        written(tmp_path, f"{name}.csv", "time,survival\n0,1\n6,0.5\n12,0.2\n")
    elsewhere = tmp_path / "curve.csv"
    for place in (str(elsewhere), "../curve.csv"):
        text = (
            "study,outcome,measure,curve_high,curve_low,at_risk_high,at_risk_low\n"
            f"A,OS,HR,{place},{place},0:50; 6:25,0:50; 6:25\nB,OS,HR,,,,\n"
        )
        folder = tmp_path / "below"
        folder.mkdir(exist_ok=True)
        with pytest.raises(Refused) as refused:
            read_studies([written(folder, "studies.csv", text)], plan=PoolPlan())
        assert "file_elsewhere" in {one.code for one in refused.value.problems}
