"""What is known at a moment: values taken by then, young enough, in order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given, strategies as st
from ward_patients import at, course, infusion, obs, ward

from cartwheel.watch.observation import Observation
from cartwheel.watch.track import Track
from cartwheel.watch.view import View


def _view(hours: float, *several: Observation, **changes: object) -> View:
    found = ward(**changes)
    episode, _ = course(found, *several)
    return View(found.policy, episode.tracks, at(hours))


def test_latest_counts_until_it_is_too_old() -> None:
    several = [infusion(), obs("crp", 1, 10), obs("crp", 5, 20), obs("crp", 40, 30)]
    assert _view(0.5, *several).value("crp") is None
    assert _view(1, *several).value("crp") == 10
    assert _view(5, *several).value("crp") == 20
    # taken at 5, counts 24 hours
    assert _view(28.99, *several).value("crp") == 20
    assert _view(29, *several).value("crp") is None
    assert _view(29, *several).last_taken("crp") == at(5)
    assert _view(40, *several).value("crp", at(4)) == 10


def test_an_older_value_does_not_come_back() -> None:
    # the last value is too old for itself, though an earlier one of a longer life would not be
    several = [infusion(), obs("ferritin", 0, 1), obs("ferritin", 1, 2)]
    assert _view(24.5, *several).value("ferritin") == 2
    assert _view(25, *several).value("ferritin") is None


def test_never_old() -> None:
    view = _view(24 * 90, infusion(), obs("age", -100, 60), obs("crp", 0, 3),
                 max_age_hours={"default": 1, "crp": "never"})  # fmt: skip
    assert view.value("age") == 60
    assert view.value("crp") == 3


def test_readings_whatever_their_age() -> None:
    several = [obs("crp", hour, hour) for hour in (3, 1, 50)]
    assert _view(49, *several).readings("crp") == ((at(1), Decimal(1)), (at(3), Decimal(3)))


def test_day_begins_with_the_infusion() -> None:
    assert _view(36, infusion()).day == Decimal("1.5")
    assert _view(-1, infusion()).day is None
    assert _view(36).day is None


def test_what_runs() -> None:
    several = [
        obs("vasopressors", 1, "norepinephrine", ends_at=at(4)),
        obs("vasopressors", 2, "vasopressin"),
    ]
    assert [one.value for one in _view(3, *several).running("vasopressors")] == [
        "norepinephrine", "vasopressin",
    ]  # fmt: skip
    assert [one.value for one in _view(4, *several).running("vasopressors")] == ["vasopressin"]
    assert [one.value for one in _view(1.5, *several).running("vasopressors")] == ["norepinephrine"]


def test_of_two_values_at_one_moment_the_one_issued_last_counts() -> None:
    first = obs("crp", 1, 10, source="a", issued_at=at(3))
    second = obs("crp", 1, 20, source="b", issued_at=at(2))
    for several in ([first, second], [second, first]):
        assert _view(1, *several).value("crp") == 10


@given(
    st.lists(st.integers(0, 60), max_size=20, unique=True),
    st.integers(1, 30),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_lapses_are_the_moments_at_which_nothing_counts_any_more(
    hours: list[int], age: int, first: int, last: int
) -> None:
    track = Track()
    for hour in hours:
        track = track.put(obs("crp", hour, 1))
    assert list(track.times) == sorted(track.times)

    def counts(hour: int) -> bool:
        taken = [one for one in hours if one <= hour]
        return bool(taken) and hour - max(taken) < age

    # a value can lapse one hour after the last hour at which it counted, and only then
    expected = [hour for hour in range(first, last + 1) if counts(hour - 1) and not counts(hour)]
    assert track.lapses(timedelta(hours=age), at(first), at(last)) == [at(one) for one in expected]
    for hour in hours:
        track = track.without(obs("crp", hour, 1))
    assert track == Track()
