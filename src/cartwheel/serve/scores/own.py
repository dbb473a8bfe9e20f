"""Score files of a person, told from plans and other TOML by what they say."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from cartwheel.clinic.score import LARGEST_FILE
from cartwheel.store.database import Store
from cartwheel.store.kept_files import KeptFile, content_of, files_of

SCHEMA = "cartwheel-score/"
_MOST = 200
_PARTS = ("id", "version", "title", "inputs")


@dataclass(frozen=True, slots=True)
class OwnScore:
    """A score file that somebody uploaded, or that a development here made.

    Parameters
    ----------
    file : KeptFile
        Its file.
    title, version : str
        As the score says.
    """

    file: KeptFile
    title: str
    version: str


def own_score_files(store: Store, owner: str | None) -> list[OwnScore]:
    """List the score files of a person.

    Parameters
    ----------
    store : Store
        Where.
    owner : str or None
        Whose; None is everybody's.

    Returns
    -------
    list of OwnScore
        Newest first. A file is a score by what stands in it, whatever its name: whether it is a
        sound one, opening it says.
    """
    kept = (*files_of(store, owner), *files_of(store, owner, "output"))
    named = [one for one in kept if one.name.lower().endswith(".toml")]
    newest = sorted(named, key=lambda one: one.made_at, reverse=True)[:_MOST]
    return [found for one in newest if (found := _score(store, one)) is not None]


def _score(store: Store, kept: KeptFile) -> OwnScore | None:
    if kept.size > LARGEST_FILE:
        return None
    try:
        told = tomllib.loads(b"".join(content_of(store, kept.id)).decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return None
    schema = told.get("schema", SCHEMA)
    if not str(schema).startswith(SCHEMA) or not all(part in told for part in _PARTS):
        return None
    return OwnScore(kept, str(told["title"])[:200], str(told["version"])[:40])
