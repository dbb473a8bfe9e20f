"""``cartwheel monitor drift`` from the shell: a log, a file of outcomes, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

pytest.importorskip("sqlalchemy", reason="cartwheel[serve] is not installed")

import typer
from typer.testing import CliRunner, Result
from ward_drifting import NUMBER, fill, invented, ward_files

from cartwheel.cli.monitor import monitor
from cartwheel.store.database import open_store
from cartwheel.store.ward_drift import patients_called
from cartwheel.workflows.monitor_drift import monitor_drift_schema

MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04")


def run(*arguments: str | Path) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    app.add_typer(monitor, name="monitor")
    return CliRunner().invoke(app, ["monitor", *(str(one) for one in arguments)])


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("ward")
    path = ward_files(made)
    store = open_store(made / "data")
    fill(store, path, invented(MONTHS, 10, other_unit_from="2026-04"))
    store.close()
    return path


def drift(ward: Path, *more: str | Path) -> Result:
    return run("drift", ward, "--data", ward.parent / "data", *more)


def test_drift_is_printed_and_written(ward: Path, tmp_path: Path) -> None:
    out = tmp_path / "drift.json"
    done = drift(ward, "--json", out)
    assert done.exit_code == 0, done.output
    assert all(len(line) <= 80 for line in done.output.splitlines())
    assert done.output.startswith("SIMULATED")
    said = " ".join(done.output.split())
    assert "critical: The values of ldh in 2026-04 look like another unit" in said
    assert "compared with 2026-01 to 2026-02" in said
    document = json.loads(out.read_text(encoding="utf-8"))
    jsonschema.validate(document, monitor_drift_schema())
    assert NUMBER not in out.read_text(encoding="utf-8") + done.output


def test_by_quarter_with_a_reference_time_of_ones_own(ward: Path) -> None:
    done = drift(ward, "--by", "quarter", "--reference", "2026-Q1", "--json", "-")
    assert done.exit_code == 0, done.output
    document = json.loads(done.output)
    assert document["counts"]["periods"] == ["2026-Q1", "2026-Q2"]
    assert document["drift"]["plan"]["reference"] == ["2026-Q1", "2026-Q1"]
    assert document["settings"]["reference_chosen"]


def test_a_file_says_what_followed(ward: Path, tmp_path: Path) -> None:
    outcomes = tmp_path / "outcomes.csv"
    rows = [
        f"{one.number},{'yes' if place % 2 else 'no'},{5 if place % 2 else ''},40"
        for place, one in enumerate(invented(MONTHS, 10))
    ]
    text = "\n".join(["patient,relapse,onset,followed", *rows, "UNKNOWN,no,,40"]) + "\n"
    outcomes.write_text(text, encoding="utf-8")
    said = ("--outcomes", outcomes, "--event", "relapse", "--onset", "onset")
    done = drift(ward, *said, "--followed", "followed", "--json", "-")
    assert done.exit_code == 0, done.output
    document = json.loads(done.output)
    rows_of = document["drift"]["calibration"]
    (row,) = [one for one in rows_of if one["period"] == "all periods" and not one["centre"]]
    assert row["patients"] == 40
    assert row["ripe"] == 1.0
    # every other one, and all were followed to the horizon
    assert row["observed"]["value"] == pytest.approx(0.5, abs=1e-12)  # sums of a few terms
    assert document["source"]["outcomes"] == "outcomes.csv"
    assert document["risks"][0]["event"] == "relapse"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("patient,relapse,onset\nP1,yes,3\nP2,no,\n", "names nobody whom the ward follows"),
        ("who,relapse,onset\nP1,yes,3\nP2,no,\n", "there is no column 'patient'"),
        ("patient,relapse,day\nP1,yes,3\nP2,no,\n", "there is no column 'onset'"),
        ("patient,relapse,onset\nP1,yes,\nP2,no,\n", "no day says when"),
        ("patient,relapse,onset\nP1,yes,20260301\nP2,no,\n", "no day says when"),
        ("patient,relapse,onset\nP1,yes,3\nP1,no,\n", "a patient stands there twice"),
    ],
)
def test_what_is_wrong_with_a_file_of_outcomes_is_said(
    ward: Path, tmp_path: Path, text: str, code: str
) -> None:
    path = tmp_path / "outcomes.csv"
    path.write_text(text, encoding="utf-8")
    done = drift(ward, "--outcomes", path, "--event", "relapse", "--onset", "onset")
    assert done.exit_code == 2
    assert code in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--by", "week"), "there are months and quarters"),
        (("--reference", "2026-Q1"), "this is not a reference time"),
        (("--reference", "2026-05..2026-02"), "the reference time ends before it begins"),
        (("--event", "x"), "needs both its columns"),
        (("--followed", "x"), "needs both its columns"),
        (("--horizon", "14"), "needs both its columns"),
    ],
)
def test_what_drift_refuses(ward: Path, arguments: tuple[str, ...], code: str) -> None:
    done = drift(ward, *arguments)
    assert done.exit_code == 2
    assert code in " ".join(done.output.split())


def test_who_stands_there_by_two_of_his_numbers_is_refused(ward: Path, tmp_path: Path) -> None:
    store = open_store(ward.parent / "data")
    with store.reading() as connection:
        number, own = next(patients_called(connection))
    store.close()
    path = tmp_path / "outcomes.csv"
    path.write_text(f"patient,relapse,onset\n{number},yes,3\n{own},no,\n", encoding="utf-8")
    done = drift(ward, "--outcomes", path, "--event", "relapse", "--onset", "onset")
    assert done.exit_code == 2
    assert "1 rows are of patients who stand there by another number" in " ".join(
        done.output.split()
    )
    assert number not in done.output


def test_the_result_does_not_go_over_an_input(ward: Path) -> None:
    before = ward.read_bytes()
    done = drift(ward, "--json", ward)
    assert done.exit_code == 2
    assert "this file is an input" in " ".join(done.output.split())
    assert ward.read_bytes() == before


def test_without_a_log_there_is_nothing_to_look_at(ward: Path, tmp_path: Path) -> None:
    done = run("drift", ward, "--data", tmp_path)
    assert done.exit_code == 2
    assert "there is no log in this folder" in " ".join(done.output.split())


def test_of_an_empty_ward_nothing_can_be_said_yet(tmp_path: Path) -> None:
    path = ward_files(tmp_path)
    open_store(tmp_path / "data").close()
    done = drift(path)
    assert done.exit_code == 0, done.output
    assert "0 patients, 0 values" in done.output
    assert "Nothing can be said yet" in done.output
