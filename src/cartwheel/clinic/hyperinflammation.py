"""Hyperinflammation after immune effector cells: IEC-HS and the HLH-2004 criteria."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from cartwheel.clinic.charted import Charted
from cartwheel.clinic.three_valued import Answer, compared, every, negated, some
from cartwheel.clinic.toxicity.assessment import Asked, Chart, Datum, Grade, Rule, grade_from

VERSION = "1"
UNVERIFIED = "IEC-HS criteria are not verified against the publication"
JUDGEMENT = "how many further manifestations IEC-HS needs was not seen: they are named, not counted"


def _quantity(name: str, label: str, unit: str, note: str = "") -> Asked:
    return Asked(name, label, "quantity", unit=unit, note=note)


def _yes_no(name: str, label: str, note: str = "") -> Asked:
    return Asked(name, label, "yes_no", note=note)


_FERRITIN = _quantity("ferritin", "Ferritin", "ug/L")
_FIBRINOGEN = _quantity("fibrinogen", "Fibrinogen", "g/L")
_TRIGLYCERIDES = _quantity("triglycerides", "Triglycerides", "mg/dL", "fasting")
_COMMON = (
    _yes_no("haemophagocytosis", "Haemophagocytosis", "marrow or other tissue"),
    _yes_no("splenomegaly", "Splenomegaly"),
    _yes_no("fever", "Fever"),
)

HLH_2004_INPUTS: tuple[Asked, ...] = (
    *_COMMON,
    _quantity("haemoglobin", "Haemoglobin", "g/L"),
    _quantity("platelets", "Platelets", "10*9/L"),
    _quantity("neutrophils", "Neutrophils", "10*9/L"),
    _TRIGLYCERIDES,
    _FIBRINOGEN,
    _yes_no("nk_activity_low", "NK-cell activity low or absent"),
    _FERRITIN,
    _quantity("il2r", "Soluble CD25 (interleukin-2 receptor)", "U/mL"),
)


@dataclass(frozen=True, slots=True)
class _Criterion:
    """One criterion, whether it is fulfilled, and what it rests on."""

    names: tuple[str, ...]
    fulfilled: Answer
    shown: str
    rule: str


def hlh_2004(chart: Chart, *, at: str | None = None) -> Grade:
    """Tell whether at least five of the eight HLH-2004 criteria are fulfilled.

    Parameters
    ----------
    chart : mapping
        The inputs of `HLH_2004_INPUTS`.
    at : str, optional
        Handed through to the grade.

    Returns
    -------
    Grade
        1 fulfilled, 0 not; both possible while criteria that are not charted could decide. The
        deciding data are the criteria fulfilled, or those that are not.

    Raises
    ------
    CohortRefused
        Everything that cannot be read, at once.

    Notes
    -----
    Fever; splenomegaly; two or more of haemoglobin < 9 g/dL, platelets < 100, neutrophils < 1
    (10*9/L); triglycerides > 265 mg/dL or fibrinogen < 150 mg/dL; haemophagocytosis; low or
    absent NK-cell activity; ferritin > 500 ug/L; soluble CD25 > 2400 U/mL. The genetic diagnosis
    is not read.
    """
    charted = Charted(chart, HLH_2004_INPUTS)
    criteria = _hlh_criteria(charted)
    charted.finish()
    held = [each for each in criteria if each.fulfilled]
    unknown = [each for each in criteria if each.fulfilled is None]
    lowest, highest = int(len(held) >= 5), int(len(held) + len(unknown) >= 5)
    shown = held if lowest or highest else [each for each in criteria if each.fulfilled is False]
    count = f"{len(held)} of 8 criteria fulfilled" + (
        f", {len(unknown)} not known" if unknown else ""
    )
    return grade_from(
        ("hlh-2004", VERSION),
        range(lowest, highest + 1),
        [Datum(each.names[0], each.shown, "", lowest, each.rule) for each in shown],
        missing=[name for each in unknown for name in each.names if _is_open(chart, name)],
        warnings=(count,),
        at=at,
        words=HLH_WORDS,
    )


HLH_WORDS = ((0, "HLH-2004 criteria not fulfilled"), (1, "HLH-2004 criteria fulfilled"))


def _is_open(chart: Chart, name: str) -> bool:
    given = chart.get(name)
    return given is None or (isinstance(given, str) and not given.strip())


def _hlh_criteria(charted: Charted) -> tuple[_Criterion, ...]:
    blood = [
        (label, _limit(charted, name, operator.lt, limit))
        for name, label, limit in (
            ("haemoglobin", "haemoglobin < 9 g/dL", "90"),
            ("platelets", "platelets < 100", "100"),
            ("neutrophils", "neutrophils < 1", "1"),
        )
    ]
    low = [label for label, answer in blood if answer]
    open_ = sum(answer is None for _, answer in blood)
    two_low = True if len(low) >= 2 else None if len(low) + open_ >= 2 else False
    lipids = some(
        (
            _limit(charted, "triglycerides", operator.gt, "265"),
            _limit(charted, "fibrinogen", operator.lt, "1.5"),
        )
    )
    return (
        _told(charted, "fever", "fever"),
        _told(charted, "splenomegaly", "splenomegaly"),
        _Criterion(
            ("haemoglobin", "platelets", "neutrophils"),
            two_low,
            f"{len(low)} of 3 low",
            f"two or more cytopenias ({', '.join(low) or 'none'})",
        ),
        _Criterion(
            ("triglycerides", "fibrinogen"),
            lipids,
            _word(lipids),
            "triglycerides > 265 mg/dL or fibrinogen < 150 mg/dL",
        ),
        _told(charted, "haemophagocytosis", "haemophagocytosis"),
        _told(charted, "nk_activity_low", "low or absent NK-cell activity"),
        _measured(charted, "ferritin", "500", "ferritin > 500 ug/L"),
        _measured(charted, "il2r", "2400", "soluble CD25 > 2400 U/mL"),
    )


def _told(charted: Charted, name: str, words: str) -> _Criterion:
    answer = charted.yes_no(name)
    return _Criterion((name,), answer, _word(answer), words)


def _measured(charted: Charted, name: str, limit: str, words: str) -> _Criterion:
    answer = _limit(charted, name, operator.gt, limit)
    return _Criterion((name,), answer, _word(answer), words)


def _limit(
    charted: Charted, name: str, test: Callable[[Decimal, Decimal], bool], limit: str
) -> Answer:
    return compared(test, charted.quantity(name), Decimal(limit))


def _word(answer: Answer) -> str:
    return {True: "yes", False: "no", None: "not known"}[answer]


SEVERITIES = ("observation", "intervention", "severe", "life-threatening", "death")

IEC_HS_INPUTS: tuple[Asked, ...] = (
    _FERRITIN,
    _quantity("ferritin_uln", "Ferritin, upper limit of normal", "ug/L", "of the laboratory"),
    _quantity("ferritin_baseline", "Ferritin before infusion", "ug/L"),
    _yes_no("ferritin_rising", "Ferritin rising rapidly", "by your own judgement"),
    _yes_no(
        "other_explanation",
        "Explained by CRS, infection or disease alone",
        "then it is not IEC-HS",
    ),
    Asked(
        "iec_hs_severity",
        "Severity of IEC-HS",
        "choice",
        choices=SEVERITIES,
        note="observation grade 1, intervention indicated 2, severe 3, life-threatening 4, death 5",
    ),
    *_COMMON,
    _yes_no("transaminases_over_5", "Transaminases > 5 times normal", "or baseline, if abnormal"),
    _yes_no("cytopenia_grade_4", "New, worsening or refractory grade 4 cytopenia"),
    _FIBRINOGEN,
    _TRIGLYCERIDES,
    _yes_no("ldh_raised", "LDH above the upper limit of normal"),
    _yes_no("other_coagulopathy", "Other coagulopathy"),
    _yes_no("direct_bilirubin_raised", "Direct hyperbilirubinaemia"),
    _yes_no("neurotoxicity", "New neurotoxicity"),
    _yes_no("lung_manifestations", "Lung manifestations"),
    _yes_no("kidney_insufficiency", "New kidney insufficiency"),
)
_USUAL = ("transaminases_over_5", "haemophagocytosis", "cytopenia_grade_4")
_OTHERS = (
    "splenomegaly", "fever", "ldh_raised", "other_coagulopathy", "direct_bilirubin_raised",
    "neurotoxicity", "lung_manifestations", "kidney_insufficiency",
)  # fmt: skip


def iec_hs(chart: Chart, *, at: str | None = None) -> Grade:
    """Grade the hyperinflammatory syndrome after immune effector cells (unverified).

    Parameters
    ----------
    chart : mapping
        The inputs of `IEC_HS_INPUTS`.
    at : str, optional
        Handed through to the grade.

    Returns
    -------
    Grade
        0 where ferritin does not meet the requirement or another cause explains it; else 1 to 5 by
        the severity that the physician gives.

    Raises
    ------
    CohortRefused
        Everything that cannot be read, at once.

    Notes
    -----
    Required: ferritin above twice the upper limit of normal, above twice the value before infusion,
    or rising rapidly. How many of the usual and other manifestations are needed was not found:
    those present are named in a warning, and the physician's severity decides.

    References
    ----------
    Hines 2023, doi 10.1016/j.jtct.2023.03.006 (not seen verbatim).
    """
    charted = Charted(chart, IEC_HS_INPUTS)
    ferritin = charted.quantity("ferritin")
    routes = {
        "ferritin_uln": compared(_over_twice, ferritin, charted.quantity("ferritin_uln")),
        "ferritin_baseline": compared(_over_twice, ferritin, charted.quantity("ferritin_baseline")),
        "ferritin_rising": charted.yes_no("ferritin_rising"),
    }
    elsewhere = charted.yes_no("other_explanation")
    severity = charted.choice("iec_hs_severity")
    present = _manifestations(charted)
    charted.finish()
    syndrome = every((some(routes.values()), negated(elsewhere)))
    grades = (SEVERITIES.index(severity) + 1,) if severity else tuple(range(1, 6))
    possible = (*((0,) if syndrome is not True else ()), *(grades if syndrome is not False else ()))
    open_inputs = [name for name, answer in routes.items() if answer is None]
    missing = [
        *(["ferritin"] if ferritin is None else []),
        *(open_inputs if some(routes.values()) is None else []),
        *(["other_explanation"] if elsewhere is None else []),
        *(["iec_hs_severity"] if severity is None else []),
    ]
    return grade_from(
        ("iec-hs", VERSION),
        possible,
        _iec_hs_deciding(routes, elsewhere, severity, syndrome),
        missing=missing,
        warnings=(UNVERIFIED, JUDGEMENT, f"manifestations charted: {present}"),
        at=at,
        words=((0, "no IEC-HS"),),
    )


def _over_twice(value: Decimal, limit: Decimal) -> bool:
    return value > 2 * limit


def _manifestations(charted: Charted) -> str:
    usual = [name for name in _USUAL if charted.yes_no(name)]
    others = [name for name in _OTHERS if charted.yes_no(name)]
    usual += ["fibrinogen < 150 mg/dL"] if _limit(charted, "fibrinogen", operator.lt, "1.5") else []
    others += (
        ["triglycerides > 265 mg/dL"]
        if _limit(charted, "triglycerides", operator.gt, "265")
        else []
    )
    groups = [
        f"{word} {', '.join(names).replace('_', ' ')}"
        for word, names in (("usual:", usual), ("other:", others))
        if names
    ]
    return "; ".join(groups) or "none"


def _iec_hs_deciding(
    routes: dict[str, Answer], elsewhere: Answer, severity: str | None, syndrome: Answer
) -> list[Datum]:
    words = {
        "ferritin_uln": "ferritin above twice the upper limit of normal",
        "ferritin_baseline": "ferritin above twice the value before infusion",
        "ferritin_rising": "ferritin rising rapidly",
    }
    if syndrome is False and elsewhere:
        return [Datum("other_explanation", "yes", "", 0, "explained by another cause")]
    if syndrome is False:
        return [Datum("ferritin", "not raised", "", 0, "the ferritin requirement is not met")]
    if syndrome is None:
        return []
    grade = SEVERITIES.index(severity) + 1 if severity else 1
    met = [Datum(name, "yes", "", grade, words[name]) for name, held in routes.items() if held]
    return [*met, *([Datum("iec_hs_severity", severity, "", grade, severity)] if severity else [])]


RULES: tuple[Rule, ...] = (
    Rule(
        "iec-hs", "IEC-HS, the hyperinflammatory syndrome of immune effector cells", VERSION,
        "Hines et al., Transplant Cell Ther 2023", "10.1016/j.jtct.2023.03.006",
        "unverified", "criteria not seen verbatim", IEC_HS_INPUTS, iec_hs, ((0, "no IEC-HS"),),
    ),
    Rule(
        "hlh-2004", "HLH-2004 criteria, five of eight", VERSION,
        "HLH-2004 criteria, as printed in PMC8212354 table 2", "",
        "verified", "PMC8212354 table 2", HLH_2004_INPUTS, hlh_2004, HLH_WORDS,
    ),
)  # fmt: skip
