"""Checklists say what the run says, where it says it, and leave the rest blank."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from checklist_documents import NAMES, documents

from cartwheel.errors import FileRefused
from cartwheel.figures.numbers import FORMATS, cut
from cartwheel.report.checklists import checklist, checklists_for
from cartwheel.report.checklists.reading import Absent, Reading
from cartwheel.report.document.blocks import Checklist, ChecklistItem
from cartwheel.report.words import words

NUMBER = re.compile(r"[−-]?\d[\d\u202f]*(?:\.\d+)?")
# what no run can know: always left to the author, whatever the result holds
NEVER_KNOWN = {
    "tripod-ai": ["2", "3a", "3b", "3c", "5b", "6c", "8b", "8c", "9c", "17", "18a", "18b", "18c",
                  "18d", "18e", "19", "25", "27c"],
    "tripod-cluster": ["2", "3a", "7b", "11", "16a", "17", "19"],
    "remark": ["3", "4", "5", "19", "20"],
    "strobe": ["1a", "1b", "2", "4", "18", "20", "21", "22"],
    "prisma-2020": ["1", "2", "3", "4", "6", "7", "8", "9", "23a", "23c", "23d", "24a", "24b",
                    "24c", "25", "26"],
}  # fmt: skip


def filled(document: dict[str, Any]) -> Iterator[tuple[Checklist, ChecklistItem]]:
    for name in checklists_for(document):
        made = checklist(name, document)
        for item in made.items:
            yield made, item


def item_of(name: str, number: str, document: dict[str, Any]) -> ChecklistItem:
    return next(each for each in checklist(name, document).items if each.number == number)


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inside in value.values():
            yield from leaves(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from leaves(inside)
    else:
        yield value


def tokens(text: str) -> set[str]:
    return {token.strip("\u202f") for token in NUMBER.findall(text)}


def written_numbers(document: dict[str, Any]) -> set[str]:
    """Every way the rules write a number of the document, and the numbers in its words."""
    found: set[str] = set()
    for leaf in leaves(document):
        if isinstance(leaf, str):
            found |= tokens(leaf)
        elif isinstance(leaf, int | float) and not isinstance(leaf, bool):
            for rule in FORMATS.values():
                found |= tokens(rule(leaf))
    for row in document["result"].get("cutoffs", []):
        found |= tokens(cut(row["cut"], row["gap_low"], row["gap_high"]))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_filled_item_has_an_answer_and_a_place_and_the_others_have_none(name: str) -> None:
    document = documents()[name]
    read = Reading(document, words())
    seen = 0
    for _, item in filled(document):
        seen += 1
        if item.status == "filled":
            assert item.answer.strip()
            assert read.at(item.source) is not None
        elif item.status == "author":
            assert (item.answer, item.source) == ("", "")
        else:
            assert item.status == "not applicable"
            assert item.answer.strip()
            assert item.source == ""
    assert seen >= 42  # at least PRISMA's rows


@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_an_answer_stands_in_the_result(name: str) -> None:
    document = documents()[name]
    known = written_numbers(document)
    # numbers that the words themselves hold, such as day 0 for the infusion
    fixed = set().union(
        *(tokens(said) for key, said in words().catalogue.items() if key.startswith("checklists."))
    )
    more = re.compile(r"; and [\d\u202f]+ more")
    for made, item in filled(document):
        strange = tokens(more.sub("", item.answer)) - known - fixed
        assert strange == set(), f"{made.id} {item.number}: {item.answer}"


@pytest.mark.parametrize("name", NAMES)
def test_what_no_run_knows_is_left_to_the_author(name: str) -> None:
    document = documents()[name]
    met: dict[str, list[str]] = {}
    for made, item in filled(document):
        if item.number in NEVER_KNOWN[made.id]:
            met.setdefault(made.id, []).append(item.number)
            assert item.status == "author", f"{made.id} {item.number}"
    assert met == {made: NEVER_KNOWN[made] for made in checklists_for(document)}


def test_which_checklists_a_result_is_reported_by() -> None:
    found = {name: checklists_for(document) for name, document in documents().items()}
    assert found["develop run"] == ("tripod-ai", "remark", "strobe")
    assert found["validate toxicity"] == ("tripod-ai", "tripod-cluster", "strobe")
    assert found["validate survival"] == ("tripod-ai", "strobe")  # no centres
    assert found["pool ferritin"] == ("prisma-2020",)
    assert checklists_for({"kind": "appraise"}) == ()
    assert checklists_for({}) == ()


def test_items_of_the_other_kind_do_not_apply() -> None:
    develop, validate = documents()["develop run"], documents()["validate survival"]
    for number in ("12f", "12g", "20c", "24"):
        assert item_of("tripod-ai", number, develop).status == "not applicable"
    for number in ("9a", "12a", "12b", "12c", "15", "22", "27a", "27b"):
        assert item_of("tripod-ai", number, validate).status == "not applicable"


def test_apparent_never_stands_without_corrected() -> None:
    document = documents()["develop run"]
    read = Reading(document, words())
    answer = item_of("tripod-ai", "23a", document).answer
    for row in read.rows("result.performance.measures"):
        label = read.text(f"{row}.label")
        assert f"{label}: corrected " in answer
    cut_off = copy.deepcopy(document)
    for row in cut_off["result"]["performance"]["measures"]:
        row["corrected"] = None
    cut_off["result"]["uncut"] = None
    assert item_of("tripod-ai", "23a", cut_off).status == "author"


def test_an_answer_follows_its_number() -> None:
    document = copy.deepcopy(documents()["develop run"])
    document["result"]["outcome"]["events"] = 98765
    for name, number in (("tripod-ai", "8a"), ("tripod-ai", "13"), ("strobe", "15")):
        assert "98\u202f765" in item_of(name, number, document).answer


def test_pooled_effects_are_all_told() -> None:
    document = documents()["pool ferritin"]
    answer = item_of("prisma-2020", "20b", document).answer
    assert all(row["name"] in answer for row in document["result"]["analyses"])


def test_every_finding_of_the_referee_is_a_limitation() -> None:
    document = documents()["develop run"]
    findings = document["referee"]["findings"]
    answer = item_of("tripod-ai", "26", document).answer
    assert findings
    assert all(finding["code"] in answer for finding in findings)
    # in full it stands elsewhere in the paper
    assert words("en")("shared.heading.limitations") in answer
    assert not any(finding["evidence"] in answer for finding in findings)


def test_an_older_file_without_referee_gives_its_cautions() -> None:
    document = copy.deepcopy(documents()["develop run"])
    document["referee"] = None
    item = item_of("tripod-ai", "26", document)
    assert item.source == "result.notes"
    assert document["result"]["notes"][0]["text"] in item.answer


def test_a_group_that_is_withheld_is_named_with_the_reason() -> None:
    document = documents()["validate toxicity"]
    withheld = [
        row for group in document["result"]["subgroups"] for row in group["rows"] if row["withheld"]
    ]
    answer = item_of("tripod-cluster", "15", document).answer
    assert withheld
    assert all(row["withheld"] in answer for row in withheld)


def test_words_of_a_user_are_shown_as_they_are() -> None:
    document = copy.deepcopy(documents()["develop run"])
    hostile = "{n} <b>#*_@$</b> =1+1 \u05d0\u05d1 \u7532"
    document["result"]["outcome"]["label"] = hostile
    assert hostile in item_of("tripod-ai", "8a", document).answer


def parts(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every path of keys, of lists the first member only."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from parts(inside, (*path, key))
    elif isinstance(value, list) and value:
        yield from parts(value[0], (*path, 0))


@pytest.mark.parametrize("replacement", [None, [], "x"])
@pytest.mark.parametrize("name", ["develop index", "validate competing", "pool few"])
def test_a_result_without_a_part_still_has_its_checklists(name: str, replacement: Any) -> None:
    document = copy.deepcopy(documents()[name])
    names = checklists_for(document)
    rows = {each: len(checklist(each, document).items) for each in names}
    for path in list(parts(document)):
        if path[0] == "kind" or len(path) > 4:
            continue
        above: Any = document
        for step in path[:-1]:
            above = above[step]
        kept, above[path[-1]] = above[path[-1]], replacement
        for each in names:
            assert len(checklist(each, document).items) == rows[each]
        above[path[-1]] = kept


@pytest.mark.parametrize("kind", ["develop", "validate", "pool"])
def test_an_empty_result_fills_nothing(kind: str) -> None:
    document = {"kind": kind}
    assert checklists_for(document)
    for name in checklists_for(document):
        statuses = {item.status for item in checklist(name, document).items}
        assert "filled" not in statuses
        assert "author" in statuses


def test_refusals() -> None:
    document = documents()["develop run"]
    with pytest.raises(FileRefused) as unknown:
        checklist("consort", document)
    assert unknown.value.problems[0].code == "checklist_unknown"
    with pytest.raises(FileRefused) as other:
        checklist("prisma-2020", document)
    assert other.value.problems[0].code == "checklist_other_kind"
    with pytest.raises(FileRefused) as language:
        checklist("strobe", document, "tlh")
    assert language.value.problems[0].code == "language_unknown"


def test_reading_a_place() -> None:
    read = Reading({"a": [{"b": 2.0}], "c": True, "d": float("nan")}, words())
    assert read.number("two", "a[0].b") == "2.00"
    for place in ("a[1].b", "a.b", "a[0].x", "c", "d", "a[0]", "a..b"):
        with pytest.raises(Absent):
            read.number("two", place)


@pytest.mark.parametrize(
    ("name", "checklist_name", "number", "place", "rule"),
    [
        ("develop run", "tripod-ai", "23a", "result.performance.measures[0].corrected", "score"),
        ("develop run", "tripod-ai", "23a", "result.performance.measures[0].apparent", "score"),
        ("develop index", "remark", "15", "result.univariable.rows[0].effect", "ratio"),
        ("develop index", "remark", "17", "result.adjusted_model.rows[0].effect", "ratio"),
        ("develop index", "strobe", "16c", "result.groups[0].observed", "percent"),
        ("develop index", "strobe", "14c", "result.outcome.follow_up", "time"),
        ("validate toxicity", "tripod-ai", "23a", "result.scores[0].overall[0].estimate", "score"),
        ("validate toxicity", "tripod-cluster", "13b", "result.centres.heterogeneity[0].pooled",
         "score"),
        ("validate survival", "strobe", "16c", "result.scores[0].bands[0].observed", "percent"),
        ("pool ferritin", "prisma-2020", "20b", "result.analyses[0].main.pooled", "ratio"),
        ("pool ferritin", "prisma-2020", "19", "result.analyses[0].studies[0].estimate", "ratio"),
        ("pool mortality", "prisma-2020", "20b", "result.analyses[0].main.pooled", "percent"),
    ],
)  # fmt: skip
def test_an_estimate_is_written_by_its_rule_with_its_interval(
    name: str, checklist_name: str, number: str, place: str, rule: str
) -> None:
    document = documents()[name]
    estimate = Reading(document, words()).at(place)
    value, low, high = (FORMATS[rule](estimate[key]) for key in ("value", "low", "high"))
    assert f"{value} ({low} to {high})" in item_of(checklist_name, number, document).answer
