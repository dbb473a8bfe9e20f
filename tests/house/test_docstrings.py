"""Every public thing says what it is, what it takes and what it gives."""

from __future__ import annotations

import ast
import re

from sources import PACKAGE, Function, is_public_module, place, python_files, syntax


def _public(tree: ast.Module) -> list[ast.ClassDef | Function]:
    return [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_")
    ]


def _has_section(node: ast.ClassDef | Function, title: str) -> bool:
    text = ast.get_docstring(node) or ""
    return re.search(rf"^{title}\n-{{{len(title)},}}$", text, flags=re.MULTILINE) is not None


def _parameters(node: Function) -> list[str]:
    given = node.args
    named = [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return named + [a.arg for a in (given.vararg, given.kwarg) if a is not None]


def _returns_something(node: Function) -> bool:
    return not (isinstance(node.returns, ast.Constant) and node.returns.value is None)


MODULES = [path for path in python_files("src/cartwheel") if is_public_module(path)]


def test_every_module_has_a_docstring() -> None:
    missing = [place(path) for path in MODULES if not ast.get_docstring(syntax(path))]
    assert missing == []


def test_every_public_function_and_class_has_a_docstring() -> None:
    missing = [
        f"{place(path, node.lineno)} {node.name}"
        for path in MODULES
        for node in _public(syntax(path))
        if not ast.get_docstring(node)
    ]
    assert missing == []


def _is_route(node: Function) -> bool:
    """Whether a browser or a program calls it: its parameters are in the OpenAPI description."""
    return any(
        isinstance(each, ast.Call) and ast.unparse(each.func).startswith("router.")
        for each in node.decorator_list
    )


# so many parameters may be described in the summary line alone
PARAMETERS_WITHOUT_SECTION = 0


def test_every_public_function_describes_its_parameters() -> None:
    # a command's docstring is its --help text, where each flag is described beside the flag
    missing = [
        f"{place(path, node.lineno)} {node.name}"
        for path in MODULES
        if not path.is_relative_to(PACKAGE / "cli")
        for node in _public(syntax(path))
        if isinstance(node, Function)
        if not _is_route(node)
        if len(_parameters(node)) > PARAMETERS_WITHOUT_SECTION
        if not _has_section(node, "Parameters")
    ]
    assert missing == []


def test_every_public_statistic_describes_what_it_returns() -> None:
    missing = [
        f"{place(path, node.lineno)} {node.name}"
        for path in MODULES
        if path.is_relative_to(PACKAGE / "stats")
        for node in _public(syntax(path))
        if isinstance(node, Function)
        if _returns_something(node) and not _has_section(node, "Returns")
    ]
    assert missing == []
