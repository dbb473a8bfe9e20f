"""One table of an alert rule while it is read: what is wrong is collected, not raised."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from cartwheel.clinic.dictionary import nearest_names, variable
from cartwheel.clinic.grading import grading_rule
from cartwheel.clinic.measurement import measurement
from cartwheel.errors import Problem, Refused
from cartwheel.units import parse_quantity
from cartwheel.watch.drift_followed import tells_risk
from cartwheel.watch.observation import NameKind
from cartwheel.watch.scores import ScoreTarget
from cartwheel.watch.targets import Target

_Word = TypeVar("_Word", bound=str)
_KEYS = (
    "id", "text", "severity", "target", "at_least", "clear_below", "clear_above", "bands",
    "risk_at_least", "name", "at_most", "times", "rise", "within_hours", "every_hours", "from_day",
    "to_day", "any_of", "clear_after_hours", "quiet_hours", "escalate_minutes", "late_hours",
    "reason_required", "worse_by",
)  # fmt: skip
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONGEST_HOURS = 24 * 366
_LONGEST_TEXT = 200
_HIGHEST_GRADE = 5


class RuleTable:
    """A table, its place in the file, and what was read of it.

    Parameters
    ----------
    given : mapping
        As TOML gives it.
    where : str
        For refusals.
    problems : list of Problem
        What is wrong is added to it.
    targets : sequence of Target
        What the ward follows.
    names : mapping of str to str
        Names of observations, and the kind of their values.
    refused : collection of str
        Rules and scores that the file names and that were refused already.
    """

    def __init__(
        self,
        given: Mapping[str, Any],
        where: str,
        problems: list[Problem],
        targets: Sequence[Target],
        names: Mapping[str, NameKind],
        refused: Collection[str] = (),
    ) -> None:
        self.given = given
        self._where = where
        self._problems = problems
        self._targets = {one.id: one for one in targets}
        self._names = names
        self._refused = refused
        self._read: set[str] = set()

    def _take(self, key: str) -> Any:
        self._read.add(key)
        return self.given.get(key)

    def wrong(self, key: str, what: str, mend: str = "", code: str = "bad_value") -> None:
        """Note that a key is wrong."""
        self._problems.append(Problem(code, what, f"{self._where}: {key}", mend))

    def is_wrong(self, key: str) -> bool:
        """Tell whether something was found wrong with a key."""
        place = f"{self._where}: {key}"
        return any((one.where or "").startswith(place) for one in self._problems)

    def missing(self, key: str, what: str) -> None:
        """Note that a key is missing."""
        self.wrong(key, "it is missing", what, "missing_key")

    def text(self, key: str, *, needed: bool = False) -> str:
        """Read a short text."""
        given = self._take(key)
        if given is None:
            if needed:
                self.missing(key, f'write {key} = "..."')
            return ""
        if not isinstance(given, str) or not given.strip() or len(given) > _LONGEST_TEXT:
            what = f"a text of 1 to {_LONGEST_TEXT} characters is needed"
            self.wrong(key, what, f'write {key} = "..."')
            return ""
        return given.strip()

    def id(self) -> str:
        """Read the rule's own name: it stands in addresses and in counts."""
        name = self.text("id", needed=True)
        if name and not _ID.fullmatch(name):
            mend = "letters, digits, '-', '_' and '.', such as crs-2; words for people go to text"
            self.wrong("id", "an id is one word of at most 64 characters", mend)
        return name

    def word(self, key: str, words: Sequence[_Word]) -> _Word:
        """Read one of some words."""
        given = self._take(key)
        for word in words:
            if word == given:
                return word
        mend = " or ".join(words)
        if given is None:
            self.missing(key, mend)
        else:
            self.wrong(key, f"'{str(given)[:20]}' is none of the words", mend)
        return words[0]

    def flag(self, key: str) -> bool:
        """Read true or false; false where nothing is said."""
        given = self._take(key)
        if given is not None and not isinstance(given, bool):
            self.wrong(key, "true or false is needed", f"write {key} = true, without quotes")
        return given is True

    def number(
        self,
        key: str,
        otherwise: Decimal | None,
        *,
        low: Decimal | float | None = None,
        high: Decimal | float | None = None,
        whole: bool = False,
    ) -> Decimal | None:
        """Read a number in a range."""
        given = self._take(key)
        if given is None:
            return otherwise
        if isinstance(given, bool) or not isinstance(given, int | float | Decimal):
            self.wrong(key, "a number is needed", f"write {key} = 2, without quotes")
            return otherwise
        found = Decimal(str(given))
        fits = found.is_finite() and (not whole or found == found.to_integral_value())
        if not fits or (low is not None and found < low) or (high is not None and found > high):
            ends = [
                f"from {low}" if low is not None else "",
                f"up to {high}" if high is not None else "",
            ]
            kind = "a whole number" if whole else "a number"
            self.wrong(key, f"{given} does not do", " ".join((kind, *filter(None, ends))))
            return otherwise
        return found

    def sure(self, key: str, otherwise: int, *, low: Decimal | int = 0) -> float:
        """Read a number of hours, or take the usual one."""
        found = self.number(key, Decimal(otherwise), low=low, high=_LONGEST_HOURS)
        return float(otherwise if found is None else found)

    def target(self) -> str:
        """Read which rule or score is meant."""
        name = self.text("target", needed=True)
        # what the file follows in vain was said before
        if name and name not in self._targets and name not in self._refused:
            own = "name it under grades or scores too"
            near = nearest_names(name, self._targets) if self._targets else ""
            mend = f"{near}{'' if near.endswith('?') else ';'} or {own}" if near else own
            self.wrong("target", f"the ward does not follow '{name[:40]}'", mend, "target_unknown")
        return name

    def bands(self, target: str) -> tuple[str, ...]:
        """Read bands of a score, ascending."""
        given = self._take("bands")
        if not isinstance(given, list) or not given or not all(isinstance(b, str) for b in given):
            self.wrong("bands", "a list of bands is needed", 'bands = ["high"]')
            return ()
        followed = self._targets.get(target)
        if isinstance(followed, ScoreTarget):
            chosen = followed.spec.chosen(dict(followed.choices))
            known = [band.name for band in chosen.bands]
            for name in given:
                if name not in known:
                    mend = nearest_names(name, known) if known else "the score has no bands"
                    self.wrong("bands", f"there is no band '{name[:40]}'", mend, "band_unknown")
            self._check_order(given, known)
        elif followed is not None:
            self.wrong("bands", "only a score has bands", "say at_least = 2")
        return tuple(given)

    def _check_order(self, given: Sequence[str], known: Sequence[str]) -> None:
        places = [known.index(name) for name in given if name in known]
        if places != sorted(set(places)):
            mend = f"bands = {json.dumps([known[place] for place in sorted(set(places))])}"
            self.wrong("bands", "each band once, in the order of the score", mend)

    def kind_of(self, target: str) -> str:
        """Tell what kind of thing is followed: grade, score, landmark; empty where unknown."""
        followed = self._targets.get(target)
        return "" if followed is None else followed.kind

    def has_risk(self, target: str) -> bool:
        """Tell whether a target gives a risk; true of one that is not known."""
        followed = self._targets.get(target)
        return followed is None or tells_risk(followed)

    def highest_grade(self, target: str) -> int:
        """Give the highest grade of a rule that is followed."""
        return max([_HIGHEST_GRADE, *(grade for grade, _ in grading_rule(target).words)])

    def asks_death(self, target: str) -> bool:
        """Tell whether a rule that is followed asks of what somebody died."""
        followed = self._targets.get(target)
        return followed is not None and any(
            name.startswith("died_of_") or name == "iec_hs_severity" for name in followed.reads
        )

    def any_name(self) -> str:
        """Read the name of an observation."""
        name = self.text("name", needed=True)
        if name and name not in self._names:
            mend = nearest_names(name, self._names)
            self.wrong("name", f"'{name[:40]}' is not known", mend, "name_unknown")
        return name

    def quantity_name(self) -> str:
        """Read the name of a variable of the dictionary."""
        name = self.any_name()
        if self._names.get(name, "quantity") != "quantity":
            self.wrong("name", "it is no measured number", "name a laboratory value or vital sign")
        return name

    def measured(self, key: str, name: str) -> Decimal:
        """Read a value with its unit, in the variable's own."""
        given = self._take(key)
        if given is None:
            self.missing(key, f'a value with its unit: {key} = "38.5 Cel"')
            return Decimal(0)
        try:
            read = measurement(name, str(given), where=f"{self._where}: {key}")
        except Refused as refused:
            # what is wrong with the name itself was said before
            self._problems += [one for one in refused.problems if one.code != "variable_unknown"]
            return Decimal(0)
        if read.limit:
            self.wrong(key, "a limit is a plain number", "leave out < and >")
        return read.value

    def difference(
        self, key: str, name: str, mend: str = 'by how much: times = 2, or rise = "50 mg/L"'
    ) -> Decimal:
        """Read a difference with its unit, in the variable's own."""
        given = self._take(key)
        if given is None:
            self.missing(key, mend)
            return Decimal(1)
        try:
            said = parse_quantity(str(given), where=f"{self._where}: {key}")
            held = variable(name)
        except Refused as refused:
            self._problems += [one for one in refused.problems if one.code != "variable_unknown"]
            return Decimal(1)
        factor = held.units.get(said.unit or "1")
        if factor is None or said.value <= 0:
            self.wrong(key, "a difference above 0 in a unit of the variable is needed",
                       ", ".join(held.units))  # fmt: skip
            return Decimal(1)
        return said.value * factor

    def tables(self, key: str) -> list[RuleTable]:
        """Read the tables of several conditions."""
        given = self._take(key)
        if (
            not isinstance(given, list)
            or not given
            or not all(isinstance(g, Mapping) for g in given)
        ):
            self.wrong(key, "a list of conditions is needed", 'any_of = [{ name = "crp", ... }]')
            return []
        targets = tuple(self._targets.values())
        return [
            RuleTable(one, f"{self._where}: {key} {number}", self._problems, targets, self._names,
                      self._refused)
            for number, one in enumerate(given, 1)
        ]  # fmt: skip

    def refuse_the_rest(self) -> None:
        """Note every key that nobody read."""
        for key in self.given:
            if key not in self._read:
                known = key in _KEYS
                what = "it says nothing in this rule" if known else "this key is not known"
                mend = "leave it out" if known else nearest_names(str(key), _KEYS)
                self.wrong(str(key)[:40], what, mend, "unknown_key")
