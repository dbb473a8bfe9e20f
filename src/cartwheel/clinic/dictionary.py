"""The variables of the field: label, units, plausible range and codes, read from one table."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from cartwheel.errors import CohortRefused, refuse


@dataclass(frozen=True, slots=True)
class Variable:
    """One laboratory value, vital sign or patient characteristic.

    Parameters
    ----------
    name : str
        Key, such as ``ferritin``.
    label : str
        For the reader.
    unit : str
        Canonical unit; ``1`` for a dimensionless variable.
    units : mapping of str to Decimal
        Accepted unit -> what one of it is in the canonical unit.
    loinc : tuple of str
        Verified LOINC codes.
    loinc_unverified : tuple of str
        LOINC codes seen in use but not verified against the terminology.
    synonyms : tuple of str
        Other names of a column.
    low, high : Decimal or None
        Plausible range in the canonical unit; wide, not a reference range.
    skewed : bool
        A log2 transformation is the usual first choice.
    siblings : tuple of str
        Variables holding the same analyte in units that do not convert (D-dimer FEU and DDU).
    molar_mass : Decimal or None
        g/mol behind a factor between mass and amount of substance.
    unconverted : mapping of str to str
        Units met in practice that are not accepted -> why not.
    loinc_kind : mapping of str to str
        LOINC code -> ``mass`` or ``amount``, where the variable is measured in both.
    """

    name: str
    label: str
    unit: str
    units: Mapping[str, Decimal]
    loinc: tuple[str, ...]
    loinc_unverified: tuple[str, ...]
    synonyms: tuple[str, ...]
    low: Decimal | None
    high: Decimal | None
    skewed: bool
    siblings: tuple[str, ...]
    molar_mass: Decimal | None
    unconverted: Mapping[str, str]
    loinc_kind: Mapping[str, str]

    @property
    def dimensionless(self) -> bool:
        """Whether the variable has no unit."""
        return self.unit == "1"


@lru_cache(maxsize=1)
def variables() -> Mapping[str, Variable]:
    """List every variable of the dictionary by name, in the order of the file.

    Returns
    -------
    mapping of str to Variable
        Read-only; loaded once.
    """
    table = tomllib.loads(_text())
    return MappingProxyType({name: _variable(name, entry) for name, entry in table.items()})


@lru_cache(maxsize=1)
def _text() -> str:
    return files("cartwheel.clinic").joinpath("variables.toml").read_text(encoding="utf-8")


@lru_cache(maxsize=256)
def _alone(name: str) -> Variable | None:
    """Read the table of one variable: a score needs three, and parsing them all takes longer."""
    _, heading, rest = _text().partition(f"\n[{name}]\n")
    if not heading or not name.isidentifier():
        return None
    return _variable(name, tomllib.loads(rest.partition("\n[")[0]))


def _variable(name: str, entry: Mapping[str, Any]) -> Variable:
    units = {unit: Decimal(factor) for unit, factor in entry["units"].items()}
    return Variable(
        name=name,
        label=entry["label"],
        unit=entry["unit"],
        units=MappingProxyType(units),
        loinc=tuple(entry.get("loinc", ())),
        loinc_unverified=tuple(entry.get("loinc_unverified", ())),
        synonyms=tuple(entry["synonyms"]),
        low=Decimal(entry["low"]) if "low" in entry else None,
        high=Decimal(entry["high"]) if "high" in entry else None,
        skewed=entry["skewed"],
        siblings=tuple(entry.get("siblings", ())),
        molar_mass=Decimal(entry["molar_mass"]) if "molar_mass" in entry else None,
        unconverted=MappingProxyType(entry.get("unconverted", {})),
        loinc_kind=MappingProxyType(entry.get("loinc_kind", {})),
    )


def variable(name: str) -> Variable:
    """Look a variable up by its name.

    Parameters
    ----------
    name : str
        Key of the dictionary, such as ``ferritin``.

    Returns
    -------
    Variable

    Raises
    ------
    CohortRefused
        ``variable_unknown``, with the nearest names.

    Examples
    --------
    >>> variable("creatinine").units["mg/dL"]
    Decimal('88.4')
    """
    found = _alone(name)
    if found is None:
        raise refuse(
            CohortRefused,
            "variable_unknown",
            f"'{name[:40]}' is not a variable of the dictionary",
            mend=nearest_names(name, variables()),
        )
    return found


def variable_in_unit(found: Variable, unit: str) -> Variable | None:
    """Find the variable itself, or its sibling, that is measured in this unit; None for neither.

    Parameters
    ----------
    found : Variable
        The variable as named.
    unit : str
        Canonical spelling, see `known_unit`.

    Returns
    -------
    Variable or None
        `found` itself before its siblings.
    """
    for candidate in (found, *(variable(name) for name in found.siblings)):
        if unit in candidate.units:
            return candidate
    return None


def accepted_units(found: Variable) -> tuple[str, ...]:
    """List every unit that a column of this variable may be declared in, siblings included.

    Parameters
    ----------
    found : Variable
        The variable as named.

    Returns
    -------
    tuple of str
        Canonical spellings, its own units first.
    """
    own = tuple(found.units)
    return own + tuple(unit for name in found.siblings for unit in variable(name).units)


def nearest_names(name: str, among: Iterable[str]) -> str:
    """Name the likeliest of some names: ``did you mean ferritin?``, or list them all.

    Parameters
    ----------
    name : str
        The name that was not found; case does not matter.
    among : iterable of str
        The names that there are.

    Returns
    -------
    str
        Advice for a refusal: up to three similar names, else the first twelve of all.
    """
    names = list(among)
    folded = {candidate.casefold(): candidate for candidate in reversed(names)}
    close = get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(folded[match] for match in close)}?"
    shown = ", ".join(names[:12])
    return f"known: {shown}{', ...' if len(names) > 12 else ''}"
