"""Methods of a development: every choice that was made, from the plan and the run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cartwheel.report.document.blocks import Block, Bullets, Heading, Paragraph, Run
from cartwheel.report.paper.closing import heading
from cartwheel.report.paper.develop_building import building, regression_run
from cartwheel.report.paper.develop_score_tables import time_unit
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.places import places_under

_LIBRARIES = ("numpy", "scipy", "pandas")
_MEASURES = (
    "auc",
    "auc_at_horizon",
    "c_index",
    "calibration_slope",
    "calibration_intercept",
    "brier",
)


def methods(numbers: Numbers) -> list[Block]:
    """Write the methods section.

    Parameters
    ----------
    numbers : Numbers
        Of the result; plan, provenance and result are read.

    Returns
    -------
    list of Block
    """
    parts: list[tuple[str, list[Block | None]]] = [
        ("patients", [Paragraph(_patients(numbers)), *_steps(numbers)]),
        ("outcome", [Paragraph(_outcome(numbers))]),
        ("predictors", [*_predictors(numbers), *_ratios(numbers)]),
        ("size", [Paragraph(_size(numbers))]),
        ("missing", [Paragraph(_missing(numbers))]),
        ("building", [Paragraph(runs) for runs in building(numbers)]),
        ("validation", [Paragraph(runs) for runs in _validation(numbers)]),
        ("measures", [Paragraph(_measures(numbers))]),
        ("further", [Paragraph(runs) for runs in _further(numbers)]),
        ("software", [Paragraph(_software(numbers))]),
    ]
    blocks: list[Block] = [heading(numbers.say, "methods")]
    for name, told in parts:
        kept = [block for block in told if block is not None and block != Paragraph(())]
        if kept:
            blocks += [_part(numbers, name), *kept]
    return blocks


def _part(numbers: Numbers, name: str) -> Heading:
    return Heading(numbers.say(f"develop.heading.methods_{name}"), 2, f"methods-{name}")


def _patients(numbers: Numbers) -> tuple[Run, ...]:
    say, runs = numbers.say, list[Run]()
    if numbers.at("result.flow"):
        runs += say.runs(
            "develop.patients.file",
            name=numbers.named("provenance.data_name"),
            rows=numbers.run("result.flow[0].patients", "count"),
        )
    runs += say.runs(
        "develop.patients.analysed",
        patients=numbers.run("result.outcome.patients", "count"),
        events=numbers.run("result.outcome.events", "count"),
    )
    day = "result.guard.landmark_day"
    if numbers.at(day) is not None:
        runs += say.runs(
            "develop.patients.landmark",
            day=numbers.run(day, "exact"),
            patients=numbers.run("result.guard.cost_patients", "count"),
            events=numbers.run("result.guard.cost_events", "count"),
        )
    runs += _guard(numbers)
    return tuple(runs)


def _guard(numbers: Numbers) -> Iterator[Run]:
    say = numbers.say
    for part in ("checked", "unchecked"):
        places = places_under(numbers.document, f"result.guard.{part}")
        if places:
            columns = say.listed(_named(numbers, place) for place in places)
            yield from say.runs(f"develop.patients.{part}", columns=columns)


def _steps(numbers: Numbers) -> Iterator[Bullets | Paragraph]:
    lost = [
        place
        for place in places_under(numbers.document, "result.flow")
        if numbers.at(f"{place}.excluded")
    ]
    if not lost:
        return
    yield Paragraph(numbers.say.runs("develop.patients.left"))
    yield Bullets(
        tuple(
            numbers.say.runs(
                "develop.patients.step",
                label=numbers.quoted(f"{place}.label"),
                patients=numbers.run(f"{place}.excluded", "count"),
                events=numbers.run(f"{place}.excluded_events", "count"),
            )
            for place in lost
        )
    )


def _outcome(numbers: Numbers) -> tuple[Run, ...]:
    say = numbers.say
    survival = numbers.at("result.outcome.kind") == "survival"
    label = numbers.named("result.outcome.label")
    if not survival:
        runs = list(say.runs("develop.outcome.binary", label=label))
    else:
        runs = list(
            say.runs(
                "develop.outcome.survival",
                label=label,
                unit=time_unit(numbers),
                horizon=numbers.run("result.outcome.horizon", "exact"),
            )
        )
        if numbers.at("result.outcome.follow_up") is not None:
            runs += say.runs("develop.outcome.follow_up")
    if numbers.at("plan.outcome.event_value") is not None:
        runs += say.runs(
            "develop.outcome.value",
            value=numbers.named("plan.outcome.event_value"),
            column=numbers.named("plan.outcome.event"),
        )
    if numbers.at("plan.outcome.onset"):
        runs += say.runs("develop.outcome.onset", column=numbers.named("plan.outcome.onset"))
    return tuple(runs)


def _predictors(numbers: Numbers) -> Iterator[Paragraph]:
    say = numbers.say
    places = places_under(numbers.document, "plan.predictors")
    if not places:
        return
    named = say.listed(_named(numbers, f"{place}.column") for place in places)
    key = say.of_count("develop.predictors", len(places))
    yield Paragraph(say.runs(key, count=numbers.length("plan.predictors"), predictors=named))


def _named(numbers: Numbers, place: str) -> Run:
    """Name the column that is written at a place, by its label where the result has one."""
    column = numbers.at(place)
    for read in places_under(numbers.document, "result.columns"):
        if numbers.at(f"{read}.column") == column:
            return numbers.named(f"{read}.label")
    return numbers.named(place)


def _ratios(numbers: Numbers) -> Iterator[Paragraph]:
    say = numbers.say
    for place in places_under(numbers.document, "plan.derived"):
        zero = numbers.at(f"{place}.zero")
        key = zero if zero in {"refuse", "missing"} else "floor"
        label = "label" if numbers.at(f"{place}.label") else "name"
        yield Paragraph(
            say.runs(
                f"develop.ratio.{key}",
                name=numbers.named(f"{place}.{label}"),
                numerator=_named(numbers, f"{place}.numerator"),
                denominator=_named(numbers, f"{place}.denominator"),
                floor=numbers.named(f"{place}.zero"),
            )
        )


def _size(numbers: Numbers) -> tuple[Run, ...]:
    say, at = numbers.say, "result.sample_size"
    if not numbers.at(at):
        return ()
    runs = say.runs(
        "develop.size.parameters",
        events=numbers.run(f"{at}.events", "count"),
        parameters=numbers.run(f"{at}.candidate_parameters", "count"),
        per=numbers.run(f"{at}.events_per_parameter", "time"),
    )
    if numbers.at(f"{at}.expected_shrinkage") is None:
        return (*runs, *say.runs("develop.size.no_shrinkage"))
    shrinkage = numbers.run(f"{at}.expected_shrinkage", "two")
    return (*runs, *say.runs("develop.size.shrinkage", shrinkage=shrinkage))


def _missing(numbers: Numbers) -> tuple[Run, ...]:
    say, at = numbers.say, "result.imputation"
    if numbers.at(at) is None:
        return say.runs("develop.missing.complete")
    if not numbers.at(f"{at}.imputations"):
        return say.runs("develop.missing.none")
    survival = numbers.at("result.outcome.kind") == "survival"
    searched = any(
        numbers.at(f"{place}.method") != "fixed"
        for place in places_under(numbers.document, "result.cutoffs")
    )
    kind = "survival" if survival else "binary"
    runs = say.runs(
        "develop.missing.imputed",
        patients=numbers.run(f"{at}.patients", "count"),
        percent=numbers.run(f"{at}.percent", "percentage"),
        imputations=numbers.run(f"{at}.imputations", "count"),
        iterations=numbers.run(f"{at}.iterations", "count"),
        donors=numbers.run(f"{at}.donors", "count"),
        outcome=Run(say(f"develop.imputed_with.{kind}"), source=f"{at}.outcome"),
        seed=numbers.run(f"{at}.seed", "exact"),
    )
    if survival:
        runs += say.runs("develop.missing.survival")
    runs += say.runs("develop.missing.pooled")
    if searched:
        runs += say.runs("develop.missing.cutoffs")
    return runs + say.runs("develop.missing.random")


def _validation(numbers: Numbers) -> Iterator[tuple[Run, ...]]:
    say = numbers.say
    drawn = numbers.at("result.performance.resamples") or 0
    if not drawn:
        yield say.runs("develop.validation.none")
        return
    imputed = bool(numbers.at("result.imputation.imputations"))
    method = "index" if numbers.at("result.method") == "index" else "points"
    steps = ["imputation"] if imputed else []
    steps += ["search", "index"] if method == "index" else ["search", "selection", "points"]
    yield say.runs(
        "develop.validation.bootstrap",
        steps=say.listed(say(f"develop.validation.step.{step}") for step in steps),
        resamples=numbers.run("result.performance.resamples", "count"),
        seed=numbers.run("provenance.seed", "exact"),
    ) + say.runs("develop.validation.interval")
    if imputed:
        yield say.runs("develop.validation.imputed")
    failed = numbers.at("result.performance.failed")
    if failed is None:
        return
    count = numbers.run("result.performance.failed", "count")
    key = "develop.validation.failed"
    told = say.runs(say.of_count(key, failed) if failed else f"{key}.none", count=count)
    reasons = [
        say.runs(
            "develop.validation.reason",
            reason=numbers.quoted(f"{place}[0]"),
            count=numbers.run(f"{place}[1]", "count"),
        )
        for place in places_under(numbers.document, "result.performance.failures")
    ]
    if reasons:
        told += say.runs("develop.validation.reasons", reasons=say.listed(reasons))
    yield told


def _measures(numbers: Numbers) -> tuple[Run, ...]:
    say = numbers.say
    found = {
        str(numbers.at(f"{place}.name"))
        for place in places_under(numbers.document, "result.performance.measures")
    }
    runs: tuple[Run, ...] = ()
    for name in _MEASURES:
        if name in found:
            runs += say.runs(f"develop.measured.{name}")
    level = "plan.level"
    if numbers.at(level) is not None:
        runs += say.runs("develop.measured.level", level=numbers.run(level, "level"))
    splines = "spline" in str(numbers.at("result.uncut.model")).lower()
    form = say.runs(f"develop.uncut.{'splines' if splines else 'lines'}")
    return runs + say.runs("develop.measured.uncut", model=regression_run(numbers), form=form)


def _further(numbers: Numbers) -> Iterator[tuple[Run, ...]]:
    say = numbers.say
    survival = numbers.at("result.outcome.kind") == "survival"
    risks = say.runs(f"develop.further.{'survival' if survival else 'binary'}")
    yield say.runs("develop.further.table_one") + risks
    adjusted = places_under(numbers.document, "plan.adjust")
    if adjusted:
        columns = say.listed(_named(numbers, place) for place in adjusted)
        yield say.runs("develop.further.adjusted", columns=columns)
    if numbers.at("plan.associations.columns"):
        method = str(numbers.at("plan.associations.multiplicity"))
        key = f"develop.multiplicity.{method}"
        yield say.runs(
            "develop.further.associations",
            count=numbers.length("plan.associations.columns"),
            method=say.runs(key) if key in say else method,
        )


def _software(numbers: Numbers) -> tuple[Run, ...]:
    say = numbers.say
    libraries = [
        say.runs(f"develop.software.{name}", version=numbers.named(f"provenance.libraries.{name}"))
        for name in _LIBRARIES
        if numbers.at(f"provenance.libraries.{name}")
    ]
    runs = say.runs("develop.software.cartwheel", version=numbers.named("provenance.cartwheel"))
    if libraries:
        runs += say.runs("develop.software.libraries", libraries=say.listed(libraries))
    return runs + say.runs(
        "develop.software.made",
        data=replace(numbers.named("provenance.data_sha256"), style="code"),
        seed=numbers.run("provenance.seed", "exact"),
    )
