"""The services that are offered: one of each score of the ward and each hook, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from cartwheel.clinic.dictionary import variables
from cartwheel.watch.codes import ANY, LOINC, CodeTable, system_name
from cartwheel.watch.scores import ScoreTarget
from cartwheel.watch.ward import Ward

Hook: TypeAlias = Literal["patient-view", "order-select"]
HOOKS: tuple[Hook, ...] = ("patient-view", "order-select")
PATIENT = "patient"
"""Key of the prefetch that holds the person; only what identifies and the date of birth is read."""

LOINC_SYSTEM = "http://loinc.org"
# a value read from some day needs the ones before; of any other the last that can be read is enough
_MANY, _FEW = 50, 5
_WHOM = "{{context.patientId}}"


@dataclass(frozen=True, slots=True)
class Needed:
    """One search that a service needs.

    Parameters
    ----------
    key : str
        In the prefetch.
    name : str
        Of the observations that it is for.
    query : str
        Relative to the FHIR server, with ``{{context.patientId}}``.
    """

    key: str
    name: str
    query: str


@dataclass(frozen=True, slots=True)
class Service:
    """One service.

    Parameters
    ----------
    id : str
        In its address.
    hook : {"patient-view", "order-select"}
        When it is asked.
    target : ScoreTarget
        The score.
    needed : tuple of Needed
        What has to be sent, or may be fetched.
    """

    id: str
    hook: Hook
    target: ScoreTarget
    needed: tuple[Needed, ...]

    def described(self) -> dict[str, Any]:
        """Describe it for the discovery."""
        spec = self.target.spec
        score = f"{spec.title} {spec.version}"
        when = "when a record is opened" if self.hook == "patient-view" else "while orders are made"
        return {
            "hook": self.hook,
            "id": self.id,
            "title": score,
            "description": f"{score} {when}. Predicts {spec.outcome.name}. {spec.intended_use}",
            "prefetch": {one.key: one.query for one in self.needed},
            "usageRequirements": "Values are read by LOINC and UCUM; what is missing is named.",
        }


def services_of(ward: Ward, codes: CodeTable) -> Mapping[str, Service]:
    """List the services of a ward.

    Parameters
    ----------
    ward : Ward
        Its scores; grades and landmark models are on the ward's own pages.
    codes : CodeTable
        The centre's: its own codes are searched too.

    Returns
    -------
    mapping of str to Service
        By id: that of the score, and with ``-order-select`` behind it.
    """
    found: dict[str, Service] = {}
    for target in ward.targets:
        if not isinstance(target, ScoreTarget):
            continue
        needed = _needed(target, codes)
        for hook in HOOKS:
            own = target.id if hook == "patient-view" else f"{target.id}-{hook}"
            found[own] = Service(own, hook, target, needed)
    return found


def _needed(target: ScoreTarget, codes: CodeTable) -> tuple[Needed, ...]:
    found = [Needed(PATIENT, "", f"Patient/{_WHOM}")]
    for name in dict.fromkeys(name for _, name in target.sources):
        known = codes_of(name, codes)
        if known:
            many = _MANY if name in target.ageless else _FEW
            query = f"Observation?patient={_WHOM}&code={','.join(known)}&_sort=-date&_count={many}"
            found.append(Needed(name.replace("_", "-"), name, query))
    return tuple(found)


def codes_of(name: str, codes: CodeTable) -> tuple[str, ...]:
    """List the codes under which a value may be found, as a search of FHIR writes them.

    Parameters
    ----------
    name : str
        Of the observations.
    codes : CodeTable
        The centre's.

    Returns
    -------
    tuple of str
        ``system|code``; LOINC first, then the centre's own.
    """
    found = [f"{LOINC_SYSTEM}|{code}" for code in loinc_of(name)]
    for row in codes.rows:
        if row.name == name and row.interface.casefold().partition(":")[0] in ("", "fhir"):
            found.append(_token(row.system, row.code))
    return tuple(dict.fromkeys(found))


def loinc_of(name: str) -> tuple[str, ...]:
    """List the LOINC codes of a variable.

    Parameters
    ----------
    name : str
        Of the dictionary.

    Returns
    -------
    tuple of str
        The preferred one first; empty where it has none.
    """
    known = variables().get(name)
    return () if known is None else (*known.loinc, *known.loinc_unverified)


def _token(system: str, code: str) -> str:
    escaped = code.replace("\\", "\\\\")
    for mark in (",", "|", "$"):
        escaped = escaped.replace(mark, f"\\{mark}")
    plain = quote(escaped, safe="")
    if system in ("", ANY):
        return plain
    named = LOINC_SYSTEM if system_name(system) == LOINC else system
    return f"{quote(named, safe=':/.')}|{plain}"
