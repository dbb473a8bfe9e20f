"""Grades by call: the rules, and one chart."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cartwheel.canonical import canonical_json
from cartwheel.clinic.grading import GRADING_RULES
from cartwheel.clinic.toxicity.assessment import Rule
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import may
from cartwheel.serve.api.asked import AskedGrades
from cartwheel.serve.api.bodies import body_of, read_as, read_json
from cartwheel.serve.api.described import answers, takes
from cartwheel.serve.api.given import charted
from cartwheel.serve.api.strict_routes import StrictRoute
from cartwheel.serve.api.told import ROOT
from cartwheel.serve.services import services
from cartwheel.workflows.grade import chosen_rules, grade

router = APIRouter(prefix=ROOT, tags=["grades"], route_class=StrictRoute)
_READ, _SCORE = may("read"), may("score")
_RULES = {
    "type": "object",
    "required": ["kind", "schema", "result"],
    "properties": {
        "kind": {"const": "grading-rules"},
        "schema": {"const": "cartwheel-grade/1"},
        "result": {"type": "array", "items": {"type": "object"}},
    },
}
_EXAMPLE = {
    "rules": ["astct-crs"],
    "chart": {
        "temperature": {"value": 39.2, "unit": "Cel"},
        "vasopressors": "none",
        "oxygen_device": "nasal cannula",
        "oxygen_flow": "2 L/min",
    },
}


@router.get(
    "/grading-rules",
    operation_id="list_grading_rules",
    summary="List the grading rules, and what each asks",
    responses=answers(_RULES),
)
def list_rules(request: Request) -> Response:
    """List what ``cartwheel grade --list --json`` lists."""
    _READ(request)
    listed = [_listed(rule) for rule in chosen_rules(GRADING_RULES)]
    told = {"kind": "grading-rules", "schema": "cartwheel-grade/1", "result": listed}
    return Response(canonical_json(told), media_type="application/json")


@router.post(
    "/grades",
    operation_id="grade_chart",
    summary="Grade one chart",
    responses=answers("GradeResult", 400, 413, 415),
    openapi_extra=takes(AskedGrades, crs=_EXAMPLE),
)
async def grade_chart(request: Request) -> Response:
    """Give the grade, or the grades still possible, with what decided. Nothing of it is kept."""
    who = _SCORE(request)
    asked = read_as(AskedGrades, read_json(await body_of(request), exact=True))
    told = await run_in_threadpool(_graded, asked)
    record(services(request), who, "chart graded", ", ".join(asked.rules)[:200])
    return Response(told, media_type="application/json")


def _graded(asked: AskedGrades) -> str:
    # the document loads libraries of tables: only where it is wanted
    from cartwheel.workflows.grade_schema import chart_document  # noqa: PLC0415

    names = tuple(asked.rules)
    rules = chosen_rules(names)
    chart = {name: charted(value) for name, value in asked.chart.items()}
    return canonical_json(chart_document(rules, grade(names, chart, at=asked.at)))


def _listed(rule: Rule) -> dict[str, Any]:
    from cartwheel.workflows.grade_schema import named  # noqa: PLC0415 - as in _graded

    return {**asdict(named((rule,))[0]), "inputs": rule.inputs, "words": dict(rule.words)}
