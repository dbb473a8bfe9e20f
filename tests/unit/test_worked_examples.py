"""The worked examples of a developed score show more than one total."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import cartwheel as cw
from cartwheel.clinic.score import ScoreSpec


def patients(n: int = 300) -> pd.DataFrame:
    """Simulated: the event comes with high ferritin and CRP, and with low platelets."""
    rng = np.random.default_rng(8)
    ferritin, crp = np.exp(rng.normal(6.5, 1.0, n)), np.exp(rng.normal(2.5, 1.0, n))
    platelets = np.exp(rng.normal(4.8, 0.6, n))
    bulky = rng.integers(0, 2, n)
    line = np.log2(ferritin / 600) + np.log2(crp / 12) - 1.5 * np.log2(platelets / 120) + bulky
    return pd.DataFrame(
        {
            "ferritin_ug_l_day0": ferritin.round(0),
            "crp_mg_l_day0": crp.round(1),
            "platelets_10_9_l_day0": platelets.round(0),
            "bulky": bulky,
            "neutrophils_10_9_l_day0": (crp / 5).round(2),
            "lymphocytes_10_9_l_day0": (platelets / 120).round(2),
            "severe": (rng.random(n) < 1.0 / (1.0 + np.exp(1.0 - 0.6 * line))).astype(int),
        }
    )


def developed(**plan: Any) -> ScoreSpec:
    whole: dict[str, Any] = {
        "title": "Simulated",
        "simulated": True,
        "outcome": {"event": "severe", "label": "severe CRS"},
        "resampling": {"bootstrap": 20, "seed": 1},
    }
    return cw.develop(patients(), whole | plan).score


PREDICTORS = [
    {"column": "ferritin_ug_l_day0", "direction": "high"},
    {"column": "crp_mg_l_day0", "direction": "high"},
    {"column": "platelets_10_9_l_day0", "direction": "low"},
]


@pytest.mark.parametrize("method", ["points", "index"])
def test_examples_cover_the_bands_where_one_input_protects(method: str) -> None:
    spec = developed(method=method, predictors=PREDICTORS)
    values = [each.value for each in spec.examples]
    assert values[0] == min(values) < values[1] < values[2] == max(values)
    assert {each.band for each in spec.examples} == {band.name for band in spec.bands}
    assert len({str(each.inputs) for each in spec.examples}) == len(spec.examples)


def test_examples_turn_a_ratio_by_both_its_columns() -> None:
    spec = developed(
        method="index",
        predictors=[
            {"column": "nlr", "direction": "high"},
            {"column": "ferritin_ug_l_day0", "direction": "high"},
        ],
        derived=[
            {
                "name": "nlr",
                "numerator": "neutrophils_10_9_l_day0",
                "denominator": "lymphocytes_10_9_l_day0",
            }
        ],
    )
    values = [each.value for each in spec.examples]
    assert (min(values), max(values)) == (0, 2)
    assert {each.band for each in spec.examples} == {band.name for band in spec.bands}


def test_no_example_is_a_patient() -> None:
    spec = developed(method="points", predictors=PREDICTORS)
    rows = {tuple(row) for row in patients()[[each["column"] for each in PREDICTORS]].to_numpy()}
    for each in spec.examples:
        said = tuple(float(str(value).split()[0]) for value in each.inputs.values())
        assert said not in rows
