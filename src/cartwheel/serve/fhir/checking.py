"""Checking a resource: its model, the JSON Schema of R4, and what neither of them sees.

No single validator finds all that is wrong. The first two are loaded when the first resource comes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module, resources
from typing import Any

from cartwheel.errors import CohortRefused, Problem, refuse
from cartwheel.serve.fhir.json_text import Json, Resource
from cartwheel.serve.fhir.rules import own_problems

TAKEN = (
    "Observation", "Patient", "Encounter", "Procedure", "MedicationAdministration", "Device",
    "DeviceUseStatement", "Medication",
)  # fmt: skip
TOLD = ("RiskAssessment", "DetectedIssue")
_MODELS = {one: one.lower() for one in (*TAKEN, *TOLD, "Bundle")}
_MOST_TOLD = 20


def check(resource: Resource, where: str = "") -> None:
    """Refuse a resource that is not sound.

    Parameters
    ----------
    resource : mapping
        Of one of the types of `TAKEN`.
    where : str
        What expressions begin with; by default the type.

    Raises
    ------
    CohortRefused
        Every problem that was found, up to 20; the place of each is an expression. No problem
        repeats a value.
    """
    kind = type_of(resource)
    if kind not in TAKEN:
        raise refuse(
            CohortRefused, "resource_type", "a resource of this type is not taken",
            where=where or "Resource", mend=f"send {', '.join(TAKEN)}",
        )  # fmt: skip
    found = problems_in(resource, where or kind)
    if found:
        raise CohortRefused(found[:_MOST_TOLD])


def type_of(resource: Json) -> str:
    """Tell the type of a resource.

    Parameters
    ----------
    resource : object
        As it came.

    Returns
    -------
    str
        Empty where it has none, or is none.
    """
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return kind if isinstance(kind, str) else ""


def problems_in(resource: Resource, where: str) -> list[Problem]:
    """Find what is wrong with a resource.

    Parameters
    ----------
    resource : mapping
        Of a type that is taken or told, or a Bundle without its resources.
    where : str
        What expressions begin with.

    Returns
    -------
    list of Problem
        Each place once.
    """
    kind = type_of(resource)
    found: dict[str, Problem] = {}
    for one in (
        *own_problems(kind, resource, where),
        *_by_schema(kind, resource, where),
        *_by_model(kind, resource, where),
    ):
        found.setdefault(one.where, one)
    return list(found.values())


def make_ready() -> None:
    """Load both validators: about half a second, the first time."""
    for kind in TAKEN:
        _model(kind)
        _schema(kind)


@lru_cache(maxsize=len(_MODELS))
def _schema(kind: str) -> Any:
    import jsonschema_rs  # noqa: PLC0415

    return jsonschema_rs.Draft6Validator({**_definitions(), "$ref": f"#/definitions/{kind}"})


@lru_cache(maxsize=1)
def _definitions() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("r4_schema.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return {"$schema": read["$schema"], "definitions": read["definitions"]}


@lru_cache(maxsize=len(_MODELS))
def _model(kind: str) -> Any:
    return getattr(import_module(f"fhir.resources.R4B.{_MODELS[kind]}"), kind)


def _by_schema(kind: str, resource: Resource, where: str) -> Iterator[Problem]:
    validator = _schema(kind)
    if validator.is_valid(resource):
        return
    for error in validator.iter_errors(resource):
        rule = str(error.schema_path[-1]) if error.schema_path else ""
        yield _said(rule, expression(where, error.instance_path))


def _said(rule: str, where: str) -> Problem:
    codes = {
        "required": ("element_required", "an element that R4 requires is not there"),
        "additionalProperties": ("element_unknown", "R4 has no such element here"),
        "enum": ("code_binding", "the code is none of those that R4 allows here"),
        "const": ("element_value", "R4 wants another value here"),
        "type": ("element_type", "a value of another type is needed"),
        "pattern": ("element_value", "this is not written as R4 wants it"),
    }
    code, what = codes.get(rule, ("element_value", "not as the JSON Schema of R4 wants it"))
    return Problem(code, what, where)


def _by_model(kind: str, resource: Resource, where: str) -> Iterator[Problem]:
    from pydantic import ValidationError  # noqa: PLC0415

    try:
        _model(kind).model_validate(resource)
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False, include_context=False):
            # the name of what R4 does not know is not repeated
            steps = one["loc"][:-1] if one["type"] == "extra_forbidden" else one["loc"]
            yield _modelled(str(one["type"]), str(one["msg"]), expression(where, steps))
    except (ValueError, TypeError, ArithmeticError, AttributeError, LookupError):
        # the model itself stumbles over some values
        yield Problem("element_value", "the resource cannot be read", where)


def _modelled(kind: str, message: str, where: str) -> Problem:
    if kind.endswith("missing"):
        return Problem("element_required", "an element that R4 requires is not there", where)
    if kind == "extra_forbidden":
        return Problem("element_unknown", "R4 has no such element here", where)
    if "Any of one field value" in message:
        return Problem("element_choice", "only one of the elements of a choice may be there", where)
    if kind.startswith(("date", "time")):
        return Problem("element_value", "there is no such day or time", where)
    return Problem("element_value", "the value cannot be read", where)


def expression(where: str, steps: Sequence[Any] | Iterable[Any]) -> str:
    """Write the place of an element.

    Parameters
    ----------
    where : str
        Of the resource.
    steps : iterable of str or int
        Names and places.

    Returns
    -------
    str
        FHIRPath, as in ``Observation.component[1].code``; what the sender named, and R4 does not
        know, is not in it.
    """
    text = where
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif str(step).isalnum() and len(str(step)) <= 40:
            text += f".{step}"
    return text
