"""JSON as it comes from programs, read strictly: no number is guessed, no key is dropped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from cartwheel.clinic.strict import problems_of
from cartwheel.errors import FileRefused, PlanRefused, Refused, refuse

Model = TypeVar("Model", bound=BaseModel)

MIB = 1 << 20
LARGEST = 8 * MIB
# of a body that is refused, so that its sender hears why
_MOST_DRAINED = 64 * MIB
DEEPEST = 32
# powers of ten, within what a double holds
_LARGEST_POWER, _MOST_DIGITS = 300, 40
_OPENING = (b"[", b"{")


async def body_of(request: Request, most: int = LARGEST) -> bytes:
    """Take the body of a call.

    Parameters
    ----------
    request : Request
        With JSON.
    most : int
        Bytes that are taken.

    Returns
    -------
    bytes

    Raises
    ------
    FileRefused
        ``media_type`` (415), ``upload_too_large`` (413), ``upload_truncated`` (400).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" or request.headers.get("content-encoding", "identity") not in (
        "identity",
        "",
    ):
        raise refuse(
            FileRefused,
            "media_type",
            "this call takes JSON that is not compressed",
            where="Content-Type",
            mend="send Content-Type: application/json",
        )
    taken, pieces = 0, list[bytes]()
    try:
        async for piece in request.stream():
            taken += len(piece)
            if taken <= most:
                pieces.append(piece)
            elif taken > _MOST_DRAINED:
                break
    except ClientDisconnect:
        raise refuse(
            FileRefused,
            "body_truncated",
            "the request ended before its body did",
            where="body",
            mend="send it again",
        ) from None
    if taken > most:
        raise refuse(
            FileRefused,
            "upload_too_large",
            f"a call takes at most {most / MIB:g} MB",
            where="body",
            mend="upload a file (POST /api/v1/files), and ask for a job",
        )
    return b"".join(pieces)


def read_json(body: bytes, *, exact: bool = False) -> dict[str, Any]:
    """Read a JSON object.

    Parameters
    ----------
    body : bytes
        In UTF-8.
    exact : bool
        Give numbers with a point as Decimal, digit by digit as they were sent.

    Returns
    -------
    dict

    Raises
    ------
    FileRefused
        ``bad_json`` (400): no JSON, NaN or infinity, a key twice, too deep, a number out of range,
        half a character.
    """
    try:
        text = body.decode("utf-8")
        found = (_EXACT if exact else _PLAIN).decode(text)
    except (ValueError, RecursionError):
        raise _bad("this is not JSON in UTF-8") from None
    if not isinstance(found, dict):
        raise _bad("one JSON object is needed")
    if sum(body.count(sign) for sign in _OPENING) > DEEPEST or b"\\u" in body:
        _check(found)
    return found


def read_as(model: type[Model], data: Any) -> Model:
    """Read plain data as what a call takes.

    Parameters
    ----------
    model : type of BaseModel
        Strict, closed to unknown keys.
    data : object
        From `read_json`.

    Returns
    -------
    BaseModel
        Of that type.

    Raises
    ------
    PlanRefused
        ``unknown_key`` with the nearest known one, ``missing_key``, ``bad_value``: all at once.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise PlanRefused(problems_of(error, model, where="body")) from None


def _check(found: dict[str, Any]) -> None:
    for depth, value in _walked(found):
        if depth > DEEPEST:
            raise _bad(f"this is nested more than {DEEPEST} deep")
        if isinstance(value, str) and any(
            sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in value
        ):
            raise _bad("there is half a character, or a null, in a text")


def _walked(found: Any) -> Iterator[tuple[int, Any]]:
    waiting = [(1, found)]
    while waiting:
        depth, value = waiting.pop()
        yield depth, value
        if isinstance(value, dict):
            for key, part in value.items():
                yield depth, key
                waiting.append((depth + 1, part))
        elif isinstance(value, list):
            waiting.extend((depth + 1, part) for part in value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # JSON readers take the last of two without a word
        raise _bad("a key stands twice in one object")
    return found


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise _bad("a number has too many digits")
    return int(text)


def _exact(text: str) -> Decimal:
    number = Decimal(text)
    if len(text) > _MOST_DIGITS or not -_LARGEST_POWER <= number.adjusted() <= _LARGEST_POWER:
        raise _bad("a number is out of range")
    return number


def _float(text: str) -> float:
    return float(_exact(text))


def _constant(text: str) -> NoReturn:
    raise _bad(f"{text} is no number in JSON")


_EXACT = json.JSONDecoder(
    object_pairs_hook=_once, parse_int=_whole, parse_float=_exact, parse_constant=_constant
)
_PLAIN = json.JSONDecoder(
    object_pairs_hook=_once, parse_int=_whole, parse_float=_float, parse_constant=_constant
)


def _bad(what: str) -> Refused:
    return refuse(
        FileRefused,
        "bad_json",
        what,
        where="body",
        mend="send one JSON object in UTF-8, each key once, all numbers finite",
    )
