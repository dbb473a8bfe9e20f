"""A pooled result without its rows: by hand, and what cannot be is refused."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from cartwheel.clinic.reading import table_from_frame
from cartwheel.errors import FileRefused, PlanRefused
from cartwheel.pooling.appraisal.claim import Beside, PooledClaim, claims_of, read_claim
from cartwheel.pooling.appraisal.pooled import appraise_pooled
from cartwheel.pooling.appraisal.result import PooledAppraisal

# closed forms on both sides: only the order of floating-point operations differs
EXACT = 1e-12
FERRITIN = "HR 2.15 (1.74-2.66)"
Z = stats.norm.ppf(0.975)


def appraised(text: str = FERRITIN, rare: bool | None = False, **said: str) -> PooledAppraisal:
    return appraise_pooled(read_claim(text, Beside(**said)), rare=rare)  # type: ignore[arg-type]


def agrees(found: PooledAppraisal, code: str) -> bool | None:
    (check,) = [one for one in found.checks if one.code == code]
    return check.agrees


def test_ferritin_and_progression_by_hand() -> None:
    found = appraised(k="8", i2="9", n="1077", p="<0.001")
    error = (math.log(2.66) - math.log(1.74)) / (2 * Z)
    assert found.effect == pytest.approx(math.log(2.15), rel=EXACT)
    assert found.std_error == pytest.approx(error, rel=EXACT)
    assert found.std_error_low == pytest.approx(
        (math.log(2.655) - math.log(1.745)) / (2 * Z), rel=EXACT
    )
    assert found.std_error_high == pytest.approx(
        (math.log(2.665) - math.log(1.735)) / (2 * Z), rel=EXACT
    )
    assert found.z == pytest.approx(math.log(2.15) / error, rel=EXACT)
    # a tail of 1e-12 keeps fewer digits
    assert found.p_value == pytest.approx(2 * stats.norm.sf(math.log(2.15) / error), rel=1e-9)
    assert found.total_weight == pytest.approx(1 / error**2, rel=EXACT)
    assert found.equivalent_events == pytest.approx(4 / error**2, rel=EXACT)
    assert [one.agrees for one in found.checks] == [True, True, True]


def test_what_nine_per_cent_implies_by_hand() -> None:
    found = appraised(k="8", i2="9")
    spread, error = found.heterogeneity, found.std_error
    assert spread is not None
    assert spread.q == pytest.approx(7 / 0.91, rel=EXACT)
    assert (spread.q_low, spread.q_high) == pytest.approx((7 / 0.915, 7 / 0.905), rel=EXACT)
    assert spread.q_p_value_low == pytest.approx(stats.chi2.sf(7 / 0.905, 7), rel=EXACT)
    assert spread.tau2 == pytest.approx(0.09 * 8 * error**2, rel=EXACT)
    assert spread.study_variance == pytest.approx(0.91 * 8 * error**2, rel=EXACT)
    most = 1 - stats.chi2.ppf(0.025, 7) / (7 / 0.91)
    assert (spread.i2.low, spread.i2.high) == pytest.approx((0.0, 100 * most), rel=EXACT)
    t = stats.t.ppf(0.975, 7)
    assert found.knapp_hartung is not None
    assert found.knapp_hartung.low == pytest.approx(2.15 * math.exp(-t * error), rel=EXACT)
    around = t * math.sqrt(error**2 + spread.tau2)
    assert found.prediction is not None
    assert found.prediction.high == pytest.approx(2.15 * math.exp(around), rel=EXACT)
    tau2 = spread.study_variance * most / (1 - most)
    wide = t * math.sqrt((spread.study_variance + tau2) / 8 + tau2)
    assert found.prediction_wide is not None
    assert found.prediction_wide.low == pytest.approx(2.15 * math.exp(-wide), rel=EXACT)
    assert found.notes[0].code == "i2_uncertain"


def test_the_implied_tau2_is_what_equal_studies_give_back() -> None:
    """Make eight equal studies with the implied variance, and pool them."""
    found = appraised(k="8", i2="9")
    spread = found.heterogeneity
    assert spread is not None
    shape = [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5]
    scale = math.sqrt(spread.q * spread.study_variance / sum(one**2 for one in shape))
    effects = [found.effect + scale * one for one in shape]
    weight = 1 / spread.study_variance
    mean = sum(effects) / 8
    q = sum(weight * (one - mean) ** 2 for one in effects)
    dl = (q - 7) / (8 * weight - 8 * weight**2 / (8 * weight))
    assert dl == pytest.approx(spread.tau2, rel=1e-10)  # differences of effects cancel digits
    assert math.sqrt((spread.study_variance + dl) / 8) == pytest.approx(found.std_error, rel=1e-10)


def test_i2_of_zero_says_only_that_q_is_small() -> None:
    spread = appraised("HR 2.86 (2.20-3.72)", k="8", i2="0").heterogeneity
    assert spread is not None
    assert (spread.q, spread.q_low, spread.tau2) == (None, 0.0, 0.0)
    assert spread.q_high == pytest.approx(7 / 0.995, rel=EXACT)
    assert spread.q_p_value_high == 1.0


def test_the_e_value_is_given_for_both_when_it_is_not_said() -> None:
    common, rare = appraised(rare=None).e_values
    assert rare.point == pytest.approx(2.15 + math.sqrt(2.15 * 1.15), rel=EXACT)
    assert common.point < rare.point
    assert appraised("MD 1.2 (0.3 to 2.1)").e_values == ()


@pytest.mark.parametrize("said", [{}, {"k": "8"}, {"i2": "9"}, {"k": "1", "i2": "0"}])
def test_without_k_or_i2_heterogeneity_is_left_open(said: dict[str, str]) -> None:
    found = appraised(**said)
    assert (found.heterogeneity, found.prediction) == (None, None)
    assert (found.knapp_hartung is None) == (said.get("k") != "8")


def test_an_interval_that_is_not_symmetric_is_said() -> None:
    assert agrees(appraised("HR 2.15 (1.74-2.66)"), "symmetric") is True
    assert agrees(appraised("HR 2.15 (1.74-3.10)"), "symmetric") is False
    assert agrees(appraised("MD 1.2 (0.3 to 2.1)"), "symmetric") is True
    # one digit allows much
    assert agrees(appraised("HR 1.5 (1.1-2.2)"), "symmetric") is True


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        ("<0.001", True),
        ("0.04", False),
        ("<1e-13", False),
        (">0.05", False),
        ("0.00", True),
    ],
)
def test_the_printed_p_is_held_against_the_interval(p: str, expected: bool) -> None:
    assert agrees(appraised(p=p), "p_value") is expected


def test_more_precision_than_the_patients_can_give_is_said() -> None:
    assert agrees(appraised(n="1077"), "precision_possible") is True
    assert agrees(appraised(n="200"), "precision_possible") is False
    # 16 / SE2 patients, when both groups and both outcomes are as many
    odds = appraised("OR 2.00 (1.50-2.67)", n="500")
    assert agrees(odds, "precision_possible") is False
    assert agrees(appraised("OR 2.00 (1.50-2.67)", n="800"), "precision_possible") is True


def test_knapp_hartung_can_take_the_finding_away() -> None:
    found = appraised("HR 1.30 (1.01-1.67)", k="3", i2="0")
    assert "interval_method" in [note.code for note in found.notes]


@pytest.mark.parametrize(
    "text",
    [
        "HR 2.15 (1.74-2.66)",
        "hazard ratio 2.15 (1.74\N{EN DASH}2.66)",
        "HR = 2\N{MIDDLE DOT}15 [1\N{MIDDLE DOT}74 to 2\N{MIDDLE DOT}66]",
        "HR 2.15, 95% CI 1.74-2.66",
        "HR 2.15 (95% CI 1.74-2.66)",
        "HR (95% CI): 2.15 (1.74-2.66)",
        "pooled HR 2.15 (95% CI, 1.74; 2.66)",
        "aHR 2.15 (1.74\N{MINUS SIGN}2.66)",
    ],
)
def test_every_way_to_print_it_is_read(text: str) -> None:
    claim = read_claim(text, Beside())
    assert (claim.measure, claim.level) == ("HR", 0.95)
    assert [one.value for one in (claim.estimate, claim.low, claim.high)] == [2.15, 1.74, 2.66]


@pytest.mark.parametrize("minus", ["-", "\N{MINUS SIGN}", "\N{EN DASH}"])
def test_a_difference_keeps_its_sign(minus: str) -> None:
    claim = read_claim(f"MD {minus}0.2 ({minus}1.0 to 0.5)", Beside())
    assert [one.value for one in (claim.estimate, claim.low, claim.high)] == [-0.2, -1.0, 0.5]


def test_the_level_may_stand_in_the_text_or_beside_it() -> None:
    assert read_claim("HR 2.15 (99% CI 1.74-2.66)", Beside()).level == 0.99
    assert read_claim(FERRITIN, Beside(level=0.9)).level == 0.9


@pytest.mark.parametrize(
    ("text", "said", "code"),
    [
        ("2.15 (1.74-2.66)", {}, "pooled_text"),
        ("HR", {}, "text_number"),
        ("XYZ 2.15 (1.74-2.66)", {}, "measure_unknown"),
        ("HR 2.15", {}, "text_number"),
        ("HR 1.74-2.66", {}, "pooled_text"),
        ("HR 0.01 (0.05-0.5)", {}, "impossible_interval"),
        ("HR 2.15 (2.66-1.74)", {}, "impossible_interval"),
        ("HR 2.15 (2.15-2.15)", {}, "impossible_interval"),
        ("HR 2.15 (0-2.66)", {}, "out_of_range"),
        ("AUC 0.9 (0.8-1)", {}, "out_of_range"),
        (FERRITIN, {"k": "0"}, "k"),
        (FERRITIN, {"k": "2.5"}, "k"),
        (FERRITIN, {"k": "eight"}, "text_number"),
        (FERRITIN, {"i2": "100"}, "i2_range"),
        (FERRITIN, {"n": "0"}, "n"),
        (FERRITIN, {"p": "1.2"}, "p_range"),
        (FERRITIN, {"level": 1.0}, "level"),
    ],
)
def test_what_cannot_be_is_refused(text: str, said: dict[str, object], code: str) -> None:
    with pytest.raises(PlanRefused) as refused:
        read_claim(text, Beside(**said))  # type: ignore[arg-type]
    assert code in [problem.code for problem in refused.value.problems]
    assert all(problem.mend for problem in refused.value.problems)


def test_pooled_rows_of_a_table_with_their_note() -> None:
    frame = pd.DataFrame(
        {
            "row_type": ["pooled_target", "pooled_target", "candidate_primary"],
            "study": ["Cheng 2025", "Cheng 2025", "Liu 2023"],
            "n": ["1077", "1077", "109"],
            "outcome": ["PFS", "OS", "PFS"],
            "hr": ["2.15", "2.86", ""],
            "ci_low": ["1.74", "2.20", ""],
            "ci_high": ["2.66", "3.72", ""],
            "note": [
                "8 studies; random effects; I2=9%; p<0.001",
                "8 studies in review (number contributing to OS not seen); I2=0%; p<0.001",
                "",
            ],
        }
    )
    one, other = claims_of(table_from_frame(frame), Beside())
    assert (one.k, one.outcome, one.n) == (8, "PFS", 1077.0)
    assert other.k is None, "the studies of a review are not those of one outcome"
    assert [claim.i2.value for claim in (one, other) if claim.i2] == [9.0, 0.0]
    assert [claim.p.bound for claim in (one, other) if claim.p] == ["<", "<"]
    assert claims_of(table_from_frame(frame), Beside(k="7"))[1].k == 7


def test_a_table_is_refused_by_row_or_for_want_of_a_pooled_result() -> None:
    frame = pd.DataFrame(
        {
            "study": ["A", "B", "C"],
            "measure": ["HR", "HR", "what"],
            "estimate": ["0.01", "2", "2"],
            "95% CI": ["0.05-0.5", "1-x", "1-3"],
        }
    )
    with pytest.raises(FileRefused) as refused:
        claims_of(table_from_frame(frame), Beside())
    assert [one.code for one in refused.value.problems] == [
        "impossible_interval",
        "text_number",
        "measure_unknown",
    ]
    with pytest.raises(FileRefused) as refused:
        claims_of(table_from_frame(frame.assign(row_type="study")), Beside())
    assert refused.value.problems[0].code == "no_pooled"


@pytest.mark.parametrize("k", ["1", "2", "3", "500"])
@pytest.mark.parametrize("i2", ["0", "50", "99.9"])
@pytest.mark.parametrize(
    "text", ["HR 2 (0.001-4000)", "OR 1e-9 (1e-30-1e12)", "RD -0.9 (-1 to -0.8)"]
)
def test_extreme_numbers_give_finite_answers_or_none(text: str, i2: str, k: str) -> None:
    found = appraised(text, k=k, i2=i2)
    for interval in (found.knapp_hartung, found.prediction, found.prediction_wide):
        assert interval is None or math.isfinite(interval.high or 0.0)
    assert (found.prediction is None) or int(k) >= 3


def test_a_proportion_may_carry_its_per_cent_sign_and_has_no_p() -> None:
    found = appraised("proportion 12.1% (7.3-19.5)", k="11", i2="83")
    assert (found.estimate.value, found.estimate.low) == pytest.approx((0.121, 0.073), rel=EXACT)
    assert (found.scale, found.z, found.p_value) == ("logit", None, None)
    error = (math.log(0.195 / 0.805) - math.log(0.073 / 0.927)) / (2 * Z)
    assert found.std_error == pytest.approx(error, rel=EXACT)
    with pytest.raises(PlanRefused):
        appraised("proportion 12.1 (7.3-19.5)")


@given(st.floats(-2, 2), st.floats(0.02, 1.5))
def test_turning_the_ratio_round_turns_everything(effect: float, error: float) -> None:
    """1/HR with 1/high and 1/low has the same error, the same weight, and -z."""

    def appraise(sign: float) -> PooledAppraisal:
        ends = (effect * sign - Z * error, effect * sign, effect * sign + Z * error)
        low, value, high = (f"{math.exp(end):.10f}" for end in ends)
        claim: PooledClaim = read_claim(f"HR {value} ({low}-{high})", Beside(k="5", i2="20"))
        return appraise_pooled(claim, rare=True)

    one, other = appraise(1.0), appraise(-1.0)
    # ten printed places, of ratios down to exp(-2 - 3)
    assert one.std_error == pytest.approx(other.std_error, rel=1e-5)
    assert one.z is not None
    assert other.z is not None
    assert one.z == pytest.approx(-other.z, rel=1e-5, abs=1e-5)
    assert one.e_values[0].point == pytest.approx(other.e_values[0].point, rel=1e-4)
    assert agrees(one, "symmetric") is agrees(other, "symmetric") is True
