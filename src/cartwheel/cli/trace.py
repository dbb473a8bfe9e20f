"""``cartwheel trace``: where a number of a result comes from."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cartwheel.cli.common import refusals_as_exit_code

if TYPE_CHECKING:
    from cartwheel.report.address import Addressed
    from cartwheel.workflows.trace import Trace

WIDTH = 80
# what was pooled rests on studies; only a single study of it rests on patients
_OF_STUDIES = re.compile(r"result\.analyses\[\d+\]\.(?!.*studies\[)")


def trace(
    result: Annotated[Path, typer.Argument(help="JSON that a command wrote with --json.")],
    place: Annotated[
        str | None,
        typer.Argument(
            help="Place of the number, or its end; or what its paper calls it: 'table 2', "
            "'table 2 row 3 column 2', T2.3.2, 'figure 1', table-performance. Without one all "
            "places are listed."
        ),
    ] = None,
    below: Annotated[str, typer.Option(help="List only places that begin like this.")] = "",
    said: Annotated[
        str, typer.Option(help="List where the paper says this, such as '0.81 (0.74 to 0.87)'.")
    ] = "",
    share: Annotated[
        bool, typer.Option("--share", help="The paper was written with --share: count by it.")
    ] = False,
    json: Annotated[str | None, typer.Option(help="The trace as JSON; - for stdout.")] = None,
) -> None:
    """Show the data, the lines of the plan, the function, the versions and the seed of a number."""
    from cartwheel.report.address import read_address

    with refusals_as_exit_code():
        address = read_address(place or "")
        if said:
            from cartwheel.report.addressed import said_at

            _listed(said_at(_document(result), said, share=share), json)
        elif address is not None:
            from cartwheel.report.addressed import addressed

            _of_paper(result, addressed(_document(result), address, share=share), json)
        else:
            _by_place(result, place, below, json)


def _document(result: Path) -> dict[str, Any]:
    from cartwheel.report.document.extra import require
    from cartwheel.result_json import read_result

    for module in ("matplotlib", "jinja2"):
        require(module, "the paper whose numbers these are")
    _, document = read_result(
        result,
        ("develop", "validate", "pool", "appraise"),
        mend="give the JSON of develop, validate, pool or appraise (--json FILE)",
        what="there is no paper of this, whose tables could be counted",
    )
    return document


def _of_paper(result: Path, found: tuple[Addressed, ...], json: str | None) -> None:
    """Follow a cell or a figure; list the cells of a table or row."""
    is_figure = found[0].address.startswith("F")
    if len(found) > 1 and not is_figure:
        _listed(found, json)
        return
    _followed(result, [(one.place, f"{one.address}, {one.id}: {one.text}") for one in found], json)


def _listed(found: tuple[Addressed, ...], json: str | None) -> None:
    import sys

    from cartwheel.cli.common import write_json

    if json:
        write_json(json, found)
    wide = max((len(one.address) for one in found), default=0)
    stream = sys.stderr if json == "-" else sys.stdout
    for one in found:
        print(f"{one.address:{wide}}  {one.place}  {_short(one.text)}", file=stream)


def _by_place(result: Path, place: str | None, below: str, json: str | None) -> None:
    from cartwheel.workflows.trace import places

    if place is None:
        print("\n".join(places(result, below)))
    else:
        _followed(result, [(place, "")], json)


def _followed(result: Path, wanted: list[tuple[str, str]], json: str | None) -> None:
    """Follow places, each with what the paper shows there; of several the JSON is a list."""
    import sys

    from cartwheel.cli.common import write_json
    from cartwheel.workflows.trace import trace as follow

    found = [follow(result, place) for place, _ in wanted]
    if json:
        write_json(json, found[0] if len(found) == 1 else found)
    parts = [
        "\n".join((_wrapped("in the paper", shown) if shown else []) + _lines(one))
        for one, (_, shown) in zip(found, wanted, strict=True)
    ]
    print("\n\n".join(parts), file=sys.stderr if json == "-" else sys.stdout)


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
    whom = "studies" if _OF_STUDIES.match(found.place) else "patients"
    counts = [f"{told[key]} {word}" for key, word in (("n", whom), ("events", "events"))
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
