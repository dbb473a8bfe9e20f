"""Response to treatment as ordered classes: multiple myeloma (IMWG) and B-ALL at day 28."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from decimal import Decimal

from cartwheel.clinic.charted import Charted
from cartwheel.clinic.imwg import IMWG_INPUTS, IMWG_WORDS, Myeloma, read_myeloma
from cartwheel.clinic.three_valued import Answer, compared, every, first_that_holds, negated
from cartwheel.clinic.toxicity.assessment import Asked, Chart, Datum, Grade, Rule, grade_from
from cartwheel.errors import CohortRefused, Problem

VERSION = "1"
TWICE = "IMWG asks for two consecutive assessments: this is one"
NO_M_PROTEIN = (
    "no VGPR or MR was found for disease followed by light chains or marrow: neither is given; CR "
    "by light chains also asks for a normal ratio, which is not verified"
)


def imwg_response(chart: Chart, *, at: str | None = None) -> Grade:
    """Classify one assessment of multiple myeloma by the IMWG criteria.

    Parameters
    ----------
    chart : mapping
        The inputs of `IMWG_INPUTS`: M-protein now, at baseline and at its nadir, and what else the
        criteria ask. ``followed_by`` says by what the disease is measurable: the limits of
        measurable disease were not found, so it is asked.
    at : str, optional
        Handed through to the grade.

    Returns
    -------
    Grade
        0 sCR, 1 CR, 2 VGPR, 3 PR, 4 MR, 5 SD, 6 PD: the first that holds after progression is
        excluded. Classes that the chart leaves open are all possible.

    Raises
    ------
    CohortRefused
        Everything that cannot be read, at once.

    Notes
    -----
    The response counts once two consecutive assessments show it: `confirmed`. The plasmacytoma
    rule of MR differs between sources and is not read. Marrow plasma cells count for progression
    where they are charted, and are needed where the disease is followed by marrow alone; their
    absolute rise is taken in percentage points. MR is read as a fall of at least 25 % in serum and
    50 % in urine that is no PR, so that a fall larger in one of them is not SD.
    """
    charted = Charted(chart, IMWG_INPUTS)
    found = read_myeloma(charted)
    charted.finish()
    possible = first_that_holds(
        (
            (6, found.progression),
            (0, found.stringent),
            (1, found.complete),
            (2, found.very_good),
            (3, found.partial),
            (4, found.minimal),
        ),
        5,
    )
    deciding = _myeloma_deciding(found, possible)
    return grade_from(
        ("imwg-response", VERSION),
        possible,
        deciding,
        missing=found.missing(possible),
        warnings=(TWICE, NO_M_PROTEIN) if found.by_other_marker else (TWICE,),
        at=at,
        words=IMWG_WORDS,
    )


def _myeloma_deciding(found: Myeloma, possible: tuple[int, ...]) -> list[Datum]:
    if len(possible) > 1:
        return []
    words = dict(IMWG_WORDS)[possible[0]]
    return [
        Datum(name, value, unit, possible[0], f"read for {words}")
        for name, value, unit in found.shown
    ]


def confirmed(assessments: Iterable[Grade]) -> tuple[int, ...]:
    """Give the best response that two consecutive assessments confirm, as far as it is settled.

    Parameters
    ----------
    assessments : iterable of Grade
        Of `imwg_response`, in the order of their times.

    Returns
    -------
    tuple of int
        Classes still possible, ascending: the best class that two consecutive assessments both
        reach. Empty for fewer than two assessments.

    Notes
    -----
    An assessment reaches its own class and every lower response down to SD; PD is reached only by
    PD: two in sequence confirm it, and it ends what comes after it.
    """
    best: tuple[int, int] | None = None
    previous: Grade | None = None
    for each in assessments:
        progressed = previous is not None and previous.grade == 6
        if progressed and each.grade != 6:
            break
        # a first PD confirms nothing: the next assessment must show it as well
        if previous is not None and (progressed or each.grade != 6):
            pair = (max(previous.lowest, each.lowest), max(previous.highest, each.highest))
            best = pair if best is None else (min(best[0], pair[0]), min(best[1], pair[1]))
        if progressed:
            break
        previous = each
    return () if best is None else tuple(range(best[0], best[1] + 1))


_YES_NO_NOTE = "'no' where looked for and absent"
B_ALL_INPUTS: tuple[Asked, ...] = (
    Asked("marrow_blasts", "Marrow blasts", "quantity", unit="%"),
    Asked("circulating_blasts", "Circulating blasts", "yes_no", note=_YES_NO_NOTE),
    Asked("extramedullary_disease", "Extramedullary disease", "yes_no", note=_YES_NO_NOTE),
    Asked("neutrophils", "Neutrophils", "quantity", unit="10*9/L"),
    Asked("platelets", "Platelets", "quantity", unit="10*9/L"),
)
B_ALL_WORDS = ((0, "CR"), (1, "CRh"), (2, "CRi"), (3, "no CR"))
B_ALL_UNVERIFIED = "the B-ALL response criteria are not verified against their publication"


def b_all_response(chart: Chart, *, at: str | None = None) -> Grade:
    """Classify the response of B-ALL at day 28 (unverified).

    Parameters
    ----------
    chart : mapping
        The inputs of `B_ALL_INPUTS`.
    at : str, optional
        Handed through to the grade.

    Returns
    -------
    Grade
        0 CR, 1 CRh, 2 CRi, 3 no CR.

    Raises
    ------
    CohortRefused
        Everything that cannot be read, at once.

    Notes
    -----
    No CR unless marrow blasts are below 5 %, with no circulating blasts and no extramedullary
    disease. Then CR with neutrophils above 1 and platelets above 100 (10*9/L), CRh above 0.5 and
    50, else CRi.
    """
    charted = Charted(chart, B_ALL_INPUTS)
    blasts = charted.quantity("marrow_blasts")
    few = compared(operator.lt, blasts, Decimal(5))
    circulating = charted.yes_no("circulating_blasts")
    elsewhere = charted.yes_no("extramedullary_disease")
    counts = {name: charted.quantity(name) for name in ("neutrophils", "platelets")}
    charted.finish()
    cleared = every((few, negated(circulating), negated(elsewhere)))
    possible = first_that_holds(
        (
            (3, negated(cleared)),
            (0, _recovered(counts, ("1", "100"))),
            (1, _recovered(counts, ("0.5", "50"))),
        ),
        2,
    )
    read = {
        "marrow_blasts": (blasts, "%"),
        "circulating_blasts": (circulating, ""),
        "extramedullary_disease": (elsewhere, ""),
        **{name: (value, "10*9/L") for name, value in counts.items()},
    }
    words = dict(B_ALL_WORDS).get(possible[0], "")
    return grade_from(
        ("b-all-response", VERSION),
        possible,
        [
            Datum(name, _shown(value), unit, possible[0], f"read for {words}")
            for name, (value, unit) in read.items()
            if value is not None and len(possible) == 1
        ],
        missing=[name for name, (value, _) in read.items() if value is None],
        warnings=(B_ALL_UNVERIFIED,),
        at=at,
        words=B_ALL_WORDS,
    )


def _recovered(counts: dict[str, Decimal | None], limits: tuple[str, str]) -> Answer:
    return every(
        compared(operator.gt, counts[name], Decimal(limit))
        for name, limit in zip(("neutrophils", "platelets"), limits, strict=True)
    )


def _shown(value: Decimal | bool | None) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "yes" if value else "no"


MRD_INPUTS: tuple[Asked, ...] = (
    Asked(
        "mrd",
        "Minimal residual disease, fraction of cells",
        "quantity",
        unit="%",
        low=0,
        high=100,
        note="by flow cytometry or PCR; as a fraction with the unit 1",
    ),
    Asked(
        "mrd_result",
        "Minimal residual disease as reported",
        "choice",
        choices=("negative", "positive"),
        note="negative means below 0.01 %; in place of the number",
    ),
)
MRD_WORDS = ((0, "MRD-negative"), (1, "MRD-positive"))


def b_all_mrd(chart: Chart, *, at: str | None = None) -> Grade:
    """Tell whether minimal residual disease of B-ALL is below 0.01 % (unverified).

    Parameters
    ----------
    chart : mapping
        ``mrd`` with its unit, or ``mrd_result``; both must agree where both are charted.
    at : str, optional
        Handed through to the grade.

    Returns
    -------
    Grade
        0 MRD-negative, 1 MRD-positive.

    Raises
    ------
    CohortRefused
        What cannot be read; ``contradiction`` where number and report disagree.
    """
    charted = Charted(chart, MRD_INPUTS)
    level, report = charted.quantity("mrd"), charted.choice("mrd_result")
    charted.finish()
    by_level = None if level is None else int(level >= Decimal("0.01"))
    by_report = None if report is None else int(report == "positive")
    if by_level is not None and by_report is not None and by_level != by_report:
        raise CohortRefused(
            Problem(
                "contradiction",
                f"reported {report}, but the level lies on the other side of 0.01 %",
                "mrd",
                "chart the one that is right",
            )
        )
    grade = by_level if by_level is not None else by_report
    deciding = []
    if level is not None and grade is not None:
        deciding = [Datum("mrd", _shown(level), "%", grade, f"{'>=' if grade else '<'} 0.01 %")]
    elif report is not None and grade is not None:
        deciding = [Datum("mrd_result", report, "", grade, "as reported")]
    return grade_from(
        ("b-all-mrd", VERSION),
        (0, 1) if grade is None else (grade,),
        deciding,
        missing=("mrd",),
        warnings=(B_ALL_UNVERIFIED,),
        at=at,
        words=MRD_WORDS,
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "imwg-response", "IMWG response of multiple myeloma, one assessment", VERSION,
        "IMWG response criteria, as printed in PMC9954856 table 1 and nature.com 2404284", "",
        "verified", "PMC9954856 table 1; nature.com 2404284; ash-sap view-large 3937963",
        IMWG_INPUTS, imwg_response, IMWG_WORDS,
    ),
    Rule(
        "b-all-response", "B-ALL response at day 28", VERSION, "CR, CRh and CRi in B-ALL", "",
        "unverified", "not seen in a publication", B_ALL_INPUTS, b_all_response, B_ALL_WORDS,
    ),
    Rule(
        "b-all-mrd", "B-ALL minimal residual disease", VERSION, "MRD below 0.01 %", "",
        "unverified", "not seen in a publication", MRD_INPUTS, b_all_mrd, MRD_WORDS,
    ),
)  # fmt: skip
