"""One step: what is told, when it is late, what time alone brings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ward_patients import (
    INFUSION,
    answers,
    at,
    changes,
    course,
    entries,
    infusion,
    now,
    obs,
    tick,
    ward,
)

from cartwheel.watch.advance import advance, fold
from cartwheel.watch.episode import new_episode
from cartwheel.watch.observation import Acknowledgement, Entry
from cartwheel.watch.standing import AlertEvent

FREE = (obs("hypotension", 0, False), obs("oxygen_device", 0, "room air"))
LONG = {"default": 240}


def _told(events: Any) -> list[tuple[float, Any, Any, bool]]:
    """Hour, grade before and after, and whether it was late, of every change."""
    return [
        (
            (one.at - INFUSION).total_seconds() / 3600,
            None if one.before is None else one.before.value,
            one.after.value,
            one.late,
        )
        for one in changes(events)
    ]


def test_only_what_changes_is_told() -> None:
    given = ward(max_age_hours=LONG)
    hot = [obs("temperature", hour, 39) for hour in (1, 2, 3)]
    _, events = course(given, infusion(), *FREE, *hot, obs("temperature", 4, 37))
    assert _told(events)[-2:] == [(1, None, 1, False), (4, 1, 0, False)]
    assert [number for number, _ in events][-2:] == [4, 7]


def test_the_latest_assessment_shows_the_latest_values() -> None:
    given = ward(max_age_hours=LONG)
    episode, _ = course(
        given, infusion(), *FREE, obs("temperature", 1, 39), obs("temperature", 3, "39.5")
    )
    assert answers(episode)[-1] == (1, 1, 1)
    assert now(episode).at == at(3)
    assert now(episode).inputs[0].value == "39.5"


def test_a_repeat_is_nothing() -> None:
    given = ward(max_age_hours=LONG)
    episode, _ = course(given, infusion(), *FREE, obs("temperature", 1, 39))
    again, events = advance(given, episode, Entry(9, at(9), obs("temperature", 1, 39)))
    assert again is episode
    assert events == ()
    # sent out anew with nothing else changed
    resent = replace(obs("temperature", 1, 39), issued_at=at(8))
    assert advance(given, episode, Entry(9, at(9), resent))[0] is episode


def test_an_older_version_that_comes_later_does_not_count() -> None:
    given = ward(max_age_hours=LONG)
    corrected = obs("temperature", 1, 37, status="corrected", issued_at=at(5), source="t")
    first = obs("temperature", 1, 39, issued_at=at(2), source="t")
    for several in ((corrected, first), (first, corrected)):
        episode, _ = course(given, infusion(), *FREE, *several)
        assert now(episode).value == 0


def test_late_news_is_told_for_its_moment() -> None:
    given = ward(max_age_hours=LONG)
    cool = [obs("temperature", hour, 37) for hour in (1, 5, 9)]
    episode, events = course(given, infusion(), *FREE, *cool, obs("temperature", 3, 39))
    # from 5 on nothing differs from what was known
    assert [one for one in _told(events) if one[3]] == [(3, 0, 1, True)]
    assert answers(episode)[-3:] == [(1, 0, 0), (3, 1, 1), (5, 0, 0)]


def test_late_news_changes_later_moments_that_rest_on_it() -> None:
    given = ward(max_age_hours=LONG)
    several = (
        infusion(), *FREE, obs("temperature", 0, 37), obs("antipyretic", 4, "paracetamol"),
        obs("temperature", 6, 37), obs("hypotension", 7, True), obs("temperature", 8, 37),
    )  # fmt: skip
    episode, _ = course(given, *several)
    assert now(episode).value == 0
    # a fever at 2 makes CRS of it, and after the antipyretic hypotension alone decides at 7
    episode, events = course(given, *several, obs("temperature", 2, 38))
    assert [one for one in _told(events) if one[3]] == [(2, 0, 1, True), (7, 0, 2, True)]
    assert now(episode).value == 2


def test_a_correction_that_moves_a_value() -> None:
    given = ward(max_age_hours=LONG)
    hot = obs("temperature", 2, 39, source="t")
    moved = obs("temperature", 5, 39, source="t", status="corrected")
    cool = [obs("temperature", hour, 37) for hour in (1, 3, 6)]
    episode, events = course(given, infusion(), *FREE, *cool, hot, moved)
    assert answers(episode)[-3:] == [(1, 0, 0), (5, 1, 1), (6, 0, 0)]
    late = [one for one in _told(events) if one[3]]
    assert late == [(2, 0, 1, True), (2, 1, 0, True), (5, 0, 1, True)]


def test_withdrawn_values_leave() -> None:
    given = ward(max_age_hours=LONG)
    hot = obs("temperature", 2, 39, source="t")
    gone = replace(hot, value=None, status="withdrawn")
    episode, events = course(
        given, infusion(), *FREE, obs("temperature", 1, 37), hot, gone, tick(9)
    )
    never, _ = course(given, infusion(), *FREE, obs("temperature", 1, 37), tick(9))
    assert (episode.answers, episode.standings) == (never.answers, never.standings)
    assert _told(events)[-1] == (2, 1, 0, False)
    # what is sent again after its withdrawal stays away
    assert advance(given, episode, Entry(99, at(99), hot))[0] is episode


def test_withdrawing_all_there_is() -> None:
    given = ward(grades=[], scores=["m-easix"])
    one = obs("crp", 1, 5)
    gone = replace(one, value=None, status="withdrawn")
    episode, events = course(given, one, gone)
    assert episode.answers == {}
    assert episode.standings == {}
    assert episode.due_at is None
    assert episode.tracks == {}
    first, last = changes(events)
    assert first.before is None
    assert last.after.missing == ("ldh", "crp", "platelets")
    # a withdrawal that comes before its value
    early, events = course(given, gone, one)
    assert early.tracks == {}
    assert events == ()


def test_infusion_known_late_or_corrected() -> None:
    given = ward(max_age_hours=LONG)
    several = (*FREE, obs("temperature", 2, 39), obs("temperature", 20, 37))
    known, _ = course(given, infusion(), *several)
    late, events = course(given, *several, infusion())
    assert (late.answers, late.standings) == (known.answers, known.standings)
    assert [one for one in _told(events) if one[2] == 1] == [(2, None, 1, True)]
    corrected, _ = course(given, infusion(10), *several, infusion(0, status="corrected"))
    assert (corrected.answers, corrected.standings) == (known.answers, known.standings)
    # the wrong hour hid the fever
    wrong, _ = course(given, infusion(10), *several)
    assert [low for _, low, _ in answers(wrong)][-1] == 0


def test_what_time_alone_brings() -> None:
    given = ward(max_age_hours={"default": 240, "temperature": 8})
    several = (infusion(), *FREE, obs("temperature", 1, 37))
    episode, _ = course(given, *several)
    assert episode.due_at == at(9)
    same, events = advance(given, episode, Entry(9, at(8), tick(8)))
    assert (events, same.horizon, same.due_at) == ((), at(8), at(9))
    ticked, events = advance(given, same, Entry(10, at(9), tick(9)))
    assert [(one.at, one.after.low, one.after.high, one.late) for one in changes([(10, e) for e in
            events])] == [(at(9), 0, 1, False)]  # fmt: skip
    # what the clock was not asked for is the same without it: the next value finds it
    without, _ = course(given, *several, obs("temperature", 12, 37))
    clocked, _ = course(given, *several, tick(8), tick(9), obs("temperature", 12, 37))
    assert without == clocked
    assert answers(without)[-3:] == [(1, 0, 0), (9, 0, 1), (12, 0, 0)]
    assert ticked.due_at == at(240)


def test_a_treatment_s_end_is_a_moment() -> None:
    given = ward(max_age_hours=LONG)
    several = (
        infusion(), *FREE, obs("temperature", 1, 39),
        obs("vasopressors", 2, "norepinephrine", ends_at=at(6)),
    )  # fmt: skip
    episode, _ = course(given, *several)
    assert episode.due_at == at(6)
    ended, _ = course(given, *several, tick(7))
    assert answers(ended)[-2:] == [(2, 3, 3), (6, 1, 1)]


def test_nothing_becomes_too_old_after_a_death() -> None:
    given = ward(max_age_hours={"default": 24}, grades=["astct-crs", "icaht-early"])
    episode, _ = course(given, infusion(), *FREE, obs("temperature", 1, 37), obs("death", 5))
    assert episode.due_at is None
    later, _ = course(
        given, infusion(), *FREE, obs("temperature", 1, 37), tick(100), obs("death", 5)
    )
    assert later.answers == episode.answers
    withdrawn = obs("death", 5, status="withdrawn")
    alive, _ = course(
        given, infusion(), *FREE, obs("temperature", 1, 37), obs("death", 5), withdrawn, tick(100)
    )
    lived, _ = course(given, infusion(), *FREE, obs("temperature", 1, 37), tick(100))
    assert alive.answers == lived.answers
    assert alive.due_at == lived.due_at


def test_a_value_without_a_source_is_known_by_name_and_moment() -> None:
    given = ward(max_age_hours=LONG)
    first = obs("temperature", 1, 39, source="")
    episode, _ = course(given, infusion(), *FREE, first, replace(first))
    assert len(episode.tracks["temperature"].times) == 1
    episode, _ = course(given, infusion(), *FREE, first, replace(first, status="withdrawn"))
    assert "temperature" not in episode.tracks


def test_an_acknowledgement_changes_no_answer() -> None:
    given = ward(max_age_hours=LONG)
    episode, _ = course(given, infusion(), *FREE, obs("temperature", 1, 39))
    seen = Acknowledgement("p", "a", "who", "", at(2))
    after, events = advance(given, episode, Entry(9, at(9), seen))
    assert (after.answers, events) == (episode.answers, ())


ALERT = {"id": "crs", "target": "astct-crs", "at_least": 2, "severity": "warning",
         "escalate_minutes": 30, "late_hours": 4}  # fmt: skip


def _alerts(events: Any) -> list[tuple[str, str, bool]]:
    return [(one.rule, one.step, one.late) for _, one in events if isinstance(one, AlertEvent)]


def test_alerts_are_stepped_with_every_line() -> None:
    given = ward(max_age_hours=LONG, alert=[ALERT])
    worse = (infusion(), *FREE, obs("temperature", 1, 39), obs("oxygen_device", 2, "face mask"))
    lines = [Entry(n, one.taken_at, one) for n, one in enumerate(worse, 1)]
    episode, events = fold(given, "p", lines)
    assert _alerts(events) == [("crs", "raised", False)]
    # the escalation comes before any value is too old
    assert episode.due_at == at(2.5)
    ticked, events = advance(given, episode, Entry(6, at(2.5), tick(2.5)))
    assert [one.step for one in events if isinstance(one, AlertEvent)] == ["escalated"]
    raised = ticked.alerts.open_alerts()[0]
    seen = Acknowledgement("p", raised.id, "who", "on it", at(2.6))
    after, events = advance(given, ticked, Entry(7, at(2.6), seen))
    assert [one.step for one in events if isinstance(one, AlertEvent)] == ["acknowledged"]
    assert after.due_at is not None
    assert after.due_at > at(200)


def test_late_news_is_shown_to_the_alerts_at_its_own_moment() -> None:
    given = ward(max_age_hours=LONG, alert=[ALERT])
    air = [obs("oxygen_device", hour, "room air") for hour in (0, 4)]
    before = (infusion(), obs("hypotension", 0, False), obs("temperature", 1, 39), *air)
    lines = [Entry(n, one.taken_at, one) for n, one in enumerate(before, 1)]
    for hours, raised in ((5, [("crs", "raised", True)]), (9, [])):
        mask = Entry(9, at(hours), obs("oxygen_device", 2, "face mask"))
        _, events = fold(given, "p", [*lines, mask])
        assert _alerts(events)[: len(raised) or None] == raised


def test_the_patient_of_an_observation_is_not_looked_at() -> None:
    given = ward(max_age_hours=LONG)
    several = (infusion(), *FREE, obs("temperature", 1, 39))
    merged = [replace(one, patient="other") for one in several]
    assert course(given, *merged)[0].answers == course(given, *several)[0].answers


def test_the_first_moment_may_be_a_tick() -> None:
    given = ward()
    episode, events = advance(given, new_episode("p"), Entry(1, at(0), tick(0)))
    assert (episode.horizon, events, episode.due_at) == (at(0), (), None)
    back, _ = advance(given, episode, Entry(2, at(0), tick(-5)))
    assert back.horizon == at(0)


def test_steps_leave_what_they_began_from_alone() -> None:
    given = ward(max_age_hours=LONG)
    lines = entries([infusion(), *FREE, obs("temperature", 1, 39), obs("temperature", 0.5, 37)])
    kept = [new_episode("p")]
    for line in lines:
        kept.append(advance(given, kept[-1], line)[0])
    again = new_episode("p")
    for line, one in zip(lines, kept[1:], strict=True):
        again = advance(given, again, line)[0]
        assert again == one
