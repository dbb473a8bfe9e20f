"""What a score must agree on with itself, found all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, product
from typing import TYPE_CHECKING

from cartwheel.clinic.score_evidence import choice_problems, published_problems
from cartwheel.clinic.score_inputs import plausible_age
from cartwheel.clinic.score_ranges import covering, range_ends
from cartwheel.clinic.score_terms import (
    DecisionTerm,
    Input,
    PointsTerm,
    Product,
    ProductTerm,
    Ratio,
    SplineTerm,
)
from cartwheel.clinic.score_units import missing_limits, unit_problem
from cartwheel.errors import Problem

if TYPE_CHECKING:
    from decimal import Decimal

    from cartwheel.clinic.score_spec import ScoreSpec
    from cartwheel.clinic.score_terms import AnyDerived, AnyTerm

MOST_TOTALS = 10_000


def coherence(spec: ScoreSpec) -> tuple[Problem, ...]:
    """Find every way in which the parts of a score contradict each other.

    Parameters
    ----------
    spec : ScoreSpec
        Already valid key by key.

    Returns
    -------
    tuple of Problem
        Empty where the score agrees with itself. The worked examples are not computed here.
    """
    if problems := tuple(_empty(spec)):
        return problems
    if spec.parameters:
        return choice_problems(spec) or _of_variants(spec)
    checks = (
        _names, _population, _references, _inputs, _terms, _bands, _outcome, _risk, _missing,
        _evidence, published_problems,
    )  # fmt: skip
    return tuple(problem for check in checks for problem in check(spec))


def _of_variants(spec: ScoreSpec) -> tuple[Problem, ...]:
    """Check the score once for every choice of options; what all share is said once."""
    found: dict[Problem, list[str]] = {}
    for picked, variant in spec.variants.items():
        for problem in coherence(variant):
            found.setdefault(problem, []).append(" and ".join(picked))
    everywhere = len(spec.variants)
    return tuple(
        problem
        if len(picks) == everywhere
        else Problem(
            problem.code, problem.what, f"with {picks[0]} chosen: {problem.where}", problem.mend
        )
        for problem, picks in found.items()
    )


def term_inputs(part: AnyTerm | AnyDerived) -> tuple[str, ...]:
    """Names of the inputs (or derived values) that a term or derived value uses.

    Parameters
    ----------
    part : term or derived value
        Of any kind.

    Returns
    -------
    tuple of str
        In the order of the file.
    """
    if isinstance(part, Ratio):
        return (part.numerator, part.denominator)
    if isinstance(part, Product | ProductTerm):
        return tuple(factor.input for factor in part.factors)
    if isinstance(part, DecisionTerm):
        return tuple(dict.fromkeys(each.input for row in part.rows for each in row.when))
    return (part.input,)


def _empty(spec: ScoreSpec) -> Iterator[Problem]:
    """Find lists without entries, on which the other checks would stumble."""
    lists: dict[str, Sequence[object]] = {"inputs": spec.inputs, "terms": spec.terms}
    for place, parts in (("derived", spec.derived), ("terms", spec.terms)):
        for number, part in enumerate(parts, 1):
            if isinstance(part, PointsTerm):
                lists[f"{place}[{number}].bands"] = part.bands
            elif isinstance(part, Product | ProductTerm):
                lists[f"{place}[{number}].factors"] = part.factors
            elif isinstance(part, DecisionTerm):
                lists[f"{place}[{number}].rows"] = part.rows[:-1]
    if spec.risk is not None and spec.risk.kind == "table":
        lists["risk.rows"] = spec.risk.rows
    for where, entries in lists.items():
        if not entries:
            yield Problem("empty", "nothing is listed here", where, "add at least one")


def _repeated(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]


def _names(spec: ScoreSpec) -> Iterator[Problem]:
    kinds = {
        "inputs and derived": [
            *spec.input_names,
            *(item.name for item in spec.derived),
            *(item.name for item in spec.parameters),
        ],
        "terms": [term.name or term_inputs(term)[0] for term in spec.terms],
        "bands": [band.name for band in spec.bands],
        "performance": [row.name for row in spec.performance],
        "published": [entry.name for entry in spec.published],
    }
    for where, names in kinds.items():
        for name in _repeated(names):
            yield Problem("name_twice", f"the name '{name}' is used twice", where, "rename one")


def _population(spec: ScoreSpec) -> Iterator[Problem]:
    low, high = spec.population.age_low, spec.population.age_high
    if any(age is not None and not plausible_age(age) for age in (low, high)):
        yield Problem("ages", "an age is not possible", "population", "give ages in years")
    elif low is not None and high is not None and low > high:
        yield Problem("ages", "age_low is above age_high", "population", "give the lower age first")


def _references(spec: ScoreSpec) -> Iterator[Problem]:
    inputs = set(spec.input_names)
    known = inputs | {item.name for item in spec.derived}
    used: set[str] = set()
    for place, parts, allowed in (("derived", spec.derived, inputs), ("terms", spec.terms, known)):
        for number, part in enumerate(parts, 1):
            for name in term_inputs(part):
                used.add(name)
                if name not in allowed:
                    yield Problem(
                        "unknown_input",
                        f"'{name}' is no input of this score",
                        f"{place}[{number}]",
                        "inputs here: " + ", ".join(sorted(allowed)),
                    )
    for name in sorted(known - used):
        yield Problem(
            "unused_input", f"'{name}' is used by no term", "inputs", "use it or take it out"
        )


def _inputs(spec: ScoreSpec) -> Iterator[Problem]:
    for item in spec.inputs:
        where = f"input '{item.name}'"
        ends = (item.minimum, item.low, item.high, item.maximum)
        stated = [end for end in ends if end is not None]
        if any(before > after for before, after in pairwise(stated)):
            yield Problem(
                "limits_order",
                "the limits are not in order",
                where,
                "keep to minimum <= low <= high <= maximum",
            )
        if item.coding is not None:
            yield from _coding(item, where)
        yield from _measured(item, where)
        yield from _upper_limit(spec, item, where)
        if (problem := unit_problem(item)) is not None:
            yield problem


def _measured(item: Input, where: str) -> Iterator[Problem]:
    window = item.window
    if window is None:
        return
    if item.day is not None:
        yield Problem("window", "day and window do not go together", where, "take one of them out")
    if window.from_ is not None and window.to is not None and window.from_ > window.to:
        yield Problem("window", "the window ends before it begins", where, "exchange its ends")


def _upper_limit(spec: ScoreSpec, item: Input, where: str) -> Iterator[Problem]:
    if item.upper_limit_of is None:
        return
    of = next((each for each in spec.inputs if each.name == item.upper_limit_of), None)
    if of is None or (of.variable, of.unit) != (item.variable, item.unit):
        yield Problem(
            "upper_limit",
            f"'{item.upper_limit_of}' is no input with this variable and unit",
            where,
            "an upper limit stands in the variable and unit of its input",
        )


def _coding(item: Input, where: str) -> Iterator[Problem]:
    words = [word.strip().casefold() for word in item.coding or ()]
    if not words or "" in words or _repeated(words):
        yield Problem(
            "coding", "coding needs texts, none empty and none twice", where, "mend the coding"
        )
    if item.unit:
        yield Problem("coding", "a coded input has no unit", where, "take one of them out")


def _terms(spec: ScoreSpec) -> Iterator[Problem]:
    for number, term in enumerate(spec.terms, 1):
        where = f"terms[{number}]"
        if isinstance(term, PointsTerm):
            yield from covering(term.bands, f"{where}.bands")
        elif isinstance(term, DecisionTerm):
            yield from _rows(term, f"{where}.rows")
        elif spec.method == "points":
            yield Problem(
                "not_points",
                f"a score of method points has no {term.kind} term",
                where,
                'set method = "formula", or give points by range',
            )
        if isinstance(term, SplineTerm):
            yield from _spline(term, where)
    if spec.method == "points" and spec.intercept:
        yield Problem("not_points", "a points score has no intercept", "intercept", "take it out")


def _rows(term: DecisionTerm, where: str) -> Iterator[Problem]:
    last = len(term.rows)
    for number, row in enumerate(term.rows, 1):
        if bool(row.when) == (number == last):
            yield Problem(
                "not_exhaustive",
                "the last row, and only that, has no 'when': it names what is left",
                f"{where}[{number}]",
                "give every other row its conditions, and add a last row for the rest",
            )
        for place, condition in enumerate(row.when, 1):
            at = f"{where}[{number}].when[{place}]"
            yield from range_ends(condition, at)
            if condition.from_ is None and condition.to is None:
                yield Problem("condition", "this condition always holds", at, "give it an end")
    for name in _repeated(row.name for row in term.rows):
        yield Problem("name_twice", f"the row '{name}' is there twice", where, "rename one")


def _spline(term: SplineTerm, where: str) -> Iterator[Problem]:
    knots = term.knots
    if len(knots) < 3 or any(before >= after for before, after in pairwise(knots)):
        yield Problem(
            "knots", "a spline needs at least three knots, rising", f"{where}.knots", "mend them"
        )
    if len(term.coefficients) != len(knots) - 1:
        yield Problem(
            "coefficients",
            f"{len(knots)} knots need {len(knots) - 1} coefficients, not {len(term.coefficients)}",
            f"{where}.coefficients",
            "give one for the linear column and one for each cubic column",
        )


def _bands(spec: ScoreSpec) -> Iterator[Problem]:
    if spec.bands:
        yield from covering(spec.bands, "bands")


def _outcome(spec: ScoreSpec) -> Iterator[Problem]:
    outcome = spec.outcome
    timed = (outcome.horizon is not None, outcome.time_unit is not None)
    has_risk = spec.risk is not None or any(band.observed for band in spec.bands)
    if outcome.kind == "survival" and not all(timed) and (has_risk or any(timed)):
        yield Problem(
            "horizon",
            "a survival outcome needs its horizon and time_unit",
            "outcome",
            'such as horizon = 12 and time_unit = "months"',
        )
    if outcome.kind != "survival" and any(timed):
        yield Problem(
            "horizon",
            f"an outcome of kind {outcome.kind} has no horizon or time_unit",
            "outcome",
            "say in 'definition' until when the event counts",
        )


def reachable_totals(spec: ScoreSpec) -> frozenset[Decimal] | None:
    """Every total a points score can give.

    Parameters
    ----------
    spec : ScoreSpec
        Any score.

    Returns
    -------
    frozenset of Decimal or None
        None where the value is not a sum of points, or there are more than 10 000 combinations.
        Terms that share an input are taken as free of each other.
    """
    totals = {spec.intercept}
    for term in spec.terms:
        if not isinstance(term, PointsTerm | DecisionTerm):
            return None
        given = term.bands if isinstance(term, PointsTerm) else term.rows
        points = {each.points for each in given}
        if len(totals) * len(points) > MOST_TOTALS:
            return None
        totals = {total + more for total, more in product(totals, points)}
    return frozenset(totals)


def _risk(spec: ScoreSpec) -> Iterator[Problem]:
    risk = spec.risk
    if risk is None:
        return
    if spec.outcome.kind == "none":
        yield Problem("risk_kind", "a risk needs an outcome", "outcome", "say which")
    if risk.kind == "cox" and spec.outcome.kind != "survival":
        yield Problem(
            "risk_kind", "a cox risk needs a survival outcome", "risk", "mend one of the two"
        )
    if risk.kind != "table":
        return
    listed = [row.value for row in risk.rows]
    for value in _repeated(str(value.normalize()) for value in listed):
        yield Problem("risk_rows", f"total {value} has two rows", "risk.rows", "keep one")
    totals = reachable_totals(spec)
    if totals is None:
        yield Problem(
            "risk_kind", "a risk table needs a score that is a sum of points", "risk", "use another"
        )
    elif lacking := sorted(totals - set(listed)):
        shown = ", ".join(str(total) for total in lacking[:10])
        yield Problem("risk_rows", f"totals without a risk: {shown}", "risk.rows", "add their rows")


def _missing(spec: ScoreSpec) -> Iterator[Problem]:
    if spec.missing != "range":
        return
    for item in spec.inputs:
        if unit_problem(item) is None and None in missing_limits(item):
            yield Problem(
                "range_limits",
                "an answer given as a range needs the limits of every input",
                f"input '{item.name}'",
                "give minimum and maximum, or a variable with a plausible range, or set missing = "
                '"refuse"',
            )


def _evidence(spec: ScoreSpec) -> Iterator[Problem]:
    if not spec.examples:
        yield Problem(
            "no_example",
            "the file has no worked example",
            "examples",
            "add one: it is computed again whenever the file is read",
        )
    bands = {band.name for band in spec.bands}
    for number, example in enumerate(spec.examples, 1):
        where = f"examples[{number}]"
        for name in sorted(set(example.inputs) - set(spec.input_names)):
            yield Problem("unknown_input", f"'{name}' is no input of this score", where, "rename")
        if example.band is not None and example.band not in bands:
            yield Problem("unknown_band", f"'{example.band}' is no band", where, "rename it")
        if example.risk is not None and spec.risk is None:
            yield Problem("no_risk", "the score gives no risk", where, "add [risk] or take it out")
    for row in spec.performance:
        if spec.status == "developed" and row.corrected is None:
            yield Problem(
                "not_corrected",
                f"'{row.name}' stands without its corrected value",
                "performance",
                "apparent and corrected performance stand side by side",
            )
