"""Whatever the order in which values come: the same values give the same answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from hypothesis import given, settings, strategies as st
from ward_patients import ASSUMED, at, course, entries, infusion, obs, tick, ward

from cartwheel.watch.advance import advance, fold
from cartwheel.watch.episode import Episode, answer_at, new_episode
from cartwheel.watch.observation import Observation, Tick
from cartwheel.watch.snapshot import episode_from_json, episode_to_json
from cartwheel.watch.standing import Changed, Standing
from cartwheel.watch.ward import Ward

AGES = {"default": 12, "temperature": 5, "ferritin": 30, "vasopressors": 20}
LAST = 24 * 103


ALERTS = [
    {"id": "crs", "target": "astct-crs", "at_least": 1, "severity": "warning",
     "escalate_minutes": 90, "quiet_hours": 3, "clear_after_hours": 2},
    {"id": "hot", "name": "temperature", "at_least": "38.4 Cel", "severity": "info"},
    {"id": "crp", "name": "crp", "every_hours": 24, "from_day": 0, "to_day": 3, "severity": "info"},
]  # fmt: skip


@lru_cache(maxsize=2)
def the_ward(*, alerts: bool = False) -> Ward:
    """A ward; alerts depend on the order in which values come, answers do not."""
    return ward(
        alert=ALERTS if alerts else None,
        grades=["astct-crs", "icaht-early", "icaht-late", "iec-hs"],
        scores=["m-easix", "hay"],
        max_age_hours=AGES,
        assumed={**ASSUMED, "oxygen_device": "room air"},
        hypotension={"systolic_below_mmhg": 90},
        constants={"ferritin_uln": "300 ug/L"},
    )


_VALUES = {
    "temperature": ("36.8", "38.4", "39"),
    "systolic_pressure": (80, 120),
    "hypotension": (True, False),
    "oxygen_device": ("room air", "face mask", "nasal cannula"),
    "oxygen_flow": (2, 8),
    "antipyretic": ("paracetamol", "none"),
    "anticytokine": ("tocilizumab",),
    "vasopressors": ("norepinephrine", "none", "vasopressin"),
    "neutrophils": ("0.05", "0.4", "2"),
    "ferritin": (100, 900),
    "ldh": (200, 400),
    "crp": (5, 100),
    "platelets": (20, 200),
    "death": (None,),
}
_OFTEN = ("temperature", "temperature", "systolic_pressure", "antipyretic", "vasopressors", "crp")


@st.composite
def one_value(draw: st.DrawFn) -> Observation:
    name = draw(st.sampled_from((*_OFTEN, *list(_VALUES)[:-1])))
    hours = draw(st.integers(-10, 60))
    ends = None
    if name in ("vasopressors", "anticytokine") and draw(st.booleans()):
        ends = at(hours + draw(st.integers(0, 20)))
    limit = draw(st.sampled_from(["", "", "", "<"])) if name in ("neutrophils", "crp") else ""
    return obs(name, hours, draw(st.sampled_from(_VALUES[name])), ends_at=ends, limit=limit)


@st.composite
def patients(draw: st.DrawFn) -> list[Observation]:
    """Final values, each of its own source, in the order in which they were taken."""
    found = draw(st.lists(one_value(), min_size=1, max_size=18))
    if draw(st.integers(0, 9)) > 0:
        found.append(infusion(draw(st.sampled_from([-6, 0, 3]))))
    if draw(st.integers(0, 4)) == 0:
        found.append(obs("infusion", draw(st.integers(10, 60))))
        found.append(obs("neutrophils", 24 * draw(st.integers(30, 40)), "0.4"))
        charted = Decimal(draw(st.sampled_from([1, 33])))
        found.append(obs("progression_day", draw(st.integers(5, 60)), charted))
    if draw(st.integers(0, 9)) == 0:
        found.append(obs("death", draw(st.integers(5, 60))))
    numbered = [replace(one, source=f"s{number}") for number, one in enumerate(found)]
    return sorted(numbered, key=lambda one: (one.taken_at, one.source))


def _end(several: Sequence[Observation | Tick]) -> Episode:
    """The patient at last, with all that time brings."""
    return course(the_ward(), *several, tick(70), tick(LAST))[0]


def _same(one: Episode, other: Episode) -> None:
    for name in ("tracks", "answers", "standings", "turns", "due_at", "horizon"):
        assert getattr(one, name) == getattr(other, name), name


@given(patients(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same(several: list[Observation], chance: object) -> None:
    shuffled: list[Observation | Tick] = list(several)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    _same(_end(shuffled), _end(several))


@given(patients(), st.lists(st.tuples(st.integers(0, 25), st.integers(-9, 70)), max_size=4))
def test_ticks_add_nothing_of_their_own(
    several: list[Observation], ticks: list[tuple[int, int]]
) -> None:
    mixed: list[Observation | Tick] = list(several)
    for place, hours in ticks:
        mixed.insert(place, tick(hours))
    assert _end(mixed) == _end(several)


@given(patients(), st.randoms(use_true_random=False))
def test_repeats_are_nothing(several: list[Observation], chance: object) -> None:
    shuffled = list(several)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    episode = new_episode("p")
    for place, line in enumerate(entries(shuffled)):
        episode, _ = advance(the_ward(alerts=True), episode, line)
        for earlier in shuffled[: place + 1]:
            again, events = advance(the_ward(alerts=True), episode, replace(line, what=earlier))
            assert again is episode
            assert events == ()


@given(patients(), st.data())
def test_withdrawn_is_as_never_there(several: list[Observation], data: st.DataObject) -> None:
    gone = data.draw(st.lists(st.sampled_from(several), unique=True, max_size=5))
    withdrawn = [replace(one, value=None, status="withdrawn") for one in gone]
    left = [one for one in several if one not in gone]
    _same(_end(data.draw(st.permutations([*several, *withdrawn]))), _end(left))


@given(patients(), st.data())
def test_corrected_is_as_if_right_from_the_first(
    several: list[Observation], data: st.DataObject
) -> None:
    wrong = data.draw(st.lists(st.sampled_from(several), unique=True, max_size=4))
    before = [
        replace(one, taken_at=one.taken_at + timedelta(hours=data.draw(st.integers(-20, 20))),
                status="preliminary", limit="")
        for one in wrong
    ]  # fmt: skip
    mixed = data.draw(st.permutations([*several, *before]))
    _same(_end(mixed), _end(several))


@given(patients(), st.data())
def test_an_episode_kept_as_text_goes_on_as_if_it_had_not_been(
    several: list[Observation], data: st.DataObject
) -> None:
    order = data.draw(st.permutations([*several, tick(30)]))
    lines = entries([*order, tick(LAST)])
    place = data.draw(st.integers(0, len(lines)))
    whole, events = fold(the_ward(alerts=True), "p", lines)
    half, first = fold(the_ward(alerts=True), "p", lines[:place])
    text = episode_to_json(the_ward(alerts=True), half)
    read = episode_from_json(the_ward(alerts=True), text)
    assert read == half
    assert episode_to_json(the_ward(alerts=True), read) == text
    told = list(first)
    for line in lines[place:]:
        read, news = advance(the_ward(alerts=True), read, line)
        told += [(line.number, event) for event in news]
    assert read == whole
    assert tuple(told) == events


def _news(before: Episode, after: Episode, target: str) -> dict[datetime, Standing | None]:
    """Moments at which an answer is another than was known for them, with what was known."""
    old, new = before.answers.get(target, ()), after.answers.get(target, ())
    found: dict[datetime, Standing | None] = {}
    for moment in sorted({one.at for one in (*old, *new)}):
        known = before.horizon is not None and moment <= before.horizon
        earlier = [one for one in new if one.at < moment]
        was = answer_at(old, moment) if known else earlier[-1] if earlier else None
        now = answer_at(new, moment)
        if (now is None and was is not None) or (now is not None and not now.same_answer(was)):
            found[moment] = was
    return found


@given(patients(), st.data())
def test_each_line_tells_what_differs_from_what_was_known(
    several: list[Observation], data: st.DataObject
) -> None:
    gone = data.draw(st.lists(st.sampled_from(several), unique=True, max_size=3))
    withdrawn = [replace(one, value=None, status="withdrawn") for one in gone]
    episode = new_episode("p")
    for line in entries(data.draw(st.permutations([*several, *withdrawn, tick(30)]))):
        after, events = advance(the_ward(), episode, line)
        changed = [one for one in events if isinstance(one, Changed)]
        assert [one.at for one in changed] == sorted(one.at for one in changed)
        for target in the_ward().targets:
            told = {one.at: one for one in changed if one.after.target == target.id}
            news = _news(episode, after, target.id)
            history = after.answers.get(target.id, ())
            gone_since = {one for one in news if answer_at(history, one) is None}
            # without any value left the answer may be the same as before: nothing is known
            assert set(news) - gone_since <= set(told) <= set(news)
            known = episode.standings.get(target.id)
            for moment, one in told.items():
                assert one.before == news[moment]
                now = answer_at(history, moment)
                # where all there was has gone, the answer that nothing is known
                assert one.after == now or (now is None and not one.after.inputs)
                assert one.late == (known is not None and moment < known.at)
        episode = after


@given(patients(), st.randoms(use_true_random=False))
def test_nothing_too_old_and_nothing_later_is_used(
    several: list[Observation], chance: object
) -> None:
    shuffled = list(several)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    found = the_ward()
    episode = _end(shuffled)
    every = [one for history in episode.answers.values() for one in history]
    for standing in (*every, *episode.standings.values()):
        target = found.target(standing.target)
        assert target is not None
        for used in standing.inputs:
            if used.taken_at is None:
                continue
            assert used.taken_at <= standing.at
            name = "temperature" if used.name == "fever" else used.name
            age = found.policy.age_of(name)
            running = used.name in ("antipyretic", "anticytokine", "corticosteroid")
            pinned = standing.target == "hay" or used.name in target.ageless
            if age is None or running or pinned:
                continue
            assert used.age_hours is not None
            assert timedelta(hours=used.age_hours) < age


@settings(max_examples=30)
@given(patients(), st.data())
def test_an_infusion_known_late_or_wrong_at_first(
    several: list[Observation], data: st.DataObject
) -> None:
    rest = [one for one in several if one.name != "infusion"]
    right = infusion()
    wrong = infusion(data.draw(st.integers(-48, 48)), status="preliminary")
    mixed: list[Observation | Tick] = [wrong, *rest, tick(65), right]
    _same(_end(mixed), _end([right, *rest]))
