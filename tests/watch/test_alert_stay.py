"""Alerts of who has left the ward, of who died, and of who comes back."""

from __future__ import annotations

from typing import Any

from ward_bed import Bed
from ward_patients import at, infusion, obs

from cartwheel.watch.alert_state import RuleState

FEVER = {"id": "fever", "name": "temperature", "at_least": "38.5 Cel", "severity": "warning",
         "quiet_hours": 48, "escalate_minutes": 30}  # fmt: skip
MISSING = {"id": "crp", "name": "crp", "every_hours": 24, "to_day": 5, "severity": "info"}
CRS = {"id": "crs", "target": "astct-crs", "at_least": 1, "severity": "info",
       "escalate_minutes": 60}  # fmt: skip
FATAL = {"id": "fatal", "target": "astct-crs", "at_least": 5, "severity": "critical",
         "escalate_minutes": 60}  # fmt: skip


def told(bed: Bed) -> list[tuple[str, str, str]]:
    """Rule, step and reason of the last line."""
    return [(one.rule, one.step, one.reason) for one in bed.events]


def milestone(bed: Bed, name: str, hours: float, known: float | None = None, **more: Any) -> None:
    bed.take(obs(name, hours, **more), hours if known is None else known)


def test_a_discharge_ends_what_is_open_and_says_why() -> None:
    bed = Bed(FEVER)
    assert bed.temperature(1, 39) == ["raised"]
    milestone(bed, "discharge", 1.2)
    assert told(bed) == [("fever", "cleared", "left the ward")]
    assert bed.episode.alerts.rules["fever"] == RuleState(ended_at=at(1.2))
    # nothing is due for it any more, and nothing is told of what comes from a clinic
    assert [bed.wait(1.5), bed.temperature(3, 41), bed.wait(4)] == [[], [], []]


def test_who_comes_back_begins_anew() -> None:
    for back in ("admission", "infusion"):
        bed = Bed(FEVER)
        bed.temperature(1, 39)
        milestone(bed, "discharge", 2)
        bed.temperature(4, 39)
        milestone(bed, back, 5)
        # the quiet period of the earlier stay is over with it
        assert told(bed) == [("fever", "raised", "")]
        assert bed.wait(5.5) == ["escalated"]


def test_what_was_told_of_an_earlier_stay_is_not_told_again() -> None:
    bed = Bed(FEVER)
    bed.temperature(1, 39)
    bed.temperature(2, 37)
    milestone(bed, "discharge", 3)
    milestone(bed, "admission", 4)
    assert bed.temperature(1.5, 39, known=5) == []
    # what was never told of is
    assert bed.temperature(3.5, 39, known=6) == ["raised late"]


def test_a_discharge_that_was_cancelled_lets_the_rules_begin_anew() -> None:
    bed = Bed(FEVER)
    bed.temperature(1, 39)
    bed.take(obs("discharge", 2, source="out"), 2)
    bed.take(obs("discharge", 2, source="out", status="withdrawn"), 3)
    assert told(bed) == [("fever", "raised", "")]


def test_a_discharge_that_becomes_known_late_ends_them_too() -> None:
    bed = Bed(FEVER)
    bed.temperature(1, 37)
    bed.temperature(5, 39)
    milestone(bed, "discharge", 3, known=6)
    assert told(bed) == [("fever", "cleared", "left the ward")]
    # news of before he left is no news for the ward
    assert bed.temperature(2, 41, known=7) == []


def test_the_list_of_the_ward_ends_and_begins_them_as_well() -> None:
    bed = Bed(FEVER)
    bed.temperature(1, 39)
    assert bed.here(2, False) == ["cleared"]
    assert told(bed) == [("fever", "cleared", "left the ward")]
    # who is here anyway is not admitted once more, and the rules look again
    assert bed.here(3) == ["raised"]
    assert "admission" not in bed.episode.tracks
    assert bed.here(3.1) == []
    milestone(bed, "discharge", 4)
    assert bed.here(5) == ["raised"]
    assert [one.taken_at for one in bed.episode.tracks["admission"].values] == [at(5)]
    # a clock that goes slow does not bring him back before he left
    milestone(bed, "discharge", 6)
    assert bed.here(5.9) == ["raised"]
    assert bed.episode.tracks["admission"].times[-1] == at(6)


def test_an_old_discharge_does_not_take_off_who_is_on_the_list() -> None:
    bed = Bed(FEVER)
    bed.here(0)
    assert bed.temperature(1, 39) == ["raised"]
    # of an earlier stay, read only now: the ward took him after it
    milestone(bed, "discharge", -30, known=1.2)
    assert bed.events == []
    assert bed.episode.tracks["admission"].times == (at(0),)
    # another one of then says nothing more, and he is still called for
    milestone(bed, "discharge", -50, known=1.3)
    assert bed.events == []
    assert bed.wait(1.5) == ["escalated"]
    milestone(bed, "discharge", 3)
    assert told(bed) == [("fever", "cleared", "left the ward")]
    # the list may have been told a little late of who leaves
    bed = Bed(FEVER)
    bed.here(5)
    bed.temperature(5.1, 39)
    milestone(bed, "discharge", 4, known=5.2)
    assert told(bed) == [("fever", "cleared", "left the ward")]
    # off the list, nothing speaks against what is said late
    bed = Bed(FEVER)
    bed.here(0)
    bed.here(1, False)
    milestone(bed, "discharge", -30, known=2)
    assert "admission" not in bed.episode.tracks


def test_a_discharge_that_is_corrected_to_an_earlier_stay_brings_him_back() -> None:
    bed = Bed(FEVER)
    bed.here(0)
    bed.temperature(1, 39)
    milestone(bed, "discharge", 2, source="out")
    assert told(bed) == [("fever", "cleared", "left the ward")]
    milestone(bed, "discharge", -2, known=3, source="out", status="corrected")
    assert told(bed) == [("fever", "raised", "")]


def test_nothing_is_missed_of_who_is_away_and_all_of_who_is_back() -> None:
    bed = Bed(MISSING)
    bed.take(infusion(), 0)
    bed.take(obs("crp", 1, 5), 1)
    milestone(bed, "discharge", 20)
    assert bed.due is None
    assert bed.wait(60) == []
    milestone(bed, "admission", 70)
    # so long after he came back, not after the last value of the earlier stay
    assert bed.due == 94
    assert bed.wait(94) == ["raised"]


def test_death_ends_what_is_open_but_not_the_rule_that_asks_of_it() -> None:
    bed = Bed(CRS, FATAL, max_age_hours={"default": 240})
    bed.take(infusion(), 0)
    bed.take(obs("hypotension", 0, False), 0)
    bed.take(obs("oxygen_device", 0, "room air"), 0)
    assert bed.temperature(1, 39) == ["raised"]
    bed.seen(1.1)
    milestone(bed, "death", 2)
    assert told(bed) == [("crs", "cleared", "died")]
    # grade 5 is worse by whole grades, and still no news of the rule of grade 1
    bed.take(obs("died_of_crs", 2.5, True), 2.5)
    assert told(bed) == [("fatal", "raised", "")]
    assert bed.wait(3.5) == ["escalated"]
    # no result of before is told any more
    assert bed.temperature(1.5, 41, known=4) == []


def test_a_death_that_was_charted_by_mistake_gives_the_alerts_back() -> None:
    bed = Bed(FEVER)
    bed.temperature(1, 39)
    bed.take(obs("death", 2, source="x"), 2)
    assert told(bed) == [("fever", "cleared", "died")]
    bed.take(obs("death", 2, source="x", status="withdrawn"), 3)
    assert told(bed) == [("fever", "raised", "")]


def test_a_withdrawn_alert_leaves_the_quiet_period_of_the_one_before() -> None:
    bed = Bed(FEVER)
    assert bed.temperature(1, 39) == ["raised"]
    assert bed.temperature(2, 37) == ["cleared"]
    assert bed.temperature(3, 41, source="wrong") == ["raised"]
    taken = bed.temperature(3, None, known=4, source="wrong", status="withdrawn")
    assert taken == ["withdrawn"]
    # no worse than what was told at first, and within 48 hours of it
    assert bed.temperature(5, 39) == []
    assert bed.episode.alerts.rules["fever"].held_back


def test_an_acknowledgement_of_what_has_ended_is_nothing() -> None:
    bed = Bed(FEVER)
    bed.temperature(1, 39)
    milestone(bed, "discharge", 2)
    before = bed.episode.alerts
    assert bed.seen(3, "late") == []
    assert bed.episode.alerts == before
