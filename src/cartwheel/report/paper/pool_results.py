"""What a meta-analysis found: a table of all questions, and a paragraph for each pool."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cartwheel.report.document.blocks import (
    Block,
    Bullets,
    Caution,
    Cell,
    Heading,
    Paragraph,
    Run,
    Table,
)
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.pool_effects import (
    ASSOCIATIONS,
    Effects,
    effects_of,
    holds,
    named_level,
    names,
)
from cartwheel.report.paper.pool_figures import figure
from cartwheel.report.paper.pool_small import small_studies
from cartwheel.report.paper.pool_tables import tables_of
from cartwheel.report.paper.tables import columns, row
from cartwheel.report.paper.validate_shown import joined
from cartwheel.report.places import places_under
from cartwheel.report.words import Filling

Runs = tuple[Run, ...]
Json = Mapping[str, Any]
_BEFORE = ("forest", "accuracy_forest", "summary_roc")
_AFTER = ("leave_one_out", "subgroups", "bubble", "funnel", "subset_cloud")


def pooled_places(numbers: Numbers) -> list[str]:
    """Name the places of the analyses of two studies or more.

    Parameters
    ----------
    numbers : Numbers
        Of the result.

    Returns
    -------
    list of str
    """
    places = places_under(numbers.document, "result.analyses")
    return [place for place in places if (numbers.at(f"{place}.k") or 0) > 1]


def overview_blocks(numbers: Numbers) -> Iterator[Block | None]:
    """Put all pooled effects in one table, then those of one study.

    Parameters
    ----------
    numbers : Numbers
        Of the result.

    Yields
    ------
    Block or None
    """
    say, places = numbers.say, pooled_places(numbers)
    yield Heading(say("pool.heading.pools"), 2, "pools")
    if not places:
        yield Paragraph(say.runs("pool.summary.nothing"))
    else:
        yield _overview(numbers, places)
    every = places_under(numbers.document, "result.analyses")
    yield _single(numbers, [place for place in every if place not in places])


def _overview(numbers: Numbers, places: Sequence[str]) -> Table:
    say = numbers.say
    grades = {
        numbers.at(f"{grade}.analysis"): f"{grade}.certainty"
        for grade in places_under(numbers.document, "result.grades")
    }
    rows = []
    for place in places:
        effects, main = effects_of(numbers, place), f"{place}.main"
        grade = grades.get(numbers.at(f"{place}.name"), "")
        rows.append(
            row(
                numbers.words(f"{place}.name"),
                numbers.cell(f"{place}.k", "count"),
                numbers.cell(f"{place}.patients", "count", "pool.none"),
                effects.cell(f"{main}.pooled"),
                effects.range_cell(main),
                numbers.cell(f"{main}.p_value", "p", "pool.none"),
                numbers.cell(f"{place}.heterogeneity.i2", "percentage", "pool.none"),
                Cell(named_level(say, "pool.certainty", str(numbers.at(grade))), grade)
                if grade
                else Cell(say("pool.none")),
            )
        )
    interval = numbers.interval_name([f"{place}.main.pooled" for place in places])
    heads = ("name", "k", "patients", "pooled", "prediction", "p", "i2", "certainty")
    return Table(
        "table-pools",
        say("pool.pools.caption"),
        columns(
            [say(f"pool.pools.{name}", ci=interval) for name in heads],
            (2.0, 0.6, 0.8, 1.6, 1.3, 0.6, 1.4, 0.8),
        ),
        tuple(rows),
        (say("pool.pools.note"),),
    )


def _single(numbers: Numbers, places: Sequence[str]) -> Table | None:
    say, rows = numbers.say, []
    for place in places:
        for study in places_under(numbers.document, f"{place}.studies"):
            effect = effects_of(numbers, place).cell(f"{study}.estimate")
            rows.append(
                row(numbers.words(f"{place}.name"), numbers.words(f"{study}.study"), effect)
            )
    if not rows:
        return None
    interval = numbers.interval_name([f"{place}.studies[0].estimate" for place in places])
    labels = [
        say("pool.pools.name"),
        say("pool.single.study"),
        say("pool.single.estimate", ci=interval),
    ]
    return Table(
        "table-single", say("pool.single.caption"), columns(labels, (2, 1.5, 1.2)), tuple(rows)
    )


def analysis_blocks(numbers: Numbers, place: str) -> Iterator[Block | None]:
    """Tell everything of one pooled effect.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    place : str
        Of the analysis, such as ``result.analyses[0]``.

    Yields
    ------
    Block or None
    """
    say, number = numbers.say, int(place[place.index("[") + 1 : -1]) + 1
    name = str(numbers.at(f"{place}.name"))
    yield Heading(say("pool.heading.analysis", name=name), 3, f"pool-{number}")
    yield joined(*paragraph(numbers, place))
    yield from _notes(numbers, place)
    for kind in _BEFORE:
        yield figure(numbers, f"{kind}_{number}", say(f"pool.figure.{kind}", name=name))
    yield from tables_of(numbers, place, number)
    for kind in _AFTER:
        yield figure(numbers, f"{kind}_{number}", say(f"pool.figure.{kind}", name=name))


def _notes(numbers: Numbers, place: str) -> Iterator[Block]:
    others = []
    for note in places_under(numbers.document, f"{place}.notes"):
        said = numbers.quoted(f"{note}.text")
        if numbers.at(f"{note}.severity") == "caution":
            yield Caution("caution", said)
        else:
            others.append(said)
    if others:
        yield Bullets(tuple(others))


def paragraph(numbers: Numbers, place: str) -> Iterator[Runs]:
    """Tell a pooled effect in sentences, what speaks against it as plainly.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    place : str
        Of the analysis.

    Yields
    ------
    tuple of Run
        Sentences.
    """
    effects = effects_of(numbers, place)
    yield from association(effects, place)
    yield from _spread(effects, place)
    yield from _accuracy(numbers, place)
    yield from _models(effects, place)
    yield from _left_out(effects, place)
    yield from _influence(numbers, place)
    yield from small_studies(effects, place)
    yield from _confounding(numbers, place)


def association(effects: Effects, place: str) -> Iterator[Runs]:
    """Say the pooled effect, and whether its interval includes no effect.

    Parameters
    ----------
    effects : Effects
        Of the analysis.
    place : str
        Of the analysis.

    Yields
    ------
    tuple of Run
    """
    say, numbers = effects.say, effects.numbers
    known = numbers.at(f"{place}.patients") is not None
    tested = numbers.at(f"{place}.main.p_value") is not None
    key = f"{'association' if tested else 'plain'}{'_patients' if known else ''}"
    yield say.runs(
        f"pool.found.{key}",
        k=numbers.run(f"{place}.k", "count"),
        patients=numbers.run(f"{place}.patients", "count"),
        measure=effects.name(),
        pooled=effects.run(f"{place}.main.pooled"),
        p=numbers.p(f"{place}.main.p_value"),
        model=numbers.named(f"{place}.main.name"),
    )
    pooled, null = numbers.at(f"{place}.main.pooled"), numbers.at(f"{place}.null_value")
    inside = holds(pooled, null)
    if inside is None:
        return
    fields: dict[str, Filling] = {"null": effects.null(place), "meaning": effects.meaning()}
    if effects.measure in ASSOCIATIONS:
        if inside:
            yield say.runs("pool.found.includes", **fields)
        return
    side = "above" if pooled["low"] > null else "below"
    if not (effects.measure == "C" and side == "above" and not inside):
        yield say.runs(f"pool.found.{'includes_ideal' if inside else side}", **fields)


def _spread(effects: Effects, place: str) -> Iterator[Runs]:
    say, numbers, main = effects.say, effects.numbers, f"{place}.main"
    low, high = (numbers.at(f"{main}.prediction_{end}") for end in ("low", "high"))
    null = numbers.at(f"{place}.null_value")
    if low is not None and high is not None:
        crosses = null is not None and low <= null <= high
        crosses = crosses and holds(numbers.at(f"{main}.pooled"), null) is False
        yield say.runs(
            f"pool.found.prediction{'_crosses' if crosses else ''}",
            measure=effects.name(),
            low=effects.number(f"{main}.prediction_low"),
            high=effects.number(f"{main}.prediction_high"),
            level=numbers.run(f"{main}.pooled.level", "level"),
            null=effects.null(place),
            meaning=effects.meaning(),
        )
    found, parts = f"{place}.heterogeneity", []
    for name, kind in (("tau2", "significant"), ("i2", "percent_of")):
        if numbers.at(f"{found}.{name}.value") is not None:
            value = _plain(numbers, f"{found}.{name}", kind)
            parts.append(say.runs(f"pool.found.{name}", value=value))
    if numbers.at(f"{found}.q") is not None and numbers.at(f"{found}.q_df") is not None:
        one = "_one" if numbers.at(f"{found}.q_df") == 1 else ""
        parts.append(
            say.runs(
                f"pool.found.q{one}",
                q=numbers.run(f"{found}.q", "significant"),
                df=numbers.run(f"{found}.q_df", "exact"),
                p=numbers.p(f"{found}.q_p_value"),
            )
        )
    if parts:
        yield say.runs("pool.found.heterogeneity", parts=say.listed(parts))


def _plain(numbers: Numbers, place: str, kind: str) -> Run:
    """An estimate that is of no measure; I2 stands in per cent already."""
    rule, sign = ("percentage", "%") if kind == "percent_of" else (kind, "")
    estimate = numbers.at(place)
    value, low, high = (
        numbers.text(f"{place}.{end}", rule) + ("" if estimate.get(end) is None else sign)
        for end in ("value", "low", "high")
    )
    if estimate.get("low") is None and estimate.get("high") is None:
        return Run(value, source=place)
    ci = numbers.interval_name([place])
    return Run(numbers.say("pool.with_ci", value=value, ci=ci, low=low, high=high), source=place)


def _accuracy(numbers: Numbers, place: str) -> Iterator[Runs]:
    found = f"{place}.accuracy"
    if not numbers.at(found):
        return
    shares, ratios = Effects(numbers, "proportion"), Effects(numbers, "RR")
    yield numbers.say.runs(
        "pool.found.accuracy",
        sensitivity=shares.run(f"{found}.sensitivity"),
        specificity=shares.run(f"{found}.specificity"),
        positive=ratios.run(f"{found}.positive_likelihood_ratio"),
        negative=ratios.run(f"{found}.negative_likelihood_ratio"),
    )


def _ends(numbers: Numbers, places: Sequence[str], part: str) -> tuple[str, str]:
    """Places of the lowest and of the highest estimate."""

    def value(place: str) -> float:
        return float(numbers.at(f"{place}.{part}.value"))

    return min(places, key=value), max(places, key=value)


def _models(effects: Effects, place: str) -> Iterator[Runs]:
    say, numbers = effects.say, effects.numbers
    places = [
        at
        for at in places_under(numbers.document, f"{place}.models")
        if numbers.at(f"{at}.pooled.value") is not None
    ]
    if not places:
        return
    low, high = _ends(numbers, places, "pooled")
    yield say.runs(
        "pool.found.models",
        count=str(len(places)),
        measure=effects.name(),
        low=effects.number(f"{low}.pooled.value"),
        lowest=numbers.named(f"{low}.name"),
        high=effects.number(f"{high}.pooled.value"),
        highest=numbers.named(f"{high}.name"),
    )
    turned = _turned(numbers, place, places, lambda at: f"{at}.pooled", "name")
    if turned is None:
        return
    null = effects.null(place)
    if turned:
        yield say.runs("pool.found.models_turn", null=null, names=say.listed(names(turned)))
    else:
        yield say.runs("pool.found.models_none", null=null)


def _turned(
    numbers: Numbers,
    place: str,
    places: Sequence[str],
    estimate: Callable[[str], str],
    label: str,
) -> list[str] | None:
    """Names of those whose interval says otherwise of no effect; None where that has no answer."""
    null = numbers.at(f"{place}.null_value")
    main = holds(numbers.at(f"{place}.main.pooled"), null)
    if main is None:
        return None
    return [
        str(numbers.at(f"{at}.{label}"))
        for at in places
        if holds(numbers.at(estimate(at)), null) not in (None, main)
    ]


def _left_out(effects: Effects, place: str) -> Iterator[Runs]:
    say, numbers = effects.say, effects.numbers
    places = [
        at
        for at in places_under(numbers.document, f"{place}.leave_one_out")
        if numbers.at(f"{at}.estimate.value") is not None
    ]
    if not places:
        return
    low, high = _ends(numbers, places, "estimate")
    yield say.runs(
        "pool.found.left_out",
        low=effects.number(f"{low}.estimate.value"),
        lowest=numbers.named(f"{low}.study"),
        high=effects.number(f"{high}.estimate.value"),
        highest=numbers.named(f"{high}.study"),
    )
    turned = _turned(numbers, place, places, lambda at: f"{at}.estimate", "study")
    if turned:
        null = effects.null(place)
        yield say.runs("pool.found.left_out_turn", null=null, names=say.listed(names(turned)))


def _influence(numbers: Numbers, place: str) -> Iterator[Runs]:
    say = numbers.say
    rows = numbers.at(f"{place}.influence") or ()
    flagged = [each["study"] for each in rows if each["flagged"]]
    if flagged:
        yield say.runs("pool.found.influential", names=say.listed(names(flagged)))
    elif rows:
        yield say.runs("pool.found.no_influential")
    studies = places_under(numbers.document, f"{place}.studies")
    heavy = max(studies, key=lambda at: numbers.at(f"{at}.weight_percent") or 0.0, default="")
    if heavy and len(studies) > 2 and (numbers.at(f"{heavy}.weight_percent") or 0.0) > 50.0:
        yield say.runs(
            "pool.found.heavy",
            study=numbers.named(f"{heavy}.study"),
            weight=numbers.run(f"{heavy}.weight_percent", "percentage"),
        )


def _confounding(numbers: Numbers, place: str) -> Iterator[Runs]:
    if not numbers.at(f"{place}.e_value"):
        return
    none = "_none" if numbers.at(f"{place}.e_value.limit") <= 1.0 else ""
    yield numbers.say.runs(
        f"pool.found.e_value{none}",
        point=numbers.run(f"{place}.e_value.point", "ratio"),
        limit=numbers.run(f"{place}.e_value.limit", "ratio"),
    )
