"""Problems gathered while reading, so that a person can mend all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cartwheel.errors import Problem, Refused


@dataclass(slots=True)
class Findings:
    """Problems gathered while reading, so that all of them are said at once."""

    problems: list[Problem] = field(default_factory=list)
    kinds: list[type[Refused]] = field(default_factory=list)

    def add(self, kind: type[Refused], problems: Iterable[Problem]) -> None:
        """Note problems under the kind of refusal they would be; the same one is kept once."""
        for problem in problems:
            if problem not in self.problems:
                self.problems.append(problem)
                self.kinds.append(kind)

    def refuse_if_any(self) -> None:
        """Refuse with everything found so far, under the kind of the first."""
        if self.problems:
            raise self.kinds[0](self.problems)
