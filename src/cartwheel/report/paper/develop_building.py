"""How the score was built: cut-offs and groups of an index, selection and points of a score."""

from __future__ import annotations

from collections.abc import Iterator

from cartwheel.report.document.blocks import Run
from cartwheel.report.paper.develop_score_tables import time_unit
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.places import places_under

Runs = tuple[Run, ...]
_ROC = {"youden", "closest_corner"}


def building(numbers: Numbers) -> Iterator[Runs]:
    """Tell how the score was built, a paragraph an item.

    Parameters
    ----------
    numbers : Numbers
        Of the result.

    Yields
    ------
    tuple of Run
    """
    if numbers.at("result.method") == "index":
        yield from _index(numbers)
    else:
        yield from _points(numbers)


def regression_run(numbers: Numbers) -> Runs:
    """Name the regression, with the works that describe it.

    Parameters
    ----------
    numbers : Numbers
        Of the result; what its tables say of their method is read.

    Returns
    -------
    tuple of Run
    """
    say = numbers.say
    if numbers.at("result.outcome.kind") == "survival":
        return say.runs("develop.regression_of.cox")
    names = ("multivariable", "index_model", "univariable")
    said = next((m for name in names if (m := numbers.at(f"result.{name}.method"))), "")
    return say.runs(f"develop.regression_of.{'firth' if 'Firth' in said else 'logistic'}")


def _index(numbers: Numbers) -> Iterator[Runs]:
    say = numbers.say
    ways = _ways(numbers)
    told = say.runs("develop.index.made")
    if ways:
        told += say.runs("develop.index.cut", ways=_way_runs(numbers, ways))
    if set(ways) - {"fixed"} and numbers.at("plan.index.min_fraction") is not None:
        fraction = numbers.run("plan.index.min_fraction", "percent")
        told += say.runs("develop.index.limit", fraction=fraction)
    yield told + _roc(numbers, ways)
    if ways:
        yield _p_values(numbers, ways)
    groups = _groups(numbers)
    yield say.runs("develop.index.model", model=regression_run(numbers)) + groups


def _ways(numbers: Numbers) -> list[str]:
    places = places_under(numbers.document, "result.cutoffs")
    return sorted({str(numbers.at(f"{place}.method")) for place in places})


def _way_runs(numbers: Numbers, ways: list[str]) -> Runs:
    say = numbers.say
    keys = ((f"develop.cut_way.{way}", way) for way in ways)
    return say.listed(say.runs(key) if key in say else way for key, way in keys)


def _roc(numbers: Numbers, ways: list[str]) -> Runs:
    if numbers.at("result.outcome.kind") != "survival" or not _ROC & set(ways):
        return ()
    return numbers.say.runs(
        "develop.index.roc",
        horizon=numbers.run("result.outcome.horizon", "exact"),
        unit=time_unit(numbers),
    )


def _p_values(numbers: Numbers, ways: list[str]) -> Runs:
    say = numbers.say
    survival = numbers.at("result.outcome.kind") == "survival"
    test = say.runs(f"develop.cut_test.{'log_rank' if survival else 'chi_square'}")
    if ways == ["fixed"]:
        return say.runs("develop.cut_p.fixed", test=test)
    if not numbers.at("plan.index.permutations"):
        return say.runs("develop.cut_p.none")
    permutations = numbers.run("plan.index.permutations", "count")
    return say.runs("develop.cut_p.searched", test=test, permutations=permutations)


def _groups(numbers: Numbers) -> Runs:
    say, places = numbers.say, places_under(numbers.document, "result.groups")
    if not places:
        return ()
    groups = [
        say.runs(
            "develop.index.group",
            name=numbers.named(f"{place}.name"),
            rule=numbers.named(f"{place}.rule"),
        )
        for place in places
    ]
    return say.runs("develop.index.groups", groups=say.listed(groups))


def _points(numbers: Numbers) -> Iterator[Runs]:
    say = numbers.say
    selection = str(numbers.at("plan.points.selection") or "none")
    key = f"develop.selected.{selection}"
    told: Runs = ()
    if key in say:
        told = say.runs(key, alpha=numbers.run("plan.points.alpha", "fine"))
    if numbers.at("result.imputation.imputations") and selection != "none":
        told += say.runs("develop.selected.imputed")
    yield told + say.runs("develop.points.model", model=regression_run(numbers))
    ways = _ways(numbers)
    if ways:
        cut = say.runs("develop.points.cut", ways=_way_runs(numbers, ways))
        yield cut + _roc(numbers, ways) + _p_values(numbers, ways)
    yield say.runs(
        "develop.points.ranges",
        categories=numbers.run("plan.points.categories", "count"),
        largest=numbers.run("plan.points.largest", "count"),
    )
    yield say.runs("develop.points.risk") + _groups(numbers)
