"""``cartwheel landmark`` from the shell, on simulated patients and on the CD22 cohort."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from landmark_sample import binary_sample, survival_sample
from typer.testing import CliRunner, Result

from cartwheel.cli.landmark import landmark
from cartwheel.report.landmark.page import landmark_report_html
from cartwheel.workflows.landmark import read_landmark_model

BINARY = ("--event", "severe", "--onset", "onset", "--landmarks", "0,4,6", "--markers", "crp,il6")
FAST = ("--transform", "log2", "--bootstrap", "10", "--seed", "3")


def run(*arguments: str | Path) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command()(landmark)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    patients, labs = binary_sample()
    paths = tmp_path / "patients.csv", tmp_path / "labs.csv"
    patients.to_csv(paths[0], index=False)
    labs.to_csv(paths[1], index=False)
    return paths


def test_from_sheet_to_model(files: tuple[Path, Path], tmp_path: Path) -> None:
    patients, labs = files
    outputs = {name: tmp_path / f"{name}.json" for name in ("json", "save-model")}
    outputs["report"] = tmp_path / "report.html"
    said = [part for name, path in outputs.items() for part in (f"--{name}", path)]
    figure = tmp_path / "landmarks.svg"
    done = run(patients, "--labs", labs, *BINARY, *FAST, *said, "--figure", figure)
    assert done.exit_code == 0, done.output
    # all but the names of the files
    told = done.output[: done.output.index("result: ")]
    assert all(len(line) <= 80 for line in told.splitlines())
    assert "apparent" in done.output
    assert "corrected" in done.output
    result = json.loads(outputs["json"].read_text(encoding="utf-8"))
    assert result["kind"] == "landmark"
    assert [row["day"] for row in result["result"]["landmarks"]] == [0.0, 4.0, 6.0]
    assert read_landmark_model(outputs["save-model"]).markers[1].analyte == "il6"
    assert figure.read_text(encoding="utf-8").startswith("<?xml")
    assert outputs["report"].read_text(encoding="utf-8") == landmark_report_html(result)


def test_the_same_bytes_for_any_threads(files: tuple[Path, Path], tmp_path: Path) -> None:
    patients, labs = files
    texts = []
    for threads in ("1", "2"):
        target = tmp_path / f"{threads}.json"
        done = run(patients, "--labs", labs, *BINARY, *FAST, "--threads", threads, "--json", target)
        assert done.exit_code == 0, done.output
        texts.append(target.read_bytes())
    assert texts[0] == texts[1]


def test_options_win_over_the_plan(files: tuple[Path, Path], tmp_path: Path) -> None:
    patients, labs = files
    plan, target = tmp_path / "plan.toml", tmp_path / "out.json"
    plan.write_text(
        'schema = "cartwheel-landmark-plan/1"\nlandmarks_days = [0, 4]\n'
        '[outcome]\nevent = "severe"\nonset = "onset"\n'
        '[[markers]]\nanalyte = "crp"\ntransform = "sqrt"\n[resampling]\nbootstrap = 0\n',
        encoding="utf-8",
    )
    done = run(
        patients, "--labs", labs, "--plan", plan, "--max-age", "crp=6", "--landmarks", "6",
        "--json", target,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    followed = json.loads(target.read_text(encoding="utf-8"))["plan"]
    assert followed["landmarks_days"] == [6.0]
    assert followed["markers"] == [{"analyte": "crp", "transform": "sqrt", "max_age_days": 6.0}]


def test_survival_has_a_window(tmp_path: Path) -> None:
    patients, labs = survival_sample()
    paths = tmp_path / "simulated_patients.csv", tmp_path / "labs.csv"
    patients.to_csv(paths[0], index=False)
    labs.to_csv(paths[1], index=False)
    asked = (
        paths[0], "--labs", paths[1], "--event", "died", "--time", "time", "--time-unit", "days",
        "--landmarks", "0,4", "--markers", "crp", *FAST,
    )  # fmt: skip
    refused = run(*asked)
    assert refused.exit_code == 2
    assert "--window" in refused.output
    done = run(*asked, "--window", "12", "--interactions")
    assert done.exit_code == 0, done.output
    assert "SIMULATED DATA" in done.output
    assert "Harrell's C" in done.output


@pytest.mark.parametrize(
    ("extra", "word"),
    [
        (("--markers", "ilsix"), "il6"),
        (("--landmarks", "now"), "is not a day"),
        (("--max-age", "il8=3"), "not one of the markers"),
        (("--max-age", "long"), "not a number of days"),
        (("--landmarks", "200"), "landmark day 200"),
        (("--transform", "cube"), "transform"),
        (("--onset", "onst"), "onset"),
        (("--lab-unit", "units_of"), "units_of"),
        (("--json", "nowhere/out.json"), "mkdir"),
        (("--figure", "-"), "stdout"),
    ],
)
def test_refusals_say_what_to_do(
    files: tuple[Path, Path], extra: tuple[str, ...], word: str
) -> None:
    patients, labs = files
    done = run(patients, "--labs", labs, *BINARY, *FAST, *extra)
    assert done.exit_code == 2, done.output
    assert word in done.output
    assert "Traceback" not in done.output


@pytest.fixture
def model(files: tuple[Path, Path], tmp_path: Path) -> Path:
    patients, labs = files
    target = tmp_path / "model.json"
    done = run(patients, "--labs", labs, *BINARY, *FAST, "--save-model", target)
    assert done.exit_code == 0, done.output
    return target


def test_a_saved_model_predicts_a_file(
    files: tuple[Path, Path], model: Path, tmp_path: Path
) -> None:
    _, labs = files
    target = tmp_path / "predictions.json"
    asked = ("--predict", model, "--labs", labs, "--day", "5")
    done = run(*asked, "--json", target)
    assert done.exit_code == 0, done.output
    assert all(len(line) <= 80 for line in done.output.splitlines())
    written = json.loads(target.read_text(encoding="utf-8"))
    assert len(written["predictions"]) == len(set(_column(labs, 0)))
    first = written["predictions"][0]
    assert first["patient"] in done.output
    assert {one["analyte"] for one in first["prediction"]["used"]} == {"crp", "il6"}
    alone = run(*asked, "--patient", first["patient"], "--json", "-")
    # nothing but the file
    assert [one["patient"] for one in json.loads(alone.output)["predictions"]] == [first["patient"]]


def _column(path: Path, place: int) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    return [line.split(",")[place] for line in lines]


@pytest.mark.parametrize(
    ("extra", "word"),
    [
        ((), "--day"),
        (("--day", "8"), "from day 0 to day 6"),
        (("--day", "5", "--seed", "3"), "--seed"),
        (("--day", "5", "--markers", "crp"), "--markers"),
        (("--day", "5", "--same-moment", "first"), "is not a rule"),
        (("--day", "5", "--patient", "XYZ"), "no result of this patient"),
        (("--day", "5", "--json", "nowhere/out.json"), "mkdir"),
    ],
)
def test_refusals_of_a_prediction(
    files: tuple[Path, Path], model: Path, extra: tuple[str, ...], word: str
) -> None:
    done = run("--predict", model, "--labs", files[1], *extra)
    assert done.exit_code == 2, done.output
    assert word in done.output
    assert "XYZ" not in done.output
    assert "P00" not in done.output


def test_a_prediction_writes_over_no_input(files: tuple[Path, Path], model: Path) -> None:
    before = model.read_bytes()
    done = run("--predict", model, "--labs", files[1], "--day", "5", "--json", model)
    assert done.exit_code == 2
    assert model.read_bytes() == before


def test_what_belongs_to_the_other_way_of_running(files: tuple[Path, Path]) -> None:
    patients, labs = files
    without = run(patients, "--labs", labs, *BINARY, *FAST, "--day", "5")
    assert without.exit_code == 2
    assert "--predict" in without.output
    nobody = run("--labs", labs, *BINARY, *FAST)
    assert nobody.exit_code == 2
    assert "PATIENTS" in nobody.output


def test_competing_events_of_a_survival_are_refused(tmp_path: Path) -> None:
    patients, labs = survival_sample()
    paths = tmp_path / "patients.csv", tmp_path / "labs.csv"
    patients.to_csv(paths[0], index=False)
    labs.to_csv(paths[1], index=False)
    done = run(
        paths[0], "--labs", paths[1], "--event", "died", "--event-value", "1", "--competing-value",
        "0", "--time", "time", "--time-unit", "days", "--window", "12", "--landmarks", "0,4",
        "--markers", "crp", *FAST,
    )  # fmt: skip
    assert done.exit_code == 2
    assert "competing event as censoring" in done.output


def test_an_input_is_not_overwritten(files: tuple[Path, Path]) -> None:
    patients, labs = files
    before = labs.read_bytes()
    done = run(patients, "--labs", labs, *BINARY, *FAST, "--json", labs)
    assert done.exit_code == 2
    assert labs.read_bytes() == before


def test_severe_crs_from_day_0_to_day_7(car22: Path, tmp_path: Path) -> None:
    labs, target = car22.with_name("car22_labs.csv"), tmp_path / "out.json"
    done = run(
        car22, "--labs", labs, "--event", "severe_crs_astct", "--onset", "crs_onset_day",
        "--landmarks", "0,3,5,7", "--markers", "il6", "--transform", "log2", "--bootstrap", "200",
        "--seed", "1", "--json", target,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    found = json.loads(target.read_text(encoding="utf-8"))["result"]
    rows = found["landmarks"]
    # counted by hand from the two files
    assert [row["eligible"] for row in rows] == [59, 57, 49, 35]
    assert [row["events_left"] for row in rows] == [12, 12, 9, 6]
    assert [row["analysed"] for row in rows] == [59, 57, 48, 35]
    assert "12 events in 59 patients" in found["verdict"]
    assert "The prediction sharpens with time:" not in found["verdict"]


def test_what_was_taken_after_day_0_does_not_predict_from_day_0(car22: Path) -> None:
    labs = car22.with_name("car22_labs.csv")
    done = run(
        car22, "--labs", labs, "--event", "severe_crs_astct", "--onset", "crs_onset_day",
        "--landmarks", "0,3", "--markers", "crp", "--transform", "log2", "--bootstrap", "20",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    # CRP of nominal day 0 was taken hours after the infusion
    assert "not estimable: 1 event in 1 patient analysed" in done.output
    assert "crp in 56 patients" in " ".join(done.output.split())
