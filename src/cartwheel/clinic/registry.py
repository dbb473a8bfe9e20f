"""The scores that cartwheel carries, and those that cannot be computed from what was published."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.errors import Problem, ScoreRefused, refuse

NOT_COMPUTABLE = "not_computable.toml"


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """A score that is known here, computable or not.

    Parameters
    ----------
    id, title : str
        Its name, and what it is.
    status : str
        ``published``, ``unverified``, or ``not computable``.
    doubted : int
        Constants and parameters that are unverified or assumptions.
    about : str
        What it predicts; for one that is not computable, what is known of it.
    missing : tuple of str
        What would be needed to compute it; empty where it can be.
    citation, doi : str
        Where it was published.
    """

    id: str
    title: str
    status: str
    doubted: int
    about: str
    missing: tuple[str, ...]
    citation: str
    doi: str

    @property
    def computable(self) -> bool:
        """Whether cartwheel carries a file of it."""
        return not self.missing


@lru_cache(maxsize=1)
def registry() -> Mapping[str, RegistryEntry]:
    """List every score that is known here, by id: the computable ones first.

    Returns
    -------
    mapping of str to RegistryEntry
        Read-only; loaded once.
    """
    found = {}
    for resource in sorted(_folder().iterdir(), key=lambda each: each.name.removesuffix(".toml")):
        if resource.name.endswith(".toml") and resource.name != NOT_COMPUTABLE:
            entry = _entry(tomllib.loads(resource.read_text(encoding="utf-8")))
            found[entry.id] = entry
    table = tomllib.loads(_folder().joinpath(NOT_COMPUTABLE).read_text(encoding="utf-8"))
    for name, entry in table.items():
        found[name] = RegistryEntry(
            id=name,
            title=entry["title"],
            status="not computable",
            doubted=0,
            about=entry["known"],
            missing=tuple(entry["missing"]),
            citation=entry["citation"],
            doi=entry.get("doi", ""),
        )
    return MappingProxyType(found)


def shipped_text(name: str) -> str:
    """Read the file of a score that cartwheel carries.

    Parameters
    ----------
    name : str
        Its id; upper and lower case, ``_`` and ``-`` are the same.

    Returns
    -------
    str
        TOML, not checked yet: see `cartwheel.clinic.score.read_score`.

    Raises
    ------
    ScoreRefused
        ``not_computable``, with what was not published; ``unknown_score``, with the nearest ids.
    """
    wanted = folded_id(name)
    # the one file is read, not the whole library: a single score has to start fast
    resource = _folder().joinpath(f"{wanted}.toml")
    if wanted.replace("-", "").isalnum() and resource.is_file():
        return resource.read_text(encoding="utf-8")
    entry = registry().get(wanted)
    if entry is None:
        raise refuse(
            ScoreRefused,
            "unknown_score",
            "there is no file and no score of this name",
            where=name[:60],
            mend=nearest_names(wanted, registry()) + " (cartwheel scores lists them)",
        )
    raise ScoreRefused(not_computable_problem(entry))


def not_computable_problem(entry: RegistryEntry) -> Problem:
    """Say why a score cannot be computed, and what would be needed.

    Parameters
    ----------
    entry : RegistryEntry
        One without a file.

    Returns
    -------
    Problem
        With what is missing, and that nothing is put in its place.
    """
    return Problem(
        "not_computable",
        f"{entry.title} cannot be computed: {'; '.join(entry.missing)}",
        entry.id,
        "cartwheel does not approximate it; with its constants, write a score file "
        "(docs/score-file.md)",
    )


def folded_id(name: str) -> str:
    """Write the name of a score as its id is written.

    Parameters
    ----------
    name : str
        As the user wrote it.

    Returns
    -------
    str
        In lower case, with ``-``.
    """
    return name.strip().casefold().replace("_", "-").replace(" ", "-")


def _folder() -> Traversable:
    return files("cartwheel.clinic").joinpath("scores")


def _entry(document: Mapping[str, object]) -> RegistryEntry:
    outcome, citation = document["outcome"], document["citation"]
    assert isinstance(outcome, dict)
    assert isinstance(citation, dict)
    return RegistryEntry(
        id=str(document["id"]),
        title=str(document["title"]),
        status=str(document["status"]),
        doubted=_doubted(document),
        about=str(outcome["name"]),
        missing=(),
        citation=str(citation["text"]),
        doi=str(citation.get("doi", "")),
    )


def _doubted(document: Mapping[str, object]) -> int:
    """Count the parts whose constants are unverified or assumed, and the open parameters."""
    count = 0
    for key in ("parameters", "inputs", "terms", "bands"):
        parts = document.get(key, ())
        assert isinstance(parts, list | tuple)
        count += sum(
            key == "parameters" or part.get("status") in ("unverified", "assumption")
            for part in parts
        )
    return count
