"""What a score's open choices and its published figures must agree on with the rest of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import prod
from typing import TYPE_CHECKING

from cartwheel.errors import Problem

if TYPE_CHECKING:
    from cartwheel.clinic.score_spec import ScoreSpec, TwoByTwo
    from cartwheel.clinic.score_terms import Parameter

MOST_VARIANTS = 64


def choice_problems(spec: ScoreSpec) -> tuple[Problem, ...]:
    """Find parameters without real options, and parts that name options there are not.

    Parameters
    ----------
    spec : ScoreSpec
        With at least one parameter.

    Returns
    -------
    tuple of Problem
        Empty where every choice of options gives a score that can then be checked by itself.
    """
    problems = [problem for each in spec.parameters for problem in _options(each)]
    if prod(len(each.options) for each in spec.parameters) > MOST_VARIANTS:
        problems.append(
            Problem(
                "parameters", f"more than {MOST_VARIANTS} combinations", "parameters", "offer fewer"
            )
        )
    known = {each.name: {option.name for option in each.options} for each in spec.parameters}
    if len(known) < len(spec.parameters):
        problems.append(Problem("name_twice", "a parameter is there twice", "parameters", "rename"))
    named: list[tuple[str, Mapping[str, str] | None]] = [
        *((f"terms[{number}].only", term.only) for number, term in enumerate(spec.terms, 1)),
        *((f"bands[{number}].only", band.only) for number, band in enumerate(spec.bands, 1)),
        *((f"examples[{at}].choices", each.choices) for at, each in enumerate(spec.examples, 1)),
    ]
    used = {name for _, settings in named for name in settings or {}}
    for where, settings in named:
        problems += [
            Problem("unknown_option", f"'{name} = {option}' cannot be chosen", where, "mend it")
            for name, option in (settings or {}).items()
            if option not in known.get(name, ())
        ]
    problems += [
        Problem("unused_parameter", f"'{name}' changes nothing", "parameters", "take it out")
        for name in sorted(set(known) - used)
    ]
    return tuple(problems)


def _options(parameter: Parameter) -> Iterator[Problem]:
    where = f"parameter '{parameter.name}'"
    names = [option.name for option in parameter.options]
    if len(names) < 2 or len(set(names)) < len(names):
        yield Problem("parameters", "a parameter has two options or more", where, "mend them")
    if parameter.default not in names:
        yield Problem("parameters", "the default is none of its options", where, "mend it")


def published_problems(spec: ScoreSpec) -> Iterator[Problem]:
    """Compute the published sensitivities and specificities again from the published counts.

    Parameters
    ----------
    spec : ScoreSpec
        Any score.

    Yields
    ------
    Problem
        Where the printed digits do not come out, a band is not there, or counts are impossible;
        and where a part hangs on a parameter that the score does not have.
    """
    bands = {band.name for band in spec.bands}
    for number, entry in enumerate(spec.published, 1):
        where = f"published[{number}]"
        if entry.kind != "two_by_two":
            continue
        if not entry.positive or set(entry.positive) >= bands or not set(entry.positive) <= bands:
            yield Problem("unknown_band", "'positive' names some of the bands", where, "mend it")
        if entry.events_positive > entry.n_positive or entry.events_negative > entry.n_negative:
            yield Problem("counts", "more events than patients", where, "check the counts")
        else:
            yield from _recomputed(entry, where)
    if not spec.parameters:
        for place, parts in (("terms", spec.terms), ("bands", spec.bands)):
            for number, part in enumerate(parts, 1):
                if part.only:
                    what = "it hangs on a parameter that is not there"
                    yield Problem("unknown_option", what, f"{place}[{number}].only", "take it out")


def _recomputed(entry: TwoByTwo, where: str) -> Iterator[Problem]:
    quiet_positive = entry.n_positive - entry.events_positive
    quiet_negative = entry.n_negative - entry.events_negative
    for name, printed, part, other in (
        ("sensitivity", entry.sensitivity, entry.events_positive, entry.events_negative),
        ("specificity", entry.specificity, quiet_negative, quiet_positive),
    ):
        if printed is None:
            continue
        if not part + other:
            yield Problem("counts", f"no patient counts for the {name}", where, "take it out")
            continue
        exponent = printed.as_tuple().exponent
        half = Decimal(5).scaleb(int(exponent) - 1)
        computed = Decimal(part) / Decimal(part + other)
        if abs(computed - printed) > half:
            yield Problem(
                "published_fails",
                f"its {name} is printed as {printed} but computes to {computed:.4f}",
                where,
                "find which of the two is wrong before anyone uses this file",
            )
