"""Lines of R for the updating ladder of a validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cartwheel.clinic.score_spec import CoxRisk, LogisticRisk, ScoreSpec
from cartwheel.report.r_script.writing import r_number, r_text, words


def ladder_lines(
    plan: Mapping[str, Any], result: Mapping[str, Any], scores: Sequence[ScoreSpec]
) -> Iterator[str]:
    """Write the rungs of every score, the closed test, and the whole ladder in resamples.

    Parameters
    ----------
    plan, result : mapping
        Of the validation.
    scores : sequence of ScoreSpec
        In the order of the plan.

    Yields
    ------
    str
    """
    names = [row["name"] for row in result["scores"]]
    extended = (plan.get("update") or {}).get("extend") or ()
    if extended:
        yield f"added <- do.call(cbind, columns[{words(extended)}])"
    else:
        yield "added <- NULL"
    for number, found in enumerate(result["updates"]):
        at = names.index(found["score"])
        yield f"# the ladder of score {at + 1}"
        yield f"s <- scores[[{at + 1}]]"
        yield f"frame <- ladder_frame(s, {_line(scores[at], found)}, added)"
        yield from _rungs(f"result.updates[{number}]", found)


def _line(spec: ScoreSpec, found: Mapping[str, Any]) -> str:
    """Write the linear predictor of a score, or its value where it gives no risk."""
    with_risk = any(
        row["name"] in ("as is", "intercept") and row["log_likelihood"] is not None
        for row in found["rungs"]
    )
    if not with_risk:
        return "s$value"
    # from the value, because a risk near 1 has lost the digits of its logarithm
    if isinstance(spec.risk, LogisticRisk):
        return f"{spec.risk.intercept} + {spec.risk.slope} * s$value"
    if isinstance(spec.risk, CoxRisk):
        baseline = f"log(-log({spec.risk.baseline_survival}))"
        return f"{baseline} + {spec.risk.slope} * (s$value - {spec.risk.centre})"
    return "line_of(s$risk)"


def _rungs(place: str, found: Mapping[str, Any]) -> Iterator[str]:
    fitted = [
        (number, rung)
        for number, rung in enumerate(found["rungs"])
        if rung["log_likelihood"] is not None
    ]
    yield "rungs <- list()"
    for number, rung in fitted:
        name = r_text(rung["name"])
        yield f"attempt({name}, {{"
        yield f"  rungs[[{name}]] <- climb({name}, frame)"
        yield f'  tell_rung("{place}.rungs[{number}]", rungs[[{name}]], s, {_measures(rung)})'
        yield "})"
    changed = [(number, rung) for number, rung in fitted if rung["name"] != "as is"]
    if not changed:
        return
    alpha = r_number(found["alpha"])
    yield f"if (length(rungs) == {len(fitted)}) {{"
    yield f'  attempt("closed test", tell_tests("{place}", rungs, frame, {alpha}))'
    rows = ", ".join(f"{r_text(rung['name'])} = {number}" for number, rung in changed)
    yield f"  shown <- list(chosen = {r_text(found['chosen'])}, at = c({rows}))"
    yield f'  climb_again("{place}", rungs, {_measures(changed[0][1])}, frame, s, {alpha}, shown)'
    yield "}"


def _measures(rung: Mapping[str, Any]) -> str:
    """Name the measures of a rung; empty where one does not exist on all patients."""
    return words(
        row["name"] if row["apparent"]["value"] is not None else "" for row in rung["measures"]
    )
