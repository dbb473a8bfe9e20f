"""What a centre tunes its rules by: alerts by day, two ward files, risks and what followed."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from monitor_past import PATIENTS, outcome_file, past_file, ward_file
from scipy.stats import t as student

from cartwheel.canonical import plain
from cartwheel.errors import CohortRefused, FileRefused
from cartwheel.watch.standing import AlertEvent
from cartwheel.workflows.monitor import (
    OutcomeFile,
    SimulatedPast,
    Simulation,
    monitor,
    simulated_past,
    summed_up,
)
from cartwheel.workflows.monitor_result import ComparedRow, MonitorSimulation

# sums in another order: the last digits may differ
CLOSE = 1e-9


def _plan(folder: Path, followed: str = "seen") -> Simulation:
    return Simulation(outcomes=OutcomeFile(outcome_file(folder), "bad", "when", followed))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tuned")


@pytest.fixture(scope="module")
def past(folder: Path) -> SimulatedPast:
    return simulated_past(past_file(folder), ward_file(folder), _plan(folder))


@pytest.fixture(scope="module")
def done(past: SimulatedPast) -> MonitorSimulation:
    return summed_up(past)


def test_days_add_up(done: MonitorSimulation) -> None:
    told = [one for one in done.days if not one.withheld]
    whole = done.burden.rows[0]
    assert sum(one.raised or 0 for one in told) == whole.raised == 24
    days = math.fsum(one.patient_days or 0.0 for one in done.days)
    assert days == pytest.approx(done.burden.patient_days, rel=CLOSE)
    # half of them run high from day 2 on
    assert {one.day: one.raised for one in told if one.raised} == {2: 24}
    assert sum(one.raised for one in done.hours) == 24
    assert [one.hour for one in done.hours] == list(range(24))


def test_a_day_of_few_patients_is_withheld(tmp_path: Path) -> None:
    path = tmp_path / "past.csv"
    rows = [f"P{n},crp,{day},20,mg/L" for n in range(6) for day in range(3 if n < 3 else 6)]
    path.write_text("\n".join(["patient,analyte,day,value,unit", *rows]) + "\n", encoding="utf-8")
    found = {one.day: one for one in monitor(path, ward_file(tmp_path)).days}
    assert found[1].patients == 6
    assert found[4].withheld
    assert (found[4].patients, found[4].raised, found[4].per_patient_day) == (None, None, None)


def test_one_day_withheld_alone_would_be_all_less_the_others(tmp_path: Path) -> None:
    path = tmp_path / "past.csv"
    rows = [f"P{n},crp,{day}.5,20,mg/L" for n in range(6) for day in range(4 if n < 3 else 3)]
    path.write_text("\n".join(["patient,analyte,day,value,unit", *rows]) + "\n", encoding="utf-8")
    days = monitor(path, ward_file(tmp_path)).days
    # on day 3 there are three; with them goes the smallest of the others
    assert [(one.day, one.patients) for one in days] == [(0, None), (1, 6), (2, 6), (3, None)]


@pytest.mark.parametrize("key", ["patients", "patient_days"])
def test_an_earlier_result_that_is_broken_is_refused(
    done: MonitorSimulation, past: SimulatedPast, tmp_path: Path, key: str
) -> None:
    document = plain(done)
    document["burden"][key] = "many"
    path = tmp_path / "before.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(FileRefused, match="is not there") as refused:
        summed_up(past, None, path)
    assert refused.value.problems[0].code == "result_broken"


def test_a_difference_is_within_patients(past: SimulatedPast, folder: Path) -> None:
    # about 180 many values swing: the higher limit is crossed more often
    other = simulated_past(past_file(folder), ward_file(folder, "b.toml", 180), _plan(folder))
    found = summed_up(past, None, other).against
    assert found is not None
    assert found.same_patients
    assert found.by_patient
    row = next(one for one in found.rows if one.of == "crp-high")
    counts = np.array(
        [
            [sum(isinstance(event, AlertEvent) and event.step == "raised" for _, event in one.told)
             for one in each.lived]
            for each in (past, other)
        ],
        dtype=float,
    )  # fmt: skip
    days = np.array(
        [(one.course.ends - one.course.begins).total_seconds() / 86400 for one in past.lived]
    )
    assert counts[1].sum() > counts[0].sum() > 0
    # the ratio estimator of a survey whose clusters are patients
    moved = counts[0] - counts[1]
    value = moved.sum() / days.sum()
    error = math.sqrt(PATIENTS * np.var(moved - value * days, ddof=1)) / days.sum()
    reach = student.ppf(0.975, PATIENTS - 1) * error
    assert row.difference is not None
    assert row.difference.value == pytest.approx(value, rel=CLOSE)
    assert row.difference.low == pytest.approx(value - reach, rel=1e-6)
    assert row.difference.high == pytest.approx(value + reach, rel=1e-6)


def test_the_same_ward_file_differs_in_nothing(past: SimulatedPast) -> None:
    found = summed_up(past, None, past).against
    assert found is not None

    def still(row: ComparedRow) -> bool:
        moved = row.difference
        return row.before == row.now and moved is not None and (moved.value, moved.low) == (0, None)

    assert all(still(row) for row in found.rows)


def test_risks_are_compared_with_what_followed(done: MonitorSimulation) -> None:
    (risk,) = done.risks
    (row,) = done.calibration
    assert (risk.name, risk.event, risk.horizon_days) == ("severe, day 4", "bad", 14.0)
    # a third has the event on day 2 to 8; of these, those by day 4 had it before
    had = {n: 2 + n % 7 for n in range(PATIENTS) if n % 3 == 1}
    assert risk.before == sum(day <= 4 for day in had.values()) == 7
    assert risk.told == row.patients == PATIENTS - 7
    # Kaplan-Meier by hand: days from day 4 on, lost on the day on which he was last seen
    times = [(had[n] - 4, 1) if n in had else (1 + n % 30, 0)
             for n in range(PATIENTS) if had.get(n, 9) > 4]  # fmt: skip
    free = 1.0
    for moment in sorted({at for at, event in times if event}):
        free *= 1 - times.count((moment, 1)) / sum(at >= moment for at, _ in times)
    assert row.observed is not None
    assert row.observed.value == pytest.approx(1 - free, rel=CLOSE)
    assert row.expected is not None
    assert row.ratio is not None
    assert row.ratio.value == pytest.approx((1 - free) / row.expected, rel=CLOSE)
    assert row.ripe == pytest.approx(sum(at >= 14 or event for at, event in times) / len(times))


def test_what_was_not_looked_at_is_said(folder: Path) -> None:
    notes = monitor(past_file(folder), ward_file(folder)).notes
    assert any("calibration of severe was not looked at: nothing says" in one for one in notes)
    assert any("what alerts are worth was not looked at" in one for one in notes)


@pytest.mark.parametrize(("keep", "said"), [(3, "of 46 of 48 patients"), (0, "no patient")])
def test_outcomes_of_others_are_refused(
    past: SimulatedPast, tmp_path: Path, keep: int, said: str
) -> None:
    path = outcome_file(tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    few = lines[:keep] if keep else [lines[0], *(f"X{line}" for line in lines[1:])]
    path.write_text("\n".join(few) + "\n", encoding="utf-8")
    plan = Simulation(outcomes=OutcomeFile(path, "bad", "when"))
    with pytest.raises(CohortRefused, match=said) as refused:
        monitor(past_file(tmp_path), ward_file(tmp_path), plan)
    assert refused.value.problems[0].code == "outcomes_lacking"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("A,crp,1,20,mmol/L", "not one value of crp could be used (unit_not_accepted)"),
        ("A,crp,1,20,mg/L\nA,crp,1,30,mg/L", "do ids repeat? then say --runs"),
        ("A,ferritin,1,20,ug/L", "the files have nothing of what m-easix reads"),
    ],
)
def test_what_a_new_user_is_told(tmp_path: Path, rows: str, said: str) -> None:
    path = tmp_path / "past.csv"
    text = f"patient,analyte,day,value,unit\n{rows}\nB,ferritin,2,20,ug/L\n"
    path.write_text(text, encoding="utf-8")
    notes = monitor(path, ward_file(tmp_path)).notes
    assert any(said in one for one in notes), notes


def test_a_file_of_which_the_ward_knows_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "past.csv"
    path.write_text("patient,day,shoe\nA,1,42\nA,2,43\n", encoding="utf-8")
    with pytest.raises(CohortRefused, match="the ward knows nothing") as refused:
        monitor(path, ward_file(tmp_path))
    assert refused.value.problems[0].code == "nothing_known"
    assert "42" not in str(refused.value)
