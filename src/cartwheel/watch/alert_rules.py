"""The alert rules of a ward file: when somebody is told, how often, and who has to answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from cartwheel.clinic.dictionary import variables
from cartwheel.errors import PlanRefused, Problem
from cartwheel.watch.alert_tables import RuleTable
from cartwheel.watch.observation import NameKind
from cartwheel.watch.targets import Target

Severity: TypeAlias = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
_LAST_DAY = 400
_USUAL_LAST_DAY = 28
_LEAST_RATIO = Decimal("1.01")


@dataclass(frozen=True, slots=True)
class Reached:
    """A grade, or the value of a score, is at or above a limit.

    Parameters
    ----------
    target : str
        Id of the rule or score.
    at_least : float
        It is reached where even the lowest answer still possible is at or above it.
    clear_below : float
        It is over where even the highest answer still possible is below this.
    steps : bool
        Answers are grades: a whole one more is worse. The value of a score swings.
    """

    target: str
    at_least: float
    clear_below: float
    steps: bool = True


@dataclass(frozen=True, slots=True)
class InBand:
    """A score is in one of some bands.

    Parameters
    ----------
    target : str
        Id of the score.
    bands : tuple of str
        Ascending: a later one is worse.
    """

    target: str
    bands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A risk is at or above a limit, 0 to 1.

    Parameters
    ----------
    target : str
        Id of the score or model.
    at_least, clear_below : float
        As of `Reached`.
    """

    target: str
    at_least: float
    clear_below: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A value is at or beyond a limit, in the canonical unit.

    Parameters
    ----------
    name : str
        Of the observation.
    side : {"at_least", "at_most"}
        Which side of the limit.
    limit, clear : Decimal
        Where it begins, and beyond which on the other side it ends.
    """

    name: str
    side: Literal["at_least", "at_most"]
    limit: Decimal
    clear: Decimal


@dataclass(frozen=True, slots=True)
class Rising:
    """A value has risen against the lowest one taken in the hours before it.

    Parameters
    ----------
    name : str
        Of the observation.
    by : Decimal
        The ratio, or the difference in the canonical unit.
    is_ratio : bool
        Which of the two.
    within : timedelta
        How far back is looked.
    """

    name: str
    by: Decimal
    is_ratio: bool
    within: timedelta


@dataclass(frozen=True, slots=True)
class Expected:
    """A value that should have been taken was not.

    Parameters
    ----------
    name : str
        Of the observation.
    every : timedelta
        How long after the last one, or after the first day, it is missing.
    from_day, to_day : int
        Days since the infusion in which it is expected, both included.
    """

    name: str
    every: timedelta
    from_day: int
    to_day: int


Single: TypeAlias = Reached | InBand | AtRisk | Measured | Rising | Expected


@dataclass(frozen=True, slots=True)
class Several:
    """At least so many of some conditions hold at once.

    Parameters
    ----------
    at_least : int
        How many.
    conditions : tuple of conditions
        Which.
    """

    at_least: int
    conditions: tuple[Single, ...]


Condition: TypeAlias = Single | Several


@dataclass(frozen=True, slots=True)
class AlertRule:
    """When somebody is told.

    Parameters
    ----------
    id : str
        Of the ward's own.
    condition : Condition
        What has to hold.
    severity : {"info", "warning", "critical"}
        With which it begins.
    text : str
        For the reader; the condition in words where the file gives none.
    clear_after : timedelta
        An alert ends once its condition has certainly not held for so long.
    quiet : timedelta
        After an alert has ended, the rule stays silent for so long from the moment it was raised,
        unless it comes back worse.
    escalate : timedelta or None
        An alert that nobody acknowledged goes up one severity after so long, and again.
    late : timedelta
        News about a moment longer ago than this raises no alert.
    reason_required : bool
        An acknowledgement without a reason does not count.
    """

    id: str
    condition: Condition
    severity: Severity
    text: str
    clear_after: timedelta
    quiet: timedelta
    escalate: timedelta | None
    late: timedelta
    reason_required: bool


def alert_rules(
    tables: Any, targets: Sequence[Target], names: Mapping[str, NameKind]
) -> tuple[AlertRule, ...]:
    """Read the tables ``[[alert]]`` of a ward file.

    Parameters
    ----------
    tables : object
        As TOML gives them.
    targets : sequence of Target
        What the ward follows.
    names : mapping of str to str
        Every name that an observation may have here, and the kind of its value.

    Returns
    -------
    tuple of AlertRule
        In the order of the file.

    Raises
    ------
    PlanRefused
        Everything found: ``bad_value``, ``unknown_key``, ``missing_key``, ``name_unknown``,
        ``target_unknown``, ``band_unknown``, ``alert_twice``, and what a value's unit is refused
        for.
    """
    problems: list[Problem] = []
    rules: list[AlertRule] = []
    if not isinstance(tables, list) or not all(isinstance(one, Mapping) for one in tables):
        mend = "begin each rule with [[alert]]"
        raise PlanRefused(Problem("bad_value", "tables are needed", "alert", mend))
    for number, given in enumerate(tables, 1):
        said = given.get("id")
        where = f"alert '{said[:40]}'" if isinstance(said, str) else f"alert {number}"
        rule = _rule(RuleTable(given, where, problems, targets, names))
        if any(rule.id == one.id for one in rules):
            what = "two rules have this id"
            problems.append(Problem("alert_twice", what, where, "give each its own"))
        rules.append(rule)
    if problems:
        raise PlanRefused(problems)
    return tuple(rules)


def _rule(table: RuleTable) -> AlertRule:
    rule_id = table.id()
    condition = _several(table) if "any_of" in table.given else _single(table)
    escalate = table.number("escalate_minutes", None, low=1, high=7 * 24 * 60)
    rule = AlertRule(
        id=rule_id,
        condition=condition,
        severity=table.word("severity", SEVERITIES),
        text=table.text("text") or in_words(condition),
        clear_after=timedelta(hours=table.sure("clear_after_hours", 0)),
        quiet=timedelta(hours=table.sure("quiet_hours", 0)),
        escalate=None if escalate is None else timedelta(minutes=float(escalate)),
        late=timedelta(hours=table.sure("late_hours", 24)),
        reason_required=table.flag("reason_required"),
    )
    table.refuse_the_rest()
    return rule


def _several(table: RuleTable) -> Several:
    parts = table.tables("any_of")
    conditions = []
    for part in parts:
        conditions.append(_single(part))
        part.refuse_the_rest()
    wanted = table.number("at_least", None, low=1, high=max(len(parts), 1), whole=True)
    if "at_least" not in table.given:
        table.missing("at_least", "how many of the conditions have to hold")
    return Several(int(wanted or 1), tuple(conditions))


def _single(table: RuleTable) -> Single:
    """Read a condition: what it speaks of tells its kind."""
    if "every_hours" in table.given:
        return _expected(table)
    if "name" in table.given:
        return _rising(table) if "within_hours" in table.given else _measured(table)
    return _of_target(table)


def _of_target(table: RuleTable) -> Single:
    target = table.target()
    if "bands" in table.given:
        return InBand(target, table.bands(target))
    if "risk_at_least" in table.given:
        if table.kind_of(target) == "grade":
            table.wrong("risk_at_least", "a grade has no risk", "say at_least = 2")
        limit = float(table.number("risk_at_least", Decimal(1), low=0, high=1) or 0)
        clear = table.number("clear_below", None, low=0, high=limit)
        return AtRisk(target, limit, limit if clear is None else float(clear))
    limit_given = table.number("at_least", None)
    if "at_least" not in table.given:
        table.missing("at_least", "from which grade or value on; or bands, or risk_at_least")
    limit = float(limit_given or 0)
    clear = table.number("clear_below", None, high=limit)
    below = limit if clear is None else float(clear)
    return Reached(target, limit, below, table.kind_of(target) == "grade")


def _measured(table: RuleTable) -> Measured:
    name = table.quantity_name()
    side: Literal["at_least", "at_most"] = "at_most" if "at_most" in table.given else "at_least"
    limit = table.measured(side, name)
    clear_key = "clear_below" if side == "at_least" else "clear_above"
    clear = table.measured(clear_key, name) if clear_key in table.given else limit
    if clear != limit and (clear > limit) == (side == "at_least"):
        table.wrong(clear_key, "it lies on the wrong side of the limit")
    return Measured(name, side, limit, clear)


def _rising(table: RuleTable) -> Rising:
    name = table.quantity_name()
    within = timedelta(hours=table.sure("within_hours", 24, low=Decimal("0.1")))
    if "times" in table.given:
        ratio = table.number("times", Decimal(2), low=_LEAST_RATIO)
        return Rising(name, ratio or Decimal(2), True, within)
    return Rising(name, table.difference("rise", name), False, within)


def _expected(table: RuleTable) -> Expected:
    name = table.any_name()
    every = timedelta(hours=table.sure("every_hours", 24, low=Decimal("0.1")))
    first = int(table.number("from_day", Decimal(0), low=0, high=_LAST_DAY, whole=True) or 0)
    usual = Decimal(max(first, _USUAL_LAST_DAY))
    last = int(table.number("to_day", usual, low=first, high=_LAST_DAY, whole=True) or 0)
    return Expected(name, every, first, last)


def in_words(condition: Condition) -> str:
    """Say a condition for the reader.

    Parameters
    ----------
    condition : Condition

    Returns
    -------
    str
        Such as ``astct-crs at least 2``.
    """
    match condition:
        case Reached(target=target, at_least=limit):
            return f"{target} at least {limit:g}"
        case InBand(target, bands):
            return f"{target} in {' or '.join(bands)}"
        case AtRisk(target, limit, _):
            return f"risk by {target} at least {100 * limit:g} %"
        case Measured(name, side, limit, _):
            return f"{name} {side.replace('_', ' ')} {_with_unit(limit, name)}"
        case Rising(name, by, is_ratio, within):
            rise = f"{by} times" if is_ratio else f"by {_with_unit(by, name)}"
            return f"{name} risen {rise} within {_hours(within)} h"
        case Expected(name, every, first, last):
            return f"no {name} for {_hours(every)} h (day {first} to {last})"
        case Several(wanted, conditions):
            return f"{wanted} of: {'; '.join(map(in_words, conditions))}"


def _with_unit(value: Decimal, name: str) -> str:
    known = variables().get(name)
    return str(value) if known is None else f"{value.normalize():f} {known.unit}".rstrip()


def _hours(length: timedelta) -> str:
    return f"{length.total_seconds() / 3600:g}"


def singles(condition: Condition) -> tuple[Single, ...]:
    """List the single conditions of a condition.

    Parameters
    ----------
    condition : Condition

    Returns
    -------
    tuple of conditions
    """
    return condition.conditions if isinstance(condition, Several) else (condition,)


def has_steps(condition: Condition) -> bool:
    """Tell whether levels are grades, bands or counts, not values that swing.

    Parameters
    ----------
    condition : Condition

    Returns
    -------
    bool
        A whole level more is then worse.
    """
    return isinstance(condition, InBand | Several) or (
        isinstance(condition, Reached) and condition.steps
    )
