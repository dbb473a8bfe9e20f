"""The paper of a development: every number from the JSON, every word from the catalogue."""

from __future__ import annotations

import ast
import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from on_demand import OnDemand
from paper_parts import allowed, cells, runs, shown, text_of
from report_example import documents

from cartwheel.errors import FileRefused
from cartwheel.figures.atlas import figure_table
from cartwheel.figures.gallery import FIGURES
from cartwheel.report import paper as room
from cartwheel.report.document.blocks import (
    Bullets,
    Caution,
    Checklist,
    Document,
    Figure,
    Heading,
    Paragraph,
    Table,
)
from cartwheel.report.paper import paper
from cartwheel.report.paper.figures import table_csv
from cartwheel.report.places import place_of, value_at
from cartwheel.report.words import words

DOCUMENTS = documents()
PAPERS = OnDemand(DOCUMENTS, lambda kind: paper(DOCUMENTS[kind]))
SAY = words("en")
HOSTILE = '<b>a&b</b> #1 *x* _y_ @z $q$ {n} {0.__class__} =1+1 \u05d0\u05d1 \u7ec6\u80de \u202e"'
KINDS = pytest.mark.parametrize("kind", list(DOCUMENTS))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures out: drawing takes most of the time."""
    monkeypatch.setattr("cartwheel.report.paper.develop_figures.builders", lambda _: {})


def _of(document: Document, kind: type[Any]) -> list[Any]:
    return [block for block in document.blocks if isinstance(block, kind)]


@KINDS
def test_every_place_is_in_the_json_and_shows_its_rounded_number(kind: str) -> None:
    document = DOCUMENTS[kind]
    wrong = []
    for place, text in shown(PAPERS[kind]):
        value = value_at(document, place)
        if value is None:
            wrong.append((place, "nothing there"))
        elif isinstance(value, str):
            # words of the result stand as they are or in a label; choices of the plan have words
            if value.strip() not in text and text not in SAY.catalogue.values():
                wrong.append((place, text))
        elif text.strip() not in allowed(SAY, document, place, value):
            wrong.append((place, text))
    assert wrong == []


@KINDS
def test_a_digit_without_a_place_comes_from_the_catalogue(kind: str) -> None:
    said = set(re.findall(r"\d+", " ".join(SAY.catalogue.values())))
    stray = [
        run.text
        for block in PAPERS[kind].blocks
        for run in runs(block)
        if not run.source and not set(re.findall(r"\d+", run.text)) <= said
    ]
    assert stray == []


@KINDS
def test_apparent_is_never_without_corrected(kind: str) -> None:
    alone = []
    for block in PAPERS[kind].blocks:
        items = [tuple(run.source for run in runs(block))]
        if isinstance(block, Table):
            items = [tuple(cell.id for cell in row.cells) for row in block.rows]
        for sources in items:
            for source in sources:
                if source.endswith(".apparent"):
                    partner = source.removesuffix("apparent") + "corrected"
                    alone += [source] if partner not in sources else []
    assert alone == []
    assert any(place.endswith(".apparent") for place, _ in shown(PAPERS[kind]))


@KINDS
def test_every_part_has_one_name(kind: str) -> None:
    ids = [
        block.id
        for block in PAPERS[kind].blocks
        if not isinstance(block, Paragraph | Bullets | Caution)
    ]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9-]+", id) for id in ids)


@KINDS
def test_rows_fit_their_columns(kind: str) -> None:
    for table in _of(PAPERS[kind], Table):
        assert table.rows
        assert {len(row.cells) for row in table.rows} <= {1, len(table.columns)}
        assert all(column.width > 0 for column in table.columns)
        assert all(column.label for column in table.columns)


@KINDS
def test_figures_have_words_data_and_drawing(kind: str) -> None:
    figures = {figure.id: figure for figure in _of(PAPERS[kind], Figure)}
    expected = {
        "figure-" + name.replace("_", "-")
        for name, (_, applies) in FIGURES.items()
        if applies(DOCUMENTS[kind]["result"])
    }
    assert expected <= set(figures) <= expected | {"figure-nomogram"}
    for figure in figures.values():
        assert figure.svg.startswith("<svg")
        assert figure.alt != figure.caption
        assert len(figure.csv.splitlines()) > 1
        assert figure.width in {"single", "double"}


def test_every_figure_of_the_gallery_has_words_and_data() -> None:
    for name in FIGURES:
        for part in ("caption", "alt", "part"):
            assert f"develop.figure.{name}.{part}" in SAY
        assert all(figure_table(document, name) for document in DOCUMENTS.values())


@pytest.mark.usefixtures("undrawn")
@KINDS
def test_limitations_soften_nothing(kind: str) -> None:
    document, made = copy.deepcopy(DOCUMENTS[kind]), PAPERS[kind]
    document["referee"] = {
        "kind": "develop",
        "summary": "3 findings.",
        "findings": [
            {"code": code, "severity": code, "what": f"What {code}.", "evidence": f"Shown {code}.",
             "mend": "Mend.", "source": ""}
            for code in ("critical", "major", "minor", "information")
        ],
        "passed": [{"code": "asked", "answered": False, "text": "cannot tell"}],
        "domains": [
            {"instrument": "PROBAST", "domain": "analysis", "question": "4.1?", "answer": "",
             "because": ""}
        ],
    }  # fmt: skip
    made = paper(document)
    told = {"".join(run.text for run in block.runs): block.severity for block in _of(made, Caution)}
    for note in document["result"]["notes"]:
        if note["severity"] == "caution":
            assert told[note["text"]] == "caution"
        else:
            assert note["text"] in text_of(made)
    assert told["What critical. Here: Shown critical. (critical)"] == "critical"
    assert told["What major. Here: Shown major. (major)"] == "major"
    assert told["What minor. Here: Shown minor. (minor)"] == "caution"
    assert "What information. Here: Shown information. (information)" in text_of(made)
    referee = next(table for table in _of(made, Table) if table.id == "table-referee")
    assert [[cell.text for cell in row.cells[1:]] for row in referee.rows] == [
        [finding[part] for part in ("code", "mend", "source")]
        for finding in document["referee"]["findings"]
    ]
    assert "cannot tell" in text_of(made)
    assert SAY("shared.domains.person") in text_of(made)


@KINDS
def test_works_are_listed_in_the_order_of_their_citation(kind: str) -> None:
    made = PAPERS[kind]
    keys: list[str] = []
    for block in made.blocks:
        keys += [key for run in runs(block) for key in run.cites]
        keys += list(block.cites) if isinstance(block, Checklist) else []
    assert [work.key for work in made.references] == list(dict.fromkeys(keys))
    assert {"harrell1996", "noma2021"} <= set(keys)


@KINDS
def test_the_plan_stands_line_by_line(kind: str) -> None:
    document = DOCUMENTS[kind]
    table = next(table for table in _of(PAPERS[kind], Table) if table.id == "table-plan")
    lines = {row.cells[0].text: row.cells[1].text for row in table.rows}
    assert lines["method"] == document["plan"]["method"]
    assert document["provenance"]["data_sha256"] in text_of(PAPERS[kind])
    assert f"cartwheel {document['provenance']['cartwheel']}" in text_of(PAPERS[kind])


@KINDS
def test_the_same_document_gives_the_same_paper(kind: str) -> None:
    # through text, as a file would be read
    again = json.loads(json.dumps(DOCUMENTS[kind]))
    assert paper(again) == PAPERS[kind]


def _lacking() -> list[tuple[str, str]]:
    return [
        (kind, f"{part}.{name}" if name else part)
        for kind, document in DOCUMENTS.items()
        for part in ("result", "plan", "provenance")
        for name in ("", *document[part])
        if f"{part}.{name}" != "result."
    ]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("kind", "place"), _lacking())
def test_parts_that_a_file_lacks_are_left_out(kind: str, place: str) -> None:
    document = copy.deepcopy(DOCUMENTS[kind])
    part, _, name = place.partition(".")
    if name:
        del document[part][name]
    else:
        del document[part]
    made = paper(document, checklists=())
    assert len(made.blocks) > 10
    assert all(value_at(document, source) is not None for source, _ in shown(made))


@KINDS
def test_figures_without_their_part_are_left_out(kind: str) -> None:
    document = copy.deepcopy(DOCUMENTS[kind])
    for name in ("calibration", "roc", "outcome", "cutoffs"):
        del document["result"][name]
    drawn = {figure.id for figure in _of(paper(document, checklists=()), Figure)}
    assert not drawn & {"figure-calibration", "figure-roc", "figure-cutoff-wander"}


def test_a_full_figure_goes_on_several_sheets() -> None:
    document = copy.deepcopy(DOCUMENTS["points"])
    curves = document["result"]["splines"]
    document["result"]["splines"] = [
        {**curves[0], "column": f"c{at}", "label": f"Marker {at}."} for at in range(14)
    ]
    made = paper(document, checklists=())
    sheets = [one for one in _of(made, Figure) if one.id.startswith("figure-dose-response")]
    assert [one.id[-2:] for one in sheets] == ["-1", "-2", "-3"]
    assert "Marker 5." in sheets[0].alt
    assert "Marker 5." not in sheets[1].alt + sheets[1].csv
    assert "Marker 13." in sheets[2].csv


@pytest.mark.usefixtures("undrawn")
@KINDS
def test_a_file_without_referee_and_notes_says_so(kind: str) -> None:
    document = copy.deepcopy(DOCUMENTS[kind])
    document["result"]["notes"] = []
    document["referee"] = None
    made = paper(document, checklists=())
    assert SAY("shared.limitations.none") in text_of(made)
    assert "referee" not in {heading.id for heading in _of(made, Heading)}


@pytest.mark.usefixtures("undrawn")
@KINDS
def test_hostile_names_stand_as_they_are(kind: str) -> None:
    document = copy.deepcopy(DOCUMENTS[kind])
    result = document["result"]
    result["title"] = result["outcome"]["label"] = HOSTILE
    for part in ("columns", "table_one", "cutoffs", "score_card", "groups", "splines", "roc"):
        for row in result[part]:
            row["name" if part == "groups" else "label"] = HOSTILE
    made = paper(document, checklists=())
    assert made.title == HOSTILE
    table = next(table for table in _of(made, Table) if table.id == "table-1")
    assert any(HOSTILE in row.cells[0].text for row in table.rows)
    assert text_of(made).count(HOSTILE) > 20


def test_a_spreadsheet_finds_no_formula() -> None:
    text = table_csv(["=a", "n"], [["=1+1", -2.5], ["+x", None], ["plain", 3]])
    assert text == "'=a,n\n'=1+1,-2.5\n'+x,\nplain,3\n"


@pytest.mark.usefixtures("undrawn")
def test_simulated_is_said() -> None:
    assert PAPERS["index"].simulated is DOCUMENTS["index"]["result"]["simulated"] is True
    document = copy.deepcopy(DOCUMENTS["points"])
    assert paper(document, checklists=()).simulated is False
    document["provenance"]["data_name"] = "Simulated_patients.csv"
    assert paper(document, checklists=()).simulated is True


@pytest.mark.usefixtures("undrawn")
def test_checklists_can_be_chosen() -> None:
    document = DOCUMENTS["points"]
    assert _of(paper(document, checklists=()), Checklist) == []
    assert [one.id for one in _of(paper(document, checklists=["strobe"]), Checklist)] == ["strobe"]
    assert len(_of(PAPERS["points"], Checklist)) > 1


@pytest.mark.parametrize(
    ("document", "asked", "code"),
    [
        ({"kind": "landmark", "result": {}}, {}, "no_paper"),
        ({"kind": "develop"}, {}, "no_paper"),
        ({}, {}, "no_paper"),
        (DOCUMENTS["points"], {"language": "tlh"}, "language_unknown"),
        (DOCUMENTS["points"], {"checklists": ["prisma-2020"]}, "checklist_other_kind"),
    ],
)
def test_what_cannot_be_written_is_refused(
    document: dict[str, Any], asked: dict[str, Any], code: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        paper(document, **asked)
    assert refused.value.problems[0].code == code


def test_no_sentence_stands_in_code() -> None:
    found = []
    for path in sorted(Path(room.__file__).parent.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and isinstance(node.body[0], ast.Expr)
        }
        found += [
            f"{path.name}:{node.lineno} {node.value}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            if id(node) not in docstrings
            if " " in node.value.strip() and node.value.rstrip().endswith((".", ":", ";"))
        ]
    assert found == []


def test_places_are_read_and_written() -> None:
    document = {"a": {"b": [{"c": 1}, [2, 3]]}, "d.e": {"f": 4}}
    assert value_at(document, "a.b[0].c") == 1
    assert value_at(document, "a.b[1][1]") == 3
    for nowhere in ("a.b[7].c", "a.x", "a.b.c", "a.b[0]c[", "a[0]"):
        assert value_at(document, nowhere) is None
    assert place_of(("a", "b", 0, "c")) == "a.b[0].c"
    assert place_of(("a", "d.e", "f")) == "a"


def test_a_real_development_is_written(run_cartwheel: Any, car22: Path, tmp_path: Path) -> None:
    done = run_cartwheel(
        "develop", car22, "--method", "index", "--event", "severe_crs_astct", "--predictors",
        "ferritin_ug_l_day0,crp_mg_l_day0", "--direction", "high", "--missing", "impute",
        "--imputations", "3", "--bootstrap", "10", "--json", "result.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    made = paper(document)
    assert all(value_at(document, place) is not None for place, _ in shown(made))
    identifiers = {line.split(",")[0] for line in car22.read_text().splitlines()[1:]}
    assert not any(one in text_of(made) for one in identifiers if len(one) > 3)
    assert any(cells(block) for block in made.blocks)
