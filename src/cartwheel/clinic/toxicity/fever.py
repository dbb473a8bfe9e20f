"""Fever of CRS: 38.0 degrees Celsius or more, and not due to another cause."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from cartwheel.clinic.toxicity.answers import Answers
from cartwheel.clinic.toxicity.assessment import Datum
from cartwheel.errors import CohortRefused, refuse

FEVER = Decimal(38)


@dataclass(frozen=True, slots=True)
class Fever:
    """Whether there is a fever that counts.

    Parameters
    ----------
    present : bool or None
        None where the chart does not settle it.
    data : tuple of Datum
        What was read; a fever gives 1.
    missing : tuple of str
        Inputs that would settle it.
    """

    present: bool | None
    data: tuple[Datum, ...]
    missing: tuple[str, ...]


def fever_of(answers: Answers) -> Fever:
    """Tell whether there is a fever that counts.

    Parameters
    ----------
    answers : Answers
        With ``temperature`` or ``fever``, and ``crs_other_cause``.

    Returns
    -------
    Fever

    Raises
    ------
    CohortRefused
        ``contradiction``: temperature and ``fever`` do not agree.
    """
    temperature, said = answers.number("temperature"), answers.flag("fever")
    hot = said if temperature is None else temperature >= FEVER
    causes = answers.names("crs_other_cause")
    other_cause = causes is not None and "fever" in causes
    if hot is None and other_cause:
        datum = Datum("crs_other_cause", "fever", "", 0, "fever due to another cause")
        return Fever(False, (datum,), ())
    if hot is None:
        return Fever(None, (), ("temperature", *(("crs_other_cause",) if causes is None else ())))
    if said is not None and said is not hot:
        raise refuse(
            CohortRefused, "contradiction", "the temperature and the answer do not agree",
            where="fever", mend="chart the temperature alone",
        )  # fmt: skip
    name, value, unit = (
        ("fever", "yes" if hot else "no", "")
        if temperature is None
        else ("temperature", _shown(temperature), "Cel")
    )
    if not hot:
        return Fever(False, (Datum(name, value, unit, 0, "below 38.0 Cel"),), ())
    if causes is None:
        return Fever(None, (), ("crs_other_cause",))
    if other_cause:
        return Fever(False, (Datum(name, value, unit, 0, "fever due to another cause"),), ())
    return Fever(True, (Datum(name, value, unit, 1, "fever (>= 38.0 Cel)"),), ())


def _shown(temperature: Decimal) -> str:
    # a converted temperature has many digits; two are more than a thermometer gives
    rounded = temperature if temperature.as_tuple().exponent in (0, -1) else round(temperature, 2)
    return str(rounded)
