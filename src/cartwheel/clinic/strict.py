"""From pydantic's findings to problems a person can act on."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from cartwheel.errors import Problem


def problems_of(
    error: ValidationError, model: type[BaseModel], *, where: str
) -> tuple[Problem, ...]:
    """Translate the findings of a validation: the key, what is wrong, and the nearest known key.

    Parameters
    ----------
    error : ValidationError
        What pydantic found.
    model : type
        The model that was being read.
    where : str
        File or object, put before the key.

    Returns
    -------
    tuple of Problem
        In the order of the findings; none carries the offending content beyond 40 characters. A
        finding about a list is left out where there are findings about its entries.
    """
    findings = error.errors(include_url=False)
    places = [finding["loc"] for finding in findings]
    # a list whose entries are faulty is also found too short: the entries say it better
    return tuple(
        _problem(finding, model, where)
        for finding in findings
        if not any(
            len(place) > len(finding["loc"]) and place[: len(finding["loc"])] == finding["loc"]
            for place in places
        )
    )


def _problem(finding: Any, model: type[BaseModel], where: str) -> Problem:
    path = finding["loc"]
    place = f"{where}: {_dotted(path)}" if path else where
    if finding["type"] == "extra_forbidden":
        return Problem("unknown_key", "this key is not known", place, _nearest(path, model))
    if finding["type"] == "missing":
        return Problem("missing_key", "this key is needed and is not there", place, "add it")
    message = finding["msg"].removeprefix("Value error, ")
    given = finding.get("input")
    shown = f" (given: {str(given)[:40]!r})" if isinstance(given, str | int | float) else ""
    return Problem("bad_value", f"{message[:1].lower()}{message[1:]}{shown}", place, "correct it")


def _dotted(path: tuple[int | str, ...]) -> str:
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _nearest(path: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """Suggest a known key of the part that holds the unknown one; a union by its ``kind``."""
    owners = [model]
    for step in path[:-1]:
        if isinstance(step, str):
            tagged = [owner for owner in owners if _tag(owner) == step]
            inner = [
                part
                for owner in owners
                if step in _fields(owner)
                for part in _models(_fields(owner)[step].annotation)
            ]
            owners = tagged or inner or owners
    known = list(dict.fromkeys(key for owner in owners for key in _fields(owner)))
    close = get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
    if close:
        return f"did you mean '{close[0]}'?"
    return "known keys here: " + ", ".join(known)


def _tag(model: type[BaseModel]) -> str | None:
    field = model.model_fields.get("kind")
    words = get_args(field.annotation) if field is not None else ()
    return str(words[0]) if len(words) == 1 else None


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
