"""CRS by the scales before 2019, for studies that convert: Lee 2014, Penn, MSKCC and CARTOX."""

from __future__ import annotations

from collections.abc import Sequence

from cartwheel.clinic.toxicity.answers import Answers, read_chart
from cartwheel.clinic.toxicity.assessment import Chart, Datum, Grade, Rule, grade_from
from cartwheel.clinic.toxicity.domains import (
    Domain,
    deciding,
    settled,
    unless_other_cause,
    worst_of,
    yes_or_no,
)
from cartwheel.clinic.toxicity.older_signs import (
    by_dose,
    feverish,
    organ_domain,
    oxygen_domain,
    vasopressor_domain,
)
from cartwheel.clinic.toxicity.vocabulary import inputs_named

_VERSION = "1.0.0"
_SOURCE = "PMC7006459 table 2"
_COMMON = (
    "temperature", "fever", "constitutional_symptoms", "hypotension", "vasopressors",
)  # fmt: skip
_OXYGEN = ("oxygen_device", "oxygen_flow", "fio2")
_ORGANS = ("creatinine_ctcae", "transaminase_ctcae", "organ_ctcae")
_END = ("crs_other_cause", "died_of_crs")

_LEE_INPUTS = inputs_named(
    *_COMMON, "vasopressor_dose", *_OXYGEN, "noninvasive_counts_as", *_ORGANS, *_END
)
_PENN_INPUTS = inputs_named(
    *_COMMON, "fluids_for_hypotension", "vasopressor_dose", *_OXYGEN, "creatinine_ctcae",
    "transaminase_ctcae", "coagulopathy_products", "admitted_for_crs", *_END,
)  # fmt: skip
_MSKCC_INPUTS = inputs_named(
    *_COMMON, "vasopressor_hours", "refractory_hypotension", *_OXYGEN, "noninvasive_counts_as",
    *_END,
)  # fmt: skip
_CARTOX_INPUTS = inputs_named(
    *_COMMON[:2], *_COMMON[3:], "vasopressor_dose", "life_threatening_hypotension", *_OXYGEN,
    "noninvasive_counts_as", *_ORGANS, *_END,
)  # fmt: skip


def lee_2014(chart: Chart, *, at: str | None = None) -> Grade:
    """Grade CRS by Lee 2014.

    Parameters
    ----------
    chart : mapping of str to object
        The inputs of ``LEE_2014.inputs``, as `read_chart` takes them.
    at : str, optional
        Time of the assessment, handed through.

    Returns
    -------
    Grade
        0 to 5; a range where the chart leaves several grades possible.

    Raises
    ------
    CohortRefused
        What cannot be read, by name; a device, a flow and an FiO2 that contradict each other.

    Notes
    -----
    1: fever or constitutional symptoms. 2: hypotension that fluids or one low-dose vasopressor
    hold; oxygen below 40 %; organ toxicity 2. 3: several vasopressors (vasopressin included) or a
    high dose; oxygen of 40 % or more; organ toxicity 3; transaminitis 4. 4: ventilation; organ
    toxicity 4 other than transaminitis. Fever is not needed. Organ toxicity of grade 1 has no row.

    References
    ----------
    Lee DW et al. Blood 2014;124:188-195, doi 10.1182/blood-2014-05-552729.
    """
    answers = read_chart(chart, _LEE_INPUTS)

    def running(seen: Answers, several: bool) -> Domain:
        if several:
            return settled("vasopressors", "", 3, "several vasopressors")
        return by_dose(seen, 2, 3, "vasopressor")

    domains = (
        feverish(answers),
        yes_or_no(answers, "constitutional_symptoms", 1, "constitutional symptoms"),
        _sign(answers, vasopressor_domain(answers, _held_by_fluids, running), "hypotension"),
        _sign(answers, oxygen_domain(answers, (2, 3), 4, None), "hypoxia"),
        organ_domain(answers, "creatinine_ctcae", (0, 0, 2, 3, 4), "creatinine toxicity"),
        organ_domain(answers, "transaminase_ctcae", (0, 0, 2, 3, 3), "transaminitis"),
        organ_domain(answers, "organ_ctcae", (0, 0, 2, 3, 4), "organ toxicity"),
    )
    return _graded("lee-2014", answers, domains, at)


def penn(chart: Chart, *, at: str | None = None) -> Grade:
    """Grade CRS by the Penn scale.

    Parameters
    ----------
    chart : mapping of str to object
        The inputs of ``PENN.inputs``, as `read_chart` takes them.
    at : str, optional
        Time of the assessment, handed through.

    Returns
    -------
    Grade
        0 to 5; a range where the chart leaves several grades possible.

    Raises
    ------
    CohortRefused
        As `lee_2014`.

    Notes
    -----
    1: mild (fever, symptoms, hypotension without treatment). 2: creatinine 2, transaminitis 3, in
    hospital for CRS. 3: creatinine 3 (4 as well: the scale names no worse), transaminitis 4,
    hypotension treated with fluids or low-dose vasopressors, blood products for coagulopathy, any
    oxygen, CPAP and BiPAP included. 4: high-dose vasopressors, mechanical ventilation. That
    several vasopressors count as a high dose is not said: the dose decides.

    References
    ----------
    Porter D et al. J Hematol Oncol 2018;11:35, doi 10.1186/s13045-018-0571-y.
    """
    answers = read_chart(chart, _PENN_INPUTS)

    def without(seen: Answers) -> Domain:
        fluids = seen.flag("fluids_for_hypotension")
        if fluids is None:
            datum = Datum("hypotension", "yes", "", 1, "at least a mild reaction")
            return Domain(frozenset((1, 3)), (datum,), ("fluids_for_hypotension",))
        rule = "hypotension treated with fluids" if fluids else "mild reaction"
        return settled("hypotension", "yes", 3 if fluids else 1, rule)

    def running(seen: Answers, _several: bool) -> Domain:
        return by_dose(seen, 3, 4, "vasopressors")

    domains = (
        feverish(answers),
        yes_or_no(answers, "constitutional_symptoms", 1, "mild reaction"),
        _sign(answers, vasopressor_domain(answers, without, running), "hypotension"),
        _sign(answers, oxygen_domain(answers, (3, 3), 4, 3), "hypoxia"),
        organ_domain(answers, "creatinine_ctcae", (0, 1, 2, 3, 3), "creatinine toxicity"),
        organ_domain(answers, "transaminase_ctcae", (0, 1, 1, 2, 3), "transaminitis"),
        yes_or_no(answers, "coagulopathy_products", 3, "blood products for coagulopathy"),
        yes_or_no(answers, "admitted_for_crs", 2, "in hospital because of CRS"),
    )
    return _graded("penn", answers, domains, at)


def mskcc(chart: Chart, *, at: str | None = None) -> Grade:
    """Grade CRS by the MSKCC scale.

    Parameters
    ----------
    chart : mapping of str to object
        The inputs of ``MSKCC.inputs``, as `read_chart` takes them.
    at : str, optional
        Time of the assessment, handed through.

    Returns
    -------
    Grade
        0 to 5; a range where the chart leaves several grades possible.

    Raises
    ------
    CohortRefused
        As `lee_2014`.

    Notes
    -----
    1: mild (fever, symptoms, hypotension without vasopressor). 2: vasopressors for less than 24
    hours; oxygen below 40 %. 3: vasopressors for 24 hours or more; oxygen of 40 % or more. 4:
    hypotension refractory to high-dose vasopressors; mechanical ventilation.

    References
    ----------
    Park JH et al. N Engl J Med 2018;378:449-459, doi 10.1056/NEJMoa1709919.
    """
    answers = read_chart(chart, _MSKCC_INPUTS)

    def without(_seen: Answers) -> Domain:
        return settled("hypotension", "yes", 1, "hypotension without vasopressor: mild")

    def running(seen: Answers, _several: bool) -> Domain:
        return _by_hours(seen)

    domains = (
        feverish(answers),
        yes_or_no(answers, "constitutional_symptoms", 1, "mild symptoms"),
        _sign(answers, vasopressor_domain(answers, without, running), "hypotension"),
        _sign(answers, oxygen_domain(answers, (2, 3), 4, None), "hypoxia"),
    )
    return _graded("mskcc", answers, domains, at)


def _by_hours(answers: Answers) -> Domain:
    refractory, hours = answers.flag("refractory_hypotension"), answers.number("vasopressor_hours")
    if refractory:
        return settled("vasopressors", "", 4, "refractory to high-dose vasopressors")
    missing = () if refractory is False else ("refractory_hypotension",)
    if hours is None:
        gives, missing, rule = {2, 3}, ("vasopressor_hours", *missing), "at least: vasopressors"
    elif hours < 24:
        gives, rule = {2}, "vasopressors for less than 24 hours"
    else:
        gives, rule = {3}, "vasopressors for 24 hours or more"
    datum = Datum("vasopressors", "", "", min(gives), rule)
    return Domain(frozenset(gives | ({4} if refractory is None else set())), (datum,), missing)


def cartox(chart: Chart, *, at: str | None = None) -> Grade:
    """Grade CRS by the CARTOX scale (MD Anderson).

    Parameters
    ----------
    chart : mapping of str to object
        The inputs of ``CARTOX.inputs``, as `read_chart` takes them.
    at : str, optional
        Time of the assessment, handed through.

    Returns
    -------
    Grade
        0 to 5; a range where the chart leaves several grades possible.

    Raises
    ------
    CohortRefused
        As `lee_2014`.

    Notes
    -----
    1: fever, organ toxicity 1. 2: hypotension that fluids or one low-dose vasopressor hold; oxygen
    below 40 %; organ toxicity 2. 3: high-dose or several vasopressors (vasopressin included);
    oxygen of 40 % or more; organ toxicity 3; transaminitis 4. 4: life-threatening hypotension;
    ventilation; organ toxicity 4 other than transaminitis. Neurotoxicity is not graded here.

    References
    ----------
    Neelapu SS et al. Nat Rev Clin Oncol 2018;15:47-62, doi 10.1038/nrclinonc.2017.148.
    """
    answers = read_chart(chart, _CARTOX_INPUTS)

    def without(seen: Answers) -> Domain:
        return _or_life_threatening(seen, _held_by_fluids(seen))

    def running(seen: Answers, several: bool) -> Domain:
        if several:
            return _or_life_threatening(
                seen, settled("vasopressors", "", 3, "several vasopressors")
            )
        return _or_life_threatening(seen, by_dose(seen, 2, 3, "vasopressor"))

    domains = (
        feverish(answers),
        _sign(answers, vasopressor_domain(answers, without, running), "hypotension"),
        _sign(answers, oxygen_domain(answers, (2, 3), 4, None), "hypoxia"),
        organ_domain(answers, "creatinine_ctcae", (0, 1, 2, 3, 4), "creatinine toxicity"),
        organ_domain(answers, "transaminase_ctcae", (0, 1, 2, 3, 3), "transaminitis"),
        organ_domain(answers, "organ_ctcae", (0, 1, 2, 3, 4), "organ toxicity"),
    )
    return _graded("cartox", answers, domains, at)


def _held_by_fluids(_answers: Answers) -> Domain:
    return settled("hypotension", "yes", 2, "hypotension without vasopressor")


def _or_life_threatening(answers: Answers, found: Domain) -> Domain:
    threatening = answers.flag("life_threatening_hypotension")
    name = found.data[0].name
    if threatening:
        return settled(name, "yes", 4, "life-threatening hypotension")
    if threatening is False:
        return found
    missing = (*found.missing, "life_threatening_hypotension")
    return Domain(found.gives | {4}, found.data, missing)


def _sign(answers: Answers, domain: Domain, sign: str) -> Domain:
    return unless_other_cause(domain, sign, answers, "crs_other_cause")


def _graded(rule: str, answers: Answers, domains: Sequence[Domain], at: str | None) -> Grade:
    identity = (rule, _VERSION)
    died = answers.flag("died_of_crs")
    if died:
        death = Datum("died_of_crs", "yes", "", 5, "death due to CRS")
        return grade_from(identity, (5,), (death,), warnings=answers.warnings, at=at)
    worst = worst_of(domains)
    return grade_from(
        identity,
        worst.possible | (frozenset((5,)) if died is None else frozenset()),
        deciding(worst.data, min(worst.possible)),
        missing=(*worst.missing, *(("died_of_crs",) if died is None else ())),
        warnings=(*answers.warnings, *worst.warnings),
        at=at,
    )


LEE_2014 = Rule(
    id="lee-2014",
    title="Cytokine release syndrome, Lee 2014",
    version=_VERSION,
    citation="Lee DW et al. Current concepts in the diagnosis and management of cytokine release "
    "syndrome. Blood 2014;124:188-195",
    doi="10.1182/blood-2014-05-552729",
    status="verified",
    source=_SOURCE,
    inputs=_LEE_INPUTS,
    function=lee_2014,
)
PENN = Rule(
    id="penn",
    title="Cytokine release syndrome, Penn scale",
    version=_VERSION,
    citation="Porter D et al. Grading of cytokine release syndrome associated with the CAR T cell "
    "therapy tisagenlecleucel. J Hematol Oncol 2018;11:35",
    doi="10.1186/s13045-018-0571-y",
    status="verified",
    source=_SOURCE + "; CPAP and BiPAP: ashpublications view-large/9593269",
    inputs=_PENN_INPUTS,
    function=penn,
)
MSKCC = Rule(
    id="mskcc",
    title="Cytokine release syndrome, MSKCC scale",
    version=_VERSION,
    citation="Park JH et al. Long-term follow-up of CD19 CAR therapy in acute lymphoblastic "
    "leukemia. N Engl J Med 2018;378:449-459",
    doi="10.1056/NEJMoa1709919",
    status="verified",
    source=_SOURCE,
    inputs=_MSKCC_INPUTS,
    function=mskcc,
)
CARTOX = Rule(
    id="cartox",
    title="Cytokine release syndrome, CARTOX (MD Anderson)",
    version=_VERSION,
    citation="Neelapu SS et al. Chimeric antigen receptor T-cell therapy - assessment and "
    "management of toxicities. Nat Rev Clin Oncol 2018;15:47-62",
    doi="10.1038/nrclinonc.2017.148",
    status="verified",
    source=_SOURCE,
    inputs=_CARTOX_INPUTS,
    function=cartox,
)
