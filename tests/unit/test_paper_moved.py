"""A paper says which of its numbers a later version computes differently."""

from __future__ import annotations

import copy

import pytest
from paper_parts import text_of
from report_example import documents

from cartwheel.moved import moved_for
from cartwheel.report.document.blocks import Document, Table
from cartwheel.report.paper import paper
from cartwheel.report.words import words

DOCUMENT = documents()["points"]


def _written(version: str, language: str = "en") -> Document:
    document = copy.deepcopy(DOCUMENT)
    document["provenance"]["cartwheel"] = version
    return paper(document, language, checklists=(), pictures=False, drawn=False)


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_what_moved_since_an_older_version_is_told(language: str) -> None:
    made = _written("0.1.0", language)
    table = next(b for b in made.blocks if isinstance(b, Table) and b.id == "table-moved")
    moved = moved_for("develop", "0.1.0")
    assert moved
    assert [tuple(cell.text for cell in row.cells) for row in table.rows] == [
        (one.what, one.how_much, one.why, one.since) for one in moved
    ]
    # English quotes are marked where the paper is not English
    assert table.notes == tuple(
        note for note in [words(language).sentence("shared.moved.english")] if note
    )
    assert bool(table.notes) == (language != "en")


def test_nothing_moved_since_a_version_that_no_entry_names() -> None:
    made = _written("99.0.0")
    assert not [b for b in made.blocks if isinstance(b, Table) and b.id == "table-moved"]
    assert words("en")("shared.moved.none", version="99.0.0") in text_of(made)


def test_a_file_that_names_no_version_says_nothing() -> None:
    document = copy.deepcopy(DOCUMENT)
    del document["provenance"]["cartwheel"]
    made = paper(document, checklists=(), pictures=False, drawn=False)
    assert words("en")("shared.moved.heading") not in text_of(made).split("\n")
