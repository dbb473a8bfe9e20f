"""What alerts cost and are worth, by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from ward_patients import at

from cartwheel.errors import NotEstimable, PlanRefused
from cartwheel.stats.descriptive import wilson_interval
from cartwheel.watch.burden import Burden, BurdenRow, Foretold, Stay, Told, burden
from cartwheel.watch.standing import AlertEvent

EXACT = 1e-12  # arithmetic of a few terms


def told(patient: str, hours: float, alert: str, step: Any, **more: Any) -> Told:
    said = {"rule": "crs", "severity": "warning", **more}
    return Told(patient, at(hours), AlertEvent(alert, step=step, at=at(hours), text="", **said))


def stay(patient: str, begins: float, ends: float) -> Stay:
    return Stay(patient, at(begins), at(ends))


def row(found: Burden, by: str = "all", of: str = "") -> BurdenRow:
    return next(one for one in found.rows if (one.by, one.of) == (by, of))


STAYS = [stay("a", 0, 240), stay("b", 0, 240)]


def test_alerts_for_each_patient_day() -> None:
    lines = [told("a", hour, f"a{hour}", "raised") for hour in range(10)]
    found = burden(lines, STAYS)
    rate = row(found).per_patient_day
    assert found.patient_days == pytest.approx(20, abs=EXACT)
    # Garwood's limits of 10 events, as printed to three digits in tables of the Poisson mean
    assert rate.value == pytest.approx(0.5, abs=EXACT)
    assert rate.low is not None
    assert rate.high is not None
    assert rate.low * 20 == pytest.approx(4.795, abs=5e-4)
    assert rate.high * 20 == pytest.approx(18.390, abs=5e-4)
    assert (rate.n, rate.events, rate.level) == (2, 10, 0.95)
    assert (row(found).raised, row(found).patients) == (10, 1)


def test_no_alert_at_all() -> None:
    found = burden([], STAYS)
    assert [one.by for one in found.rows] == ["all"]
    one = row(found)
    # the upper limit of no event is -log(0.025)
    assert one.per_patient_day.value == one.per_patient_day.low == 0
    assert one.per_patient_day.high == pytest.approx(3.688879454113936 / 20, rel=1e-12)
    assert one.minutes_to_acknowledgement.value is None
    assert one.escalated.value is None
    assert one.predictive_value is None
    assert found.foretold == ""
    assert (found.sensitivity, found.lead_hours) == (None, None)


def test_by_rule_and_by_the_severity_with_which_it_was_raised() -> None:
    lines = [
        told("a", 1, "1", "raised"),
        told("a", 2, "1", "escalated", severity="critical"),
        told("b", 3, "2", "raised", rule="fever", severity="info", late=True),
        told("b", 4, "2", "withdrawn", rule="fever", severity="info"),
    ]
    found = burden(lines, STAYS)
    assert [(one.by, one.of, one.raised) for one in found.rows] == [
        ("all", "", 2), ("rule", "crs", 1), ("rule", "fever", 1), ("severity", "info", 1),
        ("severity", "warning", 1),
    ]  # fmt: skip
    assert (row(found).late, row(found).withdrawn, row(found).unseen) == (1, 1, 2)


def test_time_to_acknowledgement_counts_those_that_never_were() -> None:
    lines = []
    for number, minutes in enumerate((10, 20, 40, 60)):
        lines += [
            told("a", number, str(number), "raised"),
            told("a", number + minutes / 60, str(number), "acknowledged"),
        ]
    median = row(burden(lines, STAYS)).minutes_to_acknowledgement
    # flat at one half from 20 to 40
    assert median.value == pytest.approx(30, abs=1e-6)  # moments are kept to the microsecond
    # two more end unseen after 15 minutes: at 20, 40, 60 the curve is 5/6 of 2/3, 1/3, 0
    for number in (4, 5):
        lines += [told("a", number, str(number), "raised"),
                  told("a", number + 0.25, str(number), "cleared")]  # fmt: skip
    median = row(burden(lines, STAYS)).minutes_to_acknowledgement
    assert median.value == pytest.approx(40, abs=1e-6)
    assert (median.n, median.events) == (6, 4)


def test_an_open_alert_waits_until_the_end_of_the_stay() -> None:
    lines = [told("a", 239, "1", "raised"), told("b", 1, "2", "raised"),
             told("b", 2, "2", "acknowledged")]  # fmt: skip
    found = row(burden(lines, STAYS)).minutes_to_acknowledgement
    assert (found.n, found.events) == (2, 1)
    assert found.value == pytest.approx(60, abs=1e-6)


def test_a_second_acknowledgement_changes_nothing() -> None:
    lines = [told("a", 1, "1", "raised"), told("a", 2, "1", "acknowledged")]
    again = [*lines, told("a", 3, "1", "acknowledged")]
    assert burden(again, STAYS) == burden(lines, STAYS)


def test_escalated_is_what_nobody_answered() -> None:
    lines = [
        told("a", 1, "1", "raised"), told("a", 2, "1", "escalated"),
        told("a", 2.5, "1", "escalated"),
        # worse after it was seen: nobody was slow
        told("a", 3, "2", "raised"), told("a", 3.1, "2", "acknowledged"),
        told("a", 4, "2", "escalated"),
        told("b", 3, "3", "raised"), told("b", 3.1, "3", "acknowledged"),
        told("b", 4, "3", "escalated"), told("b", 5, "3", "escalated"),
    ]  # fmt: skip
    share = row(burden(lines, STAYS)).escalated
    assert (share.events, share.n) == (2, 3)
    assert (share.low, share.high) == wilson_interval(2, 3)
    assert "too narrow" in share.method


FORETOLD = Foretold("severe CRS", timedelta(hours=48), {"a": at(100), "c": at(20), "d": at(30)})


def test_what_followed() -> None:
    stays = [*STAYS, stay("c", 0, 240), stay("d", 0, 240), stay("e", 0, 40)]
    lines = [
        told("a", 51, "1", "raised"),  # 49 hours before: wrong
        told("a", 52, "2", "raised"),  # right, at the limit
        told("a", 90, "3", "raised"),  # right
        told("a", 100, "4", "raised"),  # it is so already
        told("b", 10, "5", "raised"),  # never
        told("b", 200, "6", "raised"),  # followed for 40 hours only
        told("c", 21, "7", "raised"),  # after it
        told("e", 1, "8", "raised"),  # followed for 39 hours only
    ]
    found = burden(lines, stays, FORETOLD)
    one = row(found)
    assert found.foretold == "severe CRS within 48 h"
    assert one.predictive_value is not None
    assert (one.predictive_value.events, one.predictive_value.n) == (2, 4)
    assert (one.predictive_value.low, one.predictive_value.high) == wilson_interval(2, 4)
    assert (one.already, one.unripe) == (2, 2)
    # of a, c and d only a had an alert before
    assert found.sensitivity is not None
    assert (found.sensitivity.events, found.sensitivity.n) == (1, 3)
    assert "too narrow" not in found.sensitivity.method
    assert found.lead_hours is not None
    assert found.lead_hours.value == pytest.approx(48, abs=EXACT)


def test_an_event_while_nobody_followed_is_not_missed() -> None:
    found = burden([], [stay("a", 0, 99), stay("c", 0, 240)], FORETOLD)
    assert found.sensitivity is not None
    assert (found.sensitivity.events, found.sensitivity.n) == (0, 1)
    assert found.lead_hours is not None
    assert found.lead_hours.value is None


def test_alerts_outside_every_stay_are_counted_apart() -> None:
    stays = [stay("a", 0, 10), stay("a", 20, 30)]
    lines = [told("a", hour, str(hour), "raised") for hour in (-1, 0, 10, 15, 20, 31)]
    found = burden([*lines, told("z", 5, "z", "raised")], stays)
    assert (row(found).raised, found.outside) == (3, 4)


@pytest.mark.parametrize(
    ("code", "lines", "stays", "more"),
    [
        ("no_patient_days", [], [], {}),
        ("no_patient_days", [], [stay("a", 3, 3)], {}),
        ("stay_backwards", [], [stay("a", 3, 2)], {}),
        ("stays_overlap", [], [stay("a", 0, 9), stay("a", 8, 12)], {}),
        ("alert_not_raised", [told("a", 1, "1", "cleared")], STAYS, {}),
        ("foretold_within", [], STAYS, {"foretold": Foretold("x", timedelta(), {})}),
        ("level", [], STAYS, {"level": 1.0}),
    ],
)
def test_refusals(code: str, lines: Any, stays: Any, more: Any) -> None:
    with pytest.raises((PlanRefused, NotEstimable)) as caught:
        burden(lines, stays, **more)
    assert caught.value.problems[0].code == code


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 239)), max_size=20), st.randoms())
def test_the_order_of_alerts_does_not_matter(raised: Any, random: Any) -> None:
    lines = [told(patient, hour, str(n), "raised") for n, (patient, hour) in enumerate(raised)]
    found = burden(lines, STAYS, FORETOLD)
    random.shuffle(lines)
    assert burden(lines, STAYS, FORETOLD) == found
    one = row(found)
    assert one.predictive_value is not None
    assert one.raised == (one.predictive_value.n or 0) + one.already + one.unripe
    assert sum(each.raised for each in found.rows if each.by == "rule") == one.raised
