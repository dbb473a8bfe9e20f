"""The format of the score file: which values its keys may have, for files not checked before.

The records of ``score_terms`` and ``score_spec`` say which keys there are. Here each gets a reader
of pydantic's, made from its own annotations: what stands in them as ``Number`` or ``Name`` is, for
the reader, what is called so here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from inspect import get_annotations
from types import MappingProxyType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    create_model,
)
from pydantic_core import PydanticCustomError

from cartwheel.clinic import score_spec, score_terms
from cartwheel.clinic.score_build import exact_number
from cartwheel.clinic.score_record import NEEDED, Record, file_key

_Item = TypeVar("_Item")
MOST_DIGITS = 40


def faithful_number(given: Any) -> Decimal:
    """Take a number with the digits it was written with; a float gives those of its ``repr``.

    Parameters
    ----------
    given : int, float or Decimal
        Finite, within the range of a double and of at most 40 digits. Text, booleans and dates
        are not numbers here.

    Returns
    -------
    Decimal
        ``float(faithful_number(x)) == x`` for every float.
    """
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal):
        raise PydanticCustomError("number", "a number is needed here, without quotes")
    number = exact_number(given)
    if not number.is_finite() or len(number.as_tuple().digits) > MOST_DIGITS:
        raise PydanticCustomError("number", "a finite number of at most 40 digits is needed here")
    if not math.isfinite(float(number)) or (number and not float(number)):
        raise PydanticCustomError("number", "this number is too large or too small to work with")
    return number


def _zero_policy(given: Any) -> Decimal | str:
    if given == "refuse":
        return "refuse"
    floor = faithful_number(given)
    if floor <= 0:
        raise PydanticCustomError("zero", 'write "refuse", or a floor above 0')
    return floor


def _said_value(given: Any) -> Decimal | str:
    if isinstance(given, str):
        if not given.strip():
            raise PydanticCustomError("said", "a value is needed here, with its unit")
        return given
    return faithful_number(given)


# names may be a spreadsheet's own column names, so any printable text on one line
_LINE = r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$"
_Number = Annotated[
    Decimal,
    PlainValidator(faithful_number),
    PlainSerializer(float, when_used="json"),
    WithJsonSchema({"type": "number"}),
]
# what stands under these names in the annotations of the records
_VALUES: Mapping[str, Any] = MappingProxyType(
    {
        "Number": _Number,
        "Fraction": Annotated[_Number, Field(ge=0, le=1)],
        "Exponent": Annotated[_Number, Field(ge=-10, le=10)],
        "Horizon": Annotated[_Number, Field(gt=0)],
        "Survival": Annotated[_Number, Field(gt=0, lt=1)],
        "Tolerance": Annotated[_Number, Field(ge=0)],
        "Count": Annotated[int, Field(ge=0)],
        "Year": Annotated[int, Field(ge=1900, le=2200)],
        "Text": Annotated[str, Field(min_length=1)],
        "Name": Annotated[str, Field(min_length=1, max_length=200, pattern=_LINE)],
        "Id": Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$", max_length=100)],
        "Version": Annotated[str, Field(pattern=r"^[0-9A-Za-z]([0-9A-Za-z.+-]*)$", max_length=50)],
        "Sum": Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")],
        "Doi": Annotated[str, Field(pattern=r"^10\.\d{4,9}/\S+$")],
        "ZeroPolicy": Annotated[
            Decimal | str,
            PlainValidator(_zero_policy),
            WithJsonSchema(
                {"anyOf": [{"const": "refuse"}, {"type": "number", "exclusiveMinimum": 0}]}
            ),
        ],
        "Said": Annotated[
            Decimal | str,
            PlainValidator(_said_value),
            WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {"type": "number"}]}),
        ],
        "Many": Annotated[tuple[_Item, ...], Field(strict=False)],  # type: ignore[valid-type]
    }
)


class _Reader(BaseModel):
    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_by_name=False,
        validate_by_alias=True,
        # the whole format is compiled once when the first file is read, not part by part
        defer_build=True,
    )


@cache
def score_reader() -> type[BaseModel]:
    """Make the reader of a score file.

    Returns
    -------
    type
        A pydantic model with the keys of `ScoreSpec`; its JSON Schema is that of the file.
    """
    known = {**vars(score_terms), **vars(score_spec), **_VALUES}
    readers: dict[type, type[BaseModel]] = {Record: _Reader}
    for name, thing in {**vars(score_terms), **vars(score_spec)}.items():
        if isinstance(thing, type) and issubclass(thing, Record) and thing not in readers:
            readers[thing] = known[name] = _reader(thing, readers, known)
        elif isinstance(thing, UnionType) and set(get_args(thing)) <= set(readers):
            parts = tuple(readers[part] for part in get_args(thing))
            known[name] = Annotated[Union[parts], Field(discriminator="kind")]  # noqa: UP007
    return readers[score_spec.ScoreSpec]


def _reader(
    part: type[Record], readers: Mapping[type, type[BaseModel]], known: dict[str, Any]
) -> type[BaseModel]:
    found: dict[str, Any] = {}
    for name, said in get_annotations(part).items():
        default = ... if part.fields[name] is NEEDED else part.fields[name]
        alias = None if file_key(name) == name else file_key(name)
        # written in this package: no stranger's text is evaluated
        found[name] = (eval(said, known), Field(default, alias=alias))
    bases = tuple(readers[base] for base in part.__bases__)
    return create_model(
        part.__name__, __base__=bases, __module__=__name__, __doc__=part.__doc__, **found
    )


def checked_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """Check every key of a document.

    Parameters
    ----------
    document : mapping
        What ``tomllib`` gives for the file.

    Returns
    -------
    dict
        Numbers as ``Decimal`` with the digits they were written with.

    Raises
    ------
    pydantic.ValidationError
        With everything found.
    """
    return (
        score_reader().model_validate(dict(document)).model_dump(by_alias=True, exclude_none=True)
    )
