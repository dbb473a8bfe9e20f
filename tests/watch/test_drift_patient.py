"""One patient's log as rows of drift, by hand; and which risks a ward file compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="cartwheel[serve] is not installed")

from ward_drifting import WARD, ward_files

from cartwheel.errors import PlanRefused
from cartwheel.watch.drift_followed import followed_risks, risks_against
from cartwheel.watch.drift_patient import (
    ALL,
    DriftReading,
    Outcome,
    PatientLog,
    Told,
    patient_rows,
)
from cartwheel.watch.observation import Observation
from cartwheel.watch.ward import Ward, read_ward

# in Berlin it is April already
INFUSION = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
LATER = INFUSION + timedelta(days=90)


@cache
def ward() -> Ward:
    with TemporaryDirectory() as folder:
        return read_ward(ward_files(Path(folder)))


def reading(**more: Any) -> DriftReading:
    return DriftReading(ward(), **{"by": "month", "now": LATER, "risks": ward().risks, **more})


def value(name: str, number: float | None, days: float, **more: Any) -> Observation:
    said = None if number is None else Decimal(str(number))
    return Observation("p", name, INFUSION + timedelta(days=days), said, source=f"{name}{days}",
                       **more)  # fmt: skip


def told(target: str, days: float, number: int, **more: Any) -> Told:
    at = INFUSION + timedelta(days=days)
    said: dict[str, Any] = {"low": None, "risk": None, "is_range": False, "reasons": ()}
    return Told(number, target, at, **{"known_at": at, **said, **more})


VALUES = (
    value("infusion", None, 0),
    value("crp", 10, -1),
    value("crp", 30, 0.5, limit=">"),
    value("crp", 20, 1),
    # neither counts: too early, too late
    value("crp", 900, -8),
    value("crp", 900, 60),
)


def log(*answers: Told, values: tuple[Observation, ...] = VALUES) -> PatientLog:
    return PatientLog("p", "NORTH", values, answers)


def test_a_patient_is_asked_once_in_the_period_of_the_infusion() -> None:
    rows = patient_rows(log(), reading())
    assert {one.period for one in rows.asked} == {"2026-04"}
    crp = next(one for one in rows.asked if one.name == "crp")
    assert (crp.value, crp.limited, crp.patient) == (20.0, True, "p")
    missing = {one.name for one in rows.asked if one.value is None}
    assert missing >= {"ldh", "platelets", "temperature"}
    assert "vasopressors" not in {one.name for one in rows.asked}
    assert patient_rows(log(), reading(by="quarter")).asked[0].period == "2026-Q2"


def test_what_does_not_age_counts_from_before_and_never_from_after(tmp_path: Path) -> None:
    lasting = WARD.replace("default = 48", 'default = 48\ncreatinine = "never"')
    followed = read_ward(ward_files(tmp_path, lasting))

    def seen(*values: Observation) -> float | None:
        rows = patient_rows(log(values=(*VALUES, *values)), DriftReading(followed, "month", LATER))
        return next(one.value for one in rows.asked if one.name == "creatinine")

    before, after = value("creatinine", 70, -40), value("creatinine", 300, 20)
    assert seen(before, after) == 70.0
    assert seen(after) is None


def test_who_is_not_through_the_days_does_not_count_yet() -> None:
    early = INFUSION + timedelta(days=6)
    rows = patient_rows(log(told("easix", 0, 1)), reading(now=early))
    assert (rows.asked, rows.answered) == ((), ())
    assert rows.changes_at == INFUSION + timedelta(days=7)
    later = patient_rows(log(told("easix", 0, 1)), reading(now=INFUSION + timedelta(days=7)))
    assert later.asked
    assert later.changes_at == INFUSION + timedelta(days=28)
    assert patient_rows(log(), reading()).changes_at is None


def test_an_answer_at_any_moment_is_an_answer() -> None:
    none = told("easix", -1, 1, reasons=("no ldh -> measure it",))
    answers = patient_rows(log(none), reading()).answered
    # what stood before the infusion stands on; the mend is no reason
    assert [(one.target, one.reasons) for one in answers] == [("easix", ("no ldh",))]
    some = patient_rows(log(none, told("easix", 2, 2, low=1.0)), reading()).answered
    assert some[0].reasons == ()
    # what was over before the infusion, and what came after day 28, does not count
    before = told("easix", -2, 0, low=1.0)
    late = told("easix", 40, 3, low=1.0)
    assert patient_rows(log(before, none, late), reading()).answered[0].reasons == ("no ldh",)


RISK = told("crp-risk", -0.1, 1, risk=0.3, low=0.3)


def predicted(*answers: Told, **more: Any) -> Any:
    values = more.pop("values", VALUES)
    rows = patient_rows(log(*answers, values=values), reading(**more))
    assert [one.period for one in rows.predicted] in ([], ["2026-04", ALL])
    one = rows.predicted[0] if rows.predicted else None
    return rows.why, one and (one.risk, round(one.time, 9), one.cause)


def test_the_risk_is_that_of_the_moment_and_time_runs_to_what_is_known() -> None:
    name = "crp-risk, day 0"
    later = told("crp-risk", 1, 2, risk=0.9)
    assert predicted(RISK, later) == (((name, "told"),), (0.3, 60.0, 0))
    event = told("astct-crs", 3, 3, low=2.0)
    assert predicted(RISK, event) == (((name, "told"),), (0.3, 3.0, 1))
    # possible is not reached
    open_ = told("astct-crs", 3, 3, low=1.0)
    assert predicted(RISK, open_)[1] == (0.3, 60.0, 0)
    # taken back later
    back = told("astct-crs", 3, 4, low=0.0)
    assert predicted(RISK, event, back)[1] == (0.3, 60.0, 0)


def test_a_correction_within_a_day_counts_and_a_later_one_does_not() -> None:
    def corrected(hours: float) -> Any:
        known = INFUSION + timedelta(hours=hours)
        return predicted(RISK, replace(RISK, number=9, risk=0.6, known_at=known))[1][0]

    assert corrected(23) == 0.6
    assert corrected(25) == 0.3


def test_death_comes_first_or_is_the_event() -> None:
    died = (*VALUES[:4], value("death", None, 2))
    assert predicted(RISK, values=died)[1] == (0.3, 2.0, 2)
    event = told("astct-crs", 1, 3, low=3.0)
    assert predicted(RISK, event, values=died)[1] == (0.3, 1.0, 1)
    (risk,) = ward().risks
    death = (replace(risk, event="death", rule="", grade=0),)
    assert predicted(RISK, values=died, risks=death)[1] == (0.3, 2.0, 1)


@pytest.mark.parametrize(
    ("answers", "values", "why"),
    [
        ((), VALUES, "none"),
        ((told("crp-risk", -1, 1, is_range=True),), VALUES, "range"),
        ((RISK, told("astct-crs", 0, 2, low=2.0)), VALUES, "before"),
        ((RISK,), (VALUES[0], value("crp", 3, -2)), "early"),
    ],
)
def test_who_is_not_compared_is_counted(answers: Any, values: Any, why: str) -> None:
    assert predicted(*answers, values=values) == ((("crp-risk, day 0", why),), None)


def test_a_file_says_what_followed() -> None:
    risks = risks_against("death_or_relapse", ward().targets)
    assert [(one.target, one.horizon_days, one.at_day) for one in risks] == [
        ("crp-risk", 28.0, 0.0)
    ]

    def of(outcome: Outcome | None) -> Any:
        outcomes: Mapping[str, Outcome] = {} if outcome is None else {"p": outcome}
        return predicted(RISK, risks=risks, outcomes=outcomes)[1]

    assert of(None) is None
    assert of(Outcome(12.0)) == (0.3, 12.0, 1)
    assert of(Outcome(None)) == (0.3, 60.0, 0)
    assert of(Outcome(None, 90.0)) == (0.3, 90.0, 0)


def test_without_any_value_there_is_nothing() -> None:
    rows = patient_rows(log(values=(VALUES[0],)), reading())
    assert (rows.values, rows.asked, rows.predicted) == (0, (), ())


def document(**said: Any) -> dict[str, Any]:
    return {"calibration": [{"target": "crp-risk", "event": "astct-crs>=2", **said}]}


def test_the_ward_file_names_event_horizon_and_days() -> None:
    (one,) = ward().risks
    assert (one.rule, one.grade, one.at_day, one.horizon_days) == ("astct-crs", 2, 0.0, 28.0)
    said = document(event="death", at_days=[0, Decimal("3.5")], horizon_days=90)
    found = followed_risks(said, ward().targets)
    assert [(one.name, one.event, one.horizon_days) for one in found] == [
        ("crp-risk, day 0", "death", 90.0),
        ("crp-risk, day 3.5", "death", 90.0),
    ]
    assert followed_risks({}, ward().targets) == ()


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ({"calibration": "crp-risk"}, {"bad_value"}),
        (document(targets=1), {"unknown_key"}),
        (document(target="crp-rsk"), {"target_unknown"}),
        (document(target="easix"), {"no_risk", "horizon_missing"}),
        (document(event="astct-icans>=2"), {"event_unknown"}),
        (document(event="astct-crs>2"), {"event_unknown"}),
        (document(horizon_days=0), {"bad_value"}),
        (document(horizon_days=True), {"bad_value"}),
        (document(at_days=3), {"bad_value"}),
        (document(at_days=[-1]), {"bad_value"}),
        (document(at_days=[1, 1]), {"target_twice"}),
    ],
)
def test_what_is_wrong_with_it_is_said(said: dict[str, Any], codes: set[str]) -> None:
    with pytest.raises(PlanRefused) as caught:
        followed_risks(said, ward().targets)
    assert {one.code for one in caught.value.problems} == codes


def test_the_ward_file_refuses_it_with_everything_else(tmp_path: Path) -> None:
    path = ward_files(tmp_path)
    text = path.read_text(encoding="utf-8").replace("astct-crs>=2", "fever")
    path.write_text(text.replace("[hypotension]", "[hypotensio]"), encoding="utf-8")
    with pytest.raises(PlanRefused) as caught:
        read_ward(path)
    assert {"event_unknown", "unknown_key"} <= {one.code for one in caught.value.problems}


@dataclass(frozen=True)
class Model:
    first_day: float = 3.0
    window_days: float | None = 7.0


@dataclass(frozen=True)
class Landmark:
    """What matters here of a landmark model."""

    id: str = "saved"
    kind: str = "landmark"
    model: Model = field(default_factory=Model)


def test_a_landmark_model_is_asked_at_its_first_day_until_its_window_ends() -> None:
    targets: Any = [*ward().targets, Landmark()]
    (found,) = followed_risks(document(target="saved"), targets)
    assert (found.at_day, found.horizon_days) == (3.0, 7.0)
    assert [one.target for one in risks_against("x", targets)] == ["crp-risk", "saved"]
    endless: Any = [*ward().targets, Landmark(model=Model(0.0, None))]
    with pytest.raises(PlanRefused) as caught:
        followed_risks(document(target="saved"), endless)
    assert [one.code for one in caught.value.problems] == ["horizon_missing"]
    assert [one.horizon_days for one in risks_against("x", endless, 14)] == [28.0, 14]
    # what the ward file states holds, a horizon that nobody else says too
    stated = followed_risks(document(target="saved", at_days=[5], horizon_days=9), endless)
    found = risks_against("x", endless, stated=stated)[1]
    assert (found.at_day, found.horizon_days, found.event, found.rule) == (5.0, 9.0, "x", "")
