"""The life of an alert, by hand, through the whole step: every line is known when it was taken."""

from __future__ import annotations

from ward_bed import Bed
from ward_patients import at, infusion, obs

from cartwheel.watch.alert_state import NO_ALERTS

FEVER = {"id": "fever", "name": "temperature", "at_least": "38.5 Cel", "clear_below": "38 Cel",
         "severity": "warning"}  # fmt: skip
CRS = {"id": "crs", "target": "astct-crs", "at_least": 2, "severity": "info"}
AIR = {"max_age_hours": {"default": 240}}
MISSING = {"id": "crp", "name": "crp", "every_hours": 24, "to_day": 2, "severity": "info"}


def test_nothing_is_told_twice() -> None:
    bed = Bed(FEVER)
    assert bed.temperature(1, 39) == ["raised"]
    first = bed.events[0]
    assert (first.rule, first.severity, first.at) == ("fever", "warning", at(1))
    assert first.text == "temperature at least 38.5 Cel"
    assert [bed.temperature(*one) for one in ((2, 39), (3, 38.2), (4, 40), (5, 38))] == [[]] * 4
    assert bed.temperature(6, 37.9) == ["cleared"]
    assert bed.events[0].alert == first.alert
    assert bed.temperature(7, 39) == ["raised"]
    assert bed.events[0].alert != first.alert


def test_a_value_that_swings_between_the_limits_raises_once() -> None:
    bed = Bed({**FEVER, "quiet_hours": 0})
    swings = [bed.temperature(hour, (38.5, 38.0, 38.4)[hour % 3]) for hour in range(30)]
    assert swings == [["raised"]] + [[]] * 29


def test_missing_values_neither_raise_nor_clear() -> None:
    bed = Bed(FEVER, max_age_hours={"default": 4})
    assert bed.wait(0) == []
    assert bed.temperature(1, 39) == ["raised"]
    assert bed.wait(9) == []
    assert len(bed.episode.alerts.open_alerts()) == 1
    assert bed.temperature(10, 37) == ["cleared"]


def test_it_ends_only_after_so_long_without_its_condition() -> None:
    bed = Bed({**FEVER, "clear_after_hours": 3})
    assert bed.temperature(1, 39) == ["raised"]
    assert bed.temperature(2, 37) == []
    assert bed.due == 5
    assert bed.temperature(4, 38.2) == []
    # between the limits the count begins anew
    assert bed.temperature(4.5, 37) == []
    assert bed.due == 7.5
    assert bed.wait(7.4) == []
    assert bed.wait(7.5) == ["cleared"]


def test_a_quiet_period_holds_back_what_is_no_worse() -> None:
    bed = Bed({**FEVER, "quiet_hours": 6})
    assert bed.temperature(1, 39) == ["raised"]
    assert bed.temperature(2, 37) == ["cleared"]
    assert bed.temperature(3, 38.9) == []
    assert bed.due == 7
    assert bed.wait(6.9) == []
    # the period is over and the condition still holds: not lost
    assert bed.wait(7) == ["raised"]


def test_what_is_held_back_and_passes_by_itself_is_never_told() -> None:
    bed = Bed({**FEVER, "quiet_hours": 6})
    bed.temperature(1, 39)
    bed.temperature(2, 37)
    assert [bed.temperature(3, 39), bed.temperature(4, 37), bed.wait(7)] == [[], [], []]


def test_worse_breaks_the_quiet_period() -> None:
    bed = Bed({**FEVER, "quiet_hours": 6})
    bed.temperature(1, 39)
    # the worst of the alert counts, not what it began with
    bed.temperature(1.5, 40)
    bed.temperature(2, 37)
    assert bed.temperature(3, 39.9) == []
    # 38.5 to 45, where nobody's temperature lies, are 6.5: a tenth of that is worse
    assert bed.temperature(4, "40.64") == []
    assert bed.temperature(5, "40.65") == ["raised"]


def test_how_much_is_worse_can_be_stated() -> None:
    bed = Bed({**FEVER, "quiet_hours": 6, "worse_by": "0.3 Cel"})
    bed.temperature(1, "38.9")
    bed.temperature(2, 37)
    assert bed.temperature(3, "39.1") == []
    # 38.9 + 0.3 by their digits, not as binary numbers
    assert bed.temperature(4, "39.2") == ["raised"]
    bed = Bed({"id": "rise", "name": "crp", "times": 2, "within_hours": 4, "severity": "info",
               "quiet_hours": 24, "worse_by": 1})  # fmt: skip
    assert bed.take(obs("crp", 1, 10), 1) == []
    assert bed.take(obs("crp", 2, 20), 2) == ["raised"]
    assert bed.take(obs("crp", 4, 10), 4) == ["cleared"]
    assert bed.take(obs("crp", 5, 25), 5) == []
    assert bed.take(obs("crp", 6, 30), 6) == ["raised"]


def test_a_grade_more_is_always_worse() -> None:
    bed = Bed({**CRS, "at_least": 1, "quiet_hours": 24}, **AIR)
    bed.take(infusion(), 0)
    bed.take(obs("hypotension", 0, False), 0)
    bed.take(obs("oxygen_device", 0, "room air"), 0)
    assert bed.temperature(1, 39) == ["raised"]
    assert bed.temperature(2, 37) == ["cleared"]
    assert bed.temperature(3, 39) == []
    assert bed.take(obs("oxygen_device", 4, "low-flow nasal cannula"), 4) == ["raised"]


def test_nobody_answers() -> None:
    bed = Bed({**FEVER, "severity": "info", "escalate_minutes": 30})
    assert bed.temperature(1, 39) == ["raised"]
    assert bed.due == 1.5
    assert bed.wait(1.4) == []
    assert bed.wait(1.5) == ["escalated"]
    assert bed.events[0].severity == "warning"
    assert bed.due == 2
    assert bed.wait(2) == ["escalated"]
    assert bed.events[0].severity == "critical"
    assert bed.wait(3) == []


def test_a_critical_alert_is_repeated_once() -> None:
    bed = Bed({**FEVER, "severity": "critical", "escalate_minutes": 30})
    assert [bed.temperature(1, 39), bed.wait(1.5), bed.wait(2)] == [["raised"], ["escalated"], []]


def test_an_escalation_is_due_though_the_last_value_is_of_later() -> None:
    bed = Bed({**FEVER, "escalate_minutes": 1})
    # taken by a clock that goes 6 minutes fast
    assert bed.temperature(1.1, 39, known=1) == ["raised"]
    assert bed.due is not None
    assert abs(bed.due - (1 + 1 / 60)) < 1e-6  # a microsecond is the smallest step of a moment
    assert bed.take(obs("crp", 0.5, 3), known=1.02) == ["escalated"]


def test_an_acknowledgement_ends_the_escalation_and_is_said_once() -> None:
    bed = Bed({**FEVER, "escalate_minutes": 30})
    bed.temperature(1, 39)
    assert bed.seen(1.2, "on it") == ["acknowledged"]
    told = bed.events[0]
    assert (told.who, told.reason, told.at) == ("who", "on it", at(1.2))
    before = bed.episode.alerts
    assert bed.seen(1.3, "again") == []
    assert bed.episode.alerts == before
    assert bed.wait(3) == []
    assert bed.temperature(4, 37) == ["cleared"]
    assert bed.seen(5) == []


def test_an_acknowledgement_without_its_reason_does_not_count() -> None:
    bed = Bed({**FEVER, "reason_required": True, "escalate_minutes": 30})
    bed.temperature(1, 39)
    assert bed.seen(1.2, "  ") == []
    assert bed.wait(1.5) == ["escalated"]
    assert bed.seen(1.6, "paracetamol") == ["acknowledged"]


def _breathing(bed: Bed, hours: float, device: str) -> list[str]:
    return bed.take(obs("oxygen_device", hours, device), hours)


def test_a_whole_grade_worse_speaks_again_after_it_was_seen() -> None:
    bed = Bed({**CRS, "escalate_minutes": 60}, **AIR)
    bed.take(infusion(), 0)
    bed.take(obs("hypotension", 0, False), 0)
    bed.temperature(1, 39)
    assert _breathing(bed, 2, "low-flow nasal cannula") == ["raised"]
    assert bed.seen(2.1) == ["acknowledged"]
    assert _breathing(bed, 3, "face mask") == ["escalated"]
    # it waits for an answer anew
    assert bed.wait(4) == ["escalated"]
    assert bed.seen(4.1) == ["acknowledged"]


def test_a_value_that_swings_upwards_does_not_speak_again() -> None:
    bed = Bed(FEVER)
    bed.temperature(1, 38.9)
    bed.seen(1.1)
    assert bed.temperature(2, 40.2) == []


def test_one_more_of_several_speaks_again() -> None:
    parts = [{"name": name, "at_least": "10 mg/L"} for name in ("crp",)]
    parts += [{"name": "ferritin", "at_least": "500 ug/L"}]
    bed = Bed({"id": "a", "at_least": 1, "any_of": parts, "severity": "info"})
    assert bed.take(obs("crp", 1, 20), 1) == ["raised"]
    assert bed.seen(1.1) == ["acknowledged"]
    assert bed.take(obs("crp", 2, 40), 2) == []
    assert bed.take(obs("ferritin", 3, 900), 3) == ["escalated"]


def test_a_correction_takes_the_ground_away() -> None:
    for status, value in (("corrected", 37), ("corrected", 38.2), ("withdrawn", None)):
        bed = Bed({**FEVER, "quiet_hours": 24})
        bed.temperature(0.5, 37)
        assert bed.temperature(1, 39, source="t") == ["raised"]
        bed.wait(1.5)
        if status == "withdrawn":
            # a later one, between the limits, would keep an alert open
            bed.temperature(1.6, 38.2)
        assert bed.temperature(1, value, known=2, source="t", status=status) == ["withdrawn"]
        # nothing true was told: there is no quiet period
        assert bed.temperature(3, 38.9) == ["raised"]


def test_a_withdrawn_value_takes_its_alert_along_though_nothing_else_is_known() -> None:
    bed = Bed(FEVER)
    bed.temperature(1, 39, source="t")
    bed.wait(2)
    assert bed.temperature(1, None, known=3, source="t", status="withdrawn") == ["withdrawn"]


def test_an_alert_stays_where_its_condition_held_later_too() -> None:
    bed = Bed(FEVER, max_age_hours={"default": 4})
    bed.temperature(1, 39, source="t")
    bed.temperature(2, 39.5, source="u")
    # both are too old by now, so that nothing is known of this moment
    bed.wait(9)
    assert bed.temperature(1, 37, known=9.1, source="t", status="corrected") == []
    assert bed.temperature(2, 37, known=9.2, source="u", status="corrected") == ["withdrawn"]
    # the other way round the first holds it
    bed = Bed(FEVER, max_age_hours={"default": 4})
    bed.temperature(1, 39, source="t")
    bed.temperature(2, 39.5, source="u")
    bed.wait(9)
    assert bed.temperature(2, 37, known=9.1, source="u", status="corrected") == []
    assert bed.temperature(1, 37, known=9.2, source="t", status="corrected") == ["withdrawn"]


def test_a_correction_that_is_taken_back_leaves_the_alert() -> None:
    bed = Bed(FEVER, max_age_hours={"default": 4})
    bed.temperature(1, 39, source="t")
    bed.temperature(2, 39.5)
    assert bed.temperature(1, 37, known=3, source="t", status="corrected") == []
    assert bed.temperature(1, 39, known=4, source="t", status="corrected") == []
    assert bed.temperature(5, 37) == ["cleared"]


def test_late_news_of_a_value_is_told_as_late_and_stays_until_it_was_seen() -> None:
    bed = Bed(FEVER)
    bed.temperature(1, 37)
    bed.temperature(5, 37)
    assert bed.temperature(3, 39, known=6) == ["raised late"]
    assert bed.events[0].at == at(3)
    assert bed.temperature(7, 37) == []
    assert bed.seen(8) == ["acknowledged late", "cleared late"]


def test_late_news_of_what_lasts_is_an_alert_like_any() -> None:
    bed = Bed(FEVER)
    bed.take(obs("crp", 3, 10), 3)
    assert bed.temperature(2, 39, known=4) == ["raised late"]
    # it holds now too: no need to have seen it
    assert bed.temperature(5, 37) == ["cleared"]


def test_news_about_long_ago_raises_nothing() -> None:
    bed = Bed({**FEVER, "late_hours": 2})
    bed.temperature(9, 37)
    assert bed.temperature(5, 40, known=9) == []
    assert bed.temperature(7, 40, known=9) == ["raised late"]


def test_late_news_about_what_was_told_already_raises_only_where_it_is_worse() -> None:
    bed = Bed(FEVER)
    assert bed.temperature(1, 39) == ["raised"]
    assert bed.temperature(5, 37) == ["cleared"]
    assert bed.temperature(3, 38.9, known=6) == []
    assert bed.temperature(4, 39.7, known=6) == ["raised late"]


def test_a_missing_value_is_told_when_it_is_due() -> None:
    bed = Bed(MISSING)
    bed.take(infusion(), 0)
    assert bed.due == 24
    assert bed.wait(24) == ["raised"]
    assert bed.due == 72
    assert bed.take(obs("crp", 25, 8), 25) == ["cleared"]
    assert bed.due == 49
    assert bed.wait(49) == ["raised"]
    # the days in which it is expected are over
    assert bed.wait(72) == ["cleared"]
    assert bed.due is None


def test_a_value_taken_in_time_that_comes_late_withdraws_the_alert() -> None:
    bed = Bed(MISSING)
    bed.take(infusion(), 0)
    bed.wait(24)
    bed.temperature(25, 37)
    assert bed.take(obs("crp", 23, 8), 26) == ["withdrawn"]


def test_nothing_is_missed_of_a_patient_who_has_left() -> None:
    for milestone in ("discharge", "death"):
        bed = Bed(MISSING)
        bed.take(infusion(), 0)
        bed.take(obs(milestone, 20), 20)
        assert bed.due is None or bed.due <= 20
        assert bed.wait(30) == []


def test_nothing_is_remembered_where_nothing_was_told() -> None:
    bed = Bed(FEVER, CRS, MISSING)
    bed.temperature(1, 37)
    assert bed.episode.alerts == NO_ALERTS
