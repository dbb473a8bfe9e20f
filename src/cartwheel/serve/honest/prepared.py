"""What the sliders need, made once: arrays and plain words, no names and no other columns."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.model.target import BinaryTarget, SurvivalTarget, Target
from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.stats.survival import survival_times

Floats = NDArray[np.float64]
Bars = tuple[tuple[float, float, int], ...]

FILE = "prepared.npz"
FORM = "cartwheel-prepared/1"
_MOST_BARS = 30
_ARRAYS = ("values", "event", "time", "cuts", "drift", "null", "null_index")


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker of the index, and how its cut-off is had.

    Parameters
    ----------
    column, label, unit : str
        As in the result.
    direction : str
        ``high`` or ``low`` is adverse.
    method : str
        ``fixed``, ``youden``, ``closest_corner`` or ``max_log_rank``.
    fixed : float or None
        The cut-off where it was fixed beforehand.
    strict : bool
        Whether a value at the cut-off gets no point.
    """

    column: str
    label: str
    unit: str
    direction: str
    method: str
    fixed: float | None
    strict: bool

    def point(self, values: Floats, cut: float) -> Floats:
        """One for patients beyond the cut-off, zero for the others.

        Parameters
        ----------
        values : float array (n,)
            Of the marker.
        cut : float
            In its unit.

        Returns
        -------
        float array (n,)
        """
        sign = 1.0 if self.direction == "high" else -1.0
        beyond = sign * values > sign * cut if self.strict else sign * values >= sign * cut
        return beyond.astype(np.float64)

    @property
    def rule(self) -> str:
        """The inequality as printed."""
        return (">" if self.direction == "high" else "<") + ("" if self.strict else "=")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the outcome is analysed.

    Parameters
    ----------
    kind : str
        ``binary`` or ``survival``.
    horizon : float or None
        Of a survival outcome.
    firth, rescue : bool
        Penalty of a binary one, as `BinaryTarget` has them.
    """

    kind: str
    horizon: float | None
    firth: bool
    rescue: bool


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """The analysed patients as arrays, and what repeating the search found.

    Parameters
    ----------
    markers : tuple of Marker
        The k markers.
    outcome : Outcome
        How it is analysed.
    groups : tuple of (str, tuple of int), or None
        As planned.
    min_fraction, level : float
        Smallest group of a search; coverage of intervals.
    values : float array (k, n)
        Of each marker.
    event, time : float array (n,)
        The outcome; ``time`` is empty where it is binary.
    cuts : float array (B, k)
        The cut-offs in the resamples that could be developed.
    drift : float array (k, 3)
        How much a search flatters: mean optimism of the log effect and of the discrimination of
        each marker's searched cut-off, and the resamples behind both.
    null : float array (k, P)
        Rising: the largest standardised rank statistic over all cuts of a marker when the outcome
        is permuted.
    null_index : float array (P,)
        Rising: the same of the index, made again in each permutation.
    cut_bars, null_bars : tuple of bars
        Histograms of ``cuts`` and ``null`` for each marker: from, to, how many.
    """

    markers: tuple[Marker, ...]
    outcome: Outcome
    groups: tuple[tuple[str, tuple[int, ...]], ...] | None
    min_fraction: float
    level: float
    values: Floats
    event: Floats
    time: Floats
    cuts: Floats
    drift: Floats
    null: Floats
    null_index: Floats
    cut_bars: tuple[Bars, ...] = field(init=False)
    null_bars: tuple[Bars, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Count the bars once: they stay where they are while a slider moves."""
        found = tuple(_histogram(cuts) for cuts in self.cuts.T)
        object.__setattr__(self, "cut_bars", found)
        object.__setattr__(self, "null_bars", tuple(_histogram(null) for null in self.null))

    @property
    def target(self) -> Target:
        """The outcome as models see it."""
        if self.outcome.kind == "binary":
            return BinaryTarget(self.event, self.outcome.firth, self.outcome.rescue)
        assert self.outcome.horizon is not None
        return SurvivalTarget(survival_times(self.time, self.event), self.outcome.horizon)

    @property
    def size(self) -> int:
        """Bytes of its arrays."""
        return sum(getattr(self, name).nbytes for name in _ARRAYS)


def prepared_bytes(prepared: Prepared) -> bytes:
    """Write it as a file of numpy arrays; nothing in it is code.

    Parameters
    ----------
    prepared : Prepared
        As made.

    Returns
    -------
    bytes
        A compressed ``.npz``.
    """
    words = {
        "form": FORM,
        "markers": [asdict(marker) for marker in prepared.markers],
        "outcome": asdict(prepared.outcome),
        "groups": prepared.groups,
        "min_fraction": prepared.min_fraction,
        "level": prepared.level,
    }
    text = np.frombuffer(json.dumps(words).encode(), dtype=np.uint8)
    stream = io.BytesIO()
    arrays: dict[str, Any] = {name: getattr(prepared, name) for name in _ARRAYS}
    np.savez_compressed(stream, words=text, **arrays)
    return stream.getvalue()


def read_prepared(content: bytes) -> Prepared:
    """Read what `prepared_bytes` wrote.

    Parameters
    ----------
    content : bytes
        Of the file.

    Returns
    -------
    Prepared
        Its arrays are read-only.

    Raises
    ------
    FileRefused
        ``prepared_unreadable``.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            words = json.loads(stored["words"].tobytes())
            arrays = {name: np.asarray(stored[name], dtype=np.float64) for name in _ARRAYS}
        if words["form"] != FORM:
            raise _unreadable()
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile):
        raise _unreadable() from None
    for array in arrays.values():
        array.setflags(write=False)
    named = words["groups"]
    return Prepared(
        markers=tuple(Marker(**marker) for marker in words["markers"]),
        outcome=Outcome(**words["outcome"]),
        groups=None if named is None else tuple((name, tuple(held)) for name, held in named),
        min_fraction=words["min_fraction"],
        level=words["level"],
        **arrays,
    )


def _histogram(values: Floats) -> Bars:
    if not len(values):
        return ()
    counts, edges = np.histogram(values, _MOST_BARS)
    return tuple(
        (float(start), float(stop), int(count))
        for start, stop, count in zip(edges[:-1], edges[1:], counts, strict=True)
        if count
    )


def _unreadable() -> Refused:
    return refuse(
        FileRefused,
        "prepared_unreadable",
        "what the sliders need was made by another version of cartwheel",
        where=FILE,
        mend="make the sliders ready again",
    )
