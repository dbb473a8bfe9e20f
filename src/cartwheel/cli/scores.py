"""``cartwheel scores``: look at score files and check them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cartwheel.clinic.score import ScoreSpec
    from cartwheel.clinic.score_terms import AnyTerm

scores = typer.Typer(no_args_is_help=True, help="Show or check score files.")
File = Annotated[str, typer.Argument(metavar="FILE", help="Score file (TOML).")]


@scores.command()
def show(
    file: File,
    json: Annotated[
        str | None, typer.Option(metavar="F", help="Write the score as JSON; - for stdout.")
    ] = None,
) -> None:
    """Print what a score asks for, what it gives, and what it rests on."""
    # each command loads its own work when it is called
    from cartwheel.cli.common import refusals_as_exit_code, write_json
    from cartwheel.clinic.score import read_score

    with refusals_as_exit_code():
        spec = read_score(file)
        if json is not None:
            write_json(json, spec.model_dump(mode="json", by_alias=True, exclude_none=True))
        if json != "-":
            print("\n".join(_page(spec)))


@scores.command()
def check(file: File) -> None:
    """Check a score file: its format, that it agrees with itself, and its worked examples."""
    from cartwheel.cli.common import refusals_as_exit_code
    from cartwheel.clinic.score import read_score

    with refusals_as_exit_code():
        spec = read_score(file)
    count = len(spec.examples)
    print(
        f"{spec.id} {spec.version}: the file is sound, and "
        f"{count} worked example{'' if count == 1 else 's'} came out. {spec.identity}"
    )


@scores.command()
def schema(
    json: Annotated[str, typer.Option(metavar="F", help="Where to write; - for stdout.")] = "-",
) -> None:
    """Write the JSON Schema of the score file."""
    from cartwheel.cli.common import refusals_as_exit_code, write_json
    from cartwheel.clinic.score import score_json_schema

    with refusals_as_exit_code():
        write_json(json, score_json_schema())


def _page(spec: ScoreSpec) -> Iterator[str]:
    from cartwheel.cli.score_answer import source_lines

    if spec.simulated:
        yield "*** SIMULATED: this score was made from simulated patients ***"
    yield f"{spec.title} ({spec.id}, version {spec.version}, {spec.status})"
    yield ""
    yield "Inputs"
    for item in spec.inputs:
        parts = [item.unit] if item.unit else []
        parts += [f"day {item.day}"] if item.day is not None else []
        parts += [f"{word} = {code}" for word, code in (item.coding or {}).items()]
        yield f"  {item.name}: {item.label}" + (f" ({', '.join(parts)})" if parts else "")
    yield "Terms"
    for term in spec.terms:
        yield from _term(term)
    if spec.bands:
        yield "Bands"
        yield from (f"  {band.name}: {band.words()}" for band in spec.bands)
    yield "Risk"
    yield f"  {spec.risk.kind}" if spec.risk is not None else "  the score gives no risk"
    yield f"Missing inputs: {spec.missing}"
    yield ""
    yield from source_lines(spec)


def _term(term: AnyTerm) -> Iterator[str]:
    if term.kind == "points":
        yield f"  {term.name or term.input}"
        yield from (f"    {band.words()}: {band.points} points" for band in term.bands)
    elif term.kind == "spline":
        yield f"  {term.name or term.input}: restricted cubic spline ({term.transform})"
        yield f"    knots {', '.join(map(str, term.knots))}"
        yield f"    coefficients {', '.join(map(str, term.coefficients))}"
    else:
        used = (
            term.input
            if term.kind == "linear"
            else " * ".join(f"{factor.input}^{factor.exponent}" for factor in term.factors)
        )
        inside = used if term.transform == "none" else f"{term.transform}({used})"
        yield f"  {term.name or used}: {term.coefficient} * ({inside} - {term.centre})"
