"""Every constant of the shipped scores against its second, independent transcription."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from score_library import IDS, VARIANTS, case_id, second, shipped, variant

from cartwheel.clinic.score import ScoreSpec
from cartwheel.clinic.score_terms import DecisionTerm, LinearTerm, PointsTerm, ProductTerm, Range

ENDLESS = Decimal("Infinity")


class Stretch(NamedTuple):
    """A range and what it gives; ends that are not there are infinite and do not belong to it."""

    low: Decimal
    low_in: bool
    high: Decimal
    high_in: bool
    gives: str


def _stretch(text: str, gives: str) -> Stretch:
    """Read a range as printed: ``< 3.5``, ``>= 2``, ``75-175``, ``4``."""
    text = text.strip()
    if found := re.fullmatch(r"(<=|<|>=|>)\s*([\d.]+)", text):
        sign, number = found[1], Decimal(found[2])
        belongs = sign.endswith("=")
        if sign.startswith("<"):
            return Stretch(-ENDLESS, False, number, belongs, gives)
        return Stretch(number, belongs, ENDLESS, False, gives)
    low, _, high = text.partition("-")
    return Stretch(Decimal(low), True, Decimal(high or low), True, gives)


def _closed(stretches: Iterable[Stretch], *, open_ended: bool) -> list[Stretch]:
    """Sort, and let a range that is printed as 3.0-3.49 reach to where the next begins."""
    rising = sorted(stretches, key=lambda each: (each.low, each.high))
    found = []
    for number, each in enumerate(rising):
        one = each
        if number + 1 < len(rising) and one.high < rising[number + 1].low:
            after = rising[number + 1]
            one = one._replace(high=after.low, high_in=not after.low_in)
        if open_ended and number == 0:
            one = one._replace(low=-ENDLESS, low_in=False)
        if open_ended and number + 1 == len(rising):
            one = one._replace(high=ENDLESS, high_in=False)
        found.append(one)
    return found


def _of_file(part: Range, gives: str) -> Stretch:
    return Stretch(
        -ENDLESS if part.from_ is None else part.from_,
        bool(part.from_inclusive),
        ENDLESS if part.to is None else part.to,
        bool(part.to_inclusive),
        gives,
    )


def _table(picked: tuple[str, ...], name: str) -> dict[str, Any]:
    entry = dict(second()[name])
    choices = entry.pop("choices", {})
    return entry | choices.get(" ".join(picked), {})


def _printed(listed: Iterable[str], *, open_ended: bool) -> list[Stretch]:
    pairs = (text.rpartition(":") for text in listed)
    return _closed(
        (_stretch(text, gives.strip()) for text, _, gives in pairs), open_ended=open_ended
    )


def test_both_transcriptions_have_the_same_scores() -> None:
    assert set(second()) == set(IDS)


@pytest.mark.parametrize("name", IDS)
def test_every_input_stands_in_the_same_unit(name: str) -> None:
    entry = second()[name]
    spec = shipped(name)
    units = {item.name: item.unit for item in spec.inputs if item.coding is None}
    assert units == entry["units"]
    coded = {item.name: list(item.coding) for item in spec.inputs if item.coding is not None}
    assert coded == entry.get("codes", {})
    ratios = {part.name: f"{part.numerator} / {part.denominator}" for part in spec.derived}
    assert ratios == entry.get("ratios", {})
    assert spec.intercept == 0


@pytest.mark.parametrize("case", VARIANTS, ids=case_id)
def test_points_cut_offs_and_inequalities(case: tuple[str, tuple[str, ...]]) -> None:
    entry, spec = _table(case[1], case[0]), variant(*case)
    here = {
        term.input: [_of_file(band, str(band.points)) for band in term.bands]
        for term in spec.terms
        if isinstance(term, PointsTerm)
    }
    printed = {
        name: _printed(listed, open_ended=True) for name, listed in entry.get("points", {}).items()
    }
    assert here == printed


@pytest.mark.parametrize("name", IDS)
def test_decisions_row_by_row(name: str) -> None:
    here = [
        [str(row.points), *(f"{each.input} {each.words()}" for each in row.when)]
        for term in shipped(name).terms
        if isinstance(term, DecisionTerm)
        for row in term.rows
    ]
    assert here == second()[name].get("rows", [])


@pytest.mark.parametrize("name", IDS)
def test_formulas(name: str) -> None:
    entry, spec = second()[name], shipped(name)
    linear = [
        [str(term.coefficient), term.input, term.transform]
        for term in spec.terms
        if isinstance(term, LinearTerm)
    ]
    assert linear == entry.get("linear", [])
    assert all(
        term.centre == 0 for term in spec.terms if isinstance(term, LinearTerm | ProductTerm)
    )
    products = [term for term in spec.terms if isinstance(term, ProductTerm)]
    written = [
        {1: "", -1: "1/"}[int(factor.exponent)] + factor.input
        for term in products
        for factor in term.factors
    ]
    assert written == entry.get("product", [])
    assert [term.transform for term in products] == (
        [entry.get("transform", "none")] if "product" in entry else []
    )
    assert all(term.coefficient == 1 for term in products)


@pytest.mark.parametrize("case", VARIANTS, ids=case_id)
def test_bands(case: tuple[str, tuple[str, ...]]) -> None:
    entry, spec = _table(case[1], case[0]), variant(*case)
    here = [_of_file(band, band.name) for band in spec.bands]
    if "stages" in entry:  # the value is the number of the stage
        listed = [_stretch(str(number), name) for number, name in enumerate(entry["stages"], 1)]
        for band, stage in zip(here, listed, strict=True):
            assert band.gives == stage.gives
            assert _holds(band, stage.low)
            assert sum(_holds(each, stage.low) for each in here) == 1
        return
    pairs = (text.partition(": ") for text in entry.get("bands", ()))
    printed = _closed((_stretch(text, name) for name, _, text in pairs), open_ended=True)
    assert [band.gives for band in here] == [band.gives for band in printed]
    totals = _totals(spec)
    if totals is None:
        assert here == printed
    else:  # the same bands over every total that can be reached
        for total in totals:
            assert [_holds(band, total) for band in here] == [
                _holds(band, total) for band in printed
            ]


def _holds(band: Stretch, value: Decimal) -> bool:
    above = value > band.low or (value == band.low and band.low_in)
    return above and (value < band.high or (value == band.high and band.high_in))


def _totals(spec: ScoreSpec) -> list[Decimal] | None:
    totals = {Decimal(0)}
    for term in spec.terms:
        if not isinstance(term, PointsTerm | DecisionTerm):
            return None
        parts = term.bands if isinstance(term, PointsTerm) else term.rows
        totals = {total + each.points for total in totals for each in parts}
    return sorted(totals)


@pytest.mark.parametrize("name", IDS)
def test_published_figures_and_observed_risks(name: str) -> None:
    entry, spec = second()[name], shipped(name)
    tables, figures = [], []
    for each in spec.published:
        if each.kind == "figure":
            numbers = (each.value, each.low, each.high)
            figures.append([each.measure, *(str(part) for part in numbers if part is not None)])
        else:
            assert each.positive == ("high",)
            counts = (each.events_positive, each.n_positive, each.events_negative, each.n_negative)
            tables.append([each.name, *counts, str(each.sensitivity), str(each.specificity)])
    assert sorted(figures) == sorted(entry.get("figures", []))
    assert tables == entry.get("tables", [])
    observed = {band.name: str(band.observed.risk) for band in spec.bands if band.observed}
    assert observed == entry.get("observed", {})


@pytest.mark.parametrize("name", IDS)
def test_the_largest_total(name: str) -> None:
    largest = second()[name].get("largest")
    totals = _totals(next(iter(shipped(name).variants.values())))
    if largest is None:
        assert name not in ("hscore", "conut")
    else:
        assert totals is not None
        assert totals[-1] == Decimal(largest)


@pytest.mark.parametrize("name", IDS)
def test_what_was_not_read_in_its_source_says_so(name: str) -> None:
    """The status of each constant is the one that the sources allow."""
    spec, doubted = shipped(name), second()[name].get("unverified", [])
    parts = [(f"input {item.name}", item.name, item) for item in spec.inputs]
    parts += [("", term.input, term) for term in spec.terms if isinstance(term, PointsTerm)]
    parts += [("", "", term) for term in spec.terms if not isinstance(term, PointsTerm)]
    parts += [("", "bands", band) for band in spec.bands]
    if doubted == "all":
        assert spec.status == "unverified"
        terms_and_bands = [*spec.terms, *spec.bands]
        assert {each.status for each in terms_and_bands} == {"unverified"}
        return
    assert spec.status == "published"
    for label, name_of, part in parts:
        is_input = bool(label)
        allowed = label in doubted or (
            name_of in doubted and (not is_input or name_of in ("crp", "ferritin_uln"))
        )
        term_of_verified_number = name == "car-hematotox" and not is_input
        if allowed and not term_of_verified_number:
            assert part.status in ("unverified", "assumption"), (label, name_of)
        else:
            assert part.status in ("verified", None), (label, name_of)
        assert part.status is None or part.source
