"""A score file as the ward asks it: at every moment, from what is known by then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from cartwheel.clinic.score_inputs import Given
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import Input
from cartwheel.clinic.scoring import Assessment, Unscorable, assess
from cartwheel.units import Quantity
from cartwheel.watch.facts import shown_assumed, stated
from cartwheel.watch.observation import NameKind, Observation, names_known
from cartwheel.watch.standing import InputAt, Standing, TargetKind
from cartwheel.watch.targets import assumed_warnings, input_at
from cartwheel.watch.view import View

# name, value as written, unit (None of what is no Decimal), day: 1.5 and 1.50 are two answers, for
# what is told of them reads otherwise
Key: TypeAlias = tuple[tuple[str, str, str | None, float | None], ...]
# in the place of a unit: a bare number
_PLAIN = "number"


class _Found(NamedTuple):
    """An answer without its moment."""

    assessment: Assessment | None
    text: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScoreTarget:
    """A score that is asked whenever one of its inputs changes.

    Parameters
    ----------
    id, version, title : str
        Of the score.
    reads, ageless : frozenset of str
        Names of observations; those that count whatever their age.
    spec : ScoreSpec
        The score.
    sources : tuple of (Input, str)
        Each input, and the name of the observation that it is read from.
    choices : tuple of (str, str)
        Parameter and option, where the ward file settles what the publication leaves open.
    """

    id: str
    version: str
    title: str
    reads: frozenset[str]
    ageless: frozenset[str]
    spec: ScoreSpec
    sources: tuple[tuple[Input, str], ...]
    choices: tuple[tuple[str, str], ...]
    _answer: Callable[[Key], _Found] = field(compare=False, repr=False)

    @property
    def kind(self) -> TargetKind:
        """A score."""
        return "score"

    @property
    def turning_days(self) -> tuple[float, ...]:
        """None: no answer of a score changes by the day alone."""
        return ()

    def assess(self, view: View) -> Standing:
        """Score one patient at one moment.

        Parameters
        ----------
        view : View
            What is known.

        Returns
        -------
        Standing
        """
        at = view.at
        key: list[tuple[str, str, str | None, float | None]] = []
        inputs: list[InputAt] = []
        missing: list[str] = []
        assumed: list[tuple[str, str]] = []
        early: list[str] = []
        for item, name in self.sources:
            one = _observed(view, item, name)
            if one is not None:
                key.append((item.name, *_given(one), _measured(view, item, one)))
                inputs.append(input_at(one, item.name, at))
                if one.status == "preliminary":
                    early.append(item.name)
            elif (fact := stated(view, name)) is not None:
                key.append((item.name, *_stated(fact.value), None))
                inputs.append(_stated_input(item.name, fact.value))
                if fact.assumed:
                    assumed.append((item.name, fact.assumed))
            else:
                missing.append(item.name)
        # read back by their names, as the inputs are, wherever the answer is taken apart again
        inputs += [InputAt(name, option, "", None, None) for name, option in self.choices]
        warnings = assumed_warnings(tuple(assumed))
        if early:
            warnings += (f"preliminary: {', '.join(early)}",)
        return self._standing(view, self._answer(tuple(key)), (inputs, missing), warnings)

    def _standing(
        self,
        view: View,
        found: _Found,
        told: tuple[list[InputAt], list[str]],
        warnings: tuple[str, ...],
    ) -> Standing:
        inputs, missing = tuple(told[0]), tuple(told[1])
        got = found.assessment
        warnings += tuple(
            f"chosen by the ward file: {one.label}: {one.option_label}"
            for one in (got.choices if got is not None else ())
            if one.by_user
        )
        if got is None:
            return Standing(
                self.id, self.version, "score", view.at, None, None, None, None, (), None, None,
                None, found.text, (), missing, inputs, warnings, found.reasons,
                self.spec.simulated,
            )  # fmt: skip
        return Standing(
            self.id, self.version, "score", view.at, got.value, got.value_low, got.value_high,
            got.band, got.bands, got.risk, got.risk_low, got.risk_high, found.text,
            tuple(f"{one.name} {one.value} {one.unit}".strip() for one in inputs), missing, inputs,
            (*got.warnings, *warnings), (), self.spec.simulated,
        )  # fmt: skip


def score_target(spec: ScoreSpec, choices: Mapping[str, str] | None = None) -> ScoreTarget:
    """Make a score something that the ward asks.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    choices : mapping of str to str, optional
        Parameter to option; `ScoreSpec.chosen` takes them. Others take the default of the score,
        and every answer says that it is an assumption.

    Returns
    -------
    ScoreTarget

    Notes
    -----
    An input that is a variable of the dictionary is read from the observations of that variable,
    any other (and a laboratory's upper limit) from observations of the input's own name. An input
    that the score wants from a stated day, or from days counted from the infusion, is read from the
    last value taken then, whatever its age; without one it is missing. Every other input is read
    from the last value young enough, and a warning says where the score asks for another time.
    """
    sources = tuple((item, source_of(item)) for item in spec.inputs)
    pinned = {name for item, name in sources if _is_pinned(item)}
    fresh = {name for item, name in sources if not _is_pinned(item)}
    return ScoreTarget(
        id=spec.id,
        version=spec.version,
        title=spec.title,
        reads=frozenset({*pinned, *fresh, "infusion"}),
        ageless=frozenset((pinned - fresh) | {"infusion"}),
        spec=spec,
        sources=sources,
        choices=tuple((choices or {}).items()),
        _answer=_answering(spec, choices or {}),
    )


def source_of(item: Input) -> str:
    """Name the observations that an input of a score is read from.

    Parameters
    ----------
    item : Input
        Of a score.

    Returns
    -------
    str
    """
    if item.variable is None or item.upper_limit_of is not None:
        return item.name
    return item.variable


def score_names(spec: ScoreSpec) -> dict[str, NameKind]:
    """List the names that a score reads and that no rule and no dictionary knows.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    dict of str to str
        Name and kind of value: ``choice`` where the score codes words.
    """
    known = names_known()
    found: dict[str, NameKind] = {}
    for item in spec.inputs:
        name = source_of(item)
        if name not in known:
            found[name] = "choice" if item.coding else "quantity" if item.unit else "number"
    return found


def _answering(spec: ScoreSpec, choices: Mapping[str, str]) -> Callable[[Key], _Found]:
    # bounded: a score's inputs repeat while nothing but the time has changed
    @lru_cache(maxsize=2048)
    def answer(key: Key) -> _Found:
        given = {**choices, **{name: _read(text, unit) for name, text, unit, _ in key}}
        days = {name: day for name, _, _, day in key if day is not None}
        return _found(spec, given, days)

    return answer


def _found(spec: ScoreSpec, given: Mapping[str, Given], days: Mapping[str, float]) -> _Found:
    got = assess(spec, given, measured=days)
    if isinstance(got, Unscorable):
        reasons = tuple(str(reason) for reason in got.reasons)
        return _Found(None, f"no answer: {'; '.join(each.what for each in got.reasons)}", reasons)
    if got.value is None:
        text = f"{spec.title} between {got.value_low:.6g} and {got.value_high:.6g}"
    else:
        text = f"{spec.title} {got.value:.6g}"
    return _Found(got, text + (f": {' or '.join(got.bands)}" if got.bands else ""), ())


def _is_pinned(item: Input) -> bool:
    return item.day is not None or bool(_ends(item))


def _ends(item: Input) -> tuple[Decimal, ...]:
    window = item.window
    if window is None or window.anchor != "infusion":
        return ()
    return tuple(end for end in (window.from_, window.to) if end is not None)


def _observed(view: View, item: Input, name: str) -> Observation | None:
    if not _is_pinned(item):
        return view.latest(name)
    for one in reversed(view.observations(name)):
        day = view.day_of(one.taken_at)
        if day is not None and _belongs(item, day):
            return one
    return None


def _belongs(item: Input, day: Decimal) -> bool:
    if item.day is not None:
        return _floor(day) == _floor(item.day)
    return item.window is not None and item.window.holds(day)


def _floor(day: Decimal) -> Decimal:
    return day.to_integral_value(rounding="ROUND_FLOOR")


def _given(one: Observation) -> tuple[str, str | None]:
    value = one.value
    if isinstance(value, Decimal):
        if one.limit:
            return f"{one.limit}{value} {one.unit}".strip(), None
        return str(value), one.unit or _PLAIN
    return _stated(value)


def _stated(value: object) -> tuple[str, str | None]:
    if isinstance(value, Quantity):
        return str(value.value), value.unit
    if isinstance(value, Decimal):
        return str(value), _PLAIN
    return shown_assumed(value), None


def _read(text: str, unit: str | None) -> Given:
    if unit is None:
        return text
    return Decimal(text) if unit == _PLAIN else Quantity(Decimal(text), unit)


def _stated_input(name: str, value: object) -> InputAt:
    if isinstance(value, Quantity):
        return InputAt(name, str(value.value), value.unit, None, None)
    return InputAt(name, shown_assumed(value), "", None, None)


def _measured(view: View, item: Input, one: Observation) -> float | None:
    """Whole day of measurement: the hour of a sample says nothing to a score that asks a day."""
    if item.day is None and item.window is None:
        return None
    day = view.day_of(one.taken_at)
    return None if day is None else float(_floor(day))
