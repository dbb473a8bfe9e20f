"""Long courses: with each value that comes, only that value is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from ward_patients import at, obs, ward

from cartwheel.clinic.toxicity.assessment import Asked
from cartwheel.watch import courses
from cartwheel.watch.facts import given, vasopressors
from cartwheel.watch.observation import Observation
from cartwheel.watch.track import NO_TRACK
from cartwheel.watch.view import View

COUNTS = Asked("neutrophils", "Neutrophils", "series", unit="10*9/L")


def view(several: Iterable[Observation]) -> View:
    tracks = {"infusion": NO_TRACK.put(obs("infusion", 0))}
    for one in several:
        tracks[one.name] = tracks.get(one.name, NO_TRACK).put(one)
    return View(ward().policy, tracks, at(500))


def test_a_course_that_grows_pushes_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Observation] = []
    monkeypatch.setattr(courses, "_MOST_COURSES", 2)
    monkeypatch.setattr(courses, "given", lambda one: read.append(one) or given(one))
    tell = courses.course(COUNTS)
    every = {name: [replace(obs("neutrophils", 24 * day, day), patient=name) for day in range(9)]
             for name in ("one", "two", "three")}  # fmt: skip
    for day in range(1, 9):
        # now the one, now the other first
        for name in sorted(("one", "two"), reverse=day % 2 == 0):
            ((_, fact),) = tell(view(every[name][:day]))
            assert fact.value == tuple((day, given(each)) for day, each in enumerate(
                every[name][:day]))  # fmt: skip
    assert len(read) == 16
    # of more than are kept in mind the answers are the same
    for name in (*every, *every):
        ((_, fact),) = tell(view(every[name]))
        assert isinstance(fact.value, tuple)
        assert len(fact.value) == 9


def test_many_changes_of_a_pump_are_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    plain = View.running

    def spied(self: View, name: str) -> Any:
        asked.append(name)
        return plain(self, name)

    monkeypatch.setattr(View, "running", spied)
    doses = [obs("vasopressors", hour, "norepinephrine") for hour in range(40)]
    ((_, fact),) = vasopressors(view(doses))
    assert (fact.value, fact.source) == (("norepinephrine",), doses[-1])
    assert asked == ["vasopressors"]
