"""A file reads in one sitting and a function on one screen."""

from __future__ import annotations

import ast

from sources import Function, functions, place, python_files, repository_files, syntax

LONGEST_FILE = 450  # we aim at 400
LONGEST_BODY = 70  # we aim at 50


def _body_lines(node: Function) -> int:
    """Lines of the body without its docstring."""
    body = node.body
    if ast.get_docstring(node, clean=False) is not None:
        body = body[1:]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0  # type: ignore[operator]


def test_no_file_is_too_long() -> None:
    lengths = {
        place(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in repository_files()
        if path.suffix in {".py", ".pyx", ".pyi"}
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{place(path, node.lineno)} {node.name}": _body_lines(node)
        for path in python_files("src", "benchmarks", "examples")
        for node in functions(syntax(path))
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_BODY} == {}


def test_the_ruler_counts_the_body_only() -> None:
    code = 'def f():\n    """One.\n\n    Two.\n    """\n    a = 1\n    return a\n'
    (node,) = functions(ast.parse(code))
    assert _body_lines(node) == 2
