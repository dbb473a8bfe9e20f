"""``cartwheel trace``: where a number of a result comes from."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cartwheel.cli.common import refusals_as_exit_code

if TYPE_CHECKING:
    from cartwheel.workflows.trace import Trace

WIDTH = 80


def trace(
    result: Annotated[Path, typer.Argument(help="JSON that a command wrote with --json.")],
    place: Annotated[
        str | None,
        typer.Argument(help="Place of the number, or its end; without one all are listed."),
    ] = None,
    below: Annotated[str, typer.Option(help="List only places that begin like this.")] = "",
    json: Annotated[str | None, typer.Option(help="The trace as JSON; - for stdout.")] = None,
) -> None:
    """Show the data, the lines of the plan, the function, the versions and the seed of a number."""
    import sys

    from cartwheel.cli.common import write_json
    from cartwheel.workflows.trace import places, trace as follow

    with refusals_as_exit_code():
        if place is None:
            print("\n".join(places(result, below)))
            return
        found = follow(result, place)
        if json:
            write_json(json, found)
        print("\n".join(_lines(found)), file=sys.stderr if json == "-" else sys.stdout)


def _lines(found: Trace) -> list[str]:
    lines = _wrapped("place", found.place)
    if found.label:
        lines += _wrapped("of", found.label)
    lines += _value(found)
    lines += _wrapped("computed by", found.function)
    if found.counterpart:
        lines += _wrapped("like in R", found.counterpart)
    for line in found.plan:
        lines += _wrapped("plan", f"{line.key} = {_short(line.value)}")
    for name, digest in found.data:
        lines += _wrapped("data", f"{name} {digest}")
    for name, digest in found.scores:
        lines += _wrapped("score", f"{name} {digest}")
    lines += _wrapped("seed", str(found.seed))
    versions = ", ".join(f"{name} {version}" for name, version in found.versions)
    return lines + _wrapped("versions", versions)


def _value(found: Trace) -> list[str]:
    if not found.is_estimate:
        return _wrapped("value", _short(found.value))
    told = found.value
    text = "not estimated" if told["value"] is None else repr(told["value"])
    if told["low"] is not None or told["high"] is not None:
        text += f" ({told['low']} to {told['high']}"
        text += ")" if told["level"] is None else f", {100 * told['level']:g} %)"
    lines = _wrapped("value", text)
    counts = [f"{told[key]} {word}" for key, word in (("n", "patients"), ("events", "events"))
              if told.get(key) is not None]  # fmt: skip
    if counts:
        lines += _wrapped("rests on", ", ".join(counts))
    return lines + (_wrapped("method", told["method"]) if told["method"] else [])


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 300 else f"{text[:297]}..."


def _wrapped(name: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=f"{name:13}", subsequent_indent=" " * 13,
        break_on_hyphens=False, break_long_words=False,
    ) or [name]  # fmt: skip
