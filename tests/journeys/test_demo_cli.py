"""``cartwheel demo``: the whole circle on simulated patients, and the word never lost."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from develop_examples import Done, cartwheel

import cartwheel as cw
from cartwheel.clinic.score import read_score
from cartwheel.demonstration import cohort_path, plan_path
from cartwheel.development.planning.plan import read_plan
from cartwheel.workflows.schema import develop_schema, share_schema, validate_schema


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    folder = tmp_path_factory.mktemp("demo") / "made" / "by demo"
    return folder, cartwheel("demo", "--folder", folder)


def test_it_writes_its_files_and_says_simulated_in_each(demo: tuple[Path, Done]) -> None:
    folder, done = demo
    assert (done.code, done.err) == (0, "")
    assert "SIMULATED" in done.out
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        "simulated_myeloma_paper.docx",
        "simulated_myeloma_paper.html",
        "simulated_myeloma_paper.pdf",
        "simulated_myeloma_plan.toml",
        "simulated_myeloma_report.html",
        "simulated_myeloma_result.json",
        "simulated_myeloma_score.toml",
        "simulated_second_centre_paper.docx",
        "simulated_second_centre_paper.html",
        "simulated_second_centre_paper.pdf",
        "simulated_second_centre_report.html",
        "simulated_second_centre_result.json",
        "simulated_second_centre_shared.json",
    ]
    for name in names:
        if not name.endswith((".docx", ".pdf")):
            assert "simulated" in (folder / name).read_text(encoding="utf-8").lower()


def test_its_files_agree(demo: tuple[Path, Done]) -> None:
    folder, _ = demo
    document = json.loads((folder / "simulated_myeloma_result.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(develop_schema()).validate(document)
    score = read_score(folder / "simulated_myeloma_score.toml")
    assert score.simulated
    assert score.identity == document["result"]["score_sha256"]
    written = read_plan(folder / "simulated_myeloma_plan.toml")
    assert written == read_plan(plan_path())
    assert written.identity == document["provenance"]["plan_sha256"]


def test_the_second_centre_validates_the_score_of_the_first(demo: tuple[Path, Done]) -> None:
    folder, done = demo
    text = (folder / "simulated_second_centre_result.json").read_text(encoding="utf-8")
    document = json.loads(text)
    jsonschema.Draft202012Validator(validate_schema()).validate(document)
    score = read_score(folder / "simulated_myeloma_score.toml")
    first, *others = document["result"]["scores"]
    assert first["sha256"] == score.identity
    assert [each["id"] for each in others] == ["nlr", "plr"]
    assert document["result"]["simulated"]
    # other patients than those of the development
    assert document["provenance"]["data_sha256"] != score.population.data_sha256
    assert "same_patients" not in [note["code"] for note in first["notes"]]
    c = next(each for each in first["discrimination"] if each["name"] == "harrell_c")
    assert f"{c['estimate']['value']:.3f}" in done.out
    shared = json.loads((folder / "simulated_second_centre_shared.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(share_schema()).validate(shared)
    assert shared["result"]["simulated"]
    assert "SIM-" not in json.dumps(shared)
    assert cartwheel("rerun", folder / "simulated_myeloma_result.json").code == 2  # data elsewhere


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("kept", encoding="utf-8")
    done = cartwheel("demo", "--folder", tmp_path / "taken")
    assert done.code == 2
    assert "taken" in done.err
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "kept"


def test_a_plan_that_forgot_the_word_still_makes_a_simulated_score(tmp_path: Path) -> None:
    forgot = read_plan(plan_path()).model_copy(update={"simulated": False})
    data = {**forgot.as_dict(), "resampling": {"bootstrap": 2}, "index": {"permutations": 0}}
    developed = cw.develop(cohort_path(), data)
    assert developed.result.simulated
    assert developed.score.simulated


def test_the_saved_plan_is_the_one_that_was_followed(tmp_path: Path) -> None:
    done = cartwheel(
        *("develop", cohort_path(), "--method", "points", "--event", "progression_or_death"),
        *("--time", "pfs_months", "--predictors", "neutrophils_10_9_l_day0", "--bootstrap", "2"),
        *("--save-plan", tmp_path / "p.toml", "--json", tmp_path / "r.json"),
    )
    assert done.code == 0, done.err
    document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert read_plan(tmp_path / "p.toml").identity == document["provenance"]["plan_sha256"]
