"""Lines of R for a validation in which missing inputs are imputed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cartwheel.clinic.dictionary import variable
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import Input
from cartwheel.report.export.statement import identifiers
from cartwheel.report.r_script.writing import piece, r_text, value


def is_imputed(result: Mapping[str, Any]) -> bool:
    """Say whether a validation imputed anything.

    Parameters
    ----------
    result : mapping
        Of the validation.

    Returns
    -------
    bool
    """
    return bool((result.get("imputation") or {}).get("inputs"))


def imputed_inputs_lines(
    plan: Mapping[str, Any], result: Mapping[str, Any], scores: Sequence[ScoreSpec]
) -> Iterator[str]:
    """Write the imputation of missing inputs, and the measures pooled over the copies.

    Parameters
    ----------
    plan, result : mapping
        Of the validation.
    scores : sequence of ScoreSpec
        In the order of the plan.

    Yields
    ------
    str
        They come last, because they change who is analysed.
    """
    part, found = plan["imputation"], result["imputation"]
    names = [row["name"] for row in result["scores"]]
    yield "# ---- missing inputs imputed " + "-" * 65
    yield 'tell_fields("result.imputation", list(complete_patients = n,'
    yield "  complete_events = sum(ill(everyone))))"
    for number, row in enumerate(found["measures"]):
        place = f"result.imputation.measures[{number}].complete"
        score = f"scores[[{names.index(row['score']) + 1}]]"
        yield f'attempt("{place}", tell_estimate("{place}", '
        yield f"  head(MEASURED[[{r_text(row['name'])}]]({score}, everyone), 3)))"
    yield piece("chained")
    yield piece("imputed_inputs")
    yield f"COPIES <- {int(part['imputations'])}"
    yield f"ROUNDS <- {int(part['iterations'])}"
    yield "WHOLE <- before"
    yield "table <- list("
    yield ",\n".join(_columns(plan, result, scores))
    yield ")"
    every = range(1, len(scores) + 1)
    yield f"inputs <- list({', '.join(f'inputs_{number}' for number in every)})"
    yield f"complete <- list({', '.join(f'complete_{number}' for number in every)})"
    yield f"whole_scores <- list({', '.join(f'score_{number}' for number in every)})"
    yield "# who is eligible, and refused by no score for another reason than a gap"
    yield "open <- Map(function(score, of) score$scored | Reduce(`|`, lapply(of, is.na)),"
    yield "  whole_scores, inputs)"
    rows = ", ".join(
        f"list({names.index(row['score']) + 1}, {r_text(row['name'])})" for row in found["measures"]
    )
    yield f"asked <- list({rows})"
    yield "if (has_mice()) tell_imputed(table, inputs, complete, whole_scores,"
    yield "  WHOLE$eligible & Reduce(`&`, open), asked,"
    planned = int(part["resamples"])
    yield f"  if (length(arguments) > 1) min(B, {planned}) else {planned})"


def _columns(
    plan: Mapping[str, Any], result: Mapping[str, Any], scores: Sequence[ScoreSpec]
) -> Iterator[str]:
    rows = {row["column"]: place for place, row in enumerate(result["imputation"]["inputs"], 1)}
    readers: dict[str, list[tuple[int, str, Input]]] = {}
    for number, (spec, found) in enumerate(zip(scores, result["scores"], strict=True), start=1):
        settled = spec.chosen(found.get("choices") or {})
        named, items = identifiers(settled), {item.name: item for item in settled.inputs}
        for row in found["columns"]:
            if row["input"] in items:
                reader = (number, named[row["input"]], items[row["input"]])
                readers.setdefault(row["column"], []).append(reader)
    for column, uses in readers.items():
        listed = ", ".join(f"list({number}, {r_text(name)})" for number, name, _ in uses)
        first = uses[0][2]
        skewed = first.variable is not None and bool(variable(first.variable).skewed)
        yield (
            f"  list(skewed = {value(skewed and first.coding is None)}, "
            f"row = {value(rows.get(column))}, uses = list({listed}))"
        )
    for column in plan["imputation"].get("auxiliary") or ():
        if column not in readers:
            yield (
                f"  list(skewed = FALSE, row = {value(rows.get(column))}, uses = list(), "
                f"x = WHOLE$columns[[{r_text(column)}]])"
            )
