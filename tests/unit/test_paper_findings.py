"""A finding of the referee stands in full once; elsewhere in the paper it goes by its name."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from document_formats import Page, pdf_text, squeezed, word_units
from paper_parts import shown, text_of
from pool_example import documents as pooled
from report_example import documents as developed
from test_paper_appraise import DOCUMENTS as APPRAISED
from validation_documents import DOCUMENTS as VALIDATED

from cartwheel.report.document.blocks import Bullets, Caution, Checklist, Document, Figure, Table
from cartwheel.report.document.docx import document_docx
from cartwheel.report.document.html import document_html
from cartwheel.report.document.pdf import document_pdf
from cartwheel.report.paper import paper
from cartwheel.report.words import words

CAUTION = "row 7: the table notes that patients may recur."
FINDINGS = [
    {"code": "cut_searched", "severity": "major", "what": "Cut-offs were searched.",
     "evidence": "ferritin >= 617.3 after the search", "mend": "Keep one.", "source": "Altman"},
    {"code": "overlap", "severity": "minor", "what": "Some may be counted twice.",
     "evidence": f"Of all rows, {CAUTION}", "mend": "Drop them.", "source": ""},
    {"code": "published", "severity": "information", "what": "Both directions are published.",
     "evidence": "here high is adverse.", "mend": "Say why.", "source": ""},
]  # fmt: skip
REFEREE = {
    "kind": "develop",
    "summary": "3 findings.",
    "findings": FINDINGS,
    "passed": [],
    "domains": [
        {"instrument": "PROBAST", "domain": "analysis", "question": "4.2 Well?", "answer": "no",
         "because": FINDINGS[0]["evidence"]},
        {"instrument": "QUIPS", "domain": "attrition", "question": "2a Enough?", "answer": "yes",
         "because": "197 of 200"},
    ],
}  # fmt: skip
KINDS = {
    "develop": developed()["points"],
    "validate": VALIDATED["small"](),
    "pool": next(iter(pooled().values())),
    "appraise": APPRAISED["model"],
}
EACH = pytest.mark.parametrize("kind", list(KINDS))


def made(kind: str, language: str = "en", **changed: Any) -> Document:
    document = {**copy.deepcopy(KINDS[kind]), "referee": {**REFEREE, **changed}}
    notes = document["result"].get("notes")
    if isinstance(notes, list):
        # one that the referee repeats, word for word
        notes.append({"code": "doubt", "severity": "caution", "text": CAUTION})
    return paper(document, language, pictures=False, drawn=False)


def table(document: Document, id: str) -> Table:
    (found,) = (one for one in document.blocks if isinstance(one, Table) and one.id == id)
    return found


def everything(document: Document) -> str:
    """All that is said, the answers of the checklists as well."""
    answers = [
        item.answer
        for block in document.blocks
        if isinstance(block, Checklist)
        for item in block.items
    ]
    return "\n".join([text_of(document), *answers])


@EACH
@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_a_finding_stands_in_full_once(kind: str, language: str) -> None:
    document = made(kind, language)
    limits = document.blocks[
        [getattr(block, "id", "") for block in document.blocks].index("limitations") :
    ]
    lines = [
        "".join(run.text for run in item)
        for block in limits
        if isinstance(block, Caution | Bullets)
        for item in (block.items if isinstance(block, Bullets) else (block.runs,))
    ]
    for finding in FINDINGS:
        assert everything(document).count(finding["evidence"]) == 1
        (line,) = (line for line in lines if finding["evidence"] in line)
        assert line.index(finding["what"]) < line.index(finding["evidence"])
        assert line.rstrip(")）").endswith(finding["code"])


@EACH
def test_what_is_to_be_done_stands_beside_the_name(kind: str) -> None:
    document = made(kind)
    asked = table(document, "table-referee")
    assert [[cell.text for cell in row.cells[1:]] for row in asked.rows] == [
        [finding[part] for part in ("code", "mend", "source")] for finding in FINDINGS
    ]
    # the reader is told where it stands in full
    assert words("en")("shared.heading.limitations") in asked.caption


@EACH
def test_a_reason_that_is_a_finding_is_named(kind: str) -> None:
    document = made(kind)
    named, free = table(document, "table-probast"), table(document, "table-quips")
    assert named.rows[-1].cells[-1].text == "cut_searched"
    assert free.rows[-1].cells[-1].text == "197 of 200"
    note = words("en")(
        "shared.domains.named", limitations=words("en")("shared.heading.limitations")
    )
    assert note in named.notes
    assert note not in free.notes
    assert ("referee.findings[0].code", "cut_searched") in list(shown(document))


@pytest.mark.parametrize("kind", ["develop", "validate", "pool"])
def test_a_caution_that_a_grave_finding_repeats_is_not_said_twice(kind: str) -> None:
    # the summary of a development tells the cautions too
    assert text_of(made(kind)).count(CAUTION) == (2 if kind == "develop" else 1)
    # told for information only, it would be less than the caution that it is
    mild = [{**one, "severity": "information"} for one in FINDINGS]
    alone = [
        block.severity
        for block in made(kind, findings=mild).blocks
        if isinstance(block, Caution) and "".join(run.text for run in block.runs) == CAUTION
    ]
    assert alone == ["caution"]


def test_every_format_says_a_finding_once() -> None:
    whole = made("validate")
    kept = tuple(block for block in whole.blocks if not isinstance(block, Figure))
    document = replace(whole, blocks=kept)
    texts = {
        "html": "".join(Page(document_html(document)).said),
        "docx": "".join(word_units(document_docx(document))),
        "pdf": pdf_text(document_pdf(document)),
    }
    for name, text in texts.items():
        plain = squeezed(text)
        for finding in FINDINGS:
            assert plain.count(squeezed(finding["evidence"])) == 1, (name, finding["code"])
            assert plain.count(finding["code"]) >= 2, (name, finding["code"])
