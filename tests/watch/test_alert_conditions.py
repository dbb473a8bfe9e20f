"""Whether a condition holds, by hand: certainly, certainly not, or neither."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from ward_patients import at, infusion, obs

from cartwheel.watch.alert_conditions import holds
from cartwheel.watch.alert_kinds import (
    AtRisk,
    Expected,
    InBand,
    Measured,
    Reached,
    Rising,
    Several,
)
from cartwheel.watch.observation import Observation
from cartwheel.watch.policy import Policy
from cartwheel.watch.standing import Standing
from cartwheel.watch.track import NO_TRACK, Track
from cartwheel.watch.view import View

POLICY = Policy(timedelta(hours=24), {"infusion": None}, {}, {})


def view(hours: float, *several: Observation) -> View:
    tracks: dict[str, Track] = {}
    for one in several:
        tracks[one.name] = tracks.get(one.name, NO_TRACK).put(one)
    return View(POLICY, tracks, at(hours))


def standing(**said: Any) -> dict[str, Standing]:
    plain: dict[str, Any] = dict.fromkeys(
        ("value", "low", "high", "band", "risk", "risk_low", "risk_high")
    )
    plain |= {"bands": (), "deciding": (), "missing": (), "inputs": (), "warnings": (),
              "reasons": (), "text": "", "version": "1", "kind": "grade"}  # fmt: skip
    return {"t": Standing(target="t", at=at(0), **{**plain, **said})}


def truth(condition: Any, *several: Observation, hours: float = 30, **said: Any) -> Any:
    standings = standing(**said) if said else {}
    held = holds(condition, standings, view(hours, *several))
    return (held.truth, held.level) if held.truth == "yes" else held.truth


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (2, 2, ("yes", 2)), (2, 4, ("yes", 2)), (1, 3, "between"), (1, 1, "between"),
        (0, 0, "no"), (0, 1, "between"), (None, None, "between"),
    ],
)  # fmt: skip
def test_a_grade_holds_by_its_lowest_and_ends_by_its_highest(
    low: Any, high: Any, expected: Any
) -> None:
    assert truth(Reached("t", 2, 1), low=low, high=high) == expected
    assert truth(AtRisk("t", 2, 1), risk_low=low, risk_high=high) == expected


def test_what_is_not_followed_yet_is_not_known() -> None:
    assert truth(Reached("t", 2, 2)) == "between"
    assert truth(InBand("t", ("high",))) == "between"


@pytest.mark.parametrize(
    ("bands", "expected"),
    [
        (("low",), "no"), (("low", "middle"), "between"), (("middle",), ("yes", 0)),
        (("middle", "high"), ("yes", 0)), (("high",), ("yes", 1)), ((), "between"),
    ],
)  # fmt: skip
def test_bands_that_are_still_possible(bands: tuple[str, ...], expected: Any) -> None:
    assert truth(InBand("t", ("middle", "high")), bands=bands, low=1, high=3) == expected
    assert truth(InBand("t", ("middle", "high")), bands=bands) == "between"


AT_LEAST = Measured("crp", "at_least", Decimal(50), Decimal(40))
AT_MOST = Measured("crp", "at_most", Decimal(50), Decimal(60))


@pytest.mark.parametrize(
    ("value", "limit", "least", "most"),
    [
        (50, "", ("yes", 50), ("yes", -50)),
        (51, "", ("yes", 51), "between"),
        (49, "", "between", ("yes", -49)),
        (40, "", "between", ("yes", -40)),
        (39, "", "no", ("yes", -39)),
        (60, "", ("yes", 60), "between"),
        (61, "", ("yes", 61), "no"),
        # beyond a limit of detection: only what follows for every value beyond it is certain
        (50, ">", ("yes", 50), "between"),
        (60, ">", ("yes", 60), "no"),
        (30, ">", "between", "between"),
        (50, "<", "between", ("yes", -50)),
        (40, "<", "no", ("yes", -40)),
        (70, "<", "between", "between"),
    ],
)
def test_a_value_at_its_limits(value: int, limit: Any, least: Any, most: Any) -> None:
    one = obs("crp", 29, value, limit=limit)
    assert truth(AT_LEAST, one) == least
    assert truth(AT_MOST, one) == most


def test_a_value_that_is_too_old_is_not_known() -> None:
    one = obs("crp", 5, 80)
    assert truth(AT_LEAST, one, hours=28) == ("yes", 80)
    assert truth(AT_LEAST, one, hours=29) == "between"
    assert truth(AT_LEAST) == "between"


TWICE = Rising("crp", Decimal(2), True, timedelta(hours=12))
BY_TEN = Rising("crp", Decimal(10), False, timedelta(hours=12))


@pytest.mark.parametrize(
    ("several", "twice", "by_ten"),
    [
        ([(29, 40, "")], "between", "between"),
        ([(20, 20, ""), (29, 40, "")], ("yes", 2), ("yes", 20)),
        ([(20, 20, ""), (29, 30, "")], "no", ("yes", 10)),
        ([(20, 20, ""), (29, 29, "")], "no", "no"),
        # the lowest within the hours, both ends included
        ([(17, 4, ""), (20, 20, ""), (29, 30, "")], ("yes", 7.5), ("yes", 26)),
        ([(16.9, 4, ""), (20, 20, ""), (29, 30, "")], "no", ("yes", 10)),
        ([(20, 80, ""), (29, 40, "")], "no", "no"),
        # against nothing there is no ratio
        ([(20, 0, ""), (29, 5, "")], "between", "no"),
        ([(20, 0, ""), (29, 0, "")], "no", "no"),
        # beyond a limit of detection
        ([(20, 20, "<"), (29, 40, "")], ("yes", 2), ("yes", 20)),
        ([(20, 20, "<"), (29, 21, "")], "between", "between"),
        ([(20, 20, ">"), (29, 60, "")], "between", "between"),
        ([(20, 20, ">"), (29, 21, "")], "no", "no"),
        ([(20, 20, ""), (29, 40, ">")], ("yes", 2), ("yes", 20)),
        ([(20, 20, ""), (29, 21, ">")], "between", "between"),
        ([(20, 20, ""), (29, 90, "<")], "between", "between"),
        ([(20, 20, ""), (29, 21, "<")], "no", "no"),
    ],
)
def test_a_rise(several: list[tuple[float, float, Any]], twice: Any, by_ten: Any) -> None:
    taken = [obs("crp", hour, value, limit=limit) for hour, value, limit in several]
    assert truth(TWICE, *taken) == twice
    assert truth(BY_TEN, *taken) == by_ten


DAILY = Expected("crp", timedelta(hours=24), 1, 2)


@pytest.mark.parametrize(
    ("hours", "taken", "expected"),
    [
        # expected from hour 24 to hour 72
        (23, [], "no"), (47, [], "no"), (48, [], ("yes", 0)), (71, [], ("yes", 0)),
        (72, [], "no"),
        # one taken before the first day does not put it off
        (48, [20], ("yes", 0)), (48, [30], "no"), (53.9, [30], "no"), (54, [30], ("yes", 0)),
    ],
)  # fmt: skip
def test_what_is_expected(hours: float, taken: list[float], expected: Any) -> None:
    several = [obs("crp", hour, 5) for hour in taken]
    assert truth(DAILY, infusion(), *several, hours=hours) == expected


def test_nothing_is_expected_without_infusion_or_after_the_patient_has_left() -> None:
    assert truth(DAILY, hours=50) == "between"
    for milestone in ("discharge", "death"):
        assert truth(DAILY, infusion(), obs(milestone, 49), hours=48.5) == ("yes", 0)
        assert truth(DAILY, infusion(), obs(milestone, 49), hours=50) == "no"
    # a discharge before this infusion is another stay
    assert truth(DAILY, infusion(), obs("discharge", -9), hours=50) == ("yes", 0)


def test_several_count_what_is_certain() -> None:
    parts = (
        Measured("crp", "at_least", Decimal(50), Decimal(50)),
        Measured("ferritin", "at_least", Decimal(500), Decimal(500)),
        Measured("ldh", "at_least", Decimal(300), Decimal(300)),
    )
    crp, ferritin = obs("crp", 29, 80), obs("ferritin", 29, 900)
    assert truth(Several(2, parts), crp, ferritin) == ("yes", 2)
    assert truth(Several(2, parts), crp, ferritin, obs("ldh", 29, 400)) == ("yes", 3)
    # one is not known: it may be the second
    assert truth(Several(2, parts), crp, obs("ferritin", 29, 90)) == "between"
    assert truth(Several(2, parts), crp, obs("ferritin", 29, 90), obs("ldh", 29, 100)) == "no"
    assert truth(Several(3, parts), crp, obs("ferritin", 29, 90)) == "no"
