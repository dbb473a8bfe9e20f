"""The paper of an appraisal: every number from the JSON, every word from the catalogue."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from paper_parts import runs, shown, text_of
from paper_places import strays

from cartwheel.canonical import plain
from cartwheel.pooling.appraisal.claim import Beside
from cartwheel.pooling.appraisal.model import ModelClaim
from cartwheel.pooling.appraisal.words import PaperWords, ValidationAsked
from cartwheel.report.document.blocks import Bullets, Caution, Document, Paragraph, Table
from cartwheel.report.paper import paper
from cartwheel.report.places import value_at
from cartwheel.report.words import words
from cartwheel.workflows.appraise import appraise

SAY = words("en")
HOSTILE = '<b>a&b</b> #1 *x* _y_ @z $q$ {n} {0.__class__} =1+1 \u05d0\u05d1 \u7ec6\u80de \u202e"'


def of(document: Document, kind: type[Any]) -> list[Any]:
    return [block for block in document.blocks if isinstance(block, kind)]


def pooled() -> dict[str, Any]:
    """A printed hazard ratio with its I2."""
    beside = Beside(k="8", i2="22", outcome="PFS")
    return plain(appraise(pooled=("HR 2.15 (1.74-2.66)",), beside=beside))  # type: ignore[no-any-return]


def model() -> dict[str, Any]:
    """A model of few events, what its reader says of it, and a validation that is planned."""
    claim = ModelClaim(120, 40, 22, auc=0.82, validation=ValidationAsked(n=100, threshold=0.2))
    said = PaperWords(cutoffs_searched=4, screened="univariable", split="random", nri=True)
    return plain(appraise(model=claim, words=said))  # type: ignore[no-any-return]


DOCUMENTS = {"pooled": pooled(), "model": model()}
KINDS = pytest.mark.parametrize("kind", list(DOCUMENTS))


@KINDS
def test_every_place_is_in_the_json_and_shows_its_rounded_number(kind: str) -> None:
    made = paper(DOCUMENTS[kind])
    assert strays(DOCUMENTS[kind], made) == []
    assert sum(1 for _ in shown(made)) > 40


@KINDS
def test_every_part_has_one_name_and_rows_fit(kind: str) -> None:
    made = paper(DOCUMENTS[kind])
    ids = [b.id for b in made.blocks if not isinstance(b, Paragraph | Bullets | Caution)]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9-]+", id) for id in ids)
    for one in of(made, Table):
        assert {len(row.cells) for row in one.rows} <= {1, len(one.columns)}, one.id


@KINDS
def test_what_cannot_be_known_and_every_caution_is_told(kind: str) -> None:
    result = DOCUMENTS[kind]["result"]
    made = paper(DOCUMENTS[kind])
    told = ["".join(run.text for run in block.runs) for block in of(made, Caution)]
    part = result["model"] or result["pooled"][0]
    assert part["unknown"]
    for text in (*part["unknown"], *part["assumptions"]):
        assert text in text_of(made)
    for note in part["notes"]:
        assert note["severity"] != "caution" or note["text"] in told


def test_the_referee_is_asked_where_the_file_does_not_hold_its_findings() -> None:
    made = paper(DOCUMENTS["model"])
    said = text_of(made)
    assert "4 cut-offs searched" in said
    assert SAY("appraise.limits.referee") in said
    assert not any(place.startswith("referee") for place, _ in shown(made))
    # findings that are in the file have their places
    finding = {"code": "x", "severity": "major", "what": "What.", "evidence": "Shown.",
               "mend": "Mend.", "source": ""}  # fmt: skip
    held = {"summary": "1 finding.", "findings": [finding], "passed": [], "domains": []}
    document = {**DOCUMENTS["model"], "referee": held}
    kept = paper(document)
    assert SAY("appraise.limits.referee") not in text_of(kept)
    assert any(place == "referee.findings[0].what" for place, _ in shown(kept))


def test_the_expected_stands_beside_the_printed() -> None:
    table = next(one for one in of(paper(DOCUMENTS["model"]), Table) if one.id == "table-model")
    auc, _, slope = table.rows[:3]
    assert auc.cells[1].id == "result.model.auc_apparent"
    assert auc.cells[2].id == "result.model.auc_corrected"
    assert [cell.text for cell in slope.cells[1:]] == ["1", "0.42"]


@KINDS
def test_the_same_document_gives_the_same_paper(kind: str) -> None:
    assert paper(json.loads(json.dumps(DOCUMENTS[kind]))) == paper(DOCUMENTS[kind])
    assert paper(DOCUMENTS[kind], share=True) == paper(DOCUMENTS[kind])


@pytest.mark.parametrize("part", ["result", "plan", "provenance"])
@KINDS
def test_parts_that_a_file_lacks_are_left_out(kind: str, part: str) -> None:
    for name in DOCUMENTS[kind][part]:
        document = dict(DOCUMENTS[kind])
        document[part] = {key: value for key, value in document[part].items() if key != name}
        less = paper(document, checklists=())
        assert len(less.blocks) > 4
        assert all(value_at(document, place) is not None for place, _ in shown(less))


def test_hostile_names_stand_as_they_are() -> None:
    document = json.loads(json.dumps(DOCUMENTS["pooled"]))
    document["result"]["title"] = HOSTILE
    document["result"]["pooled"][0]["label"] = HOSTILE
    made = paper(document, checklists=())
    assert made.title == HOSTILE
    assert text_of(made).count(HOSTILE) > 3


def test_works_are_cited_for_what_was_done() -> None:
    keys = {key for block in paper(DOCUMENTS["model"]).blocks for run in runs(block)
            for key in run.cites}  # fmt: skip
    assert {"vanhouwelingen1990", "riley2020", "riley2021"} <= keys
    assert keys <= {work.key for work in paper(DOCUMENTS["model"]).references}
