"""The files of the repository, and how the house tests read them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "src" / "cartwheel"
LEFT_OUT = {".git", ".venv", ".venv-bench", "build", "dist", "demo", "out", "__pycache__"}


@cache
def repository_files() -> tuple[Path, ...]:
    """Every file that is committed or would be; without git, every file that is not made."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = [REPOSITORY / name for name in listed.stdout.split("\0") if name]
    else:
        paths = [
            path
            for path in REPOSITORY.rglob("*")
            if not LEFT_OUT.intersection(path.relative_to(REPOSITORY).parts)
        ]
    return tuple(sorted(path for path in paths if path.is_file()))


def python_files(*folders: str) -> tuple[Path, ...]:
    """Python files of the repository below these folders; all of them when none is named."""
    roots = [REPOSITORY / folder for folder in folders] or [REPOSITORY]
    return tuple(
        path
        for path in repository_files()
        if path.suffix == ".py" and any(path.is_relative_to(root) for root in roots)
    )


@cache
def syntax(path: Path) -> ast.Module:
    """Syntax tree of one file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def place(path: Path, line: int | None = None) -> str:
    """Name a place in the repository for a list of offenders."""
    name = path.relative_to(REPOSITORY).as_posix()
    return name if line is None else f"{name}:{line}"


def is_public_module(path: Path) -> bool:
    """Whether no part of the module's dotted name begins with an underscore."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return not any(part.startswith("_") and part != "__init__" for part in parts)


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[Function]:
    """Every function and method of a module, nested ones included."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def import_time_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Nodes that run when the module is imported: not in functions, not under TYPE_CHECKING."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        yield from import_time_nodes(node)


def imported_modules(nodes: Iterator[ast.AST]) -> Iterator[tuple[str, int]]:
    """Dotted names that import statements among these nodes bring in, with their line."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module, node.lineno
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno
