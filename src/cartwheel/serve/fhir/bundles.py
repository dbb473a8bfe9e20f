"""Bundle: transaction (all or nothing), batch and notifications (each entry by itself)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cartwheel.errors import CohortRefused, Problem, Refused, refuse
from cartwheel.serve.fhir.checking import problems_in, type_of
from cartwheel.serve.fhir.intake import (
    FhirIntake,
    Taken,
    checked,
    problem_of,
)
from cartwheel.serve.fhir.json_text import Resource, write_json
from cartwheel.serve.fhir.naming import with_id
from cartwheel.serve.fhir.outcomes import issue, outcome, status_for
from cartwheel.watch.intake import Parked

ASKED = ("transaction", "batch")
TOLD = ("history", "collection", "searchset", "batch", "transaction")
_MOST = 20_000
_URL = re.compile(r"(?P<type>[A-Z][A-Za-z]+)(?:/(?P<id>[A-Za-z0-9\-.]{1,64}))?")
_MOST_TOLD = 20
_NOT_TAKEN = ("OperationOutcome", "Parameters", "SubscriptionStatus", "Subscription")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a bundle asks for.

    Parameters
    ----------
    resources : tuple of mapping
        With their ids, in the order of the entries.
    places : tuple of str
        Of each: ``Bundle.entry[0].resource``.
    together : mapping of str to mapping
        By full address and by ``Type/id``.
    """

    resources: tuple[Resource, ...]
    places: tuple[str, ...]
    together: Mapping[str, Resource]


def check_bundle(bundle: Resource, kinds: Sequence[str] = ASKED) -> None:
    """Refuse a bundle that is not sound, whatever is in it.

    Parameters
    ----------
    bundle : mapping
        As it came.
    kinds : sequence of str
        Types of bundles that are taken.

    Raises
    ------
    CohortRefused
        ``resource_type_differs``, ``bundle_type``, ``bundle_request``, ``json_too_large`` and what
        is wrong with its own elements.
    """
    if type_of(bundle) != "Bundle":
        raise refuse(CohortRefused, "resource_type_differs", "a Bundle is needed", where="Resource")
    entries = bundle.get("entry", [])
    if isinstance(entries, list) and len(entries) > _MOST:
        raise refuse(CohortRefused, "json_too_large", f"more than {_MOST} entries", where="Bundle")
    found = problems_in(_shell(bundle), "Bundle")
    if found:
        raise CohortRefused(found[:_MOST_TOLD])
    if bundle["type"] not in kinds:
        raise refuse(
            CohortRefused, "bundle_type", "a bundle of this type is not taken", where="Bundle.type",
            mend=f"send {' or '.join(kinds)}",
        )  # fmt: skip


def _shell(bundle: Resource) -> Resource:
    """Give the bundle without its resources: each of them is checked by itself."""
    entries = bundle.get("entry")
    if not isinstance(entries, list):
        return bundle
    bare = [
        {key: value for key, value in one.items() if key != "resource"} or {"fullUrl": "urn:x:1"}
        if isinstance(one, Mapping)
        else one
        for one in entries
    ]
    return {**bundle, "entry": bare}


def plan_of(bundle: Resource) -> Plan:
    """Check every entry of a bundle, and give each resource its id.

    Parameters
    ----------
    bundle : mapping
        From `check_bundle`.

    Returns
    -------
    Plan

    Raises
    ------
    CohortRefused
        Everything that is wrong with any entry, up to 20.
    """
    resources: list[Resource] = []
    places: list[str] = []
    together: dict[str, Resource] = {}
    problems: list[Problem] = []
    for number, entry in enumerate(bundle.get("entry", [])):
        try:
            one = planned(entry, number)
        except Refused as refused:
            problems.extend(refused.problems)
            if len(problems) >= _MOST_TOLD:
                break
            continue
        resources.append(one)
        places.append(f"Bundle.entry[{number}].resource")
        together.update(_addresses(entry, one))
    if problems:
        raise CohortRefused(problems[:_MOST_TOLD])
    return Plan(tuple(resources), tuple(places), together)


def planned(entry: Resource, number: int) -> Resource:
    """Check one entry.

    Parameters
    ----------
    entry : mapping
        Of a bundle.
    number : int
        Its place.

    Returns
    -------
    mapping
        The resource, with its id.

    Raises
    ------
    CohortRefused
        ``interaction``, ``id_differs``, ``resource_type_differs`` and all that `check` finds.
    """
    where = f"Bundle.entry[{number}]"
    request = entry.get("request")
    if not isinstance(request, Mapping):
        return with_id(checked(entry.get("resource"), "", f"{where}.resource"))
    method, url = request.get("method"), str(request.get("url", ""))
    match = _URL.fullmatch(url.partition("?")[0])
    if method not in ("POST", "PUT") or match is None or "?" in url:
        raise refuse(
            CohortRefused, "interaction", "only POST Type and PUT Type/id are taken",
            where=f"{where}.request",
        )  # fmt: skip
    if (method == "PUT") != bool(match["id"]):
        raise refuse(CohortRefused, "id_missing", "PUT names an id", where=f"{where}.request.url")
    resource = checked(entry.get("resource"), match["type"], f"{where}.resource")
    if method == "PUT" and resource.get("id") != match["id"]:
        raise refuse(
            CohortRefused, "id_differs", "address and resource have different ids",
            where=f"{where}.resource.id",
        )  # fmt: skip
    if method == "POST" and "response" not in entry:
        # the server names what is created; in a history, which has responses, it has done so
        resource = {key: value for key, value in resource.items() if key != "id"}
    return with_id(resource)


def _addresses(entry: Resource, resource: Resource) -> dict[str, Resource]:
    found = {f"{type_of(resource)}/{resource['id']}": resource}
    url = entry.get("fullUrl")
    if isinstance(url, str):
        found[url] = resource
    return found


def take_transaction(
    intake: FhirIntake, bundle: Resource, content: bytes, sender: str
) -> dict[str, Any]:
    """Take a transaction: all of it, or nothing.

    Parameters
    ----------
    intake : FhirIntake
        Where it goes.
    bundle : mapping
        From `check_bundle`.
    content : bytes
        As it came.
    sender : str
        Name of the account.

    Returns
    -------
    dict
        The Bundle of responses.

    Raises
    ------
    CohortRefused
        Then nothing of it was kept.
    """
    plan = plan_of(bundle)
    context = intake.context(sender, plan.together)
    receipt, parked = intake.take_together(plan.resources, content, context)
    status = "201 Created" if receipt.outcome == "stored" else "200 OK"
    entries = []
    for one, aside in zip(plan.resources, parked, strict=True):
        response: dict[str, Any] = {"status": status, "location": f"{type_of(one)}/{one['id']}"}
        if aside:
            response["outcome"] = _set_aside(aside)
        entries.append({"response": response})
    answer: dict[str, Any] = {"resourceType": "Bundle", "type": "transaction-response"}
    return {**answer, "entry": entries} if entries else answer


def _set_aside(parked: Sequence[Parked]) -> dict[str, Any]:
    return outcome(issue(problem_of(one), "warning") for one in parked)


def take_each(
    intake: FhirIntake, bundle: Resource, sender: str, kind: str = "batch-response"
) -> dict[str, Any]:
    """Take each entry of a bundle by itself.

    Parameters
    ----------
    intake : FhirIntake
        Where they go.
    bundle : mapping
        From `check_bundle`.
    sender : str
        Name of the account.
    kind : str
        Type of the answer.

    Returns
    -------
    dict
        The Bundle of responses: of each entry in its place.
    """
    entries = [
        {"response": _taken_alone(intake, entry, number, sender)}
        for number, entry in enumerate(bundle.get("entry", []))
    ]
    answer: dict[str, Any] = {"resourceType": "Bundle", "type": kind}
    return {**answer, "entry": entries} if entries else answer


def _taken_alone(intake: FhirIntake, entry: Resource, number: int, sender: str) -> dict[str, Any]:
    if type_of(entry.get("resource")) in _NOT_TAKEN:
        return {"status": "200 OK"}
    try:
        resource = planned(entry, number)
        content = write_json(resource).encode("utf-8")
        taken = intake.take(resource, content, intake.context(sender))
    except Refused as refused:
        told = outcome(issue(one) for one in refused.problems)
        return {"status": str(status_for(refused.problems)), "outcome": told}
    return entry_response(taken)


def entry_response(taken: Taken) -> dict[str, Any]:
    """Write the response of an entry.

    Parameters
    ----------
    taken : Taken
        What became of it.

    Returns
    -------
    dict
    """
    one = taken.resource
    response: dict[str, Any] = {
        "status": "201 Created" if taken.created else "200 OK",
        "location": f"{type_of(one)}/{one['id']}/_history/{taken.version}",
        "etag": f'W/"{taken.version}"',
    }
    if taken.parked:
        response["outcome"] = _set_aside(taken.parked)
    return response
