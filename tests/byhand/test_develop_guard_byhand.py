"""The guard against time travel on five patients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from develop_examples import CRP, cohort, plan, predictor

import cartwheel as cw
from cartwheel.clinic.guard import EventTimes, Timed, at_risk_after, began_without_event, guard
from cartwheel.errors import TimeTravelRefused

# Onset on day 2, 3 and 8; two patients without the event (one has a day of a milder one).
EVENT = np.array([1.0, 1, 1, 0, 0])
ONSET = np.array([2.0, 3, 8, np.nan, 1])
BINARY = EventTimes(EVENT, ONSET, observed_until=False, declared=True)
DAY3, DAY0 = Timed("il6_day3", 3.0, None), Timed("crp_day0", 0.0, None)


def test_a_value_of_the_day_of_the_event_is_too_late() -> None:
    report, problems = guard(BINARY, [DAY0, DAY3], None)
    assert [problem.code for problem in problems] == ["time_travel"]
    assert "2 of 3 patients" in problems[0].what
    assert "il6_day3" in problems[0].where
    # left at day 3: the patient of day 8 and the two without the event
    assert "--landmark 3 keeps 3 of 5 patients and 1 of 3 events" in problems[0].mend
    assert report.checked == ("crp_day0", "il6_day3")


def test_the_landmark_leaves_three() -> None:
    assert at_risk_after(BINARY, 3.0).tolist() == [False, False, True, True, True]
    report, problems = guard(BINARY, [DAY0, DAY3], 3.0)
    assert problems == ()
    assert (report.cost_patients, report.cost_events) == (2, 2)


def test_survival_needs_observation_as_well() -> None:
    # last seen or died on day 1, 2, 3, 4, 9: after day 3 two are left, one of them dies
    times = EventTimes(np.array([0.0, 1, 0, 1, 0]), np.array([1.0, 2, 3, 4, 9]), True, False)
    assert at_risk_after(times, 3.0).tolist() == [False, False, False, True, True]
    _, problems = guard(times, [DAY3], None)
    assert "1 of 2 patients" in problems[0].what
    assert "keeps 2 of 5 patients and 1 of 2 events" in problems[0].mend


def test_a_predictor_after_the_landmark() -> None:
    _, problems = guard(BINARY, [DAY0, DAY3], 2.0)
    assert [problem.code for problem in problems] == ["after_landmark"]
    assert "day 3" in problems[0].mend


def test_a_summary_and_an_undated_column() -> None:
    undated, peak = Timed("mrd", None, None), Timed("il6_peak", None, "peak")
    _, problems = guard(BINARY, [undated, peak], None)
    assert {problem.code for problem in problems} == {"day_missing", "summary_predictor"}
    untimed = EventTimes(EVENT, None, False, False)
    report, problems = guard(untimed, [undated, DAY3], None)
    assert problems == ()
    assert report.checked == ()
    assert report.unchecked == ("mrd", "il6_day3")
    assert "nobody could check" in report.text


@pytest.mark.parametrize("kind", ["binary", "survival"])
def test_the_same_in_a_development(kind: str) -> None:
    rows = pd.DataFrame(
        {
            "il6_pg_ml_day3": np.arange(1.0, 11.0),
            "severe": [1, 1, 1, 0, 0] * 2,
            "onset_day": [2.0, 3, 8, None, None] * 2,
            "t_days": [2.0, 3, 8, 30, 40] * 2,
        }
    )
    binary = {"event": "severe", "onset": "onset_day"}
    survival = {"event": "severe", "kind": "survival", "time": "t_days"}
    wanted = plan(
        bootstrap=0,
        predictors=[predictor("il6_pg_ml_day3")],
        outcome=binary if kind == "binary" else survival,
    )
    with pytest.raises(TimeTravelRefused, match="keeps 6 of 10 patients and 2 of 6 events"):
        cw.develop(rows, wanted)


def test_a_milder_onset_before_the_landmark_is_counted() -> None:
    # of the two without the event one began on day 1; two with it were left out
    assert began_without_event(BINARY, 3.0) == 1
    report, _ = guard(BINARY, [DAY0], 3.0)
    assert "Of the others 1 had an onset by then too" in report.text
    assert began_without_event(BINARY, None) == 0
    # no event by day 1.5: nobody is left out, so nobody stays for what came later
    assert began_without_event(BINARY, 1.5) == 0
    lost = EventTimes(EVENT, np.array([2.0, 3, 8, 30, 1]), observed_until=True, declared=False)
    assert began_without_event(lost, 3.0) == 0


def test_a_development_and_its_referee_say_who_stayed_with_a_milder_onset() -> None:
    rows = cohort(80)
    mild = rows.index[rows.severe == 0][:7]
    rows.loc[mild, "onset_day"] = 2.0
    wanted = plan(
        bootstrap=2,
        predictors=[predictor(CRP)],
        outcome={"event": "severe", "onset": "onset_day"},
        landmark_day=3.0,
    )
    done = cw.develop(rows, wanted)
    (note,) = [one for one in done.result.notes if one.code == "onset_without_event"]
    assert note.severity == "caution"
    assert note.text.startswith("7 patients without the event had an onset by day 3")
    assert done.document.referee is not None
    (finding,) = [
        one for one in done.document.referee.findings if one.code == "onset_without_event"
    ]
    assert (finding.severity, finding.evidence) == ("major", note.text)
    # what it advises mends it
    wanted["cohort"] = {
        "exclude": [{"column": "onset_day", "below": 3.5, "reason": "began by day 3"}]
    }
    mended = cw.develop(rows, wanted).result
    assert "onset_without_event" not in [one.code for one in mended.notes]
    assert mended.outcome.patients == done.result.outcome.patients - 7
