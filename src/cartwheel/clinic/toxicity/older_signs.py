"""Signs as the CRS scales before 2019 grade them: circulation, oxygen and organs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from cartwheel.clinic.toxicity.answers import Answers
from cartwheel.clinic.toxicity.assessment import Datum
from cartwheel.clinic.toxicity.domains import Domain, settled
from cartwheel.clinic.toxicity.fever import fever_of
from cartwheel.clinic.toxicity.oxygen import NONINVASIVE, VENTILATION, devices_possible

FIO2_LIMIT = Decimal(40)
NO_ROW = "the scale has no row for this"
_COUNTS_WITHOUT_HYPOTENSION = (
    "a vasopressor is charted without hypotension: it counts as hypotension that needs it"
)


def feverish(answers: Answers) -> Domain:
    """Build the domain of fever, which gives 1 on every older scale.

    Parameters
    ----------
    answers : Answers
        What was charted.

    Returns
    -------
    Domain
    """
    fever = fever_of(answers)
    if fever.present is None:
        return Domain(frozenset((0, 1)), fever.data, fever.missing)
    return Domain(frozenset((int(fever.present),)), fever.data)


def vasopressor_domain(
    answers: Answers,
    without: Callable[[Answers], Domain],
    running: Callable[[Answers, bool], Domain],
) -> Domain:
    """Build the domain of hypotension from what a scale says with and without vasopressors.

    Parameters
    ----------
    answers : Answers
        What was charted.
    without : callable
        Domain of hypotension where no vasopressor runs.
    running : callable
        Domain where vasopressors run; its second argument tells whether they are several.

    Returns
    -------
    Domain
        Where the vasopressors are not charted, everything that any of the three gives.
    """
    agents = answers.names("vasopressors")
    if agents is None:
        low = answers.flag("hypotension")
        ways = [_hypotension(answers, low, without), running(answers, False),
                running(answers, True)]  # fmt: skip
        gives = frozenset[int]().union(*(way.gives for way in ways))
        names = dict.fromkeys(("vasopressors", *(name for way in ways for name in way.missing)))
        lowest = min(gives)
        data = tuple(datum for datum in ways[0].data if datum.gives == lowest)
        return Domain(gives, data, tuple(names) if len(gives) > 1 else ())
    if not agents:
        return _hypotension(answers, answers.flag("hypotension"), without)
    found = running(answers, len(agents) > 1)
    shown = ", ".join(agents)
    lowest = min(found.gives)
    rule = found.data[0].rule if found.data else "vasopressors"
    warned = answers.flag("hypotension") is False
    return Domain(
        found.gives,
        (Datum("vasopressors", shown, "", lowest, rule),),
        found.missing,
        (_COUNTS_WITHOUT_HYPOTENSION,) if warned else (),
    )


def _hypotension(
    answers: Answers, low: bool | None, without: Callable[[Answers], Domain]
) -> Domain:
    if low is False:
        return settled("hypotension", "no", 0, "no hypotension")
    found = without(answers)
    if low:
        return found
    return Domain(found.gives | {0}, (), ("hypotension", *found.missing))


def by_dose(answers: Answers, low: int, high: int, rule: str) -> Domain:
    """Build the domain of vasopressors that the dose decides.

    Parameters
    ----------
    answers : Answers
        With ``vasopressor_dose``.
    low, high : int
        Grade for a low and for a high dose.
    rule : str
        Words of the rule.

    Returns
    -------
    Domain
    """
    dose = answers.word("vasopressor_dose")
    if dose is None:
        datum = Datum("vasopressors", "", "", low, f"{rule}: the dose decides")
        return Domain(frozenset((low, high)), (datum,), ("vasopressor_dose",))
    return settled("vasopressors", "", high if dose == "high" else low, f"{dose}-dose {rule}")


def oxygen_domain(
    answers: Answers, supplemental: tuple[int, int], ventilation: int, noninvasive: int | None
) -> Domain:
    """Build the domain of hypoxia by inspired oxygen and ventilation.

    Parameters
    ----------
    answers : Answers
        With ``oxygen_device``, ``oxygen_flow``, ``fio2`` and ``noninvasive_counts_as``.
    supplemental : (int, int)
        Grade for oxygen below 40 %, and for 40 % or more.
    ventilation : int
        Grade for mechanical ventilation.
    noninvasive : int or None
        Grade for CPAP, BiPAP and NIV; None where the scale does not name them, so that
        ``noninvasive_counts_as`` decides.

    Returns
    -------
    Domain
    """
    ways = [
        _by_device(answers, device, supplemental, ventilation, noninvasive)
        for device in devices_possible(answers)
    ]
    gives = frozenset[int]().union(*(way.gives for way in ways))
    names: dict[str, None] = {}
    device = answers.word("oxygen_device")
    if device is None:
        names["oxygen_device"] = None
    names.update(dict.fromkeys(name for way in ways for name in way.missing))
    lowest = min(gives)
    data = () if device is None else (_device_datum(answers, device, lowest, len(gives) > 1),)
    return Domain(gives, data, tuple(names) if len(gives) > 1 else ())


def _device_datum(answers: Answers, device: str, gives: int, unsettled: bool) -> Datum:
    fio2 = answers.number("fio2")
    shown = (
        device if fio2 is None or device == "room air" else f"{device}, FiO2 {fio2.normalize():f} %"
    )
    rule = {
        "room air": "no oxygen",
        VENTILATION: "mechanical ventilation",
    }.get(device, "supplemental oxygen or breathing support")
    return Datum("oxygen_device", shown, "", gives, f"at least: {rule}" if unsettled else rule)


def _by_device(
    answers: Answers,
    device: str,
    supplemental: tuple[int, int],
    ventilation: int,
    noninvasive: int | None,
) -> Domain:
    if device == "room air":
        return Domain(frozenset((0,)))
    if device == VENTILATION:
        return Domain(frozenset((ventilation,)))
    oxygen = _by_fio2(answers, supplemental)
    if device not in NONINVASIVE:
        return oxygen
    if noninvasive is not None:
        return Domain(frozenset((noninvasive,)))
    counts_as = answers.word("noninvasive_counts_as")
    if counts_as is None:
        names = ("noninvasive_counts_as", *oxygen.missing)
        return Domain(oxygen.gives | {ventilation}, missing=names)
    return oxygen if counts_as == "oxygen" else Domain(frozenset((ventilation,)))


def _by_fio2(answers: Answers, supplemental: tuple[int, int]) -> Domain:
    fio2 = answers.number("fio2")
    if supplemental[0] == supplemental[1]:
        return Domain(frozenset(supplemental))
    if fio2 is None:
        return Domain(frozenset(supplemental), missing=("fio2",))
    return Domain(frozenset((supplemental[int(fio2 >= FIO2_LIMIT)],)))


def organ_domain(answers: Answers, name: str, grades: Iterable[int], words: str) -> Domain:
    """Build the domain of one organ toxicity that a scale maps from CTCAE.

    Parameters
    ----------
    answers : Answers
        What was charted.
    name : str
        Input with the CTCAE grade.
    grades : iterable of int
        What the scale gives for CTCAE 0, 1, 2, 3 and 4.
    words : str
        What the organ toxicity is called.

    Returns
    -------
    Domain
    """
    table = tuple(grades)
    found = answers.number(name)
    if found is None:
        return Domain(frozenset(table), missing=(name,) if len(set(table)) > 1 else ())
    grade = table[int(found)]
    rule = NO_ROW if found and not grade else f"{words} of CTCAE grade {found}"
    return settled(name, str(found), grade, rule)
