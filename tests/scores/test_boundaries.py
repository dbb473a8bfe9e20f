"""Every cut-off of every shipped score, and one step to either side of it.

What is expected comes from the second transcription, not from the score files. A step is one in
the last printed digit.
"""

from __future__ import annotations

import operator
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from score_library import IDS, VARIANTS, case_id, second, variant
from score_patients import said, step

from cartwheel.clinic.score import ScoreSpec
from cartwheel.clinic.scoring import Assessment, Unscorable, assess

SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def _step(item: str, edge: Decimal) -> Decimal:
    # a multiple of the upper limit is printed as 1; a laboratory's next step is 1 in 100 of it
    return Decimal("0.01") if item.endswith("_fold") else step(edge)


def _gives(listed: list[str], value: Decimal) -> Decimal | None:
    for text in listed:
        printed, _, points = text.rpartition(":")
        if _inside(printed.strip(), value):
            return Decimal(points.strip())
    return None


def _inside(printed: str, value: Decimal) -> bool:
    if printed[0] in "<>":
        sign = printed.rstrip("0123456789. ")
        return bool(SIGNS[sign](value, Decimal(printed.removeprefix(sign).strip())))
    low, _, high = printed.partition("-")
    return Decimal(low) <= value <= Decimal(high or low)


def _numbers(printed: str) -> list[Decimal]:
    plain = printed.strip("<>= ")
    return [Decimal(part) for part in plain.split("-")]


def _points_cases() -> list[tuple[tuple[str, tuple[str, ...]], str, Decimal]]:
    cases = []
    for name, picked in VARIANTS:
        entry = second()[name] | second()[name].get("choices", {}).get(" ".join(picked), {})
        for item, listed in entry.get("points", {}).items():
            edges = {
                edge + sign * _step(item, edge)
                for text in listed
                for edge in _numbers(text.rpartition(":")[0])
                for sign in (-1, 0, 1)
            }
            codes = entry.get("codes", {}).get(item)
            cases += [
                ((name, picked), item, edge)
                for edge in sorted(edges)
                if codes is None or _gives(listed, edge) is not None
            ]
    return cases


@pytest.mark.parametrize(("case", "item", "at"), _points_cases(), ids=case_id)
def test_points_at_and_beside_a_cut_off(
    case: tuple[str, tuple[str, ...]], item: str, at: Decimal
) -> None:
    spec = variant(*case)
    entry = second()[case[0]] | second()[case[0]].get("choices", {}).get(" ".join(case[1]), {})
    expected = _gives(entry["points"][item], at)
    assert expected is not None
    patient = dict(spec.examples[0].inputs) | _at(spec, item, at)
    found = assess(spec, patient)
    if at < 0:
        assert isinstance(found, Unscorable)
        return
    assert isinstance(found, Assessment), found
    (part,) = [each for each in found.contributions if each.input == item]
    assert part.effect == float(expected)


def _at(spec: ScoreSpec, item: str, at: Decimal) -> dict[str, Any]:
    """Give the input this value; a ratio through its two inputs, both possible."""
    for ratio in spec.derived:
        if ratio.name == item and ratio.kind == "ratio":
            below = Decimal(100) if ratio.denominator.endswith("_uln") else Decimal(2)
            return _at(spec, ratio.numerator, at * below) | _at(spec, ratio.denominator, below)
    found = next(each for each in spec.inputs if each.name == item)
    return {item: said(found, at)}


@pytest.mark.parametrize("name", [name for name in IDS if "rows" in second()[name]])
def test_decisions_at_and_beside_every_cut_off(name: str) -> None:
    spec, rows = variant(name, ()), second()[name]["rows"]
    conditions = [condition.split() for row in rows for condition in row[1:]]
    tried = {
        item: sorted(
            {
                edge + sign * _step(item, edge)
                for other, _, text in conditions
                if other == item
                for edge in [Decimal(text)]
                for sign in (-1, 0, 1)
            }
        )
        for item, _, _ in conditions
    }
    for item in spec.inputs:
        if item.coding is not None and item.name in tried:
            tried[item.name] = list(item.coding.values())
    position = next(place for place, term in enumerate(spec.terms) if term.kind == "decision")
    for values in product(*tried.values()):
        at = dict(zip(tried, values, strict=True))
        expected = next(
            row[0]
            for row in rows
            if all(
                SIGNS[sign](at[item], Decimal(text))
                for item, sign, text in (condition.split() for condition in row[1:])
            )
        )
        patient = dict(spec.examples[0].inputs)
        for item, value in at.items():
            patient |= _at(spec, item, value)
        found = assess(spec, patient)
        assert isinstance(found, Assessment), found
        assert found.contributions[position].effect == float(expected), at


@pytest.mark.parametrize(
    ("score", "patient", "band"),
    [
        ("easix", {"ldh": "467 U/L", "creatinine": "1 mg/dL", "platelets": "100 G/L"}, "low"),
        ("easix", {"ldh": "466 U/L", "creatinine": "1 mg/dL", "platelets": "100 G/L"}, "low"),
        ("easix", {"ldh": "468 U/L", "creatinine": "1 mg/dL", "platelets": "100 G/L"}, "high"),
        ("ferritin-iec-hs", {"ferritin": "7469 ng/mL"}, "below 7470 ng/mL"),
        ("ferritin-iec-hs", {"ferritin": "7470 ng/mL"}, "7470 ng/mL or more"),
        ("ferritin-iec-hs", {"ferritin": "7471 ng/mL"}, "7470 ng/mL or more"),
    ],
)
def test_bands_of_a_formula(score: str, patient: dict[str, str], band: str) -> None:
    found = assess(variant(score, ()), patient)
    assert isinstance(found, Assessment)
    assert found.band == band


def test_a_limit_of_detection_at_a_cut_off_counts_on_its_own_side() -> None:
    spec = variant("car-hematotox", ())
    patient = dict(spec.examples[0].inputs)
    for said_so, points in ((">2000 ng/mL", 2), ("<650 ng/mL", 0), (">= 2001 ng/mL", 2)):
        found = assess(spec, patient | {"ferritin": said_so})
        assert isinstance(found, Assessment), found
        assert found.value == points
    for unsettled in (">650 ng/mL", "<2000 ng/mL", ">=2000 ng/mL", "<=650 ng/mL", ">1999 ng/mL"):
        found = assess(spec, patient | {"ferritin": unsettled})
        assert isinstance(found, Unscorable)
        assert [each.code for each in found.reasons] == ["limit_unsettled"]


def test_a_limit_of_detection_reaches_through_a_ratio() -> None:
    spec = variant("cipi", ("gt", "0/1-2/3"))
    patient = {"neutrophils": "4 G/L", "monocytes": "0.9 G/L", "platelets": "290 G/L"}
    settled = assess(spec, patient | {"lymphocytes": "<0.1 G/L"})  # every ratio only grows
    assert isinstance(settled, Assessment)
    assert settled.value == 3
    unsettled = assess(spec, patient | {"lymphocytes": "<3 G/L"})
    assert isinstance(unsettled, Unscorable)
    assert [each.code for each in unsettled.reasons] == ["limit_unsettled"]


def test_a_measurement_outside_its_window_is_named() -> None:
    patient = {"temperature": "39 Cel", "mcp1": "2000 pg/mL"}
    for day, warned in ((1.0, False), (1.5, False), (2.0, True), (-1.0, True)):
        found = assess(variant("hay", ()), patient, measured={"temperature": day})
        assert isinstance(found, Assessment)
        assert any("was measured on day" in each for each in found.warnings) == warned


@pytest.mark.parametrize(
    ("score", "patient", "same"),
    [
        # the two traps of this family: creatinine in umol/L, CRP in mg/L
        ("easix", {"creatinine": "176.84 umol/L"}, {"creatinine": "2 mg/dL"}),
        ("m-easix", {"crp": "50 mg/L"}, {"crp": "5 mg/dL"}),
        ("car-hematotox", {"crp": "30 mg/L"}, {"crp": "3.0 mg/dL"}),
        ("car-hematotox", {"haemoglobin": "90 g/L"}, {"haemoglobin": "9.0 g/dL"}),
        ("iss", {"albumin": "35 g/L"}, {"albumin": "3.5 g/dL"}),
        ("pni", {"albumin": "3.5 g/dL"}, {"albumin": "35 g/L"}),
    ],
)
def test_units_are_converted(score: str, patient: dict[str, str], same: dict[str, str]) -> None:
    spec = variant(score, ())
    rest = dict(spec.examples[0].inputs)
    one, other = assess(spec, rest | patient), assess(spec, rest | same)
    assert isinstance(one, Assessment)
    assert isinstance(other, Assessment)
    # a molar mass of creatinine of 113.1 or 113.12 g/mol: 88.4 or 88.42 umol/L a mg/dL
    assert one.value == pytest.approx(other.value, rel=3e-4)
    assert one.band == other.band


@pytest.mark.parametrize(
    ("score", "name", "value", "code"),
    [
        ("easix", "creatinine", "88 mg/dL", "implausible"),
        ("easix", "creatinine", 1.1, "unit_missing"),
        ("easix", "platelets", "90 U/L", "unit_not_accepted"),
        ("m-easix", "crp", "50", "unit_missing"),
        ("m-easix", "crp", "500 mg/dL", "implausible"),
        ("nlr", "lymphocytes", "0 G/L", "undefined"),
        ("nlr", "lymphocytes", "-1 G/L", "implausible"),
        ("hscore", "temperature", "101 Cel", "implausible"),
        ("hscore", "immunosuppression", "pos", "not_a_number"),
    ],
)
def test_unit_traps_are_refused(score: str, name: str, value: object, code: str) -> None:
    spec = next(iter(variant(score, picked) for sid, picked in VARIANTS if sid == score))
    found = assess(spec, dict(spec.examples[0].inputs) | {name: value})  # type: ignore[dict-item]
    assert isinstance(found, Unscorable)
    assert code in [each.code for each in found.reasons]
