"""Charts with gaps, and every way to fill them: what a range of grades is checked against."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cartwheel.clinic.toxicity.assessment import Chart, Grade, Rule

Fragment = dict[str, object]


@dataclass(frozen=True)
class Part:
    """Inputs that belong together: complete fragments of a chart, and fragments with gaps.

    A fragment with gaps names the complete fragments (by position) that fill it.
    """

    complete: tuple[Fragment, ...]
    gaps: tuple[tuple[Fragment, tuple[int, ...]], ...]

    def states(self) -> Iterator[tuple[Fragment, tuple[int, ...]]]:
        for number, fragment in enumerate(self.complete):
            yield fragment, (number,)
        yield from self.gaps


def one_input(name: str, *values: object) -> Part:
    """A part of one input, missing or there."""
    everything = tuple(range(len(values)))
    return Part(tuple({name: value} for value in values), (({}, everything),))


def explicit_unknown(name: str, *values: object) -> Part:
    """An input that is taken as stated where absent: only None makes it unknown."""
    everything = tuple(range(len(values)))
    return Part(tuple({name: value} for value in values), (({name: None}, everything),))


def _joined(fragments: tuple[Fragment, ...]) -> Chart:
    return {name: value for fragment in fragments for name, value in fragment.items()}


def check_ranges(rule: Rule, parts: list[Part]) -> int:
    """The possible grades of every chart with gaps are the grades of all charts that fill it."""
    table = np.zeros([len(part.complete) for part in parts], dtype=np.int64)
    for place in itertools.product(*(range(size) for size in table.shape)):
        chart = _joined(tuple(part.complete[at] for part, at in zip(parts, place, strict=True)))
        grade = rule.function(chart)
        assert grade.grade is not None, chart
        assert grade.missing == ()
        table[place] = 1 << grade.grade
    fill = random.Random(20261121)
    checked = 0
    for states in itertools.product(*(tuple(part.states()) for part in parts)):
        chart = _joined(tuple(fragment for fragment, _ in states))
        found = table[np.ix_(*(filled for _, filled in states))]
        mask = int(np.bitwise_or.reduce(found, axis=None))
        grade = rule.function(chart)
        assert grade.possible == tuple(g for g in range(6) if mask >> g & 1), (chart, grade)
        _check_limits(grade)
        if grade.grade is None:
            _check_missing(rule, parts, states, chart, grade, fill)
        checked += 1
    return checked


def _check_limits(grade: Grade) -> None:
    assert (grade.lowest, grade.highest) == (grade.possible[0], grade.possible[-1])
    assert (grade.grade is None) == (len(grade.possible) > 1)
    assert (grade.missing == ()) == (grade.grade is not None)
    assert all(datum.gives == grade.lowest for datum in grade.deciding)


def _check_missing(
    rule: Rule,
    parts: list[Part],
    states: tuple[tuple[Fragment, tuple[int, ...]], ...],
    chart: Chart,
    grade: Grade,
    fill: random.Random,
) -> None:
    """Filling what is named as missing, and nothing else, settles the grade."""
    filled: Fragment = dict(chart)
    for part, (_, choices) in zip(parts, states, strict=True):
        for name, value in part.complete[fill.choice(choices)].items():
            if name in grade.missing:
                filled[name] = value
    assert rule.function(filled).grade in grade.possible, (chart, grade.missing, filled)
