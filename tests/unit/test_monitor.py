"""A ward's past in simulated time: the pure step, a simulated responder, and counts by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cartwheel.canonical import canonical_json
from cartwheel.errors import PlanRefused
from cartwheel.watch.standing import AlertEvent
from cartwheel.workflows.monitor import (
    OutcomeFile,
    PastOptions,
    Simulation,
    monitor,
    simulated_past,
    summed_up,
)

WARD = """
schema = "cartwheel/ward/1"
ward = "Test"
time_zone = "UTC"
grades = ["astct-crs"]
scores = ["m-easix"]
[max_age_hours]
default = 24
[[alert]]
id = "crp-high"
name = "crp"
at_least = "100 mg/L"
severity = "info"
escalate_minutes = 20
[[alert]]
id = "crp-missing"
name = "crp"
every_hours = 36
from_day = 0
to_day = 4
severity = "info"
"""

# A: high on day 1, low on day 2; nothing more is taken, so that it is missing from day 3.5 on.
# B: never high, and never missing.
PAST = """patient,analyte,day,value,unit
A,crp,0,20,mg/L
A,crp,1,150,mg/L
A,crp,2,30,mg/L
A,ldh,4.5,200,U/L
B,crp,0,20,mg/L
B,crp,1,9000,mg/L
B,crp,1.25,25,mg/L
B,strange,1.25,25,mg/L
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    ward, past = tmp_path / "ward.toml", tmp_path / "past.csv"
    ward.write_text(WARD, encoding="utf-8")
    past.write_text(PAST, encoding="utf-8")
    return past, ward


def test_counts_by_hand(files: tuple[Path, Path]) -> None:
    done = monitor(*files, Simulation(delay_minutes=30.0, responder_share=1.0))
    # 7 values and 2 infusions; the one of B that cannot be is parked
    assert (done.counts.patients, done.counts.values) == (2, 9)
    assert done.counts.parked == {"implausible: crp": 1}
    assert done.source.files[0].unused == {"strange": 1}
    # A to day 4.5 and B to day 1.25, each half an hour and the second in which he leaves
    days = 4.5 + 1.25 + 2 * (30 * 60 + 1) / 86400
    assert done.burden.patient_days == pytest.approx(days, rel=1e-12)
    rows = {one.of: one for one in done.burden.rows}
    assert (rows["crp-high"].raised, rows["crp-missing"].raised) == (1, 1)
    assert rows[""].per_patient_day.value == pytest.approx(2 / days, rel=1e-12)
    assert not done.simulated
    assert "the clock and whoever acknowledges alerts are simulated" in done.notes


def test_when_an_alert_is_known(files: tuple[Path, Path]) -> None:
    past = simulated_past(*files, Simulation(delay_minutes=30.0, responder_share=0.0))
    course = past.lived[0].course
    told = [
        (known_at - course.infusion, event.rule, event.step)
        for known_at, event in past.lived[0].told
        if isinstance(event, AlertEvent)
    ]
    half, escalated = timedelta(minutes=30), timedelta(minutes=20)
    assert told[:2] == [
        (timedelta(days=1) + half, "crp-high", "raised"),
        (timedelta(days=1) + half + escalated, "crp-high", "escalated"),
    ]
    # the last was taken on day 2: missing 36 hours later, which nobody needs to be told first
    assert (timedelta(days=3.5), "crp-missing", "raised") in told
    assert not any(step == "acknowledged" for _, _, step in told)


def test_the_responder_is_the_same_for_a_seed_and_answers_in_his_time(
    files: tuple[Path, Path],
) -> None:
    plan = Simulation(responder_minutes=5.0, responder_share=1.0, seed=4)
    once, again = monitor(*files, plan), monitor(*files, plan)
    assert canonical_json(once) == canonical_json(again)
    assert once.burden.rows[0].unseen == 0
    nobody = monitor(*files, replace(plan, responder_share=0.0))
    assert nobody.burden.rows[0].unseen == nobody.burden.rows[0].raised == 2
    assert nobody.burden.rows[0].minutes_to_acknowledgement.value is None


def test_what_followed_by_a_file_of_outcomes(files: tuple[Path, Path], tmp_path: Path) -> None:
    outcomes = tmp_path / "patients.csv"
    outcomes.write_text("patient,bad,when\nA,1,2\nB,0,\n", encoding="utf-8")
    plan = Simulation(outcomes=OutcomeFile(outcomes, "bad", "when"), within_hours=24.0)
    done = monitor(*files, plan)
    rows = {one.of: one for one in done.burden.rows}
    value = rows["crp-high"].predictive_value
    assert value is not None
    assert (value.value, value.n) == (1.0, 1)
    # the other came when it was so already
    assert rows["crp-missing"].already == 1
    assert done.burden.sensitivity is not None
    assert done.burden.sensitivity.value == 1.0
    assert done.settings.outcome_from == "a file of outcomes"
    assert done.source.outcomes_name == "patients.csv"


def test_grades_of_a_file_are_what_followed_and_are_not_sent(tmp_path: Path) -> None:
    ward, past = tmp_path / "ward.toml", tmp_path / "past.csv"
    ward.write_text(WARD, encoding="utf-8")
    past.write_text(
        "patient,day,crp,crs\nA,0,150,0\nA,1,150,3\nA,2,20,0\nB,0,10,0\nB,1,10,0\n",
        encoding="utf-8",
    )
    options = PastOptions(mapping={"crs": "astct-crs"}, units={"crp": "mg/L"})
    done = monitor(past, ward, Simulation(past=options, foretells="astct-crs >= 3"))
    assert done.settings.outcome_from == "the files"
    rows = {one.of: one for one in done.burden.rows}
    assert rows["crp-high"].predictive_value is not None
    assert rows["crp-high"].predictive_value.value == 1.0
    # no temperature came: the ward's own grade stays open, whatever the file says
    (crs,) = [one for one in done.targets if one.id == "astct-crs"]
    assert crs.settled == 0


def test_a_simulated_file_keeps_its_name(files: tuple[Path, Path], tmp_path: Path) -> None:
    past = tmp_path / "simulated_past.csv"
    past.write_text(PAST, encoding="utf-8")
    assert monitor(past, files[1]).simulated
    assert monitor([files[0], past], files[1]).simulated


def test_no_row_is_in_the_result(files: tuple[Path, Path]) -> None:
    past = simulated_past(*files, Simulation())
    text = canonical_json(summed_up(past))
    assert json.loads(text)["kind"] == "monitor-simulation"
    for one in past.lived:
        assert one.course.patient not in text
    assert "9000" not in text


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (Simulation(delay_minutes=-1.0), "delay"),
        (Simulation(every_days=-1.0), "every_days"),
        (Simulation(responder_share=1.5), "responder"),
        (Simulation(within_hours=0.0), "within_hours"),
        (Simulation(foretells="severe"), "outcome_form"),
        (Simulation(foretells="astct-icans>=3"), "outcome_unknown"),
    ],
)
def test_plans_that_are_refused(files: tuple[Path, Path], plan: Simulation, code: str) -> None:
    with pytest.raises(PlanRefused) as refused:
        monitor(*files, plan)
    assert [one.code for one in refused.value.problems] == [code]
