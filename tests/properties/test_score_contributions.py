"""What terms added, for whole columns: the decimal engine's contributions to the last bit."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from score_examples import bare_document
from score_library import VARIANTS, case_id, shipped
from score_rows import random_columns
from test_score_batch import INVENTED

from cartwheel.clinic.batch.contributions import contributions, round_value
from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.score import ScoreSpec, score_from_document
from cartwheel.clinic.scoring import Assessment, assess

ROWS = 300


def agree(spec: ScoreSpec, columns: Mapping[str, InputColumn]) -> None:
    found = contributions(spec, columns)
    scored = 0
    for row in range(ROWS):
        said = assess(spec, {name: column.given(row) for name, column in columns.items()})
        if isinstance(said, Assessment):
            scored += said.value is not None
            assert found.names == tuple(one.term for one in said.contributions)
            wanted = [np.nan if one.effect is None else one.effect for one in said.contributions]
        else:
            wanted = [np.nan] * len(found.names)
        np.testing.assert_array_equal(found.values[row], wanted)
    assert scored > 0


@pytest.mark.parametrize("other_units", [False, True])
@pytest.mark.parametrize("case", VARIANTS, ids=case_id)
def test_shipped_scores(case: tuple[str, tuple[str, ...]], other_units: bool) -> None:
    name, picked = case
    whole = shipped(name)
    spec = whole.variants[picked]
    agree(spec, random_columns(spec, ROWS, 7, missing=0.05, other_units=other_units))


@pytest.mark.parametrize("name", INVENTED)
def test_every_kind_of_term(name: str) -> None:
    document = bare_document(**INVENTED[name])
    given = {item["name"]: 10 for item in document["inputs"]}
    document["examples"] = [{"inputs": given, "value": 0, "tolerance": 1e9}]
    spec = score_from_document(document)
    agree(spec, random_columns(spec, ROWS, 11, missing=0.05))


def test_some_rows_in_any_order_and_words_among_them() -> None:
    spec = shipped("mlr")
    columns = random_columns(spec, 50, 3)
    name = spec.input_names[0]
    columns[name] = InputColumn(columns[name].unit, columns[name].numbers, {4: "1.5 10*9/L"})
    whole = contributions(spec, columns)
    rows = np.array([30, 4, 4, 0])
    part = contributions(spec, columns, rows)
    np.testing.assert_array_equal(part.values, whole.values[rows])
    assert set(part.typical) == set(spec.input_names)
    assert not part.values.flags.writeable


def test_a_round_value_is_near_the_median_and_inside_the_data() -> None:
    assert str(round_value(np.array([101.0, 123.4, 127.0, 140.0, 199.0, 260.0]))) == "1.3E+2"
    # of few values one is taken as it is
    assert float(round_value(np.array([0.0, 1.0, 1.0]))) == 1.0
    # 12.345 rounded would lie below all of them
    assert float(round_value(np.linspace(12.34, 12.36, 9))) == pytest.approx(12.35)
