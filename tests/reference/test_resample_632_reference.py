"""The .632 bootstrap and cross-validation against rms::validate (golden/validate_montecarlo)."""

from __future__ import annotations

import numpy as np
import pytest
from reference_data import golden, reference_table

from cartwheel.development.model.target import BinaryTarget, SurvivalTarget
from cartwheel.development.model.uncut import Scaled, UncutPipeline
from cartwheel.stats.cross_validation import cross_validation, fold_assignments
from cartwheel.stats.resample import bootstrap_optimism
from cartwheel.stats.resample_632 import bootstrap_632
from cartwheel.stats.survival import survival_times

CASES = golden("validate_montecarlo")
MODELS = {
    "lrm_birthwt": ("low", None, ["age", "lwt", "smoke", "ht", "ui"]),
    "lrm_df_binary": ("cancer", None, ["age", "famhistory", "marker"]),
    "cph_lung": ("status", "time", ["age", "sex", "ph.ecog"]),
    "cph_gbsg": ("status", "rfstime", ["age", "size", "nodes", "pgr", "hormon"]),
}
# ours: (theirs, factor and shift that turn ours into theirs)
NAMES = {
    "auc": ("Dxy", 2.0, -1.0),
    "c_index": ("Dxy", 2.0, -1.0),
    "calibration_slope": ("Slope", 1.0, 0.0),
    "calibration_intercept": ("Intercept", 1.0, 0.0),
    "brier": ("B", 1.0, 0.0),
}


def pipeline(name: str) -> UncutPipeline:
    event, time, columns = MODELS[name]
    used = [event, *columns, *([time] if time else [])]
    table = reference_table(CASES[name]["data"])[used].dropna()
    status = table[event].to_numpy(float)
    if name == "cph_lung":
        status = (status == 2).astype(float)
    scaled = [Scaled(c, table[c].to_numpy(float), "none", False) for c in columns]
    if time is None:
        return UncutPipeline(BinaryTarget(status), scaled)
    times = survival_times(table[time].to_numpy(float), status)
    return UncutPipeline(SurvivalTarget(times, float(np.median(times.time))), scaled)


def compared(name: str) -> list[tuple[str, int, float, float]]:
    """Measures that both have: ours, their place, factor, shift."""
    index = CASES[name]["index"]
    # rms has no Brier score at a horizon for cph
    mine = [m for m in pipeline(name).measures if not (name.startswith("cph") and m == "brier")]
    return [
        (m, index.index(NAMES[m][0]), *NAMES[m][1:])
        for m in mine
        if m in NAMES and NAMES[m][0] in index
    ]


def test_every_case_is_here():
    assert set(CASES) == set(MODELS)


@pytest.mark.parametrize(("name", "count"), [*zip(MODELS, [4, 4, 2, 2], strict=True)])
def test_as_many_measures_as_both_have(name, count):
    assert len(compared(name)) == count


@pytest.mark.parametrize("name", MODELS)
def test_bootstrap_632(name):
    made = pipeline(name)
    runs = [bootstrap_632(made, n=made.target.n, resamples=200, seed=seed) for seed in range(10)]
    golden_case = CASES[name]["boot632"]
    assert golden_case["index"] == CASES[name]["index"]
    for measure, place, factor, shift in compared(name):
        ours = factor * np.array([run.corrected(measure) for run in runs]) + shift
        error = ours.std(ddof=1) / np.sqrt(len(runs))
        # both sides are Monte Carlo: ours ten runs of 200, theirs 1000 resamples in all
        allowed = 4.0 * np.hypot(error, golden_case["mc_se"][place])
        assert ours.mean() == pytest.approx(golden_case["corrected_mean"][place], abs=allowed), (
            measure
        )


@pytest.mark.parametrize("name", MODELS)
def test_repeated_cross_validation(name):
    made = pipeline(name)
    folds = fold_assignments(made.target.n, folds=10, repeats=10, seed=20261121)
    found = cross_validation(made, folds)
    golden_case = CASES[name]["cv10_repeated10"]
    assert golden_case["index"] == CASES[name]["index"]
    assert found.failures == ()
    for measure, place, factor, shift in compared(name):
        ours = factor * found.by_repeat(measure) + shift
        error = ours.std(ddof=1) / np.sqrt(len(ours))
        # both sides are Monte Carlo: ten random partitions each
        allowed = 4.0 * np.hypot(error, golden_case["mc_se"][place])
        assert ours.mean() == pytest.approx(golden_case["corrected_mean"][place], abs=allowed), (
            measure
        )
        assert factor * found.corrected(measure) + shift == pytest.approx(ours.mean(), rel=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_training_and_test_of_the_plain_bootstrap(name):
    made, golden_case = pipeline(name), CASES[name]
    assert golden_case["B_total"] == 2000
    found = bootstrap_optimism(made, n=made.target.n, resamples=2000, seed=20261122)
    for measure, place, factor, shift in compared(name):
        column = found.measures.index(measure)
        pairs = [(found.test, "test_mean")]
        if not measure.startswith("calibration"):
            # in training rms takes slope and intercept as 1 and 0, which ours are but for rounding
            pairs.append((found.training, "training_mean"))
        for table, key in pairs:
            values = factor * table[:, column] + shift
            values = values[np.isfinite(values)]
            # two independent bootstraps of 2000 with the same spread; a slope can run away in a
            # few resamples, so its spread is ours as it came
            allowed = 4.0 * np.sqrt(2.0 / 2000.0) * values.std()
            assert values.mean() == pytest.approx(golden_case[key][place], abs=allowed), (
                measure,
                key,
            )
        if measure in {"auc", "c_index"}:
            c = golden_case["c_from_dxy"]
            assert found.apparent[column] == pytest.approx(c["apparent"], rel=1e-7)
            corrected = found.apparent[column] - found.optimism(measure).mean()
            error = found.optimism(measure).std() / np.sqrt(len(found.optimism(measure)))
            assert corrected == pytest.approx(c["corrected"], abs=4.0 * np.hypot(error, c["mc_se"]))
