from __future__ import annotations

import struct
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import assume, given, strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

from score_examples import bare_document, easix_document, points_document

from cartwheel.clinic.score import read_score, score_from_document, score_to_toml
from cartwheel.clinic.score_build import exact_number
from cartwheel.clinic.scoring import Assessment, Unscorable, assess

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
MODEST = st.floats(min_value=-1e6, max_value=1e6, allow_subnormal=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
TRANSFORMS = st.sampled_from(["none", "log", "log2", "log10", "sqrt"])


def bits(number: float) -> bytes:
    return struct.pack(">d", number)


@given(FLOATS)
def test_a_developed_float_reads_back_to_the_same_double(number: float) -> None:
    spec = score_from_document(bare_document(risk={"kind": "logistic", "intercept": number}))
    again = read_score(score_to_toml(spec))
    assert again == spec
    assert again.identity == spec.identity
    assert again.risk is not None
    assert again.risk.kind == "logistic"
    # minus nought and nought are one number to every score
    assert bits(float(again.risk.intercept)) == bits(number + 0.0)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9))
def test_printed_digits_survive(number: Decimal) -> None:
    assume(len(number.as_tuple().digits) <= 40 and (not number or abs(number) > Decimal("1e-300")))
    spec = score_from_document(bare_document(risk={"kind": "logistic", "intercept": number}))
    again = read_score(score_to_toml(spec))
    assert again.identity == spec.identity
    assert str(again.risk.intercept) == str(exact_number(number))  # type: ignore[union-attr]


@given(TEXT, TEXT)
def test_any_text_survives(definition: str, population: str) -> None:
    document = bare_document()
    document["outcome"]["definition"] = definition
    document["population"]["text"] = population
    spec = score_from_document(document)
    again = read_score(score_to_toml(spec))
    assert (again.outcome.definition, again.population.text) == (definition, population)
    assert again.identity == spec.identity


@st.composite
def points_bands(draw: st.DrawFn) -> list[dict[str, Any]]:
    cuts = sorted(draw(st.sets(st.integers(-20, 20), max_size=5)))
    bands: list[dict[str, Any]] = []
    start: dict[str, Any] = {}
    for cut in cuts:
        inclusive = draw(st.booleans())
        end = {"to": cut, "to_inclusive": inclusive}
        bands.append({**start, **end, "points": draw(st.integers(-5, 5))})
        start = {"from": cut, "from_inclusive": not inclusive}
    return [*bands, {**start, "points": draw(st.integers(-5, 5))}]


def _two_inputs(term: dict[str, Any], low: float, high: float, **more: Any) -> dict[str, Any]:
    """A score of ``x`` by the given term, and ``y`` whose only work is to be given."""
    limits = {"minimum": low, "maximum": high}
    return bare_document(
        inputs=[{"name": "x", "label": "X", **limits}, {"name": "y", "label": "Y", **limits}],
        terms=[term, {"kind": "linear", "input": "y", "coefficient": 0}],
        missing="range",
        examples=[{"inputs": {"x": 1, "y": 1}, "value": 0, "tolerance": Decimal("1e290")}],
        **more,
    )


def _encloses(document: dict[str, Any], x: float) -> None:
    spec = score_from_document(document)
    missing = assess(spec, {"y": 1})
    known = assess(spec, {"x": x, "y": 1})
    assert isinstance(missing, Assessment)
    assert isinstance(known, Assessment)
    assert known.value is not None
    # the turning point of a cubic is found in double precision
    slack = 1e-9 * max(1.0, abs(missing.value_low), abs(missing.value_high))
    assert missing.value_low - slack <= known.value <= missing.value_high + slack
    assert known.risk is not None
    assert missing.risk_low is not None
    assert missing.risk_high is not None
    assert missing.risk_low - 1e-9 <= known.risk <= missing.risk_high + 1e-9


RISK = {"kind": "logistic", "intercept": 0, "slope": Decimal("-0.7")}


@given(points_bands(), st.floats(-30, 30))
def test_a_range_of_points_holds_every_patient(bands: list[dict[str, Any]], x: float) -> None:
    term = {"kind": "points", "input": "x", "bands": bands}
    _encloses(_two_inputs(term, -30, 30, risk=RISK), x)


@given(TRANSFORMS, MODEST, MODEST, st.floats(0.01, 1e5))
def test_a_range_of_a_linear_term_holds_every_patient(
    transform: str, coefficient: float, centre: float, x: float
) -> None:
    term = {
        "kind": "linear", "input": "x", "transform": transform, "coefficient": coefficient,
        "centre": centre,
    }  # fmt: skip
    _encloses(_two_inputs(term, 0.01, 1e5, risk=RISK), x)


@given(
    st.lists(st.integers(-50, 50), min_size=3, max_size=6, unique=True),
    st.data(),
    st.floats(-10, 10),
)
def test_a_range_of_a_spline_holds_every_patient(
    knots: list[int], data: st.DataObject, x: float
) -> None:
    size = len(knots) - 1
    weights = st.floats(-10, 10, allow_subnormal=False).filter(lambda w: w == 0 or abs(w) > 1e-9)
    coefficients = data.draw(st.lists(weights, min_size=size, max_size=size))
    term = {
        "kind": "spline", "input": "x", "knots": [knot / 10 for knot in sorted(knots)],
        "coefficients": coefficients,
    }  # fmt: skip
    _encloses(_two_inputs(term, -10, 10, risk=RISK), x)


@given(points_bands(), st.floats(allow_nan=False, allow_infinity=False))
def test_ranges_that_cover_the_line_give_one_answer(bands: list[dict[str, Any]], x: float) -> None:
    assume(x == 0 or abs(x) > 1e-300)
    spec = score_from_document(
        bare_document(
            terms=[{"kind": "points", "input": "x", "bands": bands}],
            examples=[{"inputs": {"x": 1}, "value": 0, "tolerance": 10}],
        )
    )
    found = assess(spec, {"x": x})
    assert isinstance(found, Assessment)
    assert found.value is not None
    assert " or " not in found.contributions[0].rule


@given(st.integers(20, 9999), st.integers(20, 999), st.integers(5, 900))
def test_units_commute_with_scoring(ldh: int, creatinine: int, platelets: int) -> None:
    spec = score_from_document(easix_document())
    mg = Decimal(creatinine) / 100
    one = {"ldh": f"{ldh} U/L", "creatinine": f"{mg} mg/dL", "platelets": f"{platelets} G/L"}
    other = one | {
        "creatinine": f"{mg * Decimal('88.4')} umol/L",
        "platelets": f"{platelets * 1000} /uL",
    }
    found = [assess(spec, given) for given in (one, other)]
    values = [each.value for each in found if isinstance(each, Assessment)]
    assert len(values) == 2
    assert values[0] == values[1]


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12),
    st.decimals(), st.binary(max_size=3),
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=5) | st.sampled_from(["bulky", "crp_mg_l_day0"]), ANYTHING))
def test_no_input_whatever_raises_or_gives_an_unfounded_number(inputs: dict[str, Any]) -> None:
    spec = score_from_document(points_document())
    found = assess(spec, inputs)  # ferritin is never given
    assert isinstance(found, Unscorable)
    assert found.reasons
