"""What a result says, place by place; a part that is not there leaves its item blank."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cartwheel.errors import CartwheelError
from cartwheel.figures.numbers import FORMATS
from cartwheel.report.places import value_at
from cartwheel.report.words import Say

SHOWN = 12


class Absent(CartwheelError):
    """A part of the result that an answer needs is not there: the item stays blank."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the run says to one item.

    Parameters
    ----------
    text : str
        For the reader.
    source : str
        Place in the result; empty for an item that does not apply.
    """

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One result, read in one language.

    Parameters
    ----------
    document : mapping
        The JSON of a result.
    say : Say
        Words of the language.
    """

    document: Mapping[str, Any]
    say: Say

    def at(self, place: str) -> Any:
        """Give what stands at a place; `Absent` where there is nothing or null."""
        found = value_at(self.document, place)
        if found is None:
            raise Absent(place)
        return found

    def has(self, place: str) -> bool:
        """Whether anything stands at a place: not null, not empty, not zero and not false."""
        try:
            return bool(self.at(place))
        except Absent:
            return False

    def rows(self, place: str) -> tuple[str, ...]:
        """Name the places of the members of a list; `Absent` where it is empty."""
        found = self.at(place)
        if not isinstance(found, list | tuple) or not found:
            raise Absent(place)
        return tuple(f"{place}[{at}]" for at in range(len(found)))

    def rows_or_none(self, place: str) -> tuple[str, ...]:
        """Name the places of the members of a list; none where it is empty or absent."""
        try:
            return self.rows(place)
        except Absent:
            return ()

    def number(self, rule: str, place: str) -> str:
        """Write the number at a place by its rule."""
        return self._written(rule, self.at(place), place)

    def text(self, place: str) -> str:
        """Give the words at a place, as they are; `Absent` where they are empty."""
        found = self.at(place)
        if not isinstance(found, str) or not found.strip():
            raise Absent(place)
        return found

    def english(self, place: str) -> str:
        """Give a sentence that the result has in English; other languages say that it is."""
        return self.marked(self.text(place))

    def marked(self, text: str) -> str:
        """Mark words that are English in every language."""
        return self.say("shared.english.mark") + text

    def interval(self, rule: str, place: str, missing: str = "shared.not_estimable") -> str:
        """Write the estimate at a place, with its interval where it has one.

        ``missing`` is the key of the words for a value or limit that does not exist.
        """
        found = self.at(place)
        if not isinstance(found, Mapping):
            raise Absent(place)
        if "value" in found and found["value"] is None:
            return self.say(missing)
        value = self.number(rule, f"{place}.value")
        ends = [found.get("low"), found.get("high")]
        if ends == [None, None]:
            return value
        low, high = (
            self.say(missing) if end is None else self._written(rule, end, place) for end in ends
        )
        return self.say("shared.interval", value=value, low=low, high=high)

    def p(self, place: str) -> str:
        """Write the p value at a place, with its sign."""
        text = self.number("p", place)
        sign, digits = (text[0], text[1:]) if text[0] in "<>" else ("=", text)
        return self.say("shared.p", sign=sign, value=digits)

    def each(self, places: Iterable[str], one: Callable[[str], str], *, whole: bool = False) -> str:
        """Join what is said of each member; those that lack a part are left out.

        A list of which no member may be missing (every limitation, every range of a score) is
        written ``whole``.
        """
        said: list[str] = []
        for place in places:
            try:
                said.append(one(place))
            except Absent:
                continue
        if not said:
            raise Absent("")
        return self.say("checklists.between").join(said) if whole else self.listed(said)

    def listed(self, items: Iterable[str]) -> str:
        """Join items by semicolons; after the first few it says how many more there are."""
        parts = list(items)
        joined = self.say("checklists.between").join(parts[:SHOWN])
        if len(parts) <= SHOWN:
            return joined
        rest = FORMATS["count"](len(parts) - SHOWN)
        return self.say("checklists.and_more", items=joined, more=rest)

    def distinct(self, places: Iterable[str]) -> tuple[str, ...]:
        """Give the different words at the places, in order; empty ones are left out."""
        found: dict[str, None] = {}
        for place in places:
            try:
                found[self.text(place)] = None
            except Absent:
                continue
        if not found:
            raise Absent("")
        return tuple(found)

    def sentences(self, *makers: Callable[[], str]) -> str:
        """Join the sentences that can be made; `Absent` where none can."""
        made: list[str] = []
        for maker in makers:
            try:
                made.append(maker())
            except Absent:
                continue
        if not made:
            raise Absent("")
        return self.say.together(made)

    def _written(self, rule: str, value: Any, place: str) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Absent(place)
        if not math.isfinite(value):
            raise Absent(place)
        return FORMATS[rule](value)


Filling = Callable[[Reading], Answer]
