"""Lines of R for subgroups and centres of a validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cartwheel.report.r_script.reading import threshold
from cartwheel.report.r_script.writing import r_text


def grouping_columns(plan: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[str]:
    """Write the lines that read the columns of subgroups and centre.

    Parameters
    ----------
    plan, result : mapping
        Of the validation.

    Yields
    ------
    str
        ``group_1``, ``group_2``, ... and ``centre``: words of the patients analysed, or the number
        of the range.
    """
    for number, item in enumerate(plan.get("subgroups") or (), start=1):
        column = r_text(item["column"])
        if item.get("cuts"):
            edges = ", ".join(threshold(plan, item["column"], cut) for cut in item["cuts"])
            yield f"group_{number} <- findInterval(columns[[{column}]], c({edges})) + 1"
        else:
            yield f"group_{number} <- words_of(sheet, {column})"
    if result.get("centres"):
        column = r_text(result["centres"]["column"])
        yield f"centre <- words_of(sheet, {column})"


def _rows(item: Mapping[str, Any], number: int, place: int, name: str) -> str:
    edges = item.get("cuts") or ()
    if not edges:
        return f"group_rows(group_{number}, {r_text(name)})"
    if place > len(edges):
        return f"which(is.na(group_{number}))"
    return f"which(group_{number} %in% {place + 1})"


def subgroup_lines(plan: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[str]:
    """Write what is told of every subgroup, and the interaction tests.

    Parameters
    ----------
    plan, result : mapping
        Of the validation.

    Yields
    ------
    str
    """
    names = [row["name"] for row in result["scores"]]
    for number, (item, found) in enumerate(
        zip(plan.get("subgroups") or (), result.get("subgroups") or (), strict=True), start=1
    ):
        place = f"result.subgroups[{number - 1}]"
        told = []
        for at, row in enumerate(found["rows"]):
            rows = _rows(item, number, at, row["group"])
            if row.get("withheld"):
                yield _counted(f"{place}.rows[{at}]", rows)
                continue
            told.append(rows)
            yield f'tell_group("{place}.rows[{at}]", {rows})'
        yield f"groups <- list({', '.join(told)})"
        # patients without a value take no part in the test
        unknown = f"is.na(group_{number}[rows])"
        yield f"groups <- Filter(function(rows) length(rows) && !all({unknown}), groups)"
        for at, test in enumerate(found.get("interactions") or ()):
            score = f"scores[[{names.index(test['score']) + 1}]]"
            here = f"{place}.interactions[{at}]"
            yield f'attempt("interaction", tell_interaction("{here}", {score}, groups))'


def _counted(place: str, rows: str) -> str:
    return (
        f'tell_fields("{place}", list(patients = length({rows}), events = sum(happened({rows}))))'
    )


def centre_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Write what is told of the centres, one by one, one left out, recalibrated, together.

    Parameters
    ----------
    result : mapping
        Of the validation.

    Yields
    ------
    str
    """
    found = result.get("centres")
    if not found:
        return
    names = [row["name"] for row in result["scores"]]
    for part in ("rows", "without", "updated"):
        for at, row in enumerate(found.get(part) or ()):
            place, name = f"result.centres.{part}[{at}]", r_text(row["group"])
            own = f"group_rows(centre, {name})"
            rows = f"setdiff(everyone, {own})" if part == "without" else own
            if row.get("withheld"):
                yield _counted(place, rows)
            elif part == "updated":
                yield f'tell_updated("{place}", {own}, which(!is.na(centre) & centre != {name}))'
            else:
                yield f'tell_group("{place}", {rows})'
    if not found.get("heterogeneity"):
        return
    told = [
        f"group_rows(centre, {r_text(row['group'])})"
        for row in found["rows"]
        if not row["withheld"]
    ]
    yield f"groups <- list({', '.join(told)})"
    yield "groups <- Filter(function(rows) !all(is.na(centre[rows])), groups)"
    for at, row in enumerate(found["heterogeneity"]):
        score = f"scores[[{names.index(row['score']) + 1}]]"
        place = f"result.centres.heterogeneity[{at}]"
        yield (
            f'attempt("{place}", '
            f'tell_heterogeneity("{place}", {score}, {r_text(row["measure"])}, groups))'
        )
