"""Grades from counts: order and units do not matter, lower is never better, gaps keep the truth."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from cartwheel.clinic.count_window import SpellOptions
from cartwheel.clinic.ctcae import CYTOPENIAS, cytopenia_grade
from cartwheel.clinic.daily_counts import spells
from cartwheel.clinic.haematotoxicity import early_icaht, late_icaht
from cartwheel.clinic.thrombocytopenia import early_t_icaht, late_t_icaht
from cartwheel.units import Quantity

NEUTROPHILS = st.sampled_from(("0", "0.05", "0.1", "0.11", "0.3", "0.5", "0.51", "1.2", "1.6", "4"))
PLATELETS = st.sampled_from(("3", "19", "20", "35", "49", "50", "80", "99", "100", "200"))
RULES = (
    (early_icaht, "neutrophils", NEUTROPHILS),
    (late_icaht, "neutrophils", NEUTROPHILS),
    (early_t_icaht, "platelets", PLATELETS),
    (late_t_icaht, "platelets", PLATELETS),
)
CASE = st.sampled_from(RULES).flatmap(
    lambda rule: st.tuples(
        st.just(rule), st.dictionaries(st.integers(0, 100), rule[2], min_size=1, max_size=60)
    )
)
PLAIN = SpellOptions(interpolation_limit=0, carry_ends=False, unknown_days="open")


def series(by_day: dict[int, str]) -> tuple[tuple[Decimal, Quantity], ...]:
    return tuple((Decimal(day), Quantity(Decimal(v), "10*9/L")) for day, v in by_day.items())


@settings(deadline=None)
@given(case=CASE, seed=st.randoms(use_true_random=False))
def test_order_and_unit_do_not_matter(case, seed) -> None:  # type: ignore[no-untyped-def]
    (rule, name, _), by_day = case
    found = rule({name: series(by_day)})
    shuffled = list(by_day.items())
    seed.shuffle(shuffled)
    per_ul = tuple((day, f"{Decimal(value) * 1000:f} /uL") for day, value in shuffled)
    again = rule({name: per_ul})
    assert (again.possible, again.missing) == (found.possible, found.missing)
    assert found.lowest <= found.highest
    assert found.grade is None or found.lowest == found.highest == found.grade


@settings(deadline=None)
@given(case=CASE, data=st.data())
def test_a_lower_count_is_never_a_better_grade(case, data) -> None:  # type: ignore[no-untyped-def]
    (rule, name, _), by_day = case
    day = data.draw(st.sampled_from(sorted(by_day)))
    lower = by_day | {day: str(Decimal(by_day[day]) / 3)}
    before, after = rule({name: series(by_day)}), rule({name: series(lower)})
    assert after.lowest >= before.lowest
    assert after.highest >= before.highest


@settings(deadline=None)
@given(
    values=st.lists(NEUTROPHILS, min_size=31, max_size=31),
    gaps=st.sets(st.integers(0, 30), max_size=31),
)
def test_a_gap_keeps_the_true_grade_possible(values: list[str], gaps: set[int]) -> None:
    full = dict(enumerate(values))
    truth = early_icaht({"neutrophils": series(full)}, options=PLAIN).grade
    known = {day: value for day, value in full.items() if day not in gaps}
    found = early_icaht({"neutrophils": series(known)}, options=PLAIN)
    assert truth in found.possible


@settings(deadline=None)
@given(
    values=st.lists(PLATELETS, min_size=31, max_size=31),
    gaps=st.sets(st.integers(0, 30), max_size=31),
)
def test_a_gap_keeps_the_true_platelet_grade_possible(values: list[str], gaps: set[int]) -> None:
    full = dict(enumerate(values))
    truth = early_t_icaht({"platelets": series(full)}, options=PLAIN).grade
    known = {day: value for day, value in full.items() if day not in gaps}
    assert truth in early_t_icaht({"platelets": series(known)}, options=PLAIN).possible


@settings(deadline=None)
@given(low=st.lists(st.booleans(), max_size=40), recovery=st.integers(1, 6))
def test_spells_hold_every_low_day_and_end_low(low: list[bool], recovery: int) -> None:
    found = spells(low, 0, recovery)
    inside = {day for spell in found for day in range(spell.start, spell.end + 1)}
    assert {day for day, each in enumerate(low) if each} <= inside
    assert all(low[spell.start] and low[spell.end] for spell in found)
    for before, after in pairwise(found):
        assert after.start - before.end - 1 >= recovery


@settings(deadline=None)
@given(
    rule=st.sampled_from(CYTOPENIAS),
    value=st.decimals(0, 200, places=3),
    step=st.decimals(0, 50, places=3),
)
def test_ctcae_grades_fall_as_counts_rise(rule, value: Decimal, step: Decimal) -> None:  # type: ignore[no-untyped-def]
    scale = 1 if rule.unit == "10*9/L" else 10
    if rule.name == "haemoglobin":
        value, step = value % 20 + 3, step % 2
    found = [
        cytopenia_grade(rule.name, {rule.name: Quantity(each * scale, rule.unit),
                                    f"{rule.name}_lln": Quantity(Decimal(120), rule.unit)})
        for each in (value, value + step)
    ]  # fmt: skip
    assert found[1].highest <= found[0].highest
    assert found[1].lowest <= found[0].lowest
