"""Whether small studies differ, in sentences: the tests, or why there are none."""

from __future__ import annotations

from collections.abc import Iterator

from cartwheel.report.document.blocks import Run
from cartwheel.report.paper.pool_effects import Effects
from cartwheel.report.paper.pool_methods import asymmetry_test
from cartwheel.report.places import places_under

Runs = tuple[Run, ...]


def small_studies(effects: Effects, place: str) -> Iterator[Runs]:
    """Say the tests of small-study effects, or why there are none.

    Parameters
    ----------
    effects : Effects
        Of the analysis.
    place : str
        Of the analysis.

    Yields
    ------
    tuple of Run
        Sentences.
    """
    numbers, say, found = effects.numbers, effects.say, f"{place}.small_studies"
    if not numbers.at(found):
        return
    reason = numbers.quoted(f"{found}.reason")
    if not numbers.at(f"{found}.asked"):
        yield say.runs("pool.found.small_not", reason=reason)
    else:
        yield from _tests(effects, found)
        yield from _adjusted(effects, found)
        if reason:
            yield say.runs("pool.found.small_care", reason=reason)
    told = [
        say.runs(
            "pool.found.fail_safe_of",
            rule=numbers.named(f"{at}[0]"),
            number=numbers.run(f"{at}[1]", "count"),
        )
        for at in places_under(numbers.document, f"{found}.fail_safe")
    ]
    if told:
        yield say.runs("pool.found.fail_safe", numbers=say.listed(told))


def _tests(effects: Effects, found: str) -> Iterator[Runs]:
    numbers, say = effects.numbers, effects.say
    told = [
        say.runs(
            "pool.found.small_test",
            name=tuple(
                Run(run.text, run.style)
                for run in asymmetry_test(numbers, str(numbers.at(f"{test}.name")))
            ),
            p=numbers.p(f"{test}.p_value"),
        )
        for test in places_under(numbers.document, f"{found}.tests")
    ]
    if told:
        yield say.runs("pool.found.small", tests=say.listed(told))
    else:
        yield say.runs("pool.found.small_none")


def _adjusted(effects: Effects, found: str) -> Iterator[Runs]:
    numbers, say = effects.numbers, effects.say
    for fill in places_under(numbers.document, f"{found}.trim_fill"):
        side = str(numbers.at(f"{fill}.side"))
        key = f"pool.side.{side}"
        yield say.runs(
            "pool.found.fill" if numbers.at(f"{fill}.missing") else "pool.found.fill_none",
            estimator=numbers.named(f"{fill}.estimator"),
            count=numbers.run(f"{fill}.missing", "count"),
            side=say(key) if key in say else side,
            measure=effects.name(),
            pooled=effects.run(f"{fill}.pooled"),
        )
    if numbers.at(f"{found}.selection"):
        yield say.runs(
            "pool.found.selection",
            measure=effects.name(),
            pooled=effects.run(f"{found}.selection"),
            p=numbers.p(f"{found}.selection_p_value"),
        )
