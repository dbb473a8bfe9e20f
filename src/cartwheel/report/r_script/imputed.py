"""Lines of R for what a development takes from resamples and from imputed predictors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cartwheel.report.r_script.writing import value, words


def wander_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Write what is told of the choices made in resamples: cut-offs and selection.

    Parameters
    ----------
    result : mapping
        Of the development.

    Yields
    ------
    str
        They use ``drawn``, the resamples.
    """
    bars = []
    for row in result.get("cutoffs") or ():
        grid = row.get("wander_grid") or ()
        cuts, counts = value([bar[0] for bar in grid]), value([bar[1] for bar in grid])
        bars.append(f"  list(cut = {cuts}, count = {counts})" if grid else "  list()")
    if bars:
        yield "bars <- list("
        yield ",\n".join(bars)
        yield ")"
        yield "tell_wander(drawn, bars)"
    if result.get("selection"):
        yield "tell_selected(drawn)"


def imputed_lines(plan: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[str]:
    """Write the development of imputed predictors, and of the complete cases beside it.

    Parameters
    ----------
    plan, result : mapping
        Of the development.

    Yields
    ------
    str
    """
    found, part = result["imputation"], plan["imputation"]
    yield f"COPIES <- {int(found['imputations'])}"
    yield f"ROUNDS <- {int(part['iterations'])}"
    yield "tell_table_one()"
    fields = "patients = n, events = sum(event)"
    yield f'tell_fields("result.outcome", list({fields}))'
    if result["outcome"].get("follow_up"):
        yield 'tell("result.outcome.horizon", horizon)'
        yield 'tell_estimate("result.outcome.follow_up", median_time(time, 1 - event, LEVEL))'
    yield f"tell_events_per_parameter({int(result['sample_size']['candidate_parameters'])})"
    yield from _missing(plan, found)
    yield "for (i in seq_along(predictors)) predictors[[i]]$number <- i"
    if (result.get("univariable") or {}).get("rows"):
        yield "tell_alone()"
    yield "if (has_mice()) {"
    yield "set.seed(SEED)"
    yield "copies <- impute_copies(everyone)"
    yield f"account <- function(copies) told_of_copies(copies, {_tables(result)})"
    yield "found <- tell_copies(copies, account)"
    yield from _searched(plan, result)
    yield "drawn <- again_imputed(copies)"
    yield from _repeated("performance", "score")
    if _has_uncut(result):
        yield from _repeated("uncut", "uncut")
    yield 'drawn <- lapply(drawn, `[[`, "score")'
    yield from wander_lines(result)
    yield "}"
    yield from _beside(found)


def _repeated(name: str, part: str) -> Iterator[str]:
    yield f'at <- measures_at("result.{name}.measures")'
    yield f'of <- Filter(Negate(is.null), lapply(drawn, `[[`, "{part}"))'
    yield f'tell_repeated("result.{name}.measures", of, found$value[at], found$error[at])'


def _missing(plan: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    places = {item["column"]: number for number, item in enumerate(plan["predictors"], start=1)}
    for number, row in enumerate(found["variables"]):
        gone = f"is.na(predictors[[{places[row['column']]}]]$x)"
        fields = f"missing = sum({gone}), percent = 100 * mean({gone})"
        yield f'tell_fields("result.imputation.variables[{number}]", list({fields}))'
    yield "unknown <- sapply(predictors, function(item) is.na(item$x))"
    yield "incomplete <- rowSums(unknown) > 0"
    yield 'tell_fields("result.imputation", list(patients = sum(incomplete),'
    yield "  percent = 100 * mean(incomplete), unmeasured = sum(rowSums(!unknown) == 0)))"


def _has_uncut(result: Mapping[str, Any]) -> bool:
    measures = (result.get("uncut") or {}).get("measures") or ()
    return any(row["apparent"]["value"] is not None for row in measures)


def _tables(result: Mapping[str, Any]) -> str:
    """Name the parts that are told of the copies."""
    names = [
        name
        for name in ("index_model", "multivariable", "univariable")
        if (result.get(name) or {}).get("rows")
    ]
    return words([*names, *(["uncut"] if _has_uncut(result) else [])])


def _searched(plan: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[str]:
    """Write the permutation tests of searched cut-offs, in every copy."""
    places = {item["column"]: number for number, item in enumerate(plan["predictors"], start=1)}
    for number, row in enumerate(result.get("cutoffs") or ()):
        if row.get("p_adjusted") is None:
            continue
        at = places[row["column"]]
        yield f"values <- unique(lapply(copies, `[[`, {at}))"
        yield f'tell_permuted("result.cutoffs[{number}]", predictors[[{at}]], values, {number + 1})'


def _beside(found: Mapping[str, Any]) -> Iterator[str]:
    """Write the same development of the complete cases."""
    if not (found.get("complete_cases") or {}).get("performance"):
        return
    here = "result.imputation.complete_cases"
    yield "# ---- complete cases beside it " + "-" * 65
    yield "only_complete(!incomplete)"
    yield f'tell_fields("{here}", list(patients = n, events = sum(event)))'
    yield "score <- make_score(everyone, settle = TRUE)"
    yield f'found <- tell_performance("{here}.performance.measures", score)'
    yield f'tell_repeated("{here}.performance.measures", again(make_score), found)'
