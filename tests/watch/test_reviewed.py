"""What a review found: too old is not older, begun is not "no", and what is over stays over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from ward_patients import ASSUMED, at, course, entries, infusion, now, obs, tick, ward

from cartwheel.clinic.toxicity.vocabulary import ICE_ITEMS
from cartwheel.watch.advance import fold
from cartwheel.watch.burden import Foretold, Stay, Told, burden
from cartwheel.watch.episode import Episode
from cartwheel.watch.observation import Observation, Tick, supersedes
from cartwheel.watch.standing import AlertEvent, Event, Standing
from cartwheel.watch.ward import Ward

LONG = 24 * 60
SIGNS = (obs("hypotension", 0, False), obs("oxygen_device", 0, "room air"))


def _limits(standing: Standing) -> tuple[float | None, float | None]:
    return standing.low, standing.high


def _said(standing: Standing) -> dict[str, str]:
    return {one.name: one.value for one in standing.inputs}


def _live(
    given: Ward, *several: Observation | Tick
) -> tuple[Episode, tuple[tuple[int, Event], ...]]:
    """What comes of a patient where each line is known at its own moment."""
    moments = [one.at if isinstance(one, Tick) else one.taken_at for one in several]
    lines = zip(entries(several), moments, strict=True)
    return fold(given, "p", [replace(line, known_at=moment) for line, moment in lines])


def _icans(*several: Observation | Tick) -> Episode:
    stated = {
        "consciousness": "alert", "seizure": "none", "motor": "none", "died_of_icans": "no",
        "cerebral_oedema": "not imaged", "raised_icp_signs": "none", "icans_other_cause": "none",
        "developmental_delay": "no",
    }  # fmt: skip
    rule = {"id": "icans", "target": "astct-icans", "at_least": 2, "severity": "warning"}
    given = ward(
        grades=["astct-icans"], assumed=stated, alert=[rule],
        max_age_hours={"default": LONG, "ice": 4},
    )  # fmt: skip
    return _live(given, obs("age", -9, 60), infusion(), *several)[0]


def _items(hours: float) -> list[Observation]:
    return [obs(name, hours, Decimal(3 if name == "ice_naming" else 1)) for name in ICE_ITEMS]


def test_items_do_not_come_back_when_a_total_is_too_old() -> None:
    before = (*_items(1), obs("ice", 2, 5))
    known = _icans(*before)
    assert now(known, "astct-icans").value == 2
    lapsed = _icans(*before, tick(6))
    assert _limits(now(lapsed, "astct-icans")) == (0, 3)
    assert not {*ICE_ITEMS, "ice"} & set(_said(now(lapsed, "astct-icans")))
    # what is not known ends no alert
    assert len(known.alerts.open_alerts()) == len(lapsed.alerts.open_alerts()) == 1
    # asked again after the total, they count
    again = _icans(*before, *_items(3), tick(6))
    assert now(again, "astct-icans").value == 0
    assert again.alerts.open_alerts() == ()


def test_an_older_no_does_not_come_back_when_the_temperature_is_too_old() -> None:
    given = ward(max_age_hours={"default": LONG, "temperature": 4})
    said, hot = obs("fever", 1, False), obs("temperature", 2, 39)
    before = (infusion(), *SIGNS, said, hot)
    assert now(course(given, *before)[0]).value == 1
    lapsed = now(course(given, *before, tick(6))[0])
    assert _limits(lapsed) == (0, 1)
    assert "fever" not in _said(lapsed)
    # said after it was measured, it counts
    newer = now(course(given, *before, obs("fever", 3, False), tick(6))[0])
    assert (newer.value, _said(newer)["fever"]) == (0, "no")


def test_an_older_no_does_not_come_back_where_only_fever_is_asked() -> None:
    given = ward(
        grades=["iec-hs"], constants={"ferritin_uln": "300 ug/L"},
        assumed={"other_explanation": "no"}, max_age_hours={"default": LONG, "temperature": 4},
    )  # fmt: skip
    several = (infusion(), obs("ferritin", 2, 601), obs("iec_hs_severity", 2, "severe"))
    before = (*several, obs("fever", 1, False), obs("temperature", 2, 39))
    known = now(course(given, *before)[0], "iec-hs")
    assert "fever: taken from the temperature, >= 38.0 Cel" in known.warnings
    assert "fever" not in _said(now(course(given, *before, tick(6))[0], "iec-hs"))
    newer = now(course(given, *before, obs("fever", 3, False), tick(6))[0], "iec-hs")
    assert _said(newer)["fever"] == "no"


def test_an_older_no_does_not_come_back_when_the_pressure_is_too_old() -> None:
    given = ward(
        hypotension={"systolic_below_mmhg": 90},
        max_age_hours={"default": LONG, "systolic_pressure": 4},
    )
    before = (infusion(), *SIGNS, obs("temperature", 1, 39), obs("systolic_pressure", 2, 80))
    assert now(course(given, *before)[0]).value == 2
    lapsed = now(course(given, *before, tick(6))[0])
    assert (_limits(lapsed), lapsed.missing) == ((1, 2), ("hypotension",))
    newer = obs("hypotension", 3, False)
    assert now(course(given, *before, newer, tick(6))[0]).value == 1


@pytest.mark.parametrize(
    ("drug", "more", "limits"),
    [
        ("dexamethasone", {}, (0, 2)),
        ("dexamethasone", {"ends_at": at(1)}, (0, 0)),
        ("none", {}, (0, 0)),
    ],
)
def test_a_corticosteroid_that_nobody_ended_is_not_no(
    drug: str, more: dict[str, Any], limits: tuple[int, int]
) -> None:
    given = ward(max_age_hours={"default": LONG})
    before = obs("corticosteroid", 0.5, drug, **more)
    low = (obs("temperature", 10, "36.8"), obs("hypotension", 10, True))
    several = (infusion(), *SIGNS, obs("temperature", 0, 37), before, obs("temperature", 2, 39))
    found = now(course(given, *several, *low)[0])
    assert _limits(found) == limits
    assert ASSUMED["corticosteroid"] == "no"
    assert ("corticosteroid" in found.missing) == (limits == (0, 2))


def test_a_corticosteroid_that_nobody_ended_does_not_become_no_with_age() -> None:
    given = ward(max_age_hours={"default": 24, "temperature": LONG, "hypotension": LONG})
    before = obs("corticosteroid", 0.5, "dexamethasone")
    low = (obs("temperature", 30, "36.8"), obs("hypotension", 30, True))
    several = (infusion(), *SIGNS, obs("temperature", 0, 37), before, obs("temperature", 2, 39))
    late = tuple(replace(one, taken_at=at(30)) for one in SIGNS)
    assert _limits(now(course(given, *several, *late, *low)[0])) == (0, 2)


def _raised(patient: str, hours: float) -> Told:
    event = AlertEvent(f"{patient} {hours}", "crs", "raised", at(hours), "warning", "")
    return Told(patient, at(hours), event)


@pytest.mark.parametrize("event_at", [None, 15.0])
def test_an_alert_whose_time_was_not_all_seen_is_not_judged(event_at: float | None) -> None:
    first = {} if event_at is None else {"a": at(event_at)}
    foretold = Foretold("CRS", timedelta(hours=48), first)
    lines = [_raised("a", 10)]
    (found,) = [
        one
        for one in burden(lines, [Stay("a", at(0), at(20))], foretold).rows
        if one.by == "all"
    ]  # fmt: skip
    assert found.unripe == 1
    assert found.predictive_value is not None
    assert (found.predictive_value.value, found.predictive_value.n) == (None, 0)
    seen = burden(lines, [Stay("a", at(0), at(58))], foretold).rows[0]
    assert seen.predictive_value is not None
    assert (seen.unripe, seen.predictive_value.n) == (0, 1)
    assert seen.predictive_value.value == (0.0 if event_at is None else 1.0)


def test_nobody_is_called_again_for_a_patient_who_died() -> None:
    rule = {"id": "fever", "name": "temperature", "at_least": "38.5 Cel", "severity": "info",
            "escalate_minutes": 30}  # fmt: skip
    given = ward(alert=[rule])
    hot, later = obs("temperature", 1, 39), [tick(hour) for hour in (1.5, 2, 3)]

    def steps(*several: Observation | Tick) -> list[str]:
        told = _live(given, *several)[1]
        return [event.step for _, event in told if isinstance(event, AlertEvent)]

    assert steps(hot, *later) == ["raised", "escalated", "escalated"]
    assert steps(hot, obs("death", 1.2), *later) == ["raised", "cleared"]
    # after the first call
    assert steps(hot, later[0], obs("death", 1.6), *later[1:]) == ["raised", "escalated", "cleared"]


def test_a_withdrawal_dated_just_before_what_it_takes_back_counts() -> None:
    just = timedelta(microseconds=1)
    old = obs("crp", 1, 20, status="corrected", issued_at=at(2))
    taken_back = replace(old, value=None, status="withdrawn", issued_at=at(2) - just)
    assert supersedes(taken_back, old)
    # only a withdrawal, and only just before
    assert not supersedes(replace(taken_back, issued_at=at(2) - 2 * just), old)
    assert not supersedes(replace(old, value=Decimal(30), issued_at=at(2) - just), old)
