"""The services that are offered: one of each score and model and each hook, and what it needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from cartwheel.clinic.dictionary import variables
from cartwheel.clinic.score_spec import INTENDED_USE
from cartwheel.serve.cds.landmark_cards import names_of
from cartwheel.watch.codes import ANY, LOINC, CodeTable, system_name
from cartwheel.watch.scores import ScoreTarget
from cartwheel.watch.ward import Ward
from cartwheel.workflows.monitor_models import LandmarkTarget

Hook: TypeAlias = Literal["patient-view", "order-select"]
HOOKS: tuple[Hook, ...] = ("patient-view", "order-select")
PATIENT = "patient"
"""Key of the prefetch that holds the person; only what identifies and the date of birth is read."""

LOINC_SYSTEM = "http://loinc.org"
# a value read from some day needs the ones before; of any other the last that can be read is enough
_MANY, _FEW = 50, 5
_WHOM = "{{context.patientId}}"
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)


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
    target : ScoreTarget or LandmarkTarget
        The score, or the model.
    needed : tuple of Needed
        What has to be sent, or may be fetched.
    """

    id: str
    hook: Hook
    target: ScoreTarget | LandmarkTarget
    needed: tuple[Needed, ...]

    def described(self) -> dict[str, Any]:
        """Describe it for the discovery."""
        when = "when a record is opened" if self.hook == "patient-view" else "while orders are made"
        if isinstance(self.target, LandmarkTarget):
            model = f"{self.target.title} (landmark model {self.target.id} {self.target.version})"
            said = (
                f"{model} {when}. Risk from the day after the infusion and the values by then, "
                f"for patients whom the ward follows. {INTENDED_USE}"
            )
            return self._described(model, said)
        spec = self.target.spec
        score = f"{spec.title} {spec.version}"
        said = f"{score} {when}. Predicts {spec.outcome.name}. {spec.intended_use}"
        return self._described(score, said)

    def _described(self, title: str, said: str) -> dict[str, Any]:
        return {
            "hook": self.hook,
            "id": self.id,
            "title": title,
            "description": said,
            "prefetch": {one.key: one.query for one in self.needed},
            "usageRequirements": "Values are read by LOINC and UCUM; what is missing is named.",
        }


def services_of(ward: Ward, codes: CodeTable) -> Mapping[str, Service]:
    """List the services of a ward.

    Parameters
    ----------
    ward : Ward
        Its scores and landmark models; grades are on the ward's own pages.
    codes : CodeTable
        The centre's: its own codes are searched too.

    Returns
    -------
    mapping of str to Service
        By id: that of the score, and with ``-order-select`` behind it.
    """
    found: dict[str, Service] = {}
    for target in ward.targets:
        if not isinstance(target, ScoreTarget | LandmarkTarget):
            continue
        needed = _needed(target, codes)
        # an id is part of an address; the name of a model's file may be anything
        plain = _NOT_PLAIN.sub("-", target.id)
        while plain in found:
            plain += "-model"
        for hook in HOOKS:
            own = plain if hook == "patient-view" else f"{plain}-{hook}"
            found[own] = Service(own, hook, target, needed)
    return found


def _needed(target: ScoreTarget | LandmarkTarget, codes: CodeTable) -> tuple[Needed, ...]:
    found = [Needed(PATIENT, "", f"Patient/{_WHOM}")]
    if isinstance(target, LandmarkTarget):
        names = list(names_of(target).values())
    else:
        names = [name for _, name in target.sources]
    for name in dict.fromkeys(names):
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
