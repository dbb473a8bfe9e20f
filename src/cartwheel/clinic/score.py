"""Read a score file: everything that is wrong with it at once, and its examples computed again."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from cartwheel.clinic.registry import folded_id, shipped_text
from cartwheel.clinic.score_build import built, was_checked
from cartwheel.clinic.score_checks import coherence
from cartwheel.clinic.score_file import score_to_toml
from cartwheel.clinic.score_proof import example_problems
from cartwheel.clinic.score_spec import INTENDED_USE, SCHEMA, ScoreSpec
from cartwheel.errors import FileRefused, Problem, ScoreRefused, refuse

__all__ = [
    "INTENDED_USE",
    "SCHEMA",
    "ScoreSpec",
    "read_score",
    "score_from_document",
    "score_json_schema",
    "score_to_toml",
]

LARGEST_FILE = 4_000_000


def read_score(source: str | os.PathLike[str]) -> ScoreSpec:
    """Read a score that cartwheel carries, or one from its TOML file or the file's text.

    Parameters
    ----------
    source : str or path
        An id such as ``easix``, or a path; a string with a line break in it is the text itself.
        A file of that very name goes before a score of that id.

    Returns
    -------
    ScoreSpec
        Checked, with every worked example computed again.

    Raises
    ------
    FileRefused
        If there is no such file, or it cannot be read as text.
    ScoreRefused
        ``not_computable`` for a score whose publication does not give its constants; otherwise
        with every problem found: unknown keys (and the nearest known one), missing keys, values
        of the wrong kind, parts that contradict each other, examples that do not come out.
    """
    if isinstance(source, str) and "\n" in source:
        return score_from_document(_parsed(source, "score"), where="score")
    if isinstance(source, str) and _may_be_id(source):
        return _shipped(source)
    path = Path(source)
    return score_from_document(_parsed(_text(path), path.name), where=path.name)


def _shipped(name: str) -> ScoreSpec:
    text, where = shipped_text(name), folded_id(name)
    document = _parsed(text, where)
    return _sound(built(document if was_checked(where, text) else _checked(document, where)), where)


def _may_be_id(source: str) -> bool:
    # a name with a suffix or a folder in it is a file's; a null byte is left to the file's refusal
    plain = source.replace("-", "").replace("_", "").replace(" ", "")
    return plain.isalnum() and not os.path.exists(source)


def score_from_document(document: Mapping[str, Any], *, where: str = "score") -> ScoreSpec:
    """Build a score from plain nested dictionaries with the file's own keys.

    Parameters
    ----------
    document : mapping
        What ``tomllib`` gives for the file; floats keep the digits of their ``repr``.
    where : str
        File name, put before the place of each problem.

    Returns
    -------
    ScoreSpec
        Checked, with every worked example computed again.

    Raises
    ------
    ScoreRefused
        As `read_score`.
    """
    return _sound(built(_checked(document, where)), where)


def _checked(document: Mapping[str, Any], where: str) -> dict[str, Any]:
    # pydantic takes longer to load than a shipped score to be read and computed
    from pydantic import ValidationError  # noqa: PLC0415

    from cartwheel.clinic.score_format import checked_document, score_reader  # noqa: PLC0415
    from cartwheel.clinic.strict import problems_of  # noqa: PLC0415

    try:
        return checked_document(document)
    except ValidationError as error:
        raise ScoreRefused(problems_of(error, score_reader(), where=where)) from None


def _sound(spec: ScoreSpec, where: str) -> ScoreSpec:
    if problems := coherence(spec) or example_problems(spec):
        raise ScoreRefused(_placed(problems, where))
    return spec


def score_json_schema() -> dict[str, Any]:
    """JSON Schema of the score file, for editors and other programs.

    Returns
    -------
    dict
        Covers keys, types and permitted words. That ranges cover the line and examples come out
        is checked only by reading the file.
    """
    from cartwheel.clinic.score_format import score_reader  # noqa: PLC0415  # as in _checked

    schema = score_reader().model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA, **schema}


def _placed(problems: tuple[Problem, ...], where: str) -> tuple[Problem, ...]:
    return tuple(
        Problem(each.code, each.what, f"{where}: {each.where}" if each.where else where, each.mend)
        for each in problems
    )


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            what = "this is a folder" if path.is_dir() else "there is no such file"
            raise refuse(FileRefused, "no_file", what, where=str(path), mend="give a score file")
        if path.stat().st_size > LARGEST_FILE:
            raise refuse(
                FileRefused, "too_large", "too large for a score file", where=path.name,
                mend="give a score file",
            )  # fmt: skip
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        # UnicodeDecodeError is a ValueError, and so is a path with a null byte
        what = "the file is not text in UTF-8" if isinstance(error, UnicodeError) else "unreadable"
        raise refuse(
            FileRefused, "unreadable", what, where=path.name, mend="save it as UTF-8 text"
        ) from None


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        said = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it cannot be parsed"
        raise refuse(
            ScoreRefused, "not_toml", f"this is not TOML: {said}", where=where,
            mend="mend the line; the format is described in docs/score-file.md",
        ) from None  # fmt: skip
