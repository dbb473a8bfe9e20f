"""How a meta-analysis was made: every choice of the plan and of the run, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cartwheel.report.document.blocks import Block, Heading, Run
from cartwheel.report.paper.closing import heading
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.pool_effects import named_level, names
from cartwheel.report.paper.validate_shown import joined
from cartwheel.report.places import places_under

Runs = tuple[Run, ...]
Json = Mapping[str, Any]
_PERFORMANCE = ("C", "OE", "slope")
_ORDERS = ("year", "file", "precision")


def methods_blocks(numbers: Numbers) -> Iterator[Block]:
    """Write the methods of a meta-analysis.

    Parameters
    ----------
    numbers : Numbers
        Of the result.

    Yields
    ------
    Block
        Headings and paragraphs.
    """
    say = numbers.say
    yield heading(say, "methods")
    parts = {
        "records": _records,
        "effects": _effects,
        "model": _model,
        "questions": _questions,
        "columns": _columns,
        "small_studies": _small_studies,
        "appraisal": _appraisal,
        "software": _software,
    }
    for name, write in parts.items():
        paragraph = joined(*write(numbers))
        if paragraph.runs:
            yield Heading(say(f"pool.heading.{name}"), 2, f"methods-{name.replace('_', '-')}")
            yield paragraph


def pooled(numbers: Numbers) -> list[Json]:
    """Give the analyses of two studies or more.

    Parameters
    ----------
    numbers : Numbers
        Of the result.

    Returns
    -------
    list of mapping
    """
    return [one for one in numbers.at("result.analyses") or () if one.get("k", 0) > 1]


def _records(numbers: Numbers) -> Iterator[Runs]:
    say = numbers.say
    if not numbers.at("result.flow"):
        yield say.runs("pool.methods.no_flow")
        return
    yield say.runs("pool.methods.flow")
    duplicates = numbers.at("result.flow.duplicates") or ()
    if duplicates:
        yield say.runs("pool.methods.duplicates", count=numbers.length("result.flow.duplicates"))


def _effects(numbers: Numbers) -> Iterator[Runs]:
    say = numbers.say
    used = [study for study in numbers.at("result.studies") or () if study.get("used")]
    scales: dict[str, list[str]] = {}
    for study in used:
        many = f"pool.measures.{study['measure']}"
        named = say(many) if many in say else str(study["measure"])
        scales.setdefault(str(study["scale"]), []).append(named)
    told = [
        say.runs(
            f"pool.scale.{scale if f'pool.scale.{scale}' in say else 'identity'}",
            measures=say.listed(dict.fromkeys(measures)),
        )
        for scale, measures in scales.items()
    ]
    if used:
        yield say.runs("pool.methods.effects", count=str(len(used)), scales=say.listed(told))
    if any(study["measure"] in _PERFORMANCE for study in used):
        yield say.runs("pool.methods.performance")
    yield from _routes(numbers, used)
    yield say.runs(f"pool.methods.overlap_{numbers.at('plan.overlap') or 'report'}")
    left_out = numbers.at("plan.leave_out") or ()
    if left_out:
        yield say.runs("pool.methods.leave_out", names=say.listed(names(left_out)))


def _routes(numbers: Numbers, used: list[Json]) -> Iterator[Runs]:
    say = numbers.say
    routes: dict[str, int] = {}
    for study in used:
        routes[str(study["route"])] = routes.get(str(study["route"]), 0) + 1
    told = [
        say.runs("pool.methods.route_of", route=_route(numbers, route), count=str(count))
        for route, count in routes.items()
    ]
    if told:
        yield say.runs("pool.methods.routes", routes=say.listed(told))
    turned = [study["study"] for study in used if study.get("inverted")]
    if turned:
        studies = say.listed(names(turned))
        yield say.runs("pool.methods.inverted", count=str(len(turned)), studies=studies)
    zero = [s for s in used if any("added to" in text for text in s.get("assumptions") or ())]
    if zero:
        every = "_all" if numbers.at("plan.add_to") == "all" else ""
        yield say.runs(f"pool.methods.zero{every}", add=numbers.run("plan.add", "exact"))
    if any(study.get("assumptions") for study in used):
        yield say.runs("pool.methods.assumed")


def _route(numbers: Numbers, route: str) -> Runs:
    key = f"pool.route.{route}"
    if key in numbers.say:
        return numbers.say.runs(key)
    return numbers.say.runs("pool.route.other", route=route)


def _model(numbers: Numbers) -> Iterator[Runs]:
    say, analyses = numbers.say, pooled(numbers)
    if not analyses:
        yield say.runs("pool.methods.nothing")
        return
    method = str(numbers.at("plan.method") or "REML")
    random = f"pool.estimator.{method}" in say
    if random:
        yield say.runs("pool.model.random", estimator=say.runs(f"pool.estimator.{method}"))
        yield say.runs(f"pool.model.{numbers.at('plan.interval') or 'knapp_hartung'}")
    else:
        correlation = numbers.run("plan.sampling_correlation", "exact")
        if numbers.at("plan.sampling_correlation") is None:
            correlation = Run("0")
        yield say.runs(f"pool.model.{method}", correlation=correlation)
    other = [one for one in analyses if one["main"]["code"] != method]
    if other:
        models = say.listed(dict.fromkeys(one["main"]["name"] for one in other))
        of = say.listed(names(one["name"] for one in other))
        yield say.runs("pool.model.other", names=of, models=models)
    if method != "bivariate" and any(one.get("accuracy") for one in analyses):
        yield say.runs("pool.model.accuracy")
    prediction = str(numbers.at("plan.prediction") or "model")
    there = any(one["main"].get("prediction_low") is not None for one in analyses)
    if there or prediction == "none":
        yield say.runs(f"pool.model.prediction_{prediction}")
    two = sum(one["k"] == 2 for one in analyses)
    if two and random and numbers.at("plan.interval") != "normal":
        yield say.runs("pool.methods.two", count=str(two))
    yield say.runs("pool.model.heterogeneity")
    if any(one.get("models") for one in analyses):
        yield say.runs("pool.model.others")


def _questions(numbers: Numbers) -> Iterator[Runs]:
    say, analyses = numbers.say, pooled(numbers)
    if any(one.get("leave_one_out") for one in analyses):
        yield say.runs("pool.questions.leave_one_out")
    if any(one.get("cumulative") for one in analyses):
        order = str(numbers.at("plan.order") or "year")
        known = order if order in _ORDERS else "column"
        yield say.runs(f"pool.questions.cumulative_{known}", column=Run(order, "emphasis"))
    if any(one.get("influence") for one in analyses):
        yield say.runs("pool.questions.influence")
    if any(one.get("subsets") for one in analyses):
        yield say.runs("pool.questions.gosh")


def _columns(numbers: Numbers) -> Iterator[Runs]:
    say, analyses = numbers.say, pooled(numbers)
    groups = [group["column"] for one in analyses for group in one.get("subgroups") or ()]
    fitted = [each for one in analyses for each in one.get("regressions") or ()]
    asked = [" + ".join(each["columns"]) for each in fitted if each["columns"] != ["cutoff"]]
    if groups:
        yield say.runs("pool.questions.subgroups", columns=say.listed(names(groups)))
    if asked:
        yield say.runs("pool.questions.regressions", columns=say.listed(names(asked)))
    if len(asked) < len(fitted):
        scale = "identity" if numbers.at("plan.cutoff_scale") == "identity" else "log"
        told = say(f"pool.questions.cutoff_{scale}")
        yield say.runs("pool.questions.cutoff", scale=told)
    if any(each.get("permutations") for each in fitted):
        yield say.runs(
            "pool.questions.permutations",
            count=numbers.run("plan.permutations", "count"),
            seed=numbers.run("plan.seed", "exact"),
        )
    if groups or asked:
        planned = "planned" if numbers.at("plan.planned") else "exploratory"
        yield say.runs(f"pool.questions.{planned}")


def _small_studies(numbers: Numbers) -> Iterator[Runs]:
    say, analyses = numbers.say, pooled(numbers)
    if not analyses:
        return
    policy = str(numbers.at("plan.small_studies") or "auto")
    asked = [one["small_studies"] for one in analyses if one["small_studies"]["asked"]]
    yield say.runs(f"pool.questions.small_{policy}")
    if policy == "auto" and not asked:
        yield say.runs("pool.questions.small_none")
    tests = dict.fromkeys(test["name"] for one in asked for test in one["tests"])
    told = [asymmetry_test(numbers, name) for name in tests]
    if told:
        yield say.runs("pool.questions.tests", tests=say.listed(told))
    fills = dict.fromkeys(fill["estimator"] for one in asked for fill in one["trim_fill"])
    if fills:
        yield say.runs("pool.questions.trim_fill", estimators=say.listed(fills))
    if any(one.get("selection") for one in asked):
        side = say(f"pool.questions.{numbers.at('plan.harm') or 'above'}")
        yield say.runs("pool.questions.selection", side=side)
    if any(one["small_studies"].get("fail_safe") for one in analyses):
        yield say.runs("pool.questions.fail_safe")


def asymmetry_test(numbers: Numbers, name: str) -> Runs:
    """Name a test of funnel asymmetry, with its work; one that is not known by its code.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    name : str
        Stable name of the test.

    Returns
    -------
    tuple of Run
    """
    key = f"pool.test.{name}"
    return numbers.say.runs(key) if key in numbers.say else (Run(name.replace("_", " ")),)


def _appraisal(numbers: Numbers) -> Iterator[Runs]:
    say = numbers.say
    if any(one.get("e_value") for one in pooled(numbers)):
        yield say.runs(f"pool.questions.e_value_{'rare' if numbers.at('plan.rare') else 'common'}")
    tools = places_under(numbers.document, "result.quality")
    if not tools:
        yield say.runs("pool.questions.no_quality")
    for place in tools:
        tool = str(numbers.at(f"{place}.tool"))
        if f"pool.questions.{tool.lower()}" in say:
            yield say.runs(f"pool.questions.{tool.lower()}")
        else:
            citation = numbers.named(f"{place}.citation")
            yield say.runs("pool.questions.tool", tool=tool, citation=citation)
        if numbers.at(f"{place}.rule"):
            yield say.runs("pool.questions.rule", rule=numbers.named(f"{place}.rule"))
    grades = numbers.at("result.grades") or ()
    if not grades:
        yield say.runs("pool.questions.no_grade")
    starts = dict.fromkeys((each["start"], each["start_source"]) for each in grades)
    for start, source in starts:
        named = named_level(say, "pool.certainty", str(start))
        yield say.runs("pool.questions.grade", start=named, source=source)


def _software(numbers: Numbers) -> Iterator[Runs]:
    say = numbers.say
    if numbers.at("plan.level"):
        yield say.runs("pool.methods.level", level=numbers.run("plan.level", "level"))
    versions = tuple(
        Run(f"{name} {version}", source=f"provenance.libraries.{name}")
        for name, version in (numbers.at("provenance.libraries") or {}).items()
    )
    version = numbers.named("provenance.cartwheel")
    yield say.runs("pool.methods.software", version=version, libraries=say.listed(versions))
