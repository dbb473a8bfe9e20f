"""A paper that leaves its centre tells no small count, and none follows from what it tells."""

from __future__ import annotations

import copy
import itertools
import random
import re
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from paper_parts import shown, text_of
from report_example import documents
from validation_documents import DOCUMENTS as VALIDATIONS

from cartwheel.errors import CohortRefused
from cartwheel.report.document.blocks import Checklist, Document, Figure, Table
from cartwheel.report.document.html import document_html
from cartwheel.report.paper import paper
from cartwheel.report.paper.sharing_counts import ToldCounts, apart
from cartwheel.report.paper.sharing_develop import shareable_development
from cartwheel.report.paper.validate_share import withheld_places
from cartwheel.report.places import is_below, value_at
from cartwheel.report.words import words

SAY = words("en")
CELL = 5
DEVELOPMENTS = documents()
KINDS = pytest.mark.parametrize("kind", DEVELOPMENTS)
_MADE: dict[str, Document] = {}
# fields of the result that count patients, whatever they are called
COUNTS = re.compile(r"\.(n|events|patients|excluded|excluded_events|missing|points_given|count)$")


def made(kind: str) -> Document:
    if kind not in _MADE:
        _MADE[kind] = paper(DEVELOPMENTS[kind], share=True, pictures=False)
    return _MADE[kind]


def counts(document: dict[str, Any], place: str) -> tuple[int, int] | None:
    """With and without the event of a row of groups; None where they are not told."""
    row = value_at(document, place)
    n = row.get("n", row.get("patients"))
    return None if n is None else (row["events"], n - row["events"])


@KINDS
def test_no_small_count_is_told(kind: str) -> None:
    told = [
        (place, value_at(DEVELOPMENTS[kind], place))
        for place, _ in shown(made(kind))
        if place.startswith("result.") and COUNTS.search(place)
    ]
    assert told
    assert [one for one in told if 0 < one[1] < CELL] == []
    # with the event split: neither side is small
    for place, _ in shown(made(kind)):
        if re.fullmatch(r"result\.(groups|survival)\[\d+\]\.(n|events)", place):
            events, others = counts(DEVELOPMENTS[kind], place.rpartition(".")[0]) or (0, 0)
            assert min(events, others) >= CELL


@KINDS
def test_no_curve_and_no_middle_leaves(kind: str) -> None:
    shareable = shareable_development(DEVELOPMENTS[kind], SAY)
    kept = shareable.document["result"]
    assert not kept["roc"]
    assert not kept["splines"]
    assert kept.get("calibration") is None
    for curve in kept["survival"]:
        assert set(curve) == {"group", "n", "events", "median", "at_horizon"}
        assert curve["median"] is None
    for row in kept["table_one"]:
        for part in ("overall", "with_event", "without_event"):
            assert row[part] is None or row[part]["median"] is None
    drawn = {block.id for block in made(kind).blocks if isinstance(block, Figure)}
    assert drawn <= {
        "figure-performance", "figure-selection", "figure-patient-flow", "figure-groups",
    }  # fmt: skip
    assert not [block for block in made(kind).blocks if isinstance(block, Checklist)]


@KINDS
def test_what_is_withheld_is_nowhere_in_the_page(kind: str) -> None:
    document = copy.deepcopy(DEVELOPMENTS[kind])
    result = document["result"]
    # numbers that nothing else could give: if one is on the page it came from here
    result["outcome"]["follow_up"] = None
    for at, row in enumerate(result["table_one"]):
        if row["kind"] == "number":
            row["overall"]["median"] = 987_001 + at
    for at, row in enumerate(result["risk_table"]):
        row["n"] = 987_101 + at
    for at, row in enumerate(result["score_card"]):
        row["n"] = 987_201 + at
    result["notes"] = [{"code": "few", "severity": "caution", "text": "Of 987301 patients."}]
    result["methods"] = ["Of 987302 patients."]
    result["a_part_of_a_later_version"] = {"n": 987_303}
    for at, row in enumerate(result["columns"]):
        row["rule"] = f"{987_401 + at} values"
    document["referee"] = {
        "kind": "develop", "summary": "987501", "passed": [{"code": "c", "answered": True,
        "text": "987502"}], "domains": [],
        "findings": [{"code": "c", "severity": "major", "what": "What.", "evidence": "987503",
                      "mend": "Mend.", "source": ""}],
    }  # fmt: skip
    page = document_html(paper(document, share=True, pictures=False))
    assert re.findall(r"987[\d\u202f]{3,4}", page) == []
    assert "What." in page
    assert "few" in page
    assert "result.a_part_of_a_later_version" in page


@KINDS
def test_what_is_withheld_says_so(kind: str) -> None:
    said = text_of(made(kind))
    assert SAY("shared.share.heading") in said.split("\n")
    assert SAY("shared.share.cell") in said.split("\n")
    shareable = shareable_development(DEVELOPMENTS[kind], SAY)
    for place, text in shown(made(kind)):
        if is_below(place, shareable.withheld):
            assert place.endswith(".level"), (place, text)


@pytest.mark.parametrize("language", ["de", "zh"])
def test_other_languages_withhold_the_same(language: str) -> None:
    for kind, document in DEVELOPMENTS.items():
        other = paper(document, language, share=True, pictures=False)
        assert [type(block) for block in other.blocks] == [
            type(block) for block in made(kind).blocks
        ]
        assert sorted(place for place, _ in shown(other)) == sorted(
            place for place, _ in shown(made(kind))
        )


def test_too_few_events_are_not_shared() -> None:
    document = copy.deepcopy(DEVELOPMENTS["points"])
    document["result"]["outcome"]["events"] = CELL - 1
    with pytest.raises(CohortRefused) as refused:
        paper(document, share=True, pictures=False)
    assert refused.value.problems[0].code == "too_small_to_share"


@pytest.mark.parametrize("kind", VALIDATIONS)
def test_tables_of_a_validation_tell_nothing_together(kind: str) -> None:
    document = VALIDATIONS[kind]()
    outcome = document["result"]["outcome"]
    if min(outcome["events"], outcome["patients"] - outcome["events"]) < CELL:
        with pytest.raises(CohortRefused):
            withheld_places(document)
        return
    withheld = withheld_places(document)
    tables = [f"result.scores[{at}].bands" for at in range(len(document["result"]["scores"]))]
    tables += [f"result.subgroups[{at}].rows" for at in range(len(document["result"]["subgroups"]))]
    tables += ["result.centres.rows"] if document["result"]["centres"] else []
    told, sums = [], []
    for table in tables:
        # of a table by a horizon its own sum: the outcome counts all events
        there = [
            row
            for at in range(len(value_at(document, table)))
            if (row := counts(document, f"{table}[{at}]")) is not None
        ]
        sums.append((sum(a for a, _ in there), sum(b for _, b in there)))
        rows = [
            counts(document, f"{table}[{at}]")
            for at in range(len(value_at(document, table)))
            if not is_below(f"{table}[{at}].patients", withheld)
        ]
        told.append([row for row in rows if row is not None])
    sets = []
    for rows, everybody in zip(told, sums, strict=True):
        _nothing_small(rows, everybody)
        sets.append(_unions(rows, everybody))
    for one, other in itertools.combinations(sets, 2):
        for first, second in itertools.product(one, other):
            between = (first[0] - second[0], first[1] - second[1])
            # one may lie within the other: then those between are told as well
            assert min(between) < 0 or between == (0, 0) or min(between) >= CELL


def _nothing_small(rows: list[tuple[int, int]], everybody: tuple[int, int]) -> None:
    """No row is small, nor what the sums leave for the rows that are withheld."""
    rest = [everybody[kind] - sum(row[kind] for row in rows) for kind in (0, 1)]
    assert all(min(row) >= CELL for row in rows)
    assert not rows or rest == [0, 0] or min(rest) >= CELL


def _unions(rows: list[tuple[int, int]], everybody: tuple[int, int]) -> set[tuple[int, int]]:
    rest = (everybody[0] - sum(a for a, _ in rows), everybody[1] - sum(b for _, b in rows))
    parts = [*rows, rest] if rows and max(rest) else rows
    return {
        (sum(a for a, _ in chosen), sum(b for _, b in chosen))
        for size in range(1, len(parts))
        for chosen in itertools.combinations(parts, size)
    }


@settings(max_examples=150)
@given(st.integers(0, 10**6))
def test_nothing_follows_from_any_groups_flow_and_table(seed: int) -> None:
    """Counts at random, withheld and then attacked by sums and by differences of nested sets."""
    chance = random.Random(seed)
    document = _random_development(chance)
    result = document["result"]
    outcome = result["outcome"]
    everybody = (outcome["events"], outcome["patients"] - outcome["events"])
    kept = shareable_development(document, SAY).document
    groups = [
        row
        for at in range(len(result["groups"]))
        if (row := counts(kept, f"result.groups[{at}]")) is not None
    ]
    _nothing_small(groups, everybody)
    steps = [
        row
        for at in range(len(result["flow"]))
        if (row := counts(kept, f"result.flow[{at}]")) is not None
    ]
    nested = [*steps, everybody]
    levels: dict[str, list[tuple[int, int]]] = {}
    missing: dict[str, tuple[int, int]] = {}
    predictors = {row["column"] for row in result["table_one"] if row["predictor"]}
    for row in kept["result"]["table_one"]:
        if row["overall"] is None:
            continue
        sides = [row[name] for name in ("with_event", "without_event")]
        events, others = (side["count"] for side in sides)
        levels.setdefault(row["column"], []).append((events, others))
        lacking = (sides[0]["missing"], sides[1]["missing"])
        missing[row["column"]] = lacking
        eligible = (sides[0]["n"] + lacking[0], sides[1]["n"] + lacking[1])
        nested.append(eligible)
        assert lacking == (0, 0) or min(lacking) >= CELL
    for one, other in itertools.combinations(nested, 2):
        large, small = max(one, other, key=sum), min(one, other, key=sum)
        assert apart(large, small, CELL)
    for column, told in levels.items():
        rows = [*told, *([missing[column]] if missing[column] != (0, 0) else [])]
        _nothing_small(rows, nested[-1])
        if column not in predictors:
            continue
        for first, second in itertools.product(
            _unions(rows, nested[-1]), _unions(groups, everybody) | set(groups)
        ):
            between = (first[0] - second[0], first[1] - second[1])
            assert min(between) < 0 or between == (0, 0) or min(between) >= CELL
    for one, other in itertools.combinations(levels.values(), 2):
        for first, second in itertools.product(one, other):
            between = (first[0] - second[0], first[1] - second[1])
            assert min(between) < 0 or between == (0, 0) or sum(between) >= 2 * CELL


def _random_development(chance: random.Random) -> dict[str, Any]:
    document = copy.deepcopy(DEVELOPMENTS["points"])
    result = document["result"]
    patients = [chance.random() < 0.35 for _ in range(chance.choice([40, 90, 300]))]
    patients[:5], patients[5:10] = [True] * 5, [False] * 5
    left = len(patients) - chance.choice([0, 0, 2, 9, 25])
    analysed = patients[: max(left, 20)]
    outcome = result["outcome"]
    outcome["patients"], outcome["events"] = len(analysed), sum(analysed)
    rows = chance.choice([0, 1, 8, 30])
    result["flow"] = [
        {"label": "rows", "patients": len(patients) + rows,
         "events": sum(patients) + rows // 3, "excluded": 0, "excluded_events": 0},
        {"label": "eligible", "patients": len(patients), "events": sum(patients),
         "excluded": rows, "excluded_events": rows // 3},
        {"label": "complete", "patients": len(analysed), "events": sum(analysed),
         "excluded": len(patients) - len(analysed),
         "excluded_events": sum(patients) - sum(analysed)},
    ]  # fmt: skip
    band = [chance.randrange(3) for _ in analysed]
    for at, row in enumerate(result["groups"]):
        inside = [event for event, one in zip(analysed, band, strict=True) if one == at]
        row["n"], row["events"] = len(inside), sum(inside)
    # every patient is in one of the groups
    result["groups"] = result["groups"][:3]
    result["table_one"] = [
        row for name in ("sex", "stage", "centre") for row in _levels(name, patients, chance)
    ]
    return document


def _levels(name: str, patients: list[bool], chance: random.Random) -> list[dict[str, Any]]:
    weights = chance.choice([(5, 5), (9, 1), (6, 3, 1), (30, 1)])
    lacking = chance.choice([0, 0, 0.02, 0.2])
    predictor = chance.random() < 0.5
    values = [
        None if chance.random() < lacking else chance.choices(range(len(weights)), weights)[0]
        for _ in patients
    ]

    def side(level: int, chosen: list[int]) -> dict[str, Any]:
        there = [values[at] for at in chosen if values[at] is not None]
        count = there.count(level)
        percent = 100 * count / len(there) if there else None
        return {
            "n": len(there), "missing": len(chosen) - len(there), "count": count,
            "percent": percent, "median": None, "lower_quartile": None, "upper_quartile": None,
        }  # fmt: skip

    everybody = list(range(len(patients)))
    return [
        {
            "column": name, "label": name, "unit": "", "kind": "level", "level": f"l{level}",
            "predictor": predictor, "smd": 0.3,
            "overall": side(level, everybody),
            "with_event": side(level, [at for at in everybody if patients[at]]),
            "without_event": side(level, [at for at in everybody if not patients[at]]),
        }
        for level in range(len(weights))
    ]  # fmt: skip


def test_some_levels_and_groups_are_told() -> None:
    # the rule is not kept by telling nothing
    told = {"levels": 0, "groups": 0, "steps": 0}
    for seed in range(60):
        kept = shareable_development(_random_development(random.Random(seed)), SAY)
        result = kept.document["result"]
        told["levels"] += sum(row["overall"] is not None for row in result["table_one"])
        told["groups"] += sum(row["n"] is not None for row in result["groups"])
        told["steps"] += sum(step["patients"] is not None for step in result["flow"])
    assert min(told.values()) > 15, told


def test_sets_that_might_lie_within_each_other_are_not_told_together() -> None:
    told = ToldCounts((40, 100), CELL)
    told.add([(20, 50), (20, 50)])
    # 2 with and 10 without the event would lie between
    assert not told.allows([(18, 40), (22, 60)])
    # 8 with and 20 without
    assert told.allows([(12, 30), (28, 70)])
    # neither can lie within the other
    assert told.allows([(22, 30), (18, 70)])
    assert told.allows([(28, 30), (12, 70)])
    # the same sets by another name tell nothing more
    assert told.allows([(20, 50), (20, 50)])


def test_wide_effects_are_withheld_and_others_rounded() -> None:
    document = copy.deepcopy(DEVELOPMENTS["points"])
    rows = document["result"]["univariable"]["rows"]
    narrow, wide = rows[0], rows[1]
    narrow["effect"] |= {"value": 2.0, "low": 1.4, "high": 2.857142857}
    wide["effect"] |= {"value": 2.0, "low": 0.5, "high": 8.0}
    shareable = shareable_development(document, SAY)
    kept = shareable.document["result"]["univariable"]["rows"]
    assert kept[1]["effect"] is None
    assert "result.univariable.rows[1].effect" in shareable.withheld
    # log 2 = 0.693 in steps of 0.02, for a standard error of 0.18
    assert kept[0]["effect"]["value"] == pytest.approx(2.0137527, rel=1e-7)
    assert all("p_value" in row and row["p_value"] is None for row in kept)


def test_tables_of_a_shared_paper_have_their_rows() -> None:
    for kind in DEVELOPMENTS:
        for block in made(kind).blocks:
            if isinstance(block, Table):
                assert block.rows
                assert {len(row.cells) for row in block.rows} <= {1, len(block.columns)}
