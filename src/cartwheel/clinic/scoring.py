"""Score one patient: a value with its parts, or the reasons why there is none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

from cartwheel.clinic.score_effect import Interval, derived_interval, effect
from cartwheel.clinic.score_inputs import Given, InputUsed, Reading, read_inputs
from cartwheel.clinic.score_spec import Band, CoxRisk, Example, LogisticRisk, Observed, ScoreSpec
from cartwheel.clinic.score_terms import AnyTerm, Factor, PointsTerm, Ratio
from cartwheel.errors import Problem, Refused

# 34 digits, as in IEEE decimal128: printed constants and laboratory values are exact in it
_ARITHMETIC = Context(prec=34, traps=[InvalidOperation, DivisionByZero, Overflow])


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one term added.

    Parameters
    ----------
    term : str
        Name of the term.
    input : str
        The input or derived value it uses; for a product, its factors.
    value : float or None
        Of that input, in ``unit``; None where it is missing or a product of several.
    unit : str
        Unit of ``value``.
    rule : str
        What applied, such as ``>= 500 and < 2000 ug/L``.
    effect, effect_low, effect_high : float or None
        Points or amount added; where an input is missing only the two limits.
    """

    term: str
    input: str
    value: float | None
    unit: str
    rule: str
    effect: float | None
    effect_low: float
    effect_high: float


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
    contributions, inputs, observed
        The terms, what was read, and the evidence of the possible bands.
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
) -> Assessment | Unscorable:
    """Score one patient.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    inputs : mapping of str to Quantity, Decimal, float, int, str or None
        By the names of the score's inputs. Text is read as a number with unit (``"280 U/L"``) or
        by the input's coding. None and blank text are missing; missing is never "no".
    at : str, optional
        Time of the assessment, handed through.
    assume_units : bool
        Take a bare number as standing in the score's own unit. Only for values whose unit was
        settled before, such as a cohort that was read and converted.

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
    with localcontext(_ARITHMETIC):
        readings, reasons = read_inputs(spec, inputs, assume_units=assume_units)
        if reasons:
            return Unscorable(reasons, spec.id, spec.version)
        try:
            return _assessed(spec, readings, at)
        except Refused as refused:
            reasons = refused.problems
        except ArithmeticError:
            reasons = (
                Problem("not_finite", "the value is too large", "", "check values and units"),
            )
    return Unscorable(reasons, spec.id, spec.version)


def _assessed(spec: ScoreSpec, readings: tuple[Reading, ...], at: str | None) -> Assessment:
    read = tuple(reading.used for reading in readings)
    values = {reading.used.name: Interval(*reading.interval) for reading in readings}
    for part in spec.derived:
        values[part.name] = derived_interval(part, values)
    effects = [effect(term, values) for term in spec.terms]
    low = sum((each.low for each in effects), spec.intercept)
    high = sum((each.high for each in effects), spec.intercept)
    value = Interval(low, high)
    bands = tuple(band for band in spec.bands if band.meets(*value))
    risks = _risks(spec, value)
    settled = risks is not None and (value.known or risks[0] == risks[1])
    return Assessment(
        score=spec.id,
        version=spec.version,
        score_sha256=spec.identity,
        value=float(low) if value.known else None,
        value_low=_finite(low),
        value_high=_finite(high),
        contributions=tuple(_contributions(spec, values, effects)),
        band=bands[0].name if len(bands) == 1 else None,
        bands=tuple(band.name for band in bands),
        risk=risks[0] if risks is not None and settled else None,
        risk_low=None if risks is None else risks[0],
        risk_high=None if risks is None else risks[1],
        observed=tuple(_evidence(bands)),
        inputs=read,
        simulated=spec.simulated,
        warnings=tuple(_warnings(spec, read, values)),
        at=at,
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
    return -math.expm1(hazard_ratio * math.log(float(risk.baseline_survival)))


def _contributions(
    spec: ScoreSpec, values: Mapping[str, Interval], effects: Iterable[Interval]
) -> Iterator[Contribution]:
    known = {item.name: (item.label, item.unit) for item in spec.inputs}
    known |= {item.name: (item.label or item.name, "") for item in spec.derived}
    for term, added in zip(spec.terms, effects, strict=True):
        name, unit, at = _subject(term, known, values)
        yield Contribution(
            term=term.name or known[name][0],
            input=name,
            value=float(at.low) if at is not None and at.known else None,
            unit=unit,
            rule=_coded(spec, name, at) or _rule(term, at, unit),
            effect=float(added.low) if added.known else None,
            effect_low=float(added.low),
            effect_high=float(added.high),
        )


def _subject(
    term: AnyTerm, known: Mapping[str, tuple[str, str]], values: Mapping[str, Interval]
) -> tuple[str, str, Interval | None]:
    if term.kind == "product":
        return _product_words(term.factors), "", None
    return term.input, known[term.input][1], values[term.input]


def _product_words(factors: Iterable[Factor]) -> str:
    return " * ".join(
        f"{factor.input}^{factor.exponent}" if factor.exponent != 1 else factor.input
        for factor in factors
    )


def _coded(spec: ScoreSpec, name: str, at: Interval | None) -> str:
    """Give the words of a coded input that its value (or what it could be) stands for."""
    coding = next((item.coding for item in spec.inputs if item.name == name), None)
    if coding is None or at is None:
        return ""
    return " or ".join(word for word, code in coding.items() if at.low <= code <= at.high)


def _rule(term: AnyTerm, at: Interval | None, unit: str) -> str:
    if isinstance(term, PointsTerm) and at is not None:
        return " or ".join(band.words(unit) for band in term.bands if band.meets(*at))
    if term.kind == "spline":
        return f"restricted cubic spline with {len(term.knots)} knots"
    if term.kind == "points":
        return ""
    inside = "value" if term.transform == "none" else f"{term.transform}(value)"
    return f"{term.coefficient} * " + (f"({inside} - {term.centre})" if term.centre else inside)


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
    spec: ScoreSpec, read: tuple[InputUsed, ...], values: Mapping[str, Interval]
) -> Iterator[str]:
    if spec.simulated:
        yield "this score was made from SIMULATED patients: it says nothing about a real one"
    if spec.status == "unverified":
        yield "this score is unverified: its constants were not read in their source"
    for used in read:
        yield from used.notes
    for item in spec.derived:
        if not isinstance(item, Ratio) or not isinstance(item.zero, Decimal):
            continue
        if values[item.denominator].low < item.zero:
            said = f"a denominator below {item.zero} stands as {item.zero}"
            yield f"{item.label or item.name}: {said}"
    for number, term in enumerate(spec.terms, 1):
        if term.status == "unverified":
            yield f"{term.name or f'term {number}'}: its constants are unverified"


def example_problems(spec: ScoreSpec) -> tuple[Problem, ...]:
    """Compute every worked example of a score again.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    tuple of Problem
        One for every value, band or risk that does not come out as printed.
    """
    return tuple(
        problem
        for number, example in enumerate(spec.examples, 1)
        for problem in _recomputed(spec, example, f"examples[{number}]")
    )


def _recomputed(spec: ScoreSpec, example: Example, where: str) -> Iterator[Problem]:
    found = assess(spec, example.inputs)
    if isinstance(found, Unscorable):
        for reason in found.reasons:
            yield Problem("example_fails", f"cannot be scored: {reason}", where, "mend the example")
        return
    for what, printed, computed in (
        ("value", example.value, found.value),
        ("risk", example.risk, found.risk),
    ):
        if printed is None:
            continue
        if computed is None or abs(Decimal(repr(computed)) - printed) > example.tolerance:
            shown = "a range" if computed is None else repr(computed)
            yield _differs(where, what, str(printed), shown)
    if example.band is not None and example.band != found.band:
        yield _differs(where, "band", example.band, found.band or " or ".join(found.bands))


def _differs(where: str, what: str, printed: str, computed: str) -> Problem:
    return Problem(
        "example_fails",
        f"its {what} is printed as {printed} but computes to {computed}",
        where,
        "find which of the two is wrong before anyone uses this file",
    )
