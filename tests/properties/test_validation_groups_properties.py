"""Groups and size of a validation: what holds whoever the patients are."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from validated_groups import KINDS, Grouping, binary, grouped, plan, simulated, survival

from cartwheel.canonical import canonical_json, plain as plain_data
from cartwheel.validation.groups.centres import centres
from cartwheel.validation.groups.subgroups import subgroups
from cartwheel.validation.judging.anticipated import anticipated
from cartwheel.validation.judging.measures import core_measures
from cartwheel.validation.judging.sizes import sizes
from cartwheel.validation.result_groups import Centres, GroupRow

# sums in another order, and iterations that end at 1e-8 of a step
ORDER = 1e-6
FEW = settings(max_examples=25, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def values(rows: tuple[GroupRow, ...]) -> list[float | None]:
    """Every number of some rows."""
    return [
        number
        for row in rows
        for score in row.scores
        for measure in score.measures
        for number in (measure.estimate.value, measure.estimate.low, measure.std_error)
    ]


def same(some: list[float | None], others: list[float | None]) -> bool:
    """Whether the same numbers exist, and are equal to rounding."""
    return [each is None for each in some] == [each is None for each in others] and [
        each for each in some if each is not None
    ] == pytest.approx([each for each in others if each is not None], rel=ORDER, abs=ORDER)


def every_row(found: Centres) -> tuple[GroupRow, ...]:
    """All rows of the centres."""
    return found.rows + found.without + found.updated


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(seed=SEEDS, k=st.integers(1, 10), unknown=st.booleans())
def test_any_number_of_centres(kind: str, seed: int, k: int, unknown: bool) -> None:
    target, score = simulated(kind, 150, seed)
    code = np.random.default_rng(seed).integers(-1 if unknown else 0, k, 150)
    levels = tuple(str(place) for place in range(k))
    found = centres(target, [score], Grouping("c", "C", levels, code), plan(), 0.95)
    assert len(found.without) == len(found.updated) == k
    assert sum(row.patients for row in found.rows) == 150
    assert all((row.scores == ()) == bool(row.withheld) for row in every_row(found))
    told = [row for row in found.rows[:k] if not row.withheld]
    assert all(2 <= each.k <= len(told) for each in found.heterogeneity)
    assert all(
        without.patients == 150 - row.patients
        for row, without in zip(found.rows[:k], found.without, strict=True)
    )
    # every number is finite, or JSON would refuse it
    assert json.loads(canonical_json(plain_data(found)))["column"] == "c"


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(seed=SEEDS)
def test_order_of_patients_does_not_matter(kind: str, seed: int) -> None:
    target, score = simulated(kind, 160, seed)
    rng = np.random.default_rng(seed)
    grouping, order = grouped(np.append(rng.integers(0, 3, 159), 2)), rng.permutation(160)
    turned = replace(grouping, code=grouping.code[order])
    asked, least = (target, [score], grouping), plan(10, 3)
    other = target.subset(order), [score.subset(order)], turned
    one, two = centres(*asked, least, 0.95), centres(*other, least, 0.95)
    assert [(row.group, row.events, row.withheld) for row in every_row(one)] == [
        (row.group, row.events, row.withheld) for row in every_row(two)
    ]
    assert same(values(every_row(one)), values(every_row(two)))
    (first,), (second,) = (
        subgroups(given[0], given[1], [given[2]], least, 0.95) for given in (asked, other)
    )
    assert [each.statistic for each in first.interactions] == pytest.approx(
        [each.statistic for each in second.interactions], rel=ORDER, abs=ORDER
    )
    (some,), (others,) = (sizes(given[0], given[1], least, 0.95) for given in (asked, other))
    assert [row.width_here for row in some.rows] == [
        None if row.width_here is None else pytest.approx(row.width_here, rel=ORDER)
        for row in others.rows
    ]


@FEW
@given(
    seed=SEEDS,
    names=st.lists(st.text(max_size=12), min_size=2, max_size=5, unique=True),
)
def test_names_of_groups_are_kept_whatever_they_are(seed: int, names: list[str]) -> None:
    target, score = simulated("binary", 120, seed)
    code = np.arange(120) % (len(names) + 1) - 1
    (found,) = subgroups(target, [score], [grouped(code, names)], plan(10, 2), 0.95)
    assert [row.group for row in found.rows][:-1] == names
    assert len({row.group for row in found.rows}) == len(names) + 1


@FEW
@given(seed=SEEDS, kind=st.sampled_from(KINDS))
def test_a_group_is_told_as_if_it_were_alone(seed: int, kind: str) -> None:
    target, score = simulated(kind, 150, seed)
    grouping = grouped(np.arange(150) % 2)
    (found,) = subgroups(target, [score], [grouping], plan(2, 1), 0.95)
    for code, row in enumerate(found.rows):
        own = np.flatnonzero(grouping.code == code)
        if not row.withheld:
            alone = core_measures(target.subset(own), score.subset(own), 0.95)
            assert row.scores[0].measures == alone


@FEW
@given(seed=SEEDS, kind=st.sampled_from(KINDS[:2]))
def test_what_is_withheld_changes_nothing_that_is_told(seed: int, kind: str) -> None:
    # the outcomes of a small group are turned round: its counts change, and nothing else
    target, score = simulated(kind, 140, seed)
    code = np.append(np.arange(130) % 2, np.full(10, 2))
    event = target.event.copy()
    event[130:] = 1.0 - event[130:]
    turned = binary(event) if target.times is None else survival(target.times.time, event, 12.0)
    one, two = (
        subgroups(given, [score], [grouped(code)], plan(), 0.95)[0] for given in (target, turned)
    )
    assert one.rows[2].withheld
    assert two.rows[2].withheld
    assert values(one.rows) == values(two.rows)
    assert one.interactions == two.interactions


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(seed=SEEDS, n=st.integers(6, 40))
def test_size_of_any_small_sample(kind: str, seed: int, n: int) -> None:
    target, score = simulated(kind, n, seed)
    (found,) = sizes(target, [score], plan(), 0.95)
    assert found.patients == n
    for row in found.rows:
        assert (row.width_here is None) == (row.patients_needed is None)
        if row.width_here is not None and row.patients_needed is not None:
            # to the whole patient: narrower than wanted is the same as enough patients
            assert (row.patients_needed > n) == (row.width_here > row.width_wanted) or (
                row.patients_needed == pytest.approx(n, abs=1.5)
            )
    assert json.loads(canonical_json(plain_data(found)))["score"] == "score"


@FEW
@given(seed=SEEDS, share=st.floats(0.02, 0.98), kind=st.sampled_from(KINDS))
def test_shifted_risks_keep_their_order_and_have_the_mean(
    seed: int, share: float, kind: str
) -> None:
    stated = np.random.default_rng(seed).beta(0.5, 1.5, 30).clip(1e-6, 1.0 - 1e-6)
    seen = anticipated(kind, stated, share)
    assert seen is not None
    assert seen.risk.mean() == pytest.approx(share, rel=1e-6)
    assert (np.diff(seen.risk[np.argsort(stated)]) >= 0.0).all()
    assert 0.5 <= seen.c_statistic <= 1.0
    assert seen.information_an_event() > 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_expected_widths_are_those_that_come_out(kind: str) -> None:
    # a score that is right, in so many patients that chance hardly shows
    n = 20_000
    target, score = simulated(kind, n, 20261121, slope=1.0)
    (found,) = sizes(target, [score], plan(), 0.95)
    told = {each.name: each for each in core_measures(target, score, 0.95)}
    slope, ratio = told["calibration_slope"].estimate, told["observed_expected"].estimate
    assert slope.low is not None
    assert slope.high is not None
    # 5 %: events beyond the horizon carry a little less information each than those before it.
    # 15 % with other events: what is simulated is the hazard of the cause, not that of its
    # incidence, and the interval told is a robust one
    within = 0.15 if kind == "competing" else 0.05
    assert found.rows[1].width_here == pytest.approx(slope.high - slope.low, rel=within)
    assert ratio.low is not None
    assert ratio.high is not None
    assert found.rows[0].width_here == pytest.approx(ratio.high - ratio.low, rel=within)
    c = next(iter(told.values())).estimate
    assert c.low is not None
    assert c.high is not None
    # 15 %: Newcombe's formula knows the size of C only; Harrell's C takes all events of the
    # follow-up, where the formula takes those by the horizon
    if kind != "survival":
        assert found.rows[2].width_here == pytest.approx(c.high - c.low, rel=0.15)
