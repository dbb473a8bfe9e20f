"""Whole columns give the decimal engine's answers, row by row and to the last bit."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

from score_examples import bare_document, points_document
from score_library import VARIANTS, case_id, shipped
from score_rows import by_arrays, by_engine, random_columns

from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.score import ScoreSpec, score_from_document
from cartwheel.clinic.score_batch import score_columns

ROWS = 1000


def agree(
    spec: ScoreSpec, columns: Mapping[str, InputColumn], choices: Mapping[str, str] | None = None
) -> int:
    """Compare every row; give the number of rows that have an answer."""
    found = score_columns(spec, columns, choices)
    pairs = zip(by_arrays(found), by_engine(spec, columns, choices or {}), strict=True)
    wrong = [
        (row, fast, slow) for row, (fast, slow) in enumerate(pairs) if not fast.same(slow)
    ]  # fmt: skip
    given = {name: column.numbers[wrong[0][0]] for name, column in columns.items()} if wrong else {}
    assert not wrong, (len(wrong), wrong[0], given)
    return int((~found.refused).sum())


@pytest.mark.parametrize("missing", [0.0, 0.15])
@pytest.mark.parametrize("other_units", [False, True])
@pytest.mark.parametrize("case", VARIANTS, ids=case_id)
def test_shipped_scores(
    case: tuple[str, tuple[str, ...]], missing: float, other_units: bool
) -> None:
    name, picked = case
    spec = shipped(name)
    choices = dict(zip([each.name for each in spec.parameters], picked, strict=True))
    seed = sum(map(ord, name))
    columns = random_columns(spec, ROWS, seed, missing=missing, other_units=other_units)
    assert agree(spec, columns, choices) > 0


def _inputs(*names: str, low: float = 0, high: float = 100) -> list[dict[str, Any]]:
    return [
        {"name": name, "label": name.upper(), "minimum": low, "maximum": high} for name in names
    ]


def _product(**exponents: str) -> list[dict[str, Any]]:
    return [{"input": name, "exponent": Decimal(text)} for name, text in exponents.items()]


SPLINE = {
    "kind": "spline", "input": "x", "knots": [1, Decimal("2.5"), 7, 20],
    "coefficients": [Decimal("0.31"), Decimal("-0.017"), Decimal("0.4")],
}  # fmt: skip
LINE = {"kind": "linear", "input": "y", "coefficient": Decimal("-0.7"), "centre": Decimal("3.3")}
BANDS = [
    {"name": "a", "to": Decimal("1.1"), "to_inclusive": True},
    {"name": "b", "from": Decimal("1.1"), "from_inclusive": False, "to": 3, "to_inclusive": False},
    {"name": "c", "from": 3, "from_inclusive": True},
]
SURVIVAL = {
    "name": "e", "kind": "survival", "definition": "e", "horizon": 12, "time_unit": "months",
}  # fmt: skip
RATIO = {"kind": "ratio", "name": "r", "numerator": "x", "denominator": "y"}
BY_RATIO = {
    "kind": "points", "input": "r",
    "bands": [
        {"to": Decimal("2.55"), "to_inclusive": True, "points": 0},
        {"from": Decimal("2.55"), "from_inclusive": False, "points": Decimal("1.5")},
    ],
}  # fmt: skip
DECISION = {
    "kind": "decision", "name": "d",
    "rows": [
        {"name": "one", "points": 2, "when": [
            {"input": "x", "from": 5, "from_inclusive": True},
            {"input": "r", "to": 1, "to_inclusive": True}]},
        {"name": "two", "points": -1, "when": [{"input": "x", "to": 2, "to_inclusive": False}]},
        {"name": "rest", "points": Decimal("0.25")},
    ],
}  # fmt: skip
INVENTED: dict[str, dict[str, Any]] = {
    "spline and line": {"inputs": _inputs("x", "y"), "terms": [SPLINE, LINE], "bands": BANDS},
    "log spline, logistic": {
        "inputs": _inputs("x", "y", low=1),
        "terms": [{**SPLINE, "transform": "log"}, {**LINE, "transform": "log2"}],
        "risk": {"kind": "logistic", "intercept": Decimal("-1.7"), "slope": Decimal("0.9")},
    },
    "root and logarithm of base 10, cox": {
        "inputs": _inputs("x", "y"),
        "outcome": SURVIVAL,
        "terms": [
            {"kind": "linear", "input": "x", "transform": "sqrt", "coefficient": Decimal("0.21")},
            {**LINE, "transform": "log10"},
        ],
        "risk": {"kind": "cox", "baseline_survival": Decimal("0.83"), "centre": Decimal("0.4")},
    },
    "powers": {
        "inputs": _inputs("x", "y", "z", low=0.5),
        "terms": [
            {"kind": "product", "name": "p", "factors": _product(x="0.5", y="-2", z="0.75")}
        ],
        "bands": BANDS,
    },
    "other powers": {
        "inputs": _inputs("x", "y", low=0.5),
        "terms": [{"kind": "product", "name": "p", "factors": _product(x="0.3", y="1")}],
    },
    "logarithm of a product": {
        "inputs": _inputs("x", "y", low=0.5),
        "terms": [
            {
                "kind": "product", "name": "p", "factors": _product(x="1", y="-1"),
                "transform": "log2", "coefficient": Decimal("-0.3"), "centre": 1,
            }
        ],
        "bands": BANDS,
    },
    "ratio, refused at zero": {
        "inputs": _inputs("x", "y"), "derived": [RATIO], "terms": [BY_RATIO],
    },
    "ratio of either sign with a floor": {
        "inputs": [*_inputs("x", low=-100), *_inputs("y")],
        "derived": [{**RATIO, "zero": Decimal("0.1")}],
        "terms": [BY_RATIO, {**LINE, "name": "line", "input": "r"}],
        "bands": BANDS,
    },
    "decision on a ratio": {
        "inputs": _inputs("x", "y", low=0.1), "derived": [RATIO], "terms": [DECISION, BY_RATIO],
        "bands": BANDS,
    },
    "points and a line": {
        "inputs": _inputs("x", "y", low=0.1), "derived": [RATIO],
        "terms": [BY_RATIO, DECISION, LINE], "intercept": Decimal("0.1"), "bands": BANDS,
    },
}  # fmt: skip
EXAMPLE = {"x": 6, "y": 4, "z": 9}


def invented(name: str, **parts: Any) -> ScoreSpec:
    document = bare_document(**(INVENTED[name] | parts))
    inputs = {each["name"]: EXAMPLE[each["name"]] for each in document["inputs"]}
    document["examples"] = [{"inputs": inputs, "value": 0, "tolerance": 10**9}]
    return score_from_document(document)


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("policy", ["refuse", "range"])
@pytest.mark.parametrize("name", INVENTED)
def test_every_kind_of_term(name: str, policy: str, missing: float) -> None:
    spec = invented(name, missing=policy)
    assert agree(spec, random_columns(spec, ROWS, len(name), missing=missing)) > 0


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_a_table_of_risks_that_does_not_rise(missing: float) -> None:
    document = points_document() | {"missing": "range"}
    document["risk"]["rows"][2]["risk"] = Decimal("0.5")
    document["examples"][0]["risk"] = Decimal("0.5")
    spec = score_from_document(document)
    columns = random_columns(spec, 4 * ROWS, 3, missing=missing)
    assert agree(spec, columns) > ROWS


def test_exactly_at_cut_offs_of_a_ratio() -> None:
    """Two decimals over two decimals: most land on 2.55 as printed, never as a double."""
    spec = invented("ratio, refused at zero")
    bottom = np.round(np.random.default_rng(1).uniform(0.01, 9.99, 5 * ROWS), 2)
    top = np.array([float(Decimal(repr(each)) * Decimal("2.55")) for each in bottom.tolist()])
    nudge = np.random.default_rng(2).choice([0.0, 1e-4, -1e-4], len(top))
    columns = {
        "x": InputColumn("", np.round(top + nudge, 4), {}),
        "y": InputColumn("", bottom, {}),
    }
    assert agree(spec, columns) == 5 * ROWS


def test_extreme_numbers() -> None:
    spec = score_from_document(
        bare_document(
            inputs=[{"name": "x", "label": "X"}, {"name": "y", "label": "Y"}],
            derived=[RATIO],
            terms=[{**LINE, "input": "r", "coefficient": Decimal("1.1"), "centre": 0}],
            examples=[{"inputs": {"x": 1, "y": 2}, "value": Decimal("0.55")}],
            bands=BANDS,
        )
    )
    exponents = np.random.default_rng(4).uniform(-320, 308, (2, 2 * ROWS))
    x, y = 10.0**exponents
    x[:100], y[100:200], x[200:300] = 0.0, np.inf, -x[200:300]
    columns = {"x": InputColumn("", x, {}), "y": InputColumn("", y, {})}
    assert agree(spec, columns) > ROWS


def test_cells_that_are_no_plain_number() -> None:
    spec = score_from_document(points_document())
    columns = random_columns(spec, 50, 8)
    texts = {0: "<400 ug/L", 1: "1.2 mg/L", 2: "pos", 3: ">2000 ug/L", 4: "<3000 ug/L", 5: "1,234"}
    first = columns["ferritin_ug_l_day0"]
    numbers = first.numbers.copy()
    numbers[:6] = np.nan
    columns["ferritin_ug_l_day0"] = InputColumn(first.unit, numbers, texts)
    assert agree(spec, columns) > 20
