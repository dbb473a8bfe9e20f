"""A grading rule as the ward asks it: at every moment, from what is known by then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache, partial
from itertools import product
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from cartwheel.clinic.count_window import ALL_GRADES, ENDS, LateOptions, SpellOptions
from cartwheel.clinic.grading import DAILY_RULES, grading_rule, is_series_rule
from cartwheel.clinic.thrombocytopenia import PLATELETS
from cartwheel.clinic.toxicity.assessment import Grade, Rule, grade_from
from cartwheel.clinic.toxicity.vocabulary import ICE_ITEMS
from cartwheel.errors import Refused
from cartwheel.units import Quantity
from cartwheel.watch.courses import course
from cartwheel.watch.facts import (
    Beyond,
    Fact,
    Teller,
    cognition,
    fever_beside_temperature,
    fever_by_temperature,
    hypotension,
    last_follow_up,
    oxygen,
    plain_teller,
    shown_assumed,
    vasopressors,
)
from cartwheel.watch.observation import MILESTONES
from cartwheel.watch.standing import InputAt, Standing, TargetKind
from cartwheel.watch.targets import assumed_warnings, input_at, no_answer
from cartwheel.watch.treated import crs_course
from cartwheel.watch.view import View

Key: TypeAlias = tuple[tuple[str, object], ...]

# rule -> day on which its window has ended, and how it is graded until then: a count is not carried
# into days that have not come, and one low count alone may turn out transient
_RUNNING: Mapping[str, tuple[int, SpellOptions | LateOptions]] = MappingProxyType(
    {
        "icaht-early": (31, SpellOptions(carry_ends=False)),
        "icaht-late": (101, LateOptions(one_value="open")),
        "t-icaht-early": (31, replace(PLATELETS, carry_ends=False)),
        "t-icaht-late": (101, replace(PLATELETS, carry_ends=False)),
    }
)
# late rules: the lowest count decides, so that the days to come can only raise the grade
_LATE: Mapping[str, str] = MappingProxyType(
    {"icaht-late": "neutrophils", "t-icaht-late": "platelets"}
)
_ENDS = tuple(asked.name for asked in ENDS)
_LATE_BEGINS = 31
_MANY_LIMITS = 4
_OXYGEN = ("oxygen_device", "oxygen_flow", "fio2")
_COURSE_OF_CRS = ("crs_before", "antipyretic", "anticytokine", "corticosteroid")


class _Found(NamedTuple):
    """A grade without its moment, or the reasons why there is none."""

    low: float | None
    high: float | None
    text: str
    deciding: tuple[str, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GradeTarget:
    """A grading rule that is asked whenever something it reads changes.

    Parameters
    ----------
    id, version, title : str
        Of the rule.
    reads, ageless : frozenset of str
        Names of observations; those that count whatever their age.
    turning_days : tuple of float
        Days since the infusion on which a window opens or closes.
    from_infusion : bool
        There is no grade before the infusion, or without it.
    tellers : tuple of callable
        What tells its inputs.
    """

    id: str
    version: str
    title: str
    reads: frozenset[str]
    ageless: frozenset[str]
    turning_days: tuple[float, ...]
    from_infusion: bool
    tellers: tuple[Teller, ...]

    @property
    def kind(self) -> TargetKind:
        """A grade."""
        return "grade"

    def assess(self, view: View) -> Standing:
        """Grade one patient at one moment.

        Parameters
        ----------
        view : View
            With the earlier answers of this rule.

        Returns
        -------
        Standing
        """
        if self.from_infusion and view.infusion is None:
            return no_answer(self, view.at, ("no infusion yet: day 0 is not known",))
        running = False
        if self.turning_days:
            day = view.day
            if self.id in _LATE and day is not None and day < _LATE_BEGINS:
                return no_answer(self, view.at, ("late haematotoxicity is graded from day 31 on",))
            running = self.id in _RUNNING and day is not None and day < _RUNNING[self.id][0]
        facts = [told for tell in self.tellers for told in tell(view)]
        if running:
            running = not _is_over(facts, view)
        key = tuple([(name, fact.value) for name, fact in facts])
        if _follows_a_course(self.id):
            # hardly ever the same twice, and long
            found = _graded.__wrapped__(self.id, key, running, None)
        else:
            found = _graded(self.id, key, running, tuple([_digits(value) for _, value in key]))
        return self._standing(view, facts, found)

    def _standing(self, view: View, facts: list[tuple[str, Fact]], found: _Found) -> Standing:
        at = view.at
        inputs: list[InputAt] = []
        assumed: list[tuple[str, str]] = []
        notes: list[str] = []
        early: list[str] = []
        for name, fact in facts:
            source = fact.source
            if source is None:
                inputs.append(_stated_input(name, fact))
            else:
                inputs.append(input_at(source, name, at))
                if source.status == "preliminary":
                    early.append(name)
            if fact.assumed:
                assumed.append((name, fact.assumed))
            if fact.note:
                notes.append(fact.note)
        warnings = found.warnings
        if assumed:
            warnings += assumed_warnings(tuple(assumed))
        if notes:
            warnings += tuple(notes)
        if early:
            warnings += (f"preliminary: {', '.join(early)}",)
        return Standing(
            self.id, self.version, "grade", at, found.low if found.low == found.high else None,
            found.low, found.high, None, (), None, None, None, found.text, found.deciding,
            found.missing, tuple(inputs), warnings, found.reasons,
        )  # fmt: skip


def _is_over(facts: list[tuple[str, Fact]], view: View) -> bool:
    """Whether observation ended before its window did: by death, progression, another therapy."""
    day = view.day
    return day is not None and any(
        name in _ENDS and isinstance(fact.value, Decimal) and fact.value <= day
        for name, fact in facts
    )


def _stated_input(name: str, fact: Fact) -> InputAt:
    if fact.assumed:
        return _assumed_input(name, fact.assumed)
    value = fact.value
    if isinstance(value, Quantity):
        return InputAt(name, str(value.value), value.unit, None, None)
    return InputAt(name, shown_assumed(value), "", None, None)


@lru_cache(maxsize=1024)
def _assumed_input(name: str, assumed: str) -> InputAt:
    return InputAt(name, assumed, "", None, None)


def grade_target(rule_id: str) -> GradeTarget:
    """Make a grading rule something that the ward asks.

    Parameters
    ----------
    rule_id : str
        Such as ``astct-crs``.

    Returns
    -------
    GradeTarget

    Raises
    ------
    CohortRefused
        ``rule_unknown``, with the nearest ids.

    Notes
    -----
    A haematotoxicity grade asked before its window has ended takes the days to come, and those of
    an early window before the first count, as unknown: every grade that they could still give stays
    possible. A late grade so far rests on two low counts, or on none. From the end of the window,
    or of observation, it is the grade of `cartwheel grade`. A value beyond a limit of detection
    gives every grade between the least and the greatest number that it could be.
    """
    rule = grading_rule(rule_id)
    names = tuple(asked.name for asked in rule.inputs)
    series = {asked.name for asked in rule.inputs if asked.kind == "series"}
    from_infusion = rule.id in DAILY_RULES or is_series_rule(rule) or rule.id == "iec-hs"
    reads = set(names) | ({"infusion"} if from_infusion else set())
    reads |= {"temperature"} if "fever" in names else set()
    reads |= {"systolic_pressure"} if "hypotension" in names else set()
    ageless = reads & {*MILESTONES, "crs_before"}
    return GradeTarget(
        id=rule.id,
        version=rule.version,
        title=rule.title,
        reads=frozenset(reads),
        ageless=frozenset(ageless | series),
        turning_days=_turning_days(rule),
        from_infusion=from_infusion,
        tellers=_tellers(rule),
    )


def _turning_days(rule: Rule) -> tuple[float, ...]:
    days = {_LATE_BEGINS} if rule.id in _LATE else set()
    days |= {_RUNNING[rule.id][0]} if rule.id in _RUNNING else set()
    return tuple(map(float, sorted(days)))


def _tellers(rule: Rule) -> tuple[Teller, ...]:
    names = tuple(asked.name for asked in rule.inputs)
    found: dict[str, Teller] = {}
    for asked in rule.inputs:
        found[asked.name] = course(asked) if asked.kind == "series" else plain_teller(asked.name)
    beside = "temperature" in names
    special: dict[str, Teller] = {
        "fever": fever_beside_temperature if beside else fever_by_temperature,
        "hypotension": hypotension,
        "vasopressors": vasopressors,
        "oxygen_device": partial(oxygen, asked=tuple(name for name in _OXYGEN if name in names)),
        "crs_before": crs_course,
        "ice": cognition,
        "last_follow_up_day": _since_infusion(last_follow_up),
        "progression_day": _since_infusion(plain_teller("progression_day")),
        "next_therapy_day": _since_infusion(plain_teller("next_therapy_day")),
    }
    found |= {name: tell for name, tell in special.items() if name in found}
    told_elsewhere = {*_OXYGEN[1:], *_COURSE_OF_CRS[1:], *ICE_ITEMS, "capd", "capd_unable"}
    return tuple(tell for name, tell in found.items() if name not in told_elsewhere)


def _since_infusion(tell: Teller) -> Teller:
    """Tell a day only where it was charted since the infusion: else it counts from another one."""

    def told(view: View) -> Iterator[tuple[str, Fact]]:
        began = view.infusion
        for name, fact in tell(view):
            if fact.source is None or began is None or fact.source.taken_at >= began:
                yield name, fact

    return told


def _digits(value: object) -> object:
    """Write what compares equal and reads otherwise: 38.5 and 38.50."""
    if isinstance(value, Quantity):
        return str(value.value)
    if isinstance(value, Decimal):
        return str(value)
    # a tuple: ends of a range, or a course of pairs
    return tuple([_digits(each) for each in value]) if isinstance(value, tuple) else None


@lru_cache(maxsize=16384)
def _graded(rule_id: str, key: Key, running: bool, _digits_too: object = None) -> _Found:
    """Grade what was told; pure, so that a temperature seen before costs nothing."""
    rule = _rule_of(rule_id)
    open_ends = [name for name, value in key if _beyond_in(value)]
    if len(open_ends) > _MANY_LIMITS:
        reason = f"more than {_MANY_LIMITS} values lie beyond a limit of detection"
        return _Found(None, None, f"no answer: {reason}", (), (), (), (reason,))
    charts = [dict(_at_ends(key, dict(zip(open_ends, ends, strict=True))))
              for ends in product((0, 1), repeat=len(open_ends))]  # fmt: skip
    try:
        grades = [_applied(rule, chart, running) for chart in charts]
    except Refused as refused:
        reasons = tuple(str(problem) for problem in refused.problems)
        return _Found(None, None, f"no answer: {'; '.join(reasons)}", (), (), (), reasons)
    return _joined(grades, open_ends)


@lru_cache(maxsize=64)
def _follows_a_course(rule_id: str) -> bool:
    return is_series_rule(_rule_of(rule_id))


@lru_cache(maxsize=64)
def _rule_of(rule_id: str) -> Rule:
    """Look a rule up once."""
    return grading_rule(rule_id)


def _applied(rule: Rule, chart: dict[str, object], running: bool) -> Grade:
    # what nobody charted is unknown, also where a form would take silence for no
    whole = {asked.name: chart.get(asked.name) for asked in rule.inputs}
    if not running:
        return rule.function(whole)
    found = rule.function(whole, options=_RUNNING[rule.id][1])
    if rule.id not in _LATE:
        return found
    to_come = f"{_LATE[rule.id]} (days to come, up to day {_RUNNING[rule.id][0] - 1})"
    return grade_from(
        (rule.id, rule.version),
        range(found.lowest, ALL_GRADES.stop),
        found.deciding,
        missing=(*found.missing, to_come),
        warnings=found.warnings,
    )


def _joined(grades: list[Grade], open_ends: Iterable[str]) -> _Found:
    low = min(grades, key=lambda one: one.lowest)
    high = max(grades, key=lambda one: one.highest)
    missing = tuple(dict.fromkeys(name for one in grades for name in one.missing))
    warnings = tuple(dict.fromkeys(note for one in grades for note in one.warnings))
    text = low.text
    if len(grades) > 1:
        names = ", ".join(open_ends)
        if (low.lowest, low.highest) != (high.lowest, high.highest):
            text = f"not settled: grade {low.lowest} to {high.highest}; so far {low.text}"
        warnings += (f"beyond a limit of detection: {names}",)
    return _Found(
        float(low.lowest), float(high.highest), text, tuple(map(str, low.deciding)), missing,
        warnings, (),
    )  # fmt: skip


def _beyond_in(value: object) -> bool:
    if isinstance(value, Beyond):
        return True
    # a course is a tuple of pairs
    return isinstance(value, tuple) and any(
        isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], Beyond) for pair in value
    )


def _at_ends(key: Key, ends: dict[str, int]) -> Key:
    return tuple((name, _at_end(value, ends[name]) if name in ends else value)
                 for name, value in key)  # fmt: skip


def _at_end(value: object, end: int) -> object:
    if isinstance(value, Beyond):
        return value[end]
    assert isinstance(value, tuple)
    return tuple((day, each[end] if isinstance(each, Beyond) else each) for day, each in value)
