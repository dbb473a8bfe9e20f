"""Names say what a thing is, not that it helps or manages."""

from __future__ import annotations

import ast
import re

from sources import PACKAGE, functions, place, python_files, syntax

EMPTY_WORDS = {"util", "utils", "helper", "helpers", "misc", "base", "manager", "managers"}


def _words(name: str) -> set[str]:
    """Words of a snake_case or CamelCase name, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def test_no_module_has_an_empty_name() -> None:
    offenders = [
        place(path)
        for path in python_files("src", "benchmarks", "examples", "tests")
        if _words(path.stem) & EMPTY_WORDS
    ]
    folders = [place(path) for path in PACKAGE.rglob("*/") if path.name in EMPTY_WORDS]
    assert offenders + folders == []


def test_no_class_is_a_manager_or_helper() -> None:
    offenders = [
        f"{place(path, node.lineno)} {node.name}"
        for path in python_files("src")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ClassDef)
        if _words(node.name) & (EMPTY_WORDS - {"base"})
    ]
    assert offenders == []


def test_no_function_begins_with_get_or_calc() -> None:
    offenders = [
        f"{place(path, node.lineno)} {node.name}"
        for path in python_files("src")
        for node in functions(syntax(path))
        if re.match(r"_?(get|calc|calculate|do|handle)_", node.name)
    ]
    assert offenders == []


def test_words_of_a_name() -> None:
    assert _words("StudyManager_utils2") == {"study", "manager", "utils2"}
    assert _words("CARTHelper") == {"cart", "helper"}
