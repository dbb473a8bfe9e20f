"""A score's worked examples, computed again."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cartwheel.clinic.score_spec import Example, ScoreSpec
from cartwheel.clinic.scoring import Unscorable, assess
from cartwheel.errors import Problem


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
    found = assess(spec, {**example.inputs, **(example.choices or {})})
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
