from __future__ import annotations

import math
from decimal import Decimal, localcontext
from typing import Any

import pandas as pd
import pytest
from score_examples import bare_document, easix_document, points_document

from cartwheel.clinic.score import score_from_document
from cartwheel.clinic.scoring import Assessment, Unscorable, assess
from cartwheel.report.export import python_text
from cartwheel.units import Quantity
from cartwheel.workflows.score import score

PATIENT = {"ferritin_ug_l_day0": "1200 ug/L", "crp_mg_l_day0": "32 mg/L", "bulky": "no"}
EASIX = {"ldh": "250 U/L", "creatinine": "1 mg/dL", "platelets": "100 10^9/L"}
# one rounding of the sum and one of printing: a few units in the last place of a double
DOUBLE = 1e-14


def scored(document: dict[str, Any], inputs: dict[str, Any], **options: Any) -> Assessment:
    found = assess(score_from_document(document), inputs, **options)
    assert isinstance(found, Assessment), found
    return found


def codes(document: dict[str, Any], inputs: dict[str, Any], **options: Any) -> list[str]:
    found = assess(score_from_document(document), inputs, **options)
    assert isinstance(found, Unscorable)
    assert all(reason.mend for reason in found.reasons)
    return [reason.code for reason in found.reasons]


def test_points_add_up_and_say_why() -> None:
    found = scored(points_document(), PATIENT, at="2026-01-01T08:00")
    assert (found.value, found.band, found.risk) == (2.0, "high", 0.18)
    assert [part.effect for part in found.contributions] == [1.0, 1.0, 0.0]
    assert found.contributions[0].rule == ">= 500 and < 2000 ug/L"
    assert found.contributions[2].rule == "no"
    assert found.observed[0].events == 13
    assert found.at == "2026-01-01T08:00"
    assert any("SIMULATED" in warning for warning in found.warnings)


def test_edges_of_ranges_fall_where_they_are_printed() -> None:
    for ferritin, points in (("499.9999", 0), ("500", 1), ("1999.999", 1), ("2000", 2)):
        found = scored(points_document(), PATIENT | {"ferritin_ug_l_day0": f"{ferritin} ng/mL"})
        assert found.contributions[0].effect == points
    low = scored(points_document(), PATIENT | {"ferritin_ug_l_day0": "100 ug/L"})
    assert (low.value, low.band) == (1.0, "low")


def test_easix_by_hand_in_any_unit() -> None:
    document = easix_document()
    assert scored(document, EASIX).value == 2.5
    # 88.4 umol/L is 1 mg/dL exactly: no tolerance
    assert scored(document, EASIX | {"creatinine": "88.4 µmol/L"}).value == 2.5
    assert scored(document, EASIX | {"platelets": "100000 /uL"}).value == 2.5
    assert scored(document, EASIX | {"creatinine": Quantity(Decimal(1), "mg/dL")}).value == 2.5
    assert codes(document, EASIX | {"creatinine": "88.4"}) == ["unit_missing"]
    assert codes(document, EASIX | {"creatinine": 88.4}) == ["unit_missing"]
    assert codes(document, EASIX | {"creatinine": "88.4 mg/dL"}) == ["implausible"]
    assert codes(document, EASIX | {"creatinine": "1 U/L"}) == ["unit_not_accepted"]
    assert codes(document, EASIX | {"creatinine": "1 mgg/dl"}) == ["unit_unknown"]
    assert scored(document, {"ldh": 250.0, "creatinine": 1, "platelets": Decimal(100)},
                  assume_units=True).value == 2.5  # fmt: skip
    assert codes(document, EASIX | {"platelets": "0 G/L"}) == ["undefined"]


def test_log2_easix() -> None:
    document = easix_document()
    document["terms"][0] |= {"transform": "log2", "coefficient": Decimal("0.54"), "centre": 1}
    document["examples"] = [{"inputs": EASIX | {"ldh": "800 U/L"}, "value": Decimal("1.08")}]
    # log2(800 * 1 / 100) = 3, less the centre 1, times 0.54
    assert scored(document, EASIX | {"ldh": "800 U/L"}).value == 1.08


def test_a_ratio_meets_its_printed_cut_off() -> None:
    document = bare_document(
        inputs=[{"name": "n", "label": "N"}, {"name": "l", "label": "L"}],
        derived=[{"kind": "ratio", "name": "nlr", "numerator": "n", "denominator": "l"}],
        terms=[
            {
                "kind": "points",
                "input": "nlr",
                "bands": [
                    {"to": Decimal("2.55"), "to_inclusive": False, "points": 0},
                    {"from": Decimal("2.55"), "from_inclusive": True, "points": 1},
                ],
            }
        ],
        examples=[{"inputs": {"n": Decimal("7.65"), "l": 3}, "value": 1}],
    )
    assert scored(document, {"n": 7.65, "l": 3.0}).value == 1.0
    assert scored(document, {"n": 7.64, "l": 3.0}).value == 0.0
    assert codes(document, {"n": 1, "l": 0}) == ["undefined"]
    document["derived"][0]["zero"] = Decimal("0.1")
    floored = scored(document, {"n": Decimal("0.3"), "l": 0})
    assert floored.contributions[0].value == 3.0
    assert any("stands as 0.1" in warning for warning in floored.warnings)


def test_missing_is_never_no() -> None:
    document = points_document()
    for nothing in (None, "", "  "):
        assert codes(document, PATIENT | {"bulky": nothing}) == ["missing"]
    assert codes(document, {"bulky": "yes"}) == ["missing", "missing"]
    assert codes(document, {}) == ["missing"] * 3


def test_nonsense_is_refused_and_all_of_it_is_named() -> None:
    document = points_document()
    for nonsense in (True, float("nan"), float("inf"), "abc", "1,234 ug/L", "1 2 ug/L", [1], "<"):
        (code,) = codes(document, PATIENT | {"ferritin_ug_l_day0": nonsense})
        assert code in {"not_a_number", "decimal_mark", "unit_unknown"}, nonsense
    for nonsense in ("maybe", 2, True, "0.5"):
        (code,) = codes(document, PATIENT | {"bulky": nonsense})
        assert code in {"not_a_number", "not_coded"}
    found = assess(
        score_from_document(document), {"feritin_ug_l_day0": "3", "crp_mg_l_day0": "9999999 mg/L"}
    )
    assert isinstance(found, Unscorable)
    assert {reason.code for reason in found.reasons} == {"unknown_input", "missing", "implausible"}
    assert "ferritin_ug_l_day0" in found.reasons[0].mend


def test_coded_inputs_take_words_in_any_case_and_their_codes() -> None:
    for given, points in (("yes", 1), ("YES ", 1), (1, 1), ("0", 0), (0.0, 0)):
        found = scored(points_document(), PATIENT | {"bulky": given})
        assert found.contributions[2].effect == points


def test_outside_the_developed_range_warns_and_outside_the_limits_refuses() -> None:
    document = points_document()
    found = scored(document, PATIENT | {"ferritin_ug_l_day0": "31000 ug/L"})
    assert any("outside the range the score was developed on" in one for one in found.warnings)
    document["inputs"][0]["maximum"] = 30500
    assert codes(document, PATIENT | {"ferritin_ug_l_day0": "31000 ug/L"}) == ["implausible"]


def test_a_detection_limit_stands_where_it_settles_the_points() -> None:
    found = scored(points_document(), PATIENT | {"crp_mg_l_day0": "<0.5 mg/L"})
    assert found.contributions[1].effect == 0
    assert any("limit of detection" in warning for warning in found.warnings)
    assert codes(points_document(), PATIENT | {"crp_mg_l_day0": "<50 mg/L"}) == ["limit_unsettled"]
    assert codes(points_document(), PATIENT | {"crp_mg_l_day0": ">5 mg/L"}) == ["limit_unsettled"]
    assert scored(points_document(), PATIENT | {"crp_mg_l_day0": ">90 mg/L"}).value == 2.0


def test_an_answer_as_a_range() -> None:
    document = points_document() | {"missing": "range"}
    found = scored(document, PATIENT | {"ferritin_ug_l_day0": None})
    assert (found.value, found.value_low, found.value_high) == (None, 1.0, 3.0)
    assert (found.band, found.bands) == (None, ("low", "high"))
    assert (found.risk, found.risk_low, found.risk_high) == (None, 0.08, 0.35)
    assert found.contributions[0].effect is None
    assert found.contributions[0].value is None
    assert found.inputs[0].value is None
    assert any("Ferritin is missing" in warning for warning in found.warnings)
    settled = scored(document, {"ferritin_ug_l_day0": "3000 ug/L", "crp_mg_l_day0": "3 mg/L"})
    assert settled.band == "high"
    assert settled.value is None
    assert codes(document, {}) == ["nothing_given"]
    document["inputs"][1]["high"] = 20  # now every possible CRP gives 0 points
    document["examples"][0]["inputs"]["crp_mg_l_day0"] = "32 mg/L"
    same = scored(document, PATIENT | {"crp_mg_l_day0": None})
    assert (same.value, same.risk) == (1.0, 0.08)


def test_logistic_risk_by_hand() -> None:
    document = bare_document(risk={"kind": "logistic", "intercept": -2, "slope": Decimal("0.5")})
    assert scored(document, {"x": 4}).risk == 0.5
    # 1 / (1 + e^-1), by hand to double precision
    assert math.isclose(
        scored(document, {"x": 6}).risk or 0, 1 / (1 + math.exp(-1)), rel_tol=DOUBLE
    )
    assert scored(document, {"x": 1e9}).risk == 1.0
    assert scored(document, {"x": -1e9}).risk == 0.0


def test_cox_risk_by_hand() -> None:
    document = bare_document(
        outcome={
            "name": "death", "kind": "survival", "definition": "any", "horizon": 12,
            "time_unit": "months",
        },
        risk={"kind": "cox", "baseline_survival": Decimal("0.81"), "slope": 1, "centre": 2},
    )  # fmt: skip
    # at the centre the risk is 1 - 0.81; at hazard ratio 1/2 it is 1 - sqrt(0.81) = 0.1
    assert math.isclose(scored(document, {"x": 2}).risk or 0, 0.19, rel_tol=DOUBLE)
    half = scored(document, {"x": 2 - math.log(2)}).risk or 0
    assert math.isclose(half, 0.1, rel_tol=DOUBLE)
    assert scored(document, {"x": 1e6}).risk == 1.0
    assert scored(document, {"x": -1e6}).risk == 0.0


@pytest.mark.parametrize("survival", ["0.9", "0.8", "0.95", "0.7", "0.9999", "0.1"])
def test_a_cox_risk_at_the_baseline_is_what_the_file_prints(survival: str) -> None:
    document = bare_document(
        outcome={
            "name": "death", "kind": "survival", "definition": "any", "horizon": 12,
            "time_unit": "months",
        },
        risk={
            "kind": "cox", "baseline_survival": Decimal(survival), "slope": Decimal("0.7"),
            "centre": Decimal("0.3"),
        },
    )  # fmt: skip
    # a decision threshold of 10 % must find a printed risk of 10 %
    printed = float(1 - Decimal(survival))
    assert scored(document, {"x": Decimal("0.3")}).risk == printed
    spec = score_from_document(document)
    many = score(spec, pd.DataFrame({"x": [0.3, 0.4]}))
    assert many["bare_risk"].tolist()[0] == printed < many["bare_risk"].tolist()[1]
    space: dict[str, Any] = {"__name__": "export"}
    exec(python_text(spec), space)
    assert space["bare"](x="0.3")["risk"] == printed


def test_spline_by_hand() -> None:
    term = {"kind": "spline", "input": "x", "knots": [0, 1, 2], "coefficients": [1, 10]}
    document = bare_document(terms=[term])
    # (x+^3 - 2 (x-1)+^3 + (x-2)+^3) / 4: at 3 (27 - 16 + 1) / 4 = 3, at 1 it is 1/4
    for x, value in ((-1, -1.0), (0, 0.0), (1, 3.5), (3, 33.0)):
        assert scored(document, {"x": x}).value == value
    # beyond the last knot it is a straight line
    ends = [scored(document, {"x": x}).value or 0 for x in (3, 4, 5)]
    assert ends[2] - ends[1] == ends[1] - ends[0]


def test_spline_range_finds_the_turning_point() -> None:
    # x - c * x^3 / 4 on the first stretch turns at x = sqrt(4 / (3 c)); with c = 16/3 at x = 0.5
    term = {
        "kind": "spline", "input": "x", "knots": [0, 1, 2],
        "coefficients": [1, Decimal("-5.333333333333333333333333333")],
    }  # fmt: skip
    document = bare_document(
        terms=[term, {"kind": "linear", "input": "y", "coefficient": 0, "name": "y"}],
        inputs=[
            {"name": "x", "label": "X", "minimum": 0, "maximum": 1},
            {"name": "y", "label": "Y", "minimum": 0, "maximum": 1},
        ],
        missing="range",
        examples=[{"inputs": {"x": 0, "y": 0}, "value": 0}],
    )
    found = scored(document, {"y": 0})
    # 0.5 - (16/3) * 0.125 / 4 = 1/3 at the turning point, 1 - 4/3 = -1/3 at the end
    assert math.isclose(found.value_high, 1 / 3, rel_tol=DOUBLE)
    assert math.isclose(found.value_low, -1 / 3, rel_tol=DOUBLE)


def test_the_callers_decimal_context_does_not_matter() -> None:
    with localcontext() as rough:
        rough.prec = 3
        assert scored(easix_document(), EASIX | {"ldh": "250.25 U/L"}).value == 2.5025


def test_an_overflow_is_a_reason() -> None:
    document = bare_document(
        terms=[{"kind": "linear", "input": "x", "coefficient": Decimal("1e300")}]
    )
    assert codes(document, {"x": 1e300}) == ["not_finite"]


def test_logarithm_of_nothing_is_a_reason() -> None:
    term = {"kind": "linear", "input": "x", "coefficient": 1, "transform": "log"}
    document = bare_document(terms=[term], examples=[{"inputs": {"x": 1}, "value": 0}])
    assert codes(document, {"x": 0}) == ["undefined"]
    assert scored(document, {"x": math.e}).value == 1.0


def test_unverified_constants_warn() -> None:
    document = easix_document()
    document["terms"][0]["status"] = "unverified"
    warnings = scored(document, EASIX).warnings
    assert any("constants are unverified" in warning for warning in warnings)
    assert any("score is unverified" in warning for warning in warnings)
