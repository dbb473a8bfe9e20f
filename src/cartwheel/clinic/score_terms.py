"""The parts a score is made of: inputs, derived values and terms, as they stand in its file."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

Item = TypeVar("Item")
MOST_DIGITS = 40

Transform = Literal["none", "log", "log2", "log10", "sqrt"]
ConstantStatus = Literal["verified", "unverified", "developed"]


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
    number = Decimal(float.__repr__(given)) if isinstance(given, float) else Decimal(given)
    if not number.is_finite() or len(number.as_tuple().digits) > MOST_DIGITS:
        raise PydanticCustomError("number", "a finite number of at most 40 digits is needed here")
    if not math.isfinite(float(number)) or (number and not float(number)):
        raise PydanticCustomError("number", "this number is too large or too small to work with")
    return number if number else number.copy_abs()  # the file has no minus nought


def _zero_policy(given: Any) -> Decimal | str:
    if given == "refuse":
        return "refuse"
    floor = faithful_number(given)
    if floor <= 0:
        raise PydanticCustomError("zero", 'write "refuse", or a floor above 0')
    return floor


def _said(given: Any) -> Decimal | str:
    if isinstance(given, str):
        if not given.strip():
            raise PydanticCustomError("said", "a value is needed here, with its unit")
        return given
    return faithful_number(given)


def _said_in_json(given: Decimal | str) -> float | str:
    return given if isinstance(given, str) else float(given)


Number = Annotated[
    Decimal,
    PlainValidator(faithful_number),
    PlainSerializer(float, when_used="json"),
    WithJsonSchema({"type": "number"}),
]
ZeroPolicy = Annotated[
    Decimal | str,
    PlainValidator(_zero_policy),
    PlainSerializer(_said_in_json, when_used="json"),
    WithJsonSchema({"anyOf": [{"const": "refuse"}, {"type": "number", "exclusiveMinimum": 0}]}),
]
# a value as a person would say it: a plain number, or text with its unit
Said = Annotated[
    Decimal | str,
    PlainValidator(_said),
    PlainSerializer(_said_in_json, when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {"type": "number"}]}),
]
# names may be a spreadsheet's own column names, so any printable text on one line
_LINE = r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$"
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_LINE)]
Many = Annotated[tuple[Item, ...], Field(strict=False)]


class Strict(BaseModel):
    """What every part of a score file shares: known keys only, no coercion, frozen."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class Range(Strict):
    """A stretch of the number line; each end says whether it belongs to it.

    Parameters
    ----------
    from_ : number, optional
        Lower end, spelled ``from`` in the file; left out for "from minus infinity".
    from_inclusive : bool
        Whether the lower end belongs to the range; needed with ``from``.
    to : number, optional
        Upper end; left out for "to infinity".
    to_inclusive : bool
        Whether the upper end belongs to the range; needed with ``to``.
    """

    from_: Number | None = Field(None, alias="from")
    from_inclusive: bool | None = None
    to: Number | None = None
    to_inclusive: bool | None = None

    def meets(self, low: Decimal, high: Decimal) -> bool:
        """Say whether any value from ``low`` to ``high`` (both included) lies in the range.

        Parameters
        ----------
        low, high : Decimal
            Ends of the interval asked about; equal for a single value.

        Returns
        -------
        bool
            True where the two overlap.
        """
        if self.from_ is not None and not (
            high > self.from_ or (high == self.from_ and self.from_inclusive)
        ):
            return False
        return self.to is None or low < self.to or (low == self.to and bool(self.to_inclusive))

    def words(self, unit: str = "") -> str:
        """Write the range for a reader: ``>= 500 and < 2000 ug/L``.

        Parameters
        ----------
        unit : str
            Put at the end where there is one.

        Returns
        -------
        str
            ``any value`` for a range without ends.
        """
        ends = []
        if self.from_ is not None:
            ends.append(f"{'>=' if self.from_inclusive else '>'} {self.from_}")
        if self.to is not None:
            ends.append(f"{'<=' if self.to_inclusive else '<'} {self.to}")
        return (" and ".join(ends) + (f" {unit}" if unit else "")) if ends else "any value"


class Input(Strict):
    """One thing the score asks for.

    Parameters
    ----------
    name : str
        Its key, used by terms, examples and callers.
    label : str
        For the reader.
    variable : str, optional
        Name in the dictionary of variables; gives unit conversion and a plausible range.
    unit : str
        Unit in which the score's constants are written; empty where there is none.
    day : number, optional
        Day of measurement, infusion being day 0.
    low, high : number, optional
        Range the score was developed on. Outside it: scored, with a warning.
    minimum, maximum : number, optional
        Hard limits. Outside them: not scored.
    coding : mapping of str to number, optional
        What texts stand for, such as ``{no = 0, yes = 1}``; then no other number is taken.
    """

    name: Name
    label: Name
    variable: Name | None = None
    unit: str = ""
    day: Number | None = None
    low: Number | None = None
    high: Number | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    coding: dict[str, Number] | None = None

    @property
    def limits(self) -> tuple[Decimal | None, Decimal | None]:
        """Lowest and highest value that a missing input could have had, where stated."""
        if self.coding:
            return min(self.coding.values()), max(self.coding.values())
        return (
            self.low if self.minimum is None else self.minimum,
            self.high if self.maximum is None else self.maximum,
        )


class Ratio(Strict):
    """A derived value: one input divided by another, each in its own unit.

    Parameters
    ----------
    zero : str or number
        ``refuse``: a denominator of 0 makes the patient unscorable. A number: every denominator
        below it stands as that number.
    """

    kind: Literal["ratio"]
    name: Name
    label: Name | None = None
    numerator: Name
    denominator: Name
    zero: ZeroPolicy = "refuse"


class Factor(Strict):
    """One factor of a product: an input raised to a power (-1 divides by it)."""

    input: Name
    exponent: Annotated[Number, Field(ge=-10, le=10)] = Decimal(1)


class Product(Strict):
    """A derived value: inputs multiplied and divided, each in its own unit."""

    kind: Literal["product"]
    name: Name
    label: Name | None = None
    factors: Many[Factor]


class PointsBand(Range):
    """A range of an input and the points it gives."""

    points: Number


class Term(Strict):
    """What every term has: a name, and where its constants come from.

    Parameters
    ----------
    name : str, optional
        Shown with the contribution; the input's label where left out.
    status : str, optional
        ``verified`` (read in the source), ``unverified`` or ``developed`` (by cartwheel).
    source : str, optional
        Page, table or file the constants were read from.
    """

    name: Name | None = None
    status: ConstantStatus | None = None
    source: Name | None = None


class PointsTerm(Term):
    """Points by range; the ranges cover the number line once."""

    kind: Literal["points"]
    input: Name
    bands: Many[PointsBand]


class LinearTerm(Term):
    """``coefficient * (transform(input) - centre)``."""

    kind: Literal["linear"]
    input: Name
    transform: Transform = "none"
    coefficient: Number
    centre: Number = Decimal(0)


class SplineTerm(Term):
    """Harrell's restricted cubic spline of ``transform(input)``.

    ``knots`` stand on the transformed scale; the first of the ``len(knots) - 1`` coefficients
    belongs to the linear column, the others to the cubic ones, which are divided by
    ``(last knot - first knot) ** 2``.
    """

    kind: Literal["spline"]
    input: Name
    transform: Transform = "none"
    knots: Many[Number]
    coefficients: Many[Number]


class ProductTerm(Term):
    """``coefficient * (transform(product of inputs to powers) - centre)``."""

    kind: Literal["product"]
    name: Name
    factors: Many[Factor]
    transform: Transform = "none"
    coefficient: Number = Decimal(1)
    centre: Number = Decimal(0)


AnyDerived = Annotated[Ratio | Product, Field(discriminator="kind")]
AnyTerm = Annotated[PointsTerm | LinearTerm | SplineTerm | ProductTerm, Field(discriminator="kind")]
