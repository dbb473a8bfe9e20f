"""The paper of a validation: every number from the JSON, every word from the catalogue."""

from __future__ import annotations

import copy
import json
import re
from itertools import combinations_with_replacement
from typing import Any

import pytest
from paper_parts import cells, runs, shown, text_of
from paper_places import strays
from validation_documents import DOCUMENTS

from cartwheel.errors import CohortRefused
from cartwheel.estimate import Estimate
from cartwheel.figures.validation.gallery import validation_figures
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
from cartwheel.report.paper.validate_results import _ranking
from cartwheel.report.paper.validate_share import few_values, told_flow, withheld_places
from cartwheel.report.paper.validate_shown import in_steps_of, side_of
from cartwheel.report.places import value_at
from cartwheel.report.words import words
from cartwheel.validation.account.said import against_one, ranking
from cartwheel.validation.result_score import Measure
from cartwheel.validation.sharing.cells import step_of

KINDS = pytest.mark.parametrize("kind", list(DOCUMENTS))
SAY = words("en")
HOSTILE = '<b>a&b</b> #1 *x* _y_ @z $q$ {n} {0.__class__} =1+1 \u05d0\u05d1 \u7ec6\u80de \u202e"'
_MADE: dict[tuple[str, bool], Document] = {}


def made(kind: str, *, share: bool = False) -> Document:
    """Each paper is drawn once."""
    if (kind, share) not in _MADE:
        _MADE[kind, share] = paper(DOCUMENTS[kind](), share=share)
    return _MADE[kind, share]


def of(document: Document, kind: type[Any]) -> list[Any]:
    return [block for block in document.blocks if isinstance(block, kind)]


def table(document: Document, id: str) -> Table:
    found: Table = next(block for block in of(document, Table) if block.id == id)
    return found


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes most of the time."""
    monkeypatch.setattr("cartwheel.report.paper.validate_figures.figure_block", lambda *_: None)


@KINDS
def test_every_place_is_in_the_json_and_shows_its_rounded_number(kind: str) -> None:
    assert strays(DOCUMENTS[kind](), made(kind)) == []
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
def test_every_figure_of_the_gallery_is_there_with_words_and_data(kind: str) -> None:
    figures = {figure.id: figure for figure in of(made(kind), Figure)}
    names = validation_figures(DOCUMENTS[kind]())
    assert set(figures) == {"figure-" + name.replace("_", "-") for name in names}
    for figure in figures.values():
        assert figure.svg.startswith("<svg")
        assert figure.alt != figure.caption
        assert len(figure.csv.splitlines()) > 1


@KINDS
def test_every_caution_and_finding_is_told(kind: str) -> None:
    document = DOCUMENTS[kind]()
    told = ["".join(run.text for run in block.runs) for block in of(made(kind), Caution)]
    lists = [document["result"]["notes"], *(one["notes"] for one in document["result"]["scores"])]
    for note in (note for notes in lists for note in notes):
        if note["severity"] == "caution":
            assert note["text"] in told
        else:
            assert note["text"] in text_of(made(kind))
    for finding in document["referee"]["findings"]:
        assert finding["evidence"] in text_of(made(kind))


@KINDS
def test_apparent_is_never_without_corrected(kind: str) -> None:
    # only the ladder is fitted to these patients
    drawn = any(place.endswith(".apparent") for place, _ in shown(made(kind)))
    assert drawn == bool(DOCUMENTS[kind]()["result"]["updates"])
    for one in of(made(kind), Table):
        for row in one.rows:
            places = [cell.id for cell in row.cells]
            for place in places:
                if place.endswith(".apparent"):
                    partner = place.removesuffix("apparent") + "corrected"
                    kept = value_at(DOCUMENTS[kind](), partner) is None
                    assert kept or partner in places


def test_scores_stand_side_by_side_with_their_verdicts() -> None:
    document = DOCUMENTS["toxicity"]()
    performance = table(made("toxicity"), "table-performance")
    assert len(performance.columns) == 1 + len(document["result"]["scores"])
    auc = next(row for row in performance.rows if row.cells[0].text == "AUC")
    assert [cell.id for cell in auc.cells[1:]] == [
        f"result.scores[{at}].discrimination[0].estimate" for at in range(3)
    ]
    said = text_of(made("toxicity"))
    # 0.453 to 0.615 holds 0.5, and a score without a risk has no calibration
    assert "was not shown to rank patients better than chance" in said
    assert SAY("validate.verdict.no_risk") in said


def test_many_scores_go_on_several_tables(undrawn: None) -> None:
    document = copy.deepcopy(DOCUMENTS["toxicity"]())
    first = document["result"]["scores"][0]
    document["result"]["scores"] = [{**first, "name": f"Score {at}"} for at in range(9)]
    ids = [one.id for one in of(paper(document, checklists=()), Table)]
    parts = [id for id in ids if id.startswith("table-performance")]
    assert parts == ["table-performance", "table-performance-5", "table-performance-9"]


def test_withheld_groups_are_named_with_their_reason() -> None:
    rows = {row.cells[0].text: row for row in table(made("toxicity"), "table-subgroups-1").rows}
    assert rows["liso-cel"].cells[3].text.startswith("withheld: fewer than 20 patients")
    assert "Evora" in text_of(made("toxicity"))


@KINDS
def test_the_same_document_gives_the_same_paper(kind: str) -> None:
    again = json.loads(json.dumps(DOCUMENTS[kind]()))
    assert paper(again) == made(kind)


@pytest.mark.parametrize("part", ["result", "plan", "provenance"])
def test_parts_that_a_file_lacks_are_left_out(part: str, undrawn: None) -> None:
    for name in DOCUMENTS["toxicity"]()[part]:
        document = dict(DOCUMENTS["toxicity"]())
        document[part] = {key: value for key, value in document[part].items() if key != name}
        less = paper(document, checklists=())
        assert len(less.blocks) > 10
        assert all(value_at(document, place) is not None for place, _ in shown(less))


def test_hostile_names_stand_as_they_are(undrawn: None) -> None:
    document = copy.deepcopy(DOCUMENTS["toxicity"]())
    result = document["result"]
    result["title"] = result["outcome"]["label"] = HOSTILE
    for score in result["scores"]:
        score["name"] = HOSTILE
        for band in score["bands"]:
            band["band"] = HOSTILE
    told = paper(document, checklists=())
    assert told.title == HOSTILE
    assert text_of(told).count(HOSTILE) > 30
    assert strays(document, told) == []


def test_simulated_is_said_and_checklists_are_filled() -> None:
    assert made("toxicity").simulated is True
    assert made("survival").simulated is False
    assert of(made("toxicity"), Caution)[0].severity == "critical"
    assert len(of(made("survival"), Checklist)) > 0


def test_works_are_listed_in_the_order_of_their_citation() -> None:
    keys = [key for b in made("survival").blocks for run in runs(b) for key in run.cites]
    listed = [work.key for work in made("survival").references]
    assert [key for key in listed if key in keys] == list(dict.fromkeys(keys))
    assert {"uno2011", "vickers2006", "vergouwe2017"} <= set(keys)


SHARED = pytest.mark.parametrize("kind", ["toxicity", "survival", "competing"])


@SHARED
def test_a_shared_paper_shows_nothing_that_is_withheld(kind: str) -> None:
    document, withheld = DOCUMENTS[kind](), withheld_places(DOCUMENTS[kind]())
    assert withheld
    for place, text in shown(made(kind, share=True)):
        above = place
        while above:
            # the name of a group that is too small may stand, its numbers may not
            assert above not in withheld or not re.search(r"\d", text), (place, text)
            above = above[: max(above.rfind("."), above.rfind("["), 0)]
    drawn = {figure.id for figure in of(made(kind, share=True), Figure)}
    assert not any(
        id.startswith(("figure-roc", "figure-kaplan", "figure-incidence", "figure-decision"))
        for id in drawn
    )
    said = text_of(made(kind, share=True))
    assert SAY("validate.share.heading") in said
    assert of(made(kind, share=True), Checklist) == []
    for finding in document["referee"]["findings"]:
        if re.search(r"\d", finding["evidence"]):
            assert finding["evidence"] not in said


def test_a_shared_paper_withholds_small_bands_and_words_of_the_data() -> None:
    # 3 events in the band low: it goes, and one more, so that it does not follow from the sum
    bands = table(made("toxicity", share=True), "table-bands-1")
    told = [[cell.text for cell in row.cells[1:4]] for row in bands.rows]
    assert told[0] == told[1] == ["withheld"] * 3
    assert told[2][:2] == ["94", "47"]
    said = text_of(made("toxicity", share=True))
    csvs = "".join(figure.csv + figure.alt for figure in of(made("toxicity", share=True), Figure))
    for word in ("Aarhus", "Evora", "tisa-cel", "liso-cel"):
        assert word not in said + csvs
    assert "Aarhus" in text_of(made("toxicity"))
    assert "median of" not in said


def test_too_few_events_are_not_shared(undrawn: None) -> None:
    document = copy.deepcopy(DOCUMENTS["small"]())
    document["result"]["outcome"]["events"] = 4
    with pytest.raises(CohortRefused) as refused:
        paper(document, share=True)
    assert refused.value.problems[0].code == "too_small_to_share"


def step(patients: int, events: int) -> dict[str, int]:
    return {"patients": patients, "events": events}


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        # nobody is lost: nothing follows
        ([step(50, 20), step(50, 20)], [0, 1]),
        # 2 of 4 lost had the event: who was there before may not be known
        ([step(54, 22), step(50, 20)], [1]),
        # 20 lost, 10 of each kind
        ([step(70, 30), step(50, 20)], [0, 1]),
        # the middle step is near the last, the first is far from both
        ([step(70, 30), step(51, 20), step(50, 20)], [0, 2]),
    ],
)
def test_steps_of_the_flow_that_tell_few_patients_are_withheld(
    steps: list[dict[str, int]], told: list[int]
) -> None:
    assert told_flow(steps, 5) == told


@pytest.mark.parametrize("coarse", [False, True])
def test_shared_estimates_are_rounded_to_their_error(coarse: bool) -> None:
    wide = 0.05 * 1.959963984540054
    estimate = {"value": 0.8037, "low": 0.8 - wide, "high": 0.8 + wide, "level": 0.95}
    told = in_steps_of(estimate, coarse=coarse)
    step = step_of(0.05, coarse=coarse)
    assert step >= (0.02 if coarse else 0.005)
    assert told["value"] == pytest.approx(0.8, abs=1e-12)
    for name in ("value", "low", "high"):
        # rounding moves by half a step at most
        assert abs(told[name] - estimate[name]) <= step / 2 + 1e-12


def test_of_a_score_with_few_values_less_is_told() -> None:
    # points of 0 to 6 are few values: patients at each could be solved for
    assert few_values(DOCUMENTS["toxicity"]())
    rows = {row.cells[0].text: row.cells[1].text for row in
            table(made("toxicity", share=True), "table-performance").rows
            if len(row.cells) > 1}  # fmt: skip
    assert rows["Brier score"] == rows["ICI"] == "withheld"
    assert "withheld" not in rows["AUC"]
    ids = {one.id for one in of(made("toxicity", share=True), Table)}
    assert "table-ladder-1" in {one.id for one in of(made("toxicity"), Table)}
    assert "table-ladder-1" not in ids
    assert SAY("validate.share.coarse") in text_of(made("toxicity", share=True))


@pytest.mark.parametrize(
    ("low", "high", "side"),
    [(0.2, 0.9, "below"), (1.1, 1.4, "above"), (0.9, 1.2, "holds"), (None, 1.2, "unknown")],
)
def test_an_interval_lies_on_a_side(low: float | None, high: float, side: str) -> None:
    assert side_of({"low": low, "high": high}, 1.0) == side
    assert side_of(None, 1.0) == "unknown"


@pytest.mark.parametrize(
    ("low", "high"),
    [
        *combinations_with_replacement((0.3, 0.5, 0.7, 1.0, 1.3), 2),
        (None, 1.3),
        (0.3, None),
        (None, None),
    ],
)
def test_a_paper_judges_as_the_result_does(low: float | None, high: float | None) -> None:
    for value in (0.3, 0.5, 0.7):
        estimate = {"value": value, "low": low, "high": high, "level": 0.95}
        judged = ranking(Measure("auc", "AUC", Estimate(**estimate), None, None, "identity"))
        assert _ranking(estimate) == judged.replace(" ", "_")
        assert f"validate.verdict.{_ranking(estimate)}" in SAY
        assert side_of(estimate, 1.0) == against_one(Estimate(**estimate))


def test_headings_follow_the_order_of_a_paper() -> None:
    first = [one.text for one in of(made("toxicity"), Heading) if one.level == 1]
    assert first[:5] == ["Summary", "Methods", "Results", "Limitations", "What a reviewer will ask"]
    assert any(cells(block) for block in made("toxicity").blocks)
