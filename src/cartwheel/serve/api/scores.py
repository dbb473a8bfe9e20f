"""Scores by call: the library, one of them, and what it says of a patient or of several."""

from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cartwheel import __version__
from cartwheel.canonical import canonical_json
from cartwheel.clinic.dictionary import nearest_names
from cartwheel.clinic.registry import registry
from cartwheel.clinic.score import ScoreSpec, read_score
from cartwheel.clinic.score_inputs import Given
from cartwheel.clinic.scoring import Assessment, Unscorable
from cartwheel.errors import Refused, ScoreRefused, refuse
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.api.asked import (
    About,
    AskedAssessment,
    AskedAssessments,
    AskedOwnAssessment,
    ScoreText,
)
from cartwheel.serve.api.bodies import body_of, read_as, read_json
from cartwheel.serve.api.described import answers, takes
from cartwheel.serve.api.given import given_value, given_values
from cartwheel.serve.api.strict_routes import DirectRoute
from cartwheel.serve.api.told import ROOT, ScoreListed, ScoresTold, json_of
from cartwheel.serve.jobs.asked import read_source
from cartwheel.serve.pages.scores import spec_of
from cartwheel.serve.services import services
from cartwheel.workflows.score import score

router = APIRouter(prefix=ROOT, tags=["scores"], route_class=DirectRoute)
JSON = "application/json"
_READ, _SCORE = may("read"), may("score")
# signs of a score file that is kept in memory for the next patient
_LONGEST_KEPT = 64_000
_RESULT: TypeAdapter[Assessment | Unscorable] = TypeAdapter(Assessment | Unscorable)
_EXAMPLE = {
    "inputs": {
        "ldh": {"value": 280, "unit": "U/L"},
        "creatinine": "97 umol/L",
        "platelets": {"value": "90", "unit": "10*9/L", "day": -6},
    }
}


@router.post(
    "/scores/{score_id}/assessments",
    operation_id="assess_patient",
    summary="Compute a score of one patient",
    responses=answers("AssessmentFile", 400, 404, 413, 415),
    openapi_extra=takes(AskedAssessment, easix=_EXAMPLE),
)
async def assess_patient(request: Request, score_id: str) -> Response:
    """Give value, band, risk and parts; a range where an input is missing, if the score allows it.

    Where there is no number, the problems say every reason. Nothing of the patient is kept.
    """
    who = _SCORE(request)
    data = read_json(await body_of(request), exact=True)
    spec = library_score(score_id)
    found = _assessed(spec, read_as(AskedAssessment, data))
    return _answered(request, who, spec, found)


@router.get(
    "/scores",
    operation_id="list_scores",
    summary="List every score that is known here",
    responses=answers("ScoresTold"),
)
async def list_scores(request: Request) -> Response:
    """List every score, also those that cannot be computed from what was published."""
    _READ(request)
    listed = [
        ScoreListed(
            **{
                name: getattr(entry, name) for name in ScoreListed.model_fields if name != "missing"
            },
            missing=list(entry.missing),
        )
        for entry in registry().values()
    ]
    return Response(json_of(ScoresTold(scores=listed)), media_type=JSON)


@router.get(
    "/scores/{score_id}",
    operation_id="show_score",
    summary="Give everything that a score says",
    responses=answers("ScoreFile", 404),
)
async def show_score(request: Request, score_id: str) -> Response:
    """Give inputs, terms, bands, risk, population and evidence, as its file says them."""
    _READ(request)
    return Response(canonical_json(library_score(score_id).json_document()), media_type=JSON)


@router.post(
    "/scores/{score_id}/batches",
    operation_id="assess_patients",
    summary="Compute a score of several patients",
    responses=answers("AssessmentsFile", 400, 404, 413, 415),
    openapi_extra=takes(AskedAssessments, easix={"patients": [_EXAMPLE]}),
)
async def assess_patients(request: Request, score_id: str) -> Response:
    """Give an answer for each patient; one without a number has the reasons in its place.

    For a sheet ask for a job: ``POST /jobs/batch``.
    """
    who = _SCORE(request)
    body = await body_of(request)
    spec = library_score(score_id)
    told = await run_in_threadpool(_assessed_all, spec, body)
    record(services(request), who, "scores computed", spec.id, spec.identity)
    return Response(told, media_type=JSON)


@router.post(
    "/assessments",
    operation_id="assess_patient_by_own_score",
    summary="Compute a score of the caller's own",
    responses=answers("AssessmentFile", 400, 404, 413, 415),
    openapi_extra=takes(AskedOwnAssessment),
)
async def assess_by_own(request: Request) -> Response:
    """Compute a score from its file: sent with the call, uploaded, or made by a development."""
    who = _SCORE(request)
    body = await body_of(request)
    asked = read_as(AskedOwnAssessment, read_json(body, exact=True))
    spec = await run_in_threadpool(_own, request, who, asked)
    return _answered(request, who, spec, _assessed(spec, asked))


@lru_cache(maxsize=256)
def library_score(score_id: str) -> ScoreSpec:
    """Find a score of the library; it is read and checked once.

    Parameters
    ----------
    score_id : str
        Its id.

    Returns
    -------
    ScoreSpec

    Raises
    ------
    ScoreRefused
        ``no_such_score`` (404), or ``not_computable`` with what was not published.
    """
    entry = registry().get(score_id)
    if entry is None:
        raise refuse(
            ScoreRefused,
            "no_such_score",
            "there is no score of this id here",
            where=score_id[:60],
            mend=f"{nearest_names(score_id, registry())}; GET /api/v1/scores lists them",
        )
    return read_source(score_id)


def _score_text(text: str) -> ScoreSpec:
    # what callers send must not fill the memory of the server: only short files are kept there
    return (_kept_text if len(text) <= _LONGEST_KEPT else _read_text)(text)


def _read_text(text: str) -> ScoreSpec:
    return read_score(text if "\n" in text else text + "\n")


_kept_text = lru_cache(maxsize=64)(_read_text)


def _own(request: Request, who: Person, asked: AskedOwnAssessment) -> ScoreSpec:
    if isinstance(asked.score, ScoreText):
        return _score_text(asked.score.toml)
    return spec_of(request, who, f"own-{asked.score.file}")


def _assessed(spec: ScoreSpec, asked: AskedAssessment) -> Assessment | Unscorable:
    values, days = given_values(asked.inputs)
    said = None if asked.about is None else _of_patient(asked.about)
    return score(spec, values, at=asked.at, days=days, about=said, choices=asked.choices)


def _of_patient(about: About) -> dict[str, Given]:
    said: dict[str, Given] = {"disease": about.disease, "product": about.product}
    if about.age is not None:
        said["age"] = given_value(about.age, "about.age")
    return said


def _answered(
    request: Request, who: Person, spec: ScoreSpec, found: Assessment | Unscorable
) -> Response:
    if isinstance(found, Unscorable):
        raise ScoreRefused(found.reasons)
    record(services(request), who, "score computed", spec.id, spec.identity)
    told = b"".join((_head(spec, "assessment"), _RESULT.dump_json(found), b"}"))
    return Response(told, media_type=JSON)


def _head(spec: ScoreSpec, kind: str) -> bytes:
    write = _written_head if len(spec.intended_use) <= _LONGEST_KEPT else _written_head.__wrapped__
    return write(spec.id, spec.version, spec.identity, spec.intended_use, kind)


@lru_cache(maxsize=512)
def _written_head(score: str, version: str, identity: str, use: str, kind: str) -> bytes:
    """Write what stands before the result; the command line writes the same."""
    said = {
        "kind": kind,
        "schema": f"cartwheel-{kind}/1",
        "provenance": {
            "cartwheel": __version__,
            "score": score,
            "score_version": version,
            "score_sha256": identity,
        },
        "intended_use": use,
    }
    return json.dumps(said, ensure_ascii=False).encode()[:-1] + b', "result": '


def _assessed_all(spec: ScoreSpec, body: bytes) -> bytes:
    asked = read_as(AskedAssessments, read_json(body, exact=True))
    found = [_or_reasons(spec, each) for each in asked.patients]
    rows = [
        b'{"row": %d, "kind": "%s", "result": %s}'
        % (row, type(each).__name__.lower().encode(), _RESULT.dump_json(each))
        for row, each in enumerate(found, start=1)
    ]
    return b"".join(
        (
            _head(spec, "assessments"),
            b"[" + b", ".join(rows) + b'], "counts": ',
            json.dumps(_counts(found), ensure_ascii=False).encode(),
            b"}",
        )
    )


def _or_reasons(spec: ScoreSpec, asked: AskedAssessment) -> Assessment | Unscorable:
    try:
        return _assessed(spec, asked)
    except Refused as refused:
        return Unscorable(refused.problems, spec.id, spec.version)


def _counts(found: list[Assessment | Unscorable]) -> dict[str, Any]:
    refused = [(row, each) for row, each in enumerate(found, 1) if isinstance(each, Unscorable)]
    ranged = sum(isinstance(each, Assessment) and each.value is None for each in found)
    rows: dict[Any, list[int]] = {}
    for row, each in refused:
        for reason in dict.fromkeys(each.reasons):
            rows.setdefault(reason, []).append(row)
    frequency = Counter({reason: len(where) for reason, where in rows.items()})
    return {
        "rows": len(found),
        "scored": len(found) - len(refused) - ranged,
        "ranged": ranged,
        "refused": len(refused),
        "reasons": [
            {
                "code": reason.code,
                "where": reason.where,
                "what": reason.what,
                "mend": reason.mend,
                "rows": count,
                "first": rows[reason][:10],
            }
            for reason, count in frequency.most_common()
        ],
    }
