"""The messages of a simulated hospital as FHIR R4 transactions, checked and taken as any other."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from typing import Any

from cartwheel.serve.fhir.bundles import check_bundle, plan_of
from cartwheel.serve.fhir.intake import FhirIntake
from cartwheel.serve.fhir.json_text import read_json, write_json
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.simulated_sent import FACILITY, Sent
from cartwheel.store.database import Store
from cartwheel.watch.codes import CodeRow, CodeTable
from cartwheel.watch.intake import Receipt
from cartwheel.watch.observation import MILESTONES, TREATMENTS, NameKind
from cartwheel.workflows.monitor_cohort import PastValue
from cartwheel.workflows.monitor_time import SYSTEM, said_of

SENDER = "simulation"
_IDENTIFIER = f"urn:cartwheel:{FACILITY.lower()}"
_CODES = f"urn:cartwheel:{SYSTEM.lower()}"
_INPATIENT = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
_DONE = frozenset({"infusion", "lymphodepletion"})
_NUMBER = re.compile(r"(?P<sign><=?|>=?|=)?\s*(?P<number>\S+)", re.ASCII)
# so many patients of one moment are checked at once, and kept together
_AT_ONCE = 8

Resource = dict[str, Any]


class FhirSender:
    """Sends transaction bundles: each is checked, mapped and kept as one from outside.

    Parameters
    ----------
    ingest : Ingest
        Of the ward.
    store : Store
        Where its log is.
    codes : CodeTable
        The centre's: see `fhir_codes`.
    kinds : mapping of str to str
        Names that the ward knows, and their kinds.
    """

    interface = "fhir"

    def __init__(
        self, ingest: Ingest, store: Store, codes: CodeTable, kinds: Mapping[str, NameKind]
    ) -> None:
        self._intake, self._kinds = FhirIntake(ingest, store, lambda: codes), kinds
        self._pool = ThreadPoolExecutor(_AT_ONCE, "cartwheel-simulated-fhir")

    def send(self, several: Sequence[Sent]) -> list[Receipt]:
        """Send the bundles of one moment.

        Parameters
        ----------
        several : sequence of Sent
            What is sent.

        Returns
        -------
        list of Receipt
            In the same order.

        Raises
        ------
        CohortRefused
            A bundle was not sound: that would be our fault.
        """
        if len(several) == 1:
            return [self._send(several[0])]
        return list(self._pool.map(self._send, several))

    def _send(self, sent: Sent) -> Receipt:
        content = fhir_text(sent, self._kinds)
        bundle = read_json(content)
        check_bundle(bundle)
        plan = plan_of(bundle)
        context = self._intake.context(SENDER, plan.together)
        receipt, _ = self._intake.take_together(plan.resources, content, context)
        return receipt

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


def fhir_codes(names: Mapping[str, NameKind]) -> CodeTable:
    """Make the table of codes of the simulated bundles.

    Parameters
    ----------
    names : mapping of str to str
        Names that the ward knows: each is its own code.

    Returns
    -------
    CodeTable
    """
    return CodeTable(CodeRow(_CODES, name, name, "fhir") for name in sorted(names))


def fhir_text(sent: Sent, kinds: Mapping[str, NameKind]) -> bytes:
    """Write a message as a FHIR R4 transaction.

    Parameters
    ----------
    sent : Sent
        What it says.
    kinds : mapping of str to str
        Names that the ward knows, and their kinds.

    Returns
    -------
    bytes
        JSON; numbers are written as the file has them.
    """
    if sent.brought is None:
        resources = list(_stay(sent))
    else:
        resources = [_resource(one, sent, kinds) for one in sent.brought.values]
    entries = [
        {
            "resource": one,
            "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"},
        }
        for one in resources
    ]
    # what was sent at another moment is another bundle, whatever it says
    bundle = {"resourceType": "Bundle", "id": f"{sent.number}-{sent.place}", "type": "transaction",
              "entry": entries}  # fmt: skip
    return write_json(bundle).encode("utf-8")


def _stay(sent: Sent) -> Iterator[Resource]:
    if sent.kind == "admitted":
        yield {
            "resourceType": "Patient",
            "id": sent.number,
            "identifier": [{"system": _IDENTIFIER, "value": sent.number}],
            "name": [{"family": "Simulated", "given": [sent.number]}],
        }
    yield {
        "resourceType": "Encounter",
        "id": sent.number,
        "status": "in-progress" if sent.kind == "admitted" else "finished",
        "class": _INPATIENT,
        "subject": _subject(sent),
    }


def _subject(sent: Sent) -> Resource:
    return {"reference": f"Patient/{sent.number}"}


def _resource(one: PastValue, sent: Sent, kinds: Mapping[str, NameKind]) -> Resource:
    assert sent.brought is not None
    at = _time(sent.brought.taken_at)
    code: Resource = {"coding": [{"system": _CODES, "code": one.name}]}
    head: Resource = {"id": _id(one, sent), "meta": {"lastUpdated": _time(sent.at)}}
    subject = _subject(sent)
    if one.name in TREATMENTS:
        drug = _plain(one.text)
        given = {**code, "text": drug} if drug else code
        span: Resource = {"effectiveDateTime": at}
        if one.end_day is not None:
            span = {"effectivePeriod": {"start": at, "end": _time(sent.course.moment(one.end_day))}}
        # what runs, and no end is known of it, still runs
        status = "in-progress" if one.end_day is None else "completed"
        return {"resourceType": "MedicationAdministration", **head, "status": status,
                "medicationCodeableConcept": given, "subject": subject, **span}  # fmt: skip
    if one.name in _DONE:
        return {"resourceType": "Procedure", **head, "status": "completed", "code": code,
                "subject": subject, "performedDateTime": at}  # fmt: skip
    value = {"valueDateTime": at} if one.name in MILESTONES else _value(one, kinds[one.name])
    return {"resourceType": "Observation", **head, "status": "final", "code": code,
            "subject": subject, "effectiveDateTime": at, **value}  # fmt: skip


def _value(one: PastValue, kind: NameKind) -> Resource:
    said = said_of(one.text)
    match = _NUMBER.fullmatch(said.number) if said.number else None
    if match is None or kind not in ("quantity", "number"):
        text = _plain(one.text)
        return {"valueString": text} if text else {}
    quantity: Resource = {"value": Decimal(match["number"])}
    if match["sign"] not in (None, "="):
        quantity["comparator"] = match["sign"]
    if unit := _plain(one.unit):
        quantity["unit"] = unit
    return {"valueQuantity": quantity}


def _id(one: PastValue, sent: Sent) -> str:
    """Call a value by what it is, of whom and when: said again, it is the same resource."""
    assert sent.brought is not None
    drug = one.text if one.name in TREATMENTS else ""
    whole = f"{sent.number}|{one.name}|{sent.brought.taken_at.isoformat()}|{drug}"
    return hashlib.sha256(whole.encode("utf-8")).hexdigest()[:32]


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain(text: str) -> str:
    return " ".join("".join(" " if ord(sign) < 32 else sign for sign in text).split())
