"""The paper of a meta-analysis: every number from the JSON, every word from the catalogue."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from paper_parts import runs, shown, text_of
from paper_places import strays
from pool_example import documents
from reference_data import not_carried

from cartwheel.report.document.blocks import (
    Bullets,
    Caution,
    Document,
    Figure,
    Heading,
    Paragraph,
    Table,
)
from cartwheel.report.paper import paper
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.pool_effects import Effects, holds
from cartwheel.report.places import value_at
from cartwheel.report.words import words

DOCUMENTS = documents()
KINDS = pytest.mark.parametrize("kind", list(DOCUMENTS))
SAY = words("en")
HOSTILE = '<b>a&b</b> #1 *x* _y_ @z $q$ {n} {0.__class__} =1+1 \u05d0\u05d1 \u7ec6\u80de \u202e"'
_MADE: dict[str, Document] = {}


def made(kind: str) -> Document:
    """Each paper is drawn once."""
    if kind not in _MADE:
        _MADE[kind] = paper(DOCUMENTS[kind])
    return _MADE[kind]


def of(document: Document, kind: type[Any]) -> list[Any]:
    return [block for block in document.blocks if isinstance(block, kind)]


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes most of the time."""
    monkeypatch.setattr("cartwheel.report.paper.pool_figures.figure_block", lambda *_: None)


@KINDS
def test_every_place_is_in_the_json_and_shows_its_rounded_number(kind: str) -> None:
    assert strays(DOCUMENTS[kind], made(kind)) == []
    assert sum(1 for _ in shown(made(kind))) > 100


@KINDS
def test_every_part_has_one_name_and_rows_fit(kind: str) -> None:
    ids = [b.id for b in made(kind).blocks if not isinstance(b, Paragraph | Bullets | Caution)]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9-]+", id) for id in ids)
    for one in of(made(kind), Table):
        assert {len(row.cells) for row in one.rows} <= {1, len(one.columns)}, one.id
    assert all(block.runs for block in of(made(kind), Paragraph))


@KINDS
def test_figures_have_words_data_and_drawing(kind: str) -> None:
    figures = of(made(kind), Figure)
    pools = [one for one in DOCUMENTS[kind]["result"]["analyses"] if one["k"] > 1]
    forests = [figure for figure in figures if figure.id.startswith("figure-forest")]
    assert len(forests) == len(pools)
    for figure in figures:
        assert figure.svg.startswith("<svg")
        assert figure.alt != figure.caption
        assert len(figure.csv.splitlines()) > 1


@KINDS
def test_every_caution_is_told(kind: str) -> None:
    result = DOCUMENTS[kind]["result"]
    told = ["".join(run.text for run in block.runs) for block in of(made(kind), Caution)]
    lists = [result["notes"], *(one["notes"] for one in result["analyses"])]
    for note in (note for notes in lists for note in notes):
        if note["severity"] == "caution":
            assert any(note["text"] in text for text in told), note["text"]


@KINDS
def test_a_pool_is_told_with_every_doubt(kind: str) -> None:
    said = text_of(made(kind))
    for at, one in enumerate(DOCUMENTS[kind]["result"]["analyses"]):
        if one["k"] < 2:
            assert one["studies"][0]["study"] in said
            continue
        ids = {place for place, _ in shown(made(kind))}
        place = f"result.analyses[{at}]"
        assert f"{place}.main.pooled" in ids
        assert f"{place}.heterogeneity.tau2" in ids
        for part in ("models", "leave_one_out", "cumulative"):
            for number, row in enumerate(one[part]):
                name = "pooled" if part == "models" else "estimate"
                if row[name]["value"] is not None:
                    assert f"{place}.{part}[{number}].{name}" in ids


def test_studies_keep_what_was_printed_and_how_it_was_converted() -> None:
    studies = DOCUMENTS["ferritin"]["result"]["studies"]
    table = next(one for one in of(made("ferritin"), Table) if one.id == "table-studies")
    assert [row.cells[4].text for row in table.rows] == [one["reported"] for one in studies]
    assert all(one["conversion"] in " ".join(table.notes) for one in studies)


def test_questions_are_answered_where_they_were_asked() -> None:
    ids = {one.id for one in of(made("ferritin"), Table)}
    assert {"table-records", "table-quality-1", "table-grade", "table-subgroups-1-1"} <= ids
    assert any(one.id == "table-accuracy-1" for one in of(made("accuracy"), Table))
    assert "fewer than ten studies" in text_of(made("ferritin"))


def test_a_prediction_interval_that_crosses_is_said() -> None:
    # 0.88 to 6.14 holds 1, 1.62 to 3.33 does not
    pool = DOCUMENTS["ferritin"]["result"]["analyses"][0]
    assert pool["main"]["prediction_low"] < 1 < pool["main"]["pooled"]["low"]
    assert "what holds on average need not hold in the next setting" in text_of(made("ferritin"))


@KINDS
def test_the_same_document_gives_the_same_paper(kind: str) -> None:
    assert paper(json.loads(json.dumps(DOCUMENTS[kind]))) == made(kind)


@pytest.mark.parametrize("part", ["result", "plan", "provenance"])
@KINDS
def test_parts_that_a_file_lacks_are_left_out(kind: str, part: str, undrawn: None) -> None:
    for name in DOCUMENTS[kind][part]:
        document = dict(DOCUMENTS[kind])
        document[part] = {key: value for key, value in document[part].items() if key != name}
        less = paper(document, checklists=())
        assert len(less.blocks) > 5
        assert all(value_at(document, place) is not None for place, _ in shown(less))


def test_hostile_names_stand_as_they_are(undrawn: None) -> None:
    document = copy.deepcopy(DOCUMENTS["ferritin"])
    result = document["result"]
    result["title"] = HOSTILE
    for row in (*result["studies"], *(row for one in result["analyses"] for row in one["studies"])):
        row["study"] = HOSTILE
    for one in result["analyses"]:
        one["name"] = one["outcome"] = HOSTILE
    told = paper(document, checklists=())
    assert told.title == HOSTILE
    assert text_of(told).count(HOSTILE) > 30
    assert strays(document, told) == []


def test_sharing_changes_nothing(undrawn: None) -> None:
    document = DOCUMENTS["few"]
    plain = paper(document, checklists=())
    assert paper(document, share=True, checklists=()) == plain


def test_works_are_cited_for_what_was_done() -> None:
    keys = {key for block in made("ferritin").blocks for run in runs(block) for key in run.cites}
    assert {"viechtbauer2005", "knapp2003", "tierney2007", "hayden2013", "page2021prisma"} <= keys
    listed = [work.key for work in made("ferritin").references]
    assert len(listed) == len(set(listed))
    assert keys <= set(listed)


def test_effects_are_written_by_their_measure() -> None:
    numbers = Numbers({"result": {}}, SAY)
    assert Effects(numbers, "proportion").text(0.1234) == "12.3%"
    assert Effects(numbers, "HR").text(2.346) == "2.35"
    assert Effects(numbers, "HR").text(1e9).startswith(">")
    assert Effects(numbers, "HR").text(None) == SAY("shared.not_estimable")
    assert Effects(numbers, "XY").name() == "XY"


@pytest.mark.parametrize(
    ("low", "high", "null", "inside"),
    [(0.8, 1.2, 1.0, True), (1.1, 1.2, 1.0, False), (None, 1.2, 1.0, None), (0.8, 1.2, None, None)],
)
def test_an_interval_holds_no_effect_or_not(
    low: float | None, high: float, null: float | None, inside: bool | None
) -> None:
    assert holds({"low": low, "high": high}, null) is inside


def test_the_real_effects_are_written(
    run_cartwheel: Callable[..., Any], shared: Path, tmp_path: Path, undrawn: None
) -> None:
    table = shared / "facts" / "cart_effects.csv"
    if not table.is_file():
        not_carried(table.name)
    done = run_cartwheel("pool", table, "--json", "pool.json")
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "pool.json").read_text(encoding="utf-8"))
    told = paper(document)
    assert strays(document, told) == []
    headed = [one.text for one in of(told, Heading)]
    assert sum(one["k"] > 1 for one in document["result"]["analyses"]) == sum(
        one["name"] in headed for one in document["result"]["analyses"] if one["k"] > 1
    )
