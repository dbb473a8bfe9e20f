"""How tables stand on paper: the same for PDF and Word."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from cartwheel.report.document.blocks import Column, Row

PORTRAIT, LANDSCAPE = 170.0, 257.0
PADDING = 3.0
_MM = 25.4 / 72
# room of a character of the table's typeface, in em, a little generous
_CHARACTER = 0.5
_WIDE, _BOLD = 1.05, 1.12
# and what a capital needs besides, in characters
_CAPITAL = 0.3
# longer words may be broken at their joints, and at last anywhere
_WHOLE_WORD, _LONGEST_WORD = 16, 26
# text of right-aligned cells, and an estimate with its interval, stays on one line up to here
_ONE_LINE = 26
# a column of words is not narrower than this, where it need not be
_NARROW, _COMFORT = 18, 60
# an estimate with its interval
_NUMBER = re.compile(r"[<>−-]?\d[\d.%]* \(")
_JOINT = re.compile(r"(?<=[_./:,;=|\-\]\)])")
# turned or not, size of type, and whether an estimate stays on one line with its interval
_STEPS = (
    (False, 8.5, True),
    (False, 7.5, True),
    (False, 7.5, False),
    (True, 8.5, True),
    (True, 7.5, True),
    (True, 6.5, False),
)
# the height of a table that is not parted between pages, in mm
_WHOLE_TABLE = 95.0
_LEADING, _ROW = 1.32, 1.9
# room is moved between columns in such steps, in mm, as the first so many rows ask
_MOVES = (16.0, 8.0, 4.0, 2.0)
_LOOKED_AT = 200
# characters of a line that its last word does not fill
_RAGGED = 2.0


@dataclass(frozen=True, slots=True)
class Fit:
    """How a table stands on a page.

    Parameters
    ----------
    landscape : bool
        Whether its pages are turned.
    points : float
        Size of its type.
    widths : tuple of float
        Of its columns in mm; never more in all than the page has.
    whole : bool
        Whether it is short enough not to be parted between pages.
    """

    landscape: bool
    points: float
    widths: tuple[float, ...]
    whole: bool = True

    def room(self, column: int) -> int:
        """Characters that stand on one line of a column, at least one.

        Parameters
        ----------
        column : int
            Its number, from 0.

        Returns
        -------
        int
            A little less than there may be.
        """
        unit = self.points * _CHARACTER * _MM
        return max(1, int((self.widths[column] - PADDING) / unit + 1e-6))


def characters(text: str) -> float:
    """Room of a text in characters of ordinary width.

    Parameters
    ----------
    text : str
        One line.

    Returns
    -------
    float
        East Asian characters count for two, capitals for a little more than one, and marks that
        stand over others for none.
    """
    capitals = _CAPITAL * sum(map(str.isupper, text))
    if text.isascii():
        return len(text) + capitals
    wide = _WIDE / _CHARACTER
    return capitals + sum(
        0.0
        if unicodedata.combining(sign)
        else (wide if unicodedata.east_asian_width(sign) in "WF" else 1.0)
        for sign in text
    )


def fit(columns: tuple[Column, ...], rows: tuple[Row, ...]) -> Fit:
    """Choose page, size of type and widths so that no word and no number is broken.

    Parameters
    ----------
    columns : tuple of Column
        With what is wished.
    rows : tuple of Row
        What must stand in them.

    Returns
    -------
    Fit
        The first of upright, upright and small, turned, turned and small in which every word has
        room; the last of them where none has.
    """
    strict, loose, comfort = _demands(columns, rows)
    for landscape, points, one_line in _STEPS:
        unit = points * _CHARACTER * _MM
        page = LANDSCAPE if landscape else PORTRAIT
        least = [need * unit + PADDING for need in (strict if one_line else loose)]
        if sum(least) <= page:
            break
    wished = [max(want * unit + PADDING, need) for want, need in zip(comfort, least, strict=True)]
    if sum(wished) > page:
        wished = _shared(page, least, wished, [column.width for column in columns])
        whole = [max(word, number if one_line else 0.0) * unit + PADDING
                 for word, number in zip(loose, _numbers(columns, rows), strict=True)]  # fmt: skip
        wished = _lowered(wished, whole, rows, unit)
    made = Fit(landscape, points, tuple(wished))
    return replace(made, whole=_height(made, rows) <= _WHOLE_TABLE)


def _height(fit: Fit, rows: tuple[Row, ...]) -> float:
    """Height of the rows in mm, about."""
    line = fit.points * _LEADING * _MM
    total = 0.0
    for row in rows:
        rooms = [fit.room(place) if len(row.cells) > 1 else 80 for place in range(len(row.cells))]
        lines = [
            -(-characters(cell.text) // room) for cell, room in zip(row.cells, rooms, strict=True)
        ]
        total += _ROW + line * max(1.0, *lines, 1.0)
        if total > _WHOLE_TABLE:
            break
    return total


def _demands(
    columns: tuple[Column, ...], rows: tuple[Row, ...]
) -> tuple[list[float], list[float], list[float]]:
    """Characters that each column must have, strictly and loosely, and would like to have."""
    strict = [_BOLD * _longest_word(column.label) for column in columns]
    loose = list(strict)
    longest = [_BOLD * characters(column.label) for column in columns]
    total = [0.0] * len(columns)
    for row in rows:
        if len(row.cells) == 1 and len(columns) > 1:
            continue
        for place, cell in enumerate(row.cells):
            moved = 2.0 * row.indent if place == 0 else 0.0
            broad = _BOLD if cell.strong else 1.0
            length = broad * characters(cell.text)
            word = broad * _longest_word(cell.text)
            strict[place] = max(
                strict[place], _on_one_line(cell.text, length, word, columns[place]) + moved
            )
            loose[place] = max(loose[place], word + moved)
            longest[place] = max(longest[place], length + moved)
            total[place] += length
    # a column of long texts may ask for more than one of a single long text
    comfort = [
        max(3.0, min(long, _COMFORT + signs / (2 * max(1, len(rows)))))
        for long, signs in zip(longest, total, strict=True)
    ]
    return [max(2.0, need) for need in strict], [max(2.0, need) for need in loose], comfort


def _on_one_line(text: str, length: float, word: float, column: Column) -> float:
    if column.align == "right" or _NUMBER.match(text):
        return length if length <= _ONE_LINE else word
    return max(word, min(length, float(_NARROW)))


def _numbers(columns: tuple[Column, ...], rows: tuple[Row, ...]) -> list[float]:
    """Characters of the longest estimate, or right-aligned text, that stands on one line."""
    longest = [0.0] * len(columns)
    for row in rows:
        if len(row.cells) != len(columns):
            continue
        for place, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
            length = (_BOLD if cell.strong else 1.0) * characters(cell.text)
            if length <= _ONE_LINE and (column.align == "right" or _NUMBER.match(cell.text)):
                longest[place] = max(longest[place], length)
    return longest


def _longest_word(text: str) -> float:
    # East Asian text breaks anywhere
    words = re.split(r"[\s\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]+", text)
    return max(
        characters(word)
        if characters(word) <= _WHOLE_WORD
        else min(float(_LONGEST_WORD), max(map(characters, _JOINT.split(word))))
        for word in words
    )


def _shared(
    page: float, least: list[float], wished: list[float], weights: list[float]
) -> list[float]:
    """Give each column what it must have, and of the rest by what it wishes and by its weight."""
    rest = page - sum(least)
    if rest <= 0:
        return [need * page / sum(least) for need in least]
    wants = [
        (want - need) * max(weight, 0.01)
        for want, need, weight in zip(wished, least, weights, strict=True)
    ]
    return [need + rest * want / sum(wants) for need, want in zip(least, wants, strict=True)]


def _lowered(
    widths: list[float], least: list[float], rows: tuple[Row, ...], unit: float
) -> list[float]:
    """Move room between columns as long as that makes the table lower."""
    filled = [row for row in rows if len(row.cells) == len(widths)][:_LOOKED_AT]
    if not filled or len(widths) == 1:
        return widths
    signs = np.array([[characters(cell.text) for cell in row.cells] for row in filled])

    def height(tried: NDArray[np.float64]) -> float:
        # lines of words end before the margin: a ragged half word of each is lost
        room = np.maximum(1.0, (tried - PADDING) / unit - _RAGGED)
        return float(np.maximum(1.0, np.ceil(signs / room)).max(axis=1).sum())

    now, floor = np.array(widths), np.array(least)
    lowest = height(now)
    for step in _MOVES:
        better = True
        while better:
            better = False
            for giver, taker in permutations(range(len(widths)), 2):
                tried = now.copy()
                tried[giver] -= step
                tried[taker] += step
                if tried[giver] >= floor[giver] and (reached := height(tried)) < lowest:
                    now, lowest, better = tried, reached, True
    return [float(width) for width in now]


def breakable(text: str, room: int) -> str:
    """Let words that are longer than a line break: after a joint, else anywhere.

    Parameters
    ----------
    text : str
        Any text.
    room : int
        Characters of a line.

    Returns
    -------
    str
        The text, with zero-width spaces in the words that are too long.
    """
    if characters(text) <= room:
        return text
    return re.sub(r"[^\s]+", lambda word: _broken(word[0], room), text)


def _broken(word: str, room: int) -> str:
    if characters(word) <= room:
        return word
    return "\u200b".join(piece for part in _JOINT.split(word) for piece in _cut(part, room))


def _cut(part: str, room: int) -> list[str]:
    pieces: list[str] = []
    filled = float(room)
    for sign in part:
        filled += characters(sign)
        if not pieces or filled > room:
            pieces.append("")
            filled = characters(sign)
        pieces[-1] += sign
    return pieces
