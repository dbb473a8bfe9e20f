"""The file that travels: aggregates only, and nothing that can be turned back into a patient."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from shared_example import centre, validated

from cartwheel.canonical import canonical_json, content_sha256, plain
from cartwheel.errors import CohortRefused, FileRefused
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.study.table import read_studies
from cartwheel.validation.sharing.cells import in_figures, in_steps, step_of, withheld_rows
from cartwheel.validation.sharing.share import numbers_told
from cartwheel.workflows.schema import share_schema

CELL = 5
KINDS = ("binary", "survival")


def shared(seed: int, n: int, kind: str = "binary", **changes: Any) -> dict[str, Any]:
    done = validated(centre(seed, n), kind, **changes)
    assert done.shared is not None
    found: dict[str, Any] = plain(done.shared)
    return found


def leaves(thing: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(thing, dict):
        for key, value in thing.items():
            yield from leaves(value, f"{path}.{key}")
    elif isinstance(thing, list):
        for value in thing:
            yield from leaves(value, f"{path}[]")
    else:
        yield path, thing


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_the_published_form_and_fits_its_sum(kind: str) -> None:
    found = shared(1, 150, kind)
    jsonschema.Draft202012Validator(share_schema()).validate(found)
    assert found["content_sha256"] == content_sha256(found)


@pytest.mark.parametrize("kind", KINDS)
def test_no_words_of_the_data_leave(kind: str) -> None:
    frame = centre(2, 200)
    done = validated(frame, kind)
    assert done.shared is not None
    text = canonical_json(done.shared)
    for column in ("patient", "sex", "site"):
        for word in frame[column].unique():
            assert word not in text
    for header in frame.columns:
        assert f'"{header}"' not in text


@pytest.mark.parametrize("kind", KINDS)
def test_no_value_of_a_patient_is_in_it(kind: str) -> None:
    frame = centre(3, 200)
    done = validated(frame, kind)
    assert done.shared is not None
    numbers = {
        value
        for _, value in leaves(plain(done.shared.result))
        if isinstance(value, float) and not float(value).is_integer()
    }
    measured = frame[["ferritin_ug_l_day0", "crp_mg_l_day0", "pfs_months"]].to_numpy()
    # values with two decimals above 1 cannot be a risk, a rate or a share by chance
    own = {float(value) for value in measured.ravel() if value > 20.0}
    assert not own & {value for value in numbers if value > 20.0}


@pytest.mark.parametrize("kind", KINDS)
def test_how_much_it_says_does_not_grow_with_the_patients(kind: str) -> None:
    few, many = (validated(centre(4, n), kind).shared for n in (200, 4000))
    assert few is not None
    assert many is not None
    # grids of 21, 19, 19 and 10 points, nine measures and three bands: no more, however many rows
    assert numbers_told(few) <= numbers_told(many) < 600


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [5, 6, 7])
def test_every_count_is_large_enough_or_withheld(kind: str, seed: int) -> None:
    counts = ("patients", "events", "eligible", "competing_events")
    found = shared(seed, 90, kind)
    seen = 0
    for path, value in leaves(found["result"]):
        if path.rsplit(".", 1)[-1] in counts and value is not None:
            assert value >= CELL
            seen += 1
    assert seen >= 4


@pytest.mark.parametrize("seed", [5, 6, 7, 8])
def test_what_is_withheld_does_not_follow_from_the_sums(seed: int) -> None:
    found = shared(seed, 120)["result"]
    for score in found["scores"]:
        told = [band for band in score["bands"] if band["patients"] is not None]
        hidden = len(score["bands"]) - len(told)
        left = score["patients"] - sum(band["patients"] for band in told)
        events = score["events"] - sum(band["events"] for band in told)
        assert hidden != 1
        assert (hidden, left, events) == (0, 0, 0) or min(events, left - events) >= CELL
    for group in found["subgroups"]:
        told = [row for row in group["groups"] if row["patients"] is not None]
        hidden = len(group["groups"]) - len(told)
        left = found["patients"] - sum(row["patients"] for row in told)
        events = found["events"] - sum(row["events"] for row in told)
        assert hidden != 1
        assert (hidden, left, events) == (0, 0, 0) or min(events, left - events) >= CELL


def test_an_extreme_patient_leaves_no_trace() -> None:
    frame = centre(9, 200)
    other = frame.copy()
    place = other["ferritin_ug_l_day0"].idxmax()
    other.loc[place, "ferritin_ug_l_day0"] *= 3.0
    first, second = (plain(validated(each).shared) for each in (frame, other))
    assert first["result"] == second["result"]
    assert first["data_sha256"] != second["data_sha256"]


def test_groups_go_by_number_unless_the_plan_names_them() -> None:
    unnamed = shared(10, 300)["result"]["subgroups"][0]
    assert unnamed["label"] == "subgroup 1"
    assert [row["group"] for row in unnamed["groups"]] == ["group 1", "group 2", "group 3"]
    asked = [{"column": "sex", "label": "Sex", "names": {"Femme-Q": "women", "Homme-Q": "men"}}]
    named = shared(10, 300, subgroups=asked)["result"]["subgroups"][0]
    assert named["label"] == "Sex"
    assert [row["group"] for row in named["groups"]] == ["women", "men", "group 3"]


def test_too_few_events_share_nothing() -> None:
    frame = centre(11, 60)
    frame["severe"] = 0
    frame.loc[frame.index[:4], "severe"] = 1
    with pytest.raises(CohortRefused) as caught:
        validated(frame)
    assert [problem.code for problem in caught.value.problems] == ["too_small_to_share"]


def test_the_same_patients_give_the_same_bytes() -> None:
    first, second = (canonical_json(validated(centre(12, 150)).shared) for _ in range(2))
    assert first == second


def test_three_centres_are_pooled_as_their_own_results_are(tmp_path: Path) -> None:
    files, whole = [], []
    for seed in (13, 14, 15):
        done = validated(centre(seed, 160, 0.1 * seed - 1.4), sharing={"label": f"C{seed}"})
        files.append(tmp_path / f"s{seed}.json")
        whole.append(tmp_path / f"v{seed}.json")
        files[-1].write_text(canonical_json(done.shared), encoding="utf-8")
        whole[-1].write_text(done.to_json(), encoding="utf-8")
    told, own = (read_studies(each, plan=PoolPlan()) for each in (files, whole))
    assert [study.measure for study in told.studies] == ["C", "OE", "slope"] * 3
    assert told.simulated
    finely = [
        not score["coarse"]
        for path in files
        for score in json.loads(path.read_text())["result"]["scores"]
    ]
    assert any(finely)
    for place, (ours, theirs) in enumerate(zip(told.studies, own.studies, strict=True)):
        assert (ours.study, ours.outcome, ours.n) == (theirs.study, theirs.outcome, theirs.n)
        # told in steps of at most a fifth of the standard error as told, or the whole of it; the
        # error itself to two figures, of which the first may be 1, or rounded up by 1.6 at most
        near, up = (0.1001, 1.05) if finely[place // 3] else (0.5001, 1.6001)
        assert ours.effect == pytest.approx(theirs.effect, abs=near * ours.std_error)
        assert 0.95 < ours.std_error / theirs.std_error < up


def _written(tmp_path: Path, change: Any = None) -> Path:
    found = shared(16, 150)
    if change is not None:
        change(found)
    path = tmp_path / "other.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def _flatter(found: dict[str, Any]) -> None:
    found["result"]["scores"][0]["measures"][0]["value"] += 0.05


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_flatter, "shared_file_edited"),
        (lambda found: found["result"].update(patients=1000), "shared_file_edited"),
        (lambda found: found.pop("content_sha256"), "shared_file_edited"),
        (lambda found: found.update(schema="cartwheel/share/2"), "newer_version"),
        (lambda found: found.update(kind="validate"), "result_kind"),
    ],
)
def test_edited_and_newer_files_are_refused(tmp_path: Path, change: Any, code: str) -> None:
    with pytest.raises(FileRefused) as caught:
        read_studies([_written(tmp_path, change)], plan=PoolPlan())
    assert [problem.code for problem in caught.value.problems] == [code]


def test_another_layout_of_the_same_file_is_read(tmp_path: Path) -> None:
    path = _written(tmp_path)
    assert len(read_studies([path], plan=PoolPlan()).studies) == 3


def test_one_cohort_is_not_pooled_twice(tmp_path: Path) -> None:
    done = validated(centre(17, 150))
    (tmp_path / "a.json").write_text(done.to_json(), encoding="utf-8")
    (tmp_path / "b.json").write_text(canonical_json(done.shared), encoding="utf-8")
    with pytest.raises(FileRefused) as caught:
        read_studies([tmp_path / "a.json", tmp_path / "b.json"], plan=PoolPlan())
    assert [problem.code for problem in caught.value.problems] == ["same_patients"]


@given(
    rows=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=8),
    cell=st.integers(2, 10),
)
def test_withheld_rows_never_follow(rows: list[tuple[int, int]], cell: int) -> None:
    hidden = withheld_rows(rows, cell)
    told = set(range(len(rows))) - hidden
    assert all(min(rows[place]) >= cell for place in told)
    if hidden and told:
        assert len(hidden) > 1
        sums = np.array([rows[place] for place in hidden]).sum(axis=0)
        assert sums.min() >= cell


@given(error=st.floats(1e-3, 50.0), value=st.floats(-100.0, 100.0))
def test_rounding_is_a_fifth_of_the_error_at_most(error: float, value: float) -> None:
    step = step_of(error)
    # one part in 1e8 for decimals that are no doubles
    assert max(1e-4, error / 13.0) <= step * (1 + 1e-8) or step == 1e-4
    assert step <= max(1e-4, error / 5.0) * (1 + 1e-8)
    told = in_steps(value, step)
    assert told is not None
    assert abs(told - value) <= step / 2 * (1 + 1e-6)
    figures = in_figures(error, 2)
    assert figures == pytest.approx(error, rel=0.0501)


def test_two_edges_of_one_variable_do_not_tell_of_those_between() -> None:
    frame = centre(30, 300)
    frame["age"] = np.random.default_rng(1).integers(40, 80, len(frame))
    frame["age_again"] = frame["age"]
    asked = [{"column": "age", "cuts": [65]}, {"column": "age_again", "cuts": [66]}]
    assert 0 < (frame["age"] == 65).sum() < 15
    first, second = shared_frame(frame, subgroups=asked)["subgroups"]
    assert all(row["patients"] is not None for row in first["groups"])
    assert all(row["patients"] is None for row in second["groups"])
    apart = [{"column": "age", "cuts": [50]}, {"column": "age_again", "cuts": [66]}]
    for group in shared_frame(frame, subgroups=apart)["subgroups"]:
        assert all(row["patients"] is not None for row in group["groups"])


def test_few_without_any_event_do_not_follow_from_the_competing() -> None:
    frame = centre(31, 120)
    kind = np.random.default_rng(2).choice(["relapse", "death"], len(frame))
    frame["state"] = np.where(np.arange(len(frame)) < 3, "none", kind)
    outcome = {
        "event": "state",
        "event_value": "relapse",
        "kind": "competing",
        "competing_values": ["death"],
        "time": "pfs_months",
        "time_unit": "months",
        "horizon": 12.0,
    }
    frame["pfs_months"] = frame["pfs_months"].clip(upper=11.0)
    frame.loc[frame["state"] == "none", "pfs_months"] = 20.0
    found = shared_frame(frame, kind="survival", outcome=outcome)
    assert found["competing_events"] is None
    frame.loc[frame.index[:30], "state"] = "none"
    assert shared_frame(frame, kind="survival", outcome=outcome)["competing_events"] >= CELL


def shared_frame(frame: pd.DataFrame, kind: str = "binary", **changes: Any) -> dict[str, Any]:
    done = validated(frame, kind, **changes)
    assert done.shared is not None
    found: dict[str, Any] = plain(done.shared.result)
    return found
