"""Plans as files and as plain data: read strictly, with every fault at once."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cartwheel.canonical import plain
from cartwheel.clinic.strict import problems_of
from cartwheel.errors import FileRefused, PlanRefused, Problem, refuse

Model = TypeVar("Model", bound=BaseModel)


def checked_plan(model: type[Model], data: Mapping[str, object], *, where: str) -> Model:
    """Check plain data and make the plan of it.

    Parameters
    ----------
    model : type of BaseModel
        Which plan.
    data : mapping
        As read from TOML or JSON, or from options.
    where : str
        Named in the refusal.

    Returns
    -------
    BaseModel
        Of the type asked for.

    Raises
    ------
    PlanRefused
        All faults at once; an unknown key with the nearest known one.
    """
    found = tuple(_not_finite(data, where))
    if found:
        raise PlanRefused(found)
    try:
        # JSON mode lets strict models take lists for tuples
        return model.model_validate_json(json.dumps(plain(data)))
    except ValidationError as error:
        raise PlanRefused(problems_of(error, model, where=where)) from None


def plan_data(path: Path, *, where: str, otherwise: str, again: str = "") -> dict[str, Any]:
    """Read the data of a plan from a TOML file.

    Parameters
    ----------
    path : Path
        The file.
    where : str
        How the user wrote it.
    otherwise : str
        What to do without a file.
    again : str
        What to do with a file that cannot be mended; may be empty.

    Returns
    -------
    dict

    Raises
    ------
    FileRefused
        ``file_missing``.
    PlanRefused
        ``not_toml``.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        raise refuse(
            FileRefused,
            "file_missing",
            "there is no such plan file",
            where=where,
            mend=f"check the name; {otherwise}",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise refuse(
            PlanRefused,
            "not_toml",
            f"this is not a TOML file ({error})",
            where=path.name,
            mend="mend the line named" + (f", {again}" if again else ""),
        ) from None


def _not_finite(value: object, where: str) -> Iterator[Problem]:
    """Find numbers that are not finite: JSON would turn them into nothing said."""
    if isinstance(value, float) and not math.isfinite(value):
        yield Problem("not_finite", "a finite number is needed here", where, "correct it")
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _not_finite(part, f"{where}: {key}")
    elif isinstance(value, list | tuple):
        for place, part in enumerate(value, start=1):
            yield from _not_finite(part, f"{where}[{place}]")
