"""The parts a score is made of: inputs, derived values and terms, as they stand in its file."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias, TypeVar

from cartwheel.clinic.score_record import Record

Item = TypeVar("Item")

Transform: TypeAlias = Literal["none", "log", "log2", "log10", "sqrt"]
# verified: read in the source; unverified: from memory or a secondary hand; assumption: the source
# does not say; developed: cartwheel computed it from patients
ConstantStatus: TypeAlias = Literal["verified", "unverified", "assumption", "developed"]

# what the values of keys are; score_format says, under the same names, which values there may be
Number: TypeAlias = Decimal
Fraction: TypeAlias = Decimal
Exponent: TypeAlias = Decimal
Count: TypeAlias = int
Name: TypeAlias = str
Text: TypeAlias = str
# a value as a person would say it: a plain number, or text with its unit
Said: TypeAlias = Decimal | str
ZeroPolicy: TypeAlias = Decimal | str
Many: TypeAlias = tuple[Item, ...]


class Sourced(Record):
    """A constant that says where it comes from.

    Parameters
    ----------
    status : str, optional
        ``verified`` (read in the source), ``unverified``, ``assumption`` (the source does not
        say) or ``developed`` (by cartwheel).
    source : str, optional
        Page, table or file it was read from.
    """

    status: ConstantStatus | None = None
    source: Name | None = None


class Range(Record):
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

    from_: Number | None = None
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


class Window(Record):
    """When an input has to be measured: days from an anchor, both ends included.

    Parameters
    ----------
    text : str
        For the reader, such as ``before lymphodepletion``.
    anchor : str
        What day 0 is: ``infusion``, ``lymphodepletion`` (its first day) or ``diagnosis``.
    from_, to : number, optional
        First and last day, spelled ``from`` and ``to`` in the file.
    """

    text: Name
    anchor: Literal["infusion", "lymphodepletion", "diagnosis"]
    from_: Number | None = None
    to: Number | None = None

    def holds(self, day: Decimal) -> bool:
        """Say whether a measurement on this day may be used.

        Parameters
        ----------
        day : Decimal
            Days from the anchor.

        Returns
        -------
        bool
            True between the ends, both included.
        """
        return (self.from_ is None or day >= self.from_) and (self.to is None or day <= self.to)


class Input(Sourced):
    """One thing the score asks for. Its ``status`` is that of its unit, window and limits.

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
    upper_limit_of : str, optional
        This is the laboratory's own upper limit of normal for that input.
    day : number, optional
        Day of measurement, infusion being day 0.
    window : Window, optional
        Days between which it may be measured; instead of ``day``.
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
    upper_limit_of: Name | None = None
    day: Number | None = None
    window: Window | None = None
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


class Ratio(Record):
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


class Factor(Record):
    """One factor of a product: an input raised to a power (-1 divides by it)."""

    input: Name
    exponent: Exponent = Decimal(1)


class Product(Record):
    """A derived value: inputs multiplied and divided, each in its own unit."""

    kind: Literal["product"]
    name: Name
    label: Name | None = None
    factors: Many[Factor]


class PointsBand(Range):
    """A range of an input and the points it gives."""

    points: Number


class Term(Sourced):
    """What every term has: a name, where its constants come from, and when it counts.

    Parameters
    ----------
    name : str, optional
        Shown with the contribution; the input's label where left out.
    only : mapping of str to str, optional
        Parameter to option: the term counts only where that option is chosen.
    """

    name: Name | None = None
    only: dict[str, Name] | None = None


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


class Condition(Range):
    """A range that an input or derived value must lie in."""

    input: Name


class DecisionRow(Record):
    """One row of a decision: all its conditions hold. Without conditions: the rest."""

    name: Name
    when: Many[Condition] = ()
    points: Number


class DecisionTerm(Term):
    """The points of the first row whose conditions all hold.

    The last row has no ``when`` and is the only such row, so that every patient has a row.
    """

    kind: Literal["decision"]
    name: Name
    rows: Many[DecisionRow]


class Option(Record):
    """One way to set a parameter."""

    name: Name
    label: Name


class Parameter(Record):
    """Something the publication leaves open and the user may set; the default is an assumption.

    Terms and bands that name an option under ``only`` count only where it is chosen.

    Parameters
    ----------
    default : str
        Name of the option taken where the user says nothing. Every answer then says that it is
        an assumption.
    why : str
        What was not published, and what speaks for the default.
    """

    name: Name
    label: Name
    options: Many[Option]
    default: Name
    why: Text


AnyDerived: TypeAlias = Ratio | Product
AnyTerm: TypeAlias = PointsTerm | LinearTerm | SplineTerm | ProductTerm | DecisionTerm
