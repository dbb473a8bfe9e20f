"""OpenAPI of the calls: their errors, and the published schemas of results as components."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from cartwheel.serve.api import asked, ward_asked
from cartwheel.serve.api.told import ROOT, TOLD

Schema = dict[str, Any]
_PLACE = "#/components/schemas/"
_PROBLEM = "application/problem+json"
# component -> published schema
PUBLISHED: Mapping[str, str] = {
    "AssessmentResult": "assessment",
    "DevelopResult": "develop",
    "ValidateResult": "validate",
    "PoolResult": "pool",
    "AppraiseResult": "appraise",
    "GradeResult": "grade",
    "RefereeResult": "referee",
    "ScoreFile": "score",
}
_RESULTS = ("Develop", "Validate", "Pool", "Appraise", "Grade", "Assessment")
# of one kind everywhere, or what a call answers: under their own names
_SHARED = frozenset({"Estimate", "AssessmentFile", "AssessmentsFile"})
_SAID = {
    400: "The body is not JSON, or broken off",
    401: "Nobody has logged in",
    403: "The role does not allow it",
    404: "There is no such thing here",
    409: "Not now: the first request with this key, or the job, is not over",
    413: "Larger than this server takes",
    415: "Not of the media type that is taken",
    422: "Refused: every reason, where it lies, and how to mend it",
    429: "Too many attempts to log in",
    503: "The store does not answer",
    507: "No room on the disk",
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A name of this request, such as a UUID. Sent again within a day with the same "
    "body, it gets the first answer again and nothing is made twice; with another body it is "
    "refused.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_CHECK: Schema = {
    "type": "object",
    "description": "What cartwheel check --json writes.",
    "required": ["kind", "schema", "result"],
    "properties": {
        "kind": {"const": "check"},
        "schema": {"const": "cartwheel-check/1"},
        "result": {"type": "object"},
    },
}


def ref(name: str) -> Schema:
    """Point at a component.

    Parameters
    ----------
    name : str
        Of the component.

    Returns
    -------
    dict
    """
    return {"$ref": _PLACE + name}


def answers(
    schema: str | Schema | None,
    *refusals: int,
    status: int = 200,
    media_type: str = "application/json",
    said: str = "Done",
    headers: Mapping[str, Schema] | None = None,
) -> dict[int | str, Schema]:
    """Describe what a call answers; 401, 403, 422 and 503 are everywhere.

    Parameters
    ----------
    schema : str, dict or None
        Component, or schema, of the answer; None where there is no content.
    *refusals : int
        Status of problem details.
    status : int
        Of the answer.
    media_type, said : str
        Of the answer.
    headers : mapping, optional
        Of the answer.

    Returns
    -------
    dict
        For ``responses=`` of a route.
    """
    done: Schema = {"description": said}
    if schema is not None:
        shape = ref(schema) if isinstance(schema, str) else schema
        done["content"] = {media_type: {"schema": shape}}
    if headers:
        done["headers"] = dict(headers)
    every = sorted({401, 403, 422, 503, *refusals})
    refused: dict[int | str, Schema] = {
        each: {
            "description": _SAID[each],
            "content": {_PROBLEM: {"schema": ref("ProblemDetails")}},
        }
        for each in every
    }
    return {status: done, **refused}


def takes(model: type[BaseModel], *, once: bool = False, **examples: Any) -> Schema:
    """Describe what a call takes.

    Parameters
    ----------
    model : type of BaseModel
        Of `cartwheel.serve.api.asked`.
    once : bool
        Whether the call has an ``Idempotency-Key``.
    **examples
        By name.

    Returns
    -------
    dict
        For ``openapi_extra=`` of a route.
    """
    content: Schema = {"schema": ref(model.__name__)}
    if examples:
        content["examples"] = {name: {"value": value} for name, value in examples.items()}
    told: Schema = {"requestBody": {"required": True, "content": {"application/json": content}}}
    if once:
        told["parameters"] = [_KEY]
    return told


def upload() -> Schema:
    """Describe the call that takes a file."""
    binary = {"type": "string", "format": "binary"}
    form = {"type": "object", "required": ["file"], "properties": {"file": binary}}
    name = {
        "name": "name",
        "in": "query",
        "required": False,
        "description": "Of the file, where its bytes are the body.",
        "schema": {"type": "string", "maxLength": 255},
    }
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": form},
                "application/octet-stream": {"schema": binary},
            },
        },
        "parameters": [_KEY, name],
    }


def describe(application: FastAPI) -> None:
    """Complete the description of an application's calls; it is made when it is asked for.

    Parameters
    ----------
    application : FastAPI
        With the calls.
    """

    def openapi() -> Schema:
        if application.openapi_schema is None:
            made = FastAPI.openapi(application)
            parts = made.setdefault("components", {})
            parts["schemas"] = dict(sorted(components().items()))
            parts["securitySchemes"] = {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token that the server printed; with accounts, one that "
                    "`cartwheel serve account token` made.",
                }
            }
            made["security"] = [{"token": []}]
            for path in made["paths"].values():
                for call in path.values():
                    _without_guesses(call["responses"])
            made["paths"][f"{ROOT}/health"]["get"]["security"] = []
            application.openapi_schema = made
        return application.openapi_schema

    application.openapi = openapi  # type: ignore[method-assign]


def _without_guesses(responses: Schema) -> None:
    """Drop the refusal that FastAPI adds to every call whose path has a word in it."""
    refused = responses.get("422", {}).get("content", {})
    if "application/json" in refused:
        del responses["422"]


@cache
def components() -> dict[str, Schema]:
    """Gather every schema.

    Returns
    -------
    dict
        By name of the component.
    """
    models = [
        each
        for module in (asked, ward_asked)
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, BaseModel)
        and not each.__name__.startswith("_")
        and each.__module__ == module.__name__
    ]
    pairs = [(each, "validation") for each in models] + [(each, "serialization") for each in TOLD]
    _, made = models_json_schema(pairs, ref_template=_PLACE + "{model}")  # type: ignore[arg-type]
    found: dict[str, Schema] = dict(made["$defs"])
    for name, stem in PUBLISHED.items():
        text = (files("cartwheel") / "schema" / f"{stem}.schema.json").read_text("utf-8")
        _adopt(found, name, json.loads(text))
    found["CheckResult"] = _CHECK
    found["JobResult"] = {"anyOf": [ref(f"{each}Result") for each in (*_RESULTS, "Check")]}
    return found


def _adopt(found: dict[str, Schema], name: str, schema: Schema) -> None:
    """Take a published schema with its definitions; Estimate is one for all."""
    parts = schema.pop("$defs", {})
    names = {part: part if part in _SHARED else f"{name}{part}" for part in parts}
    for key in ("$schema", "$id"):
        schema.pop(key, None)
    for each in (schema, *parts.values()):
        # clients name their classes by it, and several results have a "Provenance"
        each.pop("title", None)
    found[name] = _renamed(schema, names)
    for part, content in parts.items():
        found[names[part]] = _renamed(content, names)


def _renamed(thing: Any, names: Mapping[str, str]) -> Any:
    if isinstance(thing, list):
        return [_renamed(each, names) for each in thing]
    if not isinstance(thing, dict):
        return thing
    made = {key: _renamed(value, names) for key, value in thing.items()}
    if isinstance(made.get("$ref"), str):
        made["$ref"] = _PLACE + names[made["$ref"].removeprefix("#/$defs/")]
    mapping = made.get("discriminator", {})
    if isinstance(mapping, dict) and isinstance(mapping.get("mapping"), dict):
        mapping["mapping"] = {
            key: _PLACE + names[str(value).removeprefix("#/$defs/")]
            for key, value in mapping["mapping"].items()
        }
    return made
