"""``cartwheel rerun``: make a result again, byte for byte, or say what changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cartwheel.cli.common import refusals_as_exit_code

if TYPE_CHECKING:
    from cartwheel.workflows.rerun import Rerun

_SHOWN = 12
Many = list[Path]


def rerun(
    result: Annotated[Path, typer.Argument(help="JSON that a command wrote with --json.")],
    data: Annotated[
        Many | None, typer.Option(help="File it was made from, where it is not beside it.")
    ] = None,
    score: Annotated[
        Many | None, typer.Option(help="Score file of a validation, likewise.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Where the new result goes.")
    ] = None,
    other_data: Annotated[
        bool, typer.Option("--other-data", help="The data are meant to be others.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 2 where the result is not identical.")
    ] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads; same result.")] = None,
    json: Annotated[str | None, typer.Option(help="What changed, as JSON; - for stdout.")] = None,
) -> None:
    """Run the plan that a result carries again, and say what is not as it was."""
    import sys

    from cartwheel.canonical import canonical_json
    from cartwheel.cli.common import REFUSED, check_folder, write_files
    from cartwheel.errors import PlanRefused, refuse
    from cartwheel.workflows.rerun import rerun as run_again, rerun_document

    with refusals_as_exit_code():
        for target in (output, json):
            check_folder(target)
            if target and target != "-" and Path(target).resolve() == result.resolve():
                raise refuse(
                    PlanRefused,
                    "output_taken",
                    "this is the old result, which is never written over",
                    where=target,
                    mend="name another file",
                )
        found = run_again(
            result, data=data or (), scores=score or (), other_data=other_data, threads=threads
        )
        files = {output: found.text} if output else {}
        if json:
            files[json] = canonical_json(rerun_document(found))
        write_files(files)
        stream = sys.stderr if "-" in files else sys.stdout
        print("\n".join(_lines(found)), file=stream)
        if strict and not found.identical:
            raise SystemExit(REFUSED)


def _lines(found: Rerun) -> list[str]:
    if found.identical:
        return ["identical: the new result has the same bytes"]
    lines = [] if found.same_data else ["The data are others than those of the old result."]
    numbers = [change for change in found.changes if change.place.startswith("result")]
    lines.append(
        f"{len(found.changes)} places differ, {len(numbers)} of them in the result"
        if found.changes
        else "every value is the same; only the layout of the file differs"
    )
    moved = sorted(
        (change for change in numbers if change.relative is not None),
        key=lambda change: -(change.relative or 0.0),
    )
    words = [change for change in found.changes if change.relative is None]
    if moved:
        lines.append("numbers, largest difference first:")
        lines += [
            f"  {change.place}: {change.old!r} -> {change.new!r} ({change.relative:.2g} relative)"
            for change in moved[:_SHOWN]
        ]
        lines += _more(len(moved))
    if words:
        lines.append("other places:")
        lines += [f"  {each.place}: {_short(each.old)} -> {_short(each.new)}" for each in words][
            :_SHOWN
        ]
        lines += _more(len(words))
    for name, old, new in found.versions:
        lines.append(f"version of {name}: {old or 'not noted'} -> {new}")
    if found.moved:
        lines.append("Numbers that moved since that version:")
        lines += [f"  {one.what}: {one.how_much} ({one.why})" for one in found.moved]
    return lines


def _more(count: int) -> list[str]:
    return [f"  and {count - _SHOWN} more (--json lists all)"] if count > _SHOWN else []


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
