"""Lines of R for the updating ladder of a validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cartwheel.clinic.score_spec import CoxRisk, LogisticRisk, ScoreSpec
from cartwheel.report.r_script.writing import comment, r_text, words

_DONE = ("binary", "survival")


def ladder_lines(
    plan: Mapping[str, Any], result: Mapping[str, Any], scores: Sequence[ScoreSpec]
) -> Iterator[str]:
    """Write the rungs of every score, and the closed test.

    Parameters
    ----------
    plan, result : mapping
        Of the validation.
    scores : sequence of ScoreSpec
        In the order of the plan.

    Yields
    ------
    str
        A rung by Firth's likelihood, or of competing risks, is named and not repeated.
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
        if result["outcome"]["kind"] not in _DONE:
            yield "# Not repeated with competing risks: rungs there have a likelihood of their own"
            continue
        yield f"frame <- ladder_frame(s, {_line(scores[at], found)})"
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
    yield "rungs <- list()"
    repeated = []
    for number, rung in enumerate(found["rungs"]):
        if rung["log_likelihood"] is None:
            continue
        if "Firth" in rung["text"]:
            yield comment(f"Not repeated: rung '{rung['name']}', by Firth's likelihood")
            continue
        repeated.append(rung["name"])
        measures = [
            row["name"] if row["apparent"]["value"] is not None else "" for row in rung["measures"]
        ]
        name = r_text(rung["name"])
        yield f"attempt({name}, {{"
        yield f"  rungs[[{name}]] <- climb({name}, frame, added)"
        yield f'  tell_rung("{place}.rungs[{number}]", rungs[[{name}]], s, {words(measures)})'
        yield "})"
    fitted = [rung["name"] for rung in found["rungs"] if rung["log_likelihood"] is not None]
    if not fitted or fitted[-1] not in repeated:
        return
    for number, test in enumerate(found["tests"]):
        if test["against"] in repeated:
            yield (
                f'tell_closed_test("{place}.tests[{number}]", rungs[[{r_text(test["against"])}]], '
                f"rungs[[{r_text(fitted[-1])}]])"
            )
