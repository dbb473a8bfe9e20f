"""Effects of a meta-analysis in words: each measure by its own rule, with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cartwheel.figures.pooling.measure import MEASURES, Measure, written_value
from cartwheel.report.document.blocks import Cell, Run
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.words import Say

_ENDS = ("value", "low", "high")
ASSOCIATIONS = frozenset(("HR", "OR", "RR", "IRR", "RD", "MD", "SMD"))


@dataclass(frozen=True, slots=True)
class Effects:
    """Numbers of one measure.

    Parameters
    ----------
    numbers : Numbers
        Of the whole result.
    measure : str
        Code of the measure, such as ``HR``.
    """

    numbers: Numbers
    measure: str

    @property
    def say(self) -> Say:
        """Words of the language."""
        return self.numbers.say

    def at(self, place: str) -> Any:
        """Give what stands at a place."""
        return self.numbers.at(place)

    def text(self, value: float | None) -> str:
        """Write one number of the measure; a ratio far beyond is only said to be beyond."""
        if value is None:
            return self.say("shared.not_estimable")
        rule = MEASURES.get(self.measure, Measure(self.measure, self.measure, "two", False))
        return written_value(value, rule) + ("%" if rule.kind == "percent" else "")

    def estimate_text(self, estimate: Mapping[str, Any] | None) -> str:
        """Write an estimate with its interval, as a table has it."""
        value, low, high = (self.text((estimate or {}).get(name)) for name in _ENDS)
        if estimate is None or (estimate.get("low") is None and estimate.get("high") is None):
            return value
        return self.say("shared.interval", value=value, low=low, high=high)

    def cell(self, place: str) -> Cell:
        """Write an estimate for a table; a dash where there is none."""
        estimate = self.at(place)
        if estimate is None:
            return Cell(self.say("pool.none"))
        return Cell(self.estimate_text(estimate), place)

    def run(self, place: str) -> Run:
        """Write an estimate for a sentence, with the coverage of its interval."""
        estimate = self.at(place)
        if estimate is None or estimate.get("low") is None or estimate.get("high") is None:
            return Run(self.estimate_text(estimate), source=place if estimate else "")
        value, low, high = (self.text(estimate[name]) for name in _ENDS)
        ci = self.numbers.interval_name([place])
        return Run(self.say("pool.with_ci", value=value, ci=ci, low=low, high=high), source=place)

    def number(self, place: str) -> Run:
        """Write one number of the measure for a sentence."""
        return Run(self.text(self.at(place)), source="" if self.at(place) is None else place)

    def range_cell(self, place: str) -> Cell:
        """Write the prediction interval of a row; its lower limit's place stands for both."""
        low, high = (self.at(f"{place}.prediction_{end}") for end in ("low", "high"))
        if low is None or high is None:
            return Cell(self.say("pool.none"))
        text = self.say("pool.range", low=self.text(low), high=self.text(high))
        return Cell(text, f"{place}.prediction_low")

    def name(self) -> str:
        """Name the measure; one the catalogue does not know by its code."""
        key = f"pool.measure.{self.measure}"
        return self.say(key) if key in self.say else self.measure

    def meaning(self) -> str:
        """Say what the value of no effect means."""
        key = f"pool.meaning.{self.measure}"
        return self.say(key if key in self.say else "pool.meaning.none")

    def null(self, place: str) -> Run:
        """Write the value of no effect of an analysis."""
        return self.numbers.run(f"{place}.null_value", "exact")


def effects_of(numbers: Numbers, analysis: str) -> Effects:
    """Give the numbers of an analysis.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    analysis : str
        Its place.

    Returns
    -------
    Effects
    """
    return Effects(numbers, str(numbers.at(f"{analysis}.measure")))


def holds(estimate: Mapping[str, Any] | None, null: float | None) -> bool | None:
    """Say whether an interval includes no effect.

    Parameters
    ----------
    estimate : mapping or None
        An ``Estimate`` as JSON.
    null : float or None
        No effect.

    Returns
    -------
    bool or None
        None where there is no interval, or no such value.
    """
    low, high = (None, None) if estimate is None else (estimate.get("low"), estimate.get("high"))
    if low is None or high is None or null is None:
        return None
    return bool(low <= null <= high)


def named_level(say: Say, section: str, word: str) -> str:
    """Translate a stable word of the result; one that is not known stays as it is.

    Parameters
    ----------
    say : Say
        Words of the language.
    section : str
        Part of the catalogue, such as ``pool.level``.
    word : str
        As in the result.

    Returns
    -------
    str
    """
    key = f"{section}.{word.replace(' ', '_').replace('-', '_')}"
    return say(key) if key in say else word


def names(words: Iterable[Any]) -> tuple[Run, ...]:
    """Set names of studies or columns apart in a sentence.

    Parameters
    ----------
    words : iterable
        Names; each is told once.

    Returns
    -------
    tuple of Run
    """
    return tuple(Run(str(word), "emphasis") for word in dict.fromkeys(words))
