"""A toxicity or response grade: the grade, or the grades still possible, and what decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from cartwheel.errors import CohortRefused, refuse

Chart: TypeAlias = Mapping[str, object]
"""What was charted for one patient at one time, by name of input: `Quantity`, Decimal, int, bool,
text, or a tuple of texts. None is a value that was asked for and is unknown."""

Kind: TypeAlias = Literal["quantity", "number", "choice", "yes_no", "names", "series"]
Status: TypeAlias = Literal["verified", "unverified"]


@dataclass(frozen=True, slots=True)
class Datum:
    """One thing read in the chart, and the grade that the rule gives for it.

    Parameters
    ----------
    name : str
        Name of the input.
    value : str
        As read, without its unit.
    unit : str
        Canonical spelling; empty without one.
    gives : int
        The grade that this datum alone gives.
    rule : str
        The words of the rule that applied.
    """

    name: str
    value: str
    unit: str
    gives: int
    rule: str

    def __str__(self) -> str:
        shown = f"{self.value} {self.unit}".strip()
        return f"{self.name} {shown}: {self.rule}"


@dataclass(frozen=True, slots=True)
class Grade:
    """The grade of one patient at one time by one rule.

    Parameters
    ----------
    rule, version : str
        Which rule, exactly.
    grade : int or None
        None where the chart leaves more than one grade possible; never 0 by default.
    lowest, highest : int
        Limits of the grades still possible; equal to the grade where it is settled.
    deciding : tuple of Datum
        What gives the grade, or the lowest grade possible where it is not settled.
    missing : tuple of str
        Inputs not charted that could still change the grade.
    warnings : tuple of str
        What the reader must know.
    at : str or None
        Time of the assessment as the caller gave it.
    text : str
        One sentence for the reader.
    possible : tuple of int
        Every grade still possible, ascending; it may skip grades between the limits.
    """

    rule: str
    version: str
    grade: int | None
    lowest: int
    highest: int
    deciding: tuple[Datum, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    at: str | None
    text: str
    possible: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One input that a rule asks for.

    Parameters
    ----------
    name : str
        Key in the chart.
    label : str
        The question, for the reader.
    kind : {"quantity", "number", "choice", "yes_no", "names", "series"}
        A number with unit; a whole number; one of `choices`; yes or no; several names; or values
        over days.
    unit : str
        The canonical unit of a quantity.
    choices : tuple of str
        What a choice or a list of names may hold, in the rule's own words.
    low, high : int or None
        Range of a number, both included.
    unless_stated : str
        What an absent key stands for, which every grade then says; empty where absence is missing.
        A key that is present and None is unknown all the same.
    note : str
        What the reader must know to answer.
    """

    name: str
    label: str
    kind: Kind
    unit: str = ""
    choices: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    unless_stated: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A published grading rule and where it comes from.

    Parameters
    ----------
    id, title, version : str
        Identity; the version is ours and rises with every change of a grade.
    citation, doi : str
        The publication.
    status : {"verified", "unverified"}
        Whether its criteria were seen in a source.
    source : str
        Where they were seen, or what was not.
    inputs : tuple of Asked
        What it asks.
    function : callable
        From a chart, and ``at`` by keyword, to a `Grade`.
    words : tuple of (int, str)
        What each grade is called, where that is more than ``grade 2``.
    """

    id: str
    title: str
    version: str
    citation: str
    doi: str
    status: Status
    source: str
    inputs: tuple[Asked, ...]
    function: Callable[..., Grade]
    words: tuple[tuple[int, str], ...] = ()


def grade_from(
    identity: tuple[str, str],
    possible: Iterable[int],
    deciding: Iterable[Datum],
    *,
    missing: Iterable[str] = (),
    warnings: Iterable[str] = (),
    at: str | None = None,
    words: Iterable[tuple[int, str]] = (),
) -> Grade:
    """Put a grade together from the grades that the chart leaves possible.

    Parameters
    ----------
    identity : (str, str)
        Id and version of the rule.
    possible : iterable of int
        At least one grade.
    deciding : iterable of Datum
        What gives the lowest grade possible.
    missing : iterable of str
        Inputs not charted that could still change the grade; dropped where it is settled.
    warnings : iterable of str
        In the order in which they are shown; repeats are dropped.
    at : str, optional
        Time of the assessment.
    words : iterable of (int, str)
        What grades are called.

    Returns
    -------
    Grade

    Raises
    ------
    CohortRefused
        ``no_grade_possible``: `possible` is empty, so the chart contradicts itself.
    """
    grades = tuple(sorted(set(possible)))
    if not grades:
        raise refuse(
            CohortRefused, "no_grade_possible", "no grade fits the chart", where=identity[0],
            mend="look for values that contradict each other",
        )  # fmt: skip
    settled = len(grades) == 1
    decided = tuple(deciding)
    open_inputs = () if settled else tuple(dict.fromkeys(missing))
    return Grade(
        rule=identity[0],
        version=identity[1],
        grade=grades[0] if settled else None,
        lowest=grades[0],
        highest=grades[-1],
        deciding=decided,
        missing=open_inputs,
        warnings=tuple(dict.fromkeys(warnings)),
        at=at,
        text=_sentence(grades, decided, open_inputs, dict(words)),
        possible=grades,
    )


def _sentence(
    grades: tuple[int, ...],
    deciding: tuple[Datum, ...],
    missing: tuple[str, ...],
    words: Mapping[int, str],
) -> str:
    names = [words.get(grade, f"grade {grade}") for grade in grades]
    because = "; ".join(map(str, deciding))
    if len(names) == 1:
        return f"{names[0]} ({because})" if because else names[0]
    asked = f"; chart {', '.join(missing)}" if missing else ""
    at_least = f"; so far {because}" if because else ""
    return f"not settled: {', '.join(names[:-1])} or {names[-1]}{at_least}{asked}"
