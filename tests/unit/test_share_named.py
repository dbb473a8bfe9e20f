"""What a shared file must be able to name, and what never becomes a row of a pool."""

from __future__ import annotations

from pathlib import Path

import pytest
from shared_example import centre, validated

from cartwheel.canonical import canonical_json
from cartwheel.errors import FileRefused, PlanRefused
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.study.table import read_studies
from cartwheel.workflows.validate import validate


def test_an_outcome_and_a_horizon_have_a_name_before_they_leave() -> None:
    frame = centre(31, 150)
    unnamed = {
        "event": "progressed", "kind": "survival", "time": "pfs_months", "time_unit": "months",
    }  # fmt: skip
    plan = {
        "simulated": True,
        "outcome": unnamed,
        "scores": [
            {
                "score": "crp-albumin",
                "columns": {"crp": "crp_mg_l_day0", "albumin": "albumin_g_l"},
            }
        ],
        "resampling": {"bootstrap": 0},
    }
    frame["albumin_g_l"] = 35.0 + 0.01 * frame["crp_mg_l_day0"]
    with pytest.raises(PlanRefused) as caught:
        validate(frame, plan, share_too=True)
    codes = [problem.code for problem in caught.value.problems]
    assert codes == ["outcome_unnamed", "horizon_unnamed"]
    named = plan | {"outcome": unnamed | {"label": "PFS", "horizon": 12.0}}
    done = validate(frame, named, share_too=True)
    assert done.shared is not None
    assert done.shared.result.outcome_label == "PFS"


def test_what_was_found_in_the_development_itself_is_never_pooled(tmp_path: Path) -> None:
    frame = centre(99, 400)  # the very patients that the score was made from
    done = validated(frame)
    other = validated(centre(32, 200))
    for name, text in (
        ("a.json", done.to_json()), ("b.json", canonical_json(done.shared)),
        ("c.json", canonical_json(other.shared)),
    ):  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in ("a.json", "b.json"):
        with pytest.raises(FileRefused) as caught:
            read_studies([tmp_path / name, tmp_path / "c.json"], plan=PoolPlan())
        assert [problem.code for problem in caught.value.problems] == ["same_patients"]
    assert len(read_studies([tmp_path / "c.json"], plan=PoolPlan()).studies) == 3


def test_values_with_the_same_words_of_the_plan_are_one_group() -> None:
    names = {"Femme-Q": "women", "Homme-Q": "men", "rare-Q": "women"}
    done = validated(centre(33, 300), subgroups=[{"column": "sex", "names": names}])
    rows = done.result.subgroups[0].rows
    assert [row.group for row in rows] == ["women", "men"]
    assert sum(row.patients for row in rows) == 300
