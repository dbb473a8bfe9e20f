"""Nothing of one machine, nothing unfinished, nothing swallowed."""

from __future__ import annotations

import ast
import re

from sources import place, python_files, repository_files, syntax

# put together here, so that this file does not hold what it forbids
ROOTS = "|".join(("home", "root", "work", "farm", "tmp", "Users"))
MACHINE_PATH = re.compile(rf"(?<![A-Za-z0-9_.\-/])/(?:{ROOTS})/")
REGISTRY = re.compile("index" + r"-url|https?://[^\s\"']*/" + "simple/")
UNFINISHED = re.compile(r"TO[D]O|FIX[M]E|XX[X]|NotImplemented[E]rror")
# what a machine packed is not read: pictures, compiled files
PACKED = {".so", ".pyd", ".c", ".png", ".pdf", ".xlsx", ".sav", ".parquet", ".ico", ".woff2"}
CODE = {".py", ".pyx", ".pyi", ".toml"}


def _lines_with(pattern: re.Pattern[str], suffixes: set[str] | None = None) -> list[str]:
    return [
        f"{place(path, number)} {line.strip()[:80]}"
        for path in repository_files()
        if path.suffix in (suffixes or {path.suffix} - PACKED)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_path_of_one_machine() -> None:
    assert _lines_with(MACHINE_PATH) == []


def test_no_package_registry_is_named() -> None:
    assert _lines_with(REGISTRY) == []


def test_nothing_is_left_to_be_done() -> None:
    assert _lines_with(UNFINISHED, CODE) == []


def _swallows(handler: ast.ExceptHandler) -> bool:
    broad = handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )
    silent = all(
        isinstance(step, ast.Pass | ast.Continue)
        or (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))
        for step in handler.body
    )
    return handler.type is None or (broad and silent)


def test_no_error_is_swallowed() -> None:
    offenders = [
        place(path, node.lineno)
        for path in python_files()
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ExceptHandler) and _swallows(node)
    ]
    assert offenders == []


def test_no_bare_value_error_in_the_package() -> None:
    offenders = [
        place(path, node.lineno)
        for path in python_files("src")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        if isinstance(node.exc.func, ast.Name)
        if node.exc.func.id in {"ValueError", "RuntimeError", "Exception", "Warning"}
    ]
    assert offenders == []


def test_the_patterns_catch_what_they_name() -> None:
    slash = "/"
    assert MACHINE_PATH.search(f'open("{slash}home{slash}someone{slash}a.csv")')
    assert MACHINE_PATH.search(f"cd {slash}tmp{slash}fresh")
    assert not MACHINE_PATH.search(f"https://example.org{slash}work{slash}page")
    assert not MACHINE_PATH.search(f"src{slash}work{slash}flow.py")
    code = "try:\n    f()\nexcept Exception:\n    pass\n"
    (handler,) = [n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.ExceptHandler)]
    assert _swallows(handler)
