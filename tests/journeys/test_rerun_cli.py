"""A result runs again to the same bytes, or what changed is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from develop_examples import cartwheel, cohort, plan

import cartwheel as cw
from cartwheel.clinic.score import score_to_toml
from cartwheel.moved import moved_for, numbers_moved

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort, its development and the score, and a validation at another simulated centre."""
    place = tmp_path_factory.mktemp("rerun")
    for name, seed in (("simulated_a.csv", 5), ("simulated_b.csv", 6)):
        cohort(120, seed).to_csv(place / name, index=False)
    made = cw.develop(place / "simulated_a.csv", plan(bootstrap=8))
    (place / "develop.json").write_text(made.to_json(), encoding="utf-8")
    (place / "score.toml").write_text(score_to_toml(made.score), encoding="utf-8")
    event = made.document.plan["outcome"]["event"]  # type: ignore[index]
    done = cartwheel(
        "validate", place / "simulated_b.csv", "--score", place / "score.toml", "--event", event,
        "--bootstrap", "8", "--json", place / "validate.json",
    )  # fmt: skip
    assert done.code == 0, done.err
    return place


def edited(folder: Path, name: str, change: Any) -> Path:
    document = json.loads((folder / name).read_text(encoding="utf-8"))
    change(document)
    path = folder / f"edited_{name}"
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["develop.json", "validate.json"])
def test_the_same_bytes_come_out(folder: Path, name: str) -> None:
    done = cartwheel("rerun", folder / name, "--strict", "-o", folder / "again.json")
    assert done.code == 0, done.err
    assert done.out.startswith("identical")
    assert (folder / "again.json").read_bytes() == (folder / name).read_bytes()


def test_a_pool_and_an_appraisal_run_again(tmp_path: Path) -> None:
    table = tmp_path / "studies.csv"
    table.write_text(
        "study,measure,estimate,ci_low,ci_high,outcome\n"
        "A,HR,2.1,1.2,3.6,PFS\nB,HR,1.7,1.1,2.7,PFS\nC,HR,2.6,1.4,4.9,PFS\n",
        encoding="utf-8",
    )
    for command in (
        ("pool", table), ("appraise", "--n", "125", "--events", "17", "--parameters", "7",
                          "--auc", "0.875"),
    ):  # fmt: skip
        done = cartwheel(*command, "--json", tmp_path / "r.json")
        assert done.code == 0, done.err
        done = cartwheel("rerun", tmp_path / "r.json", "--strict")
        assert (done.code, done.out.split(":")[0]) == (0, "identical"), done.err


def test_a_changed_number_is_named_with_its_size(folder: Path) -> None:
    def change(document: Any) -> None:
        document["result"]["performance"]["measures"][0]["apparent"]["value"] *= 2.0
        document["provenance"]["libraries"]["numpy"] = "1.0.0"

    path = edited(folder, "develop.json", change)
    done = cartwheel("rerun", path, "--json", "-")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    first = found["changes"][0]
    assert first["place"] == "result.performance.measures[0].apparent.value"
    assert first["relative"] == pytest.approx(0.5)  # from twice the value back to it
    assert not found["identical"]
    assert found["versions"][0][:2] == ["numpy", "1.0.0"]
    done = cartwheel("rerun", path, "--strict")
    assert done.code == 2
    assert "0.5 relative" in done.out
    assert "version of numpy: 1.0.0" in done.out


def test_other_data_are_refused_unless_meant(folder: Path) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    (elsewhere / "simulated_a.csv").write_bytes((folder / "simulated_b.csv").read_bytes())
    wrong = ("rerun", folder / "develop.json", "--data", elsewhere / "simulated_a.csv")
    done = cartwheel(*wrong)
    assert done.code == 2
    assert "hashes differ" in done.err
    done = cartwheel(*wrong, "--other-data")
    assert done.code == 0, done.err
    assert done.out.startswith("The data are others")


def test_files_that_are_not_there_are_asked_for(folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "validate.json"
    alone.write_bytes((folder / "validate.json").read_bytes())
    done = cartwheel("rerun", alone)
    assert done.code == 2
    assert "--data PATH/simulated_b.csv" in done.err
    done = cartwheel("rerun", alone, "--data", folder / "simulated_b.csv")
    assert done.code == 2
    assert "--score PATH/score.toml" in done.err
    done = cartwheel(
        "rerun", alone, "--data", folder / "simulated_b.csv", "--score", folder / "score.toml",
        "--strict",
    )  # fmt: skip
    assert done.code == 0, done.err
    done = cartwheel("rerun", alone, "-o", alone)
    assert done.code == 2
    assert "never written over" in done.err


def test_another_score_under_the_name_is_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "score.toml"
    text = (folder / "score.toml").read_text(encoding="utf-8")
    other.write_text(text.replace('version = "1"', 'version = "2"', 1), encoding="utf-8")
    done = cartwheel("rerun", folder / "validate.json", "--score", other)
    assert done.code == 2
    assert "not the score that was validated" in done.err


def test_what_moved_stands_in_the_changelog() -> None:
    changelog = " ".join((REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8").split())
    section = changelog.split("### Numbers that moved")[1].casefold()
    for entry in numbers_moved():
        words = entry.what.casefold().split(",")[0]
        assert words in section.replace("*", ""), entry.what
    assert moved_for("develop", "0.1.0")
    assert moved_for("develop", "9.0") == ()
