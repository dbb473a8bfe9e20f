"""The fields of a score: what is asked, in which units, and what was wrong with an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cartwheel.clinic.score import ScoreSpec
from cartwheel.clinic.scoring import Assessment, Unscorable
from cartwheel.errors import Problem
from cartwheel.report.calculator.model import calculator_model
from cartwheel.report.calculator.page import hints
from cartwheel.workflows.score import score

# what is not known of a patient is no mistake
_NOT_YET = {"missing", "nothing_given"}
_NO_UNIT = "unit_missing"


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of a calculator.

    Parameters
    ----------
    name, label, hint : str
        Of the input.
    units : tuple of (str, str)
        Unit and how it is shown; empty where there is none.
    must_choose : bool
        Units of different size: none is chosen beforehand.
    coding : tuple of str
        Words to choose from; empty for a number.
    value, unit : str
        As typed.
    problems : tuple of Problem
        What is wrong with it.
    """

    name: str
    label: str
    hint: str
    units: tuple[tuple[str, str], ...]
    must_choose: bool
    coding: tuple[str, ...]
    value: str = ""
    unit: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether all that lacks is the choice of its unit."""
        return (
            self.must_choose
            and not self.unit
            and bool(self.problems)
            and all(one.code == _NO_UNIT for one in self.problems)
        )


@dataclass(frozen=True, slots=True)
class Answered:
    """A calculator as it stands: its fields, and the answer where there is one.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    fields : tuple of Asked
        In the order of the score.
    options : mapping of str to str
        Chosen of what the publication leaves open.
    found : Assessment or None
        None where there is no answer yet.
    wanting : tuple of str
        Labels of what is needed still.
    problems : tuple of Problem
        Those of no single field.
    """

    spec: ScoreSpec
    fields: tuple[Asked, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    found: Assessment | None = None
    wanting: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def without_unit(self) -> tuple[str, ...]:
        """Labels of numbers whose unit is still to be chosen: not wrong, but not finished."""
        return tuple(one.label for one in self.fields if one.waits)

    @property
    def wrong(self) -> tuple[Asked, ...]:
        """Fields whose value cannot be taken."""
        return tuple(one for one in self.fields if one.problems and not one.waits)


def empty_fields(spec: ScoreSpec) -> tuple[Asked, ...]:
    """List what a score asks.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    tuple of Asked
        Nothing typed yet. A unit stands there only where it is the only one, or all are alike.
    """
    entries = calculator_model(spec)["inputs"]
    return tuple(
        _empty(entry, ". ".join(hints(item, entry["shown"])))
        for item, entry in zip(spec.inputs, entries, strict=True)
    )


def answered(spec: ScoreSpec, typed: Mapping[str, str]) -> Answered:
    """Read a form, and compute.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    typed : mapping of str to str
        ``NAME`` and ``NAME-unit`` for each input, ``choice-NAME`` for each open parameter,
        ``about-disease``, ``about-product`` and ``about-age``. Nothing of it is kept.

    Returns
    -------
    Answered
        A value that is not known is not wrong; what cannot be read says so beside its field.
    """
    fields = tuple(_typed(one, typed) for one in empty_fields(spec))
    options = {
        one.name: said
        for one in spec.parameters
        if (said := typed.get(f"choice-{one.name}", "").strip())
    }
    given = {one.name: _said(one) for one in fields if one.value}
    if not given:
        return Answered(spec, fields, options, wanting=tuple(one.label for one in fields))
    about = {
        name: said
        for name in ("disease", "product", "age")
        if (said := typed.get(f"about-{name}", "").strip())
    }
    found = score(spec, given, about=about, choices=options)
    if isinstance(found, Unscorable):
        return _refused(spec, fields, options, found.reasons)
    return Answered(spec, fields, options, found)


def _refused(
    spec: ScoreSpec,
    fields: tuple[Asked, ...],
    options: Mapping[str, str],
    reasons: Iterable[Problem],
) -> Answered:
    """Put each reason beside the field that it concerns."""
    places = {f"input '{one.name}'": one for one in fields}
    wanting, elsewhere = list[str](), list[Problem]()
    wrong: dict[str, tuple[Problem, ...]] = {}
    for reason in reasons:
        concerned = places.get(reason.where)
        if reason.code in _NOT_YET:
            wanting += [concerned.label] if concerned else []
        elif concerned is not None:
            wrong[concerned.name] = (*wrong.get(concerned.name, ()), reason)
        else:
            elsewhere.append(reason)
    marked = tuple(_with(one, wrong.get(one.name, ())) for one in fields)
    return Answered(spec, marked, options, None, tuple(wanting), tuple(elsewhere))


def _empty(entry: Mapping[str, Any], hint: str) -> Asked:
    units = tuple((one["unit"], one["shown"]) for one in entry["units"])
    alike = len({one["factor"] for one in entry["units"]}) <= 1
    return Asked(
        name=entry["name"],
        label=entry["label"],
        hint=hint,
        units=units,
        must_choose=not alike,
        coding=tuple(word for word, _ in entry["coding"] or ()),
        unit=units[0][0] if units and alike else "",
    )


def _typed(one: Asked, typed: Mapping[str, str]) -> Asked:
    unit = typed.get(f"{one.name}-unit", "").strip()
    known = {each for each, _ in one.units}
    value = typed.get(one.name, "").strip()[:200]
    chosen = unit if unit in known else one.unit
    return _with(one, (), value=value, unit=chosen)


def _with(
    one: Asked, problems: tuple[Problem, ...], *, value: str | None = None, unit: str | None = None
) -> Asked:
    return Asked(
        one.name,
        one.label,
        one.hint,
        one.units,
        one.must_choose,
        one.coding,
        one.value if value is None else value,
        one.unit if unit is None else unit,
        problems,
    )


def _said(one: Asked) -> str:
    # a unit that was typed behind the number is kept: two units are then refused
    return f"{one.value} {one.unit}" if one.unit and not one.coding else one.value
