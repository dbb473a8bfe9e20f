"""What a column or a number may be when something went wrong on the way to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

Change = Callable[[np.ndarray], object]


def _at(value: float) -> Change:
    """Put the value into the second place."""

    def change(column: np.ndarray) -> np.ndarray:
        spoiled = np.array(column, dtype=np.float64)
        spoiled.flat[min(1, spoiled.size - 1)] = value
        return spoiled

    return change


def _masked(column: np.ndarray) -> np.ndarray:
    """The second value is under a mask: the number below it is not meant."""
    hidden = np.zeros(column.shape, dtype=bool)
    hidden.flat[1] = True
    return np.ma.masked_array(column, mask=hidden)


def _repeated_column(column: np.ndarray) -> np.ndarray:
    spoiled = np.array(column, dtype=np.float64)
    if spoiled.ndim > 1:
        spoiled[..., -1] = spoiled[..., 0]
    return spoiled


def _constant_column(column: np.ndarray) -> np.ndarray:
    spoiled = np.array(column, dtype=np.float64)
    if spoiled.ndim > 1:
        spoiled[..., 0] = 0.3
    return spoiled


def _wide(column: np.ndarray) -> np.ndarray:
    """More columns than rows."""
    if column.ndim != 2:
        return column
    return np.random.default_rng(0).normal(size=(len(column), len(column) + 3))


def _nearly_tied(column: np.ndarray) -> np.ndarray:
    """Values that only rounding tells apart, as after a change of unit."""
    spoiled = np.array(column, dtype=np.float64)
    return spoiled * (1.0 + 1e-12 * (np.arange(spoiled.size).reshape(spoiled.shape) % 3 - 1))


ARRAYS: dict[str, Change] = {
    "nan": _at(np.nan),
    "all nan": lambda column: np.full(column.shape, np.nan),
    "masked": _masked,
    "infinite": _at(np.inf),
    "minus infinite": _at(-np.inf),
    "negative": _at(-1.0),
    "fraction": _at(0.25),
    "two": _at(2.0),
    "noughts": lambda column: np.zeros(column.shape),
    "ones": lambda column: np.ones(column.shape),
    "constant": lambda column: np.full(column.shape, 0.3),
    "rising": lambda column: np.arange(column.size, dtype=np.float64).reshape(column.shape),
    "huge": lambda column: np.array(column, dtype=np.float64) * 1e300,
    "tiny": lambda column: np.array(column, dtype=np.float64) * 1e-300,
    "one huge": _at(1e300),
    "large whole": lambda column: np.full(column.shape, 2**53),
    "nearly tied": _nearly_tied,
    "empty": lambda column: column[:0],
    "short": lambda column: column[:-1],
    "long": lambda column: np.concatenate((column, column[:1])),
    "one row": lambda column: column[:1],
    "column": lambda column: column[:, None],
    "row": lambda column: column[None],
    "no axis": lambda column: column.flat[0],
    "repeated column": _repeated_column,
    "constant column": _constant_column,
    "wide": _wide,
    "no column": lambda column: column[:, :0] if column.ndim == 2 else column,
    "words": lambda column: np.full(column.shape, "high"),
    "numbers as text": lambda column: column.astype(str),
    "objects": lambda column: np.array([None] * column.size, dtype=object).reshape(column.shape),
    "dates": lambda column: np.full(column.shape, np.datetime64("2026-11-21")),
    "complex": lambda column: column.astype(complex) + 1j,
    "bools": lambda column: np.array(column, dtype=np.float64) > 0.5,
    "whole": lambda column: np.nan_to_num(np.array(column, dtype=np.float64)).astype(np.int64),
    "list": lambda column: column.tolist(),
    "ragged": lambda _: [[0.0], [0.0, 1.0]],
    "nothing": lambda _: None,
    "not contiguous": lambda column: np.repeat(column, 2, axis=0)[::2],
    "reversed view": lambda column: column[::-1],
    "foreign bytes": lambda column: column.astype(">f8"),
    "float32": lambda column: column.astype(np.float32),
}

NUMBERS: dict[str, object] = {
    "nan": np.nan,
    "infinite": np.inf,
    "minus infinite": -np.inf,
    "negative": -1.0,
    "nought": 0.0,
    "one": 1.0,
    "two": 2.0,
    "tiny": 1e-300,
    "huge": 1e300,
}


def hostile(value: object) -> Iterator[tuple[str, object]]:
    """Every spoiled form of a column or number, with its name."""
    if isinstance(value, np.ndarray):
        for name, change in ARRAYS.items():
            yield name, change(value)
    else:
        yield from NUMBERS.items()
