"""A validation as its paper shows it: numbers with their places, and which of them are withheld."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from cartwheel.figures.numbers import measure_format
from cartwheel.report.document.blocks import Cell, Paragraph, Row, Run
from cartwheel.report.paper.develop_score_tables import time_unit
from cartwheel.report.paper.numbers import NOT_ESTIMABLE, Numbers, estimate_text, number_text
from cartwheel.report.places import places_under
from cartwheel.report.words import Filling, Say, gap
from cartwheel.validation.sharing.cells import in_steps, step_of

_ENDS = ("value", "low", "high")


@dataclass(frozen=True, slots=True)
class Shown:
    """The numbers of a validation, some of which may not leave the centre.

    Parameters
    ----------
    numbers : Numbers
        Of the whole result.
    sharing : bool
        Whether the paper is to leave the centre.
    withheld : frozenset of str
        Places that are not told, nor anything below them; empty unless the paper is to be shared.
    coarse : bool
        Whether estimates are told to a whole standard error instead of a fifth of it.
    names : mapping of str to str
        Place of a group to the name by which it is told; empty unless the paper is to be shared.
    drawn : mapping
        The result that figures are drawn from: what is withheld is not in it.
    """

    numbers: Numbers
    sharing: bool
    withheld: frozenset[str]
    coarse: bool
    names: Mapping[str, str]
    drawn: Mapping[str, Any]

    @property
    def say(self) -> Say:
        """Words of the language."""
        return self.numbers.say

    def at(self, place: str) -> Any:
        """Give what stands at a place, told or not."""
        return self.numbers.at(place)

    def under(self, place: str) -> tuple[str, ...]:
        """Name the places of the members of a list."""
        return places_under(self.numbers.document, place)

    def hidden(self, place: str) -> bool:
        """Whether what stands at a place is withheld."""
        if not self.withheld:
            return False
        while place:
            if place in self.withheld:
                return True
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        return False

    def cell(self, place: str, kind: str, missing: str = NOT_ESTIMABLE) -> Cell:
        """Write a number for a table; one that is withheld says so."""
        if self.hidden(place):
            return Cell(self.say("validate.share.cell"))
        if self.sharing and has_interval(self.at(place)):
            return Cell(
                estimate_text(
                    self.say, in_steps_of(self.at(place), coarse=self.coarse), kind, missing
                ),
                place,
            )
        return self.numbers.cell(place, kind, missing)

    def optional(self, place: str, kind: str) -> Cell:
        """Write a number for a table; nothing where there is none."""
        return Cell("") if self.at(place) is None else self.cell(place, kind)

    def words(self, place: str) -> Cell:
        """Show words of the result, which are the centre's own, as they are."""
        return self.numbers.words(place)

    def run(self, place: str, kind: str, missing: str = NOT_ESTIMABLE) -> Run:
        """Write a number for a sentence; one that is withheld says so."""
        if self.hidden(place):
            return Run(self.say("validate.share.cell"))
        if self.sharing and has_interval(self.at(place)):
            text = estimate_text(
                self.say, in_steps_of(self.at(place), coarse=self.coarse), kind, missing
            )
            return Run(text, source=place)
        return self.numbers.run(place, kind, missing)

    def with_interval(self, place: str, kind: str) -> Run:
        """Write an estimate for a sentence that names its interval."""
        estimate = self.at(place)
        if self.hidden(place) or not has_interval(estimate):
            return self.run(place, kind)
        told = estimate
        if self.sharing:
            told = in_steps_of(estimate, coarse=self.coarse)
        value, low, high = (number_text(self.say, told[end], kind) for end in _ENDS)
        ci = self.numbers.interval_name([place])
        return Run(
            self.say("validate.with_ci", value=value, ci=ci, low=low, high=high), source=place
        )

    def named(self, place: str) -> Run:
        """Show words of the result in a sentence."""
        return self.numbers.named(place)

    def p(self, place: str) -> Run:
        """Write a p value for a sentence."""
        return self.numbers.p(place)

    def paragraph(self, key: str, **fields: Filling) -> Paragraph:
        """Say a sentence of the catalogue."""
        return Paragraph(self.say.runs(f"validate.{key}", **fields))

    def until(self) -> tuple[Run, ...]:
        """Say until when events count; nothing for a yes or no."""
        if self.at("result.outcome.horizon") is None:
            return ()
        return self.say.runs(
            "validate.until",
            horizon=self.run("result.outcome.horizon", "exact"),
            unit=time_unit(self.numbers),
        )

    def group_cell(self, place: str) -> Cell:
        """Name a group: as the result does, or as it may leave the centre."""
        return Cell(self.names[place]) if place in self.names else self.words(f"{place}.group")

    def score_names(self) -> tuple[str, ...]:
        """Name the scores in the order of the plan."""
        return tuple(str(self.at(f"{place}.name")) for place in self.under("result.scores"))

    def listed(self, names: Iterable[str]) -> tuple[Run, ...]:
        """List names in a sentence so that a comma within one is seen to be its own."""
        return self.say.listed(Run(str(name), "emphasis") for name in names)


def has_interval(value: Any) -> bool:
    """Say whether this is an estimate with an interval.

    Parameters
    ----------
    value : any
        What stands at a place of the result.

    Returns
    -------
    bool
    """
    return isinstance(value, Mapping) and None not in (
        *(value.get(name) for name in (*_ENDS, "level")),
    )


def in_steps_of(estimate: Mapping[str, Any], *, coarse: bool) -> dict[str, Any]:
    """Round an estimate to a part of its standard error, as the shared file does.

    Parameters
    ----------
    estimate : mapping
        An ``Estimate`` with an interval, as JSON.
    coarse : bool
        To about the whole of it.

    Returns
    -------
    dict
        The same; finer digits would let single patients be solved for.
    """
    wide = NormalDist().inv_cdf(0.5 + estimate["level"] / 2.0)
    error = (estimate["high"] - estimate["low"]) / (2.0 * wide)
    step = step_of(error, coarse=coarse)
    told = {name: in_steps(estimate[name], step) for name in _ENDS}
    return {**estimate, **told}


def joined(*parts: Iterable[Run]) -> Paragraph:
    """Make one paragraph of sentences, a space between each and the next as the script has it.

    Parameters
    ----------
    *parts : iterable of Run
        Sentences; an empty one is left out.

    Returns
    -------
    Paragraph
        Without runs where all of them are empty.
    """
    runs: list[Run] = []
    for part in parts:
        sentence = tuple(part)
        between = gap(runs[-1].text) if sentence and runs else ""
        if between:
            runs.append(Run(between))
        runs += sentence
    return Paragraph(tuple(runs))


def measure_name(say: Say, measure: Mapping[str, Any]) -> str:
    """Name a measure; one the catalogue does not know by the label that the result has.

    Parameters
    ----------
    say : Say
        Words of the language.
    measure : mapping
        A ``Measure`` as JSON.

    Returns
    -------
    str
    """
    key = f"validate.measure.{measure.get('name')}"
    return say(key) if key in say else str(measure.get("label", ""))


def measure_row(name: str, cells: Sequence[Cell], indent: int = 0) -> Row:
    """Put a name before cells.

    Parameters
    ----------
    name : str
        Words.
    cells : sequence of Cell
        What follows.
    indent : int
        Levels by which the name is moved in.

    Returns
    -------
    Row
    """
    return Row((Cell(name), *cells), indent)


def kind_of(measure: str) -> str:
    """Name the rule by which a measure of a validation is written.

    Parameters
    ----------
    measure : str
        Its name, also of a difference at a threshold.

    Returns
    -------
    str
        Key of ``figures.numbers.FORMATS``.
    """
    return measure_format(measure)


def side_of(estimate: Mapping[str, Any] | None, ideal: float) -> str:
    """Say on which side of its ideal an interval lies.

    Parameters
    ----------
    estimate : mapping or None
        An ``Estimate`` as JSON.
    ideal : float
        1 for a slope, 0.5 for no discrimination.

    Returns
    -------
    str
        ``below``, ``above``, ``holds`` (the ideal lies in it) or ``unknown`` (no interval).
    """
    low, high = (None, None) if estimate is None else (estimate.get("low"), estimate.get("high"))
    if low is None or high is None:
        return "unknown"
    if high < ideal:
        return "below"
    return "above" if low > ideal else "holds"
