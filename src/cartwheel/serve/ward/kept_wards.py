"""Ward files that were ever in force, made again from the log alone: no file of the time is needed.

A ward file is kept with the scores and models that it names. Those from before they were kept are
read from disk, where their files still say the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from cartwheel.clinic.registry import shipped_text
from cartwheel.errors import Refused
from cartwheel.serve.ward.followed import WardFollowing
from cartwheel.serve.ward.following import Following
from cartwheel.store.database import Store
from cartwheel.store.ward_log import ward_file_contents
from cartwheel.store.ward_parts import Part, file_parts_kept
from cartwheel.watch.targets import Target
from cartwheel.watch.ward import ward_of, ward_text_document
from cartwheel.watch.ward_scores import scores_named


def parts_of(document: Mapping[str, Any], folder: Path) -> tuple[Part, ...]:
    """Read what a ward file names.

    Parameters
    ----------
    document : mapping
        The ward file as plain data, found to be right.
    folder : Path
        Where relative paths begin.

    Returns
    -------
    tuple of Part
        Scores that cartwheel carries too: a later version may say otherwise.
    """
    found: dict[tuple[str, str], Part] = {}
    for one in scores_named(document, []):
        beside = folder / one.name
        content = beside.read_bytes() if beside.is_file() else shipped_text(one.name).encode()
        found["score", one.name] = Part("score", one.name, content)
    for name in _models_named(document):
        found["model", name] = Part("model", name, (folder / name).read_bytes())
    return tuple(found.values())


def kept_followings(store: Store, folder: Path | None = None) -> dict[str, Following]:
    """Give every ward file that was ever in force and can be read again, by its identity.

    Parameters
    ----------
    store : Store
        Where they are kept.
    folder : Path, optional
        Where relative paths begin, for ward files that were kept without what they name.

    Returns
    -------
    dict of str to Following
        Not those that say something else to this version of the library: what was told then is in
        the events.
    """
    with store.reading() as connection:
        contents, parts = ward_file_contents(connection), file_parts_kept(connection)
    found: dict[str, Following] = {}
    for sha256, content in contents.items():
        following = _made_again(content, parts.get(sha256, ()), folder)
        if following is not None and following.sha256 == sha256:
            found[sha256] = following
    return found


def landmark_models(document: Mapping[str, Any], folder: Path) -> tuple[Target, ...]:
    """Read the landmark models of a ward file.

    Parameters
    ----------
    document : mapping
        The ward file as plain data.
    folder : Path
        Where relative paths begin.

    Returns
    -------
    tuple of Target
        In the order of the file.

    Raises
    ------
    PlanRefused
        What is wrong with them.
    """
    if not document.get("landmark_models"):
        return ()
    # numpy and pandas are behind it
    from cartwheel.workflows.monitor_models import landmark_targets  # noqa: PLC0415

    return landmark_targets(document, folder)


def _made_again(content: bytes, parts: Sequence[Part], folder: Path | None) -> WardFollowing | None:
    try:
        document = ward_text_document(content)
        with tempfile.TemporaryDirectory(prefix="cartwheel-ward-") as made:
            # what was kept goes before what lies on the disk today
            files = cast(Path, _KeptFiles(parts, Path(made), folder))
            ward = ward_of(document, files, landmark_models(document, files))
    except (Refused, OSError):
        return None
    return WardFollowing(ward, content, parts)


class _KeptFiles:
    """Stands for the ward file's folder: gives what was kept by the names of the ward file."""

    def __init__(self, parts: Sequence[Part], made: Path, folder: Path | None) -> None:
        self._made, self._folder = made, folder
        self._paths: dict[str, Path] = {}
        for place, part in enumerate(parts):
            # the last part of a model's name is its id
            path = made / f"{place}" / Path(part.name).name
            path.parent.mkdir()
            path.write_bytes(part.content)
            self._paths[part.name] = path

    def __truediv__(self, name: str) -> Path:
        kept = self._paths.get(name)
        if kept is not None:
            return kept
        return self._made / "nothing" if self._folder is None else self._folder / name


def _models_named(document: Mapping[str, Any]) -> list[str]:
    named = document.get("landmark_models", [])
    return [one.strip() for one in named if isinstance(one, str)] if named else []
