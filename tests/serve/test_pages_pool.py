"""Pool: the table is checked as it is typed, and the full run is what the command gives."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="cartwheel[serve] is not installed")

from starlette.testclient import TestClient

from cartwheel.canonical import canonical_json
from cartwheel.errors import FileRefused
from cartwheel.pooling.plan import PoolPlan, pool_plan_from_dict
from cartwheel.serve.application import create_app
from cartwheel.serve.evidence.forest import forest_of
from cartwheel.serve.evidence.looking import look, refusals
from cartwheel.serve.evidence.options import SWITCHES, VIEWS, plan_of
from cartwheel.serve.evidence.splitting import divided
from cartwheel.serve.evidence.table import (
    COLUMNS,
    MOST_ROWS,
    TypedTable,
    empty_table,
    example_table,
    holds_headers,
    pasted,
    rows_of_text,
    table_of_form,
    table_of_text,
    with_column,
    with_rows,
    without_row,
)
from cartwheel.serve.settings import Settings
from cartwheel.workflows.pool import pool

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "pool" / "cart_effects.csv"
THREE = (
    "study\toutcome\tHR (95% CI)\tn\nA\tPFS\t1.85 (1.20-2.85)\t100\n"
    "B\tPFS\t2.1 (1.3–3.4)\t80\nC\tPFS\t1.2 (0.8-1.9)\t50"
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(folder=tmp_path_factory.mktemp("store"), token="a-token", workers=1)
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8765") as made:
        made.get("/?token=a-token")
        yield made


def form(client: TestClient, table: TypedTable, **more: str) -> dict[str, Any]:
    found = re.search(r'<meta name="csrf" content="(\w+)"', client.get("/pool").text)
    assert found
    return {
        "csrf": found[1],
        "column": list(table.columns),
        "row": [row.key for row in table.rows],
        "cell": [cell for row in table.rows for cell in row.cells],
        **more,
    }


def test_the_example_is_the_table_of_the_examples() -> None:
    assert example_table().csv.splitlines()[0] == EXAMPLE.read_text("utf-8").splitlines()[0]
    place = Path(look.__code__.co_filename).parent / "example.txt"
    assert place.read_bytes() == EXAMPLE.read_bytes()


def test_what_is_drawn_is_what_the_command_computes(tmp_path: Path) -> None:
    path = tmp_path / "studies.csv"
    path.write_bytes(EXAMPLE.read_bytes())
    done = pool(path, {"permutations": 0}).result
    for analysis in done.analyses:
        seen = look(example_table(), {}, analysis.name)
        assert seen.chosen is not None
        assert seen.chosen.main == analysis.main
        assert seen.chosen.studies == analysis.studies
        assert seen.chosen.leave_one_out == analysis.leave_one_out
        if analysis.measure == "HR" and analysis.k == 5:
            break


def test_a_pasted_table_is_taken_with_its_headers() -> None:
    table = pasted(empty_table(), THREE)
    assert table.columns == ("study", "outcome", "HR (95% CI)", "n")
    assert [row.cells[0] for row in table.filled] == ["A", "B", "C"]
    more = pasted(table, "study\tyear\tHR (95% CI)\nD\t2024\t1.1 (0.9-1.4)")
    assert more.columns == (*table.columns, "year")
    assert more.filled[-1].cells == ("D", "", "1.1 (0.9-1.4)", "", "2024")
    assert len({row.key for row in more.rows}) == len(more.rows)


def test_pasted_cells_go_where_they_were_pasted() -> None:
    table = pasted(empty_table(), "1.2\t3.4\n1.1\t2.9", ("r2", 6))
    assert table.rows[1].cells[6:8] == ("1.2", "3.4")
    assert table.rows[2].cells[6:8] == ("1.1", "2.9")
    assert table.columns == COLUMNS
    grown = pasted(table, "\n".join("x\ty" for _ in range(9)), ("r4", 10))
    assert len(grown.rows) == 12
    assert len(grown.columns) == len(COLUMNS) + 1


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ('a\t"two\nlines"\tc', ["a", "two lines", "c"]),
        ("a;1,85;c", ["a", "1,85", "c"]),
        ("a,b,c", ["a", "b", "c"]),
        ("1,85 (1,20-2,85)", ["1", "85 (1", "20-2", "85)"]),
    ],
)
def test_text_is_divided_as_sheets_write_it(text: str, cells: list[str]) -> None:
    assert rows_of_text(text)[0] == cells


def test_headers_are_told_from_studies() -> None:
    assert holds_headers(["study", "HR", "lower", "upper"])
    assert holds_headers(["Author", "Hazard ratio (95% CI)", "P value", "remarks"])
    assert not holds_headers(["Dean", "2.1", "1.1", "3.4"])
    assert not holds_headers(["Dean", "PFS"])


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("1.85 (1.20-2.85), p=0.005",
         {"estimate": "1.85", "low": "1.20", "high": "2.85", "p": "0.005"}),
        ("HR 1.85, 95% CI 1.20 to 2.85; p < 0.001",
         {"estimate": "1.85", "low": "1.20", "high": "2.85", "p": "< 0.001", "CI level": "95"}),
        ("0.70 [90% CI 0.5; 0.98]",
         {"estimate": "0.70", "low": "0.5", "high": "0.98", "CI level": "90"}),
        ("1.85", {"estimate": "1.85", "low": "", "high": "", "p": ""}),
        ("1.85 (1.20", {"estimate": "1.85 (1.20", "low": ""}),
    ],
)  # fmt: skip
def test_a_cell_as_papers_print_it_is_divided(cell: str, parts: dict[str, str]) -> None:
    table = pasted(empty_table(), f"A\t\tPFS\t\tHR\t{cell}")
    ready = divided(table)
    row = dict(zip(ready.table.columns, ready.table.rows[0].cells, strict=True))
    assert {name: row.get(name, "") for name in parts} == parts


def test_nothing_is_divided_over_what_stands_there() -> None:
    table = pasted(empty_table(), "A\t\tPFS\t\tHR\t1.85 (1.20-2.85), p=0.005\t1.1\t\t0.2")
    assert divided(table).changed == {}


def test_a_half_typed_row_waits_and_a_wrong_one_is_said() -> None:
    table = pasted(
        empty_table(),
        THREE + "\nD\tPFS\t1.4 (1.\t\nE\tPFS\t\t\nF\tPFS\t1.2 (1.9-0.8)\t\nG\tPFS\tabout two\t",
    )
    seen = look(table, {})
    assert [one.state for one in seen.said] == [
        "read", "read", "read", "not yet", "not yet", "wrong", "wrong",
    ]  # fmt: skip
    assert seen.chosen is not None
    assert seen.chosen.k == 3
    assert seen.said[3].cells == ()
    assert seen.said[5].cells == (2,)
    # in the words of the command
    told = [str(problem.what) for problem in refusals(divided(table).table.csv, {})]
    assert seen.said[5].problems[0].what in told
    assert seen.left_out == (5, 7, 8)
    assert refusals(divided(table).table.csv, {"leave_out": ["row 5", "row 7", "row 8"]}) == ()


def test_two_columns_of_one_kind_are_said_of_the_table() -> None:
    seen = look(table_of_text("study,HR,low,lower\nA,2,1,1"), {})
    assert [one.code for one in seen.problems] == ["two_columns"]
    assert seen.said == ()


def test_every_switch_says_a_plan_that_is_one() -> None:
    for name, (_, choices) in SWITCHES.items():
        assert plan_of({name: choices[0][0]}) == {}
        assert PoolPlan().model_dump()[name] in (choices[0][0], 0.95)
        for value, _ in choices[1:]:
            pool_plan_from_dict(plan_of({name: value}))
    full = plan_of({"grade": "high", "gosh": "yes", "subgroups": "country", "level": "0.9"})
    assert pool_plan_from_dict(full).level == 0.9


@pytest.mark.parametrize("view", [name for name, _ in VIEWS])
def test_every_view_lies_within_its_drawing(view: str) -> None:
    seen = look(example_table(), {"subgroups": ["country"]})
    for analysis in seen.analyses:
        drawn = forest_of(analysis, view)
        if drawn is None:
            continue
        for mark in drawn.marks:
            assert 0 <= mark.low <= mark.at <= mark.high <= 100 or mark.kind == "prediction"
        assert list(drawn.ticks) == sorted(drawn.ticks)
        assert all(0 <= at <= 100 for at, _ in drawn.ticks)


def test_rows_and_columns_come_and_go() -> None:
    table = with_column(with_rows(empty_table(), 2), "country")
    assert len(table.rows) == 7
    assert {len(row.cells) for row in table.rows} == {len(COLUMNS) + 1}
    assert [row.key for row in without_row(table, "r3").rows] == [
        "r1",
        "r2",
        "r4",
        "r5",
        "r6",
        "r7",
    ]
    one = without_row(TypedTable(("a",), table.rows[:1]), "r1")
    assert len(one.rows) == 1
    with pytest.raises(FileRefused, match="takes 200 rows"):
        with_rows(table, MOST_ROWS)
    with pytest.raises(FileRefused, match="whole"):
        table_of_form({"column": ["a", "b"], "row": ["r1"], "cell": ["x"]})


def test_the_page_checks_and_draws(client: TestClient) -> None:
    table = pasted(empty_table(), THREE + "\nF\tPFS\t1.2 (1.9-0.8)\t")
    answer = client.post("/pool/look", data=form(client, table), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    text = unescape(answer.text)
    assert "<html" not in text
    assert "style=" not in text  # the policy would drop it
    assert "3 rows pooled, <b" in text
    assert "the lower limit 1.9 is above the upper limit 0.8" in text.lower()
    done = pool_of(table, leave_out=["row 5"])
    assert f"HR {done['value']:.2f} ({done['low']:.2f}–{done['high']:.2f})" in text


def pool_of(table: TypedTable, **plan: Any) -> dict[str, float]:
    import tempfile  # noqa: PLC0415 - here alone

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "studies.csv"
        path.write_text(table.csv, "utf-8")
        found = pool(path, plan).result.analyses[0].main.pooled
    return {"value": found.value or 0, "low": found.low or 0, "high": found.high or 0}


def test_what_is_typed_is_escaped(client: TestClient) -> None:
    table = pasted(empty_table(), THREE.replace("A\t", "<script>alert(1)</script>\t"))
    for address in ("/pool/look", "/pool/table", "/pool"):
        text = client.post(address, data=form(client, table)).text
        assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


@pytest.mark.parametrize(("deed", "rows"), [("rows", 9), ("remove:r1", 3), ("empty", 5), ("", 4)])
def test_every_step_works_without_scripts(client: TestClient, deed: str, rows: int) -> None:
    table = pasted(empty_table(), THREE)
    answer = client.post("/pool", data=form(client, table, do=deed))
    assert answer.status_code == 200
    assert answer.text.count('name="row"') == rows


def test_the_table_is_downloaded_divided(client: TestClient) -> None:
    table = pasted(empty_table(), "A\t\tPFS\t\tHR\t1.85 (1.20-2.85), p=0.005")
    answer = client.post("/pool/table.csv", data=form(client, table))
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[1] == "A,,PFS,,HR,1.85,1.20,2.85,0.005,,"


def test_a_row_that_is_wrong_is_refused_before_the_run(client: TestClient) -> None:
    table = pasted(empty_table(), THREE + "\nF\tPFS\t1.2 (1.9-0.8)\t")
    plain = client.post("/pool/run", data=form(client, table), follow_redirects=False)
    assert plain.status_code == 422
    assert 'tabindex="-1"' in plain.text
    assert "row 5 (F)" in plain.text
    assert 'href="#said-r4"' in plain.text
    assert 'value="1.2 (1.9-0.8)"' in plain.text, "what was typed is still there"
    empty = client.post("/pool/run", data=form(client, empty_table()), follow_redirects=False)
    assert "There are no studies" in empty.text or "there are no studies" in empty.text


def test_the_full_run_is_what_the_command_gives(client: TestClient, tmp_path: Path) -> None:
    table = pasted(empty_table(), THREE + "\nF\tPFS\t1.2 (1.9-0.8)\t")
    asked = form(client, table, unfinished="yes", method="DL", grade="high", title="Three studies")
    answer = client.post("/pool/run", data=asked, follow_redirects=False)
    assert answer.status_code == 303
    address = answer.headers["location"]
    for _ in range(600):
        text = client.get(address).text
        if 'id="job-outputs"' in text or "refused" in text:
            break
        time.sleep(0.1)
    found = re.search(r'href="/files/(\w+)"[^>]*>Download[^/]*result\.json', text)
    assert found, text
    path = tmp_path / "studies.csv"
    path.write_text(table.csv, "utf-8")
    plan = {
        "method": "DL",
        "grade": {"start": "high"},
        "title": "Three studies",
        "leave_out": ["row 5"],
    }
    given = client.get(f"/files/{found[1]}").text
    assert json.loads(given)["result"]["analyses"][0]["k"] == 3
    assert given == canonical_json(pool(path, plan))
    again = client.get(f"/pool?job={address.rpartition('/')[2]}").text
    assert again.count('name="row"') == 5
    assert '<option value="DL" selected>' in again


def test_a_file_is_taken_or_refused(client: TestClient) -> None:
    token = form(client, empty_table())["csrf"]
    taken = client.post(
        "/pool/files",
        data={"csrf": token},
        files={"file": ("more.csv", b"study,HR,low,high\nD,2,1.1,3.6\n")},
        headers={"HX-Request": "true", "X-CSRF-Token": token},
    )
    assert taken.status_code == 200
    assert "more.csv" in taken.text
    assert " checked" in taken.text
    assert "more.csv" in client.get("/pool").text
    refused = client.post(
        "/pool/files",
        data={"csrf": token},
        files={"file": ("more.exe", b"MZ")},
        headers={"HX-Request": "true", "X-CSRF-Token": token},
    )
    assert refused.status_code == 422
    assert "neither a table nor a result" in refused.text
    assert "more.exe" not in client.get("/pool").text
