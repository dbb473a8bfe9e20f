"""Problems gathered while reading, so that a person can mend all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cartwheel.errors import Problem, Refused


@dataclass(slots=True)
class Findings:
    """Problems gathered while reading, so that all of them are said at once.

    Parameters
    ----------
    problems : list of Problem
        In the order found, each once.
    kinds : list of type of Refused
        The refusal that each would be; as long as ``problems``.
    """

    problems: list[Problem] = field(default_factory=list)
    kinds: list[type[Refused]] = field(default_factory=list)

    def add(self, kind: type[Refused], problems: Iterable[Problem]) -> None:
        """Note problems under the kind of refusal they would be; the same one is kept once.

        Parameters
        ----------
        kind : type of Refused
            The refusal they would be.
        problems : iterable of Problem
            May be empty.
        """
        for problem in problems:
            if problem not in self.problems:
                self.problems.append(problem)
                self.kinds.append(kind)

    def refuse_if_any(self) -> None:
        """Refuse with everything found so far, under the kind of the first.

        Raises
        ------
        Refused
            Of the kind of the first problem, when there is any.
        """
        if self.problems:
            raise self.kinds[0](self.problems)
