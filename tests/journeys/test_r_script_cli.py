"""``--r-script``: the same analysis in R, from the command line."""

from __future__ import annotations

from pathlib import Path

from develop_examples import cartwheel, cohort, plan

import cartwheel as cw
from cartwheel.canonical import canonical_json, plain
from cartwheel.clinic.score import score_to_toml
from cartwheel.development.planning.plan import plan_from_dict
from cartwheel.development.planning.text import plan_to_toml
from cartwheel.report.r_script import r_script


def test_develop_and_validate_write_the_program_of_their_result(tmp_path: Path) -> None:
    sheet, wanted = tmp_path / "simulated_a.csv", plan(bootstrap=3)
    cohort(90, 4).to_csv(sheet, index=False)
    (tmp_path / "plan.toml").write_text(plan_to_toml(plan_from_dict(wanted)), encoding="utf-8")
    done = cartwheel(
        "develop", sheet, "--plan", tmp_path / "plan.toml", "--r-script", tmp_path / "d.R",
        "--score", tmp_path / "score.toml",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert f"R script: {tmp_path / 'd.R'}" in done.out
    made = cw.develop(sheet, wanted)
    assert (tmp_path / "d.R").read_text(encoding="utf-8") == r_script(plain(made.document))
    assert (tmp_path / "score.toml").read_text(encoding="utf-8") == score_to_toml(made.score)
    event = made.document.plan["outcome"]["event"]  # type: ignore[index]
    done = cartwheel(
        "validate", sheet, "--score", tmp_path / "score.toml", "--event", event, "--bootstrap",
        "3", "--r-script", tmp_path / "v.R", "--json", tmp_path / "v.json",
    )  # fmt: skip
    assert done.code == 0, done.err
    program = (tmp_path / "v.R").read_text(encoding="utf-8")
    assert "result.scores[0].discrimination[0]" in program
    again = cw.validate(
        sheet,
        {
            "outcome": {"event": event},
            "scores": [{"score": str(tmp_path / "score.toml")}],
            "resampling": {"bootstrap": 3},
        },
    )
    assert canonical_json(again.document) == (tmp_path / "v.json").read_text(encoding="utf-8")
    assert program == r_script(plain(again.document), again.specs)
