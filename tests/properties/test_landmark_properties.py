"""What must hold of a landmark prediction whatever the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from landmark_sample import binary_plan, binary_sample, survival_plan, survival_sample

from cartwheel.canonical import canonical_json, plain
from cartwheel.clinic.reading import table_from_frame
from cartwheel.errors import Refused
from cartwheel.landmarking.cohort import read_patients
from cartwheel.landmarking.labs import read_labs
from cartwheel.landmarking.plan import landmark_plan_from_dict
from cartwheel.landmarking.rows import landmark_rows
from cartwheel.workflows.landmark import _pipeline, landmark

SAMPLES = {
    "binary": (binary_sample, binary_plan),
    "survival": (survival_sample, survival_plan),
}
both = pytest.mark.parametrize("kind", SAMPLES)


def told(patients: pd.DataFrame, labs: pd.DataFrame, plan: dict[str, Any]) -> Any:
    """The result without what names the files' bytes."""
    result = plain(landmark(patients, labs, plan).result)
    result["labs"].pop("sha256")
    return result


@both
@given(seed=st.integers(0, 10_000), factor=st.floats(0.01, 100.0))
@settings(max_examples=10)
def test_values_taken_later_change_nothing(kind: str, seed: int, factor: float) -> None:
    sample, plan = SAMPLES[kind]
    patients, labs = sample(seed % 50)
    wanted = plan(bootstrap=3)
    before = told(patients, labs, wanted)
    changed = labs.copy()
    later = changed["day"] > max(wanted["landmarks_days"])
    changed.loc[later, "value"] = (changed.loc[later, "value"] * factor).round(4).clip(0.01, 900.0)
    assert later.any()
    assert told(patients, changed, wanted) == before


@both
def test_a_value_taken_after_the_first_landmark_does_not_reach_it(kind: str) -> None:
    sample, plan = SAMPLES[kind]
    patients, labs = sample()
    changed = labs.copy()
    changed.loc[changed["day"] > 0, "value"] = 17.0 + changed["day"] % 3
    first, second = (told(patients, rows, plan(bootstrap=0)) for rows in (labs, changed))
    own = [result["models"][0] for result in (first, second)]
    assert own[0] == own[1]
    assert first["models"][1] != second["models"][1]


@both
def test_order_of_rows_and_threads_change_nothing(kind: str) -> None:
    sample, plan = SAMPLES[kind]
    patients, labs = sample()
    before = told(patients, labs, plan())
    shuffled = told(
        patients.sample(frac=1, random_state=1), labs.sample(frac=1, random_state=2), plan()
    )
    assert shuffled == before
    one, three = (
        canonical_json(landmark(patients, labs, plan(), threads=threads)) for threads in (1, 3)
    )
    assert one == three


def pipeline_of(kind: str, patients: pd.DataFrame, labs: pd.DataFrame) -> tuple[Any, int]:
    plan = landmark_plan_from_dict(
        SAMPLES[kind][1](super_model={"interactions": True}, penalty="firth")
    )
    cohort = read_patients(table_from_frame(patients), plan)
    courses = read_labs(table_from_frame(labs), plan, cohort.names).courses
    rows = tuple(landmark_rows(cohort, courses, day, plan.window_days) for day in (0.0, 4.0, 6.0))
    return _pipeline(plan, rows), cohort.n


@both
@given(data=st.data())
@settings(max_examples=15)
def test_a_patient_drawn_k_times_is_k_patients(kind: str, data: st.DataObject) -> None:
    patients, labs = SAMPLES[kind][0](data.draw(st.integers(0, 30)))
    counts = np.random.default_rng(data.draw(st.integers(0, 1000))).integers(0, 4, len(patients))
    pipeline, n = pipeline_of(kind, patients, labs)
    weighted = pipeline.fit(counts.astype(float))
    again = pipeline.measure(weighted, counts.astype(float))
    copies = [
        (name, copy)
        for name, k in zip(patients["patient"], counts, strict=True)
        for copy in range(k)
    ]
    named = pd.DataFrame(copies, columns=["patient", "copy"])
    many = [
        named.merge(frame, on="patient").assign(
            patient=lambda rows: rows["patient"] + "-" + rows["copy"].astype(str)
        ).drop(columns="copy")
        for frame in (patients, labs)
    ]  # fmt: skip
    try:
        repeated, m = pipeline_of(kind, *many)
    except Refused:
        return
    if repeated.measured != pipeline.measured:
        return
    copied = repeated.fit(np.ones(m))
    found = repeated.measure(copied, np.ones(m))
    kept = [at for at, name in enumerate(pipeline.measures) if "same" not in name]
    assert n == len(patients)
    # Newton's steps end at 1e-9 of a standard error; ranks are the same but where risks nearly tie
    np.testing.assert_allclose(again[kept], found[kept], rtol=1e-6, atol=1e-6)


@both
@given(seed=st.integers(0, 200))
@settings(max_examples=10)
def test_performance_stays_where_it_can_be(kind: str, seed: int) -> None:
    sample, plan = SAMPLES[kind]
    try:
        result = landmark(*sample(seed, 24), plan(bootstrap=8)).result
    except Refused:
        return
    for row in result.performance:
        for measure in row.measures:
            for found in (measure.apparent, measure.corrected):
                if (
                    found.low is not None
                    and found.high is not None
                    and measure.name != "scaled_brier"
                ):
                    assert 0.0 <= found.low <= found.high <= 1.0
    assert "events in" in result.verdict
