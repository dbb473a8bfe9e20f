"""Neurotoxicity (ICANS) by the ASTCT consensus of 2019, for adults and for children."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from cartwheel.clinic.toxicity.answers import Answers, read_chart
from cartwheel.clinic.toxicity.assessment import Chart, Datum, Grade, Rule, grade_from
from cartwheel.clinic.toxicity.domains import (
    Domain,
    deciding,
    settled,
    unless_other_cause,
    worst_of,
)
from cartwheel.clinic.toxicity.vocabulary import (
    CONSCIOUSNESS,
    ICE_ITEMS,
    INPUTS,
    inputs_named,
)
from cartwheel.errors import CohortRefused, refuse

_VERSION = "1.0.0"
_INPUTS = inputs_named(
    "age", "developmental_delay", "ice", *ICE_ITEMS, "capd", "capd_unable", "consciousness",
    "seizure", "motor", "cerebral_oedema", "raised_icp_signs", "icans_other_cause",
    "died_of_icans",
)  # fmt: skip

# word charted -> grade and the rule's words
_BY_CONSCIOUSNESS = {
    word: (grade, rule)
    for grade, (word, rule) in enumerate(
        zip(
            CONSCIOUSNESS,
            (
                "normal",
                "awakens spontaneously",
                "awakens to voice",
                "awakens only to tactile stimulus",
                "unarousable, or only by vigorous or repetitive stimuli; stupor or coma",
            ),
            strict=True,
        )
    )
}
_BY_SEIZURE = {
    "none": (0, "no seizure"),
    "resolved rapidly": (3, "clinical seizure that resolves rapidly"),
    "non-convulsive, resolved with intervention": (
        3,
        "non-convulsive seizure on EEG that resolves with intervention",
    ),
    "longer than 5 min": (4, "prolonged seizure (> 5 min)"),
    "repetitive without return to baseline": (4, "repetitive without return to baseline"),
}
_BY_MOTOR = {
    "none": (0, "no motor finding"),
    "tremor or myoclonus": (0, "tremor and myoclonus do not count"),
    "deep focal weakness": (4, "deep focal motor weakness"),
}
_BY_OEDEMA = {
    "none": (0, "no oedema"),
    "not imaged": (0, "not imaged"),
    "haemorrhage": (0, "intracranial haemorrhage does not count"),
    "focal": (3, "focal oedema on imaging"),
    "diffuse": (4, "diffuse oedema on imaging"),
}
_LOWEST_CAPD = (
    "a CAPD of 0 is taken as no finding; the sources print grade 1 as '1-8' or as 'below 9'"
)
_SPONTANEOUS = (
    "'awakens spontaneously' gives grade 1 as printed; chart 'alert' where consciousness is normal"
)


def astct_icans(chart: Chart, *, at: str | None = None, child_at_twelve: bool = False) -> Grade:
    """Grade neurotoxicity by ASTCT 2019.

    Parameters
    ----------
    chart : mapping of str to object
        The inputs of ``ASTCT_ICANS.inputs``, as `read_chart` takes them.
    at : str, optional
        Time of the assessment, handed through.
    child_at_twelve : bool
        Whether patients aged 12 are graded as children, as the NCI Thesaurus words it; by ASTCT
        children are younger than 12.

    Returns
    -------
    Grade
        0 to 5; a range where the chart leaves several grades possible.

    Raises
    ------
    CohortRefused
        What cannot be read, by name; an ICE total that its items contradict.

    Notes
    -----
    The worst of cognition, consciousness, seizure, motor findings and intracranial pressure
    decides; a finding due to another cause does not count. Cognition is the ICE (10 points) in
    adults, the CAPD in children and in developmental delay. An ICE of 0 is grade 3 while the
    patient can be aroused (global aphasia) and grade 4 where not. Tremor, myoclonus and
    intracranial haemorrhage do not count.

    References
    ----------
    Lee DW et al. Biol Blood Marrow Transplant 2019;25:625-638, doi 10.1016/j.bbmt.2018.12.758.
    """
    identity = (_TWELVE_ID if child_at_twelve else _ID, _VERSION)
    answers = read_chart(chart, _INPUTS)
    if answers.flag("died_of_icans"):
        death = Datum("died_of_icans", "yes", "", 5, "death due to ICANS")
        return grade_from(identity, (5,), (death,), warnings=answers.warnings, at=at)
    worst = worst_of(
        [
            unless_other_cause(domain, sign, answers, "icans_other_cause")
            for sign, domain in (
                ("cognition", _cognition(answers, child_at_twelve)),
                ("consciousness", _graded(answers, "consciousness", _BY_CONSCIOUSNESS)),
                ("seizure", _graded(answers, "seizure", _BY_SEIZURE)),
                ("motor", _graded(answers, "motor", _BY_MOTOR)),
                ("intracranial pressure", _pressure(answers)),
            )
        ]
    )
    possible, missing = set(worst.possible), list(worst.missing)
    if answers.flag("died_of_icans") is None:
        possible.add(5)
        missing.append("died_of_icans")
    lowest = min(possible)
    decided = deciding(worst.data, lowest)
    warnings = [*answers.warnings, *worst.warnings]
    if lowest == 1 and {datum.name for datum in decided} == {"consciousness"}:
        warnings.append(_SPONTANEOUS)
    return grade_from(identity, possible, decided, missing=missing, warnings=warnings, at=at)


def _graded(answers: Answers, name: str, grades: dict[str, tuple[int, str]]) -> Domain:
    word = answers.word(name)
    if word is None:
        return Domain(frozenset(grade for grade, _ in grades.values()), missing=(name,))
    return settled(name, word, *grades[word])


def _pressure(answers: Answers) -> Domain:
    imaging = _graded(answers, "cerebral_oedema", _BY_OEDEMA)
    signs = answers.names("raised_icp_signs")
    if signs is None:
        clinical = Domain(frozenset((0, 4)), missing=("raised_icp_signs",))
    elif signs:
        clinical = settled("raised_icp_signs", ", ".join(signs), 4, "raised intracranial pressure")
    else:
        clinical = settled("raised_icp_signs", "none", 0, "no sign of raised pressure")
    both = worst_of((imaging, clinical))
    return Domain(both.possible, both.data, both.missing)


def _cognition(answers: Answers, child_at_twelve: bool) -> Domain:
    child = _is_child(answers, child_at_twelve)
    if child is not None:
        return _capd(answers) if child else _ice(answers)
    either = (_ice(answers), _capd(answers))
    gives = either[0].gives | either[1].gives
    missing = ("age", *either[0].missing, *either[1].missing)
    lowest = min(gives)
    data = tuple(datum for domain in either for datum in domain.data if datum.gives == lowest)
    return Domain(gives, data, missing if len(gives) > 1 else ())


def _is_child(answers: Answers, child_at_twelve: bool) -> bool | None:
    delayed, age = answers.flag("developmental_delay"), answers.number("age")
    if delayed:
        return True
    if age is None:
        return None
    young = age < 13 if child_at_twelve else age < 12
    return None if delayed is None and not young else young


def _ice(answers: Answers) -> Domain:
    low, high = _ice_limits(answers)
    gives = frozenset(_ice_grade(points) for points in range(low, high + 1))
    missing: tuple[str, ...] = ()
    if len(gives) > 1:
        items = tuple(name for name in ICE_ITEMS if answers.number(name) is None)
        missing = ("ice",) if len(items) == len(ICE_ITEMS) else items
    if low == 0 and high == _ICE_TOTAL:
        return Domain(gives, missing=missing)
    grade = min(gives)
    shown = str(low) if low == high else f"{low} to {high}"
    data = (Datum("ice", shown, "points", grade, _ICE_WORDS[grade]),)
    return Domain(gives, data, missing)


_ICE_TOTAL = 10
_ICE_WORDS = ("ICE 10", "ICE 7-9", "ICE 3-6", "ICE 0-2 (0: grade 4 only if unarousable)")


def _ice_grade(points: int) -> int:
    # the grade 4 of an ICE of 0 is the unarousable patient, whom consciousness grades
    return 0 if points == _ICE_TOTAL else 1 if points >= 7 else 2 if points >= 3 else 3


def _ice_limits(answers: Answers) -> tuple[int, int]:
    """Least and largest ICE that total and items leave possible."""
    total = answers.number("ice")
    low = high = 0
    for name in ICE_ITEMS:
        points = answers.number(name)
        low += int(points or 0)
        high += int(points) if points is not None else INPUTS[name].high or 0
    if total is None:
        return low, high
    if not low <= total <= high:
        raise refuse(
            CohortRefused, "contradiction", "the ICE total does not fit its items", where="ice",
            mend="chart the items alone, or the total alone",
        )  # fmt: skip
    return int(total), int(total)


def _capd(answers: Answers) -> Domain:
    unable, capd = answers.flag("capd_unable"), answers.number("capd")
    if unable:
        if capd is not None:
            raise refuse(
                CohortRefused, "contradiction", "there is a CAPD, and none could be had",
                where="capd_unable", mend="chart either",
            )  # fmt: skip
        return settled("capd_unable", "yes", 4, "unable to perform the CAPD")
    if capd is None:
        missing = ("capd", "capd_unable") if unable is None else ("capd",)
        return Domain(frozenset((0, 1, 3)) | ({4} if unable is None else set()), missing=missing)
    if capd == 0:
        datum = Datum("capd", "0", "points", 0, "no finding")
        return Domain(frozenset((0,)), (datum,), warnings=(_LOWEST_CAPD,))
    grade, rule = (3, "CAPD of 9 or more") if capd >= _CAPD_LIMIT else (1, "CAPD below 9")
    return settled("capd", str(capd), grade, rule, unit="points")


_CAPD_LIMIT = Decimal(9)
_ID, _TWELVE_ID = "astct-icans", "astct-icans-child-at-12"
_CITATION = (
    "Lee DW et al. ASTCT consensus grading for cytokine release syndrome and neurologic toxicity "
    "associated with immune effector cells. Biol Blood Marrow Transplant 2019;25:625-638"
)
_SOURCE = "pn.bmj.com table 2; PMC9327779 table 2; PMC8403007 table 4; children: mdedge.com 192202"

ASTCT_ICANS = Rule(
    id=_ID,
    title="Neurotoxicity (ICANS), ASTCT 2019; children are younger than 12",
    version=_VERSION,
    citation=_CITATION,
    doi="10.1016/j.bbmt.2018.12.758",
    status="verified",
    source=_SOURCE,
    inputs=_INPUTS,
    function=astct_icans,
)

ASTCT_ICANS_CHILD_AT_12 = Rule(
    id=_TWELVE_ID,
    title="Neurotoxicity (ICANS), ASTCT 2019; children are 12 or younger",
    version=_VERSION,
    citation=_CITATION,
    doi="10.1016/j.bbmt.2018.12.758",
    status="verified",
    source=_SOURCE + "; the age as NCI Thesaurus C188936 words it",
    inputs=_INPUTS,
    function=partial(astct_icans, child_at_twelve=True),
)
