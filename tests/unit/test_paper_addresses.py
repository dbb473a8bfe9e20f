"""Every number in a table of a paper is called the same in all formats, and found by that name."""

from __future__ import annotations

import copy
import io
import json
import re
import subprocess
import zipfile
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from pool_example import documents as pool_documents
from report_example import documents as develop_documents
from typer.testing import CliRunner
from validation_documents import DOCUMENTS as VALIDATIONS

from cartwheel.cli.application import app
from cartwheel.errors import FileRefused
from cartwheel.report.address import Address, read_address
from cartwheel.report.addressed import addressed, addresses, said_at
from cartwheel.report.document.blocks import Document, Figure, Table
from cartwheel.report.document.docx import document_docx
from cartwheel.report.document.html import document_html
from cartwheel.report.document.pdf import document_pdf
from cartwheel.report.document.plain_text import document_text
from cartwheel.report.paper import paper
from cartwheel.report.places import value_at

DOCUMENTS: dict[str, Any] = {
    **{f"develop {name}": one for name, one in develop_documents().items()},
    **{f"validate {name}": make for name, make in VALIDATIONS.items()},
    **{f"pool {name}": one for name, one in pool_documents().items()},
}
ALL = pytest.mark.parametrize("name", DOCUMENTS)
# one of each kind, where a format is slow to write
SOME = pytest.mark.parametrize("name", ["develop points", "validate small", "pool few"])


@cache
def document(name: str) -> dict[str, Any]:
    found = DOCUMENTS[name]
    return dict(found() if callable(found) else found)


@cache
def drawn(name: str) -> Document:
    return paper(document(name))


class Cells(HTMLParser):
    """Place that every cell of a page carries, by table, row and column."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.at = [0, 0, 0]
        self.inside = False
        self.found: dict[tuple[int, int, int], str] = {}
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "table":
            self.at = [self.at[0] + 1, 0, 0]
            self.ids.append(said["id"] or "")
        self.inside = tag == "tbody" or (self.inside and tag != "thead")
        if tag == "tr" and self.inside:
            self.at = [self.at[0], self.at[1] + 1, 0]
        if tag in {"th", "td"} and self.inside:
            self.at[2] += 1
            self.found[self.at[0], self.at[1], self.at[2]] = said.get("data-source") or ""

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "tbody"


@ALL
def test_every_cell_is_found_by_the_name_that_the_page_gives_it(name: str) -> None:
    page = Cells(document_html(drawn(name)))
    cells = [one for one in addresses(document(name)) if one.address.startswith("T")]
    assert {tuple(map(int, one.address[1:].split("."))): one.place for one in cells} == page.found
    assert list(dict.fromkeys(one.id for one in cells)) == page.ids
    numeric = [one for one in cells if one.place and re.search(r"\d", one.text)]
    assert len(numeric) > 20
    for one in numeric:
        assert value_at(document(name), one.place) is not None
    for one in numeric[:: max(1, len(numeric) // 5)]:
        asked = read_address(one.address)
        assert asked is not None
        assert addressed(document(name), asked) == (one,)


@ALL
def test_figures_are_counted_without_being_drawn(name: str) -> None:
    figures = [block.id for block in drawn(name).blocks if isinstance(block, Figure)]
    found = [one for one in addresses(document(name)) if one.address.startswith("F")]
    assert list(dict.fromkeys(one.id for one in found)) == figures
    assert {one.address for one in found} == {f"F{at + 1}" for at in range(len(figures))}
    for one in found:
        assert value_at(document(name), one.place) is not None, one
        # the whole result would be no answer
        assert one.place != "result"


@pytest.mark.parametrize("language", ["de", "zh"])
def test_the_language_does_not_matter(language: str) -> None:
    for name in ("develop index", "validate toxicity", "pool ferritin"):
        made = paper(document(name), language, pictures=False, drawn=False)
        ids = [block.id for block in made.blocks if isinstance(block, Table | Figure)]
        english = [block.id for block in drawn(name).blocks if isinstance(block, Table | Figure)]
        assert ids == english


@SOME
def test_the_name_stands_under_every_table_and_figure_in_all_formats(name: str) -> None:
    made = drawn(name)
    marks = re.findall(r"[TF]\d+ · [a-z0-9-]+", document_text(made))
    kinds = [mark[0] for mark in marks]
    assert kinds.count("F") == sum(isinstance(block, Figure) for block in made.blocks)
    assert len(marks) == len(set(marks)) > 5
    word = document_docx(made)
    body = zipfile.ZipFile(io.BytesIO(word)).read("word/document.xml").decode()
    said = re.sub(r"<[^>]+>", "", body)
    page = re.sub(r"<[^>]+>", "", document_html(made))
    for mark in marks:
        assert mark in said
        assert mark in page
        bookmark = ("b_" + mark.partition(" · ")[2].replace("-", "_"))[:40]
        assert body.count(f'w:name="{bookmark}"') == 1


def test_the_pdf_says_the_names(tmp_path: Path) -> None:
    made = drawn("validate small")
    path = tmp_path / "paper.pdf"
    path.write_bytes(document_pdf(made))
    done = subprocess.run(
        ["pdftotext", "-raw", str(path), "-"], capture_output=True, text=True, check=False
    )
    marks = re.findall(r"[TF]\d+ · [a-z0-9-]+", document_text(made))
    # a long id may break between lines
    said = re.sub(r"\s+", "", done.stdout)
    assert [mark for mark in marks if mark.replace(" ", "") not in said] == []


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("table 2", Address("table", 2, "")),
        ("Table 2 row 3 column 4", Address("table", 2, "", 3, 4)),
        ("table 2, row 3, column 4", Address("table", 2, "", 3, 4)),
        ("T2.3.4", Address("table", 2, "", 3, 4)),
        ("t2", Address("table", 2, "")),
        ("Tabelle 2 Zeile 3 Spalte 4", Address("table", 2, "", 3, 4)),
        ("表2", Address("table", 2, "")),
        ("figure 1", Address("figure", 1, "")),
        ("F1", Address("figure", 1, "")),
        ("Abb. 12", Address("figure", 12, "")),
        ("table-performance", Address("", 0, "table-performance")),
        ("table-1.2.3", Address("", 0, "table-1", 2, 3)),
        ("performance.measures[0].corrected", None),
        ("table_one[0].smd", None),
        ("result.tau2", None),
        ("", None),
        ("T", None),
    ],
)
def test_what_a_reader_points_at_is_read(asked: str, read: Address | None) -> None:
    assert read_address(asked) == read


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("T99", "no_table"),
        ("figure 99", "no_figure"),
        ("table-nothing", "no_table"),
        ("T1.99", "no_cell"),
        ("T1.1.99", "no_cell"),
    ],
)
def test_what_a_paper_does_not_have_is_refused(asked: str, code: str) -> None:
    address = read_address(asked)
    assert address is not None
    with pytest.raises(FileRefused) as refused:
        addressed(document("develop points"), address)
    assert refused.value.problems[0].code == code
    assert refused.value.problems[0].mend


def test_words_of_the_paper_are_no_number() -> None:
    words = next(
        one
        for one in addresses(document("develop points"))
        if one.address.startswith("T") and not one.place
    )
    address = read_address(words.address)
    assert address is not None
    with pytest.raises(FileRefused) as refused:
        addressed(document("develop points"), address)
    assert refused.value.problems[0].code == "only_words"


def test_a_table_of_words_alone_is_refused_as_its_cells_are() -> None:
    whole = document("develop points")
    placed: dict[str, bool] = {}
    for one in addresses(whole):
        table = one.address.partition(".")[0]
        placed[table] = placed.get(table, False) or bool(one.place)
    tables = [table for table, there in placed.items() if not there]
    # what moved since an older version is told in words
    assert tables
    for asked in (*tables, f"{tables[0]}.1", f"{tables[0]}.1.1"):
        address = read_address(asked)
        assert address is not None
        with pytest.raises(FileRefused) as refused:
            addressed(whole, address)
        (problem,) = refused.value.problems
        assert (problem.code, problem.where) == ("only_words", asked.partition(".")[0])
        # to list it would be refused again
        assert "list" not in problem.mend


def test_a_number_of_a_sentence_is_found_by_what_is_said() -> None:
    name = "develop points"
    shown = [
        run
        for block in drawn(name).blocks
        for run in getattr(block, "runs", ())
        if run.source.endswith(".corrected")
    ]
    assert shown
    for run in shown:
        places = {one.place for one in said_at(document(name), run.text)}
        assert run.source in places
    with pytest.raises(FileRefused, match="no number of it"):
        said_at(document(name), "123456.789")


def _file(tmp_path: Path, name: str) -> Path:
    whole = copy.deepcopy(document(name))
    whole["schema"] = f"cartwheel/{whole['kind']}/1"
    path = tmp_path / "result.json"
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def test_the_command_follows_and_lists(tmp_path: Path) -> None:
    name = "develop points"
    path, run = _file(tmp_path, name), CliRunner()
    cell = next(
        one for one in addresses(document(name)) if one.place.endswith("measures[0].corrected")
    )
    done = run.invoke(app, ["trace", str(path), cell.address])
    assert done.exit_code == 0
    assert cell.place in done.stdout
    assert "computed by" in done.stdout
    listed = run.invoke(app, ["trace", str(path), f"table {cell.address[1:].split('.')[0]}"])
    assert f"{cell.address}  {cell.place}  {cell.text}" in listed.stdout
    drawn_from = run.invoke(app, ["trace", str(path), "F1"])
    assert "computed by" in drawn_from.stdout
    assert drawn_from.exit_code == 0
    said = run.invoke(app, ["trace", str(path), "--said", cell.text.split(" ")[0]])
    assert cell.place in said.stdout
    as_json = run.invoke(app, ["trace", str(path), "T1", "--json", str(tmp_path / "t.json")])
    assert as_json.exit_code == 0
    assert json.loads((tmp_path / "t.json").read_text())[0]["address"].startswith("T1.")
    # of a figure of several parts every part is traced, and stdout holds the JSON alone
    figure = next(
        one.address
        for one in addresses(document(name))
        if one.address.startswith("F")
        and sum(other.address == one.address for other in addresses(document(name))) > 1
    )
    traced = run.invoke(app, ["trace", str(path), figure, "--json", "-"])
    assert [one["place"] for one in json.loads(traced.stdout)] == [
        one.place for one in addresses(document(name)) if one.address == figure
    ]
    # a paper that leaves the centre has other tables
    shared = run.invoke(app, ["trace", str(path), "figure 1", "--share"])
    assert shared.exit_code == 0
    refused = run.invoke(app, ["trace", str(path), "T99"])
    assert refused.exit_code == 2
