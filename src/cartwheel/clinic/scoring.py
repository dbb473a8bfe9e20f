"""Score one patient: a value with its parts, or the reasons why there is none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

from cartwheel.clinic.score_contributions import Contribution as Contribution, contributions
from cartwheel.clinic.score_effect import Interval, derived_interval, effect
from cartwheel.clinic.score_inputs import Given, InputUsed, Reading, read_inputs
from cartwheel.clinic.score_spec import Band, CoxRisk, LogisticRisk, Observed, ScoreSpec
from cartwheel.clinic.score_terms import DecisionTerm, PointsTerm, Ratio
from cartwheel.errors import Problem, Refused, ScoreRefused, refuse

# 34 digits, as in IEEE decimal128: printed constants and laboratory values are exact in it
_ARITHMETIC = Context(prec=34, traps=[InvalidOperation, DivisionByZero, Overflow])


@dataclass(frozen=True, slots=True)
class BandEvidence:
    """Observed risk of the band, with the patients it rests on."""

    band: str
    risk: float
    low: float | None
    high: float | None
    level: float | None
    n: int | None
    events: int | None
    source: str


@dataclass(frozen=True, slots=True)
class ChoiceUsed:
    """How something that the publication leaves open was settled.

    Parameters
    ----------
    parameter, label : str
        What is open.
    option, option_label : str
        How it was settled.
    by_user : bool
        The caller said so; otherwise it is the file's default, which is an assumption.
    """

    parameter: str
    label: str
    option: str
    option_label: str
    by_user: bool


@dataclass(frozen=True, slots=True)
class Assessment:
    """A score's answer for one patient at one time.

    Parameters
    ----------
    score, version, score_sha256 : str
        Which score, exactly.
    value, band, risk : float, str, float, or None
        None where an input is missing and the answer is a range that does not settle it.
    value_low, value_high : float
        Limits of the value; equal to it where nothing is missing.
    bands : tuple of str
        Every band the value can lie in.
    risk_low, risk_high : float or None
        Limits of the risk (0 to 1) over what the missing inputs could be. No confidence interval.
    contributions, inputs, observed, choices
        The terms, what was read, the evidence of the possible bands, and the parameters.
    simulated : bool
        The score was made from simulated patients.
    warnings : tuple of str
        What the reader must know.
    at : str or None
        Time of the assessment as the caller gave it.
    """

    score: str
    version: str
    score_sha256: str
    value: float | None
    value_low: float
    value_high: float
    contributions: tuple[Contribution, ...]
    band: str | None
    bands: tuple[str, ...]
    risk: float | None
    risk_low: float | None
    risk_high: float | None
    observed: tuple[BandEvidence, ...]
    inputs: tuple[InputUsed, ...]
    choices: tuple[ChoiceUsed, ...]
    simulated: bool
    warnings: tuple[str, ...]
    at: str | None


@dataclass(frozen=True, slots=True)
class Unscorable:
    """No number, and every reason why."""

    reasons: tuple[Problem, ...]
    score: str = ""
    version: str = ""


def assess(
    spec: ScoreSpec,
    inputs: Mapping[str, Given],
    *,
    at: str | None = None,
    assume_units: bool = False,
    measured: Mapping[str, float] | None = None,
) -> Assessment | Unscorable:
    """Score one patient.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    inputs : mapping of str to Quantity, Decimal, float, int, str or None
        By the names of the score's inputs; under a parameter's name stands one of its options.
        Text is read as a number with unit (``"280 U/L"``) or by the input's coding. None and
        blank text are missing; missing is never "no".
    at : str, optional
        Time of the assessment, handed through.
    assume_units : bool
        Take a bare number as standing in the score's own unit. Only for values whose unit was
        settled before, such as a cohort that was read and converted.
    measured : mapping of str to float, optional
        Day of measurement by input name, infusion being day 0. A day that the score does not ask
        for gives a warning.

    Returns
    -------
    Assessment or Unscorable
        Never a number that rests on a guess.

    Notes
    -----
    With the policy ``range`` a missing input takes every value between its limits. The result
    encloses the patient's true value; it can be wider than needed where one missing input acts
    in several terms.
    """
    named = [each.name for each in spec.parameters]
    choices = {name: str(inputs[name]).strip() for name in named if inputs.get(name) is not None}
    values = {name: given for name, given in inputs.items() if name not in named}
    try:
        settled = spec.chosen(choices)
        with localcontext(_ARITHMETIC):
            readings, reasons = read_inputs(
                settled, values, assume_units=assume_units, measured=measured
            )
            if not reasons:
                return _assessed(spec, settled, readings, tuple(_choices(spec, choices)), at)
    except Refused as refused:
        reasons = refused.problems
    except ArithmeticError:
        reasons = (Problem("not_finite", "the value is too large", "", "check values and units"),)
    return Unscorable(reasons, spec.id, spec.version)


def _choices(spec: ScoreSpec, choices: Mapping[str, str]) -> Iterator[ChoiceUsed]:
    for each in spec.parameters:
        name = choices.get(each.name, each.default)
        label = next(option.label for option in each.options if option.name == name)
        yield ChoiceUsed(each.name, each.label, name, label, each.name in choices)


def _assessed(
    whole: ScoreSpec,
    spec: ScoreSpec,
    readings: tuple[Reading, ...],
    choices: tuple[ChoiceUsed, ...],
    at: str | None,
) -> Assessment:
    read = tuple(reading.used for reading in readings)
    values = _with_derived(
        spec, {reading.used.name: Interval(*reading.interval) for reading in readings}
    )
    effects = [effect(term, values) for term in spec.terms]
    _check_limits_settle(spec, readings, effects)
    low = sum((each.low for each in effects), spec.intercept)
    high = sum((each.high for each in effects), spec.intercept)
    value = Interval(low, high)
    bands = tuple(band for band in spec.bands if band.meets(*value))
    risks = _risks(spec, value)
    settled = risks is not None and (value.known or risks[0] == risks[1])
    return Assessment(
        score=spec.id,
        version=spec.version,
        score_sha256=whole.identity,
        value=float(low) if value.known else None,
        value_low=_finite(low),
        value_high=_finite(high),
        contributions=tuple(contributions(spec, values, effects)),
        band=bands[0].name if len(bands) == 1 else None,
        bands=tuple(band.name for band in bands),
        risk=risks[0] if risks is not None and settled else None,
        risk_low=None if risks is None else risks[0],
        risk_high=None if risks is None else risks[1],
        observed=tuple(_evidence(bands)),
        inputs=read,
        choices=choices,
        simulated=spec.simulated,
        warnings=tuple(_warnings(spec, read, values, choices)),
        at=at,
    )


def _with_derived(spec: ScoreSpec, values: dict[str, Interval]) -> dict[str, Interval]:
    for part in spec.derived:
        values[part.name] = derived_interval(part, values)
    return values


def _check_limits_settle(
    spec: ScoreSpec, readings: tuple[Reading, ...], effects: list[Interval]
) -> None:
    """Refuse ``<5`` where points change at 2: the patient's points are then not known."""
    for reading in readings:
        if reading.reach is None:
            continue
        values = {each.used.name: Interval(*each.interval) for each in readings}
        values[reading.used.name] = Interval(*reading.reach)
        reached = _with_derived(spec, values)
        for term, settled in zip(spec.terms, effects, strict=True):
            if isinstance(term, PointsTerm | DecisionTerm) and effect(term, reached) != settled:
                raise refuse(
                    ScoreRefused,
                    "limit_unsettled",
                    "a cut-off of the score lies beyond the limit of detection",
                    where=f"input '{reading.used.name}'",
                    mend="give a measured number",
                )


def _finite(value: Decimal) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise OverflowError
    return number


def _risks(spec: ScoreSpec, value: Interval) -> tuple[float, float] | None:
    """Least and largest risk over the interval of the value."""
    risk = spec.risk
    if risk is None:
        return None
    if isinstance(risk, LogisticRisk | CoxRisk):
        # both rise or fall throughout, so the ends of the value give the ends of the risk
        found = [_logistic(risk, end) if isinstance(risk, LogisticRisk) else _cox(risk, end)
                 for end in value]  # fmt: skip
    else:
        found = [float(row.risk) for row in risk.rows if value.low <= row.value <= value.high]
    return min(found), max(found)


def _logistic(risk: LogisticRisk, value: Decimal) -> float:
    predictor = float(risk.intercept + risk.slope * value)
    if predictor >= 0:
        return 1 / (1 + math.exp(-predictor))
    odds = math.exp(predictor)
    return odds / (1 + odds)


def _cox(risk: CoxRisk, value: Decimal) -> float:
    # beyond 700 the hazard ratio leaves double precision and the risk is 1 to the last digit
    hazard_ratio = math.exp(min(float(risk.slope * (value - risk.centre)), 700.0))
    if hazard_ratio == 1.0:
        # the risk that the file prints, so that 1 - 0.9 reaches a threshold of 10 %
        return float(1 - risk.baseline_survival)
    return -math.expm1(hazard_ratio * math.log(float(risk.baseline_survival)))


def _evidence(bands: Iterable[Band]) -> Iterator[BandEvidence]:
    for band in bands:
        if (seen := band.observed) is not None:
            yield BandEvidence(
                band.name,
                float(seen.risk),
                *_optional(seen),
                seen.n,
                seen.events,
                seen.source,
            )


def _optional(seen: Observed) -> tuple[float | None, float | None, float | None]:
    low, high, level = (
        None if number is None else float(number) for number in (seen.low, seen.high, seen.level)
    )
    return low, high, level


def _warnings(
    spec: ScoreSpec,
    read: tuple[InputUsed, ...],
    values: Mapping[str, Interval],
    choices: Iterable[ChoiceUsed],
) -> Iterator[str]:
    if spec.simulated:
        yield "this score was made from SIMULATED patients: it says nothing about a real one"
    if spec.status == "unverified":
        yield "this score is unverified: its constants were not read in their source"
    for choice in choices:
        if not choice.by_user:
            yield (
                f"ASSUMPTION, not published: {choice.label}: {choice.option_label} (choose with "
                f"{choice.parameter})"
            )
    for used in read:
        yield from used.notes
    for item in spec.derived:
        if not isinstance(item, Ratio) or not isinstance(item.zero, Decimal):
            continue
        if values[item.denominator].low < item.zero:
            said = f"a denominator below {item.zero} stands as {item.zero}"
            yield f"{item.label or item.name}: {said}"
    yield from unsettled_constants(spec)


def unsettled_constants(spec: ScoreSpec) -> Iterator[str]:
    """Say which constants of a score were not read in their source.

    Parameters
    ----------
    spec : ScoreSpec
        Any score.

    Yields
    ------
    str
        One sentence for each input, term or band whose status is unverified or assumption.
    """
    doubted = {"unverified": "unverified", "assumption": "an ASSUMPTION, not published"}
    for item in spec.inputs:
        if item.status in doubted:
            yield f"{item.label}: its unit or time is {doubted[item.status]}"
    for number, term in enumerate(spec.terms, 1):
        if term.status in doubted:
            yield f"{term.name or f'term {number}'}: its constants are {doubted[term.status]}"
    # the bands of a score nearly always share a status: said once
    for status, words in doubted.items():
        names = dict.fromkeys(band.name for band in spec.bands if band.status == status)
        if names:
            yield f"the limits of {', '.join(names)} are {words}"
