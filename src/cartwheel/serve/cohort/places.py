"""Beside which field of a form a problem is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cartwheel.errors import Problem
from cartwheel.serve.cohort.document import plan_path

Said = dict[str, tuple[Problem, ...]]
_NOT_SAID = "this has not been said yet"
_WORDS = {
    "method": "how the score is made",
    "outcome": "the outcome",
    "outcome.event": "the outcome",
    "predictors": "which values",
    "scores": "which scores",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """Problems, each beside its field.

    Parameters
    ----------
    at : dict of str to tuple of Problem
        By the id of a field.
    asked : tuple of (str, Problem)
        What has not been said yet, with the id of its field.
    wrong : tuple of (str, Problem)
        Everything else, with the id of its field; empty where no field is concerned.
    """

    at: Said
    asked: tuple[tuple[str, Problem], ...] = ()
    wrong: tuple[tuple[str, Problem], ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong and nothing is to be said."""
        return not (self.asked or self.wrong)

    def aloud(self) -> Placed:
        """Mark what has not been said as wrong too: somebody wanted to go on without it."""
        at = dict(self.at)
        for field, problem in self.asked:
            if field:
                at[field] = (*at.get(field, ()), problem)
        return Placed(at, (), (*self.wrong, *self.asked))

    def without(self, gone: Callable[[str], bool]) -> Placed:
        """Leave out of what is wrong what concerns fields that are not chosen any more.

        Parameters
        ----------
        gone : function
            Tells it of a field.

        Returns
        -------
        Placed
        """
        wrong = tuple((field, one) for field, one in self.wrong if not gone(field))
        return Placed(self.at, self.asked, wrong)


def place(
    problems: Iterable[Problem], paths: Mapping[str, str], names: Mapping[str, str]
) -> Placed:
    """Put each problem beside its field.

    Parameters
    ----------
    problems : iterable of Problem
        Of a plan (``plan: outcome.event``) or of a sheet under it (``predictor 'x' (day 3)``).
    paths : mapping of str to str
        Place in the plan to the id of a field.
    names : mapping of str to str
        Column, input or ratio, as it stands in quotes, to the id of a field.

    Returns
    -------
    Placed
    """
    at: Said = {}
    asked, wrong = [], []
    for problem in problems:
        path = plan_path(problem)
        field = paths.get(path) or paths.get(problem.where) or names.get(_quoted(problem.where), "")
        if problem.code == "missing_key":
            asked.append(
                (field, Problem(problem.code, _NOT_SAID, _WORDS.get(path, path), "choose it"))
            )
            continue
        wrong.append((field, problem))
        if field:
            at[field] = (*at.get(field, ()), problem)
    return Placed(at, tuple(asked), tuple(wrong))


def _quoted(where: str) -> str:
    """Take the name in quotes out of a place, whatever signs it holds itself."""
    return where[where.find("'") + 1 : where.rfind("'")] if where.count("'") > 1 else ""
