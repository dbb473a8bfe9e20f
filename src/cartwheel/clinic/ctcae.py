"""Cytopenias by CTCAE version 5, from a count and the laboratory's lower limit of normal.

The limits were not seen in the publication: every grade says that they are unverified.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from cartwheel.clinic.charted import Charted
from cartwheel.clinic.toxicity.assessment import Asked, Chart, Datum, Grade, Rule, grade_from

VERSION = "5.0"
UNVERIFIED = "CTCAE limits are not verified against the publication"


@dataclass(frozen=True, slots=True)
class Cytopenia:
    """The limits of one analyte.

    Parameters
    ----------
    name, label : str
        Variable of the dictionary, and its name for the reader.
    unit : str
        Canonical unit, in which the limits stand.
    limits : tuple of str
        Below the lower limit of normal grade 1; below each of these one grade more.
    """

    name: str
    label: str
    unit: str
    limits: tuple[str, ...]


CYTOPENIAS = (
    Cytopenia("neutrophils", "Neutrophils", "10*9/L", ("1.5", "1.0", "0.5")),
    Cytopenia("platelets", "Platelets", "10*9/L", ("75", "50", "25")),
    Cytopenia("lymphocytes", "Lymphocytes", "10*9/L", ("0.8", "0.5", "0.2")),
    Cytopenia("leukocytes", "Leukocytes", "10*9/L", ("3", "2", "1")),
    Cytopenia("haemoglobin", "Haemoglobin", "g/L", ("100", "80")),
)
_BY_NAME = {each.name: each for each in CYTOPENIAS}
_THREAT = "life_threatening_anaemia"


def ctcae_inputs(name: str) -> tuple[Asked, ...]:
    """List what a cytopenia asks for.

    Parameters
    ----------
    name : str
        ``neutrophils``, ``platelets``, ``lymphocytes``, ``leukocytes`` or ``haemoglobin``.

    Returns
    -------
    tuple of Asked
        Count, lower limit of normal and, for haemoglobin, whether life is threatened.
    """
    rule = _BY_NAME[name]
    asked = (
        Asked(name, rule.label, "quantity", unit=rule.unit, note="SI or US unit, stated"),
        Asked(
            f"{name}_lln",
            f"{rule.label}, lower limit of normal",
            "quantity",
            unit=rule.unit,
            note="of the laboratory; decides between grades 0 and 1",
        ),
    )
    if name != "haemoglobin":
        return asked
    note = "or urgent intervention needed; asked below 80 g/L"
    return (*asked, Asked(_THREAT, "Life-threatening consequences", "yes_no", note=note))


def cytopenia_grade(name: str, chart: Chart, *, at: str | None = None) -> Grade:
    """Grade one cytopenia.

    Parameters
    ----------
    name : str
        As for `ctcae_inputs`.
    chart : mapping
        The count and ``<name>_lln``, each with its unit; ``life_threatening_anaemia`` for
        haemoglobin.
    at : str, optional
        Handed through to the grade.

    Returns
    -------
    Grade
        0 to 4. Without the lower limit of normal, a count above the limit of grade 2 leaves 0 and
        1 open.

    Raises
    ------
    CohortRefused
        Everything that cannot be read, at once.

    Notes
    -----
    10*9/L: neutrophils 1.5, 1.0, 0.5; platelets 75, 50, 25; lymphocytes 0.8, 0.5, 0.2; leukocytes
    3, 2, 1. Haemoglobin 10 and 8 g/dL; grade 4 is a clinical judgement. A count at a limit has
    the lower grade. Unverified.
    """
    rule = _BY_NAME[name]
    inputs = ctcae_inputs(name)
    charted = Charted(chart, inputs)
    value, normal = charted.quantity(name), charted.quantity(f"{name}_lln")
    threat = charted.yes_no(_THREAT) if name == "haemoglobin" else None
    charted.finish()
    missing = [name] if value is None else []
    possible: tuple[int, ...]
    deciding: list[Datum]
    if threat:
        datum = Datum(_THREAT, "yes", "", 4, "life-threatening anaemia")
        possible, deciding = (4,), [datum]
    elif value is None:
        most = 4 if name != "haemoglobin" or threat is None else 3
        possible, deciding = tuple(range(most + 1)), []
    else:
        possible, deciding, missing = _of_value(rule, value, normal, threat)
    return grade_from(
        (f"ctcae-{name}", VERSION),
        possible,
        deciding,
        missing=missing,
        warnings=(UNVERIFIED,),
        at=at,
    )


def _of_value(
    rule: Cytopenia, value: Decimal, normal: Decimal | None, threat: bool | None
) -> tuple[tuple[int, ...], list[Datum], list[str]]:
    passed = [limit for limit in rule.limits if value < Decimal(limit)]
    shown = f"{value.normalize():f}"
    if passed:
        grade = 1 + len(passed)
        datum = Datum(rule.name, shown, rule.unit, grade, f"below {passed[-1]} {rule.unit}")
        if rule.name == "haemoglobin" and grade == 3 and threat is None:
            return (3, 4), [datum], [_THREAT]
        return (grade,), [datum], []
    if normal is None:
        return (0, 1), [], [f"{rule.name}_lln"]
    low = value < normal
    words = f"{'below' if low else 'not below'} the lower limit of normal, {normal.normalize():f}"
    return (int(low),), [Datum(rule.name, shown, rule.unit, int(low), words)], []


def _function(name: str) -> Callable[..., Grade]:
    def graded(chart: Chart, *, at: str | None = None) -> Grade:
        return cytopenia_grade(name, chart, at=at)

    return graded


RULES: tuple[Rule, ...] = tuple(
    Rule(
        id=f"ctcae-{each.name}",
        title=f"CTCAE version 5: {each.label.lower()}",
        version=VERSION,
        citation="Common Terminology Criteria for Adverse Events, version 5.0",
        doi="",
        status="unverified",
        source="not seen in the publication",
        inputs=ctcae_inputs(each.name),
        function=_function(each.name),
    )
    for each in CYTOPENIAS
)
