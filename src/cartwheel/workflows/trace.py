"""Where a number comes from: data, lines of the plan, function, versions, seed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from cartwheel.errors import FileRefused, refuse
from cartwheel.workflows.result_file import read_result_file

Document = Mapping[str, Any]
_ESTIMATE = {"value", "low", "high", "level", "method"}
_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A line of the plan that a number rests on.

    Parameters
    ----------
    key : str
        Such as ``resampling.seed``.
    value : object
        What it says.
    """

    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class Trace:
    """Where one place of a result comes from.

    Parameters
    ----------
    place : str
        In the JSON, in full.
    value : object
        What stands there.
    is_estimate : bool
        Whether it is a number with its interval.
    label : str
        Reader's names of what it belongs to, outermost first.
    kind, part : str
        Of the result; its part that the place lies in.
    function : str
        Public function that computed the part.
    counterpart : str
        The like in R; empty where there is none.
    plan : tuple of PlanLine
        Lines it rests on.
    data : tuple of (str, str)
        Names and hashes of the files.
    scores : tuple of (str, str)
        Names and hashes of the score files.
    seed : int
        Of every random stream.
    versions : tuple of (str, str)
        Of cartwheel and of the libraries.
    """

    place: str
    value: Any
    is_estimate: bool
    label: str
    kind: str
    part: str
    function: str
    counterpart: str
    plan: tuple[PlanLine, ...]
    data: tuple[tuple[str, str], ...]
    scores: tuple[tuple[str, str], ...]
    seed: int
    versions: tuple[tuple[str, str], ...]


@cache
def origins() -> dict[str, dict[str, dict[str, Any]]]:
    """Read what each part of each kind of result rests on.

    Returns
    -------
    dict
        Kind to part to ``function``, ``plan`` and ``counterpart``.
    """
    return tomllib.loads((files("cartwheel") / "origins.toml").read_text(encoding="utf-8"))


def trace(path: str | PathLike[str], place: str) -> Trace:
    """Say where a number of a result comes from.

    Parameters
    ----------
    path : path
        JSON that a command wrote with ``--json``.
    place : str
        As cells of a report name it: ``result.performance.measures[0].corrected``; or its end,
        where nothing else ends like it.

    Returns
    -------
    Trace

    Raises
    ------
    FileRefused
        ``no_place`` with the nearest ones, ``several_places``, and what reading refuses.
    """
    document = read_result_file(path)
    full = _full(document, place, Path(path).name)
    value, label = _at(document, full)
    steps = _STEP.findall(full)
    kind = document["kind"]
    part, origin = _origin(kind, [step for step in steps if not step.startswith("[")])
    said = document["provenance"]
    return Trace(
        place=full,
        value=value,
        is_estimate=isinstance(value, dict) and set(value) >= _ESTIMATE,
        label=" / ".join(label),
        kind=kind,
        part=part,
        function=str(origin.get("function", f"cartwheel.{kind}")),
        counterpart=str(origin.get("counterpart", "")),
        plan=tuple(_plan_lines(document["plan"], origin.get("plan", ()))),
        data=tuple(_files(document)),
        scores=tuple(_scores(document)),
        seed=int(said.get("seed", 0)),
        versions=(
            ("cartwheel", str(said.get("cartwheel", ""))),
            *said.get("libraries", {}).items(),
        ),
    )


def _origin(kind: str, names: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Find what is noted of the narrowest part that the place lies in."""
    inside = list(names[1:3]) if names[0] == "result" else [names[0]]
    known = {**origins()["any"], **origins()[kind]}
    for part in (".".join(inside), *inside[:1]):
        if part in known:
            return part, known[part]
    return inside[0] if inside else names[0], {}


def places(path: str | PathLike[str], prefix: str = "") -> tuple[str, ...]:
    """List the places of a result.

    Parameters
    ----------
    path : path
        JSON that a command wrote with ``--json``.
    prefix : str
        Only places that begin like this.

    Returns
    -------
    tuple of str
        In the order of the file; an estimate is one place.
    """
    found = _all(read_result_file(path).get("result"), "result")
    return tuple(place for place in found if place.startswith(prefix))


def _all(thing: Any, place: str) -> Iterator[str]:
    if isinstance(thing, dict) and not set(thing) >= _ESTIMATE:
        for key, value in thing.items():
            yield from _all(value, f"{place}.{key}")
    elif isinstance(thing, list):
        for position, value in enumerate(thing):
            yield from _all(value, f"{place}[{position}]")
    else:
        yield place


def _full(document: Document, asked: str, name: str) -> str:
    wanted = asked.strip()
    for place in (wanted, f"result.{wanted}"):
        if _exists(document, place):
            return place
    there = tuple(_all(document.get("result"), "result"))
    ending = [place for place in there if place.endswith((f".{wanted}", f"]{wanted}"))]
    if len(ending) == 1:
        return ending[0]
    if ending:
        shown = ", ".join(ending[:4]) + (" ..." if len(ending) > 4 else "")
        raise refuse(
            FileRefused,
            "several_places",
            f"{len(ending)} places end like this: {shown}",
            where=f"{name}, {asked[:60]}",
            mend="write more of it",
        )
    near = get_close_matches(wanted, there, n=3, cutoff=0.4)
    raise refuse(
        FileRefused,
        "no_place",
        "there is no such place in this result",
        where=f"{name}, {asked[:60]}",
        mend=f"is it {' or '.join(near)}?" if near else f"list them: cartwheel trace {name}",
    )


def _exists(document: Document, place: str) -> bool:
    try:
        _at(document, place)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _at(document: Document, place: str) -> tuple[Any, list[str]]:
    """Follow a place, and gather the names of what is passed on the way."""
    here: Any = document
    names: list[str] = []
    steps = _STEP.findall(place)
    if not steps or "".join(steps) != place.replace(".", ""):
        raise KeyError(place)
    for step in steps:
        here = here[int(step[1:-1])] if step.startswith("[") else here[step]
        if isinstance(here, dict):
            own = next(
                (here[key] for key in ("label", "name", "title", "band") if here.get(key)), ""
            )
            names += [str(own)] if own else []
    return here, names


def _plan_lines(plan: Mapping[str, Any], keys: Any) -> Iterator[PlanLine]:
    for key in keys:
        here: Any = plan
        for step in str(key).split("."):
            here = here.get(step) if isinstance(here, dict) else None
        if here not in (None, [], {}, ""):
            yield PlanLine(str(key), here)


def _files(document: Document) -> Iterator[tuple[str, str]]:
    said, result = document["provenance"], document["result"]
    if document["kind"] == "pool":
        yield from ((str(one["name"]), str(one["sha256"])) for one in result["sources"])
        return
    if said.get("data_name"):
        yield str(said["data_name"]), str(said["data_sha256"])
    if document["kind"] == "landmark":
        yield str(result["labs"]["name"]), str(result["labs"]["sha256"])


def _scores(document: Document) -> Iterator[tuple[str, str]]:
    result = document["result"]
    if document["kind"] == "validate":
        yield from ((f"{one['id']} {one['version']}", one["sha256"]) for one in result["scores"])
    elif document["kind"] == "develop":
        yield str(result["score_id"]), str(result["score_sha256"])
