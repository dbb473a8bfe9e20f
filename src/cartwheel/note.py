"""A sentence the reader must see, with its weight."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence the reader must see: a limit, an assumption, a cost.

    Parameters
    ----------
    code : str
        Stable short name.
    severity : str
        ``caution`` (printed as large as a result), ``assumption`` or ``information``.
    text : str
        The sentence.
    """

    code: str
    severity: str
    text: str
