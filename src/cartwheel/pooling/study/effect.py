"""An effect with its error, and the record of how it was had."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.pooling.result_studies import Counts
from cartwheel.pooling.study.reported import Reported
from cartwheel.pooling.study.row import Row


@dataclass(frozen=True, slots=True)
class Effect:
    """What a route made of a row.

    Parameters
    ----------
    effect, std_error : float
        On the scale of analysis, as printed: not yet turned round.
    scale : str
        Of ``effect``.
    route, sentence : str
        Which conversion, and in words with its formula.
    reported : str
        What was printed.
    assumptions : tuple of str
        What had to be assumed.
    counts : Counts or None
        Behind it.
    n, events : float or None
        Where the route knows them.
    """

    effect: float
    std_error: float
    scale: str
    route: str
    sentence: str
    reported: str
    assumptions: tuple[str, ...] = ()
    counts: Counts | None = None
    n: float | None = None
    events: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What every route is given.

    Parameters
    ----------
    row : Row
        The cells, and where faults go.
    reported : Reported
        Estimate, limits, p-value and errors, already read.
    measure, scale : str
        As of a ``Study``.
    add : float
        Continuity constant.
    add_to : str
        Where it is added.
    folder : str
        Folder of the table, in which curve files lie.
    error_of_ratio : bool
        The column of the standard error is named after the ratio, not after its log.
    """

    row: Row
    reported: Reported
    measure: str
    scale: str
    add: float
    add_to: str
    folder: str = ""
    error_of_ratio: bool = False
