"""What is withheld cannot be worked out from what is told; a reason of few says nothing of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from cartwheel.watch.drift import Answered, Asked, DriftPlan, Predicted, drift
from cartwheel.watch.drift_withheld import without_rests

PLAN = DriftPlan(("2026-01", "2026-01"), {"score": 28.0}, least=5, permutations=19)
EVERY = "all"


def patients(place: str, many: int) -> list[str]:
    return [f"{place}{n}" for n in range(many)]


def asked(period: str, **places: int) -> list[Asked]:
    """Each patient at a place, and in the whole."""
    return [
        Asked(centre, period, who, "crp", 5.0)
        for place, many in places.items()
        for who in patients(place, many)
        for centre in ("", place)
    ]


def told(found: Any) -> dict[tuple[str, str], int | None]:
    return {(row.centre, row.period): row.patients for row in found}


def test_a_place_is_not_the_whole_less_the_others() -> None:
    # B has 3: 20 less 17 would tell them, so that the smaller of the others goes too
    found = without_rests(drift(PLAN, asked("2026-01", A=9, B=3, C=8)), EVERY)
    assert told(found.inputs) == {
        ("", "2026-01"): 20, ("A", "2026-01"): 9, ("B", "2026-01"): None, ("C", "2026-01"): None,
    }  # fmt: skip
    (hidden,) = [row for row in found.inputs if row.centre == "C"]
    assert hidden.withheld
    assert (hidden.median, hidden.missing, hidden.distance) == (None, None, None)


def test_where_enough_is_left_nothing_more_is_withheld() -> None:
    plain = drift(PLAN, asked("2026-01", A=9, B=3, C=2) + asked("2026-02", A=9, C=8))
    assert without_rests(plain, EVERY) == plain


def test_who_is_at_no_place_counts_as_left() -> None:
    several = [*asked("2026-01", A=9, C=8), Asked("", "2026-01", "nowhere", "crp", 5.0)]
    found = without_rests(drift(PLAN, several), EVERY)
    assert told(found.inputs) == {
        ("", "2026-01"): 18, ("A", "2026-01"): 9, ("C", "2026-01"): None,
    }  # fmt: skip


def test_answers_and_risks_are_kept_in_the_same_way() -> None:
    answered = [Answered(one.centre, one.period, one.patient, "score")
                for one in asked("2026-01", A=9, B=1)]  # fmt: skip
    assert told(without_rests(drift(PLAN, answered=answered), EVERY).refusals) == {
        ("", "2026-01"): 10, ("A", "2026-01"): None, ("B", "2026-01"): None,
    }  # fmt: skip
    risks = [
        Predicted("", period, f"{month} {n}", "score", 0.2, 30.0, 0)
        for month, many in (("2026-01", 8), ("2026-02", 9), ("2026-03", 1))
        for n in range(many)
        for period in (month, EVERY)
    ]
    # one patient in March: the mean risk of all would tell his
    assert told(without_rests(drift(PLAN, predicted=risks), EVERY).calibration) == {
        ("", "2026-01"): None, ("", "2026-02"): 9, ("", "2026-03"): None, ("", EVERY): 18,
    }  # fmt: skip


def test_nothing_of_few_can_be_worked_out_over_places_and_periods() -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        risks = [
            Predicted(centre, period, f"{place} {month} {n}", "score", 0.2, 30.0, 0)
            for place in "ABC"
            for month in ("2026-01", "2026-02", "2026-03")
            for n in range(int(rng.integers(0, 12)))
            for centre in ("", place)
            for period in (month, EVERY)
        ]
        found = told(without_rests(drift(PLAN, predicted=risks), EVERY).calibration)
        for (centre, period), whole in found.items():
            if whole is None:
                continue
            at = [many for (where, when), many in found.items() if when == period and where]
            of = [
                many for (where, when), many in found.items() if where == centre and when != EVERY
            ]
            for parts, is_whole in ((at, not centre), (of, period == EVERY)):
                if is_whole:
                    rest = whole - sum(many for many in parts if many is not None)
                    assert rest == 0 or rest >= PLAN.least


def test_a_reason_of_few_does_not_say_their_values() -> None:
    answers = [
        Answered("A", "2026-01", str(n), "score", (f"input 'ldh': {9000 + n} U/L is not possible",))
        for n in range(12)
    ]
    (row,) = drift(PLAN, answered=answers).refusals
    assert row.reasons == (("other reasons", 12),)
    (row,) = drift(PLAN, answered=[*answers[:4], *answers[:4]] + [
        Answered("A", "2026-01", str(n), "score", ("no ldh",)) for n in range(4, 10)
    ]).refusals  # fmt: skip
    # so often of four patients
    assert row.reasons == (("no ldh", 6), ("other reasons", None))
