"""The scores of a ward file: the plain list, and tables that settle what a score leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.clinic.score import read_score
from cartwheel.errors import Problem, Refused
from cartwheel.watch.scores import score_target
from cartwheel.watch.targets import Target

_KEYS = ("id", "choices")


class NamedScore(NamedTuple):
    """A score as a ward file names it.

    Parameters
    ----------
    name : str
        Id of the score, or path of its file.
    choices : mapping of str to str
        Parameter to option; what is left out takes the default of the score.
    where : str
        Place in the file, for refusals.
    """

    name: str
    choices: Mapping[str, str]
    where: str


def scores_named(document: Mapping[str, Any], problems: list[Problem]) -> list[NamedScore]:
    """List the scores that a ward file names.

    Parameters
    ----------
    document : mapping
        The ward file as plain data.
    problems : list of Problem
        What is wrong is added to it.

    Returns
    -------
    list of NamedScore
        Those of ``scores``, then the tables ``[[score]]``.
    """
    found: list[NamedScore] = []
    for name in texts_of(document, "scores", problems):
        if "\n" in name:
            problems.append(_no_text("scores"))
        else:
            found.append(NamedScore(name, {}, "scores"))
    tables = document.get("score", [])
    if not isinstance(tables, list) or not all(isinstance(one, Mapping) for one in tables):
        mend = "begin each with [[score]]"
        problems.append(Problem("bad_value", "tables are needed", "score", mend))
        return found
    return [*found, *_tables(tables, problems)]


def _tables(tables: list[Mapping[str, Any]], problems: list[Problem]) -> Iterator[NamedScore]:
    for number, given in enumerate(tables, 1):
        name, choices = given.get("id"), given.get("choices", {})
        where = f"score '{name[:40]}'" if isinstance(name, str) else f"score {number}"
        for key in given:
            if key not in _KEYS:
                mend = nearest_names(str(key), _KEYS)
                place = f"{where}: {str(key)[:40]}"
                problems.append(Problem("unknown_key", "this key is not known", place, mend))
        words = isinstance(choices, Mapping) and all(isinstance(v, str) for v in choices.values())
        if not words:
            mend = 'choices = { comparison = "ge" }'
            what = "a table of words is needed"
            problems.append(Problem("bad_value", what, f"{where}: choices", mend))
        if not isinstance(name, str) or not name.strip():
            mend = 'write id = "..."'
            problems.append(Problem("missing_key", "it is missing", f"{where}: id", mend))
        elif "\n" in name:
            problems.append(_no_text(f"score {number}: id"))
        else:
            yield NamedScore(name.strip(), choices if words else {}, where)


def _no_text(where: str) -> Problem:
    what = "an id or a path is needed, not the text of a score"
    return Problem("bad_value", what, where, "write the path of the file")


def texts_of(document: Mapping[str, Any], key: str, problems: list[Problem]) -> list[str]:
    """Read a list of texts of a ward file.

    Parameters
    ----------
    document : mapping
        The ward file as plain data.
    key : str
        Which.
    problems : list of Problem
        What is wrong is added to it.

    Returns
    -------
    list of str
        Empty where there is none.
    """
    given = document.get(key, [])
    if isinstance(given, list) and all(isinstance(one, str) and one.strip() for one in given):
        return [one.strip() for one in given]
    mend = f'write {key} = ["...", "..."]'
    problems.append(Problem("bad_value", "a list of texts is needed", key, mend))
    return []


def scores_followed(
    document: Mapping[str, Any], folder: Path, problems: list[Problem]
) -> list[Target]:
    """Make what the ward asks of the scores that its file names.

    Parameters
    ----------
    document : mapping
        The ward file as plain data.
    folder : Path
        Where relative paths begin.
    problems : list of Problem
        What is wrong is added to it, also ``unknown_parameter`` and ``unknown_option``.

    Returns
    -------
    list of Target
    """
    found: list[Target] = []
    for one in scores_named(document, problems):
        beside = folder / one.name
        try:
            spec = read_score(beside if beside.is_file() else one.name)
        except Refused as refused:
            problems += [
                Problem(each.code, each.what, f"{one.where}: {each.where or one.name[:60]}",
                        each.mend)
                for each in refused.problems
            ]  # fmt: skip
            continue
        try:
            spec.chosen(one.choices)
        except Refused as refused:
            problems += [
                Problem(each.code, each.what, f"{one.where}: choices", each.mend)
                for each in refused.problems
            ]
        else:
            found.append(score_target(spec, one.choices))
    return found


def names_followed(document: Mapping[str, Any]) -> frozenset[str]:
    """Collect what a ward file means to follow, whether that can be had or not.

    Parameters
    ----------
    document : mapping
        The ward file as plain data.

    Returns
    -------
    frozenset of str
        Ids as they are written, and of paths the names of the files too.
    """
    aside: list[Problem] = []
    names = [one.name for one in scores_named(document, aside)]
    for key in ("grades", "landmark_models"):
        names += texts_of(document, key, aside)
    return frozenset([*names, *(Path(name).stem for name in names)])
