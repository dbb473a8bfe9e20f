"""Cytokine release syndrome by the ASTCT consensus of 2019."""

from __future__ import annotations

from cartwheel.clinic.toxicity.answers import Answers, read_chart
from cartwheel.clinic.toxicity.assessment import Chart, Datum, Grade, Rule, grade_from
from cartwheel.clinic.toxicity.domains import (
    Domain,
    Worst,
    deciding,
    unless_other_cause,
    worst_of,
)
from cartwheel.clinic.toxicity.fever import fever_of
from cartwheel.clinic.toxicity.oxygen import devices_possible
from cartwheel.clinic.toxicity.vasopressors import VASOPRESSIN
from cartwheel.clinic.toxicity.vocabulary import inputs_named

_IDENTITY = ("astct-crs", "1.0.0")
_INPUTS = inputs_named(
    "temperature", "fever", "crs_before", "antipyretic", "anticytokine", "corticosteroid",
    "hypotension", "vasopressors", "oxygen_device", "oxygen_flow", "crs_other_cause",
    "died_of_crs",
)  # fmt: skip

_BY_DEVICE = {
    "room air": (0, "no oxygen"),
    "low-flow nasal cannula": (2, "low-flow nasal cannula (<= 6 L/min) or blow-by"),
    "blow-by": (2, "low-flow nasal cannula (<= 6 L/min) or blow-by"),
    "high-flow nasal cannula": (3, "high-flow nasal cannula (> 6 L/min), mask or Venturi"),
    "face mask": (3, "high-flow nasal cannula (> 6 L/min), mask or Venturi"),
    "non-rebreather mask": (3, "high-flow nasal cannula (> 6 L/min), mask or Venturi"),
    "Venturi mask": (3, "high-flow nasal cannula (> 6 L/min), mask or Venturi"),
    "CPAP": (4, "positive pressure"),
    "BiPAP": (4, "positive pressure"),
    "non-invasive ventilation": (4, "positive pressure"),
    "mechanical ventilation": (4, "positive pressure"),
}
_LONE_VASOPRESSIN = (
    "vasopressin alone: the rule does not name this case; grade 3, because grade 2 needs that "
    "there is no vasopressor and grade 4 does not count vasopressin"
)
_PRESSOR_WITHOUT_HYPOTENSION = (
    "a vasopressor is charted without hypotension: it counts as hypotension that needs it"
)
_FEVER_NOT_NEEDED = (
    "no fever is needed: CRS was there before, and was treated since; hypotension and hypoxia "
    "alone decide"
)
_SIGNS_WITHOUT_FEVER = "hypotension or hypoxia without fever: not graded as CRS by this rule"
_NO_FEVER_LEFT = (
    "after antipyretic or anticytokine therapy, without hypotension and hypoxia: no criterion of "
    "the rule is met; this is not yet the end of CRS by every protocol"
)


def astct_crs(chart: Chart, *, at: str | None = None) -> Grade:
    """Grade cytokine release syndrome by ASTCT 2019.

    Parameters
    ----------
    chart : mapping of str to object
        The inputs of ``ASTCT_CRS.inputs``, as `read_chart` takes them.
    at : str, optional
        Time of the assessment, handed through.

    Returns
    -------
    Grade
        0 to 5; a range where the chart leaves several grades possible.

    Raises
    ------
    CohortRefused
        What cannot be read, by name; a device and a flow that contradict each other.

    Notes
    -----
    Grade 1 is a fever (>= 38.0 Cel) not due to another cause; hypotension and hypoxia raise it,
    the worse of the two deciding. Without fever there is no grade, unless CRS was there before and
    antipyretics, anticytokine therapy or corticosteroids were given since: then hypotension and
    hypoxia alone decide. Vasopressin does not count towards several vasopressors. Death due to CRS
    is grade 5. Organ toxicity does not count.

    References
    ----------
    Lee DW et al. Biol Blood Marrow Transplant 2019;25:625-638, doi 10.1016/j.bbmt.2018.12.758.
    """
    answers = read_chart(chart, _INPUTS)
    if answers.flag("died_of_crs"):
        death = Datum("died_of_crs", "yes", "", 5, "death due to CRS")
        return grade_from(_IDENTITY, (5,), (death,), warnings=answers.warnings, at=at)
    hypotension = _counted(answers, _hypotension(answers), "hypotension")
    hypoxia = _counted(answers, _hypoxia(answers), "hypoxia")
    return _gated(answers, (hypotension, hypoxia), at)


def _counted(answers: Answers, domain: Domain, sign: str) -> Domain:
    return unless_other_cause(domain, sign, answers, "crs_other_cause")


def _hypotension(answers: Answers) -> Domain:
    low = answers.flag("hypotension")
    agents = answers.names("vasopressors")
    if agents is None:
        # without their names any number of vasopressors may be running
        without = frozenset((2,)) if low else frozenset((0, 2)) if low is None else frozenset((0,))
        data = () if low is None else (_hypotension_datum(low),)
        also = ("hypotension",) if low is None else ()
        return Domain(without | {3, 4}, data, ("vasopressors", *also))
    if agents:
        return _on_vasopressors(agents, low)
    if low is None:
        datum = Datum("vasopressors", "none", "", 0, "no vasopressor")
        return Domain(frozenset((0, 2)), (datum,), ("hypotension",))
    return Domain(frozenset((2 if low else 0,)), (_hypotension_datum(low),))


def _hypotension_datum(low: bool) -> Datum:
    if low:
        return Datum("hypotension", "yes", "", 2, "hypotension without vasopressor")
    return Datum("hypotension", "no", "", 0, "no hypotension")


def _on_vasopressors(agents: tuple[str, ...], low: bool | None) -> Domain:
    counted = [agent for agent in agents if agent != VASOPRESSIN]
    if len(counted) > 1:
        gives, rule = 4, "several vasopressors, not counting vasopressin"
    else:
        gives, rule = 3, "one vasopressor, with or without vasopressin"
    warnings: tuple[str, ...] = (_LONE_VASOPRESSIN,) if not counted else ()
    if low is False:
        warnings += (_PRESSOR_WITHOUT_HYPOTENSION,)
    datum = Datum("vasopressors", ", ".join(agents), "", gives, rule)
    return Domain(frozenset((gives,)), (datum,), warnings=warnings)


def _hypoxia(answers: Answers) -> Domain:
    possible = devices_possible(answers)
    gives = frozenset(_BY_DEVICE[device][0] for device in possible)
    device, flow = answers.word("oxygen_device"), answers.number("oxygen_flow")
    if device is None:
        if flow is None:
            return Domain(gives, missing=("oxygen_device", "oxygen_flow"))
        lowest = min(gives)
        datum = Datum("oxygen_flow", str(flow), "L/min", lowest, "the device decides")
        return Domain(gives, (datum,), ("oxygen_device",))
    lowest, rule = min(_BY_DEVICE[each] for each in possible)
    shown = device if flow is None or device == "room air" else f"{device} at {flow} L/min"
    missing = ("oxygen_flow",) if len(gives) > 1 else ()
    rule = f"at least {rule}" if missing else rule
    return Domain(gives, (Datum("oxygen_device", shown, "", lowest, rule),), missing)


def _gated(answers: Answers, signs: tuple[Domain, Domain], at: str | None) -> Grade:
    """Join fever with the two signs: a fever that is needed and not there leaves no grade."""
    fever = fever_of(answers)
    exempt, exempt_missing = _exempt(answers)
    ways: list[Worst] = []
    if fever.present is not False:
        ways.append(worst_of(signs, floor=1))
    if fever.present is not True and exempt is not False:
        ways.append(worst_of(signs))
    if fever.present is not True and exempt is not True:
        ways.append(_NO_GRADE)
    possible = frozenset[int]().union(*(way.possible for way in ways))
    missing = [name for way in ways for name in way.missing]
    if len({way.possible for way in ways}) > 1:
        missing += fever.missing
        missing += exempt_missing if fever.present is not True else ()
    if answers.flag("died_of_crs") is None:
        possible |= {5}
        missing.append("died_of_crs")
    data = (*fever.data, *(datum for sign in signs for datum in sign.data))
    return grade_from(
        _IDENTITY,
        possible,
        deciding(data, min(possible)),
        missing=missing,
        warnings=(*answers.warnings, *_warnings(fever.present, exempt, worst_of(signs))),
        at=at,
    )


_NO_GRADE = Worst(frozenset((0,)), (), (), ())


def _exempt(answers: Answers) -> tuple[bool | None, tuple[str, ...]]:
    """Tell whether fever is no longer needed, and which inputs would settle it."""
    names = ("antipyretic", "anticytokine", "corticosteroid")
    given = {name: answers.flag(name) for name in names}
    treated = True if True in given.values() else None if None in given.values() else False
    before = answers.flag("crs_before")
    if before is False or treated is False:
        return False, ()
    open_inputs: tuple[str, ...] = ("crs_before",) if before is None else ()
    if treated is None:
        open_inputs += tuple(name for name, flag in given.items() if flag is None)
    return (None if open_inputs else True), open_inputs


def _warnings(fever: bool | None, exempt: bool | None, signs: Worst) -> tuple[str, ...]:
    found = signs.warnings
    if fever is False and exempt:
        found += (_NO_FEVER_LEFT if signs.possible == {0} else _FEVER_NOT_NEEDED,)
    if fever is False and exempt is False and min(signs.possible) > 0:
        found += (_SIGNS_WITHOUT_FEVER,)
    return found


ASTCT_CRS = Rule(
    id=_IDENTITY[0],
    title="Cytokine release syndrome, ASTCT 2019",
    version=_IDENTITY[1],
    citation="Lee DW et al. ASTCT consensus grading for cytokine release syndrome and neurologic "
    "toxicity associated with immune effector cells. Biol Blood Marrow Transplant 2019;25:625-638",
    doi="10.1016/j.bbmt.2018.12.758",
    status="verified",
    source="PMC9327779 table 2; PMC8021214 table 1; CRS before the treatment: footnote of the "
    "grading table at jitc.bmj.com (markup 13993). Vasopressin alone is named nowhere",
    inputs=_INPUTS,
    function=astct_crs,
)
