"""``cartwheel validate`` as a second centre runs it, and what a developer makes of its files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from develop_examples import Done, cartwheel, saved
from shared_example import centre, score_of, table_score

from cartwheel.clinic.score import read_score, score_to_toml
from cartwheel.workflows.schema import pool_schema, share_schema

CENTRES = {"Ahorn": (41, 170), "Birke": (42, 190), "Linde": (43, 260)}


@pytest.fixture
def score(tmp_path: Path) -> Path:
    path = tmp_path / "two-markers.toml"
    path.write_text(score_to_toml(score_of()), encoding="utf-8")
    return path


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    return saved(centre(40, 180), tmp_path, "sheet.csv")


def run(sheet: Path, score: Path, *more: object) -> Done:
    asked = ("--score", score, "--event", "severe", "--bootstrap", "40")
    return cartwheel("validate", sheet, *asked, *map(str, more))


def document(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_a_second_centre_gets_everything_in_one_run(tmp_path: Path, score: Path) -> None:
    sheet = saved(centre(40, 180, 1.2), tmp_path, "sheet.csv")
    outputs = {
        name: tmp_path / f"{name}.out" for name in ("json", "share", "updated-score", "save-plan")
    }
    done = run(
        sheet, score, "--id", "patient", "--subgroup", "sex", "--centre", "site", "--update",
        *(part for name, path in outputs.items() for part in (f"--{name}", path)),
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    for words in (
        "SIMULATED DATA",
        "AUC",
        "Calibration slope",
        "Observed / expected events",
        "Brier score",
        "observed risk",
        "Net benefit at thresholds from 0.05 to 0.50",
        "treat all",
        "By sex",
        "By centre (site)",
        "next centre",
        "Updating",
        "apparent",
        "corrected",
        "Referee:",
        "numbers are in the file that may leave the centre; no count below 5",
    ):
        assert words in done.out, words
    told = document(outputs["json"])
    (found,) = told["result"]["scores"]
    assert told["result"]["outcome"]["patients"] == 180
    assert [band["patients"] for band in found["bands"]]
    jsonschema.Draft202012Validator(share_schema()).validate(document(outputs["share"]))
    chosen = told["result"]["updates"][0]["chosen"]
    updated = read_score(outputs["updated-score"])
    assert updated.parent is not None
    assert chosen != "as is"


def test_a_computation_is_kept_where_the_ladder_leaves_the_score_as_it_is(
    tmp_path: Path, sheet: Path, score: Path
) -> None:
    result, update, older = tmp_path / "result.json", tmp_path / "u.toml", tmp_path / "old.toml"
    done = run(sheet, score, "--update", "--json", result, "--updated-score", update)
    # this centre is the developer's own world, so that nothing improves on the score
    assert document(result)["result"]["updates"][0]["chosen"] == "as is"
    assert done.code == 0
    assert not update.exists()
    assert "updated score:" not in done.out
    assert "No updated score was written" in done.err
    assert "older" not in done.err
    assert all(len(line) <= 80 or str(tmp_path) in line for line in done.err.splitlines())
    older.write_text("an earlier run", encoding="utf-8")
    done = run(sheet, score, "--update", "--json", result, "--updated-score", older)
    assert "is an older one" in " ".join(done.err.split())
    assert older.read_text(encoding="utf-8") == "an earlier run"


def test_the_text_fits_a_narrow_screen(tmp_path: Path, sheet: Path, score: Path) -> None:
    share = tmp_path / "s.json"
    done = run(sheet, f"one={score}", "--score", f"two={score}", "--subgroup", "sex", "--share",
               share, "--update")  # fmt: skip
    assert done.code == 0, done.err
    long = [line for line in done.out.splitlines() if len(line) > 80 and str(tmp_path) not in line]
    assert long == []


def test_a_plan_that_was_saved_gives_the_same_bytes(
    tmp_path: Path, sheet: Path, score: Path
) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    for folder in (first, again):
        folder.mkdir()
    shown = ("--subgroup", "sex", "--centre", "site", "--thresholds", "0.1-0.4", "--seed", "7")
    files = ("json", "share", "save-plan")
    into = {folder: [p for name in files for p in (f"--{name}", folder / name)]
            for folder in (first, again)}  # fmt: skip
    assert run(sheet, score, *shown, "--threads", 1, *into[first]).code == 0
    done = cartwheel(
        "validate", sheet, "--plan", first / "save-plan", "--threads", "3", *into[again]
    )
    assert done.code == 0, done.err
    for name in files:
        assert (first / name).read_bytes() == (again / name).read_bytes()
    assert str(tmp_path) not in (first / "json").read_text(encoding="utf-8")


def test_json_on_stdout_is_json_and_the_words_go_elsewhere(sheet: Path, score: Path) -> None:
    done = run(sheet, score, "--json", "-")
    assert json.loads(done.out)["kind"] == "validate"
    assert "patients analysed" in done.err


def test_the_developer_pools_what_three_centres_share(tmp_path: Path, score: Path) -> None:
    files = []
    for name, (seed, n) in CENTRES.items():
        sheet = saved(centre(seed, n, 0.02 * seed - 0.8), tmp_path, f"{name}.csv")
        files.append(tmp_path / f"{name}.json")
        told = run(sheet, score, "--label", name, "--outcome-label", "severe CRS", "--share",
                   files[-1])  # fmt: skip
        assert told.code == 0, told.err
        sheet.unlink()  # the developer never sees a patient
    done = cartwheel("pool", *files, "--json", "-")
    assert done.code == 0, done.err
    pool = json.loads(done.out)
    jsonschema.Draft202012Validator(pool_schema()).validate(pool)
    analyses = {each["measure"]: each for each in pool["result"]["analyses"]}
    assert set(analyses) == {"C", "OE", "slope"}
    text = cartwheel("pool", *files).out
    for name in CENTRES:
        assert name in text
    assert text.count("3 studies, 620 patients") == 3
    assert text.count("prediction interval") == 3
    for each in pool["result"]["studies"]:
        assert "missing inputs" in each["conversion"] or "nothing is missing" in each["conversion"]


def test_versions_of_a_score_are_not_one_pool(tmp_path: Path, sheet: Path, score: Path) -> None:
    updated = tmp_path / "updated.toml"
    text = score.read_text(encoding="utf-8")
    updated.write_text(text.replace('version = "1"', 'version = "1.1"', 1), encoding="utf-8")
    files = []
    for place, which in enumerate((score, updated)):
        own = saved(centre(44 + place, 200), tmp_path, f"c{place}.csv")
        files.append(tmp_path / f"c{place}.json")
        assert run(own, which, "--share", files[-1], "--outcome-label", "x").code == 0
    done = cartwheel("pool", *files)
    assert "nothing is pooled" in done.out
    for words in ("version 1,", "version 1.1,"):
        assert words in " ".join(done.out.split())
    # two scores of one centre that differ in their version only
    both = tmp_path / "both.json"
    asked = ("--score", f"new={updated}", "--share", both, "--outcome-label", "x")
    assert run(sheet, f"old={score}", *asked).code == 0
    pooled = cartwheel("pool", both, *files)
    assert pooled.code == 0, pooled.err
    assert "2 studies, 380 patients" in pooled.out
    assert "3 studies," not in pooled.out


def test_horizons_are_not_one_pool(tmp_path: Path) -> None:
    score = tmp_path / "survival.toml"
    score.write_text(score_to_toml(score_of("survival")), encoding="utf-8")
    files = []
    for place, horizon in enumerate((12, 9)):
        own = saved(centre(46 + place, 200), tmp_path, f"h{place}.csv")
        files.append(tmp_path / f"h{place}.json")
        done = cartwheel(
            "validate", own, "--score", score, "--event", "progressed", "--time", "pfs_months",
            "--time-unit", "months", "--horizon", str(horizon), "--bootstrap", "20", "--share",
            files[-1], "--outcome-label", "PFS",
        )  # fmt: skip
        assert done.code == 0, done.err
    done = cartwheel("pool", *files)
    assert "nothing is pooled" in done.out
    for words in ("PFS at 12 months", "PFS at 9 months"):
        assert words in done.out


def test_every_input_beyond_its_range_is_named_and_its_unit_doubted(
    tmp_path: Path, score: Path
) -> None:
    frame = centre(48, 150)
    frame["crp_mg_l_day0"] /= 1000.0
    frame["ferritin_ug_l_day0"] *= 1000.0
    done = run(saved(frame, tmp_path), score)
    said = " ".join(done.out.split())
    assert said.count("is outside the range the score was developed on") == 2
    assert said.count("Check its unit.") == 2
    right = run(saved(centre(48, 150), tmp_path, "right.csv"), score)
    assert "Check its unit." not in right.out


def test_of_few_values_the_centre_is_told_what_does_not_leave(tmp_path: Path) -> None:
    score = tmp_path / "points.toml"
    score.write_text(score_to_toml(table_score([0.03, 0.10, 0.35], [0, 1, 2])), encoding="utf-8")
    value = np.repeat([0, 1, 2], [42, 25, 53])
    event = np.concatenate([np.repeat([1, 0], pair) for pair in ((2, 40), (4, 21), (19, 34))])
    sheet = saved(pd.DataFrame({"severe": event, "points": value}), tmp_path)
    done = run(sheet, score, "--share", tmp_path / "s.json")
    assert done.code == 0, done.err
    assert "it has few values" in " ".join(done.out.split())
    assert "could be solved for" in " ".join(done.out.split())


def test_imputed_numbers_stand_beside_complete_ones_with_their_monte_carlo_error(
    tmp_path: Path,
) -> None:
    frame = centre(41, 150)
    frame.loc[frame.index[::9], "crp_mg_l_day0"] = float("nan")
    sheet, score = tmp_path / "simulated_gaps.csv", tmp_path / "score.toml"
    frame.to_csv(sheet, index=False)
    score.write_text(score_to_toml(score_of()), encoding="utf-8")
    done = cartwheel(
        "validate", sheet, "--score", score, "--event", "severe", "--id", "patient", "--missing",
        "impute", "--imputations", "3", "--bootstrap", "0", "--json", tmp_path / "r.json",
    )  # fmt: skip
    assert done.code == 0, done.err
    filled = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["result"]["imputation"]
    assert (filled["patients"], filled["complete_patients"]) == (150, 133)
    row = next(each for each in filled["measures"] if each["name"] == "auc")
    assert row["monte_carlo_error"] > 0.0
    words = " ".join(done.out.split())
    assert f"{row['label']} (Monte-Carlo error {row['monte_carlo_error']:.2g})" in words
    assert f"{row['complete']['value']:.3f}" in words
    assert f"{row['imputed']['value']:.3f}" in words
