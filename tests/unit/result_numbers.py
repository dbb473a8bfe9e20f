"""Every number of a result, with the path that leads to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np


def numbers(result: object, path: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Yield arrays of floats and whole numbers; text, functions and None hold none."""
    if isinstance(result, np.ndarray):
        if result.dtype.kind in "fiub":
            yield path, result
    elif isinstance(result, bool | int | float | np.generic):
        yield path, np.asarray(result)
    elif dataclasses.is_dataclass(result):
        for field in dataclasses.fields(result):
            yield from numbers(getattr(result, field.name), f"{path}.{field.name}")
    elif isinstance(result, tuple) and hasattr(result, "_fields"):
        for name, value in zip(result._fields, result, strict=True):
            yield from numbers(value, f"{path}.{name}")
    elif isinstance(result, tuple | list):
        for place, value in enumerate(result):
            yield from numbers(value, f"{path}[{place}]" if len(result) < 9 else f"{path}[]")


def not_finite(result: object) -> set[str]:
    """Paths of the numbers that are missing or infinite."""
    return {
        path
        for path, values in numbers(result)
        if values.dtype.kind == "f" and not np.isfinite(values).all()
    }
