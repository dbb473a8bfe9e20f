"""Make the parts of the documentation that the code itself says: commands, and public functions."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

from cartwheel.cli import app

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "cartwheel"
FLOORS = (
    ("Statistics", "stats", "Arrays in, frozen results out. They know no medicine and no files."),
    ("Clinic", "clinic", "Variables and units, reading and checking a sheet, the score file."),
    ("Development", "development", "The parts of a development. `cartwheel.develop` joins them."),
    ("Validation", "validation", "The parts of a validation. `cartwheel.validate` joins them."),
    ("Landmarking", "landmarking", "Predicting at several days. `cartwheel.landmark` joins it."),
    ("Referee", "referee", "Rules that read a plan or a result and say what will be asked."),
    ("Workflows", "workflows", "One job a file. The functions of `import cartwheel` are here."),
    ("Figures", "figures", "From the JSON of a result to a matplotlib figure."),
    ("Report", "report", "From the JSON of a result to one HTML page."),
    ("Ground", "", "Refusals, units, the number with its interval, the one way to write a result."),
)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def commands() -> str:
    """Every command with its arguments and options, in the words of ``--help``."""
    return "\n".join(_group("cartwheel", app)) + "\n"


def _group(name: str, group: typer.Typer) -> Iterator[str]:
    for info in group.registered_commands:
        assert info.callback is not None
        yield from _command(f"{name} {info.name or info.callback.__name__}", info.callback)
    for part in group.registered_groups:
        assert part.typer_instance is not None
        # a group that does something by itself
        itself = part.typer_instance.registered_callback
        if itself is not None and itself.callback is not None:
            yield from _command(f"{name} {part.name}", itself.callback)
        yield from _group(f"{name} {part.name}", part.typer_instance)


def _command(name: str, function: Callable[..., Any]) -> Iterator[str]:
    given = inspect.signature(function).parameters
    items = [
        (word, kinds[0], kinds[1], given[word].default)
        for word, hint in get_type_hints(function, include_extras=True).items()
        if (kinds := get_args(hint)) and isinstance(kinds[-1], ArgumentInfo | OptionInfo)
    ]
    arguments = [_argument(word, said) for word, _, said, _ in items if _is_argument(said)]
    yield f"\n## {name}\n\n```text\n{' '.join([name, *arguments])}\n```\n"
    yield from ((inspect.getdoc(function) or "").strip(), "")
    yield "| | takes | meaning |"
    yield "|---|---|---|"
    for word, kind, said, default in items:
        shown = _argument(word, said) if _is_argument(said) else _option(word, said)
        yield f"| {shown} | {_takes(kind, said)} | {_meaning(said, default)} |"


def _is_argument(said: ArgumentInfo | OptionInfo) -> bool:
    return isinstance(said, ArgumentInfo)


def _argument(word: str, said: ArgumentInfo | OptionInfo) -> str:
    return said.metavar or word.upper()


def _option(word: str, said: ArgumentInfo | OptionInfo) -> str:
    # what typer was told as its default stands first among the declarations when it is a word
    told = [text for text in (said.default, *(said.param_decls or ())) if isinstance(text, str)]
    return ", ".join(f"`{text}`" for text in told or [f"--{word.replace('_', '-')}"])


def _takes(kind: Any, said: ArgumentInfo | OptionInfo) -> str:
    if kind is bool:
        return ""
    known = [part for part in (get_args(kind) or (kind,)) if part is not type(None)]
    repeated = ", repeatable" if get_origin(known[0]) is list else ""
    if said.metavar and not _is_argument(said):
        return f"`{said.metavar}`{repeated}"
    words = {int: "whole number", float: "number", Path: "path", str: "text"}
    return words.get(known[0], "text") + repeated


def _meaning(said: ArgumentInfo | OptionInfo, default: Any) -> str:
    text = " ".join((said.help or "").split()).replace("|", "\\|")
    if default is None or default is False or default is inspect.Parameter.empty:
        return text
    return f"{text} Default: `{default}`."


def reference() -> str:
    """Public functions and classes by floor: signature and first paragraph."""
    return "\n".join(line for floor in FLOORS for line in _floor(*floor)) + "\n"


def _floor(title: str, folder: str, words: str) -> Iterator[str]:
    files = sorted((PACKAGE / folder).glob("*.py"))
    yield f"\n## {title}\n\n{words}"
    for path in files:
        if path.stem.startswith("_"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        public = [
            node
            for node in tree.body
            if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_")
        ]
        if not public:
            continue
        module = ".".join(part for part in ("cartwheel", folder, path.stem) if part)
        yield f"\n### {module}\n\n{_first_paragraph(tree)}\n"
        yield from (f"- `{_signature(node)}`\n  {_first_paragraph(node)}" for node in public)


def _signature(node: ast.ClassDef | Function) -> str:
    if isinstance(node, ast.ClassDef):
        fields = [
            item.target.id
            for item in node.body
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        ]
        return f"class {node.name}({', '.join(fields)})" if fields else f"class {node.name}"
    bare = ast.parse(ast.unparse(node)).body[0]
    assert isinstance(bare, Function)
    for argument in ast.walk(bare.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    # with its annotations gone a default has no spaces around the equals sign
    return re.sub(r"\s+", " ", f"{node.name}({ast.unparse(bare.args)})")


def _first_paragraph(node: ast.Module | ast.ClassDef | Function) -> str:
    text = (ast.get_docstring(node) or "").split("\n\n", maxsplit=1)[0]
    plain = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", " ".join(text.split())).replace("``", "`")
    return re.sub(r"(?<!`)<([^>]*)>(?!`)", r"\\<\1>", plain)


PAGES: dict[str, Callable[[], str]] = {"commands": commands, "reference": reference}
