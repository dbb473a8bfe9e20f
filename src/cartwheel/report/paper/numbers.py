"""The one way a number gets into a paper: rounded by rule, with its place in the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cartwheel.figures.numbers import FORMATS, cut as written_cut
from cartwheel.figures.terms import term
from cartwheel.figures.wording import drawn_in
from cartwheel.report.document.blocks import Cell, Run
from cartwheel.report.places import is_below, value_at
from cartwheel.report.words import Say, phrases

NOT_ESTIMABLE = "shared.not_estimable"
NOT_REACHED = "shared.not_reached"
NOT_STATED = "shared.not_stated"
REFERENCE = "shared.reference"
WITHHELD = "shared.share.cell"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of one result, in one language.

    Parameters
    ----------
    document : mapping
        The JSON of a result.
    say : Say
        Words of the language.
    withheld : frozenset of str
        Places that may not leave the centre, nor anything below them; the document lacks them too.
    """

    document: Mapping[str, Any]
    say: Say
    withheld: frozenset[str] = frozenset()

    def at(self, place: str) -> Any:
        """Give what stands at a place, unrounded; None where there is nothing."""
        return value_at(self.document, place)

    def hidden(self, place: str) -> bool:
        """Whether what stands at a place is withheld."""
        return bool(self.withheld) and is_below(place, self.withheld)

    def text(self, place: str, kind: str, missing: str = "") -> str:
        """Write what stands at a place: a number, an estimate with its interval, a summary."""
        if self.hidden(place):
            return self.say(WITHHELD)
        value = self.at(place)
        # what was asked is stated or not; what was found could be estimated or not
        asked = place.startswith(("plan.", "provenance."))
        missing = missing or (NOT_STATED if asked else NOT_ESTIMABLE)
        if isinstance(value, Mapping):
            return _mapping_text(self.say, value, kind, missing)
        return number_text(self.say, value, kind, missing)

    def run(self, place: str, kind: str, missing: str = "", style: str = "plain") -> Run:
        """Write it for a sentence; a number that is not there has no source."""
        source = "" if self.at(place) is None else place
        return Run(self.text(place, kind, missing), style, source=source)

    def stated(self, place: str, kind: str, missing: str = "") -> Run:
        """Write an estimate for a sentence, its interval named: ``2.15 (95% CI 1.74 to 2.66)``."""
        estimate = self.at(place)
        if not isinstance(estimate, Mapping) or estimate.get("level") is None:
            return self.run(place, kind, missing)
        value, low, high = (
            number_text(self.say, estimate.get(name), kind, missing or NOT_ESTIMABLE)
            for name in ("value", "low", "high")
        )
        named = self.say(
            "shared.interval_named",
            value=value,
            interval=self.interval_name([place]),
            low=low,
            high=high,
        )
        return Run(named, source=place)

    def cell(self, place: str, kind: str, missing: str = "", *, strong: bool = False) -> Cell:
        """Write it for a table."""
        id = "" if self.at(place) is None else place
        return Cell(self.text(place, kind, missing), id, strong)

    def words(self, place: str, missing: str = "") -> Cell:
        """Show words of the result as they are, with their place; nothing where there are none."""
        value = self.at(place)
        return Cell(missing) if value is None or value == "" else Cell(str(value), place)

    def fixed(self, place: str) -> Cell:
        """Show a word that cartwheel itself wrote, such as a measure, in the paper's language."""
        cell = self.words(place)
        with drawn_in(phrases(self.say.language)):
            return replace(cell, text=term(cell.text))

    def length(self, place: str) -> Run:
        """Write how many items stand at a place: the place of a list stands for its length."""
        items = self.at(place)
        if items is None:
            return Run(self.say(NOT_STATED))
        return Run(FORMATS["count"](len(items)), source=place)

    def named(self, place: str) -> Run:
        """Show words of the result in a sentence, as they are."""
        value = self.at(place)
        if value is None or value == "":
            return Run(self.say(NOT_STATED))
        return Run(str(value), source=place)

    def quoted(self, place: str) -> tuple[Run, ...]:
        """Show a sentence of the result as it is; other languages mark it as English."""
        value = self.at(place)
        if value is None or value == "":
            return ()
        mark = self.say.sentence("shared.english.mark")
        said = Run(str(value), source=place)
        return (Run(mark), said) if mark else (said,)

    def english_note(self) -> tuple[str, ...]:
        """Give the note under a table whose words stand in it as the result has them."""
        note = self.say.sentence("shared.english.note")
        return (note,) if note else ()

    def p(self, place: str) -> Run:
        """Write a p value for a sentence: ``p = 0.043`` or ``p < 0.001``."""
        if self.hidden(place):
            return Run(self.say(WITHHELD))
        return Run(p_text(self.say, self.at(place)), source="" if self.at(place) is None else place)

    def cut_text(self, place: str) -> str:
        """Write the cut-off at a place so that its rounding makes the same groups."""
        cutoff = self.at(place)
        return written_cut(cutoff["cut"], cutoff.get("gap_low"), cutoff.get("gap_high"))

    def interval_name(self, places: Sequence[str]) -> str:
        """Name the interval of estimates: ``95% CI``; the first that has one tells its level."""
        for place in places:
            level = self.at(f"{place}.level")
            if level is not None:
                return self.say("shared.ci", level=FORMATS["level"](level))
        return self.say("shared.no_interval")


def number_text(
    say: Say, value: float | int | None, kind: str, missing: str = NOT_ESTIMABLE
) -> str:
    """Write a number by its rule.

    Parameters
    ----------
    say : Say
        Words of the language.
    value : float, int or None
        As it stands in the JSON.
    kind : str
        Key of ``figures.numbers.FORMATS``.
    missing : str
        Key of the words for None.

    Returns
    -------
    str
    """
    return say(missing) if value is None else FORMATS[kind](value)


def estimate_text(
    say: Say, estimate: Mapping[str, Any], kind: str, missing: str = NOT_ESTIMABLE
) -> str:
    """Write an estimate with its interval: ``2.15 (1.74 to 2.66)``.

    Parameters
    ----------
    say : Say
        Words of the language.
    estimate : mapping
        An ``Estimate`` as JSON.
    kind : str
        Key of ``figures.numbers.FORMATS``.
    missing : str
        Key of the words for a value or limit that does not exist.

    Returns
    -------
    str
        The value alone where it has no interval at all.
    """
    value, low, high = (
        number_text(say, estimate.get(name), kind, missing) for name in ("value", "low", "high")
    )
    if estimate.get("low") is None and estimate.get("high") is None:
        return value
    return say("shared.interval", value=value, low=low, high=high)


def estimate_cell(
    say: Say,
    estimate: Mapping[str, Any] | None,
    place: str,
    kind: str,
    missing: str = NOT_ESTIMABLE,
) -> Cell:
    """Write an estimate with its interval for a table.

    Parameters
    ----------
    say : Say
        Words of the language.
    estimate : mapping or None
        An ``Estimate`` as JSON.
    place : str
        Where it stands.
    kind : str
        Key of ``figures.numbers.FORMATS``.
    missing : str
        Key of the words for what does not exist.

    Returns
    -------
    Cell
    """
    if estimate is None:
        return Cell(say(missing))
    return Cell(estimate_text(say, estimate, kind, missing), place)


def p_text(say: Say, value: float | None) -> str:
    """Write a p value with its sign, as a sentence has it.

    Parameters
    ----------
    say : Say
        Words of the language.
    value : float or None
        0-1.

    Returns
    -------
    str
        ``p = 0.043``, ``p < 0.001`` or ``p > 0.99``.
    """
    if value is None:
        return say("shared.no_p")
    text = FORMATS["p"](value)
    sign, digits = (text[0], text[1:]) if text[0] in "<>" else ("=", text)
    return say("shared.p", sign=sign, value=digits)


def p_cell(say: Say, value: float | None, place: str) -> Cell:
    """Write a p value for a table, where the header already says p.

    Parameters
    ----------
    say : Say
        Words of the language.
    value : float or None
        0-1.
    place : str
        Where it stands.

    Returns
    -------
    Cell
        Empty where there is none.
    """
    return Cell("") if value is None else Cell(number_text(say, value, "p"), place)


def count_cell(say: Say, value: int | None, place: str) -> Cell:
    """Write patients or events for a table.

    Parameters
    ----------
    say : Say
        Words of the language.
    value : int or None
        A count.
    place : str
        Where it stands.

    Returns
    -------
    Cell
        Empty where there is none.
    """
    return Cell("") if value is None else Cell(number_text(say, value, "count"), place)


def _mapping_text(say: Say, value: Mapping[str, Any], kind: str, missing: str) -> str:
    if "median" in value and "lower_quartile" in value:
        return _summary_text(say, value)
    return estimate_text(say, value, kind, missing)


def _summary_text(say: Say, summary: Mapping[str, Any]) -> str:
    # a cell of Table 1: median (quartiles) of a number, count (per cent) of a category
    if summary.get("count") is not None:
        n = number_text(say, summary["count"], "count")
        if summary.get("percent") is None:
            return n
        share = number_text(say, summary["percent"], "percentage")
        return say("shared.count_percent", n=n, percent=share)
    if summary.get("median") is None:
        return say("shared.no_value")
    median, low, high = (
        number_text(say, summary[name], "quantity")
        for name in ("median", "lower_quartile", "upper_quartile")
    )
    return say("shared.median_iqr", median=median, low=low, high=high)
