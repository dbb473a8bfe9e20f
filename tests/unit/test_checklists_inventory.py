"""The inventories agree with what was published: how many items, and which numbers."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from itertools import chain

import pytest

from cartwheel.report.bibliography import bibliography
from cartwheel.report.checklists import _FILLINGS
from cartwheel.report.checklists.inventory import NAMES, inventory
from cartwheel.report.words import words

# counts as the publications give them: doi:10.1136/bmj-2023-078378 (27 items, 52 with parts),
# 10.1136/bmj-2022-071018 (19 items), 10.1093/jnci/dji237 (20), 10.1136/bmj.39335.541782.AD (22),
# 10.1136/bmj.n71 (27 items, 42 with parts). Rows of TRIPOD-Cluster and of STROBE's cohort form
# are counted in their printed tables; a transcription that says 39 for TRIPOD-Cluster holds 37.
PUBLISHED = {
    "tripod-ai": (27, 52),
    "tripod-cluster": (19, 37),
    "remark": (20, 20),
    "strobe": (22, 34),
    "prisma-2020": (27, 42),
}
# how many parts an item has, of those that have any
PARTS = {
    "tripod-ai": {3: 3, 5: 2, 6: 3, 8: 3, 9: 3, 12: 7, 18: 6, 20: 3, 23: 2, 27: 3},
    "tripod-cluster": {3: 2, 4: 2, 6: 2, 7: 4, 8: 7, 10: 3, 12: 2, 13: 2, 16: 3},
    "remark": {},
    "strobe": {1: 2, 6: 2, 12: 5, 13: 3, 14: 3, 16: 3},
    "prisma-2020": {10: 2, 13: 6, 16: 2, 20: 4, 23: 4, 24: 3},
}


def expected_numbers(name: str) -> list[str]:
    parts = PARTS[name]
    return list(
        chain.from_iterable(
            [f"{item}{'abcdefg'[at]}" for at in range(parts[item])]
            if item in parts
            else [f"{item}"]
            for item in range(1, PUBLISHED[name][0] + 1)
        )
    )


@pytest.mark.parametrize("name", NAMES)
def test_as_many_items_as_were_published(name: str) -> None:
    listed = inventory(name)
    items, rows = PUBLISHED[name]
    assert (listed.published_items, listed.published_rows) == (items, rows)
    assert len(listed.item_numbers()) == items
    assert len(listed.entries) == rows
    assert [entry.number for entry in listed.entries] == expected_numbers(name)
    assert re.search(r"doi:10\.\d{4,}/", listed.source)
    # the file says where each of the two numbers comes from
    said = re.fullmatch(r"(\d+) items: \w.+; (\d+) rows: \w.+", listed.counted)
    assert said is not None
    assert (int(said[1]), int(said[2])) == (items, rows)


@pytest.mark.parametrize("name", NAMES)
def test_every_item_has_its_words_and_no_words_are_left_over(name: str) -> None:
    say, listed = words(), inventory(name)
    numbers = {entry.number for entry in listed.entries}
    above = f"checklists.item.{name}."
    assert {key.removeprefix(above) for key in say.catalogue if key.startswith(above)} == numbers
    assert len({say(f"{above}{number}") for number in numbers}) == len(numbers)
    for entry in listed.entries:
        assert say(f"checklists.topic.{entry.topic}")
    rest = f"checklists.rest.{name}."
    left = {key.removeprefix(rest) for key in say.catalogue if key.startswith(rest)}
    filled = {entry.number for entry in listed.entries if entry.fill}
    assert left <= filled


def test_every_topic_is_used() -> None:
    used = {entry.topic for name in NAMES for entry in inventory(name).entries}
    above = "checklists.topic."
    known = {key.removeprefix(above) for key in words().catalogue if key.startswith(above)}
    assert known == used


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_that_is_named_is_there(name: str) -> None:
    listed = inventory(name)
    missing = [
        entry.number
        for entry in listed.entries
        if entry.fill and not any(entry.fill in _FILLINGS[kind] for kind in listed.kinds)
    ]
    assert missing == []


def test_every_answer_is_named_by_an_item() -> None:
    for kind, fillings in _FILLINGS.items():
        named = {
            entry.fill
            for name in NAMES
            if kind in inventory(name).kinds
            for entry in inventory(name).entries
        }
        assert set(fillings) - named == set(), kind


@pytest.mark.parametrize("name", NAMES)
def test_the_works_are_known(name: str) -> None:
    assert inventory(name).cites
    for key in inventory(name).cites:
        assert bibliography().work(key).doi


@pytest.mark.parametrize("name", NAMES)
def test_the_inventory_is_read_whole(name: str) -> None:
    text = files("cartwheel.report.checklists").joinpath(f"{name}.toml").read_text("utf-8")
    keys = {key for item in tomllib.loads(text)["items"] for key in item}
    assert keys <= {"number", "topic", "fill", "only"}
