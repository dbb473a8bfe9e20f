"""Read a score file: everything that is wrong with it at once, and its examples computed again."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cartwheel.clinic.score_file import score_to_toml
from cartwheel.clinic.score_spec import INTENDED_USE, SCHEMA, ScoreSpec
from cartwheel.clinic.scoring import example_problems
from cartwheel.clinic.strict import problems_of
from cartwheel.errors import FileRefused, Problem, Refused, ScoreRefused, refuse

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
    """Read a score from its TOML file, or from the file's text.

    Parameters
    ----------
    source : str or path
        A path; a string with a line break in it is the text itself.

    Returns
    -------
    ScoreSpec
        Checked, with every worked example computed again.

    Raises
    ------
    FileRefused
        If there is no such file, or it cannot be read as text.
    ScoreRefused
        With every problem found: unknown keys (and the nearest known one), missing keys, values
        of the wrong kind, parts that contradict each other, examples that do not come out.
    """
    if isinstance(source, str) and "\n" in source:
        return score_from_document(_parsed(source, "score"), where="score")
    path = Path(source)
    return score_from_document(_parsed(_text(path), path.name), where=path.name)


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
    try:
        spec = ScoreSpec.model_validate(dict(document))
    except ValidationError as error:
        raise ScoreRefused(problems_of(error, ScoreSpec, where=where)) from None
    except Refused as refused:
        raise ScoreRefused(_placed(refused.problems, where)) from None
    if problems := example_problems(spec):
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
    schema = ScoreSpec.model_json_schema(by_alias=True)
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
