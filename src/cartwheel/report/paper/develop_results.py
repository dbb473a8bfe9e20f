"""Results of a development: every number with its interval, apparent beside corrected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cartwheel.figures.numbers import measure_format
from cartwheel.report.document.blocks import Block, Bullets, Caution, Heading, Paragraph, Run
from cartwheel.report.paper import develop_score_tables as scores, develop_tables as tables
from cartwheel.report.paper.closing import heading
from cartwheel.report.paper.develop_figures import Drawer
from cartwheel.report.paper.develop_stability import proportional, stability
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.tables import performance_table
from cartwheel.report.places import places_under

Runs = tuple[Run, ...]
_FOREMOST = ("auc", "c_index", "auc_at_horizon")
_CALIBRATION = ("calibration_slope", "calibration_intercept")
_FIXED = "fixed"


def results(numbers: Numbers) -> list[Block]:
    """Write the results section: sentences, tables and figures.

    Parameters
    ----------
    numbers : Numbers
        Of the result.

    Returns
    -------
    list of Block
    """
    draw = Drawer(numbers)
    parts: list[tuple[str, list[Block | None]]] = [
        ("flow", [*_told(_flow(numbers)), *draw("patient_flow")]),
        ("patients", [*_told(_patients(numbers)), tables.table_one(numbers)]),
        ("missing", _missing(numbers)),
        ("regression", _regression(numbers, draw)),
        ("cutoffs", _cutoffs(numbers, draw)),
        ("score", _score(numbers, draw)),
        ("groups", _groups(numbers, draw)),
        ("performance", _performance(numbers, draw)),
        ("calibration", _calibration(numbers, draw)),
        ("dose", [*_told(_dose(numbers)), *draw("dose_response")]),
        ("stability", stability(numbers, draw)),
        ("associations", _associations(numbers)),
        ("more_figures", [*draw.others()]),
    ]
    blocks: list[Block] = [heading(numbers.say, "results")]
    for name, told in parts:
        kept = [block for block in told if block is not None]
        if any(not isinstance(block, Paragraph) for block in kept):
            title = numbers.say(f"develop.heading.results_{name}")
            blocks += [Heading(title, 2, f"results-{name.replace('_', '-')}"), *kept]
    return blocks


def measure_place(numbers: Numbers, name: str, model: str = "result.performance") -> str | None:
    """Find a performance measure of a model by its name.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    name : str
        Such as ``auc``.
    model : str
        Place of a ``Performance``.

    Returns
    -------
    str or None
        Its place.
    """
    for place in places_under(numbers.document, f"{model}.measures"):
        if numbers.at(f"{place}.name") == name:
            return place
    return None


def foremost(numbers: Numbers, model: str = "result.performance") -> str | None:
    """Find the measure of discrimination of a model.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    model : str
        Place of a ``Performance``.

    Returns
    -------
    str or None
        Its place.
    """
    found = (measure_place(numbers, name, model) for name in _FOREMOST)
    return next((place for place in found if place), None)


def discrimination(numbers: Numbers, key: str, model: str) -> Runs:
    """Say the discrimination of a model, apparent and corrected in one sentence.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    key : str
        Of the sentence.
    model : str
        Place of a ``Performance``.

    Returns
    -------
    tuple of Run
        Empty where the model has no such measure.
    """
    place = foremost(numbers, model)
    return () if place is None else measured(numbers, key, place)


def measured(numbers: Numbers, key: str, place: str) -> Runs:
    """Say one measure, apparent and corrected in one sentence.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    key : str
        Of the sentence.
    place : str
        Of the measure.

    Returns
    -------
    tuple of Run
    """
    kind = measure_format(str(numbers.at(f"{place}.name")))
    return numbers.say.runs(
        key,
        measure=numbers.named(f"{place}.label"),
        apparent=numbers.stated(f"{place}.apparent", kind),
        corrected=numbers.stated(f"{place}.corrected", kind),
    )


def _told(runs: Runs) -> list[Block | None]:
    return [Paragraph(runs)] if runs else []


def _flow(numbers: Numbers) -> Runs:
    if not numbers.at("result.flow"):
        return ()
    runs = numbers.say.runs(
        "develop.flow.told",
        rows=numbers.run("result.flow[0].patients", "count"),
        patients=numbers.run("result.outcome.patients", "count"),
        events=numbers.run("result.outcome.events", "count"),
    )
    follow_up = "result.outcome.follow_up"
    if numbers.at(follow_up) is None:
        return runs
    return runs + numbers.say.runs(
        "develop.flow.follow_up",
        time=numbers.stated(follow_up, "time", "shared.not_reached"),
        unit=scores.time_unit(numbers),
    )


def _patients(numbers: Numbers) -> Runs:
    return numbers.say.runs("develop.table_one.told") if numbers.at("result.table_one") else ()


def _missing(numbers: Numbers) -> list[Block | None]:
    say, at = numbers.say, "result.imputation"
    if not numbers.at(f"{at}.imputations"):
        return []
    runs = say.runs(
        "develop.imputed.told",
        patients=numbers.run(f"{at}.patients", "count"),
        percent=numbers.run(f"{at}.percent", "percentage"),
        unmeasured=numbers.run(f"{at}.unmeasured", "count"),
    )
    if numbers.at(f"{at}.missing_information") is not None:
        runs += say.runs(
            "develop.imputed.information",
            fraction=numbers.run(f"{at}.missing_information", "two"),
            effect=numbers.quoted(f"{at}.missing_information_of"),
        )
    beside, told = f"{at}.complete_cases", list[Block | None]()
    if numbers.at(f"{beside}.performance"):
        patients, events = (
            numbers.run(f"{beside}.{name}", "count") for name in ("patients", "events")
        )
        told = [
            Paragraph(say.runs("develop.imputed.beside", patients=patients, events=events)),
            performance_table(
                numbers,
                [f"{beside}.performance"],
                id="table-complete-cases",
                caption=say("develop.imputed.complete_caption"),
            ),
        ]
    elif numbers.at(f"{beside}.reason"):
        reason = numbers.quoted(f"{beside}.reason")
        told = [Caution("caution", say.runs("develop.imputed.no_complete", reason=reason))]
    return [
        Paragraph(runs),
        tables.imputed_table(numbers),
        tables.monte_carlo_table(numbers),
        *told,
    ]


def _regression(numbers: Numbers, draw: Drawer) -> list[Block | None]:
    say = numbers.say
    several = bool(numbers.at("result.multivariable.rows"))
    table = tables.regression_table(
        numbers,
        "result.univariable",
        "result.multivariable",
        id="table-regression",
        keys=(
            f"develop.regression.{'caption' if several else 'single'}",
            "develop.model.univariable",
            "develop.model.multivariable",
        ),
    )
    final = tables.regression_table(
        numbers,
        "result.index_model",
        "result.adjusted_model",
        id="table-index-model",
        keys=("develop.regression.score", "develop.model.index_alone", "develop.model.adjusted"),
    )
    told = _told(say.runs("develop.regression.told")) if several else []
    drawn = [*draw("regression_forest"), *draw("nomogram")]
    return [*told, table, *drawn, *_told(_score_effect(numbers)), final, *proportional(numbers)]


def _score_effect(numbers: Numbers) -> Runs:
    runs: Runs = ()
    for model in ("index_model", "adjusted_model"):
        place = f"result.{model}.rows[0]"
        if numbers.at(place) is None:
            continue
        measure = str(numbers.at(f"result.{model}.measure")).replace(" ", "_")
        key = f"develop.measure.{measure}"
        runs += numbers.say.runs(
            f"develop.effect.{model}",
            measure=numbers.say(key if key in numbers.say else "develop.measure.effect"),
            effect=numbers.stated(f"{place}.effect", "ratio"),
            p=numbers.p(f"{place}.p_value"),
        )
    return runs


def _cutoffs(numbers: Numbers, draw: Drawer) -> list[Block | None]:
    places = places_under(numbers.document, "result.cutoffs")
    if not places:
        return []
    told = tuple(_cutoff(numbers, place) for place in places)
    searched = any(numbers.at(f"{place}.method") != _FIXED for place in places)
    first = _told(numbers.say.runs("develop.cutoffs.told")) if searched else []
    return [*first, Bullets(told), tables.cutoff_table(numbers), *draw("cutoff_wander")]


def _cutoff(numbers: Numbers, place: str) -> Runs:
    say = numbers.say
    rule = str(numbers.at(f"{place}.rule"))
    key = "fixed" if numbers.at(f"{place}.method") == _FIXED else "searched"
    unit = numbers.at(f"{place}.unit")
    runs = say.runs(
        f"develop.cutoffs.{key}",
        marker=numbers.named(f"{place}.label"),
        rule=tables.RULES.get(rule, rule),
        cut=Run(numbers.cut_text(place), "strong", source=f"{place}.cut"),
        unit=Run(f" {unit}", source=f"{place}.unit") if unit else "",
        given=numbers.run(f"{place}.points_given", "count"),
    )
    level = numbers.at(f"{place}.wander.level")
    if level is not None:
        runs += say.runs(
            "develop.cutoffs.wandered",
            median=numbers.run(f"{place}.wander.value", "significant"),
            low=numbers.run(f"{place}.wander.low", "significant"),
            high=numbers.run(f"{place}.wander.high", "significant"),
            level=numbers.run(f"{place}.wander.level", "level"),
        )
    if numbers.at(f"{place}.p_adjusted") is not None:
        runs += say.runs(
            "develop.cutoffs.p_values",
            naive=numbers.p(f"{place}.p_naive"),
            adjusted=numbers.p(f"{place}.p_adjusted"),
        )
    elif numbers.at(f"{place}.p_naive") is not None:
        runs += say.runs("develop.cutoffs.p_value", p=numbers.p(f"{place}.p_naive"))
    return runs


def _score(numbers: Numbers, draw: Drawer) -> list[Block | None]:
    card = scores.score_card(numbers)
    risks = scores.risk_table(numbers)
    told: list[Block | None] = []
    if card or risks:
        told = _told(
            numbers.say.runs(
                "develop.card.told",
                id=replace(numbers.named("result.score_id"), style="code"),
            )
        )
    return [
        *told,
        card,
        *draw("risk_by_points"),
        risks,
        tables.rounding_table(numbers),
    ]


def _groups(numbers: Numbers, draw: Drawer) -> list[Block | None]:
    told = [_group(numbers, place) for place in places_under(numbers.document, "result.groups")]
    return [
        *([Bullets(tuple(told))] if told else []),
        *draw("groups"),
        scores.groups_table(numbers),
        *draw("kaplan_meier"),
        *draw("incidence"),
        scores.survival_table(numbers),
        scores.tests_table(numbers),
    ]


def _group(numbers: Numbers, place: str) -> Runs:
    if numbers.hidden(f"{place}.n"):
        name, rule = (numbers.named(f"{place}.{part}") for part in ("name", "rule"))
        return numbers.say.runs("shared.share.group", name=name, rule=rule)
    return numbers.say.runs(
        "develop.groups.told",
        name=numbers.named(f"{place}.name"),
        rule=numbers.named(f"{place}.rule"),
        n=numbers.run(f"{place}.n", "count"),
        events=numbers.run(f"{place}.events", "count"),
        observed=numbers.stated(f"{place}.observed", "percent"),
        predicted=numbers.run(f"{place}.predicted", "percent"),
    )


def _performance(numbers: Numbers, draw: Drawer) -> list[Block | None]:
    told = discrimination(numbers, "develop.performance.told", "result.performance")
    told += discrimination(numbers, "develop.performance.uncut", "result.uncut")
    table = performance_table(
        numbers,
        ["result.performance", "result.uncut"],
        caption=numbers.say("develop.performance.caption"),
    )
    return [*_told(told), table, *draw("performance"), *draw("roc")]


def _calibration(numbers: Numbers, draw: Drawer) -> list[Block | None]:
    runs: Runs = ()
    for name in _CALIBRATION:
        place = measure_place(numbers, name)
        if place is not None:
            runs += measured(numbers, f"develop.calibration.{name}", place)
    return [*_told(runs), *draw("calibration")]


def _dose(numbers: Numbers) -> Runs:
    return numbers.say.runs("develop.dose.told") if numbers.at("result.splines") else ()


def _associations(numbers: Numbers) -> list[Block | None]:
    table = scores.associations_table(numbers)
    if table is None:
        return []
    return [*_told(numbers.say.runs("develop.associations.told")), table]


def findings(numbers: Numbers) -> Iterator[Runs]:
    """Give the main results in sentences, for a summary.

    Parameters
    ----------
    numbers : Numbers
        Of the result.

    Yields
    ------
    tuple of Run
    """
    yield _flow(numbers)
    yield discrimination(numbers, "develop.performance.told", "result.performance")
    yield discrimination(numbers, "develop.performance.uncut", "result.uncut")
    place = measure_place(numbers, "calibration_slope")
    if place is not None:
        yield measured(numbers, "develop.calibration.calibration_slope", place)
    for group in places_under(numbers.document, "result.groups"):
        yield _group(numbers, group)
