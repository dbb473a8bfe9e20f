"""``cartwheel scores``: the scores that cartwheel carries, and any score file."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cartwheel.clinic.registry import RegistryEntry
    from cartwheel.clinic.score import ScoreSpec
    from cartwheel.clinic.score_statements import Difference
    from cartwheel.clinic.score_terms import Input

scores = typer.Typer(help="List, show, check, compare and sign scores.")
Score = Annotated[str, typer.Argument(metavar="SCORE", help="Id of a score, or its file (TOML).")]
Json = Annotated[str | None, typer.Option(metavar="F", help="Write as JSON; - for stdout.")]


class Language(StrEnum):
    """What a score can be exported to."""

    PYTHON = "python"
    R = "r"
    EXCEL = "excel"
    FHIR = "fhir"


@scores.callback(invoke_without_command=True)
def listing(context: typer.Context, json: Json = None) -> None:
    """List every score: its id, its status, and whether it can be computed."""
    # each command loads its own work when it is called
    from cartwheel.cli.common import refusals_as_exit_code, write_json
    from cartwheel.clinic.registry import registry

    if context.invoked_subcommand is not None:
        return
    entries = registry().values()
    with refusals_as_exit_code():
        if json is not None:
            write_json(json, list(entries))
    if json != "-":
        print("\n".join(_list(tuple(entries))))


@scores.command()
def show(score: Score, json: Json = None) -> None:
    """Print what a score asks for, what it gives, and what it rests on."""
    from cartwheel.cli.common import refusals_as_exit_code, write_json
    from cartwheel.clinic.score import read_score

    with refusals_as_exit_code():
        spec = read_score(score)
        if json is not None:
            write_json(json, spec.json_document())
        if json != "-":
            print("\n".join(_page(spec)))


@scores.command()
def check(score: Score) -> None:
    """Check a score: its format, that it agrees with itself, its examples and published figures."""
    from cartwheel.cli.common import refusals_as_exit_code
    from cartwheel.clinic.score import read_score

    with refusals_as_exit_code():
        spec = read_score(score)
    count = len(spec.examples)
    tables = sum(each.kind == "two_by_two" for each in spec.published)
    parts = [f"{count} worked example{'' if count == 1 else 's'} came out"]
    parts += [f"{tables} published table{'' if tables == 1 else 's'} came out"] if tables else []
    print(f"{spec.id} {spec.version}: the file is sound, and {', '.join(parts)}. {spec.identity}")
    print("\n".join(_standing(spec)))


@scores.command()
def diff(before: Score, after: Score, json: Json = None) -> None:
    """Compare two scores by what they say: constants, bands, units, population and the rest."""
    from cartwheel.cli.common import refusals_as_exit_code, write_json
    from cartwheel.clinic.score import read_score
    from cartwheel.clinic.score_statements import differences

    with refusals_as_exit_code():
        found = differences(read_score(before), read_score(after))
        if json is not None:
            write_json(json, list(found))
    if json != "-":
        print("\n".join(_differences(found)))


@scores.command()
def schema(
    json: Annotated[str, typer.Option(metavar="F", help="Where to write; - for stdout.")] = "-",
) -> None:
    """Write the JSON Schema of the score file."""
    from cartwheel.cli.common import refusals_as_exit_code, write_json
    from cartwheel.clinic.score import score_json_schema

    with refusals_as_exit_code():
        write_json(json, score_json_schema())


@scores.command()
def page(
    score: Score,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="F.html", help="Default: ID.html.")
    ] = None,
) -> None:
    """Write a score as one offline HTML calculator that computes by itself."""
    from cartwheel.cli.common import refusals_as_exit_code, write_text
    from cartwheel.clinic.score import read_score
    from cartwheel.report.calculator import calculator_page

    with refusals_as_exit_code():
        spec = read_score(score)
        target = output or f"{spec.id}.html"
        write_text(target, calculator_page(spec))
    if target != "-":
        print(f"{spec.id} {spec.version} {spec.identity}: {target}")


@scores.command()
def export(
    score: Score,
    to: Annotated[Language, typer.Option(help="What to write.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="F", help="Where to write; - for stdout.")
    ] = "-",
) -> None:
    """Write a score for other programs: a Python or R function, a spreadsheet, FHIR."""
    from cartwheel.cli.common import refusals_as_exit_code, write_text
    from cartwheel.clinic.score import read_score
    from cartwheel.report.export import EXPORTS

    with refusals_as_exit_code():
        spec = read_score(score)
        write_text(output, EXPORTS[to.value](spec))
    if output != "-":
        print(f"{spec.id} {spec.version} {spec.identity}: {output}")


@scores.command()
def keygen(
    name: Annotated[str, typer.Argument(help="Writes NAME.key (private) and NAME.pub.")],
) -> None:
    """Make a pair of Ed25519 keys to sign scores with."""
    from cartwheel.cli.common import check_folder, refusals_as_exit_code, write_text
    from cartwheel.clinic.score_signature import new_key_pair, write_key

    with refusals_as_exit_code():
        check_folder(f"{name}.key")
        private, public = new_key_pair()
        write_key(f"{name}.key", private)
        write_text(f"{name}.pub", public.decode("ascii"))
    print(f"{name}.key is private: keep it to yourself. Give {name}.pub to whoever verifies.")


@scores.command()
def sign(
    score: Score,
    key: Annotated[str, typer.Option(metavar="NAME.key", help="Private key (PEM).")],
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="F.sig", help="Default: FILE.sig.")
    ] = None,
) -> None:
    """Sign a score: writes a signature file beside it, and leaves the score as it is."""
    from cartwheel.cli.common import refusals_as_exit_code, write_text
    from cartwheel.clinic.score import read_score
    from cartwheel.clinic.score_signature import read_small, sign_score

    with refusals_as_exit_code():
        spec = read_score(score)
        target = output or f"{score}.sig"
        write_text(target, sign_score(spec, read_small(key)))
    if target != "-":
        print(f"{spec.id} {spec.version} {spec.identity} signed: {target}")


@scores.command()
def verify(
    score: Score,
    key: Annotated[str, typer.Option(metavar="NAME.pub", help="Public key of the signer (PEM).")],
    signature: Annotated[
        str | None, typer.Option(metavar="F.sig", help="Signature file; default: FILE.sig.")
    ] = None,
) -> None:
    """Verify a signature: the score is the one that the holder of this key signed."""
    from cartwheel.cli.common import refusals_as_exit_code
    from cartwheel.clinic.score import read_score
    from cartwheel.clinic.score_signature import read_small, verify_score

    with refusals_as_exit_code():
        spec = read_score(score)
        text = read_small(signature or f"{score}.sig").decode("utf-8", "replace")
        by = verify_score(spec, text, read_small(key))
    print(f"{spec.id} {spec.version} {spec.identity}: verified, signed by key {by}")


def _list(entries: tuple[RegistryEntry, ...]) -> Iterator[str]:
    width = max(len(entry.id) for entry in entries)
    yield "Scores that can be computed"
    for entry in entries:
        if entry.computable:
            mark = "UNVERIFIED" if entry.status == "unverified" else entry.status
            if entry.doubted and entry.status != "unverified":
                mark += f", {entry.doubted} unverified or assumed"
            yield f"  {entry.id:<{width}}  {entry.title} [{mark}]"
    yield ""
    yield "Not computable from what was published"
    for entry in entries:
        if not entry.computable:
            yield f"  {entry.id:<{width}}  {entry.title}: {'; '.join(entry.missing)}"


def _page(spec: ScoreSpec) -> Iterator[str]:
    from cartwheel.cli.score_answer import source_lines
    from cartwheel.clinic.score_statements import statements

    if spec.simulated:
        yield "*** SIMULATED: this score was made from simulated patients ***"
    yield f"{spec.title} ({spec.id}, version {spec.version}, {spec.status})"
    yield from _standing(spec)
    titles = {
        "parameters": "Open in the publication: choose, or the default is assumed",
        "inputs": "Inputs",
        "derived": "Derived values",
        "constants": "Terms",
        "bands": "Bands",
        "risk": "Risk",
        "evidence": "Published figures and performance",
        "sources": "Where the constants were read",
    }
    said = statements(spec)
    for group, title in titles.items():
        lines = [f"  {each.about}: {each.says}" for each in said if each.group == group]
        lines = [_input(item) for item in spec.inputs] if group == "inputs" else lines
        if lines:
            yield ""
            yield title
            yield from lines
    if spec.risk is None:
        yield ""
        yield "The score gives no risk"
    yield ""
    yield f"Missing inputs: {spec.missing}"
    yield from source_lines(spec)


def _input(item: Input) -> str:
    parts = [item.unit] if item.unit else []
    parts += [f"day {item.day}"] if item.day is not None else []
    parts += [item.window.text] if item.window is not None else []
    parts += [f"upper limit of {item.upper_limit_of}"] if item.upper_limit_of else []
    parts += [f"{word} = {code}" for word, code in (item.coding or {}).items()]
    line = f"  {item.name}: {item.label}" + (f" ({', '.join(parts)})" if parts else "")
    for words, low, high in (
        ("developed on", item.low, item.high),
        ("possible", item.minimum, item.maximum),
    ):
        ends = [f"{word} {end}" for word, end in (("from", low), ("to", high)) if end is not None]
        line += f"; {words} {' '.join(ends)}" if ends else ""
    return line


def _standing(spec: ScoreSpec) -> Iterator[str]:
    from cartwheel.clinic.scoring import unsettled_constants

    if spec.status == "unverified":
        yield "  ! UNVERIFIED: the constants of this score were not read in their source"
    for parameter in spec.parameters:
        yield f"  ! ASSUMPTION by default: {parameter.label} ({parameter.name})"
    yield from (f"  ! {sentence}" for sentence in unsettled_constants(spec))


def _differences(found: tuple[Difference, ...]) -> Iterator[str]:
    if not found:
        yield "the scores say the same"
    group = ""
    for each in found:
        if each.group != group:
            group = each.group
            yield group
        yield f"  {each.about}"
        if each.before:
            yield f"    - {each.before}"
        if each.after:
            yield f"    + {each.after}"
