"""Compute a table of spreadsheet formulas as a spreadsheet program would: only what exports use."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"]|"")*")|(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?)|(?P<cell>[A-Z]{1,3}\d+)'
    r"(?![\w(])|(?P<name>[A-Z][A-Z0-9]*)|(?P<sign><=|>=|<>|[-+*/^&=<>(),]))"
)
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("=", "<", ">", "<=", ">=", "<>"),
    ("&",),
    ("+", "-"),
    ("*", "/"),
    ("^",),
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


class Sheet:
    """A table whose cells are computed when they are asked for."""

    def __init__(self, text: str) -> None:
        self.rows = list(csv.reader(io.StringIO(text)))

    def column(self, label: str) -> int:
        """Row number (from 1) of the first row with this label."""
        return next(at for at, row in enumerate(self.rows, 1) if row and row[0] == label)

    def put(self, cell: str, content: str) -> None:
        place, row = _place(cell), self.rows[_row(cell)]
        row[place] = content

    def value(self, cell: str) -> Any:
        row = self.rows[_row(cell)]
        content = row[_place(cell)] if _place(cell) < len(row) else ""
        if content.startswith("="):
            return _Formula(content[1:], self).whole()
        if content == "":
            return None
        try:
            return float(content)
        except ValueError:
            return content


def _row(cell: str) -> int:
    return int(re.sub(r"\D", "", cell)) - 1


def _place(cell: str) -> int:
    place = 0
    for letter in re.sub(r"\d", "", cell):
        place = place * 26 + ord(letter) - 64
    return place - 1


class _Formula:
    """Recursive descent; IF is lazy, as in a sheet."""

    def __init__(self, text: str, sheet: Sheet) -> None:
        self._sheet = sheet
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            assert match is not None, text[at : at + 20]
            self._tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            at = match.end()
        self._at = 0

    def whole(self) -> Any:
        thunk = self._level(0)
        assert self._at == len(self._tokens), self._tokens[self._at :]
        return thunk()

    def _next(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, sign: str) -> None:
        assert self._next() == sign, (sign, self._tokens[self._at :])
        self._at += 1

    def _level(self, level: int) -> Callable[[], Any]:
        if level == len(_LEVELS):
            return self._signed()
        left = self._level(level + 1)
        while self._next() in _LEVELS[level] and self._tokens[self._at][0] == "sign":
            sign = self._next()
            self._at += 1
            left = _joined(sign, left, self._level(level + 1))
        return left

    def _signed(self) -> Callable[[], Any]:
        # in a sheet the minus sign binds tighter than the power
        if self._next() == "-":
            self._at += 1
            inner = self._signed()
            return lambda: -_number(inner())
        return self._atom()

    def _atom(self) -> Callable[[], Any]:
        kind, word = self._tokens[self._at]
        self._at += 1
        if kind == "text":
            return lambda: word[1:-1].replace('""', '"')
        if kind == "number":
            return lambda: float(word)
        if kind == "cell":
            return lambda: self._sheet.value(word)
        if word == "(":
            inner = self._level(0)
            self._take(")")
            return inner
        assert kind == "name", word
        self._take("(")
        arguments = [self._level(0)]
        while self._next() == ",":
            self._at += 1
            arguments.append(self._level(0))
        self._take(")")
        return lambda: _FUNCTIONS[word](*arguments)


def _number(value: Any) -> float:
    assert isinstance(value, float | int), f"{value!r} is no number"
    return float(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _joined(sign: str, left: Callable[[], Any], right: Callable[[], Any]) -> Callable[[], Any]:
    if sign in _COMPARE:
        return lambda: _COMPARE[sign](left(), right())
    if sign == "&":
        return lambda: _text(left()) + _text(right())
    work: Callable[[float, float], float] = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
        "^": lambda a, b: a**b,
    }[sign]
    return lambda: work(_number(left()), _number(right()))


def _rounded(value: float, digits: float) -> float:
    step = Decimal(1).scaleb(-int(digits))
    return float(Decimal(repr(value)).quantize(step, rounding=ROUND_HALF_UP))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "IF": lambda test, yes, no: yes() if test() else no(),
    "AND": lambda *tests: all([test() for test in tests]),
    "OR": lambda *tests: any([test() for test in tests]),
    "ISNUMBER": lambda value: isinstance(value(), float | int),
    "ROUND": lambda value, digits: _rounded(_number(value()), digits()),
    "MAX": lambda *values: max(_number(value()) for value in values),
    "ABS": lambda value: abs(_number(value())),
    "LN": lambda value: math.log(_number(value())),
    "LOG": lambda value, to: math.log2(_number(value())) if to() == 2 else math.nan,
    "LOG10": lambda value: math.log10(_number(value())),
    "SQRT": lambda value: math.sqrt(_number(value())),
    "EXP": lambda value: math.exp(_number(value())),
}
