"""The one small tree of errors: what happened, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, in words a person can act on.

    Parameters
    ----------
    code : str
        Short stable name, such as ``unit_unknown``; scripts and tests match on it.
    what : str
        What is wrong. Never a patient's row; at most one short cell value.
    where : str
        The column, row numbers, plan key or file concerned; may be empty.
    mend : str
        What to do about it; may be empty where nothing can be done.
    """

    code: str
    what: str
    where: str = ""
    mend: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" -> {self.mend}" if self.mend else ""
        return f"{place}{self.what}{remedy}"


class CartwheelError(Exception):
    """Any error that cartwheel raises on purpose."""


class Refused(CartwheelError):
    """The input is refused. The command line turns this into exit code 2.

    Parameters
    ----------
    problems : Problem or iterable of Problem
        Everything that was found, not only the first.
    """

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        found = (problems,) if isinstance(problems, Problem) else tuple(problems)
        self.problems: tuple[Problem, ...] = found
        super().__init__("\n".join(str(problem) for problem in found))


class FileRefused(Refused):
    """A file is missing, empty, unreadable or of an unknown kind."""


class CohortRefused(Refused):
    """The rows or columns of a cohort cannot be used as they stand."""


class PlanRefused(Refused):
    """The plan names what is not there, or leaves open what must be said."""


class OutcomeRefused(Refused):
    """The outcome is not coded, timed or populated in a way that can be analysed."""


class TimeTravelRefused(Refused):
    """A predictor was measured on or after the event it should predict."""


class ScoreRefused(Refused):
    """A score file breaks its format, or its own worked examples."""


class NotEstimable(Refused):
    """A statistic cannot be computed from these numbers, or did not converge."""


def refuse(
    kind: type[Refused], code: str, what: str, *, where: str = "", mend: str = ""
) -> Refused:
    """Build a refusal of one problem: ``raise refuse(PlanRefused, "unknown_key", ...)``.

    It is built here and raised by the caller, so that the traceback begins where the fault is.

    Parameters
    ----------
    kind : type of Refused
        Which refusal.
    code : str
        Short stable name of the problem.
    what : str
        What is wrong; never a patient's row.
    where, mend : str
        The place concerned, and what to do about it; may be empty.

    Returns
    -------
    Refused
        Of the kind asked for, with this one problem.
    """
    return kind(Problem(code, what, where, mend))
