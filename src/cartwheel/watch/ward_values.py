"""The parts of a ward file that state values: ages, assumptions, limits; each checked by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from cartwheel.clinic.charted import Charted, analyte
from cartwheel.clinic.dictionary import nearest_names, variables
from cartwheel.clinic.score_terms import Input
from cartwheel.clinic.toxicity.answers import read_chart
from cartwheel.clinic.toxicity.assessment import Asked
from cartwheel.clinic.toxicity.vocabulary import INPUTS
from cartwheel.errors import CohortRefused, Problem, Refused, refuse
from cartwheel.units import Quantity
from cartwheel.watch.observation import TREATMENTS, NameKind, rule_inputs
from cartwheel.watch.policy import Assumed
from cartwheel.watch.scores import ScoreTarget
from cartwheel.watch.targets import Target

_LONGEST_HOURS = 24 * 366
_LIMITS = ("_uln", "_lln")
_LOWEST_LIMIT, _HIGHEST_LIMIT = 50, 140
_ONE_DAY = timedelta(days=1)


def time_zone_problem(given: object) -> Problem | None:
    """Say what is wrong with the time zone of a ward; None where it is one.

    Parameters
    ----------
    given : object
        As in the file.

    Returns
    -------
    Problem or None
    """
    mend = 'write its IANA name: time_zone = "Europe/Berlin"'
    if not isinstance(given, str):
        return Problem("missing_key", "the time zone of the ward is needed", "time_zone", mend)
    try:
        ZoneInfo(given)
    except (ValueError, OSError, LookupError):
        close = nearest_names(given, sorted(available_timezones()))
        mend = close if close.startswith("did") else mend
        what = f"'{given[:40]}' is not a time zone"
        return Problem("time_zone_unknown", what, "time_zone", mend)
    return None


def max_ages_of(
    given: object, names: Mapping[str, NameKind], problems: list[Problem]
) -> tuple[timedelta, dict[str, timedelta | None]]:
    """Read how long values count.

    Parameters
    ----------
    given : object
        The table: name to hours, or ``never`` for what does not age; with ``default``.
    names : mapping of str to str
        Every name there is.
    problems : list of Problem
        What is wrong is added to it.

    Returns
    -------
    pair of timedelta and dict
        The default, and the others by name.
    """
    where = "max_age_hours"
    if not isinstance(given, Mapping) or "default" not in given:
        mend = "write [max_age_hours] with default = 24"
        what = "how long a value counts is not said"
        problems.append(Problem("missing_key", what, f"{where}.default", mend))
        given = given if isinstance(given, Mapping) else {}
    found: dict[str, timedelta | None] = {}
    for name, hours in given.items():
        if name != "default" and name not in names:
            problems.append(_name_unknown(name, where, names))
            continue
        age = _age(hours)
        if isinstance(age, str) or (age is None and name == "default"):
            what = age or "the default cannot be 'never'"
            mend = f'hours above 0 and up to {_LONGEST_HOURS}, or "never"'
            problems.append(Problem("bad_value", what, f"{where}.{name}", mend))
        else:
            found[name] = age
    return found.pop("default", None) or _ONE_DAY, found


def _age(hours: object) -> timedelta | str | None:
    if hours == "never":
        return None
    if isinstance(hours, bool) or not isinstance(hours, int | Decimal | float):
        return "an age is a number of hours"
    if not 0 < hours <= _LONGEST_HOURS:
        return f"{hours} hours cannot be an age"
    return timedelta(hours=float(hours))


def assumed_of(
    given: object, targets: Sequence[Target], problems: list[Problem]
) -> dict[str, Assumed]:
    """Read what inputs are taken to be while nobody charted them.

    Parameters
    ----------
    given : object
        The table: input to a word of the rule, yes or no, names, or a whole number.
    targets : sequence of Target
        What the ward follows.
    problems : list of Problem
        What is wrong is added to it.

    Returns
    -------
    dict of str to bool, int, str or tuple of str
        In the rule's own words.
    """
    if not isinstance(given, Mapping):
        problems.append(Problem("bad_value", "a table is needed", "assumed", "write [assumed]"))
        return {}
    coded = _coded(targets)
    found: dict[str, Assumed] = {}
    for name, value in given.items():
        where = f"assumed.{str(name)[:60]}"
        try:
            found[name] = _assumed(name, value, coded)
        except Refused as refused:
            problems += [Problem(each.code, each.what, where, each.mend)
                         for each in refused.problems]  # fmt: skip
    return found


def _coded(targets: Sequence[Target]) -> dict[str, Input]:
    return {
        item.name: item
        for one in targets
        if isinstance(one, ScoreTarget)
        for item, _ in one.sources
        if item.variable is None
    }


def _assumed(name: str, value: object, coded: Mapping[str, Input]) -> Assumed:
    asked = rule_inputs().get(name)
    if asked is None and name in coded:
        return _assumed_code(coded[name], value)
    if asked is None and name not in variables():
        problem = _name_unknown(name, "assumed", {**rule_inputs(), **coded})
        raise CohortRefused(problem)
    if asked is None or asked.kind in ("quantity", "series"):
        mend = "a limit of the laboratory goes to [constants]; anything else has to be measured"
        raise refuse(
            CohortRefused, "assumed_quantity", "a measured value is not assumed", mend=mend
        )
    if name == "crs_before":
        raise refuse(
            CohortRefused, "assumed_course", "whether there was CRS before is told by its grades",
            mend="leave it out",
        )  # fmt: skip
    read = _read_word(asked, value)
    if name in TREATMENTS and read not in (False, ()):
        raise refuse(
            CohortRefused, "assumed_treatment", "no treatment is assumed to have been given",
            mend='write "no", or leave it out',
        )  # fmt: skip
    return read


def _read_word(asked: Asked, value: object) -> Assumed:
    chart = {asked.name: tuple(value) if isinstance(value, list) else value}
    found: Assumed | Decimal | None
    if asked.name in INPUTS:
        found = read_chart(chart, (asked,)).values.get(asked.name)
    else:
        charted = Charted(chart, (asked,))
        if asked.kind == "yes_no":
            found = charted.yes_no(asked.name)
        elif asked.kind == "number":
            found = charted.number(asked.name)
        else:
            found = charted.choice(asked.name)
        charted.finish()
    if found is None:
        raise refuse(CohortRefused, "bad_value", "nothing is said", mend="write a word of the rule")
    return int(found) if isinstance(found, Decimal) else found


def _assumed_code(item: Input, value: object) -> Assumed:
    words = {word.strip().casefold(): word for word in item.coding or {}}
    said = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    word = words.get(said.strip().casefold())
    if word is None:
        coded = ", ".join(item.coding or {})
        raise refuse(
            CohortRefused, "choice_unknown", f"'{said[:40]}' is not one of the words of the score",
            mend=f"one of: {coded}" if coded else "this input is a number: measure it",
        )  # fmt: skip
    return word


def constants_of(
    given: object, names: Mapping[str, NameKind], problems: list[Problem]
) -> dict[str, Quantity]:
    """Read the limits of the ward's laboratory.

    Parameters
    ----------
    given : object
        The table: name such as ``ferritin_uln`` to a number with its unit.
    names : mapping of str to str
        Every name there is.
    problems : list of Problem
        What is wrong is added to it.

    Returns
    -------
    dict of str to Quantity
        In the canonical unit.
    """
    if not isinstance(given, Mapping):
        mend = 'write [constants] with ferritin_uln = "300 ug/L"'
        problems.append(Problem("bad_value", "a table is needed", "constants", mend))
        return {}
    found: dict[str, Quantity] = {}
    for name, text in given.items():
        where = f"constants.{str(name)[:60]}"
        if name not in names:
            problems.append(_name_unknown(name, "constants", list(_limits(names))))
            continue
        if not name.endswith(_LIMITS):
            mend = f"limits end in {' or '.join(_LIMITS)}"
            problems.append(Problem("not_a_limit", "this is no limit of a laboratory", where, mend))
            continue
        known = variables()[analyte(name)]
        asked = Asked(name, name, "quantity", unit=known.unit)
        try:
            charted = Charted({name: text if isinstance(text, str) else str(text)}, (asked,))
            value = charted.quantity(name)
            charted.finish()
        except Refused as refused:
            problems += [Problem(each.code, each.what, where, each.mend)
                         for each in refused.problems]  # fmt: skip
            continue
        if value is not None:
            found[name] = Quantity(value, known.unit)
    return found


def _limits(names: Mapping[str, NameKind]) -> Iterator[str]:
    return (name for name in names if name.endswith(_LIMITS) and analyte(name) in variables())


def systolic_of(given: object, problems: list[Problem]) -> Decimal | None:
    """Read below which systolic pressure the ward speaks of hypotension.

    Parameters
    ----------
    given : object
        The table with ``systolic_below_mmhg``; None where the ward has no such limit.
    problems : list of Problem
        What is wrong is added to it.

    Returns
    -------
    Decimal or None
        In mm[Hg].
    """
    if given is None:
        return None
    where, key = "hypotension", "systolic_below_mmhg"
    mend = f"write {key} = 90, or leave [hypotension] out: then only a person calls it"
    if not isinstance(given, Mapping) or set(given) != {key}:
        what = f"this table holds {key} and nothing else"
        problems.append(Problem("unknown_key", what, where, mend))
        return None
    limit = given[key]
    number = isinstance(limit, int | Decimal | float) and not isinstance(limit, bool)
    if not number or not _LOWEST_LIMIT <= limit <= _HIGHEST_LIMIT:
        what = f"a number from {_LOWEST_LIMIT} to {_HIGHEST_LIMIT} is needed"
        problems.append(Problem("bad_value", what, f"{where}.{key}", mend))
        return None
    return Decimal(str(limit))


def _name_unknown(name: object, where: str, names: Mapping[str, Any] | Sequence[str]) -> Problem:
    what = f"'{str(name)[:40]}' is no name that anybody asks for"
    place = f"{where}.{str(name)[:60]}"
    return Problem("name_unknown", what, place, nearest_names(str(name), names))
