"""What a worker kept of a file that is pooled with the table; loads nothing that computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cartwheel.errors import Problem

FILE = "studies.json"


@dataclass(frozen=True, slots=True)
class KeptRows:
    """A file that is pooled together with the table.

    Parameters
    ----------
    name : str
        As the full run names it.
    state : {"read", "being read", "refused"}
        Whether a worker has read it.
    document : mapping
        What the worker kept; empty until it is read.
    problems : tuple of Problem
        Why it was not.
    """

    name: str
    state: Literal["read", "being read", "refused"]
    document: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()
