"""Patients for any shipped score: values at and about its cut-offs, within what is possible."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from cartwheel.clinic.score import ScoreSpec
from cartwheel.clinic.score_terms import DecisionTerm, Input, PointsTerm
from cartwheel.clinic.score_units import missing_limits


def step(cut: Decimal) -> Decimal:
    """One in the last printed digit."""
    return Decimal(1).scaleb(int(cut.as_tuple().exponent))


def cuts_of(spec: ScoreSpec, name: str) -> set[Decimal]:
    ranges = [
        band
        for term in spec.terms
        if isinstance(term, PointsTerm) and term.input == name
        for band in term.bands
    ] + [
        condition
        for term in spec.terms
        if isinstance(term, DecisionTerm)
        for row in term.rows
        for condition in row.when
        if condition.input == name
    ]
    return {end for each in ranges for end in (each.from_, each.to) if end is not None}


def values_of(spec: ScoreSpec, item: Input) -> list[Decimal]:
    if item.coding is not None:
        return list(item.coding.values())
    low, high = missing_limits(item)
    assert low is not None
    assert high is not None
    cuts = cuts_of(spec, item.name)
    about = {cut + sign * step(cut) for cut in cuts for sign in (-1, 0, 1)}
    spread = {low + (high - low) * Decimal(part) / 8 for part in range(1, 8)}
    found = {value for value in about | spread | {low, high, Decimal(100), Decimal(1)}}
    # a count of nought makes ratios undefined, which other tests cover
    return sorted(value for value in found if low <= value <= high and value > 0)


def said(item: Input, value: Decimal) -> Decimal | str:
    return value if item.coding is not None or not item.unit else f"{value} {item.unit}"


def patients(spec: ScoreSpec) -> st.SearchStrategy[dict[str, Decimal | str]]:
    return st.fixed_dictionaries(
        {
            item.name: st.sampled_from([said(item, value) for value in values_of(spec, item)])
            for item in spec.inputs
        }
    )
