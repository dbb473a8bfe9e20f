"""A shipped file that was checked before gives the very score that checking it again gives."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from importlib.resources import files

import pytest
from score_examples import manual_toml
from score_library import IDS

from cartwheel.clinic import registry, score
from cartwheel.clinic.score import read_score, score_from_document
from cartwheel.clinic.score_build import CHECKED, checked_sums, was_checked
from cartwheel.clinic.score_format import score_reader
from cartwheel.clinic.score_terms import Condition, PointsBand, Window
from cartwheel.errors import ScoreRefused


def test_the_sums_are_those_of_the_files() -> None:
    noted = json.loads(files("cartwheel.clinic").joinpath("scores", CHECKED).read_text())
    # after a change of a score file: python examples/stamp_scores.py
    assert noted == checked_sums({name: registry.shipped_text(name) for name in IDS})


@pytest.mark.parametrize("name", IDS)
def test_reading_by_sum_and_in_full_give_the_same_score(name: str) -> None:
    text = registry.shipped_text(name)
    assert was_checked(name, text)
    # text is read in full, whatever its sum
    by_sum, in_full = read_score(name), read_score(text)
    assert by_sum == in_full
    assert repr(by_sum) == repr(in_full)
    assert by_sum.identity == in_full.identity


@pytest.mark.parametrize("name", IDS)
def test_a_score_says_what_its_reader_says(name: str) -> None:
    spec = read_score(name)
    dumped = score_reader().model_validate(spec.document()).model_dump(by_alias=True)
    assert repr(_without_none(dumped)) == repr(spec.document())


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    return tuple(map(_without_none, value)) if isinstance(value, tuple) else value


def test_a_shipped_file_that_was_changed_is_checked_in_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changed = registry.shipped_text("easix") + '\n[colour]\nis = "red"\n'
    assert not was_checked("easix", changed)
    monkeypatch.setattr(score, "shipped_text", lambda _: changed)
    with pytest.raises(ScoreRefused) as caught:
        read_score("easix")
    assert [problem.code for problem in caught.value.problems] == ["unknown_key"]


def test_a_score_that_was_checked_still_has_to_pass_its_examples(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = registry.shipped_text("easix")
    value = f"value = {read_score('easix').examples[0].value}"
    changed = text.replace(value, "value = 99", 1)
    assert changed != text
    monkeypatch.setattr(score, "shipped_text", lambda _: changed)
    monkeypatch.setattr(score, "was_checked", lambda *_: True)
    with pytest.raises(ScoreRefused) as caught:
        read_score("easix")
    assert "example_fails" in {problem.code for problem in caught.value.problems}


def test_a_record_is_frozen_and_equal_by_what_it_says() -> None:
    spec = read_score(manual_toml())
    again = score_from_document(spec.document())
    assert again == spec
    assert again is not spec
    assert spec.but(title="Other") != spec
    assert spec.but(title="Other").identity != spec.identity
    with pytest.raises(FrozenInstanceError):
        spec.title = "Other"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del spec.title
    with pytest.raises(TypeError, match="points"):
        PointsBand()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="colour"):
        Condition(input="x", colour="red")  # type: ignore[call-arg]
    one = Window(text="before", anchor="infusion")
    assert hash(one) == hash(one.but())
    assert one.document() == {"text": "before", "anchor": "infusion"}
    assert repr(one) == "Window(text='before', anchor='infusion', from_=None, to=None)"
    assert one != Condition(input="before")
