"""A plan in work: plain data that may still lack much, as TOML and back."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cartwheel.errors import PlanRefused, Problem, refuse
from cartwheel.toml_text import toml_key, toml_pair

_HEAD = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"\s*([\"']?)([^\"'=]+?)\1\s*=")
_STEP = re.compile(r"([^.\[\]]+)(?:\[(\d+)\])?")


def read_draft(text: str) -> dict[str, Any]:
    """Read a plan in work.

    Parameters
    ----------
    text : str
        TOML.

    Returns
    -------
    dict
        Not checked.

    Raises
    ------
    PlanRefused
        ``not_toml``.
    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise refuse(
            PlanRefused,
            "not_toml",
            f"this is not TOML ({error})",
            where="plan.toml",
            mend="mend the line named",
        ) from None


def draft_text(data: Mapping[str, Any]) -> str:
    """Write a plan in work: what is said, and nothing else.

    Parameters
    ----------
    data : mapping
        Checked or not.

    Returns
    -------
    str
        TOML that is read as equal data, but for what is None or empty.
    """
    return "\n".join(_lines(_said(data), "")) + "\n"


def _lines(data: Mapping[str, Any], above: str) -> Iterator[str]:
    for key, value in data.items():
        if not isinstance(value, Mapping) and not _is_tables(value):
            yield toml_pair(key, value)
    for key, value in data.items():
        name = f"{above}{toml_key(key)}"
        if isinstance(value, Mapping):
            inner = list(_lines(value, f"{name}."))
            only_tables = all(isinstance(part, Mapping) for part in value.values())
            yield from inner if only_tables and value else ("", f"[{name}]", *inner)
        elif _is_tables(value):
            for entry in value:
                # what stands within an entry stays on its line: a person reads one entry at once
                yield from ("", f"[[{name}]]", *(toml_pair(*pair) for pair in entry.items()))


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(x, Mapping) for x in value)


def _said(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {key: _said(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part not in (None, "", {}, [])}
    if isinstance(value, list | tuple):
        return [_said(item) for item in value]
    return value


def with_lines(problems: tuple[Problem, ...], text: str) -> tuple[Problem, ...]:
    """Name the line of the text that each problem of a plan concerns.

    Parameters
    ----------
    problems : tuple of Problem
        Whose ``where`` is ``plan: outcome.event`` or ``plan: predictors[2].column``.
    text : str
        The plan.

    Returns
    -------
    tuple of Problem
        ``where`` begins with ``line 12`` where the line is there.
    """
    lines = _key_lines(text)
    found = []
    for problem in problems:
        path = plan_path(problem)
        line = lines.get(path)
        where = f"line {line}, {path}" if line else problem.where.removeprefix("plan: ")
        found.append(replace(problem, where=where))
    return tuple(found)


def plan_path(problem: Problem) -> str:
    """Give the place within the plan that a problem names; empty where it names none.

    Parameters
    ----------
    problem : Problem
        Of a plan.

    Returns
    -------
    str
    """
    return problem.where.removeprefix("plan: ") if problem.where.startswith("plan: ") else ""


def steps_of(path: str) -> tuple[str | int, ...]:
    """Take a place within a plan apart; entries of lists count from 0.

    Parameters
    ----------
    path : str
        Such as ``predictors[2].column``.

    Returns
    -------
    tuple of (str or int)
        Such as ``("predictors", 1, "column")``.
    """
    steps: list[str | int] = []
    for name, place in _STEP.findall(path):
        steps.append(name)
        if place:
            steps.append(int(place) - 1)
    return tuple(steps)


def _key_lines(text: str) -> dict[str, int]:
    """Find the line of every key of a plan, by its path."""
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    head = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if table := _HEAD.match(line):
            name = table[2].replace('"', "").replace("'", "")
            counts[name] = counts.get(name, 0) + 1
            name = f"{name}[{counts[name]}]" if table[1] == "[[" else name
            head = f"{name}."
            found.setdefault(name, number)
        elif key := _KEY.match(line):
            found.setdefault(f"{head}{key[2].strip()}", number)
    return found
