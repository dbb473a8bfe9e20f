"""What cannot be answered is refused: exit code 2, what, where and how to mend; nothing written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from develop_examples import CRP, FERRITIN, LYMPHOCYTES, NEUTROPHILS, cartwheel, cohort, saved

Change = Callable[[pd.DataFrame], pd.DataFrame]
BINARY = ("--method", "points", "--event", "severe", "--predictors", f"{CRP},{FERRITIN}")
INDEX = ("--method", "index", "--event", "severe", "--predictors", CRP)
SURVIVAL = ("--method", "points", "--event", "progressed", "--predictors", CRP)
RATIO = ("--method", "points", "--event", "severe", "--predictors", "nlr")


def refused(folder: Path, *arguments: str | Path) -> str:
    """Run a development that must be refused and leave nothing behind; give its words."""
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    outputs = [
        part
        for flag, name in (("--json", "r.json"), ("--score", "s.toml"), ("--report", "r.html"))
        if flag not in arguments
        for part in (flag, folder / name)
    ]
    done = cartwheel("develop", *arguments, *outputs)
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert done.code == 2, done.err or done.out
    assert done.out == ""
    assert "Traceback" not in done.err
    assert "SENTINEL" not in done.err
    assert after == before
    reasons, mends = done.err.count("\n  - "), done.err.count("\n    mend: ")
    assert reasons >= 1
    assert mends == reasons, f"a reason without a mend:\n{done.err}"
    return done.err


def changed(**columns: object) -> Change:
    return lambda frame: frame.assign(**columns)


def words(column: str, yes: str, no: str) -> Change:
    return lambda frame: frame.assign(**{column: np.where(frame[column] == 1, yes, no)})


MIXED = [f"{value} {'mg/dL' if value % 2 else 'mg/L'}" for value in range(1, 81)]
CASES: dict[str, tuple[Change, tuple[str, ...], tuple[str, ...]]] = {
    "no events": (changed(severe=0), BINARY, ("outcome 'severe'", "none of 80 patients")),
    "all events": (changed(severe=1), BINARY, ("outcome 'severe'", "all 80 patients")),
    "outcome 1/2": (
        lambda frame: frame.assign(severe=frame["severe"] + 1),
        BINARY,
        ("column 'severe'", "'1', '2'", "--event-value"),
    ),
    "outcome yes/no": (
        words("severe", "yes", "no"),
        BINARY,
        ("column 'severe'", "'no', 'yes'", "--event-value"),
    ),
    "event value absent": (
        words("severe", "yes", "no"),
        (*BINARY, "--event-value", "Yes"),
        ("'Yes'", "'no', 'yes'"),
    ),
    "negative times": (
        lambda frame: frame.assign(pfs_months=[-1.0, *frame["pfs_months"][1:]]),
        (*SURVIVAL, "--time", "pfs_months"),
        ("column 'pfs_months'", "below zero in rows 2"),
    ),
    "time without unit": (
        lambda frame: frame.assign(t=frame["pfs_months"]),
        (*SURVIVAL, "--time", "t"),
        ("unit of 't'", "--time-unit"),
    ),
    "time unit against the name": (
        changed(),
        (*SURVIVAL, "--time", "pfs_months", "--time-unit", "days"),
        ("pfs_months", "months", "days"),
    ),
    "time unit against the cells": (
        lambda frame: frame.assign(t=[f"{value} months" for value in frame["pfs_months"]]),
        (*SURVIVAL, "--time", "t", "--time-unit", "days"),
        ("column 't'", "months"),
    ),
    "text predictor": (
        lambda frame: frame.assign(**{CRP: ["high", *map(str, frame[CRP][1:])]}),
        BINARY,
        (f"column '{CRP}', row 2", "not a number"),
    ),
    "unknown unit": (
        changed(),
        (*BINARY, "--unit", f"{CRP}=furlong"),
        (f"column '{CRP}'", "furlong", "mg/L"),
    ),
    "no unit": (
        lambda frame: frame.rename(columns={CRP: "CRP"}),
        ("--method", "points", "--event", "severe", "--predictors", "CRP"),
        ("column 'CRP'", "--unit"),
    ),
    "mixed units": (changed(**{CRP: MIXED}), BINARY, (f"column '{CRP}'", "mixes", "one unit")),
    "identical predictors": (
        lambda frame: frame.assign(x=frame[CRP]),
        ("--method", "points", "--event", "severe", "--predictors", f"{CRP},x"),
        ("predictor 'x'", CRP, "keep one"),
    ),
    "named twice": (
        changed(),
        ("--method", "points", "--event", "severe", "--predictors", f"{CRP},{CRP}"),
        (f"predictor '{CRP}'", "2 times"),
    ),
    "all missing": (changed(**{CRP: np.nan}), BINARY, (f"column '{CRP}'", "no patient")),
    "constant": (changed(**{CRP: 5.0}), BINARY, (f"predictor '{CRP}'", "same value")),
    "collinear": (
        lambda frame: frame.assign(x=2 * frame[CRP]),
        ("--method", "points", "--event", "severe", "--predictors", f"{CRP},x"),
        ("x",),
    ),
    "column absent": (
        changed(),
        ("--method", "points", "--event", "severe", "--predictors", "crp_mg_l_day"),
        ("predictor 'crp_mg_l_day'", f"did you mean '{CRP}'"),
    ),
    "event absent": (
        changed(),
        ("--method", "points", "--event", "sever", "--predictors", CRP),
        ("'sever'", "did you mean 'severe'"),
    ),
    "direction missing": (changed(), INDEX, (f"predictor '{CRP}'", f"--direction {CRP}=high")),
    "landmark without onset": (
        changed(),
        (*BINARY, "--landmark", "7"),
        ("landmark", "--onset COLUMN"),
    ),
    "landmark not a number": (
        changed(),
        (*BINARY, "--onset", "onset_day", "--landmark", "nan"),
        ("landmark",),
    ),
    "horizon not finite": (
        changed(),
        (*SURVIVAL, "--time", "pfs_months", "--horizon", "inf"),
        ("horizon",),
    ),
    "day not a number": (changed(), (*BINARY, "--day", f"{CRP}=nan"), ("day",)),
    "horizon beyond follow-up": (
        changed(),
        (*SURVIVAL, "--time", "pfs_months", "--horizon", "100000"),
        ("horizon 100000", "nobody was followed"),
    ),
    "a peak": (
        lambda frame: frame.rename(columns={FERRITIN: "ferritin_ug_l_peak"}),
        ("--method", "points", "--event", "severe", "--predictors", "ferritin_ug_l_peak"),
        ("predictor 'ferritin_ug_l_peak'", "follow-up", "one day"),
    ),
    "onset day missing": (
        lambda frame: frame.assign(onset_day=[np.nan] * 79 + [3.0]),
        (*BINARY, "--onset", "onset_day"),
        ("column 'onset_day'", "no onset day", "rows"),
    ),
    "duplicate ids": (
        changed(patient="SENTINEL"),
        (*BINARY, "--id", "patient"),
        ("column 'patient'", "rows 2, 3"),
    ),
    "ratio with zeros": (
        lambda frame: frame.assign(**{LYMPHOCYTES: [0.0, *frame[LYMPHOCYTES][1:]]}),
        (*RATIO, "--ratio", f"nlr={NEUTROPHILS}/{LYMPHOCYTES}"),
        ("nlr", "zero", "missing"),
    ),
    "ratio of the outcome": (
        changed(),
        (*RATIO, "--ratio", f"nlr=severe/{LYMPHOCYTES}"),
        ("severe", "the outcome"),
    ),
    "ratio form": (changed(), (*RATIO, "--ratio", "nlr=a"), ("--ratio nlr", "DENOMINATOR")),
    "unknown method": (
        changed(),
        ("--method", "magic", "--event", "severe", "--predictors", CRP),
        ("method", "'index' or 'points'"),
    ),
    "unknown cut-off": (
        changed(),
        (*INDEX, "--direction", "high", "--cutoff", "best"),
        ("'best'", "youden"),
    ),
    "cut-off nobody passes": (
        changed(),
        (*INDEX, "--direction", "high", "--cutoff", f"{CRP}=100000"),
        (CRP, "one side of it"),
    ),
    "log-rank cut of a yes/no outcome": (
        changed(),
        (*INDEX, "--direction", "high", "--cutoff", "max_log_rank"),
        (CRP, "survival"),
    ),
    "imputations without imputing": (
        changed(),
        (*BINARY, "--imputations", "50"),
        ("--missing impute",),
    ),
    "one imputation": (
        changed(),
        (*BINARY, "--missing", "impute", "--imputations", "1"),
        ("imputations",),
    ),
    "mostly missing": (
        changed(crp_mg_l_day0=[1.5] * 30 + [None] * 50),
        (*BINARY, "--missing", "impute"),
        (CRP, "missing in 50 of 80 patients", "leave it out"),
    ),
    "negative bootstrap": (changed(), (*BINARY, "--bootstrap", "-1"), ("bootstrap",)),
    "event is time": (
        changed(),
        (*SURVIVAL, "--time", "progressed", "--time-unit", "days"),
        ("column 'progressed'",),
    ),
    "event is onset": (changed(), (*BINARY, "--onset", "severe"), ("column 'severe'",)),
    "id held against the score": (
        changed(),
        (*BINARY, "--id", "patient", "--associations", "patient"),
        ("'patient'", "patient id"),
    ),
    "id as the event": (
        changed(),
        ("--method", "points", "--event", "patient", "--predictors", CRP),
        ("column 'patient'",),
    ),
    "no predictor": (changed(), ("--method", "points", "--event", "severe"), ("--predictors",)),
    "no method": (changed(), ("--event", "severe", "--predictors", CRP), ("--method",)),
}


@pytest.mark.parametrize("name", CASES)
def test_refused_with_what_where_and_mend(name: str, tmp_path: Path) -> None:
    change, arguments, said = CASES[name]
    found = refused(tmp_path, saved(change(cohort()), tmp_path), *arguments)
    for word in said:
        assert word in found, found


FILES = {
    "missing": (None, "no such file"),
    "empty": ("", "empty"),
    "blank": ("\n\n\n", ""),
    "header only": (f"{CRP},{FERRITIN},severe\n", "no patient"),
    "one row": (f"{CRP},{FERRITIN},severe\n1,2,1\n", "one patient"),
}


@pytest.mark.parametrize("name", FILES)
def test_file_refused(name: str, tmp_path: Path) -> None:
    content, said = FILES[name]
    path = tmp_path / "sheet.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    found = refused(tmp_path, path, *BINARY)
    assert "sheet.csv" in found
    assert said in found


@pytest.mark.parametrize("twice", ["severe", "patient", "extra", CRP])
def test_a_column_name_that_is_there_twice_is_refused(twice: str, tmp_path: Path) -> None:
    frame = cohort().assign(extra=1)
    frame.insert(0, twice, frame[twice], allow_duplicates=True)
    arguments = (*BINARY, "--id", "patient", "--associations", "extra")
    found = refused(tmp_path, saved(frame, tmp_path), *arguments)
    assert f"'{twice}'" in found


PLANS = {
    "unknown key": ("landmark_dya = 3\n", ("landmark_dya", "did you mean 'landmark_day'")),
    "not toml": ("method = points\n", ("plan.toml", "not a TOML file", "line")),
    "infinite landmark": ("landmark_day = inf\n", ("landmark_day",)),
    "not a number": ("landmark_day = nan\n", ("landmark_day",)),
    "no bands": ("points.bands = []\n", ("bands",)),
    "bands of one name": ('points.bands = ["low", "low", "high"]\n', ("bands", "low")),
}
PLAN = f"""method = "points"
{{line}}
[outcome]
event = "severe"
[[predictors]]
column = "{CRP}"
direction = "high"
"""


@pytest.mark.parametrize("name", PLANS)
def test_plan_refused(name: str, tmp_path: Path) -> None:
    line, said = PLANS[name]
    (tmp_path / "plan.toml").write_text(PLAN.replace("{line}", line), encoding="utf-8")
    arguments = (saved(cohort(), tmp_path), "--plan", tmp_path / "plan.toml")
    found = refused(tmp_path, *arguments)
    assert "plan.toml" in found or "plan" in found
    for word in said:
        assert word in found, found


PREDICTOR_LINES = {
    "steps without an edge": ("steps = []", "steps"),
    "steps twice the same": ("steps = [5, 5, 30]", "steps"),
    "steps beyond every patient": ("steps = [1000000]", "steps"),
    "unknown key": ('direktion = "high"', "did you mean 'direction'"),
}


@pytest.mark.parametrize("name", PREDICTOR_LINES)
def test_predictor_of_a_plan_refused(name: str, tmp_path: Path) -> None:
    line, said = PREDICTOR_LINES[name]
    text = PLAN.replace("{line}", "") + line + "\n"
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    arguments = (saved(cohort(), tmp_path), "--plan", tmp_path / "plan.toml")
    found = refused(tmp_path, *arguments)
    assert said in found
    assert found.count("\n  - ") == 1, f"one fault, one reason:\n{found}"


def test_groups_of_one_name_are_refused_as_a_fault_of_the_plan(tmp_path: Path) -> None:
    text = PLAN.replace("points", "index").replace("{line}", "") + (
        '[[index.groups]]\nname = "same"\ntotals = [0]\n'
        '[[index.groups]]\nname = "same"\ntotals = [1]\n'
    )
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    arguments = (saved(cohort(), tmp_path), "--plan", tmp_path / "plan.toml")
    found = refused(tmp_path, *arguments)
    assert "index.groups" in found


@pytest.mark.parametrize("name", ["missing.toml", ".", "cohort.csv/plan.toml"])
def test_plan_file_refused(name: str, tmp_path: Path) -> None:
    cohort_file = saved(cohort(), tmp_path)
    assert "plan" in refused(tmp_path, cohort_file, "--plan", tmp_path / name)


@pytest.mark.parametrize("flag", ["--json", "--score", "--report", "--save-plan"])
@pytest.mark.parametrize("name", ["absent/out", ".", "cohort.csv/out", "x" * 300])
def test_output_that_cannot_be_written_is_refused_before_any_work(
    flag: str, name: str, tmp_path: Path
) -> None:
    cohort_file = saved(cohort(), tmp_path)
    found = refused(tmp_path, cohort_file, *BINARY, "--bootstrap", "2", flag, f"{tmp_path}/{name}")
    assert f"{tmp_path}/{name}"[:40] in found


@pytest.mark.parametrize("flag", ["--json", "--score", "--report", "--save-plan"])
def test_the_cohort_is_never_overwritten(flag: str, tmp_path: Path) -> None:
    cohort_file = saved(cohort(), tmp_path)
    found = refused(tmp_path, cohort_file, *BINARY, "--bootstrap", "2", flag, cohort_file)
    assert "cohort.csv" in found


def test_two_outputs_to_one_file_are_refused(tmp_path: Path) -> None:
    cohort_file, one = saved(cohort(), tmp_path), tmp_path / "one"
    outputs = ("--json", one, "--score", one)
    assert "one" in refused(tmp_path, cohort_file, *BINARY, "--bootstrap", "2", *outputs)


def test_two_outputs_to_stdout_are_refused(tmp_path: Path) -> None:
    cohort_file = saved(cohort(), tmp_path)
    outputs = ("--json", "-", "--score", "-")
    assert "-" in refused(tmp_path, cohort_file, *BINARY, "--bootstrap", "2", *outputs)


def test_flags_beside_a_plan_are_named_as_they_are_typed(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN.replace("{line}", ""), encoding="utf-8")
    found = refused(
        tmp_path,
        saved(cohort(), tmp_path),
        *("--plan", tmp_path / "plan.toml", "--event-value", "1", "--direction", "high"),
        *("--cutoff", "youden", "--unit", f"{CRP}=mg/L"),
    )
    for flag in ("--event-value", "--direction", "--cutoff", "--unit"):
        assert f"{flag}," in found or f"{flag}\n" in found, found


def test_all_reasons_are_said_at_once(tmp_path: Path) -> None:
    frame = cohort().assign(severe=lambda rows: rows["severe"] + 1, **{CRP: "?"})
    found = refused(tmp_path, saved(frame, tmp_path), *BINARY, "--unit", f"{FERRITIN}=ells")
    for word in ("column 'severe'", f"column '{CRP}'", f"column '{FERRITIN}'"):
        assert word in found


def test_predictors_after_the_event_are_refused_with_a_landmark_and_its_cost(
    tmp_path: Path,
) -> None:
    frame = cohort().rename(columns={CRP: "crp_mg_l_day7"})
    early = int(((frame["severe"] == 1) & (frame["onset_day"] <= 7)).sum())
    events = int(frame["severe"].sum())
    path = saved(frame, tmp_path)
    arguments = ("--method", "points", "--event", "severe", "--predictors", "crp_mg_l_day7")
    found = " ".join(refused(tmp_path, path, *arguments, "--onset", "onset_day").split())
    assert f"on or after the event in {early} of {events} patients" in found
    offer = f"--landmark 7 keeps {80 - early} of 80 patients and {events - early} of {events}"
    assert offer in found
    done = cartwheel(
        "develop",
        path,
        *(*arguments, "--onset", "onset_day", "--bootstrap", "3", "--landmark", "7"),
    )
    assert done.code == 0
    assert f"{80 - early} patients analysed, {events - early} with the event" in done.out
