"""``cartwheel validate`` and wrong input: a refusal that says what to do, and no file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from develop_examples import Done, cartwheel, saved
from shared_example import centre, score_of

from cartwheel.clinic.score import score_to_toml

Change = Callable[[pd.DataFrame], pd.DataFrame]
CRP, FERRITIN = "crp_mg_l_day0", "ferritin_ug_l_day0"


@pytest.fixture
def score(tmp_path: Path) -> Path:
    path = tmp_path / "score.toml"
    path.write_text(score_to_toml(score_of()), encoding="utf-8")
    return path


def run(sheet: Path, score: Path, *more: object) -> Done:
    asked = ("--score", score, "--event", "severe", "--bootstrap", "10")
    return cartwheel("validate", sheet, *asked, *map(str, more))


def refused(folder: Path, done: Callable[[], Done]) -> str:
    """Run what must be refused; no file may change, and no patient stand in the words."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found = done()
    assert (found.code, found.out) == (2, "")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert "mend:" in found.err
    assert "Z50-" not in found.err
    return " ".join(found.err.split())


COHORTS: dict[str, tuple[Change, str]] = {
    "an input is lacking, its nearest name is said": (
        lambda frame: frame.rename(columns={FERRITIN: "feritin_ug_l_day0"}),
        "is it 'feritin_ug_l_day0'?",
    ),
    "two columns hold one input": (
        lambda frame: frame.rename(columns={CRP: "CRP_mg_l_d0"}).assign(
            c_reactive_protein_mg_dl_d0=frame[CRP] / 10
        ),
        "more than one column holds this input",
    ),
    "nobody has a value": (lambda frame: frame.assign(**{CRP: np.nan}), "nobody can be scored"),
    "no rows": (lambda frame: frame.iloc[:0], "no patient below it"),
    "one row": (lambda frame: frame.iloc[:1], "only one patient row"),
    "everybody had the event": (
        lambda frame: frame.assign(severe=1),
        "all 120 patients had the event",
    ),
    "nobody had the event": (
        lambda frame: frame.assign(severe=0),
        "none of 120 patients had the event",
    ),
    "the coding is not said": (
        lambda frame: frame.assign(severe=frame["severe"].map({1: "yes", 0: "no"})),
        "--event-value",
    ),
    "three codes": (lambda frame: frame.assign(severe=np.arange(120) % 3), "--event-value"),
    "dates for values": (lambda frame: frame.assign(**{CRP: "2024-05-06"}), "can be scored"),
}


@pytest.mark.parametrize("name", COHORTS)
def test_cohorts_that_cannot_be_read_are_refused(tmp_path: Path, score: Path, name: str) -> None:
    change, words = COHORTS[name]
    sheet = saved(change(centre(50, 120)), tmp_path)
    files = ("--json", tmp_path / "r.json", "--share", tmp_path / "s.json")
    assert words in refused(tmp_path, lambda: run(sheet, score, *files))


FLAGS: dict[str, tuple[tuple[str, ...], str]] = {
    "a horizon that is no number": (("--horizon", "nan"), "finite number"),
    "a horizon for a binary outcome": (("--horizon", "5"), "survival outcome"),
    "thresholds the wrong way round": (("--thresholds", "0.5-0.1"), "the lower one first"),
    "thresholds in percent": (("--thresholds", "5-50"), "less than 1"),
    "a level in percent": (("--level", "95"), "less than 1"),
    "too few resamples": (("--bootstrap", "-1"), "greater than or equal to 0"),
    "the outcome as a subgroup": (("--subgroup", "severe"), "this column is the outcome"),
    "a subgroup named twice": (
        ("--subgroup", "sex", "--subgroup", "sex"),
        "named 2 times",
    ),
    "values as groups": (("--subgroup", FERRITIN), "say edges for a column of numbers"),
    "patients as centres": (("--centre", "patient"), "are no centres"),
    "a column that is not there": (("--subgroup", "sexx"), "did you mean 'sex'?"),
    "a landmark without the day of events": (("--landmark", "3"), "--onset"),
    "columns on a ladder that is not climbed": (("--extend", "sex"), "--update"),
    "an updated score that was not asked for": (("--updated-score", "u.toml"), "--update"),
    "a score that is not there": (("--score", "esix"), "did you mean"),
    "two outputs on stdout": (("--json", "-", "--share", "-"), "only one output"),
    "a folder that is not there": (("--json", "nowhere/r.json"), "mkdir"),
    "a cell of one": (("--min-cell", "1"), "greater than or equal to 2"),
}


@pytest.mark.parametrize("name", FLAGS)
def test_flags_that_make_no_sense_are_refused(
    tmp_path: Path, score: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags, words = FLAGS[name]
    monkeypatch.chdir(tmp_path)
    sheet = saved(centre(50, 120), tmp_path)
    assert words in refused(tmp_path, lambda: run(sheet, score, *flags))


def test_no_output_takes_the_place_of_an_input(tmp_path: Path, score: Path) -> None:
    sheet = saved(centre(50, 120), tmp_path)
    for flag, target in (("--json", sheet), ("--updated-score", score), ("--share", score)):
        said = refused(
            tmp_path,
            lambda flag=flag, target=target: run(sheet, score, "--update", flag, target),  # type: ignore[misc]
        )
        assert "this file is" in said


def test_too_few_events_share_nothing_and_nothing_else_is_written(
    tmp_path: Path, score: Path
) -> None:
    frame = centre(50, 120)
    frame["severe"] = (np.arange(120) < 4).astype(int)
    sheet = saved(frame, tmp_path)
    files = ("--json", tmp_path / "r.json", "--share", tmp_path / "s.json")
    assert "about a few people" in refused(tmp_path, lambda: run(sheet, score, *files))


PLANS: dict[str, tuple[str, str]] = {
    "unknown keys": ('bootstrp = 3\n[outcome]\nevent = "severe"\nknd = "binary"\n', "'kind'"),
    "no outcome": ("level = 0.9\n", "outcome"),
    "no TOML": ("schema = = 3\n", "not a TOML file"),
    "the plan of another command": ('schema = "cartwheel-plan/1"\n', "cartwheel-validation-plan/1"),
}


@pytest.mark.parametrize("name", PLANS)
def test_plans_that_are_wrong_are_refused(tmp_path: Path, score: Path, name: str) -> None:
    text, words = PLANS[name]
    sheet, plan = saved(centre(50, 120), tmp_path), tmp_path / "plan.toml"
    plan.write_text(f"{text}[[scores]]\nscore = '{score}'\n", encoding="utf-8")
    assert words in refused(tmp_path, lambda: cartwheel("validate", sheet, "--plan", plan))


def _survival(tmp_path: Path) -> Path:
    path = tmp_path / "survival.toml"
    path.write_text(score_to_toml(score_of("survival")), encoding="utf-8")
    return path


def survive(frame: pd.DataFrame, folder: Path, *more: object) -> Done:
    return cartwheel(
        "validate", saved(frame, folder), "--score", _survival(folder), "--event", "progressed",
        "--time", "pfs_months", "--time-unit", "months", "--bootstrap", "10", *map(str, more),
    )  # fmt: skip


def test_times_below_zero_are_refused(tmp_path: Path) -> None:
    frame = centre(50, 120)
    frame.loc[3, "pfs_months"] = -2.0
    _survival(tmp_path)
    saved(frame, tmp_path)
    said = refused(tmp_path, lambda: survive(frame, tmp_path))
    assert "-2" not in said.replace("--", "")


def test_follow_up_shorter_than_the_horizon_is_refused_or_said(tmp_path: Path) -> None:
    frame = centre(50, 120)
    late = frame["pfs_months"] > 6.0
    frame.loc[late, ["pfs_months", "progressed"]] = [6.0, 0]
    _survival(tmp_path)
    saved(frame, tmp_path)
    assert "horizon" in refused(tmp_path, lambda: survive(frame, tmp_path))


def test_another_horizon_is_said(tmp_path: Path) -> None:
    done = survive(centre(50, 200), tmp_path, "--horizon", 9)
    assert done.code == 0, done.err
    assert "differ in the name and the horizon" in " ".join(done.out.split())


def test_all_in_one_band_and_bands_without_patients_are_said(tmp_path: Path, score: Path) -> None:
    alike = centre(50, 120).assign(**{CRP: 1.0, FERRITIN: 20.0})
    done = run(saved(alike, tmp_path), score, "--json", tmp_path / "r.json")
    assert done.code == 0, done.err
    for words in ("the same value in every patient", "All patients analysed are in band"):
        assert words in " ".join(done.out.split())
    text = (tmp_path / "r.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text


def test_centres_of_one_patient_are_withheld(tmp_path: Path, score: Path) -> None:
    frame = centre(50, 120)
    frame["site"] = ["large", *(f"tiny-{place}" for place in range(3)), *(["large"] * 116)]
    done = run(saved(frame, tmp_path), score, "--centre", "site")
    assert done.code == 0, done.err
    assert "Fewer than two centres are large enough" in " ".join(done.out.split())
    assert done.out.count("fewer than 20 patients") >= 3


@pytest.mark.parametrize("written", ["semicolon.csv", "workbook.xlsx", "infinite.csv"])
def test_sheets_as_hospitals_write_them(tmp_path: Path, score: Path, written: str) -> None:
    frame = centre(50, 120)
    path = tmp_path / written
    if written == "semicolon.csv":
        frame.to_csv(path, index=False, sep=";", decimal=",", encoding="cp1252")
    elif written == "workbook.xlsx":
        frame.to_excel(path, index=False)
    else:
        frame[CRP] = frame[CRP].astype(object)
        frame.loc[4, CRP] = "inf"
        frame.loc[5, CRP] = "n.d."
        frame.to_csv(path, index=False)
    plain, other = tmp_path / "plain.json", tmp_path / "other.json"
    assert run(saved(centre(50, 120), tmp_path), score, "--json", plain).code == 0
    done = run(path, score, "--json", other)
    assert done.code == 0, done.err
    first, second = (json.loads(each.read_text(encoding="utf-8")) for each in (plain, other))
    if written == "infinite.csv":
        assert second["result"]["outcome"]["patients"] == 118
    else:
        assert (
            first["result"]["scores"][0]["discrimination"]
            == (second["result"]["scores"][0]["discrimination"])
        )


EDITS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "edited by hand": (lambda file: file["result"].update(patients=999), "its sum does not fit"),
    "from a newer version": (
        lambda file: file.update(schema="cartwheel/share/2"),
        "a later cartwheel wrote this file",
    ),
    "of no kind": (lambda file: file.pop("kind"), "is not a result that gives study rows"),
}


@pytest.mark.parametrize("name", EDITS)
def test_shared_files_that_are_not_as_written_are_refused(
    tmp_path: Path, score: Path, name: str
) -> None:
    edit, words = EDITS[name]
    path = tmp_path / "s.json"
    assert run(saved(centre(50, 160), tmp_path), score, "--share", path).code == 0
    found = json.loads(path.read_text(encoding="utf-8"))
    edit(found)
    path.write_text(json.dumps(found), encoding="utf-8")
    assert words in refused(tmp_path, lambda: cartwheel("pool", path))


def test_one_centre_is_not_pooled_twice(tmp_path: Path, score: Path) -> None:
    sheet = saved(centre(50, 160), tmp_path)
    for name in ("a", "b"):
        path = tmp_path / f"{name}.json"
        assert run(sheet, score, "--share", path, "--label", name).code == 0
    files = (tmp_path / "a.json", tmp_path / "b.json")
    assert "would count twice" in refused(tmp_path, lambda: cartwheel("pool", *files))


def test_stopped_by_hand_it_leaves_no_file(tmp_path: Path, score: Path) -> None:
    # large enough that nobody is done within two seconds
    sheet = saved(centre(50, 2500), tmp_path)
    before = sorted(tmp_path.iterdir())
    process = subprocess.Popen(
        [sys.executable, "-m", "cartwheel", "validate", str(sheet), "--score", str(score),
         "--event", "severe", "--bootstrap", "100000", "--json", str(tmp_path / "r.json"),
         "--share", str(tmp_path / "s.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # a shell that runs the tests in the background lets them ignore Ctrl-C, and it is inherited
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip
    time.sleep(2.0)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode != 0
    assert sorted(tmp_path.iterdir()) == before
