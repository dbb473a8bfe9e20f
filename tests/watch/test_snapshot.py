"""An episode kept as text is the same episode again; that it goes on alike is in test_replay."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from ward_patients import at, course, infusion, obs, ward

from cartwheel.watch.episode import new_episode
from cartwheel.watch.snapshot import episode_from_json, episode_to_json
from cartwheel.watch.ward import Ward


@lru_cache(maxsize=1)
def the_ward() -> Ward:
    return ward(scores=["m-easix"])


def test_nothing_known_yet() -> None:
    empty = new_episode("p")
    assert episode_from_json(the_ward(), episode_to_json(the_ward(), empty)) == empty


def test_withdrawn_values_and_values_without_a_source_are_kept() -> None:
    gone = obs("crp", 1, 5)
    several = (
        infusion(),
        gone,
        replace(gone, value=None, status="withdrawn"),
        obs("ldh", 2, 300, source=""),
        obs("platelets", 2, 9, limit="<", issued_at=at(3)),
    )
    episode, _ = course(the_ward(), *several)
    read = episode_from_json(the_ward(), episode_to_json(the_ward(), episode))
    assert read == episode
    assert read is not None
    withdrawn = read.versions.of("crp 1")
    assert withdrawn is not None
    assert withdrawn.status == "withdrawn"


def test_the_order_of_arrival_does_not_show() -> None:
    several = (infusion(), obs("crp", 1, 5), obs("ldh", 2, 300), obs("temperature", 2, 39))
    texts = {
        episode_to_json(the_ward(), course(the_ward(), *order)[0])
        for order in (several, several[::-1])
    }
    assert len(texts) == 1


def test_numbers_keep_their_digits_in_a_snapshot() -> None:
    found = the_ward()
    episode, _ = course(found, obs("crp", 1, "5.10"), obs("vasopressors", 1, ("dopamine",)),
                        obs("hypotension", 1, True), infusion())  # fmt: skip
    read = episode_from_json(found, episode_to_json(found, episode))
    assert read is not None
    value = read.tracks["crp"].values[0].value
    assert isinstance(value, Decimal)
    assert str(value) == "5.10"
    assert read.tracks["vasopressors"].values[0].value == ("dopamine",)
    assert read.tracks["hypotension"].values[0].value is True
    assert read.infusion == at(0)


def test_a_snapshot_of_another_ward_file_is_not_taken() -> None:
    episode, _ = course(the_ward(), infusion(), obs("crp", 1, 5))
    text = episode_to_json(the_ward(), episode)
    assert episode_from_json(ward(), text) is None
    assert episode_from_json(the_ward(), text.replace("episode/3", "episode/2")) is None
