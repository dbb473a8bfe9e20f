"""Which risks a ward compares with what followed: the tables ``[[calibration]]`` of its file.

Which event a score means stands in words in its file; a ward says which of its own grades that is.
Nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.errors import PlanRefused, Problem
from cartwheel.watch.targets import Target

DEATH = "death"
_KEYS = ("target", "event", "horizon_days", "at_days")
_EVENT = re.compile(r"\s*(?P<rule>[a-z0-9-]+)\s*>=\s*(?P<grade>[1-5])\s*")
_DAYS = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}
_LONGEST, _MOST_MOMENTS = 3650, 12


@dataclass(frozen=True, slots=True)
class FollowedRisk:
    """A risk told at one moment, and the event it is compared with.

    Parameters
    ----------
    target : str
        Id of the score or model.
    event : str
        ``astct-crs>=3``, ``death``, or the column of a file of outcomes.
    rule : str
        Id of the grading rule; empty where the event is no grade.
    grade : int
        From which on the event has come; 0 where it is no grade.
    at_day : float
        Day after the infusion on which the risk was told.
    horizon_days : float
        From then on.
    """

    target: str
    event: str
    rule: str
    grade: int
    at_day: float
    horizon_days: float

    @property
    def name(self) -> str:
        """What rows of it are called: target and day, such as ``my-score, day 3``."""
        return f"{self.target}, day {self.at_day:g}"


def followed_risks(
    document: Mapping[str, Any], targets: Sequence[Target]
) -> tuple[FollowedRisk, ...]:
    """Read the tables ``[[calibration]]`` of a ward file.

    Parameters
    ----------
    document : mapping
        The ward file as plain data.
    targets : sequence of Target
        What the ward follows.

    Returns
    -------
    tuple of FollowedRisk
        In the order of the file; one for each of ``at_days``.

    Raises
    ------
    PlanRefused
        Everything found: ``bad_value``, ``unknown_key``, ``target_unknown``, ``no_risk``,
        ``event_unknown``, ``horizon_missing``, ``target_twice``.
    """
    told = document.get("calibration", [])
    if not isinstance(told, list) or not all(isinstance(one, Mapping) for one in told):
        what, mend = "tables are needed", "write [[calibration]] above each one"
        raise PlanRefused([Problem("bad_value", what, "calibration", mend)])
    problems: list[Problem] = []
    found: list[FollowedRisk] = []
    for place, one in enumerate(told, 1):
        found += _read(one, targets, f"calibration {place}", problems)
    names = [one.name for one in found]
    for name in dict.fromkeys(one for one in names if names.count(one) > 1):
        what = f"'{name[:60]}' is compared twice"
        problems.append(Problem("target_twice", what, "calibration", "name it once"))
    if problems:
        raise PlanRefused(problems)
    return tuple(found)


def risks_against(
    event: str,
    targets: Sequence[Target],
    horizon_days: float | None = None,
    stated: Sequence[FollowedRisk] = (),
) -> tuple[FollowedRisk, ...]:
    """List every risk that a ward tells, to be compared with an event that a file gives.

    Parameters
    ----------
    event : str
        Column of the file.
    targets : sequence of Target
        What the ward follows.
    horizon_days : float, optional
        Of those that do not say their own.
    stated : sequence of FollowedRisk
        Of `followed_risks`: where the ward file says days and horizon of a risk, these hold.

    Returns
    -------
    tuple of FollowedRisk
        Else at the first moment of each; those without a horizon are left out.
    """
    found = []
    for target in targets:
        own = [one for one in stated if one.target == target.id]
        if own:
            found += [replace(one, event=event, rule="", grade=0) for one in own]
            continue
        horizon = own_horizon(target) or horizon_days
        if tells_risk(target) and horizon is not None:
            found.append(FollowedRisk(target.id, event, "", 0, _first_day(target), horizon))
    return tuple(found)


def tells_risk(target: Target) -> bool:
    """Tell whether a target gives a risk.

    Parameters
    ----------
    target : Target
        Of a ward.

    Returns
    -------
    bool
    """
    spec = getattr(target, "spec", None)
    return target.kind == "landmark" or getattr(spec, "risk", None) is not None


def own_horizon(target: Target) -> float | None:
    """Tell until how long after the moment a target's risk looks.

    Parameters
    ----------
    target : Target
        Of a ward.

    Returns
    -------
    float or None
        Days; None where its file does not say.
    """
    window = getattr(getattr(target, "model", None), "window_days", None)
    if window is not None:
        return float(window)
    outcome = getattr(getattr(target, "spec", None), "outcome", None)
    if outcome is None or outcome.horizon is None or outcome.time_unit is None:
        return None
    return float(outcome.horizon) * _DAYS[outcome.time_unit]


def _first_day(target: Target) -> float:
    return float(getattr(getattr(target, "model", None), "first_day", 0.0))


def _read(
    one: Mapping[str, Any], targets: Sequence[Target], where: str, problems: list[Problem]
) -> Iterator[FollowedRisk]:
    before = len(problems)
    for key in one:
        if key not in _KEYS:
            mend = nearest_names(str(key), _KEYS)
            problems.append(Problem("unknown_key", "this key is not known", where, mend))
    named = str(one.get("target", ""))
    target = next((each for each in targets if each.id == named), None)
    if target is None:
        what = f"the ward does not follow '{named[:40]}'"
        mend = nearest_names(named, [each.id for each in targets])
        problems.append(Problem("target_unknown", what, f"{where}, target", mend))
    elif not tells_risk(target):
        what, mend = f"{target.id} tells no risk", "name a score with a risk, or a landmark model"
        problems.append(Problem("no_risk", what, f"{where}, target", mend))
    rule, grade = _event(str(one.get("event", "")), targets, where, problems)
    horizon = _horizon(one, target, where, problems)
    days = _days(one, target, where, problems)
    if len(problems) > before:
        return
    event = f"{rule}>={grade}" if rule else DEATH
    for day in days:
        yield FollowedRisk(named, event, rule, grade, day, horizon)


def _event(
    text: str, targets: Sequence[Target], where: str, problems: list[Problem]
) -> tuple[str, int]:
    if text.strip() == DEATH:
        return "", 0
    match = _EVENT.fullmatch(text)
    rules = [each.id for each in targets if each.kind == "grade"]
    if match is None or match["rule"] not in rules:
        what = "the event is none that the ward can see"
        mend = f'write event = "death", or a grade such as "{(rules or ["astct-crs"])[0]}>=3"'
        problems.append(Problem("event_unknown", what, f"{where}, event", mend))
        return "", 0
    return match["rule"], int(match["grade"])


def _horizon(
    one: Mapping[str, Any], target: Target | None, where: str, problems: list[Problem]
) -> float:
    said = one.get("horizon_days")
    if said is None:
        own = None if target is None else own_horizon(target)
        if own is None and target is not None:
            what = "the file of this target does not say until when its risk looks"
            mend = "write horizon_days = 28"
            problems.append(Problem("horizon_missing", what, where, mend))
        return own or 0.0
    if not _is_number(said) or not 0 < said <= _LONGEST:
        what, mend = "a number of days is needed", f"write a number above 0, up to {_LONGEST}"
        problems.append(Problem("bad_value", what, f"{where}, horizon_days", mend))
        return 0.0
    return float(said)


def _days(
    one: Mapping[str, Any], target: Target | None, where: str, problems: list[Problem]
) -> tuple[float, ...]:
    said = one.get("at_days")
    if said is None:
        return () if target is None else (_first_day(target),)
    good = isinstance(said, list) and 0 < len(said) <= _MOST_MOMENTS
    if not good or not all(_is_number(day) and 0 <= day <= _LONGEST for day in said):
        what = "days after the infusion are needed"
        mend = f"write at_days = [0, 3], at most {_MOST_MOMENTS}"
        problems.append(Problem("bad_value", what, f"{where}, at_days", mend))
        return ()
    return tuple(float(day) for day in said)


def _is_number(said: Any) -> bool:
    return isinstance(said, int | Decimal) and not isinstance(said, bool)
