"""Run a result again from the plan that it carries, and say what is not as it was."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from cartwheel import __version__
from cartwheel.canonical import canonical_json, file_sha256, plain
from cartwheel.clinic.registry import folded_id, registry
from cartwheel.clinic.score import ScoreSpec, read_score
from cartwheel.errors import FileRefused, Problem, refuse
from cartwheel.moved import Moved, moved_for
from cartwheel.provenance import library_versions
from cartwheel.workflows.appraise import appraise_again
from cartwheel.workflows.develop import develop
from cartwheel.workflows.landmark import landmark
from cartwheel.workflows.pool import pool
from cartwheel.workflows.result_file import read_result_file
from cartwheel.workflows.validate import validate

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One place at which the new result differs from the old one.

    Parameters
    ----------
    place : str
        In the JSON, such as ``result.scores[0].value.low``.
    old, new : object
        What stood there; None where there was nothing.
    relative : float or None
        ``|new - old| / |old|`` of numbers; None for everything else, and for an old zero.
    """

    place: str
    old: Any
    new: Any
    relative: float | None


@dataclass(frozen=True, slots=True)
class Rerun:
    """What running a result again gave.

    Parameters
    ----------
    kind : str
        Of the result.
    identical : bool
        Whether the bytes are the same.
    same_data : bool
        Whether the data are those of the old result, by their hashes.
    changes : tuple of Change
        In the order of the file; those of ``result`` first.
    versions : tuple of (str, str, str)
        Name, old and new version of what is not the same; cartwheel first.
    moved : tuple of Moved
        Numbers known to have moved since the old version.
    text : str
        The new JSON.
    """

    kind: str
    identical: bool
    same_data: bool
    changes: tuple[Change, ...]
    versions: tuple[tuple[str, str, str], ...]
    moved: tuple[Moved, ...]
    text: str


def rerun(
    path: str | PathLike[str],
    *,
    data: Sequence[str | PathLike[str]] = (),
    scores: Sequence[str | PathLike[str]] = (),
    other_data: bool = False,
    threads: int | None = None,
) -> Rerun:
    """Run a result again.

    Parameters
    ----------
    path : path
        JSON of develop, validate, pool, appraise or landmark.
    data : sequence of path
        The files it was made from, where they do not lie beside it under their names.
    scores : sequence of path
        Score files of a validation, likewise.
    other_data : bool
        Whether data with another hash are taken.
    threads : int, optional
        For resampling; the result does not depend on it.

    Returns
    -------
    Rerun

    Raises
    ------
    FileRefused
        ``data_not_found``, ``other_data`` where a hash differs, and what reading refuses.
    """
    old_text = _text(Path(path))
    old = read_result_file(path)
    found = _Found(old, Path(path).parent, [Path(each) for each in data], other_data)
    new_text = canonical_json(_run(old, found, [Path(each) for each in scores], threads))
    new = json.loads(new_text)
    changes = sorted(
        _differences(old, new, ""), key=lambda change: not change.place.startswith("result")
    )
    return Rerun(
        kind=old["kind"],
        identical=old_text == new_text,
        same_data=found.same,
        changes=tuple(changes),
        versions=tuple(_versions(old)),
        moved=moved_for(old["kind"], str(old["provenance"].get("cartwheel", "0"))),
        text=new_text,
    )


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""  # read_result_file says what is wrong


class _Found:
    """The files that a result names: beside it, or given."""

    def __init__(self, old: Document, folder: Path, given: list[Path], other: bool) -> None:
        self.old, self.folder, self.given, self.other = old, folder, given, other
        self.same = True

    def file(self, name: str, digest: str, flag: str = "--data") -> Path:
        """Find one file by its name, and hold its hash against the one noted."""
        place = next((each for each in self.given if each.name == name), self.folder / name)
        if not place.is_file() and len(self.given) == 1 and self.other:
            place = self.given[0]
        if not place.is_file():
            raise refuse(
                FileRefused,
                "data_not_found",
                "the file that this result was made from is not here",
                where=name,
                mend=f"put it beside the result, or name it: {flag} PATH/{name}",
            )
        if digest and file_sha256(place) != digest:
            self.same = False
            if not self.other:
                raise refuse(
                    FileRefused,
                    "other_data",
                    "its content is not what the result was made from: the hashes differ",
                    where=place.name,
                    mend="give the old file, or say that other data are meant: --other-data",
                )
        return place


def _run(old: Document, found: _Found, scores: list[Path], threads: int | None) -> Any:
    said = old["provenance"]
    plan = dict(old["plan"])
    kind = old["kind"]
    if kind == "appraise":
        source = found.file(said["data_name"], said["data_sha256"]) if said["data_name"] else None
        return appraise_again(source, plan)
    if kind == "pool":
        sources = [each for each in old["result"]["sources"] if each["kind"] != "flow"]
        flow = [each for each in old["result"]["sources"] if each["kind"] == "flow"]
        if flow:
            plan["prisma"] = str(found.file(flow[0]["name"], flow[0]["sha256"]))
        return pool([found.file(each["name"], each["sha256"]) for each in sources], plan)
    cohort = found.file(said["data_name"], said["data_sha256"])
    if kind == "develop":
        return develop(cohort, plan, threads=threads).document
    if kind == "landmark":
        labs = old["result"]["labs"]
        return landmark(cohort, found.file(labs["name"], labs["sha256"]), plan, threads=threads)
    specs = _specs(old, found.folder, scores)
    return validate(cohort, plan, scores=specs, threads=threads).document


def _specs(old: Document, folder: Path, given: list[Path]) -> dict[str, ScoreSpec]:
    """Find the scores of a validation, and hold their identities against those noted."""
    specs: dict[str, ScoreSpec] = {}
    problems = []
    for asked, told in zip(old["plan"]["scores"], old["result"]["scores"], strict=True):
        name = asked["score"]
        spec = read_score(_score_source(name, folder, given))
        if spec.identity != told["sha256"]:
            what = "this is not the score that was validated: the hashes differ"
            problems.append(Problem("other_score", what, name, f"name it: --score PATH/{name}"))
        specs[name] = spec
    if problems:
        raise FileRefused(problems)
    return specs


def _score_source(name: str, folder: Path, given: list[Path]) -> str | Path:
    for place in (*given, folder / name):
        if place.name == name and place.is_file():
            return place
    if folded_id(name) in registry():
        return name
    raise refuse(
        FileRefused,
        "score_not_found",
        "the score file is not here",
        where=name,
        mend=f"put it beside the result, or name it: --score PATH/{name}",
    )


def _differences(old: Any, new: Any, place: str) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            below = f"{place}.{key}" if place else key
            yield from _differences(old.get(key), new.get(key), below)
    elif isinstance(old, list) and isinstance(new, list):
        for position in range(max(len(old), len(new))):
            first = old[position] if position < len(old) else None
            second = new[position] if position < len(new) else None
            yield from _differences(first, second, f"{place}[{position}]")
    elif old != new or type(old) is not type(new):
        yield Change(place, old, new, _relative(old, new))


def _relative(old: Any, new: Any) -> float | None:
    numbers = all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in (old, new)
    )
    if not numbers or old == 0 or not math.isfinite(old):
        return None
    return float(abs(new - old) / abs(old))


def _versions(old: Document) -> Iterator[tuple[str, str, str]]:
    said = old["provenance"]
    noted = {"cartwheel": str(said.get("cartwheel", "")), **said.get("libraries", {})}
    here = {"cartwheel": __version__, **library_versions()}
    for name in dict.fromkeys((*noted, *here)):
        if noted.get(name) != here.get(name):
            yield name, noted.get(name, "not there"), here.get(name, "not there")


def rerun_document(found: Rerun) -> dict[str, Any]:
    """Give a rerun as plain data, without the new result.

    Parameters
    ----------
    found : Rerun
        As found.

    Returns
    -------
    dict
        For ``--json``.
    """
    told = plain(found)
    assert isinstance(told, dict)
    return {key: value for key, value in told.items() if key != "text"}
