"""What can become known about a patient, as a message brings it, and in which order it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeAlias

from cartwheel.clinic.dictionary import variables
from cartwheel.clinic.grading import GRADING_RULES, asked_by, grading_rule
from cartwheel.clinic.toxicity.assessment import Asked

Value: TypeAlias = Decimal | str | bool | tuple[str, ...] | None
Status: TypeAlias = Literal["preliminary", "final", "corrected", "withdrawn"]
NameKind: TypeAlias = Literal[
    "quantity", "number", "choice", "yes_no", "names", "treatment", "milestone"
]

STATUS_RANK: dict[Status, int] = {"preliminary": 0, "final": 1, "corrected": 2, "withdrawn": 3}

_JUST_BEFORE = timedelta(microseconds=1)

MILESTONES = ("admission", "lymphodepletion", "infusion", "discharge", "death")
"""Moments of an episode; ``infusion`` is day 0, ``lymphodepletion`` its first dose;
``admission`` the beginning of a stay, also of one after a discharge."""

TREATMENTS = ("antipyretic", "anticytokine", "corticosteroid", "vasopressors")
"""What was given; the value names the drug, and ``ends_at`` says until when it runs."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One value of one patient at one moment, in one version.

    Parameters
    ----------
    patient : str
        The ward's own id of the patient; never a record number, never a name.
    name : str
        Variable of the dictionary, input of a grading rule, one of `TREATMENTS` or `MILESTONES`.
    taken_at : datetime
        UTC. When the blood was drawn, the sign was seen, the drug was begun.
    value : Decimal, str, bool, tuple of str or None
        In `unit`; text for a choice or a drug; None for a milestone and for a withdrawn value.
    unit : str
        Canonical unit of the variable; empty without one.
    limit : {"", "<", ">"}
        Beyond a limit of detection: the value stands at it.
    status : {"preliminary", "final", "corrected", "withdrawn"}
        A withdrawn one (deleted, cancelled, entered in error) counts no more.
    source : str
        Who calls it what: the same source again is another version of the same value.
    issued_at : datetime or None
        UTC. When the sender gave out this version.
    ends_at : datetime or None
        UTC. Of a treatment that runs: when it was stopped; None while it runs or for a dose.
    """

    patient: str
    name: str
    taken_at: datetime
    value: Value
    unit: str = ""
    limit: Literal["", "<", ">"] = ""
    status: Status = "final"
    source: str = ""
    issued_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """The clock: what follows from time alone, such as a value that has become too old.

    Parameters
    ----------
    patient : str
        Whose.
    at : datetime
        UTC.
    """

    patient: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody has seen an alert.

    Parameters
    ----------
    patient : str
        Whose.
    alert : str
        Id of the alert.
    who : str
        Name of the account.
    reason : str
        In his own words; may be empty where the rule asks for none.
    at : datetime
        UTC.
    """

    patient: str
    alert: str
    who: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Stay:
    """The ward begins or ends to look after a patient, as its list of patients says.

    Parameters
    ----------
    patient : str
        Whose.
    here : bool
        Begins, or ends.
    at : datetime
        UTC.
    folded : bool
        It ends because the record was folded into another one: of the list nothing is said.
    """

    patient: str
    here: bool
    at: datetime
    folded: bool = False


Known: TypeAlias = Observation | Tick | Acknowledgement


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log.

    Parameters
    ----------
    number : int
        In the order in which the ward came to know.
    known_at : datetime
        UTC. When it was kept.
    what : Observation, Tick, Acknowledgement or Stay
        What became known.
    """

    number: int
    known_at: datetime
    what: Known | Stay


def supersedes(new: Observation, old: Observation) -> bool:
    """Tell whether a version of a value counts instead of the one that is there.

    Parameters
    ----------
    new : Observation
        As it came.
    old : Observation
        Of the same source.

    Returns
    -------
    bool
        By the moment of issue where both have one and they differ; else by status, a withdrawal
        outranking a correction and that a final value; else the one that came later counts.
        False where nothing but the moment of issue differs: that is a repeat.
    """
    if _content(new) == _content(old):
        return False
    if new.issued_at is not None and old.issued_at is not None and new.issued_at != old.issued_at:
        # what takes back an unreadable correction is dated just before it
        just = new.status == "withdrawn" and old.issued_at - new.issued_at == _JUST_BEFORE
        return just or new.issued_at > old.issued_at
    return STATUS_RANK[new.status] >= STATUS_RANK[old.status]


def _content(one: Observation) -> tuple[object, ...]:
    return (one.name, one.taken_at, one.value, one.unit, one.limit, one.status, one.ends_at)


@lru_cache(maxsize=1)
def names_known() -> dict[str, NameKind]:
    """List every name that an observation may have, and the kind of its value.

    Returns
    -------
    dict of str to str
        Variables of the dictionary are quantities, also where a rule reads them over days.
    """
    found: dict[str, NameKind] = {name: "quantity" for name in variables()}
    for name, asked in rule_inputs().items():
        kind = asked.kind
        found.setdefault(name, "quantity" if kind == "series" else kind)
    found.update(dict.fromkeys(TREATMENTS, "treatment"))
    found.update(dict.fromkeys(MILESTONES, "milestone"))
    return found


@lru_cache(maxsize=1)
def rule_inputs() -> dict[str, Asked]:
    """List every input of every grading rule by name.

    Returns
    -------
    dict of str to Asked
    """
    return asked_by(tuple(grading_rule(name) for name in GRADING_RULES))
