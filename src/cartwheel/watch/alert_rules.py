"""The alert rules of a ward file: when somebody is told, how often, and who has to answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from cartwheel.clinic.dictionary import variables
from cartwheel.errors import PlanRefused, Problem
from cartwheel.watch.alert_kinds import (
    AtRisk,
    Condition,
    Expected,
    InBand,
    Measured,
    Reached,
    Rising,
    Several,
    Single,
    in_words,
    singles,
)
from cartwheel.watch.alert_tables import RuleTable
from cartwheel.watch.observation import NameKind
from cartwheel.watch.targets import Target

Severity: TypeAlias = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
_LAST_DAY = 400
_USUAL_LAST_DAY = 28
_LEAST_RATIO = Decimal("1.01")
_TENTH = Decimal(10)
# of five grades the last one is death
_LAST_ALIVE = 4


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
    worse_by : Decimal
        How much more than the worst of the last alert is worse, in the unit of the level: canonical
        unit, ratio, points, risk. 0: anything more, as of grades, bands, risks and counts.
    of_death : bool
        It asks of what somebody died: the only kind that speaks after a death.
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
    worse_by: Decimal = Decimal(0)
    of_death: bool = False


def alert_rules(
    tables: Any,
    targets: Sequence[Target],
    names: Mapping[str, NameKind],
    refused: Collection[str] = (),
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
    refused : collection of str
        Rules and scores that the file names and that were refused already: a rule that speaks of
        one is not refused again for it.

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
        rule = _rule(RuleTable(given, where, problems, targets, names, refused))
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
        worse_by=_worse_by(table, condition),
        of_death=any(
            isinstance(one, Reached) and one.at_least > _LAST_ALIVE and table.asks_death(one.target)
            for one in singles(condition)
        ),
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
    return _at_risk(table, target) if "risk_at_least" in table.given else _reached(table, target)


def _at_risk(table: RuleTable, target: str) -> AtRisk:
    if table.kind_of(target) == "grade":
        table.wrong("risk_at_least", "a grade has no risk", "say at_least = 2")
    elif not table.has_risk(target):
        what = f"{target} tells no risk: it would never hold"
        table.wrong("risk_at_least", what, "say at_least or bands, or name what tells a risk")
    limit = float(table.number("risk_at_least", Decimal(1), low=0, high=1) or 0)
    clear = table.number("clear_below", None, low=0, high=limit)
    if limit <= 0:
        table.wrong("risk_at_least", "every risk is at least 0: it would always hold", "above 0")
    elif clear is not None and clear <= 0:
        table.wrong("clear_below", "no risk is below 0: it would never end", "above 0")
    return AtRisk(target, limit, limit if clear is None else float(clear))


def _reached(table: RuleTable, target: str) -> Reached:
    limit_given = table.number("at_least", None)
    if table.kind_of(target) == "landmark" and "at_least" in table.given:
        what = "a landmark model tells a risk and nothing else: it would never hold"
        table.wrong("at_least", what, "say risk_at_least = 0.2")
    if "at_least" not in table.given:
        table.missing("at_least", "from which grade or value on; or bands, or risk_at_least")
    limit = float(limit_given or 0)
    clear = table.number("clear_below", None, high=limit)
    below = limit if clear is None else float(clear)
    is_grade = table.kind_of(target) == "grade"
    if is_grade and limit_given is not None:
        highest = table.highest_grade(target)
        if not 0 < limit <= highest:
            table.wrong("at_least", f"no grade of {target} is so", f"above 0 and up to {highest}")
        elif below <= 0:
            table.wrong("clear_below", "no grade is below 0: it would never end", "above 0")
    return Reached(target, limit, below, is_grade)


def _measured(table: RuleTable) -> Measured:
    name = table.quantity_name()
    side: Literal["at_least", "at_most"] = "at_most" if "at_most" in table.given else "at_least"
    limit = table.measured(side, name)
    clear_key = "clear_below" if side == "at_least" else "clear_above"
    clear = table.measured(clear_key, name) if clear_key in table.given else limit
    good = _end(name, side, bad=False)
    if limit == good and not table.is_wrong(side):
        what = "every plausible value is so: it would always hold"
        table.wrong(side, what, "a limit that most values do not reach")
    elif clear != limit and (clear > limit) == (side == "at_least"):
        mend = "clear_below lies below at_least, clear_above above at_most"
        table.wrong(clear_key, "it lies on the wrong side of the limit", mend)
    elif clear_key in table.given and clear == good:
        what = "no value lies beyond it: it would never end"
        table.wrong(clear_key, what, f"a value between it and {side}")
    return Measured(name, side, limit, clear)


def _end(name: str, side: str, *, bad: bool) -> Decimal | None:
    """Give the last plausible value on the bad side of a limit, or on the good one."""
    known = variables().get(name)
    if known is None:
        return None
    return known.high if (side == "at_least") == bad else known.low


def _worse_by(table: RuleTable, condition: Condition) -> Decimal:
    """Read by how much more a value is worse.

    Where nothing is said, a tenth of its limit, or of the way from that to the nearer end of what
    is plausible: a tenth of 92 % would keep silent of a saturation of 83 %.
    """
    match condition:
        case Measured(name=name, side=side, limit=limit):
            worst, best = _end(name, side, bad=True), _end(name, side, bad=False)
            if "worse_by" not in table.given:
                ways = [abs(limit - end) for end in (worst, best) if end is not None]
                return min([abs(limit), *ways]) / _TENTH
            said = table.difference("worse_by", name, 'a difference: worse_by = "0.5 Cel"')
            if worst is not None and said > abs(worst - limit) and not table.is_wrong("worse_by"):
                what = "no value could ever be so much worse than the limit"
                table.wrong("worse_by", what, "a smaller difference, or leave it out")
            return said
        case Rising(name=name, by=by, is_ratio=False):
            if "worse_by" not in table.given:
                return by / _TENTH
            return table.difference("worse_by", name, 'a difference: worse_by = "20 mg/L"')
        case Rising(by=by):
            usual, most = by / _TENTH, None
        case Reached(at_least=limit, steps=False):
            usual, most = abs(Decimal(str(limit))) / _TENTH, None
        case AtRisk():
            usual, most = Decimal(0), 1
        case _:
            # of grades, bands and counts each one more is worse: the key is left for the refusal
            return Decimal(0)
    given = table.number("worse_by", None, high=most)
    if given is not None and given <= 0:
        table.wrong("worse_by", "a difference above 0 is needed", "leave it out for the usual one")
    return usual if given is None else given


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
